//! What this router knows of the other one.

use crate::Moment;
use crate::datagram::ByteOrder;
use crate::event::Link;
use crate::line::Line;
use crate::reception::Said;
use crate::settings::Partner;
use std::time::Duration;

/// An original that yielded announces for about five seconds more (pulse.md section 24, rule 9).
pub(crate) const AFTER_YIELD: Duration = Duration::from_secs(6);

/// The partner as heard.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The order that it is spoken to in.
    pub(crate) order: ByteOrder,
    /// Whether it has said RUNNING since this router started.
    pub(crate) was_running: bool,
    /// Whether it is Piranha's own pulse, which says four bytes and no more.
    pub(crate) original: bool,
    /// When it became active, as far as that can be known; nothing if it is inactive.
    running_since: Option<Moment>,
    last: Option<(Said, Moment)>,
    /// The same without what it said.
    last_life: Option<Moment>,
    /// When it began to say what it says.
    since: Moment,
    /// When it began to say nothing but STOPPED.
    stopped_since: Option<Moment>,
    /// Whether it has said RUNNING since this router was last active.
    has_served: bool,
    public: LinkHearing,
    private: LinkHearing,
}

#[derive(Debug)]
struct LinkHearing {
    /// When something was last heard.
    heard: Option<Moment>,
    /// Since when there is silence, that of a deaf router not counted.
    quiet_since: Moment,
    silent: bool,
}

/// What a heartbeat changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// The partner was active and is no more.
    pub(crate) yielded: bool,
    /// What is heard again.
    pub(crate) back: Option<Back>,
}

/// What was silent is heard again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Back {
    /// One link, or a partner that was never heard before.
    Link(Link),
    /// The partner, after silence on every link.
    Partner {
        /// For how long.
        silence: Duration,
    },
}

impl Back {
    pub(crate) fn line(self) -> Line {
        match self {
            Self::Link(link) => Line::LinkHeard { link },
            Self::Partner { silence } => Line::PartnerHeard { silence },
        }
    }
}

impl Heard {
    /// Listening begins now.
    pub(crate) fn nothing(now: Moment) -> Self {
        Self {
            order: ByteOrder::HOST,
            was_running: false,
            original: false,
            running_since: None,
            last: None,
            last_life: None,
            since: now,
            stopped_since: None,
            has_served: false,
            public: LinkHearing { heard: None, quiet_since: now, silent: false },
            private: LinkHearing { heard: None, quiet_since: now, silent: false },
        }
    }

    pub(crate) fn hear(&mut self, said: Said, link: Link, deadtime: Duration, now: Moment) -> Change {
        let yielded = said == Said::Stopped && self.last.is_some_and(|(last, _)| last == Said::Running);
        if self.last.is_none_or(|(last, _)| last != said) {
            self.since = now;
        }
        self.last = Some((said, now));
        match said {
            Said::Running => {
                self.was_running = true;
                self.has_served = true;
                self.stopped_since = None;
                self.running_since.get_or_insert(Self::became_active(self.last_life, deadtime, now));
            }
            Said::Stopped => {
                self.stopped_since.get_or_insert(now);
                self.running_since = None;
            }
        }
        Change { yielded, back: self.hear_link(link, deadtime, now) }
    }

    /// A partner that said nothing for a while heard nothing either, and took over after `deadtime`.
    fn became_active(last_life: Option<Moment>, deadtime: Duration, now: Moment) -> Moment {
        last_life.map_or(Moment::ZERO, |heard| now.min(heard + deadtime))
    }

    /// When the partner became active, as far as that can be known.
    pub(crate) fn active_since(&self) -> Moment {
        self.running_since.unwrap_or_default()
    }

    /// The link carries something, whatever that says.
    pub(crate) fn hear_link(&mut self, link: Link, deadtime: Duration, now: Moment) -> Option<Back> {
        let before = self.last_life.replace(now);
        let (hearing, other) = match link {
            Link::Public => (&mut self.public, &mut self.private),
            Link::Private => (&mut self.private, &mut self.public),
        };
        hearing.heard = Some(now);
        hearing.quiet_since = now;
        if !std::mem::take(&mut hearing.silent) {
            return None;
        }
        let silence = before.map(|before| now.saturating_sub(before)).filter(|silence| *silence >= deadtime);
        Some(match silence {
            Some(silence) => {
                // The other link has as much time again to be heard.
                other.quiet_since = now;
                other.silent = false;
                Back::Partner { silence }
            }
            None => Back::Link(link),
        })
    }

    /// Whether it has been heard within `deadtime`.
    pub(crate) fn alive(&self, deadtime: Duration, now: Moment) -> bool {
        self.last.is_some_and(|(_, at)| now < at + deadtime)
    }

    /// Whether the first STOPPED in a row is at least so long ago.
    pub(crate) fn stopped_for(&self, time: Duration, now: Moment) -> bool {
        self.stopped_since.is_some_and(|since| now >= since + time)
    }

    /// Whether it has left the service alone since this router was active, for so long and, if it has not tried to
    /// serve, two intervals more: of two that try in turn it is the other one's.
    pub(crate) fn leaves_service(&self, patience: Duration, keepalive: Duration, now: Moment) -> bool {
        self.stopped_for(if self.has_served { patience } else { patience + keepalive * 2 }, now)
    }

    /// This router is no longer active: what the partner said while it was tells nothing about what it does now.
    pub(crate) fn ask_again(&mut self) {
        self.stopped_since = None;
        self.has_served = false;
    }

    /// It was silent for `deadtime`: what it said before counts no more.
    pub(crate) fn forget(&mut self) {
        self.last = None;
        self.stopped_since = None;
    }

    /// This router was deaf: silence before now is its own.
    pub(crate) fn listen_anew(&mut self, now: Moment) {
        for hearing in [&mut self.public, &mut self.private] {
            hearing.quiet_since = now;
        }
    }

    /// Those of the partner's links that have fallen silent since the last call.
    pub(crate) fn newly_silent(&mut self, partner: &Partner, deadtime: Duration, now: Moment) -> Vec<Link> {
        let private = partner.private.map(|_| Link::Private);
        std::iter::once(Link::Public)
            .chain(private)
            .filter(|link| {
                let hearing = self.link(*link);
                now >= hearing.quiet_since + deadtime && !std::mem::replace(&mut hearing.silent, true)
            })
            .collect()
    }

    /// Whether it says that it is active, and since when; nothing if it says nothing.
    pub(crate) fn says(&self) -> Option<(bool, Moment)> {
        self.last.map(|(said, _)| (said == Said::Running, self.since))
    }

    /// When it was last heard on a link; and that, or when listening began.
    pub(crate) fn on(&self, link: Link) -> (Option<Moment>, Moment) {
        let hearing = match link {
            Link::Public => &self.public,
            Link::Private => &self.private,
        };
        (hearing.heard, hearing.heard.unwrap_or(hearing.quiet_since))
    }

    fn link(&mut self, link: Link) -> &mut LinkHearing {
        match link {
            Link::Public => &mut self.public,
            Link::Private => &mut self.private,
        }
    }
}
