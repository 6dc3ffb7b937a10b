//! `More settings`: the keywords that Piranha does not know, on the page of the thing they belong to (specification gui.md
//! 15, lvs-cf.md 15).

use lvs_cf::{Entry, Kind, Place};

use crate::edit::{Edit, Typed, joined};
use crate::field::Field;
use crate::file::Present;
use crate::form::Parameters;
use crate::page::Page;

/// Keywords of ours of one block, in the order of writing.
#[derive(Debug, Clone)]
pub(crate) struct More {
    place: Place,
    entries: Vec<Entry>,
}

/// Only root decides which file holds the keys.
const SHOWN_ONLY: &[&str] = &["heartbeat_key_file"];

impl More {
    /// All that this block may have.
    pub(crate) fn of(place: Place) -> Self {
        Self::only(place, |_| true)
    }

    /// Those of them that belong to a page.
    pub(crate) fn only(place: Place, belongs: impl Fn(&str) -> bool) -> Self {
        let mut entries = lvs_cf::vocabulary(place);
        entries.retain(|entry| entry.extension && belongs(entry.name));
        Self { place, entries }
    }

    /// Their names.
    pub(crate) fn keywords(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.name)
    }

    /// A field for each, for the macro `more` of `templates/form.html`.
    pub(crate) fn fields(&self, present: &Present, page: Page) -> Vec<Field> {
        let field = |entry: &Entry| field(entry, present, self.place).explained(page);
        self.entries.iter().map(field).collect()
    }

    /// Takes over what was typed.
    pub(crate) fn edit(&self, edit: &mut Edit, present: &Present, parameters: &Parameters) {
        for entry in self.entries.iter().filter(|entry| !SHOWN_ONLY.contains(&entry.name)) {
            let typed = Typed { place: self.place, keyword: entry.name, name: entry.name, default: "" };
            // The document knows what these may be.
            edit.typed(present, typed, parameters, |_| Ok(()));
        }
    }
}

/// Whether the fields must not be folded away: something is wrong in one, or typed and not saved.
pub(crate) fn is_open(fields: &[Field]) -> bool {
    fields.iter().any(|field| field.problem.is_some() || field.elsewhere.is_some())
}

fn field(entry: &Entry, present: &Present, place: Place) -> Field {
    let value = joined(present.values.get(place, entry.name));
    let (label, hint) = said(entry.name);
    let name = entry.name;
    if SHOWN_ONLY.contains(&name) {
        let value = if value.is_empty() { "(none)".to_owned() } else { value };
        return Field::shown(label, name, value).hint(hint);
    }
    let field = match entry.kind {
        Kind::Boolean => Field::choice(label, name, &[("", "not set"), ("1", "yes"), ("0", "no")], value),
        Kind::Fixed(words) => {
            let unset = [("", "not set")].into_iter();
            let choices: Vec<_> = unset.chain(words.iter().map(|&word| (word, word))).collect();
            Field::choice(label, name, &choices, value)
        }
        Kind::Count | Kind::Period | Kind::Integer => Field::text(label, name, 8, value),
        _ => Field::text(label, name, 30, value),
    };
    field.hint(if hint.is_empty() { unit(entry.kind) } else { hint })
}

/// Label and hint; a keyword without them is its own label.
fn said(keyword: &'static str) -> (&'static str, &'static str) {
    match keyword {
        "heartbeat_key_file" => {
            ("Heartbeat key file:", "set by root on the router: piranhactl heartbeat-key")
        }
        "heartbeat_auth" => (
            "Heartbeat authentication:",
            "not set: off. Change one router at a time, and verify before require",
        ),
        "announce_refresh" => {
            ("Announce addresses again every:", "such as 60s or 5m; blank: only when there is a reason")
        }
        "hot_standby" => {
            ("Run lvsd on the standby router, too:", "not set: no. A takeover finds all checked")
        }
        "expire_persistence" => {
            ("Persistence ends when its server is quiesced:", "not set: yes. Clients get another server then")
        }
        "nanny_pool" => ("One process checks all real servers:", "not set: from 65 real servers on"),
        "check_interval" => {
            ("Time between checks:", "such as 500ms or 2s; blank: as Re-entry and Service timeout say")
        }
        "check_timeout" => ("Time that one check may take:", "such as 500ms or 2s"),
        "rise" => ("Good checks in a row until up:", "1 to 100"),
        "fall" => ("Failed checks in a row until down:", "1 to 100"),
        "command_timeout" => ("Time that a start or stop command may take:", "such as 90s; blank: 60 s"),
        other => (other, ""),
    }
}

fn unit(kind: Kind) -> &'static str {
    match kind {
        Kind::Period | Kind::Time => "a time such as 500ms, 2s or 10m",
        Kind::Count => "1 to 100",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Problems;

    const FILE: &str = "primary = 10.0.0.1\n#% heartbeat_key_file = /etc/key\n#% hot_standby = 1\n";

    fn edited(form: &str) -> Edit {
        let present = Present::of(FILE.as_bytes());
        let mut edit = Edit::of(&present);
        More::of(Place::File).edit(&mut edit, &present, &Parameters::parse(form.as_bytes()));
        edit
    }

    #[test]
    fn what_was_typed_goes_to_extension_lines() {
        let edit = edited("hot_standby=&nanny_pool=0&announce_refresh=60s&heartbeat_auth=");
        assert_eq!(edit.problems, Problems::default());
        let text = String::from_utf8(edit.document.as_bytes().to_vec()).unwrap();
        assert_eq!(
            text,
            "primary = 10.0.0.1\n#% heartbeat_key_file = /etc/key\n#% announce_refresh = 60s\n#% nanny_pool = 0\n"
        );
        assert!(!edited("").is_needed() && !edited("hot_standby=1&nanny_pool=").is_needed());
    }

    #[test]
    fn the_key_file_is_not_changed_from_here() {
        assert!(!edited("heartbeat_key_file=/etc/shadow").is_needed());
        assert!(!edited("heartbeat_key_file=").is_needed());
    }

    #[test]
    fn what_cannot_be_is_told_beside_its_field() {
        let edit = edited("announce_refresh=soon&heartbeat_auth=maybe");
        assert!(
            edit.problems.of("announce_refresh").is_some() && edit.problems.of("heartbeat_auth").is_some()
        );
    }

    #[test]
    fn every_keyword_of_ours_has_a_label() {
        for place in [Place::File, Place::Virtual(0), Place::Failover(0), Place::Server(0, 0)] {
            for keyword in More::of(place).keywords() {
                assert_ne!(said(keyword).0, keyword);
            }
        }
    }
}
