//! piranhactl: shows how both routers are, and shows and steers what lvsd does with the real servers, over their control
//! sockets; and what is equal on both routers: the heartbeat's key and, over [`ssh`], lvs.cf.
//!
//! [`lvsd`] and [`pulse`] ask one question and bring one answer; each of the [`commands`] says it in a person's words. The
//! rest turns a status into text: [`routers`] and [`table`] as it is now, [`changes`] what became of the one before.

mod changes;
mod commands;
mod daemon;
#[cfg(test)]
mod example;
mod inspection;
mod key_file;
mod lvsd;
mod name;
mod options;
mod output;
mod partner;
mod polling;
mod printable;
mod pulse;
mod reload;
mod routers;
mod shell;
mod ssh;
mod table;
mod text;
mod time;

use std::io;
use std::process::ExitCode;

use clap::Parser as _;

use crate::lvsd::Lvsd;
use crate::options::Options;
use crate::pulse::Pulse;

/// A daemon refused, or something failed. Wrong use is 2, which clap says.
const FAILED: u8 = 1;
/// Whoever is asked cannot be reached.
const UNREACHABLE: u8 = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let lvsd = Lvsd::at(options.socket, options.timeout);
    let pulse = Pulse::at(options.pulse_socket, options.timeout);
    match options.command.run(&lvsd, &pulse).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if reader_is_gone(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::remark(&printable::lines(&format!("piranhactl: {error:#}")));
            ExitCode::from(status(&error))
        }
    }
}

/// Whoever read the output has seen enough: `piranhactl status | head`.
fn reader_is_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn status(error: &anyhow::Error) -> u8 {
    let daemon = matches!(error.downcast_ref(), Some(daemon::Error::Unreachable { .. }));
    let partner =
        matches!(error.downcast_ref(), Some(ssh::Error::Unreachable { .. } | ssh::Error::Silent { .. }));
    if daemon || partner { UNREACHABLE } else { FAILED }
}
