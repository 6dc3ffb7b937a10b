//! Many requests, encoded once into one contiguous buffer.

use std::{
    io::{Cursor, Write},
    ops::Range,
};

use neli::{ToBytes, consts::nl::NlmF, err::SerError};

use crate::{
    Error,
    message::{FLAGS, HEADER, SEQUENCE},
};

/// Bytes of a request to guess with: a little more than what adds a real server with an IPv4 address.
const USUAL_LENGTH: usize = 112;

/// Requests in the order in which the kernel is to carry them out.
///
/// Every request is encoded once, when it is pushed, behind the others; sending cuts the buffer into as few pieces
/// as the socket allows and copies nothing.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Cursor<Vec<u8>>,
    /// Where each request ends in `bytes`.
    ends: Vec<usize>,
}

/// How much the kernel takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of one datagram.
    pub(crate) bytes: usize,
    /// Answers that surely fit into the receive buffer.
    pub(crate) answers: usize,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Batch {
        Batch::default()
    }

    /// An empty batch with room for this many requests of usual length, so that it need not move while it grows.
    pub fn with_capacity(requests: usize) -> Batch {
        let bytes = Vec::with_capacity(requests.saturating_mul(USUAL_LENGTH));
        Batch { bytes: Cursor::new(bytes), ends: Vec::with_capacity(requests) }
    }

    /// Appends a request of type `kind`. `NLM_F_REQUEST` is added to `flags`; whether the kernel is asked for an
    /// acknowledgement is the sender's business.
    ///
    /// # Errors
    /// [`Error::Unencodable`] when `payload` has no bytes to give; the batch is then as it was before.
    pub fn push(&mut self, kind: impl Into<u16>, flags: NlmF, payload: &impl ToBytes) -> Result<(), Error> {
        let start = self.bytes.get_ref().len();
        match encode(&mut self.bytes, start, kind.into(), flags, payload) {
            Ok(()) => {
                self.ends.push(self.bytes.get_ref().len());
                Ok(())
            }
            Err(e) => {
                self.bytes.get_mut().truncate(start);
                Err(Error::Unencodable(e.to_string()))
            }
        }
    }

    /// The number of requests.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The encoded bytes of all requests.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get_ref()
    }

    /// The requests' indices, cut into runs that one datagram may carry.
    pub(crate) fn chunks(&self, limits: Limits) -> Vec<Range<usize>> {
        let mut chunks = Vec::new();
        let (mut first, mut start) = (0, 0);
        let mut end_before = 0;
        for (index, &end) in self.ends.iter().enumerate() {
            let full = end - start > limits.bytes || index - first >= limits.answers;
            if full && index > first {
                chunks.push(first..index);
                (first, start) = (index, end_before);
            }
            end_before = end;
        }
        if first < self.ends.len() {
            chunks.push(first..self.ends.len());
        }
        chunks
    }

    /// Numbers the requests of `chunk` from `first_sequence` on, asks for an acknowledgement of the last one if
    /// there is to be one, and gives the bytes to send.
    pub(crate) fn seal(&mut self, chunk: &Range<usize>, first_sequence: u32, acknowledge: bool) -> &[u8] {
        let chunk_start = self.start_of(chunk.start);
        let mut sequence = first_sequence;
        for index in chunk.clone() {
            let start = self.start_of(index);
            if let Some(header) =
                self.bytes.get_mut().get_mut(start..).and_then(<[u8]>::first_chunk_mut::<HEADER>)
            {
                number(header, sequence, acknowledge && index + 1 == chunk.end);
            }
            sequence = sequence.wrapping_add(1);
        }
        let chunk_end = self.start_of(chunk.end);
        self.bytes.get_ref().get(chunk_start..chunk_end).unwrap_or_default()
    }

    fn start_of(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }
}

fn encode(
    bytes: &mut Cursor<Vec<u8>>,
    start: usize,
    kind: u16,
    flags: NlmF,
    payload: &impl ToBytes,
) -> Result<(), SerError> {
    bytes.set_position(start as u64);
    0u32.to_bytes(bytes)?;
    kind.to_bytes(bytes)?;
    (flags | NlmF::REQUEST).to_bytes(bytes)?;
    bytes.write_all(&[0; 8])?;
    payload.to_bytes(bytes)?;
    let length = bytes.get_ref().len() - start;
    payload.pad(bytes)?;
    bytes.set_position(start as u64);
    u32::try_from(length).map_err(|_| SerError::new("longer than 4 GiB"))?.to_bytes(bytes)
}

fn number(header: &mut [u8; HEADER], sequence: u32, acknowledge: bool) {
    let asked = NlmF::from_bits_retain(u16::from_ne_bytes([header[FLAGS], header[FLAGS + 1]]));
    let flags = if acknowledge { asked | NlmF::ACK } else { asked - NlmF::ACK };
    header[FLAGS..FLAGS + 2].copy_from_slice(&flags.bits().to_ne_bytes());
    header[SEQUENCE..SEQUENCE + 4].copy_from_slice(&sequence.to_ne_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch_of(count: usize) -> Batch {
        let mut batch = Batch::new();
        for _ in 0..count {
            batch.push(20u16, NlmF::empty(), &7u8).unwrap();
        }
        batch
    }

    #[test]
    fn requests_are_padded_and_know_their_length() {
        let mut batch = batch_of(2);
        let bytes = batch.seal(&(0..2), 5, true);
        assert_eq!(bytes.len(), 40);
        assert_eq!(bytes[..4], 17u32.to_ne_bytes());
        assert_eq!(bytes[16..20], [7, 0, 0, 0]);
        assert_eq!(bytes[20..24], 17u32.to_ne_bytes());
    }

    #[test]
    fn only_the_last_request_of_a_chunk_asks_for_an_acknowledgement() {
        let mut batch = batch_of(3);
        for chunk in [0..1, 1..3] {
            let count = chunk.len();
            let bytes = batch.seal(&chunk, 9, true).to_vec();
            for (index, message) in bytes.chunks(20).enumerate() {
                let last = if index + 1 == count { NlmF::ACK } else { NlmF::empty() };
                assert_eq!(message[6..8], (NlmF::REQUEST | last).bits().to_ne_bytes());
                assert_eq!(message[8..12], (9 + u32::try_from(index).unwrap()).to_ne_bytes());
            }
        }
    }

    #[test]
    fn chunks_keep_to_both_limits_and_lose_nothing() {
        let ends = |count, bytes, answers| -> Vec<usize> {
            let chunks = batch_of(count).chunks(Limits { bytes, answers });
            assert!(chunks.iter().flat_map(Clone::clone).eq(0..count));
            chunks.iter().map(|chunk| chunk.end).collect()
        };
        assert_eq!(ends(5, 1000, 1000), [5]);
        assert_eq!(ends(5, 59, 1000), [2, 4, 5]);
        assert_eq!(ends(5, 60, 1000), [3, 5]);
        assert_eq!(ends(5, 1000, 4), [4, 5]);
        assert_eq!(ends(3, 1, 1), [1, 2, 3]);
        assert_eq!(ends(0, 1000, 1000), [0; 0]);
    }

    #[test]
    fn a_payload_that_cannot_be_encoded_leaves_no_trace() {
        #[derive(Debug)]
        struct Bad;
        impl ToBytes for Bad {
            fn to_bytes(&self, buffer: &mut Cursor<Vec<u8>>) -> Result<(), SerError> {
                buffer.write_all(b"half")?;
                Err(SerError::new("no"))
            }
        }
        let mut batch = batch_of(1);
        let before = batch.as_bytes().to_vec();
        assert!(matches!(batch.push(20u16, NlmF::empty(), &Bad), Err(Error::Unencodable(_))));
        batch.push(20u16, NlmF::empty(), &7u8).unwrap();
        assert_eq!(batch.len(), 2);
        assert_eq!(batch.as_bytes()[..20], before[..]);
        assert_eq!(batch.as_bytes()[20..], before[..]);
    }
}
