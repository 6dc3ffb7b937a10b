//! A received datagram as messages, without copying: bounds are checked here, once, for all who read payloads.

use std::io::Cursor;

use neli::{
    FromBytes, FromBytesWithInput,
    consts::nl::{NlmF, Nlmsg, NlmsgerrAttr},
    types::{Buffer, GenlBuffer},
};
use nix::errno::Errno;

use crate::{Error, Refusal};

/// Size of `struct nlmsghdr` in bytes.
pub(crate) const HEADER: usize = 16;
/// Offset of the flags (u16) in `struct nlmsghdr`.
pub(crate) const FLAGS: usize = 6;
/// Offset of the sequence number (u32) in `struct nlmsghdr`.
pub(crate) const SEQUENCE: usize = 8;

/// One message of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: NlmF,
    pub(crate) sequence: u32,
    pub(crate) payload: &'a [u8],
}

/// What a message is to the request with its sequence number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning<'a> {
    /// An answer's data.
    Data(Message<'a>),
    /// The end: done, or refused.
    End(Result<(), Refusal>),
    /// Messages were lost on the way.
    Overrun,
    /// To be skipped (`NLMSG_NOOP`).
    Nothing,
}

impl<'a> Message<'a> {
    /// Splits the first message off `datagram`; None at its end.
    pub(crate) fn split(datagram: &mut &'a [u8]) -> Option<Result<Message<'a>, Error>> {
        if datagram.is_empty() {
            return None;
        }
        Some(Self::split_first(datagram).ok_or_else(|| Error::Malformed("a message is cut short".into())))
    }

    fn split_first(datagram: &mut &'a [u8]) -> Option<Message<'a>> {
        let (header, _) = datagram.split_first_chunk::<HEADER>()?;
        let mut fields = Cursor::new(header.as_slice());
        let length = usize::try_from(u32::from_bytes(&mut fields).ok()?).ok()?;
        let kind = u16::from_bytes(&mut fields).ok()?;
        let flags = NlmF::from_bytes(&mut fields).ok()?;
        let sequence = u32::from_bytes(&mut fields).ok()?;
        let payload = datagram.get(HEADER..length)?;
        *datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message { kind, flags, sequence, payload })
    }

    pub(crate) fn meaning(self) -> Result<Meaning<'a>, Error> {
        Ok(match Nlmsg::from(self.kind) {
            Nlmsg::Noop => Meaning::Nothing,
            Nlmsg::Overrun => Meaning::Overrun,
            Nlmsg::Error | Nlmsg::Done => Meaning::End(self.end()?),
            Nlmsg::UnrecognizedConst(_) => Meaning::Data(self),
        })
    }

    /// `struct nlmsgerr`, or the error number at the end of a dump (negative when it broke off).
    fn end(&self) -> Result<Result<(), Refusal>, Error> {
        let mut rest = Cursor::new(self.payload);
        let code = match i32::from_bytes(&mut rest) {
            Ok(code) => code,
            // Old kernels and some families end a dump with a bare header.
            Err(_) if self.kind == u16::from(Nlmsg::Done) => 0,
            Err(_) => return Err(Error::Malformed("an acknowledgement is cut short".into())),
        };
        if code >= 0 {
            return Ok(Ok(()));
        }
        Ok(Err(Refusal { errno: Errno::from_raw(-code), text: self.text() }))
    }

    /// The kernel's words from an extended acknowledgement: attributes behind the error number and the header of
    /// the refused request, which is never followed by that request's payload since the socket asks for capped
    /// acknowledgements.
    fn text(&self) -> Option<String> {
        if !self.flags.contains(NlmF::ACK_TLVS | NlmF::CAPPED) {
            return None;
        }
        let bytes = self.payload.get(size_of::<i32>() + HEADER..)?;
        let attributes =
            GenlBuffer::<NlmsgerrAttr, Buffer>::from_bytes_with_input(&mut Cursor::new(bytes), bytes.len())
                .ok()?;
        let message = attributes.iter().find(|a| *a.nla_type().nla_type() == NlmsgerrAttr::Msg)?;
        let text = String::from_utf8_lossy(message.nla_payload().as_ref());
        Some(text.trim_end_matches('\0').to_owned())
    }

    /// The payload as a neli type.
    pub(crate) fn decode<P>(&self) -> Result<P, Error>
    where
        P: FromBytesWithInput<Input = usize>,
    {
        P::from_bytes_with_input(&mut Cursor::new(self.payload), self.payload.len())
            .map_err(|e| Error::Malformed(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, flags: NlmF, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(u32::try_from(HEADER + payload.len()).unwrap().to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.bits().to_ne_bytes());
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend(0u32.to_ne_bytes());
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn only(mut datagram: &[u8]) -> Message<'_> {
        let message = Message::split(&mut datagram).unwrap().unwrap();
        assert!(Message::split(&mut datagram).is_none());
        message
    }

    #[test]
    fn a_datagram_is_split_at_padded_boundaries() {
        let mut bytes = message(20, NlmF::MULTI, 7, b"abcde");
        bytes.extend(message(21, NlmF::MULTI, 7, b""));
        let mut rest = bytes.as_slice();
        let first = Message::split(&mut rest).unwrap().unwrap();
        assert_eq!((first.kind, first.sequence, first.payload), (20, 7, b"abcde".as_slice()));
        let second = Message::split(&mut rest).unwrap().unwrap();
        assert_eq!((second.kind, second.payload), (21, b"".as_slice()));
        assert!(Message::split(&mut rest).is_none());
    }

    #[test]
    fn every_cut_is_an_error_and_never_a_panic() {
        let bytes = message(20, NlmF::empty(), 1, b"payload!");
        for length in 1..bytes.len() {
            let mut cut = &bytes[..length];
            assert!(Message::split(&mut cut).unwrap().is_err(), "cut to {length} bytes");
        }
    }

    #[test]
    fn a_length_below_the_header_is_an_error() {
        let mut bytes = message(20, NlmF::empty(), 1, b"");
        bytes[0] = 15;
        assert!(Message::split(&mut bytes.as_slice()).unwrap().is_err());
    }

    #[test]
    fn an_acknowledgement_and_a_refusal() {
        let ok = message(2, NlmF::CAPPED, 1, &[0; 20]);
        assert_eq!(only(&ok).meaning(), Ok(Meaning::End(Ok(()))));

        let mut payload = (-17i32).to_ne_bytes().to_vec();
        payload.extend([0; HEADER]);
        let refused = message(2, NlmF::CAPPED, 1, &payload);
        let Ok(Meaning::End(Err(refusal))) = only(&refused).meaning() else { panic!("not refused") };
        assert_eq!(refusal, Refusal { errno: Errno::EEXIST, text: None });
        assert_eq!(refusal.to_string(), "File exists (EEXIST)");
    }

    #[test]
    fn the_kernels_words_are_kept() {
        let mut payload = (-22i32).to_ne_bytes().to_vec();
        payload.extend([0; HEADER]);
        payload.extend(10u16.to_ne_bytes());
        payload.extend(1u16.to_ne_bytes());
        payload.extend(b"wrong\0\0\0");
        let bytes = message(2, NlmF::CAPPED | NlmF::ACK_TLVS, 1, &payload);
        let Ok(Meaning::End(Err(refusal))) = only(&bytes).meaning() else { panic!("not refused") };
        assert_eq!(refusal.to_string(), "Invalid argument (EINVAL): wrong");
    }

    #[test]
    fn a_dump_ends_with_or_without_a_number() {
        assert_eq!(only(&message(3, NlmF::MULTI, 1, b"")).meaning(), Ok(Meaning::End(Ok(()))));
        assert_eq!(only(&message(3, NlmF::MULTI, 1, &[0; 4])).meaning(), Ok(Meaning::End(Ok(()))));
        let broken = message(3, NlmF::MULTI, 1, &(-12i32).to_ne_bytes());
        assert!(matches!(only(&broken).meaning(), Ok(Meaning::End(Err(_)))));
    }
}
