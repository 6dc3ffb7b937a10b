//! Every line of the log, in Piranha's words (specification fos.md 4 to 7); details stand behind them.

use std::fmt;
use std::time::Duration;

use crate::event::{Force, Outcome};
use crate::plan::Place;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Before a service's stop command at the start.
    StoppingLocal,
    /// Before a stop command.
    ShuttingDown(Place),
    /// A stop command failed.
    ShutdownFailed(Place, Outcome),
    /// Before a start command.
    Starting(Place),
    /// A start command failed.
    StartFailed(Place, Outcome),
    /// pulse shall decide what is done about services that did not start.
    NotAllStarted,
    /// A nanny runs.
    MonitorStarted(Place, u32),
    /// A nanny ended by itself.
    MonitorExited(Place, Outcome),
    /// A nanny is told to end.
    ShuttingDownMonitor(String, Place, u32),
    /// A service that nobody can watch.
    NotWatched(Place),
    /// A command or a nanny does not end in time.
    TooSlow(&'static str, Place, Duration, Force),
    /// SIGTERM or SIGINT.
    ShuttingDownBySignal(i32),
    /// pulse is gone.
    Orphaned,
    /// The last line.
    WillExit,
}

impl Line {
    /// Whether it tells of a failure.
    pub(crate) fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::ShutdownFailed(..)
                | Self::StartFailed(..)
                | Self::NotAllStarted
                | Self::MonitorExited(..)
                | Self::NotWatched(_)
                | Self::TooSlow(..)
                | Self::Orphaned
        )
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StoppingLocal => f.write_str("Stopping local services (if any)"),
            Self::ShuttingDown(place) => write!(f, "Shutting down local service {place} "),
            Self::ShutdownFailed(place, outcome) => {
                write!(f, "Warning; shutdown of local service {place} returned error 1 {outcome}")
            }
            Self::Starting(place) => write!(f, "Starting local service {place} ..."),
            Self::StartFailed(place, outcome) => write!(f, "Failed to start service {place}! {outcome}"),
            Self::NotAllStarted => {
                f.write_str("not every service has started: ending, so that pulse decides")
            }
            Self::MonitorStarted(place, pid) => {
                write!(f, "Starting monitor for {place} running as pid {pid}")
            }
            Self::MonitorExited(place, outcome) => {
                write!(f, "Monitor for service {place} exited. This is a failover condition! {outcome}")
            }
            Self::ShuttingDownMonitor(name, place, pid) => {
                write!(f, "Shutting down monitor for {name} {place} running as pid {pid}")
            }
            Self::NotWatched(place) => {
                write!(f, "{place} is not watched: give its section an address in the file")
            }
            Self::TooSlow(what, place, waited, force) => {
                let then = match force {
                    Force::Term => "ending",
                    Force::Kill => "killing",
                };
                write!(f, "{what} of {place} has not ended within {} s: {then} it", waited.as_secs_f64())
            }
            Self::ShuttingDownBySignal(signal) => write!(f, "Shutting down due to signal {signal}"),
            Self::Orphaned => f.write_str("pulse is gone: shutting down"),
            Self::WillExit => f.write_str("will now exit to notify pulse..."),
        }
    }
}
