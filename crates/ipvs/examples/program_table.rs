//! Measures how long it takes to program 1,000 virtual servers with 10 real servers each.
//!
//! Empties the IPVS table of its network namespace: run it in one of its own with `CAP_NET_ADMIN`. Each mode begins
//! with an empty table and prints one line with milliseconds:
//!
//! - `ours`: what a program does at start: connect, read the kernel's table, find the difference, apply it
//! - `raw`: the same messages, encoded before the clock starts, through a bare netlink socket
//! - `compare`: both in turn, their medians and the ratio of these
//! - `reload`: one weight of the programmed table changes: the messages that it takes, and the time
//! - `print-ipvsadm-save`: the same table for `ipvsadm -R`, without a clock

use std::{
    error::Error,
    io::{self, BufWriter, Write},
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use ipvs::{
    Client, Destination, DestinationKey, ForwardingMethod, Operation, Protocol, Scheduler, Service,
    ServiceKey, Table,
};
use neli::consts::{nl::NlmF, socket::NlFamily};
use netlink::{Batch, Socket};

const SERVICES: u16 = 1000;
const DESTINATIONS: u8 = 10;

/// How often `compare` measures each.
const ROUNDS: usize = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let wanted = table()?;
    match std::env::args().nth(1).as_deref() {
        Some("ours") => println!("ours: {}", milliseconds(ours(&wanted)?)),
        Some("raw") => println!("raw: {}", milliseconds(raw(&wanted)?)),
        Some("compare") => compare(&wanted)?,
        Some("reload") => reload(&wanted)?,
        Some("print-ipvsadm-save") => print(&wanted)?,
        _ => return Err("usage: program_table ours|raw|compare|reload|print-ipvsadm-save".into()),
    }
    Ok(())
}

fn ours(wanted: &Table) -> Result<Duration, Box<dyn Error>> {
    Client::connect()?.flush()?;
    let start = Instant::now();
    let mut client = Client::connect()?;
    let operations = client.table()?.diff(wanted);
    apply(&mut client, &operations)?;
    let taken = start.elapsed();
    verify(&mut client, wanted)?;
    Ok(taken)
}

fn raw(wanted: &Table) -> Result<Duration, Box<dyn Error>> {
    Client::connect()?.flush()?;
    let mut socket = Socket::connect(NlFamily::Generic)?;
    let family = socket.family_id(ipvs_sys::FAMILY_NAME)?;
    let mut batch = Batch::new();
    for operation in Table::default().diff(wanted) {
        batch.push(family, NlmF::empty(), &operation)?;
    }
    let start = Instant::now();
    let results = socket.execute(&mut batch);
    let taken = start.elapsed();
    results.into_iter().collect::<Result<(), _>>()?;
    verify(&mut Client::connect()?, wanted)?;
    Ok(taken)
}

fn compare(wanted: &Table) -> Result<(), Box<dyn Error>> {
    let (mut raws, mut ourses) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        raws.push(raw(wanted)?);
        ourses.push(ours(wanted)?);
    }
    let (raw, ours) = (median(raws), median(ourses));
    let ratio = ours.as_secs_f64() / raw.as_secs_f64();
    println!("ours: {}, raw: {}, ratio {ratio:.2}", milliseconds(ours), milliseconds(raw));
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn reload(wanted: &Table) -> Result<(), Box<dyn Error>> {
    let mut client = Client::connect()?;
    client.flush()?;
    apply(&mut client, &Table::default().diff(wanted))?;
    let mut reloaded = wanted.clone();
    let mut server = reloaded.services.first_entry().ok_or("no services")?;
    server.get_mut().destinations.first_entry().ok_or("no destinations")?.get_mut().weight = 7;

    let start = Instant::now();
    let operations = client.table()?.diff(&reloaded);
    let compared = start.elapsed();
    apply(&mut client, &operations)?;
    let total = milliseconds(start.elapsed());
    println!(
        "reload: {} message, {total} ({} to read and compare)",
        operations.len(),
        milliseconds(compared)
    );
    verify(&mut client, &reloaded)
}

fn print(wanted: &Table) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    for operation in Table::default().diff(wanted) {
        writeln!(out, "{operation}")?;
    }
    Ok(out.flush()?)
}

fn apply(client: &mut Client, operations: &[Operation]) -> Result<(), ipvs::Error> {
    client.apply(operations).into_iter().collect()
}

fn verify(client: &mut Client, wanted: &Table) -> Result<(), Box<dyn Error>> {
    if client.table()? == *wanted { Ok(()) } else { Err("the kernel has another table".into()) }
}

fn table() -> Result<Table, Box<dyn Error>> {
    let mut table = Table::default();
    for number in 0..SERVICES {
        let [high, low] = number.to_be_bytes();
        let address = IpAddr::V4(Ipv4Addr::new(198, 18, high, low));
        let key = ServiceKey::Address { protocol: Protocol::Tcp, address, port: 80 };
        let server = table.insert(key, Service::new(Scheduler::new("wlc")?));
        for last in 1..=DESTINATIONS {
            let address = IpAddr::V4(Ipv4Addr::new(10, high, low, last));
            let destination = Destination::new(ForwardingMethod::DirectRoute, 1);
            server.destinations.insert(DestinationKey { address, port: 80 }, destination);
        }
    }
    Ok(table)
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
