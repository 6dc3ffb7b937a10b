//! When a floating address is announced: at once, then at growing distance.

use std::{
    collections::HashSet,
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::{
    HardwareAddress,
    arp::{self, Operation},
    neighbour,
};

/// When an address is announced, counted from the start: early for speed, repeated because frames get lost and
/// switches learn late.
///
/// Source: specification `pulse.md`, section 15.
pub const SCHEDULE: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// What is told to the network: `address` is at `hardware_address`, on `device`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The device to send on, without a label.
    pub device: String,
    /// The device's hardware address.
    pub hardware_address: HardwareAddress,
    /// The floating address.
    pub address: IpAddr,
}

impl Announcement {
    /// The frame to send: Piranha's ARP reply, or an unsolicited neighbour advertisement for IPv6.
    pub fn frame(&self) -> Vec<u8> {
        match self.address {
            IpAddr::V4(address) => arp::announcement(
                Operation::Reply,
                address,
                self.hardware_address,
                HardwareAddress::BROADCAST,
            )
            .to_vec(),
            IpAddr::V6(address) => {
                neighbour::advertisement(address, self.hardware_address, HardwareAddress::ALL_NODES).to_vec()
            }
        }
    }

    /// The ARP request for hosts and switches that do not learn from a reply; None for IPv6.
    pub fn request(&self) -> Option<Vec<u8>> {
        let IpAddr::V4(address) = self.address else { return None };
        let (operation, everyone) = (Operation::Request, HardwareAddress::BROADCAST);
        Some(arp::announcement(operation, address, self.hardware_address, everyone).to_vec())
    }
}

/// Which announcements are still to come. It sends nothing and reads no clock: the caller asks what is due, sends it,
/// and comes back at [`Announcer::next_due`].
///
/// Source: specification `pulse.md`, section 15 and F21, F26 of section 23.
#[derive(Debug, Clone, Default)]
pub struct Announcer {
    pending: Vec<Pending>,
}

#[derive(Debug, Clone)]
struct Pending {
    announcement: Announcement,
    start: Instant,
    /// Index into [`SCHEDULE`] of the next time.
    next: usize,
}

impl Pending {
    fn due(&self) -> Option<Instant> {
        SCHEDULE.get(self.next).map(|offset| self.start + *offset)
    }

    fn is_due(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| due <= now)
    }
}

impl Announcer {
    /// Announces each of `announcements` on the whole [`SCHEDULE`], from `now` on. An address that is still being
    /// announced begins anew.
    pub fn start(&mut self, announcements: impl IntoIterator<Item = Announcement>, now: Instant) {
        let announcements: Vec<_> = announcements.into_iter().collect();
        let anew: HashSet<_> = announcements.iter().map(|announcement| announcement.address).collect();
        self.pending.retain(|pending| !anew.contains(&pending.announcement.address));
        let begin = |announcement| Pending { announcement, start: now, next: 0 };
        self.pending.extend(announcements.into_iter().map(begin));
    }

    /// Forgets everything that is still to come.
    pub fn cancel(&mut self) {
        self.pending.clear();
    }

    /// Forgets what is still to come for `address`.
    pub fn forget(&mut self, address: IpAddr) {
        self.pending.retain(|pending| pending.announcement.address != address);
    }

    /// When [`Announcer::due`] is to be called next; None when all has been announced.
    pub fn next_due(&self) -> Option<Instant> {
        self.pending.iter().filter_map(Pending::due).min()
    }

    /// What is to be sent now. A caller that comes late gets each announcement once, however many of its times have
    /// passed.
    pub fn due(&mut self, now: Instant) -> Vec<Announcement> {
        let mut due = Vec::new();
        for pending in &mut self.pending {
            if pending.is_due(now) {
                due.push(pending.announcement.clone());
            }
            while pending.is_due(now) {
                pending.next += 1;
            }
        }
        self.pending.retain(|pending| pending.due().is_some());
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement(last: u8) -> Announcement {
        Announcement {
            device: "eth0".into(),
            hardware_address: HardwareAddress([2, 0, 0, 0, 0, 1]),
            address: IpAddr::from([192, 168, 26, last]),
        }
    }

    /// Follows `next_due` to the end and gives each time, in milliseconds since `start`, with the addresses' ends.
    fn follow(announcer: &mut Announcer, start: Instant) -> Vec<(u128, Vec<u8>)> {
        let mut times = Vec::new();
        while let Some(now) = announcer.next_due() {
            let due = announcer.due(now).into_iter().map(|a| match a.address {
                IpAddr::V4(address) => address.octets()[3],
                IpAddr::V6(_) => 0,
            });
            times.push(((now - start).as_millis(), due.collect()));
        }
        times
    }

    #[test]
    fn at_once_and_then_at_growing_distance() {
        let start = Instant::now();
        let mut announcer = Announcer::default();
        assert_eq!(announcer.next_due(), None);
        announcer.start([announcement(10), announcement(11)], start);
        let both = || vec![10, 11];
        assert_eq!(
            follow(&mut announcer, start),
            [(0, both()), (100, both()), (500, both()), (1000, both()), (2000, both()), (4000, both())]
        );
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        let start = Instant::now();
        let mut announcer = Announcer::default();
        announcer.start([announcement(10)], start);
        assert_eq!(announcer.due(start).len(), 1);
        assert_eq!(announcer.due(start), []);
        assert_eq!(announcer.due(start + Duration::from_millis(99)), []);
        assert_eq!(announcer.due(start + Duration::from_millis(100)), [announcement(10)]);
    }

    #[test]
    fn cancelled_is_forgotten() {
        let start = Instant::now();
        let mut announcer = Announcer::default();
        announcer.start([announcement(10), announcement(11)], start);
        announcer.due(start);
        announcer.forget(announcement(10).address);
        assert_eq!(announcer.due(start + Duration::from_millis(100)), [announcement(11)]);
        announcer.cancel();
        assert_eq!((announcer.next_due(), announcer.due(start + Duration::from_secs(9))), (None, vec![]));
    }

    #[test]
    fn a_late_caller_sends_no_backlog() {
        let start = Instant::now();
        let mut announcer = Announcer::default();
        announcer.start([announcement(10)], start);
        let late = start + Duration::from_millis(1700);
        assert_eq!(announcer.due(late), [announcement(10)]);
        assert_eq!(announcer.next_due(), Some(start + Duration::from_secs(2)));
    }

    #[test]
    fn a_second_start_begins_anew_and_never_doubles() {
        let start = Instant::now();
        let mut announcer = Announcer::default();
        announcer.start([announcement(10)], start);
        announcer.due(start);
        let again = start + Duration::from_millis(700);
        announcer.start([announcement(10), announcement(11)], again);
        assert_eq!(follow(&mut announcer, again).len(), SCHEDULE.len());
    }

    #[test]
    fn each_family_has_its_frames() {
        let four = announcement(10);
        assert_eq!(four.frame()[12..22], [8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
        assert_eq!(four.request().unwrap()[20..22], [0, 1]);
        let six = Announcement { address: "2001:db8::1".parse().unwrap(), ..four };
        assert_eq!((six.frame()[..6].to_vec(), six.request()), (vec![0x33, 0x33, 0, 0, 0, 1], None));
    }
}
