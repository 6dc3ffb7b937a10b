//! What piranhactl can do: every command stands here once, with its words in `--help` and what it does.

mod drain;
mod heartbeat_key;
mod history;
mod receive;
mod status;
mod sync;
mod watch;

use std::time::Duration;

use anyhow::Result;
use control::command::{Command as Request, RealServerName};

use crate::commands::heartbeat_key::HeartbeatKey;
use crate::commands::receive::Receive;
use crate::commands::status::Status;
use crate::commands::sync::Sync;
use crate::lvsd::Lvsd;
use crate::output::{remark, say};
use crate::pulse::Pulse;
use crate::{name, time};

/// A command with its arguments.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show both routers, every virtual server and real server
    Status(Status),
    /// Show what this router was, since when and why
    History,
    /// Make the router that is not active the active one, and wait until it serves
    Failover,
    /// Show the status anew each second; where output is no terminal, a line for each change
    Watch,
    /// Give a real server no new connections, and wait until its connections have ended
    Drain {
        #[command(flatten)]
        of: RealServer,
        /// When what is left is cut off [default: never]
        #[arg(long, value_name = "TIME", value_parser = time::read)]
        deadline: Option<Duration>,
        /// Do not wait
        #[arg(long)]
        no_wait: bool,
    },
    /// Take a drain back
    Undrain(RealServer),
    /// Take a real server out of service; its checks go on
    Disable(RealServer),
    /// Take a disable back
    Enable(RealServer),
    /// Use another weight than the file's
    Weight {
        #[command(flatten)]
        of: RealServer,
        /// 0 to 65535, or `default` for the file's
        #[arg(value_parser = weight)]
        weight: Weight,
    },
    /// Put a real server into service whatever its checks would say, until `release`
    Up(RealServer),
    /// Take a real server out of service whatever its checks would say, until `release`
    Down(RealServer),
    /// Let the checks decide again
    Release(RealServer),
    /// Print what a reload would change in the kernel's table, in ipvsadm's notation
    Diff,
    /// Read lvs.cf again, and print what was changed
    Reload,
    /// Make the kernel's table what lvsd wants, and print what was changed
    Repair,
    /// Make the key that signs heartbeats, or change it
    HeartbeatKey(HeartbeatKey),
    /// Copy lvs.cf to the partner over ssh, once it was checked there
    Sync(Sync),
    /// Take lvs.cf from the partner's `sync`, which runs this over ssh
    Receive(Receive),
}

/// Which real server a command is about.
#[derive(Debug, clap::Args)]
pub(crate) struct RealServer {
    /// The names of the sections in lvs.cf, for example web/one
    #[arg(value_name = "VIRTUAL/REAL", value_parser = name::read)]
    real_server: RealServerName,
}

/// A weight on the command line; none is the file's.
type Weight = Option<u32>;

impl Command {
    /// Does it; the error tells why it is not done.
    pub(crate) async fn run(self, lvsd: &Lvsd, pulse: &Pulse) -> Result<()> {
        match self {
            Self::Status(status) => status.run(lvsd, pulse).await,
            Self::History => history::run(pulse).await,
            Self::Failover => Ok(say(&pulse.failover().await?)?),
            Self::Watch => watch::run(lvsd).await,
            Self::Drain { of, deadline, no_wait } => {
                drain::run(lvsd, of.real_server, deadline, !no_wait).await
            }
            Self::Undrain(RealServer { real_server }) => decide(lvsd, Request::Undrain { real_server }).await,
            Self::Disable(RealServer { real_server }) => decide(lvsd, Request::Disable { real_server }).await,
            Self::Enable(RealServer { real_server }) => decide(lvsd, Request::Enable { real_server }).await,
            Self::Weight { of: RealServer { real_server }, weight } => {
                decide(lvsd, Request::Weight { real_server, weight }).await
            }
            Self::Up(RealServer { real_server }) => decide(lvsd, Request::Up { real_server }).await,
            Self::Down(RealServer { real_server }) => decide(lvsd, Request::Down { real_server }).await,
            Self::Release(RealServer { real_server }) => decide(lvsd, Request::Release { real_server }).await,
            Self::Diff => change(lvsd, Request::Diff, "a reload would change nothing").await,
            Self::Reload => change(lvsd, Request::Reload, "read; nothing had to be changed").await,
            Self::Repair => change(lvsd, Request::Repair, "nothing had to be repaired").await,
            Self::HeartbeatKey(heartbeat_key) => heartbeat_key.run(),
            Self::Sync(sync) => sync.run(lvsd.patience()).await,
            Self::Receive(receive) => receive.run(),
        }
    }
}

/// Has something decided about a real server.
async fn decide(lvsd: &Lvsd, request: Request) -> Result<()> {
    Ok(say(&lvsd.done(request).await?)?)
}

/// Prints changes of the kernel's table. Standard output is a list of commands and nothing else.
async fn change(lvsd: &Lvsd, request: Request, nothing: &str) -> Result<()> {
    let (operations, remarks) = lvsd.operations(request).await?;
    for line in &operations {
        say(&format!("ipvsadm {line}"))?;
    }
    for line in &remarks {
        remark(line);
    }
    if operations.is_empty() {
        remark(nothing);
    }
    Ok(())
}

fn weight(word: &str) -> Result<Weight, String> {
    if word == "default" {
        return Ok(None);
    }
    let number =
        word.parse::<u16>().map_err(|_| "write a number from 0 to 65535, or `default`".to_owned())?;
    Ok(Some(number.into()))
}
