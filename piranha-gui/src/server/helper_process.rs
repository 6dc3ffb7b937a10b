//! piranha-helper, which keeps the rights of root that the page gives up. Where no unit or script of its own has started
//! it, the page does, before it gives up its rights; the helper ends with it.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use nix::unistd::{Gid, Uid, getegid, geteuid};

use crate::options::Options;
use crate::server::identity::Identity;

/// How long the page's own start waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// From one look for its socket to the next.
const LOOK: Duration = Duration::from_millis(5);

/// The helper, whose standard input closes when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct HelperProcess {
    child: Option<Child>,
    /// Held until the end.
    input: Option<ChildStdin>,
    /// It may end now.
    ending: Arc<AtomicBool>,
    warning: Option<String>,
}

impl HelperProcess {
    /// Starts it for `page` if nobody answers at its socket, and waits until it does. That it does not start holds up
    /// nothing: the pages say what they cannot do without it.
    pub(crate) fn start(options: &Options, page: Option<&Identity>) -> Self {
        let socket = options.run_directory.join("helper.sock");
        if options.no_helper || answers(&socket) {
            return Self::default();
        }
        let program = program();
        let who = page.map_or((geteuid(), getegid()), |page| (page.user, page.group));
        match start(&program, &socket, options, who).and_then(|child| until_it_answers(child, &socket)) {
            Ok(child) => Self { child: Some(child), ..Self::default() },
            Err(error) => {
                let what = "piranha-helper does not start, so the page can show, but not save";
                let warning = format!("{what}: {}: {error}", program.display());
                Self { warning: Some(warning), ..Self::default() }
            }
        }
    }

    /// From now on it is told if it ends before the page does. Only now that there are no rights left to be lost by a thread,
    /// and that there is a log.
    pub(crate) fn watch(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        self.input = child.stdin.take();
        let ending = Arc::clone(&self.ending);
        let wait = move || {
            if let Ok(status) = child.wait()
                && !ending.load(Ordering::Relaxed)
            {
                let what = "the page can show, but not save, until piranha-gui is started again";
                tracing::error!("piranha-helper has ended ({status}): {what}");
            }
        };
        if let Err(error) = thread::Builder::new().name("helper".to_owned()).spawn(wait) {
            tracing::warn!("nobody looks after piranha-helper: {error}");
        }
    }

    /// Lets it end.
    pub(crate) fn end(self) {
        self.ending.store(true, Ordering::Relaxed);
        drop(self.input);
    }

    /// Why it was not started though it should have been.
    pub(crate) fn warning(&self) -> Option<String> {
        self.warning.clone()
    }
}

fn start(program: &Path, socket: &Path, options: &Options, (user, group): (Uid, Gid)) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.args(["--nodaemon", "--until-stdin-closes", "-c"]).arg(&options.lvs_cf);
    command.arg("-g").arg(options.httpd_conf.with_file_name("gui.conf"));
    command.arg("--socket").arg(socket).arg("--state").arg(options.state_directory.join("versions"));
    command.args(["--user", &user.to_string(), "--group", &group.to_string()]);
    command.stdin(Stdio::piped()).current_dir("/");
    service::systemd::keep_from(&mut command);
    // It logs to syslog, too.
    if !options.nodaemon {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    command.spawn()
}

fn answers(socket: &Path) -> bool {
    UnixStream::connect(socket).is_ok()
}

fn until_it_answers(mut child: Child, socket: &Path) -> io::Result<Child> {
    let deadline = Instant::now() + PATIENCE;
    while !answers(socket) {
        if let Some(status) = child.try_wait()? {
            return Err(io::Error::other(status.to_string()));
        }
        if Instant::now() > deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        sleep(LOOK);
    }
    Ok(child)
}

/// Beside this program, as it was installed.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_else(|_| "/usr/sbin/piranha_gui".into());
    own.with_file_name("piranha-helper")
}
