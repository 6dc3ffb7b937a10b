//! The load of a real server, and the weight that follows from it: specification nanny.md 7 and 13, row 17.

use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::time::Duration;

use crate::failure::shown;
use crate::program::Program;
use crate::running::{End, run};

/// Why the load is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The program did not tell it: its name and what went wrong.
    #[error("failed to read remote load: {0}")]
    Unread(String),
    /// The program told something else. The beginning of its output.
    #[error("bad load average returned: {0}")]
    Unknown(String),
}

/// The program that tells the load of a real server, by the word behind `-U`.
///
/// `ssh` and `rsh` run `uptime` there; ssh must not ask for anything. Any other program only gets the address.
pub fn program(word: &OsStr, real_server: IpAddr) -> Program {
    let mut arguments: Vec<OsString> = Vec::new();
    if word == "ssh" {
        arguments.extend(["-o".into(), "BatchMode=yes".into()]);
    }
    arguments.push(real_server.to_string().into());
    if word == "ssh" || word == "rsh" {
        arguments.push("uptime".into());
    }
    Program { name: word.to_owned(), arguments, environment: Vec::new() }
}

/// Asks for the load: the average number of running processes over one minute. Takes at most `limit`.
///
/// # Errors
///
/// If the program cannot be started, fails, takes too long, or tells no load.
pub async fn measure(program: &Program, limit: Duration) -> Result<f64, Error> {
    let name = program.name.to_string_lossy();
    match run(program, limit).await {
        Err(error) => Err(Error::Unread(format!("{name}: {error}"))),
        Ok(End::Overtime) => {
            Err(Error::Unread(format!("timeout running the following: {name}, no answer within {limit:?}")))
        }
        Ok(End::Ended { status, .. }) if !status.success() => {
            Err(Error::Unread(format!("The following exited abnormally: {name}, {status}")))
        }
        Ok(End::Ended { output, .. }) => read(&output).ok_or_else(|| Error::Unknown(shown(&output))),
    }
}

/// Finds the load in what `ruptime`, `uptime` or `rup` print: behind the first `load`, or behind the first colon after it
/// and one more character.
fn read(output: &[u8]) -> Option<f64> {
    let output = String::from_utf8_lossy(output);
    let (_, behind) = output.split_once("load")?;
    let number = |text: &str| -> Option<f64> {
        let end = text.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (digits, rest) = text.split_at_checked(end)?;
        rest.starts_with([',', ' ']).then(|| digits.parse().ok()).flatten()
    };
    let direct = behind.strip_prefix(' ').and_then(number);
    direct.or_else(|| {
        let mut text = behind.split_once(':')?.1.chars();
        text.next();
        number(text.as_str())
    })
}

/// The weight that follows from a load, whether it is worth a change or not.
pub(crate) fn weight(load: f64, last: u32, configured: u32, largest: u32) -> Option<u32> {
    let half = f64::from(configured) / 2.0;
    // One running process is just right: below that the weight rises, above it falls.
    let target = f64::from(last) + half * (1.0 - load).cbrt();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 32 bits")]
    let weight = target.clamp(f64::from(configured), f64::from(largest)) as u32;
    (!target.is_nan()).then_some(weight)
}

/// Whether a weight is worth a change.
pub(crate) fn is_worth_a_change(weight: u32, last: u32, configured: u32) -> bool {
    f64::from(weight.abs_diff(last)) >= f64::from(configured) / 4.0
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{is_worth_a_change, program, read};

    #[test]
    fn the_load_is_found_in_what_the_programs_print() {
        let cases: [(&str, Option<f64>); 9] = [
            (" 14:02:11 up 3 days,  4:02,  2 users,  load average: 0.25, 0.20, 0.10\n", Some(0.25)),
            ("     10.1.1.2    up  3 days,  4:02,    load average: 1.00 0.50 0.25\n", Some(1.0)),
            ("web1          up  3+04:02,     2 users,  load 2.75, 0.20, 0.10\n", Some(2.75)),
            ("load: 12, 1", Some(12.0)),
            ("load average: 0.25", None),
            ("load average: high, 0.20", None),
            ("load average: 1.2.3, 0.20", None),
            ("up 3 days", None),
            ("", None),
        ];
        for (output, wanted) in cases {
            assert_eq!(read(output.as_bytes()), wanted, "{output:?}");
        }
    }

    fn weight(load: f64, last: u32, configured: u32, largest: u32) -> Option<u32> {
        super::weight(load, last, configured, largest)
            .filter(|&weight| is_worth_a_change(weight, last, configured))
    }

    #[test]
    fn weights_follow_the_load_as_in_the_specification() {
        // An idle server climbs by half its weight a step, to ten times as much.
        let mut last = 4;
        let mut climbed = Vec::new();
        while let Some(next) = weight(0.0, last, 4, 40) {
            last = next;
            climbed.push(next);
        }
        assert_eq!(climbed.first_chunk(), Some(&[6, 8, 10]));
        assert_eq!(last, 40);

        let cases = [
            // load, last, configured, new
            (1.0, 400, 100, None),
            (0.0, 1, 1, None),
            (0.0, 2, 2, Some(3)),
            (0.01, 2, 2, None),
            (2.0, 400, 100, Some(350)),
            (9.0, 400, 100, Some(300)),
            (9.0, 100, 100, None),
            (9.0, 150, 100, Some(100)),
            (0.9, 100, 100, None),
            (0.5, 100, 100, Some(139)),
            (f64::INFINITY, 400, 100, Some(100)),
            (f64::NAN, 400, 100, None),
        ];
        for (load, last, configured, wanted) in cases {
            let new = weight(load, last, configured, configured * 10);
            assert_eq!(new, wanted, "load {load}, last {last}, configured {configured}");
        }
    }

    #[test]
    fn only_a_remote_shell_is_told_to_run_uptime() {
        let words = |word: &str| {
            let program = program(OsStr::new(word), "10.1.1.2".parse().unwrap());
            program.arguments.iter().map(|word| word.display().to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words("ssh"), "-o BatchMode=yes 10.1.1.2 uptime");
        assert_eq!(words("rsh"), "10.1.1.2 uptime");
        assert_eq!(words("/usr/bin/ssh"), "10.1.1.2");
        assert_eq!(words("rup"), "10.1.1.2");
    }
}
