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
    reshaping::{self, Request},
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
        Ok(self.everything()?.1)
    }

    /// All links, and all addresses.
    ///
    /// # Errors
    ///
    /// [`Error::List`] with the kernel's reason.
    pub fn everything(&mut self) -> Result<(Vec<Link>, Vec<HeldAddress>), Error> {
        let links = self.links()?;
        let held = self.entries(&links)?.into_iter().map(|entry| entry.held).collect();
        Ok((links, held))
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
        self.carry_out(wanted, Plan::new)
    }

    /// Like [`Interfaces::raise`], but for addresses that were up: a device that is down is somebody's wish by now, and
    /// stays down.
    ///
    /// # Errors
    ///
    /// Like [`Interfaces::raise`]; an address on a device that is down is [`Error::DeviceDown`].
    pub fn restore(&mut self, wanted: &[FloatingAddress]) -> Result<Vec<Result<Raised, Error>>, Error> {
        self.carry_out(wanted, Plan::without_setting_up)
    }

    fn carry_out(
        &mut self,
        wanted: &[FloatingAddress],
        plan: impl Fn(&FloatingAddress, &[Link], &[HeldAddress]) -> Result<Plan, Error>,
    ) -> Result<Vec<Result<Raised, Error>>, Error> {
        let (links, held) = self.everything()?;
        let plans: Vec<_> = wanted.iter().map(|floating| plan(floating, &links, &held)).collect();

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
    /// Who had them before is forgotten. Gives one result for each, in the same order; one failure stops no other.
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
            step.forget_neighbour(&mut batch).map_err(|source| step.failed(source))?;
        }
        for step in &steps {
            step.push(&mut batch).map_err(|source| step.failed(source))?;
        }
        let mut outcomes = vec![Ok(Lowered::Absent); wanted.len()];
        // Mostly there is nothing to forget.
        let answers = self.socket.execute(&mut batch).into_iter().skip(steps.len());
        for (step, answer) in steps.iter().zip(answers) {
            let outcome = step.outcome(answer);
            let of_step = |(floating, _): &(&FloatingAddress, _)| floating.is(&step.removed().held);
            for (_, known) in wanted.iter().zip(&mut outcomes).filter(of_step) {
                *known = known.clone().and(outcome.clone());
            }
        }
        Ok(outcomes)
    }

    /// Gives floating addresses that are up the prefix and label that they have in `changed` now. Nothing is done for one
    /// that is not there. An IPv4 address is never away meanwhile; an IPv6 address, of which the kernel keeps only one, for
    /// as long as two requests of one batch are apart. Gives one result for each, in the same order; one failure stops no
    /// other.
    ///
    /// # Errors
    ///
    /// [`Error::List`] when the kernel does not say what it has; nothing is changed then.
    pub fn reshape(&mut self, changed: &[FloatingAddress]) -> Result<Vec<Result<(), Error>>, Error> {
        let links = self.links()?;
        let entries = self.entries(&links)?;
        let held: Vec<_> = entries.iter().map(|entry| entry.held.clone()).collect();
        let wanted: Vec<_> = changed.iter().map(|it| (it, it.prefix_among(&held))).collect();
        let around: Vec<_> =
            wanted.iter().map(|(floating, prefix)| reshaping::steps(floating, *prefix, &held)).collect();
        let removals = lowering::steps(&entries, |held| {
            wanted.iter().any(|(floating, prefix)| reshaping::is_obsolete(floating, *prefix, held))
        });
        let requests: Vec<_> = std::iter::empty()
            .chain(around.iter().flat_map(|steps| &steps.before).map(Request::Around))
            .chain(removals.into_iter().map(Request::Removal))
            .chain(around.iter().flat_map(|steps| &steps.after).map(Request::Around))
            .collect();

        let mut batch = Batch::new();
        for request in &requests {
            request.push(&mut batch).map_err(|source| request.failed(source))?;
        }
        let answers = self.socket.execute(&mut batch);
        let outcomes: Vec<_> = requests.iter().zip(answers).map(|(it, answer)| it.outcome(answer)).collect();
        let of = |floating: &FloatingAddress| {
            let mut own = requests.iter().zip(&outcomes).filter(|(it, _)| it.address() == floating.address);
            own.try_for_each(|(_, outcome)| outcome.clone())
        };
        Ok(changed.iter().map(of).collect())
    }

    fn entries(&mut self, links: &[Link]) -> Result<Vec<Entry>, Error> {
        let messages = self.socket.dump::<Ifaddrmsg>(Rtm::Getaddr, &EVERY_ADDRESS);
        let messages = messages.map_err(|source| Error::List { what: "addresses", source })?;
        let entry = |message| Some(Entry { held: HeldAddress::from_message(&message, links)?, message });
        Ok(messages.into_iter().filter_map(entry).collect())
    }
}
