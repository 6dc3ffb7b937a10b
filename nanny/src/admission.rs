//! How many checks may be under way at once: as many as there are descriptors for, and not so many programs that they
//! get in each other's way. A check that has to wait for its turn is late, which is logged.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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

/// Checks of a pool that are due within this time begin together: the computer is woken up once for all of them. Most
/// of what a check takes of a processor is waking up.
const GATHERING: Duration = Duration::from_millis(10);

/// The gate in front of every check.
#[derive(Debug)]
pub(crate) struct Admission {
    /// Checks that are due up to a multiple of this time after that moment are begun then.
    gathering: Option<(Duration, Instant)>,
    sockets: Semaphore,
    programs: Semaphore,
    lateness: Mutex<Lateness>,
}

/// The right to have one check under way.
pub(crate) type Place<'a> = Option<SemaphorePermit<'a>>;

impl Admission {
    /// For one real server, which is never checked twice at once.
    pub(crate) fn of_one() -> Self {
        Self::new(1, 2, None)
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
        Ok((Self::new(sockets, programs, Some((GATHERING, Instant::now()))), sockets))
    }

    fn new(sockets: usize, programs: usize, gathering: Option<(Duration, Instant)>) -> Self {
        Self {
            gathering,
            sockets: Semaphore::new(sockets),
            programs: Semaphore::new(programs),
            lateness: Mutex::default(),
        }
    }

    /// When a check is begun that is due then.
    pub(crate) fn time(&self, due: Instant) -> Instant {
        let Some((gathering, start)) = self.gathering else { return due };
        let beyond = due.saturating_duration_since(start).as_nanos() % gathering.as_nanos();
        let wait = gathering.saturating_sub(Duration::from_nanos(u64::try_from(beyond).unwrap_or(0)));
        if beyond == 0 { due } else { due + wait }
    }

    /// Waits for a place for a check that was due then, and says what time it is. The place is free again when it is
    /// dropped.
    pub(crate) async fn check(&self, question: &Question, due: Instant) -> (Place<'_>, Instant) {
        let place = match question {
            Question::Program(_) => self.program().await,
            // Never closed, so there always is a place in the end.
            Question::Tcp(_) | Question::Udp(_) => self.sockets.acquire().await.ok(),
        };
        let now = Instant::now();
        let mut lateness = self.lateness.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(checks) = lateness.begin(due, now) {
            let full = self.sockets.available_permits() == 0;
            let cause = if full { "the limit of open files" } else { "this computer" };
            warn!("{checks}: too many at once for {cause}");
        }
        (place, now)
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Admission, GATHERING};

    #[test]
    fn checks_of_a_pool_gather_but_never_come_early() {
        let start = Instant::now();
        let pool = Admission::new(1, 1, Some((GATHERING, start)));
        let begun =
            |micros| pool.time(start + Duration::from_micros(micros)).duration_since(start).as_millis();
        assert_eq!(GATHERING, Duration::from_millis(10));
        assert_eq!([0, 1, 9_999, 10_000, 10_001, 123_456].map(begun), [0, 10, 10, 10, 20, 130]);
    }

    #[test]
    fn a_nanny_for_one_real_server_waits_for_nobody() {
        let due = Instant::now() + Duration::from_micros(123);
        assert_eq!(Admission::of_one().time(due), due);
    }
}
