//! The kernel's IPVS through one netlink socket.

mod table;

use std::{
    thread,
    time::{Duration, Instant},
};

use ipvs_sys::FAMILY_NAME;
use neli::{
    FromBytesWithInput,
    consts::{nl::NlmF, socket::NlFamily},
};
use netlink::{Batch, Errno, Socket};

use crate::{
    Attempt, Error, Info, Operation, ServiceKey, SyncDaemon, SyncRole, Timeouts,
    decode::{self, Answer, InfoAnswer},
    encode::Request,
    remedy::{Remedy, remedy},
};

/// A sync daemon that was stopped within milliseconds after its start was seen to hang the kernel for minutes.
const SYNC_DAEMON_SETTLES: Duration = Duration::from_millis(100);

/// A connection to the IPVS of the network namespace in which it was opened. Everything needs `CAP_NET_ADMIN`.
#[derive(Debug)]
pub struct Client {
    socket: Socket,
    family: u16,
    sync_daemon_started: Option<Instant>,
}

impl Client {
    /// Opens a connection. This loads the module `ip_vs` if it has to.
    ///
    /// # Errors
    /// [`Error::Missing`] when the kernel has no IPVS.
    pub fn connect() -> Result<Client, Error> {
        let mut socket = Socket::connect(NlFamily::Generic).map_err(failed(Attempt::Connect))?;
        let family = socket.family_id(FAMILY_NAME).map_err(failed(Attempt::Connect))?;
        Ok(Client { socket, family, sync_daemon_started: None })
    }

    /// Carries out all operations, in order and whether or not others fail, in few system calls. Gives one result
    /// for each operation, in the same order.
    ///
    /// What counts is the state that an operation wants. Where the table is not what it expects, the other way
    /// there is taken: adding what exists changes it, changing what is gone adds it, removing what is gone is done;
    /// an operation whose result was lost is asked for again. The destinations of a service that was gone come back
    /// as far as they are in `operations` too; for others compare the table anew.
    pub fn apply(&mut self, operations: &[Operation]) -> Vec<Result<(), Error>> {
        let mut results = self.execute(operations);
        if results.iter().any(|result| refused_with(result, Errno::ENOENT)) && self.family_moved() {
            results = self.execute(operations);
        }
        // The first round finds what is amiss, the second one mends it. The third is for what the second found gone
        // after the first had found it there.
        for _ in 0..2 {
            self.mend(operations, &mut results);
        }
        operations.iter().zip(results).map(|(operation, result)| judge(operation, result)).collect()
    }

    /// Reads the time-outs.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn timeouts(&mut self) -> Result<Timeouts, Error> {
        let answer: Answer = self.get(&Request::Timeouts, &Attempt::ReadTimeouts)?;
        decode::timeouts(&answer).map_err(failed(Attempt::ReadTimeouts))
    }

    /// Sets the time-outs; one of zero stays as it is. They hold for a connection from its next packet on.
    ///
    /// # Errors
    /// [`Error::Refused`] with `EINVAL` when one is too long (about 24 days at 1000 Hz).
    pub fn set_timeouts(&mut self, timeouts: &Timeouts) -> Result<(), Error> {
        self.change(&Request::SetTimeouts(timeouts), Attempt::SetTimeouts)
    }

    /// Reads version and table size.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn info(&mut self) -> Result<Info, Error> {
        let answer: InfoAnswer = self.get(&Request::Info, &Attempt::ReadInfo)?;
        decode::info(&answer).map_err(failed(Attempt::ReadInfo))
    }

    /// Reads the running sync daemons: none, one or both.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn sync_daemons(&mut self) -> Result<Vec<SyncDaemon>, Error> {
        self.dump(&Request::SyncDaemons, &Attempt::ReadSyncDaemons)?
            .iter()
            .map(decode::sync_daemon)
            .collect::<Result<_, _>>()
            .map_err(failed(Attempt::ReadSyncDaemons))
    }

    /// Starts a sync daemon. To change a running one, stop it first.
    ///
    /// # Errors
    /// [`Error::Refused`] with `EEXIST` when one of this role runs, `ENODEV` without such an interface,
    /// `ENETUNREACH` when that is down.
    pub fn start_sync_daemon(&mut self, daemon: &SyncDaemon) -> Result<(), Error> {
        self.change(&Request::StartSyncDaemon(daemon), Attempt::StartSyncDaemon(Box::new(daemon.clone())))?;
        self.sync_daemon_started = Some(Instant::now());
        Ok(())
    }

    /// Stops a sync daemon; fine when there is none. Waits up to 100 ms after a start by this client, since the
    /// kernel may hang otherwise.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn stop_sync_daemon(&mut self, role: SyncRole) -> Result<(), Error> {
        if let Some(started) = self.sync_daemon_started.take() {
            thread::sleep(SYNC_DAEMON_SETTLES.saturating_sub(started.elapsed()));
        }
        match self.change(&Request::StopSyncDaemon(role), Attempt::StopSyncDaemon(role)) {
            Err(e) if e.errno() == Some(Errno::ESRCH) => Ok(()),
            result => result,
        }
    }

    /// Sets the counters of one service, or of everything, to zero.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ESRCH` when there is no such service.
    pub fn zero(&mut self, key: Option<&ServiceKey>) -> Result<(), Error> {
        self.change(&Request::Zero(key), Attempt::Zero(key.copied()))
    }

    /// Removes all services of the namespace at once, which resets connections. To change a table, apply a
    /// difference.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], or why there is no answer.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.change(&Request::Flush, Attempt::Flush)
    }

    /// Asks for what `operations` want in another way where the first one did not fit.
    fn mend(&mut self, operations: &[Operation], results: &mut [Result<(), netlink::Error>]) {
        let restored: Vec<ServiceKey> = operations
            .iter()
            .zip(&*results)
            .filter(|(operation, result)| {
                matches!(operation, Operation::AddService(..) | Operation::SetService(..))
                    && refused_with(result, Errno::ESRCH)
            })
            .map(|(operation, _)| *operation.service())
            .collect();

        let (mut places, mut again) = (Vec::new(), Vec::new());
        for (place, (operation, result)) in operations.iter().zip(results.iter_mut()).enumerate() {
            let Err(error) = result else { continue };
            if error.outcome_unknown() {
                places.push(place);
                again.push(operation.clone());
                continue;
            }
            let Some(errno) = error.errno() else { continue };
            match remedy(operation, errno, restored.contains(operation.service())) {
                Remedy::Done => *result = Ok(()),
                Remedy::None => {}
                Remedy::Instead(other) => {
                    places.push(place);
                    again.push(other);
                }
            }
        }
        for (place, result) in places.into_iter().zip(self.execute(&again)) {
            if let Some(slot) = results.get_mut(place) {
                *slot = result;
            }
        }
    }

    /// One batch, with the results as the kernel gave them.
    fn execute(&mut self, operations: &[Operation]) -> Vec<Result<(), netlink::Error>> {
        let mut batch = Batch::with_capacity(operations.len());
        let mut unencodable = Vec::new();
        for (place, operation) in operations.iter().enumerate() {
            if let Err(e) = batch.push(self.family, NlmF::empty(), operation) {
                unencodable.push((place, e));
            }
        }
        let mut results = self.socket.execute(&mut batch);
        for (place, error) in unencodable {
            results.insert(place, Err(error));
        }
        results
    }

    fn change(&mut self, request: &Request<'_>, attempt: Attempt) -> Result<(), Error> {
        self.ask(|socket, family| socket.change(family, NlmF::empty(), request)).map_err(failed(attempt))
    }

    fn get<A>(&mut self, request: &Request<'_>, attempt: &Attempt) -> Result<A, Error>
    where
        A: FromBytesWithInput<Input = usize>,
    {
        self.ask(|socket, family| socket.get(family, request)).map_err(failed(attempt.clone()))
    }

    fn dump(&mut self, request: &Request<'_>, attempt: &Attempt) -> Result<Vec<Answer>, Error> {
        self.ask(|socket, family| socket.dump(family, request)).map_err(failed(attempt.clone()))
    }

    /// Asks, once more if the family has another id by now.
    fn ask<R>(
        &mut self,
        question: impl Fn(&mut Socket, u16) -> Result<R, netlink::Error>,
    ) -> Result<R, netlink::Error> {
        let answer = question(&mut self.socket, self.family);
        if refused_with(&answer, Errno::ENOENT) && self.family_moved() {
            return question(&mut self.socket, self.family);
        }
        answer
    }

    /// Whether the family has another id than before, as it has after the module was unloaded and loaded again.
    fn family_moved(&mut self) -> bool {
        let Ok(family) = self.socket.family_id(FAMILY_NAME) else { return false };
        std::mem::replace(&mut self.family, family) != family
    }
}

fn refused_with<R>(result: &Result<R, netlink::Error>, errno: Errno) -> bool {
    matches!(result, Err(netlink::Error::Refused(refusal)) if refusal.errno == errno)
}

fn failed(attempt: Attempt) -> impl Fn(netlink::Error) -> Error {
    move |source| Error::new(attempt.clone(), source)
}

fn judge(operation: &Operation, result: Result<(), netlink::Error>) -> Result<(), Error> {
    result.map_err(|source| Error::new(Attempt::Change(Box::new(operation.clone())), source))
}
