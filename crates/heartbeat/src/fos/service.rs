//! Towards the aim: floating addresses first, then the services; on the way back addresses, services, STOPPED.

use super::{Aim, BETWEEN_GOODBYES, Control, FosMachine, Network};
use crate::Moment;
use crate::datagram::Message;
use crate::event::{Action, Ending, FosMode};
use crate::history::Cause;
use crate::line::Line;
use crate::supervision::{Due, End};
use std::time::Duration;

/// Pause before addresses that could not be raised or removed are tried again.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// fos ends a nanny that does not end within six seconds.
const PATIENCE_WATCHING: Duration = Duration::from_secs(10);
/// Besides the stop commands: fos first ends a start command that still runs, within six seconds.
const PATIENCE_SERVING: Duration = Duration::from_secs(9);
/// fos could not begin: that says nothing about the partner's services.
const CANNOT_BEGIN: i32 = 1;

/// The floating addresses as far as this router knows.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    place: Place,
    /// How many could not be raised or removed.
    left: usize,
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
    pub(super) fn are_up(&self) -> bool {
        self.place == Place::Up
    }

    pub(super) fn next_wake(&self) -> Option<Moment> {
        self.again
    }
}

impl FosMachine {
    /// Whether nothing of the services is left here.
    pub(super) fn is_inactive(&self) -> bool {
        self.addresses.place == Place::Off && (self.fos.is_idle() || self.mode == FosMode::Monitor)
    }

    /// How long fos may take to end. Nobody else may serve before the stop commands have.
    pub(super) fn patience(&self) -> Duration {
        match self.mode {
            FosMode::Active => PATIENCE_SERVING + self.settings.services_stop_within,
            FosMode::Monitor => PATIENCE_WATCHING,
        }
    }

    /// Takes the next steps towards the aim.
    pub(super) fn proceed(&mut self, now: Moment) {
        match self.aim {
            Aim::Serve => self.proceed_to_serve(now),
            Aim::Watch => self.proceed_to_watch(now),
            Aim::End { goodbyes, next } => self.proceed_to_the_end(goodbyes, next, now),
            Aim::Ended => {}
        }
    }

    fn proceed_to_serve(&mut self, now: Moment) {
        if self.mode == FosMode::Monitor {
            self.stop_fos(now);
        }
        if self.addresses.place == Place::Off {
            self.raise_addresses();
        }
        if self.addresses.are_up() && self.fos.is_gone() {
            self.start_fos(FosMode::Active, now);
        }
    }

    fn proceed_to_watch(&mut self, now: Moment) {
        self.leave(now);
        if !self.is_inactive() {
            return;
        }
        if self.mode == FosMode::Active && !self.fos.is_pausing() {
            self.left(now);
        }
        if self.fos.is_gone() && self.network == Network::Fine {
            self.start_fos(FosMode::Monitor, now);
        }
    }

    /// Addresses and services go; what only watches may stay.
    fn leave(&mut self, now: Moment) {
        if let Place::Raising | Place::Up = self.addresses.place {
            self.announce_again = None;
            self.addresses = Addresses { place: Place::Dropping, ..Addresses::default() };
            self.act(Action::DropAddresses);
        }
        if self.mode == FosMode::Active {
            self.stop_fos(now);
        }
    }

    /// The services are off: now the partner may know. After a tie the next heartbeat is the first STOPPED.
    fn left(&mut self, now: Moment) {
        self.mode = FosMode::Monitor;
        self.heard.ask_again();
        if !std::mem::take(&mut self.yielding) {
            self.send(Message::FosStopped, now);
        }
    }

    fn proceed_to_the_end(&mut self, goodbyes: u8, next: Moment, now: Moment) {
        self.leave(now);
        self.stop_fos(now);
        if !self.is_inactive() {
            return;
        }
        if goodbyes > 0 && now >= next {
            self.send(Message::FosStopped, now);
            self.aim = Aim::End { goodbyes: goodbyes - 1, next: now + BETWEEN_GOODBYES };
        } else if goodbyes == 0 && self.fos.is_gone() {
            self.aim = Aim::Ended;
            self.act(Action::Exit(0));
        }
    }

    fn start_fos(&mut self, mode: FosMode, now: Moment) {
        if self.fos.start(now) {
            self.launch(mode, now);
        }
    }

    fn launch(&mut self, mode: FosMode, now: Moment) {
        self.mode = mode;
        // It does not report that it is ready: its end is all that it says.
        self.fos.ready(now);
        self.act(Action::StartFos(mode));
    }

    fn stop_fos(&mut self, now: Moment) {
        if self.fos.stop(now) {
            self.act(Action::StopFos);
        }
    }

    pub(super) fn supervise(&mut self, now: Moment) {
        match self.fos.due(self.patience(), now) {
            Due::Nothing | Due::Silent { .. } => {}
            Due::Start => self.launch(self.mode, now),
            Due::Kill { waited } => {
                self.log(Line::KillingFos { waited });
                self.act(Action::KillFos);
            }
        }
    }

    pub(super) fn fos_ended(&mut self, ending: Ending, now: Moment) {
        let End::Unwanted { ready_for } = self.fos.ended(now) else { return };
        let ran = ready_for.unwrap_or_default();
        self.hold_down.served(ran);
        match (self.aim, self.mode) {
            (Aim::Serve, FosMode::Active) => self.bring_services_back(ran, now),
            (Aim::Watch, FosMode::Monitor) if tells_of_the_partner(ending) => {
                self.log(Line::FosCheckingGateway);
                self.network = Network::Checking;
                self.act(Action::CheckGateway);
            }
            (Aim::Watch, FosMode::Monitor) => self.start_again_later(ran, now),
            _ => {}
        }
    }

    /// Starts fos again, or leaves the services to a living partner if that has failed too often.
    fn bring_services_back(&mut self, ran: Duration, now: Moment) {
        self.log(Line::FosRestarting);
        self.start_again_later(ran, now);
        self.offer_service(now);
    }

    pub(super) fn start_again_later(&mut self, ran: Duration, now: Moment) {
        self.fos.count_failure(ran);
        let (attempt, pause) = self.fos.pause(now);
        self.log(Line::FosAgain { attempt, pause });
    }

    /// A partner that lives and does not serve shall, if the services do not start here.
    pub(super) fn offer_service(&mut self, now: Moment) {
        if self.fos.is_hopeless() && self.fos.is_pausing() && self.heard.alive(self.settings.deadtime, now) {
            let hold_down = self.hold_down.begin(now);
            self.log(Line::FosGivingUp { attempts: self.fos.failed_restarts(), hold_down });
            self.control = Control::Shared;
            self.aim = Aim::Watch;
            self.because(Cause::FosFails, now);
        }
    }

    pub(super) fn raise_addresses(&mut self) {
        self.addresses.place = Place::Raising;
        self.addresses.again = None;
        self.act(Action::RaiseAddresses);
    }

    pub(super) fn addresses_raised(&mut self, missing: usize, now: Moment) {
        if !matches!(self.addresses.place, Place::Raising | Place::Up) {
            return;
        }
        let Addresses { place, left, again } = self.addresses;
        let again = (missing > 0).then_some(again.unwrap_or(now + TRY_AGAIN));
        self.addresses = Addresses { place: Place::Up, left: missing, again };
        if missing > 0 && missing == left {
            return;
        }
        if missing > 0 {
            self.log(Line::AddressesMissing { count: missing });
        }
        // Whoever tells unasked has announced what has come back.
        if place == Place::Raising {
            self.act(Action::Announce);
        }
    }

    pub(super) fn addresses_dropped(&mut self, remaining: usize, now: Moment) {
        if self.addresses.place != Place::Dropping {
            return;
        }
        if remaining == 0 {
            self.addresses = Addresses::default();
            return;
        }
        if self.addresses.left != remaining {
            self.log(Line::AddressesRemaining { count: remaining });
        }
        self.addresses.left = remaining;
        self.addresses.again = Some(now + TRY_AGAIN);
    }

    pub(super) fn try_addresses_again(&mut self, now: Moment) {
        if self.addresses.again.take_if(|at| *at <= now).is_none() {
            return;
        }
        match self.addresses.place {
            Place::Up => self.raise_addresses(),
            Place::Dropping => self.act(Action::DropAddresses),
            Place::Off | Place::Raising => {}
        }
    }
}

/// Whether a monitoring fos ended because of a service. Piranha's ends with 0 for whatever reason.
fn tells_of_the_partner(ending: Ending) -> bool {
    !matches!(ending, Ending::NotStarted | Ending::Exited { status: CANNOT_BEGIN, .. })
}
