//! Where decisions go.

use control::report::FromNanny;
use health::state::Action;
use tracing::{debug, info};

use crate::lvsd::Speaking;

/// Who changes the kernel's table.
#[derive(Debug)]
pub(crate) enum Outlet {
    /// lvsd, which is told.
    Lvsd(Speaking),
    /// Nobody: a rehearsal.
    Nowhere,
}

impl Outlet {
    /// Logs what is to be logged, and has the rest done, in order.
    pub(crate) async fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            let report = match action {
                Action::Log(line) if line.is_verbose() => {
                    debug!("{line}");
                    continue;
                }
                Action::Log(line) => {
                    info!("{line}");
                    continue;
                }
                Action::Up { weight } => FromNanny::Up { weight },
                Action::Weight { weight } => FromNanny::Weight { weight },
                Action::Down { reason } => FromNanny::Down { reason },
            };
            match self {
                Self::Lvsd(lvsd) => lvsd.report(&report).await,
                Self::Nowhere => {}
            }
        }
    }
}
