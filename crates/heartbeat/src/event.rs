//! What the machine is told, and what it asks for.

use crate::datagram::{ByteOrder, LENGTH, Message};
use crate::line::Line;
use crate::settings::Settings;
use crate::trailer::{self, HandOver};
use std::fmt;
use std::net::IpAddr;

/// A heartbeat link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// The one that carries the services too.
    Public,
    /// The one between the two routers only.
    Private,
}

/// A datagram that arrived on a heartbeat socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram {
    /// The socket that it arrived on.
    pub link: Link,
    /// Its source address. The source port is never looked at.
    pub source: IpAddr,
    /// Whether a newer heartbeat has been heard: this one shows that its link works, and nothing else.
    pub(crate) outdated: bool,
    /// Whether it holds nothing but the four bytes of Piranha's own pulse, or none that are known after them.
    pub(crate) original: bool,
    /// The sender's part in a planned hand-over, if its trailer is believed and says so.
    pub hand_over: Option<HandOver>,
    length: usize,
    head: [u8; LENGTH],
}

impl Datagram {
    /// Keeps what is looked at: the first four bytes of any number.
    pub fn new(link: Link, source: IpAddr, bytes: &[u8]) -> Self {
        let mut head = [0; LENGTH];
        for (kept, byte) in head.iter_mut().zip(bytes) {
            *kept = *byte;
        }
        Self {
            link,
            source,
            outdated: false,
            original: !trailer::follows(bytes),
            hand_over: None,
            length: bytes.len().min(LENGTH),
            head,
        }
    }

    /// With the sender's part in a planned hand-over.
    #[must_use]
    pub fn saying(self, hand_over: Option<HandOver>) -> Self {
        Self { hand_over, ..self }
    }

    /// The bytes that are looked at.
    pub fn bytes(&self) -> &[u8] {
        self.head.get(..self.length).unwrap_or_default()
    }
}

/// How lvsd or fos ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It ended by itself with this status; if it was ready before, it has emptied the kernel's table.
    Exited {
        /// Its process.
        pid: u32,
        /// Exit status.
        status: i32,
    },
    /// A signal ended it; the kernel's table stands as it was.
    Signalled {
        /// Its process.
        pid: u32,
        /// Number of the signal.
        signal: i32,
    },
    /// It could not be started at all. The caller has logged why.
    NotStarted,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The first event: the sockets are bound, nothing else is done.
    Start {
        /// Become active without waiting for the partner (`--forceactive`).
        force_active: bool,
    },
    /// Everything that the sockets held, in order of arrival.
    Received(Vec<Datagram>),
    /// The partner has proven that its run of pulse is new ([`Received::introduced`](crate::Received)), and waits for the
    /// same from this router.
    Introduced,
    /// [`Machine::next_wake`](crate::Machine::next_wake) has come, and the sockets have been read empty since.
    Wake,
    /// lvsd reports that the kernel's table is programmed.
    LvsdReady,
    /// lvsd ended, or could not be started.
    LvsdEnded(Ending),
    /// The floating addresses have been raised, all but so many. Told unasked, too, when that has changed since.
    AddressesRaised {
        /// Addresses that could not be raised; they are tried again.
        missing: usize,
    },
    /// The floating addresses have been dropped, all but so many.
    AddressesDropped {
        /// Addresses that are still up; dropping is tried again.
        remaining: usize,
    },
    /// The partner's kernel has been told all connections, as far as that is possible.
    ConnectionsTold,
    /// The kernel reports the state of the device with one of this router's own addresses.
    LinkState {
        /// Which of the heartbeat links.
        link: Link,
        /// Whether it can carry traffic.
        up: bool,
    },
    /// SIGTERM or SIGINT arrived.
    Terminate {
        /// Number of the signal.
        signal: i32,
    },
    /// An administrator wants the router that is not active to be the active one
    /// ([`Machine::progress`](crate::Machine::progress) tells what becomes of that).
    HandOver,
    /// The file says now that the backup, which this router is, shall not run (`backup_active = 0`).
    MarkedInactive,
    /// SIGHUP arrived, and the file was read again without an error.
    Reconfigured(Settings),
    /// fos ended, or could not be started.
    FosEnded(Ending),
    /// The gateway check is over.
    Gateway {
        /// Whether the gateway has answered.
        answers: bool,
    },
}

/// What fos does with the services (specification fos.md 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FosMode {
    /// Runs them here.
    Active,
    /// Watches how the partner runs them.
    Monitor,
}

/// What the kernel's connection sync daemon should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncMode {
    /// Sends this router's connections to the partner.
    Master,
    /// Takes the partner's connections.
    Backup,
    /// Neither runs.
    Off,
}

/// What is to be done. Results come back as an [`Event`] where the action names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send this heartbeat on every link.
    Send {
        /// What it says.
        message: Message,
        /// In which byte order.
        order: ByteOrder,
    },
    /// Start lvsd; answered by [`Event::LvsdReady`] and, sooner or later, [`Event::LvsdEnded`].
    StartLvsd,
    /// Tell lvsd to read its file again (SIGHUP).
    ReloadLvsd,
    /// Ask lvsd to end (SIGTERM); answered by [`Event::LvsdEnded`].
    StopLvsd,
    /// End lvsd by force (SIGKILL); answered by [`Event::LvsdEnded`].
    KillLvsd,
    /// Start `active_cmd`, if there is one.
    RunActiveCommand,
    /// Start `inactive_cmd`, if there is one.
    RunInactiveCommand,
    /// Set the sync daemon, if `lvs.cf` wants one.
    Sync(SyncMode),
    /// Tell the partner's kernel all connections, if connections are synchronised; answered by
    /// [`Event::ConnectionsTold`].
    TellConnections,
    /// Raise every floating address that is not up; answered by [`Event::AddressesRaised`].
    RaiseAddresses,
    /// Remove every floating address, then tell the partner's kernel the connections that it does not know, if
    /// connections are synchronised; answered by [`Event::AddressesDropped`].
    DropAddresses,
    /// Announce every floating address (gratuitous ARP, neighbour advertisement), now and at growing distances;
    /// what is left of an earlier round is forgotten. [`Action::DropAddresses`] ends the round.
    Announce,
    /// Forget what is left of a round of announcements.
    StopAnnouncing,
    /// Start fos; answered, sooner or later, by [`Event::FosEnded`].
    StartFos(FosMode),
    /// Tell fos to read its file again (SIGHUP).
    ReloadFos,
    /// Ask fos to end (SIGTERM); answered by [`Event::FosEnded`].
    StopFos,
    /// End fos by force (SIGKILL); answered by [`Event::FosEnded`].
    KillFos,
    /// Find out whether the gateway answers; answered by [`Event::Gateway`].
    CheckGateway,
    /// Log this line.
    Log(Line),
    /// End with this status. Nothing follows.
    Exit(u8),
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
        })
    }
}
