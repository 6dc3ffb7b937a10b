//! Reading the file, and saying what is wrong with it in Piranha's words.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use lvs_cf::{Config, Service, Warning};
use service::names::SystemNames;

/// A file that pulse can work with.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) config: Config,
    /// What was accepted, but hardly meant.
    pub(crate) warnings: Vec<String>,
}

/// Why there is no configuration: first Piranha's line, then the details.
#[derive(Debug)]
pub(crate) struct Refusal {
    first: String,
    details: String,
}

impl Refusal {
    pub(crate) fn new(first: impl Into<String>) -> Self {
        Self { first: first.into(), details: String::new() }
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.first.as_str()).chain(self.details.lines())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().try_for_each(|line| writeln!(f, "{line}"))
    }
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

/// Reads the file and checks what pulse needs of it (specification pulse.md 3 and F38).
pub(crate) fn read(path: &Path) -> Result<Configuration, Refusal> {
    let shown = path.display();
    let bytes = bounded(path).map_err(|error| Refusal {
        first: format!("pulse: failed to open {shown}"),
        details: format!("{error}; name the file with -c, or make it readable"),
    })?;
    let parsed = Config::parse(&bytes, &SystemNames)
        .map_err(|errors| Refusal { first: errors.pulse_line(path), details: errors.render(path) })?;
    let config = parsed.config;
    if config.service == Service::Fos {
        return Err(Refusal {
            first: format!("pulse: service = fos in {shown} is not supported by this version"),
            details: "only service = lvs is; keep Piranha's own pulse for failover services".into(),
        });
    }
    if !config.virtual_servers.iter().any(|block| block.active) {
        return Err(Refusal::new(format!("pulse: no active lvs services defined in {shown}")));
    }
    if config.heartbeat_port_number().is_none() {
        let port = config.heartbeat_port;
        return Err(Refusal::new(format!(
            "pulse: heartbeat_port = {port} in {shown} is not between 1 and 65535"
        )));
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

/// One byte more than is allowed is enough to be refused.
fn bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let longest = u64::try_from(lvs_cf::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(longest).read_to_end(&mut bytes)?;
    Ok(bytes)
}
