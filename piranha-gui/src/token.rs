//! The hidden field of every form: only who was shown the form by this program can send it (specification gui.md 10, F2).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::file::digits;
use crate::page::Page;

/// Makes and checks tokens; another one at each start of the program.
#[derive(Debug)]
pub(crate) struct Tokens {
    key: [u8; 32],
}

impl Tokens {
    /// With a key that nobody knows.
    ///
    /// # Errors
    ///
    /// The kernel has no random numbers.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key })
    }

    /// For the forms of a page that is shown to a user.
    pub(crate) fn make(&self, user: &str, page: Page) -> String {
        digits(&self.code(user, page).finalize().into_bytes())
    }

    /// Whether a form of this page was shown to this user; compares in constant time.
    pub(crate) fn is_right(&self, user: &str, page: Page, token: &str) -> bool {
        bytes(token).is_some_and(|token| self.code(user, page).verify_slice(&token).is_ok())
    }

    fn code(&self, user: &str, page: Page) -> Hmac<Sha256> {
        let mut code = keyed(&self.key);
        code.update(user.as_bytes());
        code.update(&[0]);
        code.update(page.path().as_bytes());
        code
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new(&block.into())
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_user_and_page_only() {
        let tokens = Tokens::new().unwrap();
        let token = tokens.make("piranha", Page::Redundancy);
        assert!(tokens.is_right("piranha", Page::Redundancy, &token));
        assert!(!tokens.is_right("piranha", Page::GlobalSettings, &token));
        assert!(!tokens.is_right("reader", Page::Redundancy, &token));
        assert!(!Tokens::new().unwrap().is_right("piranha", Page::Redundancy, &token));
        for wrong in ["", "0", "zz", &token[2..], &token.replace(|_: char| true, "é")] {
            assert!(!tokens.is_right("piranha", Page::Redundancy, wrong), "{wrong}");
        }
    }
}
