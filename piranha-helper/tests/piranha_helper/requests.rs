//! What is no request.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use control::helper::LONGEST_REQUEST;

use crate::helper::{FILE, Helper, PATIENCE, am_root, until};

/// Sends bytes, and shows the first line of the answer, or nothing if there is none.
fn told(helper: &Helper, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(helper.socket()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // It may close its end before all is said.
    let _ = stream.write_all(bytes);
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap_or_default();
    line
}

fn resident_kilobytes(helper: &Helper) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", helper.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn what_makes_no_sense_is_refused_and_harms_nobody() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("nonsense");
    for line in [
        "GET / HTTP/1.0\r\n\r\n",
        "{}\n",
        "[]\n",
        "null\n",
        "{\"version\":2,\"command\":\"able\"}\n",
        "{\"version\":1,\"command\":\"dance\"}\n",
        "{\"version\":1,\"command\":\"restart\"}\n",
        "{\"version\":1,\"command\":{\"restart\":{}}}\n",
        "{\"version\":1,\"command\":{\"restart\":{\"client\":\"; reboot\"}}}\n",
        "{\"version\":1,\"command\":{\"save\":{\"file\":7}}}\n",
        "{\"version\":1,\"command\":{\"save\":{\"file\":\"\\u0100\",\"expected\":\"\",\"client\":\"::1\",\"what\":\"\"}}}\n",
        "\u{0}\n",
    ] {
        let told = told(&helper, line.as_bytes());
        assert!(told.starts_with("{\"refused\":{\"reason\":\"") && told.len() < 1000, "{line}: {told}");
    }
    assert_eq!(helper.file(), FILE);
    assert!(
        told(&helper, b"{\"version\":1,\"command\":\"able\"}\n").starts_with("{\"able\":{\"save\":null,")
    );
}

#[test]
fn long_requests_take_no_more_memory_than_they_need_and_leave_none() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("long");
    let before = resident_kilobytes(&helper);
    let too_long = told(&helper, &vec![b'['; LONGEST_REQUEST + 1]);
    assert!(too_long.contains(&format!("a message longer than {LONGEST_REQUEST} bytes")), "{too_long}");
    // Sixteen megabytes of zeroes in a list would be a quarter of a gigabyte of numbers.
    let zeroes = format!("{{\"version\":1,\"command\":[{}0]}}\n", "0,".repeat(LONGEST_REQUEST / 2 - 50));
    assert!(told(&helper, zeroes.as_bytes()).starts_with("{\"refused\""));
    let mut stream = UnixStream::connect(helper.socket()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let line = format!(
        "{{\"version\":1,\"command\":{{\"save\":{{\"file\":\"{}\",\"expected\":\"{}\",\"client\":\"::1\",\"what\":\"\"}}}}}}\n",
        "#".repeat(LONGEST_REQUEST - 1000),
        "0".repeat(64)
    );
    stream.write_all(line.as_bytes()).unwrap();
    let mut first = [0; 11];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"{\"changed\":");
    drop(stream);
    // Given back when the client has gone.
    let mut after = 0;
    until("the memory is given back", || {
        after = resident_kilobytes(&helper);
        after < before + 4096
    });
    eprintln!("{before} kB before, {after} kB after");
}
