//! Watching a service of the partner (`--fos`): any end means "fail over" to the caller.

use std::time::Instant;

use health::partner::{Lost, Partner};
use tracing::info;

use crate::events::{End, Events};
use crate::mailbox::{Mailbox, Occupation};
use crate::monitor::pause;
use crate::settings::Settings;

/// Watches until the service is lost or nanny is told to end. Gives the exit status.
pub(crate) async fn watch(settings: &Settings, mut events: Events) -> u8 {
    let mailbox = Mailbox::default();
    let lost = tokio::select! {
        biased;
        end = events.deliver(&mailbox) => Err(end),
        lost = turns(settings, &mailbox) => Ok(lost),
    };
    match lost {
        Ok(Lost::NeverCame) => 1,
        Ok(Lost::Gone) | Err(End::Orphaned) => 0,
        Err(End::Signal(signal)) => {
            info!("Terminating due to signal {signal}");
            0
        }
    }
}

async fn turns(settings: &Settings, mailbox: &Mailbox) -> Lost {
    let mut partner = Partner::new(settings.real_server(), &settings.policy);
    let mut due = Instant::now();
    loop {
        let (lines, lost) = partner.checked(settings.probe.check().await);
        for line in lines {
            info!("{line}");
        }
        if let Some(lost) = lost {
            return lost;
        }
        let next = settings.policy.cadence().next(due, Instant::now());
        due = tokio::select! {
            biased;
            // Any signal that does not end nanny ends the pause.
            _ = mailbox.next(Occupation::Pause) => Instant::now(),
            due = pause(next) => due,
        };
    }
}
