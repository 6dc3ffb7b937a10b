//! Planned hand-over: the partner programs its table before this router lets go (`docs/heartbeat.md`).
//!
//! ```text
//!          active router                                standby
//!   told to end, or `failover` ──── offered ───►  starts lvsd, addresses stay off
//!                              ◄─── prepared ───  the table is programmed
//!   addresses off              ──── STOPPED ───►  addresses up
//!                              ◄─── RUNNING ────  from the decision on
//! ```
//!
//! `failover` on the standby begins with `wanted`, which the active router answers with its offer.

mod obstacle;

pub use obstacle::Obstacle;

use super::{Duty, Machine, Reason};
use crate::Moment;
use crate::datagram::Message;
use crate::event::Action;
use crate::line::{HandOverLine, Line};
use crate::reception::Said;
use crate::trailer::HandOver;
use std::time::Duration;

/// A router that ends waits no longer for its partner to prepare, nor longer than `deadtime`.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// One that goes on serving meanwhile has time: more than lvsd has for its table.
const PATIENCE: Duration = Duration::from_secs(12);
/// What takes no lvsd: telling connections, and saying RUNNING; never longer than `deadtime` either.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);
/// What is not answered is said again: a datagram may be lost.
const AGAIN: Duration = Duration::from_millis(100);
/// Heartbeats may overtake each other: an offer is taken back only by one that comes so long after it.
const OVERTAKING: Duration = Duration::from_millis(500);
/// lvsd that failed while this router prepared is not tried again for so long.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// This router's part in a hand-over.
#[derive(Debug, Default)]
pub(super) struct Part {
    stage: Stage,
    progress: Progress,
    /// What the newest heartbeat of the partner says, and of its own part.
    partner: Option<(Said, Option<HandOver>)>,
    /// lvsd has failed to prepare.
    unable_until: Moment,
    /// What this router says of its part.
    said: Option<HandOver>,
    /// When that is said again.
    again: Moment,
}

#[derive(Debug, Default, Clone, Copy)]
enum Stage {
    #[default]
    None,
    /// Active, and waits until the partner is prepared.
    Offering { why: Why, since: Moment },
    /// Active, and tells the prepared partner its connections.
    Telling { why: Why, since: Moment },
    /// Inactive, with lvsd started; the addresses stay off.
    Preparing { asked: bool, since: Moment, offered: Option<Moment> },
    /// Inactive, and waits until the partner says RUNNING.
    HandedOver { since: Moment },
}

/// Why the service is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// SIGTERM or SIGINT.
    Signal,
    /// `failover` on this router.
    Asked,
    /// `failover` on the partner.
    Wanted,
}

/// What became of the last [`Event::HandOver`](crate::Event::HandOver).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There was none.
    #[default]
    None,
    /// The partner is waited for.
    UnderWay,
    /// The other router is the active one.
    Done,
    /// Nothing has changed.
    Failed(Obstacle),
}

impl Part {
    pub(super) fn next_wake(&self) -> Option<Moment> {
        (!matches!(self.stage, Stage::None)).then_some(self.again)
    }

    /// The partner has spoken.
    pub(super) fn note(&mut self, said: Said, part: Option<HandOver>) {
        self.partner = Some((said, part));
    }

    /// What this router says of its part, since it last spoke.
    pub(super) fn said(&self) -> Option<HandOver> {
        self.said
    }

    /// Whether the active partner has said that it will leave.
    pub(super) fn partner_offers(&self) -> bool {
        matches!(self.partner, Some((Said::Running, Some(HandOver::Offered))))
    }

    /// Whether the partner may still be about to take what it was given.
    pub(super) fn is_handed_over(&self) -> bool {
        matches!(self.stage, Stage::HandedOver { .. })
    }

    /// Whether this router ends as soon as it has left.
    pub(super) fn ends(&self) -> bool {
        let why = match self.stage {
            Stage::Offering { why, .. } | Stage::Telling { why, .. } => Some(why),
            Stage::None | Stage::Preparing { .. } | Stage::HandedOver { .. } => None,
        };
        why == Some(Why::Signal)
    }

    /// Whether lvsd shall run though this router is not active.
    pub(super) fn is_preparing(&self) -> bool {
        matches!(self.stage, Stage::Preparing { .. })
    }

    fn was_asked(&self) -> bool {
        self.progress == Progress::UnderWay
    }

    /// The hand-over is over, whatever became of it.
    fn finish(&mut self, progress: Progress) {
        self.stage = Stage::None;
        if self.was_asked() {
            self.progress = progress;
        }
    }
}

impl Machine {
    /// What became of the last [`Event::HandOver`](crate::Event::HandOver).
    pub fn progress(&self) -> Progress {
        self.hand_over.progress
    }

    /// An administrator wants the other router to be active.
    pub(super) fn fail_over(&mut self, now: Moment) {
        self.tell(HandOverLine::Asked);
        if let Err(obstacle) = self.begin_hand_over(now) {
            self.tell(HandOverLine::Refused(obstacle));
            if obstacle != Obstacle::UnderWay {
                self.hand_over.progress = Progress::Failed(obstacle);
            }
        }
    }

    fn begin_hand_over(&mut self, now: Moment) -> Result<(), Obstacle> {
        if !matches!(self.hand_over.stage, Stage::None) {
            return Err(Obstacle::UnderWay);
        }
        match self.duty {
            Duty::Active => {
                self.partner_takes(now)?;
                self.hand_over.progress = Progress::UnderWay;
                self.offer(Why::Asked, now);
            }
            Duty::Standby => {
                self.partner_gives(now)?;
                if !self.is_able(now) {
                    return Err(Obstacle::Unable);
                }
                self.hand_over.progress = Progress::UnderWay;
                self.prepare(true, now);
            }
            Duty::Leaving(..) | Duty::Ending(_) | Duty::Ended => return Err(Obstacle::Leaving),
        }
        Ok(())
    }

    /// SIGTERM or SIGINT on the active router. A second one waits no more.
    pub(super) fn leave_in_order(&mut self, now: Moment) {
        let waits = self.hand_over.ends();
        match self.partner_takes(now) {
            Ok(()) if !waits => self.offer(Why::Signal, now),
            _ => self.leave(Reason::Signal, now),
        }
    }

    /// What follows from the partner's part, after what follows from its message.
    pub(super) fn hear_hand_over(&mut self, said: Said, part: Option<HandOver>, now: Moment) {
        match (self.duty, self.hand_over.stage) {
            (Duty::Active, Stage::None) if (said, part) == (Said::Stopped, Some(HandOver::Wanted)) => {
                self.offer(Why::Wanted, now);
            }
            (Duty::Active, Stage::Offering { why, since }) => match self.partner_takes(now) {
                Err(obstacle) => self.stop_offering(obstacle, now),
                Ok(()) if part == Some(HandOver::Prepared) => {
                    self.tell(HandOverLine::PartnerPrepared { waited: now.saturating_sub(since) });
                    self.hand_over.stage = Stage::Telling { why, since: now };
                    self.act(Action::TellConnections);
                }
                Ok(()) => {}
            },
            (Duty::Active, Stage::Telling { .. }) => {
                if let Err(obstacle) = self.partner_takes(now) {
                    self.stop_offering(obstacle, now);
                }
            }
            (Duty::Standby, Stage::HandedOver { .. }) if said == Said::Running => {
                self.hand_over.finish(Progress::Done);
            }
            (Duty::Standby, Stage::None | Stage::Preparing { .. }) if self.hand_over.partner_offers() => {
                self.take_offer(now);
            }
            (Duty::Standby, Stage::Preparing { offered: Some(offered), .. })
                if said == Said::Running && now >= offered + OVERTAKING =>
            {
                self.stop_preparing(Obstacle::TakenBack, now);
            }
            _ => {}
        }
    }

    /// The partner can go on with them: the addresses may go.
    pub(super) fn connections_told(&mut self, now: Moment) {
        if let (Duty::Active, Stage::Telling { why, .. }) = (self.duty, self.hand_over.stage) {
            let reason = if why == Why::Signal { Reason::Signal } else { Reason::HandOver };
            self.leave(reason, now);
        }
    }

    /// Says again what was not answered, and does not wait for ever.
    pub(super) fn go_on_with_hand_over(&mut self, now: Moment) {
        if self.hand_over.next_wake().is_none_or(|at| now < at) {
            return;
        }
        match self.hand_over.stage {
            Stage::None => {}
            Stage::Offering { why, since } => match self.partner_takes(now) {
                Ok(()) if now < since + self.patience(why) => self.say_part(now),
                Ok(()) => self.stop_offering(Obstacle::NoAnswer { waited: self.patience(why) }, now),
                Err(obstacle) => self.stop_offering(obstacle, now),
            },
            Stage::Telling { since, .. } if now >= since + self.short_patience() => {
                self.connections_told(now);
            }
            Stage::Preparing { since, offered: None, .. } if now >= since + PATIENCE => {
                self.stop_preparing(Obstacle::NoAnswer { waited: PATIENCE }, now);
            }
            Stage::HandedOver { since } if now >= since + self.short_patience() => {
                self.tell(HandOverLine::GivenUp(Obstacle::NotTaken));
                self.hand_over.finish(Progress::Failed(Obstacle::NotTaken));
            }
            // Silence is the dead timer's business.
            Stage::Telling { .. } | Stage::Preparing { .. } | Stage::HandedOver { .. } => self.say_part(now),
        }
    }

    /// The addresses are off, and the partner has been told so.
    pub(super) fn handed_over(&mut self, now: Moment) {
        self.hand_over.stage = Stage::HandedOver { since: now };
        self.hand_over.again = now + AGAIN;
    }

    /// It leaves, for whatever reason.
    pub(super) fn forget_offer(&mut self, reason: Reason) {
        self.hand_over.stage = Stage::None;
        if reason != Reason::HandOver {
            self.hand_over.finish(Progress::Failed(Obstacle::Leaving));
        }
    }

    /// It serves, or is about to.
    pub(super) fn forget_preparation(&mut self) {
        let taken_back = self.hand_over.is_handed_over();
        self.hand_over.finish(if taken_back { Progress::Failed(Obstacle::NotTaken) } else { Progress::Done });
    }

    /// lvsd has programmed its table on a router that is not active.
    pub(super) fn prepared(&mut self, now: Moment) {
        if let Stage::Preparing { since, .. } = self.hand_over.stage {
            self.tell(HandOverLine::Prepared { took: now.saturating_sub(since) });
            self.say_part(now);
        }
    }

    /// lvsd has ended, or says nothing.
    pub(super) fn preparation_failed(&mut self, now: Moment) {
        if let Stage::Preparing { .. } = self.hand_over.stage {
            self.hand_over.unable_until = now + AFTER_FAILURE;
            self.stop_preparing(Obstacle::LvsdFailed, now);
        }
    }

    /// This router cannot serve any more.
    pub(super) fn cannot_prepare(&mut self, now: Moment) {
        if let Stage::Preparing { .. } = self.hand_over.stage {
            self.stop_preparing(Obstacle::Unable, now);
        }
    }

    /// What is said from now on.
    pub(super) fn choose_part(&mut self, now: Moment) {
        self.hand_over.said = match (self.duty, self.hand_over.stage) {
            (Duty::Active, Stage::Offering { .. } | Stage::Telling { .. }) => Some(HandOver::Offered),
            (Duty::Standby, Stage::Preparing { offered: Some(_), .. }) if self.lvsd.is_ready() => {
                Some(HandOver::Prepared)
            }
            (Duty::Standby, Stage::Preparing { asked: true, .. }) => Some(HandOver::Wanted),
            (Duty::Standby | Duty::Active, _) if self.is_able(now) => Some(HandOver::Able),
            _ => None,
        };
    }

    fn offer(&mut self, why: Why, now: Moment) {
        self.hand_over.stage = Stage::Offering { why, since: now };
        self.tell(HandOverLine::Offered);
        self.say_part(now);
    }

    fn stop_offering(&mut self, obstacle: Obstacle, now: Moment) {
        if self.hand_over.ends() {
            self.tell(HandOverLine::NotWaitedFor(obstacle));
            return self.leave(Reason::Signal, now);
        }
        self.tell(HandOverLine::GivenUp(obstacle));
        self.hand_over.finish(Progress::Failed(obstacle));
        self.say_part(now);
    }

    fn take_offer(&mut self, now: Moment) {
        if !self.is_able(now) {
            return;
        }
        if let Stage::None = self.hand_over.stage {
            self.prepare(false, now);
        }
        if let Stage::Preparing { offered, .. } = &mut self.hand_over.stage
            && offered.replace(now).is_none()
            && self.lvsd.is_ready()
        {
            self.say_part(now);
        }
    }

    fn prepare(&mut self, asked: bool, now: Moment) {
        self.hand_over.stage = Stage::Preparing { asked, since: now, offered: None };
        self.hand_over.again = now + AGAIN;
        if !self.lvsd.is_ready() {
            self.tell(HandOverLine::Preparing);
        }
        if asked {
            self.say_part(now);
        }
        self.start_lvsd(now);
    }

    fn stop_preparing(&mut self, obstacle: Obstacle, now: Moment) {
        self.tell(HandOverLine::NotPrepared(obstacle));
        self.hand_over.finish(Progress::Failed(obstacle));
        self.stop_idle_lvsd(now);
        self.say_part(now);
    }

    fn tell(&mut self, line: HandOverLine) {
        self.log(Line::HandOver(line));
    }

    /// A heartbeat that is not due.
    fn say_part(&mut self, now: Moment) {
        self.hand_over.again = now + AGAIN;
        match self.duty {
            Duty::Active => self.send(Message::Running, now),
            Duty::Standby => self.send(Message::Stopped, now),
            Duty::Leaving(..) | Duty::Ending(_) | Duty::Ended => {}
        }
    }

    fn patience(&self, why: Why) -> Duration {
        match why {
            Why::Signal => LAST_PATIENCE.min(self.settings.deadtime),
            Why::Asked | Why::Wanted => PATIENCE,
        }
    }

    fn short_patience(&self) -> Duration {
        SHORT_PATIENCE.min(self.settings.deadtime)
    }

    /// Whether this router would take the service over, or gives it away.
    fn is_able(&self, now: Moment) -> bool {
        let held = self.hold_down.failed || self.hold_down.holds(now) || now < self.hand_over.unable_until;
        self.settings.speaks()
            && match self.duty {
                Duty::Active => true,
                Duty::Standby => !held && self.link_failure.is_none(),
                Duty::Leaving(..) | Duty::Ending(_) | Duty::Ended => false,
            }
    }

    fn partner_takes(&self, now: Moment) -> Result<(), Obstacle> {
        match self.partner_part(now)? {
            (Said::Running, _) => Err(Obstacle::BothActive),
            (Said::Stopped, None) => Err(Obstacle::PartnerUnable),
            (Said::Stopped, Some(_)) => Ok(()),
        }
    }

    fn partner_gives(&self, now: Moment) -> Result<(), Obstacle> {
        match self.partner_part(now)? {
            (Said::Stopped, _) => Err(Obstacle::NoneActive),
            (Said::Running, None) => Err(Obstacle::PartnerUnable),
            (Said::Running, Some(_)) => Ok(()),
        }
    }

    fn partner_part(&self, now: Moment) -> Result<(Said, Option<HandOver>), Obstacle> {
        if !self.settings.speaks() {
            return Err(Obstacle::Alone);
        }
        let heard = self.heard.alive(self.settings.deadtime, now);
        self.hand_over.partner.filter(|_| heard).ok_or(Obstacle::NotHeard)
    }
}
