//! What is wrong outside of the programs: files, heartbeats, kernels, users, ports, devices.

use std::time::Duration;

use lab::pair::{CONFIGURATION, FLOATING, SERVICE, start_pulse, wait_until_heard};
use lab::suite::{Test, skip};
use lab::wait::holds_for;
use lab::{Machine, Outcome, Pair, Routing, kernel, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn tests() -> Vec<Test> {
    tests!("bad_input":
        a_bad_file_is_refused_at_start,
        ten_megabytes_of_comments_are_no_fault,
        a_bad_file_changes_nothing_on_reload,
        heartbeats_of_strangers_count_for_nothing,
        malformed_heartbeats_count_for_nothing,
        a_kernel_without_ipvs_is_named,
        without_root_nothing_is_done,
        a_taken_port_and_an_unusable_pid_file_are_named,
        a_missing_device_is_named,
    )
}

/// Files that are no configuration, and what is said of each.
fn bad_files(good: &str) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let torn = good.find("vip_nmask").expect("a key in the file") + 3;
    // Every byte value, in an order that repeats late.
    let binary = (0..65_536u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    vec![
        ("empty", Vec::new(), "at line 0: Empty configuration"),
        ("torn", good.as_bytes()[..torn].to_vec(), "unknown command"),
        ("binary", binary, "at line 1:"),
        ("10 MB in one line", vec![b'x'; 10 << 20], "at line 1:"),
        ("10 MB of lines", b"lvs\n".repeat((10 << 20) / 4), "at line 1:"),
    ]
}

fn a_bad_file_is_refused_at_start() {
    let pair = Pair::boot(Routing::Direct);
    let router = &pair.primary;
    let refused = |name: &str, said: &str| {
        let outcome = router.run("/usr/sbin/pulse", &[]);
        expect_refusal(&outcome, 1, &format!("pulse: {said}"), name);
        nothing_is_left(router, name);
    };
    refused("missing", "failed to open /etc/sysconfig/ha/lvs.cf");
    for (name, content, said) in bad_files(&pair.configuration().to_string()) {
        router.write(CONFIGURATION, content);
        let outcome = router.run("/usr/sbin/pulse", &[]);
        expect_refusal(&outcome, 1, "pulse: error parsing /etc/sysconfig/ha/lvs.cf ", name);
        assert!(outcome.stderr.contains(said), "{name}: {}", beginning(&outcome.stderr));
        nothing_is_left(router, name);
    }
    router.run("rm", &[CONFIGURATION]).expect_success();
    router.run("mkdir", &[CONFIGURATION]).expect_success();
    refused(
        "a directory",
        "error parsing /etc/sysconfig/ha/lvs.cf at line 0: I/O error while reading configuration",
    );
}

fn ten_megabytes_of_comments_are_no_fault() {
    let pair = Pair::boot(Routing::Direct);
    let comments = "# nothing to see here\n".repeat((10 << 20) / 22);
    pair.primary.write(CONFIGURATION, comments + &pair.configuration().to_string());
    start_pulse(&pair.primary);
    pair.wait_until_active(&pair.primary);
}

fn a_bad_file_changes_nothing_on_reload() {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    let router = &pair.primary;
    let pids = || {
        ["pulse", "lvsd", "nanny"]
            .map(|name| router.processes_named(name).iter().map(|p| p.pid).collect::<Vec<_>>())
    };
    let (table, processes) = (router.table().sorted(), pids());
    let event = traffic.moment();
    for (name, content, _) in bad_files(&pair.configuration().to_string()) {
        let refused = || {
            router
                .log()
                .iter()
                .filter(|line| line.text.contains("the old configuration stays in force"))
                .count()
        };
        let before = refused();
        router.write(CONFIGURATION, content);
        router.signal("pulse", Signal::SIGHUP);
        wait_until(&format!("{name}: pulse refuses the file"), PATIENCE, || refused() > before);
        let longest = router.log().iter().map(|line| line.text.len()).max().unwrap_or_default();
        assert!(longest < 1000, "{name}: a line of {longest} bytes in the log");
    }
    let mended = pair.configuration();
    router.write(CONFIGURATION, mended.to_string());
    router.signal("pulse", Signal::SIGHUP);
    traffic.wait_for_answers(50);
    traffic.expect_no_failure_since(event);
    assert_eq!((router.table().sorted(), pids()), (table, processes));
    assert_eq!(pair.owners().len(), 1);
}

/// Payloads as they are on the wire, for the printf of a shell.
const RUNNING: &str = r"\xda\xdb\xad\xbd";
const STOPPED: &str = r"\xbd\xda\xbd\xad";
const STOPPED_BY_FOS: &str = r"\xef\xbe\xad\xde";

fn send(from: &Machine, to: &str, payload: &str) {
    from.run("bash", &["-c", &format!("printf '{payload}' > /dev/udp/{to}/539")]).expect_success();
}

fn heartbeats_of_strangers_count_for_nothing() {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    // STOPPED would wake the standby, RUNNING would make an active backup yield.
    for _ in 0..20 {
        send(&pair.client, "192.168.26.8", STOPPED);
        send(&pair.client, "192.168.26.9", RUNNING);
    }
    holds_for("the primary alone serves", Duration::from_secs(3), || pair.only(&pair.primary));
    assert!(!pair.primary.logged("partner active"), "a stranger is no partner");

    // Nor do they keep the standby asleep.
    let event = traffic.moment();
    pair.lab.power_off(&pair.primary);
    wait_until("the backup takes over", PATIENCE, || {
        send(&pair.client, "192.168.26.8", RUNNING);
        pair.backup.has_address(FLOATING)
    });
    traffic.expect_answers_within(Duration::from_millis(3500), event);
}

fn malformed_heartbeats_count_for_nothing() {
    let pair = Pair::boot(Routing::Direct);
    pair.start();
    // From the partner's own address, once its pulse is dead: wrong lengths, wrong numbers, another service's.
    pair.primary.signal("pulse", Signal::SIGKILL);
    let start = lab::Moment::now();
    wait_until("the backup takes over", PATIENCE, || {
        for payload in [r"\xda", r"\xda\xdb\xad", r"\x00\x00\x00\x00", "nonsense", STOPPED_BY_FOS] {
            send(&pair.primary, "192.168.26.8", payload);
        }
        pair.backup.logged("partner dead: activating lvs")
    });
    // The log knows the time better than this loop, which starts many programs.
    let taken_over =
        pair.backup.log().into_iter().find(|line| line.text.contains("partner dead")).expect("logged");
    let waited = taken_over.at.since(start);
    assert!(waited < Duration::from_millis(4500), "malformed heartbeats counted as life for {waited:?}");
    for kind in ["bad heartbeat packet", "Incompatible heartbeat received"] {
        let lines = pair.backup.log().iter().filter(|line| line.text.contains(kind)).count();
        assert_eq!(lines, 1, "at most one line a minute: {kind}");
    }
}

fn a_kernel_without_ipvs_is_named() {
    let pair = Pair::boot(Routing::Direct);
    let Some(without) = kernel::without_ipvs() else {
        skip("needs a kernel of its own, to take IPVS out of it")
    };
    pair.configure(&pair.configuration());
    let lvsd = pair.primary.run("/usr/sbin/lvsd", &[]);
    assert_eq!(lvsd.code(), 1, "{}", lvsd.stderr);
    assert_eq!(lvsd.stderr.lines().count(), 1, "one line: {}", lvsd.stderr);
    assert!(lvsd.stderr.contains("modprobe ip_vs"), "what to do: {}", lvsd.stderr);
    nothing_is_left(&pair.primary, "lvsd");

    // pulse goes on being a partner, and serves as soon as it can.
    start_pulse(&pair.primary);
    wait_until("pulse says why it does not serve", PATIENCE, || {
        pair.primary.log().iter().any(|line| line.text.contains("modprobe ip_vs"))
    });
    holds_for("no floating address without a table", Duration::from_secs(3), || {
        !pair.primary.has_address(FLOATING)
    });
    drop(without);
    wait_until("it serves once the kernel can", Duration::from_secs(90), || {
        pair.primary.has_address(FLOATING) && pair.primary.table().service(SERVICE).is_some()
    });
}

fn without_root_nothing_is_done() {
    let pair = Pair::boot(Routing::Direct);
    pair.configure(&pair.configuration());
    for (program, said) in [("pulse", "running as root?"), ("lvsd", "root")] {
        let path = format!("/usr/sbin/{program}");
        let outcome =
            pair.primary.run("setpriv", &["--reuid=65534", "--regid=65534", "--clear-groups", &path]);
        expect_refusal(
            &outcome,
            1,
            &format!("{}: ", if program == "lvsd" { "lvs" } else { program }),
            program,
        );
        assert!(outcome.stderr.contains(said), "{program}: {}", outcome.stderr);
        nothing_is_left(&pair.primary, program);
    }
}

fn a_taken_port_and_an_unusable_pid_file_are_named() {
    let pair = Pair::boot(Routing::Direct);
    pair.configure(&pair.configuration());
    pair.backup.run("mkdir", &["/run/pulse.pid"]).expect_success();
    start_pulse(&pair.backup);
    pair.backup.wait_for_log("failed to open /var/run/pulse.pid: Is a directory", PATIENCE);
    pair.backup.wait_for_log("STARTING PULSE AS BACKUP", PATIENCE);

    let _occupant = pair.primary.occupy("192.168.26.9:539");
    let outcome = pair.primary.run("/usr/sbin/pulse", &[]);
    expect_refusal(&outcome, 1, "pulse: cannot create heartbeat socket. running as root?", "the port");
    let said = "failed to bind to heartbeat address: Address already in use";
    assert!(pair.primary.logged(said), "the true reason is in the log");
    nothing_is_left(&pair.primary, "the port");
}

fn a_missing_device_is_named() {
    let pair = Pair::boot(Routing::Direct);
    let mut file = pair.configuration();
    file.virtual_server("web").set("address", &format!("{FLOATING} eth7:1"));
    pair.configure(&file);
    start_pulse(&pair.primary);
    wait_until("the missing device is named", PATIENCE, || {
        pair.primary.log().iter().any(|line| line.text.contains("eth7") && line.text.contains(FLOATING))
    });
    start_pulse(&pair.backup);
    wait_until_heard(&pair.backup, 1);
    holds_for("no reason to fail over", Duration::from_secs(5), || !pair.backup.logged("activating lvs"));
    assert!(pair.owners().is_empty());

    // The device appears.
    pair.primary.run("ip", &["link", "add", "eth7", "type", "dummy"]).expect_success();
    wait_until("the address is raised", Duration::from_secs(30), || pair.primary.has_address(FLOATING));
}

/// Status, the first words of standard error, and not too many of them.
fn expect_refusal(outcome: &Outcome, status: i32, said: &str, what: &str) {
    assert_eq!(outcome.code(), status, "{what}: {}", beginning(&outcome.stderr));
    assert!(outcome.stderr.starts_with(said), "{what}: {}", beginning(&outcome.stderr));
    assert!(outcome.stderr.len() < 10_000, "{what}: {} bytes of words", outcome.stderr.len());
}

fn beginning(text: &str) -> &str {
    text.get(..500).unwrap_or(text)
}

fn nothing_is_left(router: &Machine, what: &str) {
    // A daemon that gave up lets its caller go a moment before it ends.
    wait_until(&format!("{what}: the end of every process"), Duration::from_secs(10), || {
        router.processes().len() == 1
    });
    assert!(!router.has_address(FLOATING), "{what}");
    assert_eq!(router.table().sorted(), "", "{what}");
    assert_eq!((router.read("/run/pulse.pid"), router.read("/run/lvs.pid")), (None, None), "{what}");
}
