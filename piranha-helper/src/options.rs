//! The command line.

use std::path::PathBuf;

/// What piranha-helper is started with.
#[derive(Debug, Clone, clap::Parser)]
#[command(
    name = "piranha-helper",
    version,
    about = "Does for the web page what needs root: saves lvs.cf, reloads and restarts pulse"
)]
pub(crate) struct Options {
    /// The file that is saved
    #[arg(short = 'c', value_name = "LVS_CF", default_value = lvs_cf::file::DEFAULT_PATH)]
    pub(crate) lvs_cf: PathBuf,
    /// What the page may do
    #[arg(short = 'g', value_name = "GUI_CONF", default_value = "/etc/sysconfig/ha/conf/gui.conf")]
    pub(crate) gui_conf: PathBuf,
    /// Where the page asks
    #[arg(long, value_name = "PATH", default_value = control::helper::SOCKET)]
    pub(crate) socket: PathBuf,
    /// Where the versions of the file are kept
    #[arg(long, value_name = "FOLDER", default_value = versions::FOLDER)]
    pub(crate) state: PathBuf,
    /// Who may ask, by number, in place of user piranha
    #[arg(long, value_name = "UID")]
    pub(crate) user: Option<u32>,
    /// Who may ask and read the versions, by number, in place of group piranha
    #[arg(long, value_name = "GID")]
    pub(crate) group: Option<u32>,
    /// Stay in the foreground, and log to standard output, too
    #[arg(long)]
    pub(crate) nodaemon: bool,
    /// End when standard input does, whose other end whoever started this holds
    #[arg(long, requires = "nodaemon")]
    pub(crate) until_stdin_closes: bool,
    /// Where pulse writes its process
    #[arg(long, hide = true, value_name = "PATH", default_value = "/var/run/pulse.pid")]
    pub(crate) pid_file: PathBuf,
    /// In place of systemctl or the init script
    #[arg(long, hide = true, value_name = "PROGRAM")]
    pub(crate) service: Option<PathBuf>,
    /// What copies to the backup
    #[arg(long, hide = true, value_name = "PROGRAM", default_value = "/usr/sbin/piranhactl")]
    pub(crate) piranhactl: PathBuf,
}
