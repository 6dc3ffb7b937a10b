//! `status`: everything that pulse and lvsd know, once.

use anyhow::Result;
use control::pulse::{Service, State};
use control::{pulse, status};

use crate::daemon::Error;
use crate::lvsd::Lvsd;
use crate::output::{say, terminal, write};
use crate::pulse::Pulse;
use crate::routers;
use crate::table::{View, draw};
use crate::time;

/// Instead of the table.
const NO_LVSD: &str = "lvsd does not run here: with service = lvs it runs on the active router.";

/// What is shown, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// Only the routers: ask pulse and not lvsd
    #[arg(long)]
    pulse: bool,
    /// As lvsd says it, or pulse with --pulse: one JSON object on one line
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) async fn run(self, lvsd: &Lvsd, pulse: &Pulse) -> Result<()> {
        match (self.pulse, self.json) {
            (true, true) => Ok(say(&pulse.status_as_json().await?)?),
            (false, true) => Ok(say(&lvsd.status_as_json().await?)?),
            (true, false) => Ok(write(&routers::draw(&pulse.status().await?, time::now(), view()))?),
            (false, false) => {
                let (routers, table) = tokio::join!(pulse.status(), lvsd.status());
                both(routers, table)
            }
        }
    }
}

/// lvsd runs on the active router only, and can be started without pulse: what there is is shown.
fn both(routers: Result<pulse::Status, Error>, table: Result<status::Status, Error>) -> Result<()> {
    let (now, view) = (time::now(), view());
    match (routers, table) {
        (Ok(routers), Ok(table)) => {
            Ok(write(&format!("{}\n{}", routers::draw(&routers, now, view), draw(&table, now, view)))?)
        }
        (Ok(routers), Err(Error::Unreachable { .. })) if !should_run_lvsd(&routers) => {
            Ok(write(&format!("{}\n{NO_LVSD}\n", routers::draw(&routers, now, view)))?)
        }
        (Ok(routers), Err(error)) => {
            write(&routers::draw(&routers, now, view))?;
            Err(error.into())
        }
        (Err(error), Ok(table)) => {
            let trouble = error.to_string();
            let first = trouble.lines().next().unwrap_or_default();
            Ok(write(&format!("{first}\n\n{}", draw(&table, now, view)))?)
        }
        // Of the two it is pulse that runs on every router.
        (Err(error), Err(Error::Unreachable { .. })) | (Err(_), Err(error)) => Err(error.into()),
    }
}

fn should_run_lvsd(routers: &pulse::Status) -> bool {
    routers.service == Service::Lvs && routers.state == State::Active
}

fn view() -> View {
    terminal().map_or(View::default(), |terminal| View {
        width: Some(terminal.width),
        colour: terminal.colour,
        only_unusual: false,
    })
}
