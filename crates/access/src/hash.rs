//! Hashes of passwords: all forms that a password file of httpd may hold are compared (gui.md 9), two are made.
//!
//! A password is compared in constant time. How long that takes is bounded, whatever a file says: see [`Refusal`].

mod form;
mod make;
mod old;

pub use form::Kind;
pub use make::{MakeError, bcrypt, sha512};

use form::Stored;
use sha_crypt::PasswordVerifier as _;

/// Longer ones are neither set nor compared: the time of some forms grows with the square of the length.
pub const LONGEST_PASSWORD: usize = 512;

/// Why a password is not even compared: nobody gets in by this line. For the log; the hash itself is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Plain text, or a form of another system (`$2x$`, `$y$`, `$argon2`).
    #[error(
        "the stored hash has none of the forms DES crypt, $1$, $5$, $6$, $apr1$, {{SHA}}, $2a$, $2b$, $2y$"
    )]
    Unknown,
    /// Its form is known, but it is cut short or has characters that do not belong there.
    #[error("the stored {0} hash is damaged")]
    Damaged(Kind),
    /// It would take longer than a page may take: more than [`Kind::MOST_ROUNDS`] rounds of `$5$` and `$6$`, or a
    /// bcrypt cost above [`Kind::HIGHEST_COST`].
    #[error("the stored {0} hash asks for more work than is done here")]
    TooMuchWork(Kind),
    /// More than [`LONGEST_PASSWORD`] bytes were offered.
    #[error("the password is longer than {LONGEST_PASSWORD} bytes")]
    PasswordTooLong,
}

/// Whether this is the password. An empty one never is.
///
/// Takes a millisecond or two of the processor with what piranha-passwd makes, a tenth of a second with usual bcrypt; about a
/// second at most, some seconds with the longest passwords.
///
/// # Errors
/// Where it is not compared.
pub fn verify(password: &[u8], stored: &[u8]) -> Result<bool, Refusal> {
    let stored = Stored::read(stored)?;
    if password.len() > LONGEST_PASSWORD {
        return Err(Refusal::PasswordTooLong);
    }
    if password.is_empty() {
        return Ok(false);
    }
    let damaged = Refusal::Damaged(stored.kind);
    match stored.kind {
        Kind::Des => old::des(password, stored.text),
        Kind::Md5 => old::md5(password, stored.text),
        Kind::Apr1 => old::apr1(password, stored.text),
        Kind::Sha1 => old::sha1(password, stored.text),
        Kind::Sha256 | Kind::Sha512 => {
            let compared = sha_crypt::ShaCrypt::default().verify_password(password, stored.text);
            match compared {
                Ok(()) => Some(true),
                Err(sha_crypt::password_hash::Error::PasswordInvalid) => Some(false),
                Err(_) => None,
            }
        }
        Kind::Bcrypt => ::bcrypt::verify(password, stored.text).ok(),
    }
    .ok_or(damaged)
}
