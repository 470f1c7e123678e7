//! Reading a body: bounded in size before and after unpacking, in time, and in what all requests hold together.

use crate::app::App;
use crate::refusal::Refusal;
use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, EXPECT};
use axum::http::{HeaderMap, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// The most content of one request, unpacked.
pub const BODY_BYTES: usize = 64 << 20;
/// What all requests may hold at a time, in KiB.
pub(crate) const ROOM_KIB: usize = 256 << 10;
/// By how much a body takes of that room as it comes. What it only announces takes nothing: it could keep out everybody by it.
const STEP_BYTES: usize = 1 << 20;
/// A body may be as slow as this after the grace time; slower ones hold a place that others need.
const LEAST_BYTES_PER_SECOND: u64 = 1_024;

/// How a body is bounded.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// Its size, packed and unpacked.
    most_bytes: usize,
    /// The longest pause inside it.
    pause: Duration,
    /// How long it may be slow.
    grace: Duration,
}

/// Of whoever has a grant.
pub(crate) const OF_THE_KNOWN: Bounds =
    Bounds { most_bytes: BODY_BYTES, pause: Duration::from_secs(20), grace: Duration::from_secs(30) };
/// Of our own JSON: an SQL text, an account.
pub(crate) const OF_OUR_OWN: Bounds = Bounds { most_bytes: 1 << 20, ..OF_THE_KNOWN };
/// Of the files of a mapping.
pub(crate) const OF_MAPPINGS: Bounds = Bounds { most_bytes: 24 << 20, ..OF_THE_KNOWN };
/// Of whoever is still to be known: a name and a password, the code of a link.
pub(crate) const OF_STRANGERS: Bounds =
    Bounds { most_bytes: 16 << 10, pause: Duration::from_secs(5), grace: Duration::from_secs(10) };

/// What of a body that nobody wants is taken all the same, and for how long.
const REST_BYTES: usize = 8 << 20;
const REST_TIME: Duration = Duration::from_secs(5);

/// A body as it was read. Its room is given back when this is dropped.
pub struct Content {
    /// The bytes, unpacked.
    pub bytes: Vec<u8>,
    /// What was around them: `gzip`, or nothing.
    pub wrapper: &'static str,
    _room: Vec<OwnedSemaphorePermit>,
}

/// A body that nobody has read yet. If nobody does, what still comes of it is taken, within bounds, beside the answer: a client
/// that is refused while it sends would otherwise find its connection reset, and often not see why.
pub(crate) struct Unread {
    body: Option<Body>,
    is_awaited: bool,
}

impl Unread {
    /// The body of a request. Who waits to be told to go on (`Expect`) is not told to; HTTP/2 ends a body by itself.
    pub(crate) fn new(body: Body, headers: &HeaderMap, version: Version) -> Unread {
        Unread { body: Some(body), is_awaited: version < Version::HTTP_2 && !headers.contains_key(EXPECT) }
    }

    /// No body.
    pub(crate) fn none() -> Unread {
        Unread { body: None, is_awaited: false }
    }

    /// The body, for whoever reads it; empty the second time.
    pub(crate) fn take(&mut self) -> Body {
        self.body.take().unwrap_or_default()
    }

    /// What is left of a body that was taken and refused.
    pub(crate) fn give_back(&mut self, body: Body) {
        self.body = Some(body);
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| self.is_awaited && !body.is_end_stream()) else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(REST_TIME, take_the_rest(body)));
        }
    }
}

async fn take_the_rest(mut body: Body) {
    let mut left = REST_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let came = frame.data_ref().map_or(0, axum::body::Bytes::len);
        match left.checked_sub(came) {
            Some(rest) => left = rest,
            None => break,
        }
    }
}

/// Reads a body.
pub(crate) async fn read(
    app: &Arc<App>,
    headers: &HeaderMap,
    mut unread: Unread,
    bounds: Bounds,
) -> Result<Content, Refusal> {
    let mut body = unread.take();
    let content = read_from(app, headers, &mut body, bounds).await;
    if content.is_err() {
        unread.give_back(body);
    }
    content
}

async fn read_from(app: &Arc<App>, headers: &HeaderMap, body: &mut Body, bounds: Bounds) -> Result<Content, Refusal> {
    let gzip =
        match headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase()) {
            None => false,
            Some(encoding) if encoding.is_empty() || encoding == "identity" => false,
            Some(encoding) if encoding == "gzip" || encoding == "x-gzip" => true,
            Some(encoding) => {
                let text = format!("Content-Encoding {encoding} is not supported: send gzip or the plain bytes");
                return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported", text)
                    .with_header("accept-encoding", "gzip"));
            }
        };
    let Bounds { most_bytes, pause, grace } = bounds;
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most_bytes as u64) {
        return Err(too_large(bounds));
    }
    let mut room = Room::new(app);
    let mut bytes = Vec::with_capacity((announced.unwrap_or(0) as usize).min(STEP_BYTES));
    let begun = Instant::now();
    loop {
        let Ok(frame) = tokio::time::timeout(pause, body.frame()).await else { return Err(too_slow()) };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| Refusal::bad_request(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > most_bytes {
            return Err(too_large(bounds));
        }
        room.grow(bytes.len() + data.len())?;
        bytes.extend_from_slice(&data);
        fast_enough(bytes.len() as u64, begun, grace)?;
    }
    if !gzip {
        return Ok(Content { bytes, wrapper: "", _room: room.keep() });
    }
    // How large it will be is not known before it is unpacked: room for the bound while that goes on.
    room.grow(bytes.len() + most_bytes)?;
    let bytes = app.reading(move |_| unpack(&bytes, bounds)).await?;
    drop(room);
    let mut room = Room::new(app);
    room.grow(bytes.len())?;
    Ok(Content { bytes, wrapper: "gzip", _room: room.keep() })
}

/// What a body takes of the room that all share.
pub(crate) struct Room<'a> {
    app: &'a Arc<App>,
    bytes: usize,
    held: Vec<OwnedSemaphorePermit>,
}

impl Room<'_> {
    pub(crate) fn new(app: &Arc<App>) -> Room<'_> {
        Room { app, bytes: 0, held: Vec::new() }
    }

    /// Takes as much as is needed for `bytes`: as much again as there is, up to a step, so that small bodies take little.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        while self.bytes < bytes {
            let step = (bytes - self.bytes).max(self.bytes).min(STEP_BYTES);
            let kib = step.div_ceil(1 << 10);
            let permit = Arc::clone(&self.app.body_room).try_acquire_many_owned(kib as u32);
            self.held.push(permit.map_err(|_| Refusal::busy())?);
            self.bytes += kib << 10;
        }
        Ok(())
    }

    /// What was taken, to be given back later.
    pub(crate) fn keep(self) -> Vec<OwnedSemaphorePermit> {
        self.held
    }
}

fn unpack(packed: &[u8], bounds: Bounds) -> Result<Vec<u8>, Refusal> {
    let most_bytes = bounds.most_bytes;
    let mut bytes = Vec::with_capacity((packed.len() * 8).min(most_bytes));
    flate2::read::MultiGzDecoder::new(packed)
        .take(most_bytes as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Refusal::bad_request(format!("the body is not the gzip it says it is: {error}")))?;
    if bytes.len() > most_bytes { Err(too_large(bounds)) } else { Ok(bytes) }
}

fn too_large(bounds: Bounds) -> Refusal {
    let text = match bounds.most_bytes {
        BODY_BYTES => format!(
            "the body is larger than {} MiB: send it in parts, or load the file with `medweave import`, which has no such bound",
            BODY_BYTES >> 20
        ),
        most => format!("the body is larger than the {} KiB that are taken here", most >> 10),
    };
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", text)
}

/// Refuses a body of which `came` bytes came since it began, if that is too slow.
pub(crate) fn fast_enough(came: u64, begun: Instant, grace: Duration) -> Result<(), Refusal> {
    let over = begun.elapsed().saturating_sub(grace).as_secs();
    if came < over * LEAST_BYTES_PER_SECOND { Err(too_slow()) } else { Ok(()) }
}

pub(crate) fn too_slow() -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body came too slowly: nothing was stored, send it again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn packed_bodies_are_unpacked() {
        assert_eq!(unpack(&gzip(b"{}"), OF_THE_KNOWN).unwrap(), b"{}");
    }

    #[test]
    fn a_bomb_is_refused_at_the_bound() {
        let bomb = gzip(&vec![0; BODY_BYTES + 1]);
        assert!(bomb.len() < 100_000);
        assert_eq!(unpack(&bomb, OF_THE_KNOWN).unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
        let small = gzip(&vec![0; OF_STRANGERS.most_bytes + 1]);
        assert_eq!(unpack(&small, OF_STRANGERS).unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn what_is_no_gzip_is_a_bad_request() {
        assert_eq!(unpack(b"hello", OF_THE_KNOWN).unwrap_err().status, StatusCode::BAD_REQUEST);
        let mut cut = gzip(&[7; 10_000]);
        cut.truncate(cut.len() - 9);
        assert_eq!(unpack(&cut, OF_THE_KNOWN).unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
