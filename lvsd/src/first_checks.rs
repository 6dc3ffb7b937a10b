//! The first check of every real server, made by lvsd itself and all at once.
//!
//! A process for each real server takes its time to start, and until then clients of a router that has just become
//! active are refused. So lvsd looks first; the monitors start a moment later and have the last word.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use control::report::FromNanny;
use health::cadence::Cadence;
use health::dialogue::Dialogue;
use health::expect::Expect;
use health::policy::Policy;
use health::probe::{Probe, Question};
use lvs_cf::{Protocol, VirtualServer};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::plan::MonitorKey;

/// What has not answered by then is left to its monitor.
const LIMIT: Duration = Duration::from_millis(200);
/// Sockets open at the same time.
const AT_ONCE: usize = 256;

/// How the real servers of a virtual server are checked.
#[derive(Debug)]
pub(crate) struct Manner {
    question: Question,
    expect: Expect,
    cadence: Cadence,
    reentry: Duration,
}

impl Manner {
    /// That of a virtual server, unless a program is to make the checks: that takes as long to start as a monitor.
    pub(crate) fn new(block: &VirtualServer) -> Option<Self> {
        if block.send_program.is_some() || block.protocol == Protocol::Sctp {
            return None;
        }
        let send = block.send.as_ref().map(lvs_cf::Text::effective);
        let expect = block.expect.as_ref().map(lvs_cf::Text::effective);
        let dialogue = Dialogue {
            virtual_port: block.port_number()?,
            udp: block.protocol == Protocol::Udp,
            send: send.as_deref(),
            expect: expect.as_deref(),
            regex: block.use_regex,
            literal: false,
        };
        let pause = block.time_between_checks();
        Some(Self {
            question: dialogue.question(),
            expect: dialogue.expectation(),
            cadence: Cadence::new(pause, block.check_interval, block.check_timeout),
            reentry: block.reentry_time(),
        })
    }
}

/// The first check of one real server, in the terms of its monitor.
#[derive(Debug, Clone)]
pub(crate) struct FirstCheck {
    manner: Arc<Manner>,
    real_server: SocketAddr,
    weight: u32,
}

impl FirstCheck {
    /// The check of a real server of this address, port and weight.
    pub(crate) fn new(manner: &Arc<Manner>, (address, port): (IpAddr, u16), weight: u32) -> Self {
        Self { manner: Arc::clone(manner), real_server: SocketAddr::new(address, port), weight }
    }

    async fn run(self) -> Option<FromNanny> {
        let Manner { question, expect, cadence, reentry } = &*self.manner;
        let probe = Probe {
            real_server: self.real_server,
            question: question.clone(),
            expect: expect.clone(),
            limit: cadence.limit(),
        };
        let outcome = tokio::time::timeout(LIMIT, probe.check()).await.ok()?;
        let policy = Policy::new(*cadence, *reentry, self.weight);
        Some(match outcome {
            Ok(()) => FromNanny::Up { weight: policy.initial_weight() },
            Err(failure) => FromNanny::Down { reason: failure.to_string(), forced: false },
        })
    }
}

/// First checks under way.
#[derive(Debug)]
pub(crate) struct FirstChecks {
    checks: JoinSet<(MonitorKey, Option<FromNanny>)>,
    deadline: Instant,
}

impl FirstChecks {
    /// Begins them all. Call it inside the event loop.
    pub(crate) fn begin(checks: impl Iterator<Item = (MonitorKey, FirstCheck)>) -> Self {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut running = JoinSet::new();
        for (monitor, check) in checks {
            let places = Arc::clone(&places);
            running.spawn(async move {
                // Never closed, so there always is a place in the end.
                let _place = places.acquire().await;
                (monitor, check.run().await)
            });
        }
        Self { checks: running, deadline: Instant::now() + LIMIT }
    }

    /// The results that have come since; none when all have, or the time is up. Dropping this ends the rest.
    pub(crate) async fn next(&mut self) -> Option<Vec<(MonitorKey, FromNanny)>> {
        let first = tokio::time::timeout_at(self.deadline, self.checks.join_next()).await.ok()??;
        let mut results = vec![first];
        results.extend(std::iter::from_fn(|| self.checks.try_join_next()));
        let reports = results.into_iter().filter_map(|result| {
            let (monitor, report) = result.ok()?;
            Some((monitor, report?))
        });
        Some(reports.collect())
    }
}
