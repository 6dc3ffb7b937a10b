//! The command line of specification nanny.md 1.

use std::ffi::OsString;

use service::options::integer;

/// What is written on the command line, unchecked.
#[derive(Debug, clap::Args)]
#[command(about = "Checks a real server, and has it used only while it is well")]
#[expect(clippy::struct_excessive_bools, reason = "the flags of a command line are independent")]
pub(crate) struct Options {
    /// Real server to check (-h is not help)
    #[arg(short = 'h', long, value_name = "ADDRESS")]
    pub(crate) server: Option<String>,
    /// Watch a real server of a virtual server
    #[arg(long)]
    pub(crate) lvs: bool,
    /// Watch a service of the partner, and end when it fails
    #[arg(long)]
    pub(crate) fos: bool,
    /// Watch the real servers that lvsd tells over its socket (not in Piranha)
    #[arg(long)]
    pub(crate) pool: bool,
    /// Address of the virtual server
    #[arg(short = 'V', long, value_name = "ADDRESS")]
    pub(crate) virtaddress: Option<String>,
    /// Port of the virtual server
    #[arg(short, long, value_name = "PORT", default_value = "80", value_parser = integer)]
    pub(crate) port: i32,
    /// Port of the real server [default: the virtual server's]
    #[arg(short, long, value_name = "PORT", value_parser = integer)]
    pub(crate) rport: Option<i32>,
    /// Firewall mark that the virtual server is known by
    #[arg(short, long, value_name = "MARK", default_value = "0", value_parser = mark)]
    pub(crate) fwmark: u32,
    /// Check by UDP, for a UDP virtual server
    #[arg(short, long)]
    pub(crate) udp: bool,
    /// Forwarding method: g direct routing, i tunneling, m masquerading
    #[arg(short = 'M', long, value_name = "METHOD", default_value = "m")]
    pub(crate) method: String,
    /// Weight of the real server
    #[arg(short, long, value_name = "WEIGHT", default_value = "1", value_parser = integer)]
    pub(crate) weight: i32,
    /// Seconds between checks, and time limit of each phase of a check
    #[arg(short = 't', long, value_name = "SECONDS", default_value = "10", value_parser = integer)]
    pub(crate) interval: i32,
    /// Seconds that a failed server must be good again; 0 means 180 (with --fos the interval)
    #[arg(short = 'a', long, value_name = "SECONDS", default_value = "0", value_parser = integer)]
    pub(crate) reentrytime: i32,
    /// Seconds from the beginning of a check to that of the next; fractions count (not in Piranha)
    #[arg(long, value_name = "SECONDS")]
    pub(crate) check_interval: Option<f64>,
    /// Seconds that a whole check may take [default: the interval]; fractions count (not in Piranha)
    #[arg(long, value_name = "SECONDS")]
    pub(crate) check_timeout: Option<f64>,
    /// Good checks in a row that bring a failed server back, in place of -a (not in Piranha)
    #[arg(long, value_name = "CHECKS", value_parser = integer)]
    pub(crate) rise: Option<i32>,
    /// Bad checks in a row that take a server out [default: 1] (not in Piranha)
    #[arg(long, value_name = "CHECKS", value_parser = integer)]
    pub(crate) fall: Option<i32>,
    /// Text to send after connecting
    #[arg(short, long = "send_string", value_name = "TEXT")]
    pub(crate) send_string: Option<OsString>,
    /// Text that the answer must begin with; * is any answer
    #[arg(short = 'x', long = "expect_string", value_name = "TEXT")]
    pub(crate) expect_string: Option<OsString>,
    /// The expected text is an extended regular expression
    #[arg(long)]
    pub(crate) regex: bool,
    /// Leave backslash sequences in the texts as they are
    #[arg(short = 'T', long)]
    pub(crate) suppress: bool,
    /// Program that checks instead; %h is the real server, %p its port
    #[arg(short = 'e', long = "send_program", value_name = "LINE")]
    pub(crate) send_program: Option<OsString>,
    /// Give a failed server weight 0 instead of removing it
    #[arg(short, long = "quiesce_server")]
    pub(crate) quiesce_server: bool,
    /// Program that tells the load of the real server
    #[arg(short = 'U', long, value_name = "PROGRAM", default_value = "none")]
    pub(crate) loadcmd: OsString,
    /// How many times its weight an idle server may get
    #[arg(short = 'S', long, value_name = "FACTOR", default_value = "10", value_parser = integer)]
    pub(crate) scale: i32,
    /// Ignored: the kernel's table is changed without a program
    #[arg(short = 'I', long, value_name = "PATH", default_value = "/sbin/ipvsadm")]
    pub(crate) ipvsadm: OsString,
    /// Stay in the foreground, log to standard output and syslog
    #[arg(short, long)]
    pub(crate) nodaemon: bool,
    /// Leave the terminal without a fork
    #[arg(short = 'c', long)]
    pub(crate) nofork: bool,
    /// Check, but do not change the kernel's table
    #[arg(long = "test-start", visible_alias = "norun")]
    pub(crate) norun: bool,
    /// Log every step
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// A firewall mark: an integer that may use all 32 bits.
fn mark(word: &str) -> Result<u32, &'static str> {
    integer(word).map(i32::cast_unsigned).or_else(|refusal| word.parse().map_err(|_| refusal))
}
