//! The kernel's IPVS table, read from `/proc/net/ip_vs`: nothing here knows the code that wrote it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A virtual service of the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `TCP 192.168.26.10:80`, `TCP [2001:db8::10]:80`, `UDP ...` or `FWM 3` (of either family).
    pub name: String,
    /// Scheduler.
    pub scheduler: String,
    /// Flags: persistence with its time-out and mask.
    pub flags: String,
    /// Real servers, in the kernel's order.
    pub destinations: Vec<Destination>,
}

/// A real server of a virtual service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// `192.168.26.1:80`
    pub address: String,
    /// `Route`, `Masq`, `Tunnel` or `Local`.
    pub forward: String,
    /// Weight.
    pub weight: u32,
    /// Established connections.
    pub active: u32,
    /// Other connections.
    pub inactive: u32,
}

/// The whole table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table(
    /// Virtual services, in the kernel's order.
    pub Vec<Service>,
);

impl Table {
    /// The service of this name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.0.iter().find(|service| service.name == name)
    }

    /// Weight of the real server `address` in the service of this name, if both are there.
    pub fn weight(&self, service: &str, address: &str) -> Option<u32> {
        let destinations = &self.service(service)?.destinations;
        destinations
            .iter()
            .find(|destination| destination.address == address)
            .map(|destination| destination.weight)
    }

    /// The lines of the table, sorted, without connection counts: two tables with the same meaning give the same text.
    pub fn sorted(&self) -> String {
        let mut services: Vec<String> = self.0.iter().map(Service::sorted).collect();
        services.sort();
        services.concat()
    }
}

impl Service {
    fn sorted(&self) -> String {
        let mut lines: Vec<String> = self.destinations.iter().map(|real| format!("  -> {real}\n")).collect();
        lines.sort();
        let head = format!("{} {} {}", self.name, self.scheduler, self.flags);
        format!("{}\n{}", head.trim_end(), lines.concat())
    }
}

/// As in [`Table::sorted`].
impl fmt::Display for Service {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sorted())
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.address, self.forward, self.weight)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sorted())
    }
}

/// Reads the kernel's text.
pub(crate) fn parse(text: &str) -> Table {
    let mut services: Vec<Service> = Vec::new();
    for line in text.lines().skip(3) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["->", address, forward, weight, active, inactive] => {
                let Some(service) = services.last_mut() else { continue };
                service.destinations.push(Destination {
                    address: readable(address),
                    forward: (*forward).to_owned(),
                    weight: weight.parse().unwrap_or_default(),
                    active: active.parse().unwrap_or_default(),
                    inactive: inactive.parse().unwrap_or_default(),
                });
            }
            [protocol, address, scheduler, flags @ ..] => services.push(Service {
                name: format!(
                    "{protocol} {}",
                    if *protocol == "FWM" { mark(address) } else { readable(address) }
                ),
                scheduler: (*scheduler).to_owned(),
                flags: flags.join(" "),
                destinations: Vec::new(),
            }),
            _ => {}
        }
    }
    Table(services)
}

/// `C0A81A0A:0050` as `192.168.26.10:80`, `[2001:0db8:0000:0000:0000:0000:0000:0001]:0050` as `[2001:db8::1]:80`.
fn readable(address: &str) -> String {
    socket_address(address).map_or_else(|| address.to_owned(), |address| address.to_string())
}

fn socket_address(address: &str) -> Option<SocketAddr> {
    let (host, port) = address.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => IpAddr::V6(host.parse().ok()?),
        None => IpAddr::V4(u32::from_str_radix(host, 16).ok()?.into()),
    };
    Some(SocketAddr::new(host, port))
}

fn mark(text: &str) -> String {
    u32::from_str_radix(text, 16).map_or_else(|_| text.to_owned(), |mark| mark.to_string())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_kernels_text_becomes_a_table() {
        let table = parse(
            "IP Virtual Server version 1.2.1 (size=4096)\n\
             Prot LocalAddress:Port Scheduler Flags\n\
             \x20 -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n\
             FWM  0000000A wlc \n\
             TCP  C0A81A0A:0050 rr persistent 360 FFFFFF00\n\
             \x20 -> C0A81A02:0050      Route   2      1          4\n\
             \x20 -> C0A81A01:0050      Route   1      0          0\n",
        );
        assert_eq!(
            table.sorted(),
            "FWM 10 wlc\nTCP 192.168.26.10:80 rr persistent 360 FFFFFF00\n  -> 192.168.26.1:80 Route 1\n  -> 192.168.26.2:80 Route 2\n"
        );
        assert_eq!(table.weight("TCP 192.168.26.10:80", "192.168.26.2:80"), Some(2));
    }

    #[test]
    fn addresses_of_both_families_are_readable() {
        let table = parse(
            "IP Virtual Server version 1.2.1 (size=4096)\n\
             Prot LocalAddress:Port Scheduler Flags\n\
             \x20 -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n\
             TCP  [2001:0db8:0026:0000:0000:0000:0000:0010]:0050 rr persistent 60 40000000\n\
             \x20 -> [2001:0db8:0026:0000:0000:0000:0000:0001]:0050      Route   1      0          0\n\
             \x20 -> C0A81A01:0050      Tunnel  1      0          0\n",
        );
        assert_eq!(
            table.sorted(),
            "TCP [2001:db8:26::10]:80 rr persistent 60 40000000\n  -> 192.168.26.1:80 Tunnel 1\n  -> [2001:db8:26::1]:80 Route 1\n"
        );
    }
}
