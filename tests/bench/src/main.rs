//! Measures what docs/benchmarks.md reports. Started by `tests/bench/run`, which installs and builds what is needed.
//!
//! Exit status 0 unless something could not be measured: no time is good or bad here.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod configuration;
mod memory;
mod parsing;
mod programming;
mod stopwatch;
mod table;

use std::process::ExitCode;

use lab::kernel::{self, Console};
use lab::{role, world};

fn main() -> ExitCode {
    role::play();
    if !kernel::inside() {
        parsing::measure();
        memory::nannies();
        return kernel::run_again(&[], Console::Piped);
    }
    if !world::inside() {
        let status = world::create(&[]).status().expect("unshare, of util-linux");
        return if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    programming::measure();
    memory::pair();
    ExitCode::SUCCESS
}
