//! Who checks the real servers: a process for each, or one for many.

pub(crate) mod foreign;
mod process;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitStatus;
use std::time::Duration;

use control::pool::{Number, ToPool};
use control::report::{Force, Forced, FromNanny, Known, ToNanny};
use tokio::sync::mpsc;

use self::process::{Desk, News, Process};
use crate::plan::{Mode, MonitorKey, PlannedMonitor};

/// News that wait for the main loop at most; a process that says more has to wait itself.
const WAITING_NEWS: usize = 1024;
/// Words that wait for a nanny with one real server.
const ROOM_OF_NANNY: usize = 16;
/// Words that wait for a pool: several for each of the most real servers that are thinkable.
const ROOM_OF_POOL: usize = 1 << 20;

/// What happened to a monitor.
#[derive(Debug)]
pub(crate) enum Event {
    /// It said something.
    Report(MonitorKey, FromNanny),
    /// A process ended without having been asked to, after it had run for this long.
    Ended(Watcher, Result<ExitStatus, String>, Duration),
}

/// A process that watches real servers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Watcher {
    /// The nanny of one real server; or what a pool does for it, if the pool refused that.
    Nanny(MonitorKey),
    /// The pool of this program.
    Pool(OsString),
}

/// All running monitors.
#[derive(Debug)]
pub(crate) struct Monitors {
    mode: Mode,
    running: BTreeMap<MonitorKey, Running>,
    /// Whose number it is; numbers are never used again, so that late news of one that was ended are known as such.
    numbers: BTreeMap<Number, Watcher>,
    next_number: Number,
    pools: BTreeMap<OsString, Process>,
    /// States that are forced, told to the nannies that come after those of now, too.
    forced: BTreeMap<MonitorKey, Forced>,
    desk: mpsc::Sender<News>,
    news: mpsc::Receiver<News>,
}

#[derive(Debug)]
struct Running {
    number: Number,
    by: By,
}

#[derive(Debug)]
enum By {
    Nanny(Process),
    Pool(OsString),
}

impl Monitors {
    /// None yet. `mode` is how lvsd itself runs.
    pub(crate) fn new(mode: Mode) -> Self {
        let (desk, news) = mpsc::channel(WAITING_NEWS);
        Self {
            mode,
            running: BTreeMap::new(),
            numbers: BTreeMap::new(),
            next_number: 0,
            pools: BTreeMap::new(),
            forced: BTreeMap::new(),
            desk,
            news,
        }
    }

    /// Starts a monitor and returns the pid of its process. A program that cannot be executed is reported as ended,
    /// like one that died at once.
    pub(crate) fn start(&mut self, key: &MonitorKey, plan: &PlannedMonitor, known: Known) -> Option<u32> {
        let number = self.number(Watcher::Nanny(*key));
        let (program, arguments) = (plan.invocation.program(), plan.invocation.arguments());
        let (by, pid) = if plan.pooled {
            let pool = self.pool(program);
            let arguments = arguments.iter().map(|word| word.as_os_str().into()).collect();
            pool.tell(&ToPool::Watch { server: number, arguments, known });
            let pid = pool.pid;
            (By::Pool(program.clone()), pid)
        } else {
            let desk = Desk { number, news: self.desk.clone() };
            let nanny = Process::start(program, &arguments, ROOM_OF_NANNY, desk, News::of_nanny);
            nanny.tell(&ToNanny::Begin { known });
            let pid = nanny.pid;
            (By::Nanny(nanny), pid)
        };
        self.running.insert(*key, Running { number, by });
        if let Some(forced) = self.forced.get(key) {
            self.tell(key, ToNanny::Force((*forced).into()));
        }
        pid
    }

    /// Whether this monitor runs.
    pub(crate) fn is_running(&self, key: &MonitorKey) -> bool {
        self.running.contains_key(key)
    }

    /// Tells a monitor a word that is not its first. False if the monitor does not run or does not listen.
    pub(crate) fn tell(&self, key: &MonitorKey, message: ToNanny) -> bool {
        let Some(running) = self.running.get(key) else { return false };
        let question = message == ToNanny::Inquire;
        match &running.by {
            By::Nanny(nanny) if question => nanny.ask(&message),
            By::Nanny(nanny) => nanny.tell(&message),
            By::Pool(program) => self.pools.get(program).is_some_and(|pool| {
                let message = ToPool::Tell { server: running.number, message };
                if question { pool.ask(&message) } else { pool.tell(&message) }
            }),
        }
    }

    /// Forces or releases a state. False if nobody watches the real server: then it is not forced.
    pub(crate) fn force(&mut self, key: &MonitorKey, force: Force) -> bool {
        let heard = self.tell(key, ToNanny::Force(force));
        match force {
            Force::Up if heard => self.note_forced(key, Some(Forced::Up)),
            Force::Down if heard => self.note_forced(key, Some(Forced::Down)),
            Force::Up | Force::Down => {}
            Force::Release => self.note_forced(key, None),
        }
        heard
    }

    /// The states that are forced, by [`Monitors::force`] or by a signal.
    pub(crate) fn forced(&self) -> &BTreeMap<MonitorKey, Forced> {
        &self.forced
    }

    /// How many processes run.
    pub(crate) fn processes(&self) -> usize {
        let nannies = self.running.values().filter(|running| matches!(running.by, By::Nanny(_)));
        nannies.count() + self.pools.len()
    }

    /// Ends a monitor; its end is not reported.
    pub(crate) fn stop(&mut self, key: &MonitorKey) {
        let Some(running) = self.running.remove(key) else { return };
        self.numbers.remove(&running.number);
        match running.by {
            By::Nanny(nanny) => drop(nanny.stop()),
            By::Pool(program) => {
                if let Some(pool) = self.pools.get(&program) {
                    pool.tell(&ToPool::Forget { server: running.number });
                }
            }
        }
    }

    /// After a change of the plan: ends pools that watch nobody, and forgets what was forced where nothing is planned.
    pub(crate) fn clear_up(&mut self, is_planned: impl Fn(&MonitorKey) -> bool) {
        self.forced.retain(|key, _| is_planned(key));
        let running = &self.running;
        let watches = |program: &OsString| {
            running.values().any(|running| matches!(&running.by, By::Pool(pool) if pool == program))
        };
        let idle: Vec<_> = self.pools.keys().filter(|program| !watches(program)).cloned().collect();
        for program in idle {
            if let Some(pool) = self.pools.remove(&program) {
                drop(pool.stop());
            }
            self.forget(&Watcher::Pool(program));
        }
    }

    /// Ends all monitors at once and waits for them, each with its own limit.
    pub(crate) async fn stop_all(&mut self) {
        let mut tasks = Vec::new();
        for running in std::mem::take(&mut self.running).into_values() {
            if let By::Nanny(nanny) = running.by {
                tasks.push(nanny.stop());
            }
        }
        tasks.extend(std::mem::take(&mut self.pools).into_values().map(Process::stop));
        // The tasks must not wait for a main loop that waits for them.
        self.news.close();
        while self.news.recv().await.is_some() {}
        for task in tasks {
            let _ = task.await;
        }
    }

    /// The next thing that happens. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let news = self.news.recv().await?;
            if let Some(event) = self.take(news) {
                return Some(event);
            }
        }
    }

    /// What has happened already.
    pub(crate) fn next_now(&mut self) -> Option<Event> {
        loop {
            let news = self.news.try_recv().ok()?;
            if let Some(event) = self.take(news) {
                return Some(event);
            }
        }
    }

    fn note_forced(&mut self, key: &MonitorKey, forced: Option<Forced>) {
        match forced {
            Some(forced) => self.forced.insert(*key, forced),
            None => self.forced.remove(key),
        };
    }

    fn number(&mut self, watcher: Watcher) -> Number {
        let number = self.next_number;
        self.next_number += 1;
        self.numbers.insert(number, watcher);
        number
    }

    /// The pool of this program, which is started if it does not run.
    fn pool(&mut self, program: &OsString) -> &Process {
        if !self.pools.contains_key(program) {
            let number = self.number(Watcher::Pool(program.clone()));
            let desk = Desk { number, news: self.desk.clone() };
            let arguments = pool_arguments(self.mode);
            let pool = Process::start(program, &arguments, ROOM_OF_POOL, desk, News::of_pool);
            self.pools.insert(program.clone(), pool);
        }
        &self.pools[program]
    }

    /// What the news mean; none if they are of one that was ended.
    fn take(&mut self, news: News) -> Option<Event> {
        match (news.event, self.numbers.get(&news.number)?.clone()) {
            (process::Event::Report(report), Watcher::Nanny(key)) => {
                if let FromNanny::Checks(checks) = &report {
                    self.note_forced(&key, checks.forced);
                }
                Some(Event::Report(key, report))
            }
            (process::Event::Report(_) | process::Event::Refused(_), Watcher::Pool(_)) => None,
            (process::Event::Refused(reason), watcher) => {
                self.forget(&watcher);
                Some(Event::Ended(watcher, Err(reason), Duration::ZERO))
            }
            (process::Event::Ended(ending, ran), watcher) => {
                self.forget(&watcher);
                Some(Event::Ended(watcher, ending, ran))
            }
        }
    }

    /// Nothing of it runs any more.
    fn forget(&mut self, watcher: &Watcher) {
        match watcher {
            Watcher::Nanny(key) => {
                if let Some(running) = self.running.remove(key) {
                    self.numbers.remove(&running.number);
                }
            }
            Watcher::Pool(program) => {
                self.pools.remove(program);
                self.running.retain(|_, running| !matches!(&running.by, By::Pool(pool) if pool == program));
                let running = &self.running;
                self.numbers.retain(|_, other| match other {
                    Watcher::Nanny(key) => running.contains_key(key),
                    Watcher::Pool(_) => other != watcher,
                });
            }
        }
    }
}

fn pool_arguments(mode: Mode) -> Vec<OsString> {
    let place = if mode.nodaemon { "--nodaemon" } else { "-c" };
    let verbose = mode.verbose.then_some("-v");
    ["--pool", place].into_iter().chain(verbose).map(OsString::from).collect()
}
