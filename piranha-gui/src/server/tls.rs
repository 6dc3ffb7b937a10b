//! The certificate: of the `SSLEngine` lines of `httpd.conf`, or one of our own (`--self-signed`).

use std::path::Path;
use std::sync::Arc;

use access::Settings;
use anyhow::{Context as _, anyhow};
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access, geteuid};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::options::Options;
use crate::server::identity::Identity as User;
use crate::server::self_signed;
use crate::start::{NOT_CONFIGURED, Refusal};

/// Chain and key.
pub(crate) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// What answers encrypted connections, if they are wanted. In `own` a certificate of our own is kept.
///
/// # Errors
///
/// They are wanted and there is no certificate, or it cannot be used: never is anything sent unencrypted instead.
pub(crate) fn acceptor(
    settings: &Settings,
    options: &Options,
    own: &Path,
    page: Option<&User>,
    warnings: &mut Vec<String>,
) -> Result<Option<TlsAcceptor>, Refusal> {
    let identity = match (&settings.certificate, settings.tls, options.self_signed) {
        (Some(certificate), true, _) => of_files(certificate, settings.key.as_deref().unwrap_or(certificate)),
        (None, true, false) => Err(anyhow!(
            "{} says SSLEngine on, but has no SSLCertificateFile: add it, or start with --self-signed",
            options.httpd_conf.display()
        )),
        (_, _, true) => self_signed::identity(own, page, warnings),
        (_, false, false) => return Ok(None),
    };
    let configuration = identity.and_then(configuration);
    match configuration {
        Ok(configuration) => Ok(Some(TlsAcceptor::from(Arc::new(configuration)))),
        Err(error) => Err(Refusal::new(NOT_CONFIGURED, format!("{error:#}"))),
    }
}

fn configuration((chain, key): Identity) -> anyhow::Result<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().context("no version of TLS")?;
    let mut configuration = builder
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the certificate cannot be used")?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}

/// Of PEM files.
pub(crate) fn of_files(certificate: &Path, key: &Path) -> anyhow::Result<Identity> {
    let unreadable = |path: &Path| format!("cannot read the certificate in {}", path.display());
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| unreadable(certificate))?;
    if chain.is_empty() {
        return Err(anyhow!("there is no certificate in {}", certificate.display()));
    }
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| {
        format!("cannot read the key in {} (PEM, without a password){}", key.display(), hint(key))
    })?;
    Ok((chain, key))
}

/// A page that systemd starts never was root.
fn hint(file: &Path) -> String {
    if access(file, AccessFlags::R_OK) != Err(Errno::EACCES) {
        return String::new();
    }
    let user = geteuid();
    let file = file.display();
    format!("; the page runs as user {user} and may not: chgrp piranha {file}; chmod 0640 {file}")
}

/// Of a text with both.
pub(crate) fn of_text(text: &str) -> anyhow::Result<Identity> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<_, _>>()?;
    Ok((chain, PrivateKeyDer::from_pem_slice(text.as_bytes())?))
}
