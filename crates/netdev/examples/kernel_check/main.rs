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

use std::{panic::catch_unwind, process::ExitCode};

/// A check that stands by itself: it gets fresh machines.
type Check = (&'static str, fn());

fn main() -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    let all = [addresses::CHECKS, links::CHECKS, announcements::CHECKS, send_arp::CHECKS].concat();
    let (mut passed, mut failed) = (0, 0);
    for (name, check) in all.into_iter().filter(|(name, _)| name.contains(&only)) {
        // The words of a failed check are on standard error already.
        if catch_unwind(check).is_ok() {
            println!("ok      {name}");
            passed += 1;
        } else {
            println!("FAILED  {name}");
            failed += 1;
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
