//! What a connection answers, and what is expected of it: the lists 1, 2 and 5 of specification nanny.md 14.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;

use control::report::{FromNanny, Known};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;

use crate::process::{BlackHole, Lvsd, listen, say, serve, verdict, watch};

/// A real server that resets each connection.
fn reset() -> SocketAddr {
    serve(|client| {
        setsockopt(&client.as_fd(), Linger, &nix::libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
    })
}

/// A port that nobody listens on.
fn closed_port() -> SocketAddr {
    listen().1
}

#[test]
fn without_an_expected_text_the_handshake_is_enough() {
    let (_listener, open) = listen();
    assert_eq!(verdict(open, &[]), "up");
    assert_eq!(verdict(say(&[]), &[]), "up", "silence");
    assert_eq!(verdict(serve(drop), &[]), "up", "closed at once");
    assert_eq!(verdict(reset(), &[]), "up", "reset at once");
    assert_eq!(verdict(say(&[b"500 no"]), &["-s", "hello"]), "up", "whatever it answers");
}

#[test]
fn a_real_server_that_cannot_be_reached_is_bad() {
    assert_eq!(verdict(closed_port(), &[]), "Failed to connect SERVER ping socket: Connection refused");
    assert_eq!(verdict(BlackHole::new().address(), &["-t", "1"]), "CONNECT to SERVER timed out");
}

#[test]
fn an_expected_answer_that_does_not_come_is_bad() {
    assert_eq!(verdict(say(&[]), &["-t", "1", "-x", "HTTP"]), "READ to SERVER timed out");
    assert_eq!(verdict(serve(drop), &["-x", "HTTP"]), "READ from SERVER was too short got=0 wanted=4");
    assert_eq!(
        verdict(say(&[b"HT"]), &["-t", "1", "-x", "HTTP"]),
        "READ from SERVER was too short got=2 wanted=4"
    );
    // Reset when it has read what was sent: the check awaits the answer by then.
    let reader = serve(|mut client| {
        client.read_exact(&mut [0]).unwrap();
    });
    assert_eq!(
        verdict(reader, &["-s", "hello", "-x", "HTTP"]),
        "READ returned error 104:Connection reset by peer"
    );
}

#[test]
fn a_reset_in_the_middle_of_a_dialogue_does_not_end_nanny() {
    let port = reset().port().to_string();
    let words = watch(&port, &["-t", "60", "-s", "hello", "-x", "HTTP"]);
    let (nanny, mut lvsd) = Lvsd::start(Known::Up { weight: 1 }, &words);
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }));
    for _ in 0..20 {
        assert!(nanny.check_now().last().unwrap().contains("avail: 0"));
    }
}

#[test]
fn the_beginning_of_the_answer_is_compared() {
    let http = &["-x", "HTTP"];
    assert_eq!(verdict(say(&[b"HTTP"]), http), "up");
    assert_eq!(verdict(say(&[b"HTTP/1.1 500 Internal Server Error\r\n"]), http), "up", "longer");
    assert_eq!(verdict(say(&[b"HT", b"TP/1.0 200"]), http), "up", "two segments");
    assert_eq!(verdict(say(&[b"H", b"T", b"T", b"P"]), http), "up", "one byte a segment");
    assert_eq!(verdict(say(&[b"HTTP\0\x01\xff"]), http), "up", "binary");
    assert_eq!(
        verdict(say(&[b"say HTTP"]), http),
        "READ from SERVER was not the expected text got=\"say HTTP\" wanted=\"HTTP\"",
        "the middle does not count"
    );
    assert_eq!(
        verdict(say(&[b"HT\0P"]), http),
        "READ from SERVER was not the expected text got=\"HT\\x00P\" wanted=\"HTTP\""
    );
}

#[test]
fn an_empty_text_expects_a_sign_of_life() {
    assert_eq!(verdict(say(&[b"x"]), &["-x", ""]), "up");
    assert_eq!(verdict(serve(drop), &["-x", ""]), "up", "the end of the answer is one");
    assert_eq!(verdict(say(&[]), &["-t", "1", "-x", ""]), "READ to SERVER timed out");
}

#[test]
fn an_asterisk_expects_a_byte() {
    assert_eq!(verdict(say(&[b"x"]), &["-x", "*"]), "up");
    assert_eq!(verdict(say(&[b"\0"]), &["-x", "*"]), "up");
    assert_eq!(verdict(serve(drop), &["-x", "*"]), "READ from SERVER was too short got=0 wanted=1");
    assert_eq!(verdict(say(&[]), &["-t", "1", "-x", "*"]), "READ to SERVER timed out");
}

#[test]
fn three_hundred_characters_are_compared_to_the_last() {
    const SAID: &[u8] = &[b'a'; 300];
    let mut expected = "a".repeat(300);
    assert_eq!(verdict(say(&[SAID]), &["-x", &expected]), "up");
    expected.replace_range(299.., "b");
    let other = verdict(say(&[SAID]), &["-x", &expected]);
    assert!(other.starts_with("READ from SERVER was not the expected text"), "{other}");
}

#[test]
fn regular_expressions_are_searched() {
    // An answer without a match is searched until it ends or the time is up.
    let search = |answer, expression| verdict(say(answer), &["-t", "1", "--regex", "-x", expression]);
    assert_eq!(search(&[b"HTTP/1.0 200 OK\r\n"], "200"), "up", "in the middle");
    assert_eq!(search(&[b"HTTP/1.", b"0 2", b"00 OK"], r"1\.0 200"), "up", "with a backslash");
    assert_eq!(search(&[b"load 17"], "[[:digit:]]{2}"), "up");
    assert_eq!(search(&[b"\0\xff OK"], "OK$"), "up", "behind a NUL");
    assert_eq!(
        search(&[b"HTTP/1.0 500"], "200|404"),
        "READ from SERVER does not match the expected regular expression got=\"HTTP/1.0 500\""
    );
    assert_eq!(
        search(&[b"x"], "*"),
        "Error 'repetition operator missing expression' processing expected regular expression"
    );
    assert_eq!(search(&[b"x"], "("), "Error 'unclosed group' processing expected regular expression");
}

/// A web server that only answers the request that nanny makes of itself.
fn web(status: &'static str) -> SocketAddr {
    serve(move |mut client: TcpStream| {
        let mut request = [0; 18];
        if client.read_exact(&mut request).is_ok() && &request == b"GET / HTTP/1.0\r\n\r\n" {
            // The check may have gone away.
            let _ = write!(client, "HTTP/1.1 {status}\r\n\r\n");
        }
    })
}

#[test]
fn virtual_port_80_without_a_check_of_its_own_is_asked_for_a_page() {
    let http = &["-p", "80"];
    assert_eq!(verdict(web("200 OK"), http), "up");
    assert_eq!(verdict(web("500 Internal Server Error"), http), "up", "only HTTP is expected");
    assert_eq!(verdict(say(&[]), &["-t", "1", "-p", "80"]), "READ to SERVER timed out");
    let ssh = verdict(say(&[b"SSH-2.0"]), http);
    assert!(ssh.starts_with("READ from SERVER was not the expected text"), "{ssh}");
}

#[test]
fn the_log_says_that_a_web_server_is_assumed() {
    let port = web("200 OK").port().to_string();
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-p", "80"]));
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
    nanny.expect_line("nanny: nanny: no monitor configured, assuming web service on port 80");
}

#[test]
fn any_check_of_its_own_disables_the_one_for_port_80() {
    assert_eq!(verdict(say(&[b"220 hello"]), &["-p", "80", "-x", "220"]), "up", "nothing is sent");
    assert_eq!(verdict(say(&[]), &["-p", "80", "-s", "x"]), "up", "nothing is expected");
    assert_eq!(verdict(closed_port(), &["-p", "80", "-e", "true"]), "up", "nobody connects");
    // Port 443 in front of a web server: no request, no answer awaited.
    assert_eq!(verdict(say(&[]), &["-p", "443"]), "up");
}
