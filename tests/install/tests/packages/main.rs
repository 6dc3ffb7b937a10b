//! The Debian package and the rpm, made and installed as an administrator does it: on a machine that never had Piranha, over
//! Piranha, over an older package of ours; and removed again.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

mod deb;
mod inside;
mod made;
mod originals;
mod rpm;
