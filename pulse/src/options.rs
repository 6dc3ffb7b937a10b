//! The command line (specification pulse.md 3).

use std::path::PathBuf;
use std::time::Duration;

use service::options::Program;

use crate::plan::Times;

/// Piranha's name, our version.
pub(crate) const PROGRAM: Program = Program { name: "pulse", version: env!("CARGO_PKG_VERSION") };

/// What can be asked of pulse.
#[derive(Debug, Clone, clap::Args)]
#[command(about = "Decides which of two routers is active, and holds the floating addresses there")]
#[expect(clippy::struct_excessive_bools, reason = "one per switch of Piranha's command line")]
pub(crate) struct Options {
    /// Configuration file; lvsd gets it, too
    #[arg(short = 'c', long = "configfile", value_name = "FILE", default_value = "/etc/sysconfig/ha/lvs.cf")]
    pub(crate) file: PathBuf,
    /// Stay in the foreground and log to standard output
    #[arg(short = 'n', long = "nodaemon")]
    pub(crate) nodaemon: bool,
    /// Touch nothing: check the file, print what would be done, and end
    #[arg(short = 't', long = "test-start")]
    pub(crate) test_start: bool,
    /// The same as --test-start
    #[arg(long = "norun")]
    pub(crate) norun: bool,
    /// Take down what a killed pulse left behind, and end (not in Piranha)
    #[arg(long = "clear")]
    pub(crate) clear: bool,
    /// Log details, and hand -v on to lvsd
    #[arg(short = 'v', long = "verbose")]
    pub(crate) verbose: bool,
    /// Become active at start without waiting for the partner
    #[arg(long = "forceactive")]
    pub(crate) force_active: bool,
    /// Program to start as lvsd (--lvs is the same)
    #[arg(long = "lvsd", alias = "lvs", value_name = "PATH", default_value = "/usr/sbin/lvsd")]
    pub(crate) lvsd: PathBuf,
    /// Program to start as fos
    #[arg(long = "fos", value_name = "PATH", default_value = "/usr/sbin/fos")]
    pub(crate) fos: PathBuf,
    /// Time between heartbeats in place of the file's, as 1s or 250ms (not in Piranha)
    #[arg(long = "keepalive", value_name = "TIME", value_parser = time)]
    pub(crate) keepalive: Option<Duration>,
    /// Silence before takeover in place of the file's, as 3s or 750ms (not in Piranha)
    #[arg(long = "deadtime", value_name = "TIME", value_parser = time)]
    pub(crate) deadtime: Option<Duration>,
}

impl Options {
    /// The times of the command line.
    pub(crate) fn times(&self) -> Times {
        Times { keepalive: self.keepalive, deadtime: self.deadtime }
    }

    /// Whether nothing is to be done.
    pub(crate) fn dry_run(&self) -> bool {
        self.test_start || self.norun
    }
}

/// Shortest and longest time that can be asked for.
const TIMES: std::ops::RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(86_400);

/// `250ms`, `1.5s`, `2`: a number without a unit is seconds.
fn time(word: &str) -> Result<Duration, &'static str> {
    let (number, unit) = match word.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (word.strip_suffix('s').unwrap_or(word), 1.0),
    };
    let plain = number.starts_with(|first: char| first.is_ascii_digit())
        && number.chars().all(|character| character.is_ascii_digit() || character == '.');
    let seconds = number.parse::<f64>().ok().filter(|_| plain).ok_or("not a time")?;
    let time = Duration::try_from_secs_f64(seconds * unit).map_err(|_| "not a time")?;
    TIMES.contains(&time).then_some(time).ok_or("not between 1ms and a day")
}

#[cfg(test)]
mod tests {
    use super::time;
    use std::time::Duration;

    #[test]
    fn times_with_and_without_a_unit() {
        for (word, milliseconds) in
            [("1s", 1000), ("250ms", 250), ("1.5", 1500), ("0.05s", 50), ("18", 18_000)]
        {
            assert_eq!(time(word), Ok(Duration::from_millis(milliseconds)), "{word}");
        }
        for word in ["", "s", "ms", "0", "-1s", "1m", "1 s", "inf", "nan", "1e3", "86401", ".", "1.2.3"] {
            time(word).unwrap_err();
        }
    }
}
