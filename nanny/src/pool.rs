//! One nanny for many real servers (`nanny --pool`): lvsd says which, and each is watched as by a nanny of its own.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use control::lines::encode;
use control::pool::{Argument, FromPool, Number, ToPool};
use health::spread::first_check_delay;
use health::state::Known;
use service::options::read;
use service::signals::{Signal, Signals};
use tokio::task::{JoinHandle, yield_now};
use tracing::{Instrument, Span, info, info_span, warn};

use crate::admission::Admission;
use crate::events::{End, deliver};
use crate::lvsd::{Hearing, join, known};
use crate::mailbox::{Mailbox, Word};
use crate::monitor::Monitor;
use crate::options::Options;
use crate::outlet::Outlet;
use crate::reports::Reports;
use crate::settings::{Mode, Settings};
use crate::{NANNY, announce};

/// Real servers that are told something before those that were told take their turn.
const SLICE: usize = 64;

/// The pool.
pub(crate) struct Pool {
    signals: Signals,
    lvsd: Hearing<ToPool>,
    reports: Arc<Reports>,
    admission: Arc<Admission>,
    /// Checks that may be under way at once.
    places: usize,
    watches: HashMap<Number, Watch>,
}

/// The watch over one real server. Dropping it ends the watch.
struct Watch {
    mailbox: Arc<Mailbox>,
    task: JoinHandle<()>,
    span: Span,
}

impl Pool {
    /// Takes over the socket to lvsd. Call it inside the event loop.
    ///
    /// # Errors
    ///
    /// Without lvsd, without signals, and with too few descriptors.
    pub(crate) fn open(lvsd: Option<UnixStream>) -> anyhow::Result<Self> {
        let Some(lvsd) = lvsd else {
            bail!(
                "--pool is for lvsd, which says over a socket what is to be checked; by hand, start one nanny for each real server"
            );
        };
        let signals = Signals::catch().context("cannot catch signals")?;
        let (admission, places) = Admission::of_many()?;
        let (lvsd, speaking) = join(lvsd).context("the report socket is unusable")?;
        let reports = Arc::new(Reports::default());
        tokio::spawn(speaking.tell(Arc::clone(&reports), encode::<FromPool>));
        Ok(Self { signals, lvsd, reports, admission: Arc::new(admission), places, watches: HashMap::new() })
    }

    /// Watches until the end. Gives the exit status.
    pub(crate) async fn watch(mut self) -> u8 {
        info!("starting LVS client monitor for many real servers");
        match self.turns().await {
            End::Signal(signal) => info!("Terminating due to signal {signal}"),
            End::Orphaned => info!("Terminating because lvsd is gone"),
        }
        0
    }

    async fn turns(&mut self) -> End {
        loop {
            tokio::select! {
                biased;
                signal = self.signals.next() => {
                    if signal.ends() {
                        return End::Signal(signal);
                    }
                    self.obey(signal).await;
                }
                message = self.lvsd.next() => match message {
                    Some(message) => self.heed(message),
                    None => return End::Orphaned,
                },
            }
            // Many words may have come at once; the checks go on between them.
            yield_now().await;
        }
    }

    /// What was for one real server is for all of them here, but for what could only be a mistake.
    async fn obey(&self, signal: Signal) {
        let count = self.watches.len();
        if matches!(signal, Signal::User1 | Signal::User2) {
            warn!(
                "ignoring signal {signal}, which would force the state of all {count} real servers: for one of them \
                 use piranhactl down VIRTUAL/REAL or piranhactl up VIRTUAL/REAL"
            );
            return;
        }
        for (told, watch) in self.watches.values().enumerate() {
            watch.mailbox.post(Word::Signal(signal));
            if told % SLICE == 0 {
                yield_now().await;
            }
        }
    }

    fn heed(&mut self, message: ToPool) {
        match message {
            ToPool::Watch { server, arguments, known: begin } => match settings(arguments) {
                Ok(settings) => self.begin(server, &settings, known(begin)),
                Err(reason) => self.reports.push(FromPool::Refused { server, reason }),
            },
            ToPool::Tell { server, message } => {
                // Whoever was forgotten meanwhile needs no word.
                if let Some(watch) = self.watches.get(&server) {
                    deliver(message, &watch.mailbox);
                }
            }
            ToPool::Forget { server } => {
                if let Some(watch) = self.watches.remove(&server) {
                    watch.span.in_scope(|| info!("Terminating: lvsd has this real server checked no more"));
                }
            }
        }
    }

    fn begin(&mut self, server: Number, settings: &Settings, known: Known) {
        let virtual_server = settings.virtual_server.to_string();
        let span = info_span!("watch", virtual_server, real_server = %settings.real_server());
        span.in_scope(|| announce(settings));
        let mailbox = Arc::new(Mailbox::default());
        let outlet = Outlet::Lvsd(Arc::clone(&self.reports), server);
        let mut monitor = Monitor::new(settings, Arc::clone(&mailbox), Arc::clone(&self.admission), outlet);
        // Those that nothing is known of are waited for; the others take turns.
        let delay = match known {
            Known::Nothing => Duration::ZERO,
            Known::Up { .. } | Known::Down => first_check_delay(server, monitor.cadence().interval()),
        };
        let first = Instant::now() + delay;
        let watch = async move { match monitor.watch(known, first).await {} };
        let task = tokio::spawn(watch.instrument(span.clone()));
        self.watches.insert(server, Watch { mailbox, task, span });
        if self.watches.len() == self.places + 1 {
            warn!(
                "of more than {0} real servers {0} can be checked at once: raise the limit of open files (ulimit -n, \
                 LimitNOFILE= of systemd)",
                self.places
            );
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a nanny of its own would be told. The error is what it would say.
fn settings(arguments: Vec<Argument>) -> Result<Settings, String> {
    let words = [OsString::from(NANNY.name)].into_iter().chain(arguments.into_iter().map(OsString::from));
    let settings = read::<Options>(NANNY, words)
        .and_then(Settings::try_from)
        .map_err(|exit| format!("{}{}", exit.output, exit.error).trim_end().to_owned())?;
    match settings.mode {
        Mode::Lvs => Ok(settings),
        Mode::Fos => Err("nanny: a pool does not watch services of the partner (--fos)".to_owned()),
    }
}
