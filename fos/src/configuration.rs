//! Reading the file, and saying what is wrong with it in Piranha's words (specification fos.md 2 and 3).

use std::path::Path;

use lvs_cf::file;
use lvs_cf::system::System;
use netdev::Interfaces;

use crate::options::Options;
use crate::plan::{FailoverService, Mode, failover_services, partner};

/// The services of the file's active sections. The error is for people: first Piranha's line, then the place and a hint.
pub(crate) fn read(options: &Options, mode: Mode) -> Result<Vec<FailoverService>, String> {
    let path: &Path = &options.file;
    let parsed = file::load(path, &System::default())
        .map_err(|error| format!("{}\n{}", error.fos_line(path), error.details(path)))?;
    if let Some(refusal) = parsed.config.fos_refusal() {
        return Err(format!("{}\n", refusal.line(path)));
    }
    let local = Interfaces::open().and_then(|mut interfaces| interfaces.addresses());
    let local = local.map_err(|error| format!("fos: {error}\n"))?;
    let partner = partner(&parsed.config, |address| local.iter().any(|held| held.address == address));
    Ok(failover_services(&parsed.config, mode, partner, options))
}
