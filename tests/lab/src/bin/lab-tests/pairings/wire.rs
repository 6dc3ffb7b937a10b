//! The heartbeats of a pair as a third machine sees them (specification pulse.md section 25, row 1, and section 24,
//! rules 1 to 5 and 7).

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use lab::capture::{Datagram, Frame};
use lab::pair::FLOATING;
use lab::{Capture, Moment, wait_until};

use super::router::{Couple, Pairing, Pulse, Router};
use super::{DEADTIME, KEEPALIVE, LATENESS, PATIENCE, YIELDING};

const PORT: u16 = 539;
/// As x86 stores them (specification pulse.md 10.2).
const RUNNING: [u8; 4] = [0xda, 0xdb, 0xad, 0xbd];
const STOPPED: [u8; 4] = [0xbd, 0xda, 0xbd, 0xad];
/// Long enough for a few heartbeats of each router.
const A_WHILE: usize = 3;
/// From one goodbye to the next, and from one link to the other.
const AT_ONCE: Duration = Duration::from_millis(300);

/// A heartbeat link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Public,
    Private,
}

impl Link {
    const BOTH: [Self; 2] = [Self::Public, Self::Private];

    fn device(self) -> &'static str {
        match self {
            Self::Public => "eth0",
            Self::Private => "eth2",
        }
    }

    fn address(self, number: u8) -> SocketAddrV4 {
        let address = match self {
            Self::Public => Ipv4Addr::new(192, 168, 26, number),
            Self::Private => Ipv4Addr::new(10, 0, 0, number),
        };
        SocketAddrV4::new(address, PORT)
    }
}

/// What a heartbeat says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Running,
    Stopped,
}

/// A heartbeat on a cable.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heartbeat {
    pub(super) at: Moment,
    pub(super) said: Said,
}

/// What a router has sent on a link.
///
/// # Panics
///
/// If anything else than a heartbeat went to or from the heartbeat's port.
pub(super) fn heartbeats(capture: &Capture, router: &Router, link: Link) -> Vec<Heartbeat> {
    let cable = format!("{}.{}", router.machine, link.device());
    let frames = capture.frames().into_iter().filter(|frame| frame.cable == cable);
    frames.filter_map(|frame| heartbeat(&frame, router, link)).collect()
}

fn heartbeat(frame: &Frame, router: &Router, link: Link) -> Option<Heartbeat> {
    let datagram = frame.datagram()?;
    if datagram.source.port() != PORT && datagram.destination.port() != PORT {
        return None;
    }
    let (own, partner) = if router.machine.name() == "primary" { (9, 8) } else { (8, 9) };
    assert_eq!((datagram.source, datagram.destination), (link.address(own), link.address(partner)));
    expect_header(&datagram);
    assert!(router.pulse == Pulse::Ours || datagram.payload.len() == 4, "{datagram:02x?}");
    let said = match datagram.payload.first_chunk() {
        Some(&RUNNING) => Said::Running,
        Some(&STOPPED) => Said::Stopped,
        _ => panic!("neither RUNNING nor STOPPED: {datagram:02x?}"),
    };
    Some(Heartbeat { at: frame.at, said })
}

/// IPv4 without options, not to be cut into pieces, TTL 64 (specification pulse.md 10.3). The identification and the
/// checksum differ from packet to packet.
fn expect_header(datagram: &Datagram) {
    let length = u16::try_from(28 + datagram.payload.len()).expect("a short datagram").to_be_bytes();
    assert_eq!(datagram.header[..4], [0x45, 0x00, length[0], length[1]]);
    assert_eq!(datagram.header[6..10], [0x40, 0x00, 0x40, 0x11]);
}

/// Each router starts, the primary serves and is stopped, the backup serves.
pub(super) fn heartbeats_are_those_of_an_original(pairing: Pairing) {
    let couple = Couple::with_private_link(pairing);
    let capture = couple.pair.lab.capture();
    let Couple { primary, backup, .. } = &couple;
    let starts = [primary, backup].map(|router| {
        let start = Moment::now();
        router.start();
        wait_until(&format!("{router} says something"), PATIENCE, || said(&capture, router).len() >= A_WHILE);
        start
    });
    couple.pair.wait_until_active(&primary.machine);
    primary.terminate();
    if primary.pulse == Pulse::Ours {
        wait_until("a goodbye", PATIENCE, || said(&capture, primary).last() == Some(&Said::Stopped));
        assert!(!primary.owns(), "a router says STOPPED while it has the floating address");
    }
    couple.hands_over_to(backup);
    primary.wait_for_end();
    let heard = said(&capture, backup).len();
    wait_until("the backup says more", PATIENCE, || said(&capture, backup).len() >= heard + A_WHILE);

    for (router, start) in [primary, backup].into_iter().zip(starts) {
        let links = Link::BOTH.map(|link| heartbeats(&capture, router, link));
        expect_both_links_alike(router, &links);
        for heartbeats in &links {
            assert!(heartbeats[0].at.since(start) >= KEEPALIVE, "{router} speaks before it has listened");
            expect_course(router, heartbeats);
            if router.pulse == Pulse::Ours {
                expect_running_from_the_decision(&capture, router, heartbeats);
                expect_no_silence(router, heartbeats);
            }
        }
    }
}

fn said(capture: &Capture, router: &Router) -> Vec<Said> {
    heartbeats(capture, router, Link::Public).iter().map(|heartbeat| heartbeat.said).collect()
}

/// Every heartbeat goes out on every link. The capture may end between the two.
fn expect_both_links_alike(router: &Router, [public, private]: &[Vec<Heartbeat>; 2]) {
    assert!(public.len().abs_diff(private.len()) <= 1, "{router}: {public:?} {private:?}");
    for (public, private) in public.iter().zip(private) {
        let apart = public.at.since(private.at).max(private.at.since(public.at));
        assert!(public.said == private.said && apart <= AT_ONCE, "{router}: {public:?} {private:?}");
    }
}

/// STOPPED, RUNNING as long as it serves, and goodbyes of ours; an original just falls silent.
fn expect_course(router: &Router, heartbeats: &[Heartbeat]) {
    let mut course: Vec<(Said, usize)> = Vec::new();
    for heartbeat in heartbeats {
        match course.last_mut() {
            Some((said, count)) if *said == heartbeat.said => *count += 1,
            _ => course.push((heartbeat.said, 1)),
        }
    }
    let ends_with_goodbyes = router.machine.name() == "primary" && router.pulse == Pulse::Ours;
    match course.as_slice() {
        [(Said::Stopped, _), (Said::Running, _)] if !ends_with_goodbyes => {}
        [(Said::Stopped, _), (Said::Running, _), (Said::Stopped, 3)] if ends_with_goodbyes => {}
        _ => panic!("{router}: {course:?}"),
    }
}

/// A backup that yields says RUNNING once more on every link, and STOPPED from then on (section 24, rule 8). The usual
/// RUNNING may have gone out just before. The result is when it first says STOPPED.
pub(super) fn expect_a_last_running(capture: &Capture, backup: &Router) -> Moment {
    let yielding = backup.said_last(YIELDING);
    let stopped = Link::BOTH.map(|link| {
        let heartbeats = heartbeats(capture, backup, link);
        let since = heartbeats.iter().filter(|heartbeat| heartbeat.at + AT_ONCE >= yielding);
        let (running, stopped): (Vec<&Heartbeat>, Vec<&Heartbeat>) =
            since.partition(|heartbeat| heartbeat.said == Said::Running);
        assert!((1..=2).contains(&running.len()), "{heartbeats:?}");
        assert!(running.iter().all(|last| last.at.since(yielding) <= LATENESS), "{heartbeats:?}");
        stopped.first().expect("STOPPED").at
    });
    stopped.into_iter().min().expect("two links")
}

/// Waits for an announcement of the floating address that `router` makes at `moment` or later.
pub(super) fn wait_for_announcement(capture: &Capture, router: &Router, moment: Moment) {
    wait_until("an announcement", PATIENCE, || announcements(capture, router).any(|at| at >= moment));
}

fn announcements(capture: &Capture, router: &Router) -> impl Iterator<Item = Moment> {
    let cable = format!("{}.eth0", router.machine);
    let floating: Ipv4Addr = FLOATING.parse().expect("an address");
    let frames = capture.frames().into_iter().filter(move |frame| frame.cable == cable);
    frames.filter(move |frame| frame.announced() == Some(floating)).map(|frame| frame.at)
}

/// RUNNING begins with the decision, before the floating address is up and announced.
fn expect_running_from_the_decision(capture: &Capture, router: &Router, heartbeats: &[Heartbeat]) {
    let running = heartbeats.iter().find(|heartbeat| heartbeat.said == Said::Running).expect("RUNNING").at;
    assert!(running.since(router.decision()) <= LATENESS, "{router} keeps its decision for itself");
    assert!(announcements(capture, router).all(|at| at >= running), "{router} serves first");
}

fn expect_no_silence(router: &Router, heartbeats: &[Heartbeat]) {
    for pair in heartbeats.windows(2) {
        let silence = pair[1].at.since(pair[0].at);
        assert!(silence <= KEEPALIVE + LATENESS && silence < DEADTIME, "{router} is silent for {silence:?}");
    }
}
