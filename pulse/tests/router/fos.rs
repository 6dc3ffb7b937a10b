//! `service = fos`: which fos runs when, and what its end does.

use std::fs;

use heartbeat::{ByteOrder, Message};
use nix::sys::signal::Signal;

use crate::stage::{DEADTIME, FLOATING, KEEPALIVE, PARTNER, ROUTER, Stage, has, on_stage, shell, wait_until};

fn started(stage: &Stage, mode: &str, address: &str) -> String {
    format!("start {mode} -c {} --nodaemon with {address}", stage.file().display())
}

fn wait_for_note(stage: &Stage, note: &str) {
    wait_until(&format!("{note:?} in {:?}", stage.lvsd_notes()), || {
        stage.lvsd_notes().iter().any(|line| line.trim_end() == note.trim_end())
    });
}

/// Says RUNNING until the router has noted this.
fn runs_until(stage: &Stage, note: &str) {
    wait_until(note, || {
        stage.partner.says(Message::FosRunning);
        std::thread::sleep(KEEPALIVE / 4);
        stage.lvsd_notes().iter().any(|line| line.starts_with(note))
    });
}

#[test]
fn a_dead_partner_is_replaced_address_first_and_a_stop_ends_the_services_first() {
    on_stage("fos::a_dead_partner_is_replaced_address_first_and_a_stop_ends_the_services_first", |stage| {
        stage.configure_fos(ROUTER);
        let mut pulse = stage.pulse(&[]);
        pulse.wait_for("Starting Failover Service Monitors");
        stage.partner.hears_until(Message::FosStopped);
        stage.partner.hears_until(Message::FosRunning);
        pulse.wait_for("partner dead: activating failover services");
        wait_for_note(stage, &started(stage, "--active", FLOATING));
        let notes = stage.lvsd_notes();
        assert_eq!(
            notes[..2].join(";").trim_end(),
            [&*started(stage, "--monitor", ""), ";term --monitor"].concat()
        );
        pulse.wait_for("gratuitous fos arps finished");

        stage.partner.forget();
        pulse.signal(Signal::SIGTERM);
        stage.partner.hears_until(Message::FosStopped);
        assert!(!has(FLOATING));
        assert_eq!(stage.lvsd_notes().last().map(String::as_str), Some("term --active"));
        assert_eq!(pulse.ends(), 0);
    });
}

#[test]
fn a_failed_service_of_the_partner_moves_here_if_the_gateway_answers() {
    on_stage("fos::a_failed_service_of_the_partner_moves_here_if_the_gateway_answers", |stage| {
        shell(&format!("ip route add default via {PARTNER}"));
        stage.configure_fos(PARTNER);
        let pulse = stage.pulse(&[]);
        runs_until(stage, "start --monitor");
        fs::write(stage.path("notes.fail"), "").unwrap();
        runs_until(stage, "start --active");
        for line in [
            "fos process exited -- checking network connectivity",
            "remote service unavailable but we can see the gateway",
            "seems like a remote network fault; performing service failover",
            "Notifying partner WE are taking control!",
        ] {
            pulse.wait_for(line);
        }
        stage.partner.hears_until(Message::StopMe);
        stage.partner.says(Message::FosStopped);
        stage.partner.hears_until(Message::FosRunning);
        assert!(has(FLOATING));
    });
}

#[test]
fn whoever_has_no_gateway_does_not_take_over() {
    on_stage("fos::whoever_has_no_gateway_does_not_take_over", |stage| {
        stage.configure_fos(PARTNER);
        let pulse = stage.pulse(&[]);
        runs_until(stage, "start --monitor");
        fs::write(stage.path("notes.fail"), "").unwrap();
        pulse.wait_for("I SEEM TO HAVE A NETWORK FAULT!");
        // Not even a dead partner counts.
        std::thread::sleep(DEADTIME * 2);
        assert!(!has(FLOATING) && pulse.logged("activating") == 0, "{:?}", pulse.log());
        shell(&format!("ip route add default via {PARTNER}"));
        stage.partner.says(Message::FosRunning);
        pulse.wait_for("Network fault seems to be fixed");
        wait_until("another fos", || stage.lvsd_notes().len() == 2);
    });
}

#[test]
fn an_active_primary_obeys_a_partner_that_wants_control() {
    on_stage("fos::an_active_primary_obeys_a_partner_that_wants_control", |stage| {
        stage.configure_fos(ROUTER);
        let pulse = stage.pulse(&["--forceactive"]);
        pulse.wait_for("Forced active on startup: activating fos");
        wait_for_note(stage, &started(stage, "--active", FLOATING));
        stage.partner.keeps_saying(&Message::StopMe.encode(ByteOrder::HOST), KEEPALIVE);
        pulse.wait_for("PARTNER HAS TOLD US TO GO INACTIVE!");
        wait_for_note(stage, &started(stage, "--monitor", ""));
        assert!(!has(FLOATING));
        assert!(stage.lvsd_notes().contains(&"term --active".to_owned()));
        stage.partner.hears_until(Message::FosStopped);
    });
}

#[test]
fn a_reload_reaches_fos_and_a_killed_pulse_ends_it() {
    on_stage("fos::a_reload_reaches_fos_and_a_killed_pulse_ends_it", |stage| {
        stage.configure_fos(ROUTER);
        let mut pulse = stage.pulse(&[]);
        wait_until("fos", || !stage.lvsd_notes().is_empty());
        pulse.signal(Signal::SIGHUP);
        wait_for_note(stage, "hup");
        pulse.is_killed();
        wait_for_note(stage, "gone");
    });
}
