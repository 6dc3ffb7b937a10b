//! Fields of sections and servers as rows of a table: a label, a keyword, and what is right (specification gui.md 6.11 to
//! 6.15). What was typed becomes an edit only where it is not what was shown.

use lvs_cf::Place;

use crate::edit::{Edit, joined};
use crate::field::Field;
use crate::file::Present;
use crate::form::Parameters;
use crate::masks::MASKS;
use crate::page::Page;

/// What a mask's field says while there is none.
const UNUSED: &str = "Unused";

/// A field for one keyword.
pub(crate) struct Input {
    pub(crate) label: &'static str,
    /// Of the parameter.
    pub(crate) name: &'static str,
    pub(crate) keyword: &'static str,
    pub(crate) widget: Widget,
    /// What the daemons use while the keyword is absent.
    pub(crate) default: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) check: fn(&str) -> Result<(), String>,
}

/// How it is entered.
pub(crate) enum Widget {
    Text(u8),
    /// Value and what is shown for it; both are understood.
    Choice(&'static [(&'static str, &'static str)]),
    Radio(&'static [(&'static str, &'static str)]),
    /// List M of gui.md 7.1.
    Mask,
}

/// A block of the file, and where it is found in the document that is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) file: Place,
    pub(crate) edited: Place,
}

/// For values that the file's own rules check when they are written.
#[expect(clippy::unnecessary_wraps, reason = "one of several checks")]
pub(crate) fn any(_typed: &str) -> Result<(), String> {
    Ok(())
}

impl Input {
    /// The field as the file has it.
    pub(crate) fn field(&self, present: &Present, place: Place, page: Page) -> Field {
        let value = self.shown(present, place);
        let field = match self.widget {
            Widget::Text(width) => Field::text(self.label, self.name, width, value),
            Widget::Choice(choices) => Field::choice(self.label, self.name, choices, value),
            Widget::Radio(choices) => Field::radio(self.label, self.name, choices, value),
            Widget::Mask => {
                let choices = [&[(UNUSED, UNUSED)][..], &MASKS].concat();
                Field::choice(self.label, self.name, &choices, value)
            }
        };
        field.hint(self.hint).explained(page)
    }

    fn shown(&self, present: &Present, place: Place) -> String {
        let value = value(present, place, self.keyword);
        match self.widget {
            Widget::Mask => value.filter(|mask| mask != "0.0.0.0").unwrap_or_else(|| UNUSED.to_owned()),
            _ => value.unwrap_or_else(|| self.default.to_owned()),
        }
    }

    /// What is written for what was sent.
    fn meant<'a>(&self, sent: &'a str) -> &'a str {
        match self.widget {
            Widget::Mask if sent == UNUSED => "",
            Widget::Choice(choices) => {
                choices.iter().find(|(_, shown)| *shown == sent).map_or(sent, |(value, _)| value)
            }
            _ => sent,
        }
    }

    /// What the keyword is after the form, whether that is a change or not.
    pub(crate) fn after(&self, present: &Present, place: Place, form: &Parameters) -> String {
        let shown = self.shown(present, place);
        self.meant(form.get(self.name).map_or(shown.as_str(), str::trim)).to_owned()
    }

    /// Takes over what was typed; says whether that is a change.
    pub(crate) fn edit(&self, edit: &mut Edit, present: &Present, places: Places, form: &Parameters) -> bool {
        let typed = self.after(present, places.file, form);
        let there = value(present, places.file, self.keyword);
        let shown = self.shown(present, places.file);
        if typed == self.meant(shown.trim()) || (typed.is_empty() && there.is_none()) {
            return false;
        }
        if !typed.is_empty()
            && let Err(problem) = (self.check)(&typed)
        {
            edit.problems.add(self.name, problem);
            return false;
        }
        edit.set(places.edited, self.keyword, self.name, there.as_deref().unwrap_or_default(), &[&typed]);
        true
    }
}

/// The words of a keyword as one text.
pub(crate) fn value(present: &Present, place: Place, keyword: &str) -> Option<String> {
    present.values.get(place, keyword).map(|words| joined(Some(words)))
}
