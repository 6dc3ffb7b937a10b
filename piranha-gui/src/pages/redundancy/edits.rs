//! What the buttons of REDUNDANCY do to the file (specification gui.md 6.9 and 8).

use std::time::Duration;

use lvs_cf::{Config, Document, Place, Time};

use crate::check;
use crate::edit::{Edit, Typed, joined};
use crate::file::{AnyName, Present};
use crate::form::Parameters;
use crate::more::More;

/// What ENABLE writes for keywords that are absent: what Piranha's own page writes.
const ENABLED: [(&str, &str); 4] =
    [("heartbeat", "1"), ("heartbeat_port", "539"), ("keepalive", "6"), ("deadtime", "18")];

/// What RESET writes.
pub(super) const RESET: [(&str, &str); 5] = [
    ("backup", "0.0.0.0"),
    ("backup_private", ""),
    ("heartbeat_port", "539"),
    ("keepalive", "6"),
    ("deadtime", "18"),
];

/// The longest interval and dead time, in seconds; the interval has a limit of its own.
const LONGEST: u32 = 1_000_000;

/// What the daemons use while a keyword is absent.
fn default(keyword: &str) -> &'static str {
    match keyword {
        "backup" => "0.0.0.0",
        "keepalive" => "2",
        "deadtime" => "5",
        "heartbeat_port" => "539",
        "syncd_iface" => "eth0",
        "syncd_id" => "0",
        _ => "",
    }
}

/// The value in the file, or what the daemons use without one.
pub(super) fn shown(present: &Present, keyword: &str) -> String {
    present
        .values
        .get(Place::File, keyword)
        .map_or_else(|| default(keyword).to_owned(), |words| joined(Some(words)))
}

pub(super) fn or_none(value: &str) -> &str {
    if value.is_empty() { "(none)" } else { value }
}

/// Extension keywords of the heartbeat.
pub(super) fn more() -> More {
    More::only(Place::File, super::is_its)
}

pub(super) fn enable(present: &Present) -> Edit {
    let mut edit = Edit::of(present);
    set(&mut edit, present, "backup_active", "1");
    for (keyword, value) in ENABLED {
        if present.values.get(Place::File, keyword).is_none() {
            set(&mut edit, present, keyword, value);
        }
    }
    edit
}

pub(super) fn disable(present: &Present) -> Edit {
    let mut edit = Edit::of(present);
    if present.values.get(Place::File, "backup_active").is_some() {
        set(&mut edit, present, "backup_active", "0");
    }
    edit
}

pub(super) fn reset(present: &Present) -> Edit {
    let mut edit = Edit::of(present);
    for (keyword, value) in RESET {
        set(&mut edit, present, keyword, value);
    }
    edit
}

fn set(edit: &mut Edit, present: &Present, keyword: &str, value: &str) {
    let before = joined(present.values.get(Place::File, keyword));
    edit.set(Place::File, keyword, "", &before, &[value]);
}

/// ACCEPT; with the names of machines that have to be looked up, and their fields.
pub(super) fn accept(present: &Present, form: &Parameters) -> (Edit, Vec<(&'static str, String)>) {
    let mut edit = Edit::of(present);
    let names = routers(&mut edit, present, form);
    numbers(&mut edit, present, form);
    for keyword in ["monitor_links", "syncdaemon"] {
        ticked(&mut edit, present, form, keyword);
    }
    more().edit(&mut edit, present, form);
    if edit.problems.is_empty() && edit.is_needed() {
        together(&mut edit);
    }
    (edit, names)
}

fn routers(edit: &mut Edit, present: &Present, form: &Parameters) -> Vec<(&'static str, String)> {
    let mut names = Vec::new();
    let backup =
        form.get("redundant").map_or_else(|| shown(present, "backup"), |typed| typed.trim().to_owned());
    if backup.is_empty() || backup == "0.0.0.0" {
        edit.problems.add(
            "redundant",
            "the address of the backup router is needed: without one pulse takes the backup for inactive",
        );
    } else if backup == joined(present.values.get(Place::File, "primary")) {
        edit.problems.add(
            "redundant",
            "this is the primary router's address: pulse does not start with one address for both",
        );
    }
    for (keyword, name) in [("backup", "redundant"), ("backup_private", "redundant_private")] {
        if keyword == "backup_private" && present.values.get(Place::File, "primary_private").is_none() {
            continue;
        }
        let typed = Typed { place: Place::File, keyword, name, default: default(keyword) };
        let new = edit.typed(present, typed, form, check::host).filter(|new| !new.is_empty());
        names.extend(new.map(|new| (name, new.to_owned())));
    }
    names
}

fn numbers(edit: &mut Edit, present: &Present, form: &Parameters) {
    for (keyword, name) in [
        ("keepalive", "hb_interval"),
        ("deadtime", "dead_after"),
        ("heartbeat_port", "hb_port"),
        ("syncd_iface", "syncd_iface"),
        ("syncd_id", "syncd_id"),
    ] {
        let typed = Typed { place: Place::File, keyword, name, default: default(keyword) };
        let new = edit.typed(present, typed, form, |new| number(keyword, new));
        if let Some(new) = new.filter(|_| keyword == "syncd_iface") {
            edit.warnings.extend(check::device_warning(new, false));
        }
    }
}

/// Times with a unit are judged with the rest of the file.
fn number(keyword: &str, new: &str) -> Result<(), String> {
    match keyword {
        "heartbeat_port" => check::port(new),
        "syncd_id" => check::number(new, 0, 255).map(drop),
        "syncd_iface" if new.contains(':') => Err("write an interface without an alias".to_owned()),
        "syncd_iface" => check::device(new),
        _ if new.bytes().all(|byte| byte.is_ascii_digit()) => check::number(new, 1, LONGEST).map(drop),
        _ => Ok(()),
    }
}

/// A box that is as it was changes nothing: `monitor_links = 2` stays.
fn ticked(edit: &mut Edit, present: &Present, form: &Parameters, keyword: &'static str) {
    let before = joined(present.values.get(Place::File, keyword));
    let was = present.config.as_ref().is_ok_and(|config| match keyword {
        "syncdaemon" => config.syncdaemon,
        _ => config.monitors_links(),
    });
    if was != form.has(keyword) {
        edit.set(Place::File, keyword, keyword, &before, &[if was { "0" } else { "1" }]);
    }
}

/// What two fields say together, in the file as it would be. That a dead time below some intervals is hardly meant is told
/// after the save, as all that the checker finds.
fn together(edit: &mut Edit) {
    let Some(config) = read(&edit.document) else { return };
    let (interval, dead) = (config.heartbeat_interval(), length(config.deadtime));
    if interval > Duration::from_secs(3600) {
        edit.problems.add("hb_interval", "an hour is the longest interval");
    }
    if dead <= interval {
        let problem =
            format!("must be longer than the interval of {interval:?}: both routers would be active in turn");
        edit.problems.add("dead_after", problem);
    }
}

fn length(time: Time) -> Duration {
    match time {
        Time::Seconds(seconds) => Duration::from_secs(u64::try_from(seconds).unwrap_or(0)),
        Time::Exact(time) => time,
    }
}

fn read(document: &Document) -> Option<Config> {
    Config::of(document.clone(), &AnyName).ok().map(|parsed| parsed.config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Problems;
    use proptest::prelude::*;

    const FILE: &str = "serial_no = 3\nprimary = 10.0.0.1\nbackup_active = 1\nbackup = 10.0.0.2\nheartbeat = 1\n\
                        heartbeat_port = 539\nkeepalive = 6\n# six\ndeadtime = 18\nnetwork = direct\nmonitor_links = 2\n\
                        virtual web {\n     port = 80\n}\n";
    const SAME: &str = "redundant=10.0.0.2&hb_interval=6&dead_after=18&hb_port=539&monitor_links=on&syncd_iface=eth0&syncd_id=0";

    fn edit(file: &str, form: &str) -> Edit {
        accept(&Present::of(file.as_bytes()), &Parameters::parse(form.as_bytes())).0
    }

    fn text(edit: &Edit) -> &str {
        assert_eq!(edit.problems, Problems::default());
        std::str::from_utf8(edit.document.as_bytes()).unwrap()
    }

    #[test]
    fn accept_changes_what_was_changed_and_nothing_else() {
        assert!(!edit(FILE, SAME).is_needed());
        assert_eq!(
            text(&edit(FILE, &SAME.replace("=6&", "=5&"))),
            FILE.replace("keepalive = 6", "keepalive = 5")
        );
        let ticked = format!("{SAME}&syncdaemon=on");
        assert_eq!(
            text(&edit(FILE, &ticked)),
            FILE.replace("monitor_links = 2\n", "monitor_links = 2\nsyncdaemon = 1\n")
        );
        let unticked = SAME.replace("&monitor_links=on", "");
        assert_eq!(text(&edit(FILE, &unticked)), FILE.replace("monitor_links = 2", "monitor_links = 0"));
    }

    #[test]
    fn what_the_daemons_use_anyway_is_not_written() {
        let file = "primary = 10.0.0.1\nbackup_active = 1\nbackup = 10.0.0.2\n";
        assert!(
            !edit(file, "hb_interval=2&dead_after=5&hb_port=539&syncd_iface=eth0&syncd_id=0").is_needed()
        );
        assert!(!edit(file, "hb_interval=&dead_after=").is_needed());
        assert_eq!(text(&edit(file, "dead_after=9")), format!("{file}deadtime = 9\n"));
    }

    #[test]
    fn enable_writes_what_is_absent() {
        let enabled = enable(&Present::of(b"serial_no = 1\nprimary = 10.0.0.1\nkeepalive = 9\n"));
        assert_eq!(
            text(&enabled),
            "serial_no = 1\nprimary = 10.0.0.1\nbackup_active = 1\nheartbeat = 1\nheartbeat_port = 539\nkeepalive = 9\ndeadtime = 18\n"
        );
    }

    #[test]
    fn disable_and_reset_touch_their_keywords_only() {
        let present = Present::of(FILE.as_bytes());
        assert_eq!(text(&disable(&present)), FILE.replace("backup_active = 1", "backup_active = 0"));
        let changed = FILE.replace("keepalive = 6", "keepalive = 1").replace("deadtime = 18", "deadtime = 3");
        let changed =
            changed.replace("backup = 10.0.0.2\n", "backup = 10.0.0.2\nbackup_private = 10.9.0.2\n");
        assert_eq!(
            text(&reset(&Present::of(changed.as_bytes()))),
            FILE.replace("backup = 10.0.0.2", "backup = 0.0.0.0")
        );
    }

    #[test]
    fn mistakes_are_told_beside_their_fields() {
        for (field, form) in [
            ("redundant", "redundant="),
            ("redundant", "redundant=0.0.0.0"),
            ("redundant", "redundant=10.0.0.1"),
            ("redundant", "redundant=10.0.0.300"),
            ("hb_interval", "hb_interval=0"),
            ("hb_interval", "hb_interval=3601&dead_after=9999"),
            ("hb_interval", "hb_interval=0x5"),
            ("dead_after", "dead_after=6"),
            ("dead_after", "dead_after=soon"),
            ("hb_port", "hb_port=65536"),
            ("hb_port", "hb_port=no-such-service"),
            ("syncd_id", "syncd_id=256"),
            ("syncd_iface", "syncd_iface=eth0:1"),
        ] {
            assert!(edit(FILE, form).problems.of(field).is_some(), "{form}");
        }
    }

    #[test]
    fn intervals_below_a_second_go_to_extension_lines() {
        let fast = edit(FILE, "hb_interval=250ms&dead_after=1&monitor_links=on");
        assert_eq!(
            text(&fast),
            FILE.replace("keepalive = 6\n", "keepalive = 6\n#% keepalive = 250ms\n")
                .replace("deadtime = 18", "deadtime = 1")
        );
    }

    proptest! {
        #[test]
        fn any_form_changes_only_keywords_of_the_page(
            fields in prop::collection::vec((0..12_usize, "[ -~]{0,12}|[0-9.:a-z]{0,12}|\\PC{0,4}"), 0..8)
        ) {
            const NAMES: [&str; 12] = ["redundant", "redundant_private", "hb_interval", "dead_after", "hb_port", "monitor_links",
                "syncdaemon", "syncd_iface", "syncd_id", "heartbeat_auth", "heartbeat_key_file", "primary"];
            let mut encoder = form_urlencoded::Serializer::new(String::new());
            for (name, value) in &fields {
                encoder.append_pair(NAMES[*name], value);
            }
            let form = Parameters::parse(encoder.finish().as_bytes());
            let before = Present::of(FILE.as_bytes());
            let (edit, _) = accept(&before, &form);
            let after = Present::of(edit.document.as_bytes());
            for keyword in ["serial_no", "primary", "network", "backup_active", "backup_private", "heartbeat_key_file"] {
                prop_assert_eq!(before.values.get(Place::File, keyword), after.values.get(Place::File, keyword));
            }
            if edit.problems.is_empty() {
                prop_assert!(after.config.is_ok());
            }
        }
    }
}
