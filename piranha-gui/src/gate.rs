//! Who may come in, asked of every request before anything else (specification gui.md 9, 10 and 15).
//!
//! First the address: [`addresses`] reads the rules again each time, since they count at once. Then, for all of `/secure/`
//! and every method, the login: [`login`]. For a POST, whether it comes from a form of ours: [`origin`].

pub(crate) mod addresses;
pub(crate) mod area;
pub(crate) mod login;
pub(crate) mod names;
pub(crate) mod origin;
mod remembered;

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use access::gui_conf::GuiConf;
use access::{MAX_BYTES, Settings, USER, password_file};
use axum::http::HeaderMap;

use crate::gate::addresses::Addresses;
use crate::gate::area::Area;
use crate::gate::login::{Login, Lookup};
use crate::refusal::Refusal;

/// All of it.
#[derive(Debug)]
pub(crate) struct Gate {
    addresses: Addresses,
    login: Login,
    gui_conf: PathBuf,
}

impl Gate {
    /// With the rules of `httpd.conf`.
    ///
    /// # Errors
    ///
    /// The kernel has no random numbers.
    pub(crate) fn new(settings: Settings, gui_conf: &Path) -> anyhow::Result<Self> {
        Ok(Self { addresses: Addresses::new(settings), login: Login::new()?, gui_conf: gui_conf.to_owned() })
    }

    /// Whether a client may come in; the result is who it is, nobody on open pages.
    ///
    /// # Errors
    ///
    /// What it is told instead.
    pub(crate) async fn pass(
        &self,
        area: Area,
        client: IpAddr,
        headers: &HeaderMap,
    ) -> Result<String, Refusal> {
        let place = self.addresses.decide(area, client).await?;
        match area {
            Area::Open | Area::Decoration => Ok(String::new()),
            Area::Secure => {
                let find =
                    |user: &str| if user == USER { hash(&place.passwords, user) } else { Lookup::Nobody };
                self.login.check(client, headers, &place.realm, find).await
            }
            Area::Readable => {
                let reader = self.gui_conf().reader;
                let may = |user: &str| user == USER || reader.as_deref() == Some(user);
                let find = |user: &str| if may(user) { hash(&place.passwords, user) } else { Lookup::Nobody };
                self.login.check(client, headers, &place.realm, find).await
            }
        }
    }

    /// Whether a POST without a token is taken (R6).
    pub(crate) fn allows_scripted_post(&self) -> bool {
        self.gui_conf().allow_scripted_post
    }

    /// The file is small and asked for rarely, so it is read each time. What cannot be read allows nothing.
    fn gui_conf(&self) -> GuiConf {
        let bytes = read(&self.gui_conf).ok();
        bytes.and_then(|bytes| GuiConf::parse(&bytes).ok()).map(|(conf, _)| conf).unwrap_or_default()
    }
}

/// The password file is read on every request: a new password counts at once.
fn hash(passwords: &Path, user: &str) -> Lookup {
    match read(passwords) {
        Ok(bytes) => password_file::hash_of(&bytes, user)
            .map_or(Lookup::NoPassword, |hash| Lookup::Hash(hash.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Lookup::NoPassword,
        Err(error) => {
            tracing::error!("nobody is let in: cannot read {}: {error}", passwords.display());
            Lookup::NoPassword
        }
    }
}

/// A whole file, but no more than any should have.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
