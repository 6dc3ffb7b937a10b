//! What this router knows of the other one.

use crate::Moment;
use crate::datagram::ByteOrder;
use crate::event::Link;
use crate::reception::Said;
use crate::settings::Partner;
use std::time::Duration;

/// The partner as heard.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The order that it is spoken to in.
    pub(crate) order: ByteOrder,
    /// Whether it has said RUNNING since this router started.
    pub(crate) was_running: bool,
    last: Option<(Said, Moment)>,
    /// When it began to say nothing but STOPPED.
    stopped_since: Option<Moment>,
    public: LinkHearing,
    private: LinkHearing,
}

#[derive(Debug)]
struct LinkHearing {
    /// When something was last heard, or listening began.
    last: Moment,
    silent: bool,
}

impl Heard {
    /// Listening begins now.
    pub(crate) fn nothing(now: Moment) -> Self {
        Self {
            order: ByteOrder::HOST,
            was_running: false,
            last: None,
            stopped_since: None,
            public: LinkHearing { last: now, silent: false },
            private: LinkHearing { last: now, silent: false },
        }
    }

    /// Whether the partner was active and is no more.
    pub(crate) fn hear(&mut self, said: Said, now: Moment) -> bool {
        let yielded = said == Said::Stopped && self.last.is_some_and(|(last, _)| last == Said::Running);
        self.last = Some((said, now));
        match said {
            Said::Running => {
                self.was_running = true;
                self.stopped_since = None;
            }
            Said::Stopped => {
                self.stopped_since.get_or_insert(now);
            }
        }
        yielded
    }

    /// Whether the link had been silent.
    pub(crate) fn hear_link(&mut self, link: Link, now: Moment) -> bool {
        let hearing = self.link(link);
        hearing.last = now;
        std::mem::take(&mut hearing.silent)
    }

    /// Whether it has been heard within `deadtime`.
    pub(crate) fn alive(&self, deadtime: Duration, now: Moment) -> bool {
        self.last.is_some_and(|(_, at)| now < at + deadtime)
    }

    /// Whether the first STOPPED in a row is at least so long ago.
    pub(crate) fn stopped_for(&self, time: Duration, now: Moment) -> bool {
        self.stopped_since.is_some_and(|since| now >= since + time)
    }

    /// It was silent for `deadtime`: what it said before counts no more.
    pub(crate) fn forget(&mut self) {
        self.last = None;
        self.stopped_since = None;
    }

    /// Those of the partner's links that have fallen silent since the last call.
    pub(crate) fn newly_silent(&mut self, partner: &Partner, deadtime: Duration, now: Moment) -> Vec<Link> {
        let private = partner.private.map(|_| Link::Private);
        std::iter::once(Link::Public)
            .chain(private)
            .filter(|link| {
                let hearing = self.link(*link);
                now >= hearing.last + deadtime && !std::mem::replace(&mut hearing.silent, true)
            })
            .collect()
    }

    fn link(&mut self, link: Link) -> &mut LinkHearing {
        match link {
            Link::Public => &mut self.public,
            Link::Private => &mut self.private,
        }
    }
}
