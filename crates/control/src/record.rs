//! What a daemon has put into the kernel, in a file that outlives it: one that is killed leaves it there, and the next one
//! tells it from what is somebody else's.
//!
//! The files lie where a boot empties, as it empties the kernel: an array of JSON each.

use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// lvsd's: an array of [`decisions::Service`](crate::decisions::Service).
pub const SERVICES: &str = "/run/piranha/services";

/// pulse's: an array of [`Address`].
pub const ADDRESSES: &str = "/run/piranha/addresses";

/// Longest file, in bytes: some 100,000 services.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// A floating address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// The device, or its alias: `eth0:1`.
    pub label: String,
}

/// What a file holds.
///
/// # Errors
///
/// If it is too long, torn, or was never written by [`write`].
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, serde_json::Error> {
    if bytes.len() > LONGEST {
        return Err(serde::de::Error::custom(format_args!("longer than {LONGEST} bytes")));
    }
    serde_json::from_slice(bytes)
}

/// The bytes of a file that holds these.
///
/// # Errors
///
/// If they have no JSON form.
pub fn write<T: Serialize>(entries: &[T]) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(entries)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Address, LONGEST, read, write};

    #[test]
    fn what_is_written_is_read() {
        let entries = [Address { address: [192, 0, 2, 10].into(), label: "eth0:1".to_owned() }];
        let bytes = write(&entries).unwrap();
        insta::assert_snapshot!(String::from_utf8_lossy(&bytes), @r#"[{"address":"192.0.2.10","label":"eth0:1"}]"#);
        assert_eq!(read::<Address>(&bytes).unwrap(), entries);
        for length in 0..bytes.len() - 1 {
            read::<Address>(&bytes[..length]).unwrap_err();
        }
        read::<Address>(&vec![b' '; LONGEST + 1]).unwrap_err();
    }
}
