//! Pages in the place of others: ERROR (specification gui.md 6.16).

use askama::Template;
use axum::http::StatusCode;

use crate::answer::Answer;
use crate::asked::Asked;
use crate::frame::Frame;
use crate::site::Site;

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble {
    frame: Frame,
    lines: String,
}

/// Says what is wrong.
pub(crate) fn answer(frame: Frame, status: StatusCode, lines: String) -> Answer {
    Answer::with_status(status, &Trouble { frame, lines })
}

/// There is nothing at this address.
pub(crate) fn not_yet(site: &Site, asked: &Asked) -> Answer {
    answer(Frame::of(site, asked), StatusCode::NOT_FOUND, "There is no such page.".to_owned())
}
