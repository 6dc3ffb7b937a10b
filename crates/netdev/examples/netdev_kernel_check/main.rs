//! Checks `netdev` and `send_arp` against the running kernel, in network namespaces of its own.
//!
//! Needs root, veth and iproute2. Prints `ok` or `FAILED` for each check and exits with 1 if one failed, so that a
//! machine on which it cannot run says so. `send_arp` is looked for beside this program's folder, where cargo puts it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a check stops at what it does not expect")]

mod addresses;
mod announcements;
mod lab;
mod links;
mod send_arp;

use std::{panic::catch_unwind, process::ExitCode, time::Instant};

/// A check that stands by itself: it gets fresh machines.
type Check = (&'static str, fn());

fn main() -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    let all = [addresses::CHECKS, links::CHECKS, announcements::CHECKS, send_arp::CHECKS].concat();
    // A kernel that has them built in has nothing to load; whatever is missing then, a check says.
    lab::attempt("modprobe --all --quiet veth ipv6 tun ipip");
    let (mut passed, mut failed) = (0, 0);
    for (name, check) in all.into_iter().filter(|(name, _)| name.contains(&only)) {
        let start = Instant::now();
        // The words of a failed check are on standard error already.
        let (verdict, count) = match catch_unwind(check) {
            Ok(()) => ("ok    ", &mut passed),
            Err(_) => ("FAILED", &mut failed),
        };
        *count += 1;
        println!("{verdict}  {name} ({:.1} s)", start.elapsed().as_secs_f64());
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
