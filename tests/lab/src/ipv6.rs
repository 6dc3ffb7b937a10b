//! IPv6 beside IPv4 in the arrangement of a [`Pair`].
//!
//! `2001:db8:26::/64` is the public network and `2001:db8:12::/64` the inside one; host numbers are those of IPv4.

use std::net::SocketAddr;

use crate::lvs_cf::VirtualServer;
use crate::machine::Machine;
use crate::pair::{Pair, Routing};

/// The floating address of the web site.
pub const FLOATING: &str = "2001:db8:26::10";
/// The floating address of the way out of the inner network.
pub const NAT_ROUTER: &str = "2001:db8:12::254";
/// The netmask of both networks.
pub const NETMASK: &str = "ffff:ffff:ffff:ffff::";
/// The floating service's name in the kernel's table.
pub const SERVICE: &str = "TCP [2001:db8:26::10]:80";

impl Pair {
    /// Gives every machine its IPv6 addresses and routes.
    pub fn add_ipv6(&self) {
        for (router, number) in [(&self.primary, 9), (&self.backup, 8)] {
            shell(router, "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding\n");
            shell(router, &format!("ip addr add 2001:db8:26::{number}/64 dev eth0 nodad\n"));
            if self.routing == Routing::Nat {
                shell(router, &format!("ip addr add 2001:db8:12::24{number}/64 dev eth1 nodad\n"));
            }
        }
        shell(&self.client, "ip addr add 2001:db8:26::100/64 dev eth0 nodad\n");
        for (server, number) in self.real_servers.iter().zip(1..) {
            let own = format!("ip addr add {}/64 dev eth0 nodad\n", self.real_ipv6(number));
            // An address on `lo` is not announced on the network: IPv6 knows addresses by device.
            let way_out = match self.routing {
                Routing::Nat => format!("ip route add default via {NAT_ROUTER}\n"),
                Routing::Direct | Routing::Tunnel => format!("ip addr add {FLOATING}/128 dev lo nodad\n"),
            };
            shell(server, &(own + &way_out));
        }
    }

    /// Lets the real servers take packets of either family out of packets of either family, which are addressed to their
    /// IPv4 or IPv6 address.
    ///
    /// # Panics
    ///
    /// If [`add_ipv6`](Self::add_ipv6) was not called, or the kernel lacks `sit` or `ip6_tunnel`.
    pub fn open_tunnels(&self) {
        for (server, number) in self.real_servers.iter().zip(1..) {
            let (four, six) = (self.real_address(number), self.real_ipv6(number));
            let lines = format!(
                "ip link add six-in-four type sit local {four} remote any\n\
                 ip link add any-in-six type ip6tnl mode any local {six} remote ::\n\
                 for device in six-in-four any-in-six; do\n\
                 \x20   ip link set $device up\n\
                 \x20   echo 0 > /proc/sys/net/ipv4/conf/$device/rp_filter\n\
                 done\n"
            );
            shell(server, &lines);
        }
    }

    /// The IPv6 floating address and port of the web site.
    pub fn floating_ipv6(&self) -> SocketAddr {
        format!("[{FLOATING}]:80").parse().expect("an address and a port")
    }

    /// The IPv6 address of the real server with this number, from 1.
    pub fn real_ipv6(&self, number: usize) -> String {
        match self.routing {
            Routing::Nat => format!("2001:db8:12::{number}"),
            Routing::Direct | Routing::Tunnel => format!("2001:db8:26::{number}"),
        }
    }

    /// The virtual server `web` in IPv6: `six`, with every real server's IPv6 address.
    pub fn six(&self) -> VirtualServer {
        let mut six = self.web().named("six").with("vip_nmask", NETMASK);
        six.set("address", &format!("{FLOATING} eth0"));
        for (number, machine) in self.real_servers.iter().enumerate() {
            six.real_server(machine.name()).set("address", &self.real_ipv6(number + 1));
        }
        six
    }
}

fn shell(machine: &Machine, lines: &str) {
    machine.run("sh", &["-e", "-c", lines]).expect_success();
}
