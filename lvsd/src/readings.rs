//! Reading what the kernel counted, beside the main loop: a large table takes its time.

use std::collections::BTreeMap;

use control::command::Answer;
use ipvs::Snapshot;
use tokio::sync::oneshot::Sender;
use tokio::task::JoinSet;

use crate::kernel;
use crate::naming::Named;

/// How much is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// The whole table.
    All,
    /// The service of one virtual server.
    One(Named),
}

/// What was read, and who wants to know.
#[derive(Debug)]
pub(crate) struct Read {
    /// How much was asked for.
    pub(crate) scope: Scope,
    /// The kernel's answer, if there was one.
    pub(crate) snapshot: Option<Snapshot>,
    /// Who wants to know.
    pub(crate) waiting: Vec<Sender<Answer>>,
}

/// The readings that have begun. Whoever asks for what is being read already is told with the first.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    running: JoinSet<(Scope, Result<Snapshot, ipvs::Error>)>,
    waiting: BTreeMap<Scope, Vec<Sender<Answer>>>,
}

impl Readings {
    /// Somebody wants to know.
    pub(crate) fn ask(&mut self, scope: Scope, answer: Sender<Answer>) {
        if let Some(waiting) = self.waiting.get_mut(&scope) {
            waiting.push(answer);
            return;
        }
        self.waiting.insert(scope.clone(), vec![answer]);
        self.running.spawn_blocking(move || {
            let snapshot = match &scope {
                Scope::All => kernel::snapshot(),
                Scope::One(of) => kernel::snapshot_of(&of.service),
            };
            (scope, snapshot)
        });
    }

    /// Waits for the next that ends; none if there is none. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Option<Read> {
        let (scope, read) = match self.running.join_next().await? {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!("cannot read the IPVS table: {error}");
                // Whose it was is not told; they hear that there is no answer.
                self.waiting.clear();
                return None;
            }
        };
        let snapshot = read.inspect_err(|error| tracing::warn!("cannot read the IPVS table: {error}")).ok();
        let waiting = self.waiting.remove(&scope).unwrap_or_default();
        Some(Read { scope, snapshot, waiting })
    }
}
