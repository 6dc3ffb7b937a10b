//! What runs: whether pulse does, what lvsd and the kernel do, now and in the last hour.
//!
//! One task asks lvsd every 10 s, whoever looks or not, so that a page shows the last hour; pulse, and an lvsd that answers
//! quickly, are asked when somebody looks, once a second at most. Neither is ever waited for by a page for long.

pub(crate) mod api;
pub(crate) mod clock;
pub(crate) mod daemon_state;
pub(crate) mod history;
pub(crate) mod metrics;
pub(crate) mod picture;
pub(crate) mod processes;
pub(crate) mod routing_table;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use control::command::{Answer, Command};
use control::overview::Overview;
use control::pulse;
use control::status::UnixMillis;
use service::inquiry::{Error, ask};
use service::process::give_memory_back;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use self::daemon_state::DaemonState;
use self::history::{History, SLOT};

/// How long lvsd may take for its answer, which is long with many real servers.
const LVSD_PATIENCE: Duration = Duration::from_secs(5);
/// How long a page waits for pulse.
const PULSE_PATIENCE: Duration = Duration::from_millis(500);
/// An lvsd that took no longer for its last answer is asked again by a page.
const QUICK: Duration = Duration::from_millis(30);
/// How long an answer serves those that ask after it.
const FRESH: Duration = Duration::from_secs(1);

/// Where things are found out.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    /// `/proc`
    pub(crate) proc: PathBuf,
    /// `/var/run/pulse.pid`
    pub(crate) pulse_pid: PathBuf,
    /// `/run/piranha/pulse.sock`
    pub(crate) pulse: PathBuf,
    /// `/run/piranha/lvsd.sock`
    pub(crate) lvsd: PathBuf,
}

/// What a daemon has answered; or why it has not, for people.
pub(crate) type Heard<A> = Result<Arc<A>, String>;

/// What lvsd said when it was asked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// When that was.
    pub(crate) at: UnixMillis,
    /// What it said.
    pub(crate) lvsd: Heard<Overview>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// What is known of what runs.
#[derive(Debug)]
pub(crate) struct Live {
    sources: Sources,
    started: Instant,
    known: Mutex<(Reading, History)>,
    /// Held by a page that asks lvsd.
    asking: tokio::sync::Mutex<()>,
    pulse: tokio::sync::Mutex<Option<(Instant, Heard<pulse::Status>)>>,
}

impl Live {
    pub(crate) fn new(sources: Sources) -> Self {
        let lvsd = Err("lvsd has not been asked yet".to_owned());
        let reading = Reading { at: clock::now(), lvsd, took: Duration::ZERO };
        Self {
            sources,
            started: Instant::now(),
            known: Mutex::new((reading, History::default())),
            asking: tokio::sync::Mutex::default(),
            pulse: tokio::sync::Mutex::new(None),
        }
    }

    /// Asks lvsd again and again, for ever.
    pub(crate) async fn collect(&self) {
        let mut turn = interval(SLOT);
        turn.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            turn.tick().await;
            self.read().await;
        }
    }

    async fn read(&self) {
        let reading = self.ask_lvsd().await;
        let at = self.started.elapsed();
        self.keep(reading, |history, reading| match &reading.lvsd {
            Ok(overview) => history.take(at, overview),
            Err(_) => history.pass(at),
        })
        .await;
    }

    /// Puts what was heard in the place of what was known, and gives back the room of both and of the answer's text.
    async fn keep(&self, reading: Reading, add: impl FnOnce(&mut History, &Reading)) {
        {
            let mut known = self.known();
            add(&mut known.1, &reading);
            known.0 = reading;
        }
        let _nothing_is_lost = spawn_blocking(give_memory_back).await;
    }

    /// What lvsd says now, if it answers quickly, which it does with some hundred real servers; what it said when it was asked
    /// last if not. Many that ask at once ask it once.
    pub(crate) async fn recent(&self) -> Reading {
        let _one_at_a_time = self.asking.lock().await;
        let before = self.reading();
        let old = u128::from(clock::now().saturating_sub(before.at)) >= FRESH.as_millis();
        if !old || before.took > QUICK {
            return before;
        }
        let reading = self.ask_lvsd().await;
        let follow = |history: &mut History, reading: &Reading| {
            if let Ok(overview) = &reading.lvsd {
                history.follow(overview);
            }
        };
        self.keep(reading.clone(), follow).await;
        reading
    }

    async fn ask_lvsd(&self) -> Reading {
        let asked = Instant::now();
        let lvsd = match ask(&self.sources.lvsd, Command::Overview, LVSD_PATIENCE).await {
            Ok(Answer::Overview(overview)) => Ok(Arc::from(overview)),
            Ok(Answer::Refused { reason }) => Err(format!("lvsd refused: {reason}")),
            Ok(_) => Err("lvsd answered something else than what it was asked".to_owned()),
            Err(error) => Err(no_answer("lvsd", &self.sources.lvsd, &error)),
        };
        Reading { at: clock::now(), lvsd, took: asked.elapsed() }
    }

    /// What lvsd said when it was asked last.
    pub(crate) fn reading(&self) -> Reading {
        self.known().0.clone()
    }

    /// What it said together with the hour before that.
    pub(crate) fn with_history<R>(&self, look: impl FnOnce(&Reading, &History) -> R) -> R {
        let known = self.known();
        look(&known.0, &known.1)
    }

    /// What pulse says now.
    pub(crate) async fn pulse(&self) -> Heard<pulse::Status> {
        let mut kept = self.pulse.lock().await;
        if let Some((at, heard)) = kept.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            let _ = at;
            return heard.clone();
        }
        let heard = match ask(&self.sources.pulse, pulse::Command::Status, PULSE_PATIENCE).await {
            Ok(pulse::Answer::Status(status)) => Ok(Arc::from(status)),
            Ok(pulse::Answer::Refused { reason }) => Err(format!("pulse refused: {reason}")),
            Ok(pulse::Answer::Done { .. }) => Err("pulse answered something else".to_owned()),
            Err(error) => Err(no_answer("pulse", &self.sources.pulse, &error)),
        };
        *kept = Some((Instant::now(), heard.clone()));
        heard
    }

    /// Whether pulse runs, with what it said.
    pub(crate) async fn daemon(&self) -> (DaemonState, Heard<pulse::Status>) {
        let mut heard = self.pulse().await;
        let look = |answered| DaemonState::look(&self.sources.proc, &self.sources.pulse_pid, answered);
        // An answer that is kept may be that of a pulse that has ended since.
        if heard.is_ok() && look(false) != DaemonState::Running {
            *self.pulse.lock().await = None;
            heard = self.pulse().await;
        }
        (look(heard.is_ok()), heard)
    }

    /// Where it is found out.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// How long this program has run.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    fn known(&self) -> MutexGuard<'_, (Reading, History)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a daemon does not answer, and what to do.
fn no_answer(daemon: &str, socket: &Path, error: &Error) -> String {
    let Error::Unreachable(reason) = error else {
        return format!("{daemon} at {}: {error}", socket.display());
    };
    match (reason.kind(), daemon) {
        (ErrorKind::NotFound | ErrorKind::ConnectionRefused, "lvsd") => {
            "lvsd does not run on this router; pulse runs it on the active one only".to_owned()
        }
        (ErrorKind::NotFound | ErrorKind::ConnectionRefused, _) => {
            format!("{daemon} does not run on this router")
        }
        (ErrorKind::PermissionDenied, _) => format!(
            "piranha-gui may not ask {daemon} at {}: the user that it runs as must be in the group piranha",
            socket.display()
        ),
        _ => format!("cannot reach {daemon} at {}: {reason}", socket.display()),
    }
}

#[cfg(test)]
mod tests;
