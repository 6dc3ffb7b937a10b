//! What a page answers.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;

use crate::live::metrics::Facts;
use crate::page::Page;

/// An answer to a request for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A whole page.
    Page {
        status: StatusCode,
        html: String,
        /// Value of the header `Refresh`.
        refresh: Option<String>,
    },
    /// Something else than HTML, as metrics.
    Data { content_type: &'static str, body: String },
    /// Metrics, which come in pieces.
    Metrics(Arc<Facts>),
    /// 303 to another address of ours.
    See(String),
}

impl Answer {
    /// A page as it should be.
    pub(crate) fn page(template: &impl Template) -> Self {
        Self::with_status(StatusCode::OK, template)
    }

    /// A page that tells of trouble.
    pub(crate) fn with_status(status: StatusCode, template: &impl Template) -> Self {
        match template.render() {
            Ok(html) => Self::Page { status, html, refresh: None },
            // Only a formatter that fails gets here.
            Err(error) => Self::Page {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                html: format!("<!DOCTYPE html><title>Piranha</title><p>This page cannot be shown: {error}"),
                refresh: None,
            },
        }
    }

    /// Leads on to a page.
    pub(crate) fn see(page: Page) -> Self {
        Self::See(page.link())
    }

    /// Leads on to an address that was never visited: links(1) shows what it has of a visited one, whatever was said about
    /// keeping pages. A moment is in milliseconds.
    pub(crate) fn at(self, moment: u64) -> Self {
        match self {
            Self::See(location) => {
                let sign = if location.contains('?') { '&' } else { '?' };
                Self::See(format!("{location}{sign}at={moment}"))
            }
            other => other,
        }
    }

    /// Leads on to a page with parameters, which need no escapes (numbers and names of ours).
    pub(crate) fn see_with(page: Page, query: &str) -> Self {
        Self::See(format!("{}?{query}", page.link()))
    }
}
