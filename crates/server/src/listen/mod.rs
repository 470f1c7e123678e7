//! Listening: TCP in the clear or under TLS, and the control socket of the data directory.

mod connection;
mod control;
mod near;
mod open_files;
mod patient;
mod room;
mod tls;

pub use control::control;
pub use near::Near;
pub use tls::Tls;

use crate::call::Peer;
use axum::Router;
use connection::Connections;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long connections may finish when the program stops.
pub const GRACE: Duration = Duration::from_secs(10);

/// Why a port cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is reachable by others and the connection would not be encrypted.
    #[error(
        "{0} can be reached from other machines: give --tls-cert and --tls-key, or listen on 127.0.0.1 (patient data never crosses a network in the clear)"
    )]
    NotEncrypted(SocketAddr),
    /// Somebody else has the port.
    #[error("{0} is in use by another program: choose another address with --http, or stop it")]
    InUse(SocketAddr),
    /// The system refuses the port.
    #[error("cannot listen on {address}: {error}")]
    Refused {
        /// The address.
        address: String,
        /// The system's answer.
        error: std::io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("{0}")]
    Certificate(String),
}

/// Binds a port. Beyond this machine only with encryption.
///
/// # Errors
/// [`Error::NotEncrypted`], [`Error::InUse`], [`Error::Refused`].
pub async fn bind(address: SocketAddr, tls: Option<&Tls>) -> Result<TcpListener, Error> {
    if !address.ip().to_canonical().is_loopback() && tls.is_none() {
        return Err(Error::NotEncrypted(address));
    }
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => Error::InUse(address),
        _ => Error::Refused { address: address.to_string(), error },
    })
}

/// Serves a port until `stop` is over; then lets requests that have begun finish.
pub async fn serve(listener: TcpListener, router: Router, tls: Option<Tls>, stop: impl Future<Output = ()>) {
    let connections = Connections::new(router);
    tokio::pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, mostly: others must close first.
                    records::tell_operator!("medweave: a connection could not be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let held = tokio::select! {
            () = &mut stop => break,
            held = connections.room() => held,
        };
        // Small answers go at once; if the system does not know the option they go later.
        let _ = stream.set_nodelay(true);
        match &tls {
            None => connections.serve(stream, Peer::Network { address, tls: false }, held),
            Some(tls) => {
                let (tls, connections) = (tls.clone(), connections.clone());
                tokio::spawn(async move {
                    let accepted = tokio::select! {
                        accepted = tokio::time::timeout(HANDSHAKE, tls.accept(stream)) => accepted,
                        () = held.told_to_leave() => return,
                    };
                    if let Ok(Ok(stream)) = accepted {
                        connections.serve(stream, Peer::Network { address, tls: true }, held);
                    }
                });
            }
        }
    }
    drop(listener);
    connections.finish(GRACE).await;
}
