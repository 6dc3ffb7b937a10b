//! What a machine knows, for those who ask how things are.

use crate::Moment;
use crate::event::Link;
use crate::history::{Cause, History, Transition};
use crate::hold_down::HoldDown;
use crate::links::Links;
use crate::machine::State;
use crate::partner::Heard;
use crate::settings::Settings;

/// This router and what it has heard, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insight {
    /// This router's state.
    pub state: State,
    /// Since when.
    pub since: Moment,
    /// And why.
    pub cause: Cause,
    /// The latest changes of state, the oldest first.
    pub transitions: Vec<Transition>,
    /// Until then it does not take the service back from a living partner.
    pub held_until: Option<Moment>,
    /// Whether the partner has been heard within `deadtime`.
    pub partner_alive: bool,
    /// Whether the partner says that it is active, and since when it says so; nothing of one that is not heard.
    pub partner_active: Option<(bool, Moment)>,
    /// The public link.
    pub public: LinkInsight,
    /// The private one, which there need not be.
    pub private: LinkInsight,
}

/// A heartbeat link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkInsight {
    /// When the partner was last heard on it.
    pub heard: Option<Moment>,
    /// Whether nothing has been heard on it for `deadtime`.
    pub silent: bool,
    /// Whether its device can carry traffic, if that is watched.
    pub device_up: Option<bool>,
}

/// The parts that both machines have.
pub(crate) struct Parts<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) history: &'a History,
    pub(crate) hold_down: &'a HoldDown,
    pub(crate) heard: &'a Heard,
    pub(crate) links: &'a Links,
}

impl Parts<'_> {
    pub(crate) fn insight(self, now: Moment) -> Insight {
        let Self { settings, history, hold_down, heard, links } = self;
        let link = |link| {
            let (heard, last) = heard.on(link);
            LinkInsight {
                heard,
                silent: now >= last + settings.deadtime,
                device_up: settings.watches_links().then(|| !links.is_down(link)),
            }
        };
        let partner_alive = heard.alive(settings.deadtime, now);
        Insight {
            state: history.state,
            since: history.since,
            cause: history.cause,
            transitions: history.transitions(),
            held_until: hold_down.until(now),
            partner_alive,
            partner_active: heard.says().filter(|_| partner_alive),
            public: link(Link::Public),
            private: link(Link::Private),
        }
    }
}
