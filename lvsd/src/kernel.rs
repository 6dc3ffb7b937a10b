//! The kernel's table: read once, then changed by the least list of operations. lvsd alone writes to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ipvs::{Client, DestinationKey, Operation, ServiceKey, Snapshot, Table, Timeouts, VirtualServer};

use crate::plan::Place;

/// The connection to the kernel, and what its table holds as far as lvsd knows.
#[derive(Debug)]
pub(crate) struct Kernel {
    client: Client,
    table: Table,
}

/// How services shall be; `None`: gone.
pub(crate) type Wishes = BTreeMap<ServiceKey, Option<VirtualServer>>;

/// What the kernel was seen to have.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// The services that were asked about, as far as they are there.
    pub(crate) table: Table,
    /// The other services.
    pub(crate) others: BTreeSet<ServiceKey>,
}

/// An operation that the kernel refused.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The service concerned.
    pub(crate) service: ServiceKey,
    /// What was tried, in ipvsadm's notation, and what the kernel said.
    pub(crate) reason: String,
}

/// What became of a wish.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Operations that were carried out.
    pub(crate) done: Vec<Operation>,
    /// Operations that were not.
    pub(crate) refused: Vec<Refused>,
}

impl Kernel {
    /// Connects and reads the table.
    ///
    /// # Errors
    ///
    /// Without IPVS in the kernel or the right to use it.
    pub(crate) fn connect() -> Result<Self, ipvs::Error> {
        let mut client = Client::connect()?;
        let table = client.table()?;
        Ok(Self { client, table })
    }

    /// The table as far as lvsd knows.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Reads how these services are, and which others there are. What lvsd knows stays as it is: see
    /// [`learn`](Self::learn).
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub(crate) fn look(&mut self, services: &BTreeSet<ServiceKey>) -> Result<Look, ipvs::Error> {
        let mut look = Look::default();
        for (key, service) in self.client.services()? {
            if services.contains(&key) {
                let destinations = self.client.destinations(&key)?;
                look.table.services.insert(key, VirtualServer { service, destinations });
            } else {
                look.others.insert(key);
            }
        }
        Ok(look)
    }

    /// Removes what a monitor that is not ours may have left.
    pub(crate) fn clear(&mut self, (service, destination): Place) {
        let removal = Operation::DeleteDestination(service, destination);
        for error in self.client.apply(std::slice::from_ref(&removal)).into_iter().filter_map(Result::err) {
            tracing::warn!("ipvsadm {removal}: {error}");
        }
        // lvsd need not have known of it.
        let _ = self.table.apply(&removal);
    }

    /// From now on lvsd knows these services as they were seen.
    pub(crate) fn learn(&mut self, services: &BTreeSet<ServiceKey>, mut seen: Table) {
        for key in services {
            match seen.services.remove(key) {
                Some(entry) => self.table.services.insert(*key, entry),
                None => self.table.services.remove(key),
            };
        }
    }

    /// Makes these services as they are wanted, and no other.
    pub(crate) fn bring_about(&mut self, wishes: &Wishes) -> Outcome {
        let mut outcome = Outcome::default();
        let operations = self.table.changes(wishes.iter().map(|(key, entry)| (key, entry.as_ref())));
        let mut surprises = BTreeSet::new();
        let results = self.client.apply(&operations);
        for (operation, result) in operations.into_iter().zip(results) {
            let service = *operation.service();
            match result {
                Ok(()) => {
                    // The model differs from the kernel only where a repeated request was already fulfilled.
                    if self.table.apply(&operation).is_err() {
                        surprises.insert(service);
                    }
                    outcome.done.push(operation);
                }
                Err(error) => {
                    surprises.insert(service);
                    let reason = format!("ipvsadm {operation}: {error}");
                    outcome.refused.push(Refused { service, reason });
                }
            }
        }
        if !surprises.is_empty() {
            self.look_again(&surprises);
        }
        outcome
    }

    /// These services may not be as lvsd knows them.
    pub(crate) fn look_again(&mut self, services: &BTreeSet<ServiceKey>) {
        match self.look(services) {
            Ok(look) => self.learn(services, look.table),
            Err(error) => tracing::warn!("cannot read the IPVS table: {error}"),
        }
    }

    /// Sets the time-outs of connections; zeros leave the kernel's values.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub(crate) fn set_timeouts(&mut self, timeouts: &Timeouts) -> Result<(), ipvs::Error> {
        self.client.set_timeouts(timeouts)
    }

    /// The established connections of the destinations of these services.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub(crate) fn active_connections(
        &mut self,
        services: &BTreeSet<ServiceKey>,
    ) -> Result<BTreeMap<(ServiceKey, DestinationKey), u32>, ipvs::Error> {
        let mut active = BTreeMap::new();
        for service in services {
            let counted = self.client.destination_statistics(service)?;
            active.extend(
                counted.into_iter().map(|(at, counted)| ((*service, at), counted.active_connections)),
            );
        }
        Ok(active)
    }
}

/// The table with all that the kernel counted, read over a connection of its own.
///
/// # Errors
///
/// What the kernel says.
pub(crate) fn snapshot() -> Result<Snapshot, ipvs::Error> {
    Client::connect()?.snapshot()
}

/// The same for one service.
///
/// # Errors
///
/// What the kernel says.
pub(crate) fn snapshot_of(service: &ServiceKey) -> Result<Snapshot, ipvs::Error> {
    Client::connect()?.snapshot_of(|key| key == service)
}

/// The time-outs that a file asks for, in the kernel's terms.
pub(crate) fn timeouts(config: &lvs_cf::Config) -> Timeouts {
    let seconds = |value: i32| Duration::from_secs(u64::try_from(value).unwrap_or(0));
    Timeouts {
        tcp: seconds(config.tcp_timeout),
        tcp_fin: seconds(config.tcpfin_timeout),
        udp: seconds(config.udp_timeout),
    }
}
