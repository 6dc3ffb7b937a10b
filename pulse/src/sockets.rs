//! The heartbeat sockets (specification pulse.md 10.4).

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use heartbeat::Link;
use heartbeat::authentication::Path;
use heartbeat::trailer::LONGEST;
use nix::errno::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::plan::{Endpoint, Plan};

/// How long a bound port is waited for: an original's announcing processes hold it for so long (pulse.md F21).
const BIND_PATIENCE: Duration = Duration::from_secs(8);
const BIND_AGAIN: Duration = Duration::from_millis(250);
/// Datagrams that are read in one go; whoever sends more has to wait.
const AT_ONCE: usize = 256;

/// One bound socket for each link.
#[derive(Debug)]
pub(crate) struct Sockets {
    public: Socket,
    private: Option<Socket>,
}

/// A datagram that arrived, cut off where no trailer reaches.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) link: Link,
    pub(crate) path: Path,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug)]
struct Socket {
    link: Link,
    own: IpAddr,
    partner: Option<SocketAddr>,
    /// Read and written without asking the event loop: what that knows may be older than a silence to be judged. It waits
    /// for datagrams alone, as there is room for another one after each that is sent.
    udp: AsyncFd<UdpSocket>,
}

/// Why there is no socket.
#[derive(Debug)]
pub(crate) struct BindError {
    own: SocketAddr,
    reason: io::Error,
}

impl BindError {
    /// For the log, in Piranha's words.
    pub(crate) fn log_line(&self) -> String {
        format!("failed to bind to heartbeat address: {} address={}", self.words(), self.own)
    }

    /// For standard error: Piranha's line, then what to do.
    pub(crate) fn message(&self) -> String {
        let (own, words) = (self.own, self.words());
        let advice = match self.reason.kind() {
            io::ErrorKind::PermissionDenied => "run pulse as root, or choose a heartbeat_port above 1023",
            io::ErrorKind::AddrInUse => {
                "another program holds the port (`ss -ulpn` names it); end it, or choose another heartbeat_port on \
                 both routers"
            }
            io::ErrorKind::AddrNotAvailable => "the address is not (any more) one of this machine",
            _ => "see the reason",
        };
        format!(
            "pulse: cannot create heartbeat socket. running as root?\npulse: UDP {own}: {words}: {advice}\n"
        )
    }

    /// The system's words alone.
    fn words(&self) -> String {
        let number = self.reason.raw_os_error().map(Errno::from_raw);
        number.map_or_else(|| self.reason.to_string(), |errno| errno.desc().to_owned())
    }
}

/// Binds a socket for each link, and waits a while for ports in use. Called before the event loop runs.
pub(crate) fn bind_patiently(plan: &Plan) -> Result<Vec<UdpSocket>, BindError> {
    let deadline = Instant::now() + BIND_PATIENCE;
    plan.endpoints().map(|(_, endpoint)| bind_until(endpoint.own, deadline)).collect()
}

fn bind_until(own: SocketAddr, deadline: Instant) -> Result<UdpSocket, BindError> {
    loop {
        match UdpSocket::bind(own) {
            Err(reason) if reason.kind() == io::ErrorKind::AddrInUse && Instant::now() < deadline => {
                thread::sleep(BIND_AGAIN);
            }
            result => return result.map_err(|reason| BindError { own, reason }),
        }
    }
}

impl Sockets {
    /// Takes the sockets of [`bind_patiently`] into the event loop.
    pub(crate) fn new(plan: &Plan, bound: Vec<UdpSocket>) -> io::Result<Self> {
        let mut bound = plan.endpoints().zip(bound);
        let (_, public) = bound.next().ok_or_else(|| io::Error::other("no heartbeat socket"))?;
        let public = Socket::new(Link::Public, plan.public, public)?;
        let private = match (plan.private, bound.next()) {
            (Some(endpoint), Some((_, socket))) => Some(Socket::new(Link::Private, endpoint, socket)?),
            _ => None,
        };
        Ok(Self { public, private })
    }

    /// Follows a changed plan. Addresses and ports that stay keep their sockets.
    ///
    /// # Errors
    ///
    /// If a new address or port cannot be bound; everything is as before then.
    pub(crate) fn follow(&mut self, plan: &Plan) -> Result<(), BindError> {
        let public = self.public.rebound(plan.public)?;
        let private = match (plan.private, &self.private) {
            (None, _) => None,
            (Some(endpoint), Some(socket)) => socket.rebound(endpoint)?,
            (Some(endpoint), None) => Some(Socket::bind(Link::Private, endpoint)?),
        };
        if let Some(public) = public {
            self.public = public;
        }
        self.public.partner = plan.public.partner;
        match plan.private {
            None => self.private = None,
            Some(endpoint) => {
                if private.is_some() {
                    self.private = private;
                }
                if let Some(socket) = &mut self.private {
                    socket.partner = endpoint.partner;
                }
            }
        }
        Ok(())
    }

    /// Sends on every link what is meant for it.
    pub(crate) fn send(&self, datagram: impl Fn(Path) -> Vec<u8>) {
        for socket in self.all() {
            if let Err(reason) = socket.send(&datagram) {
                tracing::debug!("Warning -- failed to send heartbeat ({} if): {reason}", socket.link);
            }
        }
    }

    /// Waits until something has arrived.
    pub(crate) async fn readable(&self) {
        match &self.private {
            Some(private) => tokio::select! {
                () = self.public.readable() => {}
                () = private.readable() => {}
            },
            None => self.public.readable().await,
        }
    }

    /// Everything that has arrived, the private link's first. A link that is flooded gives only a part.
    pub(crate) fn drain(&self) -> Vec<Arrived> {
        self.private.iter().chain([&self.public]).flat_map(Socket::drain).collect()
    }

    fn all(&self) -> impl Iterator<Item = &Socket> {
        std::iter::once(&self.public).chain(&self.private)
    }
}

impl Socket {
    #[expect(deprecated, reason = "unsound only for types that close or change their descriptor")]
    fn new(link: Link, endpoint: Endpoint, socket: UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            link,
            own: endpoint.own.ip().to_canonical(),
            partner: endpoint.partner,
            udp: AsyncFd::with_interest(socket, Interest::READABLE)?,
        })
    }

    fn bind(link: Link, endpoint: Endpoint) -> Result<Self, BindError> {
        UdpSocket::bind(endpoint.own)
            .and_then(|socket| Self::new(link, endpoint, socket))
            .map_err(|reason| BindError { own: endpoint.own, reason })
    }

    /// A new socket, if the address or port is another one.
    fn rebound(&self, endpoint: Endpoint) -> Result<Option<Self>, BindError> {
        if self.udp.get_ref().local_addr().is_ok_and(|own| own == endpoint.own) {
            return Ok(None);
        }
        Self::bind(self.link, endpoint).map(Some)
    }

    fn send(&self, datagram: impl Fn(Path) -> Vec<u8>) -> io::Result<()> {
        let Some(partner) = self.partner else { return Ok(()) };
        let path = Path { source: self.own, destination: partner.ip().to_canonical() };
        self.udp.get_ref().send_to(&datagram(path), partner).map(|_| ())
    }

    async fn readable(&self) {
        // What is wrong with a socket shows when it is read.
        let _ = self.udp.readable().await;
    }

    fn drain(&self) -> Vec<Arrived> {
        let mut datagrams = Vec::new();
        while datagrams.len() < AT_ONCE {
            match self.receive() {
                Ok(datagram) => datagrams.push(datagram),
                Err(reason) if reason.kind() == io::ErrorKind::WouldBlock => break,
                Err(reason) if reason.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(reason) => {
                    tracing::warn!("recvfrom() failed: {reason} link={}", self.link);
                    break;
                }
            }
        }
        datagrams
    }

    /// Once the socket is empty, the event loop is told so.
    fn receive(&self) -> io::Result<Arrived> {
        let mut bytes = [0; LONGEST];
        let (length, source) = match self.udp.get_ref().recv_from(&mut bytes) {
            Err(reason) if reason.kind() == io::ErrorKind::WouldBlock => {
                self.udp.try_io(Interest::READABLE, |_| Err(reason))?
            }
            result => result?,
        };
        Ok(Arrived {
            link: self.link,
            path: Path { source: source.ip().to_canonical(), destination: self.own },
            bytes: bytes.get(..length).unwrap_or_default().to_vec(),
        })
    }
}
