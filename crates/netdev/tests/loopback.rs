//! Reading the running kernel: every Linux has a loopback device, and anybody may look at it.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::net::IpAddr;

use netdev::{Error, FloatingAddress, Interfaces, Label, Monitor};

#[test]
fn the_loopback_device_is_listed() {
    let links = Interfaces::open().unwrap().links().unwrap();
    let lo = links.iter().find(|link| link.name == "lo").unwrap();
    assert_eq!((lo.index, lo.hardware_type), (1, 772));
    assert_eq!(lo.hardware_address.unwrap().to_string(), "00:00:00:00:00:00");
}

#[test]
fn an_address_of_nobody_has_no_holder() {
    let documentation = IpAddr::from([192, 0, 2, 123]);
    assert_eq!(Interfaces::open().unwrap().holder(documentation).unwrap(), None);
}

#[test]
fn each_missing_device_is_named_with_those_that_exist() {
    let wanted = FloatingAddress {
        address: [192, 0, 2, 123].into(),
        label: Label::new("nosuch9:1").unwrap(),
        prefix: Some(24),
    };
    let mut interfaces = Interfaces::open().unwrap();
    let results = interfaces.raise(std::slice::from_ref(&wanted)).unwrap();
    let [Err(error @ Error::NoSuchDevice { known, .. })] = results.as_slice() else { panic!("{results:?}") };
    assert!(known.contains(&"lo".to_owned()));
    let text = error.to_string().replace(&known.join(", "), "DEVICES");
    insta::assert_snapshot!(
        text,
        @"cannot raise 192.0.2.123 on nosuch9:1: there is no device nosuch9, only DEVICES; correct its name in lvs.cf or find out why it is missing"
    );
}

#[test]
fn no_news_is_an_empty_list() {
    // Changes of other programs may be seen, but reading never waits and never fails.
    Monitor::open().unwrap().changes().unwrap();
}
