//! A `client_monitor` that is not nanny, under lvsd.

use std::collections::BTreeMap;
use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::{CONFIGURATION, SERVICE};
use lab::suite::Test;
use lab::{Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(20);
const MONITOR: &str = "/usr/sbin/watch";
const SORRY: &str = "192.168.26.3:80";

pub(crate) fn tests() -> Vec<Test> {
    tests!("originals":
        a_foreign_monitor_gets_what_piranha_gave_it,
        with_a_sorry_server_it_gets_a_pipe,
        its_entry_is_its_own_over_reloads,
        the_sorry_server_follows_what_it_says,
        a_killed_lvsd_takes_it_along,
        one_that_dies_is_started_again_without_its_entry,
        one_that_cannot_be_started_ends_lvsd_or_not,
    )
}

/// A router with the monitor for the first two real servers.
struct Post {
    pair: Pair,
    file: LvsCf,
}

impl Post {
    fn boot(change: impl FnOnce(&mut LvsCf)) -> Self {
        let pair = Pair::boot(Routing::Direct);
        let mut file = pair.configuration();
        file.virtual_server("web").set("client_monitor", MONITOR);
        file.virtual_server("web").remove("web3");
        change(&mut file);
        let post = Self { pair, file };
        let router = &post.pair.primary;
        router.write(MONITOR, include_str!("watch.sh"));
        router.run("chmod", &["755", MONITOR]).expect_success();
        router.run("mkdir", &["-p", "/run/watch/192.168.26.1", "/run/watch/192.168.26.2"]).expect_success();
        router.write(CONFIGURATION, post.file.to_string());
        post
    }

    fn start(&self) {
        self.pair.primary.run("/usr/sbin/lvsd", &[]).expect_success();
    }

    fn reload(&self) {
        self.pair.primary.write(CONFIGURATION, self.file.to_string());
        self.pair.primary.signal("lvsd", Signal::SIGHUP);
    }

    /// The monitor of this real server finds it up and gives it this weight.
    fn up(&self, number: u8, weight: u32) {
        self.pair.primary.write(&format!("/run/watch/192.168.26.{number}/up"), weight.to_string());
    }

    /// It finds it down.
    fn down(&self, number: u8) {
        let file = format!("/run/watch/192.168.26.{number}/up");
        self.pair.primary.run("rm", &["-f", &file]).expect_success();
    }

    fn note(&self, number: u8, what: &str) -> String {
        self.pair.primary.read(&format!("/run/watch/192.168.26.{number}/{what}")).unwrap_or_default()
    }

    /// What it found at its descriptors, but for the script itself.
    fn descriptors(&self, number: u8) -> BTreeMap<u32, String> {
        let listing = self.note(number, "descriptors");
        let links = listing.lines().filter_map(|line| line.split_once(" -> "));
        let own = links.filter(|(_, target)| *target != MONITOR);
        let number = |link: &str| link.split_whitespace().last().and_then(|word| word.parse().ok());
        own.filter_map(|(link, target)| Some((number(link)?, target.to_owned()))).collect()
    }

    /// Waits until it has been started so often.
    fn wait_for_start(&self, number: u8, times: usize) {
        let starts = || self.note(number, "starts").lines().count();
        wait_until(&format!("start {times} of monitor {number}"), PATIENCE, || starts() >= times);
    }

    fn weight(&self, real: &str) -> Option<u32> {
        self.pair.primary.table().weight(SERVICE, real)
    }

    fn wait_for_weight(&self, real: &str, weight: Option<u32>) {
        let what = format!("weight {weight:?} of {real}");
        wait_until(&what, PATIENCE, || self.weight(real) == weight);
    }

    fn wait_for_weights(&self, first: Option<u32>, second: Option<u32>) {
        self.wait_for_weight("192.168.26.1:80", first);
        self.wait_for_weight("192.168.26.2:80", second);
    }

    fn wait_for_no_monitor(&self) {
        let gone = || self.pair.primary.processes_named("watch").is_empty();
        wait_until("the end of every monitor", PATIENCE, gone);
    }
}

fn a_foreign_monitor_gets_what_piranha_gave_it() {
    let post = Post::boot(|file| {
        let web = file.virtual_server("web");
        web.set("quiesce_server", "1");
        web.set("use_regex", "1");
        web.set("load_monitor", "uptime");
        web.real_server("web1").set("weight", "3");
    });
    post.start();
    post.wait_for_start(1, 1);
    let arguments = post.note(1, "arguments");
    // In front stands the shell, which the kernel has put there.
    let arguments: Vec<_> = arguments.lines().skip_while(|word| *word != MONITOR).collect();
    let wanted = [
        "/usr/sbin/watch",
        "-c",
        "-h",
        "192.168.26.1",
        "-p",
        "80",
        "-r",
        "80",
        "-s",
        r"GET / HTTP/1.0\r\n\r\n",
        "-x",
        "HTTP",
        "-q",
        "--regex",
        "-a",
        "2",
        "-I",
        "/sbin/ipvsadm",
        "-t",
        "1",
        "-w",
        "3",
        "-V",
        "192.168.26.10",
        "-M",
        "g",
        "-U",
        "rsh",
        "--lvs",
    ];
    assert_eq!(arguments, wanted);
    assert!(!post.note(1, "environment").contains("PIRANHA_"), "{}", post.note(1, "environment"));
    let descriptors = post.descriptors(1);
    let wanted: BTreeMap<_, _> = (0..3).map(|number| (number, "/dev/null".to_owned())).collect();
    assert_eq!(descriptors, wanted);
    let pid = post.note(1, "starts");
    post.pair
        .primary
        .wait_for_log(&format!("create_monitor for web/web1 running as pid {}", pid.trim()), PATIENCE);
}

fn with_a_sorry_server_it_gets_a_pipe() {
    let post = Post::boot(|file| file.virtual_server("web").set("sorry_server", "192.168.26.3"));
    post.start();
    post.wait_for_start(1, 1);
    assert!(post.note(1, "arguments").ends_with("--nodaemon\n--lvs\n"), "{}", post.note(1, "arguments"));
    let descriptors = post.descriptors(1);
    assert_eq!(descriptors.len(), 3, "none of another monitor: {descriptors:?}");
    assert!(descriptors[&0].starts_with("pipe:"), "{descriptors:?}");
    assert!(
        descriptors.values().all(|end| *end == descriptors[&0]),
        "both ends of one pipe: {descriptors:?}"
    );
    let flags = post.note(1, "flags");
    let flags: Vec<_> = flags.lines().filter_map(|line| line.split_whitespace().last()).collect();
    // O_NONBLOCK is 04000; reading is 0, writing 1.
    assert_eq!(flags, ["04000", "04001", "04001"]);
}

fn its_entry_is_its_own_over_reloads() {
    let mut post = Post::boot(|_| {});
    post.up(1, 7);
    post.up(2, 8);
    post.start();
    post.wait_for_weights(Some(7), Some(8));

    post.file.virtual_server("web").set("scheduler", "wlc");
    post.reload();
    post.pair.primary.wait_for_log("changed: ipvsadm -E", PATIENCE);
    post.wait_for_weights(Some(7), Some(8));
    post.up(1, 9);
    post.wait_for_weights(Some(9), Some(8));
    assert_eq!(post.note(1, "starts").lines().count(), 1, "nothing of its own has changed");

    // Another argument is another monitor; the old one has ended before.
    post.file.virtual_server("web").real_server("web1").set("weight", "5");
    post.reload();
    post.wait_for_start(1, 2);
    assert!(post.note(1, "ended").contains("-w 1"), "{}", post.note(1, "ended"));
    assert!(post.note(1, "arguments").contains("-w\n5\n"), "{}", post.note(1, "arguments"));
    post.wait_for_weights(Some(9), Some(8));

    post.file.virtual_server("web").remove("web2");
    post.reload();
    post.wait_for_weights(Some(9), None);
    wait_until("the end of its monitor", PATIENCE, || !post.note(2, "ended").is_empty());

    post.pair.primary.signal("lvsd", Signal::SIGTERM);
    post.wait_for_no_monitor();
    wait_until("the end of lvsd", PATIENCE, || post.pair.primary.processes_named("lvsd").is_empty());
    assert_eq!(post.pair.primary.table().sorted(), "");
    assert!(!post.note(1, "ended").is_empty(), "it was asked to end and did");
}

fn the_sorry_server_follows_what_it_says() {
    let mut post = Post::boot(|file| file.virtual_server("web").set("sorry_server", "192.168.26.3"));
    post.start();
    // Neither has said anything.
    post.wait_for_weight(SORRY, Some(1));
    post.up(1, 1);
    post.wait_for_weight(SORRY, None);
    post.up(2, 1);
    post.wait_for_weights(Some(1), Some(1));

    post.file.virtual_server("web").set("scheduler", "wlc");
    post.reload();
    post.down(1);
    post.wait_for_weights(None, Some(1));
    assert_eq!(post.weight(SORRY), None);
    post.down(2);
    post.wait_for_weight(SORRY, Some(1));
    post.wait_for_weights(None, None);
    post.up(2, 1);
    post.wait_for_weight(SORRY, None);
    post.wait_for_weights(None, Some(1));
    let said = |text| post.pair.primary.logged(text);
    assert!(said("Virtual Server web: No real servers; activate sorry_server 192.168.26.3"));
    assert!(said("Virtual Server web: 1 real servers; deactivate sorry_server 192.168.26.3"));
}

fn a_killed_lvsd_takes_it_along() {
    let post = Post::boot(|_| {});
    post.up(1, 7);
    post.up(2, 8);
    post.start();
    post.wait_for_weights(Some(7), Some(8));
    post.pair.primary.signal("lvsd", Signal::SIGKILL);
    post.wait_for_no_monitor();
    assert_eq!(post.pair.primary.table().sorted(), "TCP 192.168.26.10:80 rr\n");
}

fn one_that_dies_is_started_again_without_its_entry() {
    let post = Post::boot(|_| {});
    post.up(1, 7);
    post.up(2, 8);
    post.start();
    post.wait_for_weights(Some(7), Some(8));
    post.pair.primary.signal("watch", Signal::SIGKILL);
    // It could not add an entry that is there, and would end with status 255.
    post.wait_for_start(1, 2);
    post.wait_for_start(2, 2);
    post.wait_for_weights(Some(7), Some(8));
    let complaint = "nanny for web/web1 ended (signal: 9 (SIGKILL)): starting it again in 100ms";
    post.pair.primary.wait_for_log(complaint, PATIENCE);
    assert!(!post.pair.primary.logged("status: 255"));
}

fn one_that_cannot_be_started_ends_lvsd_or_not() {
    let mut post = Post::boot(|file| file.virtual_server("web").set("client_monitor", "/usr/sbin/missing"));
    let mut lvsd = post.pair.primary.start("/usr/sbin/lvsd", &["--nodaemon"]);
    assert_eq!(lvsd.wait(Duration::from_secs(40)).code(), Some(1), "{}", lvsd.output());
    assert!(lvsd.output().contains("died! shutting down lvs"), "{}", lvsd.output());
    assert!(lvsd.output().contains("cannot execute /usr/sbin/missing: No such file"), "{}", lvsd.output());
    assert_eq!(post.pair.primary.table().sorted(), "");

    post.file.set("hard_shutdown", "0");
    post.pair.primary.write(CONFIGURATION, post.file.to_string());
    post.start();
    let text = "nanny for child web/web1 died! manual action needed!";
    post.pair.primary.wait_for_log(text, Duration::from_secs(40));
    let line = post.pair.primary.log().into_iter().find(|line| line.text == text).expect("the line");
    assert_eq!(line.severity, "err");

    post.file.virtual_server("web").set("client_monitor", MONITOR);
    post.up(1, 7);
    post.reload();
    post.wait_for_weights(Some(7), None);
}
