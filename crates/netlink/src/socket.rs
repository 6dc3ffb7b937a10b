//! The socket: sends requests, waits for their answers.

use std::{
    io::IoSliceMut,
    ops::Range,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use neli::{
    FromBytesWithInput, ToBytes,
    consts::{nl::NlmF, socket::NlFamily},
};
use nix::{
    errno::Errno,
    sys::socket::{
        AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recvmsg, send, socket,
    },
};

use crate::{
    Error,
    answers::Answers,
    batch::{Batch, Limits},
    message::{Meaning, Message},
    options::{self, failed},
};

/// How long an answer may take, until [`Socket::set_timeout`] says otherwise.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The kernel makes no datagram longer than this for a dump.
const DATAGRAM: usize = 32 * 1024;
/// How often a disturbed dump is tried.
const DUMP_ATTEMPTS: u32 = 8;

/// A netlink socket of the network namespace in which it was opened.
#[derive(Debug)]
pub struct Socket {
    // neli's own socket can set neither a receive time-out nor the form of acknowledgements.
    fd: OwnedFd,
    sequence: u32,
    timeout: Duration,
    limits: Limits,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens a socket of `family`: [`NlFamily::Route`] or [`NlFamily::Generic`].
    ///
    /// # Errors
    /// [`Error::System`] when the system refuses, or for another family.
    pub fn connect(family: NlFamily) -> Result<Socket, Error> {
        let protocol = match family {
            NlFamily::Route => SockProtocol::NetlinkRoute,
            NlFamily::Generic => SockProtocol::NetlinkGeneric,
            _ => return Err(Error::System { call: "socket", errno: Errno::EPROTONOSUPPORT }),
        };
        let fd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)
            .map_err(failed("socket"))?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, 0)).map_err(failed("bind"))?;
        let limits = options::prepare(&fd, TIMEOUT)?;
        Ok(Socket { fd, sequence: 0, timeout: TIMEOUT, limits, buffer: vec![0; DATAGRAM] })
    }

    /// Joins a multicast group, whose messages [`Socket::events`] then gives. Keep requests on another socket:
    /// an event that arrives while an answer is awaited is dropped.
    ///
    /// # Errors
    /// [`Error::System`] when the group does not exist or is not allowed.
    pub fn join(&mut self, group: u32) -> Result<(), Error> {
        options::join(&self.fd, group)
    }

    /// Sets how long a request may wait for its answer; five seconds before that.
    ///
    /// # Errors
    /// [`Error::System`] when the system refuses.
    pub fn set_timeout(&mut self, timeout: Duration) -> Result<(), Error> {
        options::set_timeout(&self.fd, timeout)?;
        self.timeout = timeout;
        Ok(())
    }

    /// Asks for a change and waits until it is carried out.
    ///
    /// # Errors
    /// [`Error::Refused`] with the kernel's error number; [`Error::outcome_unknown`] tells the cases in which the
    /// change may have happened nevertheless.
    pub fn change(&mut self, kind: impl Into<u16>, flags: NlmF, payload: &impl ToBytes) -> Result<(), Error> {
        let mut batch = Batch::new();
        batch.push(kind, flags, payload)?;
        self.execute(&mut batch).into_iter().collect()
    }

    /// Asks a question that has one answer.
    ///
    /// # Errors
    /// [`Error::Refused`] with the kernel's error number, or why there is no answer.
    pub fn get<A>(&mut self, kind: impl Into<u16>, payload: &impl ToBytes) -> Result<A, Error>
    where
        A: FromBytesWithInput<Input = usize>,
    {
        let sequence = self.ask(kind.into(), NlmF::empty(), payload)?;
        loop {
            let mut datagram = self.receive(MsgFlags::empty())?;
            while let Some(message) = Message::split(&mut datagram) {
                let message = message?;
                if message.sequence != sequence {
                    continue;
                }
                match message.meaning()? {
                    Meaning::Data(answer) => return answer.decode(),
                    Meaning::End(Err(refusal)) => return Err(Error::Refused(refusal)),
                    Meaning::End(Ok(())) => return Err(Error::Malformed("an answer without content".into())),
                    Meaning::Overrun => return Err(Error::Overrun),
                    Meaning::Nothing => {}
                }
            }
        }
    }

    /// Asks for everything of a kind. A dump that the kernel marks as disturbed by a change, or that overflowed the
    /// receive buffer, is repeated.
    ///
    /// # Errors
    /// [`Error::Refused`] with the kernel's error number, or why there is no complete answer.
    pub fn dump<A>(&mut self, kind: impl Into<u16>, payload: &impl ToBytes) -> Result<Vec<A>, Error>
    where
        A: FromBytesWithInput<Input = usize>,
    {
        let kind = kind.into();
        for _ in 0..DUMP_ATTEMPTS {
            let sequence = self.ask(kind, NlmF::DUMP, payload)?;
            if let Some(answers) = self.collect_dump(sequence)? {
                return Ok(answers);
            }
        }
        Err(Error::Unsettled { attempts: DUMP_ATTEMPTS })
    }

    /// Carries out all requests of `batch`, in order and whether or not others fail, in as few system calls as the
    /// kernel allows. Gives one result for each request, in the same order.
    ///
    /// A result for which [`Error::outcome_unknown`] holds has to be asked again or looked up.
    pub fn execute(&mut self, batch: &mut Batch) -> Vec<Result<(), Error>> {
        let mut results = Vec::with_capacity(batch.len());
        for chunk in batch.chunks(self.limits) {
            let count = chunk.len();
            match self.execute_chunk(batch, &chunk) {
                Ok(answers) => results.extend(answers.into_results(self.timeout)),
                Err(e) => results.extend(std::iter::repeat_n(Err(e), count)),
            }
        }
        results
    }

    /// The messages of joined multicast groups that have arrived, each with its type. Does not wait: poll the
    /// descriptor first. An empty list means that there is nothing more at present.
    ///
    /// # Errors
    /// [`Error::Overrun`] when some were lost: dump everything, then go on reading.
    pub fn events<A>(&mut self) -> Result<Vec<(u16, A)>, Error>
    where
        A: FromBytesWithInput<Input = usize>,
    {
        let mut events = Vec::new();
        loop {
            let mut datagram = match self.receive(MsgFlags::MSG_DONTWAIT) {
                Err(Error::TimedOut(_)) => return Ok(events),
                datagram => datagram?,
            };
            while let Some(message) = Message::split(&mut datagram) {
                match message?.meaning()? {
                    Meaning::Data(event) => events.push((event.kind, event.decode()?)),
                    Meaning::Overrun => return Err(Error::Overrun),
                    Meaning::End(_) | Meaning::Nothing => {}
                }
            }
        }
    }

    /// Sends one request that is answered by messages, and gives its sequence number.
    fn ask(&mut self, kind: u16, flags: NlmF, payload: &impl ToBytes) -> Result<u32, Error> {
        let mut batch = Batch::new();
        batch.push(kind, flags, payload)?;
        let sequence = self.reserve(1);
        self.send(batch.seal(&(0..1), sequence, false))?;
        Ok(sequence)
    }

    /// The answers of a dump up to its end; None when it was disturbed.
    fn collect_dump<A>(&mut self, sequence: u32) -> Result<Option<Vec<A>>, Error>
    where
        A: FromBytesWithInput<Input = usize>,
    {
        let mut answers = Vec::new();
        let (mut disturbed, mut wait) = (false, MsgFlags::empty());
        loop {
            let mut datagram = match self.receive(wait) {
                // What is left is in the buffer already, or comes out of reading it.
                Err(Error::Overrun) => {
                    (disturbed, wait) = (true, MsgFlags::MSG_DONTWAIT);
                    continue;
                }
                Err(Error::TimedOut(_)) if disturbed => return Ok(None),
                datagram => datagram?,
            };
            while let Some(message) = Message::split(&mut datagram) {
                let message = message?;
                if message.sequence != sequence {
                    continue;
                }
                disturbed |= message.flags.contains(NlmF::DUMP_INTR);
                match message.meaning()? {
                    Meaning::Data(answer) => answers.push(answer.decode()?),
                    Meaning::End(Err(refusal)) => return Err(Error::Refused(refusal)),
                    Meaning::End(Ok(())) => return Ok((!disturbed).then_some(answers)),
                    Meaning::Overrun => disturbed = true,
                    Meaning::Nothing => {}
                }
            }
        }
    }

    fn execute_chunk(&mut self, batch: &mut Batch, chunk: &Range<usize>) -> Result<Answers, Error> {
        let first_sequence = self.reserve(chunk.len());
        self.send(batch.seal(chunk, first_sequence, true))?;
        let mut answers = Answers::new(first_sequence, chunk.len());
        while !answers.complete() {
            // The kernel has answered everything before `send` returns, so that after a loss there is nothing to
            // wait for.
            let wait = if answers.overrun() { MsgFlags::MSG_DONTWAIT } else { MsgFlags::empty() };
            let mut datagram = match self.receive(wait) {
                Err(Error::Overrun) => {
                    answers.on_overrun();
                    continue;
                }
                // The requests were sent: whatever is wrong with reading, what is not answered is not known.
                Err(_) => break,
                Ok(datagram) => datagram,
            };
            while let Some(Ok(message)) = Message::split(&mut datagram) {
                match message.meaning() {
                    Ok(Meaning::End(result)) => answers.on_answer(message.sequence, result),
                    Ok(Meaning::Overrun) => answers.on_overrun(),
                    Ok(Meaning::Data(_) | Meaning::Nothing) | Err(_) => {}
                }
            }
        }
        Ok(answers)
    }

    /// The first of `count` fresh sequence numbers.
    fn reserve(&mut self, count: usize) -> u32 {
        // Zero is what the kernel's own events carry.
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let first = if self.sequence.checked_add(count).is_some() { self.sequence + 1 } else { 1 };
        self.sequence = first.saturating_add(count - 1);
        first
    }

    fn send(&self, bytes: &[u8]) -> Result<(), Error> {
        loop {
            match send(self.fd.as_raw_fd(), bytes, MsgFlags::empty()) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::System { call: "send", errno }),
            }
        }
    }

    /// The next datagram that comes from the kernel.
    fn receive(&mut self, flags: MsgFlags) -> Result<&[u8], Error> {
        let length = loop {
            let mut into = [IoSliceMut::new(&mut self.buffer)];
            match recvmsg::<NetlinkAddr>(self.fd.as_raw_fd(), &mut into, None, flags) {
                Ok(got) if got.flags.contains(MsgFlags::MSG_TRUNC) => return Err(Error::Overrun),
                // Another process may write to this socket too; it is not asked.
                Ok(got) if got.address.is_some_and(|from| from.pid() != 0) => {}
                Ok(got) => break got.bytes,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Err(Error::TimedOut(self.timeout)),
                Err(Errno::ENOBUFS) => return Err(Error::Overrun),
                Err(errno) => return Err(Error::System { call: "recvmsg", errno }),
            }
        };
        self.buffer.get(..length).ok_or_else(|| Error::Malformed("a datagram longer than its buffer".into()))
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
