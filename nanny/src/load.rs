//! Asking for a real server's load beside its checks.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use health::load::{Error, measure};
use health::program::Program;
use tracing::warn;

use crate::admission::Admission;

/// The one question that may be on its way, and what became of the last.
pub(crate) struct LoadMonitor {
    program: Program,
    limit: Duration,
    admission: Arc<Admission>,
    question: Option<Question>,
    failing: bool,
}

type Question = Pin<Box<dyn Future<Output = Result<f64, Error>> + Send>>;

impl LoadMonitor {
    /// A monitor that has not asked yet. `limit` is for one answer.
    pub(crate) fn new(program: Program, limit: Duration, admission: Arc<Admission>) -> Self {
        Self { program, limit, admission, question: None, failing: false }
    }

    /// Asks, unless the last question is still open.
    pub(crate) fn ask(&mut self) {
        let (program, limit, admission) = (&self.program, self.limit, &self.admission);
        self.question.get_or_insert_with(|| {
            let (program, admission) = (program.clone(), Arc::clone(admission));
            Box::pin(async move {
                let _place = admission.program().await;
                measure(&program, limit).await
            })
        });
    }

    /// Waits for the load, for ever if nothing was asked; none if the answer was none. May be dropped and called again.
    pub(crate) async fn answer(&mut self) -> Option<f64> {
        let Some(question) = &mut self.question else { return pending().await };
        let answer = question.await;
        self.question = None;
        self.load(answer)
    }

    /// A failure is only worth a line if the answer before was none.
    fn load(&mut self, answer: Result<f64, Error>) -> Option<f64> {
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
