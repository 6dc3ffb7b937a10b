//! Two routers and a network between them on virtual time, a hundred thousand cases. See `law.rs` for what must hold.
//!
//! A failing case prints its seed; `PAIR_SEED=number cargo test --test pair` plays that one alone, and
//! `PAIR_CASES=number` plays more than usual.

mod dice;
mod fate;
mod host;
mod law;
mod network;
mod original;
mod world;

use dice::Dice;
use fate::{Fate, Parameters};
use heartbeat::{Moment, State};
use law::{Law, time_to_settle};
use world::{BACKUP, PRIMARY, World};

/// Of each of the kinds with `service = lvs` and without signatures: a hundred thousand in all.
const CASES: u64 = 10_000;
/// Of each other kind.
const OTHER_CASES: u64 = 1_000;

fn parameters(dice: &mut Dice) -> Parameters {
    let milliseconds = Moment::from_millis;
    let keepalive = dice.time_between(milliseconds(50), milliseconds(2000));
    Parameters {
        keepalive,
        deadtime: dice.time_between(keepalive * 5 / 2, keepalive * 6),
        longest_delay: dice.time_up_to(keepalive / 4),
        disorder: dice.chance(50),
        longest_start: dice.time_up_to(milliseconds(300)),
        private_link: dice.chance(50),
        hot_standby: dice.chance(30),
        signatures: None,
        fos: false,
    }
}

/// What may befall the pair in one kind of cases.
type Fates = fn(&mut World) -> Vec<(Moment, Fate)>;

/// Who makes up a pair.
#[derive(Clone, Copy)]
enum Pairing {
    Ours,
    /// Both sign, and most of them require it.
    Signed,
    /// With `service = fos`.
    Fos,
    /// With Piranha's own pulse on this one of the two.
    Original(usize),
}

/// Plays one case: the pair boots, fates strike, everything heals, and the pair is watched for a while.
fn play(seed: u64, pairing: Pairing, fates: Fates) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let mut parameters = parameters(&mut dice);
    if let Pairing::Signed = pairing {
        parameters.signatures = Some([dice.chance(80), dice.chance(80)]);
        // The time that docs/heartbeat.md asks for.
        parameters.deadtime = parameters.deadtime.max(parameters.keepalive * 3);
    }
    parameters.fos = matches!(pairing, Pairing::Fos);
    if let Pairing::Original(_) = pairing {
        // Whole seconds are all that it knows.
        parameters.keepalive = Moment::from_secs(1 + dice.throw(3));
        parameters.deadtime = parameters.keepalive * 3;
        parameters.longest_delay = dice.time_up_to(Moment::from_millis(50));
    }
    let mut world = World::new(parameters, dice);
    if let Pairing::Original(original) = pairing {
        world.hosts[original].original = true;
    }
    world.network.doubled = world.dice().throw(20);
    let together = world.dice().chance(20);
    for host in [PRIMARY, BACKUP] {
        let boot = if together { Moment::ZERO } else { world.dice().time_up_to(parameters.deadtime * 2) };
        world.at(boot, Fate::Boot { host, force_active: false });
    }
    let mut end = parameters.deadtime * 4;
    for (distance, fate) in fates(&mut world) {
        end += distance;
        world.at(end, fate);
    }
    world.at(end, Fate::Heal);
    for host in [PRIMARY, BACKUP] {
        world.at(end, Fate::Resume { host });
    }
    let mut law = Law::default();
    let complaint = watch(&mut world, &mut law, end).or_else(|| {
        let watched = time_to_settle(&world) * 2 + parameters.deadtime * 3 + law.time_to_take_turns(&world);
        watch(&mut world, &mut law, end + watched)
    });
    let Some(complaint) = complaint else { return Ok(()) };
    Err(format!("seed {seed}: {complaint}\n{parameters:?}\n{}", world.story.join("\n")))
}

/// What the law has to complain of until then, if anything.
fn watch(world: &mut World, law: &mut Law, end: Moment) -> Option<String> {
    while world.step(end) {
        law.check(world);
        if world.complaint.is_some() {
            return world.complaint.take();
        }
    }
    None
}

fn play_all(fates: Fates) {
    play_pairs(Pairing::Ours, fates);
}

fn play_pairs(pairing: Pairing, fates: Fates) {
    let number = |variable| std::env::var(variable).ok().and_then(|number| number.parse::<u64>().ok());
    let usual = if let Pairing::Signed | Pairing::Fos = pairing { OTHER_CASES } else { CASES };
    let seeds = match number("PAIR_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PAIR_CASES").unwrap_or(usual),
    };
    for seed in seeds {
        if let Err(failure) = play(seed, pairing, fates) {
            panic!("{failure}");
        }
    }
}

/// Some fates, each a while after the one before.
fn several(world: &mut World, choose: fn(&mut World) -> Vec<Fate>) -> Vec<(Moment, Fate)> {
    let longest = world.parameters.deadtime * 3;
    let count = 2 + world.dice().throw(6);
    let mut fates = Vec::new();
    for _ in 0..count {
        for fate in choose(world) {
            fates.push((world.dice().time_up_to(longest), fate));
        }
    }
    fates
}

fn any_host(world: &mut World) -> usize {
    if world.dice().chance(50) { PRIMARY } else { BACKUP }
}

fn death_and_return(world: &mut World) -> Vec<Fate> {
    let host = any_host(world);
    let end = if world.dice().chance(50) { Fate::Kill { host } } else { Fate::Stop { host } };
    vec![end, Fate::Boot { host, force_active: world.dice().chance(10) }]
}

fn partition(world: &mut World) -> Vec<Fate> {
    let mut cuts = Vec::new();
    for sender in [PRIMARY, BACKUP] {
        for link in network::LINKS {
            if world.dice().chance(60) {
                cuts.push(Fate::Cut { sender, link });
            }
        }
    }
    cuts.push(Fate::Heal);
    cuts
}

fn loss(world: &mut World) -> Vec<Fate> {
    let (sender, percent) = (any_host(world), 10 + world.dice().throw(80));
    let link = network::LINKS[usize::from(world.dice().chance(50))];
    vec![Fate::Lose { sender, link, percent }, Fate::Heal]
}

fn stall(world: &mut World) -> Vec<Fate> {
    let host = any_host(world);
    if world.dice().chance(70) {
        return vec![Fate::Stall { host }, Fate::Resume { host }];
    }
    let other = 1 - host;
    vec![
        Fate::Stall { host },
        Fate::Stall { host: other },
        Fate::Resume { host },
        Fate::Resume { host: other },
    ]
}

fn hand_over(world: &mut World) -> Vec<Fate> {
    vec![Fate::HandOver { host: any_host(world) }]
}

/// Hand-overs that go wrong: whoever takes part in one dies, stalls, cannot run lvsd or is told to end.
fn hand_over_in_trouble(world: &mut World) -> Vec<Fate> {
    let mut fates = hand_over(world);
    fates.extend(match world.dice().throw(6) {
        0 => death_and_return(world),
        1 => partition(world),
        2 => loss(world),
        3 => stall(world),
        4 => failing_lvsd(world),
        _ => hand_over(world),
    });
    fates
}

fn clock_step(world: &mut World) -> Vec<Fate> {
    let (host, forward) = (any_host(world), world.dice().chance(50));
    let longest = world.parameters.deadtime * 3;
    vec![Fate::StepClock { host, forward, by: world.dice().time_up_to(longest) }]
}

fn failing_lvsd(world: &mut World) -> Vec<Fate> {
    let host = any_host(world);
    match world.dice().throw(6) {
        0 => vec![Fate::BreakLvsd { host }, Fate::CrashLvsd { host }, Fate::MendLvsd { host }],
        4 => broken_on_both(host),
        1 => vec![Fate::StickLvsd { host }],
        _ => vec![Fate::CrashLvsd { host }],
    }
}

/// One may stay broken.
fn broken_on_both(mended: usize) -> Vec<Fate> {
    let both = [PRIMARY, BACKUP];
    let breaks = both.map(|host| Fate::BreakLvsd { host });
    let crashes = both.map(|host| Fate::CrashLvsd { host });
    breaks.into_iter().chain(crashes).chain([Fate::MendLvsd { host: mended }]).collect()
}

fn anything(world: &mut World) -> Vec<Fate> {
    match world.dice().throw(7) {
        0 => death_and_return(world),
        1 => partition(world),
        2 => loss(world),
        3 => stall(world),
        4 => clock_step(world),
        5 => hand_over(world),
        _ => failing_lvsd(world),
    }
}

#[test]
fn death_return_and_planned_stop() {
    play_all(|world| several(world, death_and_return));
}

#[test]
fn partitions_whole_and_one_way() {
    play_all(|world| several(world, partition));
}

#[test]
fn loss_and_disorder() {
    play_all(|world| several(world, loss));
}

#[test]
fn stalled_processes() {
    play_all(|world| several(world, stall));
}

#[test]
fn lvsd_that_fails() {
    play_all(|world| several(world, failing_lvsd));
}

/// An original waits for a stuck lvsd without end, so that lvsd ends here when it is told to.
fn fates_with_an_original(world: &mut World) -> Vec<Fate> {
    match world.dice().throw(3) {
        0 => death_and_return(world),
        1 => partition(world),
        _ => vec![Fate::CrashLvsd { host: any_host(world) }],
    }
}

fn faults_of_an_original(world: &mut World) -> Vec<Fate> {
    match world.dice().throw(4) {
        0 => loss(world),
        1 => stall(world),
        2 => clock_step(world),
        _ => fates_with_an_original(world),
    }
}

#[test]
fn an_original_as_the_primary() {
    play_pairs(Pairing::Original(PRIMARY), |world| several(world, fates_with_an_original));
}

#[test]
fn an_original_as_the_backup() {
    play_pairs(Pairing::Original(BACKUP), |world| several(world, fates_with_an_original));
}

#[test]
fn death_and_return_of_routers_that_require_signatures() {
    play_pairs(Pairing::Signed, |world| several(world, death_and_return));
}

#[test]
fn partitions_of_routers_that_require_signatures() {
    play_pairs(Pairing::Signed, |world| several(world, partition));
}

#[test]
fn loss_and_returns_of_routers_that_require_signatures() {
    play_pairs(Pairing::Signed, |world| {
        several(world, |world| if world.dice().chance(50) { loss(world) } else { death_and_return(world) })
    });
}

#[test]
fn death_and_return_of_routers_with_failover_services() {
    play_pairs(Pairing::Fos, |world| several(world, death_and_return));
}

#[test]
fn troubles_of_the_network_of_routers_with_failover_services() {
    play_pairs(Pairing::Fos, |world| {
        several(world, |world| if world.dice().chance(50) { loss(world) } else { partition(world) })
    });
}

#[test]
fn stalls_and_failing_services_of_routers_with_failover_services() {
    play_pairs(Pairing::Fos, |world| {
        several(world, |world| if world.dice().chance(50) { stall(world) } else { failing_services(world) })
    });
}

/// fos ends, on the router that serves or on the one that watches.
fn failing_services(world: &mut World) -> Vec<Fate> {
    let host = any_host(world);
    match world.dice().throw(4) {
        0 => vec![Fate::BreakLvsd { host }, Fate::CrashLvsd { host }, Fate::MendLvsd { host }],
        1 => broken_on_both(host),
        _ => vec![Fate::CrashLvsd { host }],
    }
}

#[test]
fn stalls_and_failing_lvsd_of_routers_that_require_signatures() {
    play_pairs(Pairing::Signed, |world| {
        several(world, |world| if world.dice().chance(50) { stall(world) } else { failing_lvsd(world) })
    });
}

#[test]
fn an_original_as_the_primary_with_its_own_faults() {
    play_pairs(Pairing::Original(PRIMARY), |world| several(world, faults_of_an_original));
}

#[test]
fn an_original_as_the_backup_with_its_own_faults() {
    play_pairs(Pairing::Original(BACKUP), |world| several(world, faults_of_an_original));
}

#[test]
fn hand_overs() {
    play_all(|world| several(world, hand_over));
}

#[test]
fn hand_overs_in_trouble() {
    play_all(|world| several(world, hand_over_in_trouble));
}

#[test]
fn hand_overs_of_routers_that_require_signatures() {
    play_pairs(Pairing::Signed, |world| several(world, hand_over));
}

#[test]
fn hand_overs_are_refused_beside_an_original() {
    for original in [PRIMARY, BACKUP] {
        play_pairs(Pairing::Original(original), |world| several(world, hand_over));
    }
}

#[test]
fn everything_at_once() {
    play_all(|world| several(world, anything));
}

/// A pair that has booted and settled, the primary first.
fn settled_pair() -> World {
    settled(false)
}

fn settled(private_link: bool) -> World {
    let milliseconds = Moment::from_millis;
    let parameters = Parameters {
        keepalive: milliseconds(1000),
        deadtime: milliseconds(3000),
        longest_delay: milliseconds(1),
        disorder: false,
        longest_start: milliseconds(20),
        private_link,
        hot_standby: false,
        signatures: None,
        fos: false,
    };
    let mut world = World::new(parameters, Dice::new(1));
    world.befall(Fate::Boot { host: PRIMARY, force_active: false });
    world.at(milliseconds(700), Fate::Boot { host: BACKUP, force_active: false });
    run_until(&mut world, milliseconds(10_000));
    assert_eq!([PRIMARY, BACKUP].map(|host| world.state(host)), [Some(State::Active), Some(State::Ready)]);
    world
}

fn run_until(world: &mut World, end: Moment) {
    let mut law = Law::default();
    while world.step(end) {
        law.check(world);
        assert_eq!(world.complaint, None, "{}", world.story.join("\n"));
    }
}

/// Time from now until this router is the owner.
fn time_to_ownership(world: &mut World, host: usize) -> Moment {
    let begin = world.now;
    let mut law = Law::default();
    while !world.hosts[host].owns() {
        assert!(world.step(begin + Moment::from_secs(60)), "router {host} never became the owner");
        law.check(world);
        assert!(!(world.hosts[PRIMARY].owns() && world.hosts[BACKUP].owns()), "two owners");
        assert_eq!(world.complaint, None);
    }
    world.now.saturating_sub(begin)
}

#[test]
fn a_cold_start_of_both_is_won_by_the_primary() {
    for later in [PRIMARY, BACKUP] {
        for milliseconds in [0, 1, 400, 999, 1000, 1500, 1999] {
            let mut world = settled_pair();
            world.befall(Fate::Kill { host: PRIMARY });
            world.befall(Fate::Kill { host: BACKUP });
            world.befall(Fate::Boot { host: 1 - later, force_active: false });
            let boot = world.now + Moment::from_millis(milliseconds);
            world.at(boot, Fate::Boot { host: later, force_active: false });
            let end = boot + Moment::from_secs(4);
            run_until(&mut world, end);
            assert_eq!(world.state(PRIMARY), Some(State::Active), "router {later} {milliseconds} ms later");
        }
    }
}

#[test]
fn a_planned_stop_costs_milliseconds() {
    let mut world = settled_pair();
    world.befall(Fate::Stop { host: PRIMARY });
    assert!(time_to_ownership(&mut world, BACKUP) < Moment::from_millis(25));
}

/// The time in which nobody serves, while the service moves to this router.
fn gap_until_ownership(world: &mut World, host: usize) -> Moment {
    let mut law = Law::default();
    let mut off = None;
    let end = world.now + Moment::from_secs(60);
    while !world.hosts[host].owns() {
        assert!(world.step(end), "router {host} never became the owner");
        law.check(world);
        assert_eq!(world.complaint, None);
        if !world.hosts[1 - host].owns() {
            off.get_or_insert(world.now);
        }
    }
    off.map_or(Moment::ZERO, |off| world.now.saturating_sub(off))
}

#[test]
fn a_planned_change_costs_the_time_of_one_datagram() {
    let longest = Moment::from_millis(1);
    for asked in [PRIMARY, BACKUP] {
        let mut world = settled_pair();
        for to in [BACKUP, PRIMARY, BACKUP] {
            world.befall(Fate::HandOver { host: asked });
            let gap = gap_until_ownership(&mut world, to);
            assert!(gap <= longest, "{gap:?} to router {to}, asked on router {asked}");
            let settled = world.now + Moment::from_secs(3);
            run_until(&mut world, settled);
            assert_eq!(world.state(1 - to), Some(State::Ready));
        }
    }
    let mut world = settled_pair();
    world.befall(Fate::Stop { host: PRIMARY });
    let gap = gap_until_ownership(&mut world, BACKUP);
    assert!(gap <= longest, "{gap:?}");
}

#[test]
fn a_sudden_death_costs_deadtime() {
    let mut world = settled_pair();
    world.befall(Fate::Kill { host: PRIMARY });
    let gap = time_to_ownership(&mut world, BACKUP);
    assert!(gap < Moment::from_millis(3025), "{gap:?}");
}

#[test]
fn a_suspended_router_moves_nothing_when_it_resumes() {
    for hosts in [&[BACKUP][..], &[BACKUP, PRIMARY]] {
        let mut world = settled_pair();
        for host in hosts {
            world.befall(Fate::Stall { host: *host });
        }
        let mut end = world.now + Moment::from_secs(20);
        run_until(&mut world, end);
        for host in hosts {
            world.befall(Fate::Resume { host: *host });
            end += Moment::from_millis(500);
            run_until(&mut world, end);
        }
        run_until(&mut world, end + Moment::from_secs(20));
        assert!(!world.story.iter().any(|line| line.contains("partner dead")), "{}", world.story.join("\n"));
        assert!(world.hosts[PRIMARY].owns() && !world.hosts[BACKUP].owns());
    }
}

/// Both are cut off from each other for so long after ten seconds, so that both are active.
fn partitioned(private_link: bool, end: Moment) -> World {
    let mut world = settled(private_link);
    for sender in [PRIMARY, BACKUP] {
        for link in network::LINKS {
            world.befall(Fate::Cut { sender, link });
        }
    }
    run_until(&mut world, end);
    assert_eq!([PRIMARY, BACKUP].map(|host| world.state(host)), [Some(State::Active); 2]);
    world.story.clear();
    world
}

/// The lines of one router that hold these words, without the router's name.
fn told(world: &World, host: usize, words: &str) -> Vec<String> {
    let router = format!("router {host}");
    let lines = world.story.iter().filter(|line| line.contains(&router) && line.contains(words));
    lines.map(|line| line.rsplit(": ").next().unwrap_or_default().to_owned()).collect()
}

/// The seconds in a line.
fn seconds_in(line: &str) -> f64 {
    line.split(' ').find_map(|word| word.parse().ok()).unwrap_or(f64::NAN)
}

#[test]
fn a_healed_partition_costs_one_round_of_announcements_and_both_tell_how_long_it_was() {
    for (private_link, phase) in
        [false, true].into_iter().flat_map(|link| (0..10).map(move |phase| (link, phase)))
    {
        let end = Moment::from_millis(30_000 + phase * 100);
        let mut world = partitioned(private_link, end);
        world.befall(Fate::Heal);
        run_until(&mut world, end + Moment::from_secs(20));
        assert_eq!(told(&world, PRIMARY, "announces").len(), 1, "{:#?}", world.story);
        assert!(told(&world, BACKUP, "announces").is_empty(), "{:#?}", world.story);
        for host in [PRIMARY, BACKUP] {
            let heard = told(&world, host, "heard");
            assert!(matches!(&heard[..], [line] if line.starts_with("partner heard again")), "{heard:?}");
            assert!((seconds_in(&heard[0]) - 21.0).abs() < 2.0, "{heard:?}");
            // The backup took over when it had heard nothing for three seconds.
            let both = told(&world, host, "both routers were active");
            assert_eq!(both.len(), 1, "{both:?}");
            assert!((seconds_in(&both[0]) - 18.0).abs() < 2.0, "{both:?}");
        }
    }
}

#[test]
fn a_primary_that_never_heard_its_partner_serve_announces_once_after_the_partition() {
    let end = Moment::from_secs(30);
    let mut world = partitioned(false, end);
    world.network.path(PRIMARY, heartbeat::Link::Public).cut = false;
    run_until(&mut world, end + Moment::from_secs(5));
    assert_eq!(world.state(BACKUP), Some(State::Ready));
    world.befall(Fate::Heal);
    run_until(&mut world, end + Moment::from_secs(20));
    assert_eq!(told(&world, PRIMARY, "announces").len(), 1, "{:#?}", world.story);
    let heard = told(&world, PRIMARY, "heard");
    assert!(heard.len() == 1 && (seconds_in(&heard[0]) - 26.0).abs() < 1.0, "{heard:?}");
}
