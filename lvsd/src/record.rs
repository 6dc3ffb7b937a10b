//! Which services of the kernel's table are lvsd's, in a file: an lvsd that was killed leaves them there, and the next one
//! tells them from those of others.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use control::decisions::Service;
use control::record::{LONGEST, SERVICES, read, write};
use ipvs::ServiceKey;
use service::state_file::StateFile;

use crate::operator_file::{kept, service_key};

/// The file, and what it holds.
#[derive(Debug)]
pub(crate) struct Record {
    file: StateFile,
    services: BTreeSet<ServiceKey>,
}

impl Record {
    /// What an lvsd before this one has kept. A file that makes no sense counts as none: services are left alone rather
    /// than removed without need.
    pub(crate) fn load() -> Self {
        let file = StateFile::new(Path::new(SERVICES), LONGEST);
        let services = services(&file).unwrap_or_else(|error| {
            tracing::warn!("{error}; services that a killed lvsd left in the IPVS table stay there");
            BTreeSet::new()
        });
        Self { file, services }
    }

    /// The services that are, or were, lvsd's.
    pub(crate) fn services(&self) -> &BTreeSet<ServiceKey> {
        &self.services
    }

    /// These are lvsd's from now on. Call it before they are in the kernel's table, and after others have left it.
    pub(crate) fn keep(&mut self, services: BTreeSet<ServiceKey>) {
        if services == self.services {
            return;
        }
        let entries: Vec<Service> = services.iter().map(kept).collect();
        let bytes = write(&entries).map_err(io::Error::other);
        if let Err(error) = bytes.and_then(|bytes| self.file.replace(&bytes)) {
            tracing::warn!("{error}; if lvsd is killed its services may stay in the IPVS table");
        }
        self.services = services;
    }

    /// None are lvsd's any more.
    pub(crate) fn remove(&mut self) {
        if let Err(error) = self.file.remove() {
            tracing::warn!("{error}");
        }
        self.services.clear();
    }
}

fn services(file: &StateFile) -> io::Result<BTreeSet<ServiceKey>> {
    let Some(bytes) = file.read()? else { return Ok(BTreeSet::new()) };
    let entries =
        read(&bytes).map_err(|error| io::Error::other(format!("cannot read {SERVICES}: {error}")))?;
    Ok(entries.into_iter().map(service_key).collect())
}
