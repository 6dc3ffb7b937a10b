//! `service = fos`: two routers of which one runs the services and the other watches them (specification fos.md 9).

mod pairings;
mod routers;

use std::time::Duration;

use lab::pair::CONFIGURATION;
use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Moment, tests, wait_until};
use nix::sys::signal::Signal;

use crate::pairings::ORIGINAL_PRIMARY;
use routers::{Couple, PATIENCE, Router, WEB, configuration, often_checked, service};

const KEEPALIVE: Duration = Duration::from_secs(1);
const DEADTIME: Duration = Duration::from_secs(3);
/// What a decision may be late on a busy computer.
const LATENESS: Duration = Duration::from_secs(1);
/// Some heartbeats each way: long enough for a wrong answer to one.
const WATCHED: Duration = Duration::from_secs(4);
/// Two checks of a service that is checked often.
const CHECKED: Duration = Duration::from_secs(13);

pub(crate) fn tests() -> Vec<Test> {
    let ours = tests!("fos":
        one_router_serves_and_the_other_watches,
        a_failed_service_moves_all_of_them,
        without_a_gateway_no_service_moves,
        a_dead_router_is_replaced_and_returns_to_watch,
        a_planned_stop_moves_the_services_at_once_and_leaves_nothing_behind,
        after_a_partition_the_backup_yields,
        a_primary_without_partner_serves_at_once,
        a_killed_fos_is_started_again_and_at_last_the_partner_serves,
        services_that_do_not_start_go_to_the_partner,
        a_start_command_that_is_missing_or_hangs_does_not_stop_the_others,
        a_nanny_that_is_killed_or_missing_is_a_failover_condition,
        a_hangup_touches_only_what_the_file_changed,
        a_killed_pulse_takes_the_services_with_it,
        fos_by_hand_serves_and_watches,
        fos_under_piranhas_pulse_is_silent_and_by_itself,
    );
    [ours, pairings::tests()].concat()
}

/// The last line of a fos, which has run the stop commands if it served.
const STOPPED: &str = "will now exit to notify pulse...";
/// What each end of a mode and each beginning of one runs.
const STOPS: [&str; 2] = ["stop web", "stop mail"];
const STARTS: [&str; 4] = ["stop web", "start web", "stop mail", "start mail"];

fn one_router_serves_and_the_other_watches() {
    let couple = Couple::boot();
    let Couple { primary, backup, .. } = &couple;
    // Time enough to see both watch before one serves.
    couple.configure(&configuration().with("deadtime", "20"));
    let event = Moment::now();
    primary.start();
    primary.wait_until_watching();
    backup.start();
    primary.wait_until_serving();
    backup.wait_until_watching();
    assert!(couple.only(primary));
    primary.expect_in_order(
        event,
        &[
            ("pulse", "STARTING PULSE AS MASTER"),
            ("pulse", "Starting Failover Service Monitors"),
            ("fos", "Stopping local services (if any)"),
            ("fos", "Shutting down local service 192.168.26.10:80 "),
            ("service", "stop web"),
            ("fos", "Starting monitor for 192.168.26.10:80 running as pid"),
            ("service", "stop mail"),
            ("fos", "Starting monitor for 192.168.26.11:8025 running as pid"),
            ("pulse", "backup inactive: activating fos"),
            ("fos", "Shutting down due to signal 15"),
            ("fos", "Shutting down monitor for web 192.168.26.10:80 running as pid"),
            ("fos", "Shutting down monitor for mail 192.168.26.11:8025 running as pid"),
            ("fos", "will now exit to notify pulse..."),
            ("fos", "Stopping local services (if any)"),
            ("fos", "Shutting down local service 192.168.26.10:80 "),
            ("service", "stop web"),
            ("fos", "Starting local service 192.168.26.10:80 ..."),
            ("service", "start web"),
            ("fos", "Starting local service 192.168.26.11:8025 ..."),
            ("service", "start mail"),
        ],
    );
    primary.wait_for_log("gratuitous fos arps finished");
    assert_eq!(primary.commands_since(event), [&STOPS[..], &STARTS].concat());
    assert_eq!(backup.commands_since(event), STOPS, "stop commands run at the start of either router");
    expect_nannies(backup);
    for line in couple.routers().iter().flat_map(|router| router.machine.log()) {
        assert!(line.ident == "service" || (line.facility == "daemon" && line.pid.is_some()), "{line}");
        assert!(line.ident != "fos" || line.severity == "info", "{line}");
    }
    let answer = couple.client.run("curl", &["-sf", &format!("http://{WEB}/")]).expect_success();
    assert_eq!(answer, "primary\n");
}

/// The arguments and their order (specification fos.md 6).
fn expect_nannies(watching: &Router) {
    let partner = if watching.machine.name() == "backup" { "192.168.26.9" } else { "192.168.26.8" };
    let nannies = watching.machine.processes_named("nanny");
    let commands: Vec<_> = nannies.iter().map(|nanny| nanny.command.as_str()).collect();
    let wanted = [("192.168.26.10", 80), ("192.168.26.11", 8025)].map(|(address, port)| {
        format!(
            "/usr/sbin/nanny -c -h {address} -V {partner} -p {port} -s GET / HTTP/1.0\\r\\n\\r\\n -x HTTP -t 60 --fos"
        )
    });
    assert_eq!(commands, wanted);
    let fos = watching.pid("fos").expect("a pid file");
    assert!(nannies.iter().all(|nanny| nanny.parent == fos), "nannies are children of fos");
}

fn a_failed_service_moves_all_of_them() {
    let couple = Couple::boot();
    couple.configure(&often_checked());
    couple.start();
    let Couple { primary, backup, .. } = &couple;
    wait_until("the services are seen", PATIENCE, || backup.count("Remote service") == 2);
    let event = Moment::now();
    primary.signal("mail", Signal::SIGTERM);
    wait_until("the primary watches", PATIENCE, || primary.watches());
    backup.wait_until_serving();
    backup.expect_in_order(
        event,
        &[
            ("nanny", "Exiting due to connection failure of 192.168.26.11:8025"),
            ("fos", "Monitor for service 192.168.26.11:8025 exited. This is a failover condition!"),
            ("fos", "Shutting down monitor for web 192.168.26.10:80 running as pid"),
            ("fos", "will now exit to notify pulse..."),
            ("pulse", "fos process exited -- checking network connectivity"),
            ("pulse", "remote service unavailable but we can see the gateway"),
            ("pulse", "seems like a remote network fault; performing service failover"),
            ("pulse", "Notifying partner WE are taking control!"),
            ("fos", "Starting local service 192.168.26.10:80 ..."),
        ],
    );
    primary.expect_in_order(
        event,
        &[
            ("pulse", "PARTNER HAS TOLD US TO GO INACTIVE!"),
            ("fos", "Shutting down due to signal 15"),
            ("fos", "Shutting down local service 192.168.26.10:80 "),
            ("fos", "Shutting down local service 192.168.26.11:8025 "),
            ("fos", "will now exit to notify pulse..."),
            ("fos", "Stopping local services (if any)"),
            ("fos", "Starting monitor for 192.168.26.10:80 running as pid"),
        ],
    );
    holds_for("the services stay", CHECKED, || couple.only(backup));
    assert_eq!(primary.commands_since(event), [STOPS, STOPS].concat(), "once by each fos");
    assert_eq!(backup.commands_since(event), STARTS);
    assert_eq!(backup.count("Notifying partner WE are taking control!"), 1);
}

fn without_a_gateway_no_service_moves() {
    let couple = Couple::boot();
    couple.configure(&often_checked());
    couple.start();
    let Couple { lab, primary, backup, client } = &couple;
    lab.power_off(client);
    primary.signal("mail", Signal::SIGTERM);
    backup.wait_for_log("I SEEM TO HAVE A NETWORK FAULT!");
    assert_eq!(backup.count("remote service unavailable; gateway unavailable"), 1);
    // Neither the partner's heartbeats mend it, nor does the partner's death make a router serve that is cut off.
    holds_for("the fault stands", WATCHED, || !backup.runs("fos") && couple.only(primary));
    lab.power_off(&primary.machine);
    holds_for("nobody serves", DEADTIME * 2, || !backup.owns());
    lab.power_on(client);
    backup.wait_until_serving();
    assert_eq!(backup.count("Network fault seems to be fixed"), 1);
    assert_eq!(backup.count("I SEEM TO HAVE A NETWORK FAULT!"), 1);
}

fn a_dead_router_is_replaced_and_returns_to_watch() {
    let couple = Couple::boot();
    couple.start();
    let Couple { lab, primary, backup, .. } = &couple;
    let event = Moment::now();
    lab.power_off(&primary.machine);
    backup.wait_until_serving();
    assert!(backup.time_to_decide(event) <= DEADTIME + LATENESS);
    assert_eq!(backup.commands_since(event), STARTS);

    let event = Moment::now();
    primary.return_to_power(&couple);
    primary.wait_until_watching();
    holds_for("no fail-back", WATCHED, || couple.only(backup) && primary.watches());
    assert_eq!(primary.commands_since(event), STOPS);
}

fn a_planned_stop_moves_the_services_at_once_and_leaves_nothing_behind() {
    let couple = Couple::boot();
    couple.start();
    let [primary, backup] = couple.routers();
    for [leaver, taker] in [[primary, backup], [backup, primary]] {
        let event = Moment::now();
        leaver.terminate();
        taker.wait_until_serving();
        leaver.wait_for_end();
        let stopped = leaver.last_logged("fos", STOPPED);
        assert!(taker.time_to_decide(stopped) <= KEEPALIVE + LATENESS);
        assert_eq!(leaver.commands_since(event), STOPS);
        assert_eq!(taker.commands_since(event), STARTS);
        assert!(taker.last_logged("service", "start web") > stopped, "a service ran on both routers");
        leaver.expect_in_order(
            event,
            &[("pulse", "Terminating due to signal 15"), ("fos", "Shutting down due to signal 15")],
        );
        assert_eq!(leaver.machine.processes().len(), 1, "only the machine's first process is left");
        assert_eq!((leaver.pid("pulse"), leaver.pid("fos"), leaver.owns()), (None, None, false));
        leaver.start();
        leaver.wait_until_watching();
    }
}

fn after_a_partition_the_backup_yields() {
    let couple = Couple::boot();
    couple.start();
    let Couple { lab, primary, backup, .. } = &couple;
    lab.cut(&primary.machine, "eth0");
    backup.wait_until_serving();
    assert!(primary.owns(), "a router that is cut off serves whom it reaches");
    let event = Moment::now();
    lab.mend(&primary.machine, "eth0");
    backup.wait_until_watching();
    holds_for("the primary serves alone", WATCHED, || couple.only(primary));
    backup.expect_in_order(event, &[("pulse", "partner active: deactivating FOS")]);
    primary.expect_in_order(event, &[("pulse", "partner active")]);
    assert_eq!(backup.commands_since(event), [STOPS, STOPS].concat());
    assert_eq!(primary.commands_since(event), [""; 0]);
}

fn a_primary_without_partner_serves_at_once() {
    let couple = Couple::boot();
    let primary = &couple.primary;
    couple.configure(&configuration().with("backup_active", "0").with("deadtime", "60"));
    let event = Moment::now();
    primary.start();
    primary.wait_until_serving();
    primary.expect_in_order(
        event,
        &[
            ("pulse", "STARTING PULSE AS MASTER"),
            ("pulse", "Warning: FOS backup node not defined -- skipping checks"),
            ("pulse", "Forced active on startup: activating fos"),
            ("fos", "Stopping local services (if any)"),
            ("service", "start mail"),
        ],
    );
    assert_eq!(primary.commands_since(event), STARTS);
    let refused = couple.backup.machine.run("/usr/sbin/pulse", &[]);
    assert_eq!(refused.code(), 6, "{}", refused.stderr);
}

fn a_killed_fos_is_started_again_and_at_last_the_partner_serves() {
    let couple = Couple::boot();
    couple.start();
    let Couple { primary, backup, .. } = &couple;
    for pause in ["0.1", "0.3", "1"] {
        let event = Moment::now();
        primary.signal("fos", Signal::SIGKILL);
        primary.wait_for_log(&format!("starting fos again in {pause} s"));
        wait_until("the services again", PATIENCE, || primary.commands_since(event) == STARTS);
        assert!(couple.only(primary));
    }
    assert_eq!(primary.count("fos process exited -- restarting it"), 3);
    wait_until("the last fos", PATIENCE, || primary.pid("fos").is_some());
    let event = Moment::now();
    primary.signal("fos", Signal::SIGKILL);
    primary.wait_for_log("fos failed 3 times: leaving the services to the partner hold_down=60 s");
    backup.wait_until_serving();
    primary.wait_until_watching();
    backup.expect_in_order(event, &[("pulse", "primary inactive: activating fos")]);

    // It does not take them back from a partner that says goodbye, but from one that is dead.
    let event = Moment::now();
    backup.terminate();
    primary.wait_until_serving();
    primary.expect_in_order(event, &[("pulse", "partner dead: activating failover services")]);
}

fn services_that_do_not_start_go_to_the_partner() {
    let couple = Couple::boot();
    let Couple { primary, backup, .. } = &couple;
    primary.machine.write("/run/broken", "");
    let event = Moment::now();
    primary.start();
    backup.start();
    backup.wait_until_serving();
    primary.wait_until_watching();
    primary.expect_in_order(
        event,
        &[
            ("fos", "Failed to start service 192.168.26.10:80! status=3"),
            ("fos", "Failed to start service 192.168.26.11:8025! status=3"),
            ("fos", "not every service has started: ending, so that pulse decides"),
            ("pulse", "fos process exited -- restarting it"),
            ("pulse", "starting fos again in 0.3 s: attempt=2"),
            ("pulse", "fos failed 3 times: leaving the services to the partner hold_down=60 s"),
        ],
    );
    let starts = primary.commands_since(event).iter().filter(|command| *command == "start web").count();
    assert_eq!(starts, 4, "the first time and three restarts");
    holds_for("the services stay", WATCHED, || couple.only(backup));
}

fn a_start_command_that_is_missing_or_hangs_does_not_stop_the_others() {
    let couple = Couple::boot();
    let primary = &couple.primary;
    let mut file = configuration().with("backup_active", "0");
    file.failover_service("web").set("start_cmd", "\"/bin/sleep 1000\"");
    file.failover_service("web").set("#% command_timeout", "1500ms");
    file.failover_services
        .insert(0, service("missing", "192.168.26.14", 99, 4).with("start_cmd", "/nowhere"));
    couple.configure(&file);
    let event = Moment::now();
    primary.start();
    primary.wait_for_log("fos process exited -- restarting it");
    primary.expect_in_order(
        event,
        &[
            ("fos", "Failed to start service 192.168.26.14:99! reason=\"cannot execute /nowhere"),
            ("fos", "start_cmd of 192.168.26.10:80 has not ended within 1.5 s: ending it"),
            ("fos", "Failed to start service 192.168.26.10:80! signal=15"),
            ("service", "start mail"),
            ("fos", "not every service has started"),
        ],
    );
    assert!(primary.owns(), "without a partner the addresses stay");
    wait_until("a start that hangs", PATIENCE, || primary.runs("sleep"));
    primary.terminate();
    primary.wait_for_end();
    assert!(!primary.owns() && !primary.runs("sleep") && !primary.runs("nginx"));
}

fn a_nanny_that_is_killed_or_missing_is_a_failover_condition() {
    let couple = Couple::boot();
    couple.start();
    let Couple { primary, backup, .. } = &couple;
    backup.machine.processes_named("nanny")[0].signal(Signal::SIGKILL);
    backup
        .wait_for_log("Monitor for service 192.168.26.10:80 exited. This is a failover condition! signal=9");
    backup.wait_until_serving();
    primary.wait_until_watching();
    holds_for("the services stay", WATCHED, || couple.only(backup));

    primary.terminate();
    primary.wait_for_end();
    // The program is mounted there.
    primary.machine.run("umount", &["/usr/sbin/nanny"]).expect_success();
    primary.machine.run("rm", &["/usr/sbin/nanny"]).expect_success();
    primary.start();
    primary.wait_for_log("exited. This is a failover condition! reason=\"cannot execute /usr/sbin/nanny");
    primary.wait_until_serving();
}

fn a_hangup_touches_only_what_the_file_changed() {
    let couple = Couple::boot();
    couple.start();
    let Couple { primary, backup, .. } = &couple;
    let nannies = backup.machine.processes_named("nanny");
    let mut file = configuration();
    let event = Moment::now();
    reload(&couple);
    file.failover_services.push(service("dns", "192.168.26.13", 53, 5));
    couple.configure(&file);
    reload(&couple);
    wait_until("the new service", PATIENCE, || primary.commands_since(event) == ["stop dns", "start dns"]);
    wait_until("its monitor", PATIENCE, || backup.machine.processes_named("nanny").len() == 3);
    assert!(primary.machine.has_address("192.168.26.13"));
    assert_eq!(backup.commands_since(event), ["stop dns"]);

    couple.routers().iter().for_each(|router| router.machine.write(CONFIGURATION, "service = fos\nwrong\n"));
    reload(&couple);
    for router in couple.routers() {
        router.wait_for_log("changes nothing: the old configuration stays in force");
    }
    couple.configure(&configuration());
    reload(&couple);
    wait_until("the service's end", PATIENCE, || primary.commands_since(event).len() == 3);
    wait_until("its monitor's end", PATIENCE, || backup.machine.processes_named("nanny") == nannies);
    wait_until("its address's end", PATIENCE, || !primary.machine.has_address("192.168.26.13"));
    holds_for("the services stay", WATCHED, || couple.only(primary));
    assert_eq!(primary.commands_since(event), ["stop dns", "start dns", "stop dns"]);
    assert_eq!(backup.commands_since(event), ["stop dns"]);
}

/// Tells both pulses to read the file again, and waits until both have.
fn reload(couple: &Couple) {
    for router in couple.routers() {
        let reread = || {
            let log = router.machine.log();
            log.iter()
                .filter(|line| line.ident == "pulse" && line.text == "rereading configuration file")
                .count()
        };
        let before = reread();
        router.signal("pulse", Signal::SIGHUP);
        wait_until("the reload", PATIENCE, || reread() > before);
    }
}

fn a_killed_pulse_takes_the_services_with_it() {
    let couple = Couple::boot();
    couple.start();
    let Couple { primary, backup, .. } = &couple;
    let event = Moment::now();
    primary.signal("pulse", Signal::SIGKILL);
    wait_until("the end of the services", PATIENCE, || !primary.runs("fos") && !primary.runs("nginx"));
    primary.expect_in_order(event, &[("fos", "pulse is gone: shutting down"), ("service", "stop mail")]);
    backup.wait_until_serving();
    // The address that it has left behind goes with the next start.
    primary.start();
    primary.wait_until_watching();
    holds_for("the backup serves alone", WATCHED, || couple.only(backup));
}

/// fos without pulse: as a daemon where it serves, in the foreground where it watches.
fn fos_by_hand_serves_and_watches() {
    let couple = Couple::boot();
    couple.configure(&often_checked());
    let Couple { primary, backup, .. } = &couple;
    for address in ["192.168.26.10/24", "192.168.26.11/24"] {
        primary.machine.run("ip", &["address", "add", address, "dev", "eth0"]).expect_success();
    }
    let event = Moment::now();
    primary.machine.run("/usr/sbin/fos", &["--active"]).expect_success();
    primary.wait_until_serving();
    let options = ["--monitor", "--nodaemon", "-c", CONFIGURATION];
    let mut watch = backup.machine.start("/usr/sbin/fos", &options);
    wait_until("the services are seen", PATIENCE, || watch.output().matches("is available").count() == 2);
    assert!(backup.machine.processes_named("nanny")[0].command.ends_with(" -t 6 --nodaemon --fos"));
    assert_eq!(
        (backup.pid("fos"), backup.machine.log().iter().any(|line| line.ident == "fos")),
        (None, false)
    );

    for daemon in [primary, backup] {
        daemon.machine.signal("fos", Signal::SIGHUP);
    }
    primary.wait_for_log("rereading configuration file");
    holds_for("nothing ends", KEEPALIVE, || primary.runs("fos") && backup.runs("fos"));
    assert_eq!(primary.commands_since(event), STARTS);

    primary.signal("fos", Signal::SIGINT);
    wait_until("the end of the services", PATIENCE, || !primary.runs("fos") && !primary.runs("nginx"));
    assert_eq!(primary.pid("fos"), None);
    assert_eq!(primary.commands_since(event), [&STARTS[..], &STOPS].concat());
    assert_eq!(watch.wait(PATIENCE).code(), Some(10));
    let output = watch.output();
    assert!(output.contains("exited. This is a failover condition!"), "{output}");
    assert!(output.ends_with("fos: will now exit to notify pulse...\n"), "{output}");
    assert!(!backup.runs("nanny"));
}

/// `--nofork`: a pid file, a process group and session of its own, and nothing on descriptors 0 to 2 (fos.md 9.6).
fn fos_under_piranhas_pulse_is_silent_and_by_itself() {
    let couple = Couple::of(ORIGINAL_PRIMARY);
    let primary = &couple.primary;
    couple.configure(&configuration().with("deadtime", "5"));
    let event = Moment::now();
    primary.start();
    for mode in ["--monitor", "--active"] {
        let runs = format!("/usr/sbin/fos {mode} -c {CONFIGURATION} --nofork");
        wait_until(mode, PATIENCE, || {
            primary.machine.processes_named("fos").iter().any(|fos| fos.command == runs)
        });
        wait_until("a pid file", PATIENCE, || {
            let processes = primary.machine.processes_named("fos");
            processes.iter().any(|fos| fos.command == runs && primary.pid("fos") == Some(fos.pid))
        });
        let script = "p=$(cat /run/fos.pid); ps -o pgid=,sid= -p $p; readlink /proc/$p/fd/0 /proc/$p/fd/1 /proc/$p/fd/2";
        let shown = primary.machine.run("sh", &["-c", script]).expect_success();
        let words: Vec<&str> = shown.split_whitespace().collect();
        let pid = primary.pid("fos").expect("a pid file").to_string();
        assert_eq!(words, [&*pid, &pid, "/dev/null", "/dev/null", "/dev/null"], "{mode}");
    }
    primary.wait_until_serving();
    // Piranha's pulse passes a hangup on, at which its own fos would have ended.
    primary.signal("pulse", Signal::SIGHUP);
    primary.wait_for_log("rereading configuration file");
    holds_for("the services go on", KEEPALIVE, || primary.owns() && primary.runs("nginx"));
    assert_eq!(primary.commands_since(event), [&STOPS[..], &STARTS].concat());
    primary.terminate();
    primary.wait_for_end();
    assert_eq!((primary.pid("fos"), primary.runs("nginx")), (None, false));
}
