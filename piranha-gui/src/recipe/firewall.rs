//! What the routers' firewall must let through, and the marks that services by firewall mark need.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use lvs_cf::{Config, ForwardingMethod, Protocol, VirtualServer};

use super::{Recipe, each};

/// UDP port and group of the kernel's sync daemons.
const SYNC: SocketAddr = ipvs_group();
/// Ports that FTP servers are told to use for passive transfers in Red Hat's manual.
const PASSIVE: &str = "10000:20000";

const fn ipvs_group() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(224, 0, 0, 81)), 8848)
}

/// A thing to let through: both firewalls' words for it.
struct Rule {
    why: String,
    iptables: String,
    nftables: String,
}

/// All of it, for both routers.
pub(crate) fn recipes(config: &Config, gui_port: u16) -> Vec<Recipe> {
    let mut recipes = vec![
        two(
            "Heartbeats and connections between the routers",
            "On both routers: without these rules each believes that the other is dead, and both take the addresses.",
            &between_routers(config),
        ),
        two(
            "This page",
            "Only from addresses that you trust; TRUSTED is such an address or network. Better still: nobody, and ssh \
             forwarding.",
            &[Rule {
                why: "the web page".to_owned(),
                iptables: format!("iptables -A INPUT -p tcp -s TRUSTED --dport {gui_port} -j ACCEPT"),
                nftables: format!("add rule inet filter input ip saddr TRUSTED tcp dport {gui_port} accept"),
            }],
        ),
        two(
            "The services",
            "Packets to a floating address come in on the router itself. Without the rule they are dropped before they \
             are balanced.",
            &services(config),
        ),
    ];
    let marks = marks(config);
    if !marks.is_empty() {
        recipes.push(two(
            "Firewall marks",
            "A service by firewall mark takes all packets with that mark, so several ports are one service: a client \
             stays with its real server for all of them. The rule belongs on both routers, and is made here, not by \
             Piranha. Add further ports of the service to its line.",
            &marks,
        ));
    }
    if config.virtual_servers.iter().any(is_ftp) {
        recipes.push(ftp(config));
    }
    recipes
}

fn two(title: &str, why: &str, rules: &[Rule]) -> Recipe {
    let iptables: Vec<_> =
        rules.iter().flat_map(|rule| [format!("# {}", rule.why), rule.iptables.clone()]).collect();
    let nftables: Vec<_> =
        rules.iter().flat_map(|rule| [format!("# {}", rule.why), rule.nftables.clone()]).collect();
    Recipe::new(title, why)
        .step("iptables (RHEL 5 to 7: then `service iptables save`)", iptables)
        .step("nftables: lines for `nft -f`; your table and chain may have other names", nftables)
}

fn between_routers(config: &Config) -> Vec<Rule> {
    let port = config.heartbeat_port_number().unwrap_or(539);
    let pairs = [(&config.primary, &config.backup), (&config.primary_private, &config.backup_private)];
    let mut ways: Vec<(IpAddr, IpAddr)> = pairs
        .into_iter()
        .filter_map(|(one, other)| Some((one.address?, other.address?)))
        .flat_map(|(one, other)| [(one, other), (other, one)])
        .filter(|(from, to)| !from.is_unspecified() && !to.is_unspecified())
        .collect();
    // Without private addresses the public ones stand for them.
    ways.sort_unstable();
    ways.dedup();
    let mut rules: Vec<Rule> = ways
        .into_iter()
        .map(|(from, to)| Rule {
            why: format!("heartbeats to {to}"),
            iptables: format!("{} -A INPUT -p udp -s {from} -d {to} --dport {port} -j ACCEPT", tables(from)),
            nftables: format!(
                "add rule inet filter input {0} saddr {from} {0} daddr {to} udp dport {port} accept",
                family(from)
            ),
        })
        .collect();
    if config.syncdaemon {
        let device = &config.syncd_iface;
        let (group, port) = (SYNC.ip(), SYNC.port());
        rules.push(Rule {
            why: "the sync daemon's connections".to_owned(),
            iptables: format!("iptables -A INPUT -i {device} -p udp -d {group} --dport {port} -j ACCEPT"),
            nftables: format!(
                "add rule inet filter input iifname \"{device}\" ip daddr {group} udp dport {port} accept"
            ),
        });
        rules.push(Rule {
            why: "switches that listen for groups must hear who belongs to them".to_owned(),
            iptables: format!("iptables -A OUTPUT -o {device} -p igmp -j ACCEPT"),
            nftables: format!("add rule inet filter output oifname \"{device}\" ip protocol igmp accept"),
        });
    }
    rules
}

fn services(config: &Config) -> Vec<Rule> {
    let mut seen = BTreeMap::new();
    for section in config.virtual_servers.iter().filter(|section| section.fwmark == 0) {
        if let (Some(address), Some(port)) = (used(section), section.port_number()) {
            seen.entry((address, protocol(section), port)).or_insert_with(|| section.name.to_string());
        }
    }
    seen.into_iter()
        .map(|((address, protocol, port), name)| Rule {
            why: name,
            iptables: format!(
                "{} -A INPUT -d {address} -p {protocol} --dport {port} -j ACCEPT",
                tables(address)
            ),
            nftables: format!(
                "add rule inet filter input {} daddr {address} {protocol} dport {port} accept",
                family(address)
            ),
        })
        .collect()
}

fn marks(config: &Config) -> Vec<Rule> {
    let mut ports: BTreeMap<(u32, IpAddr, &str), Vec<String>> = BTreeMap::new();
    for section in config.virtual_servers.iter().filter(|section| section.fwmark != 0) {
        let Some(address) = used(section) else { continue };
        let known = ports.entry((section.fwmark, address, protocol(section))).or_default();
        let port = if is_ftp(section) {
            Some(ftp_ports(config))
        } else {
            section.port_number().map(|port| port.to_string())
        };
        known.extend(port.filter(|port| !known.contains(port)));
    }
    ports
        .into_iter()
        .map(|((mark, address, protocol), ports)| {
            let ports = ports.join(",");
            let range = ports.replace(':', "-");
            Rule {
                why: format!("mark {mark}"),
                iptables: format!(
                    "{} -t mangle -A PREROUTING -d {address} -p {protocol} -m multiport --dports {ports} -j MARK \
                     --set-mark {mark}",
                    tables(address)
                ),
                nftables: format!(
                    "add rule inet mangle prerouting {} daddr {address} {protocol} dport {{ {range} }} meta mark set {mark}",
                    family(address)
                ),
            }
        })
        .collect()
}

/// Answers to an active transfer go to port 20 of the floating address. With NAT `ip_vs_ftp` expects them.
fn ftp_ports(config: &Config) -> String {
    let active = if config.network == ForwardingMethod::Nat { "" } else { "20," };
    format!("{active}21,{PASSIVE}")
}

fn ftp(config: &Config) -> Recipe {
    let nat = config.network == ForwardingMethod::Nat;
    let mut modules = vec!["modprobe nf_conntrack_ftp".to_owned()];
    modules.extend(nat.then(|| "modprobe ip_vs_ftp".to_owned()));
    Recipe::new(
        "FTP",
        "Each transfer has a second connection: a passive one to a port that the server chooses, an active one from its \
         port 20. Give the service a firewall mark and persistence, tell the FTP servers to choose from these ports, \
         and give all of them the mark.",
    )
    .step("Both routers, as root (and in /etc/modules-load.d/lvs.conf)", modules)
    .step(
        "Real servers: vsftpd.conf",
        each(&["pasv_min_port=10000", "pasv_max_port=20000"], |line| (*line).to_owned()),
    )
}

fn is_ftp(section: &VirtualServer) -> bool {
    section.protocol == Protocol::Tcp && section.port_number() == Some(21)
}

fn used(section: &VirtualServer) -> Option<IpAddr> {
    section.address.filter(|address| !address.is_unspecified())
}

fn protocol(section: &VirtualServer) -> &'static str {
    if section.protocol == Protocol::Udp { "udp" } else { "tcp" }
}

fn tables(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "iptables" } else { "ip6tables" }
}

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "ip" } else { "ip6" }
}
