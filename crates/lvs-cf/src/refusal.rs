//! Files that are well formed and yet not served: what the programs check after reading (specification lvs-cf.md
//! section 6, pulse.md F38).

use std::net::IpAddr;
use std::path::Path;

use crate::config::Config;
use crate::fixed::Service;

/// Why a program exits with status 1 although the file could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// pulse: no section of the kind that `service` names is active.
    NoActiveService(Service),
    /// pulse: `heartbeat_port` is no port.
    HeartbeatPort(i32),
    /// pulse: `primary` and `backup` are the same address.
    SameRouters(IpAddr),
    /// fos: `service` is not `fos`.
    NotFailover,
    /// fos: there is no failover section.
    NoFailoverService,
}

impl Refusal {
    /// The line that the program prints to standard error.
    pub fn line(self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::NoActiveService(service) => {
                format!("pulse: no active {service} services defined in {path}")
            }
            Self::HeartbeatPort(port) => {
                format!("pulse: heartbeat_port {port} in {path} is outside 1 to 65535")
            }
            Self::SameRouters(address) => {
                format!(
                    "pulse: primary and backup are both {address} in {path}: each router needs its own address"
                )
            }
            Self::NotFailover => format!("fos: Service type is not \"fos\" in {path}"),
            Self::NoFailoverService => format!("fos: No Failover Services defined in {path}."),
        }
    }
}

impl Config {
    /// Every reason for pulse to refuse the file.
    pub fn pulse_refusals(&self) -> Vec<Refusal> {
        let sections = match self.service {
            Service::Lvs => &self.virtual_servers,
            Service::Fos => &self.failover,
        };
        let idle = !sections.iter().any(|section| section.active);
        let same = self.primary.address.filter(|_| self.has_same_routers());
        [
            idle.then_some(Refusal::NoActiveService(self.service)),
            self.heartbeat_port_number().is_none().then_some(Refusal::HeartbeatPort(self.heartbeat_port)),
            same.map(Refusal::SameRouters),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The reason for fos to refuse the file.
    pub fn fos_refusal(&self) -> Option<Refusal> {
        match self.service {
            Service::Lvs => Some(Refusal::NotFailover),
            Service::Fos => self.failover.is_empty().then_some(Refusal::NoFailoverService),
        }
    }
}
