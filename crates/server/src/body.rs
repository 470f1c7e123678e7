//! Reading a body: bounded in size before and after unpacking, in time, and in what all requests hold together.

use crate::app::App;
use crate::refusal::Refusal;
use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// The most content of one request, unpacked.
pub const BODY_BYTES: usize = 64 << 20;
/// What all requests may hold at a time, in KiB.
pub(crate) const ROOM_KIB: usize = 256 << 10;
/// The longest pause inside a body.
const PAUSE: Duration = Duration::from_secs(20);
/// A body may be as slow as this after the grace time; slower ones hold a place that others need.
const LEAST_BYTES_PER_SECOND: u64 = 1_024;
const GRACE: Duration = Duration::from_secs(30);

/// A body as it was read. Its room is given back when this is dropped.
pub struct Content {
    /// The bytes, unpacked.
    pub bytes: Vec<u8>,
    /// What was around them: `gzip`, or nothing.
    pub wrapper: &'static str,
    _room: Vec<OwnedSemaphorePermit>,
}

/// Reads a body.
pub(crate) async fn read(app: &Arc<App>, headers: &HeaderMap, mut body: Body) -> Result<Content, Refusal> {
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
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY_BYTES as u64) {
        return Err(too_large());
    }
    let mut room = vec![reserve(app, announced.unwrap_or(0) as usize)?];
    let mut reserved = announced.unwrap_or(0) as usize;
    let mut bytes = Vec::with_capacity(reserved.min(1 << 20));
    let begun = Instant::now();
    loop {
        let Ok(frame) = tokio::time::timeout(PAUSE, body.frame()).await else { return Err(too_slow()) };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| Refusal::bad_request(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > BODY_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
        while bytes.len() > reserved {
            room.push(reserve(app, 1 << 20)?);
            reserved += 1 << 20;
        }
        let over = begun.elapsed().saturating_sub(GRACE).as_secs();
        if (bytes.len() as u64) < over * LEAST_BYTES_PER_SECOND {
            return Err(too_slow());
        }
    }
    if !gzip {
        return Ok(Content { bytes, wrapper: "", _room: room });
    }
    // How large it will be is not known before it is unpacked: room for the bound while that goes on.
    room.push(reserve(app, BODY_BYTES)?);
    let bytes = app.reading(move |_| unpack(&bytes)).await?;
    room.truncate(0);
    room.push(reserve(app, bytes.len())?);
    Ok(Content { bytes, wrapper: "gzip", _room: room })
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity((packed.len() * 8).min(BODY_BYTES));
    flate2::read::MultiGzDecoder::new(packed)
        .take(BODY_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Refusal::bad_request(format!("the body is not the gzip it says it is: {error}")))?;
    if bytes.len() > BODY_BYTES { Err(too_large()) } else { Ok(bytes) }
}

fn reserve(app: &Arc<App>, bytes: usize) -> Result<OwnedSemaphorePermit, Refusal> {
    let kib = u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX);
    Arc::clone(&app.body_room).try_acquire_many_owned(kib).map_err(|_| Refusal::busy())
}

fn too_large() -> Refusal {
    let text = format!(
        "the body is larger than {} MiB: send it in parts, or load the file with `medweave import`, which has no such bound",
        BODY_BYTES >> 20
    );
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", text)
}

fn too_slow() -> Refusal {
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
        assert_eq!(unpack(&gzip(b"{}")).unwrap(), b"{}");
    }

    #[test]
    fn a_bomb_is_refused_at_the_bound() {
        let bomb = gzip(&vec![0; BODY_BYTES + 1]);
        assert!(bomb.len() < 100_000);
        assert_eq!(unpack(&bomb).unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn what_is_no_gzip_is_a_bad_request() {
        assert_eq!(unpack(b"hello").unwrap_err().status, StatusCode::BAD_REQUEST);
        let mut cut = gzip(&[7; 10_000]);
        cut.truncate(cut.len() - 9);
        assert_eq!(unpack(&cut).unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
