//! What an administrator has decided, as lvsd keeps it across restarts: one JSON object in a file.
//!
//! Real servers are kept by what the kernel calls them, so that another name in lvs.cf changes nothing.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::status::Operator;

/// Where lvsd keeps it.
pub const FILE: &str = "/var/lib/piranha/lvsd.json";

/// The version of the file. A new field does not change it, another meaning does.
pub const VERSION: u32 = 1;

/// Longest file, in bytes: some 60,000 real servers.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// Largest weight that can be set by hand.
pub const HEAVIEST: u32 = 65_535;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    /// [`VERSION`] of whoever wrote it.
    pub version: u32,
    /// In no order.
    pub real_servers: Vec<Decided>,
}

/// A real server that something is decided about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// `VIRTUAL/REAL`, as it was called then.
    pub name: String,
    /// The kernel's service.
    pub service: Service,
    /// The kernel's destination; port 0 keeps a packet's own.
    pub destination: SocketAddr,
    /// What is decided.
    pub operator: Operator,
}

/// A kernel service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Packets to an address and port.
    Address {
        /// Number of the transport protocol (IANA).
        protocol: u16,
        /// Floating address.
        address: IpAddr,
        /// Port.
        port: u16,
    },
    /// Packets with a firewall mark.
    Mark {
        /// Of IPv6 packets.
        ipv6: bool,
        /// The mark.
        mark: std::num::NonZeroU32,
    },
}

/// Why bytes are no decisions.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More than [`LONGEST`].
    #[error("longer than {LONGEST} bytes")]
    TooLong,
    /// Torn, or never written by lvsd.
    #[error("not what lvsd writes: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Of an lvsd that means something else by it.
    #[error("of version {0}, this lvsd knows version {VERSION}")]
    Version(u32),
    /// A weight that cannot be set.
    #[error("a weight of {0}: the largest is {HEAVIEST}")]
    Weight(u32),
}

impl Decisions {
    /// The decisions that a file holds.
    ///
    /// # Errors
    ///
    /// [`Error`], if it holds none. There are no half decisions: a torn file has no closing brace.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > LONGEST {
            return Err(Error::TooLong);
        }
        let decisions: Self = serde_json::from_slice(bytes)?;
        if decisions.version != VERSION {
            return Err(Error::Version(decisions.version));
        }
        match decisions.real_servers.iter().filter_map(|decided| decided.operator.weight).max() {
            Some(weight) if weight > HEAVIEST => Err(Error::Weight(weight)),
            _ => Ok(decisions),
        }
    }

    /// The bytes of a file that holds them.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if they have no JSON form.
    pub fn write(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{Decided, Decisions, Error, HEAVIEST, LONGEST, Service, VERSION};
    use crate::status::{Drain, Operator};

    fn decisions(weight: u32) -> Decisions {
        let drain = Some(Drain { since: 1_700_000_000_000, deadline: None });
        let decided = Decided {
            name: "web/one".to_owned(),
            service: Service::Address { protocol: 6, address: [192, 0, 2, 1].into(), port: 80 },
            destination: ([10, 0, 0, 2], 80).into(),
            operator: Operator { drain, disabled: false, weight: Some(weight) },
        };
        Decisions { version: VERSION, real_servers: vec![decided] }
    }

    #[test]
    fn what_is_written_is_read_again_and_no_part_of_it() {
        let bytes = decisions(7).write().unwrap();
        assert_eq!(Decisions::read(&bytes).unwrap(), decisions(7));
        for length in 0..bytes.len() - 1 {
            assert!(Decisions::read(&bytes[..length]).is_err(), "torn after {length} bytes");
        }
        insta::assert_snapshot!(String::from_utf8(bytes).unwrap(), @r#"
        {
          "version": 1,
          "real_servers": [
            {
              "name": "web/one",
              "service": {
                "address": {
                  "protocol": 6,
                  "address": "192.0.2.1",
                  "port": 80
                }
              },
              "destination": "10.0.0.2:80",
              "operator": {
                "drain": {
                  "since": 1700000000000,
                  "deadline": null
                },
                "disabled": false,
                "weight": 7
              }
            }
          ]
        }
        "#);
    }

    #[test]
    fn other_files_are_refused() {
        let refused = |bytes: &[u8]| Decisions::read(bytes).unwrap_err().to_string();
        let other = Decisions { version: 2, ..decisions(7) }.write().unwrap();
        insta::assert_snapshot!(refused(&other), @"of version 2, this lvsd knows version 1");
        insta::assert_snapshot!(refused(&decisions(HEAVIEST + 1).write().unwrap()), @"a weight of 65536: the largest is 65535");
        insta::assert_snapshot!(refused(b"\0\0\0"), @"not what lvsd writes: expected value at line 1 column 1");
        assert!(matches!(Decisions::read(&vec![b' '; LONGEST + 1]), Err(Error::TooLong)));
    }
}
