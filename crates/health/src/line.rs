//! What health says in the log, in the words of specification nanny.md 12.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::failure::Failure;

/// One line of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A bad check.
    Failed(Failure),
    /// A bad check that does not yet take the real server out.
    Tolerated {
        /// What went wrong.
        failure: Failure,
        /// Bad checks in a row.
        bad: u32,
        /// How many take it out.
        fall: u32,
    },
    /// A real server goes into service.
    Available(SocketAddr),
    /// A real server leaves service.
    ShuttingDown(SocketAddr),
    /// Checks are stopped, the real server is out of service.
    ForcedDown,
    /// Checks are stopped, the real server is in service.
    ForcedUp,
    /// Checks decide again.
    Released,
    /// The partner's service was found.
    PartnerAvailable(SocketAddr),
    /// The partner's service was there and is gone.
    PartnerLost(SocketAddr),
    /// The partner's service was not there yet.
    PartnerAbsent,
    /// The partner's service was never there.
    PartnerNeverCame,
    /// Counters after a check, before they are judged.
    Counted {
        /// The check was good.
        good: bool,
        /// The real server is in service.
        active: bool,
        /// Good checks in a row.
        count: u64,
    },
    /// A bad check while the re-entry time ran.
    ReentryBroken,
    /// A transition: into service, or out of it.
    NextState {
        /// Into service.
        up: bool,
    },
    /// The load of a real server: the average number of running processes over one minute.
    Load {
        /// Its address.
        real_server: IpAddr,
        /// Its load.
        average: f64,
    },
    /// The weight that follows from the load, whether it is worth a change or not.
    ComputingWeight {
        /// The weight that follows.
        weight: u32,
        /// The weight in use.
        last: u32,
        /// The load.
        average: f64,
    },
    /// A step of the slow start or of the load adjustment.
    AdjustingWeight {
        /// Address and real port.
        real_server: SocketAddr,
        /// The new weight.
        weight: u32,
    },
}

impl Line {
    /// Whether the line is only logged with `-v`.
    pub fn is_verbose(&self) -> bool {
        matches!(
            self,
            Self::Counted { .. }
                | Self::ReentryBroken
                | Self::NextState { .. }
                | Self::Load { .. }
                | Self::ComputingWeight { .. }
                | Self::AdjustingWeight { .. }
        )
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::Tolerated { failure, bad, fall } => write!(f, "{failure} bad={bad} fall={fall}"),
            Self::Available(server) => write!(f, "[ active ] making {server} available"),
            Self::ShuttingDown(server) => {
                write!(f, "[inactive] shutting down {server} due to connection failure")
            }
            Self::ForcedDown => f.write_str("opaque glasses on"),
            Self::ForcedUp => f.write_str("rose-colored glasses on"),
            Self::Released => f.write_str("DEBUG -- removing glasses"),
            Self::PartnerAvailable(service) => write!(f, "Remote service {service} is available"),
            Self::PartnerLost(service) => write!(f, "Exiting due to connection failure of {service}"),
            Self::PartnerAbsent | Self::ReentryBroken => f.write_str("No service active & available..."),
            Self::PartnerNeverCame => {
                f.write_str("Timeout waiting for remote service -- triggering failover!")
            }
            Self::Counted { good, active, count } => {
                write!(f, "avail: {} active: {}: count: {count}", u8::from(*good), u8::from(*active))
            }
            Self::NextState { up } => write!(f, "DEBUG -- In nextState = {}", if *up { 2 } else { 3 }),
            Self::Load { real_server, average } => write!(f, "Loadavg of {real_server} is {average:.6}"),
            Self::ComputingWeight { weight, last, average } => {
                write!(f, "Computing new weight {weight} based on last weight {last} and load {average:.6}")
            }
            Self::AdjustingWeight { real_server, weight } => {
                write!(f, "Adjusting weight of {real_server} to {weight}")
            }
        }
    }
}
