//! A nanny that stands alone on one router: it writes its own entry, and looks after it.

use std::time::Duration;

use lab::suite::Test;
use lab::{Lab, Machine, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);
/// A virtual server that nobody asks; only its entry in the table matters.
const VIRTUAL: &str = "192.168.26.10:80";
const SERVICE: &str = "TCP 192.168.26.10:80";
const REAL: &str = "192.168.26.1:80";

pub(crate) fn tests() -> Vec<Test> {
    tests!("nanny":
        its_entry_follows_the_checks,
        a_quiesced_entry_stays_until_the_end,
        a_quiesced_real_server_keeps_its_connections,
        changes_by_others_are_repaired,
        changes_by_others_are_repaired_while_it_is_quiesced,
        a_missing_virtual_server_is_waited_for,
        an_entry_that_is_there_keeps_its_weight,
        forced_states_change_the_entry,
        its_end_removes_the_entry_whatever_it_does,
        a_rehearsal_changes_nothing,
        it_refuses_to_begin_without_privilege,
    )
}

/// A router with a virtual server, and one real server.
struct Post {
    // Dropped last: everything stands in it.
    router: Machine,
    web: Machine,
    _lab: Lab,
}

impl Post {
    fn boot() -> Self {
        let lab = Lab::new();
        let switch = lab.switch("public");
        let router = lab.machine("router").cable("eth0", &switch, &["192.168.26.9/24"]).boot();
        let web = lab.machine("web").cable("eth0", &switch, &["192.168.26.1/24"]).boot();
        web.start_web(80);
        let post = Self { router, web, _lab: lab };
        post.ipvsadm(&["-A", "-t", VIRTUAL, "-s", "wlc"]);
        post
    }

    fn ipvsadm(&self, words: &[&str]) {
        self.router.run("ipvsadm", words).expect_success();
    }

    /// Starts a nanny in the background that checks every second.
    fn start(&self, more: &[&str]) {
        let words = ["--lvs", "-h", "192.168.26.1", "-V", "192.168.26.10", "-p", "80", "-t", "1", "-a", "1"];
        self.router.run("/usr/sbin/nanny", &[&words, more].concat()).expect_success();
    }

    fn signal(&self, signal: Signal) {
        self.router.signal("nanny", signal);
    }

    /// Ends nanny in good order, which it must do within a second.
    fn stop(&self) {
        self.signal(Signal::SIGTERM);
        let gone = || self.router.processes_named("nanny").is_empty();
        wait_until("the end of nanny", Duration::from_secs(1), gone);
        self.wait_for_log("Terminating due to signal 15");
    }

    /// Has a check begin, however long the interval, and waits until it says this.
    fn check_until(&self, text: &str) {
        let said = || self.router.log().iter().filter(|line| line.text.contains(text)).count();
        let before = said();
        self.signal(Signal::SIGALRM);
        wait_until(text, PATIENCE, || said() > before);
    }

    fn wait_for_weight(&self, weight: Option<u32>) {
        let what = format!("weight {weight:?}");
        wait_until(&what, PATIENCE, || self.router.table().weight(SERVICE, REAL) == weight);
    }

    fn wait_for_log(&self, text: &str) {
        self.router.wait_for_log(text, PATIENCE);
    }
}

fn its_entry_follows_the_checks() {
    let post = Post::boot();
    post.start(&["-M", "g", "-w", "64"]);
    // The slow start begins with 1/32.
    post.wait_for_weight(Some(2));
    let table = post.router.table().sorted();
    assert_eq!(table, "TCP 192.168.26.10:80 wlc\n  -> 192.168.26.1:80 Route 2\n");
    post.wait_for_log("[ active ] making 192.168.26.1:80 available");

    post.web.stop_web();
    post.wait_for_weight(None);
    post.wait_for_log("[inactive] shutting down 192.168.26.1:80 due to connection failure");
    post.web.start_web(80);
    post.wait_for_weight(Some(2));

    post.stop();
    assert_eq!(post.router.table().sorted(), "TCP 192.168.26.10:80 wlc\n");
}

fn a_quiesced_entry_stays_until_the_end() {
    let post = Post::boot();
    post.start(&["-q"]);
    post.wait_for_weight(Some(1));
    post.web.stop_web();
    post.wait_for_weight(Some(0));
    post.web.start_web(80);
    post.wait_for_weight(Some(1));
    post.web.stop_web();
    post.wait_for_weight(Some(0));
    post.stop();
    assert_eq!(post.router.table().weight(SERVICE, REAL), None);
}

fn a_quiesced_real_server_keeps_its_connections() {
    let post = Post::boot();
    post.router.write("/run/health", "OK");
    post.start(&["-q", "-e", "cat /run/health", "-x", "OK"]);
    post.wait_for_weight(Some(1));
    let mut client = post.router.start(
        "bash",
        &[
            "-c",
            "exec 3<>/dev/tcp/192.168.26.10/80 && echo connected; until [ -e /run/ask ]; do sleep 0.1; done
             printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3",
        ],
    );
    wait_until("a connection", PATIENCE, || client.output().contains("connected"));

    post.router.write("/run/health", "FAIL");
    post.wait_for_weight(Some(0));
    let refused = post.router.run("bash", &["-c", "exec 3<>/dev/tcp/192.168.26.10/80"]);
    assert_ne!(refused.code(), 0, "nobody is there for new connections");
    post.router.write("/run/ask", "");
    assert!(client.wait(PATIENCE).success());
    assert!(client.output().ends_with("web\n"), "{}", client.output());

    post.router.write("/run/health", "OK");
    post.wait_for_weight(Some(1));
    post.stop();
}

fn changes_by_others_are_repaired() {
    let post = Post::boot();
    post.start(&[]);
    post.wait_for_weight(Some(1));
    post.ipvsadm(&["-d", "-t", VIRTUAL, "-r", REAL]);
    post.wait_for_weight(Some(1));
    post.ipvsadm(&["-e", "-t", VIRTUAL, "-r", REAL, "-m", "-w", "77", "-x", "99"]);
    post.wait_for_weight(Some(1));
    post.wait_for_log("the entry was changed by somebody else, repairing: -e -t 192.168.26.10:80");
    let thresholds = post.router.run("ipvsadm", &["-Ln", "--thresholds"]).expect_success();
    assert!(thresholds.contains(" 99 "), "thresholds are the administrator's:\n{thresholds}");

    post.web.stop_web();
    post.wait_for_weight(None);
    post.ipvsadm(&["-a", "-t", VIRTUAL, "-r", REAL, "-m", "-w", "5"]);
    post.wait_for_weight(None);
    post.stop();
}

fn changes_by_others_are_repaired_while_it_is_quiesced() {
    let post = Post::boot();
    post.start(&["-q"]);
    post.wait_for_weight(Some(1));
    post.web.stop_web();
    post.wait_for_weight(Some(0));
    post.ipvsadm(&["-e", "-t", VIRTUAL, "-r", REAL, "-m", "-w", "77"]);
    post.wait_for_weight(Some(0));
    post.ipvsadm(&["-d", "-t", VIRTUAL, "-r", REAL]);
    post.wait_for_weight(Some(0));
    post.ipvsadm(&["-D", "-t", VIRTUAL]);
    post.wait_for_log("/sbin/ipvsadm command failed!");
    post.wait_for_log("No such process (ESRCH); there is no such virtual server");
    post.ipvsadm(&["-A", "-t", VIRTUAL, "-s", "wlc"]);
    post.wait_for_weight(Some(0));
    post.web.start_web(80);
    post.wait_for_weight(Some(1));
    post.stop();
    assert_eq!(post.router.table().weight(SERVICE, REAL), None);
}

fn a_missing_virtual_server_is_waited_for() {
    let post = Post::boot();
    post.ipvsadm(&["-D", "-t", VIRTUAL]);
    post.start(&[]);
    post.wait_for_log("/sbin/ipvsadm command failed!");
    post.wait_for_log("No such process (ESRCH); there is no such virtual server");
    post.ipvsadm(&["-A", "-t", VIRTUAL, "-s", "wlc"]);
    post.wait_for_weight(Some(1));

    post.ipvsadm(&["-D", "-t", VIRTUAL]);
    post.web.stop_web();
    post.wait_for_log("[inactive]");
    post.ipvsadm(&["-A", "-t", VIRTUAL, "-s", "wlc"]);
    post.web.start_web(80);
    post.wait_for_weight(Some(1));
    post.stop();
}

fn an_entry_that_is_there_keeps_its_weight() {
    let post = Post::boot();
    post.ipvsadm(&["-a", "-t", VIRTUAL, "-r", REAL, "-m", "-w", "20"]);
    post.start(&["-w", "20", "-v"]);
    post.wait_for_log("avail: 1 active: 1");
    assert!(!post.router.logged("[ active ]"), "it was in service already");
    assert_eq!(post.router.table().weight(SERVICE, REAL), Some(20));
    post.stop();
    assert_eq!(post.router.table().weight(SERVICE, REAL), None);
}

fn forced_states_change_the_entry() {
    let post = Post::boot();
    post.start(&["-q", "-w", "64"]);
    post.wait_for_weight(Some(2));
    post.signal(Signal::SIGUSR1);
    // Also with --quiesce_server.
    post.wait_for_weight(None);
    post.signal(Signal::SIGUSR2);
    post.wait_for_weight(Some(64));
    post.signal(Signal::SIGUSR1);
    post.wait_for_weight(None);
    post.signal(Signal::SIGHUP);
    post.wait_for_weight(Some(2));
    post.stop();
}

fn its_end_removes_the_entry_whatever_it_does() {
    let post = Post::boot();
    let slowly = |more: &[&str]| {
        post.start(&[&["-t", "60", "-v"], more].concat());
        post.wait_for_weight(Some(1));
    };
    let stop = |doing: &str| {
        post.stop();
        assert_eq!(post.router.table().weight(SERVICE, REAL), None, "{doing}");
    };
    slowly(&[]);
    stop("pausing");

    slowly(&[]);
    post.web.signal("nginx", Signal::SIGSTOP);
    post.check_until("DEBUG -- Posting READ poll()");
    stop("awaiting an answer");
    post.web.signal("nginx", Signal::SIGCONT);

    slowly(&[]);
    post.web.run("ip", &["addr", "flush", "dev", "eth0"]).expect_success();
    post.check_until("Connecting socket to remote address...");
    stop("connecting");
    post.web.run("ip", &["addr", "add", "192.168.26.1/24", "dev", "eth0"]).expect_success();

    post.router.write("/run/check", "echo OK");
    slowly(&["-e", "sh /run/check", "-x", "OK"]);
    post.router.write("/run/check", "sleep 60");
    post.check_until("Invoking:  sh");
    stop("awaiting the check program");

    post.router.write("/run/load", "#!/bin/sh\nsleep 60\n");
    post.router.run("chmod", &["+x", "/run/load"]).expect_success();
    slowly(&["-U", "/run/load"]);
    post.wait_for_log("Invoking:  /run/load");
    stop("awaiting the load program");
}

fn a_rehearsal_changes_nothing() {
    let post = Post::boot();
    post.start(&["--test-start", "-v"]);
    post.wait_for_log("avail: 1 active: 1");
    assert_eq!(post.router.table().sorted(), "TCP 192.168.26.10:80 wlc\n");
    post.stop();
}

fn it_refuses_to_begin_without_privilege() {
    let post = Post::boot();
    let nobody = ["--reuid", "65534", "--clear-groups", "/usr/sbin/nanny"];
    let words = ["--lvs", "-h", "192.168.26.1", "-V", "192.168.26.10"];
    let refused = post.router.run("setpriv", &[&nobody[..], &words].concat());
    assert_eq!(refused.code(), 1, "{refused:?}");
    assert!(refused.stderr.contains("not permitted; run as root"), "{refused:?}");
    assert!(post.router.processes_named("nanny").is_empty());
}
