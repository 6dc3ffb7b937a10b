//! The login: HTTP Basic, one name, slowed for whoever guesses (specification gui.md 9, and F10 of 10).

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use access::{Slowdown, Turn, hash};
use axum::http::{HeaderMap, header};
use base64ct::{Base64, Encoding as _};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::gate::remembered::Remembered;
use crate::refusal::Refusal;

/// Passwords that are compared at once; each takes a processor for milliseconds.
const AT_ONCE: usize = 2;
/// How the header begins, in small letters.
const SCHEME: &str = "basic ";

/// Compares passwords.
#[derive(Debug)]
pub(crate) struct Login {
    begin: Instant,
    slowdown: Mutex<Slowdown>,
    remembered: Remembered,
    comparing: Arc<Semaphore>,
}

/// What is known of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// This name is not let in.
    Nobody,
    /// It would be, but has no password: nobody can log in before piranha-passwd was run.
    NoPassword,
    /// The hash of the password.
    Hash(Vec<u8>),
}

/// A name and a password.
#[derive(Clone, PartialEq, Eq)]
struct Credentials {
    user: String,
    password: Vec<u8>,
}

impl Login {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            begin: Instant::now(),
            slowdown: Mutex::default(),
            remembered: Remembered::new()?,
            comparing: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Who it is that asks.
    ///
    /// # Errors
    ///
    /// 401 without the right password, 429 after too many wrong ones.
    pub(crate) async fn check(
        &self,
        client: IpAddr,
        headers: &HeaderMap,
        realm: &str,
        find: impl FnOnce(&str) -> Lookup,
    ) -> Result<String, Refusal> {
        let login = |no_password| Refusal::Login { realm: realm.to_owned(), no_password };
        let Some(credentials) = Credentials::of(headers) else {
            return Err(login(false));
        };
        let found = find(&credentials.user);
        if found == Lookup::NoPassword {
            return Err(login(true));
        }
        let permit = self.turn(client).await?;
        let right = match found {
            Lookup::Hash(hash) if self.remembered.has(&credentials.user, &credentials.password, &hash) => {
                true
            }
            Lookup::Hash(hash) => {
                let right = compare(credentials.clone(), hash.clone(), permit).await;
                if right {
                    self.remembered.add(&credentials.user, &credentials.password, &hash);
                }
                right
            }
            Lookup::Nobody | Lookup::NoPassword => false,
        };
        if right {
            self.slowdown().succeeded(client);
            return Ok(credentials.user);
        }
        let failures = self.slowdown().failed(client, self.begin.elapsed());
        // Not the name either: some type their password there.
        tracing::warn!("login failed, client={client} failures={failures}");
        Err(login(false))
    }

    /// Waits for the turn of this address. Asked only with a permit in hand, so that many tries at once are not all examined
    /// before the first of them has failed.
    async fn turn(&self, client: IpAddr) -> Result<tokio::sync::OwnedSemaphorePermit, Refusal> {
        let permit = self.permit().await?;
        let turn = self.slowdown().turn(client, self.begin.elapsed());
        match turn {
            Turn::Now => Ok(permit),
            Turn::After(wait) => {
                drop(permit);
                sleep(wait).await;
                self.permit().await
            }
            Turn::Refused(wait) => {
                tracing::warn!("login refused, too many failures, client={client}");
                Err(Refusal::TooManyTries { seconds: wait.max(Duration::from_secs(1)).as_secs() })
            }
        }
    }

    async fn permit(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Refusal> {
        // It is never closed.
        Arc::clone(&self.comparing).acquire_owned().await.map_err(|_| Refusal::Busy)
    }

    fn slowdown(&self) -> MutexGuard<'_, Slowdown> {
        self.slowdown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In a thread, which has the permit until it is done, also if nobody waits for it any more.
async fn compare(credentials: Credentials, hash: Vec<u8>, permit: tokio::sync::OwnedSemaphorePermit) -> bool {
    let compared = tokio::task::spawn_blocking(move || {
        let result = hash::verify(&credentials.password, &hash);
        drop(permit);
        result
    });
    match compared.await {
        Ok(Ok(right)) => right,
        Ok(Err(refusal)) => {
            tracing::error!("the password was not compared: {refusal}");
            false
        }
        Err(_) => false,
    }
}

impl Credentials {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, code) = value.split_at_checked(SCHEME.len())?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return None;
        }
        let bytes = Base64::decode_vec(code.trim()).ok()?;
        let colon = bytes.iter().position(|&byte| byte == b':')?;
        let (user, password) = bytes.split_at(colon);
        Some(Self { user: String::from_utf8(user.to_owned()).ok()?, password: password.get(1..)?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<(String, Vec<u8>)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        Credentials::of(&headers).map(|credentials| (credentials.user, credentials.password))
    }

    #[test]
    fn the_header_is_read_as_browsers_write_it() {
        let right = Some(("piranha".to_owned(), b"a:b".to_vec()));
        assert_eq!(of(&format!("Basic {}", Base64::encode_string(b"piranha:a:b"))), right);
        assert_eq!(of(&format!("bASIC   {}", Base64::encode_string(b"piranha:a:b"))), right);
        for wrong in ["", "Basic", "Basic ", "Basic !", "Digest cGlyYW5oYTph", "Basic cGlyYW5oYQ=="] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
