//! REAL SERVER, the list of one virtual server (specification gui.md 6.12).

use askama::Template;
use lvs_cf::{Place, VirtualServer};

use crate::accept;
use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::base::{self, Base, Part};
use crate::begun;
use crate::confirm::Confirm;
use crate::edit::Edit;
use crate::file::Present;
use crate::frame::Frame;
use crate::input::value;
use crate::list::{self, Piece, Row, name_of};
use crate::notice::{Notice, Tone};
use crate::page::Page;
use crate::pages;
use crate::running::{self, Steered};
use crate::section;
use crate::site::Site;
use crate::switch;

#[derive(Template)]
#[template(path = "real_servers.html")]
struct RealServers {
    frame: Frame,
    file: String,
    /// Name and number of the virtual server.
    block: String,
    number: usize,
    /// Of the links to the parts of the list.
    query: String,
    about: String,
    piece: Piece,
    rows: Vec<Row>,
    /// What lvsd does with those that are shown.
    steered: Vec<Steered>,
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

async fn look(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let form = &asked.parameters;
    let Some(Place::Virtual(index)) = section::shown(present, form, false) else {
        return Answer::see(Page::VirtualServers);
    };
    let count = present.values.real_servers(index);
    let server = form.index("selected").map(|number| number - 1).filter(|&server| server < count);
    match (form.trimmed("real_service"), server) {
        ("CANCEL", _) => cancelled(index),
        ("EDIT", Some(server)) => editor(index, server),
        ("DELETE", Some(server)) => ask(site, asked, present, (index, server)),
        ("" | "EDIT", _) => show(site, asked, present, index, None).await,
        (button, _) => show(site, asked, present, index, Some(pages::nothing_done(button))).await,
    }
}

async fn show(site: &Site, asked: &Asked, present: &Present, index: usize, notice: Option<Notice>) -> Answer {
    let place = Place::Virtual(index);
    let block = name_of(&present.values, place);
    let told = if switch::is_active(present, place) {
        site.lvsd.virtual_server(&block).await
    } else {
        Err("the virtual server is down in the file".to_owned())
    };
    let piece = Piece::of(present.values.real_servers(index), &asked.parameters, "selected");
    let state = |name: &str| match &told {
        Ok(told) => running::state(told, name),
        Err(_) => "unknown",
    };
    let rows: Vec<Row> =
        piece.range().map(|server| row(present, (index, server), server == piece.ticked, state)).collect();
    let shown = |steered: &Steered| rows.iter().any(|row| row.name == steered.name);
    let steered = told.as_ref().map(|told| running::steered(told).into_iter().filter(shown).collect());
    let mut frame = pages::of_virtual_server(site, asked, present, index + 1);
    frame.notices.extend(notice);
    Answer::page(&RealServers {
        frame,
        file: present.fingerprint.clone(),
        number: index + 1,
        query: format!("selected_host={}&", index + 1),
        about: about(present, index),
        piece,
        rows,
        steered: steered.unwrap_or_default(),
        running: told.err().map(|why| format!("RUNNING is unknown: {why}.")).unwrap_or_default(),
        block,
    })
}

/// Which virtual server the list belongs to.
pub(crate) fn about(present: &Present, index: usize) -> String {
    let place = Place::Virtual(index);
    let (address, _) = section::address(present, place);
    let port = value(present, place, "port").map(|port| format!(", port {port}")).unwrap_or_default();
    format!("Virtual server: {}, {address}{port}", name_of(&present.values, place))
}

fn row(
    present: &Present,
    (index, server): (usize, usize),
    ticked: bool,
    state: impl Fn(&str) -> &'static str,
) -> Row {
    let place = Place::Server(index, server);
    let section = present.config.as_ref().ok().and_then(|config| config.virtual_servers.get(index));
    let name = name_of(&present.values, place);
    let active = switch::is_active(present, place);
    Row {
        number: server + 1,
        ticked,
        status: if active { "up" } else { "down" },
        cells: vec![
            value(present, place, "address").unwrap_or_default(),
            value(present, place, "port").unwrap_or_else(|| inherited(section, server)),
            value(present, place, "weight").unwrap_or_else(|| "1".to_owned()),
            if active { state(&name).to_owned() } else { "-".to_owned() },
        ],
        name,
    }
}

/// The port that a server takes from its virtual server.
fn inherited(section: Option<&VirtualServer>, server: usize) -> String {
    let server = section.and_then(|section| section.servers.get(server));
    server.map(|server| format!("{} (the virtual server's)", server.port)).unwrap_or_default()
}

fn editor(index: usize, server: usize) -> Answer {
    Answer::see_with(Page::RealServer, &format!("selected_host={}&selected={}", index + 1, server + 1))
}

/// The list with a row ticked.
pub(crate) fn list(index: usize, server: usize) -> Answer {
    Answer::see_with(Page::RealServers, &format!("selected_host={}&selected={}", index + 1, server + 1))
}

fn whole(index: usize) -> Answer {
    section::at(Page::RealServers, index + 1)
}

fn cancelled(index: usize) -> Answer {
    section::at(Page::VirtualServer, index + 1)
}

async fn act(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let form = &asked.parameters;
    let Ok(Place::Virtual(index)) = base::section(present, form, Place::Virtual) else {
        return pages::tell(site, asked, pages::moved("virtual server"), Answer::see(Page::VirtualServers));
    };
    if form.has("running_server") {
        return pages::tell(site, asked, steer(site, asked).await, whole(index));
    }
    match form.trimmed("real_service") {
        "CANCEL" => return cancelled(index),
        "ADD" => return add(site, asked, present, index).await,
        "DELETE" if form.has("confirmed") => return delete(site, asked, present, index).await,
        _ => {}
    }
    let count = present.values.real_servers(index);
    let place = |server| Place::Server(index, server);
    let ticked = match list::meant(present, form, "selected", count, place) {
        Ok(Some(ticked)) => ticked,
        Ok(None) => return pages::tell(site, asked, pages::tick_first("real server"), whole(index)),
        Err(_) => return pages::tell(site, asked, pages::moved("real server"), whole(index)),
    };
    match form.trimmed("real_service") {
        "EDIT" => editor(index, ticked.index),
        "DELETE" => ask(site, asked, present, (index, ticked.index)),
        "(DE)ACTIVATE" => {
            let notice = switch::switch(site, asked, present, place(ticked.index), ticked.active).await;
            pages::tell(site, asked, notice, list(index, ticked.index))
        }
        _ => list(index, ticked.index),
    }
}

/// Has lvsd do something now, whatever the file says.
async fn steer(site: &Site, asked: &Asked) -> Notice {
    let form = &asked.parameters;
    let command = match running::command(form, form.trimmed("running_server").to_owned()) {
        Ok(command) => command,
        Err(problem) => return Notice::new(Tone::Refused, format!("nothing was done: {problem}")),
    };
    tracing::info!("{:?} asked of lvsd client={}", command.to_string(), asked.client.address);
    match site.lvsd.done(command).await {
        Ok(message) => Notice::new(Tone::Done, message).and("lvs.cf is as it was: this is what runs now"),
        Err(reason) => Notice::new(Tone::Refused, format!("nothing was done: {reason}")),
    }
}

async fn add(site: &Site, asked: &Asked, present: &Present, index: usize) -> Answer {
    let mut edit = Edit::of(present);
    begun::add_real_server(&mut edit, present, index);
    let notice = accept::save(site, asked, present, edit, "a real server added").await;
    let notice =
        notice.map(|notice| notice.and("it is down and has no address yet: EDIT it, then (DE)ACTIVATE it"));
    let there = if notice.is_ok() { list(index, present.values.real_servers(index)) } else { whole(index) };
    pages::tell(site, asked, notice.unwrap_or_else(|refused| refused), there)
}

fn ask(site: &Site, asked: &Asked, present: &Present, (index, server): (usize, usize)) -> Answer {
    let place = Place::Server(index, server);
    let frame = pages::of_virtual_server(site, asked, present, index + 1);
    let address = value(present, place, "address").unwrap_or_default();
    Confirm {
        base: Base::of(present, &Part::Block(place)),
        frame,
        lines: vec![
            format!("Delete the real server {}?", name_of(&present.values, place)),
            format!("Address: {address}. {}.", about(present, index)),
        ],
        button: ("real_service", "DELETE"),
        hidden: vec![("selected_host", (index + 1).to_string()), ("selected", (server + 1).to_string())],
        back: format!("{}?selected_host={}&selected={}", Page::RealServers.link(), index + 1, server + 1),
    }
    .ask()
}

async fn delete(site: &Site, asked: &Asked, present: &Present, index: usize) -> Answer {
    let Ok(place @ Place::Server(_, server)) = base::server(present, &asked.parameters) else {
        return pages::tell(site, asked, pages::moved("real server"), whole(index));
    };
    if base::check(present, &asked.parameters, &Part::Block(place)).is_err() {
        site.notices.leave(&asked.client.notices(), pages::changed("real server"));
        return ask(site, asked, present, (index, server));
    }
    let name = name_of(&present.values, place);
    let mut edit = Edit::of(present);
    edit.make("", format!("real server {name} deleted"), |file| file.delete(place, false));
    let saved = accept::save(site, asked, present, edit, "a real server deleted").await;
    let left = present.values.real_servers(index).saturating_sub(1);
    let next = if left == 0 { whole(index) } else { list(index, server.min(left - 1)) };
    pages::tell(site, asked, saved.unwrap_or_else(|refused| refused), next)
}
