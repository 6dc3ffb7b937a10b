//! Fifty reloads while hundreds of connections stay open and thousands of new ones are made: nobody notices.

use std::time::Duration;

use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::suite::Test;
use lab::{Machine, tests, wait_until};

use crate::lines::{self, SERVICE, service};

const PATIENCE: Duration = Duration::from_secs(15);
/// Connections that stay open.
const HELD: usize = 500;
/// Connections that are made meanwhile.
const CALLS: usize = 5000;
/// From one of them to the next.
const PACE: Duration = Duration::from_millis(6);
const ROUNDS: usize = 5;

pub(crate) fn tests() -> Vec<Test> {
    tests!("storm":
        fifty_reloads_cut_no_connection,
    )
}

/// One reload.
type Change = fn(&mut LvsCf);

/// A round of reloads, from the first file to the first file.
const CHANGES: [Change; 10] = [
    // Real servers come.
    |file| {
        service(file).add("extra1", "192.168.26.21");
        service(file).add("extra2", "192.168.26.22");
    },
    // One with a third of the held connections goes, another gets more.
    |file| {
        service(file).remove("web3");
        service(file).real_server("web1").set("weight", "3");
    },
    |file| {
        service(file).set("scheduler", "wrr");
        service(file).real_server("extra1").set("weight", "4");
    },
    // A virtual server comes, before the one in use.
    |file| file.virtual_servers.insert(0, web()),
    |file| {
        service(file).set("persistent", "60");
        file.virtual_servers.swap(0, 1);
    },
    // The one in use comes back, a new one goes.
    |file| {
        service(file).add("web3", "192.168.26.3");
        service(file).remove("extra1");
    },
    // Every monitor is another one.
    |file| {
        service(file).set("timeout", "2");
        service(file).set("reentry", "4");
        service(file).set("sorry_server", "192.168.26.3");
    },
    // A virtual server goes.
    |file| {
        file.virtual_servers.retain(|section| section.name() != "web");
        service(file).set("persistent", "0");
    },
    // One is replaced by another.
    |file| {
        service(file).set("quiesce_server", "1");
        service(file).remove("extra2");
        service(file).add("extra3", "192.168.26.23");
    },
    |file| *file = lines::file(),
];

fn fifty_reloads_cut_no_connection() {
    let (pair, _answerers) = lines::boot();
    let router = &pair.primary;
    let mut file = lines::file();
    lines::start(router, &file);
    wait_for_first(router);
    let held = pair.client.converse(lines::at(), HELD);
    let calls = pair.client.call(lines::at(), PACE);
    calls.wait_for_answers(10);

    let begin = calls.moment();
    for _ in 0..ROUNDS {
        let event = calls.moment();
        for change in CHANGES {
            change(&mut file);
            lines::reload(router, &file);
            calls.wait_for_answers(CALLS / ROUNDS / CHANGES.len());
        }
        wait_for_first(router);
        held.expect_unbroken();
        calls.expect_no_failure_since(event);
    }
    wait_until("every call", PATIENCE, || calls.requests_since(begin).len() >= CALLS);
    let end = calls.moment();
    held.expect_all_since(end);
    calls.expect_no_failure_since(begin);
    let open: u32 =
        router.table().service(SERVICE).expect("it").destinations.iter().map(|at| at.active).sum();
    assert!(open as usize >= HELD, "the kernel knows of {open} connections");
}

/// Waits for the table of the first file: all that was added is gone, what was removed is back, weights are old.
fn wait_for_first(router: &Machine) {
    let wanted = "TCP 192.168.26.10:7 rr\n  -> 192.168.26.1:7 Route 1\n  -> 192.168.26.2:7 Route 1\n  \
                  -> 192.168.26.3:7 Route 1\n";
    lines::wait_for_table(router, wanted, "the table of the first file");
}

/// A virtual server that nobody uses.
fn web() -> VirtualServer {
    let mut web = lines::virtual_server("web", 80);
    for number in 1..=3 {
        web.add(&format!("web{number}"), &format!("192.168.26.{number}"));
    }
    web
}
