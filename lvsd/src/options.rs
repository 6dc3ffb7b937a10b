//! The command line (specification lvsd.md 1).

use std::path::PathBuf;

use service::options::Program;

use crate::plan::Mode;

/// lvsd calls itself `lvs` wherever Piranha's did.
pub(crate) const PROGRAM: Program = Program { name: "lvs", version: env!("CARGO_PKG_VERSION") };

/// What can be asked of lvsd.
#[derive(Debug, Clone, clap::Args)]
#[command(about = "Keeps the kernel's IPVS table as lvs.cf and the checks of the real servers want it")]
#[expect(clippy::struct_excessive_bools, reason = "one per switch of Piranha's command line")]
pub(crate) struct Options {
    /// Configuration file, read again on SIGHUP
    #[arg(short = 'c', long = "configfile", value_name = "FILE", default_value = "/etc/sysconfig/ha/lvs.cf")]
    pub(crate) file: PathBuf,
    /// Hand -v on to every nanny, and log details
    #[arg(short = 'v', long = "verbose")]
    pub(crate) verbose: bool,
    /// Stay in the foreground and log to standard output
    #[arg(short = 'n', long = "nodaemon")]
    pub(crate) nodaemon: bool,
    /// Print what would be done to the kernel's table, in ipvsadm's notation, and what would check, and end
    #[arg(short = 't', long = "test-start")]
    pub(crate) test_start: bool,
    /// Leave the terminal without forking
    #[arg(long = "nofork")]
    pub(crate) nofork: bool,
    /// Print what is wrong with the file and end: status 1 if pulse would refuse it (not in Piranha)
    #[arg(long = "check")]
    pub(crate) check: bool,
    /// Take the services that a killed lvsd left out of the kernel's table, and end (not in Piranha)
    #[arg(long = "clear")]
    pub(crate) clear: bool,
    /// With --check: a warning fails, too (not in Piranha)
    #[arg(long = "strict")]
    pub(crate) strict: bool,
}

impl Options {
    /// How lvsd runs, as far as monitors see it.
    pub(crate) fn mode(&self) -> Mode {
        Mode { nodaemon: self.nodaemon, verbose: self.verbose }
    }
}
