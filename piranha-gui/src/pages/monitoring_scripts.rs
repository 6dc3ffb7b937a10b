//! MONITORING SCRIPTS of a virtual server or failover service (specification gui.md 6.14 and 6.15).

mod edits;

use std::sync::Arc;

use askama::Template;
use lvs_cf::Place;

use self::edits::{Row, Rows};
use crate::accept;
use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::base::{self, Base, Part};
use crate::edit::{Edit, Problems};
use crate::field::Field;
use crate::file::Present;
use crate::form::Parameters;
use crate::frame::Frame;
use crate::list::name_of;
use crate::notice::{Notice, Tone};
use crate::page::Page;
use crate::pages;
use crate::section;
use crate::site::Site;

const PAGE: Page = Page::MonitoringScripts;

#[derive(Template)]
#[template(path = "monitoring_scripts.html")]
struct MonitoringScripts {
    frame: Frame,
    base: Base,
    about: String,
    number: usize,
    /// What is sent and expected, then what is run: heads and rows.
    tables: Vec<(&'static str, &'static str, Vec<Shown>)>,
    regex: Option<Field>,
    fos: bool,
}

/// A row as it is shown.
struct Shown {
    row: &'static Row,
    current: String,
    field: Field,
}

pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    let fos = pages::is_fos(&present);
    let form = &asked.parameters;
    if form.trimmed("gen_service") == "CANCEL" {
        return cancelled(fos, form.index("selected_host"));
    }
    if asked.method == Method::Post {
        return act(site, asked, &present).await;
    }
    let Some(place) = section::shown(&present, form, fos) else { return list(fos) };
    match form.get("gen_service") {
        None => show(Frame::of(site, asked), form, &present, place, None),
        Some(button) => {
            let mut frame = Frame::of(site, asked);
            frame.notices.push(pages::nothing_done(button));
            show(frame, form, &present, place, Some(&Problems::default()))
        }
    }
}

fn list(fos: bool) -> Answer {
    Answer::see(if fos { Page::FailoverServices } else { Page::VirtualServers })
}

fn cancelled(fos: bool, number: Option<usize>) -> Answer {
    let Some(number) = number else { return list(fos) };
    let page = if fos { Page::FailoverService } else { Page::VirtualServer };
    section::at(page, number)
}

async fn act(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let fos = pages::is_fos(present);
    let form = &asked.parameters;
    let kind = if fos { Place::Failover } else { Place::Virtual };
    let Ok(place) = base::section(present, form, kind) else {
        let what = if fos { "failover service" } else { "virtual server" };
        return pages::tell(site, asked, pages::moved(what), list(fos));
    };
    let button = form.trimmed("gen_service");
    if matches!(button, "" | "ACCEPT") {
        return accept(site, asked, present, place).await;
    }
    if let Some(row) = Rows::of(place).all().find(|row| row.button == button) {
        return blank(site, asked, present, place, row).await;
    }
    let line = format!("nothing was changed: there is no button {button} here");
    pages::tell(site, asked, Notice::new(Tone::Warning, line), here(place))
}

fn here(place: Place) -> Answer {
    section::at(PAGE, section::number(place))
}

async fn accept(site: &Site, asked: &Asked, present: &Present, place: Place) -> Answer {
    let edit = edits::accept(present, place, &asked.parameters);
    save(site, asked, present, place, edit).await.unwrap_or_else(|(mut problems, notice)| {
        let fields: Vec<_> = Rows::of(place).all().map(|row| (row.keyword, row.name)).collect();
        section::refused(&mut problems, &notice, &fields);
        let mut frame = Frame::of(site, asked);
        frame.notices.push(notice);
        show(frame, &asked.parameters, present, place, Some(&problems))
    })
}

async fn save(
    site: &Site,
    asked: &Asked,
    present: &Present,
    place: Place,
    edit: Edit,
) -> Result<Answer, (Problems, Notice)> {
    let problems = edit.problems.clone();
    let what = format!("monitoring scripts of {}", name_of(&present.values, place));
    let saved = accept::accept(site, asked, present, &Part::Block(place), edit, &what).await;
    saved.map(|()| here(place)).map_err(|notice| (problems, notice))
}

/// Takes one keyword out at once. What else was typed stays on the page, unsaved (F16).
async fn blank(site: &Site, asked: &Asked, present: &Present, place: Place, row: &Row) -> Answer {
    let edit = edits::blank(present, place, row);
    let others = asked.parameters.without(row.name);
    let saved = save(site, asked, present, place, edit).await;
    let now: Option<Arc<Present>> = site.file.present().ok();
    let (frame, typed) = (Frame::of(site, asked), Problems::default());
    match (saved, now) {
        (Err((problems, notice)), _) => {
            let mut frame = frame;
            frame.notices.push(notice);
            show(frame, &asked.parameters, present, place, Some(&problems))
        }
        (Ok(_), Some(now)) if edits::accept(&now, place, &others).has_something() => {
            let mut frame = frame;
            frame.tell(
                Tone::Warning,
                "what else was typed is still here and not saved: press ACCEPT to save it",
            );
            show(frame, &others, &now, place, Some(&typed))
        }
        (Ok(there), _) => {
            // The notices were taken for a page that is not shown.
            for notice in frame.notices {
                site.notices.leave(&asked.client.notices(), notice);
            }
            there
        }
    }
}

fn show(
    mut frame: Frame,
    form: &Parameters,
    present: &Present,
    place: Place,
    typed: Option<&Problems>,
) -> Answer {
    let rows = Rows::of(place);
    let fos = matches!(place, Place::Failover(_));
    frame.section = Some(section::number(place));
    let shown = |row: &'static Row| {
        let field =
            Field::text(row.label, row.name, 30, edits::text(present, place, row.keyword)).explained(PAGE);
        let field = pages::typed(vec![field], form, typed).pop();
        field.map(|field| Shown { row, current: edits::text(present, place, row.keyword), field })
    };
    let table = |rows: &'static [Row]| rows.iter().filter_map(shown).collect();
    let mut tables = vec![("Current text", "Replacement text", table(rows.texts))];
    if !rows.commands.is_empty() {
        tables.push(("Current command", "Replacement command", table(rows.commands)));
    }
    let regex = Field::checkbox(
        "Treat expect string as a regular expression",
        "use_regex",
        "1",
        edits::use_regex(present, place),
    );
    let regex = pages::typed(vec![regex.explained(PAGE)], form, typed).pop().filter(|_| !fos);
    Answer::page(&MonitoringScripts {
        frame,
        base: Base::of(present, &Part::Block(place)),
        about: name_of(&present.values, place),
        number: section::number(place),
        tables,
        regex,
        fos,
    })
}
