//! What the kernel tells of links and addresses, as far as it asks for a look.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net;
use std::time::{Duration, Instant};

use netdev::Monitor;
use tokio::io::Interest;
use tokio::net::UnixDatagram;

/// Between two looks: whoever changes a thousand addresses causes no thousand looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// The kernel's news as moments at which a look is wanted.
#[derive(Debug)]
pub(crate) struct Changes {
    listener: Option<Listener>,
    looked: Option<Instant>,
    due: Option<Instant>,
}

#[derive(Debug)]
struct Listener {
    monitor: Monitor,
    /// The same socket, for waiting. The event loop waits for any kind of socket, but knows only some by name.
    waiting: UnixDatagram,
}

impl Changes {
    /// Listens from now on. Without the kernel's news the router goes on, and looks only when it tries something again.
    pub(crate) fn listen() -> Self {
        let complain = |error| tracing::error!("floating addresses are not watched: {error}");
        Self { listener: Listener::new().map_err(complain).ok(), looked: None, due: None }
    }

    /// Waits for something that asks for a look. May be dropped and called again.
    pub(crate) async fn arrive(&mut self) {
        while let Some(listener) = &mut self.listener {
            match listener.hear().await {
                Ok(false) => {}
                Ok(true) => return self.want_look(Instant::now()),
                Err(error) => {
                    tracing::error!("floating addresses are no longer watched: {error}");
                    self.listener = None;
                }
            }
        }
        std::future::pending::<()>().await;
    }

    fn want_look(&mut self, now: Instant) {
        let earliest = self.looked.map_or(now, |looked| now.max(looked + INTERVAL));
        self.due.get_or_insert(earliest);
    }

    /// When a look is wanted.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// A look is taken now.
    pub(crate) fn look(&mut self, now: Instant) {
        self.looked = Some(now);
        self.due = None;
    }
}

impl Listener {
    fn new() -> io::Result<Self> {
        let monitor = Monitor::open().map_err(io::Error::other)?;
        let waiting = net::UnixDatagram::from(monitor.as_fd().try_clone_to_owned()?);
        waiting.set_nonblocking(true)?;
        Ok(Self { monitor, waiting: UnixDatagram::from_std(waiting)? })
    }

    /// Whether what has woken it was news.
    async fn hear(&mut self) -> io::Result<bool> {
        self.waiting.readable().await?;
        let changes = self.monitor.changes().map_err(io::Error::other)?;
        // It has been read empty: the event loop is told so.
        let _ = self.waiting.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        Ok(!changes.is_empty())
    }
}
