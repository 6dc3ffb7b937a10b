//! The rules by address: blocks of `httpd.conf`, and `.htaccess` files, which count from the moment they are written.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use access::{Decision, Effective, Levels, Rules, Settings, Unhonoured, htaccess};

use crate::gate::area::Area;
use crate::gate::names::Names;
use crate::refusal::Refusal;
use crate::server::settings::lines;

/// As in the `httpd.conf` that Piranha ships.
const REALM: &str = "access to the piranha web GUI";

/// Decides by address.
#[derive(Debug)]
pub(crate) struct Addresses {
    settings: Settings,
    web: HtAccess,
    secure: HtAccess,
    names: Names,
}

/// Where passwords are for a page.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) passwords: PathBuf,
    pub(crate) realm: String,
}

/// A `.htaccess` file.
#[derive(Debug)]
struct HtAccess {
    path: PathBuf,
    /// What was logged of it already.
    told: Mutex<Vec<Unhonoured>>,
}

impl Addresses {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            web: HtAccess::below(&settings.document_root),
            secure: HtAccess::below(&settings.document_root.join("secure")),
            names: Names::default(),
            settings,
        }
    }

    /// Whether this address may come in.
    ///
    /// # Errors
    ///
    /// It may not.
    pub(crate) async fn decide(&self, area: Area, client: IpAddr) -> Result<Place, Refusal> {
        let (web, secure) = (self.web.read(), self.secure.read());
        let levels = Levels {
            secure_file: secure.as_ref(),
            secure_block: Some(&self.settings.secure),
            web_file: web.as_ref(),
            web_block: Some(&self.settings.web),
        };
        let (open, behind) = (levels.open(), levels.secure());
        let allowed = match area {
            Area::Open => self.allows(open, client).await,
            Area::Decoration => self.allows(open, client).await || self.allows(behind, client).await,
            Area::Secure | Area::Readable => self.allows(behind, client).await,
        };
        if !allowed {
            return Err(Refusal::Address);
        }
        let usual = self.settings.default_password_file();
        let passwords =
            behind.auth_user_file.map_or_else(|| usual.to_owned(), |path| self.settings.absolute(path));
        Ok(Place { passwords, realm: behind.auth_name.unwrap_or(REALM).to_owned() })
    }

    async fn allows(&self, rules: Effective<'_>, client: IpAddr) -> bool {
        let names = if rules.needs_names(client) { self.names.of(client).await } else { Vec::new() };
        rules.decide(client, &mut |_| names.clone()) == Decision::Allowed
    }
}

impl HtAccess {
    fn below(folder: &Path) -> Self {
        Self { path: folder.join(".htaccess"), told: Mutex::default() }
    }

    /// What it says now; `None` if there is none. One that cannot be read is one that is not understood.
    fn read(&self) -> Option<Rules> {
        let rules = match super::read(&self.path) {
            Ok(bytes) => htaccess::parse(&bytes),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return None;
            }
            Err(error) => htaccess::parse(format!("unreadable: {error}").as_bytes()),
        };
        self.tell(rules.faults());
        Some(rules)
    }

    /// Says once which lines are not understood.
    fn tell(&self, faults: &[Unhonoured]) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told != faults {
            for line in lines("is not understood, so only this computer is let in", &self.path, faults) {
                tracing::error!("{line}");
            }
            faults.clone_into(&mut told);
        }
    }
}
