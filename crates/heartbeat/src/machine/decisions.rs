//! Who shall be active: what is heard, silence, links.

use super::{Duty, LinkFailure, Machine, Reason};
use crate::Moment;
use crate::datagram::Message;
use crate::event::{Action, Datagram, Link};
use crate::history::Cause;
use crate::line::Line;
use crate::partner::{AFTER_YIELD, Back, Change};
use crate::reception::{Said, judge};
use crate::settings::{Role, Settings};

impl Machine {
    /// Of everything that was queued only the newest heartbeat of each link counts.
    pub(super) fn receive(&mut self, datagrams: &[Datagram], now: Moment) {
        let mut private = None;
        let mut public = None;
        for datagram in datagrams {
            match judge(datagram, self.settings.partner.as_ref()) {
                Ok(_) if datagram.outdated => {
                    let back = self.heard.hear_link(datagram.link, self.settings.deadtime, now);
                    self.tell_back(back);
                }
                Ok((said, order)) => {
                    self.heard.order = order;
                    self.heard.original = datagram.original;
                    let said = Some((said, datagram.hand_over));
                    match datagram.link {
                        Link::Private => private = said,
                        Link::Public => public = said,
                    }
                }
                Err(complaint) => {
                    if let Some(line) = self.complaints.note(complaint, datagram.source, now) {
                        self.log(line);
                    }
                }
            }
        }
        for (link, said) in [(Link::Private, private), (Link::Public, public)] {
            if let Some((said, part)) = said {
                self.hand_over.note(said, part);
                self.hear(said, link, now);
                self.hear_hand_over(said, part, now);
            }
        }
    }

    fn hear(&mut self, said: Said, link: Link, now: Moment) {
        self.log(Line::ReceivedHeartbeat { message: Message::from(said), link });
        let change = self.heard.hear(said, link, self.settings.deadtime, now);
        self.tell_back(change.back);
        self.dead_due = now + self.settings.deadtime;
        self.lateness.forgive();
        match (self.duty, said) {
            (Duty::Active, Said::Running) => self.answer_tie(now),
            (Duty::Active, Said::Stopped) => {
                self.tell_overlap();
                self.announce_after(change, now);
                self.offer_service(now);
            }
            (Duty::Standby, Said::Running) => {
                self.hold_down.failed = false;
                self.because(Cause::PartnerServes, now);
            }
            (Duty::Standby, Said::Stopped) => self.consider_inactive_partner(now),
            _ => {}
        }
    }

    fn tell_back(&mut self, back: Option<Back>) {
        if let Some(back) = back {
            self.log(back.line());
        }
    }

    /// The partner does not serve, but it may have served while it was not heard. A tie has been answered with a round of
    /// announcements already, which ours does not disturb; an original goes on with its own.
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

    /// Both routers are active: the primary stays, the backup yields.
    fn answer_tie(&mut self, now: Moment) {
        self.overlap.extend(self.active_since, self.heard.active_since(), now);
        match self.settings.role {
            Role::Primary if now >= self.tie_answered_until => {
                self.tie_answered_until = now + self.settings.keepalive;
                self.announce_again = None;
                self.log(Line::ResendingArps);
                // The partner yields when it hears this, and not only when the next heartbeat is due.
                self.send(Message::Running, now);
                if self.addresses.are_up() {
                    self.raise_addresses();
                }
            }
            Role::Primary => {}
            // It was on its way, or the primary leaves as soon as it hears this router.
            Role::Backup if self.hand_over.partner_offers() => {}
            Role::Backup => {
                self.log(Line::TieDeactivating);
                // An original primary announces again only when it hears this.
                self.send(Message::Running, now);
                self.leave(Reason::Tie, now);
            }
        }
    }

    /// The partner lives and does not serve.
    fn consider_inactive_partner(&mut self, now: Moment) {
        // What the partner said before it heard that it shall serve.
        if self.hand_over.is_handed_over() {
            return;
        }
        if self.link_forbids(now) || self.partner_may_just_be_starting(now) || self.is_held_down(now) {
            return;
        }
        let (line, cause) = match self.settings.role {
            Role::Primary => (Line::BackupInactive, Cause::BackupInactive),
            Role::Backup => (Line::PrimaryInactive, Cause::PrimaryInactive),
        };
        self.go_active(line, cause, now);
    }

    /// The hold-down leaves the service to the partner. One that had time to take it and did not cannot: an original whose
    /// lvsd has died waits for this router's RUNNING.
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

    /// At a cold start of both the primary shall win: it acts on the first STOPPED, the backup on a later one.
    fn partner_may_just_be_starting(&self, now: Moment) -> bool {
        self.settings.role == Role::Backup
            && !self.heard.was_running
            && !self.heard.stopped_for(self.settings.keepalive, now)
    }

    /// With the private link alone down, a partner that does not want to serve after `deadtime` has the same trouble.
    fn link_forbids(&self, now: Moment) -> bool {
        match self.link_failure {
            None => false,
            Some(LinkFailure::Public) => true,
            Some(LinkFailure::PrivateOnly { since }) => now < since + self.settings.deadtime,
        }
    }

    /// The dead timer.
    pub(super) fn judge_silence(&mut self, now: Moment) {
        if now < self.dead_due {
            return;
        }
        self.dead_due = now + self.settings.deadtime;
        self.tell_overlap();
        if !matches!(self.duty, Duty::Standby) || matches!(self.link_failure, Some(LinkFailure::Public)) {
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
        self.go_active(Line::PartnerDead, Cause::PartnerDead, now);
    }

    pub(super) fn settle_links(&mut self, now: Moment) {
        let changed = self.links.settle(now);
        if changed.is_empty() || !self.settings.watches_links() {
            return;
        }
        let already_disabled = self.link_failure.is_some();
        for link in changed {
            if !already_disabled && self.links.is_down(link) {
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
        if !self.is_down(Link::Private) {
            self.private_link_excused = false;
        }
        let failure = self.judge_links(now);
        match (self.link_failure.is_some(), failure) {
            (false, Some(failure)) => self.disable(failure, now),
            (true, None) => {
                self.link_failure = None;
                self.log(Line::LinksRestored);
                self.because(Cause::LinksRestored, now);
            }
            _ => self.link_failure = failure,
        }
    }

    /// A router without its public link cannot serve. One without its private link can, if nobody else does.
    fn judge_links(&self, now: Moment) -> Option<LinkFailure> {
        if self.is_down(Link::Public) {
            return Some(LinkFailure::Public);
        }
        let matters = self.is_down(Link::Private)
            && !self.private_link_excused
            && self.heard.alive(self.settings.deadtime, now);
        let since = self.links_failed_with_private_only().unwrap_or(now);
        matters.then_some(LinkFailure::PrivateOnly { since })
    }

    fn disable(&mut self, failure: LinkFailure, now: Moment) {
        self.link_failure = Some(failure);
        match self.duty {
            Duty::Active => {
                self.log(Line::LinkFailureDeactivating);
                self.leave(Reason::Link, now);
            }
            Duty::Standby => {
                self.log(Line::LinkFailureDisabled);
                self.because(Cause::LinkDown(failure.link()), now);
                self.cannot_prepare(now);
            }
            Duty::Leaving(..) | Duty::Ending(_) | Duty::Ended => {}
        }
    }
}
