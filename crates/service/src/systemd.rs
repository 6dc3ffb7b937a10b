//! What systemd and the daemons that it has started tell each other: which of them is ready, what it does, that it lives
//! (`sd_notify(3)`), and where it listens (`sd_listen_fds(3)`).
//!
//! Nothing waits for systemd, least of all heartbeats: what it does not take at once is told a little later. The crates that
//! know this protocol would wait.

use std::collections::VecDeque;
use std::env;
use std::ffi::{OsStr, OsString};
use std::future::pending;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{getsockopt, sockopt::AcceptConn};
use nix::time::{ClockId, clock_gettime};

use crate::process::adopt_socket;

/// What is meant for the daemon itself, and not for the programs that it starts.
const OWN: [&str; 6] =
    ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"];
/// The first descriptor that is handed on.
const FIRST_DESCRIPTOR: i32 = 3;
/// When systemd is told again what it had no room for.
const RETRY: Duration = Duration::from_millis(100);
/// Longest line of status, in characters.
const LONGEST_STATUS: usize = 1024;

/// systemd, where it waits to be told (`Type=notify`). Elsewhere nothing of this does anything.
#[derive(Debug)]
pub struct Systemd {
    socket: Option<(UnixDatagram, SocketAddr)>,
    status: String,
    /// What it has not taken yet, and when that is tried again.
    unsaid: VecDeque<String>,
    retry: Instant,
    /// How often it wants a sign of life, and the next one.
    watchdog: Option<(Duration, Instant)>,
}

impl Systemd {
    /// As this process's environment says.
    pub fn here() -> Self {
        let variable = |name: &str| env::var_os(name);
        let socket = variable("NOTIFY_SOCKET").and_then(|name| open(&name).ok());
        let watchdog = interval(variable("WATCHDOG_USEC"), variable("WATCHDOG_PID"));
        let now = Instant::now();
        Self {
            watchdog: watchdog.filter(|_| socket.is_some()).map(|every| (every, now + every)),
            socket,
            status: String::new(),
            unsaid: VecDeque::new(),
            retry: now,
        }
    }

    /// Whether it waits: a daemon then stays the process that it is.
    pub fn is_there(&self) -> bool {
        self.socket.is_some()
    }

    /// The daemon is ready; also after [`Systemd::reloading`], whatever became of that.
    pub fn ready(&mut self) {
        self.say("READY=1".to_owned());
    }

    /// The daemon begins to read its configuration again.
    pub fn reloading(&mut self) {
        // With the time `Type=notify-reload` would be possible, too.
        let time = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default();
        self.say(format!("RELOADING=1\nMONOTONIC_USEC={}", time.as_micros()));
    }

    /// The daemon begins to end.
    pub fn stopping(&mut self) {
        self.say("STOPPING=1".to_owned());
    }

    /// What the daemon does, for `systemctl status`.
    pub fn status(&mut self, text: &str) {
        let line: String = text.replace(char::is_control, " ").chars().take(LONGEST_STATUS).collect();
        if line != self.status {
            self.unsaid.retain(|message| !message.starts_with("STATUS="));
            self.say(format!("STATUS={line}"));
            self.status = line;
        }
    }

    /// Gives signs of life. Wait for it in the daemon's own loop, again and again: it comes back after each. May be dropped.
    pub async fn beat(&mut self) {
        let sign = self.watchdog.map(|(_, next)| next);
        let retry = (!self.unsaid.is_empty()).then_some(self.retry);
        let Some(next) = sign.into_iter().chain(retry).min() else { return pending().await };
        tokio::time::sleep_until(next.into()).await;
        let now = Instant::now();
        match &mut self.watchdog {
            Some((every, next)) if *next <= now => {
                *next = now + *every;
                self.unsaid.retain(|message| message != "WATCHDOG=1");
                self.say("WATCHDOG=1".to_owned());
            }
            _ => self.tell(),
        }
    }

    fn say(&mut self, message: String) {
        if self.is_there() {
            self.unsaid.push_back(message);
            self.tell();
        }
    }

    /// In order, until there is no room.
    fn tell(&mut self) {
        let Some((socket, address)) = &self.socket else { return };
        while let Some(message) = self.unsaid.front() {
            match socket.send_to_addr(message.as_bytes(), address) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.retry = Instant::now() + RETRY;
                    return;
                }
                // If nobody is there any more, nobody misses it.
                _ => drop(self.unsaid.pop_front()),
            }
        }
    }
}

/// Keeps what is meant for this process from the program that `command` starts.
pub fn keep_from(command: &mut Command) {
    for variable in OWN {
        command.env_remove(variable);
    }
}

/// The socket that systemd listens at for this daemon, if it was started by one. Call it before anything opens descriptors.
///
/// # Errors
///
/// If what was handed on is not one listening unix socket.
pub fn listener() -> io::Result<Option<UnixListener>> {
    let number = |name: &str| env::var(name).ok().and_then(|value| value.parse::<u32>().ok());
    match number("LISTEN_FDS").filter(|_| number("LISTEN_PID") == Some(std::process::id())) {
        None | Some(0) => return Ok(None),
        Some(1) => {}
        Some(more) => {
            return Err(io::Error::other(format!("systemd hands on {more} sockets instead of one")));
        }
    }
    let socket = adopt_socket(FIRST_DESCRIPTOR)?;
    if !getsockopt(&socket, AcceptConn)? {
        return Err(io::Error::other(
            "the socket that systemd hands on does not listen: Accept=no is needed",
        ));
    }
    fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    let listener = UnixListener::from(socket);
    // Refused to a socket of another family.
    listener.local_addr()?;
    Ok(Some(listener))
}

/// `/run/systemd/notify`, or `@name` for one that is in no directory.
fn open(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        [b'/', ..] => SocketAddr::from_pathname(name)?,
        _ => return Err(io::ErrorKind::Unsupported.into()),
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

/// Twice as often as systemd wants it, as it advises.
fn interval(microseconds: Option<OsString>, pid: Option<OsString>) -> Option<Duration> {
    let number = |text: OsString| text.to_str().and_then(|digits| digits.parse::<u64>().ok());
    let meant = pid.is_none_or(|pid| number(pid) == Some(std::process::id().into()));
    let asked = microseconds.and_then(number).filter(|time| meant && *time > 1);
    asked.map(|time| Duration::from_micros(time / 2))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::{Systemd, interval, keep_from, open};

    /// systemd, played by a socket, and what a daemon has of it.
    fn pair(name: &str, watchdog: Option<Duration>) -> (UnixDatagram, Systemd) {
        let name = format!("systemd-test-{name}-{}", std::process::id());
        let theirs = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let now = Instant::now();
        let ours = Systemd {
            socket: open(format!("@{name}").as_ref()).ok(),
            status: String::new(),
            unsaid: VecDeque::new(),
            retry: now,
            watchdog: watchdog.map(|every| (every, now + every)),
        };
        (theirs, ours)
    }

    fn heard(socket: &UnixDatagram) -> Vec<String> {
        let mut bytes = [0; 4096];
        let mut all = Vec::new();
        while let Ok(length) = socket.recv(&mut bytes) {
            all.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
        }
        all
    }

    #[test]
    fn what_is_said_is_heard_in_order() {
        let (theirs, mut ours) = pair("order", None);
        ours.ready();
        ours.status("one\nREADY=0");
        ours.status("one\nREADY=0");
        ours.reloading();
        ours.stopping();
        let heard = heard(&theirs);
        assert_eq!(heard[..2], ["READY=1", "STATUS=one READY=0"]);
        assert!(heard[2].starts_with("RELOADING=1\nMONOTONIC_USEC="), "{heard:?}");
        assert_eq!(heard[3..], ["STOPPING=1"]);
    }

    #[test]
    fn what_it_has_no_room_for_is_told_later_and_only_the_last_status() {
        let (theirs, mut ours) = pair("room", None);
        let mut said = 0;
        while ours.unsaid.is_empty() {
            ours.status(&format!("number {said}"));
            said += 1;
        }
        ours.ready();
        ours.status("the last");
        assert_eq!(ours.unsaid, ["READY=1", "STATUS=the last"]);
        assert_eq!(heard(&theirs).len(), said - 1);
        let time = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        time.block_on(ours.beat());
        assert_eq!(heard(&theirs), ["READY=1", "STATUS=the last"]);
    }

    #[tokio::test]
    async fn signs_of_life_come_as_often_as_they_are_wanted() {
        let every = Duration::from_millis(20);
        let (theirs, mut ours) = pair("beat", Some(every));
        let start = Instant::now();
        for _ in 0..3 {
            ours.beat().await;
        }
        assert!(start.elapsed() >= every * 3);
        assert_eq!(heard(&theirs), ["WATCHDOG=1"; 3]);
    }

    #[test]
    fn the_interval_is_half_of_what_is_asked_of_this_process() {
        let asked = |time: &str, pid: Option<&str>| interval(Some(time.into()), pid.map(Into::into));
        let own = std::process::id().to_string();
        assert_eq!(asked("30000000", None), Some(Duration::from_secs(15)));
        assert_eq!(asked("30000000", Some(&own)), Some(Duration::from_secs(15)));
        for (time, pid) in [("30000000", Some("1")), ("0", None), ("soon", None), ("30000000", Some(""))] {
            assert_eq!(asked(time, pid), None, "{time} {pid:?}");
        }
        assert_eq!(interval(None, None), None);
    }

    #[test]
    fn sockets_that_are_none_are_not_there() {
        for name in ["", "notify", "vsock:2:1234"] {
            open(name.as_ref()).unwrap_err();
        }
    }

    #[test]
    fn programs_inherit_nothing_of_it() {
        let mut command = Command::new("/usr/bin/env");
        command.env_clear().env("KEPT", "1");
        for variable in super::OWN {
            command.env(variable, "1");
        }
        keep_from(&mut command);
        assert_eq!(command.output().unwrap().stdout, b"KEPT=1\n");
    }
}
