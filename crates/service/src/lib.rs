//! What every daemon needs once.
//!
//! - [`options`]: command lines in the manner of popt, with its messages and exit statuses.
//! - [`alias`]: the options of the administrator's own, from popt's alias files.
//! - [`detach`]: leaving the terminal, and telling the caller when the daemon is ready.
//! - [`pid_file`]: a locked pid file.
//! - [`state_file`]: what the next daemon has to know.
//! - [`log`]: where log lines go: syslog, the terminal, or both.
//! - [`signals`]: the signals that a daemon acts on.
//! - [`systemd`]: what systemd is told and hands on, where it has started the daemon.
//! - [`child`]: a socket shared with a child process.
//! - [`control_socket`]: where administrators ask.
//! - [`clocks`]: the time of day of what the daemon remembers.
//! - [`whole_file`]: files that are replaced in one piece.
//! - [`secret_file`]: files that only their owner may read.
//!
//! [`process`] holds the system calls that Rust calls unsafe; the rest of the suite has none.

pub mod alias;
pub mod child;
pub mod clocks;
pub mod control_socket;
pub mod detach;
pub mod inquiry;
pub mod log;
pub mod options;
pub mod pid_file;
pub mod process;
pub mod secret_file;
pub mod signals;
pub mod state_file;
mod stdout;
pub mod systemd;
pub mod whole_file;
