//! Which datagrams are believed, and how the others are logged: at most one line a minute for each kind and sender.

use crate::Moment;
use crate::datagram::{ByteOrder, Message, NotAHeartbeat};
use crate::event::Datagram;
use crate::line::Line;
use crate::settings::Partner;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// Why a datagram is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Complaint {
    /// Its source address is not the partner's.
    Stranger,
    /// It has fewer than four bytes.
    TooShort,
    /// It is none of this service's messages. STOPME is among them: with `service = lvs` it means a partner with
    /// another service, not an order.
    Incompatible,
    /// HOLD or HELD, which mean nothing.
    Meaningless,
}

/// What a believed heartbeat says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Running,
    Stopped,
}

impl From<Said> for Message {
    fn from(said: Said) -> Self {
        match said {
            Said::Running => Self::Running,
            Said::Stopped => Self::Stopped,
        }
    }
}

/// The tests of pulse.md 10.5, in its order.
pub(crate) fn judge(datagram: &Datagram, partner: Option<&Partner>) -> Result<(Said, ByteOrder), Complaint> {
    if !partner.is_some_and(|partner| partner.owns(datagram.source)) {
        return Err(Complaint::Stranger);
    }
    match Message::decode(datagram.bytes()) {
        Ok((Message::Running, order)) => Ok((Said::Running, order)),
        Ok((Message::Stopped, order)) => Ok((Said::Stopped, order)),
        Ok((Message::Hold | Message::Held, _)) => Err(Complaint::Meaningless),
        Ok(_) | Err(NotAHeartbeat::Unknown) => Err(Complaint::Incompatible),
        Err(NotAHeartbeat::TooShort) => Err(Complaint::TooShort),
    }
}

/// The same tests with `service = fos`, which knows an order, too.
pub(crate) fn judge_fos(
    datagram: &Datagram,
    partner: Option<&Partner>,
) -> Result<(Message, ByteOrder), Complaint> {
    match judge(datagram, partner) {
        Ok(_) => Err(Complaint::Incompatible),
        Err(Complaint::Incompatible) => match Message::decode(datagram.bytes()) {
            Ok((message @ (Message::FosRunning | Message::FosStopped | Message::StopMe), order)) => {
                Ok((message, order))
            }
            Ok(_) | Err(_) => Err(Complaint::Incompatible),
        },
        Err(complaint) => Err(complaint),
    }
}

/// Least time between two lines of one kind about one sender.
const INTERVAL: Duration = Duration::from_secs(60);

/// Senders that are told apart. Source addresses can be forged, memory cannot.
const SENDERS: usize = 64;

/// Counts what was not believed, and says when that is worth a line.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    counted: BTreeMap<(Complaint, Option<IpAddr>), Counted>,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    unlogged: u64,
    logged: Moment,
}

impl Complaints {
    /// Counts one datagram; answers with a line if none was logged for a minute.
    pub(crate) fn note(&mut self, complaint: Complaint, sender: IpAddr, now: Moment) -> Option<Line> {
        let mut key = (complaint, Some(sender));
        if !self.counted.contains_key(&key) && self.counted.len() >= SENDERS {
            key.1 = None;
        }
        if let Some(counted) = self.counted.get_mut(&key) {
            counted.unlogged = counted.unlogged.saturating_add(1);
            counted.line_if_due(key, now)
        } else {
            self.counted.insert(key, Counted { unlogged: 0, logged: now });
            Some(line(key, 1))
        }
    }

    /// Lines about what was counted but not logged a minute ago; senders that were quiet since are forgotten.
    pub(crate) fn overdue(&mut self, now: Moment) -> Vec<Line> {
        let lines =
            self.counted.iter_mut().filter_map(|(key, counted)| counted.line_if_due(*key, now)).collect();
        self.counted
            .retain(|key, counted| key.0 == Complaint::Meaningless || now < counted.logged + INTERVAL);
        lines
    }
}

impl Counted {
    fn line_if_due(&mut self, key: (Complaint, Option<IpAddr>), now: Moment) -> Option<Line> {
        // HOLD and HELD are told once: nobody sends them twice by accident.
        let due = key.0 != Complaint::Meaningless && self.unlogged > 0 && now >= self.logged + INTERVAL;
        due.then(|| {
            let count = std::mem::take(&mut self.unlogged);
            self.logged = now;
            line(key, count)
        })
    }
}

fn line((complaint, sender): (Complaint, Option<IpAddr>), count: u64) -> Line {
    Line::NotBelieved { complaint, sender, count }
}
