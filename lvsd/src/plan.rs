//! What a configuration asks for: kernel services, their real servers, and a monitor for each.
//!
//! Pure: the same file always gives the same plan, and two plans are compared to find what a reload changes.

mod identity;
mod making;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use ipvs::{Destination, DestinationKey, Service, ServiceKey};
use lvs_cf::Word;

pub(crate) use self::identity::service_key;
use crate::arguments::Invocation;
use crate::first_checks::FirstCheck;
use crate::monitors::foreign::Descriptors;

/// A real server of a kernel service.
pub(crate) type Place = (ServiceKey, DestinationKey);

/// Everything that lvsd has to bring about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// Kernel services by their identity.
    pub(crate) services: BTreeMap<ServiceKey, PlannedService>,
    /// One monitor per active real server of each active virtual server.
    pub(crate) monitors: BTreeMap<MonitorKey, PlannedMonitor>,
    /// The checks that lvsd itself can make.
    pub(crate) first_checks: BTreeMap<MonitorKey, FirstCheck>,
    /// The active virtual servers in the file's order, for the log.
    pub(crate) virtual_servers: Vec<Started>,
    /// Virtual servers that cannot be served, and other things that the log shall name.
    pub(crate) complaints: Vec<String>,
    /// What was chosen where the file leaves a choice, for the log.
    pub(crate) notes: Vec<String>,
}

impl Plan {
    /// The monitors that the pool of this program is made of.
    pub(crate) fn pooled(&self, program: &OsStr) -> Vec<MonitorKey> {
        let of_program = self
            .monitors
            .iter()
            .filter(|(_, monitor)| monitor.pooled && monitor.invocation.program() == program);
        of_program.map(|(key, _)| *key).collect()
    }
}

/// An active virtual server, as the log names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    /// Its name in the file.
    pub(crate) name: String,
    /// Its port.
    pub(crate) port: i32,
    /// Its own address and port; one with a firewall mark needs none.
    pub(crate) address: Option<SocketAddr>,
    /// The kernel service that it is part of: several share one if they have the same firewall mark.
    pub(crate) service: ServiceKey,
    /// The monitors of its active real servers, in the file's order.
    pub(crate) real_servers: Vec<MonitorKey>,
}

impl Started {
    /// The name of one of its real servers in the file.
    pub(crate) fn name_of<'a>(&self, monitor: &'a PlannedMonitor) -> &'a str {
        let name = monitor.name.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('/'));
        name.unwrap_or(&monitor.name)
    }
}

/// One kernel service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedService {
    /// As the kernel shall have it.
    pub(crate) service: Service,
    /// Name of the first virtual server of the group.
    pub(crate) name: String,
    /// Its real servers.
    pub(crate) servers: BTreeMap<DestinationKey, PlannedServer>,
    /// Answers when no real server can.
    pub(crate) sorry: Option<(DestinationKey, Destination)>,
    /// Some monitors are not ours and write their destinations themselves: those are left as the kernel has them.
    pub(crate) foreign_monitors: bool,
}

/// One real server of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedServer {
    /// As the kernel shall have it at its full weight.
    pub(crate) destination: Destination,
    /// All of these must be satisfied: one, or one per virtual server of a mark group.
    pub(crate) monitors: Vec<MonitorKey>,
    /// A dead server gets weight 0 instead of being removed.
    pub(crate) quiesce: bool,
    /// A monitor that is not ours writes it.
    pub(crate) foreign: bool,
}

impl PlannedService {
    /// Whether a monitor that is not ours writes this destination: that of its real server, or another with the same
    /// address (Piranha 0.5 gave no port).
    pub(crate) fn is_foreign(&self, at: &DestinationKey) -> bool {
        let on_port = |port| DestinationKey { port, ..*at };
        match self.servers.get(at) {
            Some(server) => server.foreign,
            None => self.servers.range(on_port(0)..=on_port(u16::MAX)).any(|(_, server)| server.foreign),
        }
    }
}

/// What makes two monitors the same (specification lvsd.md 5.1, and the mark, so that two marks on one address do not
/// share a monitor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MonitorKey {
    /// Firewall mark, 0 for none.
    pub(crate) mark: u32,
    /// Protocol, address and port of the virtual server.
    pub(crate) virtual_server: (ipvs::Protocol, Option<IpAddr>, u16),
    /// Address and port of the real server.
    pub(crate) real_server: (IpAddr, u16),
}

/// How a monitor is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedMonitor {
    /// `virtual/server`, as log lines name it.
    pub(crate) name: String,
    /// Its program and arguments.
    pub(crate) invocation: Invocation,
    /// The program checks this real server together with others, in one process.
    pub(crate) pooled: bool,
    /// The weight that the file gives.
    pub(crate) weight: u32,
    /// The kernel service and the destination that it decides about.
    pub(crate) watches: Place,
    /// What it gets from lvsd if it is not ours.
    pub(crate) foreign: Option<Descriptors>,
}

/// How lvsd itself runs, as far as monitors see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mode {
    /// `--nodaemon`.
    pub(crate) nodaemon: bool,
    /// `--verbose`.
    pub(crate) verbose: bool,
}

/// Whether a `client_monitor` is a nanny that reports to lvsd. Any other program changes the table itself.
pub(crate) fn is_nanny(program: &Word) -> bool {
    Path::new(program.as_os_str()).file_name() == Some("nanny".as_ref())
}

#[cfg(test)]
mod tests;
