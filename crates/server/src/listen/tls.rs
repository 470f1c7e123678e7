//! TLS 1.2 and 1.3 with the operator's certificate.

use super::Error;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

/// A certificate with its key, ready to be served.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl Tls {
    /// Reads a certificate chain and its private key, both PEM.
    ///
    /// # Errors
    /// [`Error::Certificate`] says which file and what is wrong with it.
    pub fn load(certificate: &Path, key: &Path) -> Result<Tls, Error> {
        let bad = |path: &Path, why: &dyn std::fmt::Display| Error::Certificate(format!("{} {why}", path.display()));
        let unread = |path: &Path, what: &str, error: pem::Error| match error {
            pem::Error::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                bad(path, &format!("cannot be read: {error}: let the user that runs medweave read it"))
            }
            pem::Error::Io(error) => bad(path, &format!("cannot be read: {error}")),
            pem::Error::NoItemsFound => bad(path, &format!("has no {what} in it (PEM is expected)")),
            error => bad(path, &format!("is no PEM file: {error}")),
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .map_err(|error| unread(certificate, "certificate", error))?;
        if chain.is_empty() {
            return Err(unread(certificate, "certificate", pem::Error::NoItemsFound));
        }
        let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unread(key, "private key", error))?;
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| bad(certificate, &error))?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(|error| bad(certificate, &format!("does not go with {} ({error})", key.display())))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Tls(TlsAcceptor::from(Arc::new(config))))
    }

    /// The same certificate for a protocol that is not HTTP.
    pub fn without_http(&self) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(self.0.config());
        config.alpn_protocols.clear();
        Arc::new(config)
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}
