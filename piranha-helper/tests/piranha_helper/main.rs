//! piranha-helper as the web page meets it: a real process, its socket, its files. Only root can start it; for another user
//! these tests say so and pass.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

mod activation;
mod ending;
mod helper;
mod kills;
mod peers;
mod programs;
mod pulse;
mod requests;
mod saving;
