//! REAL SERVER, one of them (specification gui.md 6.13).

use lvs_cf::Place;

use crate::accept;
use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::base::{self, Base, Part};
use crate::check;
use crate::edit::{Edit, Problems};
use crate::field::Field;
use crate::file::Present;
use crate::form::Parameters;
use crate::input::{Input, Places, Widget, value};
use crate::list::name_of;
use crate::more::More;
use crate::notice::Notice;
use crate::page::Page;
use crate::pages::virtual_server::SectionForm;
use crate::pages::{self, real_servers};
use crate::section::{self, ToLookUp};
use crate::site::Site;
use crate::switch;

const PAGE: Page = Page::RealServer;

const ADDRESS: Input = Input {
    label: "Address:",
    name: "address",
    keyword: "address",
    widget: Widget::Text(16),
    default: "",
    hint: "",
    check: check::host,
};

const PORT: Input = Input {
    label: "Port:",
    name: "port",
    keyword: "port",
    widget: Widget::Text(8),
    default: "",
    hint: "a number; blank: the virtual server's port",
    check: |typed| check::number(typed, 1, 65535).map(drop),
};

const WEIGHT: Input = Input {
    label: "Weight:",
    name: "weight",
    keyword: "weight",
    widget: Widget::Text(8),
    default: "1",
    hint: "0 to 65535; 0: no new connections",
    check: |typed| check::number(typed, 0, 65535).map(drop),
};

pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    let form = &asked.parameters;
    if form.trimmed("edit_action") == "CANCEL" {
        return match (form.index("selected_host"), form.index("selected")) {
            (Some(host), Some(server)) => real_servers::list(host - 1, server - 1),
            _ => Answer::see(Page::VirtualServers),
        };
    }
    if asked.method == Method::Post {
        return accept(site, asked, &present).await;
    }
    let Some(Place::Virtual(index)) = section::shown(&present, form, false) else {
        return Answer::see(Page::VirtualServers);
    };
    let count = present.values.real_servers(index);
    let Some(server) = form.index("selected").filter(|&number| number <= count) else {
        return section::at(Page::RealServers, index + 1);
    };
    let place = Place::Server(index, server - 1);
    if form.has("edit_action") {
        let nothing = pages::nothing_done("ACCEPT");
        show(site, asked, &present, place, Some(&Problems::default()), Some(nothing))
    } else {
        show(site, asked, &present, place, None, None)
    }
}

async fn accept(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let Ok(place @ Place::Server(index, server)) = base::server(present, &asked.parameters) else {
        return pages::tell(site, asked, pages::moved("real server"), Answer::see(Page::VirtualServers));
    };
    let (mut edit, names) = edited(present, place, &asked.parameters);
    section::look_up(&mut edit, names).await;
    let problems = edit.problems.clone();
    let what = format!("real server {}", name_of(&present.values, place));
    match accept::accept(site, asked, present, &Part::Block(place), edit, &what).await {
        Ok(()) => real_servers::list(index, server),
        Err(notice) => show(site, asked, present, place, Some(&problems), Some(notice)),
    }
}

/// What the form changes.
fn edited(present: &Present, place: Place, form: &Parameters) -> (Edit, ToLookUp) {
    let mut edit = Edit::of(present);
    let mut names = Vec::new();
    edit.in_section(place, |edit, inner| {
        let places = Places { file: place, edited: inner };
        section::rename(edit, "name", present, places, form);
        let address = ADDRESS.after(present, place, form);
        if address.is_empty() {
            edit.problems.add("address", "an address is needed");
        } else if ADDRESS.edit(edit, present, places, form) {
            names.push(("address", address.clone()));
        }
        PORT.edit(edit, present, places, form);
        WEIGHT.edit(edit, present, places, form);
        edit.warnings.extend(odd(present, place, &address, &PORT.after(present, place, form)));
        if !switch::is_active(present, place) {
            edit.warnings
                .push("this real server is down in the file: (DE)ACTIVATE it when it is ready".to_owned());
        }
    });
    More::of(place).edit(&mut edit, present, form);
    (edit, names)
}

/// An address that is somebody else's, too.
fn odd(present: &Present, place: Place, address: &str, port: &str) -> Option<String> {
    let Place::Server(index, own) = place else { return None };
    let section = Place::Virtual(index);
    if section::address(present, section).0 == address && !address.is_empty() {
        return Some("the address is the virtual server's own".to_owned());
    }
    let is_same = |other: &usize| {
        let there = |keyword| value(present, Place::Server(index, *other), keyword).unwrap_or_default();
        there("address") == address && there("port") == port
    };
    let mut others = (0..present.values.real_servers(index)).filter(|&other| other != own);
    let twin = others.find(is_same).map(|other| name_of(&present.values, Place::Server(index, other)))?;
    Some(format!("the real server {twin} has the same address and port"))
}

fn show(
    site: &Site,
    asked: &Asked,
    present: &Present,
    place: Place,
    typed: Option<&Problems>,
    notice: Option<Notice>,
) -> Answer {
    let Place::Server(index, server) = place else { return Answer::see(Page::VirtualServers) };
    let mut frame = pages::of_virtual_server(site, asked, present, index + 1);
    frame.notices.extend(notice);
    let typed = |fields: Vec<Field>| pages::typed(fields, &asked.parameters, typed);
    let field = |input: &Input| input.field(present, place, PAGE);
    let name = section::name_field("Name:", "name", present, place, PAGE);
    Answer::page(&SectionForm {
        frame,
        base: Base::of(present, &Part::Block(place)),
        about: real_servers::about(present, index),
        numbers: vec![("selected_host", index + 1), ("selected", server + 1)],
        fields: typed(vec![name, field(&ADDRESS), field(&PORT), field(&WEIGHT)]),
        more: typed(More::of(place).fields(present, PAGE)),
        button: "edit_action",
        scripts: false,
    })
}
