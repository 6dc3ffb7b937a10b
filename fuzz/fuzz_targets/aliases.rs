//! Any text as an alias file, and any words on the command line: nothing panics, and what comes of it is bounded.
#![no_main]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use libfuzzer_sys::fuzz_target;
use service::alias::{Aliases, Valued};

fuzz_target!(|input: (Vec<u8>, Vec<Vec<u8>>)| {
    let (text, words) = input;
    let valued = Valued { long: ["port".to_owned()].into(), short: ['p'].into() };
    let given = words.len();
    let words = words.into_iter().map(OsString::from_vec);
    if let Ok(expanded) = Aliases::parse(&text, "nanny").expand(words, &valued) {
        // Behind `--`, what is left of the command line and of ten aliases stays as it is.
        assert!(expanded.len() <= 2 * given + 4096 + 10 * text.len() + 2);
    }
});
