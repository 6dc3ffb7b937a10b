//! VIRTUAL SERVERS, and FAILOVER, which lists failover services in the same way (specification gui.md 6.10 and 6.15).

use askama::Template;
use lvs_cf::Place;

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
use crate::section;
use crate::site::Site;
use crate::switch;

/// What is listed.
struct Kind {
    page: Page,
    editor: Page,
    /// Name of the buttons.
    button: &'static str,
    what: &'static str,
    fos: bool,
    heads: &'static [&'static str],
}

const VIRTUAL: Kind = Kind {
    page: Page::VirtualServers,
    editor: Page::VirtualServer,
    button: "virtual_service",
    what: "virtual server",
    fos: false,
    heads: &["VIP", "NETMASK", "PORT", "PROTOCOL", "INTERFACE", "RUNNING"],
};

const FAILOVER: Kind = Kind {
    page: Page::FailoverServices,
    editor: Page::FailoverService,
    button: "failover_service",
    what: "failover service",
    fos: true,
    heads: &["VIP", "NETMASK", "PORT", "INTERFACE"],
};

#[derive(Template)]
#[template(path = "sections.html")]
struct Sections {
    frame: Frame,
    kind: &'static Kind,
    file: String,
    piece: Piece,
    rows: Vec<Row>,
    running: String,
    /// Only to look at: the other kind of section is in force.
    idle: bool,
}

impl Kind {
    fn place(&self, index: usize) -> Place {
        if self.fos { Place::Failover(index) } else { Place::Virtual(index) }
    }

    fn count(&self, present: &Present) -> usize {
        if self.fos { present.values.failover_services() } else { present.values.virtual_servers() }
    }

    fn list(&self, index: usize) -> Answer {
        section::at(self.page, index + 1)
    }

    fn editor(&self, index: usize) -> Answer {
        section::at(self.editor, index + 1)
    }

    fn back(&self, number: Option<usize>) -> Answer {
        number.map_or_else(|| Answer::see(self.page), |number| self.list(number - 1))
    }
}

/// VIRTUAL SERVERS.
pub(crate) async fn virtual_servers(site: &Site, asked: &Asked) -> Answer {
    answer(site, asked, &VIRTUAL).await
}

/// FAILOVER.
pub(crate) async fn failover_services(site: &Site, asked: &Asked) -> Answer {
    answer(site, asked, &FAILOVER).await
}

async fn answer(site: &Site, asked: &Asked, kind: &'static Kind) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    match asked.method {
        Method::Get => look(site, asked, kind, &present),
        Method::Post if is_idle(kind, &present) => {
            let line = "nothing was done: failover services are only shown here, since the file does not say service = fos";
            pages::tell(site, asked, Notice::new(Tone::Refused, line), kind.back(None))
        }
        Method::Post => act(site, asked, kind, &present).await,
    }
}

/// Failover services are only shown while virtual servers are in force.
fn is_idle(kind: &Kind, present: &Present) -> bool {
    kind.fos && !pages::is_fos(present)
}

/// A GET changes nothing, whatever button it carries.
fn look(site: &Site, asked: &Asked, kind: &'static Kind, present: &Present) -> Answer {
    let number = asked.parameters.index("selected_host");
    let index = number.map(|number| number - 1).filter(|&index| index < kind.count(present));
    match (asked.parameters.trimmed(kind.button), index) {
        ("EDIT", Some(index)) if !is_idle(kind, present) => kind.editor(index),
        ("DELETE", Some(index)) if !is_idle(kind, present) => ask(site, asked, kind, present, index),
        ("" | "EDIT" | "CANCEL", _) => show(site, asked, kind, present, None),
        (button, _) => show(site, asked, kind, present, Some(pages::nothing_done(button))),
    }
}

fn show(
    site: &Site,
    asked: &Asked,
    kind: &'static Kind,
    present: &Present,
    notice: Option<Notice>,
) -> Answer {
    let piece = Piece::of(kind.count(present), &asked.parameters, "selected_host");
    let mut frame = Frame::of(site, asked);
    frame.notices.extend(notice);
    let (rows, running) = if kind.fos {
        let rows = piece.range().map(|index| row(present, kind, index, index == piece.ticked, None));
        (rows.collect(), String::new())
    } else {
        let running = Running::of(site.live.reading().lvsd);
        let rows =
            piece.range().map(|index| row(present, kind, index, index == piece.ticked, Some(&running)));
        (rows.collect(), running.remark())
    };
    warn(&mut frame, kind, present);
    let (file, idle) = (present.fingerprint.clone(), is_idle(kind, present));
    Answer::page(&Sections { frame, kind, file, piece, rows, running, idle })
}

fn warn(frame: &mut Frame, kind: &Kind, present: &Present) {
    let fos = pages::is_fos(present);
    match (kind.fos, fos) {
        (false, true) => frame.tell(
            Tone::Warning,
            "the file says service = fos: failover services are in force, and virtual servers are not",
        ),
        (true, false) => frame.tell(
            Tone::Warning,
            "the file does not say service = fos: virtual servers are in force, and failover services are only shown here",
        ),
        _ => {
            if let Some(warning) = switch::none_active(present) {
                frame.tell(Tone::Warning, warning);
            }
        }
    }
}

fn row(present: &Present, kind: &Kind, index: usize, ticked: bool, running: Option<&Running>) -> Row {
    let place = kind.place(index);
    let value = |keyword| joined(present.values.get(place, keyword));
    let (address, device) = pages::two_words(&value("address"));
    let name = name_of(&present.values, place);
    let active = switch::is_active(present, place);
    let mut cells = vec![
        address,
        or(value("vip_nmask"), &["", "0.0.0.0"], "Unused"),
        or(value("port"), &["", "0"], "n/a"),
    ];
    if !kind.fos {
        cells.push(or(value("protocol"), &[""], "tcp"));
    }
    cells.push(device);
    cells.extend(running.map(|running| running.in_short(&name, active, configured(present, index))));
    Row { number: index + 1, ticked, status: if active { "up" } else { "down" }, cells, name }
}

/// Real servers of a virtual server that are active in the file.
fn configured(present: &Present, index: usize) -> usize {
    let section = present.config.as_ref().ok().and_then(|config| config.virtual_servers.get(index));
    section.map_or(0, |section| section.servers.iter().filter(|server| server.active).count())
}

/// The value, or other words for one of these.
fn or(value: String, instead_of: &[&str], words: &str) -> String {
    if instead_of.contains(&value.as_str()) { words.to_owned() } else { value }
}

async fn act(site: &Site, asked: &Asked, kind: &'static Kind, present: &Present) -> Answer {
    let form = &asked.parameters;
    match form.trimmed(kind.button) {
        "ADD" => return add(site, asked, kind, present).await,
        "DELETE" if form.has("confirmed") => return delete(site, asked, kind, present).await,
        "CANCEL" => return kind.back(form.index("selected_host")),
        _ => {}
    }
    let count = kind.count(present);
    let ticked = match list::meant(present, form, "selected_host", count, |index| kind.place(index)) {
        Ok(Some(ticked)) => ticked,
        Ok(None) => return pages::tell(site, asked, pages::tick_first(kind.what), kind.back(None)),
        Err(_) => return pages::tell(site, asked, pages::moved(kind.what), kind.back(None)),
    };
    match form.trimmed(kind.button) {
        "EDIT" => kind.editor(ticked.index),
        "DELETE" => ask(site, asked, kind, present, ticked.index),
        "(DE)ACTIVATE" => {
            let place = kind.place(ticked.index);
            let notice = switch::switch(site, asked, present, place, ticked.active).await;
            pages::tell(site, asked, notice, kind.list(ticked.index))
        }
        _ => kind.list(ticked.index),
    }
}

async fn add(site: &Site, asked: &Asked, kind: &Kind, present: &Present) -> Answer {
    let mut edit = Edit::of(present);
    let next = if kind.fos {
        begun::add_failover_service(&mut edit, present);
        "it is down and has no address yet: EDIT it, then (DE)ACTIVATE it"
    } else {
        begun::add_virtual_server(&mut edit, present);
        "it is down and has no address yet: EDIT it, add its real servers, then (DE)ACTIVATE it"
    };
    let notice = accept::save(site, asked, present, edit, &format!("a {} added", kind.what)).await;
    let notice = notice.map(|notice| notice.and(next));
    let index = kind.count(present);
    let there =
        if notice.is_ok() { kind.list(index) } else { kind.back(asked.parameters.index("selected_host")) };
    pages::tell(site, asked, notice.unwrap_or_else(|refused| refused), there)
}

fn ask(site: &Site, asked: &Asked, kind: &Kind, present: &Present, index: usize) -> Answer {
    let place = kind.place(index);
    let value = |keyword| joined(present.values.get(place, keyword));
    let name = name_of(&present.values, place);
    let facts = format!("Address: {}. Port: {}.", value("address"), or(value("port"), &["", "0"], "n/a"));
    let lines = if kind.fos {
        vec![format!("Delete the failover service {name}?"), facts]
    } else {
        let servers = present.values.real_servers(index);
        vec![
            format!("Delete the virtual server {name} with all of its real servers?"),
            format!("{facts} Real servers: {servers}."),
        ]
    };
    Confirm {
        base: Base::of(present, &Part::Whole(place)),
        frame: Frame::of(site, asked),
        lines,
        button: (kind.button, "DELETE"),
        hidden: vec![("selected_host", (index + 1).to_string())],
        back: format!("{}?selected_host={}", kind.page.link(), index + 1),
    }
    .ask()
}

async fn delete(site: &Site, asked: &Asked, kind: &Kind, present: &Present) -> Answer {
    let section = if kind.fos { Place::Failover } else { Place::Virtual };
    let Ok(place) = base::section(present, &asked.parameters, section) else {
        return pages::tell(site, asked, pages::moved(kind.what), kind.back(None));
    };
    let index = section::number(place) - 1;
    if base::check(present, &asked.parameters, &Part::Whole(place)).is_err() {
        site.notices.leave(&asked.client.notices(), pages::changed(kind.what));
        return ask(site, asked, kind, present, index);
    }
    let name = name_of(&present.values, place);
    let mut edit = Edit::of(present);
    edit.make("", format!("{} {name} deleted", kind.what), |file| file.delete(place, false));
    let saved = accept::save(site, asked, present, edit, &format!("a {} deleted", kind.what)).await;
    let left = kind.count(present).saturating_sub(1);
    let next = if left == 0 { kind.back(None) } else { kind.list(index.min(left - 1)) };
    pages::tell(site, asked, saved.unwrap_or_else(|refused| refused), next)
}
