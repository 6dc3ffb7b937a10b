//! Any bytes as what the web page asks of piranha-helper, up to the rule of programs: nothing panics, a file arrives as it was
//! sent, and no program passes that is not below the directory.
#![no_main]

use std::path::PathBuf;

use control::helper::{Bytes, Command};
use control::lines::{Decoder, encode};
use control::request::{Line, Request};
use libfuzzer_sys::fuzz_target;
use lvs_cf::Document;
use piranha_helper::programs::chosen;

const SCRIPTS: &str = "/scripts";

fuzz_target!(|bytes: &[u8]| {
    let mut decoder = Decoder::up_to(1 << 16);
    for line in decoder.feed::<Line>(bytes).into_iter().flatten() {
        if let Ok(Command::Save { file, .. }) = Request::understand(&line) {
            judge(&file);
        }
    }
    // Most inputs are no JSON: the rest of the way is for all of them.
    judge(&Bytes(bytes.to_vec()));
});

fn judge(file: &Bytes) {
    let line = encode(file).expect("any file has a form");
    assert_eq!(&Decoder::up_to(1 << 20).feed::<Bytes>(&line).expect("an own line is understood")[0], file);
    let half = file.0.len() / 2;
    let (old, new) = (Document::new(&file.0[..half]), Document::new(&file.0));
    let directories = [PathBuf::from(SCRIPTS)];
    for program in chosen(&old, &new, &directories).into_iter().flatten() {
        let plain = program.path.components().all(|step| step.as_os_str() != "..");
        assert!(program.path.starts_with(SCRIPTS) && plain, "{}", program.path.display());
    }
    assert_eq!(chosen(&new, &new, &directories), Ok(Vec::new()), "a file may stay as it is");
}
