//! The socket options, and what they allow.

use std::{os::fd::OwnedFd, time::Duration};

use nix::{
    libc, setsockopt_impl, sockopt_impl,
    sys::{
        socket::{getsockopt, setsockopt, sockopt},
        time::{TimeVal, TimeValLike},
    },
};

use crate::{Error, batch::Limits};

sockopt_impl!(
    /// Acknowledgements without the refused request's payload.
    CappedAcknowledgements,
    SetOnly,
    libc::SOL_NETLINK,
    libc::NETLINK_CAP_ACK,
    bool
);
sockopt_impl!(
    /// Refusals with the kernel's own words.
    ExtendedAcknowledgements,
    SetOnly,
    libc::SOL_NETLINK,
    libc::NETLINK_EXT_ACK,
    bool
);
sockopt_impl!(
    /// Membership of a multicast group.
    Membership,
    SetOnly,
    libc::SOL_NETLINK,
    libc::NETLINK_ADD_MEMBERSHIP,
    u32
);

/// Receive buffer to ask for, in bytes; the kernel doubles it.
const RECEIVE_BUFFER: usize = 4 << 20;
/// The most that one answer takes of the receive buffer: the kernel counts its own bookkeeping too (768 bytes for a
/// plain acknowledgement), and rtnetlink adds words.
const ANSWER: usize = 2048;
/// What the kernel keeps back of the send buffer (`netlink_sendmsg`).
const SEND_RESERVE: usize = 32;

/// Sets what every netlink socket here has, and gives the limits that follow.
pub(crate) fn prepare(fd: &OwnedFd, timeout: Duration) -> Result<Limits, Error> {
    set_timeout(fd, timeout)?;
    // Old kernels know neither of these two; all else works without them.
    let _ = setsockopt(fd, CappedAcknowledgements, &true);
    let _ = setsockopt(fd, ExtendedAcknowledgements, &true);
    if setsockopt(fd, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
        setsockopt(fd, sockopt::RcvBuf, &RECEIVE_BUFFER).map_err(failed("setsockopt(SO_RCVBUF)"))?;
    }
    limits(fd)
}

pub(crate) fn set_timeout(fd: &OwnedFd, timeout: Duration) -> Result<(), Error> {
    let micros = i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX);
    // Zero would mean "for ever".
    let value = TimeVal::microseconds(micros.max(1));
    setsockopt(fd, sockopt::ReceiveTimeout, &value).map_err(failed("setsockopt(SO_RCVTIMEO)"))
}

pub(crate) fn join(fd: &OwnedFd, group: u32) -> Result<(), Error> {
    setsockopt(fd, Membership, &group).map_err(failed("setsockopt(NETLINK_ADD_MEMBERSHIP)"))
}

fn limits(fd: &OwnedFd) -> Result<Limits, Error> {
    let send = getsockopt(fd, sockopt::SndBuf).map_err(failed("getsockopt(SO_SNDBUF)"))?;
    let receive = getsockopt(fd, sockopt::RcvBuf).map_err(failed("getsockopt(SO_RCVBUF)"))?;
    Ok(Limits { bytes: send.saturating_sub(SEND_RESERVE), answers: (receive / ANSWER).max(1) })
}

/// An error of the system call `call`.
pub(crate) fn failed(call: &'static str) -> impl Fn(nix::errno::Errno) -> Error {
    move |errno| Error::System { call, errno }
}
