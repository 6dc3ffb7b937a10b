//! `(DE)ACTIVATE`: the flag `active` of a section or server (specification gui.md 6.10).

use lvs_cf::{Place, Service};

use crate::accept;
use crate::asked::Asked;
use crate::edit::Edit;
use crate::file::Present;
use crate::list::name_of;
use crate::notice::{Notice, Tone};
use crate::site::Site;

/// Turns the flag over, unless it is not any more as it was `shown`, or what is to be activated cannot work. Says what
/// came of it.
pub(crate) async fn switch(
    site: &Site,
    asked: &Asked,
    present: &Present,
    place: Place,
    shown: Option<bool>,
) -> Notice {
    let name = name_of(&present.values, place);
    let active = is_active(present, place);
    let is = if active { "up" } else { "down" };
    if shown.is_some_and(|shown| shown != active) {
        return Notice::new(
            Tone::Warning,
            format!("{name} was already set {is} by somebody else: nothing was changed"),
        );
    }
    let reasons = if active { Vec::new() } else { obstacles(present, place) };
    if !reasons.is_empty() {
        let mut notice = Notice::new(Tone::Refused, format!("{name} stays down:"));
        notice.lines.extend(reasons);
        return notice;
    }
    let (value, becomes) = if active { ("0", "down") } else { ("1", "up") };
    let mut edit = Edit::of(present);
    edit.make("", format!("{name}: {is} -> {becomes}"), |file| file.set(place, "active", &[value]));
    let what = format!("{name} set {becomes}");
    accept::accept_anyway(site, asked, present, edit, &what).await
}

/// As the daemons read it.
pub(crate) fn is_active(present: &Present, place: Place) -> bool {
    let Ok(config) = &present.config else { return false };
    let section =
        |sections: &[lvs_cf::VirtualServer], index: usize| sections.get(index).map(|section| section.active);
    let active = match place {
        Place::File => None,
        Place::Virtual(index) => section(&config.virtual_servers, index),
        Place::Failover(index) => section(&config.failover, index),
        Place::Server(index, server) => config
            .virtual_servers
            .get(index)
            .and_then(|section| section.servers.get(server))
            .map(|it| it.active),
    };
    active.unwrap_or_default()
}

/// Why something cannot be activated.
fn obstacles(present: &Present, place: Place) -> Vec<String> {
    let mut reasons = Vec::new();
    let words = present.values.get(place, "address").unwrap_or_default();
    match words.first().map(|word| word.to_str_lossy().into_owned()) {
        None => reasons.push("it has no address: EDIT it first".to_owned()),
        Some(address) if is_zero(&address) => {
            reasons.push(format!("its address is {address}, which stands for none: EDIT it first"));
        }
        Some(_) => {}
    }
    let mut tried = present.document().clone();
    if let Err(error) = tried.set(place, "active", &["1"]) {
        reasons.push(format!("the daemons would refuse the file: {error}"));
    }
    reasons
}

fn is_zero(address: &str) -> bool {
    address.parse().is_ok_and(|address: std::net::IpAddr| address.is_unspecified())
}

/// What is wrong when there is nothing to start (gui.md 8).
pub(crate) fn none_active(present: &Present) -> Option<&'static str> {
    let config = present.config.as_ref().ok()?;
    let (sections, words) = match config.service {
        Service::Lvs => (&config.virtual_servers, "no virtual server is up: pulse will not start"),
        Service::Fos => (&config.failover, "no failover service is up: pulse will not start"),
    };
    (!sections.iter().any(|section| section.active)).then_some(words)
}
