//! What may take long is done beside the loop: the heartbeats must go on while a disk hangs or the process table is full.

use std::io;
use std::thread;

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::own;

/// Does this in a thread of its own, which nobody waits for at the end.
///
/// # Errors
///
/// If there can be no thread, for example because the process table is full.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    let work = move || {
        // At the end nobody wants to know any more.
        let _ = done.send(work());
    };
    thread::Builder::new().name("aside".into()).spawn(work)?;
    result.await.map_err(|_| io::Error::other("the thread has ended without a result"))
}

/// Starts a program. Whoever executes one waits until it is read from the disk.
///
/// # Errors
///
/// Why it could not be executed.
pub(crate) async fn start(mut command: Command) -> io::Result<Child> {
    own::keep_from(command.as_std_mut());
    let runtime = Handle::current();
    aside(move || {
        let _children_are_collected_there = runtime.enter();
        command.spawn()
    })
    .await?
}
