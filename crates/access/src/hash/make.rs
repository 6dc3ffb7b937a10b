//! The forms that are made. Salt is the caller's, from the system's random numbers.

use sha_crypt::{PasswordHasher as _, ShaCrypt};

use super::LONGEST_PASSWORD;

/// The work that goes into a new bcrypt hash: 2^10 rounds, some 50 ms. Every page of the web tool asks for it again.
const COST: u32 = 10;

/// bcrypt takes no notice of what follows.
const LONGEST_OF_BCRYPT: usize = 71;

/// Why a password cannot be set. The password is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// Nobody could log in with it.
    #[error("an empty password is refused")]
    Empty,
    /// It has a line break or a NUL, which no form carries over all ways of entering it.
    #[error("a password cannot have a line break or a NUL character in it")]
    Unfit,
    /// It is too long for its form.
    #[error("the password is longer than {0} bytes")]
    TooLong(usize),
    /// The library refused.
    #[error("the hash could not be made")]
    Failed,
}

/// `$6$`: SHA-512 crypt with 5000 rounds, which every libc of the last fifteen years reads.
///
/// # Errors
/// See [`MakeError`].
pub fn sha512(password: &[u8], salt: [u8; 12]) -> Result<String, MakeError> {
    check(password, LONGEST_PASSWORD)?;
    let made = ShaCrypt::SHA512.hash_password_with_salt(password, &salt).map_err(|_| MakeError::Failed)?;
    // These are the rounds that count where none are named; the hash is then in the form that every program makes.
    Ok(made.as_str().replacen("$rounds=5000$", "$", 1))
}

/// `$2y$`: bcrypt, stronger, but read by newer httpd only.
///
/// # Errors
/// See [`MakeError`].
pub fn bcrypt(password: &[u8], salt: [u8; 16]) -> Result<String, MakeError> {
    check(password, LONGEST_OF_BCRYPT)?;
    let made =
        ::bcrypt::non_truncating_hash_with_salt(password, COST, salt).map_err(|_| MakeError::Failed)?;
    Ok(made.format_for_version(::bcrypt::Version::TwoY))
}

fn check(password: &[u8], longest: usize) -> Result<(), MakeError> {
    match password {
        [] => Err(MakeError::Empty),
        _ if password.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0)) => Err(MakeError::Unfit),
        _ if password.len() > longest => Err(MakeError::TooLong(longest)),
        _ => Ok(()),
    }
}
