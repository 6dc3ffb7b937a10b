//! How many are connected: so many, and then whoever has been silent for the longest time goes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::server::connection::{self, Shared};

/// At most so many connections.
const MOST: usize = 256;
/// For one more while all are being answered.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Those that are open, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<Open>,
    gone: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    by_age: BTreeMap<u64, One>,
}

#[derive(Debug)]
struct One {
    /// Requests that are being answered.
    busy: u32,
    task: Option<AbortHandle>,
}

/// The place of one connection, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    connections: Arc<Connections>,
    number: u64,
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Seat>);

impl Connections {
    /// Serves a connection in a task of its own, or refuses it.
    pub(crate) fn begin(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, shared: &Shared) {
        let Some(number) = self.seat() else {
            // Nothing was sent on it yet, so it has room.
            let _ = stream.try_write(FULL);
            return;
        };
        let seat = Arc::new(Seat { connections: Arc::clone(self), number });
        let task = tokio::spawn(connection::serve(stream, peer, shared.clone(), seat)).abort_handle();
        if let Some(one) = self.lock().by_age.get_mut(&number) {
            one.task = Some(task);
        }
    }

    /// Waits until none is open.
    pub(crate) async fn all_gone(&self) {
        loop {
            let gone = self.gone.notified();
            if self.lock().by_age.is_empty() {
                return;
            }
            gone.await;
        }
    }

    /// A free place, if need be that of the oldest one that is not being answered.
    fn seat(&self) -> Option<u64> {
        let mut open = self.lock();
        if open.by_age.len() >= MOST {
            let (&idle, _) = open.by_age.iter().find(|(_, one)| one.busy == 0 && one.task.is_some())?;
            let task = open.by_age.remove(&idle).and_then(|one| one.task);
            task.iter().for_each(AbortHandle::abort);
        }
        open.next += 1;
        let number = open.next;
        open.by_age.insert(number, One { busy: 0, task: None });
        Some(number)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// From now on a request is being answered.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        self.count(|busy| busy + 1);
        Busy(Arc::clone(self))
    }

    fn count(&self, change: impl Fn(u32) -> u32) {
        if let Some(one) = self.connections.lock().by_age.get_mut(&self.number) {
            one.busy = change(one.busy);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.connections.lock().by_age.remove(&self.number);
        self.connections.gone.notify_one();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.count(|busy| busy.saturating_sub(1));
    }
}
