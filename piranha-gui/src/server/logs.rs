//! The two log files of `httpd.conf` (specification layout.md 9). A thread writes them: no page waits for a disk. Lines
//! that it does not come to are counted and dropped.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::time::Duration;

use access::{LogLevel, Settings};
use service::log::Destination;
use tracing::Level;

use crate::server::identity::Identity;
use crate::server::log_file;
use crate::server::log_line;

/// Lines that wait for the disk.
const WAITING: usize = 4096;
/// At the end the disk is waited for so long.
const LAST_LINES: Duration = Duration::from_millis(300);

/// The files, opened while there were rights.
#[derive(Debug)]
pub(crate) struct Files {
    errors: Option<LogFile>,
    access: Option<LogFile>,
}

#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: File,
}

/// Where lines go.
#[derive(Debug)]
pub(crate) struct Logs {
    sender: SyncSender<Entry>,
    lost: AtomicU64,
}

enum Entry {
    Error(String),
    Access(String),
    Reopen,
    End(Sender<()>),
}

impl Files {
    /// Opens both. What cannot be opened is told, and done without.
    pub(crate) fn open(settings: &Settings, identity: Option<&Identity>, warnings: &mut Vec<String>) -> Self {
        let mut open = |path: &Path, instead: &str| match log_file::open(path, identity) {
            Ok(file) => Some(LogFile { path: path.to_owned(), file }),
            Err(error) => {
                warnings.push(format!("cannot open the log file {}: {error}; {instead}", path.display()));
                None
            }
        };
        Self {
            errors: open(&settings.error_log, "what belongs there goes to syslog"),
            access: open(&settings.access_log, "requests are not logged"),
        }
    }
}

impl Logs {
    /// Starts the thread, and sends all events of this process there; with `terminal` to standard output, too.
    ///
    /// # Errors
    ///
    /// There can be no thread.
    pub(crate) fn begin(files: Files, level: LogLevel, terminal: bool) -> std::io::Result<Arc<Self>> {
        let (sender, receiver) = sync_channel(WAITING);
        let logs = Arc::new(Self { sender, lost: AtomicU64::new(0) });
        let destination = match (terminal, files.errors.is_some()) {
            (true, true) => Some(Destination::Terminal),
            (true, false) => Some(Destination::Both),
            (false, true) => None,
            (false, false) => Some(Destination::Syslog),
        };
        std::thread::Builder::new().name("logs".to_owned()).spawn(move || write(files, &receiver))?;
        let taker = Arc::clone(&logs);
        let least = least(level);
        service::log::init_with("piranha-gui", destination, level >= LogLevel::Debug, move |level, line| {
            if level <= least {
                taker.send(Entry::Error(log_line::event(level, line)));
            }
        });
        Ok(logs)
    }

    /// A line about a request.
    pub(crate) fn access(&self, line: String) {
        self.send(Entry::Access(line));
    }

    /// After rotation: goes on in the files that have the names now.
    pub(crate) fn reopen(&self) {
        self.send(Entry::Reopen);
    }

    /// Waits a moment for the last lines.
    pub(crate) fn end(&self) {
        let (done, end) = channel();
        self.send(Entry::End(done));
        let _ = end.recv_timeout(LAST_LINES);
    }

    fn send(&self, entry: Entry) {
        match self.sender.try_send(entry) {
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
            Ok(()) => {
                let lost = self.lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    let line = format!("{lost} log lines were lost: the disk did not take them in time");
                    if self.sender.try_send(Entry::Error(log_line::event(Level::WARN, &line))).is_err() {
                        self.lost.fetch_add(lost, Ordering::Relaxed);
                    }
                }
            }
        }
    }
}

fn least(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    }
}

fn write(mut files: Files, entries: &Receiver<Entry>) {
    for entry in entries {
        match entry {
            Entry::Error(line) => line_to(&mut files.errors, &line),
            Entry::Access(line) => line_to(&mut files.access, &line),
            Entry::Reopen => {
                reopen(&mut files.errors);
                reopen(&mut files.access);
            }
            Entry::End(done) => {
                let _ = done.send(());
            }
        }
    }
}

/// On a full disk the line is lost, as with any log.
fn line_to(file: &mut Option<LogFile>, line: &str) {
    if let Some(LogFile { file, .. }) = file {
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}

/// Goes on in the old file if there can be no new one.
fn reopen(file: &mut Option<LogFile>) {
    let Some(log) = file else { return };
    match log_file::open(&log.path, None) {
        Ok(file) => log.file = file,
        Err(error) => {
            let line = format!("cannot open {} again: {error}; going on in the old file", log.path.display());
            let _ = writeln!(log.file, "{}", log_line::event(Level::ERROR, &line));
        }
    }
}
