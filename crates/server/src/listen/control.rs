//! The control socket: the same routes for commands on this machine, which the operating system vouches for.

use super::GRACE;
use super::Near;
use super::connection::Connections;
use crate::call::Peer;
use axum::Router;
use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;

/// Serves `path` until `stop` is over, then removes it. The caller holds the lock of the data directory, so that a socket
/// found there is a dead one.
///
/// # Errors
/// The socket cannot be made.
pub fn control<F>(path: &Path, router: Router, stop: F) -> io::Result<impl Future<Output = ()> + Send + use<F>>
where
    F: Future<Output = ()> + Send + 'static,
{
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(Near::of(path)?.path())?;
    // Between bind and this, others of this machine could connect; who they are is checked for each connection anyway.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(run(path.to_owned(), listener, Connections::new(router), stop))
}

async fn run(path: PathBuf, listener: UnixListener, connections: Connections, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        let held = tokio::select! {
            () = &mut stop => break,
            held = connections.room() => held,
        };
        // Without knowing who it is there is nothing to say.
        if let Ok(credentials) = stream.peer_cred() {
            connections.serve(stream, Peer::Local { uid: credentials.uid() }, held);
        }
    }
    drop(listener);
    connections.finish(GRACE).await;
    let _ = std::fs::remove_file(path);
}
