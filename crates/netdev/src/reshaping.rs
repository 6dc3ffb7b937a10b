//! What it takes to give a floating address that is up another prefix or label, so that it is never away.

use std::net::IpAddr;

use neli::consts::{nl::NlmF, rtnl::Rtm};
use netlink::{Batch, Errno};

use crate::{
    Error, FloatingAddress, HeldAddress,
    lowering::{self, Entry},
    message::AddAddress,
    network::host_prefix,
};

/// One request to the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) floating: FloatingAddress,
    pub(crate) prefix: u8,
    pub(crate) index: u32,
}

/// What a [`Step`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Add,
    Remove,
}

/// What surrounds the removal of the old addresses, which is done as for any other address.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) before: Vec<Step>,
    pub(crate) after: Vec<Step>,
}

/// Whether `held` is what `floating` is no more.
pub(crate) fn is_obsolete(floating: &FloatingAddress, wanted: u8, held: &HeldAddress) -> bool {
    floating.is(held) && (held.prefix != wanted || has_other_label(floating, held))
}

/// IPv6 addresses have no label.
fn has_other_label(floating: &FloatingAddress, held: &HeldAddress) -> bool {
    held.address.is_ipv4() && held.label.as_deref() != Some(floating.label.as_str())
}

/// The requests around the removal of what is [obsolete](is_obsolete), for an address with the prefix `wanted`.
///
/// The kernel keeps an IPv4 address as often as there are prefixes for it: the new one comes before the old one goes. An
/// address that keeps its prefix lives with another one while its label changes. An IPv6 address is there only once, so
/// that the new one comes right behind the old one.
pub(crate) fn steps(floating: &FloatingAddress, wanted: u8, held: &[HeldAddress]) -> Steps {
    let own: Vec<_> = held.iter().filter(|held| floating.is(held)).collect();
    let obsolete: Vec<_> = own.iter().filter(|held| is_obsolete(floating, wanted, held)).collect();
    let Some(index) = obsolete.first().map(|held| held.index) else { return Steps::default() };
    let step = |kind, prefix| Step { kind, floating: floating.clone(), prefix, index };
    let there = own.iter().any(|held| held.prefix == wanted);
    if !there && floating.address.is_ipv4() {
        Steps { before: vec![step(Kind::Add, wanted)], after: Vec::new() }
    } else if !there {
        Steps { before: Vec::new(), after: vec![step(Kind::Add, wanted)] }
    } else if obsolete.iter().any(|held| held.prefix == wanted) {
        let meanwhile = meanwhile(floating, &own);
        Steps {
            before: vec![step(Kind::Add, meanwhile)],
            after: vec![step(Kind::Add, wanted), step(Kind::Remove, meanwhile)],
        }
    } else {
        Steps::default()
    }
}

/// A prefix that the address does not have: the longest, which is in nobody's way.
fn meanwhile(floating: &FloatingAddress, own: &[&HeldAddress]) -> u8 {
    let longest = host_prefix(floating.address);
    (0..=longest).rev().find(|prefix| own.iter().all(|held| held.prefix != *prefix)).unwrap_or(longest)
}

/// Any request that [`Interfaces::reshape`](crate::Interfaces::reshape) makes.
#[derive(Debug)]
pub(crate) enum Request<'a> {
    Around(&'a Step),
    Removal(lowering::Step<'a, Entry>),
}

impl Request<'_> {
    pub(crate) fn address(&self) -> IpAddr {
        match self {
            Request::Around(step) => step.floating.address,
            Request::Removal(step) => step.removed().held.address,
        }
    }

    pub(crate) fn push(&self, batch: &mut Batch) -> Result<(), netlink::Error> {
        match self {
            Request::Around(step) => step.push(batch),
            Request::Removal(step) => step.push(batch),
        }
    }

    pub(crate) fn outcome(&self, answer: Result<(), netlink::Error>) -> Result<(), Error> {
        match self {
            Request::Around(step) => step.outcome(answer),
            Request::Removal(step) => step.outcome(answer).map(|_| ()),
        }
    }

    pub(crate) fn failed(&self, source: netlink::Error) -> Error {
        match self {
            Request::Around(step) => step.failed(source),
            Request::Removal(step) => step.failed(source),
        }
    }
}

impl Step {
    /// Appends the request.
    pub(crate) fn push(&self, batch: &mut Batch) -> Result<(), netlink::Error> {
        let Step { floating, prefix, index, .. } = self;
        let address =
            AddAddress { address: floating.address, prefix: *prefix, index: *index, label: &floating.label };
        match self.kind {
            Kind::Add => batch.push(Rtm::Newaddr, NlmF::CREATE | NlmF::EXCL, &address),
            Kind::Remove => batch.push(Rtm::Deladdr, NlmF::empty(), &address),
        }
    }

    /// What the answer to the request means.
    pub(crate) fn outcome(&self, answer: Result<(), netlink::Error>) -> Result<(), Error> {
        let harmless = match self.kind {
            Kind::Add => Errno::EEXIST,
            Kind::Remove => Errno::EADDRNOTAVAIL,
        };
        match answer {
            Err(source) if source.errno() != Some(harmless) => Err(self.failed(source)),
            _ => Ok(()),
        }
    }

    /// The error for a request that failed with `source`.
    pub(crate) fn failed(&self, source: netlink::Error) -> Error {
        let &Step { prefix, ref floating, .. } = self;
        let &FloatingAddress { address, ref label, .. } = floating;
        match self.kind {
            Kind::Add => Error::Raise { address, prefix, label: label.clone(), source },
            Kind::Remove => Error::Lower { address, prefix, device: label.device().to_owned(), source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;

    fn held(address: &str, prefix: u8, label: &str) -> HeldAddress {
        HeldAddress {
            address: address.parse().unwrap(),
            prefix,
            index: 7,
            device: "eth0".into(),
            label: Some(label.into()),
            broadcast: None,
            flags: 0,
        }
    }

    /// The steps for eth0:2, in short.
    fn planned(address: &str, wanted: u8, machine: &[HeldAddress]) -> (Vec<String>, Vec<String>) {
        let floating = FloatingAddress {
            address: address.parse().unwrap(),
            label: Label::new("eth0:2").unwrap(),
            prefix: Some(wanted),
        };
        let Steps { before, after } = steps(&floating, wanted, machine);
        let short =
            |steps: Vec<Step>| steps.iter().map(|it| format!("{:?} /{}", it.kind, it.prefix)).collect();
        (short(before), short(after))
    }

    const FOUR: &str = "192.168.26.10";
    const SIX: &str = "2001:db8::10";

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_right_or_absent_is_left_alone() {
        for machine in [vec![], vec![held(FOUR, 24, "eth0:2")], vec![held("192.168.26.1", 16, "eth0:1")]] {
            assert_eq!(planned(FOUR, 24, &machine), (vec![], vec![]));
        }
        assert_eq!(planned(SIX, 64, &[held(SIX, 64, "")]), (vec![], vec![]));
    }

    #[test]
    fn another_prefix_comes_before_the_old_one_goes() {
        assert_eq!(planned(FOUR, 24, &[held(FOUR, 32, "eth0:2")]), (words(&["Add /24"]), vec![]));
        assert_eq!(planned(SIX, 64, &[held(SIX, 128, "")]), (vec![], words(&["Add /64"])));
    }

    #[test]
    fn with_another_label_an_address_lives_under_another_prefix_meanwhile() {
        let around = |meanwhile: &str, wanted: &str| {
            let remove = meanwhile.replace("Add", "Remove");
            (words(&[meanwhile]), words(&[wanted, remove.as_str()]))
        };
        assert_eq!(planned(FOUR, 24, &[held(FOUR, 24, "eth0:1")]), around("Add /32", "Add /24"));
        assert_eq!(planned(FOUR, 32, &[held(FOUR, 32, "eth0:1")]), around("Add /31", "Add /32"));
    }
}
