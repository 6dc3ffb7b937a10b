//! The heartbeats of the two routers, with what they say of themselves. In front of the [`Machine`](crate::Machine),
//! which sees no trailer: it is told the heartbeats that count.

mod notice;
mod order;
mod report;

pub use notice::Notice;
pub use report::PartnerReport;

use crate::Moment;
use crate::authentication::{
    Acquaintance, Authentication, Freshness, Key, Keys, Path, Refusal, Refusals, seal, verify,
};
use crate::datagram::LENGTH;
use crate::event::{Datagram, Link};
use crate::trailer::{Absent, Configuration, Fingerprint, HandOver, Read, Session, Stamp, Trailer};
use notice::Budget;
use order::Order;
use std::net::IpAddr;
use std::time::Duration;

/// A partner that has signed for so long no more is listened to without a signature, where that is tolerated.
const SIGNATURE_REMEMBERED: Duration = Duration::from_secs(60);

/// This router's side of the exchange.
#[derive(Debug)]
pub struct Exchange {
    /// The newest heartbeat that was sent.
    own: Stamp,
    authentication: Authentication,
    configuration: Configuration,
    freshness: Freshness,
    order: Order,
    refusals: Refusals,
    partner: Option<PartnerReport>,
    /// The key that the partner signed with when it was last believed.
    key: Option<u32>,
    /// The files of both routers when they were last compared.
    compared: Option<[Fingerprint; 2]>,
    budget: Budget,
}

/// A heartbeat to be sent on every link.
#[derive(Debug)]
pub struct Heartbeat<'keys> {
    unsealed: Vec<u8>,
    key: Option<&'keys Key>,
}

/// What is to be done about a heartbeat that arrived.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    /// Whether it counts: the machine is to be told of it.
    pub counts: bool,
    /// Whether a newer one has been heard: what it says is over, but it shows that its link works.
    pub outdated: bool,
    /// Whether it is the first of a session that is believed: the machine is to be told [`Event::Introduced`], after the
    /// heartbeat itself.
    ///
    /// [`Event::Introduced`]: crate::Event::Introduced
    pub introduced: bool,
    /// The partner's part in a planned hand-over, if its trailer is believed: goes with the heartbeat.
    pub hand_over: Option<HandOver>,
    /// What is worth a log line.
    pub notices: Vec<Notice>,
}

impl Exchange {
    /// Nothing is sent or heard yet. The session must not have been used before.
    pub fn new(session: Session, authentication: Authentication, configuration: Configuration) -> Self {
        Self {
            own: Stamp { session, sequence: 0 },
            authentication,
            configuration,
            freshness: Freshness::default(),
            order: Order::default(),
            refusals: Refusals::default(),
            partner: None,
            key: None,
            compared: None,
            budget: Budget::default(),
        }
    }

    /// Works with other keys and another file from now on. Who is believed stays believed.
    pub fn follow(&mut self, authentication: Authentication, configuration: Configuration) {
        self.authentication = authentication;
        self.configuration = configuration;
    }

    /// The next heartbeat: these four bytes, what this router says of itself, and what the exchange adds to it.
    pub fn next(&mut self, head: [u8; LENGTH], said: Trailer) -> Heartbeat<'_> {
        self.own.sequence += 1;
        let trailer = Trailer {
            stamp: Some(self.own),
            echo: self.freshness.echo(),
            configuration: Some(self.configuration),
            ..said
        };
        Heartbeat { unsealed: trailer.append_to(head), key: self.authentication.keys().map(Keys::signing) }
    }

    /// Judges a datagram that came from one of the partner's addresses.
    pub fn receive(&mut self, link: Link, path: Path, datagram: &[u8], now: Moment) -> Received {
        let read = Trailer::read(datagram);
        let checked = self.check(link, path, read.as_ref());
        let counts = checked.is_ok() || self.authentication.tolerates();
        let mut notices = Vec::new();
        if let Err(refusal) = checked
            && let Some(count) = self.refusals.note(refusal, link, now)
        {
            notices.push(Notice::NotAuthentic { refusal, link, count, counts });
        }
        let (key, acquaintance) = checked.ok().flatten().unzip();
        let mut outdated = false;
        let mut hand_over = None;
        if let Ok(Read { trailer, .. }) = read
            && counts
        {
            outdated = self.is_outdated(&trailer, key.is_some(), now);
            if !outdated && (key.is_some() || !self.is_known_by_signature(now)) {
                hand_over = trailer.hand_over;
                notices.extend(self.learn(trailer, key, link, now));
            }
        }
        let introduced = acquaintance == Some(Acquaintance::New);
        Received { counts, outdated, introduced, hand_over, notices }
    }

    /// What the partner last said of itself, if it ever did.
    pub fn partner(&self) -> Option<&PartnerReport> {
        self.partner.as_ref()
    }

    /// The key that the partner's heartbeat is signed with, if signatures matter, and whether its session was known.
    fn check(
        &mut self,
        link: Link,
        path: Path,
        read: Result<&Read<'_>, &Absent>,
    ) -> Result<Option<(u32, Acquaintance)>, Refusal> {
        let Some(keys) = self.authentication.keys() else { return Ok(None) };
        let Ok(Read { trailer: Trailer { stamp: Some(stamp), echo, .. }, seal: Some(seal) }) = read else {
            return Err(Refusal::Unsigned);
        };
        let key = keys.find(seal.key).ok_or(Refusal::UnknownKey { id: seal.key })?;
        if !verify(*seal, path, key) {
            return Err(Refusal::Forged { id: seal.key });
        }
        let acquaintance = self.freshness.judge(*stamp, *echo, link, self.own)?;
        if acquaintance == Acquaintance::New {
            self.refusals.forget_unproven();
        }
        Ok(Some((seal.key, acquaintance)))
    }

    /// A signed sequence never goes back. One that is not signed may, where a machine is set back to what it was: its
    /// heartbeats count again before it is taken for dead.
    fn is_outdated(&self, trailer: &Trailer, signed: bool, now: Moment) -> bool {
        let Some(stamp) = trailer.stamp else { return false };
        let told = trailer.timers.map_or(Duration::ZERO, |timers| timers.deadtime / 2);
        self.order.is_outdated(stamp, if signed { Duration::MAX } else { told }, now)
    }

    /// Keeps what the partner says; answers with what has changed.
    fn learn(&mut self, trailer: Trailer, key: Option<u32>, link: Link, now: Moment) -> Vec<Notice> {
        let mut notices = Vec::new();
        if let Some(stamp) = trailer.stamp {
            self.order.note(stamp, now);
        }
        if let Some(key) = key.filter(|key| self.key.replace(*key) != Some(*key)) {
            notices.push(Notice::Authentic { key });
        }
        notices.extend(trailer.configuration.and_then(|partner| self.compare(partner)));
        let told = self.partner.as_ref().and_then(|report| report.trailer.departure.as_ref());
        if trailer.departure.as_ref() != told {
            notices.extend(trailer.departure.clone().map(Notice::PartnerLeaves));
        }
        let since = self.partner.as_ref().and_then(|before| before.since(&trailer)).unwrap_or(now);
        self.partner = Some(PartnerReport { trailer, heard: now, since, link, key });
        notices.retain(|_| self.budget.allows(now));
        notices
    }

    /// Nobody can speak for a partner that signs.
    fn is_known_by_signature(&self, now: Moment) -> bool {
        self.partner.as_ref().is_some_and(|partner| {
            partner.key.is_some()
                && partner.age(now) < SIGNATURE_REMEMBERED
                && self.authentication.keys().is_some()
        })
    }

    /// Files that differ are told of once, and so is the end of that.
    fn compare(&mut self, partner: Configuration) -> Option<Notice> {
        let own = self.configuration;
        let before = self.compared.replace([own.fingerprint, partner.fingerprint]);
        if before == self.compared {
            return None;
        }
        if own.fingerprint != partner.fingerprint {
            return Some(Notice::FilesDiffer { own, partner });
        }
        before.is_some_and(|[own, partner]| own != partner).then_some(Notice::FilesAgree)
    }
}

impl Received {
    /// What the machine is to be told, if anything.
    pub fn datagram(&self, link: Link, source: IpAddr, bytes: &[u8]) -> Option<Datagram> {
        self.counts.then(|| {
            let mut datagram = Datagram::new(link, source, bytes);
            datagram.outdated = self.outdated;
            datagram.hand_over = self.hand_over;
            datagram
        })
    }
}

impl Heartbeat<'_> {
    /// The datagram on one link, not longer than [`LONGEST`](crate::trailer::LONGEST).
    pub fn on(&self, path: Path) -> Vec<u8> {
        match self.key {
            Some(key) => seal(self.unsealed.clone(), path, key),
            None => self.unsealed.clone(),
        }
    }
}
