//! What the machine is told, and what it asks for.

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use crate::line::Line;
use crate::plan::FailoverService;

/// Time since the start.
pub(crate) type Moment = Duration;

/// One service for as long as it is in force; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) u32);

/// What happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The first event: these are the services.
    Begin(Vec<FailoverService>),
    /// The command that was run last has ended.
    CommandEnded(Outcome),
    /// A service's nanny runs.
    MonitorStarted(Id, u32),
    /// A service's nanny has ended, or could not be executed.
    MonitorEnded(Id, Outcome),
    /// SIGTERM or SIGINT arrived.
    Terminate(i32),
    /// The pulse that started fos is gone.
    Orphaned,
    /// SIGHUP arrived, and these are the services of the file now.
    Reread(Vec<FailoverService>),
    /// [`Machine::next_wake`](crate::machine::Machine::next_wake) has come.
    Wake,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Run this command; answered by [`Event::CommandEnded`]. An earlier one that is stuck is forgotten.
    RunCommand(Vec<OsString>),
    /// Send the command a signal, with all that it started.
    SignalCommand(Force),
    /// Start this service's nanny; answered at once by [`Event::MonitorStarted`], and sooner or later by
    /// [`Event::MonitorEnded`].
    StartMonitor(Id, Vec<OsString>),
    /// Send a service's nanny a signal.
    SignalMonitor(Id, Force),
    /// Log this line.
    Log(Line),
    /// End with this status. Nothing follows.
    Exit(u8),
}

/// The signals that end processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Force {
    /// SIGTERM.
    Term,
    /// SIGKILL.
    Kill,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// It could not be executed, for this reason.
    NotExecuted(String),
    /// It does not end.
    Stuck,
}

impl Outcome {
    /// Whether a command did what it was run for.
    pub(crate) fn is_success(&self) -> bool {
        *self == Self::Exited(0)
    }
}

impl fmt::Display for Outcome {
    /// As a field behind a line of the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "status={status}"),
            Self::Signalled(signal) => write!(f, "signal={signal}"),
            Self::NotExecuted(reason) => write!(f, "reason={reason:?}"),
            Self::Stuck => write!(f, "reason=\"it does not end\""),
        }
    }
}
