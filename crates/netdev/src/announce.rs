//! When a floating address is announced: at once, then at growing distance, and if wished again and again.

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

/// Pauses before the first, second, ... announcement of an address: early for speed, repeated because frames get lost
/// and switches learn late.
///
/// Source: specification `pulse.md`, section 15.
pub const PAUSES: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// Addresses that are announced in one moment, at most: two frames each fit any device's queue (1000 frames,
/// `ip-link(8)`, `txqueuelen`) with much room for the traffic of the services.
pub const AT_ONCE: usize = 32;

/// Pause before the next ones. A thousand addresses are announced for the first time within a third of a second.
pub const BREATH: Duration = Duration::from_millis(10);

/// Addresses are not announced again and again more often than this.
pub const SHORTEST_REFRESH: Duration = Duration::from_secs(1);

/// What is told to the network: `address` is here, on `device`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The device to send on, without a label.
    pub device: String,
    /// The floating address.
    pub address: IpAddr,
}

impl Announcement {
    /// The frame to send, with the hardware address that the device has now: Piranha's ARP reply, or an unsolicited
    /// neighbour advertisement for IPv6.
    pub fn frame(&self, hardware_address: HardwareAddress) -> Vec<u8> {
        match self.address {
            IpAddr::V4(address) => {
                let (operation, everyone) = (Operation::Reply, HardwareAddress::BROADCAST);
                arp::announcement(operation, address, hardware_address, everyone).to_vec()
            }
            IpAddr::V6(address) => {
                neighbour::advertisement(address, hardware_address, HardwareAddress::ALL_NODES).to_vec()
            }
        }
    }

    /// The ARP request for hosts and switches that do not learn from a reply; None for IPv6.
    pub fn request(&self, hardware_address: HardwareAddress) -> Option<Vec<u8>> {
        let IpAddr::V4(address) = self.address else { return None };
        let (operation, everyone) = (Operation::Request, HardwareAddress::BROADCAST);
        Some(arp::announcement(operation, address, hardware_address, everyone).to_vec())
    }
}

/// Which announcements are still to come. It sends nothing and reads no clock: the caller asks what is due, sends it,
/// and comes back at [`Announcer::next_due`].
///
/// Source: specification `pulse.md`, section 15 and F21, F26 of section 23.
#[derive(Debug, Clone, Default)]
pub struct Announcer {
    announced: Vec<Announced>,
    refresh: Option<Duration>,
    /// After a full moment: when the next ones may be sent.
    breath: Option<Instant>,
}

/// An address on its way through [`PAUSES`].
#[derive(Debug, Clone)]
struct Announced {
    announcement: Announcement,
    times: usize,
    /// The last time, or the beginning.
    last: Instant,
}

impl Announced {
    /// When it is announced next, if ever.
    fn due(&self, refresh: Option<Duration>) -> Option<Instant> {
        PAUSES.get(self.times).copied().or(refresh).map(|pause| self.last + pause)
    }

    fn is_new(&self) -> bool {
        self.times < PAUSES.len()
    }
}

impl Announcer {
    /// Announces each address again and again with this pause once its [`PAUSES`] are over, at least
    /// [`SHORTEST_REFRESH`]; with None it is silent then. May change at any time.
    pub fn refresh(&mut self, every: Option<Duration>) {
        self.refresh = every.map(|pause| pause.max(SHORTEST_REFRESH));
    }

    /// Announces each of `announcements` with all [`PAUSES`], from `now` on. An address that is still being announced
    /// begins anew.
    pub fn start(&mut self, announcements: impl IntoIterator<Item = Announcement>, now: Instant) {
        let announcements: Vec<_> = announcements.into_iter().collect();
        let anew: HashSet<_> = announcements.iter().map(|announcement| announcement.address).collect();
        self.announced.retain(|announced| !anew.contains(&announced.announcement.address));
        let begin = |announcement| Announced { announcement, times: 0, last: now };
        self.announced.extend(announcements.into_iter().map(begin));
    }

    /// Forgets everything that is still to come.
    pub fn cancel(&mut self) {
        self.announced.clear();
        self.breath = None;
    }

    /// Forgets what is still to come for `address`.
    pub fn forget(&mut self, address: IpAddr) {
        self.announced.retain(|announced| announced.announcement.address != address);
    }

    /// When [`Announcer::due`] is to be called next; None when all has been announced.
    pub fn next_due(&self) -> Option<Instant> {
        let due = self.announced.iter().filter_map(|announced| announced.due(self.refresh)).min()?;
        Some(self.breath.map_or(due, |breath| breath.max(due)))
    }

    /// Whether an address has not yet been announced as often as [`PAUSES`] say.
    pub fn is_busy(&self) -> bool {
        self.announced.iter().any(Announced::is_new)
    }

    /// What is to be sent now, [`AT_ONCE`] at most, those first that wait longest. A caller that comes late gets each
    /// announcement once, and the next one after its whole pause.
    pub fn due(&mut self, now: Instant) -> Vec<Announcement> {
        if self.breath.is_some_and(|breath| now < breath) {
            return Vec::new();
        }
        let refresh = self.refresh;
        let mut due: Vec<_> = self
            .announced
            .iter_mut()
            .filter_map(|announced| Some((announced.due(refresh).filter(|due| *due <= now)?, announced)))
            .collect();
        due.sort_by_key(|(due, _)| *due);
        due.truncate(AT_ONCE);
        self.breath = (due.len() == AT_ONCE).then(|| now + BREATH);
        due.into_iter()
            .map(|(_, announced)| {
                announced.times = announced.times.saturating_add(1);
                announced.last = now;
                announced.announcement.clone()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROUTER: HardwareAddress = HardwareAddress([2, 0, 0, 0, 0, 1]);

    fn announcement(number: u16) -> Announcement {
        let [high, low] = number.to_be_bytes();
        Announcement { device: "eth0".into(), address: IpAddr::from([10, 0, high, low]) }
    }

    fn number(announcement: &Announcement) -> u16 {
        match announcement.address {
            IpAddr::V4(address) => u16::from_be_bytes([address.octets()[2], address.octets()[3]]),
            IpAddr::V6(_) => 0,
        }
    }

    /// Follows `next_due` until `end` and gives each time, in milliseconds since `start`, with what was due.
    fn follow(announcer: &mut Announcer, start: Instant, end: Duration) -> Vec<(u128, Vec<u16>)> {
        let mut times = Vec::new();
        while let Some(now) = announcer.next_due().filter(|now| *now <= start + end) {
            let due = announcer.due(now);
            times.push(((now - start).as_millis(), due.iter().map(number).collect()));
        }
        times
    }

    const AN_HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn at_once_and_then_at_growing_distance() {
        let start = Instant::now();
        let mut announcer = Announcer::default();
        assert_eq!((announcer.next_due(), announcer.is_busy()), (None, false));
        announcer.start([announcement(10), announcement(11)], start);
        assert!(announcer.is_busy());
        let both = || vec![10, 11];
        assert_eq!(
            follow(&mut announcer, start, AN_HOUR),
            [(0, both()), (100, both()), (500, both()), (1000, both()), (2000, both()), (4000, both())]
        );
        assert!(!announcer.is_busy());
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
        announcer.refresh(Some(Duration::from_secs(5)));
        announcer.start([announcement(10), announcement(11)], start);
        announcer.due(start);
        announcer.forget(announcement(10).address);
        assert_eq!(announcer.due(start + Duration::from_millis(100)), [announcement(11)]);
        announcer.cancel();
        assert_eq!((announcer.next_due(), announcer.due(start + AN_HOUR)), (None, vec![]));
    }

    #[test]
    fn a_late_caller_sends_no_backlog() {
        let start = Instant::now();
        let mut announcer = Announcer::default();
        announcer.start([announcement(10)], start);
        let late = start + Duration::from_millis(1700);
        assert_eq!(announcer.due(late), [announcement(10)]);
        assert_eq!(announcer.next_due(), Some(late + PAUSES[1]));
    }

    #[test]
    fn a_second_start_begins_anew_and_never_doubles() {
        let start = Instant::now();
        let mut announcer = Announcer::default();
        announcer.start([announcement(10)], start);
        announcer.due(start);
        let again = start + Duration::from_millis(700);
        announcer.start([announcement(10), announcement(11)], again);
        assert_eq!(follow(&mut announcer, again, AN_HOUR).len(), PAUSES.len());
    }

    #[test]
    fn each_family_has_its_frames() {
        let four = announcement(10);
        assert_eq!(four.frame(ROUTER)[12..22], [8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
        assert_eq!(four.request(ROUTER).unwrap()[20..22], [0, 1]);
        let six = Announcement { address: "2001:db8::1".parse().unwrap(), ..four };
        assert_eq!(
            (six.frame(ROUTER)[..6].to_vec(), six.request(ROUTER)),
            (vec![0x33, 0x33, 0, 0, 0, 1], None)
        );
    }

    #[test]
    fn again_and_again_if_wished() {
        let start = Instant::now();
        let mut announcer = Announcer::default();
        announcer.start([announcement(10)], start);
        announcer.refresh(Some(Duration::from_secs(30)));
        let times = follow(&mut announcer, start, Duration::from_secs(100));
        let last: Vec<_> = times.iter().skip(PAUSES.len()).map(|(time, _)| *time).collect();
        assert_eq!(last, [34_000, 64_000, 94_000]);
        assert!(!announcer.is_busy(), "that is no round that ends");

        announcer.refresh(None);
        assert_eq!(announcer.next_due(), None);
        announcer.refresh(Some(Duration::ZERO));
        assert_eq!(announcer.next_due(), Some(start + Duration::from_secs(95)), "never faster than that");
    }

    #[test]
    fn a_thousand_addresses_are_announced_soon_but_not_in_one_moment() {
        let start = Instant::now();
        let mut announcer = Announcer::default();
        announcer.start((0..1000).map(announcement), start);
        let first_round = follow(&mut announcer, start, Duration::from_millis(320));
        let numbers: HashSet<_> = first_round.iter().flat_map(|(_, addresses)| addresses.clone()).collect();
        assert_eq!(numbers.len(), 1000);
    }

    proptest! {
        /// Whatever is started when, and however late the caller comes: no moment is overfull, every address is
        /// announced six times, and never again before its pause is over.
        #[test]
        fn every_address_gets_its_six_announcements(
            starts in prop::collection::vec((0u64..3000, 1u16..200), 1..4),
            lateness in prop::collection::vec(0u64..50, 1..20),
        ) {
            let start = Instant::now();
            let mut announcer = Announcer::default();
            let mut first = 0;
            for (at, count) in starts {
                announcer.start((first..first + count).map(announcement), start + Duration::from_millis(at));
                first += count;
            }
            let mut times = vec![Vec::new(); usize::from(first)];
            let (mut lateness, mut last) = (lateness.into_iter().cycle(), start);
            while let Some(due) = announcer.next_due() {
                let now = due.max(last) + Duration::from_millis(lateness.next().unwrap_or_default());
                let batch = announcer.due(now);
                prop_assert!((1..=AT_ONCE).contains(&batch.len()));
                prop_assert!(batch.len() < AT_ONCE || announcer.next_due().is_none_or(|next| next >= now + BREATH));
                for announcement in &batch {
                    times[usize::from(number(announcement))].push(now);
                }
                last = now;
            }
            for times in times {
                prop_assert_eq!(times.len(), PAUSES.len());
                for (pair, pause) in times.windows(2).zip(&PAUSES[1..]) {
                    prop_assert!(pair[1] - pair[0] >= *pause);
                }
            }
        }
    }
}
