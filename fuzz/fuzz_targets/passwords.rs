//! Any bytes as `piranha.passwd`, its hashes compared: nothing panics or takes long, and what is written is read again.
#![no_main]

use std::time::{Duration, Instant};

use access::hash::verify;
use access::password_file::{hash_of, with_hash};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (password, bytes) = input;
    let begin = Instant::now();
    if let Some(stored) = hash_of(bytes, "piranha") {
        let _ = verify(password, stored);
    }
    let _ = verify(password, bytes);
    assert!(begin.elapsed() < Duration::from_secs(60));
    let (changed, _) = with_hash(bytes, "piranha", "$6$a$b").expect("a sound name and hash");
    assert_eq!(hash_of(&changed, "piranha"), Some(&b"$6$a$b"[..]));
    assert!(changed.len() <= bytes.len() + 16);
});
