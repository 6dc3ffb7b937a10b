//! A neighbour on the same network who notes every announcement of an address: gratuitous ARP, neighbour advertisements.

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::net::if_::if_nametoindex;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recvmsg, socket,
};

use crate::machine::{Machine, Running};
use crate::role;
use crate::traffic::Moment;
use crate::wait::wait_until;

const PATIENCE: Duration = Duration::from_secs(30);

/// The neighbour, until this value is dropped.
#[derive(Debug)]
pub struct Neighbour(Running);

/// An announcement that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// When it arrived.
    pub at: Moment,
    /// How it was said.
    pub form: Form,
    /// The address.
    pub address: IpAddr,
    /// The hardware address that answers for it, as `02:00:00:00:01:00`.
    pub hardware_address: String,
}

/// The forms of announcements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An ARP request for one's own address.
    Request,
    /// An ARP reply that nobody asked for.
    Reply,
    /// A neighbour advertisement that nobody asked for, to all nodes, with the override flag.
    Advertisement,
}

impl Machine {
    /// Notes what is announced to `device` of this machine from now on.
    ///
    /// # Panics
    ///
    /// If there is no such device.
    pub fn listen(&self, device: &str) -> Neighbour {
        let mut role = role::cast(role::NEIGHBOUR);
        role.arg(device);
        let process = self.cast(&role, "neighbour");
        wait_until("the neighbour", PATIENCE, || process.output().contains("listening"));
        Neighbour(process)
    }
}

impl Neighbour {
    /// What has been announced of this address in this form since then.
    ///
    /// # Panics
    ///
    /// If `address` is none.
    pub fn heard(&self, address: &str, form: Form, since: Moment) -> Vec<Announced> {
        let address: IpAddr = address.parse().expect("an address");
        let mut all = self.everything();
        all.retain(|it| it.address == address && it.form == form && it.at >= since);
        all
    }

    /// Waits until this address has been announced in this form so often since then, and gives that.
    ///
    /// # Panics
    ///
    /// If it has not been after a long time.
    pub fn wait_for(&self, count: usize, address: &str, form: Form, since: Moment) -> Vec<Announced> {
        let what = format!("{count} announcements of {address}");
        wait_until(&what, PATIENCE, || self.heard(address, form, since).len() >= count);
        self.heard(address, form, since)
    }

    /// Everything that has been announced.
    pub fn everything(&self) -> Vec<Announced> {
        let output = self.0.output();
        // The last line may be in the making.
        let whole = output.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().filter_map(read).collect()
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.0.kill();
    }
}

fn read(line: &str) -> Option<Announced> {
    let mut words = line.split(' ');
    Some(Announced {
        at: Moment::from_microseconds(words.next()?.parse().ok()?),
        form: match words.next()? {
            "request" => Form::Request,
            "reply" => Form::Reply,
            "advertisement" => Form::Advertisement,
            _ => return None,
        },
        address: words.next()?.parse().ok()?,
        hardware_address: words.next()?.to_owned(),
    })
}

/// Listens for ever: a device.
pub(crate) fn main(arguments: &[String]) -> ! {
    let [device] = arguments else { panic!("a device") };
    let index = if_nametoindex(device.as_str()).expect("the device") as usize;
    let every = SockProtocol::EthAll;
    let socket =
        socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, every).expect("a socket");
    println!("listening");
    let mut buffer = [0; 2048];
    loop {
        let mut into = [IoSliceMut::new(&mut buffer)];
        let got =
            recvmsg::<LinkAddr>(socket.as_raw_fd(), &mut into, None, MsgFlags::empty()).expect("a frame");
        let (length, from) = (got.bytes, got.address);
        if from.is_none_or(|from| from.ifindex() != index) {
            continue;
        }
        if let Some((form, address, hardware_address)) = buffer.get(..length).and_then(announced) {
            let pairs: Vec<_> = hardware_address.iter().map(|byte| format!("{byte:02x}")).collect();
            println!("{} {form} {address} {}", Moment::now().microseconds(), pairs.join(":"));
        }
    }
}

fn announced(frame: &[u8]) -> Option<(&'static str, IpAddr, [u8; 6])> {
    match frame.get(12..14)? {
        [8, 6] => gratuitous_arp(frame),
        [0x86, 0xdd] => advertisement(frame),
        _ => None,
    }
}

/// RFC 826; broadcast, and sender and target are the same.
fn gratuitous_arp(frame: &[u8]) -> Option<(&'static str, IpAddr, [u8; 6])> {
    let address = |range| frame.get(range).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    let form = match frame.get(20..22)? {
        [0, 1] => "request",
        [0, 2] => "reply",
        _ => return None,
    };
    let sender = address(28..32)?;
    let to_all = frame.get(..6)? == [0xff; 6];
    (to_all && address(38..42)? == sender).then_some((
        form,
        Ipv4Addr::from(sender).into(),
        frame.get(22..28)?.try_into().ok()?,
    ))
}

/// RFC 4861, section 4.4; to all nodes, override flag, hop limit 255.
fn advertisement(frame: &[u8]) -> Option<(&'static str, IpAddr, [u8; 6])> {
    let (next_header, hop_limit) = (*frame.get(20)?, *frame.get(21)?);
    let to_all = frame.get(..6)? == [0x33, 0x33, 0, 0, 0, 1];
    let target: [u8; 16] = frame.get(62..78)?.try_into().ok()?;
    let is_meant = (next_header, hop_limit, *frame.get(54)?, *frame.get(58)? & 0x60) == (58, 255, 136, 0x20);
    let hardware_address = frame.get(80..86)?.try_into().ok()?;
    (to_all && is_meant).then_some(("advertisement", Ipv6Addr::from(target).into(), hardware_address))
}
