//! Messages as lines: one JSON object, one line feed.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest line that is read, in bytes without its line feed.
pub const LONGEST_LINE: usize = 64 * 1024;

/// Why bytes from the other side are no messages.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line is longer than [`LONGEST_LINE`] bytes.
    #[error("a message longer than {LONGEST_LINE} bytes")]
    TooLong,
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
#[derive(Debug, Default)]
pub struct Decoder {
    pending: Vec<u8>,
}

impl Decoder {
    /// Takes the next received bytes and returns the messages that they complete, in order.
    ///
    /// # Errors
    ///
    /// The first line that is too long or malformed; the stream is of no further use then.
    pub fn feed<M: DeserializeOwned>(&mut self, received: &[u8]) -> Result<Vec<M>, Error> {
        self.pending.extend_from_slice(received);
        let mut messages = Vec::new();
        let mut start = 0;
        while let Some(length) = self.pending[start..].iter().position(|&byte| byte == b'\n') {
            if length > LONGEST_LINE {
                return Err(Error::TooLong);
            }
            messages.push(serde_json::from_slice(&self.pending[start..start + length])?);
            start += length + 1;
        }
        self.pending.drain(..start);
        if self.pending.len() > LONGEST_LINE {
            return Err(Error::TooLong);
        }
        Ok(messages)
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
    fn an_endless_line_is_refused() {
        let mut decoder = Decoder::default();
        let error = decoder.feed::<u32>(&vec![b'1'; LONGEST_LINE + 1]).unwrap_err();
        assert!(matches!(error, Error::TooLong));
    }
}
