//! The control socket: opened beside the loop, which nothing may hold up.

use std::path::Path;

use control::pulse::{Command, SOCKET};
use service::control_socket::{self, Asked, ControlSocket, Error};
use tokio::task::JoinHandle;

/// The socket, which there need not be: without it pulse works all the same.
#[derive(Debug)]
pub(crate) struct Control {
    opening: Option<JoinHandle<Result<ControlSocket<Command>, Error>>>,
    socket: Option<ControlSocket<Command>>,
}

impl Control {
    /// Begins to open it.
    pub(crate) fn open() -> Self {
        let opening = tokio::spawn(ControlSocket::open(Path::new(SOCKET)));
        Self { opening: Some(opening), socket: None }
    }

    /// The next question; never comes back without a socket. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Asked<Command> {
        if let Some(opening) = &mut self.opening {
            let opened = opening.await;
            self.opening = None;
            self.socket = opened
                .map_err(|error| complain(&error))
                .ok()
                .and_then(|opened| opened.map_err(|error| complain(&error)).ok());
        }
        if let Some(socket) = &mut self.socket
            && let Some(asked) = socket.next().await
        {
            return asked;
        }
        std::future::pending().await
    }
}

/// Removes what a killed pulse left there.
///
/// # Errors
///
/// A pulse answers there.
pub(crate) fn remove_dead() -> Result<(), Error> {
    control_socket::remove_dead("pulse", Path::new(SOCKET))
}

fn complain(error: &impl std::fmt::Display) {
    tracing::error!("no control socket, piranhactl cannot reach this pulse: {error}");
}
