//! Any bytes as what a router sends, and as what it is answered: nothing panics, no more is taken than allowed, and what
//! is understood is read again as it was written. The same for the keys that a router may be handed as a file.
#![no_main]

use control::lines::encode;
use control::transfer::{read, read_answer, write};
use heartbeat::authentication::{KeyFile, SECRET};
use libfuzzer_sys::fuzz_target;
use zeroize::Zeroizing;

const LONGEST: usize = 1000;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((offer, file)) = read(&mut &bytes[..], LONGEST) {
        assert!(file.len() == offer.length && file.len() <= LONGEST);
        let written = write(&offer, &file).expect("what was read can be written");
        assert_eq!(read(&mut &written[..], LONGEST).expect("an own offer is understood"), (offer, file));
    }
    if let Ok(answer) = read_answer(bytes) {
        let written = encode(&answer).expect("what was read can be written");
        assert_eq!(read_answer(&written).expect("an own answer is understood"), answer);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        change_keys(text);
    }
});

/// A new key signs, and the one that signed before goes.
fn change_keys(text: &str) {
    let Ok(mut keys) = KeyFile::parse(Zeroizing::new(text.to_owned())) else { return };
    let old = keys.keys().ids().next().expect("at least one key");
    let Ok(new) = keys.add(&[7; SECRET]) else { return };
    keys.sign_with(new).expect("it is there");
    keys.remove(old).expect("it does not sign");
    assert_eq!(keys.keys().ids().next(), Some(new));
    assert!(KeyFile::parse(Zeroizing::new(keys.text().to_owned())).is_ok());
}
