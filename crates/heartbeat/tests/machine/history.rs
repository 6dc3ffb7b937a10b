//! Why a router is what it is, and what it was before.

use crate::router::{Router, seconds};
use heartbeat::{Cause, Event, Link, Message, Role, State};

#[test]
fn a_router_that_was_started_is_ready_for_that_reason() {
    let router = Router::started(Role::Primary);
    let insight = router.insight();
    assert_eq!((insight.state, insight.since, insight.cause), (State::Ready, seconds(0.0), Cause::Started));
    assert!(insight.transitions.is_empty());
}

#[test]
fn each_takeover_has_its_cause() {
    let history = |prepare: &dyn Fn(&mut Router), role| {
        let mut router = Router::started(role);
        prepare(&mut router);
        router.history()
    };
    let silence = |router: &mut Router| drop(router.wake_until(5.0));
    assert_eq!(history(&silence, Role::Backup), ["5 ready -> active: partner dead"]);
    let stopped = |router: &mut Router| {
        router.hears(Message::Running);
        router.hears_at(1.5, Message::Stopped);
    };
    assert_eq!(history(&stopped, Role::Primary), ["1.5 ready -> active: backup inactive"]);
    assert_eq!(history(&stopped, Role::Backup), ["1.5 ready -> active: primary inactive"]);
    let mut forced = Router::new(Role::Backup);
    forced.on(Event::Start { force_active: true });
    assert_eq!(forced.history(), ["0 ready -> active: forced at start"]);
}

#[test]
fn a_router_that_yields_says_why_until_it_is_something_else() {
    let mut router = Router::active(Role::Backup);
    router.hears_at(6.0, Message::Running);
    router.now = 6.2;
    router.on(Event::AddressesDropped { remaining: 0 });
    let tie = "both routers were active, and the primary stays";
    assert_eq!(
        router.history()[1..],
        [format!("6 active -> leaving: {tie}"), format!("6.2 leaving -> ready: {tie}")]
    );
    assert_eq!((router.insight().since, router.insight().cause), (seconds(6.2), Cause::Tie));
}

#[test]
fn links_are_named() {
    let mut router = Router::monitoring(Role::Primary, false);
    router.link(Link::Public, false);
    router.wake_until(0.5);
    assert_eq!(router.insight().public.device_up, Some(false));
    router.link(Link::Public, true);
    router.wake_until(2.5);
    assert_eq!(
        router.history(),
        ["0.5 ready -> link-down: the public link is down", "2.5 link-down -> ready: the links are up again"]
    );

    let mut router = Router::monitoring(Role::Primary, true);
    router.hears(Message::Stopped);
    router.link(Link::Private, false);
    router.wake_until(router.now + 0.5);
    assert_eq!(router.history()[1..], ["5.5 active -> leaving: the private link is down"]);
}

#[test]
fn a_router_that_cannot_run_lvsd_is_held_until_its_partner_serves() {
    let mut router = Router::failed(Role::Primary);
    let failed = router.history();
    assert!(failed[1].ends_with("active -> leaving: lvsd could not be kept running"), "{failed:?}");
    assert!(failed[2].ends_with("leaving -> failed: lvsd could not be kept running"), "{failed:?}");
    let held = router.insight().held_until.unwrap_or_default();
    assert!(held > seconds(router.now + 50.0) && held <= seconds(router.now + 60.0));
    router.hears(Message::Running);
    assert!(router.history()[3].ends_with("failed -> ready: the partner serves"));
}

#[test]
fn a_planned_end_is_one() {
    let mut router = Router::active(Role::Primary);
    router.on(Event::Terminate { signal: 15 });
    router.on(Event::AddressesDropped { remaining: 0 });
    let told = "pulse was told to end";
    assert_eq!(
        router.history()[1..],
        [format!("5 active -> leaving: {told}"), format!("5 leaving -> ending: {told}")]
    );
}

#[test]
fn what_is_heard_is_known_for_each_link() {
    let mut router = Router::with_private_link(Role::Primary);
    let nothing = router.insight();
    assert_eq!((nothing.partner_alive, nothing.partner_active, nothing.public.heard), (false, None, None));
    router.now = 1.0;
    router.hears_on(Link::Private, Message::Running);
    router.now = 3.0;
    router.hears_on(Link::Private, Message::Running);
    let heard = router.insight();
    assert_eq!((heard.partner_alive, heard.partner_active), (true, Some((true, seconds(1.0)))));
    assert_eq!((heard.public.heard, heard.private.heard), (None, Some(seconds(3.0))));
    assert_eq!(heard.public.device_up, None);
    router.wake_until(5.0);
    assert!(router.insight().public.silent && !router.insight().private.silent);
    router.now = 8.0;
    let dead = router.insight();
    assert_eq!((dead.partner_alive, dead.partner_active), (false, None));
    assert_eq!(dead.private.heard, Some(seconds(3.0)));
}
