//! The typed configuration: every keyword at its level, with its default.

use std::net::IpAddr;
use std::time::Duration;

use crate::fixed::{ForwardingMethod, HeartbeatAuth, Protocol, ReservationConflict, Scheduler, Service};
use crate::time::Time;
use crate::word::{Text, Word};

/// The effective configuration of a file: defaults filled in, the adjustments after the last line made, failover
/// sections in a list of their own (specification lvs-cf.md sections 5 and 6).
///
/// An address or mask that is not given, or is 0.0.0.0, is `None`: Piranha cannot tell the two apart. Integers
/// are as Piranha reads them, unchecked. Fields marked *extension* come from extension lines only (section 15).
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "one field a keyword")]
pub struct Config {
    /// Counted up by editors at each change; the daemons ignore it.
    pub serial_no: i32,
    /// Which list of sections is in force. lvsd does not look at it.
    pub service: Service,
    /// The primary router's public address.
    pub primary: Node,
    /// The primary router's address on the second heartbeat path.
    pub primary_private: Node,
    /// The shared SCSI device as the primary router names it.
    pub primary_shared: Option<Word>,
    /// The backup router's public address.
    pub backup: Node,
    /// The backup router's address on the second heartbeat path.
    pub backup_private: Node,
    /// The shared SCSI device as the backup router names it.
    pub backup_shared: Option<Word>,
    /// Whether there is a backup router.
    pub backup_active: bool,
    /// Ignored by the daemons.
    pub heartbeat: bool,
    /// The heartbeat's UDP port, as read; see [`Config::heartbeat_port_number`].
    pub heartbeat_port: i32,
    /// Time between heartbeats, as read; see [`Config::heartbeat_interval`].
    pub keepalive: Time,
    /// Silence before takeover, as read; see [`Config::dead_after`].
    pub deadtime: Time,
    /// Used for `load_monitor = uptime`.
    pub rsh_command: Word,
    /// Ignored.
    pub debug_level: Word,
    /// Path of Piranha's ipvsadm; not used.
    pub ipvsadm: Word,
    /// How packets reach the real servers.
    pub network: ForwardingMethod,
    /// The floating address that real servers use as their gateway; only with NAT.
    pub nat_router: NatRouter,
    /// Netmask of the NAT router's address.
    pub nat_nmask: Option<IpAddr>,
    /// What fos does when the SCSI reservation is taken.
    pub reservation_conflict_action: Option<ReservationConflict>,
    /// Run on becoming active: cut at blanks, no shell.
    pub active_cmd: Option<Word>,
    /// Run on leaving the active state.
    pub inactive_cmd: Option<Word>,
    /// Not zero: watch the links of the floating addresses. See [`Config::monitors_links`].
    pub monitor_links: i32,
    /// Whether a died nanny ends lvsd.
    pub hard_shutdown: bool,
    /// Ignored.
    pub sync: bool,
    /// Whether connections are synchronised to the backup router.
    pub syncdaemon: bool,
    /// The interface of connection synchronisation.
    pub syncd_iface: Word,
    /// The synchronisation group; its low 8 bits are used.
    pub syncd_id: i32,
    /// Seconds until an idle TCP connection is forgotten; 0 leaves the kernel's value.
    pub tcp_timeout: i32,
    /// Seconds after a FIN; 0 leaves the kernel's value.
    pub tcpfin_timeout: i32,
    /// Seconds until an idle UDP flow is forgotten; 0 leaves the kernel's value.
    pub udp_timeout: i32,
    /// Extension: the file with the key that signs heartbeats.
    pub heartbeat_key_file: Option<Word>,
    /// Extension: what is done about heartbeats' authentication.
    pub heartbeat_auth: HeartbeatAuth,
    /// Extension: how often the active router announces its floating addresses again; `None` and zero: only when there is
    /// a reason.
    pub announce_refresh: Option<Duration>,
    /// Extension: whether lvsd runs on the router that is not active, too, so that a takeover finds the kernel's table
    /// programmed.
    pub hot_standby: bool,
    /// Extension: whether persistence ends for clients of a quiesced real server. On unless switched off.
    pub expire_persistence: bool,
    /// Extension: whether one nanny checks all real servers; `None` leaves it to their number.
    pub nanny_pool: Option<bool>,
    /// The `virtual` sections, in the file's order, inactive ones included.
    pub virtual_servers: Vec<VirtualServer>,
    /// The `failover` sections, in the file's order, inactive ones included.
    pub failover: Vec<Failover>,
}

/// A router's address and the word in the file that stands for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// As written; `None` if the keyword was not given.
    pub name: Option<Word>,
    /// What it stands for.
    pub address: Option<IpAddr>,
}

/// `nat_router`: a floating address and its device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NatRouter {
    /// The floating address.
    pub address: Option<IpAddr>,
    /// Interface and label, as in `eth1:1`.
    pub device: Option<Word>,
}

/// A `failover` section: it has the same keywords as a virtual server.
pub type Failover = VirtualServer;

/// A `virtual` section.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualServer {
    /// A label for people; nothing looks it up.
    pub name: Word,
    /// Whether it is in force.
    pub active: bool,
    /// The floating address.
    pub address: Option<IpAddr>,
    /// Interface and label, as in `eth0:1`.
    pub device: Option<Word>,
    /// Netmask of the floating address.
    pub vip_nmask: Option<IpAddr>,
    /// Where clients go when no real server is up.
    pub sorry_server: Option<IpAddr>,
    /// The firewall mark; 0 is none.
    pub fwmark: u32,
    /// Transport protocol.
    pub protocol: Protocol,
    /// The port, as read; see [`VirtualServer::port_number`].
    pub port: i32,
    /// How real servers are chosen.
    pub scheduler: Scheduler,
    /// Seconds that a client stays with its real server; used if above 0.
    pub persistent: i32,
    /// Granularity of persistence; `None` is a single client.
    pub pmask: Option<IpAddr>,
    /// What the check sends.
    pub send: Option<Text>,
    /// What the check expects.
    pub expect: Option<Text>,
    /// Whether `expect` is a regular expression.
    pub use_regex: bool,
    /// A program that checks in place of `send`.
    pub send_program: Option<Text>,
    /// The program started for each real server.
    pub client_monitor: Word,
    /// How the load of real servers is asked for.
    pub load_monitor: Option<Word>,
    /// Seconds between checks, as read; see [`VirtualServer::time_between_checks`].
    pub timeout: i32,
    /// Seconds up before a real server is taken back, as read; see [`VirtualServer::reentry_time`].
    pub reentry: i32,
    /// Whether a real server that is down keeps its connections at weight 0.
    pub quiesce_server: bool,
    /// fos: starts the service.
    pub start_cmd: Option<Text>,
    /// fos: stops the service.
    pub stop_cmd: Option<Text>,
    /// Ignored.
    pub master: Option<IpAddr>,
    /// Ignored.
    pub dirs: Option<Vec<Word>>,
    /// The real servers, in the file's order, inactive ones included.
    pub servers: Vec<RealServer>,
    /// Extension: time between checks in place of `timeout`.
    pub check_interval: Option<Duration>,
    /// Extension: time that one check may take.
    pub check_timeout: Option<Duration>,
    /// Extension: checks that must succeed in a row before a real server is up.
    pub rise: Option<u32>,
    /// Extension: checks that must fail in a row before a real server is down.
    pub fall: Option<u32>,
    /// Extension: time that `start_cmd` and `stop_cmd` may take each. See [`VirtualServer::command_time`].
    pub command_timeout: Option<Duration>,
}

/// A `server` section.
#[derive(Debug, Clone, PartialEq)]
pub struct RealServer {
    /// A label for people.
    pub name: Word,
    /// Its address.
    pub address: Option<IpAddr>,
    /// Whether it is in force.
    pub active: bool,
    /// Its port, as read: its own, else its section's at the moment of the `server` line.
    pub port: i32,
    /// Whether the port is its own. A mark service keeps the packet's port where it is not.
    pub port_given: bool,
    /// Its weight, as read.
    pub weight: i32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            serial_no: 0,
            service: Service::Lvs,
            primary: Node::default(),
            primary_private: Node::default(),
            primary_shared: None,
            backup: Node::default(),
            backup_private: Node::default(),
            backup_shared: None,
            backup_active: false,
            heartbeat: false,
            heartbeat_port: 539,
            keepalive: Time::Seconds(2),
            deadtime: Time::Seconds(5),
            rsh_command: "rsh".into(),
            debug_level: "NONE".into(),
            ipvsadm: "/sbin/ipvsadm".into(),
            network: ForwardingMethod::Nat,
            nat_router: NatRouter::default(),
            nat_nmask: None,
            reservation_conflict_action: None,
            active_cmd: None,
            inactive_cmd: None,
            monitor_links: 0,
            hard_shutdown: true,
            sync: false,
            syncdaemon: false,
            syncd_iface: "eth0".into(),
            syncd_id: 0,
            tcp_timeout: 0,
            tcpfin_timeout: 0,
            udp_timeout: 0,
            heartbeat_key_file: None,
            heartbeat_auth: HeartbeatAuth::Off,
            announce_refresh: None,
            hot_standby: false,
            expire_persistence: true,
            nanny_pool: None,
            virtual_servers: Vec::new(),
            failover: Vec::new(),
        }
    }
}

impl Default for VirtualServer {
    fn default() -> Self {
        Self {
            name: Word::default(),
            active: false,
            address: None,
            device: None,
            vip_nmask: None,
            sorry_server: None,
            fwmark: 0,
            protocol: Protocol::Tcp,
            port: 80,
            scheduler: Scheduler::WeightedLeastConnection,
            persistent: 0,
            pmask: None,
            send: None,
            expect: None,
            use_regex: false,
            send_program: None,
            client_monitor: "/usr/sbin/nanny".into(),
            load_monitor: None,
            timeout: 10,
            reentry: REENTRY_SECONDS,
            quiesce_server: false,
            start_cmd: None,
            stop_cmd: None,
            master: None,
            dirs: None,
            servers: Vec::new(),
            check_interval: None,
            check_timeout: None,
            rise: None,
            fall: None,
            command_timeout: None,
        }
    }
}

impl Default for RealServer {
    fn default() -> Self {
        Self { name: Word::default(), address: None, active: false, port: 80, port_given: false, weight: 1 }
    }
}

/// What `reentry` is when absent or 0.
const REENTRY_SECONDS: i32 = 180;
/// What `command_timeout` is when absent.
const COMMAND_TIME: Duration = Duration::from_secs(60);

impl Config {
    /// Time between heartbeats in force: below one second in Piranha's form counts as one second
    /// (specification pulse.md F38).
    pub fn heartbeat_interval(&self) -> Duration {
        match self.keepalive {
            Time::Seconds(seconds) => at_least_one(seconds),
            Time::Exact(time) => time.max(Duration::from_millis(1)),
        }
    }

    /// Silence before takeover in force: when not above the interval of heartbeats, three times that
    /// (specification pulse.md F38).
    pub fn dead_after(&self) -> Duration {
        let (interval, dead) = (self.heartbeat_interval(), self.deadtime.duration());
        if dead > interval { dead } else { interval * 3 }
    }

    /// The heartbeat's UDP port, if it is one.
    pub fn heartbeat_port_number(&self) -> Option<u16> {
        port_number(self.heartbeat_port)
    }

    /// Whether the links of the floating addresses are watched.
    pub fn monitors_links(&self) -> bool {
        self.monitor_links != 0
    }

    /// Whether a backup router is in force: pulse clears `backup_active` when `backup` has no address
    /// (specification lvs-cf.md section 6).
    pub fn has_backup(&self) -> bool {
        self.backup_active && self.backup.address.is_some()
    }

    /// Whether both routers have the same address, which pulse refuses (specification pulse.md F38).
    pub fn has_same_routers(&self) -> bool {
        self.primary.address.is_some() && self.primary.address == self.backup.address
    }

    /// The primary and backup router's private heartbeat addresses, if there is a second path: both are given and
    /// differ from the public ones (specification lvs-cf.md section 6, pulse.md F38).
    pub fn private_link(&self) -> Option<(IpAddr, IpAddr)> {
        let (primary, backup) = (self.primary_private.address?, self.backup_private.address?);
        (self.primary.address != Some(primary)).then_some((primary, backup))
    }

    /// The group of connection synchronisation, the low 8 bits of `syncd_id`.
    pub fn syncd_group(&self) -> u8 {
        self.syncd_id.to_le_bytes()[0]
    }
}

impl VirtualServer {
    /// Its port, if it is one.
    pub fn port_number(&self) -> Option<u16> {
        port_number(self.port)
    }

    /// How long a client stays with its real server; `None` is no persistence.
    pub fn persistence(&self) -> Option<Duration> {
        u64::try_from(self.persistent).ok().filter(|&seconds| seconds > 0).map(Duration::from_secs)
    }

    /// Time between checks in force: `check_interval`, else `timeout`, where below one second counts as one
    /// (specification lvsd.md 15, row 16).
    pub fn time_between_checks(&self) -> Duration {
        self.check_interval.unwrap_or_else(|| at_least_one(self.timeout))
    }

    /// fos: how long a start or stop command may take before it is ended, 60 seconds unless `command_timeout` says
    /// otherwise (specification fos.md, row S5).
    pub fn command_time(&self) -> Duration {
        self.command_timeout.unwrap_or(COMMAND_TIME)
    }

    /// How long a real server must be up before it is taken back; 0 in the file means 180 seconds
    /// (specification nanny.md, row 21).
    pub fn reentry_time(&self) -> Duration {
        let seconds = if self.reentry == 0 { REENTRY_SECONDS } else { self.reentry };
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }
}

impl RealServer {
    /// Its port, if it is one.
    pub fn port_number(&self) -> Option<u16> {
        port_number(self.port)
    }
}

fn port_number(port: i32) -> Option<u16> {
    u16::try_from(port).ok().filter(|&port| port != 0)
}

fn at_least_one(seconds: i32) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0).max(1))
}

/// The length of a netmask's prefix in bits, `None` if it is no mask of ones followed by zeros.
pub fn prefix_length(mask: IpAddr) -> Option<u8> {
    let (bits, width) = match mask {
        IpAddr::V4(mask) => (u128::from(mask.to_bits()) << 96, 32),
        IpAddr::V6(mask) => (mask.to_bits(), 128),
    };
    let ones = bits.leading_ones();
    let contiguous = ones == 128 || bits << ones == 0;
    u8::try_from(ones).ok().filter(|&ones| contiguous && ones <= width)
}
