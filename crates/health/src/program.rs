//! The program that checks a real server in place of a connection: specification nanny.md 4 and 13, row 4.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// A program with its arguments and what is added to its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Path, or name that is searched for in `PATH`.
    pub name: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Environment variables, on top of this process's own.
    pub environment: Vec<(&'static str, OsString)>,
}

/// Why a line names no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no word in it.
    #[error("it is empty")]
    Empty,
    /// A quote is opened and not closed.
    #[error("a quote is not closed")]
    Unclosed,
}

impl Program {
    /// The program of a line like `send_program` in lvs.cf.
    ///
    /// Words are separated by blanks. Quotes and backslashes protect as in a shell, but there is no shell. `%h` stands
    /// for the real server's address, `%p` for its port, `%%` for a percent sign; any other sequence stays.
    ///
    /// # Errors
    ///
    /// If there is no word, or a quote is not closed.
    pub fn from_line(line: &OsStr, real_server: SocketAddr) -> Result<Self, Error> {
        let mut words = split(line.as_bytes())?.into_iter().map(|word| substitute(&word, real_server));
        let name = words.next().ok_or(Error::Empty)?;
        Ok(Self { name, arguments: words.collect(), environment: Vec::new() })
    }
}

/// Words as a shell would split them.
fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote: Option<u8> = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                // Quotes around nothing make an empty word.
                word.get_or_insert_default();
            }
            (None, b' ' | b'\t') => words.extend(word.take()),
            (None | Some(b'"'), b'\\') => {
                word.get_or_insert_default().push(bytes.next().unwrap_or(b'\\'));
            }
            _ => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    if quote.is_some() { Err(Error::Unclosed) } else { Ok(words) }
}

fn substitute(word: &[u8], real_server: SocketAddr) -> OsString {
    let mut substituted = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after.get(1..).unwrap_or_default();
        match (byte, after.first()) {
            (b'%', Some(b'h')) => substituted.extend(real_server.ip().to_string().bytes()),
            (b'%', Some(b'p')) => substituted.extend(real_server.port().to_string().bytes()),
            (b'%', Some(b'%')) => substituted.push(b'%'),
            _ => {
                substituted.push(byte);
                rest = after;
            }
        }
    }
    OsString::from_vec(substituted)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use proptest::prelude::*;

    use super::{Error, Program};

    fn words(line: &[u8]) -> Result<Vec<String>, Error> {
        let program = Program::from_line(OsStr::from_bytes(line), "10.1.1.2:80".parse().unwrap())?;
        let words = std::iter::once(program.name).chain(program.arguments);
        Ok(words.map(|word| word.to_string_lossy().into_owned()).collect())
    }

    #[test]
    fn lines_are_split_like_a_shell_does() {
        let cases: [(&[u8], &[&str]); 11] = [
            (b"/usr/bin/check", &["/usr/bin/check"]),
            (b"  check   -a\t-b ", &["check", "-a", "-b"]),
            (b"check %h %p", &["check", "10.1.1.2", "80"]),
            (b"check host=%h:%p", &["check", "host=10.1.1.2:80"]),
            (b"check %x 100%% 100% %%h", &["check", "%x", "100%", "100%", "%h"]),
            (b"check 'two words' \"%h x\"", &["check", "two words", "10.1.1.2 x"]),
            (b"check '' \"\"", &["check", "", ""]),
            (br"check two\ words \'", &["check", "two words", "'"]),
            (br#"check "a\"b" 'a\b' a\"#, &["check", "a\"b", r"a\b", r"a\"]),
            (b"check a'b c'd", &["check", "ab cd"]),
            (b"check $HOME;ls|x", &["check", "$HOME;ls|x"]),
        ];
        for (line, wanted) in cases {
            assert_eq!(words(line).unwrap(), wanted, "{}", line.escape_ascii());
        }
        assert_eq!(words(b"  "), Err(Error::Empty));
        assert_eq!(words(b"check 'a"), Err(Error::Unclosed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_safe(line: Vec<u8>) {
            let _ = words(&line);
        }
    }
}
