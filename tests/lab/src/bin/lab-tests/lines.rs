//! One router with lvsd alone, and a virtual server `lines` whose real servers answer lines.

use std::net::SocketAddr;
use std::time::Duration;

use lab::conversation::Answerer;
use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::pair::{CONFIGURATION, FLOATING, NAT_ROUTER};
use lab::{Machine, Pair, Routing, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);
/// Where the answerers listen (RFC 862).
pub(crate) const PORT: u16 = 7;
/// The service's name in the kernel's table.
pub(crate) const SERVICE: &str = "TCP 192.168.26.10:7";

/// A pair of which only the primary is used, with the floating address set by hand; every real server has a second address,
/// .21 to .23, and answers.
pub(crate) fn boot() -> (Pair, [Answerer; 3]) {
    let pair = Pair::boot(Routing::Direct);
    let answerers = [0, 1, 2].map(|at| {
        add_address(&pair.real_servers[at], &format!("192.168.26.2{}", at + 1), "eth0");
        pair.real_servers[at].answer(PORT)
    });
    raise(&pair.primary);
    (pair, answerers)
}

/// Does what pulse does.
pub(crate) fn raise(router: &Machine) {
    add_address(router, FLOATING, "eth0");
}

/// The same for masquerading: with the way out of the inner network.
pub(crate) fn raise_both(router: &Machine) {
    raise(router);
    add_address(router, NAT_ROUTER, "eth1");
}

fn add_address(machine: &Machine, address: &str, device: &str) {
    machine.run("ip", &["addr", "add", &format!("{address}/24"), "dev", device]).expect_success();
}

/// Address and port of the virtual server.
pub(crate) fn at() -> SocketAddr {
    format!("{FLOATING}:{PORT}").parse().expect("an address and a port")
}

/// The file: the virtual server `lines` with every real server.
pub(crate) fn file() -> LvsCf {
    let mut file = LvsCf::default().with("serial_no", "40").with("network", "direct");
    let mut lines = virtual_server("lines", PORT).with("send", "\"\\n\"").with("expect", "\"web\"");
    for number in 1..=3 {
        lines.add(&format!("web{number}"), &format!("192.168.26.{number}"));
    }
    file.virtual_servers.push(lines);
    file
}

/// The virtual server `lines`.
pub(crate) fn service(file: &mut LvsCf) -> &mut VirtualServer {
    file.virtual_server("lines")
}

/// A virtual server on the floating address, without real servers.
pub(crate) fn virtual_server(name: &str, port: u16) -> VirtualServer {
    VirtualServer::new(name)
        .with("active", "1")
        .with("address", &format!("{FLOATING} eth0:1"))
        .with("port", &port.to_string())
        .with("scheduler", "rr")
        .with("load_monitor", "none")
        .with("timeout", "1")
        .with("reentry", "2")
}

/// Makes the virtual server `lines` as another program, or an earlier lvsd, would have left it.
pub(crate) fn build_by_hand(router: &Machine, weights: [u32; 3]) {
    let ipvsadm = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        router.run("ipvsadm", &words).expect_success();
    };
    ipvsadm(&format!("-A -t {FLOATING}:{PORT} -s rr"));
    for (number, weight) in (1..).zip(weights) {
        ipvsadm(&format!("-a -t {FLOATING}:{PORT} -r 192.168.26.{number}:{PORT} -g -w {weight}"));
    }
}

/// Starts lvsd with this file.
pub(crate) fn start(router: &Machine, file: &LvsCf) {
    router.write(CONFIGURATION, file.to_string());
    router.run("/usr/sbin/lvsd", &[]).expect_success();
}

/// Puts the file in force; comes back when it is.
pub(crate) fn reload(router: &Machine, file: &LvsCf) {
    let read =
        || router.log().iter().filter(|line| line.text.contains("configuration file is in force")).count();
    let before = read();
    router.write(CONFIGURATION, file.to_string());
    router.signal("lvsd", Signal::SIGHUP);
    wait_until("the file is in force", PATIENCE, || read() > before);
}

/// Waits until the whole table is this, in its sorted form.
pub(crate) fn wait_for_table(router: &Machine, wanted: &str, what: &str) {
    wait_until(&format!("{what}:\n{wanted}"), PATIENCE, || router.table().sorted() == wanted);
}
