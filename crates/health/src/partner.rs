//! When the partner's service counts as lost: specification nanny.md 11.
//!
//! The backup router watches a service of the active one; any end of the watch means "fail over".

use std::net::SocketAddr;

use crate::failure::Failure;
use crate::line::Line;
use crate::policy::Policy;

/// A service on the partner.
#[derive(Debug, Clone)]
pub struct Partner {
    service: SocketAddr,
    threshold: u64,
    fall: u32,
    active: bool,
    /// Good checks in a row.
    count: u64,
    /// Bad checks in a row.
    bad: u32,
}

/// Why the watch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The service was available and is gone.
    Gone,
    /// The service never became available.
    NeverCame,
}

impl Partner {
    /// A service that was not checked yet.
    pub fn new(service: SocketAddr, policy: &Policy) -> Self {
        let (threshold, fall) = (policy.threshold(), policy.fall());
        Self { service, threshold, fall, active: false, count: threshold, bad: 0 }
    }

    /// A check has ended: what to log, and whether the watch ends. A check that says nothing is no reason to fail over.
    pub fn checked(&mut self, outcome: Result<(), Failure>) -> (Vec<Line>, Option<Lost>) {
        match outcome {
            Ok(()) => {
                self.bad = 0;
                (self.good(), None)
            }
            Err(failure) if failure.is_undetermined() => {
                let mut lines = vec![Line::Failed(failure)];
                lines.extend(self.good());
                (lines, None)
            }
            Err(failure) => {
                self.bad = self.bad.saturating_add(1);
                if self.active && self.bad < self.fall {
                    return (vec![Line::Tolerated { failure, bad: self.bad, fall: self.fall }], None);
                }
                let (line, lost) = self.bad();
                (vec![Line::Failed(failure), line], lost)
            }
        }
    }

    fn good(&mut self) -> Vec<Line> {
        self.count = self.count.saturating_add(1);
        if self.active || self.count < self.threshold {
            return Vec::new();
        }
        self.active = true;
        vec![Line::PartnerAvailable(self.service)]
    }

    fn bad(&mut self) -> (Line, Option<Lost>) {
        if self.active {
            return (Line::PartnerLost(self.service), Some(Lost::Gone));
        }
        if self.count == 0 {
            return (Line::PartnerNeverCame, Some(Lost::NeverCame));
        }
        self.count = 0;
        (Line::PartnerAbsent, None)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Lost, Partner};
    use crate::cadence::Cadence;
    use crate::failure::{Cause, Failure};
    use crate::policy::Policy;

    /// The lines and the end of a watch over these checks, `+` good and `-` bad.
    fn watch(checks: &str) -> (Vec<String>, Option<Lost>) {
        let interval = Duration::from_secs(10);
        watch_by(Policy::new(Cadence::Pauses(interval), interval, 1), checks)
    }

    fn watch_by(policy: Policy, checks: &str) -> (Vec<String>, Option<Lost>) {
        let real_server = "10.1.1.2:80".parse().unwrap();
        let mut partner = Partner::new(real_server, &policy);
        let mut said = Vec::new();
        for check in checks.chars() {
            let outcome =
                if check == '+' { Ok(()) } else { Err(Failure { real_server, cause: Cause::ReadTimedOut }) };
            let (lines, lost) = partner.checked(outcome);
            said.extend(lines.iter().map(ToString::to_string).filter(|line| !line.starts_with("READ")));
            if lost.is_some() {
                return (said, lost);
            }
        }
        (said, None)
    }

    #[test]
    fn a_service_that_goes_away_ends_the_watch() {
        let (said, lost) = watch("+++-");
        assert_eq!(
            said,
            ["Remote service 10.1.1.2:80 is available", "Exiting due to connection failure of 10.1.1.2:80"]
        );
        assert_eq!(lost, Some(Lost::Gone));
    }

    #[test]
    fn an_available_service_may_fail_as_often_as_it_is_said() {
        let interval = Duration::from_secs(10);
        let policy = Policy::new(Cadence::Pauses(interval), interval, 1).falling_after(2);
        assert_eq!(watch_by(policy, "+-+-").1, None);
        assert_eq!(watch_by(policy, "+-+--").1, Some(Lost::Gone));
    }

    #[test]
    fn the_second_bad_check_in_a_row_at_the_start_ends_the_watch() {
        let (said, lost) = watch("--");
        assert_eq!(
            said,
            [
                "No service active & available...",
                "Timeout waiting for remote service -- triggering failover!"
            ]
        );
        assert_eq!(lost, Some(Lost::NeverCame));
    }

    #[test]
    fn a_good_check_between_bad_ones_makes_the_service_available() {
        let (said, lost) = watch("-++");
        assert_eq!(said, ["No service active & available...", "Remote service 10.1.1.2:80 is available"]);
        assert_eq!(lost, None);
    }
}
