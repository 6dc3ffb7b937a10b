//! Asking the kernel and every monitor at once how things are, for all who want to know at that moment.

use std::collections::BTreeMap;
use std::time::Duration;

use control::command::Answer;
use control::report::Checks;
use ipvs::Snapshot;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::kernel;
use crate::plan::MonitorKey;

/// How long monitors are waited for. One that is busy with a check answers all the same; one that hangs does not.
const PATIENCE: Duration = Duration::from_millis(200);

/// An inquiry that has begun.
#[derive(Debug)]
pub(crate) struct Inquiry {
    waiting: Vec<oneshot::Sender<Answer>>,
    asked: usize,
    checks: BTreeMap<MonitorKey, Checks>,
    until: Instant,
    reading: JoinHandle<Result<Snapshot, ipvs::Error>>,
    snapshot: Option<Snapshot>,
    is_read: bool,
}

/// What has come of it.
#[derive(Debug)]
pub(crate) struct Findings {
    /// Who wants to know.
    pub(crate) waiting: Vec<oneshot::Sender<Answer>>,
    /// How the checks go, of those that have said it.
    pub(crate) checks: BTreeMap<MonitorKey, Checks>,
    /// The kernel's table, if it could be read.
    pub(crate) snapshot: Option<Snapshot>,
}

impl Inquiry {
    /// Begins; `asked` monitors are going to answer. The kernel is read beside the main loop, since a large table takes
    /// its time.
    pub(crate) fn begin(asked: usize) -> Self {
        Self {
            waiting: Vec::new(),
            asked,
            checks: BTreeMap::new(),
            until: Instant::now() + PATIENCE,
            reading: tokio::task::spawn_blocking(kernel::snapshot),
            snapshot: None,
            is_read: false,
        }
    }

    /// Somebody wants to know what comes of it.
    pub(crate) fn join(&mut self, answer: oneshot::Sender<Answer>) {
        self.waiting.push(answer);
    }

    /// A monitor has answered.
    pub(crate) fn take(&mut self, monitor: MonitorKey, checks: Checks) {
        self.checks.insert(monitor, checks);
    }

    /// Waits until all have answered, or long enough. May be dropped and called again.
    pub(crate) async fn end(&mut self) {
        if !self.is_read {
            let read = (&mut self.reading).await;
            self.is_read = true;
            match read {
                Ok(Ok(snapshot)) => self.snapshot = Some(snapshot),
                Ok(Err(error)) => tracing::warn!("cannot read the IPVS table: {error}"),
                Err(error) => tracing::warn!("cannot read the IPVS table: {error}"),
            }
        }
        if self.checks.len() < self.asked {
            sleep_until(self.until).await;
        }
    }

    /// What has come of it.
    pub(crate) fn findings(self) -> Findings {
        Findings { waiting: self.waiting, checks: self.checks, snapshot: self.snapshot }
    }
}
