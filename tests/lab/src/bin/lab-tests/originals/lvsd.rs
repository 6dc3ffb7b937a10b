//! nanny under Piranha's lvsd: it stands alone, and speaks through a pipe.

use std::time::Duration;

use lab::machine::Running;
use lab::suite::Test;
use lab::{Lab, Machine, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(20);
const NAME: &str = "original-lvsd";
const VIRTUAL: &str = "192.168.26.10:80";
const SERVICE: &str = "TCP 192.168.26.10:80";
const REAL: &str = "192.168.26.1:80";
const SORRY: &str = "192.168.26.77:80";

pub(crate) fn tests() -> Vec<Test> {
    tests!("originals":
        nanny_works_under_piranhas_lvsd,
        nanny_quiesces_under_piranhas_lvsd,
        the_sorry_server_of_piranhas_lvsd_follows_nannys_lines,
        nanny_ends_in_good_order_when_piranhas_lvsd_is_killed,
        a_pipe_that_nobody_reads_stops_no_nanny,
    )
}

/// A router whose virtual server the stand-in has made, and one real server.
struct Post {
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
        super::install_stand_in(&router, NAME, include_str!("lvsd.c"));
        router.run("ipvsadm", &["-A", "-t", VIRTUAL, "-s", "wlc"]).expect_success();
        Self { router, web, _lab: lab }
    }

    /// Starts the monitor as Piranha does: `head` says how, the rest is the vector of specification lvsd.md 5.2 with
    /// these words at their places.
    fn start(&self, head: &[&str], checks: &[&str], last: &[&str]) -> Running {
        let nanny = ["/usr/sbin/nanny", "-c", "-h", "192.168.26.1", "-p", "80", "-r", "80"];
        let text = ["-s", r"GET / HTTP/1.0\r\n\r\n", "-x", "HTTP"];
        let rest = ["-a", "2", "-I", "/sbin/ipvsadm", "-t", "1", "-w", "1", "-V", "192.168.26.10"];
        let words = [head, &nanny, &text, checks, &rest, &["-M", "g", "-U", "none"], last].concat();
        self.router.start(NAME, &words)
    }

    fn wait_for_weight(&self, real: &str, weight: Option<u32>) {
        let what = format!("weight {weight:?} of {real}");
        wait_until(&what, PATIENCE, || self.router.table().weight(SERVICE, real) == weight);
    }

    /// The end of lvsd, which waits without limit for that of nanny.
    fn stop(&self, mut lvsd: Running) {
        self.router.signal(NAME, Signal::SIGTERM);
        assert!(lvsd.wait(PATIENCE).success());
        assert!(lvsd.output().ends_with("the monitor ended with status 0\n"), "{}", lvsd.output());
        assert_eq!(self.router.table().weight(SERVICE, REAL), None);
    }
}

fn nanny_works_under_piranhas_lvsd() {
    let post = Post::boot();
    let lvsd = post.start(&["plain"], &[], &["--lvs"]);
    post.wait_for_weight(REAL, Some(1));
    post.router.wait_for_log("starting LVS client monitor for 192.168.26.10:80 -> 192.168.26.1:80", PATIENCE);
    post.web.stop_web();
    post.wait_for_weight(REAL, None);
    post.web.start_web(80);
    post.wait_for_weight(REAL, Some(1));
    post.stop(lvsd);
}

fn nanny_quiesces_under_piranhas_lvsd() {
    let post = Post::boot();
    let lvsd = post.start(&["plain"], &["-q"], &["--lvs"]);
    post.wait_for_weight(REAL, Some(1));
    post.web.stop_web();
    post.wait_for_weight(REAL, Some(0));
    post.stop(lvsd);
}

fn the_sorry_server_of_piranhas_lvsd_follows_nannys_lines() {
    let post = Post::boot();
    // Many lines besides the two that count, of every length.
    let lvsd = post.start(&[VIRTUAL, SORRY], &["-v"], &["--nodaemon", "--lvs"]);
    for _ in 0..2 {
        post.wait_for_weight(REAL, Some(1));
        post.wait_for_weight(SORRY, None);
        post.web.stop_web();
        post.wait_for_weight(REAL, None);
        post.wait_for_weight(SORRY, Some(1));
        post.web.start_web(80);
    }
    post.wait_for_weight(SORRY, None);
    post.stop(lvsd);
}

fn nanny_ends_in_good_order_when_piranhas_lvsd_is_killed() {
    let post = Post::boot();
    let _lvsd = post.start(&["plain"], &[], &["--lvs"]);
    post.wait_for_weight(REAL, Some(1));
    post.router.signal(NAME, Signal::SIGKILL);
    post.wait_for_weight(REAL, None);
    wait_until("the end of nanny", PATIENCE, || post.router.processes_named("nanny").is_empty());
}

fn a_pipe_that_nobody_reads_stops_no_nanny() {
    let post = Post::boot();
    let lvsd = post.start(&["deaf"], &["-v"], &["--nodaemon", "--lvs"]);
    post.wait_for_weight(REAL, Some(1));
    let checks = || post.router.log().iter().filter(|line| line.text.starts_with("avail: ")).count();
    // Each check says more than 400 bytes, and the pipe holds 4096.
    wait_until("more checks than the pipe can tell of", PATIENCE, || {
        post.router.signal("nanny", Signal::SIGALRM);
        checks() > 20
    });
    post.web.stop_web();
    post.wait_for_weight(REAL, None);
    post.web.start_web(80);
    post.wait_for_weight(REAL, Some(1));
    post.stop(lvsd);
}
