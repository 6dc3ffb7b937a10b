//! `drain`: no new connections for a real server, and waiting for the end of the others.

use std::io;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use control::command::Command;
use control::status::{Status, UnixMillis};

use crate::daemon::Error;
use crate::lvsd::Lvsd;
use crate::output::{say, terminal, write};
use crate::polling::Polling;
use crate::time::span;
use crate::{name, time};

/// How long lvsd may be away while a drain is waited for: pulse starts it again sooner.
const ABSENCE: Duration = Duration::from_secs(10);

/// From one line of progress to the next where they all stay to be read.
const QUIET: Duration = Duration::from_secs(10);

pub(super) async fn run(
    lvsd: &Lvsd,
    real_server: String,
    deadline: Option<Duration>,
    wait: bool,
) -> Result<()> {
    let deadline_ms = deadline.map(|deadline| u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX));
    say(&lvsd.done(Command::Drain { real_server: real_server.clone(), deadline_ms }).await?)?;
    if !wait {
        return Ok(());
    }
    let mut display = Display::default();
    let end = tokio::select! {
        end = follow(lvsd, &real_server, &mut display) => end,
        interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| End::Interrupted).map_err(Into::into),
    };
    display.finish()?;
    match end? {
        End::Empty => Ok(say(&format!("{real_server}: no connections left"))?),
        End::CutOff(0) => Ok(say(&format!("{real_server}: the deadline has passed"))?),
        End::CutOff(1) => {
            Ok(say(&format!("{real_server}: the deadline has passed, 1 connection was cut off"))?)
        }
        End::CutOff(left) => {
            Ok(say(&format!("{real_server}: the deadline has passed, {left} connections were cut off"))?)
        }
        End::TakenBack => bail!("the drain of {real_server} was taken back by somebody else"),
        End::Gone => bail!(
            "{real_server} is not among the real servers of `piranhactl status`; its drain stays in force until \
             `piranhactl undrain {real_server}`"
        ),
        End::Interrupted => bail!(
            "no longer waiting; the drain of {real_server} stays in force until `piranhactl undrain {real_server}`"
        ),
    }
}

/// How waiting for a drain ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The last connection has ended.
    Empty,
    /// The deadline came first; so many connections were there when it was looked at last.
    CutOff(u64),
    /// It is no longer draining.
    TakenBack,
    /// lvsd shows no such real server, for example because it has left the file.
    Gone,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

/// What a status says of a drain.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    Left(Left),
    Ended(End),
}

/// What a drain waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    active: u32,
    inactive: u32,
    deadline: Option<UnixMillis>,
}

impl Left {
    fn connections(self) -> u64 {
        u64::from(self.active) + u64::from(self.inactive)
    }
}

async fn follow(lvsd: &Lvsd, real_server: &str, display: &mut Display) -> Result<End> {
    let (mut polling, mut answered) = (Polling::new(lvsd), Instant::now());
    let (mut status, mut before) = (lvsd.status().await, None);
    loop {
        match status {
            Ok(status) => {
                answered = Instant::now();
                match progress(&status, real_server, before, time::now()) {
                    Progress::Left(left) => {
                        display.show(real_server, left)?;
                        before = Some(left);
                    }
                    Progress::Ended(end) => return Ok(end),
                }
            }
            Err(error) if answered.elapsed() >= ABSENCE || matches!(error, Error::Refused { .. }) => {
                display.finish()?;
                return Err(error.into());
            }
            Err(_) => {}
        }
        status = polling.next().await;
    }
}

/// What has become of a drain, `before` being what was left of it at the last look.
fn progress(status: &Status, real_server: &str, before: Option<Left>, now: UnixMillis) -> Progress {
    let Some(server) = name::find(status, real_server) else { return Progress::Ended(End::Gone) };
    let Some(drain) = server.operator.drain else { return Progress::Ended(End::TakenBack) };
    let left = Left {
        active: server.active_connections,
        inactive: server.inactive_connections,
        deadline: drain.deadline,
    };
    if drain.deadline.is_some_and(|deadline| deadline <= now) {
        return Progress::Ended(End::CutOff(before.unwrap_or(left).connections()));
    }
    if left.connections() == 0 { Progress::Ended(End::Empty) } else { Progress::Left(left) }
}

/// The line of progress: always the same one on a terminal, few of them elsewhere.
#[derive(Debug, Default)]
struct Display {
    shown: Option<(Instant, u64)>,
}

impl Display {
    fn show(&mut self, real_server: &str, left: Left) -> io::Result<()> {
        let line = line(real_server, left, time::now());
        if terminal().is_some() {
            write(&format!("\r\x1b[K{line}"))?;
        } else if self.shown.is_none_or(|(at, count)| at.elapsed() >= QUIET && count != left.connections()) {
            say(&line)?;
        } else {
            return Ok(());
        }
        self.shown = Some((Instant::now(), left.connections()));
        Ok(())
    }

    /// Leaves the line of progress behind.
    fn finish(&mut self) -> io::Result<()> {
        if self.shown.take().is_some() && terminal().is_some() { say("") } else { Ok(()) }
    }
}

fn line(real_server: &str, left: Left, now: UnixMillis) -> String {
    let Left { active, inactive, deadline } = left;
    let deadline = deadline.map(|deadline| format!(", cut off in {}", span(deadline.saturating_sub(now))));
    format!(
        "{real_server}: {active} active and {inactive} inactive connections left{}",
        deadline.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::{End, Left, Progress, line, progress};
    use crate::example::{NOW, status};

    const THREE: &str = "web/three";

    #[test]
    fn what_is_left_is_told() {
        let Progress::Left(left) = progress(&status(), THREE, None, NOW) else {
            panic!("it has connections")
        };
        insta::assert_snapshot!(line(THREE, left, NOW), @"web/three: 12 active and 30 inactive connections left, cut off in 7m");
        let endless = Left { deadline: None, ..left };
        insta::assert_snapshot!(line(THREE, endless, NOW), @"web/three: 12 active and 30 inactive connections left");
    }

    #[test]
    fn a_drain_ends_with_its_last_connection_or_its_deadline() {
        let left = Left { active: 12, inactive: 30, deadline: Some(NOW) };
        let mut status = status();
        let deadline = NOW + 7 * 60_000;
        assert_eq!(
            progress(&status, THREE, None, deadline - 1),
            Progress::Left(Left { deadline: Some(deadline), ..left })
        );
        assert_eq!(progress(&status, THREE, None, deadline), Progress::Ended(End::CutOff(42)));
        let three = &mut status.virtual_servers[0].real_servers[2];
        (three.active_connections, three.inactive_connections) = (0, 0);
        assert_eq!(progress(&status, THREE, Some(left), deadline), Progress::Ended(End::CutOff(42)));
        assert_eq!(progress(&status, THREE, Some(left), deadline - 1), Progress::Ended(End::Empty));
    }

    #[test]
    fn a_drain_ends_when_somebody_else_ends_it() {
        let mut status = status();
        status.virtual_servers[0].real_servers[2].operator.drain = None;
        assert_eq!(progress(&status, THREE, None, NOW), Progress::Ended(End::TakenBack));
        status.virtual_servers.clear();
        assert_eq!(progress(&status, THREE, None, NOW), Progress::Ended(End::Gone));
    }
}
