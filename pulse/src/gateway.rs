//! Whether this router sees its gateway (specification pulse.md 20.3): a service of the partner that does not answer may
//! be this router's own fault.

use std::fs;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// The kernel's IPv4 routes (proc(5)).
const ROUTES: &str = "/proc/net/route";
const PING: &str = "/bin/ping";
const ATTEMPTS: u32 = 3;
/// ping itself waits for one second.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Asks the gateway of the default route, up to three times. Without one nobody answers.
pub(crate) async fn answers() -> bool {
    let routes = fs::read_to_string(ROUTES).unwrap_or_default();
    let Some(gateway) = default_gateway(&routes) else {
        tracing::debug!("there is no default route: the network counts as failed");
        return false;
    };
    for _ in 0..ATTEMPTS {
        if is_answered(gateway).await {
            return true;
        }
    }
    tracing::debug!("the gateway {gateway} has not answered {ATTEMPTS} times");
    false
}

async fn is_answered(gateway: Ipv4Addr) -> bool {
    let mut ping = Command::new(PING);
    ping.args(["-n", "-c", "1", "-w", "1"]).arg(gateway.to_string());
    ping.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    match ping.spawn() {
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
fn default_gateway(routes: &str) -> Option<Ipv4Addr> {
    let gateways = routes.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, destination, gateway, _, _, _, metric, mask, ..] = words[..] else { return None };
        // In the order of bytes of this machine.
        let gateway = u32::from_str_radix(gateway, 16).ok()?.to_ne_bytes();
        let is_default = destination == "00000000" && mask == "00000000" && gateway != [0; 4];
        is_default.then_some((metric.parse::<u32>().ok()?, Ipv4Addr::from(gateway)))
    });
    gateways.min().map(|(_, gateway)| gateway)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::default_gateway;

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
        assert_eq!(default_gateway(&routes), Some(two));
        for broken in ["", "\n\n", "a b c\nx 00000000 zz 1 1 1 1 00000000"] {
            assert_eq!(default_gateway(broken), None);
        }
    }
}
