//! What raising a floating address takes, and what came of it.

use neli::consts::{nl::NlmF, rtnl::Rtm};
use netlink::{Batch, Errno};

use crate::{
    Error, FloatingAddress, HeldAddress, Link,
    message::{AddAddress, SetUp},
};

/// How a floating address came to be up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// It was added.
    Added,
    /// It was there already.
    Kept,
}

/// What raising one floating address takes.
#[derive(Debug)]
pub(crate) struct Plan {
    index: u32,
    prefix: u8,
    /// The device is down.
    set_up: bool,
    /// The address is not there.
    add: bool,
}

impl Plan {
    /// Decides from what the machine has, all of it.
    pub(crate) fn new(
        floating: &FloatingAddress,
        links: &[Link],
        held: &[HeldAddress],
    ) -> Result<Plan, Error> {
        let (address, label) = (floating.address, &floating.label);
        let Some(link) = links.iter().find(|link| link.name == label.device()) else {
            let known = links.iter().map(|link| link.name.clone()).collect();
            return Err(Error::NoSuchDevice { address, label: label.clone(), known });
        };
        let wanted = floating.prefix_among(held);
        let present = || held.iter().filter(|held| floating.is(held)).map(|held| held.prefix);
        let add = match present().next() {
            None => true,
            Some(_) if present().any(|prefix| prefix == wanted) => false,
            Some(held) => return Err(Error::OtherPrefix { address, label: label.clone(), wanted, held }),
        };
        Ok(Plan { index: link.index, prefix: wanted, set_up: !link.is_up(), add })
    }

    /// The same for a device that is not to be set up.
    pub(crate) fn without_setting_up(
        floating: &FloatingAddress,
        links: &[Link],
        held: &[HeldAddress],
    ) -> Result<Plan, Error> {
        let plan = Plan::new(floating, links, held)?;
        if plan.set_up && plan.add {
            return Err(Error::DeviceDown { address: floating.address, label: floating.label.clone() });
        }
        Ok(Plan { set_up: false, ..plan })
    }

    /// Appends the requests.
    pub(crate) fn push(&self, floating: &FloatingAddress, batch: &mut Batch) -> Result<(), netlink::Error> {
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
    pub(crate) fn outcome(
        &self,
        floating: &FloatingAddress,
        answers: &mut impl Iterator<Item = Result<(), netlink::Error>>,
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

    /// The error for a request that failed with `source`.
    pub(crate) fn refused(&self, floating: &FloatingAddress, source: netlink::Error) -> Error {
        let &FloatingAddress { address, ref label, .. } = floating;
        Error::Raise { address, prefix: self.prefix, label: label.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Label, OperationalState};

    fn link(name: &str, up: bool) -> Link {
        Link {
            index: 7,
            name: name.into(),
            hardware_type: 1,
            hardware_address: None,
            flags: u32::from(up),
            carrier: up,
            state: OperationalState::Unknown,
        }
    }

    fn held(address: &str, prefix: u8) -> HeldAddress {
        HeldAddress {
            address: address.parse().unwrap(),
            prefix,
            index: 7,
            device: "eth0".into(),
            label: None,
            broadcast: None,
            flags: 0,
        }
    }

    fn floating(prefix: Option<u8>) -> FloatingAddress {
        FloatingAddress { address: [192, 168, 26, 10].into(), label: Label::new("eth0:1").unwrap(), prefix }
    }

    /// (prefix, whether the device is to be set up, whether the address is to be added)
    fn planned(prefix: Option<u8>, up: bool, machine: &[HeldAddress]) -> Result<(u8, bool, bool), Error> {
        let links = [link("lo", true), link("eth0", up)];
        Plan::new(&floating(prefix), &links, machine).map(|plan| (plan.prefix, plan.set_up, plan.add))
    }

    #[test]
    fn an_address_is_added_unless_it_is_there() {
        let own = held("192.168.26.1", 24);
        assert_eq!(planned(Some(24), true, std::slice::from_ref(&own)), Ok((24, false, true)));
        assert_eq!(planned(None, true, std::slice::from_ref(&own)), Ok((24, false, true)));
        assert_eq!(planned(None, true, &[own, held("192.168.26.10", 24)]), Ok((24, false, false)));
        assert_eq!(planned(None, true, &[]), Ok((32, false, true)));
    }

    #[test]
    fn a_device_that_is_down_is_set_up_even_for_an_address_that_is_there() {
        assert_eq!(planned(Some(24), false, &[held("192.168.26.10", 24)]), Ok((24, true, false)));
    }

    #[test]
    fn a_device_that_is_to_stay_down_gets_no_address() {
        let links = [link("eth0", false)];
        let planned = |machine: &[HeldAddress]| {
            Plan::without_setting_up(&floating(Some(24)), &links, machine).map(|plan| (plan.set_up, plan.add))
        };
        assert_eq!(planned(&[held("192.168.26.10", 24)]), Ok((false, false)));
        assert!(matches!(planned(&[]), Err(Error::DeviceDown { .. })));
    }

    #[test]
    fn another_prefix_is_refused_unless_the_right_one_is_there_too() {
        let single = held("192.168.26.10", 32);
        let refused = planned(Some(24), true, std::slice::from_ref(&single));
        assert!(matches!(refused, Err(Error::OtherPrefix { wanted: 24, held: 32, .. })));
        assert_eq!(planned(Some(24), true, &[single, held("192.168.26.10", 24)]), Ok((24, false, false)));
    }

    #[test]
    fn a_missing_device_is_an_error_that_names_those_that_exist() {
        let missing = Plan::new(&floating(None), &[link("lo", true)], &[]);
        let Err(Error::NoSuchDevice { known, .. }) = missing else { panic!("{missing:?}") };
        assert_eq!(known, ["lo"]);
    }

    #[test]
    fn each_answer_goes_to_its_request() {
        let refusal = |errno| Err(netlink::Error::Refused(netlink::Refusal { errno, text: None }));
        let outcome = |set_up, add, answers: Vec<Result<(), netlink::Error>>| {
            let mut answers = answers.into_iter();
            let outcome = Plan { index: 7, prefix: 24, set_up, add }.outcome(&floating(None), &mut answers);
            assert_eq!(answers.count(), 0, "an answer was left for the next address");
            outcome
        };
        assert_eq!(outcome(false, false, vec![]), Ok(Raised::Kept));
        assert_eq!(outcome(true, true, vec![Ok(()), Ok(())]), Ok(Raised::Added));
        assert_eq!(outcome(false, true, vec![refusal(Errno::EEXIST)]), Ok(Raised::Kept));
        let failed = outcome(false, true, vec![refusal(Errno::EPERM)]);
        assert!(matches!(failed, Err(Error::Raise { prefix: 24, .. })));
        let down = outcome(true, true, vec![refusal(Errno::ERFKILL), Ok(())]);
        assert!(matches!(down, Err(Error::SetUp { .. })));
    }
}
