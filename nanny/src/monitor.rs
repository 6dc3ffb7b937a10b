//! Watching one real server of one virtual server: check, decide, have it done, pause.

use std::process;
use std::time::{Duration, Instant};

use health::cadence::Cadence;
use health::policy::Policy;
use health::probe::Probe;
use health::spread::first_check_delay;
use health::state::{Action, Health, Known};
use service::signals::Signal;
use tracing::info;

use crate::events::{End, Events, Pause};
use crate::load::LoadMonitor;
use crate::outlet::Outlet;
use crate::settings::Settings;

/// Exit status if the own entry could not be removed at the end.
const NOT_WITHDRAWN: u8 = 1;

/// The watch over one real server.
pub(crate) struct Monitor<'a> {
    probe: &'a Probe,
    policy: Policy,
    events: Events,
    outlet: Outlet,
    load: Option<LoadMonitor>,
}

impl<'a> Monitor<'a> {
    /// A watch that has not begun.
    pub(crate) fn new(
        settings: &'a Settings,
        events: Events,
        outlet: Outlet,
        load: Option<LoadMonitor>,
    ) -> Self {
        Self { probe: &settings.probe, policy: settings.policy, events, outlet, load }
    }

    /// Watches until the end. Gives the exit status.
    pub(crate) async fn watch(mut self) -> u8 {
        let known = match &mut self.outlet {
            Outlet::Lvsd(_) => self.events.begin().await,
            Outlet::Table(entry) => Ok(entry.known()),
            Outlet::Nowhere => Ok(Known::Nothing),
        };
        let end = match known {
            Ok(known) => self.turns(known).await,
            Err(end) => end,
        };
        match end {
            End::Signal(signal) => info!("Terminating due to signal {signal}"),
            End::Orphaned => info!("Terminating because lvsd is gone"),
        }
        if self.outlet.withdraw() { 0 } else { NOT_WITHDRAWN }
    }

    async fn turns(&mut self, known: Known) -> End {
        let first = Instant::now() + self.delay(known);
        let mut health = Health::new(self.probe.real_server, self.policy, known, first);
        loop {
            let actions = match self.turn(&mut health).await {
                Ok(actions) => actions,
                Err(end) => return end,
            };
            if let Some(load) = &mut self.load
                && actions.contains(&Action::MeasureLoad)
            {
                load.ask();
            }
            tokio::select! {
                biased;
                end = self.events.end() => return end,
                () = self.outlet.carry_out(actions) => {}
            }
        }
    }

    /// How long the first check waits. Nannies that lvsd starts together, on a beat and for real servers that it has
    /// looked at, take turns by their process ids (nanny.md 13, row 10).
    fn delay(&self, known: Known) -> Duration {
        match (&self.outlet, self.policy.cadence(), known) {
            (Outlet::Lvsd(_), Cadence::Beats { interval, .. }, Known::Up { .. } | Known::Down) => {
                first_check_delay(process::id().into(), interval)
            }
            _ => Duration::ZERO,
        }
    }

    /// One pause and the check after it, or a signal. The error is the end of nanny.
    async fn turn(&mut self, health: &mut Health) -> Result<Vec<Action>, End> {
        match self.events.pause(health.due()).await {
            Pause::End(end) => return Err(end),
            Pause::Cut(signal) => return Ok(obey(signal, health)),
            Pause::Load(answer) => {
                let load = self.load.as_mut().and_then(|monitor| monitor.load(answer));
                return Ok(load.map(|load| health.loaded(load)).unwrap_or_default());
            }
            Pause::Over => {}
        }
        tokio::select! {
            biased;
            end = self.events.end() => Err(end),
            outcome = self.probe.check() => Ok(health.checked(outcome, Instant::now())),
        }
    }
}

/// What a signal means that does not end nanny (nanny.md 10).
fn obey(signal: Signal, health: &mut Health) -> Vec<Action> {
    match signal {
        Signal::User1 => health.force_down(),
        Signal::User2 => health.force_up(),
        Signal::Hangup => health.release(Instant::now()),
        Signal::Alarm | Signal::Terminate | Signal::Interrupt | Signal::Quit => {
            health.check_now(Instant::now());
            Vec::new()
        }
    }
}
