//! The state of the devices that carry the heartbeat links, debounced (specification pulse.md section 23, F18).

use crate::Moment;
use crate::event::Link;
use std::time::Duration;

/// A link must be down for so long before it counts as down.
const DOWN_AFTER: Duration = Duration::from_millis(500);
/// A link must be up for so long before it counts as up.
const UP_AFTER: Duration = Duration::from_secs(2);

/// Both links. They are up until something else is reported.
#[derive(Debug, Default)]
pub(crate) struct Links {
    public: Watch,
    private: Watch,
}

#[derive(Debug, Default)]
struct Watch {
    down: bool,
    /// When the opposite is believed.
    turns: Option<Moment>,
}

impl Links {
    pub(crate) fn report(&mut self, link: Link, up: bool, now: Moment) {
        match link {
            Link::Public => self.public.report(up, now),
            Link::Private => self.private.report(up, now),
        }
    }

    /// This link is no longer in use.
    pub(crate) fn forget(&mut self, link: Link) {
        match link {
            Link::Public => self.public = Watch::default(),
            Link::Private => self.private = Watch::default(),
        }
    }

    pub(crate) fn is_down(&self, link: Link) -> bool {
        match link {
            Link::Public => self.public.down,
            Link::Private => self.private.down,
        }
    }

    /// Believes what has lasted long enough; answers with the links whose state that changed.
    pub(crate) fn settle(&mut self, now: Moment) -> Vec<Link> {
        let mut changed = Vec::new();
        for (link, watch) in [(Link::Public, &mut self.public), (Link::Private, &mut self.private)] {
            if watch.settle(now) {
                changed.push(link);
            }
        }
        changed
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        [self.public.turns, self.private.turns].into_iter().flatten().min()
    }
}

impl Watch {
    fn report(&mut self, up: bool, now: Moment) {
        if up == self.down {
            self.turns.get_or_insert(now + if up { UP_AFTER } else { DOWN_AFTER });
        } else {
            self.turns = None;
        }
    }

    fn settle(&mut self, now: Moment) -> bool {
        let turned = self.turns.is_some_and(|at| at <= now);
        if turned {
            self.down = !self.down;
            self.turns = None;
        }
        turned
    }
}
