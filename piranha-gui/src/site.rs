//! What all requests share.

use std::path::PathBuf;

use crate::file::LvsCf;
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
}

impl Places {
    /// As the command line says.
    pub(crate) fn of(options: &Options) -> Self {
        Self {
            run: options.run_directory.clone(),
            state: options.state_directory.clone(),
            settings: options.httpd_conf.parent().map(Into::into).unwrap_or_default(),
        }
    }
}

impl Site {
    pub(crate) fn new(file: LvsCf, helper: Helper, places: Places) -> anyhow::Result<Self> {
        Ok(Self {
            file,
            tokens: Tokens::new()?,
            notices: Notices::default(),
            helper,
            lvsd: Lvsd::at(&places.run),
            style: style::path(),
            places,
        })
    }
}
