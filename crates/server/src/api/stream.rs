//! Answers that are made while they are sent.

use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::request_id::RequestId;
use crate::turns::Turn;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde_json::Value;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::mpsc::RecvTimeoutError;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often it is looked whether an answer is read still.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Chunks that may wait for a slow reader.
const WAITING: usize = 2;

/// The writing end; it waits while the reader is slow. The answer ends with the last of its copies.
#[derive(Clone)]
pub(super) struct Lines {
    send: mpsc::Sender<io::Result<Bytes>>,
    request: RequestId,
}

impl Lines {
    /// Lines that nobody reads.
    pub(super) fn unread() -> Lines {
        let (send, mut receive) = mpsc::channel(WAITING);
        // It ends with the writing end.
        let read = move || while receive.blocking_recv().is_some() {};
        drop(std::thread::Builder::new().name("unread".to_owned()).spawn(read));
        Lines { send, request: RequestId::of(&axum::http::HeaderMap::new()) }
    }

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

    /// Breaks the answer off: its status is long sent, and every client notices an end without an end. The log tells of which
    /// kind the failure was; its text may quote what is in the records.
    pub(super) fn fail(&self, kind: &str) {
        records::tell_operator!("medweave: request {}: the answer broke off: {kind}", self.request);
        let _ = self.send.blocking_send(Err(io::Error::other("the answer broke off")));
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.send.is_closed()
    }

    /// Looks, on a thread of its own and until what is given back is dropped, whether nobody reads any more or `is_over` says so, and calls `end` then:
    /// what computes for long without a line to send would not notice.
    pub(super) fn watch(
        &self,
        is_over: impl Fn() -> bool + Send + 'static,
        end: impl FnOnce() + Send + 'static,
    ) -> Watch {
        let (done, waits) = std::sync::mpsc::channel::<()>();
        let send = self.send.clone();
        let look = move || {
            while let Err(RecvTimeoutError::Timeout) = waits.recv_timeout(LOOK_EVERY) {
                if send.is_closed() || is_over() {
                    return end();
                }
            }
        };
        // Without a thread it is noticed with the next line.
        drop(std::thread::Builder::new().name("watch".to_owned()).spawn(look));
        Watch(done)
    }
}

/// As long as this is there, somebody looks.
pub(super) struct Watch(#[expect(dead_code, reason = "its end is what is waited for")] std::sync::mpsc::Sender<()>);

/// An answer that `make` writes on a thread that may block.
///
/// # Errors
/// 429: as many are being written as there are threads for, or as one principal can have.
pub(super) fn lines(call: &Call, media: &str, make: impl FnOnce(&Lines) + Send + 'static) -> Result<Answer, Refusal> {
    Ok(lines_while(call, turn(call)?, media, (), make))
}

/// A turn to write an answer, for the call's principal.
///
/// # Errors
/// As [`lines`].
pub(super) fn turn(call: &Call) -> Result<Turn, Refusal> {
    call.app.turns.take(call.grant()?.principal().to_string())
}

/// As [`lines`], with a turn taken before; `kept` is dropped when the answer is sent, or nobody reads any more.
pub(super) fn lines_while<T: Send + Unpin + 'static>(
    call: &Call,
    turn: Turn,
    media: &str,
    kept: T,
    make: impl FnOnce(&Lines) + Send + 'static,
) -> Answer {
    let (send, receive) = mpsc::channel(WAITING);
    let request = call.request.clone();
    tokio::task::spawn_blocking(move || {
        make(&Lines { send, request });
        drop(turn);
    });
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
