//! Names by the system: its resolver and `/etc/services`.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::names::Names;

/// Looks names up as any program on this machine does, in bounded time.
#[derive(Debug)]
pub struct System {
    services_file: PathBuf,
    services: OnceLock<HashMap<String, u16>>,
    hosts: Mutex<Hosts>,
}

#[derive(Debug)]
struct Hosts {
    known: HashMap<String, Option<Ipv4Addr>>,
    /// What is left of the time for all names together.
    left: Duration,
}

/// The longest services file that is read, in bytes.
const MAX_SERVICES: u64 = 4 << 20;

impl System {
    /// Names by the system's resolver, which takes at most `limit` for all names of a file together; what is not
    /// resolved by then counts as unknown.
    pub fn new(limit: Duration) -> Self {
        Self {
            services_file: "/etc/services".into(),
            services: OnceLock::new(),
            hosts: Mutex::new(Hosts { known: HashMap::new(), left: limit }),
        }
    }

    /// The same, with another services database.
    #[must_use]
    pub fn with_services(mut self, file: impl Into<PathBuf>) -> Self {
        self.services_file = file.into();
        self
    }

    /// A database that cannot be read knows no service, as with the C library.
    fn read_services(&self) -> HashMap<String, u16> {
        let mut bytes = Vec::new();
        match File::open(&self.services_file).map(|file| file.take(MAX_SERVICES).read_to_end(&mut bytes)) {
            Ok(Ok(_)) => tcp_services(&String::from_utf8_lossy(&bytes)),
            Ok(Err(_)) | Err(_) => HashMap::new(),
        }
    }
}

impl Default for System {
    /// Ten seconds for all names of a file.
    fn default() -> Self {
        Self::new(Duration::from_secs(10))
    }
}

impl Names for System {
    fn host(&self, name: &str) -> Option<Ipv4Addr> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.known.get(name) {
            return *known;
        }
        let start = Instant::now();
        let address = resolve(name, hosts.left);
        hosts.left = hosts.left.saturating_sub(start.elapsed());
        hosts.known.insert(name.into(), address);
        address
    }

    fn service(&self, name: &str) -> Option<u16> {
        self.services.get_or_init(|| self.read_services()).get(name).copied()
    }
}

/// The resolver has no time limit of its own, so it runs beside us; an answer that comes too late is dropped.
fn resolve(name: &str, limit: Duration) -> Option<Ipv4Addr> {
    if limit.is_zero() {
        return None;
    }
    let (answer, wait) = mpsc::channel();
    let name = name.to_owned();
    let resolver = thread::Builder::new().name("resolver".into()).spawn(move || {
        let _nobody_waits_any_more = answer.send(first_ipv4(&name));
    });
    resolver.ok().and_then(|_| wait.recv_timeout(limit).ok()).flatten()
}

fn first_ipv4(name: &str) -> Option<Ipv4Addr> {
    let addresses = (name, 0).to_socket_addrs().ok()?;
    addresses.into_iter().find_map(|address| match address {
        SocketAddr::V4(address) => Some(*address.ip()),
        SocketAddr::V6(_) => None,
    })
}

/// Names and aliases of TCP services, the first of a name counts (services(5)).
fn tcp_services(text: &str) -> HashMap<String, u16> {
    let mut services = HashMap::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let name = words.next();
        let port = words.next().and_then(|port| port.strip_suffix("/tcp")).and_then(|port| port.parse().ok());
        if let (Some(name), Some(port)) = (name, port) {
            for name in std::iter::once(name).chain(words) {
                services.entry(name.into()).or_insert(port);
            }
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_have_names_aliases_and_protocols() {
        let services =
            tcp_services("# x\nhttp 80/tcp www www-http # web\nhttp 81/tcp\nntp 123/udp\nbad x/tcp\n");
        let port = |name: &str| services.get(name).copied();
        assert_eq!(
            (port("http"), port("www-http"), port("ntp"), port("bad")),
            (Some(80), Some(80), None, None)
        );
    }

    #[test]
    fn numbers_are_hosts_and_no_time_finds_nothing() {
        assert_eq!(System::default().host("127.0.0.1"), Some(Ipv4Addr::LOCALHOST));
        assert_eq!(System::new(Duration::ZERO).host("127.0.0.1"), None);
    }

    #[test]
    fn a_missing_database_knows_no_service() {
        assert_eq!(System::default().with_services("/nonexistent/services").service("http"), None);
    }
}
