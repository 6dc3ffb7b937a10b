//! Being active: lvsd, then the floating addresses, then their announcements (specification pulse.md section 13).

use super::{Duty, Machine, Reason};
use crate::Moment;
use crate::datagram::Message;
use crate::event::{Action, Ending, SyncMode};
use crate::history::Cause;
use crate::line::Line;
use crate::supervision::{Due, End};
use std::time::Duration;

/// Pause before addresses that could not be raised or removed are tried again.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// The floating addresses as far as this router knows.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    place: Place,
    missing: usize,
    again: Option<Moment>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Off,
    Raising,
    Up,
    Dropping,
}

impl Addresses {
    pub(super) fn are_off(&self) -> bool {
        self.place == Place::Off
    }

    pub(super) fn are_up(&self) -> bool {
        self.place == Place::Up
    }

    pub(super) fn next_wake(&self) -> Option<Moment> {
        self.again
    }
}

impl Machine {
    /// Active from now on, whatever it takes to serve.
    pub(super) fn go_active(&mut self, line: Line, cause: Cause, now: Moment) {
        self.log(line);
        self.hold_down.failed = false;
        self.forget_preparation();
        if self.links_failed_with_private_only().is_some() {
            self.link_failure = None;
            self.private_link_excused = true;
        }
        if let Some(count) = self.activations.count(now) {
            self.log(Line::ManyActivations { count });
        }
        self.duty = Duty::Active;
        self.active_since = now;
        self.because(cause, now);
        self.departure = None;
        self.send(Message::Running, now);
        self.act(Action::RunActiveCommand);
        if self.lvsd.is_ready() {
            self.serve();
        } else {
            self.start_lvsd(now);
        }
    }

    pub(super) fn start_lvsd(&mut self, now: Moment) {
        if self.lvsd.start(now) {
            self.act(Action::StartLvsd);
        }
    }

    pub(super) fn supervise(&mut self, now: Moment) {
        match self.lvsd.due(self.settings.stop_patience(), now) {
            Due::Nothing => {}
            Due::Start => self.act(Action::StartLvsd),
            Due::Silent { waited } if matches!(self.duty, Duty::Active) => {
                self.log(Line::LvsdSilent { waited });
                self.serve();
            }
            Due::Silent { .. } => self.preparation_failed(now),
            Due::Kill { waited } => {
                self.log(Line::KillingLvsd { waited });
                self.act(Action::KillLvsd);
            }
        }
    }

    pub(super) fn lvsd_ready(&mut self, now: Moment) {
        if !self.lvsd.ready(now) {
            return;
        }
        match self.duty {
            Duty::Active => self.serve(),
            Duty::Standby => self.prepared(now),
            Duty::Leaving(..) | Duty::Ending(_) | Duty::Ended => {}
        }
    }

    /// The table stands: the addresses may come.
    fn serve(&mut self) {
        self.sync(SyncMode::Master);
        if self.addresses.are_off() {
            self.raise_addresses();
        }
    }

    pub(super) fn raise_addresses(&mut self) {
        self.addresses.place = Place::Raising;
        self.addresses.again = None;
        self.act(Action::RaiseAddresses);
    }

    pub(super) fn addresses_raised(&mut self, missing: usize, now: Moment) {
        if !matches!(self.duty, Duty::Active) || !matches!(self.addresses.place, Place::Raising | Place::Up) {
            return;
        }
        let raised = self.addresses.place == Place::Raising;
        let again = self.addresses.again.unwrap_or(now + TRY_AGAIN);
        let before = std::mem::replace(&mut self.addresses.missing, missing);
        self.addresses.place = Place::Up;
        self.addresses.again = (missing > 0).then_some(again);
        if missing > 0 && missing == before {
            return;
        }
        if missing > 0 {
            self.log(Line::AddressesMissing { count: missing });
        }
        // Whoever tells unasked has announced what has come back.
        if raised {
            self.act(Action::Announce);
        }
    }

    pub(super) fn drop_addresses(&mut self) {
        self.announce_again = None;
        self.addresses.missing = 0;
        self.addresses.again = None;
        if matches!(self.addresses.place, Place::Raising | Place::Up) {
            self.addresses.place = Place::Dropping;
            self.act(Action::DropAddresses);
        }
    }

    pub(super) fn addresses_dropped(&mut self, remaining: usize, now: Moment) {
        if self.addresses.place != Place::Dropping {
            return;
        }
        if remaining > 0 {
            self.addresses.again = Some(now + TRY_AGAIN);
            if self.addresses.missing != remaining {
                self.log(Line::AddressesRemaining { count: remaining });
            }
            self.addresses.missing = remaining;
            return;
        }
        self.addresses = Addresses::default();
        match self.duty {
            Duty::Leaving(reason, _) => self.left(reason, now),
            // lvsd came back while the addresses were still going.
            Duty::Active if self.lvsd.is_ready() => self.serve(),
            _ => {}
        }
    }

    pub(super) fn try_addresses_again(&mut self, now: Moment) {
        if self.addresses.again.is_none_or(|at| at > now) {
            return;
        }
        self.addresses.again = None;
        match self.addresses.place {
            Place::Up => self.raise_addresses(),
            Place::Dropping => self.act(Action::DropAddresses),
            Place::Off | Place::Raising => {}
        }
        self.stop_waiting_for_addresses(now);
    }

    pub(super) fn lvsd_ended(&mut self, ending: Ending, now: Moment) {
        match self.lvsd.ended(now) {
            End::Wanted => {
                if matches!(self.duty, Duty::Active) || self.hand_over.is_preparing() {
                    self.start_lvsd(now);
                }
            }
            End::Unwanted { ready_for } => {
                self.log_end(ending);
                self.hold_down.served(ready_for.unwrap_or_default());
                if matches!(self.duty, Duty::Active) {
                    self.bring_lvsd_back(ending, ready_for, now);
                } else {
                    self.preparation_failed(now);
                    self.pause_hot_lvsd(ready_for, now);
                }
            }
        }
    }

    /// A partner that lives and does not serve shall, if lvsd does not run here.
    pub(super) fn offer_service(&mut self, now: Moment) {
        if self.lvsd.is_hopeless() && self.lvsd.is_pausing() {
            self.give_up(now);
        }
    }

    fn give_up(&mut self, now: Moment) {
        let hold_down = self.hold_down.begin(now);
        self.log(Line::GivingUp { attempts: self.lvsd.failed_restarts(), hold_down });
        self.leave(Reason::Lvsd, now);
    }

    fn log_end(&mut self, ending: Ending) {
        match ending {
            Ending::Exited { pid, status } => self.log(Line::LvsdExited { pid, status }),
            Ending::Signalled { pid, signal } => self.log(Line::LvsdSignalled { pid, signal }),
            Ending::NotStarted => {}
        }
    }

    /// Starts lvsd again, or leaves the service to the partner if that has failed too often.
    fn bring_lvsd_back(&mut self, ending: Ending, ready_for: Option<Duration>, now: Moment) {
        self.lvsd.count_failure(ready_for.unwrap_or_default());
        if self.lvsd.is_hopeless() && self.heard.alive(self.settings.deadtime, now) {
            return self.give_up(now);
        }
        if matches!(ending, Ending::Exited { .. }) && ready_for.is_some() {
            // It emptied the table before it ended: whoever asks now would be refused; without the address he asks
            // again a second later.
            self.drop_addresses();
        }
        let (attempt, pause) = self.lvsd.pause(now);
        self.log(Line::RestartingLvsd { attempt, pause });
    }
}
