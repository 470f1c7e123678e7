//! Files of messages: with batch envelopes (FHS, BHS, BTS, FTS) or just one message after the other.

use super::parse::{looks_like_segment, skip_blank};
use std::ops::Range;

/// The messages of a file, by their byte ranges in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Each message, in order.
    pub messages: Vec<Range<usize>>,
    /// Envelope segments (FHS, BHS, BTS, FTS), without line ends.
    pub envelope: Vec<Range<usize>>,
    /// Text that belongs to no message, without line ends: a dead letter each.
    pub stray: Vec<Range<usize>>,
}

impl Batch {
    /// Splits a file. MLLP frame bytes, blank lines and a byte order mark are passed over. Never fails: what is no message is
    /// [`Batch::stray`].
    ///
    /// ```
    /// let file = b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\rBTS|2\rFTS|1\r";
    /// let batch = hl7::Batch::split(file);
    /// assert_eq!(batch.messages.len(), 2);
    /// assert_eq!(&file[batch.messages[0].clone()], b"MSH|^~\\&|A\rPID|1\r");
    /// assert_eq!(batch.envelope.len(), 4);
    /// ```
    pub fn split(bytes: &[u8]) -> Batch {
        let mut batch = Batch::default();
        let mut open: Option<usize> = None;
        let bom = if bytes.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
        let mut next_line = skip_blank(bytes, bom);
        let mut separator = b'|';
        while next_line < bytes.len() {
            let at = next_line;
            let end = memchr::memchr2(b'\r', b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found);
            let next = skip_blank(bytes, end);
            // Lines may be indented, as in Message::parse.
            let indent = bytes[at..end].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            let at = at + indent;
            let line = &bytes[at..end];
            let is_header = [&b"MSH"[..], b"FHS", b"BHS"].iter().any(|id| line.starts_with(id))
                && line.get(3).is_some_and(|b| !b.is_ascii_alphanumeric() && *b != b' ');
            if is_header {
                separator = line[3];
            }
            let is_trailer =
                [&b"BTS"[..], b"FTS"].iter().any(|id| line.starts_with(id)) && looks_like_segment(line, separator);
            if is_header && line.starts_with(b"MSH") {
                if let Some(start) = open.replace(at) {
                    batch.messages.push(start..at);
                }
            } else if is_header || is_trailer {
                if let Some(start) = open.take() {
                    batch.messages.push(start..at);
                }
                batch.envelope.push(at..end);
            } else if open.is_none() && !line.is_empty() {
                batch.stray.push(at..end);
            }
            next_line = next;
        }
        if let Some(start) = open {
            batch.messages.push(start..bytes.len());
        }
        batch
    }
}
