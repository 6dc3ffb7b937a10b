//! Who shall serve: what is heard, silence, links, the gateway (the state table of specification pulse.md 20.2).

use super::{Aim, Control, FosMachine, Network};
use crate::Moment;
use crate::datagram::Message;
use crate::event::{Action, Datagram, Link};
use crate::history::Cause;
use crate::line::Line;
use crate::partner::{AFTER_YIELD, Back, Change};
use crate::reception::{Said, judge_fos};
use crate::settings::{Role, Settings};
use std::time::Duration;

/// How often the gateway is asked whether a network fault is over.
const GATEWAY_AGAIN: Duration = Duration::from_secs(5);
/// A check of the gateway takes up to three seconds; whether the partner is dead is judged after it.
const GATEWAY_PATIENCE: Duration = Duration::from_millis(500);

impl FosMachine {
    /// Of everything that was queued only the newest heartbeat of each link counts.
    pub(super) fn receive(&mut self, datagrams: &[Datagram], now: Moment) {
        let mut newest = [(Link::Private, None), (Link::Public, None)];
        for datagram in datagrams {
            match judge_fos(datagram, self.settings.partner.as_ref()) {
                Ok(_) if datagram.outdated => {
                    let back = self.heard.hear_link(datagram.link, self.settings.deadtime, now);
                    self.tell_back(back);
                }
                Ok((message, order)) => {
                    self.heard.order = order;
                    self.heard.original = datagram.original;
                    for (_, said) in newest.iter_mut().filter(|(link, _)| *link == datagram.link) {
                        *said = Some(message);
                    }
                }
                Err(complaint) => {
                    if let Some(line) = self.complaints.note(complaint, datagram.source, now) {
                        self.log(line);
                    }
                }
            }
        }
        for (link, said) in newest {
            if let Some(message) = said {
                self.hear(message, link, now);
            }
        }
    }

    fn hear(&mut self, message: Message, link: Link, now: Moment) {
        self.log(Line::ReceivedHeartbeat { message, link });
        let said = if message == Message::FosStopped { Said::Stopped } else { Said::Running };
        let change = self.heard.hear(said, link, self.settings.deadtime, now);
        self.tell_back(change.back);
        self.dead_due = now + self.settings.deadtime;
        self.lateness.forgive();
        if let (Link::Public, Network::Fault { .. }) = (link, self.network) {
            self.network = Network::Fault { again: now };
            self.recheck_gateway(now);
        }
        match (self.aim, said) {
            (Aim::Serve, Said::Running) => self.answer_tie(message == Message::StopMe, now),
            (Aim::Serve, Said::Stopped) => {
                self.control = Control::Shared;
                self.tell_overlap();
                self.announce_after(change, now);
                self.offer_service(now);
            }
            (Aim::Watch, Said::Running) => {
                self.hold_down.failed = false;
                self.because(Cause::PartnerServes, now);
            }
            (Aim::Watch, Said::Stopped) => self.consider_inactive_partner(now),
            (Aim::End { .. } | Aim::Ended, _) => {}
        }
    }

    fn tell_back(&mut self, back: Option<Back>) {
        if let Some(back) = back {
            self.log(back.line());
        }
    }

    /// As with `service = lvs`.
    fn announce_after(&mut self, change: Change, now: Moment) {
        let unheard = matches!(change.back, Some(Back::Partner { .. }));
        let original_yielded = change.yielded && self.heard.original;
        if self.addresses.are_up() && (unheard || original_yielded) {
            self.act(Action::Announce);
            self.announce_again = original_yielded.then_some(now + AFTER_YIELD);
        }
    }

    pub(super) fn tell_overlap(&mut self) {
        if let Some(line) = self.overlap.end() {
            self.log(line);
        }
    }

    /// Both routers are active: the primary stays, the backup yields, unless one has found the other's service failed.
    fn answer_tie(&mut self, told_to_stop: bool, now: Moment) {
        if !told_to_stop && !self.wants_control() {
            self.overlap.extend(self.active_since, self.heard.active_since(), now);
        }
        match self.settings.role {
            Role::Primary if told_to_stop => {
                self.log(Line::FosToldToStop);
                self.watch(Cause::ToldToStop, now);
                // Its services have failed: it does not take them back from a living partner at once (F13).
                self.hold_down.served(now.saturating_sub(self.active_since));
                self.hold_down.begin(now);
            }
            Role::Backup if !self.wants_control() => {
                self.log(Line::FosTieDeactivating);
                self.send(Message::FosRunning, now);
                self.yielding = true;
                self.watch(Cause::Tie, now);
            }
            Role::Primary | Role::Backup if now < self.tie_answered_until => {}
            role => {
                self.tie_answered_until = now + self.settings.keepalive;
                self.log(match role {
                    Role::Primary => Line::FosPartnerActive,
                    Role::Backup => Line::FosTieWantsControl,
                });
                self.send(self.says(), now);
                if self.addresses.are_up() {
                    self.announce_again = None;
                    self.act(Action::Announce);
                }
            }
        }
    }

    fn consider_inactive_partner(&mut self, now: Moment) {
        let starting = self.settings.role == Role::Backup
            && !self.heard.was_running
            && !self.heard.stopped_for(self.settings.keepalive, now);
        if self.link_failed || self.has_network_fault() || starting || self.is_held_down(now) {
            return;
        }
        let (line, cause) = match self.settings.role {
            Role::Primary => (Line::FosBackupInactive, Cause::BackupInactive),
            Role::Backup => (Line::FosPrimaryInactive, Cause::PrimaryInactive),
        };
        self.serve(line, cause, now);
    }

    /// As with `service = lvs`.
    fn is_held_down(&mut self, now: Moment) -> bool {
        let Some(until) = self.hold_down.until(now) else { return false };
        let Settings { keepalive, deadtime, .. } = self.settings;
        let over = self.heard.leaves_service(self.hold_down.patience(deadtime), keepalive, now);
        if over {
            self.log(Line::NobodyServes { left: until.saturating_sub(now) });
            self.hold_down.end();
        }
        !over
    }

    /// Active from now on, whatever it takes to serve.
    pub(super) fn serve(&mut self, line: Line, cause: Cause, now: Moment) {
        self.log(line);
        self.take_services(cause, now);
    }

    fn take_services(&mut self, cause: Cause, now: Moment) {
        self.hold_down.failed = false;
        self.network = Network::Fine;
        if let Some(count) = self.activations.count(now) {
            self.log(Line::ManyActivations { count });
        }
        self.yielding = false;
        if self.is_inactive() {
            self.active_since = now;
        }
        self.aim = Aim::Serve;
        self.because(cause, now);
        self.send(self.says(), now);
    }

    fn watch(&mut self, cause: Cause, now: Moment) {
        self.tell_overlap();
        self.control = Control::Shared;
        self.aim = Aim::Watch;
        self.because(cause, now);
    }

    /// The dead timer. It does not help to serve where the network ends at this router.
    pub(super) fn judge_silence(&mut self, now: Moment) {
        if now < self.dead_due {
            return;
        }
        if let Network::Checking | Network::Rechecking = self.network {
            self.dead_due = now + GATEWAY_PATIENCE;
            return;
        }
        self.dead_due = now + self.settings.deadtime;
        self.tell_overlap();
        if self.aim == Aim::Serve {
            self.control = Control::Shared;
            return;
        }
        if self.is_down(Link::Public) || self.has_network_fault() {
            return;
        }
        if let Some(by) = self.lateness.excuse() {
            self.log(Line::LoopLate { by });
            return;
        }
        self.heard.forget();
        // That the links are silent needs no lines of its own then.
        let _ = self.newly_silent(now);
        self.hold_down.end();
        self.link_failed = false;
        self.control = Control::Shared;
        self.serve(Line::FosPartnerDead, Cause::PartnerDead, now);
    }

    /// The check of the gateway is over: whose fault is it that a service of the partner does not answer?
    pub(super) fn gateway_checked(&mut self, answers: bool, now: Moment) {
        let checked = self.network;
        if !matches!(checked, Network::Checking | Network::Rechecking) {
            return;
        }
        self.network = if answers { Network::Fine } else { Network::Fault { again: now + GATEWAY_AGAIN } };
        match (checked, answers) {
            (Network::Checking, true) => {
                self.log(Line::FosSeesGateway);
                self.take_over(now);
            }
            (Network::Checking, false) => {
                self.log(Line::FosNoGateway);
                self.log(Line::FosNetworkFault);
                self.because(Cause::GatewaySilent, now);
            }
            (_, true) => {
                self.log(Line::FosNetworkFixed);
                self.because(Cause::GatewayAnswers, now);
                self.dead_due = now + self.settings.deadtime;
            }
            (_, false) => {}
        }
    }

    fn take_over(&mut self, now: Moment) {
        if self.aim != Aim::Watch || self.link_failed {
            return;
        }
        if self.hold_down.holds(now) {
            return self.start_again_later(Duration::ZERO, now);
        }
        self.log(Line::FosRemoteFault);
        self.control = Control::Wanted;
        self.take_services(Cause::ServiceFailed, now);
    }

    pub(super) fn recheck_gateway(&mut self, now: Moment) {
        if let Network::Fault { again } = self.network
            && now >= again
        {
            self.network = Network::Rechecking;
            self.act(Action::CheckGateway);
        }
    }

    /// A router without its public link cannot serve; one without its private link need not, while the partner lives.
    pub(super) fn settle_links(&mut self, now: Moment) {
        let changed = self.links.settle(now);
        if changed.is_empty() || !self.settings.watches_links() {
            return;
        }
        for link in changed {
            if !self.link_failed && self.links.is_down(link) {
                self.log(match link {
                    Link::Public => Line::PublicLinkDown,
                    Link::Private => Line::PrivateLinkDown,
                });
            }
        }
        self.review_links(now);
    }

    /// What the state of the links means.
    pub(super) fn review_links(&mut self, now: Moment) {
        let private = self.is_down(Link::Private) && self.heard.alive(self.settings.deadtime, now);
        let failed = self.is_down(Link::Public) || private;
        let down = Cause::LinkDown(if self.is_down(Link::Public) { Link::Public } else { Link::Private });
        match (std::mem::replace(&mut self.link_failed, failed), failed) {
            (false, true) if self.aim == Aim::Serve && self.wants_control() => {
                self.log(Line::FosLinkWantsControl);
            }
            (false, true) if self.aim == Aim::Serve => {
                self.log(Line::FosLinkDeactivating);
                self.watch(down, now);
            }
            (false, true) => {
                self.log(Line::LinkFailureDisabled);
                self.because(down, now);
            }
            (true, false) => {
                self.log(Line::LinksRestored);
                self.because(Cause::LinksRestored, now);
            }
            _ => {}
        }
    }

    fn is_down(&self, link: Link) -> bool {
        self.settings.watches_links() && self.links.is_down(link)
    }
}
