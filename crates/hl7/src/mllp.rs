//! The minimal lower layer protocol, without I/O: bytes in, messages out.
//!
//! A message travels as `0x0B message 0x1C 0x0D`. The framer takes bytes in any pieces, passes over what stands between
//! frames, does not insist on the last `0x0D`, and keeps no more than its bound.
//!
//! ```
//! use hl7::mllp::{Framer, Received, frame};
//! let mut framer = Framer::default();
//! framer.push(&frame(b"MSH|^~\\&|A\r")[..5]);
//! assert_eq!(framer.next(), None);
//! framer.push(&frame(b"MSH|^~\\&|A\r")[5..]);
//! assert_eq!(framer.next(), Some(Received::Message(b"MSH|^~\\&|A\r".to_vec())));
//! ```

use std::collections::VecDeque;

/// Start of a frame.
pub const START: u8 = 0x0b;
/// End of a frame, followed by [`CARRIAGE_RETURN`].
pub const END: u8 = 0x1c;
/// Last byte of a frame.
pub const CARRIAGE_RETURN: u8 = 0x0d;
/// Longest message unless the framer is told otherwise.
pub const DEFAULT_LIMIT_BYTES: usize = 16 << 20;

/// What is kept of a message that is longer than the bound.
pub const HEAD_BYTES: usize = 256 << 10;

/// What the framer found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// The content of a whole frame.
    Message(Vec<u8>),
    /// A frame that another one interrupted, or that the connection's end cut off.
    Unfinished {
        /// What there was of it.
        bytes: Vec<u8>,
    },
    /// A frame longer than the bound, at its end; only its beginning is kept.
    TooLong {
        /// Its first bytes, [`HEAD_BYTES`] at most.
        head: Vec<u8>,
        /// How long it was.
        length: u64,
        /// The bound that it broke.
        limit_bytes: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    Inside,
    Skipping,
}

/// Cuts a stream of bytes into messages.
#[derive(Debug)]
pub struct Framer {
    limit_bytes: usize,
    state: State,
    buffer: Vec<u8>,
    /// How long the frame is that is passed over; its beginning is in the buffer.
    passed_over: u64,
    ready: VecDeque<Received>,
    stray_bytes: u64,
}

impl Default for Framer {
    fn default() -> Self {
        Self::new(DEFAULT_LIMIT_BYTES)
    }
}

impl Framer {
    /// A framer for messages of at most `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Framer {
            limit_bytes,
            state: State::Between,
            buffer: Vec::new(),
            passed_over: 0,
            ready: VecDeque::new(),
            stray_bytes: 0,
        }
    }

    /// Takes what was read from the connection.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.state {
                State::Between => match memchr::memchr(START, bytes) {
                    Some(at) => {
                        self.count_stray(&bytes[..at]);
                        bytes = &bytes[at + 1..];
                        self.state = State::Inside;
                    }
                    None => {
                        self.count_stray(bytes);
                        return;
                    }
                },
                State::Inside => {
                    let end = memchr::memchr(END, bytes);
                    let part = &bytes[..end.unwrap_or(bytes.len())];
                    if self.buffer.len() + part.len() > self.limit_bytes {
                        self.passed_over = self.buffer.len() as u64;
                        self.buffer.truncate(HEAD_BYTES);
                        self.buffer.shrink_to_fit();
                        self.state = State::Skipping;
                        continue;
                    }
                    self.make_room(part.len());
                    self.buffer.extend_from_slice(part);
                    let Some(end) = end else { return };
                    bytes = &bytes[end + 1..];
                    self.state = State::Between;
                    self.complete();
                }
                State::Skipping => {
                    let end = memchr::memchr(END, bytes);
                    let part = &bytes[..end.unwrap_or(bytes.len())];
                    self.passed_over += part.len() as u64;
                    let room = HEAD_BYTES - self.buffer.len();
                    self.buffer.extend_from_slice(&part[..part.len().min(room)]);
                    let Some(end) = end else { return };
                    bytes = &bytes[end + 1..];
                    self.state = State::Between;
                    let (head, limit_bytes) = (std::mem::take(&mut self.buffer), self.limit_bytes);
                    self.ready.push_back(Received::TooLong { head, length: self.passed_over, limit_bytes });
                }
            }
        }
    }

    /// Bytes that it holds: of a message that has begun, and of what was found and not asked for yet.
    pub fn held_bytes(&self) -> usize {
        let found = self.ready.iter().map(|received| match received {
            Received::Message(bytes) | Received::Unfinished { bytes } => bytes.len(),
            Received::TooLong { head, .. } => head.len(),
        });
        self.buffer.len() + found.sum::<usize>()
    }

    /// The next thing found, in the order of the stream.
    #[allow(clippy::should_implement_trait, reason = "pushing between calls makes more appear: this is no iterator")]
    pub fn next(&mut self) -> Option<Received> {
        self.ready.pop_front()
    }

    /// The connection ended: what was begun is unfinished.
    pub fn finish(&mut self) {
        let bytes = std::mem::take(&mut self.buffer);
        if self.state == State::Inside {
            self.ready.push_back(Received::Unfinished { bytes });
        }
        self.state = State::Between;
    }

    /// True while a frame has begun and not ended: a pause now is a time-out, not idleness.
    pub fn is_inside(&self) -> bool {
        self.state != State::Between
    }

    /// Bytes outside of frames so far, not counting line ends and frame ends: a sender that does not frame shows here.
    pub fn stray_bytes(&self) -> u64 {
        self.stray_bytes
    }

    /// Grows by a quarter at a time, so that what is held and what is allocated stay close.
    fn make_room(&mut self, more: usize) {
        if self.buffer.capacity() - self.buffer.len() < more {
            self.buffer.reserve_exact(more.max(self.buffer.len() / 4));
        }
    }

    fn count_stray(&mut self, bytes: &[u8]) {
        self.stray_bytes += bytes.iter().filter(|b| !matches!(**b, b'\r' | b'\n' | END)).count() as u64;
    }

    /// A start byte before a header inside of a frame: the sender gave up and began again.
    fn complete(&mut self) {
        let content = std::mem::take(&mut self.buffer);
        let mut from = 0;
        for at in memchr::memchr_iter(START, &content) {
            let rest = &content[at + 1..];
            if [&b"MSH"[..], b"FHS", b"BHS"].iter().any(|id| rest.starts_with(id)) {
                self.ready.push_back(Received::Unfinished { bytes: content[from..at].to_vec() });
                from = at + 1;
            }
        }
        let message = if from == 0 { content } else { content[from..].to_vec() };
        self.ready.push_back(Received::Message(message));
    }
}

/// A message in its frame.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 3);
    out.push(START);
    out.extend_from_slice(message);
    out.extend([END, CARRIAGE_RETURN]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(framer: &mut Framer) -> Vec<Received> {
        std::iter::from_fn(|| framer.next()).collect()
    }

    #[test]
    fn what_stands_between_frames_is_passed_over_and_counted() {
        let mut framer = Framer::default();
        framer.push(b"\r\nhello\x0bMSH|a\x1c\x0bMSH|b\x1c\r\r\n\x0bMSH|c\x1c\r");
        let got = all(&mut framer);
        assert_eq!(got, [b"MSH|a", b"MSH|b", b"MSH|c"].map(|m| Received::Message(m.to_vec())));
        assert_eq!(framer.stray_bytes(), 5);
    }

    #[test]
    fn a_frame_over_the_bound_is_named_and_the_next_one_comes_through() {
        let mut framer = Framer::new(8);
        framer.push(b"\x0bMSH|12345");
        framer.push(b"6789\x1c\r\x0bMSH|1234\x1c\r");
        let head = b"MSH|123456789".to_vec();
        assert_eq!(
            all(&mut framer),
            [Received::TooLong { head, length: 13, limit_bytes: 8 }, Received::Message(b"MSH|1234".to_vec())]
        );
        // Of a long one the beginning, and no more is held meanwhile.
        let mut framer = Framer::new(2 * HEAD_BYTES);
        framer.push(b"\x0b");
        for _ in 0..5 {
            framer.push(&vec![b'x'; HEAD_BYTES]);
            assert!(framer.held_bytes() <= 2 * HEAD_BYTES);
        }
        framer.push(b"\x1c");
        let Some(Received::TooLong { head, length, .. }) = framer.next() else { panic!() };
        assert_eq!((head.len(), length), (HEAD_BYTES, 5 * HEAD_BYTES as u64));
    }

    #[test]
    fn a_frame_that_starts_anew_leaves_the_old_one_unfinished() {
        let mut framer = Framer::default();
        framer.push(b"\x0bMSH|half\x0bMSH|a\x0btab\x1c\r\x0bMSH|cut");
        framer.finish();
        assert_eq!(
            all(&mut framer),
            [
                Received::Unfinished { bytes: b"MSH|half".to_vec() },
                Received::Message(b"MSH|a\x0btab".to_vec()),
                Received::Unfinished { bytes: b"MSH|cut".to_vec() },
            ]
        );
    }

    proptest! {
        #[test]
        fn frames_come_out_whole_however_the_stream_is_cut(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>().prop_filter("frame bytes", |b| *b != START && *b != END), 0..40), 0..8),
            cuts in prop::collection::vec(1usize..9, 1..50),
        ) {
            let stream: Vec<u8> = messages.iter().flat_map(|m| frame(m)).collect();
            let mut framer = Framer::default();
            let mut at = 0;
            let mut turn = 0;
            while at < stream.len() {
                let end = (at + cuts[turn % cuts.len()]).min(stream.len());
                framer.push(&stream[at..end]);
                at = end;
                turn += 1;
            }
            let got = all(&mut framer);
            prop_assert_eq!(got, messages.into_iter().map(Received::Message).collect::<Vec<_>>());
            prop_assert!(!framer.is_inside());
        }

        #[test]
        fn no_bytes_break_the_framer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut framer = Framer::new(50);
            framer.push(&bytes);
            framer.finish();
            let kept: usize = all(&mut framer).iter().map(|r| match r {
                Received::Message(b) | Received::Unfinished { bytes: b } => b.len(),
                Received::TooLong { head, .. } => head.len(),
            }).sum();
            prop_assert!(kept <= bytes.len());
        }
    }
}
