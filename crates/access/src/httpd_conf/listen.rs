//! `Listen`, and of the 0.5 line `Port` and `BindAddress`.

use std::net::{IpAddr, Ipv6Addr};

use super::Error;
use crate::directive::Directive;

/// More of them are a mistake.
pub(super) const MOST: usize = 64;

/// Where to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// `None` for all addresses of both families.
    pub address: Option<IpAddr>,
    /// From 1 to 65535.
    pub port: u16,
}

#[derive(Default)]
pub(super) struct Lines {
    listen: Vec<Listen>,
    /// Where there is no `Listen`, as in httpd 1.3.
    port: Option<u16>,
    address: Option<IpAddr>,
}

impl Lines {
    /// Whether it was one of these lines.
    pub(super) fn take(&mut self, directive: &Directive) -> Result<bool, Error> {
        let (name, words) = (directive.name.as_str(), directive.words.as_slice());
        let understood = match (name, words) {
            // The second is the protocol, which says nothing here.
            ("listen", [word] | [word, _]) => read(word).map(|listen| {
                if !self.listen.contains(&listen) {
                    self.listen.push(listen);
                }
            }),
            ("port", [word]) => port(word).map(|port| self.port = Some(port)),
            ("bindaddress", [word]) if word == "*" => {
                self.address = None;
                Some(())
            }
            ("bindaddress", [word]) => word.parse().ok().map(|address| self.address = Some(address)),
            ("listen" | "port" | "bindaddress", _) => None,
            _ => return Ok(false),
        };
        if self.listen.len() > MOST {
            return Err(Error::TooManyListen { line: directive.line });
        }
        let text =
            || directive.text.chars().take(200).map(|c| if c.is_control() { '?' } else { c }).collect();
        understood.map(|()| true).ok_or_else(|| Error::Listen { line: directive.line, text: text() })
    }

    /// `None` if there was none of them.
    pub(super) fn finish(self) -> Option<Vec<Listen>> {
        if !self.listen.is_empty() {
            return Some(self.listen);
        }
        let (port, address) = (self.port, self.address);
        (port.is_some() || address.is_some()).then(|| vec![Listen { address, port: port.unwrap_or(3636) }])
    }
}

/// `3636`, `127.0.0.1:3636`, `[::1]:3636`, `*:3636`
fn read(word: &str) -> Option<Listen> {
    let Some((address, number)) = word.rsplit_once(':') else {
        return Some(Listen { address: None, port: port(word)? });
    };
    let address = match address.strip_prefix('[') {
        Some(inside) => Some(IpAddr::V6(inside.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?)),
        None if address == "*" => None,
        None => Some(IpAddr::V4(address.parse().ok()?)),
    };
    Some(Listen { address, port: port(number)? })
}

fn port(word: &str) -> Option<u16> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|port| digits && *port > 0)
}
