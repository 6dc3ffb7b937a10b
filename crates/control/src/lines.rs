//! Messages as lines: one JSON object, one line feed.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest line that a [`Decoder`] reads by default, in bytes without its line feed.
pub const LONGEST_LINE: usize = 64 * 1024;

/// Why bytes from the other side are no messages.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line is longer than allowed.
    #[error("a message longer than {longest} bytes")]
    TooLong {
        /// The most bytes that were allowed.
        longest: usize,
    },
    /// A line is not the JSON form of the expected message.
    #[error("not a message of this protocol: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// The bytes of one message, its line feed included.
///
/// # Errors
///
/// [`Error::Malformed`] if the message has no JSON form.
pub fn encode<M: Serialize>(message: &M) -> Result<Vec<u8>, Error> {
    let mut bytes = serde_json::to_vec(message)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Collects received bytes and gives back whole messages.
#[derive(Debug)]
pub struct Decoder {
    pending: Vec<u8>,
    /// Bytes of it that hold no line feed.
    searched: usize,
    longest: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::up_to(LONGEST_LINE)
    }
}

impl Decoder {
    /// A decoder of lines of at most `longest` bytes.
    pub fn up_to(longest: usize) -> Self {
        Self { pending: Vec::new(), searched: 0, longest }
    }

    /// Takes the next received bytes and returns the messages that they complete, in order.
    ///
    /// # Errors
    ///
    /// The first line that is too long or malformed; the stream is of no further use then.
    pub fn feed<M: DeserializeOwned>(&mut self, received: &[u8]) -> Result<Vec<M>, Error> {
        self.pending.extend_from_slice(received);
        let mut messages = Vec::new();
        let mut start = 0;
        while let Some(offset) = self.pending[self.searched..].iter().position(|&byte| byte == b'\n') {
            let end = self.searched + offset;
            self.check(end - start)?;
            messages.push(serde_json::from_slice(&self.pending[start..end])?);
            start = end + 1;
            self.searched = start;
        }
        self.pending.drain(..start);
        self.searched = self.pending.len();
        if self.pending.len() <= LONGEST_LINE {
            // The room of a long line is given back.
            self.pending.shrink_to(LONGEST_LINE);
        }
        self.check(self.pending.len())?;
        Ok(messages)
    }

    /// Bytes of a line that has not come to its end.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    fn check(&self, length: usize) -> Result<(), Error> {
        if length > self.longest { Err(Error::TooLong { longest: self.longest }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Decoder, Error, LONGEST_LINE, encode};

    proptest! {
        #[test]
        fn messages_survive_any_cutting(messages: Vec<(u32, String)>, cut in 1usize..9) {
            let bytes: Vec<u8> = messages.iter().flat_map(|message| encode(message).unwrap()).collect();
            let mut decoder = Decoder::default();
            let mut back: Vec<(u32, String)> = Vec::new();
            for piece in bytes.chunks(cut) {
                back.extend(decoder.feed(piece).unwrap());
            }
            prop_assert_eq!(back, messages);
        }

        #[test]
        fn any_bytes_are_safe(bytes: Vec<u8>) {
            let _ = Decoder::default().feed::<(u32, String)>(&bytes);
        }
    }

    #[test]
    fn the_room_of_a_long_line_is_given_back() {
        let mut decoder = Decoder::up_to(1 << 20);
        let line = format!("\"{}\"\n", "x".repeat(1 << 19));
        assert!(decoder.feed::<String>(&line.as_bytes()[..1 << 19]).unwrap().is_empty());
        assert_eq!(decoder.pending(), 1 << 19);
        assert_eq!(decoder.feed::<String>(&line.as_bytes()[1 << 19..]).unwrap()[0].len(), 1 << 19);
        assert!(decoder.pending() == 0 && decoder.pending.capacity() <= LONGEST_LINE);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut decoder = Decoder::default();
        let error = decoder.feed::<u32>(&vec![b'1'; LONGEST_LINE + 1]).unwrap_err();
        assert!(matches!(error, Error::TooLong { longest: LONGEST_LINE }));
    }
}
