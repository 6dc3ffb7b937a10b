//! Any bytes as the file in which lvsd keeps administrators' decisions: nothing panics, and what is understood is read
//! again as it was written.
#![no_main]

use control::decisions::Decisions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(decisions) = Decisions::read(bytes) else { return };
    let written = decisions.write().expect("what was read can be written");
    assert_eq!(Decisions::read(&written).expect("an own file is understood"), decisions);
});
