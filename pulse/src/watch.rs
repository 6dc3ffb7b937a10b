//! The devices that carry the heartbeat links, as the kernel reports them (specification pulse.md 19 and F18).

use std::net::IpAddr;
use std::os::fd::AsFd;
use std::thread;

use heartbeat::Link;
use netdev::{Error, Interfaces, Monitor};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::plan::Plan;

/// Reports that wait at most; a loop that is slower has the newest soon enough.
const WAITING: usize = 16;
/// How often the thread looks whether it is still wanted, in milliseconds.
const LOOK: u16 = 500;

/// The state of a link: whether the device with this router's address can carry traffic.
pub(crate) type Report = (Link, bool);

/// Watches the links in a thread of its own; dropped, it ends.
#[derive(Debug)]
pub(crate) struct Watch {
    reports: Receiver<Report>,
}

impl Watch {
    /// Reports the present state of every link, then every change.
    ///
    /// # Errors
    ///
    /// If the kernel cannot be asked, or there can be no thread.
    pub(crate) fn start(plan: &Plan) -> std::io::Result<Self> {
        let own = plan.endpoints().map(|(link, endpoint)| (link, endpoint.own.ip())).collect();
        let monitor = Monitor::open().map_err(std::io::Error::other)?;
        let interfaces = Interfaces::open().map_err(std::io::Error::other)?;
        let (sender, reports) = channel(WAITING);
        let watcher = Watcher { own, monitor, interfaces, sender, last: Vec::new() };
        thread::Builder::new().name("links".into()).spawn(move || watcher.work())?;
        Ok(Self { reports })
    }

    /// The next report; never comes back if there are no more. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Report {
        match self.reports.recv().await {
            Some(report) => report,
            None => std::future::pending().await,
        }
    }
}

struct Watcher {
    own: Vec<(Link, IpAddr)>,
    monitor: Monitor,
    interfaces: Interfaces,
    sender: Sender<Report>,
    last: Vec<Report>,
}

impl Watcher {
    fn work(mut self) {
        if let Err(error) = self.watch() {
            tracing::error!("links are no longer watched: {error}");
        }
    }

    fn watch(&mut self) -> Result<(), Error> {
        self.look()?;
        while !self.sender.is_closed() {
            let mut descriptors = [PollFd::new(self.monitor.as_fd(), PollFlags::POLLIN)];
            // Whatever ends the wait, the monitor tells whether something has changed.
            let _ = poll(&mut descriptors, PollTimeout::from(LOOK));
            if !self.monitor.changes()?.is_empty() {
                self.look()?;
            }
        }
        Ok(())
    }

    /// Reports what has changed.
    fn look(&mut self) -> Result<(), Error> {
        for (link, address) in self.own.clone() {
            let holder = self.interfaces.holder(address)?;
            let up = holder.as_ref().is_some_and(netdev::Link::is_running);
            if self.last.contains(&(link, up)) {
                continue;
            }
            if holder.is_none() {
                tracing::warn!(
                    "no device has this router's own address {address}: its {link} link counts as down"
                );
            }
            // A report that does not fit is made again at the next change.
            if self.sender.try_send((link, up)).is_ok() {
                self.last.retain(|(known, _)| *known != link);
                self.last.push((link, up));
            }
        }
        Ok(())
    }
}
