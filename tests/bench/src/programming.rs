//! How long 1,000 virtual servers with 10 real servers each take into an empty kernel table, and one weight into a full one.

use std::fmt::Write;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ipvs::{Client, Operation, Table};
use lab::world;
use neli::consts::{nl::NlmF, socket::NlFamily};
use netlink::{Batch, Socket};

use crate::configuration::{self, parse};
use crate::stopwatch::{median, milliseconds, ratio, timed};
use crate::table;

const VIRTUAL_SERVERS: u16 = 1000;
const REAL_SERVERS: u8 = 10;
const ROUNDS: usize = 9;

/// Empties the table of this world.
pub(crate) fn measure() {
    world::furnish();
    let mut file = configuration::file(VIRTUAL_SERVERS, REAL_SERVERS);
    let text = file.to_string();
    let wanted = table::wanted(&parse(&text));
    compare_with_lvsd(&text, &wanted);
    program(&text, &wanted);
    file.virtual_server("web500").real_server("real5").set("weight", "7");
    reload(&[text, file.to_string()]);
}

/// The four ways in turn, so that a busy moment of the computer meets all of them.
fn program(text: &str, wanted: &Table) {
    let save = world::directory().join("ipvsadm-save");
    fs::write(&save, notation(wanted, "")).expect("scratch file");
    let ways: [(&str, &dyn Fn() -> Duration); 4] = [
        ("raw batch, encoded before", &|| raw(wanted)),
        ("ours: read, compare, apply", &|| bring_about(wanted).0),
        ("ours from the text of lvs.cf", &|| timed(|| bring_about(&table::wanted(&parse(text)))).0),
        ("ipvsadm -R", &|| ipvsadm(&save)),
    ];
    let mut times = ways.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for ((_, way), times) in ways.iter().zip(&mut times) {
            Client::connect().and_then(|mut client| client.flush()).expect("an empty table");
            times.push(way());
            assert!(kernel() == *wanted, "the kernel has another table");
        }
    }
    println!("{VIRTUAL_SERVERS} virtual servers x {REAL_SERVERS} real servers, median of {ROUNDS} in turn");
    let times = times.map(median);
    let [raw, ours, walk, ipvsadm] = times;
    for ((name, _), time) in ways.iter().zip(times) {
        println!("  {name:29}{}  {:6.2} x raw", milliseconds(time), ratio(time, raw));
    }
    println!("  ipvsadm -R takes {:.1} times as long as ours", ratio(ipvsadm, ours));
    println!("  ipvsadm -R takes {:.1} times as long as ours from the text", ratio(ipvsadm, walk));
}

/// The same messages, encoded before the clock starts.
pub(crate) fn raw(wanted: &Table) -> Duration {
    let mut socket = Socket::connect(NlFamily::Generic).expect("a netlink socket");
    let family = socket.family_id(ipvs_sys::FAMILY_NAME).expect("IPVS in the kernel");
    let mut batch = Batch::new();
    for operation in Table::default().diff(wanted) {
        batch.push(family, NlmF::empty(), &operation).expect("an operation as a message");
    }
    let (time, results) = timed(|| socket.execute(&mut batch));
    results.into_iter().collect::<Result<(), _>>().expect("every message carried out");
    time
}

/// What lvsd does at start, at a reload and after a crash.
pub(crate) fn bring_about(wanted: &Table) -> (Duration, Vec<Operation>) {
    timed(|| {
        let mut client = Client::connect().expect("IPVS in the kernel");
        let operations = client.table().expect("the kernel's table").diff(wanted);
        client
            .apply(&operations)
            .into_iter()
            .collect::<Result<(), _>>()
            .expect("every operation carried out");
        operations
    })
}

fn ipvsadm(save: &Path) -> Duration {
    let mut command = Command::new("ipvsadm");
    command.arg("-R").stdin(File::open(save).expect("scratch file"));
    let (time, status) = timed(|| command.status().expect("ipvsadm"));
    assert!(status.success(), "ipvsadm -R ended with {status}");
    time
}

/// One weight there and back again, from the text to the kernel.
fn reload(texts: &[String; 2]) {
    let mut messages = Vec::new();
    let mut times = Vec::new();
    let mut parses = Vec::new();
    for text in texts.iter().rev().cycle().take(2 * ROUNDS) {
        let (parse, wanted) = timed(|| table::wanted(&parse(text)));
        let (time, operations) = bring_about(&wanted);
        assert!(kernel() == wanted, "the kernel has another table");
        messages.push(operations.len());
        times.push(parse + time);
        parses.push(parse);
    }
    println!("one weight of that table changes, from the text of lvs.cf, median of {}", times.len());
    let (least, most) = (messages.iter().min().unwrap(), messages.iter().max().unwrap());
    println!("  netlink messages: {least} at least, {most} at most");
    println!(
        "  whole reload{}, reading lvs.cf {}",
        milliseconds(median(times)),
        milliseconds(median(parses))
    );
}

/// The table that the kernel has.
pub(crate) fn kernel() -> Table {
    Client::connect().and_then(|mut client| client.table()).expect("the kernel's table")
}

/// The table here must be the one that lvsd itself would make of the file.
pub(crate) fn compare_with_lvsd(text: &str, wanted: &Table) {
    let file = world::directory().join("lvs.cf");
    fs::write(&file, text).expect("scratch file");
    let mut lvsd = Command::new(world::programs().join("lvsd"));
    let output = lvsd.arg("--test-start").arg("-c").arg(&file).output().expect("lvsd");
    let said = String::from_utf8_lossy(&output.stdout);
    let planned: Vec<&str> = said.lines().filter(|line| line.starts_with("ipvsadm ")).collect();
    assert!(planned == notation(wanted, "ipvsadm ").lines().collect::<Vec<_>>(), "lvsd plans another table");
}

/// The commands that fill an empty table, as `ipvsadm -R` reads them.
fn notation(wanted: &Table, before: &str) -> String {
    Table::default().diff(wanted).iter().fold(String::new(), |mut lines, operation| {
        writeln!(lines, "{before}{operation}").expect("a string");
        lines
    })
}
