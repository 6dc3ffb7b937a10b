//! Any text of send, expect and send_program, and any answer of a real server: nothing panics.
#![no_main]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use health::escape::translate;
use health::expect::Expect;
use health::program::Program;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (text, answer) = input;
    assert!(translate(text).len() <= text.len());
    if let Expect::Match(expression) = Expect::expression(text) {
        let _either_will_do = expression.is_match(answer);
    }
    let server = ([192, 0, 2, 1], 80).into();
    if let Ok(program) = Program::from_line(OsStr::from_bytes(text), server) {
        assert!(program.arguments.len() < text.len());
    }
});
