//! The names of clients, asked for only where a rule names a host, and never waited for long (gui.md 10, F26).

use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Longer nobody waits for an answer; without one the client has no name.
const PATIENCE: Duration = Duration::from_secs(2);
/// An answer is good for so long.
const GOOD: Duration = Duration::from_secs(60);
/// Questions at once. One that was not waited for goes on.
const AT_ONCE: usize = 4;
/// Addresses that are remembered.
const MOST: usize = 1024;

/// Asks, and remembers the answers.
#[derive(Debug)]
pub(crate) struct Names {
    known: Mutex<HashMap<IpAddr, (Instant, Vec<String>)>>,
    asking: Arc<Semaphore>,
}

impl Default for Names {
    fn default() -> Self {
        Self { known: Mutex::default(), asking: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Names {
    /// The name of an address, if that name leads back to the address.
    pub(crate) async fn of(&self, client: IpAddr) -> Vec<String> {
        if let Some(names) = self.known(client) {
            return names;
        }
        let asking = Arc::clone(&self.asking);
        let question = async move {
            let permit = asking.acquire_owned().await.ok()?;
            let answer = tokio::task::spawn_blocking(move || {
                let names = look_up(client);
                drop(permit);
                names
            });
            answer.await.ok()
        };
        let Ok(Some(names)) = timeout(PATIENCE, question).await else {
            tracing::warn!(
                "the name of {client} could not be found in time: it counts as one without a name"
            );
            return Vec::new();
        };
        self.remember(client, &names);
        names
    }

    fn known(&self, client: IpAddr) -> Option<Vec<String>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&client).filter(|(since, _)| since.elapsed() < GOOD).map(|(_, names)| names.clone())
    }

    fn remember(&self, client: IpAddr, names: &[String]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (since, _)| since.elapsed() < GOOD);
        }
        if known.len() < MOST {
            known.insert(client, (Instant::now(), names.to_owned()));
        }
    }
}

/// Reverse and forward.
fn look_up(client: IpAddr) -> Vec<String> {
    let name = dns_lookup::lookup_addr(&client).ok();
    // Without a name the resolver gives the address back.
    let name = name.filter(|name| name.parse::<IpAddr>().is_err());
    let leads_back = |name: &String| {
        let addresses = (name.as_str(), 0).to_socket_addrs();
        addresses.is_ok_and(|mut all| all.any(|one| one.ip().to_canonical() == client))
    };
    name.into_iter().filter(leads_back).collect()
}
