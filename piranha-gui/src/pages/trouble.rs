//! Pages in the place of others: ERROR, with the true cause (specification gui.md 6.16).

use std::io::ErrorKind;

use askama::Template;
use axum::http::StatusCode;
use lvs_cf::Errors;
use lvs_cf::file::ReadError;

use crate::answer::Answer;
use crate::asked::Asked;
use crate::file::Present;
use crate::frame::Frame;
use crate::page::Page;
use crate::site::Site;

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble {
    frame: Frame,
    /// What is wrong, in one sentence.
    cause: String,
    /// What the reader said, with places and hints.
    lines: String,
    /// How the file is made good; nothing if it is no matter of the file's mode.
    repair: Option<Repair>,
    /// The text around the first mistake.
    text: Vec<Numbered>,
}

#[derive(Debug)]
struct Repair {
    path: String,
}

#[derive(Debug)]
struct Numbered {
    wrong: bool,
    number: usize,
    text: String,
}

/// Lines shown before and behind the first mistake.
const AROUND: usize = 200;
/// Mistakes that are told.
const TOLD: usize = 20;

/// Something else than the file is in the way.
pub(crate) fn failed(site: &Site, asked: &Asked, cause: String) -> Answer {
    answer(site, asked, StatusCode::INTERNAL_SERVER_ERROR, cause, String::new(), None, Vec::new())
}

/// The page under its own address: what is wrong with the file, or that nothing is.
pub(crate) fn of_the_file(site: &Site, asked: &Asked) -> Answer {
    super::file(site, asked).map_or_else(
        |trouble| trouble,
        |_| {
            let cause = format!("{} can be read: nothing is wrong with it.", site.file.path().display());
            answer(site, asked, StatusCode::OK, cause, String::new(), None, Vec::new())
        },
    )
}

/// The file is not there, or may not be read.
pub(crate) fn unreadable(site: &Site, asked: &Asked, error: &ReadError) -> Answer {
    let path = site.file.path().display().to_string();
    let (cause, repair) = match error {
        ReadError::Open { source, .. } => {
            let why = match source.kind() {
                ErrorKind::NotFound => "it is not there".to_owned(),
                ErrorKind::PermissionDenied => "piranha-gui may not read it".to_owned(),
                _ => source.to_string(),
            };
            (format!("{path} cannot be opened: {why}."), Some(Repair { path }))
        }
        ReadError::Content(_) => (format!("{path} cannot be read."), None),
    };
    let lines = error.details(site.file.path());
    answer(site, asked, StatusCode::INTERNAL_SERVER_ERROR, cause, lines, repair, Vec::new())
}

/// The daemons refuse it: the text, with the lines at fault marked.
pub(crate) fn refused(site: &Site, asked: &Asked, present: &Present, errors: &Errors) -> Answer {
    let path = site.file.path();
    let first = errors.first();
    let cause = match first.diagnostic.line {
        0 => format!("{} is no configuration: {}.", path.display(), first.diagnostic.message),
        line => format!("{} has a mistake in line {line}: {}.", path.display(), first.diagnostic.message),
    };
    let lines = errors.render_first(path, TOLD);
    let text = around(present, errors);
    answer(site, asked, StatusCode::INTERNAL_SERVER_ERROR, cause, lines, None, text)
}

fn around(present: &Present, errors: &Errors) -> Vec<Numbered> {
    let middle = errors.first().diagnostic.line;
    let wrong: Vec<usize> = errors.iter().map(|error| error.diagnostic.line).collect();
    let line = |number: usize| {
        let text = present.document().line(number)?.text;
        Some(Numbered {
            wrong: wrong.contains(&number),
            number,
            text: String::from_utf8_lossy(text).into_owned(),
        })
    };
    (middle.saturating_sub(AROUND).max(1)..=middle + AROUND).map_while(line).collect()
}

fn answer(
    site: &Site,
    asked: &Asked,
    status: StatusCode,
    cause: String,
    lines: String,
    repair: Option<Repair>,
    text: Vec<Numbered>,
) -> Answer {
    let mut frame = Frame::of(site, asked);
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        frame.page = Page::LvsError;
    }
    Answer::with_status(status, &Trouble { frame, cause, lines, repair, text })
}
