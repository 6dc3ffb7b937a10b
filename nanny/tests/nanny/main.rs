//! nanny through its front door: real processes, real sockets.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

mod cadence;
mod command_line;
mod fos;
mod pool;
mod process;
mod reports;
mod signals;
mod words;
