//! What a router has been since it was started, and why.

use crate::Moment;
use crate::event::Link;
use crate::machine::State;
use std::collections::VecDeque;
use std::fmt;

/// Changes that are remembered.
const REMEMBERED: usize = 32;

/// Why a router has become what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// pulse has been started.
    Started,
    /// `--forceactive`.
    Forced,
    /// `service = fos`: a primary without a partner serves at once.
    NoBackup,
    /// Nothing was heard for `deadtime`.
    PartnerDead,
    /// The backup has said that it is inactive.
    BackupInactive,
    /// The primary has said that it is inactive.
    PrimaryInactive,
    /// Both were active, and this is the backup.
    Tie,
    /// A device that carries heartbeats cannot carry traffic.
    LinkDown(Link),
    /// All of them can again.
    LinksRestored,
    /// lvsd ends again and again.
    LvsdFails,
    /// The partner does what this router could not.
    PartnerServes,
    /// SIGTERM or SIGINT.
    Told,
    /// An administrator wants the other router to serve.
    HandOver,
    /// `service = fos`: the partner has found a failed service here.
    ToldToStop,
    /// `service = fos`: a service of the partner has failed.
    ServiceFailed,
    /// `service = fos`: the services do not start here.
    FosFails,
    /// `service = fos`: the gateway does not answer.
    GatewaySilent,
    /// `service = fos`: It does again.
    GatewayAnswers,
}

/// A change of a router's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// When.
    pub at: Moment,
    /// What it was.
    pub from: State,
    /// What it is since then.
    pub to: State,
    /// Why.
    pub cause: Cause,
}

/// The state and the latest changes.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) state: State,
    pub(crate) since: Moment,
    pub(crate) cause: Cause,
    transitions: VecDeque<Transition>,
}

impl History {
    /// pulse has just been started.
    pub(crate) fn new(now: Moment) -> Self {
        Self { state: State::Ready, since: now, cause: Cause::Started, transitions: VecDeque::new() }
    }

    /// The state is this, and if it was another one, this is why.
    pub(crate) fn note(&mut self, state: State, cause: Cause, now: Moment) {
        if state == self.state {
            return;
        }
        if self.transitions.len() >= REMEMBERED {
            self.transitions.pop_front();
        }
        self.transitions.push_back(Transition { at: now, from: self.state, to: state, cause });
        (self.state, self.since, self.cause) = (state, now, cause);
    }

    /// The state is this; a change goes on with what has begun before.
    pub(crate) fn follow(&mut self, state: State, now: Moment) {
        self.note(state, self.cause, now);
    }

    /// The changes, the oldest first.
    pub(crate) fn transitions(&self) -> Vec<Transition> {
        self.transitions.iter().copied().collect()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Started => "pulse was started",
            Self::Forced => "forced at start",
            Self::NoBackup => "no backup router",
            Self::PartnerDead => "partner dead",
            Self::BackupInactive => "backup inactive",
            Self::PrimaryInactive => "primary inactive",
            Self::Tie => "both routers were active, and the primary stays",
            Self::LinkDown(link) => return write!(f, "the {link} link is down"),
            Self::LinksRestored => "the links are up again",
            Self::LvsdFails => "lvsd could not be kept running",
            Self::PartnerServes => "the partner serves",
            Self::Told => "pulse was told to end",
            Self::HandOver => "an administrator wants the other router to serve",
            Self::ToldToStop => "the partner found a service failed here",
            Self::ServiceFailed => "a service failed on the partner",
            Self::FosFails => "the services do not start here",
            Self::GatewaySilent => "the gateway does not answer",
            Self::GatewayAnswers => "the gateway answers again",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_remembered_and_not_without_end() {
        let mut history = History::new(Moment::ZERO);
        history.note(State::Ready, Cause::LinksRestored, Moment::from_secs(1));
        assert_eq!((history.since, history.cause), (Moment::ZERO, Cause::Started));
        for round in 1..=20 {
            history.note(State::Leaving, Cause::Tie, Moment::from_secs(10 * round));
            history.follow(State::Ready, Moment::from_secs(10 * round + 1));
        }
        let transitions = history.transitions();
        assert_eq!((transitions.len(), transitions[0].at), (REMEMBERED, Moment::from_secs(50)));
        assert_eq!(
            transitions.last(),
            Some(&Transition {
                at: Moment::from_secs(201),
                from: State::Leaving,
                to: State::Ready,
                cause: Cause::Tie
            })
        );
    }
}
