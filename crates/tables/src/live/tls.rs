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

const OTHER_NAME: &str = "the server's certificate is for another name: write the address with the name it is for";
const NOT_YET: &str =
    "the time of the server's certificate has not come: look whether the clocks of both machines are right";

/// What can be done about a connection that is not trusted, as an error's text tells it; nothing for others.
pub(super) fn advice(text: &str) -> &'static str {
    let known = [
        (
            "UnknownIssuer",
            "nobody whom this machine trusts has signed the server's certificate: name who has with ca=FILE in the address",
        ),
        (
            "BadSignature",
            "the server's certificate is signed by somebody of the name that ca=FILE holds, but with another key: name who has signed it with ca=FILE in the address",
        ),
        (
            "CaUsedAsEndEntity",
            "the server shows a certificate that is one for signing: give it one of its own that this one has signed, and name this one with ca=FILE",
        ),
        ("NotValidForName", OTHER_NAME),
        ("not valid for name", OTHER_NAME),
        ("NotValidYet", NOT_YET),
        ("not valid yet", NOT_YET),
        ("certificate expired", "the time of the server's certificate is over: it needs a new one"),
        ("Expired", "the time of the server's certificate is over: it needs a new one"),
        (
            "server does not have this capability",
            "the database offers no encryption: let it, or say tls=off in the address if the network between is yours alone",
        ),
    ];
    known.iter().find(|(part, _)| text.contains(part)).map_or("", |(_, advice)| advice)
}

/// The same behind what cannot be connected to.
pub(super) fn unconnected(text: &str) -> String {
    match advice(text) {
        "" => format!("cannot be connected to: {text}"),
        advice => format!("cannot be connected to ({text}): {advice}"),
    }
}

/// For drivers that take the library's default.
pub(super) fn make_default() {
    // Whoever was first is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{CertificateError, Error, OtherError};

    #[test]
    fn what_is_not_trusted_is_told_with_what_can_be_done() {
        let said = |error: CertificateError| unconnected(&Error::InvalidCertificate(error).to_string());
        assert!(said(CertificateError::UnknownIssuer).contains("ca=FILE"));
        assert!(said(CertificateError::BadSignature).contains("with another key"));
        assert!(said(CertificateError::NotValidForName).contains("another name"));
        let presented = vec!["DnsName(\"db\")".to_owned()];
        let expected = rustls::pki_types::ServerName::try_from("other").unwrap().to_owned();
        let context = CertificateError::NotValidForNameContext { expected, presented };
        assert!(said(context).contains("another name"));
        assert!(said(CertificateError::NotValidYet).contains("clocks"));
        assert!(said(CertificateError::Expired).contains("the time of the server's certificate is over"));
        let signer = OtherError(Arc::new(std::io::Error::other("CaUsedAsEndEntity")));
        assert!(said(CertificateError::Other(signer)).contains("one for signing"));
        assert!(unconnected("Client asked for SSL but server does not have this capability").contains("tls=off"));
        assert_eq!(unconnected("connection refused"), "cannot be connected to: connection refused");
    }
}
