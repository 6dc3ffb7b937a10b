//! Operations and identities in the notation of `ipvsadm` (manual page ipvsadm(8); `ipvsadm-save -n` writes it).

use std::{
    fmt::{self, Display, Formatter},
    net::SocketAddr,
};

use crate::{
    Checksum, Destination, DestinationKey, Family, ForwardingMethod, Operation, Persistence, PersistenceMask,
    Protocol, Service, ServiceKey, Tunnel,
};

impl Display for Operation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Operation::AddService(key, service) => write!(f, "-A {key} {service}"),
            Operation::SetService(key, service) => write!(f, "-E {key} {service}"),
            Operation::DeleteService(key) => write!(f, "-D {key}"),
            Operation::AddDestination(key, at, destination) => write!(f, "-a {key} -r {at} {destination}"),
            Operation::SetDestination(key, at, destination) => write!(f, "-e {key} -r {at} {destination}"),
            Operation::DeleteDestination(key, at) => write!(f, "-d {key} -r {at}"),
        }
    }
}

/// `-t 192.0.2.1:80`, `-f 7`
impl Display for ServiceKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            ServiceKey::Address { protocol, address, port } => {
                let at = SocketAddr::new(*address, *port);
                match protocol {
                    Protocol::Tcp => write!(f, "-t {at}"),
                    Protocol::Udp => write!(f, "-u {at}"),
                    Protocol::Sctp => write!(f, "--sctp-service {at}"),
                    // ipvsadm cannot say this.
                    Protocol::Other(number) => write!(f, "--protocol-{number} {at}"),
                }
            }
            ServiceKey::Mark { family: Family::V4, mark } => write!(f, "-f {mark}"),
            ServiceKey::Mark { family: Family::V6, mark } => write!(f, "-f {mark} -6"),
        }
    }
}

/// `-s wlc -p 60 -M 255.255.255.0`
impl Display for Service {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "-s {}", self.scheduler)?;
        if let Some(Persistence { timeout, mask, engine }) = &self.persistence {
            write!(f, " -p {}", timeout.as_secs())?;
            if !mask.is_single_client() {
                write!(f, " -M {mask}")?;
            }
            if let Some(engine) = engine {
                write!(f, " --pe {engine}")?;
            }
        }
        let flags = self.scheduler_flag_names();
        if !flags.is_empty() {
            write!(f, " -b {}", flags.join(","))?;
        }
        if self.one_packet { f.write_str(" -o") } else { Ok(()) }
    }
}

impl Service {
    /// The scheduler's switches that are on, under the names that ipvsadm has for them.
    pub(crate) fn scheduler_flag_names(&self) -> Vec<&'static str> {
        let [first, second] = match self.scheduler.as_str() {
            "sh" => ["sh-fallback", "sh-port"],
            "mh" => ["mh-fallback", "mh-port"],
            _ => ["flag-1", "flag-2"],
        };
        let flags = self.scheduler_flags;
        [(flags.first, first), (flags.second, second), (flags.third, "flag-3")]
            .into_iter()
            .filter_map(|(on, name)| on.then_some(name))
            .collect()
    }
}

/// `255.255.255.0`, `64`
impl Display for PersistenceMask {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            PersistenceMask::V4(mask) => write!(f, "{mask}"),
            PersistenceMask::V6(prefix) => write!(f, "{prefix}"),
        }
    }
}

/// `10.0.0.2:80`, `[2001:db8::2]:80`
impl Display for DestinationKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // In one go, so that a listing can pad it.
        f.pad(&SocketAddr::new(self.address, self.port).to_string())
    }
}

/// `-g -w 1`, `-i -w 1 --tun-type gue --tun-port 6080 --tun-csum`
impl Display for Destination {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} -w {}", method_option(self.method), self.weight)?;
        if self.upper_threshold != 0 {
            write!(f, " -x {}", self.upper_threshold)?;
        }
        if self.lower_threshold != 0 {
            write!(f, " -y {}", self.lower_threshold)?;
        }
        match self.method {
            ForwardingMethod::Tunnel(Tunnel::Gue { port, checksum }) => {
                write!(f, " --tun-type gue --tun-port {port} {}", checksum_option(checksum))
            }
            ForwardingMethod::Tunnel(Tunnel::Gre { checksum }) => {
                write!(f, " --tun-type gre {}", checksum_option(checksum))
            }
            // IP in IP is what a tunnel is without further words.
            _ => Ok(()),
        }
    }
}

fn method_option(method: ForwardingMethod) -> &'static str {
    match method {
        ForwardingMethod::Masquerade => "-m",
        ForwardingMethod::Tunnel(_) => "-i",
        // ipvsadm cannot ask for the last two: the kernel chooses them itself, by the address.
        ForwardingMethod::DirectRoute | ForwardingMethod::Local | ForwardingMethod::Bypass => "-g",
    }
}

fn checksum_option(checksum: Checksum) -> &'static str {
    match checksum {
        Checksum::Off => "--tun-nocsum",
        Checksum::On => "--tun-csum",
        Checksum::Remote => "--tun-remcsum",
    }
}
