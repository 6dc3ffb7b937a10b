//! What a server answers.

use super::form::{self, Form};

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// 0 if nothing was answered.
    pub status: u16,
    /// All lines of the head.
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// A line of the head, by its name in small letters; an address without what makes it a new one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let value = lines
            .filter(|(this, _)| this.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .next()?;
        Some(
            ["?at=", "&at="].iter().find_map(|at| value.split_once(at)).map_or(value, |(address, _)| address),
        )
    }

    /// The forms of the page, in its order.
    pub fn forms(&self) -> Vec<Form> {
        form::forms(&self.body)
    }

    /// What the page's fields hold, all forms together.
    pub fn value(&self, name: &str) -> Option<String> {
        self.forms().iter().find_map(|form| form.value(name).map(ToOwned::to_owned))
    }

    /// The text of the page, without tags and with single blanks.
    pub fn text(&self) -> String {
        form::text(&self.body)
    }
}
