//! What can go wrong between a program and the kernel's table.

use std::fmt;

use netlink::Errno;

use crate::{Operation, ServiceKey, SyncDaemon, SyncRole};

/// What was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Opening the socket and finding IPVS.
    Connect,
    /// One change of the table.
    Change(Box<Operation>),
    /// Reading the virtual servers.
    ReadServices,
    /// Reading the real servers of one virtual server.
    ReadDestinations(ServiceKey),
    /// Reading the time-outs.
    ReadTimeouts,
    /// Setting the time-outs.
    SetTimeouts,
    /// Reading version and table size.
    ReadInfo,
    /// Reading the sync daemons.
    ReadSyncDaemons,
    /// Starting a sync daemon.
    StartSyncDaemon(Box<SyncDaemon>),
    /// Stopping a sync daemon.
    StopSyncDaemon(SyncRole),
    /// Setting counters to zero, of one service or of all.
    Zero(Option<ServiceKey>),
    /// Removing every virtual server.
    Flush,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attempt::Connect => write!(f, "looking for IPVS in the kernel"),
            Attempt::Change(operation) => write!(f, "changing the IPVS table ({operation})"),
            Attempt::ReadServices => write!(f, "reading the IPVS virtual servers"),
            Attempt::ReadDestinations(key) => write!(f, "reading the real servers of {key}"),
            Attempt::ReadTimeouts => write!(f, "reading the IPVS time-outs"),
            Attempt::SetTimeouts => write!(f, "setting the IPVS time-outs"),
            Attempt::ReadInfo => write!(f, "reading the version of IPVS"),
            Attempt::ReadSyncDaemons => write!(f, "reading the IPVS sync daemons"),
            Attempt::StartSyncDaemon(daemon) => {
                write!(
                    f,
                    "starting the {} sync daemon on {} (id {})",
                    daemon.role, daemon.interface, daemon.id
                )
            }
            Attempt::StopSyncDaemon(role) => write!(f, "stopping the {role} sync daemon"),
            Attempt::Zero(Some(key)) => write!(f, "setting the counters of {key} to zero"),
            Attempt::Zero(None) => write!(f, "setting all IPVS counters to zero"),
            Attempt::Flush => write!(f, "removing all IPVS virtual servers"),
        }
    }
}

/// Why it did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel has no IPVS, and no module to load.
    #[error(
        "the kernel has no IPVS: `modprobe ip_vs` must work; install the module or boot a kernel with CONFIG_IP_VS"
    )]
    Missing,
    /// The process may not.
    #[error("{0}: not permitted; run as root (CAP_NET_ADMIN, not inside an unprivileged container)")]
    NotPermitted(Attempt),
    /// The kernel refused.
    #[error("{attempt}: {} ({errno:?}){}", errno.desc(), hint(attempt, *errno))]
    Refused {
        /// What was tried.
        attempt: Attempt,
        /// The kernel's answer.
        errno: Errno,
    },
    /// There is no proper answer.
    #[error("{attempt}: {source}")]
    Netlink {
        /// What was tried.
        attempt: Attempt,
        /// What happened.
        source: netlink::Error,
    },
}

impl Error {
    pub(crate) fn new(attempt: Attempt, source: netlink::Error) -> Error {
        let netlink::Error::Refused(refusal) = source else {
            return Error::Netlink { attempt, source };
        };
        match (refusal.errno, &attempt) {
            (Errno::EPERM, _) => Error::NotPermitted(attempt),
            (errno, Attempt::Change(_)) => Error::Refused { attempt, errno },
            // Nothing but a change can miss anything else.
            (Errno::ENOENT, _) => Error::Missing,
            (errno, _) => Error::Refused { attempt, errno },
        }
    }

    /// The kernel's error number, where it gave one.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Error::Missing => Some(Errno::ENOENT),
            Error::NotPermitted(_) => Some(Errno::EPERM),
            Error::Refused { errno, .. } => Some(*errno),
            Error::Netlink { source, .. } => source.errno(),
        }
    }

    /// Whether it may have been done in spite of this error.
    pub fn outcome_unknown(&self) -> bool {
        matches!(self, Error::Netlink { source, .. } if source.outcome_unknown())
    }
}

/// What the number means here, and what to do.
fn hint(attempt: &Attempt, errno: Errno) -> &'static str {
    match attempt {
        Attempt::Change(operation) => change_hint(operation, errno),
        Attempt::StartSyncDaemon(_) => match errno {
            Errno::ENODEV => "; there is no such interface",
            Errno::ENETUNREACH => "; the interface is down: bring it up first",
            Errno::EEXIST => "; it runs already: stop it first to change it",
            Errno::EINVAL => {
                "; the group must be a multicast address, and no real server may have another address family than \
                 its virtual server"
            }
            _ => "",
        },
        Attempt::SetTimeouts if errno == Errno::EINVAL => "; a time-out is too long for the kernel",
        Attempt::Zero(Some(_)) if errno == Errno::ESRCH => "; there is no such virtual server",
        _ => "",
    }
}

fn change_hint(operation: &Operation, errno: Errno) -> &'static str {
    let adds_service = matches!(operation, Operation::AddService(..) | Operation::SetService(..));
    match errno {
        Errno::ESRCH => "; there is no such virtual server",
        Errno::ENOENT if adds_service => {
            "; the kernel has no such scheduler or persistence engine (modprobe ip_vs_<name>)"
        }
        Errno::ENOENT => "; there is no such real server",
        Errno::ERANGE => "; the weight is above 2147483647, or the lower threshold above the upper one",
        Errno::EAFNOSUPPORT => "; the kernel does not support this address family",
        Errno::EINVAL if adds_service => "; the persistence mask or name is not valid",
        Errno::EINVAL => {
            "; the real server's address must be a unicast address, and of the virtual server's family except with \
             tunnels and no sync daemon"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use netlink::Refusal;

    use super::*;
    use crate::{Destination, DestinationKey, ForwardingMethod, Protocol, Scheduler, Service};

    fn refused(attempt: Attempt, errno: Errno) -> Error {
        Error::new(attempt, netlink::Error::Refused(Refusal { errno, text: None }))
    }

    #[test]
    fn texts() {
        let key =
            ServiceKey::Address { protocol: Protocol::Tcp, address: "192.0.2.1".parse().unwrap(), port: 80 };
        let at = DestinationKey { address: "10.0.0.2".parse().unwrap(), port: 80 };
        let service = Operation::AddService(key, Service::new(Scheduler::new("wlcc").unwrap()));
        let real = Operation::AddDestination(key, at, Destination::new(ForwardingMethod::DirectRoute, 1));
        let change = |operation: &Operation| Attempt::Change(Box::new(operation.clone()));
        let master = Attempt::StartSyncDaemon(Box::new(SyncDaemon::new(SyncRole::Master, "eth1", 3)));
        let errors = [
            refused(Attempt::Connect, Errno::ENOENT),
            refused(Attempt::ReadServices, Errno::EPERM),
            refused(change(&service), Errno::ENOENT),
            refused(change(&real), Errno::ESRCH),
            refused(change(&real), Errno::EINVAL),
            refused(change(&real), Errno::ERANGE),
            refused(master.clone(), Errno::ENETUNREACH),
            refused(master, Errno::EEXIST),
            refused(Attempt::SetTimeouts, Errno::EINVAL),
            Error::new(Attempt::Flush, netlink::Error::TimedOut(Duration::from_secs(5))),
        ];
        insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"), @"
        the kernel has no IPVS: `modprobe ip_vs` must work; install the module or boot a kernel with CONFIG_IP_VS
        reading the IPVS virtual servers: not permitted; run as root (CAP_NET_ADMIN, not inside an unprivileged container)
        changing the IPVS table (-A -t 192.0.2.1:80 -s wlcc): No such file or directory (ENOENT); the kernel has no such scheduler or persistence engine (modprobe ip_vs_<name>)
        changing the IPVS table (-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1): No such process (ESRCH); there is no such virtual server
        changing the IPVS table (-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1): Invalid argument (EINVAL); the real server's address must be a unicast address, and of the virtual server's family except with tunnels and no sync daemon
        changing the IPVS table (-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1): Math result not representable (ERANGE); the weight is above 2147483647, or the lower threshold above the upper one
        starting the master sync daemon on eth1 (id 3): Network is unreachable (ENETUNREACH); the interface is down: bring it up first
        starting the master sync daemon on eth1 (id 3): File exists (EEXIST); it runs already: stop it first to change it
        setting the IPVS time-outs: Invalid argument (EINVAL); a time-out is too long for the kernel
        removing all IPVS virtual servers: the kernel did not answer within 5s; whether the request was carried out is unknown
        ");
    }

    #[test]
    fn a_kernel_that_lost_its_module_is_told_from_a_missing_scheduler() {
        assert_eq!(refused(Attempt::ReadServices, Errno::ENOENT), Error::Missing);
        let address = "192.0.2.1".parse().unwrap();
        let key = ServiceKey::Address { protocol: Protocol::Tcp, address, port: 80 };
        let change = Attempt::Change(Box::new(Operation::DeleteService(key)));
        assert!(matches!(refused(change, Errno::ENOENT), Error::Refused { errno: Errno::ENOENT, .. }));
    }

    #[test]
    fn what_the_kernel_did_not_answer_may_have_happened() {
        assert!(Error::new(Attempt::Flush, netlink::Error::Overrun).outcome_unknown());
        assert!(!refused(Attempt::Flush, Errno::ENOMEM).outcome_unknown());
    }
}
