//! Direct routing: the real server takes packets for a floating address that it must never announce.

use std::net::IpAddr;

use super::real_server::RealServersSide;
use super::{Recipe, alone, each, ip};

const ARP: [&str; 2] = ["net.ipv4.conf.all.arp_ignore = 1", "net.ipv4.conf.all.arp_announce = 2"];

/// Three ways, the first of which is the one to choose unless something speaks against it.
pub(crate) fn recipes(side: &RealServersSide) -> Vec<Recipe> {
    let mut recipes = vec![own_address(&side.floating)];
    let v4: Vec<IpAddr> = side.floating.iter().copied().filter(IpAddr::is_ipv4).collect();
    if !v4.is_empty() {
        recipes.push(arptables(&v4, side.address));
    }
    recipes.push(redirect(side));
    recipes
}

fn own_address(floating: &[IpAddr]) -> Recipe {
    let has_v4 = floating.iter().any(IpAddr::is_ipv4);
    let sysctl = if has_v4 {
        each(&ARP, |line| format!("sysctl -w {}", line.replace(" = ", "=")))
    } else {
        Vec::new()
    };
    let add = each(floating, |&address| {
        format!("{} address add {} dev lo{}", ip(address), alone(address), deprecated(address))
    });
    Recipe::new(
        "The floating address on lo, and silence about it",
        "Choose this one. The order matters: first the switches, then the address; the other way round the real server \
         answers for the address in between and draws its clients away from the router. IPv6 needs no switches: an \
         address on lo is not announced.",
    )
    .step("Now, as root", [sysctl, add].concat())
    .step(
        "After a restart: /etc/sysctl.d/90-lvs.conf (every distribution)",
        if has_v4 { ARP.map(ToOwned::to_owned).to_vec() } else { Vec::new() },
    )
    .step("Debian, Ubuntu with ifupdown: /etc/network/interfaces.d/lvs", ifupdown(floating))
    .step("RHEL 8 and later, Fedora (NetworkManager), once", network_manager(floating))
    .step("RHEL 5 to 7: /etc/sysconfig/network-scripts/ifcfg-lo:N", ifcfg(floating))
    .step("systemd-networkd: /etc/systemd/network/10-lvs.network", networkd(floating))
}

/// IPv6 chooses the source of its own connections among all addresses; never this one.
pub(super) fn deprecated(address: IpAddr) -> &'static str {
    if address.is_ipv6() { " preferred_lft 0" } else { "" }
}

fn ifupdown(floating: &[IpAddr]) -> Vec<String> {
    let mut lines = vec!["auto lo".to_owned(), "iface lo inet loopback".to_owned()];
    lines.extend(each(floating, |&address| {
        format!("    up {} address add {} dev lo{} || true", ip(address), alone(address), deprecated(address))
    }));
    lines.push("# lo may have a stanza already: then add the `up` lines to that one".to_owned());
    lines
}

fn network_manager(floating: &[IpAddr]) -> Vec<String> {
    let list = |v4: bool| {
        let of_family: Vec<_> =
            floating.iter().filter(|address| address.is_ipv4() == v4).map(|&one| alone(one)).collect();
        of_family.join(",")
    };
    let family = |name: &str, addresses: String| {
        if addresses.is_empty() {
            format!("{name}.method disabled")
        } else {
            format!("{name}.method manual {name}.addresses {addresses}")
        }
    };
    let (v4, v6) = (family("ipv4", list(true)), family("ipv6", list(false)));
    vec![
        format!("nmcli connection add type dummy ifname lvs0 con-name lvs0 {v4} {v6}"),
        "nmcli connection up lvs0".to_owned(),
    ]
}

fn ifcfg(floating: &[IpAddr]) -> Vec<String> {
    let v4 = floating.iter().filter(|address| address.is_ipv4());
    v4.enumerate()
        .flat_map(|(number, address)| {
            [
                format!("# ifcfg-lo:{number}"),
                format!("DEVICE=lo:{number}"),
                format!("IPADDR={address}"),
                "NETMASK=255.255.255.255".to_owned(),
                "ONBOOT=yes".to_owned(),
            ]
        })
        .collect()
}

fn networkd(floating: &[IpAddr]) -> Vec<String> {
    let mut lines = vec!["[Match]".to_owned(), "Name=lo".to_owned()];
    for &address in floating {
        lines.extend([String::new(), "[Address]".to_owned(), format!("Address={}", alone(address))]);
        if address.is_ipv6() {
            lines.push("PreferredLifetime=0".to_owned());
        }
    }
    lines
}

fn arptables(floating: &[IpAddr], real: IpAddr) -> Recipe {
    let mut rules = each(floating, |address| format!("arptables -A INPUT -d {address} -j DROP"));
    rules.extend(each(floating, |address| {
        format!("arptables -A OUTPUT -s {address} -j mangle --mangle-ip-s {real}")
    }));
    let add = each(floating, |&address| format!("ip address add {} dev lo", alone(address)));
    Recipe::new(
        "arptables, as Red Hat's manual has it",
        "Where the switches of the first way are used for something else. First the rules, then the address.",
    )
    .step("Now, as root", [rules, add].concat())
    .step(
        "After a restart, RHEL",
        vec![
            "arptables-save > /etc/sysconfig/arptables".to_owned(),
            "systemctl enable arptables        # RHEL 5 and 6: chkconfig arptables_jf on".to_owned(),
        ],
    )
    .step(
        "After a restart, Debian (package arptables)",
        vec![
            "arptables-save > /etc/arptables.rules".to_owned(),
            "# and in /etc/network/interfaces: pre-up arptables-restore < /etc/arptables.rules".to_owned(),
        ],
    )
}

fn redirect(side: &RealServersSide) -> Recipe {
    let protocol = |udp: bool| if udp { "udp" } else { "tcp" };
    let iptables = each(&side.services, |&(service, udp)| {
        let program = if service.is_ipv4() { "iptables" } else { "ip6tables" };
        let (protocol, address, port) = (protocol(udp), service.ip(), service.port());
        format!("{program} -t nat -A PREROUTING -d {address} -p {protocol} --dport {port} -j REDIRECT")
    });
    let mut nftables = vec![
        "table inet lvs {".to_owned(),
        "    chain prerouting {".to_owned(),
        "        type nat hook prerouting priority dstnat;".to_owned(),
    ];
    nftables.extend(each(&side.services, |&(service, udp)| {
        let family = if service.is_ipv4() { "ip" } else { "ip6" };
        format!("        {family} daddr {} {} dport {} redirect", service.ip(), protocol(udp), service.port())
    }));
    nftables.extend(["    }".to_owned(), "}".to_owned()]);
    Recipe::new(
        "Redirection, without the floating address",
        "The real server never has the address, so nothing can go wrong with ARP; but every packet is counted by \
         conntrack, and a service sees its own address in place of the floating one. A service by firewall mark has \
         further ports: one line for each.",
    )
    .step("iptables", iptables)
    .step("nftables: a file for `nft -f`", nftables)
}
