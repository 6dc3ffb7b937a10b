//! A check as `lvs.cf` and nanny's options describe it: specification nanny.md 2, step 6, and 3.2.

use crate::escape::translate;
use crate::expect::Expect;
use crate::probe::Question;

/// The virtual port that gets a check of its own if none is configured.
const WEB: u16 = 80;

/// What is sent and expected, as it was written.
#[derive(Debug, Clone, Copy)]
pub struct Dialogue<'a> {
    /// Port of the virtual server (not of the real one: a real port 80 behind another port is no web server's).
    pub virtual_port: u16,
    /// Datagrams instead of a connection.
    pub udp: bool,
    /// The send string.
    pub send: Option<&'a [u8]>,
    /// The expect string.
    pub expect: Option<&'a [u8]>,
    /// The expect string is a POSIX extended regular expression.
    pub regex: bool,
    /// Backslash sequences are left as they are (`-T`).
    pub literal: bool,
}

impl Dialogue<'_> {
    /// Whether nothing is configured, so that a virtual server on port 80 is asked for its first page.
    pub fn is_assumed(&self) -> bool {
        self.virtual_port == WEB && self.send.is_none() && self.expect.is_none()
    }

    /// How the real server is asked.
    pub fn question(&self) -> Question {
        let send = if self.is_assumed() {
            Some(b"GET / HTTP/1.0\r\n\r\n".to_vec())
        } else {
            self.send.map(|text| self.translated(text))
        };
        if self.udp { Question::Udp(send) } else { Question::Tcp(send) }
    }

    /// What makes the answer good.
    pub fn expectation(&self) -> Expect {
        match self.expect {
            None if self.is_assumed() => Expect::text(b"HTTP".to_vec()),
            None => Expect::Nothing,
            // Its backslashes are its own.
            Some(expression) if self.regex => Expect::expression(expression),
            Some(text) => Expect::text(self.translated(text)),
        }
    }

    fn translated(&self, text: &[u8]) -> Vec<u8> {
        if self.literal { text.to_vec() } else { translate(text) }
    }
}
