//! Firewall marks, which an administrator would set with nftables: here by traffic control, which every machine with `ip` has.

use crate::machine::Machine;

impl Machine {
    /// Marks every TCP packet of either family that comes in by `device` for one of these ports.
    ///
    /// # Panics
    ///
    /// If the kernel lacks `sch_ingress`, `cls_flower` or `act_skbedit`.
    pub fn mark_packets(&self, device: &str, mark: u32, ports: &[u16]) {
        let mut lines = format!("qdisc add dev {device} clsact\n");
        for port in ports {
            for family in ["ip", "ipv6"] {
                lines.push_str(&rule(device, family, *port, mark));
            }
        }
        self.write("/etc/marks", lines);
        self.run("tc", &["-batch", "/etc/marks"]).expect_success();
    }
}

fn rule(device: &str, family: &str, port: u16, mark: u32) -> String {
    format!(
        "filter add dev {device} ingress protocol {family} flower ip_proto tcp dst_port {port} \
         action skbedit mark {mark}\n"
    )
}
