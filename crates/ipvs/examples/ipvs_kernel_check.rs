//! Checks the whole client against the running kernel.
//!
//! Empties the IPVS table of its network namespace again and again: run it in one of its own, with loopback up and
//! `CAP_NET_ADMIN`. Prints `ok` or `FAILED` for each check, and ends with status 1 if one failed.

use std::{
    error::Error as StdError,
    io::Read,
    net::{IpAddr, Ipv4Addr, TcpListener, TcpStream},
    num::{NonZeroU16, NonZeroU32},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use ipvs::{
    Checksum, Client, Destination, DestinationKey, Errno, Error, Family, ForwardingMethod, Operation,
    Persistence, PersistenceMask, Protocol, Scheduler, SchedulerFlags, Service, ServiceKey, Snapshot,
    SyncDaemon, SyncRole, Table, Timeouts, Tunnel,
};

type Checked = Result<(), Box<dyn StdError>>;
type Check = (&'static str, fn(&mut Client) -> Checked);

const CHECKS: &[Check] = &[
    ("the kernel says what it is", info),
    ("a table of everything comes back as it was sent", everything_comes_back),
    ("the text that everybody may read tells the same", text_for_everybody),
    ("each change is done and nothing else", changes),
    ("what is wanted counts, not the way there", other_way),
    ("a vanished virtual server comes back with its real servers", vanished_service),
    ("each refusal belongs to its operation and says why", refusals),
    ("three thousand refusals at once are all mended", many_refusals),
    ("time-outs, of which zero stays", timeouts),
    ("sync daemons start, are listed, and stop", sync_daemons),
    ("connections are counted, and zeroed", traffic),
    ("flush leaves nothing", flush),
];

fn main() -> ExitCode {
    let mut client = match Client::connect() {
        Ok(client) => client,
        Err(e) => {
            println!("FAILED connect: {e}");
            return ExitCode::FAILURE;
        }
    };
    let mut failed = 0;
    for (name, check) in CHECKS {
        match client.flush().map_err(Into::into).and_then(|()| check(&mut client)) {
            Ok(()) => println!("ok     {name}"),
            Err(e) => {
                failed += 1;
                println!("FAILED {name}: {e}");
            }
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn info(client: &mut Client) -> Checked {
    let info = client.info()?;
    ensure(info.version >= [1, 2, 0] && info.connection_table_size >= 256, &info)
}

fn everything_comes_back(client: &mut Client) -> Checked {
    let wanted = everything()?;
    program(client, &wanted)?;
    let kernel = client.table()?;
    same(&kernel, &wanted)?;
    ensure(kernel.diff(&wanted).is_empty(), &kernel)?;
    let services = client.services()?;
    ensure(
        services.iter().eq(wanted.services.iter().map(|(key, server)| (key, &server.service))),
        &services,
    )?;
    let snapshot = client.snapshot()?;
    same(&snapshot.table, &wanted)?;
    ensure(snapshot.to_string() == wanted.to_string(), &snapshot)
}

/// Which ticks the kernel counts in nobody tells: those are right that make of it what was wanted.
fn text_for_everybody(client: &mut Client) -> Checked {
    let mut wanted = everything()?;
    program(client, &wanted)?;
    let text = std::fs::read_to_string("/proc/net/ip_vs")?;
    leave_out_what_the_text_does_not_tell(&mut wanted);
    let read = |ticks| -> Result<Snapshot, Box<dyn StdError>> {
        Ok(Snapshot::from_kernel_text(&text, NonZeroU32::new(ticks).ok_or("no ticks")?)?)
    };
    for ticks in [100, 250, 300] {
        if read(ticks)?.table == wanted {
            return Ok(());
        }
    }
    let snapshot = read(1000)?;
    same(&snapshot.info, &client.info()?)?;
    same(&snapshot.table, &wanted)
}

fn leave_out_what_the_text_does_not_tell(table: &mut Table) {
    for server in table.services.values_mut() {
        server.service.scheduler_flags = SchedulerFlags::default();
        if let Some(persistence) = &mut server.service.persistence {
            persistence.engine = None;
        }
        for destination in server.destinations.values_mut() {
            (destination.upper_threshold, destination.lower_threshold) = (0, 0);
            if let ForwardingMethod::Tunnel(kind) = &mut destination.method {
                *kind = Tunnel::Ipip;
            }
        }
    }
}

fn changes(client: &mut Client) -> Checked {
    let mut wanted = everything()?;
    program(client, &wanted)?;
    let web = address(Protocol::Tcp, "192.0.2.1", 80)?;

    server(&mut wanted, web)?.service = scheduled("sh")?;
    step(client, &wanted, 1)?;
    server(&mut wanted, web)?.service.persistence =
        Some(persistence(600, PersistenceMask::V4(Ipv4Addr::BROADCAST)));
    step(client, &wanted, 1)?;
    let destinations = &mut server(&mut wanted, web)?.destinations;
    for destination in destinations.values_mut() {
        destination.weight += 1;
        destination.method = ForwardingMethod::Tunnel(Tunnel::Ipip);
    }
    let count = destinations.len();
    step(client, &wanted, count)?;
    server(&mut wanted, web)?.destinations.pop_first();
    step(client, &wanted, 1)?;
    wanted.services.remove(&web);
    step(client, &wanted, 1)?;
    step(client, &Table::default(), wanted.services.len())
}

fn other_way(client: &mut Client) -> Checked {
    let (web, mail) = (address(Protocol::Tcp, "192.0.2.1", 80)?, address(Protocol::Tcp, "192.0.2.1", 25)?);
    let mut wanted = Table::default();
    wanted.insert(web, scheduled("rr")?).destinations.insert(real(2, 80), direct(1));
    program(client, &wanted)?;

    all_done(
        client,
        &[
            Operation::AddService(web, scheduled("wlc")?),
            Operation::AddDestination(web, real(2, 80), direct(2)),
            Operation::SetDestination(web, real(3, 80), direct(3)),
            Operation::SetService(mail, scheduled("lc")?),
            Operation::DeleteDestination(web, real(9, 80)),
            Operation::DeleteService(address(Protocol::Tcp, "192.0.2.99", 80)?),
        ],
    )?;
    let server = wanted.insert(web, scheduled("wlc")?);
    server.destinations.extend([(real(2, 80), direct(2)), (real(3, 80), direct(3))]);
    wanted.insert(mail, scheduled("lc")?);
    same(&client.table()?, &wanted)
}

fn vanished_service(client: &mut Client) -> Checked {
    let web = address(Protocol::Tcp, "192.0.2.1", 80)?;
    all_done(
        client,
        &[
            Operation::SetService(web, scheduled("rr")?),
            Operation::SetDestination(web, real(2, 80), direct(1)),
            Operation::AddDestination(web, real(3, 80), direct(1)),
        ],
    )?;
    let mut wanted = Table::default();
    let server = wanted.insert(web, scheduled("rr")?);
    server.destinations.extend([(real(2, 80), direct(1)), (real(3, 80), direct(1))]);
    same(&client.table()?, &wanted)
}

fn refusals(client: &mut Client) -> Checked {
    let web = address(Protocol::Tcp, "192.0.2.1", 80)?;
    let nowhere = address(Protocol::Tcp, "192.0.2.99", 80)?;
    let limited = Destination { upper_threshold: 1, lower_threshold: 2, ..direct(1) };
    let no_address = DestinationKey { address: Ipv4Addr::UNSPECIFIED.into(), port: 80 };
    let wrong_mask =
        Service { persistence: Some(persistence(1, PersistenceMask::V6(64))), ..scheduled("rr")? };
    let operations = [
        (Operation::AddService(web, scheduled("rr")?), None),
        (Operation::AddService(nowhere, scheduled("nonesuch")?), Some(Errno::ENOENT)),
        (Operation::AddDestination(web, real(2, 80), direct(u32::MAX)), Some(Errno::ERANGE)),
        (Operation::AddDestination(web, real(3, 80), limited), Some(Errno::ERANGE)),
        (Operation::AddDestination(web, no_address, direct(1)), Some(Errno::EINVAL)),
        (Operation::AddDestination(web, real(4, 80), direct(1)), None),
        (Operation::AddDestination(nowhere, real(5, 80), direct(1)), Some(Errno::ESRCH)),
        (Operation::SetDestination(web, real(4, 80), direct(7)), None),
    ];
    let (asked, expected): (Vec<Operation>, Vec<Option<Errno>>) = operations.into_iter().unzip();
    let results = client.apply(&asked);
    let errnos: Vec<Option<Errno>> =
        results.iter().map(|r| r.as_ref().err().and_then(Error::errno)).collect();
    ensure(errnos == expected, &results)?;

    let unencodable = client.apply(&[Operation::SetService(web, wrong_mask), Operation::DeleteService(web)]);
    ensure(unencodable[0].is_err() && unencodable[1].is_ok(), &unencodable)
}

fn many_refusals(client: &mut Client) -> Checked {
    let mut wanted = Table::default();
    for number in 0..300u16 {
        let [high, low] = number.to_be_bytes();
        let key = address(Protocol::Tcp, &format!("198.18.{high}.{low}"), 80)?;
        let server = wanted.insert(key, scheduled("wlc")?);
        server.destinations.extend((1..=10).map(|last| (real(last, 80), direct(1))));
    }
    let operations = Table::default().diff(&wanted);
    all_done(client, &operations)?;
    all_done(client, &operations)?;
    same(&client.table()?, &wanted)
}

fn timeouts(client: &mut Client) -> Checked {
    let before = client.timeouts()?;
    let seconds = Duration::from_secs;
    client.set_timeouts(&Timeouts { tcp: seconds(777), tcp_fin: seconds(0), udp: seconds(33) })?;
    let after = client.timeouts()?;
    client.set_timeouts(&before)?;
    same(&after, &Timeouts { tcp: seconds(777), tcp_fin: before.tcp_fin, udp: seconds(33) })?;
    let too_long = client.set_timeouts(&Timeouts { tcp: Duration::MAX, ..before });
    ensure(too_long.as_ref().is_err_and(|e| e.errno() == Some(Errno::EINVAL)), &too_long)?;
    same(&client.timeouts()?, &before)
}

fn sync_daemons(client: &mut Client) -> Checked {
    let none = client.start_sync_daemon(&SyncDaemon::new(SyncRole::Master, "none", 1));
    ensure(none.as_ref().is_err_and(|e| e.errno() == Some(Errno::ENODEV)), &none)?;

    let master = SyncDaemon { ttl: Some(2), port: Some(8999), ..SyncDaemon::new(SyncRole::Master, "lo", 17) };
    client.start_sync_daemon(&master)?;
    let again = client.start_sync_daemon(&master);
    let running = client.sync_daemons()?;
    client.stop_sync_daemon(SyncRole::Master)?;
    ensure(again.as_ref().is_err_and(|e| e.errno() == Some(Errno::EEXIST)), &again)?;
    let [daemon] = &running[..] else { return Err(format!("{running:?}").into()) };
    let asked = SyncDaemon { max_length: None, group: None, ..daemon.clone() };
    same(&asked, &master)?;
    ensure(daemon.group == Some("224.0.0.81".parse()?), daemon)?;

    ensure(client.sync_daemons()?.is_empty(), &"still running")?;
    Ok(client.stop_sync_daemon(SyncRole::Backup)?)
}

fn traffic(client: &mut Client) -> Checked {
    let web = address(Protocol::Tcp, "127.0.0.1", 8480)?;
    let at = DestinationKey { address: "127.0.0.2".parse()?, port: 8481 };
    let mut wanted = Table::default();
    let server = wanted.insert(web, scheduled("rr")?);
    server.destinations.insert(at, Destination::new(ForwardingMethod::Masquerade, 1));
    let listener = TcpListener::bind((at.address, at.port))?;
    program(client, &wanted)?;

    let mut connections = Vec::new();
    for _ in 0..3 {
        connections.push((TcpStream::connect("127.0.0.1:8480")?, listener.accept()?.0));
    }
    // The kernel adds up its counters every two seconds.
    until("connections counted", || {
        let snapshot = client.snapshot()?;
        Ok(snapshot.statistics.get(&web).is_some_and(|counted| counted.traffic.connections == 3))
    })?;
    let snapshot = client.snapshot()?;
    let counted = snapshot.statistics.get(&web).ok_or("no statistics")?;
    let real_server = counted.destinations.get(&at).ok_or("no statistics of the real server")?;
    ensure(counted.traffic.connections == 3 && counted.traffic.packets_in >= 6, &counted)?;
    ensure(real_server.active_connections == 3 && real_server.traffic == counted.traffic, &counted)?;
    let alone = client.destination_statistics(&web)?;
    ensure(alone.get(&at).is_some_and(|real_server| real_server.active_connections == 3), &alone)?;
    for (mut client, server) in connections {
        drop(server);
        client.read_to_end(&mut Vec::new())?;
    }

    client.zero(Some(&web))?;
    until("no connections counted", || {
        let zeroed = client.snapshot()?;
        Ok(zeroed.statistics.get(&web).is_some_and(|counted| counted.traffic.connections == 0))
    })?;
    client.zero(None)?;
    let missing = client.zero(Some(&address(Protocol::Tcp, "192.0.2.99", 80)?));
    ensure(missing.as_ref().is_err_and(|e| e.errno() == Some(Errno::ESRCH)), &missing)
}

fn flush(client: &mut Client) -> Checked {
    program(client, &everything()?)?;
    client.flush()?;
    same(&client.table()?, &Table::default())
}

/// A table with every kind of service and destination that the kernel takes.
fn everything() -> Result<Table, Box<dyn StdError>> {
    let mut table = Table::default();

    let web = table.insert(address(Protocol::Tcp, "192.0.2.1", 80)?, scheduled("rr")?);
    let masquerade = Destination::new(ForwardingMethod::Masquerade, 5);
    let limited = Destination { upper_threshold: 100, lower_threshold: 50, ..masquerade.clone() };
    web.destinations.extend([(real(2, 80), direct(1)), (real(3, 8080), masquerade), (real(4, 80), limited)]);

    let network = PersistenceMask::V4(Ipv4Addr::new(255, 255, 255, 0));
    let secure = Service {
        scheduler_flags: SchedulerFlags { first: true, second: true, third: false },
        persistence: Some(persistence(300, network)),
        ..scheduled("sh")?
    };
    table.insert(address(Protocol::Tcp, "192.0.2.1", 443)?, secure);

    let names = Service { one_packet: true, ..scheduled("wlc")? };
    let names = table.insert(address(Protocol::Udp, "192.0.2.2", 53)?, names);
    names.destinations.insert(real(5, 53), Destination::new(ForwardingMethod::Tunnel(Tunnel::Ipip), 0));
    table.insert(address(Protocol::Sctp, "192.0.2.1", 9)?, scheduled("dh")?);
    table.insert(
        address(Protocol::Tcp, "192.0.2.1", 0)?,
        Service {
            persistence: Some(persistence(60, PersistenceMask::V4(Ipv4Addr::BROADCAST))),
            ..scheduled("lblc")?
        },
    );

    let mark = table.insert(by_mark(Family::V4), scheduled("lblcr")?);
    let port = NonZeroU16::new(6080).ok_or("port")?;
    for (last, tunnel) in [
        (2, Tunnel::Gue { port, checksum: Checksum::On }),
        (3, Tunnel::Gue { port, checksum: Checksum::Remote }),
        (4, Tunnel::Gre { checksum: Checksum::Off }),
        (5, Tunnel::Ipip),
    ] {
        mark.destinations.insert(real(last, 0), Destination::new(ForwardingMethod::Tunnel(tunnel), 1));
    }
    let over_v6 = DestinationKey { address: "2001:db8::9".parse()?, port: 0 };
    mark.destinations.insert(over_v6, Destination::new(ForwardingMethod::Tunnel(Tunnel::Ipip), 1));

    let mark6 = Service { persistence: Some(persistence(60, PersistenceMask::V6(64))), ..scheduled("wrr")? };
    let mark6 = table.insert(by_mark(Family::V6), mark6);
    mark6.destinations.insert(over_v6, direct(i32::MAX.unsigned_abs()));
    let web6 = table.insert(address(Protocol::Tcp, "2001:db8::1", 80)?, scheduled("lc")?);
    web6.destinations
        .insert(DestinationKey { port: 8080, ..over_v6 }, Destination::new(ForwardingMethod::Masquerade, 1));
    Ok(table)
}

/// Makes the kernel's table into `wanted`.
fn program(client: &mut Client, wanted: &Table) -> Checked {
    let operations = client.table()?.diff(wanted);
    all_done(client, &operations)
}

/// Makes the kernel's table into `wanted`, which must take this many operations.
fn step(client: &mut Client, wanted: &Table, count: usize) -> Checked {
    let operations = client.table()?.diff(wanted);
    same(&operations.len(), &count)?;
    all_done(client, &operations)?;
    same(&client.table()?, wanted)
}

fn all_done(client: &mut Client, operations: &[Operation]) -> Checked {
    for result in client.apply(operations) {
        result?;
    }
    Ok(())
}

fn until(what: &str, mut condition: impl FnMut() -> Result<bool, Error>) -> Checked {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition()? {
        if Instant::now() > deadline {
            return Err(format!("not in ten seconds: {what}").into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(got: &T, expected: &T) -> Checked {
    if got == expected { Ok(()) } else { Err(format!("got {got:#?}\nexpected {expected:#?}").into()) }
}

fn ensure(holds: bool, seen: &dyn std::fmt::Debug) -> Checked {
    if holds { Ok(()) } else { Err(format!("{seen:#?}").into()) }
}

fn server(table: &mut Table, key: ServiceKey) -> Result<&mut ipvs::VirtualServer, String> {
    table.services.get_mut(&key).ok_or_else(|| format!("no {key}"))
}

fn address(protocol: Protocol, address: &str, port: u16) -> Result<ServiceKey, Box<dyn StdError>> {
    Ok(ServiceKey::Address { protocol, address: address.parse()?, port })
}

fn by_mark(family: Family) -> ServiceKey {
    ServiceKey::Mark { family, mark: NonZeroU32::MIN }
}

fn real(last: u8, port: u16) -> DestinationKey {
    DestinationKey { address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), port }
}

fn direct(weight: u32) -> Destination {
    Destination::new(ForwardingMethod::DirectRoute, weight)
}

fn scheduled(name: &str) -> Result<Service, Box<dyn StdError>> {
    Ok(Service::new(Scheduler::new(name)?))
}

fn persistence(seconds: u64, mask: PersistenceMask) -> Persistence {
    Persistence { timeout: Duration::from_secs(seconds), mask, engine: None }
}
