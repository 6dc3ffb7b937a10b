//! The table as the kernel writes it for everybody, in `/proc/net/ip_vs`: no right is needed to read that, but it holds
//! less than netlink tells, and other notations.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::{
    Destination, DestinationKey, DestinationStatistics, Family, ForwardingMethod, Info, Persistence,
    PersistenceMask, Protocol, Scheduler, Service, ServiceKey, ServiceStatistics, Snapshot, Tunnel,
};

/// Lines before the first virtual server: version, and two of column heads.
const HEAD: usize = 3;

/// A line that is none of the kernel's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the kernel's IPVS table makes no sense: {text:?}")]
pub struct UnknownLine {
    /// Counted from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
}

impl Snapshot {
    /// Understands the text of `/proc/net/ip_vs`. The kernel writes the time-outs of persistence in its own ticks, of which
    /// `ticks` are a second.
    ///
    /// What the text does not tell is as in a new entry: thresholds, kinds of tunnels, persistence engines, all of the
    /// traffic. A service by firewall mark is of the family of its
    /// real servers, of IPv4 if they are of both.
    ///
    /// # Errors
    /// [`UnknownLine`], the first.
    pub fn from_kernel_text(text: &str, ticks: NonZeroU32) -> Result<Snapshot, UnknownLine> {
        let mut lines = text.lines().enumerate();
        let mut snapshot =
            Snapshot { info: text.lines().next().and_then(info).unwrap_or_default(), ..Snapshot::default() };
        let mut group: Option<Group> = None;
        for (place, line) in lines.by_ref().skip(HEAD) {
            let unknown = || UnknownLine { line: place + 1, text: line.chars().take(200).collect() };
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            if let ["->", rest @ ..] = words.as_slice() {
                let read = destination(rest).ok_or_else(unknown)?;
                group.as_mut().ok_or_else(unknown)?.destinations.push(read);
            } else if !words.is_empty()
                && let Some(complete) = group.replace(Group::read(&words, ticks).ok_or_else(unknown)?)
            {
                complete.put_into(&mut snapshot);
            }
        }
        if let Some(complete) = group {
            complete.put_into(&mut snapshot);
        }
        Ok(snapshot)
    }
}

/// A service and the real servers below it.
struct Group {
    at: At,
    service: Service,
    /// As in [`PersistenceMask`], before the family is known.
    mask: u32,
    destinations: Vec<(DestinationKey, Destination, DestinationStatistics)>,
}

enum At {
    Address(Protocol, IpAddr, u16),
    Mark(NonZeroU32),
}

impl Group {
    /// `TCP  C0A81A0A:0050 wlc ops persistent 30000 FFFFFFFF`, `FWM  00000007 rr `
    fn read(words: &[&str], ticks: NonZeroU32) -> Option<Group> {
        let [kind, at, scheduler, flags @ ..] = words else { return None };
        let at = match *kind {
            "FWM" => At::Mark(NonZeroU32::new(hexadecimal(at, 8)?)?),
            name => {
                let (address, port) = address(at)?;
                At::Address(protocol(name)?, address, port)
            }
        };
        let mut service = Service::new(Scheduler::new(scheduler).ok()?);
        let (one_packet, flags) = match flags {
            ["ops", rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        service.one_packet = one_packet;
        let mask = match flags {
            [] => 0,
            ["persistent", timeout, mask] => {
                let timeout: u32 = timeout.parse().ok()?;
                service.persistence = Some(Persistence {
                    timeout: Duration::from_secs(u64::from(timeout / ticks)),
                    mask: PersistenceMask::single_client(Family::V4),
                    engine: None,
                });
                hexadecimal(mask, 8)?
            }
            _ => return None,
        };
        Some(Group { at, service, mask, destinations: Vec::new() })
    }

    fn put_into(mut self, snapshot: &mut Snapshot) {
        let key = self.key(snapshot);
        if let Some(persistence) = &mut self.service.persistence {
            persistence.mask = mask(key.family(), self.mask);
        }
        let server = snapshot.table.insert(key, self.service);
        let mut counted = ServiceStatistics::default();
        for (at, destination, statistics) in self.destinations {
            server.destinations.insert(at, destination);
            counted.destinations.insert(at, statistics);
        }
        snapshot.statistics.insert(key, counted);
    }

    fn key(&self, snapshot: &Snapshot) -> ServiceKey {
        match self.at {
            At::Address(protocol, address, port) => ServiceKey::Address { protocol, address, port },
            At::Mark(mark) => {
                // A tunnel may lead through the other family.
                let families = || self.destinations.iter().map(|(at, ..)| Family::of(at.address));
                let first = families().min();
                let of = |family| ServiceKey::Mark { family, mark };
                match first {
                    Some(family) => of(family),
                    None if snapshot.table.services.contains_key(&of(Family::V4)) => of(Family::V6),
                    None => of(Family::V4),
                }
            }
        }
    }
}

/// `IP Virtual Server version 1.2.1 (size=4096)`
fn info(line: &str) -> Option<Info> {
    let (version, size) = line.strip_prefix("IP Virtual Server version ")?.split_once(" (size=")?;
    let mut parts = version.splitn(3, '.').map(str::parse);
    let version = [parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?];
    Some(Info { version, connection_table_size: size.strip_suffix(')')?.parse().ok()? })
}

/// `0A000001:0050      Route   1      0          0`
fn destination(words: &[&str]) -> Option<(DestinationKey, Destination, DestinationStatistics)> {
    let [at, method, weight, active, inactive] = words else { return None };
    let (address, port) = address(at)?;
    // The kernel prints a weight and counts as signed numbers.
    let count = |word: &str| word.parse::<i64>().ok().map(|count| u32::try_from(count).unwrap_or(0));
    let statistics = DestinationStatistics {
        active_connections: count(active)?,
        inactive_connections: count(inactive)?,
        ..DestinationStatistics::default()
    };
    Some((
        DestinationKey { address, port },
        Destination::new(forwarding(method)?, count(weight)?),
        statistics,
    ))
}

fn forwarding(name: &str) -> Option<ForwardingMethod> {
    Some(match name {
        "Masq" => ForwardingMethod::Masquerade,
        "Route" => ForwardingMethod::DirectRoute,
        "Tunnel" => ForwardingMethod::Tunnel(Tunnel::Ipip),
        "Local" => ForwardingMethod::Local,
        "Bypass" => ForwardingMethod::Bypass,
        _ => return None,
    })
}

fn protocol(name: &str) -> Option<Protocol> {
    Some(match name {
        "TCP" => Protocol::Tcp,
        "UDP" => Protocol::Udp,
        "SCTP" => Protocol::Sctp,
        other => Protocol::Other(other.strip_prefix("IP_")?.parse().ok()?),
    })
}

/// `C0A81A0A:0050`, `[2001:0db8:0000:0000:0000:0000:0000:0010]:0050`
fn address(text: &str) -> Option<(IpAddr, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = u16::try_from(hexadecimal(port, 4)?).ok()?;
    let address = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.into(),
        None => Ipv4Addr::from_bits(hexadecimal(host, 8)?).into(),
    };
    Some((address, port))
}

/// The length of an IPv6 prefix is written as if it were an address, so that its bytes may be the other way round.
fn mask(family: Family, written: u32) -> PersistenceMask {
    match family {
        Family::V4 => PersistenceMask::V4(Ipv4Addr::from_bits(written)),
        Family::V6 => {
            let length = if written <= 128 { written } else { written.swap_bytes() };
            let length = u8::try_from(length).ok().filter(|length| (1..=128).contains(length));
            length.map_or_else(|| PersistenceMask::single_client(family), PersistenceMask::V6)
        }
    }
}

fn hexadecimal(text: &str, digits: usize) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use crate::Snapshot;

    const TEXT: &str = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
FWM  00000007 rr persistent 30000 FFFFFF00
  -> 0A000003:0000      Masq    1      0          2         
UDP  C0A81A0A:0035 rr ops 
TCP  [2001:0db8:0000:0000:0000:0000:0000:0010]:0019 wlc persistent 7500 40000000
  -> [2001:0db8:0000:0000:0000:0000:0000:0011]:0019      Tunnel  5      1          0         
TCP  C0A81A0A:0050 wlc persistent 75000 FFFFFFFF
  -> 0A000002:0050      Route   0      0          0         
  -> 0A000001:0050      Route   100    17         230       
FWM  00000008 sh 
  -> [2001:0db8:0000:0000:0000:0000:0000:0012]:0000      Local   1      0          0         
";

    fn understood(text: &str) -> Result<String, String> {
        let ticks = NonZeroU32::new(250).unwrap();
        let read = Snapshot::from_kernel_text(text, ticks).map_err(|error| error.to_string());
        read.map(|snapshot| snapshot.to_string())
    }

    #[test]
    fn the_kernels_text_is_listed_as_ipvsadm_lists_it() {
        insta::assert_snapshot!(understood(TEXT).unwrap().replace(' ', "."), @"
        IP.Virtual.Server.version.1.2.1.(size=4096)
        Prot.LocalAddress:Port.Scheduler.Flags
        ..->.RemoteAddress:Port...........Forward.Weight.ActiveConn.InActConn
        TCP..192.168.26.10:80.wlc.persistent.300
        ..->.10.0.0.1:80..................Route...100....17.........230.......
        ..->.10.0.0.2:80..................Route...0......0..........0.........
        UDP..192.168.26.10:53.rr.ops
        TCP..[2001:db8::10]:25.wlc.persistent.30.mask.64
        ..->.[2001:db8::11]:25............Tunnel..5......1..........0.........
        FWM..7.rr.persistent.120.mask.255.255.255.0
        ..->.10.0.0.3:0...................Masq....1......0..........2.........
        FWM..8.IPv6.sh
        ..->.[2001:db8::12]:0.............Local...1......0..........0.........
        ");
    }

    #[test]
    fn another_line_is_named() {
        insta::assert_snapshot!(understood(&TEXT.replace("wlc persistent 75000", "wlc sticky 75000")).unwrap_err(), @r#"line 9 of the kernel's IPVS table makes no sense: "TCP  C0A81A0A:0050 wlc sticky 75000 FFFFFFFF""#);
        let orphan = TEXT.replace("FWM  00000007 rr persistent 30000 FFFFFF00\n", "");
        insta::assert_snapshot!(understood(&orphan).unwrap_err(), @r#"line 4 of the kernel's IPVS table makes no sense: "  -> 0A000003:0000      Masq    1      0          2         ""#);
        assert!(understood("").is_ok_and(|text| text.lines().count() == 3));
    }

    proptest! {
        #[test]
        fn any_text_is_safe(lines in prop::collection::vec("(TCP|FWM|UDP|  ->)? {0,2}[0-9A-F:\\[\\]]{0,14} ?(wlc|Masq|persistent|é)? ?[-0-9]{0,12} ?[0-9F]{0,9} ?[0-9]{0,3}", 0..9)) {
            let text = format!("a\nb\nc\n{}", lines.join("\n"));
            let _ = understood(&text);
        }
    }
}
