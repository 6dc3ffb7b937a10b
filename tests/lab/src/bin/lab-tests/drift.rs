//! lvsd and what others do to the kernel: its table is put right, its switches are borrowed.

use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::machine::Running;
use lab::pair::{FLOATING, SERVICE, destinations};
use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Machine, Pair, Routing, Traffic, tests, wait_until};
use nix::sys::signal::Signal;

use crate::lvsd::{PATIENCE, balancer, configured, reload, start_lvsd, wait_for_all, wait_for_table};

/// Each service is looked at once in 30 s.
const ROUND: Duration = Duration::from_secs(35);
const STRANGER: &str = "192.168.26.77:25";

pub(crate) fn tests() -> Vec<Test> {
    tests!("drift":
        what_others_change_is_repaired_and_named,
        a_service_with_other_settings_is_taken_over_and_named,
        switches_of_the_kernel_are_borrowed_and_given_back,
        a_persistent_client_leaves_a_quiesced_dead_server,
        a_persistent_client_stays_chained_if_the_file_says_so,
        a_connection_to_a_removed_server_is_reset_at_once,
        a_connection_outlives_a_new_lvsd_that_hears_nothing_of_its_server_yet,
        a_client_hashed_to_a_quiesced_dead_server_is_served,
        time_outs_of_zero_leave_those_of_the_kernel,
    )
}

fn what_others_change_is_repaired_and_named() {
    let (pair, file) = balancer(|_| {});
    wait_for_all(&pair);
    let before = pair.primary.table().sorted();
    let web = format!("{FLOATING}:80");
    ipvsadm(&pair.primary, &["-d", "-t", &web, "-r", "192.168.26.2:80"]);
    ipvsadm(&pair.primary, &["-e", "-t", &web, "-r", "192.168.26.3:80", "-g", "-w", "7"]);
    ipvsadm(&pair.primary, &["-A", "-t", STRANGER, "-s", "lc"]);
    let repaired = format!("{before}TCP {STRANGER} lc\n");
    wait_until(&repaired, ROUND, || pair.primary.table().sorted() == repaired);
    for operation in [
        "-a -t 192.168.26.10:80 -r 192.168.26.2:80 -g -w 1",
        "-e -t 192.168.26.10:80 -r 192.168.26.3:80 -g -w 1",
    ] {
        pair.primary.wait_for_log(&format!("repaired: ipvsadm {operation}"), PATIENCE);
    }

    ipvsadm(&pair.primary, &["-D", "-t", &web]);
    reload(&pair, &file);
    wait_for_table(&pair.primary, &repaired);
    pair.primary.wait_for_log("repaired: ipvsadm -A -t 192.168.26.10:80 -s rr", PATIENCE);
    pair.primary.wait_for_log("configuration file is in force changes=0", PATIENCE);
    assert_eq!(times_logged(&pair.primary, &format!("leaving virtual service -t {STRANGER} alone")), 1);
}

fn times_logged(router: &Machine, text: &str) -> usize {
    router.log().iter().filter(|line| line.text.contains(text)).count()
}

fn a_service_with_other_settings_is_taken_over_and_named() {
    let (pair, _) = configured(|_| {});
    let web = format!("{FLOATING}:80");
    ipvsadm(&pair.primary, &["-A", "-t", &web, "-s", "lc"]);
    ipvsadm(&pair.primary, &["-a", "-t", &web, "-r", "192.168.26.200:80", "-g"]);
    start_lvsd(&pair.primary);
    wait_for_all(&pair);
    assert_eq!(pair.primary.table().service(SERVICE).expect("the service").scheduler, "rr");
    for said in [
        "virtual server web: -t 192.168.26.10:80 is in the IPVS table already with `-s lc`, the file wants `-s rr`: changed",
        "changed: ipvsadm -d -t 192.168.26.10:80 -r 192.168.26.200:80",
    ] {
        pair.primary.wait_for_log(said, PATIENCE);
    }
}

fn switches_of_the_kernel_are_borrowed_and_given_back() {
    let (pair, mut file) = balancer(|file| file.virtual_server("web").set("persistent", "60"));
    let router = &pair.primary;
    wait_until("both switches on", PATIENCE, || switches(router) == [1, 1]);
    router.wait_for_log("net.ipv4.vs.expire_quiescent_template: 0 -> 1", PATIENCE);

    file.virtual_server("web").set("persistent", "0");
    reload(&pair, &file);
    wait_until("no switch for templates without persistence", PATIENCE, || switches(router) == [1, 0]);

    router.signal("lvsd", Signal::SIGKILL);
    wait_until_ended(router);
    assert_eq!(switches(router), [1, 0], "nobody was there to give it back");
    start_lvsd(router);
    wait_for_all(&pair);
    stop_lvsd(router);
    assert_eq!(switches(router), [0, 0]);

    ipvs_switch(router, "expire_nodest_conn", "1");
    start_lvsd(router);
    wait_for_all(&pair);
    stop_lvsd(router);
    assert_eq!(switches(router), [1, 0], "the administrator's own value stays");
}

fn a_persistent_client_leaves_a_quiesced_dead_server() {
    let (pair, _) = balancer(chaining);
    let (traffic, own) = client_of_one_server(&pair);
    stop_and_wait_for_weight_0(&pair, own);
    wait_for_another_server(&pair, &traffic, own);
}

fn a_persistent_client_stays_chained_if_the_file_says_so() {
    let (pair, _) = balancer(|file| {
        chaining(file);
        file.set("#% expire_persistence", "0");
    });
    let (traffic, own) = client_of_one_server(&pair);
    stop_and_wait_for_weight_0(&pair, own);
    let event = traffic.moment();
    holds_for("no answer", Duration::from_secs(3), || traffic.answers_since(event).is_empty());
    assert!(!traffic.failures_since(event).is_empty(), "the client goes on asking");
}

/// Persistence and quiescing together.
fn chaining(file: &mut LvsCf) {
    let web = file.virtual_server("web");
    web.set("persistent", "300");
    web.set("quiesce_server", "1");
}

fn a_client_hashed_to_a_quiesced_dead_server_is_served() {
    let (pair, _) = balancer(|file| {
        let web = file.virtual_server("web");
        web.set("scheduler", "sh");
        web.set("quiesce_server", "1");
    });
    let (traffic, own) = client_of_one_server(&pair);
    stop_and_wait_for_weight_0(&pair, own);
    wait_for_another_server(&pair, &traffic, own);
}

/// A client that is always answered by the same real server, and that server's number from 0.
fn client_of_one_server(pair: &Pair) -> (Traffic, usize) {
    wait_for_all(pair);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(1);
    let event = traffic.moment();
    traffic.wait_for_answers(20);
    let answers = traffic.answers_since(event);
    assert_eq!(answers.len(), 1, "{answers:?}");
    let own = pair.real_servers.iter().position(|server| answers.contains_key(server.name()));
    (traffic, own.expect("a real server"))
}

fn stop_and_wait_for_weight_0(pair: &Pair, number: usize) {
    pair.real_servers[number].stop_web();
    let address = format!("{}:80", pair.real_address(number + 1));
    wait_until("weight 0", PATIENCE, || pair.primary.table().weight(SERVICE, &address) == Some(0));
}

fn wait_for_another_server(pair: &Pair, traffic: &Traffic, own: usize) {
    let event = traffic.moment();
    let other = |name: &String| name != pair.real_servers[own].name();
    wait_until("an answer of another real server", PATIENCE, || {
        traffic.answers_since(event).keys().any(other)
    });
    let event = traffic.moment();
    traffic.wait_for_answers(20);
    traffic.expect_no_failure_since(event);
}

fn a_connection_to_a_removed_server_is_reset_at_once() {
    let (pair, _) = balancer(|_| {});
    wait_for_all(&pair);
    let connection = connect(&pair);
    // They take connections, but answer no check.
    pair.real_servers.iter().for_each(|server| server.signal("nginx", Signal::SIGSTOP));
    wait_until("no real server", PATIENCE, || destinations(&pair.primary) == 0);
    pair.client.write("/run/go", "");
    wait_until("a reset", Duration::from_secs(5), || connection.output().contains("ended"));
    assert!(connection.output().contains("reset by peer"), "{}", connection.output());
}

/// A connection that asks for the page when the file `/run/go` appears, and says what became of it: whoever says nothing
/// hears nothing.
fn connect(pair: &Pair) -> Running {
    let script = format!(
        "exec 3<>/dev/tcp/{FLOATING}/80; echo connected; until [ -e /run/go ]; do sleep 0.1; done; \
         printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; timeout 20 cat <&3; echo ended"
    );
    let connection = pair.client.start("bash", &["-c", &script]);
    wait_until("a connection", PATIENCE, || connection.output().contains("connected"));
    connection
}

/// As on a router that becomes active again while its real servers are slow to answer the first check.
fn a_connection_outlives_a_new_lvsd_that_hears_nothing_of_its_server_yet() {
    let (pair, _) = balancer(|file| file.virtual_server("web").set("timeout", "20"));
    let router = &pair.primary;
    wait_for_all(&pair);
    let connection = connect(&pair);
    stop_lvsd(router);
    pair.real_servers.iter().for_each(|server| server.signal("nginx", Signal::SIGSTOP));
    start_lvsd(router);
    wait_until("the service", PATIENCE, || router.table().service(SERVICE).is_some());
    pair.client.write("/run/go", "");
    holds_for("no reset", Duration::from_secs(1), || !connection.output().contains("ended"));
    assert_eq!(switches(router), [0, 0]);
    pair.real_servers.iter().for_each(|server| server.signal("nginx", Signal::SIGCONT));
    wait_until("the answer", PATIENCE, || connection.output().contains("ended"));
    assert!(connection.output().contains("200 OK"), "{}", connection.output());
    wait_for_all(&pair);
    wait_until("the switch is on", PATIENCE, || switches(router) == [1, 0]);
}

fn time_outs_of_zero_leave_those_of_the_kernel() {
    let pair = Pair::boot(Routing::Direct);
    let file =
        pair.configuration().with("tcp_timeout", "0").with("tcpfin_timeout", "0").with("udp_timeout", "77");
    pair.configure(&file);
    let before = ipvsadm(&pair.primary, &["-L", "--timeout"]);
    assert!(before.contains("900 120 300"), "{before}");
    start_lvsd(&pair.primary);
    wait_for_all(&pair);
    let after = ipvsadm(&pair.primary, &["-L", "--timeout"]);
    assert!(after.contains("900 120 77"), "{after}");
}

fn ipvsadm(router: &Machine, arguments: &[&str]) -> String {
    router.run("ipvsadm", arguments).expect_success()
}

/// `expire_nodest_conn` and `expire_quiescent_template`.
fn switches(router: &Machine) -> [i32; 2] {
    ["expire_nodest_conn", "expire_quiescent_template"].map(|name| {
        let value = router.run("sysctl", &["-n", &format!("net.ipv4.vs.{name}")]).expect_success();
        value.trim().parse().expect("a number")
    })
}

fn ipvs_switch(router: &Machine, name: &str, value: &str) {
    router.run("sysctl", &["-w", &format!("net.ipv4.vs.{name}={value}")]).expect_success();
}

fn stop_lvsd(router: &Machine) {
    router.signal("lvsd", Signal::SIGTERM);
    wait_until_ended(router);
}

fn wait_until_ended(router: &Machine) {
    wait_until("the end of lvsd", PATIENCE, || {
        router.processes_named("lvsd").is_empty() && router.processes_named("nanny").is_empty()
    });
}
