//! piranha-passwd through the front door: the program itself, a real file, a real terminal.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

mod checking;
mod command_line;
mod file;
mod prompts;
mod room;
