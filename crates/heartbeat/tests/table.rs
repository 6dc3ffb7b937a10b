//! Every row of the state table (specification pulse.md section 12), with the replacement's decisions of section 23.

mod router;

use heartbeat::{Ending, Event, Link, Message, Role, State};
use router::{Router, seconds};

const GO_ACTIVE: [&str; 3] = ["send RUNNING", "active_cmd", "start lvsd"];

fn after(first: &'static str, then: &[&'static str]) -> Vec<String> {
    std::iter::once(first).chain(then.iter().copied()).map(str::to_owned).collect()
}

#[test]
fn start_runs_inactive_cmd_and_the_backup_sync_daemon() {
    let mut router = Router::new(Role::Primary);
    assert_eq!(
        router.on(Event::Start { force_active: false }),
        ["STARTING PULSE AS MASTER", "inactive_cmd", "sync Backup"]
    );
    assert_eq!(router.state(), State::Ready);
    let mut router = Router::new(Role::Backup);
    assert_eq!(router.on(Event::Start { force_active: false })[0], "STARTING PULSE AS BACKUP");
}

#[test]
fn forceactive_goes_active_at_start() {
    let mut router = Router::new(Role::Backup);
    let actions = router.on(Event::Start { force_active: true });
    assert_eq!(actions[3..], after("Forced active on startup: activating lvs", &GO_ACTIVE));
    assert_eq!(router.state(), State::Active);
}

#[test]
fn nothing_is_sent_before_the_first_keepalive() {
    let mut router = Router::started(Role::Primary);
    assert_eq!(router.next_wake(), Some(seconds(2.0)));
    assert!(router.wake_at(1.9).is_empty());
    assert_eq!(router.wake_at(2.0), ["send STOPPED"]);
}

#[test]
fn ready_goes_active_when_the_partner_is_dead() {
    for role in [Role::Primary, Role::Backup] {
        let mut router = Router::started(role);
        router.wake_until(4.9);
        assert_eq!(router.wake_at(5.0), after("partner dead: activating lvs", &GO_ACTIVE));
        assert_eq!(router.state(), State::Active);
    }
}

#[test]
fn a_lone_router_goes_active_and_says_nothing() {
    let mut router = Router::lone();
    let actions = router.wake_until(5.0);
    assert_eq!(actions, ["partner dead: activating lvs", "active_cmd", "start lvsd"]);
}

#[test]
fn a_ready_primary_acts_on_the_first_stopped() {
    let mut router = Router::started(Role::Primary);
    assert_eq!(router.hears(Message::Stopped), after("backup inactive: activating lvs", &GO_ACTIVE));
}

#[test]
fn a_ready_backup_that_has_not_heard_running_acts_on_a_stopped_one_keepalive_after_the_first() {
    let mut router = Router::started(Role::Backup);
    assert!(router.hears_at(1.0, Message::Stopped).is_empty());
    assert!(router.hears_at(1.1, Message::Stopped).is_empty());
    assert_eq!(router.wake_until(2.9), ["send STOPPED"]);
    assert_eq!(router.hears_at(3.0, Message::Stopped), after("primary inactive: activating lvs", &GO_ACTIVE));
}

#[test]
fn a_ready_backup_that_has_heard_running_acts_on_the_first_stopped() {
    let mut router = Router::started(Role::Backup);
    assert!(router.hears(Message::Running).is_empty());
    assert_eq!(router.hears(Message::Stopped), after("primary inactive: activating lvs", &GO_ACTIVE));
}

#[test]
fn there_is_no_fail_back() {
    for role in [Role::Primary, Role::Backup] {
        let mut router = Router::started(role);
        for second in 1..60 {
            router.hears_at(f64::from(second), Message::Running);
            router.wake_until(f64::from(second) + 0.9);
            assert_eq!(router.state(), State::Ready);
        }
    }
}

#[test]
fn going_active_raises_the_addresses_once_the_table_is_ready_and_announces_them() {
    let mut router = Router::started(Role::Primary);
    router.hears(Message::Stopped);
    assert_eq!(router.on(Event::LvsdReady), ["sync Master", "raise"]);
    assert_eq!(router.on(Event::AddressesRaised { missing: 0 }), ["announce"]);
}

#[test]
fn an_lvsd_that_does_not_report_is_bounded() {
    let mut router = Router::started(Role::Primary);
    router.hears(Message::Stopped);
    let actions = router.wake_until(10.0);
    assert_eq!(
        actions.iter().filter(|action| !action.starts_with("send")).collect::<Vec<_>>(),
        [
            "no heartbeat on the public link for 5 s",
            "lvsd has not reported its table within 10 s: raising the floating addresses all the same",
            "sync Master",
            "raise"
        ]
    );
}

#[test]
fn active_is_not_moved_by_silence_or_by_stopped() {
    for role in [Role::Primary, Role::Backup] {
        let mut router = Router::active(role);
        assert_eq!(router.hears(Message::Stopped), ["the partner is heard on the public link"]);
        let actions = router.wake_until(router.now + 30.0);
        assert!(
            actions
                .iter()
                .all(|action| action == "send RUNNING" || action == "no heartbeat on the public link for 5 s")
        );
        assert_eq!(router.state(), State::Active);
    }
}

#[test]
fn in_a_tie_the_primary_stays_and_announces_at_most_once_a_keepalive() {
    let mut router = Router::active(Role::Primary);
    let now = router.now;
    assert_eq!(
        router.hears(Message::Running),
        [
            "the partner is heard on the public link",
            "partner active: resending arps",
            "send RUNNING",
            "raise"
        ]
    );
    assert_eq!(router.on(Event::AddressesRaised { missing: 0 }), ["announce"]);
    assert!(router.hears_at(now + 0.5, Message::Running).is_empty());
    assert!(router.hears_at(now + 1.9, Message::Running).is_empty());
    assert_eq!(
        router.hears_at(now + 2.0, Message::Running),
        ["partner active: resending arps", "send RUNNING", "raise"]
    );
    assert_eq!(router.state(), State::Active);
}

#[test]
fn in_a_tie_the_backup_says_running_once_more_and_yields_in_silence() {
    let mut router = Router::active(Role::Backup);
    let now = router.now;
    assert_eq!(
        router.hears(Message::Running),
        [
            "the partner is heard on the public link",
            "partner active: deactivating LVS",
            "send RUNNING",
            "inactive_cmd",
            "drop"
        ]
    );
    assert_eq!(router.state(), State::Leaving);
    assert!(router.hears(Message::Running).is_empty());
    assert!(router.wake_until(now + 2.0).is_empty());
    assert_eq!(router.on(Event::AddressesDropped { remaining: 0 }), ["sync Backup", "stop lvsd"]);
    assert_eq!(router.state(), State::Ready);
    assert_eq!(router.on(Router::lvsd_exits(0)), [""; 0]);
    assert_eq!(router.wake_until(now + 4.0), ["send STOPPED"]);
}

#[test]
fn an_active_router_announces_again_when_the_partner_yields_and_six_seconds_later() {
    let mut router = Router::active(Role::Primary);
    router.hears(Message::Running);
    router.on(Event::AddressesRaised { missing: 0 });
    let yielded = router.now + 1.0;
    assert_eq!(router.hears_at(yielded, Message::Stopped), ["announce"]);
    let until_last = router.wake_until(yielded + 5.9);
    assert!(!until_last.contains(&"announce".to_owned()));
    assert!(router.wake_until(yielded + 6.0).contains(&"announce".to_owned()));
}

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
fn failed_does_not_take_the_service_back_before_the_hold_down_is_over() {
    let mut router = Router::failed(Role::Primary);
    let failed_at = router.now;
    while router.now < failed_at + 58.0 {
        router.hears_at(router.now + 1.0, Message::Stopped);
        router.wake_until(router.now);
        assert_eq!(router.state(), State::Failed);
    }
    router.hears_at(failed_at + 61.0, Message::Stopped);
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
fn ready_is_disabled_by_a_public_link_that_stays_down() {
    let mut router = Router::monitoring(Role::Primary, false);
    assert!(router.link(Link::Public, false).is_empty());
    assert_eq!(
        router.wake_until(router.now + 0.5),
        ["Primary NIC: link down", "Local NIC link failure: Pulse disabled"]
    );
    assert_eq!(router.state(), State::LinkDown);
    router.hears(Message::Stopped);
    router.wake_until(router.now + 20.0);
    assert_eq!(router.state(), State::LinkDown);
    router.link(Link::Public, true);
    assert!(
        router.wake_until(router.now + 2.0).contains(&"Local NIC link(s) restored: Pulse enabled".to_owned())
    );
    assert_eq!(router.state(), State::Ready);
}

#[test]
fn a_link_that_flickers_does_nothing() {
    let mut router = Router::monitoring(Role::Primary, true);
    router.link(Link::Public, false);
    router.wake_until(router.now + 0.4);
    router.link(Link::Public, true);
    router.wake_until(router.now + 5.0);
    assert_eq!(router.state(), State::Active);
}

#[test]
fn active_leaves_with_its_public_link_and_says_stopped_once_the_addresses_are_off() {
    let mut router = Router::monitoring(Role::Primary, true);
    router.link(Link::Public, false);
    let actions = router.wake_until(router.now + 0.5);
    assert_eq!(
        actions[actions.len() - 4..],
        ["Primary NIC: link down", "local link failure: deactivating LVS", "inactive_cmd", "drop"]
    );
    assert_eq!(router.wake_until(router.now + 2.0), ["send RUNNING"]);
    assert_eq!(
        router.on(Event::AddressesDropped { remaining: 0 }),
        ["send STOPPED", "sync Backup", "stop lvsd"]
    );
    assert_eq!(router.state(), State::LinkDown);
}

#[test]
fn the_private_link_alone_matters_only_while_the_partner_is_heard() {
    let mut router = Router::monitoring(Role::Primary, true);
    router.link(Link::Private, false);
    assert!(router.wake_until(router.now + 0.5).contains(&"Private NIC: link down".to_owned()));
    assert_eq!(router.state(), State::Active);

    let mut router = Router::monitoring(Role::Primary, true);
    router.hears(Message::Stopped);
    router.link(Link::Private, false);
    router.wake_until(router.now + 0.5);
    assert_eq!(router.state(), State::Leaving);
}

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
fn terminated_while_inactive() {
    let mut router = Router::started(Role::Primary);
    assert_eq!(
        router.on(Event::Terminate { signal: 15 }),
        ["Terminating due to signal 15", "inactive_cmd", "sync Off", "exit 0"]
    );
    assert_eq!(router.next_wake(), None);
    assert!(router.hears(Message::Stopped).is_empty());
}

#[test]
fn terminated_while_active_says_goodbye_when_the_addresses_are_off() {
    let mut router = Router::active(Role::Primary);
    assert_eq!(
        router.on(Event::Terminate { signal: 2 }),
        ["Terminating due to signal 2", "inactive_cmd", "drop"]
    );
    assert_eq!(
        router.on(Event::AddressesDropped { remaining: 0 }),
        ["send STOPPED", "sync Off", "stop lvsd"]
    );
    let now = router.now;
    assert_eq!(router.wake_until(now + 0.05), ["send STOPPED"]);
    assert_eq!(router.wake_until(now + 0.1), ["send STOPPED"]);
    assert!(router.wake_until(now + 3.0).is_empty());
    assert_eq!(router.on(Router::lvsd_exits(0)), ["exit 0"]);
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
fn terminated_during_activation() {
    let mut router = Router::started(Role::Primary);
    router.hears(Message::Stopped);
    assert_eq!(
        router.on(Event::Terminate { signal: 15 }),
        ["Terminating due to signal 15", "inactive_cmd", "send STOPPED", "sync Off", "stop lvsd"]
    );
    assert!(router.on(Event::LvsdReady).is_empty());
}

#[test]
fn reload_reaches_lvsd_and_changes_the_timers() {
    let mut router = Router::active(Role::Primary);
    let mut settings = router.settings;
    settings.keepalive = seconds(0.5);
    assert_eq!(router.on(Event::Reconfigured(settings)), ["reload lvsd", "sync Master", "raise"]);
    assert_eq!(router.wake_until(router.now + 0.5).last().map(String::as_str), Some("send RUNNING"));

    let mut router = Router::started(Role::Primary);
    assert_eq!(router.on(Event::Reconfigured(settings)), ["sync Backup"]);
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
