//! What lvsd has not been told yet. An lvsd that is slow to listen delays no check and loses no state: of each real
//! server the latest reports wait, older ones are forgotten.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use control::pool::{FromPool, Number};
use control::report::FromNanny;
use tokio::sync::Notify;

/// Most reports of one real server that wait.
const WAITING: usize = 4;
/// Real servers whose reports are handed out together at most, so that what is said meanwhile can still replace what
/// waits.
const BATCH: usize = 256;

/// Reports on their way to lvsd.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Real servers with something to say, the one that waits longest first.
    turns: VecDeque<Number>,
    reports: HashMap<Number, Vec<FromPool>>,
}

impl Reports {
    /// Leaves a report to be told.
    pub(crate) fn push(&self, report: FromPool) {
        self.waiting().push(report);
        self.news.notify_one();
    }

    /// Waits for reports and hands them out; they are not told again. May be dropped and called again.
    pub(crate) async fn next(&self) -> Vec<FromPool> {
        loop {
            let batch = self.waiting().batch();
            if !batch.is_empty() {
                return batch;
            }
            self.news.notified().await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A report is added or taken whole, whatever else went wrong.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn push(&mut self, report: FromPool) {
        let server = server(&report);
        let reports = self.reports.entry(server).or_default();
        if reports.is_empty() {
            self.turns.push_back(server);
        }
        // An answer tells how the checks go now; older ones would only crowd out states.
        if is_answer(&report) {
            reports.retain(|waiting| !is_answer(waiting));
        }
        if reports.len() >= WAITING {
            reports.remove(0);
        }
        reports.push(report);
    }

    fn batch(&mut self) -> Vec<FromPool> {
        let count = self.turns.len().min(BATCH);
        self.turns.drain(..count).filter_map(|server| self.reports.remove(&server)).flatten().collect()
    }
}

fn server(report: &FromPool) -> Number {
    let (FromPool::Report { server, .. } | FromPool::Refused { server, .. }) = report;
    *server
}

fn is_answer(report: &FromPool) -> bool {
    matches!(report, FromPool::Report { message: FromNanny::Checks(_), .. })
}

#[cfg(test)]
mod tests {
    use control::pool::{FromPool, Number};
    use control::report::{Checks, FromNanny};

    use super::{BATCH, WAITING, Waiting};

    fn weight(server: Number, weight: u32) -> FromPool {
        FromPool::Report { server, message: FromNanny::Weight { weight } }
    }

    fn answer(server: Number) -> FromPool {
        FromPool::Report { server, message: FromNanny::Checks(Checks::default()) }
    }

    #[test]
    fn reports_keep_their_order() {
        let mut waiting = Waiting::default();
        for report in [weight(1, 1), weight(2, 1), weight(1, 2)] {
            waiting.push(report);
        }
        assert_eq!(waiting.batch(), [weight(1, 1), weight(1, 2), weight(2, 1)]);
        assert_eq!(waiting.batch(), []);
    }

    #[test]
    fn the_latest_reports_of_each_real_server_wait() {
        let mut waiting = Waiting::default();
        (0..100).for_each(|n| waiting.push(weight(1, n)));
        (0..100).for_each(|_| waiting.push(answer(1)));
        waiting.push(weight(2, 7));
        let batch = waiting.batch();
        assert_eq!(batch.len(), WAITING + 1);
        assert_eq!(batch[WAITING - 2..], [weight(1, 99), answer(1), weight(2, 7)]);
    }

    #[test]
    fn not_everything_is_handed_out_at_once() {
        let mut waiting = Waiting::default();
        (0..=BATCH as u64).for_each(|server| waiting.push(weight(server, 1)));
        assert_eq!((waiting.batch().len(), waiting.batch().len()), (BATCH, 1));
    }
}
