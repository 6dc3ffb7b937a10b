//! Addresses and links of the machine, read and changed by rtnetlink.

use std::{borrow::Borrow, net::IpAddr};

use neli::{
    consts::{nl::NlmF, rtnl::Rtm, socket::NlFamily},
    rtnl::{Ifaddrmsg, Ifinfomsg},
};
use netlink::{Batch, Errno, Socket};

use crate::{
    Error, FloatingAddress, HeldAddress, Link,
    lowering::{self, Step},
    message::{AddAddress, EVERY_ADDRESS, EVERY_LINK, SetUp},
};

/// The interfaces of the network namespace in which this was opened.
#[derive(Debug)]
pub struct Interfaces {
    socket: Socket,
}

/// How a floating address came to be up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// It was added.
    Added,
    /// It was there already.
    Kept,
}

/// How a floating address came to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lowered {
    /// It was removed.
    Removed,
    /// It was not there.
    Absent,
}

/// What raising one floating address takes.
struct Plan {
    index: u32,
    prefix: u8,
    /// The device is down.
    set_up: bool,
    /// The address is not there.
    add: bool,
}

/// An address with the message that told of it.
struct Entry {
    held: HeldAddress,
    message: Ifaddrmsg,
}

impl Borrow<HeldAddress> for Entry {
    fn borrow(&self) -> &HeldAddress {
        &self.held
    }
}

type Answer = Result<(), netlink::Error>;

impl Interfaces {
    /// Opens a socket; reading needs no privilege, changing needs root or `CAP_NET_ADMIN`.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`] with the system's reason.
    pub fn open() -> Result<Interfaces, Error> {
        let about = "its addresses and links";
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

impl Plan {
    fn new(floating: &FloatingAddress, links: &[Link], held: &[HeldAddress]) -> Result<Plan, Error> {
        let (address, label) = (floating.address, &floating.label);
        let Some(link) = links.iter().find(|link| link.name == label.device()) else {
            let known = links.iter().map(|link| link.name.clone()).collect();
            return Err(Error::NoSuchDevice { address, label: label.clone(), known });
        };
        let wanted = floating.prefix_among(held);
        let present = held.iter().find(|held| floating.is(held)).map(|held| held.prefix);
        if let Some(held) = present.filter(|&prefix| prefix != wanted) {
            return Err(Error::OtherPrefix { address, label: label.clone(), wanted, held });
        }
        Ok(Plan { index: link.index, prefix: wanted, set_up: !link.is_up(), add: present.is_none() })
    }

    fn push(&self, floating: &FloatingAddress, batch: &mut Batch) -> Result<(), netlink::Error> {
        let &Plan { index, prefix, .. } = self;
        if self.set_up {
            batch.push(Rtm::Newlink, NlmF::empty(), &SetUp { index })?;
        }
        if self.add {
            let request = AddAddress { address: floating.address, prefix, index, label: &floating.label };
            batch.push(Rtm::Newaddr, NlmF::CREATE | NlmF::EXCL, &request)?;
        }
        Ok(())
    }

    /// Takes the answers to what was pushed.
    fn outcome(
        &self,
        floating: &FloatingAddress,
        answers: &mut impl Iterator<Item = Answer>,
    ) -> Result<Raised, Error> {
        let set_up = self.set_up.then(|| answers.next()).flatten().unwrap_or(Ok(()));
        let added = self.add.then(|| answers.next()).flatten();
        let &FloatingAddress { address, ref label, .. } = floating;
        set_up.map_err(|source| Error::SetUp { address, label: label.clone(), source })?;
        match added {
            Some(Ok(())) => Ok(Raised::Added),
            Some(Err(source)) if source.errno() != Some(Errno::EEXIST) => Err(self.refused(floating, source)),
            _ => Ok(Raised::Kept),
        }
    }

    fn refused(&self, floating: &FloatingAddress, source: netlink::Error) -> Error {
        let &FloatingAddress { address, ref label, .. } = floating;
        Error::Raise { address, prefix: self.prefix, label: label.clone(), source }
    }
}

impl Step<'_, Entry> {
    fn push(&self, batch: &mut Batch) -> Result<(), netlink::Error> {
        // The kernel's own words go back to it, with everything that an address can have.
        match self {
            Step::Remove(entry) => batch.push(Rtm::Deladdr, NlmF::empty(), &entry.message),
            Step::Restore { survivor, .. } => {
                batch.push(Rtm::Newaddr, NlmF::CREATE | NlmF::EXCL, &survivor.message)
            }
        }
    }

    fn outcome(&self, answer: Answer) -> Result<Lowered, Error> {
        let harmless = match self {
            Step::Remove(_) => Errno::EADDRNOTAVAIL,
            Step::Restore { .. } => Errno::EEXIST,
        };
        match answer {
            Err(source) if source.errno() != Some(harmless) => Err(self.failed(source)),
            _ => Ok(Lowered::Removed),
        }
    }

    /// The entry for whose removal this is done.
    fn removed(&self) -> &Entry {
        match self {
            Step::Remove(entry) | Step::Restore { with: entry, .. } => entry,
        }
    }

    fn failed(&self, source: netlink::Error) -> Error {
        let HeldAddress { address, prefix, device, .. } = self.removed().held.clone();
        match self {
            Step::Remove(_) => Error::Lower { address, prefix, device, source },
            Step::Restore { survivor, .. } => {
                let HeldAddress { address: survivor, prefix, .. } = survivor.held;
                Error::Restore { address, survivor, prefix, device, source }
            }
        }
    }
}
