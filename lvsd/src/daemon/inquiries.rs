//! Telling administrators how things are.

use std::borrow::Cow;
use std::time::Duration;

use control::command::Answer;
use control::report::ToNanny;
use control::status::{Monitors, Status};
use ipvs::Snapshot;
use service::clocks::Clocks;
use tokio::sync::oneshot;

use super::Daemon;
use crate::inquiry::{Findings, Inquiry};
use crate::status::Facts;

impl Daemon {
    /// Begins to find out, or joins those who want to know already.
    pub(super) fn inquire(&mut self, answer: oneshot::Sender<Answer>) {
        let Self { state, monitors, inquiry, .. } = self;
        let inquiry = inquiry.get_or_insert_with(|| {
            let planned = state.plan().monitors.keys();
            Inquiry::begin(planned.filter(|monitor| monitors.tell(monitor, ToNanny::Inquire)).count())
        });
        inquiry.join(answer);
    }

    /// Tells what was found.
    pub(super) fn tell_status(&mut self) {
        let Some(inquiry) = self.inquiry.take() else { return };
        let findings = inquiry.findings();
        let status = self.status(&findings);
        for waiting in findings.waiting {
            // Whoever asked may be gone.
            let _ = waiting.send(Answer::Status(Box::new(status.clone())));
        }
    }

    fn status(&self, findings: &Findings) -> Status {
        let clocks = Clocks::read(self.started);
        // Without the kernel's own word, what lvsd knows of its table.
        let known = || Snapshot { table: self.kernel.table().clone(), ..Snapshot::default() };
        let kernel = findings.snapshot.as_ref().map_or_else(|| Cow::Owned(known()), Cow::Borrowed);
        let facts = Facts {
            state: &self.state,
            history: &self.history,
            clocks,
            kernel: &kernel,
            checks: &findings.checks,
            forced: self.monitors.forced(),
            trouble: &self.refused,
        };
        Status {
            release: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: clocks.wall_at(Duration::ZERO),
            file: self.options.file.display().to_string(),
            serial_no: self.file.serial_no,
            loaded: clocks.wall_at(self.file.loaded),
            refused: self.file.refused.clone(),
            monitors: Monitors {
                pool: self.state.plan().monitors.values().any(|monitor| monitor.pooled),
                processes: self.monitors.processes(),
                watched: self.state.plan().monitors.len(),
            },
            virtual_servers: facts.virtual_servers(),
            absent: facts.absent(),
            strangers: facts.strangers(),
            repairs: self.drift.repairs,
        }
    }
}
