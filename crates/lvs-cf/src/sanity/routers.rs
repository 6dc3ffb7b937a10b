//! The two routers, their heartbeat and the global settings.

use std::time::Duration;

use crate::config::Config;
use crate::fixed::{ForwardingMethod, HeartbeatAuth};
use crate::outline::Block;
use crate::sanity::Findings;
use crate::time::Time;
use crate::warning::Warning;

pub(super) fn check(config: &Config, file: &Block, findings: &mut Findings<'_>) {
    heartbeat(config, file, findings);
    announcing(config, file, findings);
    private_link(file, findings);
    backup(config, file, findings);
    kernel_settings(config, file, findings);
    nat_router(config, file, findings);
}

fn heartbeat(config: &Config, file: &Block, findings: &mut Findings<'_>) {
    if config.heartbeat_port_number().is_none() {
        let message =
            || format!("{} is no UDP port: pulse refuses anything outside 1 to 65535", config.heartbeat_port);
        findings.value(Warning::HeartbeatPortRange, file, "heartbeat_port", message);
    }
    if matches!(config.keepalive, Time::Seconds(..1)) {
        let message = || "heartbeats cannot be less than one second apart here: this counts as 1".into();
        findings.value(Warning::KeepaliveRange, file, "keepalive", message);
    }
    if file.in_force("keepalive").or(file.in_force("deadtime")).is_some() {
        deadtime(config, file, findings);
    }
    if config.heartbeat_auth != HeartbeatAuth::Off && config.heartbeat_key_file.is_none() {
        let message = || "heartbeats cannot be signed without `heartbeat_key_file`".into();
        findings.value(Warning::AuthWithoutKey, file, "heartbeat_auth", message);
    }
}

fn announcing(config: &Config, file: &Block, findings: &mut Findings<'_>) {
    let every = config.announce_refresh.unwrap_or_default();
    if !every.is_zero() && every < Duration::from_secs(1) {
        let message = || {
            format!(
                "every {every:?} is a load for every host of the network: this counts as 1 s; a minute is usual"
            )
        };
        findings.value(Warning::RefreshRange, file, "announce_refresh", message);
    }
}

fn deadtime(config: &Config, file: &Block, findings: &mut Findings<'_>) {
    let (interval, dead) = (config.heartbeat_interval(), config.deadtime.duration());
    let keyword = if file.in_force("deadtime").is_some() { "deadtime" } else { "keepalive" };
    if dead <= interval {
        let counts = interval * 3;
        let message = || {
            format!(
                "deadtime {dead:?} is not above keepalive {interval:?}: both routers would be active in turn; {counts:?} is used"
            )
        };
        findings.value(Warning::DeadtimeTooShort, file, keyword, message);
    } else if dead < interval * 3 {
        let message = || {
            format!(
                "deadtime {dead:?} is below three times keepalive {interval:?}: one lost heartbeat may cause a takeover"
            )
        };
        findings.value(Warning::DeadtimeShort, file, keyword, message);
    }
}

fn private_link(file: &Block, findings: &mut Findings<'_>) {
    let given = |keyword| file.in_force(keyword).is_some();
    match (given("primary_private"), given("backup_private")) {
        (false, true) if given("primary") => {
            let message = || "ignored, since `primary_private` is not given: `backup` is used".into();
            findings.value(Warning::PrivateIgnored, file, "backup_private", message);
        }
        (false, true) => {
            let message = || "half a private link counts as none: `primary_private` is missing".into();
            findings.value(Warning::PrivateMissing, file, "backup_private", message);
        }
        (true, false) => {
            let message = || "half a private link counts as none: `backup_private` is missing".into();
            findings.value(Warning::PrivateMissing, file, "primary_private", message);
        }
        _ => {}
    }
}

fn backup(config: &Config, file: &Block, findings: &mut Findings<'_>) {
    if config.has_same_routers() {
        let message = || "primary and backup are the same address: pulse refuses that".into();
        findings.value(Warning::SameRouters, file, "backup", message);
    }
    if config.backup_active && !config.has_backup() {
        let message = || "`backup` has no address: pulse clears `backup_active`".into();
        findings.value(Warning::BackupWithoutAddress, file, "backup_active", message);
    }
    if config.has_backup() && !config.monitors_links() && config.private_link().is_none() {
        let message = || {
            "with a single heartbeat link and links unwatched, a dead link goes unnoticed: set `monitor_links = 1`, \
             or add private addresses"
                .into()
        };
        findings.value(Warning::LinksUnwatched, file, "monitor_links", message);
    }
}

fn kernel_settings(config: &Config, file: &Block, findings: &mut Findings<'_>) {
    if u8::try_from(config.syncd_id).is_err() {
        let message = || format!("outside 0 to 255: {} is used", config.syncd_group());
        findings.value(Warning::SyncdIdRange, file, "syncd_id", message);
    }
    let deadtime = if let Time::Seconds(seconds) = config.deadtime { seconds } else { 0 };
    let times = [
        ("deadtime", deadtime),
        ("tcp_timeout", config.tcp_timeout),
        ("tcpfin_timeout", config.tcpfin_timeout),
        ("udp_timeout", config.udp_timeout),
    ];
    for (keyword, _) in times.into_iter().filter(|&(_, seconds)| seconds < 0) {
        findings.value(Warning::NegativeTime, file, keyword, || "a time below 0 counts as 0".into());
    }
}

fn nat_router(config: &Config, file: &Block, findings: &mut Findings<'_>) {
    let balancing = config.virtual_servers.iter().any(|service| service.active);
    if config.network == ForwardingMethod::Nat && config.nat_router.address.is_none() && balancing {
        let message = || {
            "with NAT, real servers need a floating gateway: give `nat_router = ADDRESS DEVICE`, or another `network`".into()
        };
        findings.value(Warning::NatWithoutRouter, file, "network", message);
    }
    super::services::label(config.nat_router.device.as_ref(), file, "nat_router", findings);
}
