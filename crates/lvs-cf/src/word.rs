//! Words of the file as values: bytes without a character set.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// One word of the file, outer quotes dropped, nothing else changed: backslashes stay, and bytes from 0x80 up
/// are whatever they are (specification lvs-cf.md section 1).
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(Vec<u8>);

impl Word {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For names of files, programs and devices.
    pub fn as_os_str(&self) -> &OsStr {
        OsStr::from_bytes(&self.0)
    }

    /// For people: bytes that are not UTF-8 become U+FFFD.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The pieces between blanks, as commands are cut into arguments: no quotes, no shell.
    pub fn arguments(&self) -> impl Iterator<Item = &OsStr> {
        self.0.split(|&byte| byte == b' ').filter(|piece| !piece.is_empty()).map(OsStr::from_bytes)
    }
}

impl From<&[u8]> for Word {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str_lossy())
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_str_lossy())
    }
}

/// The value of `send`, `expect`, `send_program`, `start_cmd` or `stop_cmd`: its quotes are part of it
/// (specification lvs-cf.md section 4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// The word without its outer quotes.
    pub text: Word,
    /// The quote character that was used.
    pub quote: Option<Quote>,
}

/// A quote character around a [`Text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// `"`: dropped by the daemons.
    Double,
    /// `'`: kept by the daemons, and sent.
    Single,
}

impl Quote {
    /// The character.
    pub fn as_byte(self) -> u8 {
        match self {
            Self::Double => b'"',
            Self::Single => b'\'',
        }
    }
}

impl Text {
    /// The words of a command: `start_cmd`, `stop_cmd`. Runs of blanks count as one, and what stands in single or
    /// double quotes is one word, without the quotes (specification fos.md S8). No shell, no backslashes.
    pub fn command(&self) -> Vec<OsString> {
        let mut words = Vec::new();
        let mut word: Option<Vec<u8>> = None;
        let mut quote = None;
        for byte in self.effective() {
            match (quote, byte) {
                (Some(open), _) if open == byte => quote = None,
                (None, b'\'' | b'"') => {
                    quote = Some(byte);
                    word.get_or_insert_default();
                }
                (None, b' ' | b'\t') => words.extend(word.take()),
                _ => word.get_or_insert_default().push(byte),
            }
        }
        words.extend(word);
        words.into_iter().map(OsString::from_vec).collect()
    }

    /// What the daemons make of it: one leading and one trailing double quote is dropped wherever it came
    /// from, and single quotes stay. Dropped once, here; lvsd once ate another trailing quote for each server.
    pub fn effective(&self) -> Vec<u8> {
        let text = self.text.as_bytes();
        match self.quote {
            Some(Quote::Double) => text.to_vec(),
            Some(Quote::Single) => [b"'", text, b"'"].concat(),
            None => {
                let text = text.strip_prefix(b"\"").unwrap_or(text);
                text.strip_suffix(b"\"").unwrap_or(text).to_vec()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Quote, Text};

    fn command(text: &str) -> Vec<String> {
        let text = Text { text: text.into(), quote: Some(Quote::Double) };
        text.command().into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn commands_are_cut_at_blanks_outside_quotes() {
        assert_eq!(command("/etc/init.d/httpd  start "), ["/etc/init.d/httpd", "start"]);
        assert_eq!(command("/bin/sh -c 'echo \"a  b\"' \"\""), ["/bin/sh", "-c", "echo \"a  b\"", ""]);
        assert_eq!(command("a'b c'd $e *\\"), ["ab cd", "$e", "*\\"]);
        assert_eq!(command("open 'until the end"), ["open", "until the end"]);
        assert!(command("").is_empty() && command("   ").is_empty());
    }

    proptest! {
        #[test]
        fn without_quotes_a_command_is_its_words(words in proptest::collection::vec("[^ \t'\"]{1,9}", 0..60)) {
            prop_assert_eq!(command(&words.join("  ")), words);
        }
    }
}
