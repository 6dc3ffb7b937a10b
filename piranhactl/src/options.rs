//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::commands::Command;
use crate::time;

const AFTERWARDS: &str = "\
A real server is named as in lvs.cf: web/one is `server one` in `virtual web`. Where a name is missing or not unique,
ADDRESS:PORT stands in its place.

Times: 90s, 10m, 1h30m, 1.5s; a plain number is seconds.

Exit status: 0 done, 1 refused or failed, 2 wrong use, 3 lvsd, pulse or the partner cannot be reached.";

/// What can be asked of piranhactl.
#[derive(Debug, clap::Parser)]
#[command(version, about = "Shows how both routers are, and shows and steers what lvsd does with the real servers", after_help = AFTERWARDS)]
pub(crate) struct Options {
    /// Socket of lvsd
    #[arg(long, global = true, display_order = 100, value_name = "PATH", default_value = control::command::SOCKET)]
    pub(crate) socket: PathBuf,
    /// Socket of pulse
    #[arg(long, global = true, display_order = 100, value_name = "PATH", default_value = control::pulse::SOCKET)]
    pub(crate) pulse_socket: PathBuf,
    /// How long they, or the partner, may be silent when they are asked
    #[arg(long, global = true, display_order = 100, value_name = "TIME", default_value = "30s", value_parser = time::read)]
    pub(crate) timeout: Duration,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}
