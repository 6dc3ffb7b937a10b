//! Whoever guesses passwords waits (gui.md 10, F10). Times are since any fixed moment, as the start of the program.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// After the first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// It grows no further.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// Whoever would wait longer, behind other tries from the same address, is refused at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// After the last failure an address is like any other again.
const MEMORY: Duration = Duration::from_secs(5 * 60);
/// Addresses that are kept, a fraction of a megabyte.
const MOST: usize = 4096;

/// When a try to log in is examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// At once.
    Now,
    /// After this time.
    After(Duration),
    /// Not at all: too many from this address wait already. It may come back after this time (429, `Retry-After`).
    Refused(Duration),
}

/// Who failed lately, and how often. An IPv6 network of 64 bits counts as one address: whoever has one has all of it.
#[derive(Debug, Default)]
pub struct Slowdown {
    failed: HashMap<IpAddr, Failures>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Duration,
    /// The next try is not examined before.
    next: Duration,
}

impl Slowdown {
    /// Nobody failed.
    pub fn new() -> Self {
        Self::default()
    }

    /// When to examine a try that comes now. Tries from one address that failed lately are examined one after the other,
    /// so that many at once gain nothing; the place in that row is taken by asking.
    pub fn turn(&mut self, client: IpAddr, now: Duration) -> Turn {
        let Some(failures) = self.failed.get_mut(&counted(client)).filter(|failures| failures.count_at(now))
        else {
            return Turn::Now;
        };
        let slot = failures.next.max(now);
        let wait = slot.saturating_sub(now);
        if wait > PATIENCE {
            return Turn::Refused(wait);
        }
        failures.next = slot.saturating_add(failures.pause());
        if wait.is_zero() { Turn::Now } else { Turn::After(wait) }
    }

    /// A try failed. How often now, lately.
    pub fn failed(&mut self, client: IpAddr, now: Duration) -> u32 {
        let client = counted(client);
        if !self.failed.contains_key(&client) {
            self.make_room(now);
        }
        let none = Failures { count: 0, last: now, next: now };
        let failures = self.failed.entry(client).or_insert(none);
        if !failures.count_at(now) {
            *failures = none;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        failures.next = failures.next.max(now.saturating_add(failures.pause()));
        failures.count
    }

    /// A try succeeded: its address is like any other again.
    pub fn succeeded(&mut self, client: IpAddr) {
        self.failed.remove(&counted(client));
    }

    /// The oldest goes if there is no room.
    fn make_room(&mut self, now: Duration) {
        if self.failed.len() < MOST {
            return;
        }
        self.failed.retain(|_, failures| failures.count_at(now));
        if self.failed.len() < MOST {
            return;
        }
        let oldest = self.failed.iter().min_by_key(|(_, failures)| failures.last).map(|(client, _)| *client);
        if let Some(oldest) = oldest {
            self.failed.remove(&oldest);
        }
    }
}

impl Failures {
    fn count_at(&self, now: Duration) -> bool {
        now.saturating_sub(self.last) < MEMORY
    }

    fn pause(&self) -> Duration {
        let doublings = self.count.saturating_sub(1).min(16);
        FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
    }
}

fn counted(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(client) => IpAddr::V6((client.to_bits() >> 64 << 64).into()),
        client @ IpAddr::V4(_) => client,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use super::{LONGEST_PAUSE, MEMORY, MOST, Slowdown, Turn};

    const MS: Duration = Duration::from_millis(1);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn pauses_grow_to_four_seconds_and_are_forgotten() {
        let (mut slowdown, client) = (Slowdown::new(), address("10.0.0.1"));
        let mut now = Duration::ZERO;
        assert_eq!(slowdown.turn(client, now), Turn::Now);
        for pause in [250, 500, 1000, 2000, 4000, 4000, 4000] {
            slowdown.failed(client, now);
            assert_eq!(slowdown.turn(client, now), Turn::After(pause * MS));
            now += pause * MS;
        }
        assert_eq!(slowdown.turn(address("10.0.0.2"), now), Turn::Now);
        slowdown.failed(client, now);
        assert_eq!(slowdown.turn(client, now + MEMORY), Turn::Now);
        assert_eq!(slowdown.failed(client, now + MEMORY), 1);
        slowdown.succeeded(client);
        assert_eq!(slowdown.turn(client, now + MEMORY), Turn::Now);
    }

    #[test]
    fn many_at_once_are_examined_one_after_the_other() {
        let (mut slowdown, client) = (Slowdown::new(), address("10.0.0.1"));
        for _ in 0..20 {
            slowdown.failed(client, Duration::ZERO);
        }
        let turns: Vec<_> = (0..1000).map(|_| slowdown.turn(client, Duration::ZERO)).collect();
        assert_eq!(turns[..2], [Turn::After(LONGEST_PAUSE), Turn::After(2 * LONGEST_PAUSE)]);
        assert!(turns[2..].iter().all(|turn| *turn == Turn::Refused(3 * LONGEST_PAUSE)));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_a_mapped_one_is_ipv4() {
        let mut slowdown = Slowdown::new();
        slowdown.failed(address("2001:db8::1"), Duration::ZERO);
        assert_ne!(slowdown.turn(address("2001:db8::ffff:1"), Duration::ZERO), Turn::Now);
        assert_eq!(slowdown.turn(address("2001:db8:0:1::1"), Duration::ZERO), Turn::Now);
        slowdown.failed(address("::ffff:10.0.0.1"), Duration::ZERO);
        assert_ne!(slowdown.turn(address("10.0.0.1"), Duration::ZERO), Turn::Now);
    }

    #[test]
    fn room_is_bounded_and_the_oldest_goes() {
        let mut slowdown = Slowdown::new();
        for number in 0..=u32::try_from(MOST).unwrap() {
            slowdown.failed(IpAddr::V4(number.into()), number * MS);
        }
        assert_eq!(slowdown.failed.len(), MOST);
        assert!(!slowdown.failed.contains_key(&address("0.0.0.0")));
        assert!(slowdown.failed.contains_key(&address("0.0.0.1")));
    }

    #[test]
    fn a_clock_at_its_end_breaks_nothing() {
        let (mut slowdown, client) = (Slowdown::new(), address("10.0.0.1"));
        slowdown.failed(client, Duration::MAX);
        assert_eq!(slowdown.turn(client, Duration::ZERO), Turn::Refused(Duration::MAX));
        assert_eq!(slowdown.turn(client, Duration::MAX), Turn::Now);
        assert_eq!(slowdown.failed(client, Duration::MAX), 2);
    }
}
