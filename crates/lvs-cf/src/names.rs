//! How names in the file become numbers.

use std::net::Ipv4Addr;

/// Looks up the names that a file uses in place of addresses and ports.
///
/// The file's reader asks for a name only after it has found that the word is no address and no number.
pub trait Names {
    /// The first IPv4 address of a host, `None` if the name does not resolve.
    fn host(&self, name: &str) -> Option<Ipv4Addr>;

    /// The port of a TCP service (the file's format looks up TCP only, also for UDP services).
    fn service(&self, name: &str) -> Option<u16>;
}

/// Knows no names: only files with numeric addresses and ports can be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NumbersOnly;

impl Names for NumbersOnly {
    fn host(&self, _name: &str) -> Option<Ipv4Addr> {
        None
    }

    fn service(&self, _name: &str) -> Option<u16> {
        None
    }
}
