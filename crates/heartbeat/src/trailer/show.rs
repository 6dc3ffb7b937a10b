//! A trailer in one line, for people.

use super::{HandOver, Stamp, Trailer};
use crate::machine::State;
use crate::settings::Role;
use std::fmt;

impl fmt::Display for Trailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            self.stamp.map(|stamp| format!("stamp={stamp}")),
            self.echo.map(|stamp| format!("echo={stamp}")),
            self.standing.map(|it| format!("role={} state={}", it.role, it.state)),
            self.timers.map(|it| format!("keepalive={:?} deadtime={:?}", it.keepalive, it.deadtime)),
            self.configuration.map(|it| format!("serial_no={} fingerprint={}", it.serial, it.fingerprint)),
            self.real_servers.map(|it| format!("real_servers={}/{}", it.up, it.configured)),
            self.departure.as_ref().map(|it| format!("departure={} {:?}", it.code, it.text)),
            self.hand_over.map(|it| format!("hand_over={it}")),
        ];
        f.write_str(&words.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.session, self.sequence)
    }
}

impl fmt::Display for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Able => "able",
            Self::Wanted => "wanted",
            Self::Offered => "offered",
            Self::Prepared => "prepared",
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Backup => "backup",
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "ready",
            Self::Active => "active",
            Self::LinkDown => "link-down",
            Self::Failed => "failed",
            Self::Leaving => "leaving",
            Self::Ending => "ending",
        })
    }
}
