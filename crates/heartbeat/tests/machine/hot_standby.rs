//! lvsd on a router that is not active (`#% hot_standby`).

use crate::router::Router;
use heartbeat::trailer::HandOver;
use heartbeat::{Event, Message, Role, Settings, State};

/// Ready, next to an active partner, with a programmed table.
fn ready() -> Router {
    let mut router = Router::hot(Role::Backup);
    assert_eq!(router.wake_until(2.0), ["start lvsd", "send STOPPED"]);
    assert!(router.on(Event::LvsdReady).is_empty());
    router.hears(Message::Running);
    router
}

#[test]
fn a_takeover_finds_the_table_programmed() {
    let mut router = ready();
    let said = router.wake_until(7.0);
    let takeover = ["partner dead: activating lvs", "send RUNNING", "active_cmd", "sync Master", "raise"];
    assert_eq!(said[said.len() - 5..], takeover);
}

#[test]
fn it_leaves_the_active_state_with_lvsd_running() {
    let mut router = ready();
    router.wake_until(7.0);
    router.on(Event::AddressesRaised { missing: 0 });
    router.hears(Message::Running);
    assert_eq!(router.on(Event::AddressesDropped { remaining: 0 }), ["sync Backup"]);
    assert_eq!(router.state(), State::Ready);
}

#[test]
fn one_that_dies_is_started_again_and_nobody_fails() {
    let mut router = ready();
    let said = router.on(Router::lvsd_killed(9));
    assert_eq!(said[0], "Child process 4711 terminated with signal 9");
    assert_eq!(said.len(), 2, "{said:?}");
    let mut starts = 0;
    for _ in 0..60 {
        router.hears(Message::Running);
        if router.wake_until(router.now + 2.0).contains(&"start lvsd".to_owned()) {
            starts += 1;
            router.on(Router::lvsd_exits(1));
        }
    }
    assert_eq!((router.state(), starts), (State::Ready, 8));
}

#[test]
fn an_offer_is_answered_at_once() {
    let mut router = ready();
    router.hears_part(Message::Running, Some(HandOver::Able));
    let said = router.hears_part(Message::Running, Some(HandOver::Offered));
    assert_eq!(said, ["send STOPPED"]);
    assert_eq!(router.part(), Some(HandOver::Prepared));
}

#[test]
fn an_offer_that_is_taken_back_leaves_it_hot() {
    let mut router = ready();
    router.hears_part(Message::Running, Some(HandOver::Offered));
    router.now += 1.0;
    let said = router.hears_part(Message::Running, Some(HandOver::Able));
    assert!(!said.contains(&"stop lvsd".to_owned()), "{said:?}");
    assert_eq!(router.part(), Some(HandOver::Able));
}

#[test]
fn a_reload_turns_it_on_and_off() {
    let mut router = ready();
    let cold = Settings { hot_standby: false, ..router.settings };
    assert!(router.on(Event::Reconfigured(cold)).contains(&"stop lvsd".to_owned()));
    router.on(Router::lvsd_exits(0));
    assert!(router.on(Event::Reconfigured(router.settings)).contains(&"start lvsd".to_owned()));
}

#[test]
fn its_end_ends_lvsd() {
    let mut router = ready();
    assert!(router.on(Event::Terminate { signal: 15 }).contains(&"stop lvsd".to_owned()));
}
