//! fos through its front door: real processes, scripts as services and as nanny.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

mod active;
mod command_line;
mod daemon;
mod monitor;
mod process;
