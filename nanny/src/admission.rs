//! How many checks may be under way at once: as many as there are descriptors for, and not so many programs that they
//! get in each other's way. A check that has to wait for its turn is late, which is logged.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use health::probe::Question;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::warn;

use crate::lateness::Lateness;

/// Programs at once: checks and questions for the load. So many nannies with one real server each would run that many.
const PROGRAMS: usize = 256;
/// Descriptors of a program while it is started: pipes, and the process itself.
const OF_PROGRAM: usize = 8;
/// Descriptors that are not for checks: standard streams, lvsd, syslog, signals, the event loop, and some to spare.
const OF_NANNY: usize = 32;
/// Fewer sockets than this are no pool.
const FEWEST: usize = 16;
/// More are of no use: no address has so many ports.
const MOST: usize = 1 << 20;

/// The gate in front of every check.
#[derive(Debug)]
pub(crate) struct Admission {
    sockets: Semaphore,
    programs: Semaphore,
    lateness: Mutex<Lateness>,
}

/// The right to have one check under way.
pub(crate) type Place<'a> = Option<SemaphorePermit<'a>>;

impl Admission {
    /// For one real server, which is never checked twice at once.
    pub(crate) fn of_one() -> Self {
        Self::new(1, 2)
    }

    /// For as many real servers as this process may open sockets for; raises its soft limit to the hard one. Gives also
    /// how many checks that are.
    ///
    /// # Errors
    ///
    /// If they are too few to be of use.
    pub(crate) fn of_many() -> anyhow::Result<(Self, usize)> {
        let files = open_files();
        let programs = PROGRAMS.min(files / 4 / OF_PROGRAM);
        let sockets = files.saturating_sub(OF_NANNY + programs * OF_PROGRAM);
        anyhow::ensure!(
            sockets >= FEWEST && programs > 0,
            "{files} open files are too few to check many real servers: raise the limit (ulimit -n, LimitNOFILE= of systemd)"
        );
        Ok((Self::new(sockets, programs), sockets))
    }

    fn new(sockets: usize, programs: usize) -> Self {
        Self {
            sockets: Semaphore::new(sockets),
            programs: Semaphore::new(programs),
            lateness: Mutex::default(),
        }
    }

    /// Waits for a place for a check that was due then. The place is free again when it is dropped.
    pub(crate) async fn check(&self, question: &Question, due: Instant) -> Place<'_> {
        let place = match question {
            Question::Program(_) => self.program().await,
            // Never closed, so there always is a place in the end.
            Question::Tcp(_) | Question::Udp(_) => self.sockets.acquire().await.ok(),
        };
        let mut lateness = self.lateness.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(checks) = lateness.begin(due, Instant::now()) {
            warn!(
                "{checks}: too many at once for {}",
                if self.sockets.available_permits() == 0 {
                    "the limit of open files"
                } else {
                    "this computer"
                }
            );
        }
        place
    }

    /// Waits for a place for a program.
    pub(crate) async fn program(&self) -> Place<'_> {
        self.programs.acquire().await.ok()
    }
}

/// The most files that this process may have open.
fn open_files() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    // What is refused leaves the soft limit as it is.
    let limit = if setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft };
    usize::try_from(limit).unwrap_or(MOST).min(MOST)
}
