//! What may take long or for ever on a live router, and must not make it look dead: 300 ms of silence are death here.

use std::time::Duration;

use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::pair::{CONFIGURATION, start_pulse};
use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Machine, Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(30);
const KEEPALIVE: Duration = Duration::from_millis(100);
/// Ten times the `deadtime`.
const WATCHED: Duration = Duration::from_secs(3);
/// What a backup says that hears nothing, and one that is told.
const SILENCE: &str = "partner dead: activating lvs";
const TOLD: &str = "primary inactive: activating lvs";
/// Below this directory every access waits for ever, as on a disk that has died.
const HUNG: &str = "/run/hung";
/// Floating addresses of a large site.
const MANY: u16 = 500;

pub(crate) fn tests() -> Vec<Test> {
    tests!("stalls":
        a_stuck_syslog_does_not_look_dead,
        a_hung_disk_does_not_look_dead,
        slow_names_do_not_look_dead,
        a_stopped_lvsd_does_not_look_dead_and_holds_no_stop_up,
        an_lvsd_that_is_never_ready_does_not_look_dead,
        slow_commands_hold_nothing_up,
        a_full_process_table_is_survived,
        hundreds_of_floating_addresses_come_and_go_in_time,
    )
}

fn file(pair: &Pair) -> LvsCf {
    pair.configuration().with("#% keepalive", "100ms").with("#% deadtime", "300ms")
}

/// The primary serves by this file, the backup hears it.
fn start(pair: &Pair, file: &LvsCf) {
    pair.start_with(file);
}

fn boot() -> Pair {
    let pair = Pair::boot(Routing::Direct);
    start(&pair, &file(&pair));
    pair
}

/// The backup hears the primary all the time and leaves it the service.
fn expect_alive(pair: &Pair) {
    let before = pair.backup.datagrams();
    holds_for("the primary alone serves", WATCHED, || pair.only(&pair.primary));
    let (heard, sent) = (pair.backup.datagrams() - before, WATCHED.as_millis() / KEEPALIVE.as_millis());
    assert!(heard as u128 >= sent * 2 / 3, "heard {heard} heartbeats of {sent}");
    assert!(!pair.backup.logged(SILENCE), "{SILENCE}");
}

/// Told to stop, the primary tells its partner, and ends.
fn expect_orderly_stop(pair: &Pair) {
    pair.primary.signal("pulse", Signal::SIGTERM);
    pair.backup.wait_for_log(TOLD, PATIENCE);
    assert!(!pair.backup.logged(SILENCE), "{SILENCE}");
    wait_until("the end of pulse", PATIENCE, || pair.primary.processes_named("pulse").is_empty());
}

fn shell(machine: &Machine, script: &str) {
    machine.run("bash", &["-ec", script]).expect_success();
}

fn count(router: &Machine, text: &str) -> usize {
    router.log().iter().filter(|line| line.text.contains(text)).count()
}

fn a_stuck_syslog_does_not_look_dead() {
    let pair = boot();
    let syslog = |signal| {
        let processes = pair.primary.processes();
        processes.iter().find(|process| process.pid == 1).expect("the first process").signal(signal);
    };
    syslog(Signal::SIGSTOP);
    // What it does not read any more fills the socket, on which logger waits.
    shell(
        &pair.primary,
        "for one in 1 2 3 4; do yes | head -n 2000 | timeout 5 logger & done > /dev/null 2>&1; wait",
    );
    for _ in 0..3 {
        pair.primary.signal("pulse", Signal::SIGHUP);
        expect_alive(&pair);
    }
    syslog(Signal::SIGCONT);
    wait_until("the number of lines that were lost", PATIENCE, || {
        pair.primary.signal("pulse", Signal::SIGHUP);
        pair.primary.logged("log lines were lost")
    });
    expect_orderly_stop(&pair);
}

/// Whoever looks for a file below [`HUNG`] waits for an automounter that never answers.
fn hang_disk(machine: &Machine) {
    shell(
        machine,
        &format!(
            "mkdir {HUNG}
             mount -i -t autofs -o fd=1,pgrp=$$,minproto=5,maxproto=5,indirect hung {HUNG} |
                 sleep infinity > /dev/null 2>&1 < /dev/stdin &
             until grep -q ' {HUNG} ' /proc/mounts; do sleep 0.1; done"
        ),
    );
}

fn a_hung_disk_does_not_look_dead() {
    let pair = Pair::boot(Routing::Direct);
    hang_disk(&pair.primary);
    let command = format!("{HUNG}/command");
    start(&pair, &file(&pair).with("active_cmd", &command).with("inactive_cmd", &command));
    expect_alive(&pair);
    shell(&pair.primary, &format!("rm {CONFIGURATION}; ln -s {HUNG}/lvs.cf {CONFIGURATION}"));
    for _ in 0..2 {
        pair.primary.signal("pulse", Signal::SIGHUP);
        expect_alive(&pair);
    }
    expect_orderly_stop(&pair);
}

fn slow_names_do_not_look_dead() {
    let pair = boot();
    pair.primary.write("/etc/resolv.conf", "nameserver 192.168.26.77\noptions timeout:30\n");
    let mut file = file(&pair);
    file.virtual_server("web").real_server("web3").set("address", "slow.example.com");
    pair.primary.write(CONFIGURATION, file.to_string());
    let before = count(&pair.primary, "rereading configuration file");
    pair.primary.signal("pulse", Signal::SIGHUP);
    expect_alive(&pair);
    assert!(count(&pair.primary, "rereading configuration file") > before);
    expect_orderly_stop(&pair);
}

fn a_stopped_lvsd_does_not_look_dead_and_holds_no_stop_up() {
    let pair = boot();
    pair.primary.signal("lvsd", Signal::SIGSTOP);
    pair.primary.signal("pulse", Signal::SIGHUP);
    expect_alive(&pair);
    expect_orderly_stop(&pair);
    wait_until("the end of lvsd", PATIENCE, || pair.primary.processes_named("lvsd").is_empty());
}

fn an_lvsd_that_is_never_ready_does_not_look_dead() {
    let pair = Pair::boot(Routing::Direct);
    pair.configure(&file(&pair));
    shell(&pair.primary, "printf '#!/bin/sh\\nexec sleep 1000\\n' > /run/slow; chmod 755 /run/slow");
    pair.primary.run("/usr/sbin/pulse", &["--forceactive", "--lvsd=/run/slow"]).expect_success();
    start_pulse(&pair.backup);
    holds_for("the backup stands by", WATCHED, || !pair.backup.logged(SILENCE));
    expect_orderly_stop(&pair);
}

fn slow_commands_hold_nothing_up() {
    let pair = Pair::boot(Routing::Direct);
    start(
        &pair,
        &file(&pair).with("active_cmd", "\"/bin/sleep 60\"").with("inactive_cmd", "\"/bin/sleep 60\""),
    );
    expect_alive(&pair);
    expect_orderly_stop(&pair);
    pair.wait_until_active(&pair.backup);
}

/// A group of processes that is full: whoever is in it can start nothing.
const GROUP: &str = "/run/groups/full";

fn a_full_process_table_is_survived() {
    let pair = Pair::boot(Routing::Direct);
    start(&pair, &file(&pair).with("active_cmd", "/bin/true"));
    let Pair { primary, backup, .. } = &pair;
    shell(
        backup,
        &format!(
            "mkdir -p /run/groups
             mount -t cgroup2 none /run/groups
             echo +pids > /run/groups/cgroup.subtree_control
             mkdir {GROUP}
             cat /run/pulse.pid > {GROUP}/cgroup.procs
             cat {GROUP}/pids.current > {GROUP}/pids.max"
        ),
    );
    backup.signal("pulse", Signal::SIGHUP);
    backup.wait_for_log("cannot read the file again", PATIENCE);
    expect_alive(&pair);

    pair.lab.power_off(primary);
    backup.wait_for_log("cannot execute /usr/sbin/lvsd: Resource temporarily unavailable", PATIENCE);
    backup.wait_for_log("active_cmd: cannot execute /bin/true: Resource temporarily unavailable", PATIENCE);
    shell(backup, &format!("echo max > {GROUP}/pids.max"));
    pair.wait_until_active(backup);
    shell(
        backup,
        &format!("for one in $(cat {GROUP}/cgroup.procs); do echo $one > /run/groups/cgroup.procs; done"),
    );
    shell(backup, &format!("rmdir {GROUP}"));
}

fn hundreds_of_floating_addresses_come_and_go_in_time() {
    let pair = boot();
    let mut file = file(&pair);
    file.virtual_servers.extend((0..MANY).map(|number| {
        let mut service = VirtualServer::new(&format!("site{number}"))
            .with("active", "1")
            .with("address", &format!("10.1.{}.{} eth0:2", number / 250, number % 250 + 1))
            .with("vip_nmask", "255.255.0.0")
            .with("port", "80")
            .with("load_monitor", "none")
            .with("scheduler", "rr")
            .with("protocol", "tcp")
            .with("timeout", "30")
            .with("reentry", "60");
        service.add("web1", &pair.real_address(1));
        service
    }));
    pair.configure(&file);
    let number = |router: &Machine| {
        router.addresses().iter().filter(|held| held.address.to_string().starts_with("10.1.")).count()
    };
    pair.routers().iter().for_each(|router| router.signal("pulse", Signal::SIGHUP));
    wait_until("all floating addresses", PATIENCE, || number(&pair.primary) == usize::from(MANY));
    expect_alive(&pair);
    expect_orderly_stop(&pair);
    wait_until("all of them there", PATIENCE, || number(&pair.backup) == usize::from(MANY));
    assert_eq!(number(&pair.primary), 0);
}
