//! The command line (specification fos.md 2).

use std::path::PathBuf;

use service::options::{Exit, Program};

use crate::plan::Mode;

/// Piranha's name, our version.
pub(crate) const PROGRAM: Program = Program { name: "fos", version: env!("CARGO_PKG_VERSION") };

/// What can be asked of fos.
#[derive(Debug, Clone, clap::Args)]
#[command(about = "Starts failover services on the active router, and watches them from the other")]
#[expect(clippy::struct_excessive_bools, reason = "one per switch of Piranha's command line")]
pub(crate) struct Options {
    /// Configuration file, read again on SIGHUP
    #[arg(short = 'c', long = "configfile", value_name = "FILE", default_value = "/etc/sysconfig/ha/lvs.cf")]
    pub(crate) file: PathBuf,
    /// Stay in the foreground and log to standard output; every nanny, too
    #[arg(short = 'n', long = "nodaemon")]
    pub(crate) nodaemon: bool,
    /// Leave the terminal without forking
    #[arg(long = "nofork")]
    pub(crate) nofork: bool,
    /// Watch the services of the active router
    #[arg(short = 'f', long = "monitor")]
    pub(crate) monitor: bool,
    /// Start the services here
    #[arg(short = 'F', long = "active")]
    pub(crate) active: bool,
    /// Hand -v on to every nanny
    #[arg(short = 'v', long = "verbose")]
    pub(crate) verbose: bool,
    /// Execute no command and start no nanny
    #[arg(short = 't', long = "test-start")]
    pub(crate) test_start: bool,
    /// Program to start as nanny (not in Piranha)
    #[arg(long = "nanny", value_name = "PATH", default_value = "/usr/sbin/nanny")]
    pub(crate) nanny: PathBuf,
}

impl Options {
    /// Which of the two modes is asked for.
    ///
    /// # Errors
    ///
    /// Piranha's words, misspelled as they are, if it is both or neither.
    pub(crate) fn mode(&self) -> Result<Mode, Exit> {
        let mistake = match (self.active, self.monitor) {
            (true, false) => return Ok(Mode::Active),
            (false, true) => return Ok(Mode::Monitor),
            (true, true) => "Cannot specifiy both -f and -F!",
            (false, false) => "Either --monitor (-f) or --active (-F) required!",
        };
        Err(Exit { output: String::new(), error: format!("fos: {mistake}\n"), status: 1 })
    }
}
