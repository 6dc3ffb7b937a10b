//! A large `lvs.cf` with what the web tool writes into every section.

use std::net::Ipv4Addr;

use lab::lvs_cf::{LvsCf, VirtualServer};
use lvs_cf::Config;
use lvs_cf::system::System;

/// A file of so many virtual servers with so many real servers each, direct routing.
pub(crate) fn file(virtual_servers: u16, real_servers: u8) -> LvsCf {
    let mut file = LvsCf::default()
        .with("serial_no", "40")
        .with("primary", "192.168.26.9")
        .with("service", "lvs")
        .with("heartbeat", "0")
        .with("network", "direct")
        .with("debug_level", "NONE");
    file.virtual_servers = (0..virtual_servers).map(|number| virtual_server(number, real_servers)).collect();
    file
}

fn virtual_server(number: u16, real_servers: u8) -> VirtualServer {
    let [high, low] = number.to_be_bytes();
    let mut section = VirtualServer::new(&format!("web{number}"))
        .with("active", "1")
        .with("address", &format!("{} eth0:{number}", Ipv4Addr::new(198, 18, high, low)))
        .with("vip_nmask", "255.255.255.0")
        .with("port", "80")
        .with("send", "\"GET / HTTP/1.0\\r\\n\\r\\n\"")
        .with("expect", "\"HTTP\"")
        .with("load_monitor", "none")
        .with("scheduler", "wlc")
        .with("protocol", "tcp")
        .with("timeout", "6")
        .with("reentry", "15")
        .with("quiesce_server", "0");
    for last in 1..=real_servers {
        section.add(&format!("real{last}"), &Ipv4Addr::new(10, high, low, last).to_string());
    }
    section
}

/// What lvsd reads from a file.
pub(crate) fn parse(text: &str) -> Config {
    Config::parse(text.as_bytes(), &System::default()).expect("a file without a mistake").config
}
