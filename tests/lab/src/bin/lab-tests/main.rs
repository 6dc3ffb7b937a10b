//! The tests that need more than one machine. `lab-tests --list` names them.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod ground;
mod kernel;
mod lvsd;
mod nanny;

use std::process::ExitCode;

fn main() -> ExitCode {
    lab::suite::main(&[ground::tests(), kernel::tests(), nanny::tests(), lvsd::tests()].concat())
}
