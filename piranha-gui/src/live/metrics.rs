//! `/metrics`: the same numbers in the text format of Prometheus, a piece at a time, so that ten thousand real servers
//! take no more memory than ten. `docs/api.md` lists the names.

mod families;

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use control::overview::{Overview, RealServer, VirtualServer};
use control::pulse;

use self::families::{FAMILIES, Samples};
use super::{Heard, Reading};

/// What the answer is.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Bytes of a piece, more or less.
const PIECE: usize = 16 * 1024;

/// Everything that is told, as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// pulse runs.
    pub(crate) running: bool,
    /// What pulse says.
    pub(crate) pulse: Heard<pulse::Status>,
    /// What lvsd says.
    pub(crate) reading: Reading,
    /// SHA-256 of the saved file, in hexadecimal digits; none if it cannot be read.
    pub(crate) saved: Option<String>,
    /// `serial_no` of the saved file.
    pub(crate) serial_no: Option<u64>,
    /// How long this program has run.
    pub(crate) age: Duration,
}

impl Facts {
    /// The text, a piece at a time.
    pub(crate) fn pieces(self: Arc<Self>) -> Pieces {
        let repeated = self.overview().map(Repeated::of).unwrap_or_default();
        Pieces { facts: self, repeated, family: 0, place: 0 }
    }

    fn overview(&self) -> Option<&Overview> {
        self.reading.lvsd.as_deref().ok()
    }

    fn status(&self) -> Option<&pulse::Status> {
        self.pulse.as_deref().ok()
    }
}

/// The text on its way.
#[derive(Debug)]
pub(crate) struct Pieces {
    facts: Arc<Facts>,
    repeated: Repeated,
    /// Which family is next.
    family: usize,
    /// Which virtual server of it is next.
    place: usize,
}

impl Iterator for Pieces {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut text = String::new();
        while text.len() < PIECE {
            let Some(family) = FAMILIES.get(self.family) else { break };
            if self.place == 0 {
                let _ = writeln!(text, "# HELP {} {}", family.name, family.help);
                let _ = writeln!(text, "# TYPE {} {}", family.name, family.kind);
            }
            if self.servers(&mut text, family.name, &family.samples) {
                (self.family, self.place) = (self.family + 1, 0);
            } else {
                self.place += 1;
            }
        }
        (!text.is_empty()).then_some(text)
    }
}

impl Pieces {
    /// Writes the samples of one virtual server, or all where there are none of virtual servers; returns whether the family is
    /// complete.
    fn servers(&self, text: &mut String, name: &str, samples: &Samples) -> bool {
        let servers = self.facts.overview().map_or(&[][..], |overview| &overview.virtual_servers);
        let server = servers.get(self.place).filter(|_| !self.repeated.servers.contains(&self.place));
        match samples {
            Samples::Router(all) => {
                for (labels, value) in all(&self.facts) {
                    let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
                    let _ = writeln!(text, "{name}{braces} {value}");
                }
                return true;
            }
            Samples::Virtual(value) => {
                if let Some(server) = server {
                    let _ = writeln!(text, "{name}{{{}}} {}", Of(server), value(server));
                }
            }
            Samples::Real(value) => {
                if let Some(server) = server {
                    self.real_servers(text, name, server, *value);
                }
            }
        }
        self.place + 1 >= servers.len()
    }

    fn real_servers(
        &self,
        text: &mut String,
        name: &str,
        server: &VirtualServer,
        value: fn(&RealServer) -> u64,
    ) {
        for (place, real) in server.real_servers.iter().enumerate() {
            if !self.repeated.real_servers.contains(&(self.place, place)) {
                let _ = writeln!(
                    text,
                    "{name}{{{},real_server=\"{}\",address=\"{}\"}} {}",
                    Of(server),
                    Escaped(&real.name),
                    Escaped(&real.address),
                    value(real)
                );
            }
        }
    }
}

/// Servers that have the same labels as one before them, which the format does not allow.
#[derive(Debug, Default)]
struct Repeated {
    servers: HashSet<usize>,
    real_servers: HashSet<(usize, usize)>,
}

impl Repeated {
    fn of(overview: &Overview) -> Self {
        let mut repeated = Self::default();
        let mut seen = HashSet::new();
        for (place, server) in overview.virtual_servers.iter().enumerate() {
            if !seen.insert((&server.name, &server.service)) {
                repeated.servers.insert(place);
            }
            let mut seen = HashSet::new();
            for (real_place, real) in server.real_servers.iter().enumerate() {
                if !seen.insert((&real.name, &real.address)) {
                    repeated.real_servers.insert((place, real_place));
                }
            }
        }
        repeated
    }
}

/// The labels of a virtual server.
struct Of<'a>(&'a VirtualServer);

impl fmt::Display for Of<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(server) = self;
        write!(out, "virtual_server=\"{}\",service=\"{}\"", Escaped(&server.name), Escaped(&server.service))
    }
}

/// The value of a label.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in self.0.chars() {
            match one {
                '\\' => out.write_str("\\\\")?,
                '"' => out.write_str("\\\"")?,
                '\n' => out.write_str("\\n")?,
                one if one.is_control() => out.write_char('\u{fffd}')?,
                one => out.write_char(one)?,
            }
        }
        Ok(())
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next().map(|piece| Ok(http_body::Frame::data(piece.into()))))
    }
}

#[cfg(test)]
mod tests;
