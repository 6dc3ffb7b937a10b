//! Tunnelling: packets come in IP in IP, answers go straight to the client.

use super::direct::deprecated;
use super::real_server::RealServersSide;
use super::{Recipe, alone, each, ip};

pub(crate) fn recipes(side: &RealServersSide) -> Vec<Recipe> {
    let has_v4 = side.floating.iter().any(std::net::IpAddr::is_ipv4);
    let has_v6 = side.floating.iter().any(std::net::IpAddr::is_ipv6);
    let device = |v4: bool| if v4 { "tunl0" } else { "ip6tnl0" };
    let mut now = Vec::new();
    for (there, module, device) in [(has_v4, "ipip", device(true)), (has_v6, "ip6_tunnel", device(false))] {
        if there {
            now.extend([format!("modprobe {module}"), format!("ip link set {device} up")]);
        }
    }
    let sysctl: &[&str] = if has_v4 {
        &[
            "net.ipv4.conf.all.arp_ignore = 1",
            "net.ipv4.conf.all.arp_announce = 2",
            "net.ipv4.conf.all.rp_filter = 0",
            "net.ipv4.conf.tunl0.rp_filter = 0",
        ]
    } else {
        &[]
    };
    now.extend(each(sysctl, |line| format!("sysctl -w {}", line.replace(" = ", "="))));
    now.extend(each(&side.floating, |&address| {
        format!(
            "{} address add {} dev {}{}",
            ip(address),
            alone(address),
            device(address.is_ipv4()),
            deprecated(address)
        )
    }));
    let mut modules = Vec::new();
    modules.extend(has_v4.then(|| "ipip".to_owned()));
    modules.extend(has_v6.then(|| "ip6_tunnel".to_owned()));
    vec![
        Recipe::new(
            "The end of the tunnel",
            "The packet inside has the floating address as its target, so the device of the tunnel has it. The filter \
             on return paths must be off: the packet comes out of the tunnel, its answer leaves by another device. Where \
             the network between is no wider than 1500 bytes, clients' segments must leave room for the outer header: see \
             the last step.",
        )
        .step("Now, as root", now)
        .step("After a restart: /etc/modules-load.d/lvs.conf", modules)
        .step("After a restart: /etc/sysctl.d/90-lvs.conf", each(sysctl, |line| (*line).to_owned()))
        .step("After a restart, systemd-networkd: /etc/systemd/network/10-lvs.network", networkd(side))
        .step(
            "On both routers, against packets that no longer fit",
            vec![
                "iptables -t mangle -A POSTROUTING -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu".to_owned(),
                "# or on the real server: ip route change default via GATEWAY advmss 1440".to_owned(),
            ],
        ),
    ]
}

fn networkd(side: &RealServersSide) -> Vec<String> {
    let v4 = side.floating.iter().filter(|address| address.is_ipv4());
    let addresses: Vec<_> = v4.map(|&address| format!("Address={}", alone(address))).collect();
    if addresses.is_empty() {
        return Vec::new();
    }
    let head = ["[Match]", "Name=tunl0", "", "[Network]"].map(ToOwned::to_owned);
    [head.to_vec(), addresses].concat()
}
