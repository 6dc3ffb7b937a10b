//! The state machine of one router (specification pulse.md section 12).

mod account;
mod decisions;
mod departure;
mod hand_over;
mod hot_standby;
mod service;

use crate::Moment;
use crate::datagram::Message;
use crate::event::{Action, Event, Link, SyncMode};
use crate::history::{Cause, History};
use crate::hold_down::{Activations, HoldDown};
use crate::lateness::Lateness;
use crate::line::Line;
use crate::links::Links;
use crate::overlap::Overlap;
use crate::partner::Heard;
use crate::reception::Complaints;
use crate::settings::{Role, Settings};
use crate::supervision::Supervision;
use departure::{Ending, Reason};
pub use hand_over::{Obstacle, Progress};
use service::Addresses;
use std::time::Duration;

/// One router's part in the pair.
///
/// ```text
///                 partner dead, partner inactive, forced
///        ┌───────────────────────────────────────────────────┐
///        │                                                   ▼
///   Ready, LinkDown, Failed ◄──addresses off── Leaving ◄── Active ──► Active (lvsd restarts)
///        │                                       │      tie, link, lvsd,
///        └────────── signal ──────► Ending ◄─────┘      signal
/// ```
#[derive(Debug)]
pub struct Machine {
    settings: Settings,
    duty: Duty,
    /// Why it became inactive; nothing as long as it was not active, or is.
    departure: Option<Reason>,
    addresses: Addresses,
    lvsd: Supervision,
    heard: Heard,
    /// Since when this router is active, or was.
    active_since: Moment,
    overlap: Overlap,
    complaints: Complaints,
    /// A partner that yielded may still be announcing until then.
    announce_again: Option<Moment>,
    history: History,
    links: Links,
    link_failure: Option<LinkFailure>,
    /// A private link that is down was no reason for the partner to serve: it is no reason to leave any more.
    private_link_excused: bool,
    hold_down: HoldDown,
    activations: Activations,
    hand_over: hand_over::Part,
    send_due: Moment,
    dead_due: Moment,
    /// Whether a heartbeat has been sent: nobody says goodbye who has not spoken.
    spoken: bool,
    /// No second answer to a tie before.
    tie_answered_until: Moment,
    lateness: Lateness,
    actions: Vec<Action>,
}

/// What the router has decided to do.
#[derive(Debug, Clone, Copy)]
enum Duty {
    /// Not active: the floating addresses are off.
    Standby,
    /// Active from the decision on.
    Active,
    /// No more active, but the floating addresses are not yet off.
    Leaving(Reason, Moment),
    /// Says goodbye, waits for lvsd's end.
    Ending(Ending),
    /// Nothing follows.
    Ended,
}

/// Why a router is in `LinkDown`.
#[derive(Debug, Clone, Copy)]
enum LinkFailure {
    Public,
    PrivateOnly { since: Moment },
}

impl LinkFailure {
    /// The link that is to blame.
    fn link(self) -> Link {
        match self {
            Self::Public => Link::Public,
            Self::PrivateOnly { .. } => Link::Private,
        }
    }
}

/// The named states of pulse.md section 12, and those between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Inactive, and able to take over.
    Ready,
    /// Owns the floating addresses, or is about to.
    Active,
    /// Inactive because of a link.
    LinkDown,
    /// Inactive because lvsd could not be kept running.
    Failed,
    /// On the way from active to inactive.
    Leaving,
    /// On the way out, or gone.
    Ending,
}

impl Machine {
    /// A router that has just bound its sockets. [`Event::Start`] comes next.
    pub fn new(settings: Settings, now: Moment) -> Self {
        Self {
            send_due: now + settings.keepalive,
            dead_due: now + settings.deadtime,
            settings,
            duty: Duty::Standby,
            departure: None,
            addresses: Addresses::default(),
            lvsd: Supervision::default(),
            heard: Heard::nothing(now),
            active_since: now,
            overlap: Overlap::default(),
            complaints: Complaints::default(),
            announce_again: None,
            history: History::new(now),
            links: Links::default(),
            link_failure: None,
            private_link_excused: false,
            hold_down: HoldDown::default(),
            activations: Activations::default(),
            hand_over: hand_over::Part::default(),
            spoken: false,
            tie_answered_until: Moment::ZERO,
            lateness: Lateness::default(),
            actions: Vec::new(),
        }
    }

    /// The state, by name.
    pub fn state(&self) -> State {
        match self.duty {
            Duty::Active => State::Active,
            Duty::Leaving(..) => State::Leaving,
            Duty::Ending(_) | Duty::Ended => State::Ending,
            Duty::Standby if self.link_failure.is_some() => State::LinkDown,
            Duty::Standby if self.hold_down.failed => State::Failed,
            Duty::Standby => State::Ready,
        }
    }

    /// Tells the machine what happened; answers with what is to be done, in this order.
    pub fn on(&mut self, event: Event, now: Moment) -> Vec<Action> {
        if matches!(self.duty, Duty::Ended) {
            return Vec::new();
        }
        if let Some(by) = self.lateness.notice(self.next_wake(), self.settings.deadtime / 2, now) {
            self.recover_from_stall(by, now);
        }
        match event {
            Event::Start { force_active } => self.start(force_active, now),
            Event::Received(datagrams) => self.receive(&datagrams, now),
            Event::Introduced => self.introduce(now),
            Event::Wake => self.wake(now),
            Event::LvsdReady => self.lvsd_ready(now),
            Event::LvsdEnded(ending) => self.lvsd_ended(ending, now),
            Event::AddressesRaised { missing } => self.addresses_raised(missing, now),
            Event::AddressesDropped { remaining } => self.addresses_dropped(remaining, now),
            Event::LinkState { link, up } => self.links.report(link, up, now),
            Event::Terminate { signal } => self.terminate(Line::Terminating { signal }, now),
            Event::MarkedInactive => self.terminate(Line::MarkedInactive, now),
            Event::ConnectionsTold => self.connections_told(now),
            Event::HandOver => self.fail_over(now),
            Event::Reconfigured(settings) => self.reconfigure(settings, now),
            // Of the other service.
            Event::FosEnded(_) | Event::Gateway { .. } => {}
        }
        self.end_if_done();
        self.history.follow(self.state(), now);
        std::mem::take(&mut self.actions)
    }

    /// When [`Event::Wake`] is wanted, at the latest; never again after [`Action::Exit`].
    pub fn next_wake(&self) -> Option<Moment> {
        let patience = self.settings.stop_patience();
        match self.duty {
            Duty::Ended => return None,
            Duty::Ending(ending) => {
                return [ending.next_wake(), self.lvsd.next_wake(patience)].into_iter().flatten().min();
            }
            Duty::Standby | Duty::Active | Duty::Leaving(..) => {}
        }
        [
            Some(self.send_due),
            Some(self.dead_due),
            self.lvsd.next_wake(patience),
            self.announce_again,
            self.addresses.next_wake(),
            self.links.next_wake(),
            self.hand_over.next_wake(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn start(&mut self, force_active: bool, now: Moment) {
        self.log(match self.settings.role {
            Role::Primary => Line::StartingAsMaster,
            Role::Backup => Line::StartingAsBackup,
        });
        self.act(Action::RunInactiveCommand);
        self.sync(SyncMode::Backup);
        if force_active {
            self.go_active(Line::ForcedActive, Cause::Forced, now);
        }
    }

    /// An active router that was not heard for `deadtime` may have been replaced, and must not draw the neighbours to itself
    /// before it has listened. If nobody serves now, somebody may have, so they are told again after that.
    fn recover_from_stall(&mut self, by: Duration, now: Moment) {
        self.heard.listen_anew(now);
        self.lvsd.excuse(by);
        let Settings { keepalive, deadtime, .. } = self.settings;
        if matches!(self.duty, Duty::Active) && self.settings.speaks() && by + keepalive >= deadtime {
            self.log(Line::MayBeReplaced { by });
            self.act(Action::StopAnnouncing);
            self.announce_again = self.addresses.are_up().then_some(now + deadtime);
        }
    }

    fn wake(&mut self, now: Moment) {
        self.supervise(now);
        self.keep_hot(now);
        self.announce_again_if_due(now);
        self.try_addresses_again(now);
        self.settle_links(now);
        self.go_on_with_hand_over(now);
        for line in self.complaints.overdue(now) {
            self.log(line);
        }
        if let Duty::Ending(_) = self.duty {
            self.say_goodbye(now);
        } else {
            self.judge_silence(now);
            self.report_silent_links(now);
            self.send_if_due(now);
        }
        self.lateness.caught_up();
    }

    fn send_if_due(&mut self, now: Moment) {
        if now < self.send_due {
            return;
        }
        match self.duty {
            // The backup that lost a tie has said its last RUNNING.
            Duty::Leaving(Reason::Tie, _) => self.send_due = now + self.settings.keepalive,
            Duty::Active | Duty::Leaving(..) => self.send(Message::Running, now),
            Duty::Standby | Duty::Ending(_) | Duty::Ended => self.send(Message::Stopped, now),
        }
    }

    fn send(&mut self, message: Message, now: Moment) {
        self.send_due = now + self.settings.keepalive;
        if self.settings.speaks() {
            self.spoken = true;
            self.choose_part(now);
            self.log(Line::SendingHeartbeat);
            self.act(Action::Send { message, order: self.heard.order });
        }
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

    fn reconfigure(&mut self, settings: Settings, now: Moment) {
        let role = self.settings.role;
        let before = std::mem::replace(&mut self.settings, Settings { role, ..settings });
        self.send_due = self.send_due.min(now + self.settings.keepalive);
        if self.settings.partner != before.partner {
            self.heard = Heard::nothing(now);
        }
        // Whoever changed the file may have mended what kept lvsd from running.
        self.hold_down.end();
        // A partner that has moved gets as much time as one that was never heard.
        if (self.settings.deadtime, self.settings.partner) != (before.deadtime, before.partner) {
            self.dead_due = now + self.settings.deadtime;
        }
        self.forget_links_out_of_use(now);
        if self.lvsd.runs() {
            self.act(Action::ReloadLvsd);
        }
        if before.speaks() && !self.settings.speaks() {
            self.act(Action::Sync(SyncMode::Off));
        }
        let serves = self.lvsd.is_ready() && matches!(self.duty, Duty::Active);
        self.sync(if serves { SyncMode::Master } else { SyncMode::Backup });
        if matches!(self.duty, Duty::Active) && self.addresses.are_up() {
            self.raise_addresses();
        }
        if self.settings.hot_standby != before.hot_standby && matches!(self.duty, Duty::Standby) {
            self.stop_idle_lvsd(now);
            self.keep_hot(now);
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

    /// The sync daemon is for a pair.
    fn sync(&mut self, mode: SyncMode) {
        if self.settings.speaks() {
            self.act(Action::Sync(mode));
        }
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

    fn links_failed_with_private_only(&self) -> Option<Moment> {
        match self.link_failure {
            Some(LinkFailure::PrivateOnly { since }) => Some(since),
            Some(LinkFailure::Public) | None => None,
        }
    }

    fn is_down(&self, link: Link) -> bool {
        self.settings.watches_links() && self.links.is_down(link)
    }
}
