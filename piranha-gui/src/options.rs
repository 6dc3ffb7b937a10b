//! The command line (specification layout.md 6.3).

use std::path::PathBuf;

use clap::Parser;

/// The web page that shows a pair of routers and edits its file, on port 3636.
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
}
