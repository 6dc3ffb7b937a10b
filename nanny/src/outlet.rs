//! Where decisions go.

use std::sync::Arc;

use control::pool::{FromPool, Number};
use control::report::{Checks, FromNanny};
use health::line::Line;
use health::state::{Action, Known};
use tracing::{debug, info};

use crate::entry::Entry;
use crate::reports::Reports;

/// Who changes the kernel's table.
#[derive(Debug)]
pub(crate) enum Outlet {
    /// lvsd, which is told of the real server with this number.
    Lvsd(Arc<Reports>, Number),
    /// nanny itself.
    Table(Box<Entry>),
    /// Nobody: a rehearsal.
    Nowhere,
}

impl Outlet {
    /// What the kernel's table says of the real server, if nanny itself looks after it.
    pub(crate) fn known(&mut self) -> Option<Known> {
        match self {
            Self::Table(entry) => Some(entry.known()),
            Self::Lvsd(..) | Self::Nowhere => None,
        }
    }

    /// Logs what is to be logged and has the rest done, in order. With an entry of its own nanny also looks after that.
    pub(crate) fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match (action, &mut *self) {
                (Action::Log(line), _) => log(&line),
                (decision, Self::Lvsd(reports, server)) => {
                    if let Some(message) = report(decision) {
                        reports.push(FromPool::Report { server: *server, message });
                    }
                }
                (Action::Up { weight } | Action::Weight { weight }, Self::Table(entry)) => entry.up(weight),
                (Action::Down { forced, .. }, Self::Table(entry)) => entry.down(!forced),
                (Action::MeasureLoad, _) | (_, Self::Nowhere) => {}
            }
        }
        if let Self::Table(entry) = self {
            entry.settle();
        }
    }

    /// Tells how the checks go. Only lvsd wants to know.
    pub(crate) fn answer(&self, checks: Checks) {
        if let Self::Lvsd(reports, server) = self {
            reports.push(FromPool::Report { server: *server, message: FromNanny::Checks(checks) });
        }
    }

    /// The last deed. lvsd removes the real server of a nanny that it ends itself. Gives whether it worked.
    pub(crate) fn withdraw(&mut self) -> bool {
        match self {
            Self::Table(entry) => entry.remove(),
            Self::Lvsd(..) | Self::Nowhere => true,
        }
    }
}

fn log(line: &Line) {
    if line.is_verbose() { debug!("{line}") } else { info!("{line}") }
}

/// A decision in the words of the report socket.
fn report(decision: Action) -> Option<FromNanny> {
    match decision {
        Action::Up { weight } => Some(FromNanny::Up { weight }),
        Action::Weight { weight } => Some(FromNanny::Weight { weight }),
        Action::Down { reason, forced } => Some(FromNanny::Down { reason, forced }),
        Action::MeasureLoad | Action::Log(_) => None,
    }
}
