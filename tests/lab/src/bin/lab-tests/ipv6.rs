//! Virtual servers and real servers with IPv6 addresses, which stand on extension lines.

use std::collections::BTreeSet;
use std::time::Duration;

use lab::ipv6::{FLOATING, NAT_ROUTER, NETMASK, SERVICE};
use lab::lvs_cf::LvsCf;
use lab::pair::{self, CONFIGURATION, stop_pulse};
use lab::suite::Test;
use lab::{Machine, Pair, Routing, Traffic, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn tests() -> Vec<Test> {
    tests!("ipv6":
        direct_routing_and_a_takeover,
        masquerading,
        tunnels_carry_one_family_in_the_other,
        what_no_tunnel_carries_is_named_and_the_rest_served,
        one_mark_is_a_service_of_each_family,
        a_nanny_alone_writes_its_entry,
    )
}

fn pair_with_ipv6(routing: Routing) -> (Pair, LvsCf) {
    let pair = Pair::boot(routing);
    pair.add_ipv6();
    let mut file = pair.configuration();
    file.virtual_servers.push(pair.six());
    (pair, file)
}

/// The real servers in the sorted form of the table, without the line of their service.
fn wait_for_real_servers(router: &Machine, service: &str, wanted: &str) {
    let now = || {
        let service = router.table().service(service).map(ToString::to_string).unwrap_or_default();
        service.split_once('\n').map(|(_, real_servers)| real_servers.to_owned())
    };
    wait_until(&format!("{service} with\n{wanted}"), PATIENCE, || now().as_deref() == Some(wanted));
}

/// What pulse does: the IPv6 address is never chosen as a source.
fn raise_by_hand(router: &Machine) {
    let (four, six) = (format!("{}/24", pair::FLOATING), format!("{FLOATING}/64"));
    router.run("ip", &["addr", "add", &four, "dev", "eth0"]).expect_success();
    let never_a_source = ["addr", "add", &six, "dev", "eth0", "nodad", "preferred_lft", "0"];
    router.run("ip", &never_a_source).expect_success();
}

/// Which real servers answer within 30 answers, none failing.
fn who_answers(traffic: &Traffic) -> BTreeSet<String> {
    let event = traffic.moment();
    traffic.wait_for_answers(30);
    traffic.expect_no_failure_since(event);
    traffic.answers_since(event).into_keys().collect()
}

fn every_web() -> BTreeSet<String> {
    ["web1", "web2", "web3"].map(str::to_owned).into()
}

fn direct_routing_and_a_takeover() {
    let (pair, mut file) = pair_with_ipv6(Routing::Direct);
    let six = file.virtual_server("six");
    six.set("sorry_server", &pair.real_ipv6(3));
    six.set("persistent", "60");
    six.set("pmask", NETMASK);
    six.remove("web3");
    pair.start_with(&file);
    let (one, two) = ("  -> [2001:db8:26::1]:80 Route 1\n", "  -> [2001:db8:26::2]:80 Route 1\n");
    wait_for_real_servers(&pair.primary, SERVICE, &format!("{one}{two}"));
    let raised =
        pair.primary.addresses().iter().any(|it| it.to_string() == format!("{FLOATING}/64 dev eth0"));
    assert!(raised, "with the netmask of the file: {:?}", pair.primary.addresses());
    let saved = pair.primary.run("ipvsadm", &["-Sn"]).expect_success();
    assert!(saved.contains("-A -t [2001:db8:26::10]:80 -s rr -p 60 -M 64"), "{saved}");
    pair.primary.wait_for_log(
        "starting LVS client monitor for [2001:db8:26::10]:80 -> [2001:db8:26::1]:80",
        PATIENCE,
    );

    let traffic = pair.client.request(pair.floating_ipv6());
    traffic.wait_for_answers(10);
    assert_eq!(who_answers(&traffic).len(), 1, "the client has one real server");

    pair.real_servers[0].stop_web();
    pair.real_servers[1].stop_web();
    wait_for_real_servers(&pair.primary, SERVICE, "  -> [2001:db8:26::3]:80 Route 1\n");
    for line in [
        "[inactive] shutting down [2001:db8:26::1]:80 due to connection failure",
        "Virtual Server six: No real servers; activate sorry_server 2001:db8:26::3",
    ] {
        pair.primary.wait_for_log(line, PATIENCE);
    }
    traffic.wait_for_answer_of("web3", PATIENCE);
    pair.real_servers[0].start_web(80);
    wait_for_real_servers(&pair.primary, SERVICE, one);
    traffic.wait_for_answer_of("web1", PATIENCE);

    // The client keeps sending to the old router until it hears the new one's neighbour advertisements.
    let event = traffic.moment();
    stop_pulse(&pair.primary);
    traffic.expect_answers_within(Duration::from_millis(1500), event);
    assert!(pair.backup.has_address(FLOATING) && !pair.primary.has_address(FLOATING));
    wait_for_real_servers(&pair.backup, SERVICE, one);
    stop_pulse(&pair.backup);
    assert!(!pair.backup.has_address(FLOATING));
    assert_eq!(pair.backup.table().sorted(), "");
}

fn masquerading() {
    let pair = Pair::boot(Routing::Nat);
    pair.add_ipv6();
    let mut file = pair.configuration();
    file.set("nat_router", &format!("{NAT_ROUTER} eth1"));
    file.set("nat_nmask", NETMASK);
    let mut six = pair.six();
    six.set("port", "8080");
    six.real_servers.iter_mut().for_each(|server| server.set("port", "80"));
    file.virtual_servers = vec![six];
    pair.configure(&file);
    pair::start_pulse(&pair.primary);
    let service = SERVICE.replace("]:80", "]:8080");
    let real_servers = [1, 2, 3].map(|number| format!("  -> [2001:db8:12::{number}]:80 Masq 1\n")).concat();
    wait_for_real_servers(&pair.primary, &service, &real_servers);
    wait_until("the way out", PATIENCE, || pair.primary.has_address(NAT_ROUTER));
    let mut at = pair.floating_ipv6();
    at.set_port(8080);
    let traffic = pair.client.request(at);
    traffic.wait_for_answers(10);
    assert_eq!(who_answers(&traffic), every_web());
}

fn tunnels_carry_one_family_in_the_other() {
    let (pair, mut file) = pair_with_ipv6(Routing::Tunnel);
    pair.open_tunnels();
    let four = file.virtual_server("web");
    four.real_server("web1").set("address", &pair.real_ipv6(1));
    four.real_server("web2").set("address", &pair.real_ipv6(2));
    let six = file.virtual_server("six");
    six.real_server("web2").set("address", &pair.real_address(2));
    six.real_server("web3").set("address", &pair.real_address(3));
    pair.start_with(&file);
    wait_for_real_servers(
        &pair.primary,
        pair::SERVICE,
        "  -> 192.168.26.3:80 Tunnel 1\n  -> [2001:db8:26::1]:80 Tunnel 1\n  \
         -> [2001:db8:26::2]:80 Tunnel 1\n",
    );
    wait_for_real_servers(
        &pair.primary,
        SERVICE,
        "  -> 192.168.26.2:80 Tunnel 1\n  -> 192.168.26.3:80 Tunnel 1\n  -> [2001:db8:26::1]:80 Tunnel 1\n",
    );
    for at in [pair.floating(), pair.floating_ipv6()] {
        let traffic = pair.client.request(at);
        traffic.wait_for_answers(10);
        assert_eq!(who_answers(&traffic), every_web(), "{at}");
    }
}

fn what_no_tunnel_carries_is_named_and_the_rest_served() {
    let (pair, mut file) = pair_with_ipv6(Routing::Direct);
    file.virtual_server("web").real_server("web1").set("address", &pair.real_ipv6(1));
    file.virtual_server("six").real_server("web2").set("address", &pair.real_address(2));
    file.virtual_server("six").set("sorry_server", &pair.real_address(3));
    pair.configure(&file);
    let check = pair.primary.run("/usr/sbin/lvsd", &["--check", "-c", CONFIGURATION]);
    let warned = check.stdout.matches("[family-differs]").count();
    assert_eq!((check.code(), warned), (0, 3), "{}", check.stdout);

    pair.primary.run("/usr/sbin/lvsd", &[]).expect_success();
    for left_out in
        ["real server web/web1", "real server six/web2", "virtual server six goes without its sorry_server"]
    {
        pair.primary.wait_for_log(left_out, PATIENCE);
    }
    wait_for_real_servers(
        &pair.primary,
        pair::SERVICE,
        "  -> 192.168.26.2:80 Route 1\n  -> 192.168.26.3:80 Route 1\n",
    );
    let (one, three) = ("  -> [2001:db8:26::1]:80 Route 1\n", "  -> [2001:db8:26::3]:80 Route 1\n");
    wait_for_real_servers(&pair.primary, SERVICE, &format!("{one}{three}"));
    assert!(!pair.primary.logged("ipvsadm failed"), "the kernel was not asked for what it refuses");
}

fn one_mark_is_a_service_of_each_family() {
    let (pair, mut file) = pair_with_ipv6(Routing::Direct);
    for name in ["web", "six"] {
        file.virtual_server(name).set("fwmark", "7");
    }
    pair.configure(&file);
    raise_by_hand(&pair.primary);
    pair.primary.mark_packets("eth0", 7, &[80]);
    pair.primary.run("/usr/sbin/lvsd", &[]).expect_success();
    let four = [1, 2, 3].map(|number| format!("  -> {}:0 Route 1\n", pair.real_address(number))).concat();
    let six = [1, 2, 3].map(|number| format!("  -> [{}]:0 Route 1\n", pair.real_ipv6(number))).concat();
    let wanted = format!("FWM 7 rr\n{four}FWM 7 rr\n{six}");
    wait_until(&wanted, PATIENCE, || pair.primary.table().sorted() == wanted);
    for at in [pair.floating(), pair.floating_ipv6()] {
        let traffic = pair.client.request(at);
        traffic.wait_for_answers(10);
        assert_eq!(who_answers(&traffic), every_web(), "{at}");
    }

    // One goes, the other stays.
    file.virtual_server("web").set("active", "0");
    pair.primary.write(CONFIGURATION, file.to_string());
    pair.primary.signal("lvsd", Signal::SIGHUP);
    let wanted = format!("FWM 7 rr\n{six}");
    wait_until(&wanted, PATIENCE, || pair.primary.table().sorted() == wanted);
}

fn a_nanny_alone_writes_its_entry() {
    let (pair, _) = pair_with_ipv6(Routing::Direct);
    let (router, at) = (&pair.primary, format!("[{FLOATING}]:80"));
    router.run("ipvsadm", &["-A", "-t", &at, "-s", "rr"]).expect_success();
    let server = pair.real_ipv6(1);
    let options = ["-c", "-h", &server, "-p", "80", "-V", FLOATING, "-M", "g", "-t", "1", "-a", "2", "--lvs"];
    router.start("/usr/sbin/nanny", &options);
    wait_for_real_servers(router, SERVICE, "  -> [2001:db8:26::1]:80 Route 1\n");
    router.wait_for_log("[ active ] making [2001:db8:26::1]:80 available", PATIENCE);
    pair.real_servers[0].stop_web();
    wait_for_real_servers(router, SERVICE, "");
}
