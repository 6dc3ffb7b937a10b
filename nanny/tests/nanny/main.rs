//! nanny through its front door: real processes, real sockets.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

mod aliases;
mod answers;
mod cadence;
mod command_line;
mod datagrams;
mod escapes;
mod fos;
mod load;
mod log;
mod pool;
mod process;
mod programs;
mod reports;
mod return_to_service;
mod signals;
mod weights;
mod words;
