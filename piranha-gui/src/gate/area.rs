//! The parts of the site, by who may see them.

use crate::page::Place;
use crate::server::pictures;

/// A part of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// Pages before the login.
    Open,
    /// The style sheet and pictures: for whoever may see any page.
    Decoration,
    /// All of `/secure/`, whether there is such a page or not.
    Secure,
    /// As that, but there is a user who may read these and nothing else.
    Readable,
}

impl Area {
    /// Where the path of a request leads, without `/piranha` before it.
    pub(crate) fn of(path: &str, place: Place, style: &str) -> Self {
        match place {
            Place::Page(page) if page.is_readable() => Self::Readable,
            Place::Page(page) if page.is_secure() => Self::Secure,
            _ if path == "/secure" || path.starts_with("/secure/") => Self::Secure,
            _ if path == style || pictures::at(path).is_some() => Self::Decoration,
            _ => Self::Open,
        }
    }
}

/// The original's alias: `/piranha/` is `/`.
pub(crate) fn without_alias(path: &str) -> &str {
    path.strip_prefix("/piranha").filter(|rest| rest.starts_with('/')).unwrap_or(path)
}
