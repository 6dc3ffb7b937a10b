//! Two machines and a cable: a router in this process's namespace, a host in another.

use std::{
    io::IoSliceMut,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use netdev::{FloatingAddress, HeldAddress, Interfaces, Label, Link};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sched::{CloneFlags, unshare},
    sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recvmsg, socket},
};

/// How long anything here may take that does not depend on a person.
const PATIENCE: Duration = Duration::from_secs(5);

/// A router with `eth0` (192.168.26.1/24), cabled to a host's `eth0` (192.168.26.2/24).
pub(crate) struct Lab {
    host: Child,
}

impl Lab {
    /// Moves this process into a new namespace, so that every check has its own.
    pub(crate) fn new() -> Lab {
        unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace needs root");
        let host = Command::new("unshare").args(["--net", "sleep", "60"]).spawn().expect("unshare");
        let lab = Lab { host };
        lab.wait_for_hosts_namespace();
        let pid = lab.host.id();
        run(&format!("ip link add eth0 type veth peer name eth0 netns {pid}"));
        for machine in ["", &lab.on_host("")] {
            run(&format!("{machine} sysctl -qw net.ipv6.conf.eth0.accept_dad=0"));
            run(&format!("{machine} ip link set lo up"));
            run(&format!("{machine} ip link set eth0 up"));
        }
        run("ip address add 192.168.26.1/24 dev eth0");
        lab.host("ip address add 192.168.26.2/24 dev eth0");
        wait_for("the cable", || link("eth0").is_running());
        lab
    }

    /// Runs a command on the host and gives what it prints.
    pub(crate) fn host(&self, command: &str) -> String {
        run(&self.on_host(command))
    }

    fn on_host(&self, command: &str) -> String {
        format!("nsenter --net=/proc/{}/ns/net {command}", self.host.id())
    }

    fn wait_for_hosts_namespace(&self) {
        let namespace = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        let mine = namespace(std::process::id());
        wait_for("the host", || namespace(self.host.id()).is_some_and(|its| Some(its) != mine));
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.host.kill();
        let _ = self.host.wait();
    }
}

/// Runs a command that must succeed and gives what it prints.
pub(crate) fn run(command: &str) -> String {
    let output = attempt(command);
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command.
pub(crate) fn attempt(command: &str) -> Output {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap();
    Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}"))
}

/// Waits until `condition` holds.
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn floating(address: &str, label: &str, prefix: Option<u8>) -> FloatingAddress {
    FloatingAddress { address: address.parse().unwrap(), label: Label::new(label).unwrap(), prefix }
}

/// A device of this namespace.
pub(crate) fn link(name: &str) -> Link {
    let links = Interfaces::open().unwrap().links().unwrap();
    links.into_iter().find(|link| link.name == name).unwrap_or_else(|| panic!("no device {name}"))
}

/// What the machine holds under `address`.
pub(crate) fn held(address: &str) -> Option<HeldAddress> {
    let every = Interfaces::open().unwrap().addresses().unwrap();
    every.into_iter().find(|held| held.address.to_string() == address)
}

/// Everything that passes a device, seen by a packet socket.
pub(crate) struct Capture {
    socket: OwnedFd,
    device: u32,
}

impl Capture {
    /// Starts on `device` of this namespace.
    pub(crate) fn on(device: &str) -> Capture {
        let every = SockProtocol::EthAll;
        let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_NONBLOCK, every).unwrap();
        Capture { socket, device: link(device).index }
    }

    /// The next frames for which `is_wanted` holds, `count` of them.
    pub(crate) fn take(&self, count: usize, is_wanted: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
        let deadline = Instant::now() + PATIENCE;
        let mut frames = Vec::new();
        while frames.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "only {} of {count} frames came: {frames:02x?}", frames.len());
            let left = PollTimeout::try_from(left).unwrap();
            poll(&mut [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)], left).unwrap();
            frames.extend(self.arrived().into_iter().filter(|frame| is_wanted(frame)));
        }
        frames
    }

    /// All frames that have arrived.
    pub(crate) fn arrived(&self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        let mut buffer = [0; 2048];
        loop {
            let mut into = [IoSliceMut::new(&mut buffer)];
            let Ok(got) = recvmsg::<LinkAddr>(self.socket.as_raw_fd(), &mut into, None, MsgFlags::empty())
            else {
                return frames;
            };
            let (length, from) = (got.bytes, got.address.unwrap());
            if from.ifindex() == self.device as usize {
                frames.push(buffer[..length].to_vec());
            }
        }
    }
}

pub(crate) fn is_arp(frame: &[u8]) -> bool {
    frame[12..14] == [8, 6]
}
