//! A certificate of our own. It is kept, so that a browser that was told to trust it asks once only.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::Path;

use anyhow::Context as _;
use nix::unistd::gethostname;
use rcgen::{CertificateParams, DnType, KeyPair};
use service::{secret_file, whole_file};
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::server::identity::Identity as User;
use crate::server::tls::{self, Identity};

/// In `/var/lib/piranha`: key and certificate, for root only.
const FILE: &str = "gui-certificate.pem";
const LONGEST: usize = 64 * 1024;

/// The kept one, or a new one; its fingerprint is told, to be compared with what the browser shows.
///
/// # Errors
///
/// The kept one cannot be read, or there can be none.
pub(crate) fn identity(
    state: &Path,
    page: Option<&User>,
    warnings: &mut Vec<String>,
) -> anyhow::Result<Identity> {
    let path = state.join(FILE);
    let identity = match secret_file::read(&path, LONGEST) {
        Ok(text) => {
            tls::of_text(&text).with_context(|| format!("cannot use {}; remove it", path.display()))?
        }
        Err(error) if error.is_absent() => {
            let text = make().context("cannot make a certificate")?;
            if let Err(error) = keep(&path, page, &text) {
                let what = "browsers will ask again after the next start";
                warnings.push(format!("cannot keep the certificate in {}: {error}; {what}", path.display()));
            }
            tls::of_text(&text)?
        }
        Err(error) => return Err(error.into()),
    };
    warnings.extend(
        identity
            .0
            .first()
            .map(|certificate| format!("own certificate: SHA-256 {}", fingerprint(certificate))),
    );
    Ok(identity)
}

fn make() -> anyhow::Result<String> {
    let name = gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(Some(name.clone()).filter(|name| !name.is_empty()));
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, format!("Piranha on {name}"));
    let key = KeyPair::generate()?;
    Ok(key.serialize_pem() + &params.self_signed(&key)?.pem())
}

fn keep(path: &Path, page: Option<&User>, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        fs::DirBuilder::new().mode(0o750).create(folder)?;
        // Others keep there what the page reads.
        chown(folder, None, page.map(|page| page.group.as_raw()))?;
    }
    whole_file::create(path, text.as_bytes(), 0o600).map_err(|error| error.reason)
}

/// As browsers show it: `AB:CD:...`
fn fingerprint(certificate: &CertificateDer) -> String {
    let digits: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    digits.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_kept_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("self-signed-{}", std::process::id()));
        let mut said = Vec::new();
        let first = identity(&folder, None, &mut said).unwrap();
        let again = identity(&folder, None, &mut said).unwrap();
        assert_eq!(first.0, again.0);
        assert!(
            said.len() == 2 && said[0] == said[1] && said[0].starts_with("own certificate: SHA-256 "),
            "{said:?}"
        );
        assert_eq!(fs::metadata(folder.join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }
}
