//! How many real servers serve: pulse tells its partner and administrators.

use control::lines::encode;
use control::readiness::FromLvsd;
use ipvs::Table;

use super::Daemon;
use crate::plan::Plan;

/// What pulse has been told.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Something may be otherwise since.
    pub(super) stale: bool,
    told: Option<FromLvsd>,
}

impl Daemon {
    /// Tells pulse if the numbers have changed. Once a turn at most: real servers may come and go in great numbers.
    pub(super) fn tell_counts(&mut self) {
        let Some(pulse) = self.pulse.as_ref().filter(|_| self.counts.stale) else { return };
        let counts = count(self.state.plan(), self.kernel.table());
        if self.counts.told.as_ref() == Some(&counts) {
            self.counts.stale = false;
            return;
        }
        // A pulse that is too busy to read is told at the next turn. So short a line is taken whole or not at all.
        if let Ok(line) = encode(&counts)
            && pulse.try_write(&line).is_ok()
        {
            (self.counts.stale, self.counts.told) = (false, Some(counts));
        }
    }
}

/// The real servers of all active virtual servers, and those of them that get connections.
fn count(plan: &Plan, table: &Table) -> FromLvsd {
    let servers = plan.virtual_servers.iter().flat_map(|of| &of.real_servers);
    let watched = servers.filter_map(|monitor| plan.monitors.get(monitor)).map(|monitor| monitor.watches);
    let (mut up, mut configured) = (0, 0);
    for (service, destination) in watched {
        let service = table.services.get(&service);
        let present = service.and_then(|service| service.destinations.get(&destination));
        up += u32::from(present.is_some_and(ipvs::Destination::is_active));
        configured += 1;
    }
    FromLvsd::RealServers { up, configured }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use control::readiness::FromLvsd;
    use control::report::FromNanny;
    use ipvs::Table;
    use lvs_cf::{Config, NumbersOnly};

    use super::count;
    use crate::plan::{Mode, Plan};
    use crate::state::State;

    const FILE: &str = "\
virtual web {
  active = 1
  address = 192.0.2.1 eth0:1
  server one {
    address = 10.0.0.1
    active = 1
  }
  server two {
    address = 10.0.0.2
    active = 1
  }
  server off {
    address = 10.0.0.3
    active = 0
  }
}
virtual off {
  active = 0
  address = 192.0.2.2 eth0:2
  server four {
    address = 10.0.0.4
    active = 1
  }
}
";

    #[test]
    fn those_in_the_table_with_a_weight_are_up() {
        let config = Config::parse(FILE.as_bytes(), &NumbersOnly).unwrap().config;
        let plan = Plan::new(&config, Mode { nodaemon: false, verbose: false });
        let (one, service) = (plan.virtual_servers[0].real_servers[0], plan.virtual_servers[0].service);
        let mut state = State::default();
        state.replace(plan, &Table::default(), Duration::ZERO);
        let counted = |state: &State| {
            let entry = state.wanted(&service, &Table::default()).unwrap();
            count(state.plan(), &Table { services: [(service, entry)].into() })
        };
        assert_eq!(counted(&state), FromLvsd::RealServers { up: 0, configured: 2 });
        state.report(&one, &FromNanny::Up { weight: 1 });
        assert_eq!(counted(&state), FromLvsd::RealServers { up: 1, configured: 2 });
        assert_eq!(count(state.plan(), &Table::default()), FromLvsd::RealServers { up: 0, configured: 2 });
    }
}
