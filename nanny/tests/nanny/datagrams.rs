//! Checks by UDP: list 4 of specification nanny.md 14.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;

use crate::process::verdict;

fn socket() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A real server that answers datagrams with this text, and no others.
fn answer(question: &'static [u8], reply: &'static [u8]) -> SocketAddr {
    let (socket, address) = socket();
    thread::spawn(move || {
        let mut datagram = [0; 64];
        while let Ok((length, client)) = socket.recv_from(&mut datagram) {
            if datagram[..length] == *question {
                socket.send_to(reply, client).unwrap();
            }
        }
    });
    address
}

#[test]
fn an_expected_answer_to_what_was_sent() {
    let ask = |reply, expected| verdict(answer(b"ping", reply), &["-u", "-s", "ping", "-x", expected]);
    assert_eq!(ask(b"pong", "pong"), "up");
    assert_eq!(ask(b"pong and more", "pong"), "up");
    assert_eq!(ask(b"pong", "*"), "up");
    assert_eq!(ask(b"", ""), "up");
    assert_eq!(ask(b"po", "pong"), "READ from SERVER was too short got=2 wanted=4");
    assert_eq!(
        ask(b"nope", "pong"),
        "READ from SERVER was not the expected text got=\"nope\" wanted=\"pong\""
    );
    let searched = &["-u", "-s", "ping", "--regex", "-x", "[0-9]+ users"];
    assert_eq!(verdict(answer(b"ping", b"now 12 users"), searched), "up");
}

#[test]
fn any_answer_is_good_if_none_is_expected() {
    assert_eq!(verdict(answer(b"ping", b"whatever"), &["-u", "-s", "ping"]), "up");
}

#[test]
fn without_anything_to_ask_only_an_error_is_bad() {
    let (_silent, address) = socket();
    assert_eq!(verdict(address, &["-u"]), "up");
}

#[test]
fn a_closed_port_is_bad() {
    let closed = socket().1;
    for more in [&["-u"][..], &["-u", "-s", "ping"], &["-u", "-s", "ping", "-x", "pong"]] {
        assert_eq!(verdict(closed, more), "READ returned error 111:Connection refused", "{more:?}");
    }
}

#[test]
fn a_lost_answer_is_bad() {
    let (_silent, address) = socket();
    for more in [&["-s", "ping"][..], &["-s", "ping", "-x", "pong"], &["-x", "pong"]] {
        assert_eq!(
            verdict(address, &[&["-u", "-t", "1"], more].concat()),
            "READ to SERVER timed out",
            "{more:?}"
        );
    }
}

#[test]
fn what_cannot_be_sent_is_bad() {
    let (_silent, address) = socket();
    // Longer than a datagram can be.
    let text = "x".repeat(70_000);
    assert_eq!(
        verdict(address, &["-u", "-s", &text]),
        "WRITE operation for SERVER returned error: Message too long"
    );
}

#[test]
fn the_page_that_virtual_port_80_is_asked_for_is_asked_for_by_udp_too() {
    assert_eq!(verdict(answer(b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 200 OK"), &["-u", "-p", "80"]), "up");
}
