//! The control socket of lvsd: what administrators decide is seen in the kernel's table, and by clients.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lab::administrator::SOCKET;
use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::pair::{CONFIGURATION, FLOATING, SERVICE, destinations};
use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Machine, Moment, Pair, tests, wait_until};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::lvsd::{PATIENCE, balancer, reload, start_lvsd, wait_for_all, wait_for_table};

/// A port on which real servers hold conversations.
const TALK: u16 = 7000;
const TALK_SERVICE: &str = "TCP 192.168.26.10:7000";
/// Where decisions outlive lvsd.
const DECISIONS: &str = "/var/lib/piranha/lvsd.json";

pub(crate) fn tests() -> Vec<Test> {
    tests!("control":
        a_drain_keeps_connections_and_sends_new_ones_elsewhere,
        at_its_deadline_a_drain_cuts_off_what_is_left,
        a_disabled_real_server_leaves_and_returns_without_a_failure,
        a_weight_survives_reload_kill_and_restart,
        forced_states_count_for_the_sorry_server_and_outlive_the_nanny,
        what_a_signal_forces_or_releases_outlives_the_nanny_too,
        a_diff_tells_what_the_reload_then_does,
        what_somebody_else_changed_is_repaired,
        status_tells_how_an_up_and_a_down_real_server_are,
        a_torn_state_file_is_put_aside,
        who_may_not_or_does_not_speak_properly_is_refused,
        a_hundred_idle_clients_keep_nobody_out,
        in_the_foreground_lvsd_answers_too,
        a_pool_tells_and_obeys_like_nannies,
    )
}

fn address(number: usize, port: u16) -> String {
    format!("192.168.26.{number}:{port}")
}

fn weight(router: &Machine, number: usize) -> Option<u32> {
    router.table().weight(SERVICE, &address(number, 80))
}

/// A file that nothing is to be said about.
fn watched_links(file: &mut LvsCf) {
    file.set("monitor_links", "1");
}

pub(crate) fn stop_lvsd(router: &Machine, signal: Signal) {
    router.signal("lvsd", signal);
    wait_until("the end of lvsd and its nannies", PATIENCE, || {
        router.processes_named("lvsd").is_empty() && router.processes_named("nanny").is_empty()
    });
}

/// Established connections of a real server in the service of conversations.
fn conversations_on(router: &Machine, number: usize) -> Option<u32> {
    let table = router.table();
    let mut destinations = table.service(TALK_SERVICE)?.destinations.iter();
    destinations.find(|real| real.address == address(number, TALK)).map(|real| real.active)
}

/// A router with a service of conversations on three real servers.
fn talking() -> (Pair, Vec<lab::conversation::Answerer>) {
    let (pair, _) = balancer(|file| {
        let mut talk = VirtualServer::new("talk")
            .with("active", "1")
            .with("address", &format!("{FLOATING} eth0:1"))
            .with("port", &TALK.to_string())
            .with("load_monitor", "none")
            .with("scheduler", "rr")
            .with("timeout", "1")
            .with("reentry", "2");
        for number in 1..=3 {
            talk.add(&format!("web{number}"), &format!("192.168.26.{number}"));
        }
        file.virtual_servers = vec![talk];
    });
    let answerers = pair.real_servers.iter().map(|server| server.answer(TALK)).collect();
    wait_until("three real servers", PATIENCE, || {
        pair.primary.table().service(TALK_SERVICE).is_some_and(|service| service.destinations.len() == 3)
    });
    (pair, answerers)
}

fn a_drain_keeps_connections_and_sends_new_ones_elsewhere() {
    let (pair, _answerers) = talking();
    let router = &pair.primary;
    let at = format!("{FLOATING}:{TALK}").parse().expect("an address");
    let held = pair.client.converse(at, 9);
    wait_until("three conversations each", PATIENCE, || conversations_on(router, 2) == Some(3));

    router.decide("drain", "talk/web2", json!({"deadline_ms": null}));
    assert_eq!(router.table().weight(TALK_SERVICE, &address(2, TALK)), Some(0));
    assert!(router.logged("drain talk/web2 asked for by uid 0"));
    let more = pair.client.converse(at, 6);
    held.expect_all_since(Moment::now());
    more.expect_all_since(Moment::now());
    assert_eq!(conversations_on(router, 2), Some(3), "the old ones stay, no new ones come");

    router.decide("undrain", "talk/web2", json!({}));
    assert_eq!(router.table().weight(TALK_SERVICE, &address(2, TALK)), Some(1));
    let _more = pair.client.converse(at, 6);
    wait_until("new conversations", PATIENCE, || conversations_on(router, 2) > Some(3));
    held.expect_all_since(Moment::now());
}

fn at_its_deadline_a_drain_cuts_off_what_is_left() {
    let (pair, _answerers) = talking();
    let router = &pair.primary;
    let at = format!("{FLOATING}:{TALK}").parse().expect("an address");
    let held = pair.client.converse(at, 9);
    wait_until("three conversations each", PATIENCE, || conversations_on(router, 2) == Some(3));

    let asked = Instant::now();
    router.decide("drain", "talk/web2", json!({"deadline_ms": 3000}));
    let status = router.lvsd_status("talk", "web2");
    let drain = &status["operator"]["drain"];
    let length = drain["deadline"].as_u64().zip(drain["since"].as_u64()).map(|(end, begin)| end - begin);
    assert!(length.is_some_and(|length| length.abs_diff(3000) <= 5), "{drain}");
    wait_until("the end of the drain", PATIENCE, || conversations_on(router, 2).is_none());
    let passed = asked.elapsed();
    assert!(passed > Duration::from_millis(2900) && passed < Duration::from_secs(6), "after {passed:?}");
    wait_until("the end of its conversations", PATIENCE, || held.broken() == 3);

    router.decide("undrain", "talk/web2", json!({}));
    assert_eq!(router.table().weight(TALK_SERVICE, &address(2, TALK)), Some(1));
}

fn a_disabled_real_server_leaves_and_returns_without_a_failure() {
    let (pair, _) = balancer(|_| {});
    let router = &pair.primary;
    wait_for_all(&pair);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    let event = traffic.moment();

    router.decide("disable", "web/web2", json!({}));
    assert_eq!(weight(router, 2), Some(0), "drained first");
    wait_until("web2 out of the table", PATIENCE, || destinations(router) == 2);
    assert_eq!(router.lvsd_status("web", "web2")["state"], "up", "its checks go on");
    // Two more checks change nothing.
    holds_for("web2 is out", Duration::from_secs(2), || destinations(router) == 2);
    router.decide("enable", "web/web2", json!({}));
    assert_eq!(weight(router, 2), Some(1), "nothing is waited for");
    traffic.wait_for_answer_of("web2", PATIENCE);
    traffic.expect_no_failure_since(event);
}

fn a_weight_survives_reload_kill_and_restart() {
    let (pair, mut file) = balancer(|_| {});
    let router = &pair.primary;
    wait_for_all(&pair);
    router.decide("weight", "web/192.168.26.1:80", json!({"weight": 7}));
    assert_eq!(weight(router, 1), Some(7));

    file.virtual_server("web").real_server("web1").set("weight", "2");
    reload(&pair, &file);
    router.wait_for_log("configuration file is in force", PATIENCE);
    assert_eq!(weight(router, 1), Some(7));

    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        stop_lvsd(router, signal);
        start_lvsd(router);
        wait_for_all(&pair);
        assert_eq!(weight(router, 1), Some(7), "after {signal}");
    }
    let status = router.lvsd_status("web", "web1");
    assert_eq!(status["weight"], json!({"file": 2, "wanted": 7, "in_force": 7}));

    router.decide("weight", "web/web1", json!({"weight": null}));
    // The nanny that began with the last lvsd starts slowly.
    wait_until("the file's weight", Duration::from_secs(30), || weight(router, 1) == Some(2));
    stop_lvsd(router, Signal::SIGKILL);
    start_lvsd(router);
    wait_until("lvsd", PATIENCE, || router.administrator().is_ok());
    assert_eq!(weight(router, 1), Some(2));
}

fn forced_states_count_for_the_sorry_server_and_outlive_the_nanny() {
    let (pair, _) = balancer(|file| {
        let web = file.virtual_server("web");
        web.remove("web3");
        web.set("sorry_server", "192.168.26.3");
    });
    let router = &pair.primary;
    wait_until("two real servers", PATIENCE, || destinations(router) == 2);
    wait_until("nannies", PATIENCE, || router.processes_named("nanny").len() == 2);

    router.decide("down", "web/web1", json!({}));
    wait_for_table(router, "TCP 192.168.26.10:80 rr\n  -> 192.168.26.2:80 Route 1\n");
    router.decide("down", "web/web2", json!({}));
    wait_for_table(router, "TCP 192.168.26.10:80 rr\n  -> 192.168.26.3:80 Route 1\n");
    assert_eq!(router.lvsd_status("web", "web1")["forced"], "down");

    pair.real_servers[0].stop_web();
    router.decide("up", "web/web1", json!({}));
    wait_for_table(router, "TCP 192.168.26.10:80 rr\n  -> 192.168.26.1:80 Route 1\n");
    kill_nannies(router);
    holds_for("web1 is in service", Duration::from_secs(3), || weight(router, 1) == Some(1));
    assert_eq!(weight(router, 2), None);

    router.decide("release", "web/web2", json!({}));
    wait_until("web2", PATIENCE, || weight(router, 2) == Some(1));
    router.decide("release", "web/web1", json!({}));
    wait_for_table(router, "TCP 192.168.26.10:80 rr\n  -> 192.168.26.2:80 Route 1\n");
}

/// Kills all nannies and waits until each has a successor.
fn kill_nannies(router: &Machine) {
    let before: Vec<_> = router.processes_named("nanny").iter().map(|nanny| nanny.pid).collect();
    router.signal("nanny", Signal::SIGKILL);
    wait_until("new nannies", PATIENCE, || {
        let now = router.processes_named("nanny");
        now.len() == before.len() && now.iter().all(|nanny| !before.contains(&nanny.pid))
    });
}

fn what_a_signal_forces_or_releases_outlives_the_nanny_too() {
    let (pair, _) = balancer(|file| {
        let web = file.virtual_server("web");
        web.remove("web2");
        web.remove("web3");
    });
    let router = &pair.primary;
    let forced = || router.lvsd_status("web", "web1")["forced"].clone();
    wait_until("web1", PATIENCE, || weight(router, 1) == Some(1));
    wait_until("its nanny", PATIENCE, || router.processes_named("nanny").len() == 1);

    router.decide("down", "web/web1", json!({}));
    wait_until("web1 is out of service", PATIENCE, || weight(router, 1).is_none());
    router.signal("nanny", Signal::SIGHUP);
    wait_until("web1 is back", PATIENCE, || weight(router, 1) == Some(1));
    kill_nannies(router);
    holds_for("web1 is in service", Duration::from_secs(3), || weight(router, 1) == Some(1));
    assert_eq!(forced(), Value::Null);

    router.signal("nanny", Signal::SIGUSR1);
    wait_until("web1 is out of service", PATIENCE, || weight(router, 1).is_none());
    kill_nannies(router);
    holds_for("web1 is out of service", Duration::from_secs(3), || weight(router, 1).is_none());
    assert_eq!(forced(), "down");
}

fn a_diff_tells_what_the_reload_then_does() {
    let (pair, mut file) = balancer(watched_links);
    let router = &pair.primary;
    wait_for_all(&pair);
    let before = router.table().sorted();
    assert_eq!(router.ask_lvsd("diff"), json!({"operations": {"operations": [], "remarks": []}}));

    let web = file.virtual_server("web");
    web.set("scheduler", "wlc");
    web.remove("web3");
    web.real_server("web1").set("weight", "4");
    router.write(CONFIGURATION, file.to_string());
    let wanted = json!([
        "-E -t 192.168.26.10:80 -s wlc",
        "-e -t 192.168.26.10:80 -r 192.168.26.1:80 -g -w 4",
        "-e -t 192.168.26.10:80 -r 192.168.26.3:80 -g -w 0",
    ]);
    let diff = router.ask_lvsd("diff");
    assert_eq!(diff["operations"]["operations"], wanted);
    assert_eq!(diff["operations"]["remarks"], json!(["checks of web/web1 change", "checks of web/web3 end"]));
    assert_eq!(router.table().sorted(), before);
    assert!(!router.logged("rereading configuration file"));

    let done = router.ask_lvsd("reload");
    assert_eq!(done["operations"]["operations"], wanted);
    assert_eq!(weight(router, 1), Some(4));

    router.write(CONFIGURATION, "virtual web {\n     activ = 1\n}\n");
    for command in ["diff", "reload"] {
        let refused = router.ask_lvsd(command);
        let reason = refused["refused"]["reason"].as_str().unwrap_or_default();
        assert!(reason.starts_with("lvs: error parsing /etc/sysconfig/ha/lvs.cf on line 2."), "{refused}");
    }
    assert!(router.ask_lvsd("status")["status"]["refused"].is_string());
}

fn what_somebody_else_changed_is_repaired() {
    let (pair, _) = balancer(|_| {});
    let router = &pair.primary;
    wait_for_all(&pair);
    let before = router.table().sorted();
    let service = format!("{FLOATING}:80");
    router.run("ipvsadm", &["-d", "-t", &service, "-r", &address(2, 80)]).expect_success();
    let repaired = router.ask_lvsd("repair");
    let wanted = json!(["-a -t 192.168.26.10:80 -r 192.168.26.2:80 -g -w 1"]);
    assert_eq!(repaired["operations"]["operations"], wanted);
    assert_eq!(router.table().sorted(), before);
    assert_eq!(router.ask_lvsd("status")["status"]["repairs"], 1);
}

fn status_tells_how_an_up_and_a_down_real_server_are() {
    let (pair, _) = balancer(|_| {});
    let router = &pair.primary;
    wait_for_all(&pair);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(30);
    let stopped = now();
    pair.real_servers[1].stop_web();
    wait_until("web2 out of the table", PATIENCE, || destinations(router) == 2);

    let mut up = router.lvsd_status("web", "web1");
    assert_eq!((&up["state"], &up["address"]), (&json!("up"), &json!("192.168.26.1:80")));
    assert!(up["since"].as_u64() < Some(stopped), "{up}");
    assert_eq!(up["weight"], json!({"file": 1, "wanted": 1, "in_force": 1}));
    assert!(up["last_failure"].is_null() && up["forced"].is_null(), "{up}");
    let check = up["last_check"].take();
    assert!(check["failure"].is_null() && check["took_us"].as_u64() > Some(0), "{check}");
    assert!(check["age_ms"].as_u64() < Some(2500), "a check each second: {check}");

    // The kernel counts up every 2 s.
    let connections = || router.lvsd_status("web", "web1")["traffic"]["connections"].as_u64();
    wait_until("counted connections", PATIENCE, || connections() > Some(10));

    let down = router.lvsd_status("web", "web2");
    assert_eq!(down["state"], "down");
    assert_eq!(down["weight"], json!({"file": 1, "wanted": null, "in_force": null}));
    let since = down["since"].as_u64().unwrap_or_default();
    assert!((stopped..=now()).contains(&since), "{down}");
    assert_eq!(down["last_failure"]["at"], since);
    for failure in [&down["last_failure"]["reason"], &down["last_check"]["failure"]] {
        assert!(failure.as_str().is_some_and(|reason| reason.contains("refused")), "{down}");
    }

    let status = router.ask_lvsd("status");
    let lvsd = &status["status"];
    assert_eq!(lvsd["pid"], router.processes_named("lvsd")[0].pid);
    assert_eq!(lvsd["monitors"], json!({"pool": false, "processes": 3, "watched": 3}));
    assert_eq!((&lvsd["serial_no"], &lvsd["file"]), (&json!(40), &json!(CONFIGURATION)));
    assert_eq!(lvsd["virtual_servers"][0]["service"], "-t 192.168.26.10:80");
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set");
    u64::try_from(time.as_millis()).expect("this millennium")
}

fn a_torn_state_file_is_put_aside() {
    let (pair, _) = balancer(|_| {});
    let router = &pair.primary;
    wait_for_all(&pair);
    router.decide("drain", "web/web1", json!({"deadline_ms": null}));
    stop_lvsd(router, Signal::SIGTERM);
    let whole = router.read(DECISIONS).expect("a state file");
    let torn = &whole[..whole.len() / 2];
    router.write(DECISIONS, torn);
    start_lvsd(router);
    router.wait_for_log("cannot read /var/lib/piranha/lvsd.json", PATIENCE);
    wait_for_all(&pair);
    assert_eq!(weight(router, 1), Some(1), "it starts without");
    assert_eq!(router.read("/var/lib/piranha/lvsd.json.bad").as_deref(), Some(torn));

    router.decide("weight", "web/web1", json!({"weight": 3}));
    let written = router.read(DECISIONS).expect("a new state file");
    assert!(written.contains("\"weight\": 3"), "{written}");
}

fn who_may_not_or_does_not_speak_properly_is_refused() {
    let (pair, _) = balancer(watched_links);
    let router = &pair.primary;
    wait_for_all(&pair);
    let reason = |answer: Option<Value>| {
        let answer = answer.expect("an answer");
        answer["refused"]["reason"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };

    let mut administrator = router.administrator().expect("lvsd");
    administrator.say(r#"{"version": 2, "command": "repair"}"#);
    assert!(reason(administrator.hear()).contains("speaks version 1"));
    administrator.say(r#"{"version": 1, "command": "dance"}"#);
    assert!(reason(administrator.hear()).contains("unknown variant `dance`"));
    for (name, said) in [
        ("web", "VIRTUAL/REAL"),
        ("mail/web1", "there are: web"),
        ("web/web4", "web/web1 (192.168.26.10:80/192.168.26.1:80)"),
    ] {
        let answer = administrator.ask(json!({"disable": {"real_server": name}}));
        assert!(reason(Some(answer)).contains(said), "{name}");
    }
    assert_eq!(administrator.ask("diff"), json!({"operations": {"operations": [], "remarks": []}}));

    for garbage in ["status", "\u{0}\u{1}", &"[".repeat(1000), &"x".repeat(100_000)] {
        let mut administrator = router.administrator().expect("lvsd");
        administrator.say(garbage);
        assert!(reason(administrator.hear()).contains("not a line of the control protocol"));
        assert!(administrator.hear().is_none(), "the connection is closed");
    }

    let socket = fs::metadata(router.path(SOCKET)).expect("the socket");
    assert!(socket.file_type().is_socket());
    assert_eq!((socket.mode() & 0o7777, socket.uid()), (0o660, 0));
    stop_lvsd(router, Signal::SIGKILL);
    assert!(router.administrator().is_err());
    let groups = router.read("/etc/group").unwrap_or_default() + "piranha:x:777:\n";
    router.write("/etc/group", groups);
    start_lvsd(router);
    wait_until("the socket of the new lvsd", PATIENCE, || router.administrator().is_ok());
    let socket = fs::metadata(router.path(SOCKET)).expect("the socket");
    assert_eq!((socket.mode() & 0o7777, socket.uid(), socket.gid()), (0o660, 0, 777));
    stop_lvsd(router, Signal::SIGTERM);
    assert!(!router.path(SOCKET).exists());
}

fn a_hundred_idle_clients_keep_nobody_out() {
    let (pair, _) = balancer(|_| {});
    let router = &pair.primary;
    wait_for_all(&pair);
    let idle: Vec<_> = (0..100).map(|_| router.administrator().expect("lvsd")).collect();
    // One that asks and never reads.
    let mut deaf = router.administrator().expect("lvsd");
    for _ in 0..20 {
        deaf.say(r#"{"version": 1, "command": "status"}"#);
    }
    let asked = Instant::now();
    assert_eq!(router.lvsd_status("web", "web1")["state"], "up");
    assert!(asked.elapsed() < Duration::from_secs(2), "after {:?}", asked.elapsed());
    pair.real_servers[1].stop_web();
    wait_until("web2 out of the table", Duration::from_secs(5), || destinations(router) == 2);
    drop(idle);
}

fn in_the_foreground_lvsd_answers_too() {
    let (pair, _) = balancer(|_| {});
    let router = &pair.primary;
    wait_for_all(&pair);
    stop_lvsd(router, Signal::SIGTERM);
    let _lvsd = router.start("/usr/sbin/lvsd", &["-n"]);
    wait_for_all(&pair);
    wait_until("its socket", PATIENCE, || router.administrator().is_ok());
    router.decide("drain", "web/web1", json!({"deadline_ms": null}));
    assert_eq!(weight(router, 1), Some(0));
}

fn a_pool_tells_and_obeys_like_nannies() {
    let (pair, _) = balancer(|file| file.set("#% nanny_pool", "1"));
    let router = &pair.primary;
    wait_for_all(&pair);
    wait_until("a check of web3", PATIENCE, || {
        let check = &router.lvsd_status("web", "web3")["last_check"];
        check["failure"].is_null() && check["took_us"].as_u64() > Some(0)
    });
    let status = router.ask_lvsd("status");
    assert_eq!(status["status"]["monitors"], json!({"pool": true, "processes": 1, "watched": 3}));

    router.decide("down", "web/web2", json!({}));
    wait_until("web2 out of the table", PATIENCE, || destinations(router) == 2);
    assert_eq!(router.lvsd_status("web", "web2")["forced"], "down");
    router.decide("release", "web/web2", json!({}));
    wait_for_all(&pair);
}
