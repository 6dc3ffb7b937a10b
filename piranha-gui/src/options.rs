//! The command line (specification layout.md 6.3).

use std::path::PathBuf;

use clap::Parser;

/// The web page that shows a pair of routers and edits its file, on port 3636.
#[allow(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
#[derive(Debug, Parser)]
#[command(name = "piranha-gui", version)]
pub(crate) struct Options {
    /// Stay in the foreground and log to standard output
    #[arg(long)]
    pub(crate) nodaemon: bool,
    /// Where to listen, who may come in, and how (a file of Piranha's web server)
    #[arg(short = 'f', value_name = "HTTPD_CONF", default_value = "/etc/sysconfig/ha/conf/httpd.conf")]
    pub(crate) httpd_conf: PathBuf,
    /// The file that is shown and edited
    #[arg(short = 'c', value_name = "LVS_CF", default_value = lvs_cf::file::DEFAULT_PATH)]
    pub(crate) lvs_cf: PathBuf,
    /// Answer encrypted connections, with a certificate of our own unless httpd.conf names one
    #[arg(long)]
    pub(crate) self_signed: bool,
    /// Do not start piranha-helper: something else does
    #[arg(long)]
    pub(crate) no_helper: bool,
    /// Let the kernel choose the port (for tests, which read it in the log)
    #[arg(long, hide = true)]
    pub(crate) any_port: bool,
    /// Where the sockets of lvsd, pulse and piranha-helper are
    #[arg(long, hide = true, value_name = "DIRECTORY", default_value = "/run/piranha")]
    pub(crate) run_directory: PathBuf,
    /// Where the kept versions of the file and a certificate of our own are
    #[arg(long, hide = true, value_name = "DIRECTORY", default_value = "/var/lib/piranha")]
    pub(crate) state_directory: PathBuf,
    /// The pid file of pulse
    #[arg(long, hide = true, value_name = "FILE", default_value = "/var/run/pulse.pid")]
    pub(crate) pulse_pid: PathBuf,
    /// Where the kernel tells of processes and of its table
    #[arg(long, hide = true, value_name = "DIRECTORY", default_value = "/proc")]
    pub(crate) proc: PathBuf,
}
