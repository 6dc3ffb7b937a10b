//! The program `send_arp`, on the wire and where it must refuse.

use std::process::Output;

use netdev::{EthernetPort, HardwareAddress, arp, arp::Operation, neighbour};

use crate::{
    Check,
    lab::{Capture, Lab, attempt, is_arp, run, wait_for},
};

pub(crate) const CHECKS: &[Check] = &[
    ("send_arp: pulse's call gives Piranha's 60 bytes in every spelling", piranhas_frame),
    ("send_arp: the default device is eth0, an alias means its device", devices),
    ("send_arp: a name of 15 bytes is a device", longest_name),
    ("send_arp: the loopback device hears the frame, and the user is warned", loopback),
    ("send_arp: text behind the sixth pair is ignored with a warning", trailing_text),
    ("send_arp: requests, both forms and repetition", extensions),
    ("send_arp: an IPv6 address is advertised", ipv6),
    ("send_arp: refuses in Piranha's order with its words, and sends nothing", refusals),
    ("send_arp: a host replaces what it knew", host_updates),
];

const CALL: &str = "192.168.26.10 E202C8DC6A20 192.168.26.255 ffffffffffff";
const ROUTER: HardwareAddress = HardwareAddress([0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20]);

/// What Piranha sends for [`CALL`], captured from the original.
#[rustfmt::skip]
const FRAME: [u8; 60] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20,  0x08, 0x06,
    0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02,
    0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20,  0xc0, 0xa8, 0x1a, 0x0a,
    0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20,  0xc0, 0xa8, 0x1a, 0x0a,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

fn send_arp(arguments: &str) -> Output {
    let here = std::env::current_exe().unwrap();
    let program = here.parent().unwrap().parent().unwrap().join("send_arp");
    assert!(program.exists(), "{} is missing: build it with `cargo build -p send-arp`", program.display());
    attempt(&format!("{} {arguments}", program.display()))
}

/// Runs a call that must succeed and gives its warnings.
fn succeeds(arguments: &str) -> String {
    let output = send_arp(arguments);
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{arguments}: {complaints}");
    complaints
}

/// A lab whose host sends no ARP of its own.
fn quiet_lab() -> Lab {
    let lab = Lab::new();
    lab.host("ip link set eth0 arp off");
    run("ip link set eth0 arp off");
    lab
}

fn piranhas_frame() {
    let _lab = quiet_lab();
    let capture = Capture::on("eth0");
    let spellings = ["E202C8DC6A20", "e202c8dc6a20", "E2:02:C8:DC:6A:20", "e2:02:c8:dc:6a:20"];
    for spelling in spellings {
        for address2 in ["192.168.26.255", "not-an-address"] {
            let call = format!("-i eth0 192.168.26.10 {spelling} {address2} ffffffffffff");
            assert_eq!(succeeds(&call), "");
            assert_eq!(capture.take(1, is_arp), [FRAME], "{call}");
        }
    }
    assert_eq!(capture.arrived().into_iter().filter(|frame| is_arp(frame)).count(), 0, "one frame a call");
    for address in ["0xc0a81a0a", "192.168.6666"] {
        succeeds(&format!("{address} E202C8DC6A20 x FF:ff:FF:ff:FF:ff"));
        assert_eq!(capture.take(1, is_arp), [FRAME], "{address}");
    }
}

fn devices() {
    let _lab = quiet_lab();
    let capture = Capture::on("eth0");
    for device in ["", "-i eth0", "-i eth0:1", "-i eth0:a_label_beyond_fifteen_bytes"] {
        assert_eq!(succeeds(&format!("{device} {CALL}")), "");
        assert_eq!(capture.take(1, is_arp), [FRAME], "{device}");
    }
}

fn longest_name() {
    let _lab = quiet_lab();
    run("ip link add fifteen-bytes-1 type veth peer name other");
    run("ip link set fifteen-bytes-1 up");
    run("ip link set other up");
    wait_for("the cable", || EthernetPort::find("fifteen-bytes-1").unwrap().is_running());
    let capture = Capture::on("other");
    assert_eq!(succeeds(&format!("-i fifteen-bytes-1 {CALL}")), "");
    assert_eq!(capture.take(1, is_arp), [FRAME]);
}

fn loopback() {
    let _lab = quiet_lab();
    let capture = Capture::on("lo");
    let warning = succeeds(&format!("-i lo {CALL}"));
    assert_eq!(warning, "send_arp: warning: lo is the loopback device, no other machine hears this\n");
    assert_eq!(capture.take(2, is_arp), [FRAME, FRAME], "once on its way out, once on its way in");
}

fn trailing_text() {
    let _lab = quiet_lab();
    let capture = Capture::on("eth0");
    let warning = succeeds("192.168.26.10 E202C8DC6A20 - 01:00:5e:00:00:01xyz");
    assert_eq!(warning, "send_arp: warning: ignored \"xyz\" behind the hardware address 01:00:5e:00:00:01\n");
    let mut expected = FRAME;
    expected[..6].copy_from_slice(&[1, 0, 0x5e, 0, 0, 1]);
    assert_eq!(capture.take(1, is_arp), [expected]);
}

fn extensions() {
    let _lab = quiet_lab();
    let capture = Capture::on("eth0");
    let address = [192, 168, 26, 10].into();
    let request = arp::announcement(Operation::Request, address, ROUTER, HardwareAddress::BROADCAST);
    succeeds(&format!("--request {CALL}"));
    assert_eq!(capture.take(1, is_arp), [request]);
    succeeds(&format!("--both --count 2 --interval 0 -i eth0 {CALL}"));
    assert_eq!(capture.take(4, is_arp), [FRAME, request, FRAME, request]);
}

fn ipv6() {
    let _lab = quiet_lab();
    let capture = Capture::on("eth0");
    let address = "2001:db8::10".parse().unwrap();
    let is_ours = |frame: &[u8]| frame[6..12] == ROUTER.0;
    for (destination, expected) in
        [("ffffffffffff", HardwareAddress::ALL_NODES), ("020000000002", HardwareAddress([2, 0, 0, 0, 0, 2]))]
    {
        assert_eq!(succeeds(&format!("2001:db8::10 E202C8DC6A20 - {destination}")), "");
        assert_eq!(capture.take(1, is_ours), [neighbour::advertisement(address, ROUTER, expected)]);
    }
    let refusal = send_arp("--request 2001:db8::10 E202C8DC6A20 - ffffffffffff");
    assert_eq!(refusal.status.code(), Some(1));
}

fn refusals() {
    let _lab = quiet_lab();
    run("ip link add down0 type veth peer name down1");
    let capture = Capture::on("eth0");
    for (arguments, beginning) in [
        ("-x", "send_arp: sends out custom ARP packet. Yuri Volobuev '97\n\tusage: send_arp [-i dev]"),
        // DESTHW is looked at first, then HWADDR, then ADDRESS, then the device.
        ("no.such.host. 1 x 2", "Invalid hardware address: \"2\""),
        ("no.such.host. 1 x ffffffffffff", "Invalid hardware address: \"1\""),
        ("-i nosuch9 no.such.host. 020000000001 x ffffffffffff", "send_arp: unknown host no.such.host."),
        ("-i nosuch9 10.1 020000000001 x ffffffffffff", "sendto: No such device: nosuch9 is not among"),
        (
            "-i sixteen-bytes-xx 10.1 020000000001 x ffffffffffff",
            "sendto: No such device: sixteen-bytes-xx is longer",
        ),
        ("-i down0 10.1 020000000001 x ffffffffffff", "sendto: Network is down: down0 is down"),
        ("10.1 02-00-00-00-00-01 x ffffffffffff", "Invalid hardware address: \"02-"),
    ] {
        let output = send_arp(arguments);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.starts_with(beginning), "{arguments}: {complaint}");
        assert_eq!((output.status.code(), output.stdout), (Some(1), vec![]), "{arguments}");
    }
    succeeds(CALL);
    assert_eq!(capture.take(1, is_arp), [FRAME], "the first frame is that of the call that is right");
}

fn host_updates() {
    let lab = Lab::new();
    run("ip address add 192.168.26.10/24 dev eth0");
    lab.host("ping -c 1 -W 2 192.168.26.10");
    lab.host("sysctl -qw net.ipv4.neigh.eth0.locktime=0");
    succeeds(CALL);
    let believed = || lab.host("ip neighbour show 192.168.26.10");
    wait_for("the new hardware address", || believed().contains(&ROUTER.to_string()));
}
