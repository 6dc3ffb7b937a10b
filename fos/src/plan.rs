//! What the file means for fos: pure, from the configuration, the mode and the partner's address.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use lvs_cf::{Config, Text};

use crate::monitor_command::monitor_command;
use crate::options::Options;

/// What this router does with the services (specification fos.md 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It runs them.
    Active,
    /// It watches how the partner runs them.
    Monitor,
}

/// One active `failover` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailoverService {
    pub(crate) name: String,
    pub(crate) place: Place,
    /// Program and arguments; empty if there is nothing to run.
    pub(crate) start: Vec<OsString>,
    /// As `start`.
    pub(crate) stop: Vec<OsString>,
    /// The nanny's command; empty where none watches.
    pub(crate) monitor: Vec<OsString>,
    /// How long each of the two commands may take (specification fos.md S5).
    pub(crate) command_time: Duration,
}

impl FailoverService {
    /// Whether what runs for the other one serves this one as well.
    pub(crate) fn runs_as(&self, other: &Self) -> bool {
        *self == Self { command_time: self.command_time, ..other.clone() }
    }
}

/// The floating address and the port, as log lines name a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) address: IpAddr,
    /// As the file has it, unchecked.
    pub(crate) port: i32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            IpAddr::V4(address) => write!(f, "{address}:{}", self.port),
            IpAddr::V6(address) => write!(f, "[{address}]:{}", self.port),
        }
    }
}

/// The partner's public address: the primary's, unless this router is the primary.
pub(crate) fn partner(config: &Config, is_local: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    if config.primary.address.is_some_and(is_local) { config.backup.address } else { config.primary.address }
}

/// The services of the active sections, in the file's order.
pub(crate) fn failover_services(
    config: &Config,
    mode: Mode,
    partner: Option<IpAddr>,
    options: &Options,
) -> Vec<FailoverService> {
    let words = |command: &Option<Text>| command.as_ref().map(Text::command).unwrap_or_default();
    config
        .failover
        .iter()
        .filter(|section| section.active)
        .map(|section| FailoverService {
            name: section.name.to_string(),
            place: Place {
                address: section.address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
                port: section.port,
            },
            start: words(&section.start_cmd),
            stop: words(&section.stop_cmd),
            monitor: match mode {
                Mode::Monitor if !options.test_start => monitor_command(section, partner, options),
                Mode::Monitor | Mode::Active => Vec::new(),
            },
            command_time: section.command_time(),
        })
        .collect()
}
