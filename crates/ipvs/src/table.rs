//! The table of virtual servers, as a plain value.

use std::collections::BTreeMap;

use netlink::Errno;

use crate::{Destination, DestinationKey, Operation, Service, ServiceKey};

/// Virtual servers by identity, in the order of [`ServiceKey`].
///
/// Shown as `ipvsadm -Ln` lists it, with no connections; [`crate::Snapshot`] shows their numbers too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Each virtual server with its real servers.
    pub services: BTreeMap<ServiceKey, VirtualServer>,
}

/// A virtual server with its real servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualServer {
    /// Its settings.
    pub service: Service,
    /// Its real servers by identity.
    pub destinations: BTreeMap<DestinationKey, Destination>,
}

impl VirtualServer {
    /// A virtual server without real servers.
    pub fn new(service: Service) -> VirtualServer {
        VirtualServer { service, destinations: BTreeMap::new() }
    }
}

impl Table {
    /// Puts a virtual server without real servers into the table, in place of one with the same identity, and gives
    /// it for filling.
    pub fn insert(&mut self, key: ServiceKey, service: Service) -> &mut VirtualServer {
        self.services.remove(&key);
        self.services.entry(key).or_insert_with(|| VirtualServer::new(service))
    }

    /// Does to this table what `operation` does to the kernel's: the model by which lists of operations are judged
    /// without a kernel.
    ///
    /// # Errors
    /// What the kernel answers: `EEXIST` for adding what is there, `ESRCH` for a service and `ENOENT` for a
    /// destination that is not. The table is then unchanged.
    pub fn apply(&mut self, operation: &Operation) -> Result<(), Errno> {
        match operation {
            Operation::AddService(key, service) => {
                if self.services.contains_key(key) {
                    return Err(Errno::EEXIST);
                }
                self.insert(*key, service.clone());
            }
            Operation::SetService(key, service) => self.server(key)?.service = service.clone(),
            Operation::DeleteService(key) => {
                self.services.remove(key).ok_or(Errno::ESRCH)?;
            }
            Operation::AddDestination(key, at, destination) => {
                let server = self.server(key)?;
                if server.destinations.contains_key(at) {
                    return Err(Errno::EEXIST);
                }
                server.destinations.insert(*at, destination.clone());
            }
            Operation::SetDestination(key, at, destination) => {
                *self.server(key)?.destinations.get_mut(at).ok_or(Errno::ENOENT)? = destination.clone();
            }
            Operation::DeleteDestination(key, at) => {
                self.server(key)?.destinations.remove(at).ok_or(Errno::ENOENT)?;
            }
        }
        Ok(())
    }

    fn server(&mut self, key: &ServiceKey) -> Result<&mut VirtualServer, Errno> {
        self.services.get_mut(key).ok_or(Errno::ESRCH)
    }
}
