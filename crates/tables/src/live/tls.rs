//! Encryption of connections: whom to trust, by the program's one library.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where systems keep the certificates of those they trust: Debian, Red Hat, SUSE, Alpine.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Certificates of those who are trusted: of a file, or of the system.
pub(super) fn trusted(ca: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let path = match ca {
        Some(path) => path.to_owned(),
        None => {
            system().ok_or("this system has no list of certificates to trust: name one with the parameter ca=FILE")?
        }
    };
    let failed =
        |error: &dyn std::fmt::Display| format!("the certificates of {} cannot be read: {error}", path.display());
    let found = CertificateDer::pem_file_iter(&path).map_err(|error| failed(&error))?;
    let mut certificates = Vec::new();
    for certificate in found {
        let certificate = certificate.map_err(|error| failed(&error))?;
        // A system's list has old ones that cannot be used; of a file that somebody named, each is meant.
        match RootCertStore::empty().add(certificate.clone()) {
            Ok(()) => certificates.push(certificate),
            Err(error) if ca.is_some() => return Err(failed(&error)),
            Err(_) => {}
        }
    }
    if certificates.is_empty() { Err(failed(&"there is none in it")) } else { Ok(certificates) }
}

fn system() -> Option<PathBuf> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    named.into_iter().chain(SYSTEM.map(PathBuf::from)).find(|path| path.is_file())
}

/// How a connection is encrypted.
pub(super) fn config(
    ca: Option<&Path>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for certificate in trusted(ca)? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
    Ok(config.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth())
}

/// For drivers that take the library's default.
pub(super) fn make_default() {
    // Whoever was first is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
