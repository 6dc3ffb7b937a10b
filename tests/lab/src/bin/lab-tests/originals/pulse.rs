//! lvsd under Piranha's pulse: the semaphore, and signals.

use std::time::Duration;

use lab::machine::Running;
use lab::pair::{CONFIGURATION, SERVICE, destinations};
use lab::suite::Test;
use lab::{Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);
const NAME: &str = "original-pulse";

pub(crate) fn tests() -> Vec<Test> {
    tests!("originals":
        lvsd_serves_under_piranhas_pulse,
        a_semaphore_that_cannot_be_made_is_named_and_lvsd_goes_on,
    )
}

/// A router that Piranha's pulse has made active.
fn activate(pair: &Pair) -> Running {
    pair.configure(&pair.configuration());
    super::install_stand_in(&pair.primary, NAME, include_str!("pulse.c"));
    let running = pair.primary.start(NAME, &[CONFIGURATION]);
    wait_until("the semaphore", PATIENCE, || !running.output().is_empty());
    running
}

fn lvsd_serves_under_piranhas_pulse() {
    let pair = Pair::boot(Routing::Direct);
    let mut pulse = activate(&pair);
    assert_eq!(pulse.output(), "gratuitous lvs arps finished\n");
    assert!(pair.primary.table().service(SERVICE).is_some(), "the service was there before the post");
    assert_eq!(pair.primary.read("/dev/shm/sem.lvs"), None, "the semaphore's name is gone");
    wait_until("every real server in the table", PATIENCE, || destinations(&pair.primary) == 3);

    let mut file = pair.configuration();
    file.virtual_server("web").remove("web3");
    pair.configure(&file);
    pair.primary.signal(NAME, Signal::SIGHUP);
    wait_until("the removed real server gone", PATIENCE, || destinations(&pair.primary) == 2);

    pair.primary.signal(NAME, Signal::SIGTERM);
    assert!(pulse.wait(PATIENCE).success());
    assert!(pulse.output().ends_with("Child process exited with status 0\n"), "{}", pulse.output());
    assert_eq!(pair.primary.table().sorted(), "");
    assert_eq!(pair.primary.read("/run/lvs.pid"), None);
    assert!(!pair.primary.logged("Error creating semaphore"));
}

fn a_semaphore_that_cannot_be_made_is_named_and_lvsd_goes_on() {
    let pair = Pair::boot(Routing::Direct);
    pair.configure(&pair.configuration());
    pair.primary.run("mkdir", &["/dev/shm/sem.lvs"]).expect_success();
    pair.primary.run("/usr/sbin/lvsd", &[]).expect_success();
    pair.primary.wait_for_log("Error creating semaphore: Is a directory", PATIENCE);
    wait_until("every real server in the table", PATIENCE, || destinations(&pair.primary) == 3);
}
