//! lvsd comes, dies, returns and goes; connections through the table stay as long as the table does.

use std::time::Duration;

use lab::pair::CONFIGURATION;
use lab::suite::Test;
use lab::{tests, wait_until};
use nix::sys::signal::Signal;

use crate::lines;

const PATIENCE: Duration = Duration::from_secs(15);
const HELD: usize = 30;
const PACE: Duration = Duration::from_millis(20);
const TABLE: &str = "TCP 192.168.26.10:7 rr\n  -> 192.168.26.1:7 Route 5\n  -> 192.168.26.2:7 Route 1\n  \
                     -> 192.168.26.3:7 Route 1\n";

pub(crate) fn tests() -> Vec<Test> {
    tests!("adoption":
        connections_outlive_the_start_and_the_death_of_lvsd,
    )
}

fn connections_outlive_the_start_and_the_death_of_lvsd() {
    let (pair, _answerers) = lines::boot();
    let router = &pair.primary;
    lines::build_by_hand(router, [5, 1, 1]);
    let held = pair.client.converse(lines::at(), HELD);
    let calls = pair.client.call(lines::at(), PACE);
    calls.wait_for_answers(10);

    let mut file = lines::file();
    lines::service(&mut file).real_server("web1").set("weight", "5");
    router.write(CONFIGURATION, file.to_string());
    let begin = calls.moment();
    let mut first = router.start("/usr/sbin/lvsd", &["--nofork"]);
    wait_until("nannies", PATIENCE, || router.processes_named("nanny").len() == 3);
    stays(&held, &calls, begin);
    assert_eq!(router.table().sorted(), TABLE, "no slow start for what is in service");

    let event = calls.moment();
    router.signal("lvsd", Signal::SIGKILL);
    assert!(!first.wait(PATIENCE).success());
    wait_until("the end of the nannies", PATIENCE, || router.processes_named("nanny").is_empty());
    assert_eq!(router.table().sorted(), TABLE, "the table stays usable");
    calls.wait_for_answers(20);
    let mut second = router.start("/usr/sbin/lvsd", &["--nofork"]);
    wait_until("nannies", PATIENCE, || router.processes_named("nanny").len() == 3);
    stays(&held, &calls, event);
    assert_eq!(router.table().sorted(), TABLE);

    router.signal("lvsd", Signal::SIGTERM);
    assert_eq!(second.wait(PATIENCE).code(), Some(0));
    assert_eq!((router.table().sorted(), router.read("/run/lvs.pid")), (String::new(), None));
}

/// No connection broke since then, none could not be made.
fn stays(held: &lab::Conversations, calls: &lab::Traffic, since: lab::Moment) {
    calls.wait_for_answers(20);
    calls.expect_no_failure_since(since);
    held.expect_all_since(since);
}
