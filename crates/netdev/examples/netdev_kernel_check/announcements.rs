//! Announcements on the wire, and what hosts learn from them.

use netdev::{Announcement, EthernetPort, HardwareAddress, PacketError, PacketSocket};

use crate::{
    Check,
    lab::{Capture, Lab, attempt, is_arp, run, wait_for},
};

pub(crate) const CHECKS: &[Check] = &[
    ("an ARP announcement is on the wire byte for byte", on_the_wire),
    ("a host replaces what it knew by the announced hardware address", host_updates),
    ("a host with arp_accept learns an address that it never asked for", host_learns),
    ("an IPv6 host replaces what it knew by the advertised hardware address", ipv6_host_updates),
    ("a device that cannot carry the frame is named with its fault", unfit_devices),
];

/// The hardware address that a takeover brings.
const PARTNER: HardwareAddress = HardwareAddress([2, 0, 0, 0, 0, 0x99]);

fn send(frame: &[u8]) {
    PacketSocket::open().unwrap().send(&EthernetPort::find("eth0").unwrap(), frame).unwrap();
}

fn announcement(address: &str) -> Announcement {
    Announcement { device: "eth0".into(), address: address.parse().unwrap() }
}

fn on_the_wire() {
    let lab = Lab::new();
    // The host stays silent about addresses that it does not know.
    lab.host("ip link set eth0 arp off");
    let capture = Capture::on("eth0");
    let announcement = announcement("192.168.26.10");
    let frames = [announcement.frame(PARTNER), announcement.request(PARTNER).unwrap()];
    for frame in &frames {
        send(frame);
    }
    assert_eq!(capture.take(2, is_arp), frames);
}

/// What the host believes about `address`.
fn believed(lab: &Lab, address: &str) -> String {
    lab.host(&format!("ip neighbour show {address}"))
}

fn host_updates() {
    for frame in [|a: &Announcement| a.frame(PARTNER), |a: &Announcement| a.request(PARTNER).unwrap()] {
        let lab = Lab::new();
        run("ip address add 192.168.26.10/24 dev eth0");
        lab.host("ping -c 1 -W 2 192.168.26.10");
        assert!(!believed(&lab, "192.168.26.10").contains(&PARTNER.to_string()));
        // An entry confirmed less than a second ago is protected from a change (neigh/*/locktime).
        lab.host("sysctl -qw net.ipv4.neigh.eth0.locktime=0");
        send(&frame(&announcement("192.168.26.10")));
        wait_for("the new hardware address", || {
            believed(&lab, "192.168.26.10").contains(&PARTNER.to_string())
        });
    }
}

fn host_learns() {
    let lab = Lab::new();
    lab.host("sysctl -qw net.ipv4.conf.eth0.arp_accept=1");
    send(&announcement("192.168.26.10").frame(PARTNER));
    wait_for("the entry", || believed(&lab, "192.168.26.10").contains(&PARTNER.to_string()));
}

fn ipv6_host_updates() {
    let lab = Lab::new();
    run("ip address add 2001:db8::10/64 dev eth0 nodad");
    lab.host("ip address add 2001:db8::2/64 dev eth0 nodad");
    lab.host("ping -c 1 -W 2 2001:db8::10");
    assert!(!believed(&lab, "2001:db8::10").contains(&PARTNER.to_string()));
    send(&announcement("2001:db8::10").frame(PARTNER));
    wait_for("the new hardware address", || believed(&lab, "2001:db8::10").contains(&PARTNER.to_string()));
}

fn unfit_devices() {
    let _lab = Lab::new();
    let find = |device| EthernetPort::find(device).map(|port| port.device().to_owned());
    run("ip link add down0 type veth peer name down1");
    // Kernels differ in which devices without Ethernet frames they have.
    let tunnels = [
        "ip link add tunnel0 type ipip local 192.168.26.1 remote 192.168.26.2",
        "ip tuntap add tunnel0 mode tun",
    ];
    assert!(
        tunnels.iter().any(|command| attempt(command).status.success()),
        "no device without Ethernet frames"
    );
    assert_eq!(find("eth0"), Ok("eth0".into()));
    assert_eq!(find("down0"), Err(PacketError::Down("down0".into())));
    assert_eq!(find("tunnel0"), Err(PacketError::NotEthernet("tunnel0".into())));
    assert!(EthernetPort::find("lo").unwrap().is_loopback());
    run("ip link set down0 up");
    wait_for("news of the missing carrier", || !EthernetPort::find("down0").unwrap().is_running());
    assert!(EthernetPort::find("eth0").unwrap().is_running());
}
