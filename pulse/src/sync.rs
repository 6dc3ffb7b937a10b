//! The kernel's connection sync daemon (specification pulse.md 16).

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use heartbeat::SyncMode;
use ipvs::{Client, Error, SyncDaemon, SyncRole};

use crate::plan::SyncSettings;

/// Sets the sync daemon in a thread of its own: the kernel may take its time to start or stop one.
#[derive(Debug)]
pub(crate) struct Sync {
    wishes: Sender<Wish>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct Wish {
    mode: SyncMode,
    settings: SyncSettings,
}

impl Sync {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// If there can be no thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (wishes, receiver) = channel();
        let thread = thread::Builder::new().name("sync".into()).spawn(move || work(&receiver))?;
        Ok(Self { wishes, thread })
    }

    /// Wants the daemon so; earlier wishes that are not yet fulfilled are forgotten.
    pub(crate) fn set(&self, mode: SyncMode, settings: &SyncSettings) {
        // The thread ends only after this value.
        let _ = self.wishes.send(Wish { mode, settings: settings.clone() });
    }

    /// Waits for the last wish, but not for ever.
    pub(crate) fn finish(self, patience: Duration) {
        drop(self.wishes);
        let deadline = std::time::Instant::now() + patience;
        while !self.thread.is_finished() && std::time::Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn work(wishes: &Receiver<Wish>) {
    let mut last_complaint = String::new();
    while let Ok(first) = wishes.recv() {
        let wish = wishes.try_iter().last().unwrap_or(first);
        match fulfil(&wish) {
            Ok(()) => last_complaint.clear(),
            Err(error) => {
                let complaint = error.to_string();
                if complaint != last_complaint {
                    tracing::warn!("connection synchronisation: {complaint}");
                }
                last_complaint = complaint;
            }
        }
    }
}

/// Does nothing if exactly the wanted daemon runs already.
fn fulfil(wish: &Wish) -> Result<(), Error> {
    let wanted = match wish.mode {
        SyncMode::Master => Some(SyncRole::Master),
        SyncMode::Backup => Some(SyncRole::Backup),
        SyncMode::Off => None,
    };
    let mut client = Client::connect()?;
    let running = client.sync_daemons()?;
    let SyncSettings { interface, id } = &wish.settings;
    let fits = |daemon: &SyncDaemon| {
        Some(daemon.role) == wanted && daemon.interface == *interface && daemon.id == *id
    };
    for other in running.iter().filter(|daemon| !fits(daemon)) {
        client.stop_sync_daemon(other.role)?;
    }
    match wanted {
        Some(role) if !running.iter().any(fits) => {
            client.start_sync_daemon(&SyncDaemon::new(role, interface, *id))
        }
        _ => Ok(()),
    }
}
