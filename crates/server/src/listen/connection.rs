//! One connection: HTTP/1.1 or 2, bounded in how long it may dawdle.

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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

/// How long a client may take for the head of a request, and a connection may be idle.
const HEAD: Duration = Duration::from_secs(30);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 64 << 10;

/// The connections of a listener.
#[derive(Clone)]
pub(super) struct Connections {
    router: Router,
    builder: Builder<TokioExecutor>,
    room: Arc<Semaphore>,
    graceful: Arc<Mutex<Option<GracefulShutdown>>>,
}

impl Connections {
    pub(super) fn new(router: Router, most: usize) -> Self {
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
            room: Arc::new(Semaphore::new(most)),
            graceful: Arc::new(Mutex::new(Some(GracefulShutdown::new()))),
        }
    }

    /// Waits until there is room for one more.
    pub(super) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).acquire_owned().await.ok()
    }

    /// Serves a connection beside the others.
    pub(super) fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: Peer,
        room: Option<OwnedSemaphorePermit>,
    ) {
        let router = self.router.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            router.clone().oneshot(request)
        });
        let connection = self.builder.serve_connection(TokioIo::new(stream), service).into_owned();
        // Once everything is told to finish, whatever still comes is not begun.
        let Some(watcher) = self.graceful().as_ref().map(GracefulShutdown::watcher) else { return };
        let connection = watcher.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is the client's matter; its requests were answered or not stored.
            let _ = connection.await;
            drop(room);
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
