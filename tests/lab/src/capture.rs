//! A packet capture on every cable of a lab, as a third machine on the switches would see it.

use std::ffi::CString;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::net::if_::if_indextoname;
use nix::sys::socket::{AddressFamily, LinkAddr, SockFlag, SockProtocol, SockType, recvfrom, socket};

use crate::network::Lab;
use crate::role;
use crate::traffic::Moment;
use crate::wait::wait_until;
use crate::world;

/// Types of frames (`linux/if_ether.h`) at offset 12 of a frame.
const IPV4: [u8; 2] = [0x08, 0x00];
const ARP: [u8; 2] = [0x08, 0x06];
/// Protocol number of UDP (RFC 768) at offset 9 of an IPv4 header.
const UDP: u8 = 17;
/// Bytes of an Ethernet header, and of an IPv4 header without options.
const ETHERNET: usize = 14;
const HEADER: usize = 20;
/// What leaves through a socket's own device (`PACKET_OUTGOING` of `linux/if_packet.h`).
const OUTGOING: u8 = 4;
/// Longest frame that is kept whole, in bytes.
const LONGEST: usize = 2048;

/// What goes over the cables, until this value is dropped. Only ARP and UDP over IPv4 are kept.
#[derive(Debug)]
pub struct Capture {
    process: Child,
    notes: PathBuf,
}

/// A frame as a machine has sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// When it was on the cable.
    pub at: Moment,
    /// The cable of the machine that sent it: `primary.eth0`.
    pub cable: String,
    /// All of it, from the Ethernet header on.
    pub bytes: Vec<u8>,
}

/// A UDP datagram in an IPv4 packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// The packet's header (RFC 791).
    pub header: &'a [u8],
    /// Where it comes from.
    pub source: SocketAddrV4,
    /// Where it goes.
    pub destination: SocketAddrV4,
    /// What it says.
    pub payload: &'a [u8],
}

impl Lab {
    /// Begins to capture.
    ///
    /// # Panics
    ///
    /// If packet sockets cannot be had.
    pub fn capture(&self) -> Capture {
        let notes = world::directory().join("capture");
        let file = File::create(&notes).expect("file for the notes of a capture");
        let process = role::cast(role::CAPTURE).stdin(Stdio::null()).stdout(file).spawn();
        let capture = Capture { process: process.expect("this program again"), notes };
        wait_until("the capture", Duration::from_secs(10), || !capture.text().is_empty());
        capture
    }
}

impl Capture {
    /// Every frame so far.
    pub fn frames(&self) -> Vec<Frame> {
        self.text().lines().filter_map(parse).collect()
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.notes).unwrap_or_default()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Frame {
    /// The datagram in it, if there is one.
    pub fn datagram(&self) -> Option<Datagram<'_>> {
        let packet = self.carries(IPV4)?;
        let header = packet.get(..HEADER).filter(|header| header[9] == UDP)?;
        // No machine of the lab sends options.
        let udp = packet.get(HEADER..)?;
        let length = usize::from(u16::from_be_bytes(array(udp, 4)?));
        let port = |at| Some(u16::from_be_bytes(array(udp, at)?));
        Some(Datagram {
            header,
            source: SocketAddrV4::new(array::<4>(header, 12)?.into(), port(0)?),
            destination: SocketAddrV4::new(array::<4>(header, 16)?.into(), port(2)?),
            payload: udp.get(8..length)?,
        })
    }

    /// The address that its sender announces as its own: gratuitous ARP names it twice (RFC 5227 section 3).
    pub fn announced(&self) -> Option<Ipv4Addr> {
        let packet = self.carries(ARP)?;
        let (sender, target) = (array::<4>(packet, 14)?, array::<4>(packet, 24)?);
        (sender == target).then(|| sender.into())
    }

    fn carries(&self, kind: [u8; 2]) -> Option<&[u8]> {
        (array(&self.bytes, 12)? == kind).then(|| &self.bytes[ETHERNET..])
    }
}

/// `N` bytes from `at` on.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// `MICROSECONDS CABLE HEXADECIMAL`
fn parse(line: &str) -> Option<Frame> {
    let mut words = line.split(' ');
    let at = Moment::from_microseconds(words.next()?.parse().ok()?);
    let cable = words.next()?.to_owned();
    let digits = words.next()?;
    // A line that is still being written has half a byte, or no end; the next look shows all of it.
    let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
    words.next().is_some_and(|end| end == ".").then_some(())?;
    Some(Frame { at, cable, bytes: bytes.collect::<Option<_>>()? })
}

/// Notes frames for ever, each where it enters a switch.
pub(crate) fn main() -> ! {
    // ETH_P_ALL hears every device, and before a bridge takes the frame away.
    let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::EthAll);
    let socket = socket.expect("a packet socket needs root");
    println!("listening");
    let mut bytes = [0; LONGEST];
    loop {
        let (length, from) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut bytes).expect("a frame");
        let at = Moment::now();
        let Some(from) = from.filter(|from| from.pkttype() != OUTGOING) else { continue };
        // The ends of cables are named MACHINE.DEVICE, and nothing else has a dot in its name.
        let cable = name(from.ifindex()).filter(|name| name.contains('.'));
        let Some(cable) = cable else { continue };
        let frame = Frame { at, cable, bytes: bytes[..length].to_vec() };
        if frame.datagram().is_some() || frame.carries(ARP).is_some() {
            println!("{} {} {} .", frame.at.microseconds(), frame.cable, hexadecimal(&frame.bytes));
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

fn name(index: usize) -> Option<String> {
    let name: CString = if_indextoname(u32::try_from(index).ok()?).ok()?;
    name.into_string().ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_heartbeat_comes_apart() {
        let frame = parse(
            "2500000 primary.eth0 020000000201020000000101080045000020620e40004011235dc0a81a09c0a81a08\
             021b021b000ccab5bddabdad .",
        );
        let frame = frame.unwrap();
        let datagram = frame.datagram().unwrap();
        assert_eq!(datagram.source.to_string(), "192.168.26.9:539");
        assert_eq!(datagram.destination.to_string(), "192.168.26.8:539");
        assert_eq!(datagram.payload, [0xbd, 0xda, 0xbd, 0xad]);
        assert_eq!((frame.cable.as_str(), frame.announced()), ("primary.eth0", None));
    }

    #[test]
    fn an_announcement_comes_apart() {
        let frame = parse(
            "1 backup.eth0 ffffffffffff02000000020108060001080006040002020000000201c0a81a0affffffffffffc0a81a0a .",
        );
        let frame = frame.unwrap();
        assert_eq!(frame.announced(), Some([192, 168, 26, 10].into()));
        assert!(frame.datagram().is_none());
    }

    #[test]
    fn a_line_that_is_still_being_written_is_none() {
        for line in ["", "25", "1 a.b", "1 a.b 45", "1 a.b 4 ."] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
