//! What the log says about reading an answer: the words of nanny.md 12.

use std::io;

use nix::poll::PollFlags;
use tokio::io::{Interest, Ready};
use tracing::debug;

use crate::expect::Expect;
use crate::failure::shown;

/// What wakes a reader.
pub(super) const ANSWER: Interest = Interest::READABLE.add(Interest::ERROR);

/// Waits until a socket is ready to be read, or broken.
pub(super) async fn wait(ready: impl Future<Output = io::Result<Ready>>, wanted: usize) -> io::Result<()> {
    debug!("DEBUG -- Posting READ poll()");
    let events = events(ready.await?);
    debug!("DEBUG -- READ poll() completed (1,{})", events.bits());
    debug!("Posting READ I/O; expecting {wanted} character(s)...");
    Ok(())
}

/// As poll(2) says it.
fn events(ready: Ready) -> PollFlags {
    let mut events = PollFlags::empty();
    events.set(PollFlags::POLLIN, ready.is_readable());
    events.set(PollFlags::POLLERR, ready.is_error());
    events
}

/// As read(2) says it.
pub(super) fn returned(outcome: &io::Result<usize>) {
    let length = outcome.as_ref().map_or("-1".to_owned(), usize::to_string);
    debug!("DEBUG -- READ returned {length}");
}

/// What is compared with what.
pub(super) fn compared(expect: &Expect, received: &[u8]) {
    let text = expect.written();
    debug!("READ expected len={}, text=\"{}\"", text.len(), shown(text));
    debug!("READ got len={}, text={}", received.len(), shown(received));
}
