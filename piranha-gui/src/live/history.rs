//! One hour of what the kernel counted, per virtual server, and who of the real servers got what. Pure: readings and time
//! in, points out.
//!
//! Time is cut into slots of 10 s; each holds the rates between two readings. Where nothing is known a slot says so: while
//! lvsd does not answer, after counters have begun anew, and before the first two readings. What a virtual server did is kept
//! under the name of the kernel's service, and what a real server did under its address, so that another name in lvs.cf
//! changes nothing; what leaves the file is forgotten.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use control::overview::{self, Counters, Overview};

/// How much time one point stands for.
pub(crate) const SLOT: Duration = Duration::from_secs(10);
/// Points of one hour.
pub(crate) const SLOTS: usize = 360;
/// Values of a real server in that hour: ten thousand of them are a few megabytes at most.
const PARTS: usize = 12;
const SLOTS_OF_A_PART: u64 = (SLOTS / PARTS) as u64;
/// Two readings further apart than this do not tell what was between them.
const PATIENCE: Duration = Duration::from_secs(35);
/// Virtual servers and real servers that have a history, at most: some 6 and 1 MB. Those behind them in the file have none.
const MOST_VIRTUAL: usize = 2_000;
const MOST_REAL: usize = 20_000;

/// No value: nothing was counted that anybody knows of.
const UNKNOWN: u32 = u32::MAX;

/// What happened in a second, on average of one slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rates {
    /// New connections.
    pub(crate) connections: f32,
    /// Packets in both directions, as far as they pass this router.
    pub(crate) packets: f32,
}

/// One hour of all virtual servers, in the order of the last reading.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The slot that time has come to.
    now: u64,
    virtual_servers: Vec<VirtualServer>,
}

#[derive(Debug)]
struct VirtualServer {
    service: Box<str>,
    /// By slot; empty for one too many. Not-a-number where nothing is known.
    rates: Box<[[f32; 2]]>,
    last: Option<(Duration, Counters)>,
    real_servers: Vec<RealServer>,
}

#[derive(Debug)]
struct RealServer {
    address: Box<str>,
    /// Connections in each part of the hour; empty for one too many.
    parts: Box<[u32]>,
    last: Option<(Duration, u64)>,
}

impl History {
    /// lvsd has told how things are at this time.
    pub(crate) fn take(&mut self, at: Duration, overview: &Overview) {
        self.pass(at);
        self.follow(overview);
        for (kept, told) in self.virtual_servers.iter_mut().zip(&overview.virtual_servers) {
            kept.take(at, told);
        }
    }

    /// Time passes, and nobody tells anything.
    pub(crate) fn pass(&mut self, at: Duration) {
        let now = slot(at);
        let passed = now.saturating_sub(self.now);
        for slot in (self.now + 1..=now).rev().take(SLOTS) {
            for server in &mut self.virtual_servers {
                server.forget(slot);
            }
        }
        for part in (part_of(self.now) + 1..=part_of(now)).rev().take(PARTS) {
            for server in self.virtual_servers.iter_mut().flat_map(|server| &mut server.real_servers) {
                set(&mut server.parts, part, UNKNOWN);
            }
        }
        self.now += passed;
    }

    /// The points of the last hour, the oldest first; of the virtual server at this place in the last reading. None if it has
    /// no history.
    pub(crate) fn rates(&self, place: usize) -> Option<Vec<Option<Rates>>> {
        let rates = &self.virtual_servers.get(place)?.rates;
        let hour = self.now + 1..=self.now + SLOTS as u64;
        let point = |slot| {
            let [connections, packets] = *rates.get(index(slot, rates.len())?)?;
            (!connections.is_nan()).then_some(Rates { connections, packets })
        };
        (!rates.is_empty()).then(|| hour.map(point).collect())
    }

    /// The connections that a real server got in the last hour, as far as they were counted; by its place in the last reading.
    /// None if nothing is known.
    pub(crate) fn connections(&self, place: usize, real_server: usize) -> Option<u64> {
        let kept = &self.virtual_servers.get(place)?.real_servers.get(real_server)?.parts;
        let now = part_of(self.now);
        let known = (0..PARTS as u64)
            .filter_map(|ago| kept.get(index(now.checked_sub(ago)?, kept.len())?))
            .filter(|&&connections| connections != UNKNOWN);
        known.fold(None, |sum, &connections| Some(sum.unwrap_or(0) + u64::from(connections)))
    }

    /// Goes on with those that the reading has, in its order, and forgets the others; counts nothing.
    pub(crate) fn follow(&mut self, overview: &Overview) {
        let told = &overview.virtual_servers;
        let same = self.virtual_servers.len() == told.len()
            && self.virtual_servers.iter().zip(told).all(|(kept, told)| *kept.service == *told.service);
        let (mut virtual_room, mut real_room) = (MOST_VIRTUAL, MOST_REAL);
        if !same {
            let mut before = by_name(std::mem::take(&mut self.virtual_servers), |server| &server.service);
            let kept = told.iter().map(|told| {
                let room = take_one(&mut virtual_room);
                next_of(&mut before, &told.service).unwrap_or_else(|| VirtualServer::new(&told.service, room))
            });
            self.virtual_servers = kept.collect();
        }
        for (kept, told) in self.virtual_servers.iter_mut().zip(told) {
            kept.follow(&told.real_servers, &mut real_room);
        }
    }
}

impl VirtualServer {
    fn new(service: &str, room: bool) -> Self {
        let slots = if room { SLOTS } else { 0 };
        let rates = vec![[f32::NAN; 2]; slots].into();
        Self { service: service.into(), rates, last: None, real_servers: Vec::new() }
    }

    fn follow(&mut self, told: &[overview::RealServer], room: &mut usize) {
        let same = self.real_servers.len() == told.len()
            && self.real_servers.iter().zip(told).all(|(kept, told)| *kept.address == *told.address);
        if same {
            *room = room.saturating_sub(told.len());
            return;
        }
        let mut before = by_name(std::mem::take(&mut self.real_servers), |server| &server.address);
        let kept = told.iter().map(|told| {
            let room = take_one(room);
            next_of(&mut before, &told.address).unwrap_or_else(|| RealServer::new(&told.address, room))
        });
        self.real_servers = kept.collect();
    }

    fn forget(&mut self, slot: u64) {
        set(&mut self.rates, slot, [f32::NAN; 2]);
    }

    fn take(&mut self, at: Duration, told: &overview::VirtualServer) {
        let counters = told.counters;
        let before = self.last.replace((at, counters));
        if let Some((then, before)) = before
            && let Some(seconds) = between(then, at)
            && let Some(rates) = rates(before, counters, seconds)
        {
            let first = slot(then) + 1;
            for slot in first.min(slot(at))..=slot(at) {
                set(&mut self.rates, slot, rates);
            }
        }
        for (kept, told) in self.real_servers.iter_mut().zip(&told.real_servers) {
            kept.take(at, told.counters.connections);
        }
    }
}

impl RealServer {
    fn new(address: &str, room: bool) -> Self {
        let parts = vec![UNKNOWN; if room { PARTS } else { 0 }].into();
        Self { address: address.into(), parts, last: None }
    }

    fn take(&mut self, at: Duration, connections: u64) {
        let before = self.last.replace((at, connections));
        let Some((then, before)) = before else { return };
        let Some(more) = connections.checked_sub(before).filter(|_| between(then, at).is_some()) else {
            return;
        };
        let Some(place) = index(part_of(slot(at)), self.parts.len()) else { return };
        if let Some(part) = self.parts.get_mut(place) {
            let known = if *part == UNKNOWN { 0 } else { *part };
            *part = u32::try_from(u64::from(known) + more).unwrap_or(UNKNOWN - 1).min(UNKNOWN - 1);
        }
    }
}

/// The seconds between two readings, if they tell what was between them.
fn between(then: Duration, at: Duration) -> Option<f32> {
    let passed = at.checked_sub(then)?;
    (!passed.is_zero() && passed <= PATIENCE).then_some(passed.as_secs_f32())
}

/// None if the kernel has begun to count anew.
#[expect(clippy::cast_precision_loss, reason = "a rate in a picture has three digits")]
fn rates(before: Counters, now: Counters, seconds: f32) -> Option<[f32; 2]> {
    let connections = now.connections.checked_sub(before.connections)?;
    let packets_in = now.packets_in.checked_sub(before.packets_in)?;
    let packets_out = now.packets_out.checked_sub(before.packets_out)?;
    Some([connections as f32 / seconds, packets_in.saturating_add(packets_out) as f32 / seconds])
}

fn slot(at: Duration) -> u64 {
    at.as_secs() / SLOT.as_secs()
}

fn part_of(slot: u64) -> u64 {
    slot / SLOTS_OF_A_PART
}

/// Where the value of a moment is kept.
fn index(moment: u64, kept: usize) -> Option<usize> {
    usize::try_from(moment.checked_rem(kept as u64)?).ok()
}

fn set<V>(kept: &mut [V], moment: u64, value: V) {
    if let Some(place) = index(moment, kept.len()).and_then(|place| kept.get_mut(place)) {
        *place = value;
    }
}

fn take_one(room: &mut usize) -> bool {
    let left = room.checked_sub(1);
    *room = left.unwrap_or(0);
    left.is_some()
}

/// Several may have one name: they stay in their order.
fn by_name<S>(servers: Vec<S>, name: impl Fn(&S) -> &str) -> HashMap<Box<str>, VecDeque<S>> {
    let mut sorted: HashMap<Box<str>, VecDeque<S>> = HashMap::with_capacity(servers.len());
    for server in servers {
        sorted.entry(name(&server).into()).or_default().push_back(server);
    }
    sorted
}

fn next_of<S>(sorted: &mut HashMap<Box<str>, VecDeque<S>>, name: &str) -> Option<S> {
    sorted.get_mut(name)?.pop_front()
}

#[cfg(test)]
mod tests;
