//! Telling administrators how things are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use control::command::Answer;
use control::overview::Overview;
use control::report::ToNanny;
use control::status::{Monitors, Status};
use ipvs::Snapshot;
use service::clocks::Clocks;
use tokio::sync::oneshot;

use super::Daemon;
use crate::inquiry::{Findings, Inquiry};
use crate::readings::{Read, Scope};
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

    /// Begins to read what the kernel counted, or joins those who want to know already. No monitor is asked.
    pub(super) fn read(&mut self, scope: Scope, answer: oneshot::Sender<Answer>) {
        self.readings.ask(scope, answer);
    }

    /// Tells what was read.
    pub(super) fn tell(&self, Read { scope, snapshot, mut waiting }: Read) {
        let answer = self.read_answer(&scope, snapshot.as_ref());
        let last = waiting.pop();
        for waiting in waiting {
            // Whoever asked may be gone.
            let _ = waiting.send(answer.clone());
        }
        if let Some(last) = last {
            let _ = last.send(answer);
        }
    }

    fn read_answer(&self, scope: &Scope, snapshot: Option<&Snapshot>) -> Answer {
        let clocks = Clocks::read(self.started);
        let kernel = self.known(snapshot);
        let checks = BTreeMap::new();
        let facts = Facts {
            state: &self.state,
            history: &self.history,
            clocks,
            kernel: &kernel,
            checks: &checks,
            forced: self.monitors.forced(),
            trouble: &self.refused,
        };
        match scope {
            Scope::All => Answer::Overview(Box::new(Overview {
                release: env!("CARGO_PKG_VERSION").to_owned(),
                pid: std::process::id(),
                started: clocks.wall_at(Duration::ZERO),
                serial_no: self.file.serial_no,
                loaded: clocks.wall_at(self.file.loaded),
                refused: self.file.refused.clone(),
                repairs: self.drift.repairs,
                virtual_servers: facts.overview(),
            })),
            Scope::One(of) => match facts.virtual_server_called(&of.name, &of.service) {
                Some(server) => Answer::VirtualServer(Box::new(server)),
                None => Answer::Refused { reason: format!("{} has left the file: see `status`", of.name) },
            },
        }
    }

    /// Without the kernel's own word, what lvsd knows of its table.
    fn known<'a>(&self, snapshot: Option<&'a Snapshot>) -> Cow<'a, Snapshot> {
        let known = || Snapshot { table: self.kernel.table().clone(), ..Snapshot::default() };
        snapshot.map_or_else(|| Cow::Owned(known()), Cow::Borrowed)
    }

    fn status(&self, findings: &Findings) -> Status {
        let clocks = Clocks::read(self.started);
        let kernel = self.known(findings.snapshot.as_ref());
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
