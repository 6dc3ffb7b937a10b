//! `--test-start` and `--norun`: what would be done, and nothing of it (specification pulse.md F29).

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::Path;

use heartbeat::{FosMode, Role};
use lvs_cf::Service;

use crate::daemon::{fos_arguments, lvsd_arguments};
use crate::options::Options;
use crate::plan::Plan;

/// The text for standard output.
pub(crate) fn describe(options: &Options, plan: &Plan) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, options, plan);
    text
}

fn write(text: &mut String, options: &Options, plan: &Plan) -> std::fmt::Result {
    let role = match plan.settings.role {
        Role::Primary => "primary",
        Role::Backup => "backup",
    };
    writeln!(text, "this router is the {role}")?;
    for (link, endpoint) in plan.endpoints() {
        write!(text, "would bind UDP {} ({link} link)", endpoint.own)?;
        match endpoint.partner.filter(|_| plan.settings.backup_active) {
            Some(partner) => writeln!(text, " and send heartbeats to {partner}")?,
            None => writeln!(text, " and send nothing: there is no partner")?,
        }
    }
    let (keepalive, deadtime) = (plan.settings.keepalive, plan.settings.deadtime);
    writeln!(text, "heartbeats every {keepalive:?}, takeover after {deadtime:?} of silence")?;
    writeln!(text, "when active:")?;
    command(text, plan.active_cmd.as_deref())?;
    match plan.service {
        Service::Lvs => start(text, &options.lvsd, &lvsd_arguments(options))?,
        Service::Fos => start(text, &options.fos, &fos_arguments(options, FosMode::Active))?,
    }
    if let Some(sync) = plan.sync.as_ref().filter(|_| plan.settings.backup_active) {
        writeln!(text, "  would synchronise connections over {} with id {}", sync.interface, sync.id)?;
    }
    for floating in &plan.floating {
        let prefix = floating.prefix.map(|prefix| format!("/{prefix}")).unwrap_or_default();
        writeln!(text, "  would raise and announce {}{prefix} on {}", floating.address, floating.label)?;
    }
    writeln!(text, "when inactive:")?;
    command(text, plan.inactive_cmd.as_deref())?;
    match plan.service {
        Service::Lvs => writeln!(text, "  would remove these addresses and end lvsd"),
        Service::Fos => {
            writeln!(text, "  would remove these addresses and end fos")?;
            start(text, &options.fos, &fos_arguments(options, FosMode::Monitor))
        }
    }
}

fn start(text: &mut String, program: &Path, arguments: &[&OsStr]) -> std::fmt::Result {
    write!(text, "  would start {}", program.display())?;
    for argument in arguments {
        write!(text, " {}", argument.display())?;
    }
    writeln!(text)
}

fn command(text: &mut String, words: Option<&[OsString]>) -> std::fmt::Result {
    let Some(words) = words else { return Ok(()) };
    let words: Vec<_> = words.iter().map(|word| word.display().to_string()).collect();
    writeln!(text, "  would run {}", words.join(" "))
}
