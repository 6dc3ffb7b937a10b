//! The vocabulary: one row a keyword (specification lvs-cf.md sections 5 and 15).
//!
//! The rows stand in the order in which an editor writes them (section 11.2; keywords that Piranha's web tool does not
//! know follow the one they belong to).

use crate::config::{Config, NatRouter, RealServer, VirtualServer};
use crate::edit::Place;
use crate::fault::Fault;
use crate::fixed::{
    Fixed, ForwardingMethod, HeartbeatAuth, Protocol, ReservationConflict, Scheduler, Service,
};
use crate::outline::BlockKind;
use crate::value::Value;

/// A keyword of one level, whose values go into a `T`.
pub(crate) struct Keyword<T: 'static> {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Not known to Piranha: stands on extension lines only.
    pub(crate) ours: bool,
    /// Read, and without effect.
    pub(crate) idle: bool,
    pub(crate) store: Store<T>,
}

type Store<T> = fn(&mut T, &mut Value<'_>) -> Result<(), Fault>;

/// What a keyword's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number in C's notation.
    Integer,
    /// Such a number, of which the low 8 bits are used.
    Byte,
    /// 0 or 1.
    Boolean,
    /// A number or the name of a TCP service.
    Port,
    /// A number only.
    PortNumber,
    /// A firewall mark.
    Mark,
    /// An address or a name.
    Host,
    /// An address or a name, then a device.
    HostAndDevice,
    /// An address.
    Address,
    /// A netmask.
    Mask,
    /// One of a few words.
    Fixed(&'static [&'static str]),
    /// Any word.
    String,
    /// Any word; its quotes are part of it.
    Text,
    /// Words in brackets.
    List,
    /// Seconds; with a unit on an extension line.
    Time,
    /// A time above zero with or without a unit.
    Period,
    /// A number of checks.
    Count,
}

/// A level of the file, as the home of keywords.
pub(crate) trait Level: Default + 'static {
    const KEYWORDS: &'static [Keyword<Self>];
}

const fn row<T>(name: &'static str, kind: Kind, store: Store<T>) -> Keyword<T> {
    Keyword { name, kind, ours: false, idle: false, store }
}

impl<T> Keyword<T> {
    const fn ours(mut self) -> Self {
        self.ours = true;
        self
    }

    const fn idle(mut self) -> Self {
        self.idle = true;
        self
    }
}

/// Stores what is read into a field.
macro_rules! into {
    ($($field:ident).+ = $read:ident?) => { |at: &mut Self, value: &mut Value<'_>| { at.$($field).+ = value.$read()?; Ok(()) } };
    ($($field:ident).+ = $read:ident) => { |at: &mut Self, value: &mut Value<'_>| { at.$($field).+ = value.$read(); Ok(()) } };
    ($($field:ident).+ = Some($read:ident?)) => { |at: &mut Self, value: &mut Value<'_>| { at.$($field).+ = Some(value.$read()?); Ok(()) } };
    ($($field:ident).+ = Some($read:ident)) => { |at: &mut Self, value: &mut Value<'_>| { at.$($field).+ = Some(value.$read()); Ok(()) } };
}

impl Level for Config {
    const KEYWORDS: &'static [Keyword<Self>] = &[
        row("serial_no", Kind::Integer, into!(serial_no = integer?)),
        row("primary", Kind::Host, into!(primary = present_node?)),
        row("primary_private", Kind::Host, into!(primary_private = present_node?)),
        row("primary_shared", Kind::String, into!(primary_shared = Some(string))),
        row("service", Kind::Fixed(Service::NAMES), into!(service = fixed?)),
        row("rsh_command", Kind::String, into!(rsh_command = string)),
        row("backup_active", Kind::Boolean, into!(backup_active = boolean?)),
        row("backup", Kind::Host, into!(backup = node?)),
        row("backup_private", Kind::Host, into!(backup_private = present_node?)),
        row("backup_shared", Kind::String, into!(backup_shared = Some(string))),
        row("heartbeat", Kind::Boolean, into!(heartbeat = boolean?)).idle(),
        row("heartbeat_port", Kind::Port, into!(heartbeat_port = port?)),
        row("keepalive", Kind::Time, into!(keepalive = time?)),
        row("deadtime", Kind::Time, into!(deadtime = time?)),
        row("network", Kind::Fixed(ForwardingMethod::NAMES), into!(network = fixed?)),
        row("nat_router", Kind::HostAndDevice, nat_router),
        row("nat_nmask", Kind::Mask, into!(nat_nmask = mask?)),
        row(
            "reservation_conflict_action",
            Kind::Fixed(ReservationConflict::NAMES),
            into!(reservation_conflict_action = Some(fixed?)),
        ),
        row("debug_level", Kind::String, into!(debug_level = string)).idle(),
        row("active_cmd", Kind::String, into!(active_cmd = Some(string))),
        row("inactive_cmd", Kind::String, into!(inactive_cmd = Some(string))),
        row("monitor_links", Kind::Integer, into!(monitor_links = integer?)),
        row("syncdaemon", Kind::Boolean, into!(syncdaemon = boolean?)),
        row("syncd_iface", Kind::String, into!(syncd_iface = string)),
        row("syncd_id", Kind::Byte, into!(syncd_id = integer?)),
        row("tcp_timeout", Kind::Integer, into!(tcp_timeout = integer?)),
        row("tcpfin_timeout", Kind::Integer, into!(tcpfin_timeout = integer?)),
        row("udp_timeout", Kind::Integer, into!(udp_timeout = integer?)),
        row("ipvsadm", Kind::String, into!(ipvsadm = string)),
        row("hard_shutdown", Kind::Boolean, into!(hard_shutdown = boolean?)),
        row("sync", Kind::Boolean, into!(sync = boolean?)).idle(),
        row("heartbeat_key_file", Kind::String, into!(heartbeat_key_file = Some(string))).ours(),
        row("heartbeat_auth", Kind::Fixed(HeartbeatAuth::NAMES), into!(heartbeat_auth = fixed?)).ours(),
        row("announce_refresh", Kind::Period, into!(announce_refresh = Some(period_or_never?))).ours(),
        row("hot_standby", Kind::Boolean, into!(hot_standby = boolean?)).ours(),
        row("expire_persistence", Kind::Boolean, into!(expire_persistence = boolean?)).ours(),
        row("nanny_pool", Kind::Boolean, into!(nanny_pool = Some(boolean?))).ours(),
    ];
}

impl Level for VirtualServer {
    const KEYWORDS: &'static [Keyword<Self>] = &[
        row("active", Kind::Boolean, into!(active = boolean?)),
        row("address", Kind::HostAndDevice, floating_address),
        row("sorry_server", Kind::Address, into!(sorry_server = address_only?)),
        row("vip_nmask", Kind::Mask, into!(vip_nmask = mask?)),
        row("fwmark", Kind::Mark, into!(fwmark = mark?)),
        row("port", Kind::Port, into!(port = port?)),
        row("persistent", Kind::Integer, into!(persistent = integer?)),
        row("pmask", Kind::Mask, |section, value| {
            section.pmask = value.persistence_mask(section.pmask);
            Ok(())
        }),
        row("send", Kind::Text, into!(send = Some(text))),
        row("expect", Kind::Text, into!(expect = Some(text))),
        row("use_regex", Kind::Boolean, into!(use_regex = boolean?)),
        row("send_program", Kind::Text, into!(send_program = Some(text))),
        row("client_monitor", Kind::String, into!(client_monitor = string)),
        row("load_monitor", Kind::String, into!(load_monitor = Some(string))),
        row("scheduler", Kind::Fixed(Scheduler::NAMES), into!(scheduler = fixed?)),
        row("protocol", Kind::Fixed(Protocol::NAMES), into!(protocol = fixed?)),
        row("timeout", Kind::Integer, into!(timeout = integer?)),
        row("reentry", Kind::Integer, into!(reentry = integer?)),
        row("quiesce_server", Kind::Boolean, into!(quiesce_server = boolean?)),
        row("start_cmd", Kind::Text, into!(start_cmd = Some(text))),
        row("stop_cmd", Kind::Text, into!(stop_cmd = Some(text))),
        row("master", Kind::Host, into!(master = host?)).idle(),
        row("dirs", Kind::List, into!(dirs = Some(list?))).idle(),
        row("check_interval", Kind::Period, into!(check_interval = Some(period?))).ours(),
        row("check_timeout", Kind::Period, into!(check_timeout = Some(period?))).ours(),
        row("rise", Kind::Count, into!(rise = Some(count?))).ours(),
        row("fall", Kind::Count, into!(fall = Some(count?))).ours(),
        row("command_timeout", Kind::Period, into!(command_timeout = Some(period?))).ours(),
    ];
}

impl Level for RealServer {
    const KEYWORDS: &'static [Keyword<Self>] = &[
        row("address", Kind::Host, into!(address = host?)),
        row("active", Kind::Boolean, into!(active = boolean?)),
        row("port", Kind::PortNumber, server_port),
        row("weight", Kind::Integer, into!(weight = integer?)),
    ];
}

fn server_port(server: &mut RealServer, value: &mut Value<'_>) -> Result<(), Fault> {
    server.port = value.integer()?;
    server.port_given = true;
    Ok(())
}

fn nat_router(config: &mut Config, value: &mut Value<'_>) -> Result<(), Fault> {
    config.nat_router = NatRouter { address: value.host()?, device: Some(value.device()) };
    Ok(())
}

fn floating_address(section: &mut VirtualServer, value: &mut Value<'_>) -> Result<(), Fault> {
    section.address = value.host()?;
    section.device = Some(value.device());
    Ok(())
}

/// What is known about a keyword, for editors and manual pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The keyword.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// Not understood by Piranha 0.8.6: stands on extension lines only.
    pub extension: bool,
    /// Read, and without effect.
    pub idle: bool,
}

/// The keywords that a block may hold, in the order of writing.
pub fn vocabulary(place: Place) -> Vec<Entry> {
    let level = place.kind();
    let mut entries = entries(level);
    entries.sort_by_key(|entry| rank(level, entry.name));
    entries
}

fn entries(level: BlockKind) -> Vec<Entry> {
    fn of<T: Level>() -> Vec<Entry> {
        let entry = |&Keyword { name, kind, ours, idle, .. }: &Keyword<T>| Entry {
            name,
            kind,
            extension: ours,
            idle,
        };
        T::KEYWORDS.iter().map(entry).collect()
    }
    match level {
        BlockKind::File => of::<Config>(),
        BlockKind::Virtual | BlockKind::Failover => of::<VirtualServer>(),
        BlockKind::Server => of::<RealServer>(),
    }
}

/// What a keyword's value looks like, by the level it stands at.
pub(crate) fn kind(level: BlockKind, name: &str) -> Option<Kind> {
    entries(level).into_iter().find(|entry| entry.name == name).map(|entry| entry.kind)
}

/// A keyword's place in the order of writing.
pub(crate) fn rank(level: BlockKind, name: &str) -> usize {
    fn of<T: Level>(name: &str) -> usize {
        T::KEYWORDS.iter().position(|keyword| keyword.name == name).unwrap_or(usize::MAX)
    }
    match level {
        BlockKind::File => of::<Config>(name),
        BlockKind::Virtual => of::<VirtualServer>(name),
        BlockKind::Failover => {
            let known = FAILOVER_ORDER.iter().position(|known| *known == name);
            known.unwrap_or_else(|| FAILOVER_ORDER.len() + of::<VirtualServer>(name))
        }
        BlockKind::Server => of::<RealServer>(name),
    }
}

/// The longest line of a keyword that Piranha's web tool keeps whole, in bytes with its line end (section 11.2).
pub(crate) fn longest_line(level: BlockKind, name: &str) -> usize {
    let roomy = matches!(name, "send" | "expect" | "use_regex" | "send_program");
    if roomy && level == BlockKind::Virtual { 300 } else { 80 }
}

/// The order in failover sections, where Piranha's web tool has its own.
const FAILOVER_ORDER: &[&str] = &[
    "address",
    "sorry_server",
    "vip_nmask",
    "fwmark",
    "protocol",
    "active",
    "port",
    "scheduler",
    "persistent",
    "pmask",
    "timeout",
    "reentry",
    "quiesce_server",
    "send",
    "expect",
    "use_regex",
    "send_program",
    "client_monitor",
    "load_monitor",
    "start_cmd",
    "stop_cmd",
    "master",
    "dirs",
];
