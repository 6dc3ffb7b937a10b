//! The floating addresses of this machine: raised, dropped, announced (specification pulse.md 15).

use std::collections::BTreeSet;
use std::time::Instant;

use netdev::{Announcement, Announcer, EthernetPort, FloatingAddress, Interfaces, PacketSocket};

/// The floating addresses, by netlink and packet socket.
#[derive(Debug)]
pub(crate) struct Addresses {
    interfaces: Interfaces,
    floating: Vec<FloatingAddress>,
    announcer: Announcer,
    /// What has been complained of, so that trying again is not told again.
    told: BTreeSet<String>,
}

impl Addresses {
    pub(crate) fn new(interfaces: Interfaces, floating: Vec<FloatingAddress>) -> Self {
        Self { interfaces, floating, announcer: Announcer::default(), told: BTreeSet::new() }
    }

    /// Raises all; answers with the number that could not be.
    pub(crate) fn raise(&mut self) -> usize {
        let failures = match self.interfaces.raise(&self.floating) {
            Ok(results) => {
                results.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect()
            }
            Err(error) => vec![error.to_string(); self.floating.len()],
        };
        self.tell(failures)
    }

    /// Removes all, and announces them no more; answers with the number that are still up.
    pub(crate) fn drop(&mut self) -> usize {
        self.announcer.cancel();
        let floating = std::mem::take(&mut self.floating);
        let failures = self.lower(&floating);
        self.floating = floating;
        self.tell(failures)
    }

    /// Follows a changed file. Addresses that vanished from it are removed; new ones wait to be raised.
    pub(crate) fn follow(&mut self, floating: Vec<FloatingAddress>) {
        let (kept, vanished): (Vec<_>, Vec<_>) = std::mem::replace(&mut self.floating, floating)
            .into_iter()
            .partition(|address| self.floating.contains(address));
        drop(kept);
        for address in &vanished {
            self.announcer.forget(address.address);
        }
        for failure in self.lower(&vanished) {
            tracing::error!("{failure}");
        }
    }

    /// Announces all, from now on at growing distances.
    pub(crate) fn announce(&mut self, now: Instant) {
        let announcements: Vec<_> = self.floating.iter().filter_map(announcement).collect();
        self.announcer.start(announcements, now);
    }

    /// Forgets what is left of the announcements.
    pub(crate) fn stop_announcing(&mut self) {
        self.announcer.cancel();
    }

    /// When [`Addresses::send_due`] is wanted.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.announcer.next_due()
    }

    /// Sends the announcements that are due; answers with whether those were the last ones.
    pub(crate) fn send_due(&mut self, now: Instant) -> bool {
        let due = self.announcer.due(now);
        if due.is_empty() {
            return false;
        }
        match PacketSocket::open() {
            Ok(socket) => due.iter().for_each(|announcement| send(&socket, announcement)),
            Err(error) => tracing::warn!("floating addresses are not announced: {error}"),
        }
        self.announcer.next_due().is_none()
    }

    /// What the addresses without a mask get, for the log.
    pub(crate) fn assumed_prefixes(&mut self) -> Vec<String> {
        let Ok(held) = self.interfaces.addresses() else { return Vec::new() };
        let without_mask = self.floating.iter().filter(|floating| floating.prefix.is_none());
        without_mask
            .map(|floating| {
                let (address, prefix) = (floating.address, floating.prefix_among(&held));
                format!("{address} on {} has no netmask in the file: using /{prefix}", floating.label)
            })
            .collect()
    }

    fn lower(&mut self, floating: &[FloatingAddress]) -> Vec<String> {
        match self.interfaces.lower(floating) {
            Ok(results) => {
                results.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect()
            }
            Err(error) => vec![error.to_string(); floating.len()],
        }
    }

    fn tell(&mut self, failures: Vec<String>) -> usize {
        let count = failures.len();
        let failures: BTreeSet<_> = failures.into_iter().collect();
        for failure in failures.difference(&self.told) {
            tracing::error!("{failure}");
        }
        self.told = failures;
        count
    }
}

/// Nothing for a device that cannot send frames: that is said, and the others go on (pulse.md F22).
fn announcement(floating: &FloatingAddress) -> Option<Announcement> {
    let device = floating.label.device();
    match EthernetPort::find(device) {
        Ok(port) => Some(Announcement {
            device: device.to_owned(),
            hardware_address: port.hardware_address(),
            address: floating.address,
        }),
        Err(error) => {
            tracing::warn!("{} is not announced: {error}", floating.address);
            None
        }
    }
}

fn send(socket: &PacketSocket, announcement: &Announcement) {
    let sent = EthernetPort::find(&announcement.device).and_then(|port| {
        socket.send(&port, &announcement.frame())?;
        announcement.request().map_or(Ok(()), |request| socket.send(&port, &request))
    });
    if let Err(error) = sent {
        tracing::warn!("{} is not announced: {error}", announcement.address);
    }
}
