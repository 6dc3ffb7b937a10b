//! The signature of a datagram: HMAC-SHA256 (RFC 2104, FIPS 180-4).

use super::key::Key;
use crate::trailer::{DIGEST, Seal, prepare_seal};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::net::IpAddr;

/// Where a datagram comes from and goes to, as both ends see it. A datagram that is sent again on another link, or back
/// to its sender, is not genuine there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// The sender's address.
    pub source: IpAddr,
    /// The receiver's address.
    pub destination: IpAddr,
}

/// Adds the seal to a datagram with a trailer.
pub(crate) fn seal(mut datagram: Vec<u8>, path: Path, key: &Key) -> Vec<u8> {
    prepare_seal(&mut datagram, key.id);
    let digest: [u8; DIGEST] = mac(&datagram, path, key).finalize().into_bytes().into();
    datagram.extend(digest);
    datagram
}

/// Whether the key has made the seal. Takes the same time whatever the digest is.
pub(crate) fn verify(seal: Seal<'_>, path: Path, key: &Key) -> bool {
    mac(seal.signed, path, key).verify_slice(seal.digest).is_ok()
}

fn mac(signed: &[u8], path: Path, key: &Key) -> Hmac<Sha256> {
    Hmac::<Sha256>::new(key.block().into())
        .chain_update(octets(path.source))
        .chain_update(octets(path.destination))
        .chain_update(signed)
}

/// IPv4 addresses as `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2).
fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}
