//! From the command line to a server without rights, and to its end (specification layout.md 4 and 6.3).
//!
//! What needs root comes first: ports, the key of the certificate, log files, the helper. Then the rights go, for good.

use std::fmt::Display;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::Settings;
use anyhow::Context as _;
use service::detach::{Detached, Waiting, detach};
use service::systemd::Systemd;
use tokio_rustls::TlsAcceptor;

use crate::file::LvsCf;
use crate::options::Options;
use crate::saving::Helper;
use crate::server::front::Front;
use crate::server::helper_process::HelperProcess;
use crate::server::identity::Identity;
use crate::server::logs::{Files, Logs};
use crate::server::pid::Pid;
use crate::server::{self, listen, settings, tls};
use crate::site::{Places, Site};

/// Not configured (layout.md 4 and 6.4).
pub(crate) const NOT_CONFIGURED: u8 = 6;
/// Anything else.
pub(crate) const FAILED: u8 = 1;

/// Why it does not start.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// For people, without a line end.
    pub(crate) reason: String,
    /// The exit status.
    pub(crate) status: u8,
}

impl Refusal {
    pub(crate) fn new(status: u8, reason: impl Display) -> Self {
        Self { reason: reason.to_string(), status }
    }
}

/// What was made while there were rights.
struct Prepared {
    settings: Settings,
    listeners: Vec<TcpListener>,
    tls: Option<TlsAcceptor>,
    identity: Option<Identity>,
    files: Files,
    /// Said once there is a log.
    warnings: Vec<String>,
}

/// Runs the server until it is told to end.
///
/// # Errors
///
/// It does not start.
pub(crate) fn run(options: &Options) -> Result<u8, Refusal> {
    let systemd = Systemd::here();
    let prepared = prepare(options, &systemd)?;
    // systemd waits for this process, and has no terminal.
    if options.nodaemon || systemd.is_there() {
        return serve(options, prepared, &mut None, systemd).map(|()| 0);
    }
    match detach().map_err(|error| Refusal::new(FAILED, format!("cannot become a daemon: {error}")))? {
        Detached::Caller(status) => Ok(status),
        Detached::Daemon(caller) => {
            let mut caller = Some(caller);
            let result = serve(options, prepared, &mut caller, systemd);
            result.map(|()| 0).or_else(|refusal| tell(caller, refusal))
        }
    }
}

/// Lets a caller that still waits go with the truth.
fn tell(caller: Option<Waiting>, refusal: Refusal) -> Result<u8, Refusal> {
    let Some(caller) = caller else { return Err(refusal) };
    eprintln!("piranha-gui: {}", refusal.reason);
    caller.failed(refusal.status);
    Ok(refusal.status)
}

fn prepare(options: &Options, systemd: &Systemd) -> Result<Prepared, Refusal> {
    let (settings, mut warnings) = settings::read(&options.httpd_conf)?;
    let identity = Identity::find(&settings, &options.httpd_conf)?;
    let tls =
        tls::acceptor(&settings, options, &certificates(options, systemd), identity.as_ref(), &mut warnings)?;
    let listeners = listen::bind(&settings.listen, options.any_port)?;
    let files = Files::open(&settings, identity.as_ref(), &mut warnings);
    Ok(Prepared { settings, listeners, tls, identity, files, warnings })
}

/// Where a certificate of our own is kept. A page that never was root has a directory of its own there (`StateDirectory`).
fn certificates(options: &Options, systemd: &Systemd) -> PathBuf {
    let own = std::env::var_os("STATE_DIRECTORY").filter(|_| systemd.is_there());
    own.map_or_else(|| options.state_directory.clone(), PathBuf::from)
}

/// The last steps with rights, and all without.
fn serve(
    options: &Options,
    prepared: Prepared,
    caller: &mut Option<Waiting>,
    mut systemd: Systemd,
) -> Result<(), Refusal> {
    let Prepared { settings, listeners, tls, identity, files, mut warnings } = prepared;
    let failed = |error: anyhow::Error| Refusal::new(FAILED, format!("{error:#}"));
    let pid = Pid::write(&settings.pid_file, identity.as_ref())?;
    let mut helper = HelperProcess::start(options, identity.as_ref());
    if let Some(identity) = &identity {
        identity.take().map_err(failed)?;
    }
    let pid = pid.written(&settings.pid_file, &systemd, &mut warnings)?;
    let logs =
        Logs::begin(files, settings.log_level, options.nodaemon).context("cannot log").map_err(failed)?;
    for warning in warnings.into_iter().chain(helper.warning()) {
        tracing::warn!("{warning}");
    }
    helper.watch();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(server::THREADS)
        .build()
        .context("cannot make an event loop")
        .map_err(failed)?;
    let site = site(options).map_err(failed)?;
    let gui_conf: PathBuf = site.places.settings.join("gui.conf");
    let front = Front::new(Arc::clone(&site), settings, &gui_conf, Arc::clone(&logs)).map_err(failed)?;
    let result = runtime.block_on(async {
        tokio::spawn(async move { site.live.collect().await });
        let ready = || caller.take().map_or(Ok(()), Waiting::ready);
        server::serve(listeners, tls, Arc::new(front), ready, &mut systemd).await
    });
    // A name that is being looked up does not hold up the end.
    runtime.shutdown_background();
    helper.end();
    if let Some(pid) = pid {
        pid.remove();
    }
    logs.end();
    result.map_err(failed)
}

fn site(options: &Options) -> anyhow::Result<Arc<Site>> {
    let file = LvsCf::at(options.lvs_cf.clone());
    Ok(Arc::new(Site::new(file, Helper::at(options.run_directory.join("helper.sock")), Places::of(options))?))
}

/// Whether only root can put something else in the place of a file in this directory. A link counts, as `/var/run` is one,
/// if nobody else can put another one in its place.
pub(crate) fn is_roots(directory: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(found) = std::fs::symlink_metadata(directory) else { return false };
    if found.is_symlink() {
        return directory.parent().is_some_and(is_roots)
            && directory.canonicalize().is_ok_and(|target| is_roots(&target));
    }
    found.uid() == 0 && found.mode() & 0o022 == 0
}
