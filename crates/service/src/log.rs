//! Where log lines go.
//!
//! A line is the event's message, then its other fields and those of the spans around it as ` key=value`. It is data all the way: never a format, and
//! control characters are shown escaped, so that text from the network cannot forge a second line.

use std::fmt::{self, Write as _};
use std::os::unix::net::UnixDatagram;
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::stdout::StandardOutput;

/// The local syslog socket.
const SYSLOG: &str = "/dev/log";
/// Facility `daemon` (syslog(3)), already shifted.
const FACILITY_DAEMON: u8 = 3 << 3;
/// Longest line, in bytes; the rest is cut off.
const LONGEST_LINE: usize = 8 * 1024;

/// Where the lines of a program go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// `/dev/log`, facility daemon, with pid.
    Syslog,
    /// Standard output, as `program: text` (`--nodaemon`).
    Terminal,
    /// Both (nanny's `--nodaemon`).
    Both,
}

/// Sends every `tracing` event of this process to its destination from now on. `ident` is the name before the colon;
/// `verbose` lets debug lines through. Only the first call of a process counts.
pub fn init(ident: &'static str, destination: Destination, verbose: bool) {
    begin(ident, Some(destination), verbose, None);
}

/// As [`init`] for a program with a log of its own: each line goes to `take`, and to the destination if there is one.
pub fn init_with(
    ident: &'static str,
    destination: Option<Destination>,
    verbose: bool,
    take: impl Fn(Level, &str) + Send + Sync + 'static,
) {
    begin(ident, destination, verbose, Some(Box::new(take)));
}

fn begin(ident: &'static str, destination: Option<Destination>, verbose: bool, own: Option<Taker>) {
    let lines = Lines {
        ident,
        verbose,
        terminal: matches!(destination, Some(Destination::Terminal | Destination::Both))
            .then(StandardOutput::open),
        syslog: matches!(destination, Some(Destination::Syslog | Destination::Both)).then(Mutex::default),
        own,
    };
    // A second call in one process is a mistake of the program, but no reason to end a daemon.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines));
}

/// A log of a program's own.
type Taker = Box<dyn Fn(Level, &str) + Send + Sync>;

struct Lines {
    ident: &'static str,
    verbose: bool,
    terminal: Option<StandardOutput>,
    syslog: Option<Mutex<Syslog>>,
    own: Option<Taker>,
}

/// The fields of a span, as its lines end.
struct Ending(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    /// What is less important is not even put together.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(if self.verbose { LevelFilter::DEBUG } else { LevelFilter::INFO })
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut text = Text::default();
        attributes.record(&mut text);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Ending(text.fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(Ending(fields)) = span.extensions().get() {
                text.fields.push_str(fields);
            }
        }
        let line = text.into_line();
        if let Some(terminal) = &self.terminal {
            terminal.print(self.ident, &line);
        }
        if let Some(mut syslog) = self.syslog.as_ref().and_then(|syslog| syslog.lock().ok()) {
            syslog.send(severity(*event.metadata().level()), self.ident, &line);
        }
        if let Some(take) = &self.own {
            take(*event.metadata().level(), &line);
        }
    }
}

/// Severity by syslog(3). Debug lines go out as `info`, as Piranha's do: the usual syslog.conf drops `debug`.
fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        _ => 6,
    }
}

/// The message and the other fields of an event.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn into_line(self) -> String {
        let mut line = String::with_capacity(self.message.len() + self.fields.len());
        // Some of Piranha's texts end in a line feed of their own, and one in a blank that belongs to it.
        for character in self.message.trim_end_matches('\n').chars().chain(self.fields.chars()) {
            if line.len() >= LONGEST_LINE {
                break;
            }
            if character.is_control() && character != '\t' {
                line.extend(character.escape_default());
            } else {
                line.push(character);
            }
        }
        line
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else if value.contains([' ', '"', '=']) || value.is_empty() {
            let _ = write!(self.fields, " {}={value:?}", field.name());
        } else {
            let _ = write!(self.fields, " {}={value}", field.name());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            self.record_str(field, &format!("{value:?}"));
        }
    }
}

/// The connection to the local syslog daemon. It never blocks: a syslog that is stuck must not make a live router look
/// dead, so lines that do not fit are counted and the number is logged once there is room again.
#[derive(Default)]
struct Syslog {
    socket: Option<UnixDatagram>,
    lost: u64,
}

impl Syslog {
    fn send(&mut self, severity: u8, ident: &str, line: &str) {
        if self.lost > 0 {
            let report = format!("{} log lines were lost: syslog did not take them", self.lost);
            if self.deliver(4, ident, &report) {
                self.lost = 0;
            }
        }
        if !self.deliver(severity, ident, line) {
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// No time stamp: every syslog daemon puts its own on local messages, and a clock that steps then shows as it is.
    fn deliver(&mut self, severity: u8, ident: &str, line: &str) -> bool {
        let datagram = format!("<{}>{ident}[{}]: {line}", FACILITY_DAEMON | severity, std::process::id());
        // The second try is for a syslog daemon that was restarted and so has another socket.
        for _ in 0..2 {
            if self.socket.is_none() {
                self.socket = connect().ok();
            }
            match self.socket.as_ref().map(|socket| socket.send(datagram.as_bytes())) {
                Some(Ok(_)) => return true,
                Some(Err(error)) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                _ => self.socket = None,
            }
        }
        false
    }
}

fn connect() -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(SYSLOG)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::Text;

    fn line(message: &str, fields: &str) -> String {
        Text { message: message.to_owned(), fields: fields.to_owned() }.into_line()
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(line("good\nforged[1]: line\n", " a=b"), "good\\nforged[1]: line a=b");
        assert_eq!(line("100 %s %n", ""), "100 %s %n");
        assert_eq!(
            line("Shutting down local service 192.0.2.1:80 ", ""),
            "Shutting down local service 192.0.2.1:80 "
        );
        assert_eq!(line(&"x".repeat(20_000), "").len(), super::LONGEST_LINE);
    }
}
