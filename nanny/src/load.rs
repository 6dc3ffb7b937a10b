//! Asking for a real server's load beside its checks.

use std::time::Duration;

use health::load::{Error, measure};
use health::program::Program;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tracing::warn;

/// The one question that may be on its way, and what became of the last.
#[derive(Debug)]
pub(crate) struct LoadMonitor {
    program: Program,
    limit: Duration,
    answers: Sender<Result<f64, Error>>,
    question: Option<JoinHandle<()>>,
    failing: bool,
}

impl LoadMonitor {
    /// A monitor that has not asked yet, and where its answers come out. `limit` is for one answer.
    pub(crate) fn new(program: Program, limit: Duration) -> (Self, Receiver<Result<f64, Error>>) {
        let (answers, receiver) = channel(1);
        (Self { program, limit, answers, question: None, failing: false }, receiver)
    }

    /// Asks, unless the last question is still open.
    pub(crate) fn ask(&mut self) {
        if self.question.as_ref().is_some_and(|question| !question.is_finished()) {
            return;
        }
        let (program, limit, answers) = (self.program.clone(), self.limit, self.answers.clone());
        self.question = Some(tokio::spawn(async move {
            // Nobody waits for it if nanny is about to end.
            let _ = answers.send(measure(&program, limit).await).await;
        }));
    }

    /// The load in an answer. A failure is only worth a line if the answer before was none.
    pub(crate) fn load(&mut self, answer: Result<f64, Error>) -> Option<f64> {
        let news = answer.is_err() && !self.failing;
        self.failing = answer.is_err();
        if let Err(reason) = &answer
            && news
        {
            warn!("{reason}");
        }
        answer.ok()
    }
}
