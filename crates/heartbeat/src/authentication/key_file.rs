//! The text of a key file, and how keys change in it: one is added, another one signs, an old one goes. Every other line
//! stays as it is.

use std::fmt::Write as _;

use super::key::{KeyError, Keys, lines};
use zeroize::Zeroizing;

/// Bytes of a key file at most: room for sixteen keys and some remarks.
pub const LONGEST_KEY_FILE: usize = 16 * 1024;

/// Bytes of a key that is made here: as many as the digest has, which is what HMAC wants (RFC 2104 section 3).
pub const SECRET: usize = 32;

/// What a new file begins with.
const REMARK: &str =
    "# Keys of heartbeats: the first signs, all verify. Equal on both routers; read by nobody else.\n";

/// The text with its keys. Its memory is overwritten when it is given back.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFile {
    text: Zeroizing<String>,
    keys: Keys,
}

/// Why a key file is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyChangeError {
    /// No line has this number.
    #[error("there is no key {0}")]
    Unknown(u32),
    /// The signing key cannot go.
    #[error("key {0} signs: let another key sign first (`--sign-with`), on both routers")]
    Signs(u32),
    /// Some keys have to go first.
    #[error("there is no room for another key: remove those that no router signs with any more (`--remove`)")]
    Full,
}

impl KeyFile {
    /// A new file with one key, number 1.
    pub fn new(secret: &[u8; SECRET]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(REMARK.len() + LONGEST_LINE));
        text.push_str(REMARK);
        write_key(&mut text, 1, secret);
        Self { text, keys: Keys::one(1, secret) }
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// What [`Keys::parse`] says of it.
    pub fn parse(text: Zeroizing<String>) -> Result<Self, KeyError> {
        let keys = Keys::parse(&text)?;
        Ok(Self { text, keys })
    }

    /// What is to be written to the disk, and shown to nobody.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Adds a key as the last line, where it verifies and does not sign, and answers with its number: one above the
    /// highest.
    ///
    /// # Errors
    /// [`KeyChangeError::Full`].
    pub fn add(&mut self, secret: &[u8; SECRET]) -> Result<u32, KeyChangeError> {
        let id = self.unused();
        let mut text = self.copy();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        write_key(&mut text, id, secret);
        self.accept(text).ok_or(KeyChangeError::Full)?;
        Ok(id)
    }

    /// Makes a key the first one, which signs.
    ///
    /// # Errors
    /// [`KeyChangeError::Unknown`].
    pub fn sign_with(&mut self, id: u32) -> Result<(), KeyChangeError> {
        let (at, first) = (self.line(id)?, self.line(self.keys.signing().id)?);
        let moved = self.text.lines().nth(at);
        let mut text = Zeroizing::new(String::with_capacity(self.text.len() + 1));
        for (number, line) in self.text.lines().enumerate().filter(|(number, _)| *number != at || at == first)
        {
            let before = moved.filter(|_| number == first && at != first);
            before.into_iter().chain([line]).for_each(|line| push_line(&mut text, line));
        }
        self.accept(text).ok_or(KeyChangeError::Full)
    }

    /// Removes a key that does not sign.
    ///
    /// # Errors
    /// [`KeyChangeError::Unknown`], [`KeyChangeError::Signs`].
    pub fn remove(&mut self, id: u32) -> Result<(), KeyChangeError> {
        let at = self.line(id)?;
        if id == self.keys.signing().id {
            return Err(KeyChangeError::Signs(id));
        }
        let mut text = Zeroizing::new(String::with_capacity(self.text.len() + 1));
        let others = self.text.lines().enumerate().filter(|(number, _)| *number != at);
        others.for_each(|(_, line)| push_line(&mut text, line));
        self.accept(text).ok_or(KeyChangeError::Full)
    }

    /// A number that no key has.
    fn unused(&self) -> u32 {
        let highest = self.keys.ids().max().unwrap_or_default();
        let above = highest.checked_add(1);
        above.or_else(|| (1..highest).find(|id| self.keys.find(*id).is_none())).unwrap_or_default()
    }

    /// The line of a key, counted from 0.
    fn line(&self, id: u32) -> Result<usize, KeyChangeError> {
        let has = |text: &str| text.split_whitespace().next().and_then(|word| word.parse().ok()) == Some(id);
        let found = lines(&self.text).find(|(_, text)| has(text));
        found.map(|(line, _)| line - 1).ok_or(KeyChangeError::Unknown(id))
    }

    /// With room for another key, so that no copy is left behind where a text grew out of its memory.
    fn copy(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.text.len() + LONGEST_LINE));
        text.push_str(&self.text);
        text
    }

    fn accept(&mut self, text: Zeroizing<String>) -> Option<()> {
        let keys = Keys::parse(&text).ok().filter(|_| text.len() <= LONGEST_KEY_FILE)?;
        *self = Self { text, keys };
        Some(())
    }
}

/// A number, a blank, two digits for each byte, and the ends of this line and of the one before.
const LONGEST_LINE: usize = 10 + 1 + 2 * SECRET + 2;

fn write_key(text: &mut String, id: u32, secret: &[u8; SECRET]) {
    let _a_string_takes_all = write!(text, "{id} ");
    for byte in secret {
        let _a_string_takes_all = write!(text, "{byte:02x}");
    }
    text.push('\n');
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyFile").field("keys", &self.keys).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: &str = "000102030405060708090a0b0c0d0e0f";
    const B: &str = "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF";

    fn file(text: &str) -> KeyFile {
        KeyFile::parse(Zeroizing::new(text.to_owned())).unwrap()
    }

    fn ids(file: &KeyFile) -> Vec<u32> {
        file.keys().ids().collect()
    }

    #[test]
    fn a_new_file_has_key_1() {
        let file = KeyFile::new(&[0xab; SECRET]);
        assert_eq!(KeyFile::parse(file.text.clone()), Ok(file.clone()));
        assert_eq!(file.text(), format!("{REMARK}1 {}\n", "ab".repeat(SECRET)));
    }

    #[test]
    fn a_new_key_is_the_last_line_and_has_the_next_number() {
        let mut file = file(&format!("# pair\n7 {A}\n3 {B}"));
        assert_eq!(file.add(&[1; SECRET]), Ok(8));
        assert_eq!(file.text(), format!("# pair\n7 {A}\n3 {B}\n8 {}\n", "01".repeat(SECRET)));
        assert_eq!(file.keys().signing().id, 7);
    }

    #[test]
    fn after_the_highest_number_comes_the_lowest_that_is_free() {
        let mut file = file(&format!("4294967295 {A}\n1 {B}\n"));
        assert_eq!(file.add(&[1; SECRET]), Ok(2));
    }

    #[test]
    fn another_key_signs_when_its_line_is_the_first() {
        let mut file = file(&format!("# pair\n\n7 {A}\n# new\n8 {B}\n"));
        file.sign_with(8).unwrap();
        assert_eq!(file.text(), format!("# pair\n\n8 {B}\n7 {A}\n# new\n"));
        let before = file.clone();
        file.sign_with(8).unwrap();
        assert_eq!(file, before);
        assert_eq!(file.sign_with(9), Err(KeyChangeError::Unknown(9)));
    }

    #[test]
    fn a_key_goes_unless_it_signs() {
        let mut file = file(&format!("07 {A}\r\n8 {B}\n"));
        assert_eq!(file.remove(7), Err(KeyChangeError::Signs(7)));
        file.remove(8).unwrap();
        assert_eq!(file.text(), format!("07 {A}\n"));
        assert_eq!(file.remove(8), Err(KeyChangeError::Unknown(8)));
    }

    #[test]
    fn there_are_sixteen_keys_at_most() {
        let mut file = KeyFile::new(&[0; SECRET]);
        for id in 2..=16 {
            assert_eq!(file.add(&[0; SECRET]), Ok(id));
        }
        assert_eq!(file.add(&[0; SECRET]), Err(KeyChangeError::Full));
        let mut long = self::file(&format!("1 {A}\n#{}", "x".repeat(LONGEST_KEY_FILE - 80)));
        assert_eq!(long.add(&[0; SECRET]), Err(KeyChangeError::Full));
    }

    #[test]
    fn its_bytes_are_not_shown() {
        assert!(!format!("{:?}", file(&format!("1 {A}"))).contains("0001"));
    }

    #[derive(Debug, Clone)]
    enum Change {
        Add([u8; SECRET]),
        SignWith(u32),
        Remove(u32),
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            any::<[u8; SECRET]>().prop_map(Change::Add),
            (0..20_u32).prop_map(Change::SignWith),
            (0..20_u32).prop_map(Change::Remove),
        ]
    }

    proptest! {
        /// Whatever is done in whatever order: remarks stay, a key keeps its secret, only one that did not sign goes.
        #[test]
        fn changes_touch_what_they_name(changes in proptest::collection::vec(change(), 0..40)) {
            let mut file = file(&format!("# first\n1 {A}\n\n# second\n2 {B}\n"));
            for change in changes {
                let before = file.clone();
                let done = match change {
                    Change::Add(secret) => file.add(&secret).map(|_| ()),
                    Change::SignWith(id) => file.sign_with(id),
                    Change::Remove(id) => file.remove(id),
                };
                let (mut old, mut new) = (ids(&before), ids(&file));
                let kept = before.keys().ids().filter(|id| file.keys().find(*id).is_some());
                for id in kept {
                    prop_assert_eq!(before.keys().find(id), file.keys().find(id));
                }
                match (done, change) {
                    (Err(_), _) => prop_assert_eq!(&file, &before),
                    (Ok(()), Change::Add(_)) => prop_assert_eq!(&new[..new.len() - 1], &old),
                    (Ok(()), Change::SignWith(id)) => {
                        prop_assert_eq!(new[0], id);
                        old.sort_unstable();
                        new.sort_unstable();
                        prop_assert_eq!(new, old);
                    }
                    (Ok(()), Change::Remove(id)) => {
                        prop_assert!(old[0] != id);
                        old.retain(|other| *other != id);
                        prop_assert_eq!(new, old);
                    }
                }
                prop_assert!(file.text().starts_with("# first\n") && file.text().contains("\n\n# second\n"));
                prop_assert_eq!(&KeyFile::parse(Zeroizing::new(file.text().to_owned())).unwrap(), &file);
            }
        }
    }
}
