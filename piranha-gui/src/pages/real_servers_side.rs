//! REAL SERVERS' SIDE: what a real server needs so that it answers for the floating addresses.

use std::net::IpAddr;

use askama::Template;
use lvs_cf::ForwardingMethod;

use crate::answer::Answer;
use crate::asked::Asked;
use crate::frame::Frame;
use crate::pages;
use crate::recipe::{Recipe, real_server};
use crate::site::Site;

/// A list to choose from is no longer than this; further real servers are named by their address.
const MOST: usize = 500;

#[derive(Template)]
#[template(path = "real_servers_side.html")]
struct RealServersSide {
    frame: Frame,
    /// How packets reach the real servers, in words.
    network: &'static str,
    /// Address, a name in the file, whether it is the one shown.
    real_servers: Vec<(IpAddr, String, bool)>,
    more: usize,
    chosen: Option<real_server::RealServersSide>,
    /// What was typed, if the file has no such real server.
    unknown: Option<String>,
    recipes: Vec<Recipe>,
}

pub(crate) fn answer(site: &Site, asked: &Asked) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    let config = present.config.as_ref().cloned().unwrap_or_default();
    let all = real_server::all(&config);
    let typed = asked.parameters.trimmed("real");
    let address: Option<IpAddr> = typed.parse().ok();
    let chosen = match address {
        Some(address) => all.iter().find(|side| side.address == address),
        None if typed.is_empty() => all.first(),
        None => None,
    };
    Answer::page(&RealServersSide {
        frame: Frame::of(site, asked),
        network: match config.network {
            ForwardingMethod::Direct => "direct routing",
            ForwardingMethod::Tunnel => "tunnelling",
            ForwardingMethod::Nat => "NAT",
        },
        unknown: chosen.is_none().then(|| typed.to_owned()).filter(|typed| !typed.is_empty()),
        recipes: chosen.map(|side| real_server::recipes(&config, side)).unwrap_or_default(),
        chosen: chosen.cloned(),
        more: all.len().saturating_sub(MOST),
        real_servers: list(&all, chosen.map(|side| side.address)),
    })
}

fn list(all: &[real_server::RealServersSide], chosen: Option<IpAddr>) -> Vec<(IpAddr, String, bool)> {
    let name = |side: &real_server::RealServersSide| side.names.first().cloned().unwrap_or_default();
    all.iter().take(MOST).map(|side| (side.address, name(side), Some(side.address) == chosen)).collect()
}
