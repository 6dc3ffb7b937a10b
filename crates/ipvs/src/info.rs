//! What the kernel says of its IPVS.

use std::fmt;

/// Version and size of the kernel's IPVS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// Major, minor, patch.
    pub version: [u8; 3],
    /// Buckets of the connection table.
    pub connection_table_size: u32,
}

impl Default for Info {
    /// What every kernel of the last fifteen years says unless told otherwise.
    fn default() -> Info {
        Info { version: [1, 2, 1], connection_table_size: 4096 }
    }
}

/// The first line of a listing.
impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.version;
        write!(f, "IP Virtual Server version {major}.{minor}.{patch} (size={})", self.connection_table_size)
    }
}
