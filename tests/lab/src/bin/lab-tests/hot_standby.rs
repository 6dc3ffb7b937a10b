//! `#% hot_standby`: lvsd runs on both routers, the floating addresses on one.

use std::time::Duration;

use lab::pair::{FLOATING, SERVICE, destinations, stop_pulse};
use lab::suite::Test;
use lab::{Pair, Routing, tests, wait_until};

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn tests() -> Vec<Test> {
    tests!("hot_standby": a_takeover_finds_the_table_programmed)
}

fn a_takeover_finds_the_table_programmed() {
    let pair = Pair::boot(Routing::Direct);
    pair.start_with(&pair.configuration().with("#% hot_standby", "1"));
    let standby = &pair.backup;
    wait_until("every real server in the standby's table", PATIENCE, || destinations(standby) == 3);
    assert!(pair.only(&pair.primary), "the address is where it was");
    let lvsd = standby.processes_named("lvsd")[0].pid;

    pair.real_servers[1].stop_web();
    wait_until("a dead real server gone from the standby's table", PATIENCE, || destinations(standby) == 2);
    pair.lab.power_off(&pair.primary);
    wait_until("takeover", PATIENCE, || standby.has_address(FLOATING));
    assert_eq!(destinations(standby), 2, "it is known to be dead");
    assert_eq!(standby.processes_named("lvsd")[0].pid, lvsd, "the same lvsd");

    stop_pulse(standby);
    assert!(standby.table().service(SERVICE).is_none() && standby.processes_named("lvsd").is_empty());
}
