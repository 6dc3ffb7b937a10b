//! The kernel's connection sync daemon (specification pulse.md 16).

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use heartbeat::SyncMode;
use ipvs::{Client, Error, SyncDaemon, SyncRole};
use tokio::sync::mpsc as answer;

use crate::connections::{self, Told};
use crate::plan::SyncSettings;

/// When the role changes, the daemon of the old one goes on for so long: what it has collected, or not yet read, shall
/// not be lost. The kernel's master sends after three seconds at the latest.
const LINGERS: Duration = Duration::from_secs(4);
/// Answers that wait at most; more are not waited for.
const ANSWERS: usize = 4;

/// Sets the sync daemon in a thread of its own: the kernel may take its time to start or stop one.
#[derive(Debug)]
pub(crate) struct Sync {
    wishes: Sender<Wish>,
    told: answer::Receiver<()>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
enum Wish {
    Daemon(SyncMode, SyncSettings),
    Tell(SyncSettings),
    TellLast(SyncSettings),
}

impl Sync {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// If there can be no thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (wishes, receiver) = channel();
        let (answers, told) = answer::channel(ANSWERS);
        let mut worker = Worker { answers, told: Told::default(), leftover: None, complaint: String::new() };
        let thread = thread::Builder::new().name("sync".into()).spawn(move || worker.work(&receiver))?;
        Ok(Self { wishes, told, thread })
    }

    /// Wants the daemon so, from now on.
    pub(crate) fn set(&self, mode: SyncMode, settings: &SyncSettings) {
        // The thread ends only after this value.
        let _ = self.wishes.send(Wish::Daemon(mode, settings.clone()));
    }

    /// Wants the partner to know all connections; [`Sync::told`] tells when it has been told.
    pub(crate) fn tell(&self, settings: &SyncSettings) {
        let _ = self.wishes.send(Wish::Tell(settings.clone()));
    }

    /// The same with the addresses off. Afterwards, when nobody waits any more, all is told once more.
    pub(crate) fn tell_last(&self, settings: &SyncSettings) {
        let _ = self.wishes.send(Wish::TellLast(settings.clone()));
    }

    /// The partner has been told, as far as that was possible. May be dropped and called again.
    pub(crate) async fn told(&mut self) {
        if self.told.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the last wish, but not for ever.
    pub(crate) fn finish(self, patience: Duration) {
        drop(self.wishes);
        let deadline = Instant::now() + patience;
        while !self.thread.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What the thread knows.
struct Worker {
    answers: answer::Sender<()>,
    told: Told,
    /// The daemon of the role before, and until when it goes on.
    leftover: Option<(SyncRole, Instant)>,
    complaint: String,
}

impl Worker {
    fn work(&mut self, wishes: &Receiver<Wish>) {
        loop {
            let wish = match self.leftover {
                None => wishes.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some((_, until)) => wishes.recv_timeout(until.saturating_duration_since(Instant::now())),
            };
            let result = match wish {
                Ok(Wish::Daemon(mode, settings)) => {
                    self.set(mode, &settings).map_err(|error| error.to_string())
                }
                Ok(Wish::Tell(settings)) => self.tell(&settings),
                Ok(Wish::TellLast(settings)) => {
                    let result = self.tell(&settings);
                    result.and_then(|()| connections::tell_again(&settings))
                }
                Err(RecvTimeoutError::Timeout) => self.stop_leftover().map_err(|error| error.to_string()),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            self.complain(result.err().unwrap_or_default());
        }
    }

    fn tell(&mut self, settings: &SyncSettings) -> Result<(), String> {
        let result = self.told.tell(settings);
        let _ = self.answers.try_send(());
        result
    }

    /// Starts nothing if exactly the wanted daemon runs already.
    fn set(&mut self, mode: SyncMode, SyncSettings { interface, id }: &SyncSettings) -> Result<(), Error> {
        self.told = Told::default();
        let wanted = match mode {
            SyncMode::Master => Some(SyncRole::Master),
            SyncMode::Backup => Some(SyncRole::Backup),
            SyncMode::Off => None,
        };
        let mut client = Client::connect()?;
        let (fitting, others): (Vec<_>, Vec<_>) = client
            .sync_daemons()?
            .into_iter()
            .partition(|daemon| daemon.interface == *interface && daemon.id == *id && wanted.is_some());
        for other in others {
            client.stop_sync_daemon(other.role)?;
        }
        if let Some(role) = wanted
            && !fitting.iter().any(|daemon| daemon.role == role)
        {
            client.start_sync_daemon(&SyncDaemon::new(role, interface, *id))?;
        }
        let leftover = fitting.iter().find(|daemon| Some(daemon.role) != wanted);
        self.leftover = leftover.map(|daemon| (daemon.role, Instant::now() + LINGERS));
        Ok(())
    }

    fn stop_leftover(&mut self) -> Result<(), Error> {
        match self.leftover.take() {
            Some((role, _)) => Client::connect()?.stop_sync_daemon(role),
            None => Ok(()),
        }
    }

    /// The same complaint is made once.
    fn complain(&mut self, complaint: String) {
        if !complaint.is_empty() && complaint != self.complaint {
            tracing::warn!("connection synchronisation: {complaint}");
        }
        self.complaint = complaint;
    }
}
