//! The pages: one module each, a template of the same name beside it.

pub(crate) mod file_text;
pub(crate) mod firewall;
pub(crate) mod global_settings;
pub(crate) mod introduction;
pub(crate) mod real_servers_side;
pub(crate) mod redundancy;
pub(crate) mod trouble;

use std::sync::Arc;

use axum::http::StatusCode;

use crate::answer::Answer;
use crate::asked::Asked;
use crate::file::Present;
use crate::frame::Frame;
use crate::page::Page;
use crate::site::Site;

/// Answers a request for a page. Whoever gets here may: the gate has looked at his address, login, method and token.
pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    match asked.page {
        Page::Introduction => introduction::answer(site, asked),
        Page::GlobalSettings => global_settings::answer(site, asked).await,
        Page::RealServersSide => real_servers_side::answer(site, asked),
        Page::Firewall => firewall::answer(site, asked),
        Page::FileText => file_text::answer(site, asked),
        Page::Redundancy => redundancy::answer(site, asked).await,
        _ => trouble::not_yet(site, asked),
    }
}

/// The file for a page that shows or edits it; or the page that says what is wrong with it.
pub(crate) fn file(site: &Site, asked: &Asked) -> Result<Arc<Present>, Answer> {
    let trouble = |status, lines| trouble::answer(Frame::of(site, asked), status, lines);
    let present = site.file.present().map_err(|error| {
        trouble(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n{}", error.details(site.file.path())))
    })?;
    match &present.config {
        Err(errors) if !present.is_empty() => {
            Err(trouble(StatusCode::INTERNAL_SERVER_ERROR, errors.render_first(site.file.path(), 20)))
        }
        _ => Ok(present),
    }
}
