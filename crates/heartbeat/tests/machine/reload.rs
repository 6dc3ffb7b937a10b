//! A changed file changes the machine in place.

use crate::router::{PARTNER, Router, seconds};
use heartbeat::{Event, Link, Message, Partner, Role, Settings, State};

fn reload(router: &mut Router, change: impl FnOnce(&mut Settings)) -> Vec<String> {
    change(&mut router.settings);
    router.on(Event::Reconfigured(router.settings))
}

#[test]
fn links_that_are_no_longer_watched_are_not_down() {
    let mut router = Router::monitoring(Role::Primary, false);
    router.link(Link::Public, false);
    router.wake_until(1.0);
    assert_eq!(router.state(), State::LinkDown);
    let said = reload(&mut router, |settings| settings.monitor_links = false);
    assert!(said.contains(&"Local NIC link(s) restored: Pulse enabled".to_owned()), "{said:?}");
    assert_eq!(router.state(), State::Ready);
    reload(&mut router, |settings| settings.monitor_links = true);
    assert_eq!(router.state(), State::Ready, "until the kernel says so");
}

#[test]
fn a_private_link_that_is_given_up_is_not_down() {
    let mut router = Router::monitoring(Role::Primary, true);
    let with_private = Partner { public: PARTNER.parse().unwrap(), private: Some([10, 0, 0, 2].into()) };
    reload(&mut router, |settings| settings.partner = Some(with_private));
    router.hears(Message::Stopped);
    router.link(Link::Private, false);
    router.wake_until(router.now + 1.0);
    router.on(Event::AddressesDropped { remaining: 0 });
    assert_eq!(router.state(), State::LinkDown);
    reload(&mut router, |settings| settings.partner = Some(Partner { private: None, ..with_private }));
    assert_eq!(router.state(), State::Ready);
}

#[test]
fn a_reload_that_changes_nothing_of_the_links_judges_nothing_anew() {
    let mut router = Router::monitoring(Role::Primary, true);
    let with_private = Partner { public: PARTNER.parse().unwrap(), private: Some([10, 0, 0, 2].into()) };
    reload(&mut router, |settings| settings.partner = Some(with_private));
    // Nobody is heard: the private link alone is no reason to leave.
    router.link(Link::Private, false);
    router.wake_until(router.now + 1.0);
    router.hears(Message::Stopped);
    reload(&mut router, |settings| settings.keepalive = seconds(1.0));
    assert_eq!(router.state(), State::Active);
}

#[test]
fn a_partner_that_has_moved_is_given_its_time() {
    let mut router = Router::started(Role::Backup);
    router.hears_at(1.0, Message::Running);
    router.wake_until(5.0);
    let elsewhere = Partner { public: "192.0.2.77".parse().unwrap(), private: None };
    reload(&mut router, |settings| settings.partner = Some(elsewhere));
    router.wake_until(9.9);
    assert_eq!(router.state(), State::Ready);
    router.wake_until(10.0);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn a_router_that_has_no_partner_any_more_synchronises_nothing() {
    let mut router = Router::active(Role::Primary);
    let said = reload(&mut router, |settings| settings.backup_active = false);
    assert_eq!(said, ["reload lvsd", "sync Off", "raise"]);
    router.on(Event::AddressesRaised { missing: 0 });
    router.said.clear();
    router.wake_until(router.now + 10.0);
    assert!(router.said.is_empty(), "and says nothing: {:?}", router.said);
    let said = reload(&mut router, |settings| settings.backup_active = true);
    assert_eq!(said, ["reload lvsd", "sync Master", "raise"]);
}

#[test]
fn a_backup_that_is_marked_inactive_leaves_in_order() {
    let mut router = Router::active(Role::Backup);
    let said = router.on(Event::MarkedInactive);
    let line = "We are backup node and backup is marked inactive -- exiting pulse";
    assert_eq!(said, [line, "inactive_cmd", "drop"]);
    let said = router.on(Event::AddressesDropped { remaining: 0 });
    assert_eq!(said, ["send STOPPED", "sync Off", "stop lvsd"]);
    router.on(Router::lvsd_exits(0));
    let end = router.wake_until(router.now + 1.0);
    assert_eq!(end.last().map(String::as_str), Some("exit 0"));
}

#[test]
fn what_is_told_of_addresses_unasked_is_not_announced_once_more() {
    let mut router = Router::active(Role::Primary);
    let said = router.on(Event::AddressesRaised { missing: 2 });
    assert_eq!(said, ["2 floating address(es) could not be raised: trying again"]);
    assert!(router.on(Event::AddressesRaised { missing: 2 }).is_empty());
    assert!(router.on(Event::AddressesRaised { missing: 0 }).is_empty());
    assert!(!router.wake_until(router.now + 5.0).contains(&"raise".to_owned()), "nothing is tried again");
}
