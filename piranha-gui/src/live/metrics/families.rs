//! The names, what they mean, and where their values come from.

use control::overview::{RealServer, VirtualServer};
use control::pulse::{self, State};
use control::status;

use super::{Escaped, Facts};

/// What is measured under one name.
pub(super) struct Family {
    pub(super) name: &'static str,
    /// `gauge` or `counter`.
    pub(super) kind: &'static str,
    pub(super) help: &'static str,
    pub(super) samples: Samples,
}

/// Where the values come from.
pub(super) enum Samples {
    /// Of this router: labels and values, none where nothing is known.
    Router(fn(&Facts) -> Vec<(String, f64)>),
    /// One of each virtual server.
    Virtual(fn(&VirtualServer) -> u64),
    /// One of each real server.
    Real(fn(&RealServer) -> u64),
}

const fn router(name: &'static str, help: &'static str, samples: fn(&Facts) -> Vec<(String, f64)>) -> Family {
    Family { name, kind: "gauge", help, samples: Samples::Router(samples) }
}

const fn virtual_server(name: &'static str, help: &'static str, value: fn(&VirtualServer) -> u64) -> Family {
    Family { name, kind: "gauge", help, samples: Samples::Virtual(value) }
}

const fn real_server(name: &'static str, help: &'static str, value: fn(&RealServer) -> u64) -> Family {
    Family { name, kind: "gauge", help, samples: Samples::Real(value) }
}

const fn counted(family: Family) -> Family {
    Family { kind: "counter", ..family }
}

pub(super) const FAMILIES: &[Family] = &[
    router("piranha_gui_info", "The release of piranha-gui.", |_| {
        vec![(format!("release=\"{}\"", env!("CARGO_PKG_VERSION")), 1.0)]
    }),
    router("piranha_gui_uptime_seconds", "How long piranha-gui has run.", |it| {
        one(Some(it.age.as_secs_f64()))
    }),
    router("piranha_gui_lvsd_answer_seconds", "How long lvsd took for its last answer.", |it| {
        one(it.overview().map(|_| it.reading.took.as_secs_f64()))
    }),
    router("piranha_gui_lvsd_answer_timestamp_seconds", "When lvsd was asked last.", |it| {
        one(Some(seconds(it.reading.at)))
    }),
    router("piranha_pulse_running", "Whether pulse runs.", |it| one(Some(truth(it.running)))),
    router("piranha_lvsd_running", "Whether lvsd answers, which it does on the active router.", |it| {
        one(Some(truth(it.overview().is_some())))
    }),
    router("piranha_router_active", "Whether this router owns the floating addresses.", |it| {
        one(it.status().map(|status| truth(status.state == State::Active)))
    }),
    router("piranha_router_info", "What this router is, and what it does.", |it| {
        it.status().map_or_else(Vec::new, |status| {
            vec![(
                format!(
                    "role=\"{}\",state=\"{}\",release=\"{}\"",
                    status.role,
                    status.state,
                    Escaped(&status.release)
                ),
                1.0,
            )]
        })
    }),
    router("piranha_router_since_timestamp_seconds", "Since when it does that.", |it| {
        one(it.status().map(|status| seconds(status.since)))
    }),
    router("piranha_partner_alive", "Whether the other router has been heard within deadtime.", |it| {
        one(partner(it).map(|partner| truth(partner.alive)))
    }),
    router(
        "piranha_partner_active",
        "Whether the heartbeats of the other router say that it is active.",
        |it| one(partner(it).and_then(|partner| partner.active).map(truth)),
    ),
    router("piranha_partner_heard_age_seconds", "How long ago the other router was last heard.", |it| {
        one(partner(it).and_then(|partner| partner.heard_age_ms).map(seconds))
    }),
    router(
        "piranha_partner_same_file",
        "Whether lvs.cf of the other router is this one's, byte for byte.",
        |it| one(partner(it).and_then(|partner| partner.report.as_ref()?.same_file).map(truth)),
    ),
    router(
        "piranha_heartbeat_age_seconds",
        "How long ago the other router was last heard on a link.",
        |it| links(it, |link| link.heard_age_ms.map(seconds)),
    ),
    router("piranha_heartbeat_link_silent", "Whether nothing has been heard on a link for deadtime.", |it| {
        links(it, |link| Some(truth(link.silent)))
    }),
    router(
        "piranha_heartbeat_link_device_up",
        "Whether the device of a link can carry traffic, if that is watched.",
        |it| links(it, |link| link.device_up.map(truth)),
    ),
    router("piranha_floating_address_up", "Whether this router has a floating address.", |it| {
        let addresses = it.status().map_or(&[][..], |status| &status.addresses);
        let known = addresses.iter().filter_map(|address| {
            let labels =
                format!("address=\"{}\",device=\"{}\"", Escaped(&address.address), Escaped(&address.device));
            Some((labels, truth(address.up?)))
        });
        known.collect()
    }),
    router(
        "piranha_file_serial_number",
        "serial_no of lvs.cf: saved here, in force here (pulse, lvsd), in force on the other router (partner).",
        |it| {
            let partner = partner(it).and_then(|partner| partner.report.as_ref()?.serial_no);
            let known = [
                ("saved", it.serial_no.map(whole)),
                ("pulse", it.status().map(|status| f64::from(status.serial_no))),
                ("lvsd", it.overview().map(|overview| f64::from(overview.serial_no))),
                ("partner", partner.map(f64::from)),
            ];
            known.into_iter().filter_map(|(of, value)| Some((format!("of=\"{of}\""), value?))).collect()
        },
    ),
    router(
        "piranha_file_in_force",
        "Whether the saved lvs.cf is the one that pulse has read, byte for byte.",
        |it| {
            let saved = it.saved.as_deref().zip(it.status());
            one(saved.map(|(saved, status)| truth(saved.starts_with(&status.fingerprint))))
        },
    ),
    router("piranha_file_refused", "Whether a daemon refused lvs.cf when it read it last.", |it| {
        let known = [
            ("pulse", it.status().map(|status| status.refused.is_some())),
            ("lvsd", it.overview().map(|overview| overview.refused.is_some())),
        ];
        known.into_iter().filter_map(|(by, value)| Some((format!("by=\"{by}\""), truth(value?)))).collect()
    }),
    counted(router(
        "piranha_repairs_total",
        "Operations of lvsd that put right what somebody else had changed in the kernel's table.",
        |it| one(it.overview().map(|overview| whole(overview.repairs))),
    )),
    virtual_server("piranha_virtual_server_real_servers", "Its active real servers in lvs.cf.", |it| {
        it.real_servers.len() as u64
    }),
    virtual_server("piranha_virtual_server_real_servers_up", "Those of them that get connections.", |it| {
        it.up.into()
    }),
    virtual_server("piranha_virtual_server_sorry_server", "Whether its sorry server answers.", |it| {
        it.sorry.into()
    }),
    virtual_server("piranha_virtual_server_refused", "Whether the kernel refuses it.", |it| {
        it.trouble.is_some().into()
    }),
    counted(virtual_server("piranha_virtual_server_connections_total", "Connections.", |it| {
        it.counters.connections
    })),
    counted(virtual_server("piranha_virtual_server_packets_in_total", "Packets to real servers.", |it| {
        it.counters.packets_in
    })),
    counted(virtual_server(
        "piranha_virtual_server_packets_out_total",
        "Packets from real servers; 0 with direct routing and tunnels.",
        |it| it.counters.packets_out,
    )),
    counted(virtual_server("piranha_virtual_server_bytes_in_total", "Bytes to real servers.", |it| {
        it.counters.bytes_in
    })),
    counted(virtual_server(
        "piranha_virtual_server_bytes_out_total",
        "Bytes from real servers; 0 with direct routing and tunnels.",
        |it| it.counters.bytes_out,
    )),
    real_server("piranha_real_server_up", "Whether its checks say that it is well.", |it| {
        u64::from(it.state == status::State::Up)
    }),
    real_server(
        "piranha_real_server_last_change_timestamp_seconds",
        "Since when they say so, or say the contrary.",
        |it| it.since / 1000,
    ),
    real_server(
        "piranha_real_server_last_failure_timestamp_seconds",
        "When a bad check took it out of service last; 0 if none has.",
        |it| it.last_failure.as_ref().map_or(0, |failure| failure.at / 1000),
    ),
    real_server(
        "piranha_real_server_decided",
        "Whether an administrator has decided something about it.",
        |it| it.decision.is_some().into(),
    ),
    real_server(
        "piranha_real_server_weight",
        "Its weight in the kernel's table, 0 if it is not there.",
        |it| it.weight.unwrap_or(0).into(),
    ),
    real_server("piranha_real_server_active_connections", "Its connections in an established state.", |it| {
        it.active_connections.into()
    }),
    real_server("piranha_real_server_inactive_connections", "Its connections in any other state.", |it| {
        it.inactive_connections.into()
    }),
    counted(real_server("piranha_real_server_connections_total", "Connections.", |it| {
        it.counters.connections
    })),
    counted(real_server("piranha_real_server_packets_in_total", "Packets to it.", |it| {
        it.counters.packets_in
    })),
    counted(real_server(
        "piranha_real_server_packets_out_total",
        "Packets from it; 0 with direct routing and tunnels.",
        |it| it.counters.packets_out,
    )),
    counted(real_server("piranha_real_server_bytes_in_total", "Bytes to it.", |it| it.counters.bytes_in)),
    counted(real_server(
        "piranha_real_server_bytes_out_total",
        "Bytes from it; 0 with direct routing and tunnels.",
        |it| it.counters.bytes_out,
    )),
];

fn one(value: Option<f64>) -> Vec<(String, f64)> {
    value.map(|value| (String::new(), value)).into_iter().collect()
}

fn partner(facts: &Facts) -> Option<&pulse::Partner> {
    facts.status()?.partner.as_ref()
}

fn links(facts: &Facts, value: impl Fn(&pulse::Link) -> Option<f64>) -> Vec<(String, f64)> {
    let links = facts.status().map_or(&[][..], |status| &status.links);
    links.iter().filter_map(|link| Some((format!("link=\"{}\"", link.name), value(link)?))).collect()
}

fn truth(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// Of milliseconds.
fn seconds(millis: u64) -> f64 {
    whole(millis) / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "exact for some 300,000 years of milliseconds")]
fn whole(number: u64) -> f64 {
    number as f64
}
