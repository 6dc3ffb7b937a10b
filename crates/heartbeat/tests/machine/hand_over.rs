//! Planned hand-over, from either side (docs/heartbeat.md).

use crate::router::Router;
use heartbeat::trailer::HandOver;
use heartbeat::{Event, Link, Message, Obstacle, Progress, Role, State};

const ABLE: Option<HandOver> = Some(HandOver::Able);
const WANTED: Option<HandOver> = Some(HandOver::Wanted);
const OFFERED: Option<HandOver> = Some(HandOver::Offered);
const PREPARED: Option<HandOver> = Some(HandOver::Prepared);

const OFFER: [&str; 2] = ["handing over: waiting until the partner is prepared", "send RUNNING"];

/// Active, with a partner that says that it is able.
fn active() -> Router {
    let mut router = Router::active(Role::Primary);
    router.hears_part(Message::Stopped, ABLE);
    router
}

/// Ready, with an active partner that says that it is able.
fn ready() -> Router {
    let mut router = Router::started(Role::Backup);
    router.hears_part(Message::Running, ABLE);
    router
}

/// Told to end, or asked to hand over; the partner is waited for.
fn offering(event: Event) -> Router {
    let mut router = active();
    assert_eq!(router.on(event)[1..], OFFER);
    assert_eq!((router.state(), router.part()), (State::Active, OFFERED));
    router
}

/// Ready, and heard an offer.
fn preparing() -> Router {
    let mut router = ready();
    let actions = router.hears_part(Message::Running, OFFERED);
    assert_eq!(actions, ["preparing to take over: starting lvsd", "start lvsd"]);
    router
}

/// The same, with lvsd's table programmed.
fn prepared() -> Router {
    let mut router = preparing();
    assert_eq!(router.on(Event::LvsdReady), ["prepared to take over took=0 s", "send STOPPED"]);
    assert_eq!((router.state(), router.part()), (State::Ready, PREPARED));
    router
}

fn told_to_end() -> Event {
    Event::Terminate { signal: 15 }
}

#[test]
fn told_to_end_it_leaves_when_the_partner_is_prepared() {
    let mut router = offering(told_to_end());
    assert!(router.hears_part(Message::Stopped, ABLE).is_empty());
    assert_eq!(
        router.hears_part(Message::Stopped, PREPARED),
        ["the partner is prepared: leaving waited=0 s", "tell connections"]
    );
    assert_eq!((router.state(), router.part()), (State::Active, OFFERED));
    assert_eq!(router.on(Event::ConnectionsTold), ["inactive_cmd", "drop"]);
    let actions = router.on(Event::AddressesDropped { remaining: 0 });
    assert_eq!(actions, ["send STOPPED", "sync Off", "stop lvsd"]);
    assert_eq!((router.state(), router.part()), (State::Ending, None));
}

#[test]
fn told_to_end_it_does_not_wait_for_a_partner_that_says_no_part() {
    let mut router = Router::active(Role::Primary);
    router.hears(Message::Stopped);
    assert_eq!(router.on(told_to_end())[1..], ["inactive_cmd", "drop"]);
}

#[test]
fn told_to_end_it_waits_two_seconds_and_says_the_offer_again_and_again() {
    let mut router = offering(told_to_end());
    let now = router.now;
    router.said.clear();
    router.wake_until(now + 1.9);
    assert_eq!(router.said, vec!["send RUNNING"; 19]);
    assert_eq!(
        router.wake_until(now + 2.0),
        [
            "leaving without a prepared partner: the partner has not answered within 2 s",
            "inactive_cmd",
            "drop"
        ]
    );
}

#[test]
fn told_to_end_twice_it_waits_no_more() {
    let mut router = offering(told_to_end());
    assert_eq!(router.on(told_to_end()), ["Terminating due to signal 15", "inactive_cmd", "drop"]);
}

#[test]
fn told_to_end_it_waits_no_longer_for_a_partner_that_has_become_unable() {
    for (message, part) in [(Message::Stopped, None), (Message::Running, ABLE)] {
        let mut router = offering(told_to_end());
        router.hears_part(message, part);
        assert_eq!(router.state(), State::Leaving, "{message} {part:?}");
        router.on(Event::AddressesDropped { remaining: 0 });
        assert_eq!(router.state(), State::Ending);
    }
}

#[test]
fn asked_to_hand_over_it_stays_ready_and_says_stopped_until_the_partner_serves() {
    let mut router = offering(Event::HandOver);
    assert_eq!(router.progress(), Progress::UnderWay);
    router.hears_part(Message::Stopped, PREPARED);
    router.on(Event::ConnectionsTold);
    let actions = router.on(Event::AddressesDropped { remaining: 0 });
    assert_eq!(actions, ["send STOPPED", "sync Backup", "stop lvsd"]);
    // What the partner said before it heard that.
    assert!(router.hears_part(Message::Stopped, PREPARED).is_empty());
    assert_eq!(router.wake_until(router.now + 0.2), ["send STOPPED", "send STOPPED"]);
    assert!(router.hears_part(Message::Running, ABLE).is_empty());
    assert_eq!((router.state(), router.progress()), (State::Ready, Progress::Done));
    assert_eq!(router.wake_until(router.now + 2.0), ["send STOPPED"]);
}

#[test]
fn a_partner_that_does_not_take_the_service_gives_it_back() {
    let mut router = offering(Event::HandOver);
    router.hears_part(Message::Stopped, PREPARED);
    router.on(Event::ConnectionsTold);
    router.on(Event::AddressesDropped { remaining: 0 });
    router.on(Router::lvsd_exits(0));
    let now = router.now;
    let actions = router.wake_until(now + 1.0);
    assert_eq!(
        actions.last().map(String::as_str),
        Some("hand-over given up: the partner was given the service and does not serve (see its log)")
    );
    assert_eq!(router.progress(), Progress::Failed(Obstacle::NotTaken));
    router.hears_part(Message::Stopped, ABLE);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn asked_to_hand_over_it_goes_on_serving_when_the_partner_does_not_prepare() {
    let mut router = offering(Event::HandOver);
    let start = router.now;
    for second in 1..12 {
        router.wake_until(start + f64::from(second));
        router.hears_part(Message::Stopped, ABLE);
        assert_eq!(router.part(), OFFERED);
    }
    router.wake_until(start + 12.0);
    assert_eq!((router.state(), router.part()), (State::Active, ABLE));
    let waited = heartbeat::Moment::from_secs(12);
    assert_eq!(router.progress(), Progress::Failed(Obstacle::NoAnswer { waited }));
}

#[test]
fn a_hand_over_is_refused_with_its_reason() {
    let no_part = |role, message| {
        let mut router = Router::started(role);
        router.hears(message);
        router
    };
    let both_inactive = || {
        let mut router = Router::started(Role::Backup);
        router.hears_part(Message::Stopped, ABLE);
        router
    };
    let link_down = || {
        let mut router = Router::monitoring(Role::Primary, false);
        router.link(Link::Public, false);
        router.wake_until(router.now + 0.5);
        router.hears_part(Message::Running, ABLE);
        router
    };
    let held = || {
        let mut router = Router::failed(Role::Backup);
        router.hears_part(Message::Running, ABLE);
        router
    };
    let leaving = || {
        let mut router = Router::active(Role::Primary);
        router.on(told_to_end());
        router
    };
    let cases = [
        (Router::lone(), Obstacle::Alone),
        (Router::active(Role::Primary), Obstacle::NotHeard),
        (Router::started(Role::Backup), Obstacle::NotHeard),
        (no_part(Role::Backup, Message::Running), Obstacle::PartnerUnable),
        (no_part(Role::Primary, Message::Stopped), Obstacle::PartnerUnable),
        (both_inactive(), Obstacle::NoneActive),
        (link_down(), Obstacle::Unable),
        (held(), Obstacle::Unable),
        (leaving(), Obstacle::Leaving),
    ];
    for (mut router, obstacle) in cases {
        let before = router.state();
        let actions = router.on(Event::HandOver);
        assert_eq!(actions[1..], [format!("no hand-over: {obstacle}")]);
        assert_eq!((router.state(), router.progress()), (before, Progress::Failed(obstacle)));
    }
}

#[test]
fn a_second_request_does_not_disturb_the_first() {
    let mut router = offering(Event::HandOver);
    assert_eq!(router.on(Event::HandOver)[1..], ["no hand-over: another one is under way"]);
    assert_eq!((router.progress(), router.part()), (Progress::UnderWay, OFFERED));
}

#[test]
fn an_offer_makes_a_standby_program_its_table_and_stopped_raises_the_addresses_at_once() {
    let mut router = prepared();
    assert_eq!(
        router.hears_part(Message::Stopped, ABLE),
        ["primary inactive: activating lvs", "send RUNNING", "active_cmd", "sync Master", "raise"]
    );
    assert_eq!(router.part(), ABLE);
}

#[test]
fn a_prepared_standby_says_so_again_and_takes_over_when_the_partner_dies() {
    let mut router = prepared();
    let now = router.now;
    router.said.clear();
    router.wake_until(now + 1.0);
    assert_eq!(router.said, vec!["send STOPPED"; 10]);
    let actions = router.wake_until(now + 5.0);
    let serves = ["partner dead: activating lvs", "send RUNNING", "active_cmd", "sync Master", "raise"];
    assert_eq!(actions[actions.len() - 5..], serves);
}

#[test]
fn a_prepared_standby_ends_lvsd_when_the_partner_goes_on_serving() {
    let mut router = prepared();
    let now = router.now;
    // It may be one that was overtaken.
    assert!(router.hears_at(now + 0.1, Message::Running).is_empty());
    router.now = now + 0.5;
    assert_eq!(
        router.hears_part(Message::Running, ABLE),
        [
            "no longer prepared to take over: the partner goes on serving (see its log)",
            "stop lvsd",
            "send STOPPED"
        ]
    );
    assert_eq!((router.state(), router.part()), (State::Ready, ABLE));
}

#[test]
fn a_standby_that_may_not_serve_says_no_part_and_takes_no_offer() {
    let mut router = Router::failed(Role::Backup);
    assert!(router.hears_part(Message::Running, OFFERED).is_empty());
    router.wake_until(router.now + 2.0);
    assert_eq!(router.part(), None);
}

#[test]
fn a_standby_whose_lvsd_fails_is_unable_for_a_while() {
    let mut router = preparing();
    let failed = router.now;
    let actions = router.on(Router::lvsd_exits(1));
    let expected = [
        "Child process 4711 exited with status 1",
        "no longer prepared to take over: lvsd does not run here (see the log)",
        "send STOPPED",
    ];
    assert_eq!(actions, expected);
    assert_eq!(router.part(), None);
    assert!(router.hears_part(Message::Running, OFFERED).is_empty());
    router.now = failed + 10.0;
    assert!(router.hears_part(Message::Running, OFFERED).contains(&"start lvsd".to_owned()));
}

#[test]
fn a_standby_whose_link_fails_ends_lvsd() {
    let mut router = Router::monitoring(Role::Backup, false);
    router.hears_part(Message::Running, OFFERED);
    router.on(Event::LvsdReady);
    router.link(Link::Public, false);
    assert!(router.wake_until(router.now + 0.5).contains(&"stop lvsd".to_owned()));
    assert_eq!((router.state(), router.part()), (State::LinkDown, None));
}

#[test]
fn a_standby_that_is_told_to_end_takes_its_lvsd_with_it() {
    let mut router = prepared();
    router.said.clear();
    let actions = router.on(told_to_end());
    assert_eq!(
        actions,
        ["Terminating due to signal 15", "inactive_cmd", "send STOPPED", "sync Off", "stop lvsd"]
    );
    assert_eq!(router.part(), None);
}

#[test]
fn asked_on_the_standby_it_prepares_at_once_and_answers_the_offer() {
    let mut router = ready();
    let actions = router.on(Event::HandOver);
    assert_eq!(actions[1..], ["preparing to take over: starting lvsd", "send STOPPED", "start lvsd"]);
    assert_eq!(router.part(), WANTED);
    router.on(Event::LvsdReady);
    assert_eq!(router.part(), WANTED);
    assert_eq!(router.hears_part(Message::Running, OFFERED), ["send STOPPED"]);
    assert_eq!(router.part(), PREPARED);
    router.hears_part(Message::Stopped, None);
    assert_eq!((router.state(), router.progress()), (State::Active, Progress::Done));
}

#[test]
fn asked_on_the_standby_it_gives_up_without_an_offer() {
    let mut router = ready();
    router.on(Event::HandOver);
    router.on(Event::LvsdReady);
    let start = router.now;
    for second in 1..=12 {
        router.wake_until(start + f64::from(second));
        router.hears_part(Message::Running, ABLE);
    }
    assert!(router.said.contains(&"stop lvsd".to_owned()));
    assert_eq!((router.state(), router.part()), (State::Ready, ABLE));
    assert!(matches!(router.progress(), Progress::Failed(Obstacle::NoAnswer { .. })));
}

#[test]
fn a_partner_that_wants_the_service_is_offered_it() {
    let mut router = active();
    assert_eq!(router.hears_part(Message::Stopped, WANTED), OFFER);
    assert!(router.hears_part(Message::Stopped, WANTED).is_empty());
    router.hears_part(Message::Stopped, PREPARED);
    router.on(Event::ConnectionsTold);
    assert_eq!(router.state(), State::Leaving);
    assert_eq!(router.progress(), Progress::None);
}

#[test]
fn prepared_without_an_offer_means_nothing() {
    let mut router = active();
    assert!(router.hears_part(Message::Stopped, PREPARED).is_empty());
    assert_eq!(router.state(), State::Active);
}

#[test]
fn a_backup_that_serves_does_not_yield_to_a_router_that_leaves() {
    let mut router = prepared();
    router.hears_part(Message::Stopped, ABLE);
    // It was overtaken by STOPPED.
    assert!(router.hears_part(Message::Running, OFFERED).is_empty());
    assert_eq!(router.state(), State::Active);
    router.hears_part(Message::Running, ABLE);
    assert_eq!(router.state(), State::Leaving);
}

#[test]
fn connections_that_cannot_be_told_do_not_keep_a_router_from_leaving() {
    let mut router = offering(Event::HandOver);
    router.hears_part(Message::Stopped, PREPARED);
    router.wake_until(router.now + 0.9);
    assert_eq!((router.state(), router.part()), (State::Active, OFFERED));
    router.wake_until(router.now + 0.1);
    assert_eq!(router.state(), State::Leaving);
}

#[test]
fn told_to_end_while_it_tells_its_connections_it_leaves_at_once() {
    let mut router = offering(told_to_end());
    router.hears_part(Message::Stopped, PREPARED);
    router.on(told_to_end());
    assert_eq!(router.state(), State::Leaving);
    router.on(Event::AddressesDropped { remaining: 0 });
    assert_eq!(router.state(), State::Ending);
}
