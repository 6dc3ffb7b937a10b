//! Attributes: length (u16, without padding), type (u16), payload, padding to four bytes.
//!
//! Both `struct nlattr` of generic netlink and `struct rtattr` of rtnetlink have this form. Written straight into
//! the message's buffer, an attribute costs no allocation of its own.
//!
//! Source: `linux/netlink.h`.

use std::io::Cursor;

use neli::{ToBytes, err::SerError};

/// Set in the type of an attribute that holds attributes (`NLA_F_NESTED`).
pub const NESTED: u16 = 0x8000;

/// Appends one attribute.
///
/// # Errors
/// When the payload does not encode or is longer than 65531 bytes.
pub fn put(
    buffer: &mut Cursor<Vec<u8>>,
    kind: impl Into<u16>,
    payload: &impl ToBytes,
) -> Result<(), SerError> {
    framed(buffer, kind.into(), |buffer| payload.to_bytes(buffer))
}

/// Appends one attribute with the attributes inside it that `contents` writes.
///
/// # Errors
/// When `contents` fails or writes more than 65531 bytes.
pub fn nest(
    buffer: &mut Cursor<Vec<u8>>,
    kind: impl Into<u16>,
    contents: impl FnOnce(&mut Cursor<Vec<u8>>) -> Result<(), SerError>,
) -> Result<(), SerError> {
    framed(buffer, kind.into() | NESTED, contents)
}

fn framed(
    buffer: &mut Cursor<Vec<u8>>,
    kind: u16,
    payload: impl FnOnce(&mut Cursor<Vec<u8>>) -> Result<(), SerError>,
) -> Result<(), SerError> {
    let start = buffer.position();
    0u16.to_bytes(buffer)?;
    kind.to_bytes(buffer)?;
    payload(buffer)?;
    let length = u16::try_from(buffer.position() - start).map_err(|_| SerError::new("attribute too long"))?;
    ().pad(buffer)?;
    let end = buffer.position();
    buffer.set_position(start);
    length.to_bytes(buffer)?;
    buffer.set_position(end);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_exclude_padding_and_nests_include_it() {
        let mut buffer = Cursor::new(Vec::new());
        nest(&mut buffer, 1u16, |buffer| {
            put(buffer, 6u16, &"rr")?;
            put(buffer, 2u16, &6u16)
        })
        .unwrap();
        let mut expected = Vec::new();
        for word in [20u16, 0x8001, 7, 6] {
            expected.extend(word.to_ne_bytes());
        }
        expected.extend(b"rr\0\0");
        for word in [6u16, 2, 6, 0] {
            expected.extend(word.to_ne_bytes());
        }
        assert_eq!(buffer.into_inner(), expected);
    }

    #[test]
    fn too_long_is_an_error() {
        let mut buffer = Cursor::new(Vec::new());
        assert!(put(&mut buffer, 1u16, &vec![0u8; 65532].as_slice()).is_err());
        assert!(put(&mut Cursor::new(Vec::new()), 1u16, &vec![0u8; 65531].as_slice()).is_ok());
    }
}
