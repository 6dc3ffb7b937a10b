//! Looking at lvsd's status again and again.

use std::time::{Duration, Instant};

use control::status::Status;
use tokio::time::sleep;

use crate::daemon::Error;
use crate::lvsd::Lvsd;

/// From one look to the next.
const PERIOD: Duration = Duration::from_secs(1);

/// Looks once a second, or less often where a look takes long: lvsd has better things to do than to answer.
#[derive(Debug)]
pub(crate) struct Polling<'a> {
    lvsd: &'a Lvsd,
    pause: Duration,
}

impl<'a> Polling<'a> {
    pub(crate) fn new(lvsd: &'a Lvsd) -> Self {
        Self { lvsd, pause: PERIOD }
    }

    /// The next look, after a pause.
    pub(crate) async fn next(&mut self) -> Result<Status, Error> {
        sleep(self.pause).await;
        let begin = Instant::now();
        let status = self.lvsd.status().await?;
        self.pause = PERIOD.max(4 * begin.elapsed());
        Ok(status)
    }
}
