//! Whom a sender trusts, and what it shows of itself.

use crate::cli::Hl7Send;
use crate::failure::Failure;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
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

/// How a connection is encrypted, and whose certificate is expected.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) server: ServerName<'static>,
}

impl Tls {
    /// As it was asked for; `None` if the connection is in the clear.
    pub(super) fn of(asked: &Hl7Send) -> Result<Option<Tls>, Failure> {
        if !asked.tls {
            return Ok(None);
        }
        let host = asked.tls_name.clone().unwrap_or_else(|| asked.to.host.clone());
        let server = ServerName::try_from(host.clone())
            .map_err(|_| Failure::usage(format!("\"{host}\" is no name that a certificate can be for")))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::failed(error.to_string()))?
            .with_root_certificates(trusted(asked.ca.as_deref())?);
        let config = match (&asked.client_cert, &asked.client_key) {
            (Some(certificate), Some(key)) => {
                let chain = certificates(certificate)?;
                let private = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| Failure::usage(format!("{} has no private key in PEM: {error}", key.display())))?;
                builder.with_client_auth_cert(chain, private).map_err(|error| {
                    Failure::usage(format!("{} does not go with {}: {error}", certificate.display(), key.display()))
                })?
            }
            _ => builder.with_no_client_auth(),
        };
        Ok(Some(Tls { config: Arc::new(config), server }))
    }
}

/// Certificates of those who are trusted: of a file, or of this machine.
fn trusted(ca: Option<&Path>) -> Result<RootCertStore, Failure> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let mut system = named.into_iter().chain(SYSTEM.map(PathBuf::from));
    let path = match ca {
        Some(path) => path.to_owned(),
        None => system.find(|path| path.is_file()).ok_or_else(|| {
            Failure::usage("this machine has no list of certificates to trust: name one with --ca FILE")
        })?,
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&path)? {
        // A system's list has old ones that cannot be used; of a file that somebody named, each is meant.
        if let Err(error) = roots.add(certificate)
            && ca.is_some()
        {
            return Err(Failure::usage(format!("a certificate of {} cannot be used: {error}", path.display())));
        }
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let failed =
        |why: &dyn std::fmt::Display| Failure::usage(format!("{} has no certificate in PEM: {why}", path.display()));
    let found: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| failed(&error))?;
    if found.is_empty() { Err(failed(&"there is none in it")) } else { Ok(found) }
}

/// What can be done about a connection that is not trusted, as the library's text tells it; nothing for others.
pub(super) fn advice(text: &str) -> &'static str {
    let known = [
        (
            "UnknownIssuer",
            "nobody whom this machine trusts has signed the receiver's certificate: name who has with --ca FILE",
        ),
        ("BadSignature", "the receiver's certificate is signed with another key than that of --ca FILE"),
        ("CaUsedAsEndEntity", "the receiver shows a certificate that is one for signing: it needs one of its own"),
        ("NotValidForName", "the receiver's certificate is for another name: say for which with --tls-name NAME"),
        ("not valid for name", "the receiver's certificate is for another name: say for which with --tls-name NAME"),
        ("expired", "the time of the receiver's certificate is over: it needs a new one"),
        ("Expired", "the time of the receiver's certificate is over: it needs a new one"),
        (
            "CertificateRequired",
            "the receiver wants a certificate of its senders: show one with --client-cert and --client-key",
        ),
        ("corrupt message", "the receiver does not speak TLS on this port: leave out --tls"),
        ("InvalidContentType", "the receiver does not speak TLS on this port: leave out --tls"),
    ];
    known.iter().find(|(part, _)| text.contains(part)).map_or("", |(_, advice)| advice)
}
