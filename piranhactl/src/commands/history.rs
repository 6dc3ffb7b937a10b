//! `history`: what this router was, since when and why.

use anyhow::Result;
use control::pulse::Status;

use crate::output::write;
use crate::pulse::Pulse;
use crate::time::stamp;

pub(super) async fn run(pulse: &Pulse) -> Result<()> {
    Ok(write(&lines(&pulse.status().await?))?)
}

/// A line for the start and for each change that pulse remembers, the oldest first.
fn lines(status: &Status) -> String {
    let start = format!("{} pulse started, process {}\n", stamp(status.started), status.pid);
    let changes = status.transitions.iter();
    let changes = changes.map(|it| format!("{} {} -> {}: {}\n", stamp(it.at), it.from, it.to, it.why));
    std::iter::once(start).chain(changes).collect()
}
