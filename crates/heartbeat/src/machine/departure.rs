//! Being no longer active: addresses first, then lvsd, everything bounded (specification pulse.md section 14 and
//! section 23, F11 and F14).

use super::{Duty, LinkFailure, Machine};
use crate::Moment;
use crate::datagram::Message;
use crate::event::{Action, Link, SyncMode};
use crate::history::Cause;
use crate::line::Line;
use std::time::Duration;

/// How often a router that ends says STOPPED, in case one is lost.
const GOODBYES: u8 = 3;
const BETWEEN_GOODBYES: Duration = Duration::from_millis(50);
/// A router that ends waits no longer for addresses that cannot be removed.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(5);

/// Why a router leaves the active state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The primary is active too.
    Tie,
    /// A link is down.
    Link,
    /// lvsd cannot be kept running.
    Lvsd,
    /// The partner is prepared to serve in its place.
    HandOver,
    /// SIGTERM or SIGINT, or the file no longer wants this router.
    Signal,
}

/// The rest of a router's life: goodbyes to say, and lvsd to wait for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    goodbyes: u8,
    next_goodbye: Moment,
    status: u8,
}

impl Ending {
    pub(super) fn next_wake(self) -> Option<Moment> {
        (self.goodbyes > 0).then_some(self.next_goodbye)
    }
}

impl Machine {
    pub(super) fn leave(&mut self, reason: Reason, now: Moment) {
        let reason = if self.hand_over.ends() { Reason::Signal } else { reason };
        self.forget_offer(reason);
        self.duty = Duty::Leaving(reason, now);
        self.because(self.cause(reason), now);
        self.departure = Some(reason);
        self.tell_overlap();
        self.act(Action::RunInactiveCommand);
        self.drop_addresses();
        if self.addresses.are_off() {
            self.left(reason, now);
        }
    }

    fn cause(&self, reason: Reason) -> Cause {
        match reason {
            Reason::Tie => Cause::Tie,
            Reason::Link => Cause::LinkDown(self.link_failure.map_or(Link::Public, LinkFailure::link)),
            Reason::Lvsd => Cause::LvsdFails,
            Reason::Signal => Cause::Told,
            Reason::HandOver => Cause::HandOver,
        }
    }

    /// The addresses are off: now the partner may know.
    pub(super) fn left(&mut self, reason: Reason, now: Moment) {
        self.duty = Duty::Standby;
        self.heard.ask_again();
        match reason {
            // Its next heartbeat is the first STOPPED, as an original's.
            Reason::Tie => {}
            Reason::Link | Reason::Lvsd => self.send(Message::Stopped, now),
            Reason::HandOver => {
                self.send(Message::Stopped, now);
                self.handed_over(now);
            }
            Reason::Signal => return self.end(GOODBYES, 0, now),
        }
        self.history.follow(self.state(), now);
        self.sync(SyncMode::Backup);
        self.stop_idle_lvsd(now);
    }

    pub(super) fn terminate(&mut self, why: Line, now: Moment) {
        match self.duty {
            Duty::Ending(_) | Duty::Ended | Duty::Leaving(Reason::Signal, _) => return,
            Duty::Standby | Duty::Active | Duty::Leaving(..) => self.log(why),
        }
        self.departure = Some(Reason::Signal);
        match self.duty {
            Duty::Active => self.leave_in_order(now),
            Duty::Leaving(..) => self.duty = Duty::Leaving(Reason::Signal, now),
            Duty::Standby | Duty::Ending(_) | Duty::Ended => {
                self.act(Action::RunInactiveCommand);
                self.end(if self.spoken { GOODBYES } else { 0 }, 0, now);
            }
        }
    }

    /// Addresses that cannot be removed do not keep a router from ending; then it does not say goodbye.
    pub(super) fn stop_waiting_for_addresses(&mut self, now: Moment) {
        if let Duty::Leaving(Reason::Signal, since) = self.duty
            && now >= since + ADDRESS_PATIENCE
        {
            self.end(0, 1, now);
        }
    }

    fn end(&mut self, goodbyes: u8, status: u8, now: Moment) {
        let goodbyes = if self.settings.speaks() { goodbyes } else { 0 };
        self.duty = Duty::Ending(Ending { goodbyes, next_goodbye: now, status });
        self.because(Cause::Told, now);
        self.say_goodbye(now);
        self.sync(SyncMode::Off);
        self.stop_lvsd(now);
    }

    pub(super) fn say_goodbye(&mut self, now: Moment) {
        if let Duty::Ending(ending) = &mut self.duty
            && ending.goodbyes > 0
            && now >= ending.next_goodbye
        {
            ending.goodbyes -= 1;
            ending.next_goodbye = now + BETWEEN_GOODBYES;
            self.send(Message::Stopped, now);
        }
    }

    pub(super) fn end_if_done(&mut self) {
        if let Duty::Ending(ending) = self.duty
            && ending.goodbyes == 0
            && self.lvsd.is_gone()
        {
            self.duty = Duty::Ended;
            self.act(Action::Exit(ending.status));
        }
    }

    pub(super) fn stop_lvsd(&mut self, now: Moment) {
        if self.lvsd.stop(now) {
            self.act(Action::StopLvsd);
        }
    }
}
