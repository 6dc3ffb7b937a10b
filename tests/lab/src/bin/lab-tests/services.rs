//! Each kind of virtual server as the kernel has it: by TCP, UDP and mark, persistent or not, with each scheduler.

use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::FLOATING;
use lab::suite::Test;
use lab::{Lab, Machine, Pair, Routing, tests, wait_until};

use crate::lines::{self, PORT, service, virtual_server};

const PATIENCE: Duration = Duration::from_secs(15);
/// Those that Piranha knows.
const SCHEDULERS: [&str; 8] = ["lc", "wlc", "rr", "wrr", "lblc", "lblcr", "dh", "sh"];
/// Those that stand on an extension line.
const MORE_SCHEDULERS: [&str; 5] = ["sed", "nq", "fo", "ovf", "mh"];

pub(crate) fn tests() -> Vec<Test> {
    tests!("services":
        each_kind_of_service_and_the_time_outs,
        each_scheduler_finds_a_real_server,
        udp_is_balanced_too,
    )
}

fn each_kind_of_service_and_the_time_outs() {
    let lab = Lab::new();
    let router = &lab.machine("router").cable("eth0", &lab.switch("public"), &["192.168.26.9/24"]).boot();
    let mut file = LvsCf::default().with("serial_no", "40");
    for (key, value) in [("tcp_timeout", "0"), ("tcpfin_timeout", "0"), ("udp_timeout", "0")] {
        file.set(key, value);
    }
    file.virtual_servers = vec![
        virtual_server("tcp", 1),
        virtual_server("udp", 2).with("protocol", "udp"),
        virtual_server("mark", 3).with("fwmark", "7"),
        virtual_server("persistent", 4).with("persistent", "60"),
        virtual_server("masked", 5).with("persistent", "60").with("pmask", "255.255.255.0"),
    ];
    let ports = 100..;
    for (scheduler, port) in SCHEDULERS.iter().zip(ports) {
        file.virtual_servers.push(virtual_server(scheduler, port).with("scheduler", scheduler));
    }
    let ports = 200..;
    for (scheduler, port) in MORE_SCHEDULERS.iter().zip(ports) {
        file.virtual_servers.push(virtual_server(scheduler, port).with("#% scheduler", scheduler));
    }
    let kernels_own = time_outs(router);
    lines::start(router, &file);

    let mut wanted = vec![
        format!("-A -t {FLOATING}:1 -s rr"),
        format!("-A -u {FLOATING}:2 -s rr"),
        "-A -f 7 -s rr".to_owned(),
        format!("-A -t {FLOATING}:4 -s rr -p 60"),
        format!("-A -t {FLOATING}:5 -s rr -p 60 -M 255.255.255.0"),
    ];
    let by_scheduler = (100..).zip(SCHEDULERS).chain((200..).zip(MORE_SCHEDULERS));
    wanted.extend(by_scheduler.map(|(port, scheduler)| format!("-A -t {FLOATING}:{port} -s {scheduler}")));
    wanted.sort();
    wait_until(&format!("{wanted:#?}"), PATIENCE, || saved(router) == wanted);

    assert_eq!(time_outs(router), kernels_own, "0 leaves the kernel's own");
    assert_eq!(kernels_own, "900 120 300");
    file.set("tcp_timeout", "100");
    file.set("udp_timeout", "30");
    lines::reload(router, &file);
    wait_until("other time-outs", PATIENCE, || time_outs(router) == "100 120 30");
}

/// In the words of another program.
fn saved(router: &Machine) -> Vec<String> {
    let text = router.run("ipvsadm", &["-Sn"]).expect_success();
    let mut lines: Vec<_> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.sort();
    lines
}

/// `Timeout (tcp tcpfin udp): 900 120 300`
fn time_outs(router: &Machine) -> String {
    let line = router.run("ipvsadm", &["-L", "--timeout"]).expect_success();
    line.split_once(": ").map(|(_, times)| times.trim().to_owned()).expect("three times behind a colon")
}

fn each_scheduler_finds_a_real_server() {
    let (pair, _answerers) = lines::boot();
    let router = &pair.primary;
    let mut file = lines::file();
    lines::start(router, &file);
    wait_until("every real server", PATIENCE, || router.table().to_string().matches("->").count() == 3);
    let calls = pair.client.call(lines::at(), Duration::from_millis(10));
    let extension = MORE_SCHEDULERS.map(|scheduler| ("#% scheduler", scheduler));
    let ordinary = SCHEDULERS.map(|scheduler| ("scheduler", scheduler));
    for (key, scheduler) in ordinary.into_iter().chain(extension) {
        service(&mut file).set(key, scheduler);
        lines::reload(router, &file);
        let in_force = || router.table().service(lines::SERVICE).is_some_and(|it| it.scheduler == scheduler);
        wait_until(scheduler, PATIENCE, in_force);
        let event = calls.moment();
        calls.wait_for_answers(10);
        calls.expect_no_failure_since(event);
    }
}

fn udp_is_balanced_too() {
    let pair = Pair::boot(Routing::Nat);
    let router = &pair.primary;
    let _answerers: Vec<_> = pair.real_servers.iter().map(|server| server.answer(PORT)).collect();
    lines::raise_both(router);
    let mut file = pair.configuration();
    let web = file.virtual_server("web");
    for (key, value) in [("protocol", "udp"), ("port", "7"), ("send", "\"\\n\""), ("expect", "\"web\"")] {
        web.set(key, value);
    }
    lines::start(router, &file);
    let real_servers = [1, 2, 3].map(|number| format!("  -> 10.11.12.{number}:7 Masq 1\n")).concat();
    lines::wait_for_table(router, &format!("UDP {FLOATING}:7 rr\n{real_servers}"), "every real server");
    let ask = format!("exec 3<>/dev/udp/{FLOATING}/{PORT}; echo >&3; timeout 2 head -n 1 <&3");
    let mut answers: Vec<_> =
        (0..3).map(|_| pair.client.run("bash", &["-c", &ask]).expect_success().trim().to_owned()).collect();
    answers.sort();
    assert_eq!(answers, ["web1:7", "web2:7", "web3:7"]);
}
