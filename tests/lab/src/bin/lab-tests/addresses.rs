//! Floating addresses on every kind of device: announced, kept up, and changed in place by a reload. One router, and a
//! neighbour on the same network.

use std::time::Duration;

use lab::announced::{Announced, Form, Neighbour};
use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::pair::{CONFIGURATION, stop_pulse};
use lab::suite::{self, Test};
use lab::wait::holds_for;
use lab::{Lab, Machine, Moment, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(30);
const FLOATING: &str = "192.168.26.10";
const SIX: &str = "2001:db8:26::10";
/// Between the announcements of one address, in milliseconds.
const DISTANCES: [u128; 5] = [100, 400, 500, 1000, 2000];
const FINISHED: &str = "gratuitous lvs arps finished";

pub(crate) fn tests() -> Vec<Test> {
    tests!("addresses":
        six_announcements_at_growing_distances_and_none_after_a_stop,
        announced_again_and_again_if_the_file_says_so,
        five_hundred_addresses_are_announced_at_once_but_not_in_one_burst,
        what_happens_to_a_device_or_an_address_is_answered,
        a_device_that_appears_late_gets_its_address,
        bonds_vlans_bridges_and_macvlans_carry_addresses,
        a_reload_changes_addresses_in_place,
    )
}

/// One router, its neighbour, and the network between them.
struct Street {
    lab: Lab,
    router: Machine,
    neighbour: Machine,
}

impl Street {
    /// The router has these devices, all on the same switch; the first has its address.
    fn with_devices(devices: &[&str]) -> Self {
        let lab = Lab::new();
        let switch = lab.switch("public");
        let mut router = lab.machine("router");
        for (number, device) in devices.iter().enumerate() {
            let own: &[&str] = if number == 0 { &["192.168.26.9/24"] } else { &[] };
            router = router.cable(device, &switch, own);
        }
        let router = router.boot();
        let neighbour = lab.machine("neighbour").cable("eth0", &switch, &["192.168.26.100/24"]).boot();
        Self { lab, router, neighbour }
    }

    /// On the router, as root, one command a line.
    fn administer(&self, lines: &str) {
        self.router.run("sh", &["-e", "-c", lines]).expect_success();
    }

    /// Starts a router that serves at once; its partner is dead.
    fn start(&self, file: &LvsCf) {
        self.router.write(CONFIGURATION, file.to_string());
        self.router.run("/usr/sbin/pulse", &["--forceactive"]).expect_success();
        wait_until("the floating address", PATIENCE, || self.router.has_address(FLOATING));
    }

    fn reload(&self, file: &LvsCf) {
        let before = self.count("rereading configuration file");
        self.router.write(CONFIGURATION, file.to_string());
        self.router.signal("pulse", Signal::SIGHUP);
        wait_until("the reload", PATIENCE, || self.count("rereading configuration file") > before);
    }

    /// How many lines of the router's log have this text.
    fn count(&self, text: &str) -> usize {
        self.router.log().iter().filter(|line| line.text.contains(text)).count()
    }

    fn wait_until_finished(&self) {
        self.router.wait_for_log(FINISHED, PATIENCE);
    }

    fn hardware_address(&self, device: &str) -> String {
        let shown = self.router.run("ip", &["-brief", "link", "show", device]).expect_success();
        shown.split_whitespace().nth(2).expect("the third word is the hardware address").to_owned()
    }
}

/// A router with these virtual servers' addresses, each as `ADDRESS DEVICE` and mask.
fn file(addresses: &[(&str, &str)]) -> LvsCf {
    let mut file = LvsCf::default()
        .with("primary", "192.168.26.9")
        .with("service", "lvs")
        .with("backup_active", "1")
        .with("backup", "192.168.26.8")
        .with("heartbeat_port", "539")
        .with("keepalive", "1")
        .with("deadtime", "3")
        .with("network", "direct");
    file.virtual_servers =
        addresses.iter().enumerate().map(|(number, (at, mask))| server(number, at, mask)).collect();
    file
}

/// Nobody checks its real server: the address is all that counts.
fn server(number: usize, at: &str, mask: &str) -> VirtualServer {
    let mut server = VirtualServer::new(&format!("site{number}"))
        .with("active", "1")
        .with("address", at)
        .with("vip_nmask", mask)
        .with("port", "80")
        .with("load_monitor", "none")
        .with("scheduler", "rr")
        .with("protocol", "tcp");
    server.add("somewhere", if at.contains("::") { "2001:db8:26::1" } else { "192.168.26.1" });
    server
}

/// The address has been announced at about the right distances: on a busy computer the neighbour may hear late.
fn expect_distances(announced: &[Announced]) {
    let waited: Vec<_> = announced.windows(2).map(|pair| pair[1].at.since(pair[0].at).as_millis()).collect();
    let is_right = |(waited, wanted): (&u128, &u128)| (wanted / 4..wanted + 900).contains(waited);
    assert!(waited.iter().zip(&DISTANCES).all(is_right), "{waited:?}");
}

fn six_announcements_at_growing_distances_and_none_after_a_stop() {
    let street = Street::with_devices(&["eth0"]);
    street.administer("ip addr add 2001:db8:26::9/64 dev eth0 nodad");
    let ears = street.neighbour.listen("eth0");
    let start = Moment::now();
    let six = (format!("{SIX} eth0"), "ffff:ffff:ffff:ffff::");
    street.start(&file(&[("192.168.26.10 eth0:1", "255.255.255.0"), (&six.0, six.1)]));
    street.wait_until_finished();
    let own = street.hardware_address("eth0");
    for (address, form) in [(FLOATING, Form::Reply), (FLOATING, Form::Request), (SIX, Form::Advertisement)] {
        let announced = ears.wait_for(6, address, form, start);
        assert_eq!(announced.len(), 6, "{announced:?}");
        assert!(announced.iter().all(|it| it.hardware_address == own), "{announced:?}");
        expect_distances(&announced);
    }

    // A round that has just begun ends with the service.
    let again = Moment::now();
    street.router.signal("pulse", Signal::SIGHUP);
    ears.wait_for(1, FLOATING, Form::Reply, again);
    stop_pulse(&street.router);
    assert!(!street.router.has_address(FLOATING) && !street.router.has_address(SIX));
    let stopped = Moment::now();
    holds_for("silence", Duration::from_secs(3), || ears.everything().iter().all(|it| it.at < stopped));
    assert!(ears.heard(FLOATING, Form::Reply, again).len() < 5, "the round was not finished");
}

fn announced_again_and_again_if_the_file_says_so() {
    let street = Street::with_devices(&["eth0"]);
    let ears = street.neighbour.listen("eth0");
    let start = Moment::now();
    let file = file(&[("192.168.26.10 eth0:1", "255.255.255.0")]);
    let refreshed = file.clone().with("#% announce_refresh", "1500ms");
    street.start(&refreshed);
    let announced = ears.wait_for(9, FLOATING, Form::Reply, start);
    expect_distances(&announced);
    for pair in announced[5..].windows(2) {
        let waited = pair[1].at.since(pair[0].at).as_millis();
        assert!((1200..2400).contains(&waited), "{waited} ms");
    }
    assert_eq!(street.count(FINISHED), 1, "the first six are a round");

    street.reload(&file);
    wait_until("the round of the reload", PATIENCE, || street.count(FINISHED) == 2);
    let finished = Moment::now();
    holds_for("silence", Duration::from_secs(3), || ears.heard(FLOATING, Form::Reply, finished).is_empty());
    street.reload(&refreshed);
    wait_until("the round of the reload", PATIENCE, || street.count(FINISHED) == 3);
    ears.wait_for(2, FLOATING, Form::Reply, Moment::now());
}

fn five_hundred_addresses_are_announced_at_once_but_not_in_one_burst() {
    let street = Street::with_devices(&["eth0"]);
    let ears = street.neighbour.listen("eth0");
    let address = |number: usize| format!("10.20.{}.{}", number / 250, number % 250 + 1);
    let mut file = file(&[("192.168.26.10 eth0:1", "255.255.255.0")]);
    let block = |number| server(number + 1, &format!("{} eth0:2", address(number)), "255.255.0.0");
    file.virtual_servers.extend((0..500).map(block));
    let start = Moment::now();
    street.start(&file);
    let heard = |number| ears.heard(&address(number), Form::Reply, start);
    wait_until("the last one", PATIENCE, || !heard(499).is_empty());
    let first_round: Vec<_> = (0..500).filter_map(|number| heard(number).into_iter().next()).collect();
    assert_eq!(first_round.len(), 500);
    let times = || first_round.iter().map(|it| it.at);
    let whole = times().max().zip(times().min()).map(|(last, first)| last.since(first)).expect("500 of them");
    assert!(whole < Duration::from_secs(5), "the first round took {whole:?}");
    assert!(whole > Duration::from_millis(100), "500 addresses in {whole:?}");
    street.wait_until_finished();
    for number in [0, 250, 499] {
        // The line about the end may be faster than the neighbour's note of the last frame.
        ears.wait_for(6, &address(number), Form::Reply, start);
        assert_eq!(heard(number).len(), 6);
    }
}

fn what_happens_to_a_device_or_an_address_is_answered() {
    let street = Street::with_devices(&["eth0"]);
    let ears = street.neighbour.listen("eth0");
    street.start(&file(&[("192.168.26.10 eth0:1", "255.255.255.0")]));
    street.wait_until_finished();

    let event = Moment::now();
    street.administer(&format!("ip addr del {FLOATING}/24 dev eth0"));
    ears.wait_for(6, FLOATING, Form::Reply, event);
    assert!(street.router.has_address(FLOATING));
    street.router.wait_for_log("raised what was missing: 192.168.26.10 on eth0:1", PATIENCE);
    // Whoever takes it away again and again wins time, a little more each time.
    for times in 2..=3 {
        street.administer(&format!("ip addr del {FLOATING}/24 dev eth0"));
        wait_until("a line", PATIENCE, || street.count("raised what was missing") == times);
    }
    let log = street.router.log();
    let back: Vec<_> = log.iter().filter(|it| it.text.contains("raised what was missing")).collect();
    assert!(back[2].at.since(back[1].at) >= Duration::from_millis(1900), "{back:?}");
    street_is_quiet(&street, &ears);

    let event = Moment::now();
    street.lab.cut(&street.router, "eth0");
    std::thread::sleep(Duration::from_secs(1));
    street.lab.mend(&street.router, "eth0");
    let announced = ears.wait_for(6, FLOATING, Form::Reply, event);
    expect_distances(&announced);
    street.router.wait_for_log("eth0 has a carrier again: announcing its floating addresses", PATIENCE);
    street_is_quiet(&street, &ears);

    let event = Moment::now();
    street.administer("ip link set eth0 address 02:00:00:00:99:01");
    let announced = ears.wait_for(6, FLOATING, Form::Reply, event);
    assert!(announced.iter().all(|it| it.hardware_address == "02:00:00:00:99:01"), "{announced:?}");
    assert_eq!(street.count("eth0 has the hardware address 02:00:00:00:99:01 now"), 1);
    assert_eq!(street.count("could not be raised"), 0);
}

/// No announcement comes any more.
fn street_is_quiet(street: &Street, ears: &Neighbour) {
    let newest = || ears.everything().iter().map(|it| it.at).max();
    wait_until("the end of the round", PATIENCE, || {
        newest().is_none_or(|newest| Moment::now().since(newest) > Duration::from_millis(2500))
    });
    assert!(street.router.has_address(FLOATING));
}

fn a_device_that_appears_late_gets_its_address() {
    const LATE: &str = "10.5.0.10";
    let street = Street::with_devices(&["eth0"]);
    street
        .neighbour
        .run("sh", &["-e", "-c", "ip link add link eth0 name eth0.5 type vlan id 5; ip link set eth0.5 up"])
        .expect_success();
    let ears = street.neighbour.listen("eth0.5");
    street
        .start(&file(&[("192.168.26.10 eth0:1", "255.255.255.0"), ("10.5.0.10 eth0.5:1", "255.255.255.0")]));
    let missing = "cannot raise 10.5.0.10 on eth0.5:1: there is no device eth0.5";
    street.router.wait_for_log(missing, PATIENCE);
    street.wait_until_finished();
    assert_eq!(street.count(missing), 1, "told once, although it is tried again");

    for times in 1..=2 {
        let event = Moment::now();
        street.administer("ip link add link eth0 name eth0.5 type vlan id 5");
        street.administer("ip addr add 10.5.0.9/24 dev eth0.5; ip link set eth0.5 up");
        ears.wait_for(6, LATE, Form::Reply, event);
        street_is_quiet(&street, &ears);
        assert!(street.router.has_address(LATE));
        // The carrier may come a moment after the device, and begins the round anew.
        let announced = ears.heard(LATE, Form::Reply, event);
        assert!(announced.len() < 10, "{announced:?}");
        expect_distances(&announced[announced.len() - 6..]);
        assert_eq!(street.count("raised what was missing: 10.5.0.10 on eth0.5:1"), times);

        street.administer("ip link del eth0.5");
        wait_until("a line", PATIENCE, || street.count(missing) == times + 1);
    }
    assert!(street.router.has_address(FLOATING));
    stop_pulse(&street.router);
}

/// A bond of two cables, a VLAN on it, a bridge, a macvlan, and devices on which nobody asks who has an address.
const DEVICES: &str = "\
ip addr flush dev eth0
ip link add bond0 type bond mode active-backup miimon 50
ip link set eth0 down
ip link set eth1 down
ip link set eth0 master bond0
ip link set eth1 master bond0
ip link set bond0 up
ip addr add 192.168.26.9/24 dev bond0
ip link add link bond0 name bond0.7 type vlan id 7
ip link set bond0.7 up
ip addr add 10.7.0.9/24 dev bond0.7
ip link add br0 type bridge forward_delay 0
ip link set eth2 master br0
ip link set br0 up
ip link add link eth3 name mac0 type macvlan
ip link set mac0 up
ip link add dummy0 type dummy
ip link set dummy0 up
ip link add tunnel0 type ipip local 192.168.26.9 remote 192.168.26.100
ip link set tunnel0 up
";

fn bonds_vlans_bridges_and_macvlans_carry_addresses() {
    let street = Street::with_devices(&["eth0", "eth1", "eth2", "eth3"]);
    if street.router.run("ip", &["link", "add", "bond0", "type", "bond"]).code() != 0 {
        suite::skip("this kernel has no bonding");
    }
    street.administer("ip link del bond0");
    street.administer(DEVICES);
    let tagged = "ip link add link eth0 name eth0.7 type vlan id 7; ip link set eth0.7 up";
    street.neighbour.run("sh", &["-e", "-c", tagged]).expect_success();
    let (ears, tagged_ears) = (street.neighbour.listen("eth0"), street.neighbour.listen("eth0.7"));
    let start = Moment::now();
    let mut file = file(&[
        ("192.168.26.10 bond0:1", "255.255.255.0"),
        ("10.7.0.10 bond0.7:1", "255.255.255.0"),
        ("10.8.0.10 br0:1", "255.255.255.0"),
        ("10.9.0.10 mac0", "255.255.255.0"),
        ("10.10.0.10 dummy0:1", "255.255.255.0"),
        ("10.11.0.10 lo:1", "255.255.255.255"),
        ("10.12.0.10 tunnel0:1", "255.255.255.0"),
    ])
    .with("primary_private", "10.7.0.9")
    .with("backup_private", "10.7.0.8")
    .with("monitor_links", "1");
    street.start(&file);
    street.wait_until_finished();
    for (address, device, ears) in [
        (FLOATING, "bond0", &ears),
        ("10.7.0.10", "bond0.7", &tagged_ears),
        ("10.8.0.10", "br0", &ears),
        ("10.9.0.10", "mac0", &ears),
    ] {
        let own = street.hardware_address(device);
        for form in [Form::Reply, Form::Request] {
            let announced = ears.wait_for(6, address, form, start);
            assert!(announced.iter().all(|it| it.hardware_address == own), "{device}: {announced:?}");
        }
    }
    for address in ["10.10.0.10", "10.11.0.10", "10.12.0.10"] {
        assert!(street.router.has_address(address), "{address}");
    }
    let unheard = |it: &Announced| {
        !["10.10", "10.11", "10.12"].iter().any(|net| it.address.to_string().starts_with(net))
    };
    assert!(ears.everything().iter().all(unheard));
    let complaints = street.count("are not announced");
    assert_eq!((complaints, street.count("floating addresses on tunnel0 are not announced")), (1, 1));

    // One cable of the bond is enough; without both, the devices above it are down as well.
    street.lab.cut(&street.router, "eth0");
    holds_for("one cable is enough", Duration::from_secs(2), || street.router.has_address(FLOATING));
    assert_eq!(street.count("NIC: link down"), 0);
    street.lab.cut(&street.router, "eth1");
    street.router.wait_for_log("Primary NIC: link down", PATIENCE);
    street.router.wait_for_log("Private NIC: link down", PATIENCE);
    wait_until("no floating address", PATIENCE, || !street.router.has_address(FLOATING));
    street.lab.mend(&street.router, "eth1");
    street.router.wait_for_log("Local NIC link(s) restored: Pulse enabled", PATIENCE);
    wait_until("the floating address again", PATIENCE, || street.router.has_address(FLOATING));

    // What is not watched is not missed.
    file.set("monitor_links", "0");
    street.reload(&file);
    street.lab.cut(&street.router, "eth1");
    holds_for("nobody cares", Duration::from_secs(2), || street.router.has_address(FLOATING));
    street.lab.mend(&street.router, "eth1");
}

fn a_reload_changes_addresses_in_place() {
    let street = Street::with_devices(&["eth0", "eth1"]);
    let start = [
        ("192.168.26.10 eth0:1", "255.255.255.0"),
        ("192.168.26.11 eth0:2", "255.255.255.255"),
        ("192.168.26.12 eth0:3", "255.255.255.0"),
        ("192.168.26.13 eth0:3", "255.255.255.0"),
    ];
    street.start(&file(&start).with("network", "nat").with("nat_router", "10.11.12.254 eth1:1"));
    let held = || {
        let held = street.router.addresses().into_iter().map(|it| it.to_string());
        held.filter(|it| it.contains("192.168.26.1") || it.contains("10.11.12.")).collect::<Vec<_>>()
    };
    wait_until("all addresses", PATIENCE, || held().len() == 5);
    let monitor = street.router.start("ip", &["-4", "monitor", "route"]);
    wait_until("what it has to say", PATIENCE, || {
        street.administer("ip addr add 10.99.0.1/32 dev eth0; ip addr del 10.99.0.1/32 dev eth0");
        monitor.output().contains("10.99.0.1")
    });

    let changed = [
        // Other label; other prefix; other device; gone; new.
        ("192.168.26.10 eth0:7", "255.255.255.0"),
        ("192.168.26.11 eth0:2", "255.255.255.0"),
        ("192.168.26.12 eth1:3", "255.255.255.0"),
        ("192.168.26.14 eth0", "255.255.255.0"),
    ];
    let changed = file(&changed).with("network", "nat").with("nat_router", "10.11.12.253 eth1:1");
    street.reload(&changed);
    let wanted = [
        "10.11.12.253/32 dev eth1 label eth1:1",
        "192.168.26.10/24 dev eth0 brd 192.168.26.255 label eth0:7",
        "192.168.26.11/24 dev eth0 brd 192.168.26.255 label eth0:2",
        "192.168.26.12/24 dev eth1 brd 192.168.26.255 label eth1:3",
        "192.168.26.14/24 dev eth0 brd 192.168.26.255",
    ];
    let sorted = || {
        let mut held = held();
        held.sort();
        held
    };
    wait_until(&format!("{wanted:?}"), PATIENCE, || sorted() == wanted);

    // The kernel takes packets for itself by a local route; an address that always has one was never away.
    wait_until("news of the routes", PATIENCE, || monitor.output().contains("Deleted local 192.168.26.13 "));
    for kept in ["192.168.26.10", "192.168.26.11", "192.168.26.12"] {
        expect_always_routed(kept, &monitor.output());
    }

    let pid = street.router.processes_named("pulse")[0].pid;
    street.router.write(CONFIGURATION, "primary = nonsense here\n");
    street.router.signal("pulse", Signal::SIGHUP);
    street.router.wait_for_log("changes nothing: the old configuration stays in force", PATIENCE);
    assert_eq!(sorted(), wanted);
    let swapped = changed.clone().with("primary", "192.168.26.8").with("backup", "192.168.26.9");
    street.reload(&swapped);
    street.router.wait_for_log("the roles of the two routers are changed: restart pulse on both", PATIENCE);
    street.reload(&changed.with("service", "fos"));
    wait_until("both are refused", PATIENCE, || street.count("changes nothing: the old") == 3);
    assert_eq!(
        (sorted().as_slice(), street.router.processes_named("pulse")[0].pid),
        (&wanted.map(str::to_owned)[..], pid)
    );

    stop_pulse(&street.router);
    assert_eq!(held(), [""; 0], "a stop knows what there is now");
}

/// The address has had a route, and after all that the kernel tells there is always one left.
fn expect_always_routed(address: &str, told: &str) {
    let mut routes = 1;
    for line in told.lines() {
        if line.starts_with(&format!("local {address} ")) {
            routes += 1;
        } else if line.starts_with(&format!("Deleted local {address} ")) {
            routes -= 1;
        }
        assert!(routes > 0, "{address} was away for a moment:\n{told}");
    }
}
