//! News about links and addresses, as the kernel tells them.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use neli::{
    FromBytesWithInput,
    consts::{rtnl::Rtm, socket::NlFamily},
    rtnl::Ifinfomsg,
    types::Buffer,
};
use netlink::Socket;
use nix::libc::{RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_LINK};

use crate::{Error, Link};

/// Something that happened to the machine's interfaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A link appeared or changed; this is its present state.
    Link(Link),
    /// A link vanished.
    LinkGone(Link),
    /// Addresses came or went: list them again.
    Addresses,
    /// More happened than the kernel could tell: list everything again.
    Lost,
}

/// A listener for changes. Wait until its descriptor is readable, then call [`Monitor::changes`].
#[derive(Debug)]
pub struct Monitor {
    socket: Socket,
}

impl Monitor {
    /// Listens from now on; needs no privilege. List links and addresses after this, so that no change falls between.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`] with the system's reason.
    pub fn open() -> Result<Monitor, Error> {
        let connect = || {
            let mut socket = Socket::connect(NlFamily::Route)?;
            for group in [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR] {
                socket.join(group)?;
            }
            Ok(Monitor { socket })
        };
        connect().map_err(|source| Error::Connect { about: "changes of links and addresses", source })
    }

    /// What has happened since the last call. Never waits; an empty list means that nothing has.
    ///
    /// # Errors
    ///
    /// [`Error::List`] when the socket is broken.
    pub fn changes(&mut self) -> Result<Vec<Change>, Error> {
        match self.socket.events::<Buffer>() {
            Ok(events) => {
                let changes = events.into_iter().filter_map(|(kind, payload)| change(kind, &payload));
                let mut changes: Vec<_> = changes.collect();
                changes.dedup();
                Ok(changes)
            }
            Err(netlink::Error::Overrun) => Ok(vec![Change::Lost]),
            Err(source) => Err(Error::List { what: "changes", source }),
        }
    }
}

fn change(kind: u16, payload: &Buffer) -> Option<Change> {
    let link = || {
        let bytes = payload.as_ref();
        let message = Ifinfomsg::from_bytes_with_input(&mut std::io::Cursor::new(bytes), bytes.len()).ok()?;
        Link::from_message(&message)
    };
    match Rtm::from(kind) {
        Rtm::Newlink => link().map(Change::Link),
        Rtm::Dellink => link().map(Change::LinkGone),
        Rtm::Newaddr | Rtm::Deladdr => Some(Change::Addresses),
        _ => None,
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Monitor {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
