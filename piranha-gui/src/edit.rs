//! One change of the file that a form asks for: what is different from what is there, and nothing else (specification
//! gui.md 7.2).

use std::collections::BTreeMap;

use lvs_cf::{Document, EditError, Place, Word};

use crate::file::Present;
use crate::form::Parameters;

/// The edited document, what was changed in it, and what is wrong with what was typed.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) document: Document,
    pub(crate) problems: Problems,
    /// `port: 80 -> 8080`, for the notice.
    pub(crate) changes: Vec<String>,
    /// What is hardly meant and saved all the same, for the notice.
    pub(crate) warnings: Vec<String>,
}

/// A keyword of one word, and the field that it is typed into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) place: Place,
    pub(crate) keyword: &'static str,
    /// The name of the field.
    pub(crate) name: &'static str,
    /// What the field shows while the keyword is not in the file: what the daemons use then.
    pub(crate) default: &'static str,
}

/// What is wrong, by the name of the field; under the empty name what concerns the whole form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Problems(BTreeMap<String, String>);

impl Problems {
    /// The first complaint about a field counts.
    pub(crate) fn add(&mut self, field: &str, problem: impl Into<String>) {
        self.0.entry(field.to_owned()).or_insert_with(|| problem.into());
    }

    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Edit {
    /// Nothing is changed yet.
    pub(crate) fn of(present: &Present) -> Self {
        Self {
            document: present.document().clone(),
            problems: Problems::default(),
            changes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Takes over what was typed into a field, if it is different from what the field has shown and `check` has nothing
    /// against it; an emptied field takes the keyword out. A field that was not sent changes nothing. Says what is new.
    pub(crate) fn typed<'a>(
        &mut self,
        present: &Present,
        Typed { place, keyword, name, default }: Typed,
        parameters: &'a Parameters,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Option<&'a str> {
        let typed = parameters.get(name)?.trim();
        let there = present.values.get(place, keyword).map(|words| joined(Some(words)));
        let shown = there.as_deref().unwrap_or(default);
        if typed == shown.trim() || (typed.is_empty() && there.is_none()) {
            return None;
        }
        if let Err(problem) = if typed.is_empty() { Ok(()) } else { check(typed) } {
            self.problems.add(name, problem);
            return None;
        }
        self.set(place, keyword, name, there.as_deref().unwrap_or_default(), &[typed]);
        Some(typed)
    }

    /// Whether there is something to save.
    pub(crate) fn is_needed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Gives a keyword the value that was typed, if that is another one than `before`: the file's, or what was shown in
    /// its place. Empty words take the keyword out.
    pub(crate) fn set(&mut self, place: Place, keyword: &str, field: &str, before: &str, typed: &[&str]) {
        let after = typed.join(" ");
        if after.trim() == before {
            return;
        }
        let empty = typed.iter().all(|word| word.trim().is_empty());
        let what = if before.is_empty() { "(none)" } else { before };
        let becomes = if empty { "(none)" } else { after.trim() };
        let change = format!("{keyword}: {what} -> {becomes}");
        self.make(field, change, |document| {
            if empty { document.remove(place, keyword) } else { document.set(place, keyword, typed) }
        });
    }

    /// Many changes of one section or of a server in it, each of which then reads only that section: `edits` is given the
    /// place at which it finds it.
    pub(crate) fn in_section(&mut self, place: Place, edits: impl FnOnce(&mut Self, Place)) {
        let (section, inner) = match place {
            Place::Server(section, server) => (Place::Virtual(section), Place::Server(0, server)),
            Place::Failover(_) => (place, Place::Failover(0)),
            Place::Virtual(_) | Place::File => (place, Place::Virtual(0)),
        };
        let alone = match self.document.section(section) {
            Ok(alone) => alone,
            Err(error) => return self.problems.add("", said(&error)),
        };
        let whole = std::mem::replace(&mut self.document, alone);
        edits(self, inner);
        let alone = std::mem::replace(&mut self.document, whole);
        if let Err(error) = self.document.replace_section(section, &alone) {
            self.problems.add("", said(&error));
        }
    }

    /// Any other edit, told as `change`; if it cannot be made that is a problem of `field`.
    pub(crate) fn make<T>(
        &mut self,
        field: &str,
        change: String,
        edit: impl FnOnce(&mut Document) -> Result<T, EditError>,
    ) -> Option<T> {
        match edit(&mut self.document) {
            Ok(result) => {
                self.changes.push(change);
                Some(result)
            }
            Err(error) => {
                self.problems.add(field, said(&error));
                None
            }
        }
    }
}

/// Without the keyword in front, which the field's label says already.
fn said(error: &EditError) -> String {
    match error {
        EditError::Unwritable { reason, .. } => reason.to_string(),
        EditError::Refused { kind, .. } => kind.to_string(),
        other => other.to_string(),
    }
}

/// The words of a value as one text, as fields show it.
pub(crate) fn joined(words: Option<Vec<Word>>) -> String {
    words.unwrap_or_default().iter().map(|word| word.to_str_lossy()).collect::<Vec<_>>().join(" ")
}
