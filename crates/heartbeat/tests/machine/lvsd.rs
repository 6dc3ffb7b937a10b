//! lvsd that fails, and what becomes of the service then (specification pulse.md section 23, F12 to F14).

use crate::router::Router;
use heartbeat::{Ending, Event, Message, Role, State};

#[test]
fn lvsd_is_started_again_after_growing_pauses_with_the_addresses_kept() {
    let mut router = Router::active(Role::Primary);
    router.hears(Message::Stopped);
    assert_eq!(
        router.on(Router::lvsd_killed(9)),
        ["Child process 4711 terminated with signal 9", "restarting lvsd in 0.1 s: attempt=1"]
    );
    assert_eq!(router.wake_until(router.now + 0.1), ["start lvsd"]);
    assert_eq!(router.on(Event::LvsdReady), ["sync Master"]);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn an_lvsd_that_emptied_its_table_takes_the_addresses_with_it_until_it_is_back() {
    let mut router = Router::active(Role::Primary);
    assert_eq!(
        router.on(Router::lvsd_exits(0)),
        ["Child process 4711 exited with status 0", "drop", "restarting lvsd in 0.1 s: attempt=1"]
    );
    assert!(router.on(Event::AddressesDropped { remaining: 0 }).is_empty());
    assert_eq!(router.wake_until(router.now + 0.1), ["start lvsd"]);
    assert_eq!(router.on(Event::LvsdReady), ["sync Master", "raise"]);
}

#[test]
fn an_lvsd_that_keeps_failing_leaves_the_service_to_a_living_partner() {
    let mut router = Router::active(Role::Primary);
    router.fails_until_given_up();
    assert_eq!(router.state(), State::Leaving);
    assert_eq!(router.on(Event::AddressesDropped { remaining: 0 }), ["send STOPPED", "sync Backup"]);
    assert_eq!(router.state(), State::Failed);
    assert!(
        router.log.contains(&"lvsd failed 3 times: leaving the service to the partner hold_down=60 s".into())
    );
}

#[test]
fn an_lvsd_that_keeps_failing_is_tried_for_ever_without_a_partner() {
    let mut router = Router::active(Role::Primary);
    let mut restarts = 0;
    while router.now < 300.0 {
        router.on(Event::LvsdEnded(Ending::NotStarted));
        while !router.step().iter().any(|action| action == "start lvsd") {}
        restarts += 1;
    }
    assert_eq!(router.state(), State::Active);
    assert!((10..20).contains(&restarts), "{restarts} restarts in five minutes");
}

#[test]
fn a_partner_that_appears_gets_the_service_of_a_router_that_cannot_run_lvsd() {
    let mut router = Router::active(Role::Primary);
    while router.now < 60.0 {
        router.on(Event::LvsdEnded(Ending::NotStarted));
        while !router.step().iter().any(|action| action == "start lvsd") {}
    }
    router.on(Event::LvsdEnded(Ending::NotStarted));
    assert_eq!(router.state(), State::Active);
    router.hears(Message::Stopped);
    router.on(Event::AddressesDropped { remaining: 0 });
    assert_eq!(router.state(), State::Failed);
}

#[test]
fn a_router_that_gave_up_leaves_the_service_to_a_partner_that_serves_until_the_hold_down_is_over() {
    let mut router = Router::failed(Role::Primary);
    let failed_at = router.now;
    for second in 1..59 {
        let message = if second % 4 == 0 { Message::Stopped } else { Message::Running };
        router.hears_at(failed_at + f64::from(second), message);
        router.wake_until(router.now);
        assert_ne!(router.state(), State::Active);
    }
    router.hears_at(failed_at + 61.0, Message::Stopped);
    assert_eq!(router.state(), State::Active);
}

/// How long after its failure a router serves whose partner says STOPPED every second, having served for so long.
fn serves_after(router: &mut Router, partner_serves: f64) -> f64 {
    let failed_at = router.now;
    loop {
        let message =
            if router.now < failed_at + partner_serves { Message::Running } else { Message::Stopped };
        router.hears_at(router.now + 1.0, message);
        router.wake_until(router.now);
        if router.state() == State::Active {
            return router.now - failed_at;
        }
    }
}

#[test]
fn a_living_partner_that_does_not_serve_for_deadtime_ends_the_hold_down() {
    // One that has not tried: two intervals more.
    let mut router = Router::failed(Role::Primary);
    assert!((serves_after(&mut router, 0.0) - 10.0).abs() < 0.1);
    let ended = "the partner does not serve either: ending the hold-down hold_down_left=49 s";
    assert!(router.log.contains(&ended.into()), "{:#?}", router.log);
    assert_eq!(router.log.last().map(String::as_str), Some("backup inactive: activating lvs"));
    // An original whose lvsd died after it had taken over.
    let mut router = Router::failed(Role::Backup);
    assert!((serves_after(&mut router, 20.0) - 26.0).abs() < 0.1);
}

#[test]
fn two_routers_that_cannot_serve_try_ever_more_rarely() {
    let mut router = Router::failed(Role::Primary);
    for wanted in [10.0, 15.0, 25.0, 45.0, 65.0, 65.0] {
        let waited = serves_after(&mut router, 0.0);
        assert!((waited - wanted).abs() < 0.1, "{waited} instead of {wanted}");
        router.on(Event::LvsdReady);
        router.on(Event::AddressesRaised { missing: 0 });
        router.fails_until_given_up();
        router.on(Event::AddressesDropped { remaining: 0 });
        assert_eq!(router.state(), State::Failed);
    }
}

#[test]
fn a_reload_ends_the_hold_down() {
    let mut router = Router::failed(Role::Primary);
    router.on(Event::Reconfigured(router.settings));
    assert_eq!(router.state(), State::Failed);
    router.hears(Message::Stopped);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn failed_becomes_ready_when_the_partner_serves_and_the_hold_down_still_holds() {
    let mut router = Router::failed(Role::Backup);
    assert!(router.hears(Message::Running).is_empty());
    assert_eq!(router.state(), State::Ready);
    assert!(router.hears(Message::Stopped).is_empty());
    assert_eq!(router.state(), State::Ready);
}

#[test]
fn failed_serves_at_once_when_the_partner_is_dead() {
    let mut router = Router::failed(Role::Primary);
    router.wake_until(router.now + 5.0);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn the_hold_down_doubles() {
    let mut router = Router::failed(Role::Primary);
    router.wake_until(router.now + 5.0);
    router.on(Event::LvsdReady);
    router.on(Event::AddressesRaised { missing: 0 });
    router.fails_until_given_up();
    assert!(router.log.last().is_some_and(|line| line.ends_with("hold_down=120 s")), "{:?}", router.log);
}

#[test]
fn a_service_that_moves_to_and_fro_is_reported() {
    let mut router = Router::started(Role::Backup);
    for _ in 0..4 {
        router.hears(Message::Running);
        router.hears_at(router.now + 1.0, Message::Stopped);
        assert_eq!(router.state(), State::Active);
        router.hears_at(router.now + 1.0, Message::Running);
        router.on(Router::lvsd_exits(0));
    }
    let reports = router.log.iter().filter(|line| line.starts_with("the service moves")).collect::<Vec<_>>();
    assert_eq!(reports, ["the service moves to and fro: active 4 times within 5 minutes"]);
}

#[test]
fn a_stuck_lvsd_is_killed_and_then_left_behind() {
    let mut router = Router::active(Role::Primary);
    router.on(Event::Terminate { signal: 15 });
    router.on(Event::AddressesDropped { remaining: 0 });
    let now = router.now;
    let actions = router.wake_until(now + 5.0);
    assert_eq!(actions[2..], ["lvsd has not ended within 5 s: killing it", "kill lvsd"]);
    assert_eq!(router.wake_until(now + 6.0), ["exit 0"]);
}

#[test]
fn a_stuck_lvsd_has_no_more_time_than_the_partner_would_wait() {
    let deadtime = crate::router::seconds(1.0);
    let mut router = Router::with(heartbeat::Settings { deadtime, ..Router::new(Role::Primary).settings });
    router.on(Event::Start { force_active: true });
    router.on(Event::LvsdReady);
    router.on(Event::AddressesRaised { missing: 0 });
    router.on(Event::Terminate { signal: 15 });
    router.on(Event::AddressesDropped { remaining: 0 });
    assert!(router.wake_until(1.0).contains(&"lvsd has not ended within 1 s: killing it".to_owned()));
}
