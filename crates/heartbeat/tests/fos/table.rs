//! The rows of the state table (specification pulse.md 20.2), and what its section 23 changes of them.

use heartbeat::{Ending, Event, Link, Message, Role, Settings, State};

use crate::router::{Router, exits, settings};

const BOTH: [Role; 2] = [Role::Primary, Role::Backup];

#[test]
fn start_watches_the_partner() {
    for (role, name) in BOTH.into_iter().zip(["MASTER", "BACKUP"]) {
        let (router, said) = Router::started(role);
        let first = format!("STARTING PULSE AS {name}");
        assert_eq!(said, [&first, "Starting Failover Service Monitors", "start fos Monitor"]);
        assert_eq!(router.state(), State::Ready);
    }
}

#[test]
fn a_forced_router_and_a_primary_without_partner_serve_at_start() {
    let serves = [
        "Forced active on startup: activating fos",
        "send RUNNING (fos)",
        "raise",
        "announce",
        "start fos Active",
    ];
    let (_, said) = Router::with(settings(Role::Backup), true);
    assert_eq!(said[1..], serves);
    let alone = Settings { backup_active: false, partner: None, ..settings(Role::Primary) };
    let (_, said) = Router::with(alone, false);
    assert_eq!(said[1], "Warning: FOS backup node not defined -- skipping checks");
    assert_eq!(
        said[2..],
        ["Forced active on startup: activating fos", "raise", "announce", "start fos Active"]
    );
}

#[test]
fn a_dead_partner_is_replaced_and_services_start_after_their_addresses() {
    for role in BOTH {
        let mut router = Router::watching(role);
        assert_eq!(router.quietly_until(4.9), [""; 0]);
        let said = router.quietly_until(5.0);
        assert_eq!(said, ["partner dead: activating failover services", "stop fos", "raise", "announce"]);
        assert_eq!(router.on(exits(0)), ["start fos Active"]);
        assert_eq!(router.state(), State::Active);
    }
}

#[test]
fn an_inactive_partner_is_replaced() {
    for (role, line) in [
        (Role::Primary, "backup inactive: activating fos"),
        (Role::Backup, "primary inactive: activating fos"),
    ] {
        let mut router = Router::watching(role);
        let said = router.hears(Message::FosStopped);
        assert_eq!(said, [line, "send RUNNING (fos)", "stop fos", "raise", "announce"]);
    }
}

#[test]
fn there_is_no_fail_back() {
    for role in BOTH {
        let mut router = Router::watching(role);
        for second in 1..60 {
            assert_eq!(router.quietly_until(f64::from(second)), [""; 0]);
            assert_eq!(router.hears(Message::FosRunning), [""; 0]);
        }
    }
}

#[test]
fn a_failed_service_of_the_partner_moves_all_if_the_gateway_answers() {
    let mut router = Router::watching(Role::Backup);
    let said = router.on(exits(10));
    assert_eq!(said, ["fos process exited -- checking network connectivity", "check gateway"]);
    let said = router.on(Event::Gateway { answers: true });
    assert_eq!(
        said,
        [
            "remote service unavailable but we can see the gateway",
            "seems like a remote network fault; performing service failover",
            "Notifying partner WE are taking control!",
            "send STOPME",
            "raise",
            "announce",
            "start fos Active"
        ]
    );
    assert_eq!(router.wake_until(2.0), ["send STOPME"]);
    assert_eq!(
        router.hears(Message::FosRunning),
        ["partner active: we want control!", "send STOPME", "announce"]
    );
    assert_eq!(router.hears(Message::FosStopped), ["announce"]);
    assert_eq!(router.wake_until(4.0), ["send RUNNING (fos)"]);
}

#[test]
fn whoever_cannot_see_the_gateway_is_cut_off_itself() {
    let mut router = Router::watching(Role::Backup);
    router.on(exits(0));
    let said = router.on(Event::Gateway { answers: false });
    assert_eq!(said, ["remote service unavailable; gateway unavailable", "I SEEM TO HAVE A NETWORK FAULT!"]);
    assert_eq!(router.state(), State::LinkDown);
    // Neither silence nor an inactive partner makes it active, and the gateway is asked again.
    assert_eq!(router.quietly_until(5.0), ["check gateway"]);
    router.on(Event::Gateway { answers: false });
    assert_eq!(router.hears(Message::FosStopped), ["check gateway"]);
    let said = router.on(Event::Gateway { answers: true });
    assert_eq!(said, ["Network fault seems to be fixed", "start fos Monitor"]);
    assert_eq!(router.state(), State::Ready);
}

#[test]
fn the_dead_timer_waits_for_the_gateway_check() {
    let mut router = Router::watching(Role::Backup);
    router.now = std::time::Duration::from_millis(4900);
    router.on(exits(10));
    assert_eq!(router.quietly_until(7.9), [""; 0]);
    router.on(Event::Gateway { answers: false });
    assert_eq!(router.state(), State::LinkDown);
}

#[test]
fn a_fos_that_cannot_begin_says_nothing_about_the_partner() {
    for ending in [Ending::NotStarted, Ending::Exited { pid: 4711, status: 1 }] {
        let mut router = Router::watching(Role::Backup);
        assert_eq!(router.on(Event::FosEnded(ending)), ["starting fos again in 0.1 s: attempt=1"]);
        assert_eq!(router.quietly_until(0.1), ["start fos Monitor"]);
    }
}

#[test]
fn a_fos_that_ends_while_it_serves_is_started_again_after_growing_pauses() {
    let mut router = Router::serving(Role::Primary);
    router.hears(Message::FosStopped);
    for (pause, until) in [("0.1", 6.0), ("0.3", 7.0), ("1", 9.0)] {
        let said = router.on(exits(11));
        assert_eq!(said[0], "fos process exited -- restarting it");
        assert!(said[1].starts_with(&format!("starting fos again in {pause} s")), "{said:?}");
        assert_eq!(router.quietly_until(until), ["start fos Active"]);
        router.hears(Message::FosStopped);
    }
    let said = router.on(exits(11));
    assert_eq!(said[2], "fos failed 3 times: leaving the services to the partner hold_down=60 s");
    assert_eq!(said[3..], ["drop", "send STOPPED (fos)", "start fos Monitor"]);
    assert_eq!(router.state(), State::Failed);
    assert_eq!(router.hears(Message::FosStopped), [""; 0]);
    // A partner that does not serve either, though it lives, had its time.
    for second in 10..18 {
        router.quietly_until(f64::from(second));
        assert_eq!(router.hears(Message::FosStopped), [""; 0]);
    }
    router.quietly_until(18.0);
    let said = router.hears(Message::FosStopped);
    assert!(said[0].starts_with("the partner does not serve either: ending the hold-down"), "{said:?}");
    assert_eq!(said[1], "backup inactive: activating fos");
}

#[test]
fn in_a_tie_the_primary_stays_and_the_backup_yields() {
    let mut primary = Router::serving(Role::Primary);
    let said = primary.hears(Message::FosRunning);
    assert_eq!(said, ["partner active", "send RUNNING (fos)", "announce"]);
    assert_eq!(primary.hears(Message::FosRunning), [""; 0]);
    primary.wake_until(6.5);
    let said = primary.hears(Message::FosStopped);
    assert_eq!(said, ["both routers were active for about 0 s", "announce"]);
    // An original that yielded may still be announcing.
    assert_eq!(primary.quietly_until(12.4), [""; 0]);
    assert_eq!(primary.quietly_until(12.5), ["announce"]);

    let mut backup = Router::serving(Role::Backup);
    let said = backup.hears(Message::FosRunning);
    assert_eq!(
        said,
        [
            "partner active: deactivating FOS",
            "send RUNNING (fos)",
            "both routers were active for about 0 s",
            "drop",
            "stop fos"
        ]
    );
    // Nothing is said until the services are off; the next heartbeat is the first STOPPED.
    assert_eq!(backup.wake_until(8.0), [""; 0]);
    assert_eq!(backup.on(exits(0)), ["start fos Monitor"]);
    assert_eq!(backup.wake_until(9.0), ["send STOPPED (fos)"]);
}

#[test]
fn a_primary_that_is_told_to_stop_stops_and_does_not_come_back_at_once() {
    let mut router = Router::serving(Role::Primary);
    let said = router.hears(Message::StopMe);
    assert_eq!(said, ["PARTNER HAS TOLD US TO GO INACTIVE!", "drop", "stop fos"]);
    assert_eq!(router.on(exits(0)), ["send STOPPED (fos)", "start fos Monitor"]);
    assert_eq!(router.hears(Message::FosStopped), [""; 0]);
    router.on(exits(10));
    let said = router.on(Event::Gateway { answers: true });
    let wanted =
        ["remote service unavailable but we can see the gateway", "starting fos again in 0.1 s: attempt=1"];
    assert_eq!(said, wanted);
    // A dead partner is another matter.
    assert!(router.quietly_until(11.0).contains(&"partner dead: activating failover services".to_owned()));
}

#[test]
fn the_partner_learns_of_the_end_when_the_services_are_stopped() {
    let mut router = Router::serving(Role::Primary);
    let said = router.on(Event::Terminate { signal: 15 });
    assert_eq!(said, ["Terminating due to signal 15", "drop", "stop fos"]);
    assert_eq!(router.wake_until(7.5), ["send RUNNING (fos)"]);
    assert_eq!(router.on(exits(0)), ["send STOPPED (fos)"]);
    assert_eq!(router.wake_to_the_end(), ["send STOPPED (fos)", "send STOPPED (fos)", "exit 0"]);
}

#[test]
fn a_fos_that_does_not_end_is_killed() {
    let mut router = Router::serving(Role::Primary);
    router.on(Event::Terminate { signal: 15 });
    let said = router.wake_to_the_end();
    let killed = said.iter().position(|said| said == "fos has not ended within 75 s: killing it");
    assert_eq!(killed.map(|at| said[at + 1].as_str()), Some("kill fos"));
    assert_eq!(said.last().map(String::as_str), Some("exit 0"));
}

#[test]
fn a_failed_link_deactivates_unless_control_is_wanted() {
    let mut router = Router::serving(Role::Primary);
    router.on(Event::LinkState { link: Link::Public, up: false });
    let said = router.quietly_until(5.5);
    assert_eq!(said, ["Primary NIC: link down", "local link failure: deactivating FOS", "drop", "stop fos"]);
    router.on(exits(0));
    assert_eq!(router.state(), State::LinkDown);
    assert_eq!(router.quietly_until(12.0), [""; 0]);
    router.on(Event::LinkState { link: Link::Public, up: true });
    assert_eq!(router.quietly_until(14.0), ["Local NIC link(s) restored: Pulse enabled"]);

    let mut router = Router::watching(Role::Backup);
    router.on(exits(10));
    router.on(Event::Gateway { answers: true });
    router.on(Event::LinkState { link: Link::Public, up: false });
    let said = router.quietly_until(0.5);
    assert_eq!(said, ["Primary NIC: link down", "local link failure: we want control!"]);
}

#[test]
fn heartbeats_of_the_other_service_are_incompatible() {
    let mut router = Router::watching(Role::Backup);
    for message in [Message::Running, Message::Stopped] {
        router.hears(message);
    }
    assert!(router.quietly_until(5.0)[0].starts_with("partner dead"));
}

#[test]
fn a_reload_reaches_fos() {
    let mut router = Router::watching(Role::Backup);
    assert_eq!(router.on(Event::Reconfigured(settings(Role::Backup))), ["reload fos"]);
}

#[test]
fn stopme_is_said_until_the_partner_stops_or_is_silent_for_deadtime() {
    let mut router = Router::watching(Role::Backup);
    router.on(exits(10));
    router.on(Event::Gateway { answers: true });
    assert_eq!(router.wake_until(4.0), ["send STOPME", "send STOPME"]);
    assert_eq!(router.wake_until(6.0), ["send RUNNING (fos)"]);
}

#[test]
fn a_backup_takes_stopme_for_running_unless_it_wants_control_itself() {
    let mut router = Router::serving(Role::Backup);
    assert_eq!(router.hears(Message::StopMe)[0], "partner active: deactivating FOS");
    let mut router = Router::watching(Role::Backup);
    assert_eq!(router.hears(Message::StopMe), [""; 0]);
    assert_eq!(router.state(), State::Ready);
}
