//! How tests ended, and which of them run once more. Pure.
//!
//! Most tests measure time, on a computer that may have much else to do: two kernels share two processors with whatever
//! builds or tests beside them. A test may then fail though the programs are right, seldom, and not when it runs alone.
//! A fault of the programs fails again, or fails more tests than a few: neither is forgiven. And what was forgiven is
//! counted in the last line, so that a test that needs it often is seen.

use std::collections::BTreeMap;
use std::fmt;

/// More failed tests than these are no accident, and are not run again.
const MOST: usize = 3;

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    /// It said that it cannot be made here.
    Skipped,
}

impl Verdict {
    const ALL: [Self; 3] = [Self::Passed, Self::Failed, Self::Skipped];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }

    /// What cannot be understood is a failure.
    pub(super) fn of_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|known| known.word() == word).unwrap_or(Self::Failed)
    }

    /// What is said of a test that has failed before.
    pub(super) fn again(self) -> &'static str {
        match self {
            Self::Passed => "ok when run again alone (it failed at first)",
            Self::Failed => "FAILED again",
            Self::Skipped => "skipped",
        }
    }
}

/// How tests ended, by name. One that is missing left no verdict: its kernel died or time ran out.
pub(super) type Tally = BTreeMap<String, Verdict>;

/// Those that failed, if they are few enough to be run once more.
pub(super) fn second_chance<'a>(names: &[&'a str], first: &Tally) -> Vec<&'a str> {
    let failed: Vec<_> =
        names.iter().copied().filter(|name| verdict(first, name) == Verdict::Failed).collect();
    if failed.len() > MOST { Vec::new() } else { failed }
}

fn verdict(tally: &Tally, name: &str) -> Verdict {
    tally.get(name).copied().unwrap_or(Verdict::Failed)
}

/// The last line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    passed: usize,
    pub(super) failed: usize,
    skipped: usize,
    /// So many of those that passed have failed at first.
    flaky: usize,
}

impl Account {
    /// What became of these tests, of which those in `again` were run a second time.
    pub(super) fn new(names: &[&str], first: &Tally, again: &Tally) -> Self {
        let mut account = Self::default();
        for name in names {
            let before = verdict(first, name);
            let last = if before == Verdict::Failed { verdict(again, name) } else { before };
            match last {
                Verdict::Passed => account.passed += 1,
                Verdict::Failed => account.failed += 1,
                Verdict::Skipped => account.skipped += 1,
            }
            account.flaky += usize::from((before, last) == (Verdict::Failed, Verdict::Passed));
        }
        account
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lab: {} passed, {} failed", self.passed, self.failed)?;
        for (count, word) in [(self.skipped, "skipped"), (self.flaky, "flaky")] {
            if count > 0 {
                write!(f, ", {count} {word}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Failed, Passed, Skipped};
    use super::{Account, Tally, Verdict, second_chance};

    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

    fn tally(verdicts: &[(&str, Verdict)]) -> Tally {
        verdicts.iter().map(|(name, verdict)| ((*name).to_owned(), *verdict)).collect()
    }

    fn last_line(first: &Tally, again: &Tally) -> String {
        Account::new(&NAMES, first, again).to_string()
    }

    #[test]
    fn nothing_is_run_again_where_nothing_failed() {
        let all = tally(&[
            ("a", Passed),
            ("b", Passed),
            ("c", Skipped),
            ("d", Passed),
            ("e", Passed),
            ("f", Passed),
        ]);
        assert!(second_chance(&NAMES, &all).is_empty());
        assert_eq!(last_line(&all, &Tally::new()), "lab: 5 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn three_failures_get_a_second_chance_and_only_those_that_use_it_are_forgiven() {
        // The kernel of `f` died.
        let first = tally(&[("a", Failed), ("b", Passed), ("c", Failed), ("d", Passed), ("e", Passed)]);
        assert_eq!(second_chance(&NAMES, &first), ["a", "c", "f"]);
        let again = tally(&[("a", Passed), ("c", Failed), ("f", Passed)]);
        assert_eq!(last_line(&first, &again), "lab: 5 passed, 1 failed, 2 flaky");
        let died_again = tally(&[("a", Passed), ("c", Passed)]);
        assert_eq!(last_line(&first, &died_again), "lab: 5 passed, 1 failed, 2 flaky");
    }

    #[test]
    fn four_failures_get_none() {
        let first = tally(&[
            ("a", Failed),
            ("b", Failed),
            ("c", Failed),
            ("d", Failed),
            ("e", Passed),
            ("f", Passed),
        ]);
        assert!(second_chance(&NAMES, &first).is_empty());
        assert_eq!(last_line(&first, &Tally::new()), "lab: 2 passed, 4 failed");
    }

    #[test]
    fn a_word_that_nobody_knows_is_a_failure() {
        assert_eq!(
            ["ok", "FAILED", "skipped", "", "okay"].map(Verdict::of_word),
            [Passed, Failed, Skipped, Failed, Failed]
        );
    }
}
