//! What must hold, whatever befalls the pair.
//!
//! *Owner*: a router whose floating addresses are up. *Trouble*: a fate that strikes, a lost datagram, a cut path, a
//! stalled process, a hand-over under way. *Calm*: no trouble since then. A tie is resolved by one heartbeat each way, so with interval `k` and
//! longest delay `d`:
//!
//! 1. After `k + 3d` of calm there is at most one owner. Before that two are permitted: nobody can know of a partner
//!    that cannot be heard, a takeover may have been decided in the last moment of trouble, and the tie takes one
//!    heartbeat to be noticed and one to be answered. With Piranha's own pulse on one side, whose heartbeats do not tell
//!    which is the older one, a STOPPED that was overtaken may cause a takeover later, too; two owners last for at most
//!    `k + 2d` then, and are over with the time of 2.
//! 2. After `deadtime + 2k` of calm, and the time that lvsd needs, there is an owner if a router can serve. Where one has
//!    given up because its lvsd failed, both try in turn, after pauses that grow from `deadtime` to a minute; when both
//!    lose patience at once there are two owners for `k + 2d`.
//! 3. After calm has come back the owner is the one that the specification names: the primary if both were active, else
//!    the one that was active. It stays: there is no fail-back.
//!
//!    Where signatures are required the times of 1 grow by an interval and a delay, and with Piranha's own pulse on one
//!    side by an interval and by those in which it is deaf.
//! 4. Floating addresses go up and off at most once for each fault; a boot is one, and so is a lost datagram. With an
//!    original, every late copy of a STOPPED may cause a takeover that a RUNNING ends; so may every copy that has queued
//!    while the original was deaf. There are two copies on each link at most.
//! 5. A hand-over comes to its end, be it good or not: 12 s after the last fault, or when the dead timer runs out, nobody
//!    speaks of it.
//! 6. STOPPED is never said with an address up (checked where it is sent), and every reason that is logged for a
//!    takeover is a true one (checked where it is logged).

use crate::world::{BACKUP, PRIMARY, World};
use heartbeat::{Moment, State};

/// Follows a world and complains.
#[derive(Debug, Default)]
pub(crate) struct Law {
    /// Who was active when calm began, and what that means.
    calm: Option<Calm>,
    two_owners_since: Option<Moment>,
}

#[derive(Debug)]
struct Calm {
    since: Moment,
    /// Who is expected to be the owner; nothing if that is open.
    expected: Option<usize>,
    /// Both have been active.
    tied: bool,
    /// How often the one that did so most often had given up.
    give_ups: u32,
}

impl Law {
    pub(crate) fn check(&mut self, world: &mut World) {
        let owners = [PRIMARY, BACKUP].map(|host| world.hosts[host].owns());
        check_transitions(world);
        check_hand_over(world);
        let Some(calm) = calm_time(world) else {
            self.calm = None;
            return;
        };
        self.expect(world);
        let settled = time_to_settle(world) + self.time_to_take_turns(world);
        self.check_overlap(world, owners == [true, true], calm, settled);
        if calm > settled && owners == [false, false] && world.hosts.iter().any(crate::host::Host::can_serve)
        {
            world.complain("no owner, though a router can serve");
        }
        let expected = self.calm.as_ref().and_then(|calm| calm.expected);
        if let Some(expected) = expected
            && calm > settled
            && owners[1 - expected]
        {
            world.complain(&format!("router {} is the owner, and not router {expected}", 1 - expected));
        }
    }

    /// Routers that have given up wait for each other, each longer from time to time, until it is the turn of one that
    /// can serve.
    pub(crate) fn time_to_take_turns(&self, world: &World) -> Moment {
        let give_ups = self.calm.as_ref().map_or(0, |calm| calm.give_ups).max(give_ups(world).min(1));
        if give_ups == 0 {
            return Moment::ZERO;
        }
        let longest = Moment::from_secs(60).max(world.parameters.deadtime);
        let patience = (world.parameters.deadtime * 2_u32.pow(give_ups.min(10))).min(longest);
        (patience + time_to_settle(world)) * (give_ups + 2)
    }

    fn check_overlap(&mut self, world: &mut World, two_owners: bool, calm: Moment, settled: Moment) {
        if !two_owners {
            self.two_owners_since = None;
            return;
        }
        let (mut interval, delay) = (world.parameters.keepalive, world.parameters.longest_delay);
        if world.has_an_original() {
            // It hears nothing while lvsd starts or ends, and answers a RUNNING with its next heartbeat only.
            interval = interval * 2 + world.parameters.longest_start + crate::world::LVSD_ENDS;
        }
        if world.parameters.signatures.is_some() {
            // A router that has just started is heard when it has shown that it has heard its partner.
            interval = interval * 2 + delay;
        }
        // Two things at the same microsecond come in any order.
        let instant = Moment::from_micros(1);
        let lasting = world.now.saturating_sub(*self.two_owners_since.get_or_insert(world.now)).min(calm);
        let late = world.parameters.disorder && world.has_an_original();
        let wrong = if late || give_ups(world) > 0 {
            lasting > interval + delay * 2 + instant || (late && calm > settled)
        } else {
            calm > interval + delay * 3 + instant
        };
        if wrong {
            world.complain("two owners");
        }
    }

    /// Whoever is active alone stays so; when both are, for however short a time, it is the primary.
    fn expect(&mut self, world: &World) {
        let active = [PRIMARY, BACKUP].map(|host| world.state(host) == Some(State::Active));
        let named = match active {
            [true, _] => Some(PRIMARY),
            [false, true] => Some(BACKUP),
            [false, false] => None,
        };
        let begins = Calm { since: world.troubled, expected: named, tied: false, give_ups: give_ups(world) };
        if self.calm.as_ref().is_none_or(|calm| calm.since != world.troubled) {
            self.calm = Some(begins);
        }
        let Some(calm) = &mut self.calm else { return };
        // What struck may take as long as lvsd's end to show.
        let striking = world.now <= calm.since + crate::world::LVSD_ENDS
            || world.now <= world.negotiated + world.parameters.longest_delay * 3;
        calm.tied |= !striking && active == [true, true];
        if striking || calm.tied || calm.expected.is_none() {
            calm.expected = if calm.tied { Some(PRIMARY) } else { named };
        }
        if world.hosts.iter().any(|host| host.lvsd_broken || host.lvsd_stuck || host.give_ups() > 0) {
            // The service moves to where lvsd runs.
            calm.expected = None;
        }
    }
}

fn give_ups(world: &World) -> u32 {
    world.hosts.iter().map(crate::host::Host::give_ups).max().unwrap_or_default()
}

fn check_transitions(world: &mut World) {
    let takeovers = if world.has_an_original() { 2 * world.network.links().len() as u64 } else { 1 };
    if world.transitions > 2 * takeovers * world.faults {
        world.complain("addresses move without end");
    }
}

fn check_hand_over(world: &mut World) {
    let longest = Moment::from_secs(12) + time_to_settle(world);
    if world.network.is_whole() && world.negotiated > world.struck + longest {
        world.complain("a hand-over without end");
    }
}

/// How long the world has been calm; nothing if it is not.
fn calm_time(world: &World) -> Option<Moment> {
    let stalled = world.hosts.iter().filter_map(|host| host.router.as_ref()).any(|router| router.stalled);
    (world.network.is_whole() && !stalled).then(|| world.now.saturating_sub(world.troubled))
}

/// The time after which there must be an owner.
pub(crate) fn time_to_settle(world: &World) -> Moment {
    let parameters = &world.parameters;
    let decision = parameters.deadtime + (parameters.keepalive + parameters.longest_delay) * 2;
    let broken = world.hosts.iter().any(|host| host.lvsd_broken || host.give_ups() > 0);
    // A router that cannot run lvsd tries three times more, then leaves the service to the other; and an lvsd that is
    // stuck is killed before another one is started.
    let attempts = if broken { 5 } else { 1 };
    let pauses = if broken { Moment::from_millis(1400) + parameters.keepalive } else { Moment::ZERO };
    let ending = parameters.deadtime.min(Moment::from_secs(5)) + crate::world::LVSD_ENDS;
    decision + parameters.longest_start * attempts + pauses + ending
}
