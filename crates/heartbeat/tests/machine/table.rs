//! The rows of the state table (specification pulse.md section 12).

use crate::router::{Router, seconds};
use heartbeat::{Event, Link, Message, Role, State};

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
            "both routers were active for about 0 s",
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
fn an_active_router_announces_again_when_an_original_yields_and_six_seconds_later() {
    let mut router = Router::active(Role::Primary);
    router.hears(Message::Running);
    router.on(Event::AddressesRaised { missing: 0 });
    let yielded = router.now + 1.0;
    assert_eq!(
        router.hears_at(yielded, Message::Stopped),
        ["both routers were active for about 0 s", "announce"]
    );
    let until_last = router.wake_until(yielded + 5.9);
    assert!(!until_last.contains(&"announce".to_owned()));
    assert!(router.wake_until(yielded + 6.0).contains(&"announce".to_owned()));
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
fn a_failed_router_whose_link_is_lost_is_failed_again_when_it_is_back_unless_the_partner_serves() {
    for (partner, state) in [(Message::Stopped, State::Failed), (Message::Running, State::Ready)] {
        let mut router = Router::monitoring(Role::Primary, true);
        router.fails_until_given_up();
        router.on(Event::AddressesDropped { remaining: 0 });
        assert_eq!(router.state(), State::Failed);
        router.link(Link::Public, false);
        let said = router.wake_until(router.now + 0.5);
        let lines = ["Primary NIC: link down", "Local NIC link failure: Pulse disabled"];
        assert_eq!(said.iter().filter(|said| said.contains("link")).collect::<Vec<_>>(), lines);
        assert_eq!(router.state(), State::LinkDown);
        router.hears(partner);
        router.link(Link::Public, true);
        router.wake_until(router.now + 2.0);
        assert_eq!(router.state(), state);
    }
}

#[test]
fn whoever_is_not_active_says_stopped_and_ends_the_same_way() {
    let link_down = || {
        let mut router = Router::monitoring(Role::Backup, false);
        router.link(Link::Public, false);
        router.wake_until(0.5);
        router
    };
    for (mut router, state) in
        [(Router::failed(Role::Primary), State::Failed), (link_down(), State::LinkDown)]
    {
        assert_eq!(router.state(), state);
        router.hears(Message::Stopped);
        let end = router.now + 4.0;
        let said = router.wake_until(end);
        assert_eq!(said.iter().filter(|said| said.starts_with("send")).count(), 2, "{said:?}");
        assert!(said.contains(&"send STOPPED".to_owned()), "{said:?}");
        assert_eq!(router.state(), state);
        let said = router.on(Event::Terminate { signal: 2 });
        let wanted = ["Terminating due to signal 2", "inactive_cmd", "send STOPPED", "sync Off"];
        assert_eq!(said[..4], wanted);
    }
}

#[test]
fn a_heartbeat_on_either_link_from_either_address_is_life() {
    for (link, sender) in [(Link::Private, crate::router::PARTNER), (Link::Public, "10.0.0.2")] {
        let mut router = Router::with_private_link(Role::Backup);
        for second in 1..20 {
            match link {
                Link::Private => router.hears_on(Link::Private, Message::Running),
                Link::Public => router.hears_from(sender, Message::Running),
            };
            router.wake_until(f64::from(second));
        }
        assert_eq!(router.state(), State::Ready);
    }
}

#[test]
fn a_backlog_of_heartbeats_in_a_tie_costs_one_round_of_announcements() {
    let mut router = Router::with_private_link(Role::Primary);
    router.wake_until(5.0);
    router.on(Event::LvsdReady);
    router.on(Event::AddressesRaised { missing: 0 });
    let said = router.hears_backlog(Message::Running, 50);
    for once in ["partner active: resending arps", "send RUNNING", "raise"] {
        assert_eq!(said.iter().filter(|said| *said == once).count(), 1, "{said:?}");
    }
    assert!(!said.contains(&"active_cmd".to_owned()));
}

#[test]
fn without_an_active_partner_nothing_is_sent_and_what_comes_counts_all_the_same() {
    let settings = heartbeat::Settings { backup_active: false, ..Router::new(Role::Primary).settings };
    let mut router = Router::with(settings);
    router.on(Event::Start { force_active: false });
    router.hears_at(4.0, Message::Running);
    router.wake_until(8.9);
    assert_eq!(router.state(), State::Ready);
    let said = router.hears(Message::Stopped);
    assert_eq!(said, ["backup inactive: activating lvs", "active_cmd", "start lvsd"]);
}
