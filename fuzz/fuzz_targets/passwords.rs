//! Any bytes as `piranha.passwd`, its hashes compared: nothing panics, the usual takes a moment, and what is written is read again.
#![no_main]

use std::time::{Duration, Instant};

use access::hash::{Kind, verify};
use access::password_file::{hash_of, with_hash};
use libfuzzer_sys::fuzz_target;

/// Within the bounds, but seconds of work: not here.
fn is_slow(stored: &[u8]) -> bool {
    let rounds = stored.windows(7).any(|word| word == b"rounds=");
    rounds || stored.starts_with(b"$2") && stored.get(4..7) != Some(b"04$")
}

fuzz_target!(|input: (&[u8], &[u8])| {
    let (password, bytes) = input;
    for stored in hash_of(bytes, "piranha").into_iter().chain([bytes]) {
        let known = Kind::of(stored).is_ok();
        assert!(known || verify(password, stored).is_err());
        if known && !is_slow(stored) {
            let begin = Instant::now();
            let _ = verify(password, stored);
            assert!(begin.elapsed() < Duration::from_secs(8));
        }
    }
    let (changed, _) = with_hash(bytes, "piranha", "$6$a$b").expect("a sound name and hash");
    assert_eq!(hash_of(&changed, "piranha"), Some(&b"$6$a$b"[..]));
    assert!(changed.len() <= bytes.len() + 16);
});
