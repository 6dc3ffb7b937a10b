//! The state machine of the configured service.

use heartbeat::trailer::Trailer;
use heartbeat::{Action, Event, FosMachine, Insight, Machine, Moment, Obstacle, Progress, Settings, State};
use lvs_cf::Service;

/// Decides which router is active.
#[derive(Debug)]
pub(crate) enum Decision {
    Lvs(Box<Machine>),
    Fos(Box<FosMachine>),
}

impl Decision {
    pub(crate) fn new(service: Service, settings: Settings) -> Self {
        match service {
            Service::Lvs => Self::Lvs(Box::new(Machine::new(settings, Moment::ZERO))),
            Service::Fos => Self::Fos(Box::new(FosMachine::new(settings, Moment::ZERO))),
        }
    }

    /// What is to be done about an event.
    pub(crate) fn on(&mut self, event: Event, now: Moment) -> Vec<Action> {
        match self {
            Self::Lvs(machine) => machine.on(event, now),
            Self::Fos(machine) => machine.on(event, now),
        }
    }

    /// When [`Event::Wake`] is wanted.
    pub(crate) fn next_wake(&self) -> Option<Moment> {
        match self {
            Self::Lvs(machine) => machine.next_wake(),
            Self::Fos(machine) => machine.next_wake(),
        }
    }

    /// What became of the last [`Event::HandOver`].
    pub(crate) fn progress(&self) -> Progress {
        match self {
            Self::Lvs(machine) => machine.progress(),
            Self::Fos(_) => Progress::Failed(Obstacle::Fos),
        }
    }

    /// Whether this router is the active one.
    pub(crate) fn is_active(&self) -> bool {
        self.account().standing.is_some_and(|standing| standing.state == State::Active)
    }

    /// What it knows.
    pub(crate) fn insight(&self, now: Moment) -> Insight {
        match self {
            Self::Lvs(machine) => machine.insight(now),
            Self::Fos(machine) => machine.insight(now),
        }
    }

    /// What the router says of itself, besides the four bytes.
    pub(crate) fn account(&self) -> Trailer {
        match self {
            Self::Lvs(machine) => machine.account(),
            Self::Fos(machine) => machine.account(),
        }
    }
}
