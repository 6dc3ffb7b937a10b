//! FAILOVER SERVICE, one of them (specification gui.md 6.15).

use lvs_cf::Place;

use crate::accept;
use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::base::{self, Base, Part};
use crate::edit::{Edit, Problems};
use crate::field::Field;
use crate::file::Present;
use crate::form::Parameters;
use crate::frame::Frame;
use crate::input::{Input, Places};
use crate::list::name_of;
use crate::more::More;
use crate::notice::Notice;
use crate::page::Page;
use crate::pages;
use crate::pages::virtual_server::{MASK, PORT, SectionForm, TIMEOUT};
use crate::section::{self, ToLookUp};
use crate::site::Site;

const PAGE: Page = Page::FailoverService;

const FAILOVER_MASK: Input = Input { label: "Netmask:", ..MASK };

const FAILOVER_PORT: Input = Input { hint: "a number or a TCP name of /etc/services", ..PORT };

pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    let form = &asked.parameters;
    // While virtual servers are in force the list shows what there is.
    if !pages::is_fos(&present) {
        return Answer::see(Page::FailoverServices);
    }
    match (form.trimmed("vev_action"), form.index("selected_host")) {
        ("CANCEL", Some(number)) => return section::at(Page::FailoverServices, number),
        ("EDIT", Some(number)) => return section::at(Page::MonitoringScripts, number),
        ("CANCEL", None) => return Answer::see(Page::FailoverServices),
        _ => {}
    }
    if asked.method == Method::Post {
        return accept(site, asked, &present).await;
    }
    match (section::shown(&present, form, true), form.get("vev_action")) {
        (None, _) => Answer::see(Page::FailoverServices),
        (Some(place), None) => show(site, asked, &present, place, None, None),
        (Some(place), Some(_)) => {
            let nothing = pages::nothing_done("ACCEPT");
            show(site, asked, &present, place, Some(&Problems::default()), Some(nothing))
        }
    }
}

async fn accept(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let Ok(place) = base::section(present, &asked.parameters, Place::Failover) else {
        let list = Answer::see(Page::FailoverServices);
        return pages::tell(site, asked, pages::moved("failover service"), list);
    };
    let (mut edit, names) = edited(present, place, &asked.parameters);
    section::look_up(&mut edit, names).await;
    let problems = edit.problems.clone();
    let what = format!("failover service {}", name_of(&present.values, place));
    match accept::accept(site, asked, present, &Part::Block(place), edit, &what).await {
        Ok(()) => section::at(PAGE, section::number(place)),
        Err(notice) => show(site, asked, present, place, Some(&problems), Some(notice)),
    }
}

/// What the form changes.
fn edited(present: &Present, place: Place, form: &Parameters) -> (Edit, ToLookUp) {
    let mut edit = Edit::of(present);
    let mut names = Vec::new();
    edit.in_section(place, |edit, inner| {
        let places = Places { file: place, edited: inner };
        section::rename(edit, "hostname", present, places, form);
        names = section::edit_address(edit, present, places, form);
        if FAILOVER_PORT.after(present, place, form).is_empty() {
            edit.problems.add("port", "a port is needed");
        }
        for input in [&FAILOVER_MASK, &FAILOVER_PORT, &TIMEOUT] {
            input.edit(edit, present, places, form);
        }
    });
    more(place).edit(&mut edit, present, form);
    (edit, names)
}

/// The others are for virtual servers.
fn more(place: Place) -> More {
    More::only(place, |keyword| keyword == "command_timeout")
}

fn show(
    site: &Site,
    asked: &Asked,
    present: &Present,
    place: Place,
    typed: Option<&Problems>,
    notice: Option<Notice>,
) -> Answer {
    let mut frame = Frame::of(site, asked);
    frame.section = Some(section::number(place));
    frame.notices.extend(notice);
    let typed = |fields: Vec<Field>| pages::typed(fields, &asked.parameters, typed);
    let field = |input: &Input| input.field(present, place, PAGE);
    let (address, device) = section::address(present, place);
    let fields = vec![
        section::name_field("Name:", "hostname", present, place, PAGE),
        Field::text("Virtual IP Address:", "address", 16, address).explained(PAGE),
        field(&FAILOVER_MASK),
        field(&FAILOVER_PORT),
        Field::text("Device:", "device", 16, device).hint("as eth0:1").explained(PAGE),
        field(&TIMEOUT),
    ];
    Answer::page(&SectionForm {
        frame,
        base: Base::of(present, &Part::Block(place)),
        about: String::new(),
        numbers: vec![("selected_host", section::number(place))],
        fields: typed(fields),
        more: typed(more(place).fields(present, PAGE)),
        button: "vev_action",
        scripts: true,
    })
}
