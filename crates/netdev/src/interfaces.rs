//! Addresses and links of the machine, read and changed by rtnetlink.

use std::net::IpAddr;

use neli::{
    consts::{rtnl::Rtm, socket::NlFamily},
    rtnl::{Ifaddrmsg, Ifinfomsg},
};
use netlink::{Batch, Socket};

use crate::{
    Error, FloatingAddress, HeldAddress, Link,
    lowering::{self, Entry, Lowered},
    message::{EVERY_ADDRESS, EVERY_LINK},
    raising::{Plan, Raised},
};

/// The interfaces of the network namespace in which this was opened.
#[derive(Debug)]
pub struct Interfaces {
    socket: Socket,
}

impl Interfaces {
    /// Opens a socket; reading needs no privilege, changing needs root or `CAP_NET_ADMIN`.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`] with the system's reason.
    pub fn open() -> Result<Interfaces, Error> {
        let about = "addresses and links";
        let socket = Socket::connect(NlFamily::Route).map_err(|source| Error::Connect { about, source })?;
        Ok(Interfaces { socket })
    }

    /// All links.
    ///
    /// # Errors
    ///
    /// [`Error::List`] with the kernel's reason.
    pub fn links(&mut self) -> Result<Vec<Link>, Error> {
        let messages = self.socket.dump::<Ifinfomsg>(Rtm::Getlink, &EVERY_LINK);
        let messages = messages.map_err(|source| Error::List { what: "links", source })?;
        Ok(messages.iter().filter_map(Link::from_message).collect())
    }

    /// All addresses, of both families and on all links.
    ///
    /// # Errors
    ///
    /// [`Error::List`] with the kernel's reason.
    pub fn addresses(&mut self) -> Result<Vec<HeldAddress>, Error> {
        let links = self.links()?;
        Ok(self.entries(&links)?.into_iter().map(|entry| entry.held).collect())
    }

    /// The link that holds `address`, the first of them if there are several.
    ///
    /// # Errors
    ///
    /// [`Error::List`] with the kernel's reason.
    pub fn holder(&mut self, address: IpAddr) -> Result<Option<Link>, Error> {
        let links = self.links()?;
        let entries = self.entries(&links)?;
        let mut indices =
            entries.iter().filter(|entry| entry.held.address == address).map(|entry| entry.held.index);
        let index = indices.next();
        Ok(links.into_iter().find(|link| Some(link.index) == index))
    }

    /// Puts floating addresses up, with label, prefix and broadcast address, and sets their devices up. One that is up
    /// already with the same prefix is fine. Gives one result for each, in the same order; one failure stops no other.
    ///
    /// Source: specification `pulse.md`, section 15.
    ///
    /// # Errors
    ///
    /// [`Error::List`] when the kernel does not say what it has; nothing is changed then.
    pub fn raise(&mut self, wanted: &[FloatingAddress]) -> Result<Vec<Result<Raised, Error>>, Error> {
        let links = self.links()?;
        let held: Vec<_> = self.entries(&links)?.into_iter().map(|entry| entry.held).collect();
        let plans: Vec<_> = wanted.iter().map(|floating| Plan::new(floating, &links, &held)).collect();

        let mut batch = Batch::new();
        for (floating, plan) in wanted.iter().zip(&plans) {
            if let Ok(plan) = plan {
                plan.push(floating, &mut batch).map_err(|source| plan.refused(floating, source))?;
            }
        }
        let mut answers = self.socket.execute(&mut batch).into_iter();
        Ok(wanted.iter().zip(plans).map(|(floating, plan)| plan?.outcome(floating, &mut answers)).collect())
    }

    /// Removes floating addresses from their devices, whatever their label and prefix. One that is not there is fine,
    /// and so is a device that does not exist. Other addresses stay, even those that the kernel would remove too.
    /// Gives one result for each, in the same order; one failure stops no other.
    ///
    /// Source: specification `pulse.md`, section 15.
    ///
    /// # Errors
    ///
    /// [`Error::List`] when the kernel does not say what it has; nothing is changed then.
    pub fn lower(&mut self, wanted: &[FloatingAddress]) -> Result<Vec<Result<Lowered, Error>>, Error> {
        let links = self.links()?;
        let entries = self.entries(&links)?;
        let steps = lowering::steps(&entries, |held| wanted.iter().any(|floating| floating.is(held)));

        let mut batch = Batch::new();
        for step in &steps {
            step.push(&mut batch).map_err(|source| step.failed(source))?;
        }
        let mut outcomes = vec![Ok(Lowered::Absent); wanted.len()];
        for (step, answer) in steps.iter().zip(self.socket.execute(&mut batch)) {
            let outcome = step.outcome(answer);
            let of_step = |(floating, _): &(&FloatingAddress, _)| floating.is(&step.removed().held);
            for (_, known) in wanted.iter().zip(&mut outcomes).filter(of_step) {
                *known = known.clone().and(outcome.clone());
            }
        }
        Ok(outcomes)
    }

    fn entries(&mut self, links: &[Link]) -> Result<Vec<Entry>, Error> {
        let messages = self.socket.dump::<Ifaddrmsg>(Rtm::Getaddr, &EVERY_ADDRESS);
        let messages = messages.map_err(|source| Error::List { what: "addresses", source })?;
        let entry = |message| Some(Entry { held: HeldAddress::from_message(&message, links)?, message });
        Ok(messages.into_iter().filter_map(entry).collect())
    }
}
