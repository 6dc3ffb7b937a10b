//! Two routers of which either may run Piranha's own pulse.

use std::fmt;
use std::time::Duration;

use lab::pair::{CONFIGURATION, FLOATING};
use lab::{Machine, Moment, Pair, Routing, wait_until};
use nix::sys::signal::Signal;

use super::original;

/// Longer than an original's detached announcements, which outlive it (pulse.md F21).
pub(super) const END: Duration = Duration::from_secs(20);

/// Which pulse a router runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pulse {
    Ours,
    /// The stand-in for Piranha's own.
    Original,
}

/// Which pulse runs on which router.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pairing {
    pub(crate) primary: Pulse,
    pub(crate) backup: Pulse,
}

impl Pairing {
    /// Whether one of the two is an original.
    pub(crate) fn is_mixed(self) -> bool {
        self.primary != self.backup
    }
}

/// A router and the program that makes it one.
pub(super) struct Router {
    pub(super) machine: Machine,
    pub(super) pulse: Pulse,
}

/// Two routers that have not been started.
pub(super) struct Couple {
    pub(super) pair: Pair,
    pub(super) primary: Router,
    pub(super) backup: Router,
}

impl Couple {
    /// With one heartbeat link.
    pub(super) fn boot(pairing: Pairing) -> Self {
        let pair = Pair::boot(Routing::Direct);
        pair.configure(&pair.configuration());
        Self::of(pair, pairing)
    }

    /// With two.
    pub(super) fn with_private_link(pairing: Pairing) -> Self {
        Self::monitoring(pairing, "0")
    }

    /// With two whose devices are watched.
    pub(super) fn monitoring_links(pairing: Pairing) -> Self {
        Self::monitoring(pairing, "1")
    }

    fn monitoring(pairing: Pairing, monitor_links: &str) -> Self {
        let pair = Pair::with_private_link(Routing::Direct);
        let file =
            pair.configuration().with("primary_private", "10.0.0.9").with("backup_private", "10.0.0.8");
        pair.configure(&file.with("monitor_links", monitor_links));
        Self::of(pair, pairing)
    }

    fn of(pair: Pair, Pairing { primary, backup }: Pairing) -> Self {
        let primary = Router { machine: pair.primary.clone(), pulse: primary };
        let backup = Router { machine: pair.backup.clone(), pulse: backup };
        let couple = Self { pair, primary, backup };
        couple.routers().into_iter().for_each(Router::install);
        couple
    }

    /// Starts both; comes back when the primary serves and the backup stands by.
    pub(super) fn start(&self) {
        self.start_serving(&self.primary);
    }

    /// Starts both; comes back when this one serves and the other one stands by.
    pub(super) fn start_serving(&self, active: &Router) {
        active.start();
        self.pair.wait_until_active(&active.machine);
        let standby = if active.is(&self.primary) { &self.backup } else { &self.primary };
        standby.start();
        standby.wait_until_heard();
    }

    /// Stops both and waits for their end; the owner is the last, so that nobody takes over.
    pub(super) fn stop(&self) {
        let mut routers = self.routers();
        routers.sort_by_key(|router| router.owns());
        for router in routers {
            router.terminate();
            router.wait_for_end();
        }
    }

    /// One of ours, and its partner, which may be an original.
    pub(super) fn ours_and_partner(&self) -> (&Router, &Router) {
        match self.primary.pulse {
            Pulse::Ours => (&self.primary, &self.backup),
            Pulse::Original => (&self.backup, &self.primary),
        }
    }

    pub(super) fn routers(&self) -> [&Router; 2] {
        [&self.primary, &self.backup]
    }

    /// Whether the floating address is on this router and nowhere else.
    pub(super) fn only(&self, router: &Router) -> bool {
        self.pair.only(&router.machine)
    }

    /// The only owner of the floating address, if there is one.
    pub(super) fn owner(&self) -> Option<&Router> {
        match *self.pair.owners() {
            [owner] => self.routers().into_iter().find(|router| router.machine.name() == owner.name()),
            _ => None,
        }
    }

    /// Waits until `router` serves, and complains of two owners before that.
    pub(super) fn hands_over_to(&self, router: &Router) {
        wait_until(&format!("{router} takes over"), END, || {
            assert!(self.pair.owners().len() < 2, "the floating address is on both routers");
            router.owns()
        });
        self.pair.wait_until_active(&router.machine);
    }
}

impl Router {
    fn install(&self) {
        if self.pulse == Pulse::Original {
            original::install(&self.machine);
        }
    }

    /// As an init script does.
    pub(super) fn start(&self) {
        self.start_with(&[]);
    }

    pub(super) fn start_forced(&self) {
        self.start_with(&["--forceactive"]);
    }

    fn start_with(&self, options: &[&str]) {
        let outcome = match self.pulse {
            Pulse::Ours => self.machine.run("/usr/sbin/pulse", options),
            Pulse::Original => self.machine.run(original::PROGRAM, &[options, &[CONFIGURATION]].concat()),
        };
        outcome.expect_success();
        wait_until("a pid file", END, || self.pid().is_some());
    }

    /// As an init script does it first; comes back at once.
    pub(super) fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Waits until nothing of pulse is left.
    pub(super) fn wait_for_end(&self) {
        wait_until("the end of pulse", END, || self.machine.processes_named(self.program()).is_empty());
    }

    /// Waits until pulse itself has ended, and not what an original has left to announce.
    pub(super) fn wait_for_pulse_to_end(&self) {
        wait_until("the end of pulse itself", END, || self.pid().is_none());
    }

    /// Whether an original's announcing processes are there.
    pub(super) fn is_announcing(&self) -> bool {
        !self.machine.processes_named(self.program()).is_empty()
    }

    /// Gives the power back and starts pulse again.
    pub(super) fn return_to_power(&self, couple: &Couple) {
        couple.pair.lab.power_on(&self.machine);
        self.install();
        self.start();
    }

    /// To pulse itself, and not to what it has started.
    pub(super) fn signal(&self, signal: Signal) {
        let pid = self.pid().expect("a running pulse");
        let processes = self.machine.processes();
        processes.iter().find(|process| process.pid == pid).expect("a running pulse").signal(signal);
    }

    pub(super) fn owns(&self) -> bool {
        self.machine.has_address(FLOATING)
    }

    /// Whether it serves nobody. An original that changed its mind may have left the address behind (pulse.md F21).
    pub(super) fn stands_by(&self) -> bool {
        self.machine.processes_named("lvsd").is_empty() && (self.pulse == Pulse::Original || !self.owns())
    }

    /// From `event` until it has last decided to be active.
    pub(super) fn time_to_decide(&self, event: Moment) -> Duration {
        self.decision().since(event)
    }

    /// When it has last decided to be active.
    pub(super) fn decision(&self) -> Moment {
        self.said_last(": activating lvs")
    }

    /// When it has last said these words.
    pub(super) fn said_last(&self, words: &str) -> Moment {
        let log = self.machine.log();
        let mut lines = log.iter().filter(|line| line.text.ends_with(words));
        lines.next_back().unwrap_or_else(|| panic!("{self} has not said: {words}")).at
    }

    /// Whether they are the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.machine.name() == other.machine.name()
    }

    /// How many lines of the log are these words.
    pub(super) fn count(&self, words: &str) -> usize {
        self.machine.log().iter().filter(|line| line.text.starts_with(words)).count()
    }

    /// Waits for two heartbeats.
    pub(super) fn wait_until_heard(&self) {
        lab::pair::wait_until_heard(&self.machine, 2);
    }

    fn pid(&self) -> Option<i32> {
        self.machine.read("/run/pulse.pid")?.trim().parse().ok()
    }

    fn program(&self) -> &'static str {
        match self.pulse {
            Pulse::Ours => "pulse",
            Pulse::Original => "original-pulse",
        }
    }
}

impl fmt::Display for Router {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({:?})", self.machine, self.pulse)
    }
}
