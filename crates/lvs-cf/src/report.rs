//! The checker: everything there is to say about a file.

use std::fmt::Write as _;
use std::path::Path;

use crate::config::Config;
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::Errors;
use crate::names::Names;
use crate::parse::Parsed;
use crate::refusal::Refusal;
use crate::warning::{Warning, Warnings};

/// What the checker says about a file.
#[derive(Debug, Clone, Default)]
pub struct Report {
    errors: Option<Errors>,
    refusals: Vec<Diagnostic>,
    warnings: Warnings,
}

/// Checks a file's bytes: as the daemons read it, as pulse looks at it then, and for what was hardly meant.
pub fn check(bytes: &[u8], names: &dyn Names) -> Report {
    Config::parse(bytes, names).map_or_else(Report::from, Report::from)
}

impl From<Errors> for Report {
    fn from(errors: Errors) -> Self {
        Self { errors: Some(errors), ..Self::default() }
    }
}

impl From<Parsed> for Report {
    fn from(parsed: Parsed) -> Self {
        let Parsed { config, mut warnings, .. } = parsed;
        let refusals = config.pulse_refusals().into_iter();
        let refusals = refusals.flat_map(|refusal| refused(refusal, &mut warnings)).collect();
        Self { errors: None, refusals, warnings }
    }
}

/// What pulse refuses is an error here; where the reader warned of it, the warning tells the place.
fn refused(refusal: Refusal, warnings: &mut Warnings) -> Vec<Diagnostic> {
    let warned = match refusal {
        Refusal::HeartbeatPort(_) => warnings.take(Warning::HeartbeatPortRange),
        Refusal::SameRouters(_) => warnings.take(Warning::SameRouters),
        Refusal::NoActiveService(service) => {
            let message = format!("no active {service} services defined: pulse does not start");
            let diagnostic = Diagnostic::of_file(Severity::Error, "no-active-service", message);
            let section = if service == crate::Service::Lvs { "virtual" } else { "failover" };
            vec![diagnostic.with_hint(Some(format!("set `active = 1` in a `{section}` section")))]
        }
        Refusal::NotFailover | Refusal::NoFailoverService => Vec::new(),
    };
    warned.into_iter().map(Diagnostic::into_error).collect()
}

impl Report {
    /// Whether the daemons, or pulse behind them, refuse the file.
    pub fn is_refused(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Whether there are warnings (notes are none): a strict check fails.
    pub fn has_warnings(&self) -> bool {
        self.count(Severity::Warning) > 0
    }

    /// Why the file cannot be read, if it cannot.
    pub fn errors(&self) -> Option<&Errors> {
        self.errors.as_ref()
    }

    /// Everything, the gravest first, each kind in the order of the lines.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        let errors = self.errors.iter().flat_map(Errors::iter).map(|error| &error.diagnostic);
        let of = |severity| self.warnings.iter().filter(move |diagnostic| diagnostic.severity == severity);
        errors.chain(&self.refusals).chain(of(Severity::Warning)).chain(of(Severity::Note))
    }

    /// How often something of a severity was found.
    pub fn count(&self, severity: Severity) -> usize {
        let of = |diagnostic: &&Diagnostic| diagnostic.severity == severity;
        let errors_not_kept = self.errors.as_ref().map_or(0, Errors::more);
        let warnings_not_kept = self.warnings.more().filter(|(warning, _)| warning.severity() == severity);
        self.diagnostics().filter(of).count()
            + if severity == Severity::Error { errors_not_kept } else { 0 }
            + warnings_not_kept.map(|(_, more)| more).sum::<usize>()
    }

    /// The report for people; it ends with one line that counts.
    pub fn render(&self, path: &Path) -> String {
        let mut text: String = self.diagnostics().map(|diagnostic| diagnostic.render(path)).collect();
        for (warning, more) in self.warnings.more() {
            let _ = writeln!(text, "{} more of `{}` are not shown", more, warning.name());
        }
        let _ = writeln!(text, "{}: {}", path.display(), self.summary());
        text
    }

    fn summary(&self) -> String {
        let counted = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
        let counted: Vec<String> = counted
            .into_iter()
            .map(|(severity, name)| (self.count(severity), name))
            .filter(|&(count, _)| count > 0)
            .map(|(count, name)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
            .collect();
        if counted.is_empty() { "nothing to report".into() } else { counted.join(", ") }
    }
}
