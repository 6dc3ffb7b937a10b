//! Checks against real sockets: the lists 1, 2 and 4 of specification nanny.md 14.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use health::expect::Expect;
use health::failure::Cause;
use health::probe::{Limit, Probe, Question};
use nix::errno::Errno;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;

/// Long enough for every answer on this machine.
const PATIENT: Duration = Duration::from_secs(10);
/// For checks that are to run into their limit.
const HASTY: Duration = Duration::from_millis(200);

fn probe(real_server: SocketAddr, send: Option<&[u8]>, expect: Option<&[u8]>) -> Probe {
    Probe {
        real_server,
        question: Question::Tcp(send.map(<[u8]>::to_vec)),
        expect: expect.map_or(Expect::Nothing, |text| Expect::text(text.to_vec())),
        limit: Limit::Phase(PATIENT),
    }
}

fn check(probe: &Probe) -> Result<(), Cause> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(probe.check()).map_err(|failure| failure.cause)
}

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A real server that treats its one client so.
fn serve(client: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let (listener, address) = listen();
    thread::spawn(move || client(listener.accept().unwrap().0));
    address
}

/// A real server that says these pieces, each in a segment of its own, and stays connected.
fn say(pieces: &'static [&'static [u8]]) -> SocketAddr {
    serve(move |mut client| {
        client.set_nodelay(true).unwrap();
        for piece in pieces {
            client.write_all(piece).unwrap();
            // Nothing tells that the other side has read a piece; a short pause keeps two from being read as one.
            thread::sleep(Duration::from_millis(5));
        }
        // Until the check ends.
        let _ = client.read_to_end(&mut Vec::new());
    })
}

/// A port that nobody listens on.
fn closed_port() -> SocketAddr {
    listen().1
}

#[test]
fn an_open_port_is_good_and_a_closed_one_bad() {
    let (_listener, open) = listen();
    assert_eq!(check(&probe(open, None, None)), Ok(()));
    let closed = check(&probe(closed_port(), None, None));
    assert_eq!(closed, Err(Cause::Connect(Errno::ECONNREFUSED)));
}

#[test]
fn a_black_hole_times_out() {
    // A listener whose queue is full drops further connections.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let _queued = TcpStream::connect(address).unwrap();

    let begin = Instant::now();
    let hasty = Probe { limit: Limit::Phase(HASTY), ..probe(address, None, None) };
    let outcome = runtime.block_on(hasty.check()).map_err(|failure| failure.cause);
    assert_eq!(outcome, Err(Cause::ConnectTimedOut));
    assert!(begin.elapsed() >= HASTY);
}

#[test]
fn a_deadline_holds_for_an_answer_that_drips() {
    let dripping = serve(|mut client| {
        while client.write_all(b"x").is_ok() {
            thread::sleep(HASTY / 10);
        }
    });
    let begin = Instant::now();
    let hasty = Probe { limit: Limit::Check(HASTY), ..probe(dripping, None, Some(&[b'x'; 10_000])) };
    assert!(matches!(check(&hasty), Err(Cause::TooShort { got: 1.., wanted: 10_000 })));
    assert!((HASTY..PATIENT).contains(&begin.elapsed()));
}

#[test]
fn a_deadline_holds_for_the_whole_check() {
    // More than fits into the buffers between the two, so that sending takes as long as the server likes.
    const LENGTH: usize = 32 * 1024 * 1024;
    const LIMIT: Duration = Duration::from_secs(1);
    let slow = || {
        serve(|mut client| {
            thread::sleep(LIMIT * 3 / 5);
            client.read_exact(&mut vec![0; LENGTH]).unwrap();
            let _ = client.read(&mut [0]);
        })
    };
    let lasts = |limit| {
        let begin = Instant::now();
        let asked = Probe { limit, ..probe(slow(), Some(&vec![b'x'; LENGTH]), Some(b"HTTP")) };
        assert_eq!(check(&asked), Err(Cause::ReadTimedOut));
        begin.elapsed()
    };
    assert!(lasts(Limit::Phase(LIMIT)) > LIMIT * 3 / 2, "Piranha's limit is for each phase");
    assert!(lasts(Limit::Check(LIMIT)) < LIMIT * 3 / 2);
}

#[test]
fn silence_times_out() {
    let hasty = Probe { limit: Limit::Phase(HASTY), ..probe(say(&[]), Some(b"hello"), Some(b"HTTP")) };
    assert_eq!(check(&hasty), Err(Cause::ReadTimedOut));
}

#[test]
fn an_answer_that_never_becomes_long_enough_is_too_short() {
    let hasty = Probe { limit: Limit::Phase(HASTY), ..probe(say(&[b"HT"]), None, Some(b"HTTP")) };
    assert_eq!(check(&hasty), Err(Cause::TooShort { got: 2, wanted: 4 }));
}

#[test]
fn a_server_that_closes_at_once() {
    let close = || serve(drop);
    assert_eq!(check(&probe(close(), None, None)), Ok(()), "the handshake is enough");
    assert_eq!(check(&probe(close(), None, Some(b""))), Ok(()), "the end is a sign of life");
    assert_eq!(
        check(&probe(close(), None, Some(b"*"))),
        Err(Cause::TooShort { got: 0, wanted: 1 }),
        "* needs a byte"
    );
    assert_eq!(check(&probe(close(), None, Some(b"HTTP"))), Err(Cause::TooShort { got: 0, wanted: 4 }));
}

#[test]
fn a_server_that_resets() {
    // Closed with unread bytes, a connection is reset.
    let reset = serve(|client| {
        client.peek(&mut [0]).unwrap();
    });
    assert_eq!(check(&probe(reset, Some(b"hello"), Some(b"HTTP"))), Err(Cause::Read(Errno::ECONNRESET)));
}

#[test]
fn a_reset_right_behind_the_handshake_is_good_if_nothing_is_asked() {
    let (listener, address) = listen();
    thread::spawn(move || {
        let lingerless = nix::libc::linger { l_onoff: 1, l_linger: 0 };
        for client in listener.incoming() {
            setsockopt(&client.unwrap(), Linger, &lingerless).unwrap();
        }
    });
    // Now and then the reset is faster than the look at the connection.
    for _ in 0..200 {
        assert_eq!(check(&probe(address, None, None)), Ok(()));
    }
}

#[test]
fn the_answer_is_compared_from_its_beginning() {
    let good: [(&[&[u8]], &[u8]); 9] = [
        (&[b"HTTP"], b"HTTP"),
        (&[b"HTTP/1.1 500 Internal Server Error\r\n"], b"HTTP"),
        (&[b"HT", b"TP/1.0 200"], b"HTTP"),
        (&[b"H", b"T", b"T", b"P"], b"HTTP"),
        (&[b"220 mail ESMTP\r\n"], b"220 "),
        (&[b"x"], b"*"),
        (&[b"\0"], b"*"),
        (&[b"anything"], b""),
        (&[b"\x00\x01\xfe\xff tail"], b"\x00\x01\xfe\xff"),
    ];
    for (answer, expect) in good {
        let text = expect.escape_ascii();
        assert_eq!(check(&probe(say(answer), None, Some(expect))), Ok(()), "{text}");
    }
    let bad: [(&[&[u8]], &[u8]); 4] = [
        (&[b"SSH-2.0-OpenSSH"], b"HTTP"),
        (&[b"say HTTP"], b"HTTP"),
        (&[b"HTTX"], b"HTTP"),
        (&[b"HT\0P"], b"HTTP"),
    ];
    for (answer, expect) in bad {
        let got = answer.concat();
        let wanted = expect.to_vec();
        assert_eq!(check(&probe(say(answer), None, Some(expect))), Err(Cause::Different { got, wanted }));
    }
}

#[test]
fn a_difference_is_seen_without_waiting_for_the_rest() {
    let begin = Instant::now();
    assert!(matches!(check(&probe(say(&[b"X"]), None, Some(b"HTTP"))), Err(Cause::Different { .. })));
    assert!(begin.elapsed() < PATIENT);
}

#[test]
fn long_expect_strings_are_compared_to_their_end() {
    const SAID: &[u8] = &[b'a'; 300];
    assert_eq!(check(&probe(say(&[SAID]), None, Some(SAID))), Ok(()));
    let mut other = SAID.to_vec();
    other[299] = b'b';
    assert!(matches!(check(&probe(say(&[SAID]), None, Some(&other))), Err(Cause::Different { .. })));
}

#[test]
fn a_regular_expression_is_searched_in_the_whole_answer() {
    let search = |pieces, expression: &[u8]| {
        check(&Probe {
            expect: Expect::expression(expression),
            limit: Limit::Phase(HASTY),
            ..probe(say(pieces), None, None)
        })
    };
    assert_eq!(search(&[b"HTTP/1.0 200 OK"], b"200"), Ok(()));
    assert_eq!(search(&[b"HTTP/1.", b"0 2", b"00 OK"], br"1\.[[:digit:]] 200"), Ok(()));
    let got = b"HTTP/1.0 500".to_vec();
    assert_eq!(search(&[b"HTTP/1.0 500"], b"200|404"), Err(Cause::Unmatched { got }));
    assert_eq!(search(&[], b"200"), Err(Cause::ReadTimedOut));
    let refused = Err(Cause::Expression("repetition operator missing expression".to_owned()));
    assert_eq!(search(&[b"x"], b"*"), refused);
}

#[test]
fn an_endless_answer_is_searched_to_a_limit() {
    let endless = serve(|mut client| while client.write_all(&[b'a'; 4096]).is_ok() {});
    let begin = Instant::now();
    let searched = check(&Probe { expect: Expect::expression(b"b"), ..probe(endless, None, None) });
    assert!(matches!(searched, Err(Cause::Unmatched { .. })));
    assert!(begin.elapsed() < PATIENT);
}

#[test]
fn the_send_string_arrives_as_it_is() {
    let echo = serve(|mut client| {
        let mut request = [0; 18];
        client.read_exact(&mut request).unwrap();
        client.write_all(&request).unwrap();
    });
    let request = b"GET / HTTP/1.0\r\n\r\n";
    assert_eq!(check(&probe(echo, Some(request), Some(request))), Ok(()));
}

fn udp(real_server: SocketAddr, send: Option<&[u8]>, expect: Option<&[u8]>) -> Probe {
    let question = Question::Udp(send.map(<[u8]>::to_vec));
    Probe { question, ..probe(real_server, None, expect) }
}

/// A server that answers each datagram so.
fn answer(reply: &'static [u8]) -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((_, client)) = socket.recv_from(&mut [0; 64]) {
            let _ = socket.send_to(reply, client);
        }
    });
    address
}

/// A datagram that is longer than what is shown of it.
const LONG: &[u8] = &[b'x'; 1000];

#[test]
fn udp_answers_are_judged_as_tcp_answers() {
    let ask = |reply, expect| check(&udp(answer(reply), Some(b"ping"), expect));
    assert_eq!(ask(b"pong", Some(b"pong")), Ok(()));
    assert_eq!(ask(b"pong and more", Some(b"pong")), Ok(()));
    assert_eq!(ask(b"pong", None), Ok(()), "any reply is good");
    assert_eq!(ask(b"pong", Some(b"*")), Ok(()));
    assert_eq!(ask(b"", Some(b"")), Ok(()));
    assert_eq!(ask(b"", Some(b"*")), Err(Cause::TooShort { got: 0, wanted: 1 }));
    assert_eq!(ask(b"po", Some(b"pong")), Err(Cause::TooShort { got: 2, wanted: 4 }));
    assert!(matches!(ask(b"nope", Some(b"pong")), Err(Cause::Different { .. })));
    assert_eq!(ask(LONG, Some(LONG)), Ok(()));
    let searching = Probe { expect: Expect::expression(b"x{900}"), ..udp(answer(LONG), Some(b"ping"), None) };
    assert_eq!(check(&searching), Ok(()));
}

#[test]
fn udp_on_a_closed_port_is_bad() {
    let closed = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    for (send, expect) in [(Some("ping"), Some("pong")), (Some("ping"), None), (None, None)] {
        let asked = udp(closed, send.map(str::as_bytes), expect.map(str::as_bytes));
        assert_eq!(check(&asked), Err(Cause::Read(Errno::ECONNREFUSED)), "{send:?} {expect:?}");
    }
}

#[test]
fn a_lost_udp_reply_is_bad_only_where_one_was_asked_for() {
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = silent.local_addr().unwrap();
    for (send, expect) in [(Some("ping"), Some("pong")), (Some("ping"), None), (None, Some("pong"))] {
        let asked = udp(address, send.map(str::as_bytes), expect.map(str::as_bytes));
        assert_eq!(
            check(&Probe { limit: Limit::Phase(HASTY), ..asked }),
            Err(Cause::ReadTimedOut),
            "{send:?} {expect:?}"
        );
    }
    assert_eq!(check(&Probe { limit: Limit::Phase(HASTY), ..udp(address, None, None) }), Ok(()));
}
