//! What others do to the kernel's table: where to look for it, and when to speak of it. Pure.

use std::collections::BTreeSet;

use ipvs::ServiceKey;

/// Each service is looked at once in so many turns, which is 30 s. A share of them each turn: reading a table of
/// 40,000 real servers at once would hold up a real server's death.
const TURNS: usize = 30;

/// What lvsd does about it.
#[derive(Debug, Default)]
pub(crate) struct Drift {
    /// Where it looks.
    pub(crate) rounds: Rounds,
    /// What is none of its business.
    pub(crate) strangers: Strangers,
    /// Operations that have put right what somebody else had changed.
    pub(crate) repairs: u64,
}

/// Which services have their turn.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    turn: usize,
}

impl Rounds {
    /// The services to look at now, of all that there are. To be asked once a turn.
    pub(crate) fn next<'a>(
        &mut self,
        services: impl ExactSizeIterator<Item = &'a ServiceKey>,
    ) -> BTreeSet<ServiceKey> {
        let number = services.len();
        let first = number * self.turn / TURNS;
        let behind = number * (self.turn + 1) / TURNS;
        self.turn = (self.turn + 1) % TURNS;
        services.skip(first).take(behind - first).copied().collect()
    }
}

/// Services in the kernel's table that are not in the file. They are left alone, and each is named once.
#[derive(Debug, Default)]
pub(crate) struct Strangers(BTreeSet<ServiceKey>);

impl Strangers {
    /// Notes the strangers that are there now, and gives those that were not there before.
    pub(crate) fn replace(&mut self, present: BTreeSet<ServiceKey>) -> Vec<ServiceKey> {
        let new = present.difference(&self.0).copied().collect();
        self.0 = present;
        new
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::num::NonZeroU32;

    use ipvs::{Family, ServiceKey};

    use super::{Rounds, Strangers, TURNS};

    fn services(number: u32) -> Vec<ServiceKey> {
        (1..=number)
            .map(|mark| ServiceKey::Mark { family: Family::V4, mark: NonZeroU32::new(mark).unwrap() })
            .collect()
    }

    #[test]
    fn each_service_has_its_turn_once_a_round_and_turns_are_alike() {
        for number in [0, 1, 7, 29, 30, 31, 1000] {
            let services = services(number);
            let mut rounds = Rounds::default();
            for _ in 0..2 {
                let shares: Vec<_> = (0..TURNS).map(|_| rounds.next(services.iter())).collect();
                let all: Vec<_> = shares.iter().flatten().copied().collect();
                assert_eq!(all, services);
                let sizes = || shares.iter().map(BTreeSet::len);
                assert!(sizes().max().unwrap() - sizes().min().unwrap() <= 1, "{number}");
            }
        }
    }

    #[test]
    fn a_stranger_is_named_once_until_it_has_been_away() {
        let [one, two] = services(2).try_into().unwrap();
        let mut strangers = Strangers::default();
        assert_eq!(strangers.replace([one].into()), [one]);
        assert_eq!(strangers.replace([one, two].into()), [two]);
        assert_eq!(strangers.replace([two].into()), []);
        assert_eq!(strangers.replace([one, two].into()), [one]);
    }
}
