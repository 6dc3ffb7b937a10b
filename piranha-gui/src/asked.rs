//! What a browser asks of a page, after the gate has let it in.

use std::net::{IpAddr, SocketAddr};

use crate::form::Parameters;
use crate::page::Page;

/// A request for a page.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) page: Page,
    pub(crate) method: Method,
    /// Of the query, or of the body of a POST and, where that has none of the name, of its query.
    pub(crate) parameters: Parameters,
    pub(crate) client: Client,
    /// Why nothing can be saved now, as far as this was asked.
    pub(crate) locked: Option<String>,
}

/// How it is asked. HEAD is GET whose answer is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    /// What the client has connected to.
    pub(crate) local: SocketAddr,
    /// Whether the connection is encrypted.
    pub(crate) encrypted: bool,
    /// The name of the login; empty on open pages.
    pub(crate) user: String,
}

impl Client {
    /// Whose notices are whose.
    pub(crate) fn notices(&self) -> String {
        format!("{} {}", self.user, self.address)
    }

    /// Whether others on the way can read what is sent.
    pub(crate) fn is_exposed(&self) -> bool {
        !self.encrypted && !self.address.to_canonical().is_loopback()
    }
}
