//! What the file means for this router: pure, from the configuration and the role.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use heartbeat::{Authentication, Partner, Role, Settings, trailer};
use lvs_cf::{Config, Failover, ForwardingMethod, Node, Service, Word, prefix_length};
use netdev::{FloatingAddress, Label};

use crate::configuration::Configuration;

/// Everything that pulse needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) service: Service,
    pub(crate) settings: Settings,
    pub(crate) authentication: Authentication,
    /// The file that this is the meaning of.
    pub(crate) file: trailer::Configuration,
    pub(crate) public: Endpoint,
    pub(crate) private: Option<Endpoint>,
    /// Distinct, the NAT router's first, then in the file's order.
    pub(crate) floating: Vec<FloatingAddress>,
    /// How often they are announced again, if at all.
    pub(crate) announce_refresh: Option<Duration>,
    pub(crate) active_cmd: Option<Vec<OsString>>,
    pub(crate) inactive_cmd: Option<Vec<OsString>>,
    pub(crate) sync: Option<SyncSettings>,
    /// What the file says, but cannot mean.
    pub(crate) warnings: Vec<String>,
}

/// One heartbeat link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Bound here, and sent from here.
    pub(crate) own: SocketAddr,
    /// Sent to there, if there is a partner.
    pub(crate) partner: Option<SocketAddr>,
}

/// Connection synchronisation (specification pulse.md 16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyncSettings {
    pub(crate) interface: String,
    pub(crate) id: u8,
}

/// Times from the command line, in place of the file's.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) keepalive: Option<Duration>,
    pub(crate) deadtime: Option<Duration>,
}

impl Plan {
    /// What the file means for the router with this role. The port has been checked.
    pub(crate) fn new(configuration: &Configuration, role: Role, times: Times) -> Self {
        let config = &configuration.config;
        let mut warnings = Vec::new();
        if config.backup_active && config.backup.address.is_none() {
            warnings.push("Undefined backup node marked as active? -- clearing that!".to_owned());
        }
        let (public, private) = links(config, role);
        let partner = public.partner.map(|partner| Partner {
            public: partner.ip(),
            private: private.and_then(|private| private.partner).map(|address| address.ip()),
        });
        let (keepalive, deadtime) = timers(config, times, &mut warnings);
        let settings = Settings {
            role,
            partner,
            backup_active: config.has_backup(),
            keepalive,
            deadtime,
            hot_standby: config.hot_standby && config.service == Service::Lvs,
            monitor_links: config.monitors_links(),
            services_stop_within: config
                .failover
                .iter()
                .filter(|service| service.active)
                .map(stop_time)
                .sum(),
        };
        // Only routers of real servers have commands of their own and connections to synchronise.
        let lvs = config.service == Service::Lvs;
        Self {
            service: config.service,
            settings,
            authentication: configuration.authentication.clone(),
            file: trailer::Configuration { serial: config.serial_no, fingerprint: configuration.fingerprint },
            public,
            private,
            floating: floating_addresses(config, &mut warnings),
            announce_refresh: config.announce_refresh.filter(|every| !every.is_zero()),
            active_cmd: words(config.active_cmd.as_ref().filter(|_| lvs)),
            inactive_cmd: words(config.inactive_cmd.as_ref().filter(|_| lvs)),
            sync: (lvs && config.syncdaemon).then(|| SyncSettings {
                interface: config.syncd_iface.to_str_lossy().into_owned(),
                id: config.syncd_group(),
            }),
            warnings,
        }
    }

    /// The links in use.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = (heartbeat::Link, Endpoint)> {
        let private = self.private.map(|endpoint| (heartbeat::Link::Private, endpoint));
        std::iter::once((heartbeat::Link::Public, self.public)).chain(private)
    }
}

fn links(config: &Config, role: Role) -> (Endpoint, Option<Endpoint>) {
    let port = config.heartbeat_port_number().unwrap_or_default();
    let link = |primary: Option<IpAddr>, backup: Option<IpAddr>| {
        let (own, partner) = match role {
            Role::Primary => (primary, backup),
            Role::Backup => (backup, primary),
        };
        let at = |address| SocketAddr::new(address, port);
        Some(Endpoint { own: at(own?), partner: partner.map(at) })
    };
    let address = |node: &Node| node.address;
    // The role stands for one of the two addresses, so there always is one.
    let nowhere = Endpoint { own: SocketAddr::new([0, 0, 0, 0].into(), port), partner: None };
    let public = link(address(&config.primary), address(&config.backup)).unwrap_or(nowhere);
    let private = config.private_link().and_then(|(primary, backup)| link(Some(primary), Some(backup)));
    (public, private)
}

/// How long the stop command of a failover service may take: fos asks it to end after its time, and kills it at last.
fn stop_time(service: &Failover) -> Duration {
    const IN_VAIN: Duration = Duration::from_secs(6);
    service.command_time() + IN_VAIN
}

fn timers(config: &Config, times: Times, warnings: &mut Vec<String>) -> (Duration, Duration) {
    let keepalive = times.keepalive.unwrap_or_else(|| config.heartbeat_interval());
    let wanted = times.deadtime.unwrap_or_else(|| config.dead_after());
    let deadtime = if wanted > keepalive { wanted } else { keepalive * 3 };
    if deadtime != wanted {
        warnings
            .push(format!("deadtime {wanted:?} is not above keepalive {keepalive:?}: using {deadtime:?}"));
    } else if deadtime < keepalive * 3 {
        warnings.push(format!(
            "deadtime {deadtime:?} is below three times keepalive {keepalive:?}: one lost heartbeat may cause a takeover"
        ));
    }
    (keepalive, deadtime)
}

fn words(command: Option<&Word>) -> Option<Vec<OsString>> {
    let words: Vec<_> = command?.arguments().map(OsString::from).collect();
    (!words.is_empty()).then_some(words)
}

/// The NAT router's address first, then each active virtual server's that did not occur before; those of the active
/// failover services with `service = fos` (specification pulse.md 15 and 20.1).
fn floating_addresses(config: &Config, warnings: &mut Vec<String>) -> Vec<FloatingAddress> {
    let (sections, kind) = match config.service {
        Service::Lvs => (&config.virtual_servers, "virtual server"),
        Service::Fos => (&config.failover, "failover service"),
    };
    let masquerades = config.service == Service::Lvs && config.network == ForwardingMethod::Nat;
    let router = masquerades.then(|| {
        let router = &config.nat_router;
        ("nat_router".to_owned(), router.address, router.device.as_ref(), config.nat_nmask)
    });
    let blocks = sections.iter().filter(|block| block.active).map(|block| {
        let owner = format!("{kind} {}", block.name);
        (owner, block.address, block.device.as_ref(), block.vip_nmask)
    });
    let mut seen = BTreeSet::new();
    router
        .into_iter()
        .chain(blocks)
        .filter_map(|(owner, address, device, mask)| {
            let address = address.filter(|address| seen.insert(*address))?;
            floating(address, device, mask, warnings)
                .map_err(|reason| warnings.push(format!("{owner}: {address} is not raised: {reason}")))
                .ok()
        })
        .collect()
}

fn floating(
    address: IpAddr,
    device: Option<&Word>,
    mask: Option<IpAddr>,
    warnings: &mut Vec<String>,
) -> Result<FloatingAddress, String> {
    let device = device.ok_or("the file names no device for it")?;
    let label = Label::new(&device.to_str_lossy()).map_err(|error| error.to_string())?;
    let prefix = mask.and_then(|mask| {
        let prefix = prefix_length(mask);
        if prefix.is_none() {
            warnings.push(format!("{address} on {label}: {mask} is no netmask and is ignored"));
        }
        prefix
    });
    Ok(FloatingAddress { address, label, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lvs_cf::NumbersOnly;

    const FILE: &str = "\
primary = 192.0.2.1
primary_private = 10.0.0.1
backup = 192.0.2.2
backup_private = 10.0.0.2
backup_active = 1
heartbeat_port = 1539
keepalive = 6
deadtime = 18
network = nat
nat_router = 10.11.12.254 eth1:1
nat_nmask = 255.255.255.0
active_cmd = \"/bin/true   one two\"
syncdaemon = 1
syncd_id = 300
virtual web {
  active = 1
  address = 192.0.2.10 eth0:1
  vip_nmask = 255.255.255.255
}
virtual tls {
  active = 1
  address = 192.0.2.10 eth0:2
}
virtual off {
  active = 0
  address = 192.0.2.11 eth0:3
}
virtual long {
  active = 1
  address = 192.0.2.12 a_very_long_device:1
}
";

    fn plan(role: Role, times: Times) -> Plan {
        plan_of(FILE, role, times)
    }

    fn plan_of(file: &str, role: Role, times: Times) -> Plan {
        let configuration = Configuration {
            config: Config::parse(file.as_bytes(), &NumbersOnly).unwrap().config,
            fingerprint: trailer::Fingerprint::of(file.as_bytes()),
            authentication: Authentication::Off,
            warnings: Vec::new(),
        };
        Plan::new(&configuration, role, times)
    }

    #[test]
    fn the_backup_binds_its_own_and_sends_to_the_primary() {
        let plan = plan(Role::Backup, Times::default());
        assert_eq!(plan.public.own, "192.0.2.2:1539".parse().unwrap());
        assert_eq!(plan.public.partner, "192.0.2.1:1539".parse().ok());
        let private = plan.private.unwrap();
        assert_eq!(private.own, "10.0.0.2:1539".parse().unwrap());
        let partner = plan.settings.partner.unwrap();
        assert_eq!((partner.public, partner.private), ([192, 0, 2, 1].into(), Some([10, 0, 0, 1].into())));
        assert!(plan.settings.backup_active);
    }

    #[test]
    fn each_address_once_with_the_nat_routers_first() {
        let plan = plan(Role::Primary, Times::default());
        let raised: Vec<_> =
            plan.floating.iter().map(|it| format!("{} {} {:?}", it.address, it.label, it.prefix)).collect();
        assert_eq!(raised, ["10.11.12.254 eth1:1 Some(24)", "192.0.2.10 eth0:1 Some(32)"]);
        assert!(plan.warnings.iter().any(|line| line.contains("192.0.2.12 is not raised")));
    }

    #[test]
    fn failover_services_have_their_own_addresses_and_nothing_of_lvs() {
        let file = format!("service = fos\n{}", FILE.replace("virtual", "failover"));
        let plan = plan_of(&file, Role::Primary, Times::default());
        let raised: Vec<_> = plan.floating.iter().map(|it| format!("{} {}", it.address, it.label)).collect();
        assert_eq!(raised, ["192.0.2.10 eth0:1"]);
        assert_eq!((plan.active_cmd, plan.sync), (None, None));
        // Three sections are active: 60 s each, and 6 s for one that must be killed.
        assert_eq!(plan.settings.services_stop_within, Duration::from_secs(198));
    }

    #[test]
    fn commands_and_connection_synchronisation() {
        let plan = plan(Role::Primary, Times::default());
        assert_eq!(plan.active_cmd.unwrap(), ["/bin/true", "one", "two"]);
        assert_eq!(plan.inactive_cmd, None);
        assert_eq!(plan.sync, Some(SyncSettings { interface: "eth0".into(), id: 44 }));
    }

    #[test]
    fn times_of_the_file_and_of_the_command_line() {
        let file = plan(Role::Primary, Times::default());
        let seconds = |timers: &Settings| (timers.keepalive.as_secs_f64(), timers.deadtime.as_secs_f64());
        assert_eq!(seconds(&file.settings), (6.0, 18.0));
        let times = Times { keepalive: Some(Duration::from_millis(250)), deadtime: None };
        assert_eq!(seconds(&plan(Role::Primary, times).settings), (0.25, 18.0));
        let times = Times { keepalive: Some(Duration::from_secs(20)), deadtime: None };
        let plan = plan(Role::Primary, times);
        assert_eq!(seconds(&plan.settings), (20.0, 60.0));
        assert!(plan.warnings.iter().any(|line| line.contains("using 60s")), "{:?}", plan.warnings);
    }
}
