//! Floating addresses in the kernel.

use netdev::{Error, FloatingAddress, Interfaces, Lowered, Raised};

use crate::{
    Check,
    lab::{Lab, floating, held, link, run},
};

pub(crate) const CHECKS: &[Check] = &[
    ("an address has the label, prefix and broadcast address of the specification", label_prefix_broadcast),
    ("a second raising keeps what is there", raised_twice),
    ("without a mask the device's own network counts, else a single host", without_mask),
    ("another prefix on the same device is refused and nothing changes", other_prefix),
    ("another prefix or label is given in place, and to nothing else", reshaped),
    ("an address is not restored on a device that is down", restored),
    ("removing one address leaves its label's others and the device alone", lowered_by_address),
    ("removing what is absent is fine", lowered_twice),
    ("a network's first address goes without its others", primary_goes_alone),
    ("an IPv6 address is usable at once and goes again", ipv6),
    ("a device that is down is set up", device_down),
    ("one failure stops no other address", one_failure),
    ("1000 addresses come and go", thousand),
];

fn raise(wanted: &[FloatingAddress]) -> Vec<Result<Raised, Error>> {
    Interfaces::open().unwrap().raise(wanted).unwrap()
}

fn lower(wanted: &[FloatingAddress]) -> Vec<Result<Lowered, Error>> {
    Interfaces::open().unwrap().lower(wanted).unwrap()
}

/// What iproute2 says about `address`, without its lifetimes.
fn shown(address: &str) -> String {
    let every = run("ip -oneline address show").replace('\\', " ");
    let line = every.lines().find(|line| line.contains(&format!(" {address}/"))).unwrap_or_default();
    let words: Vec<_> = line.split_whitespace().skip(1).take_while(|word| *word != "valid_lft").collect();
    words.join(" ")
}

fn label_prefix_broadcast() {
    let _lab = Lab::new();
    let wanted = [floating("192.168.26.10", "eth0:1", Some(24)), floating("10.9.8.7", "eth0:1", Some(20))];
    assert_eq!(raise(&wanted), [Ok(Raised::Added), Ok(Raised::Added)]);
    assert_eq!(
        shown("192.168.26.10"),
        "eth0 inet 192.168.26.10/24 brd 192.168.26.255 scope global secondary eth0:1"
    );
    assert_eq!(shown("10.9.8.7"), "eth0 inet 10.9.8.7/20 brd 10.9.15.255 scope global eth0:1");

    let listed = held("10.9.8.7").unwrap();
    assert_eq!(
        (listed.device.as_str(), listed.label.as_deref(), listed.prefix),
        ("eth0", Some("eth0:1"), 20)
    );
    assert_eq!(listed.broadcast, Some([10, 9, 15, 255].into()));
    assert!(!listed.is_secondary() && held("192.168.26.10").unwrap().is_secondary());
}

fn raised_twice() {
    let _lab = Lab::new();
    let wanted = [floating("192.168.26.10", "eth0:1", Some(24))];
    assert_eq!(raise(&wanted), [Ok(Raised::Added)]);
    let before = held("192.168.26.10");
    assert_eq!(raise(&wanted), [Ok(Raised::Kept)]);
    assert_eq!(held("192.168.26.10"), before);
}

fn without_mask() {
    let _lab = Lab::new();
    let wanted = [floating("192.168.26.10", "eth0:1", None), floating("192.168.27.10", "eth0:1", None)];
    assert_eq!(raise(&wanted), [Ok(Raised::Added), Ok(Raised::Added)]);
    assert_eq!(held("192.168.26.10").unwrap().prefix, 24);
    let single = held("192.168.27.10").unwrap();
    assert_eq!((single.prefix, single.broadcast), (32, None));
}

fn other_prefix() {
    let _lab = Lab::new();
    let results = raise(&[floating("192.168.26.1", "eth0:1", Some(32))]);
    assert!(matches!(results[..], [Err(Error::OtherPrefix { wanted: 32, held: 24, .. })]), "{results:?}");
    assert_eq!(shown("192.168.26.1"), "eth0 inet 192.168.26.1/24 scope global eth0");
}

fn reshaped() {
    let _lab = Lab::new();
    let (four, other, six) = ("192.168.26.10", "192.168.26.11", "2001:db8::10");
    raise(&[
        floating(four, "eth0:1", Some(24)),
        floating(other, "eth0:1", Some(32)),
        floating(six, "eth0:1", Some(64)),
    ]);
    let wanted = [
        floating(four, "eth0:2", Some(24)),
        floating(other, "eth0:1", Some(24)),
        floating(six, "eth0:1", Some(128)),
        floating("192.168.26.12", "eth0:1", Some(24)),
    ];
    for _ in 0..2 {
        assert_eq!(Interfaces::open().unwrap().reshape(&wanted).unwrap(), [Ok(()), Ok(()), Ok(()), Ok(())]);
        let network = "brd 192.168.26.255 scope global secondary";
        assert_eq!(shown(four), format!("eth0 inet {four}/24 {network} eth0:2"));
        assert_eq!(shown(other), format!("eth0 inet {other}/24 {network} eth0:1"));
        assert_eq!(shown(six), format!("eth0 inet6 {six}/128 scope global nodad deprecated"));
        let every = Interfaces::open().unwrap().addresses().unwrap();
        for address in [four, other, six] {
            let count = every.iter().filter(|held| held.address.to_string() == address).count();
            assert_eq!(count, 1, "{address}");
        }
        assert_eq!(held("192.168.26.12"), None, "what is not there is not raised");
    }
}

fn restored() {
    let _lab = Lab::new();
    run("ip link set eth0 down");
    let wanted = [floating("192.168.26.10", "eth0:1", Some(24))];
    let restore = || Interfaces::open().unwrap().restore(&wanted).unwrap();
    assert!(matches!(restore()[..], [Err(Error::DeviceDown { .. })]));
    assert!(!link("eth0").is_up());
    run("ip link set eth0 up");
    assert_eq!(restore(), [Ok(Raised::Added)]);
}

fn lowered_by_address() {
    let _lab = Lab::new();
    let wanted = [floating("192.168.26.10", "eth0:1", None), floating("192.168.26.11", "eth0:1", None)];
    raise(&wanted);
    assert_eq!(lower(&wanted[..1]), [Ok(Lowered::Removed)]);
    assert_eq!(held("192.168.26.10"), None);
    assert!(held("192.168.26.11").is_some() && held("192.168.26.1").is_some());
    let links = Interfaces::open().unwrap().links().unwrap();
    assert!(links.iter().any(|link| link.name == "eth0" && link.is_running()));
}

fn lowered_twice() {
    let _lab = Lab::new();
    let on_lo = floating("192.168.26.10", "lo", Some(32));
    raise(std::slice::from_ref(&on_lo));
    let wanted = [floating("192.168.26.10", "eth0:1", None), floating("192.168.26.11", "nosuch9:1", None)];
    assert_eq!(lower(&wanted), [Ok(Lowered::Absent), Ok(Lowered::Absent)]);
    assert_eq!(held("192.168.26.10").unwrap().device, "lo", "another device's address is not ours to remove");
}

fn primary_goes_alone() {
    for promote in ["0", "1"] {
        let _lab = Lab::new();
        run(&format!(
            "sysctl -qw net.ipv4.conf.all.promote_secondaries={promote} net.ipv4.conf.eth0.promote_secondaries={promote}"
        ));
        let wanted =
            ["10.1.1.1", "10.1.1.2", "10.1.1.3", "10.1.1.4"].map(|a| floating(a, "eth0:2", Some(24)));
        raise(&wanted);
        run("ip address add 10.1.1.5/24 dev eth0 label eth0:own valid_lft 500 preferred_lft 400");
        assert_eq!(
            lower(&[wanted[0].clone(), wanted[2].clone()]),
            [Ok(Lowered::Removed), Ok(Lowered::Removed)]
        );
        assert_eq!((held("10.1.1.1"), held("10.1.1.3")), (None, None));
        for survivor in &wanted[1..] {
            let expected = (survivor != &wanted[2]).then(|| "eth0:2".to_owned());
            assert_eq!(held(&survivor.address.to_string()).and_then(|held| held.label), expected);
        }
        assert!(shown("10.1.1.5").ends_with("dynamic eth0:own"), "{}", shown("10.1.1.5"));
    }
}

fn ipv6() {
    let lab = Lab::new();
    lab.host("ip address add 2001:db8::2/64 dev eth0 nodad");
    run("ip address add 2001:db8::1/64 dev eth0 nodad");
    run("sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=5");
    let wanted = [floating("2001:db8::10", "eth0:1", None)];
    assert_eq!(raise(&wanted), [Ok(Raised::Added)]);
    assert_eq!(shown("2001:db8::10"), "eth0 inet6 2001:db8::10/64 scope global nodad deprecated");
    let route = run("ip route get 2001:db8::2");
    assert!(route.contains("src 2001:db8::1 "), "a floating address is never a source: {route}");
    lab.host("ping -c 1 -W 2 2001:db8::10");
    assert_eq!(raise(&wanted), [Ok(Raised::Kept)]);
    assert_eq!(lower(&wanted), [Ok(Lowered::Removed)]);
    assert_eq!(held("2001:db8::10"), None);
    assert!(held("2001:db8::1").is_some());
}

fn device_down() {
    let lab = Lab::new();
    run("ip link set eth0 down");
    assert_eq!(raise(&[floating("192.168.26.10", "eth0:1", Some(24))]), [Ok(Raised::Added)]);
    lab.host("ping -c 1 -W 2 192.168.26.10");
}

fn one_failure() {
    let _lab = Lab::new();
    let wanted = [
        floating("192.168.26.10", "nosuch9:1", Some(24)),
        floating("192.168.26.11", "eth0:1", Some(99)),
        floating("192.168.26.12", "eth0:1", Some(24)),
    ];
    let results = raise(&wanted);
    assert!(
        matches!(
            results[..],
            [Err(Error::NoSuchDevice { .. }), Err(Error::Raise { prefix: 99, .. }), Ok(Raised::Added)]
        ),
        "{results:?}"
    );
    assert!(held("192.168.26.12").is_some());
}

fn thousand() {
    let _lab = Lab::new();
    let wanted: Vec<_> = (0..1000)
        .map(|n| floating(&format!("10.20.{}.{}", n / 250, n % 250 + 1), "eth0:1", Some(16)))
        .collect();
    assert!(raise(&wanted).iter().all(|result| *result == Ok(Raised::Added)));
    let of_label = || run("ip -oneline -4 address show label eth0:1").lines().count();
    assert_eq!(of_label(), 1000);
    assert!(lower(&wanted[..999]).iter().all(|result| *result == Ok(Lowered::Removed)));
    assert_eq!(of_label(), 1);
}
