//! The kernel's table: read once, then changed by the least list of operations. lvsd alone writes to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ipvs::{Client, DestinationKey, Operation, ServiceKey, Table, Timeouts, VirtualServer};

/// The connection to the kernel, and what its table holds as far as lvsd knows.
#[derive(Debug)]
pub(crate) struct Kernel {
    client: Client,
    table: Table,
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

    /// Reads the table anew.
    ///
    /// # Errors
    ///
    /// What the kernel says; the old knowledge stays.
    pub(crate) fn refresh(&mut self) -> Result<(), ipvs::Error> {
        self.table = self.client.table()?;
        Ok(())
    }

    /// Makes these services as they are wanted (`None`: gone), and no other.
    pub(crate) fn bring_about(&mut self, wanted: BTreeMap<ServiceKey, Option<VirtualServer>>) -> Outcome {
        let mut now = Table::default();
        let mut then = Table::default();
        for (key, entry) in wanted {
            if let Some(present) = self.table.services.get(&key) {
                now.services.insert(key, present.clone());
            }
            if let Some(entry) = entry {
                then.services.insert(key, entry);
            }
        }
        self.apply(now.diff(&then))
    }

    fn apply(&mut self, operations: Vec<Operation>) -> Outcome {
        let mut outcome = Outcome::default();
        if operations.is_empty() {
            return outcome;
        }
        let mut stale = false;
        let results = self.client.apply(&operations);
        for (operation, result) in operations.into_iter().zip(results) {
            match result {
                Ok(()) => {
                    // The model differs from the kernel only where a repeated request was already fulfilled.
                    if self.table.apply(&operation).is_err() {
                        stale = true;
                    }
                    outcome.done.push(operation);
                }
                Err(error) => outcome.refused.push(Refused {
                    service: *operation.service(),
                    reason: format!("ipvsadm {operation}: {error}"),
                }),
            }
        }
        if stale || !outcome.refused.is_empty() {
            // Something is not as it was thought to be.
            if let Err(error) = self.refresh() {
                tracing::warn!("cannot read the IPVS table: {error}");
            }
        }
        outcome
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
        let statistics = self.client.snapshot()?.statistics;
        let mut active = BTreeMap::new();
        for (service, statistics) in statistics.into_iter().filter(|(service, _)| services.contains(service))
        {
            let counts = statistics.destinations.into_iter();
            active.extend(counts.map(|(at, destination)| ((service, at), destination.active_connections)));
        }
        Ok(active)
    }
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
