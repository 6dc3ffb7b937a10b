//! CONTROL/MONITORING and what programs read, as browsers and programs ask for them, with a pulse and an lvsd that only seem
//! to be there.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod web;

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;

use serde_json::Value;
use web::{Setup, Web, wait_until};

const FILE: &str = "serial_no = 7\nprimary = 192.168.26.9\nservice = lvs\n";

/// A directory of a test's own, with the pid file of pulse.
struct Machine(PathBuf);

impl Machine {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("control-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        fs::set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
        Self(directory)
    }

    fn pid_file(&self) -> PathBuf {
        self.0.join("pulse.pid")
    }

    fn web(&self, file: &str) -> Web {
        Setup::new(file).option(&format!("--pulse-pid={}", self.pid_file().display())).start()
    }

    /// A process that is called pulse, with its pid in the file.
    fn start_pulse(&self) -> Child {
        let program = self.0.join("pulse");
        fs::copy("/bin/sleep", &program).unwrap();
        let child = Command::new(&program).arg("1000").spawn().unwrap();
        fs::write(self.pid_file(), format!("{}\n", child.id())).unwrap();
        child
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Answers every request at this socket with one line.
fn answer_at(socket: &Path, line: String) {
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    fs::set_permissions(socket.parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(socket, Permissions::from_mode(0o666)).unwrap();
    let answer = move |stream: UnixStream| {
        let mut writer = stream.try_clone().unwrap();
        for _ in BufReader::new(stream).lines().map_while(Result::ok) {
            if writer.write_all(line.as_bytes()).is_err() {
                return;
            }
        }
    };
    thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(answer));
}

/// An example of docs/control.md as one line.
fn example(kind: &str, answer: &str) -> String {
    let document = include_str!("../../docs/control.md");
    let fence = format!("```json {kind}\n");
    let start = format!("{{\n  \"{answer}\"");
    let block = document.split(&fence).find(|block| block.starts_with(&start)).unwrap();
    let value: Value = serde_json::from_str(block.split("```").next().unwrap()).unwrap();
    format!("{value}\n")
}

/// With an lvsd and a pulse that answer.
fn active() -> (Machine, Web) {
    let machine = Machine::new("active");
    let web = machine.web(FILE);
    answer_at(&web.path("run/pulse.sock"), example("pulse-answer", "status"));
    answer_at(&web.path("run/lvsd.sock"), example("answer", "overview"));
    wait_until("lvsd is asked", || web.get("/secure/control.php").body.contains("-t 192.168.26.10:80"));
    (machine, web)
}

#[test]
fn an_update_comes_every_ten_seconds_at_least_and_keeps_its_parameters() {
    let web = Web::start(FILE);
    for (query, rate) in [
        ("auto_update=1&rate=3", 10),
        ("auto_update=1&rate=", 10),
        ("auto_update=1&rate=x", 10),
        ("auto_update=1&rate=45", 45),
        ("auto_update=1&rate=99999", 3600),
    ] {
        let page = web.get(&format!("/secure/control.php?{query}"));
        let refresh = format!("{rate};url=control.php?auto_update=1&rate={rate}");
        let escaped = refresh.replace('&', "&#38;");
        assert!(
            page.body.contains(&format!("<meta http-equiv=\"refresh\" content=\"{escaped}\">")),
            "{}",
            page.body
        );
        assert!(page.body.contains("name=\"auto_update\" value=\"1\" checked"));
        assert_eq!(page.value("rate"), Some(rate.to_string()));
    }
    let page = web.get("/secure/control.php?rate=45");
    assert!(!page.body.contains("http-equiv=\"refresh\""));
    assert!(
        web.get("/secure/control.php?auto_update=1&rate=30&table=100&from=7")
            .body
            .contains("rate=30&#38;table=100&#38;from=7")
    );
}

#[test]
fn pulse_is_running_when_it_runs_and_stopped_when_it_does_not() {
    let machine = Machine::new("daemon");
    let web = machine.web(FILE);
    let state = || {
        let text = web.get("/secure/control.php").text();
        let line = text.split("Daemon:").nth(1).unwrap().trim_start().to_owned();
        line.split_whitespace().take(6).collect::<Vec<_>>().join(" ")
    };
    assert!(state().starts_with("stopped"), "{}", state());
    let mut pulse = machine.start_pulse();
    assert!(state().starts_with("running"), "{}", state());
    pulse.kill().unwrap();
    // Also before its parent has waited for it.
    wait_until("it has died", || state().starts_with("stopped dead but pid file exists"));
    pulse.wait().unwrap();
    assert!(state().starts_with("stopped dead but pid file exists"), "{}", state());
    fs::write(machine.pid_file(), format!("{}\n", std::process::id())).unwrap();
    assert!(state().starts_with("stopped dead"), "another process: {}", state());
    fs::remove_file(machine.pid_file()).unwrap();
    assert!(state().starts_with("stopped Saved"), "{}", state());
    assert_eq!(web.lvs_cf(), FILE);
}

#[test]
fn the_page_has_the_order_of_the_original() {
    let machine = Machine::new("order");
    let web = machine.web(FILE);
    let mut pulse = machine.start_pulse();
    wait_until("lvsd is asked", || !web.get("/secure/control.php").text().contains("not been asked"));
    let text = web.get("/secure/control.php").text();
    pulse.kill().unwrap();
    pulse.wait().unwrap();
    let mut rest = text.as_str();
    for part in [
        "CONTROL / MONITORING",
        "CONTROL",
        "Daemon:",
        "running",
        "MONITOR",
        "Auto update",
        "Update Interval:",
        "seconds",
        "Update information now",
        "Read at 20",
        "CURRENT LVS ROUTING TABLE",
        "CURRENT LVS PROCESSES",
        "USER PID %CPU %MEM",
        "/pulse 1000",
        "VIRTUAL SERVERS THAT RUN",
        "lvsd does not run on this router",
        "CHANGE PASSWORD",
    ] {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("no {part} in the rest of:\n{text}")).1;
    }
    let reply = web.get("/secure/control.php?control_action=CHANGE+PASSWORD");
    assert_eq!((reply.status, reply.header("location")), (303, Some("/secure/passwd.php")));
}

#[test]
fn failover_services_have_their_processes_only() {
    let machine = Machine::new("fos");
    let text =
        machine.web("serial_no = 1\nprimary = 10.0.0.1\nservice = fos\n").get("/secure/control.php").text();
    assert!(text.contains("CURRENT FOS PROCESSES") && !text.contains("LVS ROUTING TABLE"));
    assert!(!text.contains("CURRENT LVS PROCESSES") && !text.contains("VIRTUAL SERVERS THAT RUN"));
}

#[test]
fn what_runs_is_told_to_people_and_to_programs() {
    let (_machine, web) = active();
    let page = web.get("/secure/control.php");
    let text = page.text();
    for part in [
        "running active router (primary)",
        "This router: active router (primary) since 2026-03-01 11:55:00 UTC: backup inactive",
        "Other router: standby router, heard 0.4 s ago; its file is another one",
        "another one: serial number 42, f4059713",
        "1 of 2 real servers get connections.",
        "connection refused",
        "connections per second",
        "share of connections",
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    assert_eq!(page.body.matches("<svg").count(), 3);
    assert!(page.body.len() < 30_000, "{} bytes", page.body.len());

    let metrics = web.get("/metrics");
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    for line in
        ["piranha_router_active 1", "piranha_pulse_running 1", "piranha_file_serial_number{of=\"saved\"} 7"]
    {
        assert!(metrics.body.lines().any(|told| told == line), "no {line} in:\n{}", metrics.body);
    }
    let status: Value = serde_json::from_str(&web.get("/api/v1/status").body).unwrap();
    assert_eq!(status["lvsd"]["overview"]["virtual_servers"][0]["name"], "web");
    assert_eq!(status["pulse"]["status"]["state"], "active");
    assert_eq!((&status["file"]["serial_no"], &status["file"]["in_force"]), (&7.into(), &false.into()));
}

#[test]
fn where_nothing_runs_programs_are_told_why() {
    let machine = Machine::new("nothing");
    let web = machine.web("virtual web {\n  nonsense\n");
    let status: Value = serde_json::from_str(&web.get("/api/v1/status").body).unwrap();
    assert_eq!(status["pulse"]["running"], false);
    for part in ["/file/problem", "/pulse/problem", "/lvsd/problem"] {
        assert!(status.pointer(part).unwrap().is_string(), "{part}: {status}");
    }
    assert!(web.get("/metrics").body.contains("piranha_pulse_running 0\n"));
    assert!(web.get("/secure/control.php").text().contains("The daemons refuse the saved file."));
}
