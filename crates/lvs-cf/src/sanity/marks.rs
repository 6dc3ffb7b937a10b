//! Firewall marks: virtual servers with one mark are one service to the kernel, and a client that is not kept with
//! its real server meets another one at the next port.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::config::{Config, VirtualServer};
use crate::outline::{Block, BlockKind};
use crate::sanity::Findings;
use crate::warning::Warning;

type Marked<'a> = (&'a VirtualServer, &'a Block);

pub(super) fn check(config: &Config, file: &Block, findings: &mut Findings<'_>) {
    // The kernel keeps a mark's services of the two address families apart.
    let mut groups: BTreeMap<(u32, bool), Vec<Marked<'_>>> = BTreeMap::new();
    for (service, block) in config.virtual_servers.iter().zip(file.of_kind(BlockKind::Virtual)) {
        if service.active && service.fwmark != 0 {
            let six = service.address.is_some_and(|address| address.is_ipv6());
            groups.entry((service.fwmark, six)).or_default().push((service, block));
        }
    }
    for group in groups.values() {
        look_at(group, findings);
    }
}

fn look_at(group: &[Marked<'_>], findings: &mut Findings<'_>) {
    let Some(&(first, first_block)) = group.first() else { return };
    for &(service, block) in group {
        if persistence_of(service) != persistence_of(first) {
            let message = || {
                format!(
                    "persistence differs from that of the virtual server of line {}, which has the same firewall mark \
                     and counts",
                    first_block.open
                )
            };
            findings.value(Warning::MarkPersistenceDiffers, block, "persistent", message);
        } else if service.persistence().is_none() && group.len() > 1 {
            let message = || {
                "the firewall mark groups several virtual servers without persistence: a client may meet another real \
                 server at each port; set `persistent`"
                    .into()
            };
            findings.value(Warning::MarkWithoutPersistence, block, "fwmark", message);
        } else if service.persistence().is_none() {
            let message = || {
                "if the firewall mark groups several ports, persistence is needed: set `persistent`".into()
            };
            findings.value(Warning::MarkPersistenceAdvised, block, "fwmark", message);
        }
    }
}

/// Time and granularity; the mask says nothing where there is no time.
fn persistence_of(service: &VirtualServer) -> Option<(Duration, Option<IpAddr>)> {
    service.persistence().map(|time| (time, service.pmask))
}
