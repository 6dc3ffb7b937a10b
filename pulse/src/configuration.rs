//! Reading the file, and saying what is wrong with it in Piranha's words.

use std::path::Path;

use heartbeat::Authentication;
use heartbeat::trailer::Fingerprint;
use lvs_cf::system::System;
use lvs_cf::{Config, Service, Warning, file};

use crate::key_file;

/// A file that pulse can work with.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) config: Config,
    /// The file in short, to be compared with the partner's.
    pub(crate) fingerprint: Fingerprint,
    /// With the keys of `heartbeat_key_file`.
    pub(crate) authentication: Authentication,
    /// What was accepted, but hardly meant.
    pub(crate) warnings: Vec<String>,
}

/// Warnings about what pulse itself uses; lvsd and the check command tell the others.
const CONCERNING: [Warning; 9] = [
    Warning::KeepaliveRange,
    Warning::DeadtimeTooShort,
    Warning::DeadtimeShort,
    Warning::RefreshRange,
    Warning::PrivateMissing,
    Warning::PrivateIgnored,
    Warning::NatWithoutRouter,
    Warning::OddMask,
    Warning::LongLabel,
];

/// Reads the file and checks what pulse needs of it (specification pulse.md 3 and F38). The error is for people: first
/// Piranha's line, then the place and a hint.
pub(crate) fn read(path: &Path) -> Result<Configuration, String> {
    let refused = |error: file::ReadError| format!("{}\n{}", error.pulse_line(path), error.details(path));
    let bytes = file::read(path).map_err(refused)?;
    let parsed = Config::parse(&bytes, &System::default())
        .map_err(|errors| refused(file::ReadError::Content(Box::new(errors))))?;
    let (config, shown) = (parsed.config, path.display());
    if config.service == Service::Fos && config.primary_shared.is_some() && config.backup_shared.is_some() {
        return Err(format!(
            "pulse: primary_shared and backup_shared are set in {shown}\n\
             the reservation of a shared SCSI device is not supported: remove both lines, and fence by other means\n"
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
        .map(|warning| match warning.line {
            0 => format!("{shown}: {}", warning.message),
            line => format!("{shown}, line {line}: {}", warning.message),
        })
        .collect();
    let authentication =
        key_file::authentication(&config).map_err(|refusal| format!("pulse: {refusal}\n"))?;
    Ok(Configuration { config, fingerprint: Fingerprint::of(&bytes), authentication, warnings })
}
