//! The synthetic hospital's side of the ports: messages over MLLP, transactions over HTTP, each after the other was answered.

use crate::directory::now_us;
use crate::failure::Failure;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use hl7::mllp::{Framer, Received, frame};
use http_body_util::BodyExt;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use synth::{Event, Hospital, Via};

/// How much of the past is told at speed.
const TOLD_US: i64 = 6 * 3_600 * 1_000_000;
/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a waiting sender looks whether the demo ends.
const LOOK: Duration = Duration::from_millis(200);

/// What sends.
pub(super) struct Sender {
    pub(super) http: SocketAddr,
    pub(super) mllp: SocketAddr,
    pub(super) token: String,
    pub(super) zone: String,
    pub(super) seed: u64,
    pub(super) speed: f64,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) runtime: tokio::runtime::Handle,
}

/// The open connections.
struct Lines {
    messages: TcpStream,
    framer: Framer,
    requests: SendRequest<Body>,
}

impl Sender {
    /// Sends until the demo ends. `ready` hears when what is long past was sent.
    pub(super) fn run(self, ready: tokio::sync::oneshot::Sender<String>) -> Result<(), Failure> {
        let mut lines = self.connect()?;
        let begun_us = now_us();
        let mut hospital = Hospital::new(self.seed, begun_us, ahead_min(&self.zone, begun_us));
        let told_us = if self.speed > 1.0 { TOLD_US } else { 0 };
        let begun = Instant::now();
        let past = hospital.until(begun_us - told_us);
        let count = past.len();
        for event in past {
            if self.stop.load(Ordering::Acquire) {
                return Ok(());
            }
            self.send(&mut lines, event)?;
        }
        let _ = ready.send(format!(
            "{count} messages and transactions of the past are stored ({:.1} s); the hospital goes on",
            begun.elapsed().as_secs_f64()
        ));
        let clock = Instant::now();
        let from_us = begun_us - told_us;
        for event in hospital {
            // Faster than life until the present is reached, never beyond it.
            let reached = || {
                let passed_us = clock.elapsed().as_micros() as f64 * self.speed;
                (from_us + passed_us as i64).min(now_us())
            };
            while reached() < event.at_us {
                if self.stop.load(Ordering::Acquire) {
                    return Ok(());
                }
                std::thread::sleep(LOOK);
            }
            self.send(&mut lines, event)?;
        }
        Ok(())
    }

    fn connect(&self) -> Result<Lines, Failure> {
        let messages = TcpStream::connect(self.mllp)?;
        messages.set_read_timeout(Some(PATIENCE))?;
        messages.set_nodelay(true)?;
        let requests = self.runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(self.http).await?;
            let (requests, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
                .await
                .map_err(|error| Failure::failed(format!("no connection to {}: {error}", self.http)))?;
            tokio::spawn(connection);
            Ok::<_, Failure>(requests)
        })?;
        Ok(Lines { messages, framer: Framer::default(), requests })
    }

    fn send(&self, lines: &mut Lines, event: Event) -> Result<(), Failure> {
        let result = match &event.via {
            Via::Mllp(message) => send_message(lines, message),
            Via::Fhir { method, path, body } => self.request(lines, method.as_str(), path, body),
        };
        match result {
            // The demo ends, and with it the ports.
            Err(_) if self.stop.load(Ordering::Acquire) => Ok(()),
            Err(_) if self.is_closed(lines) => {
                *lines = self.connect()?;
                self.send(lines, event)
            }
            other => other,
        }
    }

    /// Connections that were idle for long are closed by the server.
    fn is_closed(&self, lines: &Lines) -> bool {
        lines.requests.is_closed() && TcpStream::connect(self.http).is_ok()
    }

    fn request(&self, lines: &mut Lines, method: &str, path: &str, body: &str) -> Result<(), Failure> {
        let slash = if path.is_empty() { "" } else { "/" };
        let request = Request::builder()
            .method(method)
            .uri(format!("/fhir{slash}{path}"))
            .header("host", self.http.to_string())
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/fhir+json")
            .header("prefer", "return=minimal")
            .body(Body::from(body.to_owned()))
            .map_err(|error| Failure::failed(error.to_string()))?;
        let broke_off = |error: &dyn std::fmt::Display| Failure::failed(format!("{} broke off: {error}", self.http));
        let answer = self.runtime.block_on(async {
            lines.requests.ready().await.map_err(|error| broke_off(&error))?;
            let answer = lines.requests.send_request(request).await.map_err(|error| broke_off(&error))?;
            let status = answer.status();
            let text = answer.into_body().collect().await.map_err(|error| broke_off(&error))?.to_bytes();
            Ok::<(StatusCode, _), Failure>((status, text))
        })?;
        let (status, text) = answer;
        if status.is_success() {
            return Ok(());
        }
        Err(Failure::failed(format!("a transaction was refused with {status}: {}", String::from_utf8_lossy(&text))))
    }
}

/// Minutes that a zone's clock is ahead of UTC.
pub(super) fn ahead_min(zone: &str, at_us: i64) -> i32 {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_microsecond(at_us).map_or(0, |at| zone.to_offset(at).seconds() / 60)
}

/// Sends a message and waits until it is accepted.
fn send_message(lines: &mut Lines, message: &[u8]) -> Result<(), Failure> {
    lines.messages.write_all(&frame(message))?;
    let mut buffer = [0; 4_096];
    loop {
        if let Some(Received::Message(answer)) = lines.framer.next() {
            let text = String::from_utf8_lossy(&answer);
            let code = text.split('\r').find_map(|segment| segment.strip_prefix("MSA|")).unwrap_or_default();
            if code.starts_with("AA") {
                return Ok(());
            }
            return Err(Failure::failed(format!("a message was not accepted: {text}")));
        }
        let count = lines.messages.read(&mut buffer)?;
        if count == 0 {
            return Err(Failure::failed("the MLLP port closed the connection"));
        }
        lines.framer.push(&buffer[..count]);
    }
}
