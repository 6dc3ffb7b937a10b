//! Measures what docs/benchmarks.md reports. Started by `tests/bench/run`, which installs and builds what is needed.
//!
//! With names of figures as arguments only those are measured.
//!
//! Exit status 0 unless something could not be measured: no time is good or bad here.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod checks;
mod configuration;
mod death;
mod memory;
mod parsing;
mod pool;
mod programming;
mod rest;
mod scale;
mod stopwatch;
mod table;
mod takeover;
mod web_page;

use std::env;
use std::process::ExitCode;

use lab::kernel::{self, Console};
use lab::{role, world};

/// A name for the command line, and what is measured under it.
type Figure = (&'static str, fn());

/// What needs no kernel with IPVS.
const NATIVELY: [Figure; 5] = [
    ("parsing", parsing::measure),
    ("nannies", memory::nannies),
    ("rest", rest::measure),
    ("pool", pool::measure),
    ("web", web_page::measure),
];
const IN_THE_LAB: [Figure; 7] = [
    ("programming", programming::measure),
    ("start", scale::start),
    ("reload", scale::reload),
    ("pair", memory::pair),
    ("checks", checks::measure),
    ("death", death::measure),
    ("takeover", takeover::measure),
];

fn main() -> ExitCode {
    role::play();
    checks::play();
    rest::play();
    let names: Vec<String> = env::args().skip(1).collect();
    if !kernel::inside() {
        measure(&NATIVELY, &names);
        let more = IN_THE_LAB.iter().any(|figure| is_wanted(figure, &names));
        return if more { kernel::run_again(&names, Console::Piped) } else { ExitCode::SUCCESS };
    }
    if !world::inside() {
        // One after the other, each in a world of its own: their machines may have the same names.
        let mut wanted = IN_THE_LAB.iter().filter(|figure| is_wanted(figure, &names));
        let all = wanted.all(|(name, _)| {
            world::create(&[(*name).to_owned()]).status().expect("unshare, of util-linux").success()
        });
        return if all { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    measure(&IN_THE_LAB, &names);
    ExitCode::SUCCESS
}

fn measure(figures: &[Figure], names: &[String]) {
    figures.iter().filter(|figure| is_wanted(figure, names)).for_each(|(_, measure)| measure());
}

/// Without names everything is.
fn is_wanted((name, _): &Figure, names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|wanted| wanted == name)
}
