//! The lab itself, without any program of the house: what the other tests stand on.

use std::path::Path;
use std::time::Duration;

use lab::pair::{FLOATING, SERVICE};
use lab::suite::Test;
use lab::{Lab, Machine, Pair, Routing, tests};

pub(crate) fn tests() -> Vec<Test> {
    tests!("ground":
        direct_routing_carries_traffic,
        masquerading_carries_traffic,
        tunnels_carry_traffic,
        a_cut_cable_is_noticed_and_mended,
        power_goes_and_comes_back,
        the_system_log_is_kept,
        a_machine_has_its_own_programs_and_files,
        a_machine_boots_systemd,
    )
}

/// Does by hand what pulse and lvsd do.
fn serve(pair: &Pair, router: &Machine) {
    let method = match pair.routing {
        Routing::Direct => "-g",
        Routing::Nat => "-m",
        Routing::Tunnel => "-i",
    };
    let target = format!("{FLOATING}:80");
    router.run("ipvsadm", &["-A", "-t", &target, "-s", "rr"]).expect_success();
    for number in 1..=pair.real_servers.len() {
        let real = format!("{}:80", pair.real_address(number));
        router.run("ipvsadm", &["-a", "-t", &target, "-r", &real, method, "-w", "1"]).expect_success();
    }
    router
        .run("ip", &["addr", "add", &format!("{FLOATING}/24"), "dev", "eth0", "label", "eth0:1"])
        .expect_success();
    if pair.routing == Routing::Nat {
        router.run("ip", &["addr", "add", "10.11.12.254/24", "dev", "eth1"]).expect_success();
    }
}

fn traffic_is_spread(routing: Routing) {
    let pair = Pair::boot(routing);
    serve(&pair, &pair.primary);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(1);
    let event = traffic.moment();
    traffic.wait_for_answers(60);
    traffic.expect_no_failure_since(event);
    let answers = traffic.answers_since(event);
    assert_eq!(
        answers.keys().map(String::as_str).collect::<Vec<_>>(),
        ["web1", "web2", "web3"],
        "{answers:?}"
    );
    assert!(answers.values().all(|&count| count >= 19), "round robin gives each the same: {answers:?}");
}

fn direct_routing_carries_traffic() {
    traffic_is_spread(Routing::Direct);
}

fn masquerading_carries_traffic() {
    traffic_is_spread(Routing::Nat);
}

fn tunnels_carry_traffic() {
    traffic_is_spread(Routing::Tunnel);
}

fn a_cut_cable_is_noticed_and_mended() {
    let pair = Pair::with_private_link(Routing::Direct);
    let heard =
        |from: &Machine, address: &str| from.run("ping", &["-c", "1", "-W", "1", address]).code() == 0;
    assert!(heard(&pair.primary, "192.168.26.8") && heard(&pair.primary, "10.0.0.8"));
    pair.lab.cut(&pair.primary, "eth0");
    assert!(!heard(&pair.primary, "192.168.26.8"), "the public link is cut");
    assert!(heard(&pair.primary, "10.0.0.8"), "the private link is not");
    pair.lab.mend(&pair.primary, "eth0");
    lab::wait_until("the public link is back", Duration::from_secs(5), || {
        heard(&pair.primary, "192.168.26.8")
    });
}

fn power_goes_and_comes_back() {
    let pair = Pair::boot(Routing::Direct);
    serve(&pair, &pair.primary);
    pair.primary.write("/etc/sysconfig/ha/lvs.cf", "serial_no = 1\n");
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(5);

    let event = traffic.moment();
    pair.lab.power_off(&pair.primary);
    lab::wait_until("requests fail", Duration::from_secs(5), || !traffic.failures_since(event).is_empty());
    pair.lab.power_on(&pair.primary);
    assert_eq!(pair.primary.table().to_string(), "", "a new machine begins with an empty table");
    assert!(!pair.primary.has_address(FLOATING));
    assert_eq!(pair.primary.read("/etc/sysconfig/ha/lvs.cf").as_deref(), Some("serial_no = 1\n"));

    serve(&pair, &pair.primary);
    assert!(pair.primary.table().service(SERVICE).is_some());
    traffic.wait_for_answers(5);
    assert!(traffic.longest_silence_since(event) > Duration::from_millis(100));
}

fn the_system_log_is_kept() {
    let pair = Pair::boot(Routing::Direct);
    pair.primary
        .run("logger", &["-p", "daemon.warning", "-t", "greeting", "--id=760", "hello"])
        .expect_success();
    pair.primary.wait_for_log("hello", Duration::from_secs(5));
    let line = pair.primary.log().remove(0);
    assert_eq!((line.facility.as_str(), line.severity.as_str()), ("daemon", "warning"));
    assert_eq!((line.ident.as_str(), line.pid), ("greeting", Some(760)));
    assert!(pair.backup.log().is_empty(), "each machine has its own log");
}

fn a_machine_has_its_own_programs_and_files() {
    let pair = Pair::boot(Routing::Direct);
    assert_eq!(pair.primary.run("hostname", &[]).expect_success().trim(), "primary");
    pair.primary.write("/usr/sbin/only-here", "#!/bin/sh\nsleep 60\n");
    pair.primary.run("chmod", &["755", "/usr/sbin/only-here"]).expect_success();
    let _started = pair.primary.start("/usr/sbin/only-here", &[]);
    lab::wait_until("it runs", Duration::from_secs(5), || {
        !pair.primary.processes_named("only-here").is_empty()
    });
    assert!(pair.backup.processes_named("only-here").is_empty(), "each machine has its own process list");
    assert!(pair.backup.read("/usr/sbin/only-here").is_none(), "each machine has its own files");
    pair.primary.signal("only-here", nix::sys::signal::Signal::SIGKILL);
    lab::wait_until("it ends", Duration::from_secs(5), || {
        pair.primary.processes_named("only-here").is_empty()
    });
}

fn a_machine_boots_systemd() {
    let lab = Lab::new();
    let machine = lab.machine("machine").boot();
    machine.without_programs();
    assert!(!machine.path("/usr/sbin/pulse").exists());
    machine.write(
        "/usr/lib/systemd/system/greeting.service",
        "[Service]\nExecStart=logger --tag greeting hello\n[Install]\nWantedBy=multi-user.target\n",
    );
    machine.boot_systemd(&["greeting"]);
    assert_eq!(machine.processes()[0].name, "systemd");
    machine.wait_for_log("hello", Duration::from_secs(5));
    assert!(!Path::new("/usr/lib/systemd/system/greeting.service").exists(), "the computer has its own /usr");
}
