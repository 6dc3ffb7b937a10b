//! NAT: answers must go back through the router that serves.

use lvs_cf::Config;

use super::Recipe;
use super::real_server::RealServersSide;

pub(crate) fn recipes(config: &Config, side: &RealServersSide) -> Vec<Recipe> {
    let router =
        config.nat_router.address.map_or_else(|| "NAT_ROUTER_IP".to_owned(), |address| address.to_string());
    let missing = if config.nat_router.address.is_none() {
        " The file names no NAT router address yet: fill it in on GLOBAL SETTINGS; both routers hand it over as they do \
         the others."
    } else {
        ""
    };
    vec![
        Recipe::new(
            format!("Default gateway {router}"),
            format!(
                "Answers of {} must go through the router that serves: its gateway is the floating NAT router address, \
                 never a router's own one. Nothing else is needed here; floating addresses stay on the routers.{missing}",
                side.address
            ),
        )
        .step("Now, as root", vec![format!("ip route replace default via {router}")])
        .step("Debian, Ubuntu with ifupdown: in the interface's stanza", vec![format!("    gateway {router}")])
        .step(
            "RHEL 8 and later, Fedora (NetworkManager)",
            vec![format!("nmcli connection modify NAME ipv4.gateway {router}"), "nmcli connection up NAME".to_owned()],
        )
        .step("RHEL 5 to 7: in ifcfg-DEVICE", vec![format!("GATEWAY={router}")])
        .step("systemd-networkd: in [Network]", vec![format!("Gateway={router}")]),
        Recipe::new(
            "Clients in the real server's own network",
            "An answer to a client in the same network would go there directly, and be refused: the client waits for one \
             from the floating address. Give such answers the router as their way, too.",
        )
        .step("Now, as root (NETWORK/BITS: that network, DEVICE: its device)", vec![format!("ip route replace NETWORK/BITS via {router} dev DEVICE onlink")]),
        Recipe::new("On both routers", "They must forward what is not for them.")
            .step("Now, as root", vec!["sysctl -w net.ipv4.ip_forward=1".to_owned()])
            .step("After a restart: /etc/sysctl.d/90-lvs.conf", vec!["net.ipv4.ip_forward = 1".to_owned()]),
    ]
}
