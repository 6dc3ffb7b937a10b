//! Watching a service of the partner (`--fos`): any end means "fail over" to the caller.

use std::time::Instant;

use health::partner::{Lost, Partner};
use tracing::info;

use crate::events::{End, Events, Pause};
use crate::settings::Settings;

/// Watches until the service is lost or nanny is told to end. Gives the exit status.
pub(crate) async fn watch(settings: &Settings, mut events: Events) -> u8 {
    match turns(settings, &mut events).await {
        Ok(Lost::NeverCame) => 1,
        Ok(Lost::Gone) | Err(End::Orphaned) => 0,
        Err(End::Signal(signal)) => {
            info!("Terminating due to signal {signal}");
            0
        }
    }
}

async fn turns(settings: &Settings, events: &mut Events) -> Result<Lost, End> {
    let mut partner = Partner::new(settings.real_server(), &settings.policy);
    let mut due = Instant::now();
    loop {
        let outcome = tokio::select! {
            biased;
            end = events.end() => return Err(end),
            outcome = settings.probe.check() => outcome,
        };
        let (lines, lost) = partner.checked(outcome);
        for line in lines {
            info!("{line}");
        }
        if let Some(lost) = lost {
            return Ok(lost);
        }
        let next = settings.policy.cadence().next(due, Instant::now());
        due = match events.pause(next).await {
            Pause::End(end) => return Err(end),
            Pause::Over => next.unwrap_or(due),
            // Any signal that does not end nanny ends the pause.
            Pause::Cut(_) | Pause::Load(_) => Instant::now(),
        };
    }
}
