//! What removing addresses takes, so that no other address goes with them.

use std::borrow::Borrow;

use crate::{HeldAddress, network::contains};

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
