//! Connection synchronisation: the kernel's sync daemon has the role of its router.

use std::time::Duration;

use lab::pair::{start_pulse, stop_pulse};
use lab::suite::Test;
use lab::{Machine, Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn tests() -> Vec<Test> {
    tests!("sync": the_sync_daemon_follows_the_role, a_killed_pulse_leaves_a_daemon_that_is_cleared)
}

fn the_sync_daemon_follows_the_role() {
    let pair = Pair::boot(Routing::Direct);
    let file =
        pair.configuration().with("syncdaemon", "1").with("syncd_iface", "eth0").with("syncd_id", "263");
    pair.configure(&file);
    start_pulse(&pair.primary);
    pair.wait_until_active(&pair.primary);
    start_pulse(&pair.backup);
    // The low 8 bits of syncd_id count.
    wait_until("master here, backup there", PATIENCE, || {
        daemons(&pair.primary) == ["master eth0 7"] && daemons(&pair.backup) == ["backup eth0 7"]
    });

    stop_pulse(&pair.primary);
    pair.wait_until_active(&pair.backup);
    wait_until("none here, master there", PATIENCE, || {
        daemons(&pair.primary).is_empty() && daemons(&pair.backup) == ["master eth0 7"]
    });

    stop_pulse(&pair.backup);
    assert!(daemons(&pair.backup).is_empty(), "a stopped router synchronises nothing");
}

fn a_killed_pulse_leaves_a_daemon_that_is_cleared() {
    let pair = Pair::boot(Routing::Direct);
    let router = &pair.primary;
    pair.configure(&pair.configuration().with("syncdaemon", "1").with("syncd_iface", "eth0"));
    start_pulse(router);
    pair.wait_until_active(router);
    wait_until("master here", PATIENCE, || daemons(router) == ["master eth0 0"]);
    router.signal("pulse", Signal::SIGKILL);
    wait_until("the end of pulse", PATIENCE, || router.processes_named("pulse").is_empty());
    assert_eq!(daemons(router), ["master eth0 0"], "the kernel's daemon outlives pulse");

    // Somebody else's, as far as the file tells.
    pair.configure(&pair.configuration());
    router.run("/usr/sbin/pulse", &["--clear"]).expect_success();
    assert_eq!(daemons(router), ["master eth0 0"]);
    pair.configure(&pair.configuration().with("syncdaemon", "1"));
    let said = router.run("/usr/sbin/pulse", &["--clear"]).expect_success();
    assert!(said.contains("pulse: stopped the sync daemon on eth0: it was left behind"), "{said}");
    assert_eq!(daemons(router), Vec::<String>::new());
}

/// Role, interface and id of the running sync daemons.
pub(crate) fn daemons(router: &Machine) -> Vec<String> {
    let listing = router.run("ipvsadm", &["--list", "--daemon"]).expect_success();
    let field = |line: &str, name: &str| {
        let value = line.split_once(name)?.1.split([',', ')']).next()?;
        Some(value.to_owned())
    };
    listing
        .lines()
        .filter_map(|line| {
            let (role, facts) = line.split_once(" sync daemon ")?;
            Some(format!("{role} {} {}", field(facts, "mcast=")?, field(facts, "syncid=")?))
        })
        .collect()
}
