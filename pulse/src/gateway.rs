//! Whether this router sees its gateway (specification pulse.md 20.3): a service of the partner that does not answer may
//! be this router's own fault.

use std::fs::File;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::aside;

/// The kernel's IPv4 routes (proc(5)), the default route first.
const ROUTES: &str = "/proc/net/route";
/// Its IPv6 routes.
const ROUTES_IPV6: &str = "/proc/net/ipv6_route";
/// So much is read of either: a router may have a million routes.
const LONGEST: u64 = 64 * 1024;
const PING: &str = "/bin/ping";
const ATTEMPTS: u32 = 3;
/// ping itself waits for one second.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Asks the gateway of the default route, up to three times. Without one nobody answers. `public` is this router's
/// address on the public link: the gateway is of its family.
pub(crate) async fn answers(public: IpAddr) -> bool {
    let gateway = match public {
        IpAddr::V4(_) => default_gateway(&beginning(ROUTES)),
        IpAddr::V6(_) => default_gateway_ipv6(&beginning(ROUTES_IPV6)),
    };
    let Some(gateway) = gateway else {
        tracing::debug!("there is no default route: the network counts as failed");
        return false;
    };
    for _ in 0..ATTEMPTS {
        if is_answered(&gateway).await {
            return true;
        }
    }
    tracing::debug!("the gateway {gateway} has not answered {ATTEMPTS} times");
    false
}

/// Nothing of a file that cannot be read: then there are no such routes.
fn beginning(file: &str) -> String {
    let mut text = String::new();
    let read = File::open(file).and_then(|routes| routes.take(LONGEST).read_to_string(&mut text));
    read.map(|_| text).unwrap_or_default()
}

async fn is_answered(gateway: &str) -> bool {
    let mut ping = Command::new(PING);
    ping.args(["-n", "-c", "1", "-w", "1", gateway]);
    ping.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    match aside::start(ping).await {
        Ok(mut child) => {
            timeout(PATIENCE, child.wait()).await.is_ok_and(|status| status.is_ok_and(|it| it.success()))
        }
        Err(reason) => {
            tracing::error!(
                "cannot execute {PING}: {reason}; without it no failed service moves: install it"
            );
            false
        }
    }
}

/// The gateway of the default route with the lowest metric.
fn default_gateway(routes: &str) -> Option<String> {
    let gateways = routes.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, destination, gateway, _, _, _, metric, mask, ..] = words[..] else { return None };
        // In the order of bytes of this machine.
        let gateway = u32::from_str_radix(gateway, 16).ok()?.to_ne_bytes();
        let is_default = destination == "00000000" && mask == "00000000" && gateway != [0; 4];
        is_default.then_some((metric.parse::<u32>().ok()?, Ipv4Addr::from(gateway)))
    });
    gateways.min().map(|(_, gateway)| gateway.to_string())
}

/// The same of IPv6; one that is known on its link only is named with the device.
fn default_gateway_ipv6(routes: &str) -> Option<String> {
    let gateways = routes.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [destination, length, _, _, gateway, metric, _, _, _, device] = words[..] else { return None };
        let address = |digits| u128::from_str_radix(digits, 16).ok().map(Ipv6Addr::from);
        let gateway = address(gateway).filter(|gateway| !gateway.is_unspecified())?;
        let is_default = length == "00" && address(destination)?.is_unspecified();
        is_default.then_some((u32::from_str_radix(metric, 16).ok()?, gateway, device))
    });
    gateways.min().map(|(_, gateway, device)| {
        if gateway.is_unicast_link_local() { format!("{gateway}%{device}") } else { gateway.to_string() }
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::{default_gateway, default_gateway_ipv6};

    const HEAD: &str =
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    fn route(destination: &str, gateway: Ipv4Addr, metric: u32) -> String {
        let gateway = u32::from_ne_bytes(gateway.octets());
        format!("eth0\t{destination}\t{gateway:08X}\t0003\t0\t0\t{metric}\t{destination}\t0\t0\t0\n")
    }

    #[test]
    fn the_gateway_is_that_of_the_default_route_with_the_lowest_metric() {
        let [one, two, none] = [[192, 0, 2, 1], [192, 0, 2, 2], [0; 4]].map(Ipv4Addr::from);
        let routes = [HEAD, &route("00FFFFFF", one, 0), &route("00000000", none, 0)].concat();
        assert_eq!(default_gateway(&routes), None);
        let routes = [&routes, &*route("00000000", one, 20), &route("00000000", two, 10)].concat();
        assert_eq!(default_gateway(&routes), Some(two.to_string()));
        for broken in ["", "\n\n", "a b c\nx 00000000 zz 1 1 1 1 00000000"] {
            assert_eq!(default_gateway(broken), None);
        }
    }

    #[test]
    fn the_gateway_of_ipv6_is_found_likewise() {
        let route = |destination: &str, gateway: &str, metric: &str| {
            let none = "0".repeat(32);
            format!("{destination} {none} 00 {gateway} {metric} 00000001 00000000 00000003     eth0\n")
        };
        let default = format!("{} 00", "0".repeat(32));
        let [global, local] = ["20010db8000000000000000000000001", "fe800000000000000000000000000001"];
        let network = route("20010db8000000000000000000000000 40", global, "00000001");
        let routes = [&network, &*route(&default, &"0".repeat(32), "ffffffff")].concat();
        assert_eq!(default_gateway_ipv6(&routes), None);
        let routes = [&routes, &*route(&default, local, "00000400")].concat();
        assert_eq!(default_gateway_ipv6(&routes).as_deref(), Some("fe80::1%eth0"));
        let routes = [&routes, &*route(&default, global, "00000100")].concat();
        assert_eq!(default_gateway_ipv6(&routes).as_deref(), Some("2001:db8::1"));
    }
}
