//! VIRTUAL SERVERS (specification gui.md 6.10).

use askama::Template;
use lvs_cf::{Config, Place, VirtualServer};

use crate::accept;
use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::base::{self, Base, Part};
use crate::begun;
use crate::confirm::Confirm;
use crate::edit::{Edit, joined};
use crate::file::Present;
use crate::frame::Frame;
use crate::list::{self, Piece, Row, name_of};
use crate::notice::{Notice, Tone};
use crate::page::Page;
use crate::pages;
use crate::running::Running;
use crate::site::Site;
use crate::switch;

#[derive(Template)]
#[template(path = "virtual_servers.html")]
struct VirtualServers {
    frame: Frame,
    file: String,
    piece: Piece,
    rows: Vec<Row>,
    running: String,
}

pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    match asked.method {
        Method::Get => look(site, asked, &present).await,
        Method::Post => act(site, asked, &present).await,
    }
}

/// A GET changes nothing, whatever button it carries.
async fn look(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let number = asked.parameters.index("selected_host");
    let index = number.map(|number| number - 1).filter(|&index| index < present.values.virtual_servers());
    match (asked.parameters.trimmed("virtual_service"), index) {
        ("EDIT", Some(index)) => editor(index),
        ("DELETE", Some(index)) => ask(site, asked, present, index),
        ("" | "EDIT" | "CANCEL", _) => show(site, asked, present, Vec::new()).await,
        (button, _) => show(site, asked, present, vec![pages::nothing_done(button)]).await,
    }
}

async fn show(site: &Site, asked: &Asked, present: &Present, notices: Vec<Notice>) -> Answer {
    let running = site.lvsd.running().await;
    let piece = Piece::of(present.values.virtual_servers(), &asked.parameters, "selected_host");
    let rows = piece.range().map(|index| row(present, index, index == piece.ticked, &running)).collect();
    let mut frame = Frame::of(site, asked);
    frame.notices.extend(notices);
    if let Some(warning) = switch::none_active(present) {
        frame.tell(Tone::Warning, warning);
    }
    let file = present.fingerprint.clone();
    Answer::page(&VirtualServers { frame, file, piece, rows, running: running.remark() })
}

fn row(present: &Present, index: usize, ticked: bool, running: &Running) -> Row {
    let place = Place::Virtual(index);
    let value = |keyword| joined(present.values.get(place, keyword));
    let (address, device) = pages::two_words(&value("address"));
    let name = name_of(&present.values, place);
    let section = section(present, index);
    let active = section.is_some_and(|section| section.active);
    let configured =
        section.map_or(0, |section| section.servers.iter().filter(|server| server.active).count());
    let protocol = value("protocol");
    Row {
        number: index + 1,
        ticked,
        status: if active { "up" } else { "down" },
        cells: vec![
            address,
            or(value("vip_nmask"), &["", "0.0.0.0"], "Unused"),
            or(value("port"), &["", "0"], "n/a"),
            if protocol.is_empty() { "tcp".to_owned() } else { protocol },
            device,
        ],
        running: running.in_short(&name, active, configured),
        name,
    }
}

fn section(present: &Present, index: usize) -> Option<&VirtualServer> {
    let config: &Config = present.config.as_ref().ok()?;
    config.virtual_servers.get(index)
}

/// The value, or other words for one of these.
fn or(value: String, instead_of: &[&str], words: &str) -> String {
    if instead_of.contains(&value.as_str()) { words.to_owned() } else { value }
}

fn editor(index: usize) -> Answer {
    Answer::see_with(Page::VirtualServer, &format!("selected_host={}", index + 1))
}

fn list(index: usize) -> Answer {
    Answer::see_with(Page::VirtualServers, &format!("selected_host={}", index + 1))
}

async fn act(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let form = &asked.parameters;
    match form.trimmed("virtual_service") {
        "ADD" => return add(site, asked, present).await,
        "DELETE" if form.has("confirmed") => return delete(site, asked, present).await,
        "CANCEL" => return back(form.index("selected_host")),
        _ => {}
    }
    let count = present.values.virtual_servers();
    let ticked = match list::meant(present, form, "selected_host", count, Place::Virtual) {
        Ok(Some(ticked)) => ticked,
        Ok(None) => return pages::tell(site, asked, pages::tick_first("virtual server"), back(None)),
        Err(_) => return pages::tell(site, asked, pages::moved("virtual server"), back(None)),
    };
    match form.trimmed("virtual_service") {
        "EDIT" => editor(ticked.index),
        "DELETE" => ask(site, asked, present, ticked.index),
        "(DE)ACTIVATE" => {
            let place = Place::Virtual(ticked.index);
            let notice = switch::switch(site, asked, present, place, ticked.active).await;
            pages::tell(site, asked, notice, list(ticked.index))
        }
        _ => list(ticked.index),
    }
}

fn back(number: Option<usize>) -> Answer {
    number.map_or_else(|| Answer::see(Page::VirtualServers), |number| list(number - 1))
}

async fn add(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let mut edit = Edit::of(present);
    begun::add_virtual_server(&mut edit, present);
    let notice = accept::save(site, asked, present, edit, "a virtual server added").await;
    let notice = notice.map(|notice| {
        notice.and("it is down and has no address yet: EDIT it, add its real servers, then (DE)ACTIVATE it")
    });
    let index = present.values.virtual_servers();
    let there = if notice.is_ok() { list(index) } else { back(asked.parameters.index("selected_host")) };
    pages::tell(site, asked, notice.unwrap_or_else(|refused| refused), there)
}

fn ask(site: &Site, asked: &Asked, present: &Present, index: usize) -> Answer {
    let place = Place::Virtual(index);
    let value = |keyword| joined(present.values.get(place, keyword));
    let name = name_of(&present.values, place);
    let servers = present.values.real_servers(index);
    Confirm {
        base: Base::of(present, &Part::Whole(place)),
        frame: Frame::of(site, asked),
        lines: vec![
            format!("Delete the virtual server {name} with all of its real servers?"),
            format!(
                "Address: {}. Port: {}. Real servers: {servers}.",
                value("address"),
                or(value("port"), &["", "0"], "n/a")
            ),
        ],
        button: ("virtual_service", "DELETE"),
        hidden: vec![("selected_host", (index + 1).to_string())],
        back: format!("{}?selected_host={}", Page::VirtualServers.link(), index + 1),
    }
    .ask()
}

async fn delete(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let Ok(place) = base::section(present, &asked.parameters, Place::Virtual) else {
        return pages::tell(site, asked, pages::moved("virtual server"), back(None));
    };
    let Place::Virtual(index) = place else { return back(None) };
    if base::check(present, &asked.parameters, &Part::Whole(place)).is_err() {
        site.notices.leave(&asked.client.notices(), pages::changed("virtual server"));
        return ask(site, asked, present, index);
    }
    let name = name_of(&present.values, place);
    let mut edit = Edit::of(present);
    edit.make("", format!("virtual server {name} deleted"), |file| file.delete(place, false));
    let saved = accept::save(site, asked, present, edit, "a virtual server deleted").await;
    let left = present.values.virtual_servers().saturating_sub(1);
    let next = if left == 0 { back(None) } else { list(index.min(left - 1)) };
    pages::tell(site, asked, saved.unwrap_or_else(|refused| refused), next)
}
