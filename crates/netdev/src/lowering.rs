//! What removing addresses takes, so that no other address goes with them, and what came of it.

use std::borrow::Borrow;

use neli::{
    consts::{nl::NlmF, rtnl::Rtm},
    rtnl::Ifaddrmsg,
};
use netlink::{Batch, Errno};

use crate::{Error, HeldAddress, message::ForgetNeighbour, network::contains};

/// How a floating address came to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lowered {
    /// It was removed.
    Removed,
    /// It was not there.
    Absent,
}

/// An address with the message that told of it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) held: HeldAddress,
    pub(crate) message: Ifaddrmsg,
}

impl Borrow<HeldAddress> for Entry {
    fn borrow(&self) -> &HeldAddress {
        &self.held
    }
}

/// One request to the kernel. `A` is a [`HeldAddress`] with whatever the caller keeps beside it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<'a, A> {
    /// Remove this address.
    Remove(&'a A),
    /// Add this address again if it is gone.
    Restore {
        /// What is not to go.
        survivor: &'a A,
        /// The removed address that may have taken it along.
        with: &'a A,
    },
}

/// The requests that remove from `held` what `is_wanted` chooses, in the order in which the kernel must get them.
///
/// The kernel removes the secondary addresses of a network together with its primary one, unless the device's
/// `promote_secondaries` is set. Survivors are therefore added again in the same breath.
pub(crate) fn steps<A: Borrow<HeldAddress>>(
    held: &[A],
    is_wanted: impl Fn(&HeldAddress) -> bool,
) -> Vec<Step<'_, A>> {
    let (mut removed, kept): (Vec<_>, Vec<_>) = held.iter().partition(|held| is_wanted((*held).borrow()));
    // Secondary ones first, so that none is promoted only to be removed.
    removed.sort_by_key(|held| !(*held).borrow().is_secondary());
    let restorations = removed.iter().flat_map(|&with| {
        let endangered = kept.iter().filter(|kept| goes_with(with.borrow(), (**kept).borrow()));
        endangered.map(move |&survivor| Step::Restore { survivor, with })
    });
    removed.iter().map(|&held| Step::Remove(held)).chain(restorations).collect()
}

fn goes_with(primary: &HeldAddress, other: &HeldAddress) -> bool {
    !primary.is_secondary()
        && other.is_secondary()
        && (other.index, other.prefix) == (primary.index, primary.prefix)
        && contains(primary.address, primary.prefix, other.address)
}

impl Step<'_, Entry> {
    /// Appends the request that comes before all others. This machine still knows where the address was before it had it
    /// itself. If it forwards packets, it would send there whatever comes for the address before the next owner is
    /// announced, and get it back from there, until the packet's hops are used up. Not knowing, it keeps the packet and asks.
    pub(crate) fn forget_neighbour(&self, batch: &mut Batch) -> Result<(), netlink::Error> {
        let HeldAddress { address, index, .. } = self.removed().held;
        batch.push(Rtm::Delneigh, NlmF::empty(), &ForgetNeighbour { address, index })
    }

    /// Appends the request.
    pub(crate) fn push(&self, batch: &mut Batch) -> Result<(), netlink::Error> {
        // The kernel's own words go back to it, with everything that an address can have.
        match self {
            Step::Remove(entry) => batch.push(Rtm::Deladdr, NlmF::empty(), &entry.message),
            Step::Restore { survivor, .. } => {
                batch.push(Rtm::Newaddr, NlmF::CREATE | NlmF::EXCL, &survivor.message)
            }
        }
    }

    /// What the answer to the request means.
    pub(crate) fn outcome(&self, answer: Result<(), netlink::Error>) -> Result<Lowered, Error> {
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
    pub(crate) fn removed(&self) -> &Entry {
        match self {
            Step::Remove(entry) | Step::Restore { with: entry, .. } => entry,
        }
    }

    /// The error for a request that failed with `source`.
    pub(crate) fn failed(&self, source: netlink::Error) -> Error {
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use neli::consts::rtnl::IfaF;
    use proptest::prelude::*;

    use super::*;

    /// The kernel's rules for IPv4 addresses (`ip-sysctl.rst`, `promote_secondaries`).
    #[derive(Debug, Clone)]
    struct Kernel {
        addresses: Vec<HeldAddress>,
        promotes: bool,
    }

    impl Kernel {
        fn add(&mut self, mut new: HeldAddress) {
            let same_network = |old: &&HeldAddress| {
                (old.index, old.prefix) == (new.index, new.prefix)
                    && contains(old.address, old.prefix, new.address)
            };
            if self.addresses.iter().filter(same_network).any(|old| old.address == new.address) {
                return;
            }
            let secondary = self.addresses.iter().any(|old| same_network(&old));
            new.flags = if secondary { u32::from(IfaF::SECONDARY.bits()) } else { 0 };
            self.addresses.push(new);
        }

        fn remove(&mut self, old: &HeldAddress) {
            let identity = |a: &HeldAddress| (a.address, a.prefix, a.index);
            let Some(place) = self.addresses.iter().position(|a| identity(a) == identity(old)) else {
                return;
            };
            let removed = self.addresses.remove(place);
            if removed.is_secondary() {
                return;
            }
            let follows = |a: &HeldAddress| {
                (a.index, a.prefix) == (removed.index, removed.prefix)
                    && contains(removed.address, removed.prefix, a.address)
            };
            if !self.promotes {
                self.addresses.retain(|a| !follows(a));
            } else if let Some(heir) = self.addresses.iter_mut().find(|a| follows(a)) {
                heir.flags = 0;
            }
        }

        fn set(&self) -> HashSet<(std::net::IpAddr, u8, u32)> {
            self.addresses.iter().map(|a| (a.address, a.prefix, a.index)).collect()
        }
    }

    fn held((network, host, prefix, index): (u8, u8, u8, u32)) -> HeldAddress {
        HeldAddress {
            address: [10, 0, network, host].into(),
            prefix,
            index,
            device: format!("eth{index}"),
            label: None,
            broadcast: None,
            flags: 0,
        }
    }

    proptest! {
        #[test]
        fn exactly_the_wanted_addresses_go(
            every in prop::collection::vec((0u8..2, 1u8..8, prop::sample::select(vec![16u8, 24, 32]), 1u32..3), 0..20),
            wanted in prop::collection::hash_set((0u8..2, 1u8..8, 1u32..3), 0..10),
            promotes: bool,
        ) {
            let mut kernel = Kernel { addresses: Vec::new(), promotes };
            every.into_iter().map(held).for_each(|address| kernel.add(address));
            let is_wanted = |a: &HeldAddress| {
                wanted.iter().any(|&(network, host, index)| a.address == held((network, host, 0, 0)).address && a.index == index)
            };
            let before = kernel.addresses.clone();
            let expected: HashSet<_> = before.iter().filter(|a| !is_wanted(a)).map(|a| (a.address, a.prefix, a.index)).collect();

            for step in steps(&before, is_wanted) {
                match step {
                    Step::Remove(address) => kernel.remove(address),
                    Step::Restore { survivor, .. } => kernel.add(survivor.clone()),
                }
            }
            prop_assert_eq!(kernel.set(), expected);
        }
    }

    #[test]
    fn nothing_wanted_is_nothing_done() {
        assert_eq!(steps(&[held((0, 1, 24, 1))], |_| false), []);
    }
}
