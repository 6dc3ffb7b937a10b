//! The question before something that cannot be taken back easily (specification gui.md 10, F17).

use askama::Template;

use crate::answer::Answer;
use crate::base::Base;
use crate::frame::Frame;

/// A page with a question, the button that goes on, and one that leads back.
#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub(crate) struct Confirm {
    pub(crate) frame: Frame,
    pub(crate) base: Base,
    /// What is going to happen, one paragraph each.
    pub(crate) lines: Vec<String>,
    /// Name and value of the button that goes on; the form carries `confirmed` with it.
    pub(crate) button: (&'static str, &'static str),
    /// What else the form carries.
    pub(crate) hidden: Vec<(&'static str, String)>,
    /// Where CANCEL leads.
    pub(crate) back: String,
}

impl Confirm {
    /// The page.
    pub(crate) fn ask(&self) -> Answer {
        Answer::page(self)
    }
}
