//! The crates that talk to the kernel, each against a real one: their own checks, run on a machine.

use std::time::Duration;

use lab::suite::Test;
use lab::{Lab, tests, world};

/// The longer of the two takes some 30 s on a quiet computer.
const LIMIT: Duration = Duration::from_secs(100);

pub(crate) fn tests() -> Vec<Test> {
    tests!("kernel": ipvs, netdev)
}

fn ipvs() {
    check("ipvs_kernel_check");
}

fn netdev() {
    check("netdev_kernel_check");
}

fn check(example: &str) {
    let lab = Lab::new();
    let machine = lab.machine("machine").boot();
    let program = world::programs().join("examples").join(example);
    let outcome = machine.run_within(LIMIT, &program.to_string_lossy(), &[]);
    assert_eq!(outcome.code(), 0, "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("ok "), "something was checked: {}", outcome.stdout);
}
