//! The state machine of one router with `service = fos` (specification pulse.md section 20): both routers run fos, the
//! active one to serve, the other to watch.
//!
//! What is decided is written down as the [`Aim`]; [`FosMachine::proceed`] takes the next step towards it whenever
//! something has changed. A service never runs on two routers because of a planned change: the addresses go, then fos
//! ends and with it the services, then this router says STOPPED.

mod decisions;
mod service;

use crate::Moment;
use crate::datagram::Message;
use crate::event::{Action, Event, FosMode, Link};
use crate::history::{Cause, History};
use crate::hold_down::{Activations, HoldDown};
use crate::insight::{Insight, Parts};
use crate::lateness::Lateness;
use crate::line::{HandOverLine, Line};
use crate::links::Links;
use crate::machine::{Obstacle, State};
use crate::overlap::Overlap;
use crate::partner::Heard;
use crate::reception::Complaints;
use crate::settings::{Role, Settings};
use crate::supervision::Supervision;
use crate::trailer::{Standing, Timers, Trailer};
use service::Addresses;
use std::time::Duration;

/// One router's part in the pair.
#[derive(Debug)]
pub struct FosMachine {
    settings: Settings,
    aim: Aim,
    addresses: Addresses,
    fos: Supervision,
    /// What the fos was started for that runs, or ran last.
    mode: FosMode,
    control: Control,
    /// Since when this router is active, or was.
    active_since: Moment,
    network: Network,
    /// The backup that lost a tie has said its last RUNNING.
    yielding: bool,
    heard: Heard,
    overlap: Overlap,
    /// A partner that yielded may still be announcing until then.
    announce_again: Option<Moment>,
    complaints: Complaints,
    history: History,
    links: Links,
    link_failed: bool,
    hold_down: HoldDown,
    activations: Activations,
    send_due: Moment,
    dead_due: Moment,
    spoken: bool,
    tie_answered_until: Moment,
    lateness: Lateness,
    actions: Vec<Action>,
}

/// Where this router is going, or is already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// The services run here.
    Serve,
    /// The partner's services are watched.
    Watch,
    /// Neither: goodbyes, so many of them, then the end.
    End { goodbyes: u8, next: Moment },
    /// Nothing follows.
    Ended,
}

/// Whether the partner is told to go inactive, because a service of it has failed (WC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Control {
    Shared,
    Wanted,
    /// The same, and it has been logged.
    Claimed,
}

/// What this router knows of its own network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    Fine,
    /// A service of the partner has failed, and the gateway is asked whose fault that is.
    Checking,
    /// The gateway did not answer (NF); it is asked again at this moment.
    Fault {
        again: Moment,
    },
    /// It is asked again.
    Rechecking,
}

/// How often a router that ends says STOPPED, in case one is lost.
const GOODBYES: u8 = 3;
const BETWEEN_GOODBYES: Moment = Moment::from_millis(50);

impl FosMachine {
    /// A router that has just bound its sockets. [`Event::Start`] comes next.
    pub fn new(settings: Settings, now: Moment) -> Self {
        Self {
            send_due: now + settings.keepalive,
            dead_due: now + settings.deadtime,
            settings,
            aim: Aim::Watch,
            addresses: Addresses::default(),
            fos: Supervision::default(),
            mode: FosMode::Monitor,
            control: Control::Shared,
            active_since: now,
            network: Network::Fine,
            yielding: false,
            heard: Heard::nothing(now),
            overlap: Overlap::default(),
            announce_again: None,
            complaints: Complaints::default(),
            history: History::new(now),
            links: Links::default(),
            link_failed: false,
            hold_down: HoldDown::default(),
            activations: Activations::default(),
            spoken: false,
            tie_answered_until: Moment::ZERO,
            lateness: Lateness::default(),
            actions: Vec::new(),
        }
    }

    /// The state, by name. A router that has found itself cut off counts as one whose link is down.
    pub fn state(&self) -> State {
        match self.aim {
            Aim::Serve => State::Active,
            Aim::End { .. } | Aim::Ended => State::Ending,
            Aim::Watch if !self.is_inactive() => State::Leaving,
            Aim::Watch if self.link_failed || self.has_network_fault() => State::LinkDown,
            Aim::Watch if self.hold_down.failed => State::Failed,
            Aim::Watch => State::Ready,
        }
    }

    /// What the router says of itself: role, state, times.
    pub fn account(&self) -> Trailer {
        Trailer {
            standing: Some(Standing { role: self.settings.role, state: self.state() }),
            timers: Some(Timers { keepalive: self.settings.keepalive, deadtime: self.settings.deadtime }),
            ..Trailer::default()
        }
    }

    /// What it knows.
    pub fn insight(&self, now: Moment) -> Insight {
        let Self { settings, history, hold_down, heard, links, .. } = self;
        Parts { settings, history, hold_down, heard, links }.insight(now)
    }

    /// Tells the machine what happened; answers with what is to be done, in this order.
    pub fn on(&mut self, event: Event, now: Moment) -> Vec<Action> {
        if self.aim == Aim::Ended {
            return Vec::new();
        }
        if let Some(by) = self.lateness.notice(self.next_wake(), self.settings.deadtime / 2, now) {
            self.recover_from_stall(by, now);
        }
        match event {
            Event::Start { force_active } => self.start(force_active, now),
            Event::Received(datagrams) => self.receive(&datagrams, now),
            Event::Introduced => self.heartbeat(now),
            Event::Wake => self.wake(now),
            Event::AddressesRaised { missing } => self.addresses_raised(missing, now),
            Event::AddressesDropped { remaining } => self.addresses_dropped(remaining, now),
            Event::LinkState { link, up } => self.links.report(link, up, now),
            Event::Terminate { signal } => self.terminate(Line::Terminating { signal }, now),
            Event::MarkedInactive => self.terminate(Line::MarkedInactive, now),
            Event::Reconfigured(settings) => self.reconfigure(settings, now),
            Event::FosEnded(ending) => self.fos_ended(ending, now),
            Event::Gateway { answers } => self.gateway_checked(answers, now),
            Event::HandOver => self.log(Line::HandOver(HandOverLine::Refused(Obstacle::Fos))),
            // Of the other service.
            Event::LvsdReady | Event::LvsdEnded(_) | Event::ConnectionsTold => {}
        }
        self.proceed(now);
        self.history.follow(self.state(), now);
        std::mem::take(&mut self.actions)
    }

    /// When [`Event::Wake`] is wanted, at the latest; never again after [`Action::Exit`].
    pub fn next_wake(&self) -> Option<Moment> {
        let fos = self.fos.next_wake(self.patience());
        match self.aim {
            Aim::Ended => return None,
            Aim::End { goodbyes, next } => {
                let goodbye = (goodbyes > 0 && self.is_inactive()).then_some(next);
                return [goodbye, fos, self.addresses.next_wake(), Some(self.send_due)]
                    .into_iter()
                    .flatten()
                    .min();
            }
            Aim::Serve | Aim::Watch => {}
        }
        let gateway = if let Network::Fault { again } = self.network { Some(again) } else { None };
        let times = [Some(self.send_due), Some(self.dead_due), fos, gateway];
        let others = [self.announce_again, self.addresses.next_wake(), self.links.next_wake()];
        times.into_iter().chain(others).flatten().min()
    }

    fn start(&mut self, force_active: bool, now: Moment) {
        self.log(match self.settings.role {
            Role::Primary => Line::StartingAsMaster,
            Role::Backup => Line::StartingAsBackup,
        });
        let alone = self.settings.role == Role::Primary && !self.settings.backup_active && !force_active;
        if alone {
            self.log(Line::FosNoBackup);
        }
        if force_active || alone {
            let cause = if alone { Cause::NoBackup } else { Cause::Forced };
            self.serve(Line::FosForcedActive, cause, now);
        } else {
            self.log(Line::FosStartingMonitors);
        }
    }

    /// As with `service = lvs`.
    fn recover_from_stall(&mut self, by: Duration, now: Moment) {
        self.heard.listen_anew(now);
        self.fos.excuse(by);
        let Settings { keepalive, deadtime, .. } = self.settings;
        if self.aim == Aim::Serve && self.settings.speaks() && by + keepalive >= deadtime {
            self.log(Line::MayBeReplaced { by });
            self.act(Action::StopAnnouncing);
            self.announce_again = self.addresses.are_up().then_some(now + deadtime);
        }
    }

    fn wake(&mut self, now: Moment) {
        self.supervise(now);
        self.try_addresses_again(now);
        self.announce_again_if_due(now);
        for line in self.complaints.overdue(now) {
            self.log(line);
        }
        if matches!(self.aim, Aim::Serve | Aim::Watch) {
            self.settle_links(now);
            self.judge_silence(now);
            self.report_silent_links(now);
            self.recheck_gateway(now);
        }
        if now >= self.send_due {
            self.heartbeat(now);
        }
        self.lateness.caught_up();
    }

    /// What this router says when it is time to.
    fn heartbeat(&mut self, now: Moment) {
        self.send_due = now + self.settings.keepalive;
        let goodbye = matches!(self.aim, Aim::End { .. }) && self.is_inactive();
        if !self.yielding && !goodbye {
            self.send(self.says(), now);
        }
    }

    fn says(&self) -> Message {
        if self.wants_control() && self.aim == Aim::Serve {
            Message::StopMe
        } else if self.aim == Aim::Serve || !self.is_inactive() {
            Message::FosRunning
        } else {
            Message::FosStopped
        }
    }

    fn send(&mut self, message: Message, now: Moment) {
        self.send_due = now + self.settings.keepalive;
        if !self.settings.speaks() {
            return;
        }
        if message == Message::StopMe && self.control == Control::Wanted {
            self.control = Control::Claimed;
            self.log(Line::FosTakingControl);
        }
        self.spoken = true;
        self.log(Line::SendingHeartbeat);
        self.act(Action::Send { message, order: self.heard.order });
    }

    fn announce_again_if_due(&mut self, now: Moment) {
        if self.announce_again.take_if(|at| *at <= now).is_some() {
            self.act(Action::Announce);
        }
    }

    fn report_silent_links(&mut self, now: Moment) {
        if self.lateness.is_late() || !self.settings.speaks() {
            return;
        }
        for link in self.newly_silent(now) {
            self.log(Line::LinkSilent { link, silence: self.settings.deadtime });
        }
    }

    fn newly_silent(&mut self, now: Moment) -> Vec<Link> {
        let Settings { partner, deadtime, .. } = self.settings;
        partner.map(|partner| self.heard.newly_silent(&partner, deadtime, now)).unwrap_or_default()
    }

    fn terminate(&mut self, why: Line, now: Moment) {
        if let Aim::Serve | Aim::Watch = self.aim {
            self.log(why);
            self.tell_overlap();
            let goodbyes =
                if self.settings.speaks() && (self.spoken || self.aim == Aim::Serve) { GOODBYES } else { 0 };
            self.control = Control::Shared;
            self.aim = Aim::End { goodbyes, next: now };
            self.because(Cause::Told, now);
        }
    }

    fn reconfigure(&mut self, settings: Settings, now: Moment) {
        let role = self.settings.role;
        let before = std::mem::replace(&mut self.settings, Settings { role, ..settings });
        self.send_due = self.send_due.min(now + self.settings.keepalive);
        if self.settings.partner != before.partner {
            self.heard = Heard::nothing(now);
        }
        // Whoever changed the file may have mended what kept the services from running.
        self.hold_down.end();
        // A partner that has moved gets as much time as one that was never heard.
        if (self.settings.deadtime, self.settings.partner) != (before.deadtime, before.partner) {
            self.dead_due = now + self.settings.deadtime;
        }
        self.forget_links_out_of_use(now);
        // New addresses before the services on them.
        if self.aim == Aim::Serve && self.addresses.are_up() {
            self.raise_addresses();
        }
        if self.fos.runs() {
            self.act(Action::ReloadFos);
        }
    }

    /// Nobody reports any more of a link that is not watched.
    fn forget_links_out_of_use(&mut self, now: Moment) {
        let has_private_link = self.settings.partner.is_some_and(|partner| partner.private.is_some());
        if !self.settings.watches_links() {
            self.links = Links::default();
            self.review_links(now);
        } else if !has_private_link {
            self.links.forget(Link::Private);
            self.review_links(now);
        }
    }

    fn wants_control(&self) -> bool {
        self.control != Control::Shared
    }

    fn has_network_fault(&self) -> bool {
        matches!(self.network, Network::Fault { .. } | Network::Rechecking)
    }

    /// The state may have changed, and this is why.
    fn because(&mut self, cause: Cause, now: Moment) {
        self.history.note(self.state(), cause, now);
    }

    fn log(&mut self, line: Line) {
        self.act(Action::Log(line));
    }

    fn act(&mut self, action: Action) {
        self.actions.push(action);
    }
}
