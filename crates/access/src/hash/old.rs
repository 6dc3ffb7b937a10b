//! The forms that are only compared, made anew for that, since the library's own comparison is not in constant time.
//! `None` if a library does not take the stored hash.

use base64ct::{Base64, Encoding as _};
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;

pub(super) fn des(password: &[u8], stored: &str) -> Option<bool> {
    #[expect(deprecated, reason = "made only to be compared")]
    let made = crypt3_rs::crypt::unix::hash_with(stored, password).ok()?;
    Some(equal(made.as_str(), stored))
}

pub(super) fn md5(password: &[u8], stored: &str) -> Option<bool> {
    #[expect(deprecated, reason = "made only to be compared")]
    let made = crypt3_rs::crypt::md5::hash_with(stored, password).ok()?;
    Some(equal(made.as_str(), stored))
}

pub(super) fn apr1(password: &[u8], stored: &str) -> Option<bool> {
    #[expect(deprecated, reason = "made only to be compared")]
    let made = crypt3_rs::crypt::apr1::hash_with(stored, password).ok()?;
    Some(equal(made.as_str(), stored))
}

pub(super) fn sha1(password: &[u8], stored: &str) -> Option<bool> {
    let mut hash = [0; 20];
    let read = Base64::decode(stored.strip_prefix("{SHA}")?, &mut hash).ok()?;
    Some(read.ct_eq(&Sha1::digest(password)).into())
}

fn equal(made: &str, stored: &str) -> bool {
    made.as_bytes().ct_eq(stored.as_bytes()).into()
}
