//! Fields of forms, as values that `templates/form.html` shows: label first, then the field, then what is to be said of it.

use crate::edit::Problems;
use crate::form::Parameters;
use crate::page::Page;

/// A label with its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) label: String,
    /// Of the parameter.
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) widget: Widget,
    /// Behind the field: a unit, or what an empty field means.
    pub(crate) hint: String,
    /// What is wrong with the value.
    pub(crate) problem: Option<String>,
    /// What the file says meanwhile, if that is something else.
    pub(crate) elsewhere: Option<String>,
    /// Where the help page explains it.
    pub(crate) help: Option<String>,
}

/// How a value is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Widget {
    /// So many characters wide.
    Text(u8),
    /// Value when ticked; the field's own value is that or empty.
    Checkbox(&'static str),
    /// Value and what is shown for it.
    Choice(Vec<(String, String)>),
    /// The same, all of it visible.
    Radio(Vec<(String, String)>),
    /// Is shown, and cannot be changed here.
    Shown,
}

impl Field {
    pub(crate) fn text(label: &str, name: &'static str, width: u8, value: impl Into<String>) -> Self {
        Self::new(label, name, Widget::Text(width), value.into())
    }

    pub(crate) fn checkbox(label: &str, name: &'static str, ticked: &'static str, on: bool) -> Self {
        Self::new(label, name, Widget::Checkbox(ticked), if on { ticked.to_owned() } else { String::new() })
    }

    /// A value that is not in the list is added to it, so that nothing is changed unseen (F18).
    pub(crate) fn choice(
        label: &str,
        name: &'static str,
        choices: &[(&str, &str)],
        value: impl Into<String>,
    ) -> Self {
        let value = value.into();
        Self::new(label, name, Widget::Choice(complete(choices, &value)), value)
    }

    pub(crate) fn radio(
        label: &str,
        name: &'static str,
        choices: &[(&str, &str)],
        value: impl Into<String>,
    ) -> Self {
        let value = value.into();
        Self::new(label, name, Widget::Radio(complete(choices, &value)), value)
    }

    fn new(label: &str, name: &'static str, widget: Widget, value: String) -> Self {
        Self {
            label: label.to_owned(),
            name,
            value,
            widget,
            hint: String::new(),
            problem: None,
            elsewhere: None,
            help: None,
        }
    }

    /// A value that cannot be changed here.
    pub(crate) fn shown(label: &str, name: &'static str, value: impl Into<String>) -> Self {
        Self::new(label, name, Widget::Shown, value.into())
    }

    /// Explained on the help page, in the part of this page.
    pub(crate) fn explained(mut self, page: Page) -> Self {
        self.help = Some(format!("{}#{}", Page::Help.link(), page.anchor(self.name)));
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// As it was typed and not saved: the value of the parameters, the file's beside it if that is another one.
    pub(crate) fn typed(mut self, parameters: &Parameters, problems: &Problems) -> Self {
        let typed = match self.widget {
            Widget::Shown => &self.value,
            Widget::Checkbox(ticked) => parameters.get(self.name).map_or("", |_| ticked),
            _ => parameters.get(self.name).unwrap_or(&self.value),
        };
        if typed != self.value {
            let is = if self.value.is_empty() { "(none)".to_owned() } else { self.value.clone() };
            self.elsewhere = Some(is);
            self.value = typed.to_owned();
            if let Widget::Choice(choices) | Widget::Radio(choices) = &mut self.widget
                && !choices.iter().any(|(value, _)| *value == self.value)
            {
                choices.push((self.value.clone(), self.value.clone()));
            }
        }
        self.problem = problems.of(self.name).map(ToOwned::to_owned);
        self
    }
}

fn complete(choices: &[(&str, &str)], value: &str) -> Vec<(String, String)> {
    let mut all: Vec<_> =
        choices.iter().map(|&(value, shown)| (value.to_owned(), shown.to_owned())).collect();
    if !all.iter().any(|(choice, _)| choice == value) {
        let shown = if value.is_empty() { "" } else { value };
        all.insert(0, (value.to_owned(), shown.to_owned()));
    }
    all
}
