//! A person at a browser, whichever it is.

use std::time::{Duration, Instant};

use lab::Browser;
use lab::text_browser::Links;

/// Longest time for what the routers do to be seen on a page.
const PATIENCE: Duration = Duration::from_secs(40);

/// What one does with a page.
pub(crate) trait Person {
    /// Presses a button or follows a link.
    fn press(&mut self, text: &str);
    /// Types into the field with this label, in place of what it holds.
    fn fill(&mut self, label: &str, text: &str);
    /// Chooses from the drop-down with this label.
    fn select(&mut self, label: &str, choice: &str);
    /// Ticks the radio button of a table's row.
    fn tick_row(&mut self, cell: &str);
    /// The whole page, as it is read.
    fn page(&mut self) -> String;

    /// Reads the page until it is as wanted, by its own button if it is not yet.
    fn update_until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        let start = Instant::now();
        let mut page = self.page();
        while !wanted(&page) {
            assert!(
                start.elapsed() < PATIENCE,
                "waited {PATIENCE:?} in vain for: {what}; the page says\n{page}"
            );
            self.press("Update information now");
            page = self.page();
        }
    }

    /// Checks that the page says this.
    fn expect(&mut self, words: &str) {
        let start = Instant::now();
        let mut page = self.page();
        // A text browser may not have drawn it yet.
        while !page.contains(words) {
            assert!(start.elapsed() < Duration::from_secs(5), "no {words:?} on this page:\n{page}");
            page = self.page();
        }
    }
}

impl Person for Browser {
    fn press(&mut self, text: &str) {
        Self::press(self, text);
    }

    fn fill(&mut self, label: &str, text: &str) {
        Self::fill(self, label, text);
    }

    fn select(&mut self, label: &str, choice: &str) {
        Self::select(self, label, choice);
    }

    fn tick_row(&mut self, cell: &str) {
        Self::tick_row(self, cell);
    }

    fn page(&mut self) -> String {
        self.text()
    }
}

impl Person for Links {
    fn press(&mut self, text: &str) {
        Self::press(self, text);
    }

    fn fill(&mut self, label: &str, text: &str) {
        Self::fill(self, label, text);
    }

    fn select(&mut self, label: &str, choice: &str) {
        Self::select(self, label, choice);
    }

    fn tick_row(&mut self, cell: &str) {
        Self::tick_row(self, cell);
    }

    fn page(&mut self) -> String {
        Self::page(self)
    }
}
