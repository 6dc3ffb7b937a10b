//! What a saved file needs before it is in force, as our daemons really take it (specification gui.md 10 F12 and F13, 11;
//! pulse.md 23 F25).
//!
//! pulse rereads the file on SIGHUP and changes addresses, times, partner, port, links, sync daemon and commands in place;
//! lvsd and fos follow. Only the roles of the routers and `service` are settled when pulse starts.

use std::collections::BTreeSet;
use std::net::IpAddr;

use lvs_cf::{Config, Node, Severity, check};

use crate::file::AnyName;

/// How the daemons are brought to a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Reload,
    Restart,
    /// They would refuse it: what runs stays as it is.
    Nothing,
}

/// What is to be done, and what is to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AfterSave {
    pub(crate) step: Step,
    /// Lines for the notice.
    pub(crate) lines: Vec<String>,
}

/// Which of the two routers a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Primary,
    Backup,
}

/// More warnings than these are not read.
const MOST: usize = 8;

/// Decides from the file as it was (`None`: there was none that could be read), as it is, and the addresses of this
/// machine.
pub(crate) fn after_save(before: Option<&Config>, after: &Config, own: &BTreeSet<IpAddr>) -> AfterSave {
    let refusals = after.pulse_refusals();
    let mut lines = Vec::new();
    let step = if let Some(before) = before {
        let reasons = restart(before, after, own);
        lines.extend(reasons.iter().cloned());
        if reasons.is_empty() { Step::Reload } else { Step::Restart }
    } else {
        Step::Reload
    };
    let step = if refusals.is_empty() { step } else { Step::Nothing };
    lines.push(match step {
        Step::Reload => {
            "The daemons do not know of it yet: RELOAD puts it in force, without a stop".to_owned()
        }
        Step::Restart => {
            "RELOAD is not enough: RESTART pulse on both routers, the standby router first".to_owned()
        }
        Step::Nothing => {
            "It cannot be in force yet: pulse would not take it, and goes on with what it has".to_owned()
        }
    });
    lines.extend(before.and_then(|before| leaves(before, after, own)));
    lines.extend(partner(before, after));
    AfterSave { step, lines }
}

/// What is settled when pulse starts.
fn restart(before: &Config, after: &Config, own: &BTreeSet<IpAddr>) -> Vec<String> {
    let mut reasons = Vec::new();
    if before.service != after.service {
        reasons.push(format!("Service is {} now and was {}", after.service, before.service));
    }
    match (role(before, own), role(after, own)) {
        (Some(was), Some(is)) if was != is => {
            reasons.push("This router has become the other one of the two (primary or backup)".to_owned());
        }
        (Some(_), None) => reasons.push(
            "Neither primary nor backup is an address of this machine any more: pulse here would not take this file"
                .to_owned(),
        ),
        _ => {}
    }
    reasons
}

/// Only addresses tell; a name would have to be looked up.
fn role(config: &Config, own: &BTreeSet<IpAddr>) -> Option<Role> {
    let is_here = |node: &Node| {
        let written = node.name.as_ref().and_then(|name| name.to_str_lossy().parse::<IpAddr>().ok());
        written.is_some_and(|address| own.contains(&address))
    };
    if is_here(&config.primary) {
        Some(Role::Primary)
    } else {
        is_here(&config.backup).then_some(Role::Backup)
    }
}

/// A backup router that is no longer one.
fn leaves(before: &Config, after: &Config, own: &BTreeSet<IpAddr>) -> Option<String> {
    let left = before.backup_active && !after.backup_active && role(after, own) == Some(Role::Backup);
    left.then(|| {
        "This machine is the backup router, which is inactive now: pulse here ends when it reads the file"
            .to_owned()
    })
}

/// The other router has a copy of its own.
fn partner(before: Option<&Config>, after: &Config) -> Option<String> {
    let has = |config: &Config| config.has_backup();
    if !has(after) && !before.is_some_and(has) {
        return None;
    }
    let name = after.backup.name.as_ref().map(|name| format!(" {}", name.to_str_lossy())).unwrap_or_default();
    Some(format!(
        "The backup router{name} has another lvs.cf now: copy this one there (CONTROL/MONITORING has the command)"
    ))
}

/// What the checker says of the file as it is and did not say before: accepted, but hardly meant.
pub(crate) fn new_warnings(before: &[u8], after: &[u8]) -> Vec<String> {
    let known: BTreeSet<(&str, String)> =
        check(before, &AnyName).diagnostics().map(|found| (found.name, found.message.clone())).collect();
    let report = check(after, &AnyName);
    let new = report.diagnostics().filter(|found| found.severity != Severity::Note);
    let new = new.filter(|found| !known.contains(&(found.name, found.message.clone())));
    let told: Vec<String> = new
        .map(|found| match found.line {
            0 => found.message.clone(),
            line => format!("line {line}: {}", found.message),
        })
        .collect();
    let more = told.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("and {more} more"));
    told.into_iter().take(MOST).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &str =
        "virtual web {\n     active = 1\n     address = 10.0.0.80 eth0:1\n     sorry_server = 10.0.1.1\n}\n";
    const PAIR: &str = "primary = 10.0.0.1\nbackup_active = 1\nbackup = 10.0.0.2\nmonitor_links = 1\n";

    fn config(text: &str) -> Config {
        Config::parse(text.as_bytes(), &AnyName).unwrap().config
    }

    fn told(before: &str, after: &str, own: &str) -> AfterSave {
        let own = BTreeSet::from([own.parse().unwrap()]);
        after_save(Some(&config(before)), &config(after), &own)
    }

    #[test]
    fn addresses_times_and_services_change_at_a_reload() {
        let before = format!("{PAIR}{WEB}");
        for after in [
            before.replace("10.0.0.80", "10.0.0.81"),
            before.replace("monitor_links", "keepalive = 1\nheartbeat_port = 1050\nmonitor_links"),
            before.replace("primary", "network = direct\nprimary"),
            before.replace("10.0.0.2", "10.0.0.3"),
        ] {
            assert_eq!(told(&before, &after, "10.0.0.1").step, Step::Reload, "{after}");
        }
    }

    #[test]
    fn roles_and_service_need_a_restart() {
        let before = format!("{PAIR}{WEB}");
        let swapped = before
            .replace("10.0.0.1\n", "x\n")
            .replace("10.0.0.2", "10.0.0.1")
            .replace("= x\n", "= 10.0.0.2\n");
        assert_eq!(told(&before, &swapped, "10.0.0.1").step, Step::Restart);
        assert_eq!(told(&before, &swapped, "10.0.0.9").step, Step::Reload);
        let away = before.replace("10.0.0.1", "10.0.0.7");
        assert_eq!(told(&before, &away, "10.0.0.1").step, Step::Restart);
        let fos = format!("service = fos\n{before}{}", WEB.replace("virtual", "failover"));
        assert_eq!(told(&before, &fos, "10.0.0.1").step, Step::Restart);
    }

    #[test]
    fn a_file_that_pulse_refuses_changes_nothing() {
        let before = format!("{PAIR}{WEB}");
        assert_eq!(told(&before, &before.replace("active = 1\n     ", ""), "10.0.0.1").step, Step::Nothing);
    }

    #[test]
    fn the_partner_is_thought_of() {
        let lines = told(&format!("{PAIR}{WEB}"), &format!("{PAIR}{WEB}tcp_timeout = 9\n"), "10.0.0.1").lines;
        assert!(lines.iter().any(|line| line.contains("10.0.0.2 has another lvs.cf")), "{lines:?}");
        let alone = format!("primary = 10.0.0.1\n{WEB}");
        assert_eq!(told(&alone, &format!("{alone}tcp_timeout = 9\n"), "10.0.0.1").lines.len(), 1);
        let inactive = PAIR.replace("backup_active = 1", "backup_active = 0");
        let lines = told(&format!("{PAIR}{WEB}"), &format!("{inactive}{WEB}"), "10.0.0.2").lines;
        assert!(lines.iter().any(|line| line.contains("pulse here ends")), "{lines:?}");
    }

    #[test]
    fn only_what_is_newly_odd_is_told() {
        let before = format!("{PAIR}{WEB}");
        let odd = before.replace("     sorry_server = 10.0.1.1\n", "");
        let warnings = new_warnings(before.as_bytes(), odd.as_bytes());
        assert_eq!(warnings, ["line 5: no active real server and no sorry server stands behind it"]);
        assert_eq!(new_warnings(odd.as_bytes(), format!("tcp_timeout = 9\n{odd}").as_bytes()), [""; 0]);
    }
}
