//! The kernel's IPVS generic netlink family as types: commands, attributes, flags.
//!
//! Every constant stands here once, under the field's names, with its number from `linux/ip_vs.h`; attribute sets
//! are neli types, so that they read and write themselves and keep numbers that this version does not know
//! (`UnrecognizedConst`). What the numbers mean together, and in which order requests must come, is the business
//! of the crate `ipvs`.
//!
//! | module | enumeration of the kernel |
//! | --- | --- |
//! | [`command`] | `IPVS_CMD_*`, `IPVS_CMD_ATTR_*`, `IPVS_INFO_ATTR_*` |
//! | [`service`] | `IPVS_SVC_ATTR_*`, `IP_VS_SVC_F_*`, `struct ip_vs_flags` |
//! | [`destination`] | `IPVS_DEST_ATTR_*`, `IP_VS_CONN_F_*`, `IP_VS_CONN_F_TUNNEL_TYPE_*`, `IP_VS_TUNNEL_ENCAP_FLAG_*` |
//! | [`daemon`] | `IPVS_DAEMON_ATTR_*`, `IP_VS_STATE_*` |
//! | [`statistics`] | `IPVS_STATS_ATTR_*` |

pub mod command;
pub mod daemon;
pub mod destination;
pub mod service;
pub mod statistics;

/// Name of the family (`IPVS_GENL_NAME`); the controller gives its id.
pub const FAMILY_NAME: &str = "IPVS";

/// Version of the family's messages (`IPVS_GENL_VERSION`).
pub const VERSION: u8 = 1;

/// Bytes in the name of a scheduler, a persistence engine or an interface, with the closing NUL
/// (`IP_VS_SCHEDNAME_MAXLEN`, `IP_VS_PENAME_MAXLEN`, `IP_VS_IFNAME_MAXLEN`).
pub const NAME_SIZE: usize = 16;

/// `AF_INET`, as the attributes for address families carry it.
pub const AF_INET: u16 = 2;

/// `AF_INET6`, as the attributes for address families carry it.
pub const AF_INET6: u16 = 10;

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use neli::{FromBytes, ToBytes};

    use super::{
        command::Command,
        service::{FlagsAndMask, ServiceFlags},
    };

    #[test]
    fn numbers_of_newer_kernels_survive() {
        assert_eq!(u8::from(Command::from(200)), 200);
        assert_eq!(ServiceFlags::from_bits_retain(0x8001).bits(), 0x8001);
    }

    #[test]
    fn flags_and_mask_read_what_they_write() {
        let wanted = FlagsAndMask { flags: 1, mask: u32::MAX };
        let mut buffer = Cursor::new(Vec::new());
        wanted.to_bytes(&mut buffer).unwrap();
        assert_eq!(buffer.get_ref().len(), 8);
        assert_eq!(FlagsAndMask::from_bytes(&mut Cursor::new(buffer.into_inner())).unwrap(), wanted);
        assert!(FlagsAndMask::from_bytes(&mut Cursor::new([0; 7])).is_err());
    }
}
