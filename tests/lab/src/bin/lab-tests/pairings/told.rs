//! What pulse says of itself: the lines of specification pulse.md section 21, in the order of the story (section 25, row
//! 13).

use lab::log::Line;

use super::router::{Pulse, Router};

/// How the lines of section 21 begin, as far as `service = lvs` has them; N stands for a number. Not among them is the
/// end of a round of announcements, which comes by the clock and at any place of a story.
const VOCABULARY: [&str; 20] = [
    "STARTING PULSE AS MASTER",
    "STARTING PULSE AS BACKUP",
    "Forced active on startup: activating lvs",
    "partner dead: activating lvs",
    "backup inactive: activating lvs",
    "primary inactive: activating lvs",
    "partner active: resending arps",
    "partner active: deactivating LVS",
    "local link failure: deactivating LVS",
    "Primary NIC: link down",
    "Private NIC: link down",
    "Local NIC link failure: Pulse disabled",
    "Local NIC link(s) restored: Pulse enabled",
    "Child process N exited with status N",
    "Child process N terminated with signal N",
    "Skipping death of unknown child N",
    "Terminating due to signal N",
    "bad heartbeat packet",
    "Incompatible heartbeat received",
    "Unexpected heartbeat from",
];

/// Whether a router of ours has said exactly this of section 21: severity, and how the line begins. Lines that repeat
/// the one before count once.
///
/// # Panics
///
/// If it has not, or any of pulse's lines has another facility, or no number of a process.
pub(super) fn expect(router: &Router, wanted: &[&str]) {
    if router.pulse == Pulse::Original {
        return;
    }
    let log = router.machine.log();
    let lines: Vec<&Line> = log.iter().filter(|line| line.ident == "pulse").collect();
    for line in &lines {
        assert!(line.facility == "daemon" && line.pid.is_some(), "{router}: {line}");
    }
    let mut told: Vec<String> = lines.into_iter().filter_map(of_piranha).collect();
    told.dedup();
    assert_eq!(told, wanted, "{router}");
}

/// Severity and words, without what ours adds.
fn of_piranha(line: &Line) -> Option<String> {
    let text = without_numbers(&line.text);
    let words = VOCABULARY.iter().find(|words| text.starts_with(**words))?;
    Some(format!("{} {words}", line.severity))
}

/// `Child process 17 exited` as `Child process N exited`.
fn without_numbers(text: &str) -> String {
    let words = text.split(' ').map(|word| if word.parse::<u32>().is_ok() { "N" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
