//! GLOBAL SETTINGS (specification gui.md 6.8).

mod edits;

use askama::Template;
use lvs_cf::Place;

use crate::accept;
use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::base::{Base, Part};
use crate::check;
use crate::edit::{Edit, Problems, joined};
use crate::field::Field;
use crate::file::Present;
use crate::form::Parameters;
use crate::frame::Frame;
use crate::masks::MASKS;
use crate::notice::{Notice, Tone};
use crate::page::Page;
use crate::pages;
use crate::site::Site;

#[derive(Template)]
#[template(path = "global_settings.html")]
struct GlobalSettings {
    frame: Frame,
    base: Base,
    /// Above the network type.
    fields: Vec<Field>,
    /// As the file has it.
    network: String,
    /// Below it, with NAT only.
    nat: Vec<Field>,
    more: Vec<Field>,
    fos: bool,
    /// What was typed into fields that the other network types do not have.
    carried: Vec<(&'static str, String)>,
}

/// The buttons, and the words in the file that they stand for.
const TYPES: [(&str, &str); 3] = [("NAT", "nat"), ("Direct Routing", "direct"), ("Tunneling", "tunnel")];

pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    let frame = |notice| {
        let mut frame = Frame::of(site, asked);
        frame.notices.extend(notice);
        frame
    };
    let (form, client) = (&asked.parameters, asked);
    let button = form.get("network").and_then(type_of);
    match (asked.method, button) {
        (Method::Get, _) if !is_pressed(form) => show(frame(None), &present, client, None),
        (Method::Get, _) => show(frame(Some(unsaved(form))), &present, client, Some(&Problems::default())),
        (Method::Post, Some(network)) if !form.has("global_action") => {
            let (present, notice) = switch(site, asked, &present, network).await;
            show(frame(Some(notice)), &present, client, Some(&Problems::default()))
        }
        (Method::Post, _) => {
            let edit = checked(&present, form).await;
            let problems = edit.problems.clone();
            match accept::accept(site, asked, &present, &part(), edit, "global settings").await {
                Ok(()) => Answer::see(Page::GlobalSettings),
                Err(notice) => show(frame(Some(notice)), &present, client, Some(&problems)),
            }
        }
    }
}

fn is_pressed(form: &Parameters) -> bool {
    form.has("global_action") || form.has("network")
}

fn type_of(button: &str) -> Option<&'static str> {
    TYPES.iter().find(|(name, word)| *name == button || *word == button).map(|(_, word)| *word)
}

/// An address with a button in it, as bookmarks have it: shown, not done (R2).
fn unsaved(form: &Parameters) -> Notice {
    let button = form.get("global_action").or(form.get("network")).unwrap_or("ACCEPT");
    Notice::new(Tone::Warning, format!("nothing has been saved yet; press {button} on this page to go on"))
}

/// The buttons of the network types save that one setting; what else was typed stays as it is, unsaved (F16).
async fn switch(
    site: &Site,
    asked: &Asked,
    present: &std::sync::Arc<Present>,
    network: &str,
) -> (std::sync::Arc<Present>, Notice) {
    let edit = edits::switch(present, network);
    let notice = match accept::save(site, asked, present, edit, "network type").await {
        Ok(notice) | Err(notice) => notice,
    };
    let after = site.file.present().unwrap_or_else(|_| std::sync::Arc::clone(present));
    let typed = all_fields(&after, asked)
        .into_iter()
        .any(|field| field.typed(&asked.parameters, &Problems::default()).elsewhere.is_some());
    let notice = if typed {
        notice.and("what else was typed is still there and not saved: press ACCEPT")
    } else {
        notice
    };
    (after, notice)
}

/// The edit, with the names of machines looked up.
async fn checked(present: &Present, form: &Parameters) -> Edit {
    let (mut edit, names) = edits::accept(present, form);
    let unknown = check::unknown(names.iter().map(|(_, name)| name.clone()).collect()).await;
    for (field, name) in names.into_iter().filter(|(_, name)| unknown.contains(name)) {
        edit.problems.add(field, format!("this machine knows no address of \"{name}\""));
    }
    edit
}

fn show(frame: Frame, present: &Present, asked: &Asked, typed: Option<&Problems>) -> Answer {
    let form = &asked.parameters;
    let as_typed = |fields: Vec<Field>| match typed {
        Some(problems) => fields.into_iter().map(|field| field.typed(form, problems)).collect(),
        None => fields,
    };
    let network = edits::network(present);
    let nat = as_typed(nat_fields(present));
    let shows_nat = network == "nat";
    let changed = nat.iter().filter(|field| !shows_nat && field.elsewhere.is_some());
    let carried = changed.map(|field| (field.name, field.value.clone())).collect();
    Answer::page(&GlobalSettings {
        base: Base::of(present, &part()),
        fields: as_typed(fields(present, asked)),
        nat: if shows_nat { nat } else { Vec::new() },
        more: as_typed(edits::more().fields(present, Page::GlobalSettings)),
        fos: frame.fos,
        frame,
        network,
        carried,
    })
}

fn part() -> Part {
    let own = ["primary", "primary_private", "tcp_timeout", "tcpfin_timeout", "udp_timeout", "network"];
    Part::Settings(
        own.into_iter().chain(["nat_router", "nat_nmask"]).chain(edits::more().keywords()).collect(),
    )
}

fn fields(present: &Present, asked: &Asked) -> Vec<Field> {
    let value = |keyword| joined(present.values.get(Place::File, keyword));
    let time = |label, keyword| {
        Field::text(label, keyword, 6, value(keyword)).hint("blank: the kernel's own; else 0 to 2147483")
    };
    let primary = Field::text(
        "Primary server public IP:",
        "PriLVSIP",
        16,
        edits::primary(present, asked.client.local.ip()),
    );
    let unset = present.values.get(Place::File, "primary").is_none();
    let proposed = unset && !primary.value.is_empty();
    let fields = vec![
        if proposed {
            primary.hint("not in the file yet: the address that you are connected to")
        } else {
            primary
        },
        Field::text(
            "Primary server private IP: (May be blank)",
            "primary_private",
            16,
            value("primary_private"),
        ),
        time("TCP timeout (seconds):", "tcp_timeout"),
        time("TCP FIN timeout (seconds):", "tcpfin_timeout"),
        time("UDP timeout (seconds):", "udp_timeout"),
    ];
    explained(fields)
}

fn nat_fields(present: &Present) -> Vec<Field> {
    let [address, device] = edits::nat_router(present);
    let mask = joined(present.values.get(Place::File, "nat_nmask"));
    explained(vec![
        Field::text("NAT Router IP:", "NATRtrIP", 16, address)
            .hint("the gateway of the real servers, moved between the routers"),
        Field::choice("NAT Router netmask:", "nat_nmask", &MASKS, mask),
        Field::text("NAT Router device:", "NATRtrDev", 8, device).hint("with an alias, as in eth1:1"),
    ])
}

fn all_fields(present: &Present, asked: &Asked) -> Vec<Field> {
    let more = edits::more().fields(present, Page::GlobalSettings);
    [fields(present, asked), nat_fields(present), more].concat()
}

fn explained(fields: Vec<Field>) -> Vec<Field> {
    fields.into_iter().map(|field| field.explained(Page::GlobalSettings)).collect()
}
