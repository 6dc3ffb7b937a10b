//! What all requests share.

use std::path::PathBuf;

use crate::file::LvsCf;
use crate::live::{Live, Sources};
use crate::lvsd::Lvsd;
use crate::notice::Notices;
use crate::options::Options;
use crate::saving::Helper;
use crate::style;
use crate::token::Tokens;

/// One for the whole program.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) file: LvsCf,
    pub(crate) tokens: Tokens,
    pub(crate) notices: Notices,
    pub(crate) helper: Helper,
    pub(crate) lvsd: Lvsd,
    /// Address of the style sheet, which changes with its content.
    pub(crate) style: String,
    pub(crate) places: Places,
    /// What runs.
    pub(crate) live: Live,
}

/// Where things are that others share with us.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// `/run/piranha`: `lvsd.sock`, `pulse.sock`, `helper.sock`.
    pub(crate) run: PathBuf,
    /// `/var/lib/piranha`: `versions/`.
    pub(crate) state: PathBuf,
    /// `/etc/sysconfig/ha/conf`: `gui.conf`.
    pub(crate) settings: PathBuf,
    /// `/var/run/pulse.pid`
    pub(crate) pulse_pid: PathBuf,
    /// `/proc`
    pub(crate) proc: PathBuf,
}

impl Places {
    /// As the command line says.
    pub(crate) fn of(options: &Options) -> Self {
        Self {
            run: options.run_directory.clone(),
            state: options.state_directory.clone(),
            pulse_pid: options.pulse_pid.clone(),
            proc: options.proc.clone(),
            settings: options.httpd_conf.parent().map(Into::into).unwrap_or_default(),
        }
    }
}

impl Site {
    pub(crate) fn new(file: LvsCf, helper: Helper, places: Places) -> anyhow::Result<Self> {
        let live = Live::new(Sources {
            proc: places.proc.clone(),
            pulse_pid: places.pulse_pid.clone(),
            pulse: places.run.join("pulse.sock"),
            lvsd: places.run.join("lvsd.sock"),
        });
        Ok(Self {
            file,
            tokens: Tokens::new()?,
            notices: Notices::default(),
            helper,
            lvsd: Lvsd::at(&places.run),
            style: style::path(),
            places,
            live,
        })
    }
}
