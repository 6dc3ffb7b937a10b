//! GLOBAL SETTINGS (specification gui.md 6.8).

use askama::Template;
use lvs_cf::Place;

use crate::accept;
use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::base::{Base, Part};
use crate::edit::{Edit, joined};
use crate::field::{Field, Widget};
use crate::file::Present;
use crate::frame::Frame;
use crate::page::Page;
use crate::pages;
use crate::site::Site;

const PART: Part = Part::Settings(&[
    "primary",
    "primary_private",
    "tcp_timeout",
    "tcpfin_timeout",
    "udp_timeout",
    "network",
    "nat_router",
    "nat_nmask",
]);

#[derive(Template)]
#[template(path = "global_settings.html")]
struct GlobalSettings {
    frame: Frame,
    base: Base,
    fields: Vec<Field>,
    network: String,
}

pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    match asked.method {
        Method::Get => show(Frame::of(site, asked), &present, fields(&present)),
        Method::Post => accept(site, asked, &present).await,
    }
}

fn show(frame: Frame, present: &Present, fields: Vec<Field>) -> Answer {
    let network = value(present, "network").unwrap_or_else(|| "nat".to_owned());
    Answer::page(&GlobalSettings { frame, base: Base::of(present, &PART), fields, network })
}

async fn accept(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let edit = edit(present, asked);
    let problems = edit.problems.clone();
    match accept::accept(site, asked, present, &PART, edit, "global settings").await {
        Ok(()) => Answer::see(Page::GlobalSettings),
        Err(notice) => {
            let mut frame = Frame::of(site, asked);
            frame.notices.push(notice);
            let typed = fields(present).into_iter().map(|field| field.typed(&asked.parameters, &problems));
            show(frame, present, typed.collect())
        }
    }
}

fn edit(present: &Present, asked: &Asked) -> Edit {
    let mut edit = Edit::of(present);
    for keyword in ["primary", "primary_private"] {
        let name = if keyword == "primary" { "PriLVSIP" } else { keyword };
        let before = value(present, keyword).unwrap_or_default();
        edit.set(Place::File, keyword, name, &before, &[asked.parameters.trimmed(name)]);
    }
    edit
}

fn fields(present: &Present) -> Vec<Field> {
    let value = |keyword| value(present, keyword).unwrap_or_default();
    vec![
        Field::text("Primary server public IP:", "PriLVSIP", 16, value("primary")),
        Field::text(
            "Primary server private IP: (May be blank)",
            "primary_private",
            16,
            value("primary_private"),
        ),
    ]
}

fn value(present: &Present, keyword: &str) -> Option<String> {
    present.values.get(Place::File, keyword).map(|words| joined(Some(words)))
}
