//! How long a dead real server stays in the kernel's table.

use std::time::{Duration, Instant};

use lab::pair::{FLOATING, destinations};
use lab::{Pair, Routing, wait_until};

use crate::stopwatch::{median, milliseconds};

const ROUNDS: usize = 10;
/// `check_timeout` of the file.
const TIMEOUT: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(20);

/// The cable of one of three real servers is pulled, again and again: nothing answers for it any more, not even a
/// refusal.
pub(crate) fn measure() {
    let pair = Pair::boot(Routing::Direct);
    let mut file = pair.configuration();
    let web = file.virtual_server("web");
    web.set("#% check_interval", "0.02");
    web.set("#% check_timeout", "0.5");
    web.set("#% rise", "1");
    pair.configure(&file);
    let address = format!("{FLOATING}/24");
    pair.primary.run("ip", &["addr", "add", &address, "dev", "eth0"]).expect_success();
    pair.primary.run("/usr/sbin/lvsd", &[]).expect_success();

    let beyond: Vec<Duration> = (0..ROUNDS).map(|_| kill(&pair).saturating_sub(TIMEOUT)).collect();
    println!(
        "a dead real server in the table, checked every 20 ms with a time-out of {} ms, in the lab",
        TIMEOUT.as_millis()
    );
    let most = beyond.iter().max().copied().unwrap_or_default();
    println!(
        "  time-out plus{} (median of {ROUNDS}), plus{} at most",
        milliseconds(median(beyond)),
        milliseconds(most)
    );
}

/// Time from the death of a real server to its absence from the table.
fn kill(pair: &Pair) -> Duration {
    let victim = &pair.real_servers[1];
    wait_until("every real server in the table", PATIENCE, || destinations(&pair.primary) == 3);
    pair.lab.cut(victim, "eth0");
    let death = Instant::now();
    // No pause: the table is to be seen the moment it changes.
    while destinations(&pair.primary) == 3 {
        assert!(death.elapsed() < PATIENCE, "a dead real server stays in the table");
    }
    let gone = death.elapsed();
    pair.lab.mend(victim, "eth0");
    gone
}
