//! piranhactl and an lvsd at work.

use std::time::Duration;

use lab::machine::Running;
use lab::pair::{FLOATING, SERVICE, destinations};
use lab::suite::Test;
use lab::{Machine, Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);
const PIRANHACTL: &str = "/usr/sbin/piranhactl";

pub(crate) fn tests() -> Vec<Test> {
    tests!("piranhactl":
        the_status_is_what_the_kernel_has,
        a_drain_waits_for_the_last_connection,
        a_deadline_cuts_off_the_rest,
        without_lvsd_it_says_so,
    )
}

/// A router with three real servers in its table, and what it closes forgotten after a second.
fn balancer() -> Pair {
    let pair = Pair::boot(Routing::Direct);
    let mut file = pair.configuration();
    file.set("tcpfin_timeout", "1");
    pair.configure(&file);
    let address = format!("{FLOATING}/24");
    pair.primary.run("ip", &["addr", "add", &address, "dev", "eth0", "label", "eth0:1"]).expect_success();
    pair.primary.run("/usr/sbin/lvsd", &[]).expect_success();
    wait_until("every real server in the table", PATIENCE, || destinations(&pair.primary) == 3);
    pair
}

fn ask(router: &Machine, words: &[&str]) -> String {
    router.run(PIRANHACTL, words).expect_success()
}

/// Three connections of the client that last until its `sleep` ends: one on each real server.
fn hold_connections(pair: &Pair) -> Running {
    let connect = format!(
        "exec 3<>/dev/tcp/{FLOATING}/80 4<>/dev/tcp/{FLOATING}/80 5<>/dev/tcp/{FLOATING}/80; exec sleep 1000"
    );
    let client = pair.client.start("bash", &["-c", &connect]);
    wait_until("three connections", PATIENCE, || {
        ask(&pair.primary, &["status", "--json"]).matches("\"active_connections\":1").count() == 3
    });
    client
}

fn wait_for_output(running: &Running, text: &str) {
    wait_until(&format!("{text:?}"), PATIENCE, || running.output().contains(text));
}

fn the_status_is_what_the_kernel_has() {
    let pair = balancer();
    let _client = hold_connections(&pair);
    let status = ask(&pair.primary, &["status"]);
    assert!(status.contains("web -t 192.168.26.10:80 rr: 3 of 3 in service"), "{status}");
    for server in ["web1 192.168.26.1:80", "web2 192.168.26.2:80", "web3 192.168.26.3:80"] {
        assert!(status.contains(server), "{status}");
    }
    ask(&pair.primary, &["weight", "web/web2", "5"]);
    wait_until("the weight", PATIENCE, || pair.primary.table().weight(SERVICE, "192.168.26.2:80") == Some(5));
    let status = ask(&pair.primary, &["status"]);
    assert!(status.contains("5/1 ") && status.contains("by hand: weight 5"), "{status}");
}

fn a_drain_waits_for_the_last_connection() {
    let pair = balancer();
    let _client = hold_connections(&pair);
    let mut drain = pair.primary.start(PIRANHACTL, &["drain", "web/web2"]);
    wait_for_output(&drain, "web/web2: 1 active and 0 inactive connections left");
    assert_eq!(pair.primary.table().weight(SERVICE, "192.168.26.2:80"), Some(0));
    pair.client.signal("sleep", Signal::SIGTERM);
    assert!(drain.wait(PATIENCE).success(), "{}", drain.output());
    assert!(drain.output().contains("web/web2: no connections left"), "{}", drain.output());
    ask(&pair.primary, &["undrain", "web/web2"]);
    wait_until("web2", PATIENCE, || pair.primary.table().weight(SERVICE, "192.168.26.2:80") == Some(1));
}

fn a_deadline_cuts_off_the_rest() {
    let pair = balancer();
    let _client = hold_connections(&pair);
    let mut drain = pair.primary.start(PIRANHACTL, &["drain", "web/web2", "--deadline", "3s"]);
    assert!(drain.wait(PATIENCE).success(), "{}", drain.output());
    let end = "web/web2: the deadline has passed, 1 connection was cut off";
    assert!(drain.output().contains(end), "{}", drain.output());
    wait_until("web2 out of the table", PATIENCE, || destinations(&pair.primary) == 2);
}

fn without_lvsd_it_says_so() {
    let pair = Pair::boot(Routing::Direct);
    let outcome = pair.primary.run(PIRANHACTL, &["status"]);
    assert_eq!(outcome.code(), 3);
}
