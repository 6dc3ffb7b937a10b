//! Where decisions go.

use control::report::FromNanny;
use health::line::Line;
use health::state::Action;
use tracing::{debug, info};

use crate::entry::Entry;
use crate::lvsd::Speaking;

/// Who changes the kernel's table.
#[derive(Debug)]
pub(crate) enum Outlet {
    /// lvsd, which is told.
    Lvsd(Speaking),
    /// nanny itself.
    Table(Box<Entry>),
    /// Nobody: a rehearsal.
    Nowhere,
}

impl Outlet {
    /// Logs what is to be logged and has the rest done, in order. With an entry of its own nanny also looks after that.
    pub(crate) async fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match (action, &mut *self) {
                (Action::Log(line), _) => log(&line),
                (decision, Self::Lvsd(lvsd)) => {
                    if let Some(report) = report(decision) {
                        lvsd.report(&report).await;
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

    /// The last deed. lvsd removes the real server of a nanny that it ends itself. Gives whether it worked.
    pub(crate) fn withdraw(&mut self) -> bool {
        match self {
            Self::Table(entry) => entry.remove(),
            Self::Lvsd(_) | Self::Nowhere => true,
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
