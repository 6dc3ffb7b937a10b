//! A nanny for one real server.

use std::convert::Infallible;
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use health::cadence::Cadence;
use health::spread::first_check_delay;
use health::state::Known;
use tracing::info;

use crate::admission::Admission;
use crate::events::{End, Events};
use crate::mailbox::Mailbox;
use crate::monitor::Monitor;
use crate::outlet::Outlet;
use crate::settings::Settings;

/// Exit status if the own entry could not be removed at the end.
const NOT_WITHDRAWN: u8 = 1;

/// Watches until the end. Gives the exit status.
pub(crate) async fn watch(settings: &Settings, mut events: Events, outlet: Outlet) -> u8 {
    let mailbox = Arc::new(Mailbox::default());
    let admission = Arc::new(Admission::of_one());
    let mut monitor = Monitor::new(settings, Arc::clone(&mailbox), admission, outlet);
    let Err(end) = turns(&mut monitor, &mut events, &mailbox).await;
    match end {
        End::Signal(signal) => info!("Terminating due to signal {signal}"),
        End::Orphaned => info!("Terminating because lvsd is gone"),
    }
    if monitor.withdraw() { 0 } else { NOT_WITHDRAWN }
}

async fn turns(monitor: &mut Monitor, events: &mut Events, mailbox: &Mailbox) -> Result<Infallible, End> {
    let (known, delay) = if let Some(known) = monitor.known() {
        (known, Duration::ZERO)
    } else {
        let known = events.begin(mailbox).await?;
        (known, delay(known, monitor.cadence()))
    };
    tokio::select! {
        biased;
        end = events.deliver(mailbox) => Err(end),
        never = monitor.watch(known, Instant::now() + delay) => Ok(never),
    }
}

/// How long the first check waits. Nannies that lvsd starts together, on a beat and for real servers that it has
/// looked at, take turns by their process ids (nanny.md 13, row 10).
fn delay(known: Known, cadence: Cadence) -> Duration {
    match (cadence, known) {
        (Cadence::Beats { interval, .. }, Known::Up { .. } | Known::Down) => {
            first_check_delay(process::id().into(), interval)
        }
        _ => Duration::ZERO,
    }
}
