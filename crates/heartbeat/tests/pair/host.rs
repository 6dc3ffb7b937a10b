//! A machine that runs a router: its socket buffer, its lvsd, its addresses, its stalls.

use crate::original::Original;
use heartbeat::{Action, Datagram, Event, Machine, Moment, Settings, State};

pub(crate) struct Host {
    pub(crate) settings: Settings,
    /// Whether it runs Piranha's own pulse.
    pub(crate) original: bool,
    pub(crate) router: Option<Router>,
    /// Every lvsd that is started now ends at once.
    pub(crate) lvsd_broken: bool,
    /// lvsd ignores SIGTERM.
    pub(crate) lvsd_stuck: bool,
    /// Counts starts of the machine, so that what an earlier life caused is not taken for this one's.
    pub(crate) lives: u32,
}

/// The program that decides.
pub(crate) enum Pulse {
    Ours(Box<Machine>),
    Original(Original),
}

impl Pulse {
    fn new(original: bool, settings: Settings, now: Moment) -> Self {
        if original {
            Self::Original(Original::new(settings, now))
        } else {
            Self::Ours(Box::new(Machine::new(settings, now)))
        }
    }

    pub(crate) fn on(&mut self, event: Event, now: Moment) -> Vec<Action> {
        match self {
            Self::Ours(machine) => machine.on(event, now),
            Self::Original(original) => original.on(event, now),
        }
    }

    /// Ours does not look at the wall clock.
    pub(crate) fn step_clock(&mut self, forward: bool, by: Moment) {
        if let Self::Original(original) = self {
            original.step_clock(forward, by);
        }
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        match self {
            Self::Ours(machine) => machine.next_wake(),
            Self::Original(original) => original.next_wake(),
        }
    }

    pub(crate) fn state(&self) -> State {
        match self {
            Self::Ours(machine) => machine.state(),
            Self::Original(original) => original.state(),
        }
    }
}

/// pulse, from its start to its end.
pub(crate) struct Router {
    pub(crate) pulse: Pulse,
    pub(crate) addresses_up: bool,
    pub(crate) stalled: bool,
    /// In the socket's buffer.
    pub(crate) inbox: Vec<Datagram>,
    /// What happened to this router while it was stalled.
    pub(crate) waiting: Vec<Event>,
    /// Which start of lvsd runs, if one does.
    pub(crate) lvsd: Option<u32>,
    pub(crate) lvsd_starts: u32,
    /// When a believable heartbeat was last read, and whether it said RUNNING.
    pub(crate) heard: Option<(Moment, bool)>,
    pub(crate) booted: Moment,
    pub(crate) gave_up: bool,
}

impl Host {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, original: false, router: None, lvsd_broken: false, lvsd_stuck: false, lives: 0 }
    }

    pub(crate) fn boot(&mut self, now: Moment) {
        self.lives += 1;
        self.router = Some(Router {
            pulse: Pulse::new(self.original, self.settings, now),
            addresses_up: false,
            stalled: false,
            inbox: Vec::new(),
            waiting: Vec::new(),
            lvsd: None,
            lvsd_starts: 0,
            heard: None,
            booted: now,
            gave_up: false,
        });
    }

    pub(crate) fn owns(&self) -> bool {
        self.router.as_ref().is_some_and(|router| router.addresses_up)
    }

    /// Whether this router has left the service to the other one because lvsd failed.
    pub(crate) fn gave_up(&self) -> bool {
        self.router.as_ref().is_some_and(|router| router.gave_up)
    }

    /// Whether this router could serve if it were asked to.
    pub(crate) fn can_serve(&self) -> bool {
        let willing = |router: &Router| {
            // For an original that is a trap: only its partner's RUNNING frees it.
            let trapped = self.original && router.pulse.state() == State::Failed;
            !router.stalled && !trapped
        };
        !self.lvsd_broken && !self.gave_up() && self.router.as_ref().is_some_and(willing)
    }
}
