//! Takes back what one guide has told, so that another one finds what it expects.

use super::desk::Desk;

/// Real servers know nothing of the floating address any more.
pub(super) fn real_servers(desk: &Desk) {
    let commands = "for device in lo eth0 tunl0; do ip address del 192.168.26.10/32 dev $device 2>/dev/null || true; done\n\
                    sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0\n\
                    arptables -F; iptables -t nat -F\n";
    for machine in &desk.real_servers {
        machine.run("sh", &["-ec", commands]).expect_success();
    }
}

/// No router has a key.
pub(super) fn heartbeat_key(desk: &Desk) {
    for router in [&desk.router_a, &desk.router_b] {
        router.run("rm", &["-f", "/etc/sysconfig/ha/heartbeat.key"]).expect_success();
    }
}
