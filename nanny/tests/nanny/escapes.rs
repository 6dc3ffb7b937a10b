//! Backslash sequences: list 3 of specification nanny.md 14.

use std::io::{Read, Write};
use std::sync::mpsc::channel;

use control::report::Known;

use crate::process::{Lvsd, PATIENT, serve, verdict, watch};

/// What a send string and its translation are.
const TEXTS: [(&str, &[u8]); 14] = [
    (r"a\nb", b"a\nb"),
    (r"a\rb", b"a\rb"),
    (r"a\tb", b"a\tb"),
    (r"a\\b", br"a\b"),
    (r"a\'b", b"a'b"),
    (r#"a\"b"#, b"a\"b"),
    (r"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"),
    (r"\\n", br"\n"),
    // Where Piranha's nanny never came to an end.
    (r"\q", br"\q"),
    (r"22\.", br"22\."),
    (r"220\", br"220\"),
    (r"\", br"\"),
    (r"\x41\0", br"\x41\0"),
    (r"\\\", br"\\"),
];

/// The bytes that reach the real server.
fn sent(words: &[&str]) -> Vec<u8> {
    let (sender, received) = channel();
    let server = serve(move |mut client| {
        let mut text = Vec::new();
        client.read_to_end(&mut text).unwrap();
        // Only the first check is of interest.
        let _ = sender.send(text);
    });
    let port = server.port().to_string();
    let (_nanny, _lvsd) = Lvsd::start(Known::Nothing, &watch(&port, words));
    received.recv_timeout(PATIENT).unwrap()
}

#[test]
fn what_is_sent_is_translated() {
    for (text, meant) in TEXTS {
        assert_eq!(
            sent(&["-s", text]).escape_ascii().to_string(),
            meant.escape_ascii().to_string(),
            "{text}"
        );
    }
    assert_eq!(sent(&["-s", ""]), b"");
}

#[test]
fn what_is_expected_is_translated() {
    for (text, meant) in TEXTS {
        let server = serve(move |mut client| {
            // The check may have seen enough.
            let _ = client.write_all(meant);
        });
        assert_eq!(verdict(server, &["-x", text]), "up", "{text}");
    }
}

#[test]
fn nothing_is_translated_if_that_is_suppressed() {
    for (text, _) in TEXTS {
        let bytes = sent(&["-T", "-s", text]);
        assert_eq!(bytes.escape_ascii().to_string(), text.as_bytes().escape_ascii().to_string());
    }
    let server = serve(|mut client| {
        let _ = client.write_all(br"a\nb");
    });
    assert_eq!(verdict(server, &["--suppress", "-x", r"a\nb"]), "up");
}
