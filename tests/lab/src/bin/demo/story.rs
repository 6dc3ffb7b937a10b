//! The story, in the order in which it happens.

use std::collections::BTreeMap;
use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::{FLOATING, NAT_ROUTER, SERVICE, destinations};
use lab::{Machine, Moment, Pair, Routing, Traffic, wait_until};
use nix::sys::signal::Signal;

use crate::events::Events;

/// Longest time without an answer when a real server dies: its check runs every second.
const REAL_SERVER_DEATH: Duration = Duration::from_millis(1300);
/// When the active router dies: keepalive 1, deadtime 3.
const ROUTER_DEATH: Duration = Duration::from_millis(3500);
/// When the active router is stopped in order.
const PLANNED_STOP: Duration = Duration::from_millis(200);
/// When nothing is taken away; a busy computer is slow at times.
const NOTHING: Duration = Duration::from_millis(500);
/// What may take longest, such as starting everything.
const PATIENCE: Duration = Duration::from_secs(30);

/// Of the web page.
const PASSWORD: &str = "only-for-the-demo";
/// Lines of the page that are shown.
const EXCERPT: usize = 30;

/// Everything that the story needs at hand.
struct Scene<'a> {
    pair: Pair,
    traffic: Traffic,
    events: &'a Events,
}

/// Builds the lab, lets things happen in it and notes what was measured.
pub(crate) fn tell(routing: Routing, events: &Events) {
    say("The lab is being built: two routers, three web servers with nginx, a client.");
    let pair = Pair::boot(routing);
    let file = configuration(&pair);
    pair.configure(&file);
    say("Both routers have this /etc/sysconfig/ha/lvs.cf:");
    quote(&file.to_string());

    start_routers(&pair);
    let traffic = pair.client.request(pair.floating());
    let scene = Scene { pair, traffic, events };
    requests_spread(&scene);
    a_web_server_stops(&scene);
    it_returns(&scene);
    the_active_router_loses_its_power(&scene);
    the_dead_router_returns(&scene);
    the_active_router_is_stopped(&scene);
    the_web_page_shows_it(&scene.pair);
}

/// The shape of a well-known article's example: the file says 6 and 18 seconds, options of pulse lower them.
fn configuration(pair: &Pair) -> LvsCf {
    let mut file = pair.configuration().with("keepalive", "6").with("deadtime", "18");
    file.virtual_server("web").set("quiesce_server", "1");
    file
}

fn start_routers(pair: &Pair) {
    let start = Moment::now();
    say("pulse --keepalive 1s --deadtime 3s starts on both routers.");
    for router in pair.routers() {
        // Who may see the web page may ask the daemons, which look for its group when they start.
        router.install_page();
        start_pulse(router);
    }
    let one_serves = || pair.owners().len() == 1 && destinations(pair.owners()[0]) == pair.real_servers.len();
    let time = wait_until("one router serves with all real servers", PATIENCE, one_serves);
    let active = active(pair);
    say(&format!(
        "After {:.1} s {active} is active, has {FLOATING} and this routing table:",
        time.as_secs_f64()
    ));
    quote(&active.run("ipvsadm", &["-L", "-n"]).expect_success());
    if pair.routing == Routing::Nat {
        assert!(active.has_address(NAT_ROUTER), "the NAT router address is on the active router");
        say(&format!("It also has the NAT router address {NAT_ROUTER}, the real servers' way out."));
    }
    active.wait_for_log("gratuitous lvs arps finished", PATIENCE);
    quote_logs(pair, start);
}

fn requests_spread(scene: &Scene) {
    say(&format!("The client asks http://{FLOATING}/ every 20 ms, each time over a new connection."));
    scene.traffic.wait_for_answers(1);
    let start = scene.traffic.moment();
    scene.traffic.wait_for_answers(90);
    let answers = scene.traffic.answers_since(start);
    say(&format!("Requests spread over the web servers: {}", counts(&answers)));
    assert_eq!(answers.len(), 3, "every web server answers");
    scene.note("requests spread", start, NOTHING, Some(0));
}

fn a_web_server_stops(scene: &Scene) {
    let Scene { pair, traffic, .. } = scene;
    say("nginx on web2 is stopped.");
    let event = traffic.moment();
    pair.real_servers[1].stop_web();
    let address = format!("{}:80", pair.real_address(2));
    let time = wait_until("web2 gets no more requests", PATIENCE, || weight(pair, &address) == Some(0));
    say(&format!("After {:.2} s its weight is 0 and requests go on without it.", time.as_secs_f64()));
    let after = traffic.moment();
    traffic.wait_for_answers(30);
    say(&format!("Answers since then: {}", counts(&traffic.answers_since(after))));
    traffic.expect_no_failure_since(after);
    // One of three requests fails until the check notices; silence is not what hurts here, so the trouble's end is measured.
    let last = traffic.failures_since(event).into_iter().map(|request| request.done).max();
    let trouble = last.map_or(Duration::ZERO, |last| last.since(event));
    let failed = traffic.failures_since(event).len();
    scene.events.note("web2 stops: until no request fails", (trouble, REAL_SERVER_DEATH), (failed, None));
    scene.note("web2 stops: until the next answer", event, REAL_SERVER_DEATH, None);
}

fn it_returns(scene: &Scene) {
    let Scene { pair, traffic, .. } = scene;
    say("nginx on web2 is started again.");
    let event = traffic.moment();
    pair.real_servers[1].start_web(80);
    let time = traffic.wait_for_answer_of("web2", PATIENCE);
    say(&format!("After {:.1} s it gets requests again.", time.as_secs_f64()));
    scene.note("web2 returns", event, NOTHING, Some(0));
}

fn the_active_router_loses_its_power(scene: &Scene) {
    let Scene { pair, traffic, .. } = scene;
    let (active, other) = roles(pair);
    say(&format!("{active}, the active router, loses its power: processes and cables at once."));
    let event = traffic.moment();
    pair.lab.power_off(&active);
    traffic.watch(ROUTER_DEATH, event);
    wait_until("the other router has the floating address", PATIENCE, || other.has_address(FLOATING));
    traffic.wait_for_answers(50);
    say(&format!("{other} has taken over; requests go on:"));
    quote_logs(pair, event);
    scene.note("the active router loses its power", event, ROUTER_DEATH, None);
}

fn the_dead_router_returns(scene: &Scene) {
    let Scene { pair, traffic, .. } = scene;
    let returned =
        pair.routers().into_iter().find(|router| !router.is_on()).expect("a router without power").clone();
    say(&format!("{returned} has power again and starts pulse."));
    let event = traffic.moment();
    pair.lab.power_on(&returned);
    returned.install_page();
    start_pulse(&returned);
    lab::wait::holds_for("the floating address stays where it is", Duration::from_secs(5), || {
        !returned.has_address(FLOATING)
    });
    say("It stays the standby: no fail-back.");
    scene.note("the dead router returns as standby", event, NOTHING, Some(0));
}

fn the_active_router_is_stopped(scene: &Scene) {
    let Scene { pair, traffic, .. } = scene;
    let (active, other) = roles(pair);
    say(&format!("pulse on {active}, the active router, is stopped in order."));
    let event = traffic.moment();
    active.signal("pulse", Signal::SIGTERM);
    traffic.watch(PLANNED_STOP, event);
    wait_until("the other router has the floating address", PATIENCE, || other.has_address(FLOATING));
    traffic.wait_for_answers(50);
    say(&format!("{other} has taken over."));
    quote_logs(pair, event);
    scene.note("the active router is stopped in order", event, PLANNED_STOP, None);
}

fn the_web_page_shows_it(pair: &Pair) {
    let router = &pair.primary;
    say("The web page is started on primary, after piranha-passwd has set its password.");
    router.run("piranha-passwd", &[PASSWORD]).expect_success();
    router.start_page();
    let address = format!("http://piranha:{PASSWORD}@192.168.26.9:{}/secure/control.php", lab::page::PORT);
    let page = pair.client.run("links", &["-dump", &address]).expect_success();
    assert!(page.contains("Daemon: running"), "the page says that pulse runs:\n{page}");
    for number in 1..=pair.real_servers.len() {
        let address = format!("{}:80", pair.real_address(number));
        assert!(page.contains(&address), "the page lists {address}:\n{page}");
    }
    say(
        "CONTROL/MONITORING says `running` and lists every real server. Its beginning, as links shows it to the client:",
    );
    let begin = page.find("Daemon:").map_or(0, |word| page[..word].rfind("\n\n").unwrap_or(0));
    let excerpt: Vec<&str> =
        page[begin..].lines().filter(|line| !line.trim().is_empty()).take(EXCERPT).collect();
    quote(&excerpt.join("\n"));
    say("Pictures of all pages are in docs/pages/.");
}

impl Scene<'_> {
    /// Notes what the client has noticed since `event`.
    fn note(&self, what: &'static str, event: Moment, longest: Duration, most: Option<usize>) {
        let silence = self.traffic.longest_silence_since(event);
        let failed = self.traffic.failures_since(event).len();
        say(&format!(
            "    longest time without an answer {:.3} s, requests failed {failed}",
            silence.as_secs_f64()
        ));
        self.events.note(what, (silence, longest), (failed, most));
    }
}

fn start_pulse(router: &Machine) {
    router.run("/usr/sbin/pulse", &["--keepalive", "1s", "--deadtime", "3s"]).expect_success();
}

/// The router that has the floating address.
fn active(pair: &Pair) -> &Machine {
    let owners = pair.owners();
    assert_eq!(owners.len(), 1, "the floating address is on one router");
    owners[0]
}

/// The active router and the other one.
fn roles(pair: &Pair) -> (Machine, Machine) {
    let active = active(pair).clone();
    let other =
        pair.routers().into_iter().find(|router| router.name() != active.name()).expect("two routers");
    (active, other.clone())
}

fn weight(pair: &Pair, address: &str) -> Option<u32> {
    active(pair).table().weight(SERVICE, address)
}

fn counts(answers: &BTreeMap<String, usize>) -> String {
    answers.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

fn say(text: &str) {
    println!("{text}");
}

fn quote(text: &str) {
    for line in text.lines() {
        println!("    | {line}");
    }
}

/// What the routers have logged since then.
fn quote_logs(pair: &Pair, since: Moment) {
    let routers = pair.routers().into_iter();
    let logs = routers.flat_map(|router| router.log().into_iter().map(move |line| (line, router)));
    let mut lines: Vec<_> = logs.filter(|(line, _)| line.at >= since).collect();
    lines.sort_by_key(|(line, _)| line.at);
    for (line, router) in lines {
        println!("    {:<7} {line}", router.name());
    }
}
