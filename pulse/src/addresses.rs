//! The floating addresses of this machine: raised, kept up, dropped, announced (specification pulse.md 15).

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use netdev::{Error, FloatingAddress, Interfaces, Raised, Upkeep};

use crate::announcing::Announcing;
use crate::changes::Changes;

/// Addresses that one log line names, at most.
const NAMED: usize = 5;

/// What came of each address, or why nothing was tried.
type Outcomes = Result<Vec<Result<Raised, Error>>, Error>;

/// A way to raise addresses.
type Raising = fn(&mut Interfaces, &[FloatingAddress]) -> Outcomes;

/// The floating addresses, by netlink and packet socket.
#[derive(Debug)]
pub(crate) struct Addresses {
    interfaces: Interfaces,
    floating: Vec<FloatingAddress>,
    announcing: Announcing,
    /// From raising to dropping.
    up: Option<Up>,
    /// Not yet up since this router became active: their devices may be set up.
    awaited: HashSet<IpAddr>,
    /// Not all could be removed.
    stuck: bool,
    /// What has been complained of, so that trying again is not told again.
    told: BTreeSet<String>,
}

/// What is followed while the addresses are up.
#[derive(Debug)]
struct Up {
    changes: Changes,
    upkeep: Upkeep,
}

impl Addresses {
    pub(crate) fn new(
        interfaces: Interfaces,
        floating: Vec<FloatingAddress>,
        refresh: Option<Duration>,
    ) -> Self {
        let mut announcing = Announcing::default();
        announcing.refresh(refresh);
        let (awaited, told) = (HashSet::new(), BTreeSet::new());
        Self { interfaces, floating, announcing, up: None, awaited, stuck: false, told }
    }

    /// Raises all; answers with the number that could not be. A device that is down is set up, unless the address has been
    /// on it.
    pub(crate) fn raise(&mut self, now: Instant) -> usize {
        self.stuck = false;
        let failures = if self.up.is_some() {
            self.restore(&self.floating.clone(), now)
        } else {
            // It listens before it looks, so that no change falls between.
            self.up = Some(Up { changes: Changes::listen(), upkeep: Upkeep::default() });
            let failures = self.raise_in_order(now);
            self.look_at_devices(now);
            failures
        };
        self.tell_all(failures)
    }

    /// The NAT router's address is the first one, and is announced before any other is up: a real server that still has
    /// the partner for its way out would lose the answers to the first clients.
    fn raise_in_order(&mut self, now: Instant) -> Vec<String> {
        self.awaited = self.floating.iter().map(|floating| floating.address).collect();
        let (first, others) = self.floating.split_at(self.floating.len().min(1));
        let raised = self.interfaces.raise(first);
        expect_no_more(&mut self.awaited, first, &raised);
        let mut failures = each_failure(raised, first.len());
        let devices: BTreeSet<_> = self.floating.iter().map(|floating| floating.label.device()).collect();
        if failures.is_empty() && devices.len() > 1 {
            self.announcing.start(first, now);
            self.announcing.send_due(now);
        }
        let raised = self.interfaces.raise(others);
        expect_no_more(&mut self.awaited, others, &raised);
        failures.extend(each_failure(raised, others.len()));
        failures
    }

    /// Removes all, and announces them no more; answers with the number that are still up.
    pub(crate) fn drop(&mut self) -> usize {
        self.announcing.cancel();
        self.up = None;
        let failures = each_failure(self.interfaces.lower(&self.floating), self.floating.len());
        let remaining = self.tell_all(failures);
        self.stuck = remaining > 0;
        remaining
    }

    /// Follows a changed file. What has another prefix or label is changed, what is new is raised, and only then what has
    /// vanished is removed: an address that moves to another device is never away.
    pub(crate) fn follow(&mut self, floating: &[FloatingAddress], refresh: Option<Duration>, now: Instant) {
        self.announcing.refresh(refresh);
        let before = std::mem::replace(&mut self.floating, floating.to_vec());
        let change = Change::between(&before, floating);
        for old in &change.vanished {
            self.announcing.forget(old.address);
        }
        let mut failures = Vec::new();
        if self.up.is_some() {
            failures.extend(each_failure(self.interfaces.reshape(&change.changed), change.changed.len()));
            self.awaited.extend(change.new.iter().map(|floating| floating.address));
            let raised = self.interfaces.raise(&change.new);
            expect_no_more(&mut self.awaited, &change.new, &raised);
            failures.extend(each_failure(raised, change.new.len()));
        }
        if self.up.is_some() || self.stuck {
            failures.extend(each_failure(self.interfaces.lower(&change.vanished), change.vanished.len()));
        }
        self.tell(failures);
        self.look_at_devices(now);
    }

    /// Announces all that are up, from now on at growing distances.
    pub(crate) fn announce(&mut self, now: Instant) {
        // What this machine says that it has, the partner gives up.
        let held = self.interfaces.addresses().ok();
        let is_up = |it: &&FloatingAddress| held.iter().flatten().any(|held| it.is(held));
        self.announcing.start(self.floating.iter().filter(|it| held.is_none() || is_up(it)), now);
    }

    /// Forgets what is left of the announcements.
    pub(crate) fn stop_announcing(&mut self) {
        self.announcing.cancel();
    }

    /// Waits until something has happened to links or addresses. May be dropped and called again.
    pub(crate) async fn changed(&mut self) {
        match &mut self.up {
            Some(up) => up.changes.arrive().await,
            None => std::future::pending().await,
        }
    }

    /// When [`Addresses::look_if_due`] or [`Addresses::send_due`] is wanted.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let looks = self.up.iter().flat_map(|up| [up.changes.due(), up.upkeep.next_due()]);
        looks.chain([self.announcing.next_due()]).flatten().min()
    }

    /// Puts right what has happened to links and addresses; answers with the number of addresses that are missing, if
    /// that may have changed.
    pub(crate) fn look_if_due(&mut self, now: Instant) -> Option<usize> {
        let up = self.up.as_mut()?;
        let looks = [up.changes.due(), up.upkeep.next_due()];
        looks.into_iter().flatten().min().filter(|due| *due <= now)?;
        up.changes.look(now);
        let (links, held) = match self.interfaces.everything() {
            Ok(everything) => everything,
            Err(error) => return Some(self.tell(vec![error.to_string()])),
        };
        let findings = up.upkeep.look(&self.floating, &links, &held, now);
        for news in &findings.news {
            tracing::info!("{news}: announcing its floating addresses");
            let of_device = self.floating.iter().filter(|it| it.label.device() == news.device());
            self.announcing.start(of_device, now);
        }
        let failures =
            if findings.missing.is_empty() { Vec::new() } else { self.restore(&findings.missing, now) };
        let missing = self.tell(failures) + findings.stranded;
        if missing == 0 {
            self.told.clear();
        }
        Some(missing)
    }

    /// Sends the announcements that are due; answers with whether those were the last of a round.
    pub(crate) fn send_due(&mut self, now: Instant) -> bool {
        self.announcing.send_due(now)
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

    /// From the state that the devices are in now on, a change is news.
    fn look_at_devices(&mut self, now: Instant) {
        if let (Some(up), Ok((links, held))) = (&mut self.up, self.interfaces.everything()) {
            up.upkeep.look(&self.floating, &links, &held, now);
        }
    }

    /// Raises what is missing among these, and announces it; answers with what failed.
    /// A device that is down was set down by somebody, if the address has been on it.
    fn restore(&mut self, floating: &[FloatingAddress], now: Instant) -> Vec<String> {
        let (awaited, lost): (Vec<_>, Vec<_>) =
            floating.iter().cloned().partition(|floating| self.awaited.contains(&floating.address));
        let mut failures = self.put_up(&awaited, Interfaces::raise, now);
        failures.extend(self.put_up(&lost, Interfaces::restore, now));
        failures
    }

    fn put_up(&mut self, floating: &[FloatingAddress], how: Raising, now: Instant) -> Vec<String> {
        if floating.is_empty() {
            return Vec::new();
        }
        let results = how(&mut self.interfaces, floating);
        expect_no_more(&mut self.awaited, floating, &results);
        let back: Vec<_> = results
            .iter()
            .flat_map(|results| floating.iter().zip(results))
            .filter(|(_, result)| **result == Ok(Raised::Added))
            .map(|(floating, _)| floating)
            .collect();
        if !back.is_empty() {
            tracing::warn!("raised what was missing: {}", names(&back));
            self.announcing.start(back.iter().copied(), now);
        }
        each_failure(results, floating.len())
    }

    /// Tells failures of everything there is: what is not among them has been put right.
    fn tell_all(&mut self, failures: Vec<String>) -> usize {
        self.told.retain(|told| failures.contains(told));
        self.tell(failures)
    }

    fn tell(&mut self, failures: Vec<String>) -> usize {
        let count = failures.len();
        for failure in failures {
            if !self.told.contains(&failure) {
                tracing::error!("{failure}");
                self.told.insert(failure);
            }
        }
        count
    }
}

/// What a changed file means for addresses that are up.
struct Change {
    /// With another prefix or label.
    changed: Vec<FloatingAddress>,
    /// At another place than before, or nowhere before.
    new: Vec<FloatingAddress>,
    /// No longer at their place.
    vanished: Vec<FloatingAddress>,
}

impl Change {
    fn between(before: &[FloatingAddress], after: &[FloatingAddress]) -> Self {
        let place = |it: &FloatingAddress| (it.address, it.label.device().to_owned());
        let (old, wanted): (HashSet<_>, HashSet<_>) =
            (before.iter().map(place).collect(), after.iter().map(place).collect());
        let (kept, new): (Vec<_>, Vec<_>) = after.iter().cloned().partition(|it| old.contains(&place(it)));
        let changed = kept.into_iter().filter(|it| !before.contains(it)).collect();
        let vanished = before.iter().filter(|it| !wanted.contains(&place(it))).cloned().collect();
        Self { changed, new, vanished }
    }
}

/// What failed, in words.
fn each_failure<T>(results: Result<Vec<Result<T, Error>>, Error>, count: usize) -> Vec<String> {
    match results {
        Ok(results) => results.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect(),
        Err(error) => vec![error.to_string(); count],
    }
}

/// Some of the addresses by name, the others by number.
fn names(floating: &[&FloatingAddress]) -> String {
    let named = floating.iter().take(NAMED).map(|it| format!("{} on {}", it.address, it.label));
    let named: Vec<_> = named.collect();
    match floating.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Those that are up now are not awaited.
fn expect_no_more(awaited: &mut HashSet<IpAddr>, floating: &[FloatingAddress], outcomes: &Outcomes) {
    for (floating, outcome) in outcomes.iter().flat_map(|outcomes| floating.iter().zip(outcomes)) {
        if outcome.is_ok() {
            awaited.remove(&floating.address);
        }
    }
}
