//! REDUNDANCY (specification gui.md 6.9).

mod edits;

use askama::Template;
use lvs_cf::Place;

use crate::accept;
use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::base::{Base, Part};
use crate::check;
use crate::confirm::Confirm;
use crate::edit::{Edit, Problems, joined};
use crate::field::Field;
use crate::file::Present;
use crate::form::Parameters;
use crate::frame::Frame;
use crate::notice::Tone;
use crate::page::Page;
use crate::pages;
use crate::site::Site;

#[derive(Template)]
#[template(path = "redundancy.html")]
struct Redundancy {
    frame: Frame,
    base: Base,
    active: bool,
    /// The addresses.
    routers: Vec<Field>,
    /// Below the rule.
    heartbeat: Vec<Field>,
    more: Vec<Field>,
}

/// Whether an extension keyword is shown here, and not on GLOBAL SETTINGS.
pub(crate) fn is_its(keyword: &str) -> bool {
    keyword.starts_with("heartbeat") || keyword == "hot_standby"
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Button {
    /// `backup_active` becomes this: ENABLE, DISABLE, and `enable=` of old addresses.
    Active(bool),
    Accept,
    Reset,
}

pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    let form = &asked.parameters;
    match (asked.method, button(form)) {
        (Method::Get, None) => show(Frame::of(site, asked), &present, form, None),
        (Method::Get, Some(button)) => {
            let mut frame = Frame::of(site, asked);
            frame.tell(Tone::Warning, unsaved(button, is_active(&present)));
            show(frame, &present, form, Some(&Problems::default()))
        }
        (Method::Post, Some(Button::Reset)) if !form.has("confirmed") => {
            ask(Frame::of(site, asked), &present)
        }
        (Method::Post, button) => {
            // Enter in a text field is ACCEPT; while there is no backup router there are no fields.
            let edit = match button.unwrap_or(Button::Accept) {
                Button::Accept if is_active(&present) => checked(&present, form).await,
                Button::Accept => Edit::of(&present),
                Button::Active(true) => edits::enable(&present),
                Button::Active(false) => disabled(&present, form),
                Button::Reset => edits::reset(&present),
            };
            let problems = edit.problems.clone();
            match accept::accept(site, asked, &present, &part(), edit, "redundancy").await {
                Ok(()) => Answer::see(Page::Redundancy),
                Err(notice) => {
                    let mut frame = Frame::of(site, asked);
                    frame.notices.push(notice);
                    show(frame, &present, form, Some(&problems))
                }
            }
        }
    }
}

impl Button {
    fn name(self) -> &'static str {
        match self {
            Self::Active(true) => "ENABLE",
            Self::Active(false) => "DISABLE",
            Self::Accept => "ACCEPT",
            Self::Reset => "RESET",
        }
    }
}

/// An address with a button in it, as bookmarks have it: shown, not done (R2).
fn unsaved(button: Button, active: bool) -> String {
    match (button, active) {
        (Button::Active(wanted), _) if wanted == active => {
            format!(
                "nothing has been saved: the backup router is {} already",
                if active { "active" } else { "inactive" }
            )
        }
        (Button::Accept | Button::Reset, false) => {
            "nothing has been saved: there is no backup router yet; press ENABLE to have one".to_owned()
        }
        _ => format!("nothing has been saved yet; press {} on this page to go on", button.name()),
    }
}

fn button(form: &Parameters) -> Option<Button> {
    match form.get("redundancy_action") {
        Some("DISABLE") => return Some(Button::Active(false)),
        Some("RESET") => return Some(Button::Reset),
        Some("ACCEPT") => return Some(Button::Accept),
        _ => {}
    }
    match (form.get("full_enable"), form.get("enable")) {
        (Some("ENABLE"), _) | (None, Some("0")) => Some(Button::Active(true)),
        (None, Some("1")) => Some(Button::Active(false)),
        _ => None,
    }
}

fn is_active(present: &Present) -> bool {
    present.config.as_ref().is_ok_and(|config| config.backup_active)
}

/// After DISABLE there is nothing to show typed values in.
fn disabled(present: &Present, form: &Parameters) -> Edit {
    let mut edit = edits::disable(present);
    let typed = |field: Field| field.typed(form, &Problems::default()).elsewhere.is_some();
    if form.has("redundant") && all_fields(present).into_iter().any(typed) {
        edit.warnings.push("what else was typed on the page was not saved".to_owned());
    }
    edit
}

async fn checked(present: &Present, form: &Parameters) -> Edit {
    let (mut edit, names) = edits::accept(present, form);
    let unknown = check::unknown(names.iter().map(|(_, name)| name.clone()).collect()).await;
    for (field, name) in names.into_iter().filter(|(_, name)| unknown.contains(name)) {
        edit.problems.add(field, format!("this machine knows no address of \"{name}\""));
    }
    edit
}

fn ask(frame: Frame, present: &Present) -> Answer {
    let now = edits::RESET.iter().filter_map(|&(keyword, new)| {
        let old = joined(present.values.get(Place::File, keyword));
        (old != new).then(|| format!("{keyword}: {} -> {}", edits::or_none(&old), edits::or_none(new)))
    });
    let mut lines =
        vec!["RESET puts the settings of the backup router back and saves that at once. What was typed and not accepted is lost.".to_owned()];
    lines.extend(now);
    lines.push(
        "The backup router stays enabled, without an address: failover does not work until it has one again."
            .to_owned(),
    );
    Confirm {
        base: Base::of(present, &part()),
        frame,
        lines,
        button: ("redundancy_action", "RESET"),
        hidden: Vec::new(),
        back: Page::Redundancy.link(),
    }
    .ask()
}

fn show(frame: Frame, present: &Present, form: &Parameters, typed: Option<&Problems>) -> Answer {
    let as_typed = |fields: Vec<Field>| match typed {
        Some(problems) => fields.into_iter().map(|field| field.typed(form, problems)).collect(),
        None => fields,
    };
    Answer::page(&Redundancy {
        frame,
        base: Base::of(present, &part()),
        active: is_active(present),
        routers: as_typed(routers(present)),
        heartbeat: as_typed(heartbeat(present)),
        more: as_typed(edits::more().fields(present, Page::Redundancy)),
    })
}

/// Whoever sends a form has seen these keywords. The addresses of the primary are only read here.
fn part() -> Part {
    let own = [
        "backup_active",
        "backup",
        "backup_private",
        "keepalive",
        "deadtime",
        "heartbeat_port",
        "monitor_links",
    ];
    let sync = ["syncdaemon", "syncd_iface", "syncd_id"];
    Part::Settings(own.into_iter().chain(sync).chain(edits::more().keywords()).collect())
}

fn all_fields(present: &Present) -> Vec<Field> {
    [routers(present), heartbeat(present), edits::more().fields(present, Page::Redundancy)].concat()
}

fn routers(present: &Present) -> Vec<Field> {
    let mut fields =
        vec![Field::text("Redundant server public IP:", "redundant", 16, edits::shown(present, "backup"))];
    if present.values.get(Place::File, "primary_private").is_some() {
        let private = edits::shown(present, "backup_private");
        fields.push(
            Field::text("Redundant server private IP:", "redundant_private", 16, private)
                .hint("for a second path of heartbeats"),
        );
    }
    explained(fields)
}

fn heartbeat(present: &Present) -> Vec<Field> {
    let absent = |keyword| present.values.get(Place::File, keyword).is_none();
    let text = |label: &str, name, keyword, hint: &str| {
        let default = if absent(keyword) { "not in the file: this is what the daemons use" } else { "" };
        let hint = if hint.is_empty() || default.is_empty() {
            format!("{hint}{default}")
        } else {
            format!("{hint}; {default}")
        };
        Field::text(label, name, 5, edits::shown(present, keyword)).hint(hint)
    };
    let config = present.config.as_ref().ok();
    let monitors = config.is_some_and(lvs_cf::Config::monitors_links);
    let syncs = config.is_some_and(|config| config.syncdaemon);
    explained(vec![
        text("Heartbeat interval (seconds):", "hb_interval", "keepalive", "the same on both routers"),
        text("Assume dead after (seconds):", "dead_after", "deadtime", "three intervals or more"),
        text("Heartbeat runs on port:", "hb_port", "heartbeat_port", "UDP"),
        Field::checkbox("Monitor NIC links for failures:", "monitor_links", "on", monitors),
        Field::checkbox("Use sync daemon:", "syncdaemon", "on", syncs)
            .hint("the backup router learns of all connections, so that they survive a failover"),
        text("Sync daemon interface:", "syncd_iface", "syncd_iface", ""),
        text("Sync daemon ID:", "syncd_id", "syncd_id", "0 to 255"),
    ])
}

fn explained(fields: Vec<Field>) -> Vec<Field> {
    fields.into_iter().map(|field| field.explained(Page::Redundancy)).collect()
}
