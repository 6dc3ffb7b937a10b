//! Reading the file, and saying what is wrong with it in Piranha's words.

use std::path::Path;

use lvs_cf::system::System;
use lvs_cf::{Config, Service, Warning, file};

/// A file that pulse can work with.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) config: Config,
    /// What was accepted, but hardly meant.
    pub(crate) warnings: Vec<String>,
}

/// Warnings about what pulse itself uses; lvsd and the check command tell the others.
const CONCERNING: [Warning; 8] = [
    Warning::KeepaliveRange,
    Warning::DeadtimeTooShort,
    Warning::DeadtimeShort,
    Warning::PrivateMissing,
    Warning::PrivateIgnored,
    Warning::NatWithoutRouter,
    Warning::OddMask,
    Warning::LongLabel,
];

/// Reads the file and checks what pulse needs of it (specification pulse.md 3 and F38). The error is for people: first
/// Piranha's line, then the place and a hint.
pub(crate) fn read(path: &Path) -> Result<Configuration, String> {
    let parsed = file::load(path, &System::default())
        .map_err(|error| format!("{}\n{}", error.pulse_line(path), error.details(path)))?;
    let (config, shown) = (parsed.config, path.display());
    if config.service == Service::Fos {
        return Err(format!(
            "pulse: service = fos in {shown} is not supported by this version\n\
             only service = lvs is; keep Piranha's own pulse for failover services\n"
        ));
    }
    if let Some(refusal) = config.pulse_refusals().first() {
        return Err(format!("{}\n", refusal.line(path)));
    }
    let names = CONCERNING.map(Warning::name);
    let warnings = parsed
        .warnings
        .iter()
        .filter(|warning| names.contains(&warning.name))
        .map(|warning| format!("{shown}, line {}: {}", warning.line, warning.message))
        .collect();
    Ok(Configuration { config, warnings })
}
