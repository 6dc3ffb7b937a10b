//! Every conformance vector: what Piranha's own reader makes of a file, this one must make too.

#![allow(clippy::expect_used, reason = "a vector that is none must stop the test")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use lvs_cf::{
    Config, Names, Node, ParseError, RealServer, ReservationConflict, Text, Time, VirtualServer, Word,
};
use serde_json::{Value, json};

/// The names that resolve while a vector is read.
#[derive(Default)]
struct Book {
    hosts: BTreeMap<String, Ipv4Addr>,
    services: BTreeMap<String, u16>,
}

impl Book {
    fn of(vector: &Value) -> Self {
        let entries = |key: &str| vector.get(key).and_then(Value::as_object).into_iter().flatten();
        let hosts = entries("hosts").map(|(name, address)| {
            (name.clone(), address.as_str().expect("an address").parse().expect("an address"))
        });
        let services = entries("services").map(|(name, port)| {
            (name.clone(), port.as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port"))
        });
        Self { hosts: hosts.collect(), services: services.collect() }
    }
}

impl Names for Book {
    fn host(&self, name: &str) -> Option<Ipv4Addr> {
        self.hosts.get(name).copied()
    }

    fn service(&self, name: &str) -> Option<u16> {
        self.services.get(name).copied()
    }
}

fn folder() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/lvs-cf");
    std::env::var_os("LVS_CF_VECTORS").map_or_else(own, PathBuf::from)
}

#[test]
fn every_vector() {
    let entries = std::fs::read_dir(folder()).expect("the folder of vectors");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "cf"));
    files.sort();
    assert!(!files.is_empty(), "no vectors in {}", folder().display());
    let failures: Vec<String> = files.iter().filter_map(|path| failure(path)).collect();
    assert!(failures.is_empty(), "{} of {} vectors:\n{}", failures.len(), files.len(), failures.join("\n"));
}

/// What is wrong with the outcome of one vector.
fn failure(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).expect("a vector's input");
    let json = std::fs::read(path.with_extension("json")).expect("a vector's outcome");
    let vector: Value = serde_json::from_slice(&json).expect("JSON");
    let wanted = vector.get("expected").unwrap_or(&vector);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let difference = match (Config::parse(&bytes, &Book::of(&vector)), wanted.get("config")) {
        (Ok(parsed), Some(wanted)) => unlike("config", &model(&parsed.config), wanted),
        (Err(errors), None) => {
            let ParseError { kind, diagnostic } = errors.first();
            let got = json!({
                "error": kind.name(), "code": kind.code(), "message": kind.message(), "line": diagnostic.line,
            });
            let told =
                ["error", "code", "message", "line"].into_iter().filter(|key| wanted.get(key).is_some());
            told.into_iter().find_map(|key| unlike(key, &got[key], &wanted[key]))
        }
        (Ok(_), None) => Some(format!("accepted, but {wanted}")),
        (Err(errors), Some(_)) => Some(format!("refused:\n{}", errors.render(path))),
    };
    difference.map(|difference| format!("{name}: {difference}"))
}

/// The first difference between two values.
fn unlike(at: &str, got: &Value, wanted: &Value) -> Option<String> {
    match (got, wanted) {
        (Value::Object(got), Value::Object(wanted)) if got.keys().eq(wanted.keys()) => {
            got.iter().find_map(|(key, value)| unlike(&format!("{at}.{key}"), value, &wanted[key]))
        }
        (Value::Array(got), Value::Array(wanted)) if got.len() == wanted.len() => {
            let pairs = got.iter().zip(wanted).enumerate();
            pairs.into_iter().find_map(|(i, (got, wanted))| unlike(&format!("{at}[{i}]"), got, wanted))
        }
        _ => (got != wanted).then(|| format!("{at} is {got}, not {wanted}")),
    }
}

/// The configuration in the form of the vectors.
fn model(config: &Config) -> Value {
    json!({
        "serial_no": config.serial_no,
        "service": config.service.as_str(),
        "primary": node(&config.primary),
        "primary_private": node(&config.primary_private),
        "primary_shared": word(config.primary_shared.as_ref()),
        "backup": node(&config.backup),
        "backup_private": node(&config.backup_private),
        "backup_shared": word(config.backup_shared.as_ref()),
        "backup_active": config.backup_active,
        "heartbeat": config.heartbeat,
        "heartbeat_port": config.heartbeat_port,
        "keepalive": seconds(config.keepalive),
        "deadtime": seconds(config.deadtime),
        "rsh_command": config.rsh_command.to_string(),
        "debug_level": config.debug_level.to_string(),
        "ipvsadm": config.ipvsadm.to_string(),
        "network": config.network.as_str(),
        "nat_router": {
            "address": address(config.nat_router.address),
            "device": word(config.nat_router.device.as_ref()),
        },
        "nat_nmask": address(config.nat_nmask),
        "reservation_conflict_action": config.reservation_conflict_action.map(ReservationConflict::as_str),
        "active_cmd": word(config.active_cmd.as_ref()),
        "inactive_cmd": word(config.inactive_cmd.as_ref()),
        "monitor_links": config.monitor_links,
        "hard_shutdown": config.hard_shutdown,
        "sync": config.sync,
        "syncdaemon": config.syncdaemon,
        "syncd_iface": config.syncd_iface.to_string(),
        "syncd_id": config.syncd_id,
        "tcp_timeout": config.tcp_timeout,
        "tcpfin_timeout": config.tcpfin_timeout,
        "udp_timeout": config.udp_timeout,
        "virtual": config.virtual_servers.iter().map(section).collect::<Vec<_>>(),
        "failover": config.failover.iter().map(section).collect::<Vec<_>>(),
    })
}

fn section(section: &VirtualServer) -> Value {
    json!({
        "name": section.name.to_string(),
        "active": section.active,
        "address": address(section.address),
        "device": word(section.device.as_ref()),
        "vip_nmask": address(section.vip_nmask),
        "sorry_server": address(section.sorry_server),
        "fwmark": section.fwmark,
        "protocol": section.protocol.as_str(),
        "port": section.port,
        "scheduler": section.scheduler.as_str(),
        "persistent": section.persistent,
        "pmask": address(section.pmask),
        "timeout": section.timeout,
        "reentry": section.reentry,
        "quiesce_server": section.quiesce_server,
        "use_regex": section.use_regex,
        "send": text(section.send.as_ref()),
        "expect": text(section.expect.as_ref()),
        "send_program": text(section.send_program.as_ref()),
        "start_cmd": text(section.start_cmd.as_ref()),
        "stop_cmd": text(section.stop_cmd.as_ref()),
        "load_monitor": word(section.load_monitor.as_ref()),
        "client_monitor": section.client_monitor.to_string(),
        "master": address(section.master),
        "dirs": section.dirs.as_ref().map(|dirs| dirs.iter().map(Word::to_string).collect::<Vec<_>>()),
        "servers": section.servers.iter().map(server).collect::<Vec<_>>(),
    })
}

fn server(server: &RealServer) -> Value {
    json!({
        "name": server.name.to_string(),
        "address": address(server.address),
        "active": server.active,
        "port": server.port,
        "weight": server.weight,
    })
}

fn node(node: &Node) -> Value {
    json!({"name": word(node.name.as_ref()), "address": address(node.address)})
}

fn address(address: Option<IpAddr>) -> String {
    address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()).to_string()
}

fn word(word: Option<&Word>) -> Value {
    word.map(Word::to_string).into()
}

fn text(text: Option<&Text>) -> Value {
    text.map_or(Value::Null, |text| {
        let quote = text.quote.map_or(String::new(), |quote| char::from(quote.as_byte()).to_string());
        json!({"text": text.text.to_string(), "quote": quote})
    })
}

fn seconds(time: Time) -> Value {
    match time {
        Time::Seconds(seconds) => json!(seconds),
        Time::Exact(time) => json!(time.as_secs_f64()),
    }
}
