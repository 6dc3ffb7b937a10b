//! Any bytes as `.htaccess`, seen by a client of any address: nothing panics, a line that is not understood lets nobody
//! in but loopback, and an IPv4 client is the same in IPv6 clothes.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use access::{Decision, htaccess};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u32, String, &[u8])| {
    let (client, name, bytes) = input;
    let client = Ipv4Addr::from_bits(client);
    let rules = htaccess::parse(bytes);
    let decide = |client: IpAddr| rules.decide(client, &mut |_: IpAddr| vec![name.clone()]);
    let decision = decide(client.into());
    assert_eq!(decision, decide(client.to_ipv6_mapped().into()));
    assert!(rules.faults().is_empty() || (decision == Decision::Allowed) == client.is_loopback());
});
