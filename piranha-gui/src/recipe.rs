//! What is to be done on other machines and in the firewall, with this file's addresses filled in. No program runs any of
//! it: an administrator reads it, and copies what fits.

pub(crate) mod direct;
pub(crate) mod firewall;
pub(crate) mod nat;
pub(crate) mod real_server;
pub(crate) mod tunnel;

use std::net::IpAddr;

/// Something to do, in one or more ways or steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(crate) title: String,
    /// Why, and when to choose it.
    pub(crate) why: String,
    pub(crate) steps: Vec<Step>,
}

/// Text to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// Where it goes, or what it does.
    pub(crate) what: String,
    pub(crate) text: String,
}

impl Recipe {
    fn new(title: impl Into<String>, why: impl Into<String>) -> Self {
        Self { title: title.into(), why: why.into(), steps: Vec::new() }
    }

    /// A step without lines is none.
    fn step(mut self, what: impl Into<String>, lines: impl AsRef<[String]>) -> Self {
        if !lines.as_ref().is_empty() {
            self.steps.push(Step { what: what.into(), text: lines.as_ref().join("\n") });
        }
        self
    }
}

/// An address as the only one of its network.
fn alone(address: IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })
}

/// `ip -6` needs its flag for some commands only; saying it always does no harm.
fn ip(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "ip" } else { "ip -6" }
}

/// A line for each of some values.
fn each<T>(values: &[T], line: impl Fn(&T) -> String) -> Vec<String> {
    values.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Present;
    use std::fmt::Write as _;

    const FILE: &str = "primary = 192.0.2.1\nbackup = 192.0.2.2\nbackup_active = 1\nheartbeat_port = 1050\nsyncdaemon = 1\n\
                        network = direct\nnat_router = 10.0.0.254 eth1:1\nvirtual web {\n     address = 192.0.2.10 eth0:1\n     \
                        port = 80\n     server one {\n         address = 192.0.2.21\n     }\n}\nvirtual ftp {\n     address = \
                        192.0.2.11 eth0:2\n     port = 21\n     fwmark = 21\n     server one {\n         address = \
                        192.0.2.21\n     }\n}\n";

    fn config(text: &str) -> lvs_cf::Config {
        Present::of(text.as_bytes()).config.unwrap()
    }

    fn as_text(recipes: &[Recipe]) -> String {
        recipes.iter().fold(String::new(), |mut text, recipe| {
            let _ = writeln!(text, "== {}", recipe.title);
            for step in &recipe.steps {
                let _ = writeln!(text, "-- {}\n{}", step.what, step.text);
            }
            text
        })
    }

    fn of_real_server(network: &str) -> String {
        let config = config(&FILE.replace("direct", network));
        let side = real_server::of(&config, "192.0.2.21".parse().unwrap());
        assert_eq!(side.names, ["web/one", "ftp/one"]);
        as_text(&real_server::recipes(&config, &side))
    }

    #[test]
    fn direct_routing() {
        insta::assert_snapshot!(of_real_server("direct"), @"
        == The floating address on lo, and silence about it
        -- Now, as root
        sysctl -w net.ipv4.conf.all.arp_ignore=1
        sysctl -w net.ipv4.conf.all.arp_announce=2
        ip address add 192.0.2.10/32 dev lo
        ip address add 192.0.2.11/32 dev lo
        -- After a restart: /etc/sysctl.d/90-lvs.conf (every distribution)
        net.ipv4.conf.all.arp_ignore = 1
        net.ipv4.conf.all.arp_announce = 2
        -- Debian, Ubuntu with ifupdown: /etc/network/interfaces.d/lvs
        auto lo
        iface lo inet loopback
            up ip address add 192.0.2.10/32 dev lo || true
            up ip address add 192.0.2.11/32 dev lo || true
        # lo may have a stanza already: then add the `up` lines to that one
        -- RHEL 8 and later, Fedora (NetworkManager), once
        nmcli connection add type dummy ifname lvs0 con-name lvs0 ipv4.method manual ipv4.addresses 192.0.2.10/32,192.0.2.11/32 ipv6.method disabled
        nmcli connection up lvs0
        -- RHEL 5 to 7: /etc/sysconfig/network-scripts/ifcfg-lo:N
        # ifcfg-lo:0
        DEVICE=lo:0
        IPADDR=192.0.2.10
        NETMASK=255.255.255.255
        ONBOOT=yes
        # ifcfg-lo:1
        DEVICE=lo:1
        IPADDR=192.0.2.11
        NETMASK=255.255.255.255
        ONBOOT=yes
        -- systemd-networkd: /etc/systemd/network/10-lvs.network
        [Match]
        Name=lo

        [Address]
        Address=192.0.2.10/32

        [Address]
        Address=192.0.2.11/32
        == arptables, as Red Hat's manual has it
        -- Now, as root
        arptables -A INPUT -d 192.0.2.10 -j DROP
        arptables -A INPUT -d 192.0.2.11 -j DROP
        arptables -A OUTPUT -s 192.0.2.10 -j mangle --mangle-ip-s 192.0.2.21
        arptables -A OUTPUT -s 192.0.2.11 -j mangle --mangle-ip-s 192.0.2.21
        ip address add 192.0.2.10/32 dev lo
        ip address add 192.0.2.11/32 dev lo
        -- After a restart, RHEL
        arptables-save > /etc/sysconfig/arptables
        systemctl enable arptables        # RHEL 5 and 6: chkconfig arptables_jf on
        -- After a restart, Debian (package arptables)
        arptables-save > /etc/arptables.rules
        # and in /etc/network/interfaces: pre-up arptables-restore < /etc/arptables.rules
        == Redirection, without the floating address
        -- iptables
        iptables -t nat -A PREROUTING -d 192.0.2.10 -p tcp --dport 80 -j REDIRECT
        iptables -t nat -A PREROUTING -d 192.0.2.11 -p tcp --dport 21 -j REDIRECT
        -- nftables: a file for `nft -f`
        table inet lvs {
            chain prerouting {
                type nat hook prerouting priority dstnat;
                ip daddr 192.0.2.10 tcp dport 80 redirect
                ip daddr 192.0.2.11 tcp dport 21 redirect
            }
        }
        ");
    }

    #[test]
    fn tunnelling() {
        insta::assert_snapshot!(of_real_server("tunnel"), @"
        == The end of the tunnel
        -- Now, as root
        modprobe ipip
        ip link set tunl0 up
        sysctl -w net.ipv4.conf.all.arp_ignore=1
        sysctl -w net.ipv4.conf.all.arp_announce=2
        sysctl -w net.ipv4.conf.all.rp_filter=0
        sysctl -w net.ipv4.conf.tunl0.rp_filter=0
        ip address add 192.0.2.10/32 dev tunl0
        ip address add 192.0.2.11/32 dev tunl0
        -- After a restart: /etc/modules-load.d/lvs.conf
        ipip
        -- After a restart: /etc/sysctl.d/90-lvs.conf
        net.ipv4.conf.all.arp_ignore = 1
        net.ipv4.conf.all.arp_announce = 2
        net.ipv4.conf.all.rp_filter = 0
        net.ipv4.conf.tunl0.rp_filter = 0
        -- After a restart, systemd-networkd: /etc/systemd/network/10-lvs.network
        [Match]
        Name=tunl0

        [Network]
        Address=192.0.2.10/32
        Address=192.0.2.11/32
        -- On both routers, against packets that no longer fit
        iptables -t mangle -A POSTROUTING -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
        # or on the real server: ip route change default via GATEWAY advmss 1440
        ");
    }

    #[test]
    fn nat() {
        insta::assert_snapshot!(of_real_server("nat"), @"
        == Default gateway 10.0.0.254
        -- Now, as root
        ip route replace default via 10.0.0.254
        -- Debian, Ubuntu with ifupdown: in the interface's stanza
            gateway 10.0.0.254
        -- RHEL 8 and later, Fedora (NetworkManager)
        nmcli connection modify NAME ipv4.gateway 10.0.0.254
        nmcli connection up NAME
        -- RHEL 5 to 7: in ifcfg-DEVICE
        GATEWAY=10.0.0.254
        -- systemd-networkd: in [Network]
        Gateway=10.0.0.254
        == Clients in the real server's own network
        -- Now, as root (NETWORK/BITS: that network, DEVICE: its device)
        ip route replace NETWORK/BITS via 10.0.0.254 dev DEVICE onlink
        == On both routers
        -- Now, as root
        sysctl -w net.ipv4.ip_forward=1
        -- After a restart: /etc/sysctl.d/90-lvs.conf
        net.ipv4.ip_forward = 1
        ");
    }

    #[test]
    fn the_routers_firewall() {
        insta::assert_snapshot!(as_text(&firewall::recipes(&config(FILE), 3636)), @r#"
        == Heartbeats and connections between the routers
        -- iptables (RHEL 5 to 7: then `service iptables save`)
        # heartbeats to 192.0.2.2
        iptables -A INPUT -p udp -s 192.0.2.1 -d 192.0.2.2 --dport 1050 -j ACCEPT
        # heartbeats to 192.0.2.1
        iptables -A INPUT -p udp -s 192.0.2.2 -d 192.0.2.1 --dport 1050 -j ACCEPT
        # the sync daemon's connections
        iptables -A INPUT -i eth0 -p udp -d 224.0.0.81 --dport 8848 -j ACCEPT
        # switches that listen for groups must hear who belongs to them
        iptables -A OUTPUT -o eth0 -p igmp -j ACCEPT
        -- nftables: lines for `nft -f`; your table and chain may have other names
        # heartbeats to 192.0.2.2
        add rule inet filter input ip saddr 192.0.2.1 ip daddr 192.0.2.2 udp dport 1050 accept
        # heartbeats to 192.0.2.1
        add rule inet filter input ip saddr 192.0.2.2 ip daddr 192.0.2.1 udp dport 1050 accept
        # the sync daemon's connections
        add rule inet filter input iifname "eth0" ip daddr 224.0.0.81 udp dport 8848 accept
        # switches that listen for groups must hear who belongs to them
        add rule inet filter output oifname "eth0" ip protocol igmp accept
        == This page
        -- iptables (RHEL 5 to 7: then `service iptables save`)
        # the web page
        iptables -A INPUT -p tcp -s TRUSTED --dport 3636 -j ACCEPT
        -- nftables: lines for `nft -f`; your table and chain may have other names
        # the web page
        add rule inet filter input ip saddr TRUSTED tcp dport 3636 accept
        == The services
        -- iptables (RHEL 5 to 7: then `service iptables save`)
        # web
        iptables -A INPUT -d 192.0.2.10 -p tcp --dport 80 -j ACCEPT
        -- nftables: lines for `nft -f`; your table and chain may have other names
        # web
        add rule inet filter input ip daddr 192.0.2.10 tcp dport 80 accept
        == Firewall marks
        -- iptables (RHEL 5 to 7: then `service iptables save`)
        # mark 21
        iptables -t mangle -A PREROUTING -d 192.0.2.11 -p tcp -m multiport --dports 20,21,10000:20000 -j MARK --set-mark 21
        -- nftables: lines for `nft -f`; your table and chain may have other names
        # mark 21
        add rule inet mangle prerouting ip daddr 192.0.2.11 tcp dport { 20,21,10000-20000 } meta mark set 21
        == FTP
        -- Both routers, as root (and in /etc/modules-load.d/lvs.conf)
        modprobe nf_conntrack_ftp
        -- Real servers: vsftpd.conf
        pasv_min_port=10000
        pasv_max_port=20000
        "#);
    }

    #[test]
    fn with_nat_answers_to_active_transfers_need_no_mark() {
        let text = as_text(&firewall::recipes(&config(&FILE.replace("direct", "nat")), 3636));
        assert!(text.contains("--dports 21,10000:20000 ") && text.contains("modprobe ip_vs_ftp\n"), "{text}");
    }

    #[test]
    fn a_file_without_anything_has_no_empty_steps() {
        let recipes = firewall::recipes(&lvs_cf::Config::default(), 3636);
        assert!(
            recipes.iter().all(|recipe| recipe.steps.iter().all(|step| !step.text.is_empty())),
            "{recipes:?}"
        );
        assert!(real_server::all(&lvs_cf::Config::default()).is_empty());
    }
}
