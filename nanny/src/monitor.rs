//! Watching one real server of one virtual server: pause, check, decide, have it done. The same alone and in a pool.

use std::convert::Infallible;
use std::future::pending;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use control::report::{Checks, Force, Forced, LastCheck};
use health::cadence::Cadence;
use health::failure::Failure;
use health::policy::Policy;
use health::probe::Probe;
use health::state::{Action, Health, Known};
use service::signals::Signal;
use tokio::time::sleep_until;

use crate::admission::Admission;
use crate::load::LoadMonitor;
use crate::mailbox::{Mailbox, Occupation, Word};
use crate::outlet::Outlet;
use crate::settings::Settings;

/// The watch over one real server.
pub(crate) struct Monitor {
    probe: Arc<Probe>,
    policy: Policy,
    mailbox: Arc<Mailbox>,
    admission: Arc<Admission>,
    outlet: Outlet,
    load: Option<LoadMonitor>,
    last: Option<Checked>,
}

/// A check that came to its end.
struct Checked {
    began: Instant,
    ended: Instant,
    failure: Option<String>,
}

impl Monitor {
    /// A watch that has not begun, which heeds the words in the mailbox.
    pub(crate) fn new(
        settings: &Settings,
        mailbox: Arc<Mailbox>,
        admission: Arc<Admission>,
        outlet: Outlet,
    ) -> Self {
        let policy = settings.policy;
        let load = settings
            .load
            .clone()
            .map(|program| LoadMonitor::new(program, policy.cadence().interval(), Arc::clone(&admission)));
        let probe = Arc::new(settings.probe.clone());
        Self { probe, policy, mailbox, admission, outlet, load, last: None }
    }

    /// Watches, with the first check at this time. Dropping it ends the watch.
    pub(crate) async fn watch(&mut self, known: Known, first: Instant) -> Infallible {
        let mut health = Health::new(self.probe.real_server, self.policy, known, first);
        loop {
            let due = health.due();
            let pause = pin!(pause(due.map(|due| self.admission.time(due))));
            let Some(begin) = self.attend(&mut health, pause, Occupation::Pause).await else { continue };
            let due = due.unwrap_or(begin);
            let check = pin!(check(Arc::clone(&self.probe), Arc::clone(&self.admission), due));
            if let Some((outcome, checked)) = self.attend(&mut health, check, Occupation::Check).await {
                let actions = health.checked(outcome, checked.ended);
                self.last = Some(checked);
                self.carry_out(actions);
            }
        }
    }

    /// What the kernel's table says of the real server, if this nanny looks after its own entry.
    pub(crate) fn known(&mut self) -> Option<Known> {
        self.outlet.known()
    }

    /// When it checks.
    pub(crate) fn cadence(&self) -> Cadence {
        self.policy.cadence()
    }

    /// The last deed. Gives whether it worked.
    pub(crate) fn withdraw(&mut self) -> bool {
        self.outlet.withdraw()
    }

    /// Waits for something, and heeds the words that come meanwhile. None if one of them has moved the next check: then
    /// neither the pause nor the check before it is of use any more.
    async fn attend<T>(
        &mut self,
        health: &mut Health,
        mut awaited: Pin<&mut impl Future<Output = T>>,
        occupation: Occupation,
    ) -> Option<T> {
        let due = health.due();
        while health.due() == due {
            let before = forced(health);
            let actions = tokio::select! {
                biased;
                word = self.mailbox.next(occupation) => self.heed(word, health),
                load = answer(&mut self.load) => load.map(|load| health.loaded(load)).unwrap_or_default(),
                event = awaited.as_mut() => return Some(event),
            };
            self.carry_out(actions);
            if forced(health) != before {
                self.outlet.answer(self.checks(health));
            }
        }
        None
    }

    /// What signals mean that do not end nanny: nanny.md 10.
    fn heed(&self, word: Word, health: &mut Health) -> Vec<Action> {
        match word {
            Word::Signal(Signal::User1) | Word::Force(Force::Down) => health.force_down(),
            Word::Signal(Signal::User2) | Word::Force(Force::Up) => health.force_up(),
            Word::Signal(Signal::Hangup) | Word::Force(Force::Release) => health.release(Instant::now()),
            Word::Signal(Signal::Alarm | Signal::Terminate | Signal::Interrupt | Signal::Quit) => {
                health.check_now(Instant::now());
                Vec::new()
            }
            Word::Inquire => {
                self.outlet.answer(self.checks(health));
                Vec::new()
            }
        }
    }

    fn checks(&self, health: &Health) -> Checks {
        Checks { forced: forced(health), last: self.last.as_ref().map(Checked::told) }
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        if let Some(load) = &mut self.load
            && actions.contains(&Action::MeasureLoad)
        {
            load.ask();
        }
        self.outlet.carry_out(actions);
    }
}

impl Checked {
    fn told(&self) -> LastCheck {
        LastCheck {
            age_ms: whole(self.ended.elapsed().as_millis()),
            took_us: whole(self.ended.duration_since(self.began).as_micros()),
            failure: self.failure.clone(),
        }
    }
}

/// What somebody decided in place of the checks, of which none is due then.
fn forced(health: &Health) -> Option<Forced> {
    match (health.due(), health.is_up()) {
        (Some(_), _) => None,
        (None, true) => Some(Forced::Up),
        (None, false) => Some(Forced::Down),
    }
}

/// Waits until this time and gives it back; for ever without one.
pub(crate) async fn pause(due: Option<Instant>) -> Instant {
    let Some(due) = due else { return pending().await };
    sleep_until(due.into()).await;
    due
}

/// One check, as soon as there is a place for it.
async fn check(probe: Arc<Probe>, admission: Arc<Admission>, due: Instant) -> (Result<(), Failure>, Checked) {
    let (_place, began) = admission.check(&probe.question, due).await;
    let outcome = probe.check_since(began).await;
    let failure = outcome.as_ref().err().map(Failure::to_string);
    (outcome, Checked { began, ended: Instant::now(), failure })
}

async fn answer(load: &mut Option<LoadMonitor>) -> Option<f64> {
    match load {
        Some(load) => load.answer().await,
        None => pending().await,
    }
}

fn whole(count: u128) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
