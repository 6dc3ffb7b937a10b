//! What the rows of MONITORING SCRIPTS change.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use health::expect::Expect;
use lvs_cf::{Place, Text, VirtualServer};

use crate::edit::Edit;
use crate::file::Present;
use crate::form::Parameters;
use crate::rules;

/// A text with its field and the button that takes it out.
pub(crate) struct Row {
    pub(crate) label: &'static str,
    pub(crate) name: &'static str,
    pub(crate) keyword: &'static str,
    pub(crate) button: &'static str,
}

/// The rows of a section.
pub(crate) struct Rows {
    pub(crate) texts: &'static [Row],
    pub(crate) commands: &'static [Row],
}

const fn row(label: &'static str, keyword: &'static str, button: &'static str) -> Row {
    Row { label, name: keyword, keyword, button }
}

const VIRTUAL: &[Row] = &[
    row("Sending Program:", "send_program", "NO SEND PROGRAM"),
    row("Send:", "send", "BLANK SEND"),
    row("Expect:", "expect", "BLANK EXPECT"),
];

const FAILOVER: &[Row] = &[row("Send:", "send", "BLANK SEND"), row("Expect:", "expect", "BLANK EXPECT")];

const COMMANDS: &[Row] = &[
    row("Start command:", "start_cmd", "BLANK START COMMAND"),
    row("Stop command:", "stop_cmd", "BLANK STOP COMMAND"),
];

impl Rows {
    pub(crate) fn of(place: Place) -> Self {
        match place {
            Place::Failover(_) => Self { texts: FAILOVER, commands: COMMANDS },
            _ => Self { texts: VIRTUAL, commands: &[] },
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &'static Row> + use<> {
        self.texts.iter().chain(self.commands)
    }
}

impl Edit {
    /// Whether a form asks for anything, right or wrong.
    pub(crate) fn has_something(&self) -> bool {
        self.is_needed() || !self.problems.is_empty()
    }
}

fn section(present: &Present, place: Place) -> Option<&VirtualServer> {
    let config = present.config.as_ref().ok()?;
    match place {
        Place::Virtual(index) => config.virtual_servers.get(index),
        Place::Failover(index) => config.failover.get(index),
        Place::File | Place::Server(..) => None,
    }
}

/// What the daemons make of a text: with the quotes that they keep.
pub(crate) fn text(present: &Present, place: Place, keyword: &str) -> String {
    let Some(section) = section(present, place) else { return String::new() };
    let text = match keyword {
        "send_program" => &section.send_program,
        "send" => &section.send,
        "expect" => &section.expect,
        "start_cmd" => &section.start_cmd,
        "stop_cmd" => &section.stop_cmd,
        _ => &None,
    };
    let effective = text.as_ref().map(Text::effective).unwrap_or_default();
    String::from_utf8_lossy(&effective).into_owned()
}

pub(crate) fn use_regex(present: &Present, place: Place) -> bool {
    section(present, place).is_some_and(|section| section.use_regex)
}

/// Takes one keyword out.
pub(crate) fn blank(present: &Present, place: Place, row: &Row) -> Edit {
    let mut edit = Edit::of(present);
    let current = text(present, place, row.keyword);
    if present.values.get(place, row.keyword).is_some() {
        let change = format!("{}: {current} -> (none)", row.keyword);
        edit.make(row.name, change, |file| file.remove(place, row.keyword));
    }
    edit
}

/// Takes over what was typed. An emptied field takes its keyword out.
pub(crate) fn accept(present: &Present, place: Place, form: &Parameters) -> Edit {
    let mut edit = Edit::of(present);
    for row in Rows::of(place).all() {
        // Blanks at the ends may be meant.
        let Some(typed) = form.get(row.name) else { continue };
        replace(&mut edit, present, place, row, typed);
    }
    // A box that is not ticked is not sent: only a form with the expect field has one.
    if matches!(place, Place::Virtual(_)) && form.has("expect") {
        regex(&mut edit, present, place, form);
    }
    edit
}

fn replace(edit: &mut Edit, present: &Present, place: Place, row: &Row, typed: &str) {
    let current = text(present, place, row.keyword);
    if typed == current {
        return;
    }
    if typed.is_empty() {
        let cleared = blank(present, place, row);
        if cleared.is_needed() {
            let change = format!("{}: {current} -> (none), since the field was emptied", row.keyword);
            edit.make(row.name, change, |file| file.remove(place, row.keyword));
        }
        return;
    }
    match rules::text(typed) {
        Err(problem) => edit.problems.add(row.name, problem),
        Ok(text) => {
            let was = if current.is_empty() { "(none)" } else { &current };
            let change = format!("{}: {was} -> {text}", row.keyword);
            edit.make(row.name, change, |file| file.set(place, row.keyword, &[&text]));
            if row.keyword.ends_with("program") || row.keyword.ends_with("cmd") {
                edit.warnings.extend(odd_program(row.keyword, &text));
            }
        }
    }
}

fn regex(edit: &mut Edit, present: &Present, place: Place, form: &Parameters) {
    let (before, after) = (use_regex(present, place), form.has("use_regex"));
    let current = text(present, place, "expect");
    let expect = form.get("expect").unwrap_or(&current);
    let changed = before != after || expect != current;
    if after
        && changed
        && !expect.is_empty()
        && edit.problems.of("expect").is_none()
        && let Expect::Impossible(reason) = Expect::expression(expect.as_bytes())
    {
        edit.problems.add("expect", format!("this is no POSIX extended regular expression: {reason}"));
        return;
    }
    if before != after {
        let (was, is) = if after { ("0", "1") } else { ("1", "0") };
        edit.set(place, "use_regex", "use_regex", was, &[is]);
    }
}

/// Looks at a program, and never runs it.
fn odd_program(keyword: &str, command: &str) -> Option<String> {
    let program = command.split(' ').find(|word| !word.is_empty())?.trim_matches(['"', '\'']);
    if !program.starts_with('/') {
        return Some(format!("{keyword}: {program} is no absolute path"));
    }
    match fs::metadata(program) {
        Err(error) => Some(format!("{keyword}: {program} on this machine: {error}")),
        Ok(found) if !found.is_file() || found.permissions().mode() & 0o111 == 0 => {
            Some(format!("{keyword}: {program} is no executable file"))
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "virtual web {\n     send = \"GET / HTTP/1.0\\r\\n\\r\\n\"\n     expect = 'HTTP'\n     use_regex = 1\n}\nvirtual b {\n}\n";
    const WEB: Place = Place::Virtual(0);

    fn accepted(form: &[(&str, &str)]) -> Edit {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(form);
        accept(&Present::of(FILE.as_bytes()), WEB, &Parameters::parse(text.finish().as_bytes()))
    }

    #[test]
    fn a_form_sent_back_as_it_was_shown_changes_nothing() {
        let present = Present::of(FILE.as_bytes());
        let shown: Vec<_> =
            Rows::of(WEB).all().map(|row| (row.name, text(&present, WEB, row.keyword))).collect();
        let mut form: Vec<_> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        form.push(("use_regex", "1"));
        assert!(!accepted(&form).has_something());
        assert_eq!(text(&present, WEB, "expect"), "'HTTP'");
    }

    #[test]
    fn texts_are_quoted_and_emptied_fields_cleared() {
        let edit = accepted(&[
            ("send", ""),
            ("expect", "^HTTP/1"),
            ("send_program", "/bin/true %h"),
            ("use_regex", "1"),
        ]);
        assert!(edit.problems.is_empty());
        let text = String::from_utf8(edit.document.as_bytes().to_vec()).unwrap();
        assert_eq!(
            text,
            "virtual web {\n     expect = \"^HTTP/1\"\n     use_regex = 1\n     send_program = \"/bin/true %h\"\n}\nvirtual b {\n}\n"
        );
    }

    #[test]
    fn expressions_are_compiled_only_if_they_are_used() {
        assert!(accepted(&[("expect", "(HTTP"), ("use_regex", "1")]).problems.of("expect").is_some());
        assert!(accepted(&[("expect", "(HTTP")]).problems.is_empty());
        assert!(
            accepted(&[("expect", "a{99999}{99999}"), ("use_regex", "1")]).problems.of("expect").is_some()
        );
    }

    #[test]
    fn programs_are_looked_at() {
        assert_eq!(odd_program("send_program", "/bin/sh -c x"), None);
        for odd in ["sh", "/etc/passwd", "/nonexistent/x %h"] {
            assert!(odd_program("send_program", odd).is_some(), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn any_text_leaves_a_file_that_is_read_as_it_was_meant(
            send in "\\PC{0,12}|[a\"' ]{0,6}", expect in "\\PC{0,12}|[a\\[(*\"' ]{0,6}", regex: bool,
        ) {
            let mut form = vec![("send", send.as_str()), ("expect", expect.as_str())];
            form.extend(regex.then_some(("use_regex", "1")));
            let edit = accepted(&form);
            let after = Present::of(edit.document.as_bytes());
            prop_assert!(after.config.is_ok());
            if edit.problems.is_empty() {
                prop_assert_eq!(text(&after, WEB, "send"), send);
                prop_assert_eq!(text(&after, WEB, "expect"), expect);
                prop_assert_eq!(use_regex(&after, WEB), regex);
            }
        }
    }
}
