//! Finding a real server by the name that an administrator gave.

use std::net::SocketAddr;

use control::status::{RealServer, Status};

use crate::printable;

/// Takes `VIRTUAL/REAL` from the command line.
pub(crate) fn read(word: &str) -> Result<String, String> {
    match word.split_once('/') {
        Some((one, other)) if !one.is_empty() && !other.is_empty() => Ok(word.to_owned()),
        _ => Err("write it as VIRTUAL/REAL, for example web/one".to_owned()),
    }
}

/// The real server that `name` means, as lvsd understands it: either part may be the name of a section or an address
/// with its port, and a name may hold a slash itself.
pub(crate) fn find<'a>(status: &'a Status, name: &str) -> Option<&'a RealServer> {
    let name = printable::line(name);
    name.match_indices('/').find_map(|(at, _)| find_parts(status, &name[..at], &name[at + 1..]))
}

fn find_parts<'a>(status: &'a Status, virtual_server: &str, real_server: &str) -> Option<&'a RealServer> {
    let meant =
        status.virtual_servers.iter().filter(|of| means(virtual_server, &of.name, of.address.as_deref()));
    meant
        .flat_map(|of| &of.real_servers)
        .find(|server| means(real_server, &server.name, Some(&server.address)))
}

fn means(word: &str, name: &str, address: Option<&str>) -> bool {
    let same = |one: SocketAddr| address.is_some_and(|address| address.parse() == Ok(one));
    word == name || word.parse().is_ok_and(same)
}

#[cfg(test)]
mod tests {
    use super::{find, read};
    use crate::example::status;

    #[test]
    fn a_name_has_two_parts() {
        assert_eq!(read("web/one").unwrap(), "web/one");
        for wrong in ["web", "web/", "/one", "/", ""] {
            assert_eq!(read(wrong).unwrap_err(), "write it as VIRTUAL/REAL, for example web/one");
        }
    }

    #[test]
    fn either_part_may_be_an_address() {
        let mut status = status();
        status.virtual_servers[0].real_servers[1].name = "a/b\x1b".to_owned();
        let status = crate::printable::answer(control::command::Answer::Status(Box::new(status)));
        let control::command::Answer::Status(status) = status else { unreachable!() };
        let address = |name| find(&status, name).map(|server| server.address.as_str());
        assert_eq!(address("web/one"), Some("10.0.0.1:80"));
        assert_eq!(address("web/10.0.0.1:80"), Some("10.0.0.1:80"));
        assert_eq!(address("192.168.26.10:80/one"), Some("10.0.0.1:80"));
        assert_eq!(address("[2001:db8:26::10]:25/[2001:db8:26::2]:25"), Some("[2001:db8:26::2]:25"));
        assert_eq!(address("mail/[2001:DB8:26:0::2]:25"), Some("[2001:db8:26::2]:25"));
        assert_eq!(address("192.168.26.20:80/a"), address("marked/a"), "a firewall mark is no address");
        assert_eq!(address("web/a/b\x1b"), Some("10.0.0.2:80"));
        assert_eq!(address("web/mx1"), None);
        assert_eq!(address("webone"), None);
    }
}
