//! Reading the table, with or without what the kernel counted.

use std::collections::BTreeMap;

use super::{Client, failed};
use crate::{
    Attempt, Destination, DestinationKey, DestinationStatistics, Error, Service, ServiceKey,
    ServiceStatistics, Snapshot, Table, VirtualServer,
    decode::{self, Answer},
    encode::Request,
};

impl Client {
    /// Reads the whole table.
    ///
    /// The kernel has no snapshot of it: what others change meanwhile may be seen or not. To act on a difference
    /// that nobody here made, read twice.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn table(&mut self) -> Result<Table, Error> {
        let mut table = Table::default();
        for (key, service) in self.services()? {
            let destinations = self.destinations(&key)?;
            table.services.insert(key, VirtualServer { service, destinations });
        }
        Ok(table)
    }

    /// Reads the settings of all services.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn services(&mut self) -> Result<BTreeMap<ServiceKey, Service>, Error> {
        self.dump(&Request::Services, &Attempt::ReadServices)?
            .iter()
            .map(decode::service)
            .collect::<Result<_, _>>()
            .map_err(failed(Attempt::ReadServices))
    }

    /// Reads the destinations of one service; of a service that does not exist the kernel says that it has none.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn destinations(&mut self, key: &ServiceKey) -> Result<BTreeMap<DestinationKey, Destination>, Error> {
        self.destination_answers(key)?
            .iter()
            .map(|answer| decode::destination(answer, key.family()))
            .collect::<Result<_, _>>()
            .map_err(failed(Attempt::ReadDestinations(*key)))
    }

    /// Reads what the kernel counted for the destinations of one service.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn destination_statistics(
        &mut self,
        key: &ServiceKey,
    ) -> Result<BTreeMap<DestinationKey, DestinationStatistics>, Error> {
        self.destination_answers(key)?
            .iter()
            .map(|answer| {
                let (at, _) = decode::destination(answer, key.family())?;
                Ok((at, decode::destination_statistics(answer)?))
            })
            .collect::<Result<_, _>>()
            .map_err(failed(Attempt::ReadDestinations(*key)))
    }

    /// Reads the whole table with all that the kernel counted.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn snapshot(&mut self) -> Result<Snapshot, Error> {
        self.snapshot_of(|_| true)
    }

    /// The same for those services alone that `wanted` says yes to: of the others nobody asks for real servers.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn snapshot_of(&mut self, wanted: impl Fn(&ServiceKey) -> bool) -> Result<Snapshot, Error> {
        let mut snapshot = Snapshot { info: self.info()?, ..Snapshot::default() };
        for answer in self.dump(&Request::Services, &Attempt::ReadServices)? {
            let wrong = failed(Attempt::ReadServices);
            let (key, service) = decode::service(&answer).map_err(&wrong)?;
            if !wanted(&key) {
                continue;
            }
            let server = snapshot.table.insert(key, service);
            let traffic = decode::service_traffic(&answer).map_err(&wrong)?;
            let mut counted = ServiceStatistics { traffic, destinations: BTreeMap::new() };
            for answer in self.destination_answers(&key)? {
                let wrong = failed(Attempt::ReadDestinations(key));
                let (at, destination) = decode::destination(&answer, key.family()).map_err(&wrong)?;
                server.destinations.insert(at, destination);
                counted.destinations.insert(at, decode::destination_statistics(&answer).map_err(&wrong)?);
            }
            snapshot.statistics.insert(key, counted);
        }
        Ok(snapshot)
    }

    fn destination_answers(&mut self, key: &ServiceKey) -> Result<Vec<Answer>, Error> {
        self.dump(&Request::Destinations(key), &Attempt::ReadDestinations(*key))
    }
}
