//! Answers that are made while they are sent.

use crate::answer::Answer;
use crate::request_id::RequestId;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde_json::Value;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Chunks that may wait for a slow reader.
const WAITING: usize = 2;

/// The writing end; it waits while the reader is slow.
pub(super) struct Lines {
    send: mpsc::Sender<io::Result<Bytes>>,
    request: RequestId,
}

impl Lines {
    /// Sends a line of JSON; `Break` if nobody reads any more.
    pub(super) fn send(&self, value: &Value) -> ControlFlow<()> {
        self.bytes(format!("{value}\n").into())
    }

    /// Sends bytes; `Break` if nobody reads any more.
    pub(super) fn bytes(&self, bytes: Bytes) -> ControlFlow<()> {
        match self.send.blocking_send(Ok(bytes)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Breaks the answer off: its status is long sent, and every client notices an end without an end. Why is in the log.
    pub(super) fn fail(&self, why: String) {
        eprintln!("medweave: request {}: the answer broke off: {why}", self.request);
        let _ = self.send.blocking_send(Err(io::Error::other(why)));
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.send.is_closed()
    }
}

/// An answer that `make` writes on a thread that may block.
pub(super) fn lines(media: &str, request: &RequestId, make: impl FnOnce(&Lines) + Send + 'static) -> Answer {
    lines_while(media, request, (), make)
}

/// As [`lines`]; `kept` is dropped when the answer is sent, or nobody reads any more.
pub(super) fn lines_while<T: Send + Unpin + 'static>(
    media: &str,
    request: &RequestId,
    kept: T,
    make: impl FnOnce(&Lines) + Send + 'static,
) -> Answer {
    let (send, receive) = mpsc::channel(WAITING);
    let request = request.clone();
    tokio::task::spawn_blocking(move || make(&Lines { send, request }));
    let body = Keeping { receiving: Receiving(receive), _kept: kept };
    Answer::new(StatusCode::OK, media, Body::new(StreamBody::new(body)))
}

/// The reading end, as a body takes it.
pub(super) struct Receiving(pub(super) mpsc::Receiver<io::Result<Bytes>>);

impl futures_core::Stream for Receiving {
    type Item = io::Result<Frame<Bytes>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|next| next.map(|chunk| chunk.map(Frame::data)))
    }
}

/// A reading end, and what goes with it.
struct Keeping<T> {
    receiving: Receiving,
    _kept: T,
}

impl<T: Unpin> futures_core::Stream for Keeping<T> {
    type Item = io::Result<Frame<Bytes>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.receiving).poll_next(context)
    }
}
