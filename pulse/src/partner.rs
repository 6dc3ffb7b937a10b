//! What the two routers tell each other besides RUNNING and STOPPED, and whether it is the partner who speaks.

use std::fs::File;
use std::io::{self, Read as _};

use heartbeat::trailer::Session;
use heartbeat::{Datagram, Exchange, Heartbeat, Moment, Notice, PartnerReport, Severity, Trailer};

use crate::plan::Plan;
use crate::sockets::Arrived;

/// The partner as this router knows it.
#[derive(Debug)]
pub(crate) struct Partner {
    exchange: Exchange,
    addresses: Option<heartbeat::Partner>,
    introduced: bool,
}

impl Partner {
    /// Nothing is heard yet.
    ///
    /// # Errors
    ///
    /// If the kernel gives no random bytes.
    pub(crate) fn new(plan: &Plan) -> io::Result<Self> {
        let exchange = Exchange::new(session()?, plan.authentication.clone(), plan.file);
        Ok(Self { exchange, addresses: plan.settings.partner, introduced: false })
    }

    /// Goes on with a changed file.
    pub(crate) fn follow(&mut self, plan: &Plan) {
        self.exchange.follow(plan.authentication.clone(), plan.file);
        self.addresses = plan.settings.partner;
    }

    /// Those datagrams that the machine is to be told of: strangers', which it counts and names, and the partner's own.
    pub(crate) fn admit(&mut self, arrived: &[Arrived], now: Moment) -> Vec<Datagram> {
        arrived.iter().filter_map(|datagram| self.judge(datagram, now)).collect()
    }

    fn judge(&mut self, Arrived { link, path, bytes }: &Arrived, now: Moment) -> Option<Datagram> {
        if !self.addresses.is_some_and(|partner| partner.owns(path.source)) {
            return Some(Datagram::new(*link, path.source, bytes));
        }
        let received = self.exchange.receive(*link, *path, bytes, now);
        received.notices.iter().for_each(log);
        self.introduced |= received.introduced;
        received.datagram(*link, path.source, bytes)
    }

    /// What the partner last said of itself, if it ever did.
    pub(crate) fn report(&self) -> Option<&PartnerReport> {
        self.exchange.partner()
    }

    /// Whether a session has been believed for the first time since this was asked.
    pub(crate) fn was_introduced(&mut self) -> bool {
        std::mem::take(&mut self.introduced)
    }

    /// The next heartbeat: these four bytes, and what the machine says of itself.
    pub(crate) fn heartbeat(&mut self, head: [u8; 4], said: Trailer) -> Heartbeat<'_> {
        self.exchange.next(head, said)
    }
}

/// Drawn at random, so that no run of pulse has that of another.
fn session() -> io::Result<Session> {
    let mut session = [0; 16];
    let unavailable = |error| io::Error::other(format!("cannot read /dev/urandom: {error}"));
    File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut session)).map_err(unavailable)?;
    Ok(Session(session))
}

fn log(notice: &Notice) {
    match notice.severity() {
        Severity::Debug => tracing::debug!("{notice}"),
        Severity::Info => tracing::info!("{notice}"),
        Severity::Warning => tracing::warn!("{notice}"),
        Severity::Error => tracing::error!("{notice}"),
    }
}
