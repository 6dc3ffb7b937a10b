//! How real servers are checked, from the extension lines of lvs.cf to the kernel's table: `check_interval`,
//! `check_timeout`, `rise` and `fall`. Everything holds for a nanny for each real server and for one nanny for all.

use std::time::{Duration, Instant};

use lab::lvs_cf::LvsCf;
use lab::suite::Test;
use lab::{Machine, Moment, Pair, tests, wait_until};
use nix::sys::signal::Signal;

use crate::control::stop_lvsd;
use crate::lines::{self, PORT, SERVICE, service};

const PATIENCE: Duration = Duration::from_secs(20);
/// `check_interval`
const INTERVAL: Duration = Duration::from_millis(250);
/// `check_timeout`
const TIMEOUT: Duration = Duration::from_millis(200);
/// What all machines on one loaded processor may add to a time, which is far less than the file's `timeout`.
const SLACK: Duration = Duration::from_secs(1);
/// The values of `nanny_pool`.
const BOTH: [&str; 2] = ["0", "1"];
const WEB2: &str = "192.168.26.2:7";

pub(crate) fn tests() -> Vec<Test> {
    tests!("checks":
        a_silent_real_server_leaves_when_its_check_times_out,
        a_cut_off_real_server_leaves_within_interval_and_time_out,
        fall_and_rise_are_checks_in_a_row,
        checks_begin_on_the_beat_although_each_answer_is_slow,
        a_reload_of_how_it_is_checked_keeps_state_weight_and_connections,
    )
}

/// The file in which Piranha would find a check each minute, and everything else on extension lines.
fn file(nanny_pool: &str, keys: &[(&str, &str)]) -> LvsCf {
    let mut file = lines::file();
    file.set("#% nanny_pool", nanny_pool);
    let lines = service(&mut file);
    lines.set("timeout", "60");
    lines.set("reentry", "600");
    set(&mut file, keys);
    file
}

fn set(file: &mut LvsCf, keys: &[(&str, &str)]) {
    for (key, value) in keys {
        service(file).set(&format!("#% {key}"), value);
    }
}

fn weight(router: &Machine) -> Option<u32> {
    router.table().weight(SERVICE, WEB2)
}

fn wait_for_weight(router: &Machine, wanted: Option<u32>) {
    wait_until(&format!("web2 with {wanted:?}"), PATIENCE, || weight(router) == wanted);
}

/// How often a line with this text was logged.
fn logged(router: &Machine, text: &str) -> usize {
    router.log().iter().filter(|line| line.text.contains(text)).count()
}

/// One router and real servers that answer, but for web2, where nothing listens yet.
fn boot_without_web2() -> (Pair, [lab::conversation::Answerer; 2]) {
    let (pair, [web1, web2, web3]) = lines::boot();
    drop(web2);
    (pair, [web1, web3])
}

fn a_silent_real_server_leaves_when_its_check_times_out() {
    let (pair, _others) = boot_without_web2();
    let router = &pair.primary;
    for nanny_pool in BOTH {
        let web2 = pair.real_servers[1].answer_checks(PORT, "+++++", ".", Duration::ZERO);
        let timed_out = logged(router, "READ to 192.168.26.2:7 timed out");
        lines::start(router, &file(nanny_pool, &[("check_interval", "250ms"), ("check_timeout", "200ms")]));
        wait_for_weight(router, Some(1));
        wait_for_weight(router, None);
        let gone = Moment::now();
        let checks = web2.checks();
        assert!(checks.len() > 5, "nanny_pool = {nanny_pool}: five checks were good: {checks:?}");
        let stayed = gone.since(checks[5]);
        assert!(stayed < TIMEOUT + SLACK, "nanny_pool = {nanny_pool}: it stayed for {stayed:?}");
        assert!(logged(router, "READ to 192.168.26.2:7 timed out") > timed_out);
        stop_lvsd(router, Signal::SIGTERM);
    }
}

fn a_cut_off_real_server_leaves_within_interval_and_time_out() {
    let (pair, _answerers) = lines::boot();
    let (router, web2) = (&pair.primary, &pair.real_servers[1]);
    for nanny_pool in BOTH {
        let keys = [("check_interval", "250ms"), ("check_timeout", "200ms"), ("rise", "1")];
        lines::start(router, &file(nanny_pool, &keys));
        // At different moments between two checks.
        for _ in 0..3 {
            wait_for_weight(router, Some(1));
            let death = Instant::now();
            pair.lab.cut(web2, "eth0");
            wait_for_weight(router, None);
            let stayed = death.elapsed();
            assert!(
                stayed < INTERVAL + TIMEOUT + SLACK,
                "nanny_pool = {nanny_pool}: it stayed for {stayed:?}"
            );
            pair.lab.mend(web2, "eth0");
        }
        wait_for_weight(router, Some(1));
        stop_lvsd(router, Signal::SIGTERM);
    }
}

fn fall_and_rise_are_checks_in_a_row() {
    // Rows of two that change nothing stand before those of three that do.
    const IN_SERVICE: &str = "+++++--+";
    const FALL: &str = "---";
    const DOWN: &str = "++-";
    const RISE: &str = "+++";
    let answers = [IN_SERVICE, FALL, DOWN, RISE].concat();
    let fallen = IN_SERVICE.len() + FALL.len();
    let risen = answers.len();

    let (pair, _others) = boot_without_web2();
    let router = &pair.primary;
    for nanny_pool in BOTH {
        let web2 = pair.real_servers[1].answer_checks(PORT, &answers, "--+", Duration::ZERO);
        let tolerated = logged(router, "bad=1 fall=3");
        let keys = [("check_interval", "250ms"), ("check_timeout", "5"), ("fall", "3"), ("rise", "3")];
        lines::start(router, &file(nanny_pool, &keys));
        wait_for_weight(router, Some(1));

        wait_for_weight(router, None);
        let checks = web2.checks().len();
        assert!(checks >= fallen, "nanny_pool = {nanny_pool}: it fell after {checks} checks");
        wait_for_weight(router, Some(1));
        let checks = web2.checks().len();
        assert!(checks >= risen, "nanny_pool = {nanny_pool}: it rose after {checks} checks");
        wait_until("nine more checks", PATIENCE, || {
            assert_eq!(weight(router), Some(1), "nanny_pool = {nanny_pool}: two bad checks are too few");
            web2.checks().len() >= risen + 9
        });
        assert!(logged(router, "bad=1 fall=3") >= tolerated + 2);
        stop_lvsd(router, Signal::SIGTERM);
    }
}

fn checks_begin_on_the_beat_although_each_answer_is_slow() {
    const BEATS: u32 = 20;
    /// The one that begins the time, and one for each beat.
    const COUNT: usize = 21;
    /// lvsd's own look, and nanny's first ones.
    const FIRST: usize = 3;
    let (pair, _others) = boot_without_web2();
    let router = &pair.primary;
    for nanny_pool in BOTH {
        // With pauses of the interval in place of beats there would be 12.
        let web2 = pair.real_servers[1].answer_checks(PORT, "", "+", INTERVAL * 3 / 5);
        lines::start(router, &file(nanny_pool, &[("check_interval", "250ms"), ("check_timeout", "5")]));
        web2.wait_for_checks(FIRST + COUNT + 1);
        let checks = &web2.checks()[FIRST..];
        let begun: Vec<Duration> = checks.iter().map(|check| check.since(checks[0])).collect();
        let count = begun.iter().filter(|&&at| at < INTERVAL * BEATS + INTERVAL / 2).count();
        // A processor that stood still may have had one left out.
        assert!(count == COUNT || count == COUNT - 1, "nanny_pool = {nanny_pool}: {count}: {begun:?}");
        assert_eq!(weight(router), Some(1));
        stop_lvsd(router, Signal::SIGTERM);
    }
}

fn a_reload_of_how_it_is_checked_keeps_state_weight_and_connections() {
    let (pair, _others) = boot_without_web2();
    let router = &pair.primary;
    for nanny_pool in BOTH {
        let web2 = pair.real_servers[1].answer(PORT);
        let mut file = file(nanny_pool, &[("check_interval", "60"), ("check_timeout", "60")]);
        service(&mut file).real_server("web2").set("weight", "5");
        // As an earlier lvsd has left it: no slow start disturbs the weight.
        lines::build_by_hand(router, [1, 5, 1]);
        lines::start(router, &file);
        let held = pair.client.converse(lines::at(), 9);
        let before = router.table().sorted();

        let tolerated = logged(router, "bad=1 fall=3");
        let often = [("check_interval", "250ms"), ("check_timeout", "200ms"), ("fall", "3"), ("rise", "3")];
        set(&mut file, &often);
        lines::reload(router, &file);
        assert_eq!(router.table().sorted(), before);
        held.expect_all_since(Moment::now());
        assert_eq!(router.table().sorted(), before, "nanny_pool = {nanny_pool}");

        drop(held);
        drop(web2);
        wait_for_weight(router, None);
        assert!(logged(router, "bad=1 fall=3") > tolerated, "nanny_pool = {nanny_pool}");

        // Nobody forgets that it is dead.
        set(&mut file, &[("check_interval", "500ms"), ("rise", "2")]);
        lines::reload(router, &file);
        assert_eq!(weight(router), None);
        let web2 = pair.real_servers[1].answer_checks(PORT, "+-++", "+", Duration::ZERO);
        wait_until("web2 back", PATIENCE, || weight(router).is_some());
        let checks = web2.checks().len();
        assert!(checks >= 4, "nanny_pool = {nanny_pool}: it rose after {checks} checks");
        stop_lvsd(router, Signal::SIGTERM);
    }
}
