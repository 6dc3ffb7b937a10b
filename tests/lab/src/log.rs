//! The system log of a machine.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::Path;

use crate::traffic::Moment;

/// One line as it reached `/dev/log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it arrived.
    pub at: Moment,
    /// `daemon`, `user` and so on; the number if it is none of the usual ones.
    pub facility: String,
    /// `info`, `warning`, `err` and so on.
    pub severity: String,
    /// What the line begins with: the name of the program.
    pub ident: String,
    /// The number in brackets behind the name.
    pub pid: Option<i32>,
    /// The rest.
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, facility, severity, ident, pid, text } = self;
        let pid = pid.map(|pid| format!("[{pid}]")).unwrap_or_default();
        write!(out, "{at} {facility}.{severity} {ident}{pid}: {text}")
    }
}

/// Names by number (RFC 3164 section 4.1.1).
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const FACILITIES: [&str; 12] =
    ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"];

/// Appends what came over the socket, with the time, as one line.
pub(crate) fn write(file: &mut fs::File, datagram: &[u8]) {
    let text = String::from_utf8_lossy(datagram);
    let text = text.trim_end_matches(['\0', '\n']).replace('\n', "\\n");
    let _ = file.write_all(format!("{} {text}\n", Moment::now().microseconds()).as_bytes());
}

/// All lines so far.
pub(crate) fn read(path: &Path) -> Vec<Line> {
    let text = fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().filter_map(parse).collect()
}

/// `MICROSECONDS <PRI>Nov 21 11:22:33 ident[pid]: text`
fn parse(line: &str) -> Option<Line> {
    let (at, rest) = line.split_once(' ')?;
    let at = Moment::from_microseconds(at.parse().ok()?);
    let (priority, rest) = match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((priority, rest)) => (priority.parse().ok()?, rest),
        None => (13usize, rest),
    };
    let facility =
        FACILITIES.get(priority / 8).map_or_else(|| (priority / 8).to_string(), ToString::to_string);
    let severity = SEVERITIES[priority % 8].to_owned();
    let (ident, text) = without_time(rest).split_once(": ").unwrap_or(("", rest));
    let (ident, pid) = match ident.split_once('[') {
        Some((ident, pid)) => (ident, pid.trim_end_matches(']').parse().ok()),
        None => (ident, None),
    };
    Some(Line { at, facility, severity, ident: ident.to_owned(), pid, text: text.to_owned() })
}

/// The time stamp is fifteen characters and a blank: `Nov 21 11:22:33 `. So is `pulse[18]: lvsd `, up to the second colon.
fn without_time(text: &str) -> &str {
    let is_stamp =
        |start: &&str| matches!(start.as_bytes(), [_, _, _, b' ', .., b':', _, _, b':', _, _, b' ']);
    text.get(..16).filter(is_stamp).map_or(text, |stamp| &text[stamp.len()..])
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_line_comes_apart() {
        let line = parse("2500000 <30>Nov 21 11:22:33 pulse[760]: partner dead: activating lvs").unwrap();
        assert_eq!(line.to_string(), "2.500 daemon.info pulse[760]: partner dead: activating lvs");
    }

    #[test]
    fn a_short_ident_is_no_time() {
        let line = parse("1000 <28>pulse[18]: lvsd has not ended within 3 s: killing it").unwrap();
        assert_eq!((line.ident.as_str(), line.pid), ("pulse", Some(18)));
        assert_eq!(line.text, "lvsd has not ended within 3 s: killing it");
    }

    #[test]
    fn a_line_without_pid_and_time() {
        let line = parse("1000 <14>pulse: failed to open /proc/net/dev!").unwrap();
        assert_eq!((line.facility.as_str(), line.ident.as_str(), line.pid), ("user", "pulse", None));
        assert_eq!(line.text, "failed to open /proc/net/dev!");
    }
}
