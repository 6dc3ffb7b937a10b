//! Connections, and requests on their way to the pages.
//!
//! [`settings`] reads `httpd.conf`; [`listen`], [`tls`], [`logs`] and [`helper_process`] open what needs root, and
//! [`identity`] gives that up. [`connections`] bounds who is connected, [`connection`] speaks HTTP with one of them,
//! [`front`] leads a request through the gate to its page, and [`reply`] sends what comes back.

pub(crate) mod connection;
pub(crate) mod connections;
pub(crate) mod front;
pub(crate) mod helper_process;
pub(crate) mod identity;
pub(crate) mod listen;
mod log_file;
pub(crate) mod log_line;
pub(crate) mod logs;
pub(crate) mod pictures;
pub(crate) mod pid;
pub(crate) mod received;
pub(crate) mod reply;
mod self_signed;
pub(crate) mod settings;
pub(crate) mod tls;

use std::io;
use std::net::TcpListener as Listener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use service::signals::{Signal, Signals};
use service::systemd::Systemd;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::server::connection::Shared;
use crate::server::connections::Connections;
use crate::server::front::Front;

/// Threads for what waits: hashes, names, the disk.
pub(crate) const THREADS: usize = 16;
/// After the signal to end, answers that are on their way have so long.
const GOODBYE: Duration = Duration::from_millis(700);
/// After the system had no room for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers requests until a signal ends it. `ready` is called once it listens.
///
/// # Errors
///
/// The system refuses signals or sockets.
pub(crate) async fn serve(
    listeners: Vec<Listener>,
    tls: Option<TlsAcceptor>,
    front: Arc<Front>,
    ready: impl FnOnce() -> io::Result<()>,
    systemd: &mut Systemd,
) -> anyhow::Result<()> {
    let mut signals = Signals::catch().context("cannot catch signals")?;
    let (end, ending) = watch::channel(false);
    let connections = Arc::new(Connections::default());
    let shared = Shared { front: Arc::clone(&front), tls, ending: ending.clone() };
    let mut acceptors = Vec::new();
    let mut addresses = Vec::new();
    for listener in listeners {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener).context("cannot listen")?;
        let address = listener.local_addr()?;
        tracing::info!("listening on {address}");
        addresses.push(address.to_string());
        acceptors.push(tokio::spawn(accept(listener, Arc::clone(&connections), shared.clone())));
    }
    ready().context("cannot leave the terminal")?;
    systemd.ready();
    systemd.status(&format!("listening on {}", addresses.join(", ")));
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                signal if signal.ends() => break,
                Signal::Hangup | Signal::User1 => {
                    systemd.reloading();
                    front.logs.reopen();
                    systemd.ready();
                }
                _ => {}
            },
            () = systemd.beat() => {}
        }
    }
    systemd.stopping();
    tracing::info!("ending");
    acceptors.iter().for_each(tokio::task::JoinHandle::abort);
    end.send_replace(true);
    // Whoever is not done then is cut off.
    let _ = timeout(GOODBYE, connections.all_gone()).await;
    Ok(())
}

async fn accept(listener: TcpListener, connections: Arc<Connections>, shared: Shared) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => connections.begin(stream, peer, &shared),
            // The client may be gone already; or there are too many open files, and some will be closed.
            Err(error) => {
                tracing::warn!("a connection could not be taken: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}
