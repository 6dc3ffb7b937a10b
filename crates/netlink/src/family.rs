//! Generic netlink families by name.

use std::io::Cursor;

use neli::{
    ToBytes,
    consts::{
        genl::{CtrlAttr, CtrlCmd},
        nl::GenlId,
    },
    err::SerError,
    genl::Genlmsghdr,
};

use crate::{Error, Socket, attribute};

/// Version of the controller's messages.
const VERSION: u8 = 1;

/// The question for a family's id.
#[derive(Debug)]
struct GetFamily<'a> {
    name: &'a str,
}

impl ToBytes for GetFamily<'_> {
    fn to_bytes(&self, buffer: &mut Cursor<Vec<u8>>) -> Result<(), SerError> {
        CtrlCmd::Getfamily.to_bytes(buffer)?;
        VERSION.to_bytes(buffer)?;
        0u16.to_bytes(buffer)?;
        attribute::put(buffer, CtrlAttr::FamilyName, &self.name)
    }
}

impl Socket {
    /// The id of a generic netlink family, which is the message type of its requests. It is another one after the
    /// family's module was unloaded and loaded again. Asking loads the module where there is one.
    ///
    /// Source: `linux/genetlink.h`, `CTRL_CMD_GETFAMILY`.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ENOENT` when the kernel has no such family.
    pub fn family_id(&mut self, name: &str) -> Result<u16, Error> {
        let answer: Genlmsghdr<CtrlCmd, CtrlAttr> = self.get(GenlId::Ctrl, &GetFamily { name })?;
        answer
            .attrs()
            .get_attr_handle()
            .get_attr_payload_as(CtrlAttr::FamilyId)
            .map_err(|_| Error::Malformed(format!("the family {name} has no id")))
    }
}
