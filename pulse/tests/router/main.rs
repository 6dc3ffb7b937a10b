//! pulse at work on one router: real sockets, real addresses, a partner played by the test, a stand-in for lvsd.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at what it does not expect")]

mod fos;
mod signatures;
mod stage;
mod status;
mod systemd;

use std::path::Path;
use std::time::{Duration, Instant};

use heartbeat::{ByteOrder, Message};
use nix::sys::signal::{Signal, kill};
use stage::{
    DEADTIME, FLOATING, KEEPALIVE, PARTNER, ROUTER, addresses, has, named_by, on_stage, shell, wait_until,
};

#[test]
fn heartbeats_begin_after_one_keepalive_and_a_silent_partner_is_dead() {
    on_stage("heartbeats_begin_after_one_keepalive_and_a_silent_partner_is_dead", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let start = Instant::now();
        let pulse = stage.pulse(&[]);
        let (bytes, source) = stage.partner.receives(DEADTIME).unwrap();
        assert!(start.elapsed() >= KEEPALIVE);
        assert_eq!(bytes[..4], Message::Stopped.encode(ByteOrder::HOST));
        assert_eq!(source, format!("{ROUTER}:539"));

        stage.partner.hears_until(Message::Running);
        assert!(start.elapsed() >= DEADTIME);
        pulse.wait_for("pulse: STARTING PULSE AS MASTER");
        pulse.wait_for("pulse: partner dead: activating lvs");
        wait_until("the floating address", || has(FLOATING));
        assert!(addresses().contains("inet 192.0.2.10/24 brd 192.0.2.255 scope global secondary e0:1"));
        assert_eq!(stage.lvsd_notes(), [format!("start --nodaemon -c {}", stage.file().display())]);
        pulse.wait_for("gratuitous lvs arps finished");
    });
}

#[test]
fn long_heartbeats_in_another_byte_order_are_believed_and_answered_in_it() {
    on_stage("long_heartbeats_in_another_byte_order_are_believed_and_answered_in_it", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let pulse = stage.pulse(&[]);
        let order = if ByteOrder::HOST == ByteOrder::Big { ByteOrder::Little } else { ByteOrder::Big };
        let mut long = vec![0x55; 1004];
        long[..4].copy_from_slice(&Message::Running.encode(order));
        stage.partner.keeps_saying(&long, DEADTIME * 2);
        assert!(!has(FLOATING) && pulse.logged("activating") == 0, "{:?}", pulse.log());
        stage.partner.forget();
        stage.partner.keeps_saying(&long, KEEPALIVE * 2);
        assert_eq!(stage.partner.receives(DEADTIME).unwrap().0[..4], Message::Stopped.encode(order));
    });
}

#[test]
fn what_is_not_believed_is_ignored_and_logged_once() {
    on_stage("what_is_not_believed_is_ignored_and_logged_once", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let pulse = stage.pulse(&[]);
        for _ in 0..DEADTIME.as_millis() / 50 {
            stage.stranger.says(Message::Running);
            stage.partner.sends(&[0xda, 0xdb, 0xad]);
            stage.partner.sends(b"not a heartbeat");
            stage.partner.says(Message::StopMe);
            std::thread::sleep(Duration::from_millis(50));
        }
        pulse.wait_for("partner dead: activating lvs");
        assert_eq!(pulse.logged("Unexpected heartbeat from 192.0.2.99 count=1"), 1);
        assert_eq!(pulse.logged("bad heartbeat packet sender=192.0.2.2 count=1"), 1);
        assert_eq!(pulse.logged("Incompatible heartbeat received"), 1);
    });
}

#[test]
fn a_planned_stop_takes_the_addresses_off_before_it_says_so() {
    on_stage("a_planned_stop_takes_the_addresses_off_before_it_says_so", |stage| {
        stage.configure(ROUTER, "", &[FLOATING, "192.0.2.11"]);
        let mut pulse = stage.active_pulse();
        stage.partner.hears_until(Message::Running);
        stage.partner.forget();
        pulse.signal(Signal::SIGTERM);
        stage.partner.hears_until(Message::Stopped);
        assert!(!has(FLOATING) && !has("192.0.2.11"));
        let goodbyes = [stage.partner.hears(KEEPALIVE), stage.partner.hears(KEEPALIVE)];
        assert_eq!(goodbyes, [Some(Message::Stopped); 2]);
        assert_eq!(pulse.ends(), 0);
        pulse.wait_for("Terminating due to signal 15");
        assert_eq!(stage.lvsd_notes().last().map(String::as_str), Some("term"));
    });
}

#[test]
fn a_backup_that_hears_an_active_primary_says_running_once_more_and_yields() {
    on_stage("a_backup_that_hears_an_active_primary_says_running_once_more_and_yields", |stage| {
        stage.configure(PARTNER, "", &[FLOATING]);
        let pulse = stage.active_pulse();
        stage.partner.hears_until(Message::Running);
        stage.partner.forget();
        stage.partner.says(Message::Running);
        let heard = stage.partner.hears_until(Message::Stopped);
        assert!((2..=3).contains(&heard.len()), "{heard:?}");
        assert!(!has(FLOATING));
        pulse.wait_for("partner active: deactivating LVS");
        wait_until("the end of lvsd", || stage.lvsd_notes().contains(&"term".to_owned()));
    });
}

#[test]
fn a_killed_lvsd_is_started_again_and_the_address_stays() {
    on_stage("a_killed_lvsd_is_started_again_and_the_address_stays", |stage| {
        let lvsd = stage.path("lvsd");
        let script = std::fs::read_to_string(&lvsd).unwrap();
        std::fs::write(&lvsd, script.replacen("echo ", "echo $$ >\"$NOTES.pid\"\necho ", 1)).unwrap();
        stage.configure(ROUTER, "", &[FLOATING]);
        let pulse = stage.active_pulse();
        let pid = named_by(&stage.path("notes.pid")).unwrap();
        kill(pid, Signal::SIGKILL).unwrap();
        pulse.wait_for(&format!("Child process {pid} terminated with signal 9"));
        wait_until("another lvsd", || {
            assert!(has(FLOATING), "the address went with lvsd");
            stage.lvsd_notes().iter().filter(|note| note.starts_with("start")).count() == 2
        });
    });
}

#[test]
fn an_lvsd_that_cannot_be_executed_is_named() {
    on_stage("an_lvsd_that_cannot_be_executed_is_named", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let pulse = stage.pulse(&["--forceactive", "--lvs=/nowhere/lvsd"]);
        pulse.wait_for("cannot execute /nowhere/lvsd: No such file or directory");
        pulse.wait_for("restarting lvsd in 0.1 s: attempt=1");
        // With a partner that lives the service is its own.
        for _ in 0..100 {
            stage.partner.says(Message::Stopped);
            std::thread::sleep(Duration::from_millis(20));
        }
        pulse.wait_for("leaving the service to the partner hold_down=60 s");
        assert!(!has(FLOATING));
    });
}

#[test]
fn what_a_killed_pulse_leaves_behind_is_removed_at_the_next_start() {
    on_stage("what_a_killed_pulse_leaves_behind_is_removed_at_the_next_start", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        stage.active_pulse().is_killed();
        wait_until("the end of lvsd", || stage.lvsd_notes().contains(&"gone".to_owned()));
        assert!(has(FLOATING));
        let pulse = stage.pulse(&[]);
        pulse.wait_for("removed 192.0.2.10 from e0:1: it was left behind");
        assert!(!has(FLOATING));
        assert_eq!(stage.partner.hears_until(Message::Stopped).last(), Some(&Message::Stopped));
    });
}

#[test]
fn a_reload_follows_the_file_and_a_bad_file_changes_nothing() {
    on_stage("a_reload_follows_the_file_and_a_bad_file_changes_nothing", |stage| {
        stage.configure(ROUTER, "", &[FLOATING, "192.0.2.11"]);
        let mut pulse = stage.active_pulse();
        stage.configure(ROUTER, "", &["192.0.2.11", "192.0.2.12"]);
        pulse.signal(Signal::SIGHUP);
        wait_until("the new address", || has("192.0.2.12"));
        assert!(!has(FLOATING) && has("192.0.2.11"));
        wait_until("lvsd's signal", || stage.lvsd_notes().contains(&"hup".to_owned()));

        stage.write_file("lvs.cf", "primary = nonsense here\n");
        pulse.signal(Signal::SIGHUP);
        pulse.wait_for("changes nothing: the old configuration stays in force");
        pulse.wait_for("pulse: error parsing ");
        assert!(has("192.0.2.11") && has("192.0.2.12"));

        pulse.signal(Signal::SIGTERM);
        assert_eq!(pulse.ends(), 0);
        assert!(!has("192.0.2.11") && !has("192.0.2.12"));
    });
}

#[test]
fn a_standby_survives_a_reload() {
    on_stage("a_standby_survives_a_reload", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let mut pulse = stage.pulse(&[]);
        stage.partner.hears_until(Message::Stopped);
        stage.partner.says(Message::Running);
        pulse.signal(Signal::SIGHUP);
        pulse.wait_for("rereading configuration file");
        stage.partner.keeps_saying(&Message::Running.encode(ByteOrder::HOST), DEADTIME * 2);
        assert!(!has(FLOATING) && stage.lvsd_notes().is_empty());
        pulse.signal(Signal::SIGTERM);
        assert_eq!(pulse.ends(), 0);
    });
}

#[test]
fn a_process_that_was_stopped_takes_nothing_over() {
    on_stage("a_process_that_was_stopped_takes_nothing_over", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let pulse = stage.pulse(&[]);
        stage.partner.hears_until(Message::Stopped);
        let running = Message::Running.encode(ByteOrder::HOST);
        stage.partner.sends(&running);
        stage.partner.forget();
        stage.partner.hears_until(Message::Stopped);
        // It has read that. The partner is silent while it is stopped, and heard again soon after.
        pulse.signal(Signal::SIGSTOP);
        std::thread::sleep(DEADTIME * 2);
        pulse.signal(Signal::SIGCONT);
        pulse.wait_for("this router was stalled for");
        stage.partner.keeps_saying(&running, DEADTIME * 2);
        assert!(!has(FLOATING) && pulse.logged("activating") == 0, "{:?}", pulse.log());
    });
}

#[test]
fn a_router_without_its_public_link_does_not_serve() {
    on_stage("a_router_without_its_public_link_does_not_serve", |stage| {
        stage.configure(ROUTER, "monitor_links = 1", &[FLOATING]);
        let pulse = stage.active_pulse();
        shell("ip link set e0 down");
        pulse.wait_for("local link failure: deactivating LVS");
        wait_until("the address to go", || !has(FLOATING));
        assert_eq!(pulse.logged("Primary NIC: link down"), 1);
        std::thread::sleep(DEADTIME * 2);
        assert!(!has(FLOATING) && pulse.logged("partner dead") == 0);
        shell("ip link set e0 up");
        pulse.wait_for("Local NIC link(s) restored: Pulse enabled");
        wait_until("the address to come back", || has(FLOATING));
    });
}

#[test]
fn links_are_watched_as_soon_as_the_file_says_so() {
    on_stage("links_are_watched_as_soon_as_the_file_says_so", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let pulse = stage.active_pulse();
        stage.configure(ROUTER, "monitor_links = 1", &[FLOATING]);
        pulse.signal(Signal::SIGHUP);
        pulse.wait_for("rereading configuration file");
        shell("ip link set e0 down");
        pulse.wait_for("local link failure: deactivating LVS");
        stage.configure(ROUTER, "", &[FLOATING]);
        pulse.signal(Signal::SIGHUP);
        pulse.wait_for("Local NIC link(s) restored: Pulse enabled");
    });
}

#[test]
fn an_address_that_is_taken_away_is_put_back() {
    on_stage("an_address_that_is_taken_away_is_put_back", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let mut pulse = stage.active_pulse();
        shell("ip address del 192.0.2.10/24 dev e0");
        pulse.wait_for("raised what was missing: 192.0.2.10 on e0:1");
        assert!(has(FLOATING));
        pulse.signal(Signal::SIGTERM);
        assert_eq!(pulse.ends(), 0);
        assert!(!has(FLOATING) && pulse.logged("raised what was missing") == 1);
    });
}

#[test]
fn commands_run_at_each_change_and_without_a_shell() {
    on_stage("commands_run_at_each_change_and_without_a_shell", |stage| {
        let note = stage.write_file("note", "#!/bin/sh\necho \"$# $*\" >>\"${0%/*}/changes\"\n");
        std::fs::set_permissions(&note, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let note = note.display();
        let lines = format!("active_cmd = \"{note}  on   $HOME\"\ninactive_cmd = \"{note} off\"");
        stage.configure(ROUTER, &lines, &[FLOATING]);
        let mut pulse = stage.active_pulse();
        pulse.signal(Signal::SIGINT);
        assert_eq!(pulse.ends(), 0);
        assert_eq!(stage.lines("changes"), ["1 off", "2 on $HOME", "1 off"]);
        assert_eq!(pulse.logged("Skipping death of unknown child"), 3);
    });
}

#[test]
fn signals_without_a_meaning_change_nothing_and_sigquit_ends_in_good_order() {
    on_stage("signals_without_a_meaning_change_nothing_and_sigquit_ends_in_good_order", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let mut pulse = stage.active_pulse();
        for signal in [Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGALRM, Signal::SIGPIPE] {
            pulse.signal(signal);
            stage.partner.forget();
            assert_eq!(stage.partner.hears(DEADTIME), Some(Message::Running), "{signal}");
        }
        assert!(has(FLOATING) && stage.lvsd_notes().len() == 1);
        pulse.signal(Signal::SIGQUIT);
        stage.partner.hears_until(Message::Stopped);
        assert!(!has(FLOATING));
        assert_eq!(pulse.ends(), 0);
        pulse.wait_for("Terminating due to signal 3");
        assert_eq!(stage.lvsd_notes().last().map(String::as_str), Some("term"));
    });
}

#[test]
fn a_verbose_pulse_tells_of_every_heartbeat() {
    on_stage("a_verbose_pulse_tells_of_every_heartbeat", |stage| {
        // Nothing leads to the partner's private address.
        shell("ip address add 198.51.100.1/32 dev lo");
        let private = "primary_private = 198.51.100.1\nbackup_private = 198.51.100.2";
        stage.configure(ROUTER, private, &[FLOATING]);
        let pulse = stage.pulse(&["-v"]);
        pulse.wait_for("pulse: DEBUG -- Sending heartbeat...");
        pulse.wait_for("pulse: Warning -- failed to send heartbeat (private if): Network is unreachable");
        stage.partner.says(Message::Running);
        pulse.wait_for("pulse: DEBUG -- Received Heartbeat from partner message=RUNNING link=public");
        assert_eq!(pulse.logged("failed to send heartbeat (public if)"), 0);
        shell("ip link set e0 down");
        pulse.wait_for("pulse: Warning -- failed to send heartbeat (public if): Network is unreachable");
        pulse.wait_for("partner dead: activating lvs");
        let program = format!("start --nodaemon -c {} -v", stage.file().display());
        wait_until("lvsd", || stage.lvsd_notes() == [program.as_str()]);
    });
}

#[test]
fn without_verbose_no_heartbeat_is_told() {
    on_stage("without_verbose_no_heartbeat_is_told", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let pulse = stage.pulse(&[]);
        stage.partner.hears_until(Message::Stopped);
        stage.partner.says(Message::Running);
        stage.partner.hears_until(Message::Stopped);
        assert_eq!((pulse.logged("DEBUG"), pulse.logged("STARTING PULSE AS MASTER")), (0, 1));
    });
}

#[test]
fn an_active_backup_without_an_address_counts_as_none() {
    on_stage("an_active_backup_without_an_address_counts_as_none", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let file = std::fs::read_to_string(stage.file()).unwrap();
        stage.write_file("lvs.cf", &file.replace(&format!("backup = {PARTNER}\n"), ""));
        let pulse = stage.pulse(&[]);
        pulse.wait_for("pulse: Undefined backup node marked as active? -- clearing that!");
        pulse.wait_for("partner dead: activating lvs");
        wait_until("the floating address", || has(FLOATING));
        let line = |text: &str| pulse.log().iter().position(|line| line.contains(text)).unwrap();
        assert!(line("clearing that!") < line("STARTING PULSE AS MASTER"));
        assert_eq!(stage.partner.receives(KEEPALIVE * 2), None, "there is nobody to speak to");
    });
}

#[test]
fn the_caller_of_a_daemon_learns_the_truth() {
    on_stage("the_caller_of_a_daemon_learns_the_truth", |stage| {
        let pid_file = Path::new("/run/pulse.pid");
        stage.configure(ROUTER, "", &[FLOATING]);
        let first = stage.command(&[]).output().unwrap();
        assert_eq!((first.status.code(), first.stderr.as_slice()), (Some(0), &b""[..]));
        let pid = named_by(pid_file).expect("a pid file and its process");

        let second = stage.command(&[]).output().unwrap();
        let said = String::from_utf8(second.stderr).unwrap();
        assert_eq!(second.status.code(), Some(1));
        assert_eq!(
            said,
            format!("pulse: /var/run/pulse.pid is held by process {pid}: the daemon is already running\n")
        );

        kill(pid, Signal::SIGTERM).unwrap();
        wait_until("the end of the daemon", || !pid_file.exists());
        stage.configure(PARTNER, "backup_active = 0", &[FLOATING]);
        let marked_inactive = stage.command(&[]).output().unwrap();
        assert_eq!(marked_inactive.status.code(), Some(6));
        assert!(!pid_file.exists());
    });
}
