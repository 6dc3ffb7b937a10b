//! One change of the kernel's table.

use crate::{Destination, DestinationKey, Service, ServiceKey};

/// One change of the kernel's table: one netlink message.
///
/// Shown in the notation of `ipvsadm`, as that would be told to do the same: `-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g
/// -w 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Adds a virtual server without real servers.
    AddService(ServiceKey, Service),
    /// Gives a virtual server other settings; its real servers and connections stay.
    SetService(ServiceKey, Service),
    /// Removes a virtual server with its real servers.
    DeleteService(ServiceKey),
    /// Adds a real server to a virtual server.
    AddDestination(ServiceKey, DestinationKey, Destination),
    /// Gives a real server other settings; its connections stay.
    SetDestination(ServiceKey, DestinationKey, Destination),
    /// Removes a real server; packets of its connections are dropped from then on.
    DeleteDestination(ServiceKey, DestinationKey),
}

impl Operation {
    /// The virtual server that it concerns.
    pub fn service(&self) -> &ServiceKey {
        match self {
            Operation::AddService(key, _)
            | Operation::SetService(key, _)
            | Operation::DeleteService(key)
            | Operation::AddDestination(key, ..)
            | Operation::SetDestination(key, ..)
            | Operation::DeleteDestination(key, _) => key,
        }
    }
}
