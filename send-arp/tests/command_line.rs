//! What the program says, and with which status it ends.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::process::Command;

const SEND_ARP: &str = env!("CARGO_BIN_EXE_send_arp");
const CALL: &str = "192.168.26.10 E202C8DC6A20 192.168.26.255 ffffffffffff";

/// Runs `wrapper` and the program behind it; gives everything printed, and the status.
fn run(wrapper: &str, arguments: &str) -> String {
    let words = format!("{wrapper} {SEND_ARP} {arguments}");
    let mut words = words.split_whitespace();
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}status {}", output.status.code().unwrap())
}

/// With `CAP_NET_RAW`, on a machine that has no device but `lo`, which is down.
fn alone(arguments: &str) -> String {
    let wrapper =
        if nix::unistd::geteuid().is_root() { "unshare --net" } else { "unshare --map-root-user --net" };
    run(wrapper, arguments)
}

#[test]
fn usage() {
    for arguments in ["", "a b c", "-i eth0 a b c", "-i a b c", "a b c d e f", "-x a b c d"] {
        assert_eq!(run("", arguments), run("", ""), "{arguments}");
    }
    insta::assert_snapshot!(run("", "").replace('\t', "<tab>"), @r#"
    send_arp: sends out custom ARP packet. Yuri Volobuev '97
    <tab>usage: send_arp [-i dev] src_ip_addr src_hw_addr targ_ip_addr tar_hw_addr


    status 1
    "#);
}

#[test]
fn help_and_version() {
    insta::assert_snapshot!(run("", "--help"), @r#"
    send_arp: tells the network which hardware address answers for an address

    usage: send_arp [OPTION]... [-i DEVICE] ADDRESS HWADDR ADDRESS2 DESTHW

      -i DEVICE      device to send on, eth0 unless given; an alias such as eth0:1
                     means eth0
      ADDRESS        IPv4 address or host name, announced by a gratuitous ARP reply;
                     or IPv6 address, announced by a neighbour advertisement
      HWADDR         hardware address that answers for it: E202C8DC6A20 or
                     e2:02:c8:dc:6a:20
      ADDRESS2       required and ignored, as it always was
      DESTHW         hardware address to send to: ffffffffffff is every station

    Options that Piranha's send_arp does not have; they stand before ADDRESS:
      --request      send an ARP request instead of a reply
      --both         send an ARP reply and an ARP request
      --count N      send N times, 1 to 10000; 1 unless given
      --interval MS  milliseconds from one time to the next, 0 to 60000; 1000 unless
                     given
      -?, --help     show this
      --version      show the version

    Exit status: 0 when everything was sent; 1 when not, with the reason on standard
    error. Sending needs root or the capability CAP_NET_RAW.
    status 0
    "#);
    assert_eq!(run("", "-?"), run("", "--help"));
    assert_eq!(run("", "--version"), format!("send_arp {}\nstatus 0", env!("CARGO_PKG_VERSION")));
}

#[test]
fn numbers_out_of_range() {
    insta::assert_snapshot!(run("", &format!("--count 0 {CALL}")), @r#"
    send_arp: --count takes a number from 1 to 10000, not "0"
    status 1
    "#);
    insta::assert_snapshot!(run("", &format!("--interval 1s {CALL}")), @r#"
    send_arp: --interval takes a number from 0 to 60000, not "1s"
    status 1
    "#);
}

#[test]
fn without_the_capability() {
    let wrapper = if nix::unistd::geteuid().is_root() { "setpriv --bounding-set=-net_raw" } else { "" };
    // The permission is missed before anything else is looked at.
    for arguments in [CALL, "-i nosuch9 no.such.host. 1 x 2"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(run(wrapper, arguments), @r#"
            socket: Operation not permitted: a packet socket needs root or the capability CAP_NET_RAW
            status 1
            "#);
        }
    }
}

#[test]
fn not_a_hardware_address() {
    insta::assert_snapshot!(alone("10.1 020000000001 x 02-00-00-00-00-02"), @r#"
    Invalid hardware address: "02-00-00-00-00-02" does not begin with six pairs of hexadecimal digits, with or without colons between them
    status 1
    "#);
    insta::assert_snapshot!(alone("10.1 02000000000 x ffffffffffff"), @r#"
    Invalid hardware address: "02000000000" does not begin with six pairs of hexadecimal digits, with or without colons between them
    status 1
    "#);
}

#[test]
fn unknown_host() {
    let said = alone("no.such.host. 020000000001 x ffffffffffff");
    assert!(
        said.starts_with("send_arp: unknown host no.such.host.: ") && said.ends_with("status 1"),
        "{said}"
    );
}

#[test]
fn unfit_devices() {
    insta::assert_snapshot!(alone(&format!("-i lo:1 {CALL}")), @r#"
    sendto: Network is down: lo is down; `ip link set lo up` brings it up
    status 1
    "#);
    insta::assert_snapshot!(alone(&format!("-i sixteen-bytes-xx {CALL}")), @r#"
    sendto: No such device: sixteen-bytes-xx is longer than 15 bytes, the longest name of a device
    status 1
    "#);
    let missing = alone(CALL);
    assert!(
        missing.starts_with("sendto: No such device: eth0 is not among ") && missing.ends_with("status 1")
    );
}

#[test]
fn a_host_name_is_resolved() {
    assert_eq!(alone("-i lo localhost 020000000001 x ffffffffffff"), alone(&format!("-i lo {CALL}")));
}

#[test]
fn arp_forms_are_not_for_ipv6() {
    insta::assert_snapshot!(alone("--both 2001:db8::1 020000000001 x ffffffffffff"), @r#"
    send_arp: --request and --both are forms of ARP, and 2001:db8::1 is announced by a neighbour advertisement
    status 1
    "#);
}
