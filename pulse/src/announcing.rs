//! Announcements on the wire: the frames of the [`Announcer`], sent when they are due (specification pulse.md 15).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use netdev::{Announcement, Announcer, EthernetPort, FloatingAddress, PacketError, PacketSocket};

/// How long the list of devices is true, unless a round begins: with many addresses there are many moments to send, and
/// the system lists every address each time.
const LISTED: Duration = Duration::from_millis(500);

/// The announcements of this router.
#[derive(Debug, Default)]
pub(crate) struct Announcing {
    announcer: Announcer,
    ports: BTreeMap<String, EthernetPort>,
    listed: Option<Instant>,
    /// What has been complained of, so that six announcements of a hundred addresses are one line.
    told: BTreeSet<String>,
}

impl Announcing {
    /// Announces again and again, if a time is given.
    pub(crate) fn refresh(&mut self, every: Option<Duration>) {
        self.announcer.refresh(every);
    }

    /// Announces these, from now on at growing distances.
    pub(crate) fn start<'a>(
        &mut self,
        floating: impl IntoIterator<Item = &'a FloatingAddress>,
        now: Instant,
    ) {
        let announcement = |floating: &FloatingAddress| Announcement {
            device: floating.label.device().to_owned(),
            address: floating.address,
        };
        self.announcer.start(floating.into_iter().map(announcement), now);
        self.listed = None;
    }

    pub(crate) fn forget(&mut self, address: IpAddr) {
        self.announcer.forget(address);
    }

    pub(crate) fn cancel(&mut self) {
        self.announcer.cancel();
        self.told.clear();
    }

    /// When [`Announcing::send_due`] is wanted.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.announcer.next_due()
    }

    /// Sends what is due; answers with whether a round is over with that.
    pub(crate) fn send_due(&mut self, now: Instant) -> bool {
        let was_busy = self.announcer.is_busy();
        let due = self.announcer.due(now);
        if due.is_empty() {
            return false;
        }
        match PacketSocket::open() {
            Ok(socket) => self.send(&socket, &due, now),
            Err(error) => self.complain(format!("floating addresses are not announced: {error}")),
        }
        was_busy && !self.announcer.is_busy()
    }

    fn send(&mut self, socket: &PacketSocket, due: &[Announcement], now: Instant) {
        if self.listed.is_none_or(|listed| now >= listed + LISTED) {
            self.ports.clear();
            self.listed = Some(now);
        }
        // In this order: the NAT router's address comes first, so that real servers know whom to answer before a client
        // knows whom to ask.
        for announcement in due {
            if let Err(error) = self.send_one(socket, announcement) {
                let device = &announcement.device;
                self.ports.remove(device);
                self.complain(format!("floating addresses on {device} are not announced: {error}"));
            }
        }
    }

    /// Where nobody asks for hardware addresses there is nothing to be told.
    fn send_one(&mut self, socket: &PacketSocket, announcement: &Announcement) -> Result<(), PacketError> {
        let device = &announcement.device;
        let port = match self.ports.entry(device.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(EthernetPort::find(device)?),
        };
        if !port.resolves_addresses() {
            return Ok(());
        }
        let address = port.hardware_address();
        let reply = socket.send(port, &announcement.frame(address));
        let request = announcement.request(address).map_or(Ok(()), |frame| socket.send(port, &frame));
        reply.and(request)
    }

    /// Once in each time as the active router.
    fn complain(&mut self, complaint: String) {
        if !self.told.contains(&complaint) {
            tracing::warn!("{complaint}");
            self.told.insert(complaint);
        }
    }
}
