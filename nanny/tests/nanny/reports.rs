//! Under lvsd: what is reported over the inherited socket, and when.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;

use control::report::{FromNanny, Known};
use nix::sys::signal::Signal;

use crate::process::{Lvsd, Nanny, PATIENT, expect_end, listen, nanny, serve, watch};

fn up(weight: u32) -> FromNanny {
    FromNanny::Up { weight }
}

fn weight(weight: u32) -> FromNanny {
    FromNanny::Weight { weight }
}

fn down(reason: &str) -> FromNanny {
    FromNanny::Down { reason: reason.to_owned(), forced: false }
}

#[test]
fn a_real_server_comes_goes_and_returns() {
    let (listener, server) = listen();
    let port = server.port().to_string();
    let refused = format!("Failed to connect {server} ping socket: Connection refused");
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "1", "-a", "2"]));

    assert_eq!(lvsd.next(), up(1), "one good check is enough at first");
    let begin = nanny.expect_line("[ active ]");
    assert!(begin.contains(&format!("nanny: starting LVS client monitor for 10.0.0.1:8080 -> {server}")));
    assert_eq!(begin.last(), Some(&format!("nanny: [ active ] making {server} available")));

    drop(listener);
    assert_eq!(lvsd.next(), down(&refused));
    let words = nanny.expect_line("[inactive]");
    assert!(words.contains(&format!("nanny: {refused}")), "{words:?}");
    assert_eq!(
        words.last(),
        Some(&format!("nanny: [inactive] shutting down {server} due to connection failure"))
    );

    let _listener = TcpListener::bind(server).unwrap();
    assert_eq!(lvsd.next(), up(1));
    let counts: Vec<String> =
        nanny.expect_line("[ active ]").into_iter().filter(|line| line.contains("avail: 1")).collect();
    assert_eq!(counts, ["nanny: avail: 1 active: 0: count: 1", "nanny: avail: 1 active: 0: count: 2"]);
}

#[test]
fn a_first_bad_check_is_reported_and_serves_the_whole_reentry_time() {
    let (listener, server) = listen();
    drop(listener);
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60", "-a", "120"]));
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }));

    let _listener = TcpListener::bind(server).unwrap();
    for count in 1..=2 {
        nanny.signal(Signal::SIGALRM);
        nanny.expect_line(&format!("avail: 1 active: 0: count: {count}"));
    }
    assert_eq!(lvsd.next(), up(1));
}

#[test]
fn weights_rise_step_by_step() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60", "-w", "10"]));
    assert_eq!(lvsd.next(), up(1));
    for step in [2, 4, 8, 10] {
        assert_eq!(lvsd.next(), weight(step));
        nanny.signal(Signal::SIGALRM);
    }
}

#[test]
fn weight_0_is_reported_as_it_is() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (_nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-w", "0"]));
    assert_eq!(lvsd.next(), up(0));
}

#[test]
fn a_server_known_to_be_up_is_not_announced_again() {
    let (listener, server) = listen();
    let port = server.port().to_string();
    let known = Known::Up { weight: 7 };
    let (nanny, mut lvsd) = Lvsd::start(known, &watch(&port, &["-t", "60", "-w", "7"]));
    let lines = nanny.expect_line("avail: 1 active: 1");
    assert!(!lines.iter().any(|line| line.contains("[ active ]")), "{lines:?}");
    drop(listener);
    nanny.signal(Signal::SIGALRM);
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }), "nothing was reported before");
}

#[test]
fn a_server_known_to_be_down_serves_the_whole_reentry_time() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::start(Known::Down, &watch(&port, &["-t", "60", "-a", "120"]));
    nanny.expect_line("avail: 1 active: 0: count: 1");
    nanny.signal(Signal::SIGALRM);
    assert_eq!(lvsd.next(), up(1));
}

#[test]
fn nothing_is_checked_before_lvsd_has_spoken() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::silent(&watch(&port, &[]));
    nanny.expect_line("starting LVS client monitor");
    lvsd.begin(Known::Down);
    // Known to be dead from the beginning, so no check has run before.
    nanny.expect_line("avail: 1 active: 0: count: 1");
}

#[test]
fn the_end_of_lvsd_is_the_end_of_nanny() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (mut nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60"]));
    assert_eq!(lvsd.next(), up(1));
    drop(lvsd);
    nanny.expect_line("Terminating because lvsd is gone");
    assert_eq!(nanny.expect_end(PATIENT).code(), Some(0));
}

#[test]
fn an_lvsd_that_talks_nonsense_is_left() {
    let (mut nanny, mut lvsd) = Lvsd::silent(&watch("9", &[]));
    lvsd.say(b"\xff\x00 nonsense\n");
    nanny.expect_line("lvsd does not speak this nanny's language");
    assert_eq!(nanny.expect_end(PATIENT).code(), Some(0));
}

#[test]
fn a_web_server_on_virtual_port_80_needs_no_configuration() {
    let web = serve(|mut client| {
        let mut request = [0; 18];
        client.read_exact(&mut request).unwrap();
        assert_eq!(&request, b"GET / HTTP/1.0\r\n\r\n");
        client.write_all(b"HTTP/1.1 500 Internal Server Error\r\n\r\n").unwrap();
    });
    let port = web.port().to_string();
    let words = ["--lvs", "-h", "127.0.0.1", "-V", "10.0.0.1", "-r", &port];
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &words);
    assert_eq!(lvsd.next(), up(1));
    nanny.expect_line("nanny: no monitor configured, assuming web service on port 80");
}

#[test]
fn only_an_expect_string_on_virtual_port_80_sends_nothing() {
    let greeter = serve(|mut client| {
        client.write_all(b"220 welcome\r\n").unwrap();
        let mut received = Vec::new();
        // The check ends as soon as it has seen the greeting.
        let _ = client.read_to_end(&mut received);
        assert_eq!(received, b"");
    });
    let port = greeter.port().to_string();
    let (_nanny, mut lvsd) =
        Lvsd::start(Known::Nothing, &["--lvs", "-h", "127.0.0.1", "-r", &port, "-x", "220"]);
    assert_eq!(lvsd.next(), up(1));
}

#[test]
fn backslash_sequences_are_translated_unless_suppressed() {
    let echo = || {
        serve(|mut client| {
            let mut request = [0; 64];
            let length = client.read(&mut request).unwrap();
            client.write_all(&request[..length]).unwrap();
        })
    };
    for (more, sent) in [(&[][..], "a\\r\\n\\q\\"), (&["-T"][..], "a\\r\\n")] {
        let port = echo().port().to_string();
        let expected = if more.is_empty() { "a\r\n\\q\\" } else { "a\\r\\n" };
        let mut words = watch(&port, &["-s", sent, "-T", "-x", expected]);
        if more.is_empty() {
            words.retain(|word| *word != "-T");
        }
        let (_nanny, mut lvsd) = Lvsd::start(Known::Nothing, &words);
        assert_eq!(lvsd.next(), up(1), "{sent}");
    }
}

#[test]
fn an_expected_text_can_be_a_regular_expression() {
    let mail = serve(|mut client| client.write_all(b"220 mail.example.com ESMTP\r\n").unwrap());
    let port = mail.port().to_string();
    let words = watch(&port, &["--regex", "-x", r"^220 .*\.com"]);
    let (_nanny, mut lvsd) = Lvsd::start(Known::Nothing, &words);
    assert_eq!(lvsd.next(), up(1));

    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["--regex", "-x", "("]));
    nanny.expect_line("Error 'unclosed group' processing expected regular expression");
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }));
}

#[test]
fn a_program_can_check_instead() {
    let check = "sh -c 'echo $LVS_PROTOCOL $LVS_VIRTUAL_ADDRESS $LVS_VIRTUAL_PORT %h $LVS_REAL_PORT; exit 1'";
    let expected = "tcp 10.0.0.1 8080 127.0.0.1 9";
    let words = watch("9", &["-e", check, "-x", expected, "-s", "hello"]);
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &words);
    assert_eq!(lvsd.next(), up(1));
    let lines = nanny.expect_line("Got result");
    assert!(lines.iter().any(|line| line.ends_with("IGNORING send string option (hello)")), "{lines:?}");

    let (_nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch("9", &["-e", "echo FAIL", "-x", "OK"]));
    assert_eq!(
        lvsd.next(),
        down(
            "Trouble. Received results are not what we expected from (127.0.0.1:9) program=echo exit=0 \
             output=\"FAIL\""
        )
    );
}

#[test]
fn a_program_that_is_missing_leaves_the_server_in_use() {
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch("9", &["-e", "/no/such/check", "-x", "OK"]));
    assert_eq!(lvsd.next(), up(1));
    nanny.expect_line("failed to start the check program /no/such/check: No such file or directory");
}

#[test]
fn an_idle_server_gets_more_weight_and_a_loaded_one_less() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    // The monitor's one argument is the address: cat prints the file of that name.
    let folder = std::env::temp_dir().join(format!("nanny-load-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let load = folder.join("127.0.0.1");
    fs::write(&load, "load average: 0.00, 0.20, 0.10\n").unwrap();

    let mut command = nanny(&watch(&port, &["-t", "60", "-w", "4", "-S", "2", "-U", "cat"]));
    let (nanny, mut lvsd) = Lvsd::share(command.current_dir(&folder), Nanny::run);
    lvsd.begin(Known::Up { weight: 4 });
    assert_eq!(lvsd.next(), weight(6));
    nanny.signal(Signal::SIGALRM);
    assert_eq!(lvsd.next(), weight(8));

    fs::write(&load, "load average: 9.00, 0.20, 0.10\n").unwrap();
    nanny.signal(Signal::SIGALRM);
    assert_eq!(lvsd.next(), weight(4));

    fs::write(&load, "no idea").unwrap();
    nanny.signal(Signal::SIGALRM);
    nanny.expect_line("bad load average returned: no idea");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn detached_nannies_report_and_end_like_others() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    for place in [&["-c"][..], &[]] {
        let mut command = nanny(&watch(&port, place));
        let (mut child, mut lvsd) =
            Lvsd::share(command.stdout(Stdio::piped()), |command| command.spawn().unwrap());
        if place.is_empty() {
            assert_eq!(expect_end(&mut child, PATIENT).code(), Some(0), "the foreground parent ends");
        }
        lvsd.begin(Known::Nothing);
        assert_eq!(lvsd.next(), up(1));
        let mut printed = String::new();
        child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        assert_eq!(printed, "", "standard output is let go");
        lvsd.fall_silent();
        lvsd.expect_end();
        assert_eq!(expect_end(&mut child, PATIENT).code(), Some(0));
    }
}
