//! LVS.CF: the file as text, with line numbers (specification gui.md 11).

use askama::Template;

use crate::answer::Answer;
use crate::asked::Asked;
use crate::frame::Frame;
use crate::page::Page;
use crate::pages;
use crate::site::Site;

/// Lines of one page.
const LINES: usize = 1000;

#[derive(Template)]
#[template(path = "file_text.html")]
struct FileText {
    frame: Frame,
    path: String,
    serial_no: i32,
    fingerprint: String,
    /// Number of the first line of this page.
    first: usize,
    last: usize,
    count: usize,
    text: String,
    before: Option<usize>,
    after: Option<usize>,
}

pub(crate) fn answer(site: &Site, asked: &Asked) -> Answer {
    let Ok(present) = site.file.present() else {
        // The page of trouble says what is wrong; without trouble the file is there again.
        return pages::file(site, asked).err().unwrap_or_else(|| Answer::see(Page::FileText));
    };
    let count = present.document().line_count();
    let first = asked.parameters.index("line").unwrap_or(1).min(count.max(1));
    let first = first - (first - 1) % LINES;
    let last = (first + LINES - 1).min(count);
    let width = last.to_string().len();
    let line = |number: usize| {
        let text =
            present.document().line(number).map(|line| String::from_utf8_lossy(line.text).into_owned());
        format!("{number:>width$}  {}\n", text.unwrap_or_default().trim_end_matches('\r'))
    };
    Answer::page(&FileText {
        frame: Frame::of(site, asked),
        path: site.file.path().display().to_string(),
        serial_no: present.serial_no(),
        fingerprint: present.fingerprint.get(..12).unwrap_or_default().to_owned(),
        text: (first..=last).map(line).collect(),
        before: (first > 1).then(|| first.saturating_sub(LINES).max(1)),
        after: (last < count).then_some(last + 1),
        first,
        last,
        count,
    })
}
