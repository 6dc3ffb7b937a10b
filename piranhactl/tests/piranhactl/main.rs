//! piranhactl through the front door: the program itself against an lvsd that answers as the test says.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

mod both;
mod command_line;
mod commands;
mod draining;
mod heartbeat_key;
mod lvsd;
mod syncing;
mod terminal;
mod trouble;
mod watching;
