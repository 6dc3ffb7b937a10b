//! VIRTUAL SERVER (specification gui.md 6.11).

use askama::Template;
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
use crate::frame::Frame;
use crate::input::{Input, Places, Widget, any};
use crate::list::name_of;
use crate::more::More;
use crate::notice::Notice;
use crate::page::Page;
use crate::pages;
use crate::section::{self, ToLookUp};
use crate::site::Site;

const PAGE: Page = Page::VirtualServer;

/// A form of a section: fields, what is folded, ACCEPT and CANCEL.
#[derive(Template)]
#[template(path = "section.html")]
pub(crate) struct SectionForm {
    pub(crate) frame: Frame,
    pub(crate) base: Base,
    /// What the form is about.
    pub(crate) about: String,
    pub(crate) numbers: Vec<(&'static str, usize)>,
    pub(crate) fields: Vec<Field>,
    pub(crate) more: Vec<Field>,
    /// Name of the buttons.
    pub(crate) button: &'static str,
    /// Whether a button leads to MONITORING SCRIPTS.
    pub(crate) scripts: bool,
}

pub(crate) const PORT: Input = Input {
    label: "Application port:",
    name: "port",
    keyword: "port",
    widget: Widget::Text(8),
    default: "80",
    hint: "a number or a TCP name of /etc/services; blank only with a firewall mark",
    check: check::port,
};

const FWMARK: Input = Input {
    label: "Firewall Mark:",
    name: "fwmark",
    keyword: "fwmark",
    widget: Widget::Text(12),
    default: "",
    hint: "blank: none. The rule that sets the mark is made outside of Piranha",
    check: |typed| check::number(typed, 1, u32::MAX).map(drop),
};

const PERSISTENCE: Input = Input {
    label: "Persistence:",
    name: "persistent",
    keyword: "persistent",
    widget: Widget::Text(8),
    default: "",
    hint: "seconds; blank: none",
    check: |typed| check::number(typed, 1, 2_678_400).map(drop),
};

const PERSISTENCE_MASK: Input = Input {
    label: "Persistence Network Mask:",
    name: "pmask",
    keyword: "pmask",
    widget: Widget::Mask,
    default: "",
    hint: "",
    check: any,
};

/// Between the port and the address.
const PROTOCOL: Input = Input {
    label: "Protocol:",
    name: "protocol",
    keyword: "protocol",
    widget: Widget::Choice(&[("tcp", "tcp"), ("udp", "udp")]),
    default: "tcp",
    hint: "",
    check: any,
};

pub(crate) const MASK: Input = Input {
    label: "Virtual IP Network Mask:",
    name: "vip_nmask",
    keyword: "vip_nmask",
    widget: Widget::Mask,
    default: "",
    hint: "",
    check: any,
};

const SORRY_SERVER: Input = Input {
    label: "Sorry Server:",
    name: "sorry_server",
    keyword: "sorry_server",
    widget: Widget::Text(16),
    default: "",
    hint: "an IP address; blank: none",
    check: check::address,
};

pub(crate) const TIMEOUT: Input = Input {
    label: "Service timeout:",
    name: "timeout",
    keyword: "timeout",
    widget: Widget::Text(8),
    default: "10",
    hint: "seconds",
    check: |typed| check::number(typed, 1, 86_400).map(drop),
};

/// Behind the device.
const REST: [Input; 5] = [
    Input {
        label: "Re-entry Time:",
        name: "reentry",
        keyword: "reentry",
        widget: Widget::Text(8),
        default: "180",
        hint: "seconds",
        check: |typed| check::number(typed, 1, 86_400).map(drop),
    },
    TIMEOUT,
    Input {
        label: "Quiesce server:",
        name: "quiesce_server",
        keyword: "quiesce_server",
        widget: Widget::Radio(&[("1", "Yes"), ("0", "No")]),
        default: "0",
        hint: "",
        check: any,
    },
    Input {
        label: "Load monitoring tool:",
        name: "load",
        keyword: "load_monitor",
        widget: Widget::Choice(&[("none", "none"), ("rup", "rup"), ("ruptime", "ruptime")]),
        default: "none",
        hint: "",
        check: any,
    },
    Input {
        label: "Scheduling:",
        name: "sched",
        keyword: "scheduler",
        widget: Widget::Choice(SCHEDULERS),
        default: "wlc",
        hint: "",
        check: any,
    },
];

/// List S (gui.md 7.1), then those that Piranha does not know.
const SCHEDULERS: &[(&str, &str)] = &[
    ("rr", "Round robin"),
    ("wlc", "Weighted least-connections"),
    ("wrr", "Weighted round robin"),
    ("lc", "Least-connection"),
    ("lblc", "Locality-Based Least-Connection Scheduling"),
    ("lblcr", "Locality-Based Least-Connection Scheduling (R)"),
    ("dh", "Destination Hash Scheduling"),
    ("sh", "Source Hash Scheduling"),
    ("sed", "Shortest expected delay (not in Piranha)"),
    ("nq", "Never queue (not in Piranha)"),
    ("fo", "Weighted failover (not in Piranha)"),
    ("ovf", "Weighted overflow (not in Piranha)"),
    ("mh", "Maglev hashing (not in Piranha)"),
    ("twos", "Power of two choices (not in Piranha)"),
];

pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    let present = match pages::file(site, asked) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    let form = &asked.parameters;
    let number = form.index("selected_host");
    match (form.trimmed("vev_action"), number) {
        ("CANCEL", Some(number)) => return section::at(Page::VirtualServers, number),
        ("EDIT", Some(number)) => return section::at(Page::MonitoringScripts, number),
        ("CANCEL", None) => return Answer::see(Page::VirtualServers),
        _ => {}
    }
    if asked.method == Method::Post {
        return accept(site, asked, &present).await;
    }
    match (section::shown(&present, form, false), form.get("vev_action")) {
        (None, _) => Answer::see(Page::VirtualServers),
        (Some(place), None) => show(site, asked, &present, place, None, None),
        (Some(place), Some(_)) => show(
            site,
            asked,
            &present,
            place,
            Some(&Problems::default()),
            Some(pages::nothing_done("ACCEPT")),
        ),
    }
}

async fn accept(site: &Site, asked: &Asked, present: &Present) -> Answer {
    let Ok(place) = base::section(present, &asked.parameters, Place::Virtual) else {
        return pages::tell(site, asked, pages::moved("virtual server"), Answer::see(Page::VirtualServers));
    };
    let (mut edit, names) = edited(present, place, &asked.parameters);
    section::look_up(&mut edit, names).await;
    let mut problems = edit.problems.clone();
    let what = format!("virtual server {}", name_of(&present.values, place));
    match accept::accept(site, asked, present, &Part::Block(place), edit, &what).await {
        Ok(()) => section::at(PAGE, section::number(place)),
        Err(notice) => {
            section::refused(&mut problems, &notice, &[("load_monitor", "load")]);
            show(site, asked, present, place, Some(&problems), Some(notice))
        }
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
        let marked = FWMARK.edit(edit, present, places, form);
        let without_port = PORT.after(present, place, form).is_empty();
        match FWMARK.after(present, place, form).as_str() {
            "" | "0" if without_port => edit.problems.add("port", "a port is needed, or a firewall mark"),
            _ => {
                PORT.edit(edit, present, places, form);
            }
        }
        for input in [&PROTOCOL, &MASK, &SORRY_SERVER].into_iter().chain(&REST) {
            input.edit(edit, present, places, form);
        }
        let persistence = PERSISTENCE.edit(edit, present, places, form);
        let mask = PERSISTENCE_MASK.edit(edit, present, places, form);
        let lasting = !matches!(PERSISTENCE.after(present, place, form).as_str(), "" | "0");
        if (mask || persistence) && !lasting && !PERSISTENCE_MASK.after(present, place, form).is_empty() {
            edit.warnings.push("a persistence mask does nothing without persistence".to_owned());
        }
        if marked && !FWMARK.after(present, place, form).is_empty() {
            let rule = "the rule that sets the firewall mark must be made outside of Piranha, on both routers: see FIREWALL";
            edit.warnings.push(rule.to_owned());
        }
    });
    more(place).edit(&mut edit, present, form);
    (edit, names)
}

/// A command's time is for failover services.
fn more(place: Place) -> More {
    More::only(place, |keyword| keyword != "command_timeout")
}

fn show(
    site: &Site,
    asked: &Asked,
    present: &Present,
    place: Place,
    typed: Option<&Problems>,
    notice: Option<Notice>,
) -> Answer {
    let mut frame = pages::of_virtual_server(site, asked, present, section::number(place));
    frame.notices.extend(notice);
    let typed = |fields: Vec<Field>| pages::typed(fields, &asked.parameters, typed);
    Answer::page(&SectionForm {
        frame,
        base: Base::of(present, &Part::Block(place)),
        about: String::new(),
        numbers: vec![("selected_host", section::number(place))],
        fields: typed(fields(present, place)),
        more: typed(more(place).fields(present, PAGE)),
        button: "vev_action",
        scripts: false,
    })
}

fn fields(present: &Present, place: Place) -> Vec<Field> {
    let (address, device) = section::address(present, place);
    let field = |input: &Input| input.field(present, place, PAGE);
    let address = Field::text("Virtual IP Address:", "address", 16, address).explained(PAGE);
    let device = Field::text("Device:", "device", 16, device).hint("as eth0:1").explained(PAGE);
    let mut fields = vec![
        section::name_field("Name:", "hostname", present, place, PAGE),
        field(&PORT),
        field(&PROTOCOL),
        address,
        field(&MASK),
        field(&SORRY_SERVER),
        field(&FWMARK),
        device,
    ];
    fields.extend(REST.iter().map(field));
    fields.extend([field(&PERSISTENCE), field(&PERSISTENCE_MASK)]);
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "\
# house
virtual web {
	port = http
}
virtual b {
     address = 10.0.0.9 eth0:1
     vip_nmask = 255.255.255.254
     load_monitor = uptime
     scheduler = wlc
     #% scheduler = mh
     port = 0x50
     pmask = 0.0.0.0
     server x {
         weight = 1
     }
}
";

    fn present() -> Present {
        Present::of(FILE.as_bytes())
    }

    /// What a browser sends of the form as it is shown.
    fn shown(present: &Present, place: Place) -> Vec<(String, String)> {
        let all = fields(present, place).into_iter().chain(more(place).fields(present, PAGE));
        all.map(|field| (field.name.to_owned(), field.value)).collect()
    }

    fn parameters(fields: &[(String, String)]) -> Parameters {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(fields);
        Parameters::parse(text.finish().as_bytes())
    }

    #[test]
    fn a_form_sent_back_as_it_was_shown_changes_nothing() {
        let present = present();
        for place in [Place::Virtual(0), Place::Virtual(1)] {
            let (edit, _) = edited(&present, place, &parameters(&shown(&present, place)));
            assert_eq!((edit.changes, edit.problems), (Vec::new(), Problems::default()));
            assert_eq!(&edit.document, present.document());
        }
    }

    #[test]
    fn labels_and_keys_of_schedulers_are_understood() {
        let present = present();
        for sent in ["sched=Round+robin", "sched=rr"] {
            let (edit, _) = edited(&present, Place::Virtual(0), &Parameters::parse(sent.as_bytes()));
            assert_eq!(edit.changes, ["scheduler: (none) -> rr"], "{sent}");
        }
    }

    #[test]
    fn a_port_is_needed_unless_there_is_a_mark() {
        let present = present();
        let edited = |form: &str| edited(&present, Place::Virtual(0), &Parameters::parse(form.as_bytes())).0;
        assert!(edited("port=&fwmark=").problems.of("port").is_some());
        assert_eq!(edited("port=&fwmark=7").changes, ["fwmark: (none) -> 7", "port: http -> (none)"]);
    }

    proptest! {
        #[test]
        fn any_form_leaves_all_other_blocks_as_they_are(
            typed in prop::collection::vec(("(hostname|port|protocol|address|vip_nmask|sorry_server|fwmark|device|reentry|timeout|quiesce_server|load|sched|persistent|pmask|rise|check_interval)", "\\PC{0,12}|[0-9]{1,4}|eth0:1|10\\.0\\.0\\.1|a b"), 0..6),
        ) {
            let present = present();
            let (edit, _) = edited(&present, Place::Virtual(0), &parameters(&typed));
            let after = Present::of(edit.document.as_bytes());
            prop_assert!(after.config.is_ok(), "{:?}", after.config);
            prop_assert_eq!(after.document().section(Place::Virtual(1)), present.document().section(Place::Virtual(1)));
        }
    }
}
