//! One connection: HTTP/1.1 or 2, bounded in how long it may dawdle.

use super::open_files;
use super::patient::Patient;
use super::room::{Held, Room};
use crate::call::Peer;
use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tower::ServiceExt;

/// How long a client may take for the head of a request, and a connection may be idle.
const HEAD: Duration = Duration::from_secs(30);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 64 << 10;

/// How often a new connection looks for a place while all are busy.
const ALL_BUSY: Duration = Duration::from_millis(20);

/// The connections of a listener.
#[derive(Clone)]
pub(super) struct Connections {
    router: Router,
    builder: Builder<TokioExecutor>,
    room: Room,
    graceful: Arc<Mutex<Option<GracefulShutdown>>>,
}

impl Connections {
    pub(super) fn new(router: Router) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES).half_close(false);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Some(HEAD))
            .keep_alive_timeout(Duration::from_secs(10))
            .max_concurrent_streams(64)
            .max_header_list_size(HEAD_BYTES as u32);
        Connections {
            router,
            builder,
            room: Room::new(open_files::connections()),
            graceful: Arc::new(Mutex::new(Some(GracefulShutdown::new()))),
        }
    }

    /// A place for one more connection; waits only while all are busy.
    pub(super) async fn room(&self) -> Arc<Held> {
        loop {
            if let Some(held) = self.room.take() {
                return held;
            }
            tokio::time::sleep(ALL_BUSY).await;
        }
    }

    /// Serves a connection beside the others.
    pub(super) fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: Peer,
        held: Arc<Held>,
    ) {
        let router = self.router.clone();
        let at = Arc::clone(&held);
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            let busy = at.busy();
            let answering = router.clone().oneshot(request);
            async move {
                let answer = answering.await;
                drop(busy);
                answer
            }
        });
        let connection = self.builder.serve_connection(TokioIo::new(Patient::new(stream)), service).into_owned();
        // Once everything is told to finish, whatever still comes is not begun.
        let Some(watcher) = self.graceful().as_ref().map(GracefulShutdown::watcher) else { return };
        let connection = watcher.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is the client's matter; its requests were answered or not stored.
            tokio::select! {
                _ = connection => {}
                () = held.told_to_leave() => {}
            }
        });
    }

    fn graceful(&self) -> MutexGuard<'_, Option<GracefulShutdown>> {
        self.graceful.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets what has begun finish, for so long.
    pub(super) async fn finish(self, grace: Duration) {
        let graceful = self.graceful().take();
        if let Some(graceful) = graceful {
            let _ = tokio::time::timeout(grace, graceful.shutdown()).await;
        }
    }
}
