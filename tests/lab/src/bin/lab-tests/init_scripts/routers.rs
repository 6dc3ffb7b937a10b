//! Routers that serve, started and stopped by their scripts.

use std::time::{Duration, Instant};

use lab::pair::{CONFIGURATION, FLOATING, destinations};
use lab::{Machine, Pair, Routing, wait_until};
use nix::sys::signal::Signal;

use super::{PULSE, router};

const PATIENCE: Duration = Duration::from_secs(20);
const SETTINGS: &str = "/etc/sysconfig/pulse";

/// Two routers, the primary forced to be active by its settings; both started by `service`.
fn start() -> Pair {
    let pair = Pair::boot(Routing::Direct);
    pair.configure(&pair.configuration());
    for router in pair.routers() {
        router.install_page();
    }
    pair.primary.write(SETTINGS, "OPTIONS=--forceactive\n");
    for router in pair.routers() {
        let said = service(router, "start");
        assert_eq!(said, "Starting pulse: [  OK  ]\n");
    }
    pair.wait_until_active(&pair.primary);
    pair.backup.wait_for_log("STARTING PULSE AS BACKUP", PATIENCE);
    pair
}

fn service(router: &Machine, verb: &str) -> String {
    router.run("service", &["pulse", verb]).expect_success()
}

fn pulse(router: &Machine) -> i32 {
    router.processes_named("pulse")[0].pid
}

/// Nothing of pulse's is here, now.
fn assert_nothing_is_left(router: &Machine) {
    for name in ["pulse", "lvsd", "nanny", "fos"] {
        assert_eq!(router.processes_named(name), [], "{name} is left");
    }
    assert!(!router.has_address(FLOATING));
    assert!(router.table().0.is_empty(), "{:?}", router.table());
}

pub(crate) fn the_verbs_on_a_pair_that_serves() {
    let pair = start();
    let (primary, backup) = (&pair.primary, &pair.backup);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(5);

    let mut file = pair.configuration();
    file.virtual_server("web").remove("web3");
    pair.configure(&file);
    let before = [pulse(primary), pulse(backup)];
    for router in [primary, backup] {
        assert_eq!(service(router, "reload"), "Reloading pulse: [  OK  ]\n");
    }
    wait_until("the reloaded table", PATIENCE, || destinations(primary) == 2);
    assert_eq!([pulse(primary), pulse(backup)], before);
    assert!(!backup.has_address(FLOATING));

    let begin = Instant::now();
    service(primary, "restart");
    assert!(begin.elapsed() < Duration::from_secs(5), "a restart took {:?}", begin.elapsed());
    assert_ne!(pulse(primary), before[0]);
    traffic.wait_for_answers(5);

    // Also on the router that has just become active again; its partner serves on.
    wait_until("the primary serves again", PATIENCE, || pair.only(primary) && destinations(primary) == 2);
    assert_eq!(service(primary, "stop"), "Shutting down pulse: [  OK  ]\n");
    assert_nothing_is_left(primary);
    wait_until("the backup serves", PATIENCE, || pair.only(backup));
    service(backup, "stop");
    assert_nothing_is_left(backup);
}

/// What a killed pulse leaves is cleaned up by the next start.
pub(crate) fn a_killed_pulse_is_followed_by_a_clean_start() {
    let pair = start();
    let primary = &pair.primary;
    primary.write(SETTINGS, "");
    let killed = pulse(primary);
    primary.signal("pulse", Signal::SIGKILL);
    wait_until("the end of pulse", PATIENCE, || primary.processes_named("pulse").is_empty());
    assert!(primary.has_address(FLOATING), "a killed pulse leaves its addresses");
    let status = primary.run("service", &["pulse", "status"]);
    assert_eq!((status.code(), status.stdout.as_str()), (1, "pulse dead but pid file exists\n"));
    pair.backup.wait_for_log("partner dead: activating lvs", PATIENCE);

    service(primary, "start");
    assert!(!primary.has_address(FLOATING), "left behind");
    assert_ne!(pulse(primary), killed);
    wait_until("the backup serves, and nobody else", PATIENCE, || pair.only(&pair.backup));
    service(primary, "stop");
    assert_nothing_is_left(primary);
}

/// The script's own 30 seconds are too long for a test.
pub(crate) fn a_pulse_that_does_not_end_is_killed() {
    let (_lab, router) = router();
    let script = router.read(PULSE).expect("a script");
    assert!(script.contains("\nPATIENCE=30\n"));
    router.write(PULSE, script.replace("PATIENCE=30", "PATIENCE=2"));
    router.write(SETTINGS, "OPTIONS=--forceactive\n");
    router.run(PULSE, &["start"]).expect_success();
    wait_until("the floating address and the service", PATIENCE, || {
        router.has_address(FLOATING) && !router.table().0.is_empty()
    });
    router.signal("pulse", Signal::SIGSTOP);
    let begin = Instant::now();
    let stop = router.run(PULSE, &["stop"]);
    assert!(begin.elapsed() > Duration::from_secs(1), "it was not given the time");
    assert_eq!((stop.code(), stop.stdout.as_str()), (1, "Shutting down pulse: [FAILED]\n"));
    let taken_down = format!("pulse: removed {FLOATING} from eth0:1: it was left behind\n");
    assert_eq!(
        stop.stderr,
        format!(
            "pulse: had to be killed after 2 s\n{taken_down}pulse: its floating addresses and services are taken down\n"
        )
    );
    assert_nothing_is_left(&router);
    assert_eq!(router.run(PULSE, &["status"]).code(), 3);
}

pub(crate) fn settings_with_quotes_and_comments() {
    let (_lab, router) = router();
    let started = |settings: &str| {
        router.write(SETTINGS, settings);
        let begin = Instant::now();
        let outcome = router.run(PULSE, &["restart"]);
        (begin.elapsed(), router.processes_named("pulse")[0].command.clone(), outcome)
    };
    // As it is shipped, everything in it is a comment.
    let shipped = include_str!("../../../../../../etc/sysconfig/pulse");
    let (_, command, outcome) = started(shipped);
    assert_eq!((command.as_str(), outcome.code(), outcome.stderr.as_str()), ("/usr/sbin/pulse", 0, ""));
    let uncommented = shipped.replace("#OPTIONS", "OPTIONS").replace("#DELAY=random", "DELAY=0");
    assert_eq!(started(&uncommented).1, "/usr/sbin/pulse --forceactive");

    let (took, command, outcome) =
        started("# slow switch\nDELAY=\"2\"   # seconds\nOPTIONS='--forceactive  -v'\t# *\n");
    assert_eq!((command.as_str(), outcome.code()), ("/usr/sbin/pulse --forceactive -v", 0));
    assert!(took > Duration::from_secs(2), "the delay was not kept: {took:?}");
    router.wait_for_log("Forced active on startup", PATIENCE);

    let (took, command, outcome) = started("DELAY=random\nOPTIONS=\"$EMPTY\"");
    assert_eq!((command.as_str(), outcome.code()), ("/usr/sbin/pulse", 0));
    assert!(took < Duration::from_secs(10), "{took:?}");

    // Neither a slip nor what the caller has in his environment counts.
    let (_, command, outcome) = started("OPTIONS=\"--forceactive\nDELAY=5\n");
    assert_eq!((command.as_str(), outcome.code()), ("/usr/sbin/pulse", 0));
    assert!(outcome.stderr.contains("/etc/sysconfig/pulse is not read"), "{}", outcome.stderr);
    router.write(SETTINGS, "");
    router.run("env", &["OPTIONS=--frobnicate", "DELAY=299", PULSE, "restart"]).expect_success();

    // A file of another name needs none of the usual one; without it the other one is told.
    router.run("mkdir", &["-p", "/etc/piranha"]).expect_success();
    router.run("mv", &[CONFIGURATION, "/etc/piranha/lvs.cf"]).expect_success();
    let refused = router.run(PULSE, &["restart"]);
    assert_eq!(refused.code(), 6);
    let told = "pulse: there is /etc/piranha/lvs.cf: to use it, put OPTIONS=\"-c /etc/piranha/lvs.cf\" into";
    assert!(refused.stderr.starts_with(told), "{}", refused.stderr);
    let (_, command, outcome) = started("OPTIONS=\"-c /etc/piranha/lvs.cf\"\n");
    assert_eq!((command.as_str(), outcome.code()), ("/usr/sbin/pulse -c /etc/piranha/lvs.cf", 0));
}
