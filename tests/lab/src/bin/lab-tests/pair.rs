//! Two routers: who serves, who takes over, what a client notices of it.

use std::time::Duration;

use lab::pair::{
    FLOATING, NAT_ROUTER, SERVICE, destinations, start_pulse, start_standby, stop_pulse, wait_until_heard,
};
use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Machine, Pair, Routing, Traffic, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);
/// Sudden death with keepalive 1 and deadtime 3.
const DEATH: Duration = Duration::from_millis(3500);
/// Planned stop.
const STOP: Duration = Duration::from_millis(200);

pub(crate) fn tests() -> Vec<Test> {
    tests!("pair":
        the_primary_serves_as_the_file_says,
        started_together_the_primary_serves,
        a_router_without_partner_serves,
        a_dead_primary_is_replaced_and_returns_as_standby,
        a_dead_backup_is_replaced_and_returns_as_standby,
        a_planned_stop_of_the_primary_is_hardly_noticed,
        a_planned_stop_of_the_backup_is_hardly_noticed,
        the_floating_address_is_never_on_both_routers,
        after_a_partition_the_backup_yields,
        a_cut_private_link_changes_nothing,
        a_cut_public_link_of_the_standby_changes_nothing,
        the_nat_router_address_moves_too,
        a_killed_lvsd_is_replaced_without_a_takeover,
        a_killed_nanny_is_replaced_without_a_takeover,
        a_killed_pulse_is_replaced_by_the_partner,
        a_hangup_does_not_disturb_the_standby,
        a_stop_leaves_nothing_behind,
    )
}

fn the_primary_serves_as_the_file_says() {
    let pair = Pair::boot(Routing::Direct);
    // As after a power failure: nobody is there yet.
    pair.configure(&pair.configuration());
    start_pulse(&pair.primary);
    pair.wait_until_active(&pair.primary);
    start_standby(&pair.backup, &pair.primary);
    let listing = pair.primary.run("ipvsadm", &["-Sn"]).expect_success();
    let mut lines: Vec<&str> = listing.lines().map(str::trim_end).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "-A -t 192.168.26.10:80 -s rr",
            "-a -t 192.168.26.10:80 -r 192.168.26.1:80 -g -w 1",
            "-a -t 192.168.26.10:80 -r 192.168.26.2:80 -g -w 1",
            "-a -t 192.168.26.10:80 -r 192.168.26.3:80 -g -w 1",
        ]
    );
    let floating = pair.primary.addresses().into_iter().find(|held| held.address.to_string() == FLOATING);
    assert_eq!(
        floating.map(|held| held.to_string()).as_deref(),
        Some("192.168.26.10/24 dev eth0 brd 192.168.26.255 label eth0:1")
    );
    pair.primary.wait_for_log("gratuitous lvs arps finished", PATIENCE);
    let log = pair.primary.log();
    let place = |text: &str| log.iter().position(|line| line.text.contains(text)).expect(text);
    let order = [
        "STARTING PULSE AS MASTER",
        "partner dead: activating lvs",
        "starting virtual service web active: 80",
        "create_monitor for web/web1 running as pid",
        "gratuitous lvs arps finished",
    ];
    assert!(order.map(place).is_sorted(), "the lines of the manuals in their order");
    assert!(
        log.iter().all(|line| line.facility == "daemon" && line.pid.is_some()),
        "facility and pid on every line"
    );

    assert_eq!(pair.backup.table().sorted(), "", "the standby has no table");
    assert!(pair.backup.processes_named("lvsd").is_empty(), "and runs nothing but pulse");
    assert_eq!(pair.backup.processes_named("pulse").len(), 1);
}

fn started_together_the_primary_serves() {
    let pair = Pair::boot(Routing::Direct);
    pair.configure(&pair.configuration());
    start_pulse(&pair.backup);
    start_pulse(&pair.primary);
    pair.wait_until_active(&pair.primary);
    holds_for("the primary alone serves", Duration::from_secs(4), || pair.only(&pair.primary));
}

fn a_router_without_partner_serves() {
    let pair = Pair::boot(Routing::Direct);
    let mut file = pair.configuration();
    file.set("backup_active", "0");
    pair.configure(&file);
    start_pulse(&pair.primary);
    pair.wait_until_active(&pair.primary);
    let refused = pair.backup.run("/usr/sbin/pulse", &[]);
    assert_eq!(refused.code(), 6, "{}", refused.stderr);
    assert!(refused.stderr.contains("backup is marked inactive"), "{}", refused.stderr);
}

fn a_dead_primary_is_replaced_and_returns_as_standby() {
    dies_and_returns(|pair| (pair.primary.clone(), pair.backup.clone()));
}

fn a_dead_backup_is_replaced_and_returns_as_standby() {
    dies_and_returns(|pair| {
        stop_pulse(&pair.primary);
        pair.wait_until_active(&pair.backup);
        start_pulse(&pair.primary);
        wait_until_heard(&pair.primary, 1);
        (pair.backup.clone(), pair.primary.clone())
    });
}

/// The active router dies, the other one takes over, the dead one comes back and does not want it back.
fn dies_and_returns(roles: fn(&Pair) -> (Machine, Machine)) {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    let (active, standby) = roles(&pair);
    traffic.wait_for_answers(10);

    let event = traffic.moment();
    pair.lab.power_off(&active);
    traffic.expect_answers_within(DEATH, event);
    pair.wait_until_active(&standby);

    let event = traffic.moment();
    pair.lab.power_on(&active);
    start_pulse(&active);
    holds_for("no fail-back", Duration::from_secs(6), || pair.only(&standby));
    traffic.expect_no_failure_since(event);
}

fn a_planned_stop_of_the_primary_is_hardly_noticed() {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    stopped_in_order(&traffic, &pair.primary);
    pair.wait_until_active(&pair.backup);
}

fn a_planned_stop_of_the_backup_is_hardly_noticed() {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    stop_pulse(&pair.primary);
    pair.wait_until_active(&pair.backup);
    start_standby(&pair.primary, &pair.backup);

    stopped_in_order(&traffic, &pair.backup);
    pair.wait_until_active(&pair.primary);
}

fn stopped_in_order(traffic: &Traffic, router: &Machine) {
    let event = traffic.moment();
    router.signal("pulse", Signal::SIGTERM);
    traffic.expect_answers_within(STOP, event);
    wait_until("the end of pulse", PATIENCE, || router.processes_named("pulse").is_empty());
}

fn the_floating_address_is_never_on_both_routers() {
    let pair = Pair::boot(Routing::Direct);
    pair.start();
    let never_on_both = |what: &str, until: &dyn Fn() -> bool| {
        wait_until(what, PATIENCE, || {
            assert!(pair.owners().len() < 2, "the floating address is on both routers: {what}");
            until()
        });
    };
    pair.primary.signal("pulse", Signal::SIGTERM);
    never_on_both("the backup takes over from a stopped router", &|| pair.backup.has_address(FLOATING));
    wait_until("the end of pulse", PATIENCE, || pair.primary.processes_named("pulse").is_empty());
    start_pulse(&pair.primary);
    pair.backup.wait_for_log("gratuitous lvs arps finished", PATIENCE);
    never_on_both("the primary stands by", &|| pair.primary.logged("STARTING PULSE AS MASTER"));
    pair.backup.signal("pulse", Signal::SIGTERM);
    never_on_both("the primary takes over from a stopped router", &|| pair.primary.has_address(FLOATING));
}

fn after_a_partition_the_backup_yields() {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    let event = traffic.moment();
    pair.lab.cut(&pair.primary, "eth0");
    traffic.expect_answers_within(DEATH, event);
    pair.wait_until_active(&pair.backup);
    assert!(pair.primary.has_address(FLOATING), "a router that is cut off serves whom it reaches");

    pair.lab.mend(&pair.primary, "eth0");
    wait_until("one owner", PATIENCE, || pair.only(&pair.primary));
    pair.backup.wait_for_log("partner active: deactivating LVS", PATIENCE);
    pair.primary.wait_for_log("partner active: resending arps", PATIENCE);
    for router in [&pair.primary, &pair.backup] {
        router.wait_for_log("partner heard again after", PATIENCE);
        router.wait_for_log("both routers were active for about", PATIENCE);
    }
    wait_until("the backup's table is empty", PATIENCE, || pair.backup.table().sorted().is_empty());
    traffic.wait_for_answers(50);
    holds_for("the primary alone serves", Duration::from_secs(4), || pair.only(&pair.primary));
    let event = traffic.moment();
    traffic.wait_for_answers(50);
    traffic.expect_no_failure_since(event);
}

/// A pair with a second heartbeat link.
fn pair_with_private_link() -> Pair {
    let pair = Pair::with_private_link(Routing::Direct);
    let file = pair.configuration().with("primary_private", "10.0.0.9").with("backup_private", "10.0.0.8");
    pair.start_with(&file);
    pair
}

fn a_cut_private_link_changes_nothing() {
    let pair = pair_with_private_link();
    pair.lab.cut(&pair.primary, "eth2");
    holds_for("the primary alone serves", Duration::from_secs(6), || pair.only(&pair.primary));
    pair.backup.wait_for_log("no heartbeat on the private link", PATIENCE);
    pair.lab.mend(&pair.primary, "eth2");
    holds_for("the primary alone serves", Duration::from_secs(4), || pair.only(&pair.primary));
}

fn a_cut_public_link_of_the_standby_changes_nothing() {
    let pair = pair_with_private_link();
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    let event = traffic.moment();
    pair.lab.cut(&pair.backup, "eth0");
    holds_for("the primary alone serves", Duration::from_secs(6), || pair.only(&pair.primary));
    pair.lab.mend(&pair.backup, "eth0");
    holds_for("the primary alone serves", Duration::from_secs(4), || pair.only(&pair.primary));
    traffic.expect_no_failure_since(event);

    pair.lab.cut(&pair.primary, "eth0");
    pair.lab.cut(&pair.primary, "eth2");
    wait_until("the backup takes over once both are cut", PATIENCE, || pair.backup.has_address(FLOATING));
}

fn the_nat_router_address_moves_too() {
    let pair = Pair::boot(Routing::Nat);
    let traffic = pair.serve();
    assert!(pair.primary.has_address(NAT_ROUTER) && !pair.backup.has_address(NAT_ROUTER));
    let event = traffic.moment();
    pair.lab.power_off(&pair.primary);
    traffic.expect_answers_within(DEATH, event);
    pair.wait_until_active(&pair.backup);
    assert!(pair.backup.has_address(NAT_ROUTER));
    stop_pulse(&pair.backup);
    assert!(!pair.backup.has_address(NAT_ROUTER) && !pair.backup.has_address(FLOATING));
}

fn a_killed_lvsd_is_replaced_without_a_takeover() {
    killed_without_a_takeover("lvsd");
}

fn a_killed_nanny_is_replaced_without_a_takeover() {
    killed_without_a_takeover("nanny");
}

fn killed_without_a_takeover(program: &str) {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    let killed = pair.primary.processes_named(program);
    let event = traffic.moment();
    pair.primary.signal(program, Signal::SIGKILL);
    let replaced = || {
        let now = pair.primary.processes_named(program);
        now.len() == killed.len() && now.iter().all(|new| killed.iter().all(|old| old.pid != new.pid))
    };
    wait_until(&format!("a new {program}"), PATIENCE, replaced);
    holds_for("the primary alone serves", Duration::from_secs(4), || pair.only(&pair.primary));
    assert_eq!(destinations(&pair.primary), 3);
    traffic.expect_no_failure_since(event);

    // What was started anew is at work.
    wait_until("every nanny", PATIENCE, || pair.primary.processes_named("nanny").len() == 3);
    pair.real_servers[1].stop_web();
    let gone = || pair.primary.table().weight(SERVICE, "192.168.26.2:80").is_none();
    wait_until("the dead real server out of the table", PATIENCE, gone);
}

fn a_killed_pulse_is_replaced_by_the_partner() {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    let event = traffic.moment();
    pair.primary.signal("pulse", Signal::SIGKILL);
    traffic.expect_answers_within(DEATH, event);
    pair.wait_until_active(&pair.backup);
    wait_until("lvsd ends with its pulse", PATIENCE, || pair.primary.processes_named("lvsd").is_empty());

    // The dead pulse has left the address behind; the next one takes it away.
    start_pulse(&pair.primary);
    wait_until("one owner", PATIENCE, || pair.only(&pair.backup));
    holds_for("the backup alone serves", Duration::from_secs(4), || pair.only(&pair.backup));
    let event = traffic.moment();
    traffic.wait_for_answers(50);
    traffic.expect_no_failure_since(event);
}

fn a_hangup_does_not_disturb_the_standby() {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    pair.backup.signal("pulse", Signal::SIGHUP);
    holds_for("the primary alone serves", Duration::from_secs(4), || pair.only(&pair.primary));
    let event = traffic.moment();
    pair.lab.power_off(&pair.primary);
    traffic.expect_answers_within(DEATH, event);
    pair.wait_until_active(&pair.backup);
}

fn a_stop_leaves_nothing_behind() {
    let pair = Pair::boot(Routing::Direct);
    pair.start();
    let pid = pair.primary.read("/run/pulse.pid").expect("a pid file");
    assert_eq!(pid.trim(), pair.primary.processes_named("pulse")[0].pid.to_string());
    stop_pulse(&pair.primary);
    assert!(!pair.primary.has_address(FLOATING));
    assert_eq!(pair.primary.table().sorted(), "");
    assert_eq!(pair.primary.processes().len(), 1, "only the machine's first process is left");
    assert_eq!((pair.primary.read("/run/pulse.pid"), pair.primary.read("/run/lvs.pid")), (None, None));
    assert!(pair.primary.logged("Terminating due to signal 15"));
}
