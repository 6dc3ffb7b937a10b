//! The pages of virtual servers, real servers and failover services, and what they do to the file.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "../web/mod.rs"]
mod web;

mod failover;
mod monitoring_scripts;
mod real_servers;
mod virtual_server;
mod virtual_servers;

/// The lines that differ: `-` is gone, `+` is new.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let mut lines = Vec::new();
    let mut rest = &new[..];
    for line in old {
        match rest.iter().position(|other| *other == line) {
            Some(at) => {
                lines.extend(rest[..at].iter().map(|line| format!("+{line}")));
                rest = &rest[at + 1..];
            }
            None => lines.push(format!("-{line}")),
        }
    }
    lines.extend(rest.iter().map(|line| format!("+{line}")));
    lines.join("\n")
}

/// Two virtual servers, comments, and what the original would not keep.
const HOUSE: &str = "\
# The house's { routers }
serial_no = 7
primary = 192.0.2.10
service = lvs
network = direct
hard_shutdown = 0

virtual web {
\t# the shop
\tactive\t= 1
\taddress = 192.0.2.80  eth0:1
\tport = 80
\tsend = \"GET / HTTP/1.0\\r\\n\\r\\n\"
\tclient_monitor = /usr/sbin/nanny
\tserver one {
\t\taddress = 10.0.0.1
\t\tactive = 1
\t\tweight = 1
\t}
\tserver two {
\t\taddress = 10.0.0.2
\t}
}

#% virtual six {
#%     active = 0
#% }

virtual mail {
     address = 0.0.0.0 eth0:2
     port = 25
     scheduler = lc
}
";
