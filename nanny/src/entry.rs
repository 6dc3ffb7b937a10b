//! The own entry in the kernel's table, of a nanny that stands alone: specification nanny.md 8 and 13, row 13.
//!
//! What is wanted is compared with what the kernel has after every check, so that a change that failed is tried again
//! and a change by somebody else is undone.

use std::ffi::OsString;
use std::net::IpAddr;
use std::num::NonZeroU32;

use anyhow::{Context, anyhow};
use health::state::Known;
use ipvs::{
    Client, Destination, DestinationKey, Family, ForwardingMethod, Operation, Protocol, ServiceKey, Tunnel,
};
use tracing::{debug, error, warn};

use crate::settings::{Method, Settings};

/// One real server of one virtual server in the kernel's table.
#[derive(Debug)]
pub(crate) struct Entry {
    client: Client,
    place: Place,
    quiesce: bool,
    /// What Piranha's nanny would have run, for the log.
    ipvsadm: OsString,
    wanted: Wanted,
    /// The wanted state was reached, so that any difference is somebody else's doing.
    settled: bool,
    /// What went wrong last time, not to be said again.
    complaint: Option<String>,
}

/// Where the entry belongs.
#[derive(Debug, Clone, Copy)]
struct Place {
    service: ServiceKey,
    destination: DestinationKey,
    method: ForwardingMethod,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Nothing was decided yet: the entry stays as it is.
    Anything,
    Weight(u32),
    Absent,
}

impl Entry {
    /// Connects to the kernel and looks for the entry.
    ///
    /// # Errors
    ///
    /// If the virtual address is none, or the kernel gives no access to its table.
    pub(crate) fn open(settings: &Settings) -> anyhow::Result<Self> {
        let place = Place::of(settings)?;
        let mut client = Client::connect()?;
        // Fails now rather than at the first change if this process may not touch the table.
        client.destinations(&place.service)?;
        Ok(Self {
            client,
            place,
            quiesce: settings.quiesce,
            ipvsadm: settings.ipvsadm.clone(),
            wanted: Wanted::Anything,
            settled: false,
            complaint: None,
        })
    }

    /// What the kernel's table says of the real server. An entry in use is adopted and keeps its weight (nanny.md 13,
    /// row 16).
    pub(crate) fn known(&mut self) -> Known {
        match self.present() {
            Ok(Some(Destination { weight, .. })) if weight > 0 => {
                self.want(Wanted::Weight(weight));
                Known::Up { weight }
            }
            Ok(_) => Known::Nothing,
            Err(reason) => {
                error!("{reason}");
                Known::Nothing
            }
        }
    }

    /// The real server is to be in the table with this weight.
    pub(crate) fn up(&mut self, weight: u32) {
        self.want(Wanted::Weight(weight));
    }

    /// The real server is to leave service: at weight 0 if it is to be quiesced and is in the table, else removed.
    pub(crate) fn down(&mut self, quiesce: bool) {
        let present = matches!(self.wanted, Wanted::Weight(_)) || matches!(self.present(), Ok(Some(_)));
        self.want(if self.quiesce && quiesce && present { Wanted::Weight(0) } else { Wanted::Absent });
    }

    /// Makes the kernel's entry what is wanted. What fails is logged once and tried again with the next call.
    pub(crate) fn settle(&mut self) -> bool {
        let outcome = self.present().and_then(|present| {
            let Some(operation) = self.place.change(self.wanted, present.as_ref()) else { return Ok(()) };
            if self.settled {
                warn!("the entry was changed by somebody else, repairing: {operation}");
            } else {
                debug!("changing the table: {operation}");
            }
            self.client.apply(&[operation]).into_iter().collect()
        });
        self.settled = outcome.is_ok();
        let complaint = outcome.err().map(|reason| reason.to_string());
        if complaint != self.complaint {
            if let Some(complaint) = &complaint {
                error!("{} command failed! {complaint}", self.ipvsadm.display());
            }
            self.complaint = complaint;
        }
        self.settled
    }

    /// Removes the entry, unless nothing was decided about it. Gives whether that worked.
    pub(crate) fn remove(&mut self) -> bool {
        if self.wanted == Wanted::Anything {
            return true;
        }
        self.want(Wanted::Absent);
        self.settle()
    }

    fn want(&mut self, wanted: Wanted) {
        self.settled = self.settled && self.wanted == wanted;
        self.wanted = wanted;
    }

    fn present(&mut self) -> Result<Option<Destination>, ipvs::Error> {
        Ok(self.client.destinations(&self.place.service)?.remove(&self.place.destination))
    }
}

impl Place {
    fn of(settings: &Settings) -> anyhow::Result<Self> {
        let (virtual_server, real_server) = (&settings.virtual_server, settings.real_server());
        let address = virtual_server.address.as_deref().map(str::parse::<IpAddr>).transpose();
        let service = match NonZeroU32::new(virtual_server.fwmark) {
            Some(mark) => {
                let family = Family::of(address.ok().flatten().unwrap_or(real_server.ip()));
                ServiceKey::Mark { family, mark }
            }
            None => ServiceKey::Address {
                protocol: if virtual_server.udp { Protocol::Udp } else { Protocol::Tcp },
                address: address
                    .context("--virtaddress is no address")?
                    .ok_or_else(|| anyhow!("neither --virtaddress nor --fwmark names the virtual server"))?,
                port: virtual_server.port,
            },
        };
        Ok(Self {
            service,
            destination: DestinationKey { address: real_server.ip(), port: real_server.port() },
            method: match settings.method {
                Method::Masquerading => ForwardingMethod::Masquerade,
                Method::DirectRouting => ForwardingMethod::DirectRoute,
                Method::Tunneling => ForwardingMethod::Tunnel(Tunnel::Ipip),
            },
        })
    }

    /// The change from what the kernel has to what is wanted. Thresholds that somebody set stay.
    fn change(&self, wanted: Wanted, present: Option<&Destination>) -> Option<Operation> {
        match (wanted, present) {
            (Wanted::Anything, _) | (Wanted::Absent, None) => None,
            (Wanted::Absent, Some(_)) => Some(Operation::DeleteDestination(self.service, self.destination)),
            (Wanted::Weight(weight), None) => {
                let destination = Destination::new(self.method, weight);
                Some(Operation::AddDestination(self.service, self.destination, destination))
            }
            (Wanted::Weight(weight), Some(present)) => {
                let method = match present.method {
                    // The kernel's own choice for an address of its own.
                    ForwardingMethod::Local => ForwardingMethod::Local,
                    _ => self.method,
                };
                let destination = Destination { method, weight, ..present.clone() };
                (destination != *present).then_some(Operation::SetDestination(
                    self.service,
                    self.destination,
                    destination,
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ipvs::{Destination, DestinationKey, ForwardingMethod, Protocol, ServiceKey};

    use super::{Place, Wanted};

    fn change(wanted: Wanted, present: Option<&Destination>) -> String {
        let place = Place {
            service: ServiceKey::Address {
                protocol: Protocol::Tcp,
                address: "10.0.0.1".parse().unwrap(),
                port: 80,
            },
            destination: DestinationKey { address: "10.1.1.2".parse().unwrap(), port: 8080 },
            method: ForwardingMethod::Masquerade,
        };
        place.change(wanted, present).map_or_else(|| "nothing".to_owned(), |operation| operation.to_string())
    }

    #[test]
    fn only_what_differs_is_changed() {
        let present = Destination { upper_threshold: 9, ..Destination::new(ForwardingMethod::Masquerade, 4) };
        let routed = Destination::new(ForwardingMethod::DirectRoute, 4);
        let local = Destination::new(ForwardingMethod::Local, 4);
        insta::assert_snapshot!(change(Wanted::Anything, None), @"nothing");
        insta::assert_snapshot!(change(Wanted::Anything, Some(&present)), @"nothing");
        insta::assert_snapshot!(change(Wanted::Absent, None), @"nothing");
        insta::assert_snapshot!(change(Wanted::Absent, Some(&present)), @"-d -t 10.0.0.1:80 -r 10.1.1.2:8080");
        insta::assert_snapshot!(change(Wanted::Weight(4), None), @"-a -t 10.0.0.1:80 -r 10.1.1.2:8080 -m -w 4");
        insta::assert_snapshot!(change(Wanted::Weight(4), Some(&present)), @"nothing");
        insta::assert_snapshot!(change(Wanted::Weight(4), Some(&local)), @"nothing");
        insta::assert_snapshot!(change(Wanted::Weight(4), Some(&routed)), @"-e -t 10.0.0.1:80 -r 10.1.1.2:8080 -m -w 4");
        insta::assert_snapshot!(change(Wanted::Weight(0), Some(&present)), @"-e -t 10.0.0.1:80 -r 10.1.1.2:8080 -m -w 0 -x 9");
    }
}
