//! Why a router of `service = fos` is what it is.

use heartbeat::{Event, Link, Message, Role, Settings};

use crate::router::{Router, exits, settings};

#[test]
fn serving_has_its_cause() {
    assert_eq!(Router::serving(Role::Backup).history(), ["ready -> active: partner dead"]);
    let mut watching = Router::watching(Role::Backup);
    watching.on(exits(10));
    watching.on(Event::Gateway { answers: true });
    assert_eq!(watching.history(), ["ready -> active: a service failed on the partner"]);
    let alone = Settings { backup_active: false, partner: None, ..settings(Role::Primary) };
    let (router, _) = Router::with(alone, false);
    assert_eq!(router.history(), ["ready -> active: no backup router"]);
}

#[test]
fn a_router_that_is_cut_off_says_so_until_the_gateway_answers() {
    let mut router = Router::watching(Role::Primary);
    router.on(exits(10));
    router.on(Event::Gateway { answers: false });
    router.hears(Message::FosRunning);
    router.on(Event::Gateway { answers: true });
    assert_eq!(
        router.history(),
        ["ready -> link-down: the gateway does not answer", "link-down -> ready: the gateway answers again"]
    );
}

#[test]
fn leaving_goes_on_with_its_cause() {
    let mut told = Router::serving(Role::Primary);
    told.hears(Message::StopMe);
    told.on(exits(0));
    let cause = "the partner found a service failed here";
    assert_eq!(
        told.history()[1..],
        [format!("active -> leaving: {cause}"), format!("leaving -> failed: {cause}")]
    );
    let mut cut = Router::serving(Role::Primary);
    cut.on(Event::LinkState { link: Link::Public, up: false });
    cut.wake_until(6.0);
    assert_eq!(cut.history()[1..], ["active -> leaving: the public link is down"]);
    cut.on(Event::Terminate { signal: 15 });
    assert_eq!(cut.history()[2..], ["leaving -> ending: pulse was told to end"]);
}
