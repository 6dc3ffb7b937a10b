//! Everything that a reload may change (specification lvsd.md 9), one after the other: each has the obvious result, and the
//! real servers that it does not concern keep their weights, their connections and their monitors.

use std::time::Duration;

use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::suite::Test;
use lab::{Machine, Moment, tests, wait_until};

use crate::lines::{self, SERVICE, service, virtual_server};

const PATIENCE: Duration = Duration::from_secs(15);
const HELD: usize = 30;
/// What round robin gives to each.
const HELD_EACH: u32 = 10;
const PACE: Duration = Duration::from_millis(20);

pub(crate) fn tests() -> Vec<Test> {
    tests!("matrix":
        each_change_has_its_result_and_nothing_else,
    )
}

/// One reload.
struct Row {
    what: &'static str,
    change: fn(&mut LvsCf),
    /// The virtual server `lines`: what follows its address, and its real servers beside the two that stay.
    lines: (&'static str, &'static str),
    /// The other services, before and after that one in the sorted table.
    others: (&'static str, &'static str),
    /// The monitors of the two that stay are the same processes as before.
    same_monitors: bool,
}

/// The table where only the real servers of `lines` matter.
const fn row(what: &'static str, change: fn(&mut LvsCf), real_servers: &'static str) -> Row {
    Row { what, change, lines: ("rr", real_servers), others: ("", WEB), same_monitors: true }
}

/// Where the service of `lines` itself changes.
const fn service_row(what: &'static str, change: fn(&mut LvsCf), settings: &'static str) -> Row {
    Row { what, change, lines: (settings, THREE), others: ("", WEB), same_monitors: true }
}

/// Where the other services change.
const fn others_row(
    what: &'static str,
    change: fn(&mut LvsCf),
    before: &'static str,
    after: &'static str,
) -> Row {
    Row { what, change, lines: ("rr", THREE), others: (before, after), same_monitors: true }
}

/// Where only the monitors change.
const fn check_row(what: &'static str, change: fn(&mut LvsCf)) -> Row {
    Row { what, change, lines: ("rr", THREE), others: ("", WEB), same_monitors: false }
}

const THREE: &str = "  -> 192.168.26.3:7 Route 1\n";
const WEB: &str = "TCP 192.168.26.10:80 rr\n  -> 192.168.26.3:80 Route 1\n";

const ROWS: &[Row] = &[
    row(
        "a real server is added",
        |file| _ = service(file).add("extra", "192.168.26.21"),
        "  -> 192.168.26.21:7 Route 1\n  -> 192.168.26.3:7 Route 1\n",
    ),
    row("a real server is switched off", |file| extra(file, "active", "0"), THREE),
    row(
        "a real server is switched on",
        |file| extra(file, "active", "1"),
        "  -> 192.168.26.21:7 Route 1\n  -> 192.168.26.3:7 Route 1\n",
    ),
    row(
        "its port changes",
        |file| extra(file, "port", "8"),
        "  -> 192.168.26.21:8 Route 1\n  -> 192.168.26.3:7 Route 1\n",
    ),
    row(
        "its address changes",
        |file| extra(file, "address", "192.168.26.22"),
        "  -> 192.168.26.22:8 Route 1\n  -> 192.168.26.3:7 Route 1\n",
    ),
    row(
        "its weight changes",
        |file| extra(file, "weight", "0"),
        "  -> 192.168.26.22:8 Route 0\n  -> 192.168.26.3:7 Route 1\n",
    ),
    row(
        "a real server is replaced by two",
        |file| {
            service(file).remove("extra");
            service(file).add("other", "192.168.26.23");
            service(file).add("another", "192.168.26.21");
        },
        "  -> 192.168.26.21:7 Route 1\n  -> 192.168.26.23:7 Route 1\n  -> 192.168.26.3:7 Route 1\n",
    ),
    row(
        "two real servers are removed",
        |file| {
            service(file).remove("other");
            service(file).remove("another");
        },
        THREE,
    ),
    service_row("the scheduler changes", |file| service(file).set("scheduler", "wlc"), "wlc"),
    service_row(
        "persistence begins",
        |file| service(file).set("persistent", "60"),
        "wlc persistent FFFFFFFF",
    ),
    service_row(
        "the mask changes",
        |file| service(file).set("pmask", "255.255.255.0"),
        "wlc persistent FFFFFF00",
    ),
    service_row(
        "persistence ends",
        |file| {
            service(file).set("persistent", "0");
            service(file).set("scheduler", "rr");
        },
        "rr",
    ),
    check_row("other times", |file| {
        service(file).set("timeout", "2");
        service(file).set("reentry", "5");
    }),
    check_row("another check", |file| {
        service(file).set("send", "\"hello\\n\"");
        service(file).set("expect", "\"^web[0-9]\"");
        service(file).set("use_regex", "1");
    }),
    check_row("a check program", |file| service(file).set("send_program", "\"/bin/echo web1\"")),
    check_row("quiescing", |file| service(file).set("quiesce_server", "1")),
    check_row("another load monitor", |file| service(file).set("load_monitor", "/bin/true")),
    check_row("a sorry server", |file| service(file).set("sorry_server", "192.168.26.3")),
    check_row("another name", |file| service(file).real_server("web1").rename("one")),
    others_row(
        "a virtual server gets a mark",
        |file| web(file).set("fwmark", "9"),
        "FWM 9 rr\n  -> 192.168.26.3:0 Route 1\n",
        "",
    ),
    others_row(
        "the mark changes",
        |file| web(file).set("fwmark", "8"),
        "FWM 8 rr\n  -> 192.168.26.3:0 Route 1\n",
        "",
    ),
    others_row("the mark goes", |file| web(file).set("fwmark", "0"), "", WEB),
    others_row(
        "another port",
        |file| web(file).set("port", "8"),
        "",
        "TCP 192.168.26.10:8 rr\n  -> 192.168.26.3:8 Route 1\n",
    ),
    others_row(
        "another protocol",
        |file| web(file).set("protocol", "udp"),
        "",
        "UDP 192.168.26.10:8 rr\n  -> 192.168.26.3:8 Route 1\n",
    ),
    others_row(
        "another address",
        |file| {
            web(file).set("protocol", "tcp");
            web(file).set("address", "192.168.26.11 eth0:2");
        },
        "",
        "TCP 192.168.26.11:8 rr\n  -> 192.168.26.3:8 Route 1\n",
    ),
    others_row("a virtual server is switched off", |file| web(file).set("active", "0"), "", ""),
    others_row("a virtual server is switched on", |file| *web(file) = second(), "", WEB),
    others_row("the only real server goes", |file| web(file).remove("web3"), "", "TCP 192.168.26.10:80 rr\n"),
    others_row("and returns", |file| *web(file) = second(), "", WEB),
    others_row(
        "two are inserted before the others",
        |file| {
            file.virtual_servers.insert(0, virtual_server("first", 1));
            file.virtual_servers.insert(1, virtual_server("second", 2));
        },
        "TCP 192.168.26.10:1 rr\nTCP 192.168.26.10:2 rr\n",
        WEB,
    ),
    others_row(
        "all change places",
        |file| file.virtual_servers.reverse(),
        "TCP 192.168.26.10:1 rr\nTCP 192.168.26.10:2 rr\n",
        WEB,
    ),
    others_row(
        "one goes that is not the last",
        |file| file.virtual_servers.retain(|it| it.name() != "second"),
        "TCP 192.168.26.10:1 rr\n",
        WEB,
    ),
    others_row(
        "the first and the last go",
        |file| {
            file.virtual_servers.retain(|it| it.name() == "lines");
        },
        "",
        "",
    ),
    others_row("one is added at the end", |file| file.virtual_servers.push(second()), "", WEB),
];

fn each_change_has_its_result_and_nothing_else() {
    let (pair, _answerers) = lines::boot();
    let _more = [0, 1, 2].map(|at| pair.real_servers[at].answer(8));
    let router = &pair.primary;
    let mut file = lines::file();
    service(&mut file).real_server("web1").set("weight", "2");
    service(&mut file).real_server("web2").set("weight", "3");
    file.virtual_servers.push(second());
    // As an earlier lvsd has left it: no slow start disturbs the weights.
    lines::build_by_hand(router, [2, 3, 1]);
    lines::start(router, &file);
    check_row("the first file", |_| ()).wait(router);
    let held = pair.client.converse(lines::at(), HELD);
    let calls = pair.client.call(lines::at(), PACE);
    calls.wait_for_answers(10);

    let begin = calls.moment();
    let daemon = pids(router, "lvsd", "");
    for row in ROWS {
        println!("{}", row.what);
        let (event, before) = (calls.moment(), monitors(router));
        (row.change)(&mut file);
        lines::reload(router, &file);
        row.wait(router);
        calls.wait_for_answers(5);
        calls.expect_no_failure_since(event);
        held.expect_unbroken();
        assert!(connections(router).iter().all(|&count| count >= HELD_EACH), "{:?}", connections(router));
        assert_eq!(monitors(router) == before, row.same_monitors, "{}: {before:?}", row.what);
    }
    let end = calls.moment();
    held.expect_all_since(end);
    calls.expect_no_failure_since(begin);
    drop(calls);

    // Nobody takes packets out of tunnels here: only the connections that are there go on as they began.
    file.set("network", "tunnel");
    lines::reload(router, &file);
    let all = |method: &str| router.table().to_string().matches(method).count();
    wait_until("another method", PATIENCE, || (all("Tunnel"), all("Route")) == (4, 0));
    held.expect_all_since(Moment::now());
    assert_eq!(pids(router, "lvsd", ""), daemon);
}

impl Row {
    fn wait(&self, router: &Machine) {
        let (settings, real_servers) = self.lines;
        let stay = "  -> 192.168.26.1:7 Route 2\n  -> 192.168.26.2:7 Route 3\n";
        // In the order of the sorted table.
        let mut all: Vec<_> = real_servers.split_inclusive('\n').chain(stay.split_inclusive('\n')).collect();
        all.sort_unstable();
        let lines = format!("{SERVICE} {settings}\n{}", all.concat());
        let wanted = format!("{}{lines}{}", self.others.0, self.others.1);
        wait_until(&format!("{}:\n{wanted}", self.what), PATIENCE, || without_times(router) == wanted);
    }
}

/// The sorted table without the time of persistence, which is in ticks of the kernel.
fn without_times(router: &Machine) -> String {
    let mut table = router.table();
    for service in &mut table.0 {
        let words = service.flags.split(' ').filter(|word| word.parse::<u32>().is_err());
        service.flags = words.collect::<Vec<_>>().join(" ");
    }
    table.sorted()
}

/// Established connections of the two that stay.
fn connections(router: &Machine) -> Vec<u32> {
    let table = router.table();
    let real_servers = table.service(SERVICE).map(|service| service.destinations.clone()).unwrap_or_default();
    let stay = |address: &str| ["192.168.26.1:7", "192.168.26.2:7"].contains(&address);
    real_servers.iter().filter(|it| stay(&it.address)).map(|it| it.active).collect()
}

/// The monitors of the two that stay.
fn monitors(router: &Machine) -> Vec<i32> {
    let of = |address: &str| pids(router, "nanny", &format!(" -h {address} -p 7 "));
    [of("192.168.26.1"), of("192.168.26.2")].concat()
}

fn pids(router: &Machine, name: &str, words: &str) -> Vec<i32> {
    let all = router.processes_named(name).into_iter();
    all.filter(|process| process.command.contains(words)).map(|process| process.pid).collect()
}

/// A virtual server that nobody uses meanwhile.
fn second() -> VirtualServer {
    let mut web = virtual_server("web", 80);
    web.add("web3", "192.168.26.3");
    web
}

fn web(file: &mut LvsCf) -> &mut VirtualServer {
    file.virtual_server("web")
}

/// The real server that comes and goes.
fn extra(file: &mut LvsCf, key: &str, value: &str) {
    service(file).real_server("extra").set(key, value);
}
