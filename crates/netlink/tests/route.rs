//! The socket against the running kernel's rtnetlink, which every Linux has and anybody may read.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::time::{Duration, Instant};

use neli::{
    consts::{
        nl::NlmF,
        rtnl::{Ifla, RtAddrFamily, RtScope, Rtm},
        socket::NlFamily,
    },
    rtnl::{Ifaddrmsg, IfaddrmsgBuilder, Ifinfomsg, IfinfomsgBuilder},
};
use netlink::{Batch, Errno, Error, Socket};
use nix::sys::socket::{setsockopt, sockopt};

/// The loopback interface has index 1 in every namespace.
const LOOPBACK: i32 = 1;

fn link(index: i32) -> Ifinfomsg {
    IfinfomsgBuilder::default().ifi_family(RtAddrFamily::Unspecified).ifi_index(index).build().unwrap()
}

fn name(link: &Ifinfomsg) -> String {
    link.rtattrs().get_attr_handle().get_attr_payload_as_with_len(Ifla::Ifname).unwrap()
}

#[test]
fn one_question_one_answer() {
    let mut socket = Socket::connect(NlFamily::Route).unwrap();
    let answer: Ifinfomsg = socket.get(Rtm::Getlink, &link(LOOPBACK)).unwrap();
    assert_eq!(name(&answer), "lo");
}

#[test]
fn a_refused_question_gives_the_error_number() {
    let mut socket = Socket::connect(NlFamily::Route).unwrap();
    let answer = socket.get::<Ifinfomsg>(Rtm::Getlink, &link(i32::MAX));
    assert_eq!(answer.unwrap_err().errno(), Some(Errno::ENODEV));
}

#[test]
fn a_dump_is_complete() {
    let mut socket = Socket::connect(NlFamily::Route).unwrap();
    let links: Vec<Ifinfomsg> = socket.dump(Rtm::Getlink, &link(0)).unwrap();
    let names: Vec<String> = links.iter().map(name).collect();
    assert_eq!(names.iter().filter(|name| *name == "lo").count(), 1, "{names:?}");
}

#[test]
fn every_result_of_a_long_batch_belongs_to_its_request() {
    let mut socket = Socket::connect(NlFamily::Route).unwrap();
    let mut batch = Batch::new();
    for index in 0..5000 {
        let wanted = if index % 3 == 0 { i32::MAX } else { LOOPBACK };
        batch.push(Rtm::Getlink, NlmF::empty(), &link(wanted)).unwrap();
    }
    let results = socket.execute(&mut batch);
    assert_eq!(results.len(), 5000);
    let (mut refused, mut unknown) = (0, 0);
    for (index, result) in results.iter().enumerate() {
        match result {
            Ok(()) => assert_ne!(index % 3, 0, "request {index}"),
            Err(Error::Refused(refusal)) => {
                assert_eq!((index % 3, refusal.errno), (0, Errno::ENODEV), "request {index}");
                refused += 1;
            }
            // The links themselves are answered too and may fill the buffer: then nothing is guessed.
            Err(e) => {
                assert!(e.outcome_unknown(), "request {index}: {e}");
                unknown += 1;
            }
        }
    }
    assert!(refused > 0 && refused + unknown >= 1667, "{refused} refused, {unknown} unknown");

    let after: Ifinfomsg = socket.get(Rtm::Getlink, &link(LOOPBACK)).unwrap();
    assert_eq!(name(&after), "lo", "the socket is good for more");
}

#[test]
fn what_an_overflowing_buffer_lost_is_never_taken_for_done() {
    let mut socket = Socket::connect(NlFamily::Route).unwrap();
    // Behind its back, so that it sends more than it can hear the answers to.
    setsockopt(&socket, sockopt::RcvBuf, &4096).unwrap();
    let mut batch = Batch::new();
    for _ in 0..1000 {
        batch.push(Rtm::Getlink, NlmF::empty(), &link(i32::MAX)).unwrap();
    }
    let results = socket.execute(&mut batch);
    assert_eq!(results.len(), 1000);
    assert!(results.iter().all(Result::is_err));
    assert!(results.contains(&Err(Error::Overrun)));

    let after: Ifinfomsg = socket.get(Rtm::Getlink, &link(LOOPBACK)).unwrap();
    assert_eq!(name(&after), "lo", "the socket is good for more");
}

#[test]
fn a_refused_change_carries_the_kernels_answer() {
    let mut socket = Socket::connect(NlFamily::Route).unwrap();
    let address: Ifaddrmsg = IfaddrmsgBuilder::default()
        .ifa_family(RtAddrFamily::Inet)
        .ifa_prefixlen(32)
        .ifa_scope(RtScope::Universe)
        .ifa_index(u32::try_from(i32::MAX).unwrap())
        .build()
        .unwrap();
    let error = socket.change(Rtm::Deladdr, NlmF::empty(), &address).unwrap_err();
    assert!(!error.outcome_unknown());
    assert!(matches!(error.errno(), Some(Errno::ENODEV | Errno::EPERM | Errno::EADDRNOTAVAIL)), "{error}");
}

#[test]
fn without_events_nothing_waits() {
    let mut socket = Socket::connect(NlFamily::Route).unwrap();
    socket.join(1).unwrap();
    let start = Instant::now();
    let _ = socket.events::<Ifinfomsg>().unwrap();
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn the_controller_knows_itself_and_no_stranger() {
    let mut socket = Socket::connect(NlFamily::Generic).unwrap();
    assert_eq!(socket.family_id("nlctrl").unwrap(), 16);
    assert_eq!(socket.family_id("no-such-family").unwrap_err().errno(), Some(Errno::ENOENT));
}

#[test]
fn other_families_are_refused() {
    let error = Socket::connect(NlFamily::Audit).unwrap_err();
    assert_eq!(
        error.to_string(),
        "socket on a netlink socket failed: Protocol not supported (EPROTONOSUPPORT)"
    );
}
