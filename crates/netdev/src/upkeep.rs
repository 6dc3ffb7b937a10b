//! What happens to floating addresses that are up, and what is to be done about it.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::{FloatingAddress, HardwareAddress, HeldAddress, Link};

/// A carrier that has come back must stay for so long before addresses are announced over it.
const SETTLED: Duration = Duration::from_millis(200);
/// Pause after the first, second, ... time that an address was raised again; the last one repeats.
const PAUSES: [Duration; 7] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
    Duration::from_secs(32),
    Duration::from_secs(60),
];
/// An address that has been left alone for so long is raised again at once.
const PEACE: Duration = Duration::from_secs(120);

/// Follows the floating addresses of an active router. An address that somebody took away is to be raised again, after
/// growing pauses if that happens again and again; one whose device appears late, at once; and the addresses of a device
/// that has a carrier again, or another hardware address, are to be announced. It asks no kernel and reads no clock.
#[derive(Debug, Default)]
pub struct Upkeep {
    /// By name.
    devices: HashMap<String, Device>,
    attempts: HashMap<IpAddr, Attempts>,
    /// An address that is missing may be raised again then.
    held_off: Option<Instant>,
}

/// What counts of a link.
#[derive(Debug, Clone, Copy, Default)]
struct Device {
    /// 0 for a device that does not exist.
    index: u32,
    hardware_address: Option<HardwareAddress>,
    up: bool,
    running: bool,
    /// It has a carrier again, which counts from then on.
    settles: Option<Instant>,
}

/// How often an address has been raised again.
#[derive(Debug, Clone, Copy)]
struct Attempts {
    count: usize,
    last: Instant,
}

/// What [`Upkeep::look`] has found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Findings {
    /// They are not there, and are to be raised now.
    pub missing: Vec<FloatingAddress>,
    /// So many are not there because their devices do not exist, or are down.
    pub stranded: usize,
    /// Devices whose addresses are to be announced.
    pub news: Vec<News>,
}

/// Why the addresses of a device are to be announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The device has a carrier again: switches may have forgotten where it is.
    Carrier {
        /// The device.
        device: String,
    },
    /// The device has another hardware address.
    HardwareAddress {
        /// The device.
        device: String,
        /// The new one.
        address: HardwareAddress,
    },
}

impl News {
    /// The device.
    pub fn device(&self) -> &str {
        match self {
            News::Carrier { device } | News::HardwareAddress { device, .. } => device,
        }
    }
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            News::Carrier { device } => write!(f, "{device} has a carrier again"),
            News::HardwareAddress { device, address } => {
                write!(f, "{device} has the hardware address {address} now")
            }
        }
    }
}

impl Upkeep {
    /// Compares what the machine has, all of it, with what it should have. The state in which a device is found for the
    /// first time is no news.
    pub fn look(
        &mut self,
        floating: &[FloatingAddress],
        links: &[Link],
        held: &[HeldAddress],
        now: Instant,
    ) -> Findings {
        let (arrived, news) = self.look_at_devices(floating, links, now);
        let mut findings = Findings { news, ..Findings::default() };
        self.attempts.retain(|address, _| floating.iter().any(|floating| floating.address == *address));
        self.held_off = None;
        let present: HashSet<_> = held.iter().map(|held| (held.address, held.device.as_str())).collect();
        for wanted in floating.iter().filter(|it| !present.contains(&(it.address, it.label.device()))) {
            let device = wanted.label.device();
            if arrived.contains(device) {
                self.attempts.remove(&wanted.address);
            }
            if !self.devices.get(device).is_some_and(|device| device.up) {
                findings.stranded += 1;
            } else if self.may_try(wanted.address, now) {
                findings.missing.push(wanted.clone());
            }
        }
        findings
    }

    /// When [`Upkeep::look`] is wanted although nothing happens.
    pub fn next_due(&self) -> Option<Instant> {
        let settling = self.devices.values().filter_map(|device| device.settles);
        settling.chain(self.held_off).min()
    }

    /// The devices that can hold addresses since now, and news of others.
    fn look_at_devices<'a>(
        &mut self,
        floating: &'a [FloatingAddress],
        links: &[Link],
        now: Instant,
    ) -> (HashSet<&'a str>, Vec<News>) {
        let (mut arrived, mut news) = (HashSet::new(), Vec::new());
        let before = std::mem::take(&mut self.devices);
        for name in floating.iter().map(|floating| floating.label.device()) {
            if self.devices.contains_key(name) {
                continue;
            }
            let mut device = Device::of(links.iter().find(|link| link.name == name));
            if let Some(before) = before.get(name) {
                if device.up && !(before.up && before.index == device.index) {
                    arrived.insert(name);
                }
                news.extend(device.compare(before, name, now));
            }
            self.devices.insert(name.to_owned(), device);
        }
        (arrived, news)
    }

    fn may_try(&mut self, address: IpAddr, now: Instant) -> bool {
        let known = self.attempts.get(&address).filter(|attempts| now < attempts.last + PEACE);
        if let Some(next) = known.map(Attempts::next).filter(|next| now < *next) {
            self.held_off = Some(self.held_off.map_or(next, |other| other.min(next)));
            return false;
        }
        let count = known.map_or(0, |attempts| attempts.count).saturating_add(1);
        self.attempts.insert(address, Attempts { count, last: now });
        true
    }
}

impl Device {
    fn of(link: Option<&Link>) -> Device {
        link.map_or_else(Device::default, |link| Device {
            index: link.index,
            hardware_address: link.hardware_address,
            up: link.is_up(),
            running: link.is_running(),
            settles: None,
        })
    }

    /// What is new since `before`. The addresses of another device of the same name are raised again, and are announced
    /// with that.
    fn compare(&mut self, before: &Device, name: &str, now: Instant) -> Option<News> {
        if !self.running || self.index != before.index {
            return None;
        }
        let device = name.to_owned();
        if !before.running {
            self.settles = Some(now + SETTLED);
        } else if before.settles.is_some_and(|at| at <= now) {
            return Some(News::Carrier { device });
        } else {
            self.settles = before.settles;
        }
        let changed = before.running && self.hardware_address != before.hardware_address;
        let address = self.hardware_address.filter(|_| changed)?;
        Some(News::HardwareAddress { device, address })
    }
}

impl Attempts {
    /// When the next one may be made.
    fn next(&self) -> Instant {
        let index = self.count.saturating_sub(1).min(PAUSES.len() - 1);
        self.last + PAUSES.get(index).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use neli::consts::rtnl::Iff;
    use proptest::prelude::*;

    use super::*;
    use crate::{Label, OperationalState};

    const AT_ONCE: Duration = Duration::ZERO;

    /// A machine with one device and one floating address on it.
    struct Machine {
        upkeep: Upkeep,
        start: Instant,
        link: Option<Link>,
        held: bool,
    }

    impl Machine {
        fn new(link: Option<Link>) -> Machine {
            let mut machine =
                Machine { upkeep: Upkeep::default(), start: Instant::now(), held: link.is_some(), link };
            assert_eq!(machine.look(AT_ONCE).news, []);
            machine
        }

        fn look(&mut self, at: Duration) -> Findings {
            let floating = FloatingAddress {
                address: [192, 168, 26, 10].into(),
                label: Label::new("eth0:1").unwrap(),
                prefix: Some(24),
            };
            let held = HeldAddress {
                address: floating.address,
                prefix: 24,
                index: 2,
                device: "eth0".into(),
                label: None,
                broadcast: None,
                flags: 0,
            };
            let links: Vec<_> = self.link.clone().into_iter().collect();
            let held: Vec<_> = self.held.then_some(held).into_iter().collect();
            self.upkeep.look(&[floating], &links, &held, self.start + at)
        }

        fn next_due(&self) -> Option<Duration> {
            self.upkeep.next_due().map(|due| due - self.start)
        }
    }

    fn eth0() -> Link {
        Link {
            index: 2,
            name: "eth0".into(),
            hardware_type: 1,
            hardware_address: Some(HardwareAddress([2, 0, 0, 0, 0, 1])),
            flags: Iff::UP.bits(),
            carrier: true,
            state: OperationalState::Up,
        }
    }

    fn milliseconds(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[test]
    fn nothing_happens_and_nothing_is_found() {
        let mut machine = Machine::new(Some(eth0()));
        assert_eq!((machine.look(milliseconds(10)), machine.next_due()), (Findings::default(), None));
    }

    #[test]
    fn an_address_that_was_taken_away_is_raised_at_once_and_then_ever_later() {
        let mut machine = Machine::new(Some(eth0()));
        machine.held = false;
        let mut now = AT_ONCE;
        let mut pauses = Vec::new();
        for _ in 0..9 {
            assert_eq!(machine.look(now).missing.len(), 1);
            // It is raised, and taken away again.
            assert_eq!(machine.look(now).missing, []);
            let next = machine.next_due().unwrap();
            assert_eq!(machine.look(next.saturating_sub(milliseconds(1))).missing, []);
            pauses.push(next.saturating_sub(now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(machine.look(now + PEACE).missing.len(), 1);
        machine.look(now + PEACE);
        assert_eq!(
            machine.next_due(),
            Some(now + PEACE + PAUSES[0]),
            "all is forgiven after a time of peace"
        );
    }

    #[test]
    fn a_device_that_appears_late_gets_its_address_once_it_is_up() {
        let mut machine = Machine::new(None);
        assert_eq!((machine.look(AT_ONCE).stranded, machine.next_due()), (1, None));
        machine.link = Some(Link { flags: 0, carrier: false, state: OperationalState::Down, ..eth0() });
        assert_eq!(machine.look(milliseconds(1)).stranded, 1, "whoever makes it may not have finished");
        machine.link = Some(eth0());
        let found = machine.look(milliseconds(2));
        assert_eq!((found.missing.len(), found.stranded), (1, 0));
    }

    #[test]
    fn another_device_of_the_same_name_is_no_reason_to_wait() {
        let mut machine = Machine::new(Some(eth0()));
        machine.held = false;
        assert_eq!(machine.look(AT_ONCE).missing.len(), 1);
        machine.link = None;
        assert_eq!(machine.look(milliseconds(1)).stranded, 1);
        machine.link = Some(Link { index: 3, ..eth0() });
        let found = machine.look(milliseconds(2));
        assert_eq!((found.missing.len(), found.news), (1, vec![]), "whoever raises it announces it");
    }

    #[test]
    fn a_carrier_that_comes_back_is_news_once_it_stays() {
        let mut machine = Machine::new(Some(eth0()));
        let without = Link { carrier: false, state: OperationalState::LowerLayerDown, ..eth0() };
        let carrier = [News::Carrier { device: "eth0".into() }];
        for flap in 0..3 {
            machine.link = Some(without.clone());
            assert_eq!(machine.look(milliseconds(flap * 100)).news, []);
            assert_eq!(machine.next_due(), None);
            machine.link = Some(eth0());
            assert_eq!(machine.look(milliseconds(flap * 100 + 50)).news, []);
        }
        assert_eq!(machine.next_due(), Some(milliseconds(450)));
        assert_eq!(machine.look(milliseconds(449)).news, []);
        assert_eq!(machine.look(milliseconds(450)).news, carrier);
        assert_eq!((machine.look(milliseconds(451)).news, machine.next_due()), (vec![], None));
    }

    #[test]
    fn another_hardware_address_is_news_at_once() {
        let mut machine = Machine::new(Some(eth0()));
        let address = HardwareAddress([2, 0, 0, 0, 0, 9]);
        machine.link = Some(Link { hardware_address: Some(address), ..eth0() });
        let news = machine.look(AT_ONCE).news;
        assert_eq!(news, [News::HardwareAddress { device: "eth0".into(), address }]);
        assert_eq!(news[0].to_string(), "eth0 has the hardware address 02:00:00:00:00:09 now");
        assert_eq!(machine.look(AT_ONCE).news, []);
    }

    proptest! {
        /// Whatever is done to the device and the address: once both are left alone with the device up, the address is
        /// up within the longest pause, and there is an end to the news.
        #[test]
        fn in_the_end_the_address_is_there(
            history in prop::collection::vec((0u64..5000, 0u8..6, any::<bool>()), 0..40)
        ) {
            let mut machine = Machine::new(Some(eth0()));
            let mut now = AT_ONCE;
            for (pause, state, held) in history {
                now += milliseconds(pause);
                machine.link = match state {
                    0 => None,
                    1 => Some(Link { flags: 0, carrier: false, ..eth0() }),
                    2 => Some(Link { carrier: false, ..eth0() }),
                    3 => Some(Link { index: 3, ..eth0() }),
                    4 => Some(Link { hardware_address: Some(HardwareAddress([2; 6])), ..eth0() }),
                    _ => Some(eth0()),
                };
                machine.held = held && machine.link.is_some();
                machine.look(now);
            }
            machine.link = Some(eth0());
            let left_alone = now;
            machine.held |= !machine.look(now).missing.is_empty();
            while let Some(due) = machine.next_due() {
                prop_assert!(due > now);
                now = due;
                machine.held |= !machine.look(now).missing.is_empty();
            }
            prop_assert!(machine.held && now.saturating_sub(left_alone) <= PAUSES[PAUSES.len() - 1]);
        }
    }
}
