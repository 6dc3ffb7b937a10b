//! Passwords that were right. Browsers send theirs with every request, and to compare one takes milliseconds on purpose;
//! what is kept tells nothing to whoever does not know the key, which never leaves this process.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// More are not remembered.
const MOST: usize = 64;

type Mark = [u8; 32];

#[derive(Debug)]
pub(crate) struct Remembered {
    key: [u8; 32],
    marks: Mutex<VecDeque<Mark>>,
}

impl Remembered {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key, marks: Mutex::default() })
    }

    /// Whether this password was right for this very hash.
    pub(crate) fn has(&self, user: &str, password: &[u8], hash: &[u8]) -> bool {
        let mark = self.mark(user, password, hash);
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).contains(&mark)
    }

    /// It was right.
    pub(crate) fn add(&self, user: &str, password: &[u8], hash: &[u8]) {
        let mark = self.mark(user, password, hash);
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        if !marks.contains(&mark) {
            if marks.len() >= MOST {
                marks.pop_front();
            }
            marks.push_back(mark);
        }
    }

    fn mark(&self, user: &str, password: &[u8], hash: &[u8]) -> Mark {
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.key);
        let mut code: Hmac<Sha256> = Hmac::new(&block.into());
        for part in [user.as_bytes(), password, hash] {
            code.update(&(part.len() as u64).to_be_bytes());
            code.update(part);
        }
        code.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_right_for_this_hash_is_remembered() {
        let remembered = Remembered::new().unwrap();
        remembered.add("piranha", b"secret", b"$6$a");
        assert!(remembered.has("piranha", b"secret", b"$6$a"));
        assert!(!remembered.has("piranha", b"secret", b"$6$b"));
        assert!(!remembered.has("piranha", b"secre", b"t$6$a"));
        assert!(!remembered.has("reader", b"secret", b"$6$a"));
        for number in 0..MOST {
            remembered.add("piranha", number.to_string().as_bytes(), b"$6$a");
        }
        assert!(!remembered.has("piranha", b"secret", b"$6$a"));
    }
}
