//! What differs from Piranha on purpose (specification pulse.md section 23).

use crate::router::Router;
use heartbeat::{Event, Link, Message, Role, State};

#[test]
fn a_partner_that_does_not_serve_either_gives_the_service_back_after_deadtime() {
    let mut router = Router::monitoring(Role::Primary, true);
    router.hears(Message::Stopped);
    router.link(Link::Private, false);
    router.wake_until(router.now + 0.5);
    router.on(Event::AddressesDropped { remaining: 0 });
    let down = router.now;
    router.hears_at(down + 4.0, Message::Stopped);
    assert_eq!(router.state(), State::LinkDown);
    router.hears_at(down + 5.0, Message::Stopped);
    assert_eq!(router.state(), State::Active);
    // The same broken link is no reason to leave again.
    router.hears_at(down + 6.0, Message::Stopped);
    router.wake_until(down + 8.0);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn no_goodbye_while_an_address_is_still_up() {
    let mut router = Router::active(Role::Primary);
    router.on(Event::Terminate { signal: 15 });
    router.said.clear();
    let start = router.now;
    while router.now < start + 5.4 {
        assert!(!router.said.contains(&"send STOPPED".to_owned()));
        router.on(Event::AddressesDropped { remaining: 1 });
        router.step();
    }
    router.on(Router::lvsd_exits(0));
    assert_eq!(router.said.last().map(String::as_str), Some("exit 1"));
    assert!(!router.said.contains(&"send STOPPED".to_owned()));
}

#[test]
fn hold_held_and_stopme_mean_nothing_and_are_not_life() {
    for message in [Message::Hold, Message::Held, Message::StopMe, Message::FosRunning, Message::FosStopped] {
        let mut router = Router::started(Role::Primary);
        router.hears_at(4.0, message);
        assert_eq!(router.state(), State::Ready);
        router.wake_until(5.0);
        assert_eq!(router.state(), State::Active, "{message} re-armed the dead timer");
        router.hears(message);
        assert_eq!(router.state(), State::Active, "{message} was obeyed");
    }
}

#[test]
fn only_the_partners_addresses_are_believed() {
    let mut router = Router::started(Role::Primary);
    let line = router.hears_from("192.0.2.99", Message::Stopped);
    assert_eq!(line, ["Unexpected heartbeat from 192.0.2.99 count=1"]);
    router.wake_until(5.0);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn what_is_not_believed_is_logged_at_most_once_a_minute_with_a_count() {
    let mut router = Router::started(Role::Primary);
    for tenth in 0..1200 {
        router.hears_bytes_at(f64::from(tenth) / 10.0, &[1, 2, 3]);
        router.hears_bytes_at(f64::from(tenth) / 10.0, &[1, 2, 3, 4, 5]);
        router.wake_until(router.now);
    }
    let bad = router.log.iter().filter(|line| line.starts_with("bad heartbeat")).collect::<Vec<_>>();
    assert_eq!(
        bad,
        ["bad heartbeat packet sender=192.0.2.2 count=1", "bad heartbeat packet sender=192.0.2.2 count=600"]
    );
    let incompatible = router.log.iter().filter(|line| line.starts_with("Incompatible")).collect::<Vec<_>>();
    assert_eq!(
        incompatible[1],
        "Incompatible heartbeat received -- other system not using identical services sender=192.0.2.2 count=600"
    );
    assert_eq!(incompatible.len(), 2);
}

#[test]
fn forged_senders_cost_neither_memory_nor_lines() {
    let mut router = Router::started(Role::Primary);
    for sender in 0..10_000_u32 {
        let address = std::net::Ipv4Addr::from(0xc633_0000 + sender).to_string();
        router.hears_from(&address, Message::Running);
    }
    let lines = router.log.iter().filter(|line| line.starts_with("Unexpected heartbeat")).count();
    assert_eq!(lines, 65);
}

#[test]
fn the_partner_is_spoken_to_in_its_own_byte_order() {
    let mut router = Router::started(Role::Primary);
    assert_eq!(router.heard_order(), heartbeat::ByteOrder::HOST);
    router.hears_bytes_at(0.0, &Message::Running.encode(heartbeat::ByteOrder::Big));
    router.wake_until(2.0);
    assert_eq!(router.heard_order(), heartbeat::ByteOrder::Big);
}

#[test]
fn a_stalled_loop_waits_once_more_before_it_calls_the_partner_dead() {
    let mut router = Router::started(Role::Backup);
    router.hears(Message::Running);
    let actions = router.wake_at(20.0);
    assert_eq!(actions[0], "this router was stalled for 18 s: waiting once more for the partner");
    assert_eq!(router.state(), State::Ready);
    router.wake_until(24.9);
    assert_eq!(router.state(), State::Ready);
    router.wake_at(25.0);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn a_loop_that_is_always_late_takes_over_all_the_same() {
    let mut router = Router::started(Role::Backup);
    router.wake_at(20.0);
    router.wake_at(40.0);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn silence_of_one_link_is_told_even_if_it_never_spoke() {
    let mut router = Router::with_private_link(Role::Backup);
    for second in 0..7 {
        router.hears_at(f64::from(second), Message::Running);
        router.wake_until(router.now);
    }
    assert_eq!(router.log, ["STARTING PULSE AS BACKUP", "no heartbeat on the private link for 5 s"]);
    router.hears_on(Link::Private, Message::Running);
    assert_eq!(router.log.last().map(String::as_str), Some("the partner is heard on the private link"));
}

#[test]
fn queued_heartbeats_save_a_stalled_router_from_a_takeover() {
    let mut router = Router::started(Role::Backup);
    router.hears_at(20.0, Message::Running);
    router.wake_at(20.0);
    assert_eq!(router.state(), State::Ready);
}

#[test]
fn addresses_that_cannot_be_raised_are_tried_again_and_told_once() {
    let mut router = Router::started(Role::Primary);
    router.hears(Message::Stopped);
    router.on(Event::LvsdReady);
    let actions = router.on(Event::AddressesRaised { missing: 1 });
    assert_eq!(actions, ["1 floating address(es) could not be raised: trying again", "announce"]);
    assert!(router.wake_until(router.now + 0.5).contains(&"raise".to_owned()));
    assert!(router.on(Event::AddressesRaised { missing: 1 }).is_empty());
    assert!(router.wake_until(router.now + 0.5).contains(&"raise".to_owned()));
    assert_eq!(router.on(Event::AddressesRaised { missing: 0 }), ["announce"]);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn an_introduction_is_answered_at_once_with_what_would_be_said_next() {
    let mut router = Router::started(Role::Backup);
    router.hears_at(3.0, Message::Running);
    router.said.clear();
    router.on(Event::Introduced);
    assert_eq!(router.said, ["send STOPPED"]);
    let mut router = Router::active(Role::Primary);
    router.said.clear();
    router.on(Event::Introduced);
    assert_eq!(router.said, ["send RUNNING"]);
}

#[test]
fn an_active_router_that_was_stalled_announces_nothing_before_it_has_listened() {
    let stalled = |role, stall: f64| {
        let mut router = Router::active(role);
        router.hears(Message::Stopped);
        let end = router.now + 2.0 + stall;
        (router.wake_at(end), router, end)
    };
    // Its partner cannot have missed it.
    let (said, mut router, end) = stalled(Role::Primary, 2.9);
    assert!(!said.contains(&"stop announcing".to_owned()), "{said:?}");
    assert!(!router.wake_until(end + 20.0).contains(&"announce".to_owned()));
    // Nobody serves beside it, but somebody may have.
    let (said, mut router, end) = stalled(Role::Primary, 18.0);
    assert_eq!(
        said,
        [
            "this router was stalled for 18 s: the partner may have taken over",
            "stop announcing",
            "send RUNNING"
        ]
    );
    router.hears_at(end + 1.0, Message::Stopped);
    assert!(!router.wake_until(end + 4.9).contains(&"announce".to_owned()));
    assert!(router.wake_until(end + 5.0).contains(&"announce".to_owned()));
    // The partner has taken over: the tie decides.
    let (_, mut router, _) = stalled(Role::Backup, 18.0);
    router.hears(Message::Running);
    assert_eq!(router.state(), State::Leaving);
    router.on(Event::AddressesDropped { remaining: 0 });
    assert!(!router.wake_until(router.now + 20.0).contains(&"announce".to_owned()));
    let (_, mut router, end) = stalled(Role::Primary, 18.0);
    assert!(router.hears(Message::Running).contains(&"raise".to_owned()));
    assert_eq!(router.on(Event::AddressesRaised { missing: 0 }), ["announce"]);
    router.hears_at(end + 1.0, Message::Running);
    assert!(!router.wake_until(end + 20.0).contains(&"announce".to_owned()), "one round is enough");
}

#[test]
fn a_stalled_router_takes_its_own_deafness_for_nobodys_silence() {
    let mut router = Router::with_private_link(Role::Backup);
    router.hears(Message::Running);
    router.hears_on(Link::Private, Message::Running);
    router.wake_at(20.0);
    router.hears_at(21.0, Message::Running);
    router.wake_until(24.8);
    router.hears_at(24.9, Message::Running);
    let lines =
        ["STARTING PULSE AS BACKUP", "this router was stalled for 18 s: waiting once more for the partner"];
    assert_eq!(router.log, lines);
    router.wake_until(26.0);
    assert_eq!(router.log[2..], ["no heartbeat on the private link for 5 s"]);
}

#[test]
fn a_stalled_router_gives_lvsd_its_time_again() {
    let mut router = Router::started(Role::Primary);
    router.hears(Message::Stopped);
    assert!(!router.wake_at(20.0).contains(&"raise".to_owned()), "lvsd may have stood still, too");
    router.wake_until(27.9);
    assert!(router.wake_until(28.0).contains(&"raise".to_owned()));
    router.on(Event::AddressesRaised { missing: 0 });
    router.on(Event::Terminate { signal: 15 });
    router.on(Event::AddressesDropped { remaining: 0 });
    assert!(!router.wake_at(50.0).contains(&"kill lvsd".to_owned()));
    assert!(router.wake_until(60.0).contains(&"kill lvsd".to_owned()));
}
