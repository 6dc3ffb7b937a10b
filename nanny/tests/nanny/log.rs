//! What the log says of a check: specification nanny.md 12.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;

use crate::process::{Nanny, serve, watch};

/// Every line of a stand-alone nanny up to this one, with `PORT` for the real server's.
fn log(server: SocketAddr, words: &[&str], last: &str) -> String {
    let port = server.port().to_string();
    let mut all = watch(&port, &["--test-start"]);
    all.extend(words);
    Nanny::start(&all).expect_line(last).join("\n").replace(&port, "PORT")
}

#[test]
fn every_step_of_a_check_by_tcp_is_logged_in_the_words_of_piranha() {
    let greeter = serve(|mut client| {
        let _ = client.read(&mut [0; 16]);
        client.write_all(b"hello, who is there?\r\n").unwrap();
    });
    let lines = log(greeter, &["-s", r"knock\n", "-x", "hello", "-w", "2"], "[ active ]");
    insta::assert_snapshot!(lines, @r#"
    nanny: re-entry time 0 means 180 seconds
    nanny: Send_program is NULL
    nanny: Send_string len=7, text="knock\n"
    nanny: Expect_string len=5, text="hello"
    nanny: Service_type value=2
    nanny: starting LVS client monitor for 10.0.0.1:8080 -> 127.0.0.1:PORT
    nanny: Opening TCP socket to remote service port PORT...
    nanny: Connecting socket to remote address...
    nanny: DEBUG -- Posting CONNECT poll()
    nanny: Sending len=6, text="knock\n"
    nanny: DEBUG -- Posting READ poll()
    nanny: DEBUG -- READ poll() completed (1,1)
    nanny: Posting READ I/O; expecting 5 character(s)...
    nanny: DEBUG -- READ returned 22
    nanny: READ expected len=5, text="hello"
    nanny: READ got len=22, text=hello, who is there?\r\n
    nanny: avail: 1 active: 0: count: 19
    nanny: DEBUG -- In nextState = 2
    nanny: [ active ] making 127.0.0.1:PORT available
    "#);
}

#[test]
fn every_step_of_a_check_by_udp_is_logged_in_the_words_of_piranha() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let echo = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut datagram = [0; 64];
        while let Ok((length, client)) = socket.recv_from(&mut datagram) {
            let _ = socket.send_to(&datagram[..length], client);
        }
    });
    let lines = log(echo, &["-u", "-s", "knock", "-x", "knock"], "avail:");
    insta::assert_snapshot!(lines, @r#"
    nanny: re-entry time 0 means 180 seconds
    nanny: Send_program is NULL
    nanny: Send_string len=5, text="knock"
    nanny: Expect_string len=5, text="knock"
    nanny: Service_type value=2
    nanny: starting LVS client monitor for 10.0.0.1:8080 -> 127.0.0.1:PORT
    nanny: Opening UDP socket to remote service port PORT...
    nanny: Connecting socket to remote address...
    nanny: Sending len=5, text="knock"
    nanny: DEBUG -- Posting READ poll()
    nanny: DEBUG -- READ poll() completed (1,1)
    nanny: Posting READ I/O; expecting 5 character(s)...
    nanny: DEBUG -- READ returned 5
    nanny: READ expected len=5, text="knock"
    nanny: READ got len=5, text=knock
    nanny: avail: 1 active: 0: count: 19
    "#);
}

#[test]
fn every_step_of_a_check_by_a_program_is_logged_in_the_words_of_piranha() {
    let lines = log(([127, 0, 0, 1], 9999).into(), &["-e", "echo FAIL %p", "-x", "OK"], "No service active");
    insta::assert_snapshot!(lines, @r#"
    nanny: re-entry time 0 means 180 seconds
    nanny: Send_program len=12, text="echo FAIL %p"
    nanny: Send_string is NULL
    nanny: Expect_string len=2, text="OK"
    nanny: Service_type value=2
    nanny: starting LVS client monitor for 10.0.0.1:8080 -> 127.0.0.1:PORT
    nanny: Found 2 argument(s)
    nanny: Invoking:  echo
    nanny: Got result (FAIL PORT) from command sent to (127.0.0.1:PORT)
    nanny: Trouble. Received results are not what we expected from (127.0.0.1:PORT) program=echo exit=0 output="FAIL PORT"
    nanny: avail: 0 active: 0: count: 18
    nanny: No service active & available...
    "#);
}
