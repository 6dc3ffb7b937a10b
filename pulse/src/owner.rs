//! The one who changes this machine's addresses: a thread of its own. The kernel lets one change at a time through, whoever
//! wants it, and hundreds of addresses take their time; the heartbeats must go on meanwhile.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use netdev::{FloatingAddress, Interfaces};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep_until;

use crate::addresses::Addresses;
use crate::left_behind;
use crate::unread;

/// Asks the thread, and hears what came of it.
#[derive(Debug)]
pub(crate) struct Owner {
    wishes: UnboundedSender<Wish>,
    outcomes: UnboundedReceiver<Outcome>,
}

#[derive(Debug)]
enum Wish {
    Raise(Duration),
    Drop,
    Announce,
    StopAnnouncing,
    Follow(Vec<FloatingAddress>, Option<Duration>),
}

/// What came of a wish, or of what others did.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    /// So many addresses could not be raised.
    Raised { missing: usize },
    /// So many are still up.
    Dropped { remaining: usize },
    /// The last announcement of a round has been sent.
    Announced,
}

impl Owner {
    /// Starts the thread. `refresh` is the time from one announcement of addresses that are up to the next.
    ///
    /// # Errors
    ///
    /// If there can be no thread.
    pub(crate) fn start(
        interfaces: Interfaces,
        floating: Vec<FloatingAddress>,
        refresh: Option<Duration>,
    ) -> io::Result<Self> {
        let (wishes, asked) = unbounded_channel();
        let (teller, outcomes) = unbounded_channel();
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let addresses = Addresses::new(interfaces, floating.clone(), refresh);
        let work = Work { addresses, floating, asked, teller };
        thread::Builder::new().name("addresses".into()).spawn(move || runtime.block_on(work.go_on()))?;
        Ok(Self { wishes, outcomes })
    }

    /// Raises all; answered with [`Outcome::Raised`]. Before, the kernel may read for so long what the partner has told of
    /// its connections.
    pub(crate) fn raise(&self, patience: Duration) {
        self.ask(Wish::Raise(patience));
    }

    /// Removes all, and announces them no more; answered with [`Outcome::Dropped`].
    pub(crate) fn drop(&self) {
        self.ask(Wish::Drop);
    }

    /// Announces all, from now on at growing distances; answered with [`Outcome::Announced`] at the end.
    pub(crate) fn announce(&self) {
        self.ask(Wish::Announce);
    }

    /// Forgets what is left of the announcements.
    pub(crate) fn stop_announcing(&self) {
        self.ask(Wish::StopAnnouncing);
    }

    /// Follows a changed file.
    pub(crate) fn follow(&self, floating: Vec<FloatingAddress>, refresh: Option<Duration>) {
        self.ask(Wish::Follow(floating, refresh));
    }

    /// What came next. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Outcome {
        match self.outcomes.recv().await {
            Some(outcome) => outcome,
            None => std::future::pending().await,
        }
    }

    fn ask(&self, wish: Wish) {
        // The thread ends only after this value.
        let _ = self.wishes.send(wish);
    }
}

/// The thread.
struct Work {
    addresses: Addresses,
    /// Those of the file in force.
    floating: Vec<FloatingAddress>,
    asked: UnboundedReceiver<Wish>,
    teller: UnboundedSender<Outcome>,
}

impl Work {
    async fn go_on(mut self) {
        for line in self.addresses.assumed_prefixes() {
            tracing::info!("{line}");
        }
        loop {
            let due = self.addresses.next_due();
            tokio::select! {
                biased;
                wish = self.asked.recv() => match wish {
                    Some(wish) => self.fulfil(wish),
                    None => return,
                },
                () = self.addresses.changed() => {}
                () = until(due) => {}
            }
            self.do_what_is_due();
        }
    }

    fn fulfil(&mut self, wish: Wish) {
        match wish {
            Wish::Raise(patience) => {
                let waited = unread::wait_until_read(patience);
                tracing::debug!("DEBUG -- the partner's connections are read waited={waited:?}");
                let missing = self.addresses.raise(Instant::now());
                self.tell(Outcome::Raised { missing });
            }
            Wish::Drop => {
                let remaining = self.addresses.drop();
                self.tell(Outcome::Dropped { remaining });
            }
            Wish::Announce => self.addresses.announce(Instant::now()),
            Wish::StopAnnouncing => self.addresses.stop_announcing(),
            Wish::Follow(floating, refresh) => {
                // Whenever it is killed, all that may be up is on record.
                left_behind::record_addresses(self.floating.iter().chain(&floating));
                self.addresses.follow(&floating, refresh, Instant::now());
                left_behind::record_addresses(&floating);
                self.floating = floating;
            }
        }
    }

    fn do_what_is_due(&mut self) {
        if let Some(missing) = self.addresses.look_if_due(Instant::now()) {
            self.tell(Outcome::Raised { missing });
        }
        if self.addresses.send_due(Instant::now()) {
            self.tell(Outcome::Announced);
        }
    }

    fn tell(&self, outcome: Outcome) {
        // At the end nobody wants to know any more.
        let _ = self.teller.send(outcome);
    }
}

/// For ever, if nothing is due.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
