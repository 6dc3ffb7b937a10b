//! Getting a password from standard input: a terminal, or a pipe.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result, bail};
use zeroize::Zeroizing;

use crate::terminal::Quiet;

/// Overwritten in memory when it is given back.
pub(crate) type Password = Zeroizing<Vec<u8>>;

/// Two lines of the longest password there is.
const ROOM: usize = 2 * (access::hash::LONGEST_PASSWORD + 2);

/// The second was another one.
#[derive(Debug)]
pub(crate) struct Mismatch;

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords do not match.")
    }
}

impl std::error::Error for Mismatch {}

/// A new password, asked for twice.
pub(crate) fn new_password() -> Result<Password> {
    let mut input = Input::begin()?;
    let password = input.asked("New Password: ")?;
    if *input.asked("Verify: ")? == *password { Ok(password) } else { Err(Mismatch.into()) }
}

/// A password, asked for once.
pub(crate) fn password() -> Result<Password> {
    Input::begin()?.asked("Password: ")
}

/// One line, not asked for.
pub(crate) fn line() -> Result<Password> {
    Input::begin()?.line()
}

/// Standard input. What was read lies in one place, which does not grow and is overwritten at the end.
struct Input {
    quiet: Quiet,
    bytes: Zeroizing<[u8; ROOM]>,
    /// How many of them have been read from the system.
    filled: usize,
}

impl Input {
    fn begin() -> Result<Self> {
        let quiet = Quiet::begin().context("the terminal cannot be told to keep what is typed to itself")?;
        Ok(Self { quiet, bytes: Zeroizing::new([0; ROOM]), filled: 0 })
    }

    fn asked(&mut self, prompt: &str) -> Result<Password> {
        show(prompt);
        let line = self.line();
        // The one that was typed was not shown.
        show("\n");
        line
    }

    /// Up to the next line feed, or to the end. Blanks and backslashes are like any other character.
    fn line(&mut self) -> Result<Password> {
        loop {
            let (read, room) = self.bytes.split_at_mut(self.filled);
            if let Some(length) = read.iter().position(|&byte| byte == b'\n') {
                return Ok(self.take(length, 1));
            }
            if room.is_empty() {
                bail!("the password is longer than {} bytes", access::hash::LONGEST_PASSWORD);
            }
            match self.quiet.read(room).context("standard input cannot be read")? {
                0 => return Ok(self.take(self.filled, 0)),
                count => self.filled += count,
            }
        }
    }

    /// The first bytes, and what ended them goes as well.
    fn take(&mut self, length: usize, ending: usize) -> Password {
        let line = Zeroizing::new(self.bytes.iter().take(length).copied().collect::<Vec<u8>>());
        self.bytes.rotate_left(length + ending);
        self.filled -= length + ending;
        line
    }
}

/// On standard output, at once. If that is gone the password can be typed nevertheless.
fn show(text: &str) {
    let mut output = io::stdout();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}
