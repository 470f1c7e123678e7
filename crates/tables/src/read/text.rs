//! The text of a file, decoded block by block, with the byte offset of every place that is asked for.
//!
//! UTF-8 keeps its bytes, so an offset in the text is one in the file: each byte that is no text is replaced by one (ASCII SUB).
//! For other encodings a property that all of them share gives offsets: a byte below 0x30 is never a part of a longer
//! character (in UTF-16, a unit below 0x30), and is the same character everywhere. So the n-th of them in the file is the n-th
//! of them in the text, and whatever ends with one (a line, a row in brackets) has an exact place.

use super::charset::{Charset, Decoding, Proposal, propose_encoding};
use super::mistaken::Mistaken;
use super::raw::Raw;
use super::{Content, ReadError};
use encoding_rs::{Decoder, DecoderResult};
use std::collections::VecDeque;

/// Bytes read at a time, at least.
const BLOCK_BYTES: usize = 256 << 10;
/// Bytes read at a time, at most.
const MOST_BYTES: usize = 4 << 20;
/// What stands for a byte that is no text, in the text of a UTF-8 file.
pub(super) const SUBSTITUTE: char = '\u{1a}';

/// Something in the file that no row may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Bytes that are no text, and where in the file they are.
    NotText(u64),
    /// A zero byte.
    Nul,
}

/// Bytes that are no text.
struct NotText {
    /// Where in the text, from its beginning.
    at: u64,
    /// Where in the file.
    offset: u64,
}

/// The text of a file that was decoded and not taken yet.
pub(super) struct Text {
    raw: Raw,
    charset: Charset,
    /// Whether somebody said, or a mark says, that it is in this encoding.
    declared: bool,
    /// None for UTF-8.
    decoder: Option<Decoding>,
    /// Whether it is UTF-8 after all, where another encoding was declared.
    mistaken: Option<Mistaken>,
    decoded: String,
    /// Of UTF-8 with bytes that are no text: what stands in the file, byte for byte where `decoded` has the text.
    original: Option<Vec<u8>>,
    /// How much of `decoded` was taken, and how much text came before it.
    at: usize,
    before: u64,
    /// Bytes of the file that are not decoded (UTF-8: the beginning of a character).
    block: Vec<u8>,
    /// Bytes of the file that belong to the text that was not taken (not UTF-8), and how many of them were passed.
    bytes: Vec<u8>,
    passed: usize,
    /// Where in the file the text begins that was not taken.
    offset: u64,
    /// How much of the file was given to the decoder.
    given: u64,
    /// Where bytes are no text, and where zero bytes are.
    flaws: VecDeque<NotText>,
    nuls: VecDeque<u64>,
    ended: bool,
    /// What is to be said about the encoding.
    pub(super) note: Option<String>,
}

impl Text {
    /// Begins to read: looks at the byte-order mark.
    pub(super) fn begin(mut raw: Raw, declared: Option<Charset>) -> Result<Self, ReadError> {
        let mut block = Vec::new();
        raw.read(&mut block, BLOCK_BYTES)?;
        let (mut charset, mut is_declared) = (declared.unwrap_or(Charset::UTF_8), declared.is_some());
        let (mut offset, mut note) = (0, None);
        if let Some((marked, length)) = Charset::of_mark(&block) {
            if declared.is_some_and(|declared| declared != marked) {
                note = Some(format!(
                    "it begins with the byte-order mark of {marked}, so it is read as that, not as {charset}"
                ));
            }
            (charset, is_declared, offset) = (marked, true, length as u64);
            block.drain(..length);
        }
        if !is_declared && memchr::memchr(0, &block).is_some() {
            let proposal = propose_encoding(&block);
            if proposal.encoding.is_wide() {
                return Err(undeclared(raw.file(), offset, &proposal));
            }
        }
        let decoder = (charset != Charset::UTF_8).then(|| charset.decoding());
        // A mark at the beginning leaves no doubt.
        let mistaken = (decoder.is_some() && !charset.is_wide() && offset == 0).then(|| Mistaken::new(charset));
        let mut text = Text {
            raw,
            charset,
            declared: is_declared,
            decoder,
            mistaken,
            decoded: String::new(),
            original: None,
            at: 0,
            before: 0,
            block,
            bytes: Vec::new(),
            passed: 0,
            offset,
            given: offset,
            flaws: VecDeque::new(),
            nuls: VecDeque::new(),
            ended: false,
            note,
        };
        text.decode()?;
        Ok(text)
    }

    /// The file, for messages.
    pub(super) fn file(&self) -> &str {
        self.raw.file()
    }

    /// The encoding that it is read in.
    pub(super) fn charset(&self) -> Charset {
        self.charset
    }

    /// What was not taken yet.
    pub(super) fn rest(&self) -> &str {
        &self.decoded[self.at..]
    }

    /// The bytes of what was not taken yet: in UTF-8 those of the file, also where they are no text, else those of its text.
    pub(super) fn rest_bytes(&self) -> &[u8] {
        self.original.as_ref().map_or(self.decoded.as_bytes(), Vec::as_slice).get(self.at..).unwrap_or_default()
    }

    /// True when all of the file is decoded.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Where in the file the rest begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// What the file holds, once all of it was read.
    pub(super) fn content(&self) -> Option<Content> {
        self.raw.content()
    }

    /// Decodes more; false at the end of the file.
    pub(super) fn fill(&mut self) -> Result<bool, ReadError> {
        if self.ended {
            return Ok(false);
        }
        if self.at > 0 {
            self.before += self.at as u64;
            self.decoded.drain(..self.at);
            if let Some(original) = &mut self.original {
                original.drain(..self.at);
            }
            self.at = 0;
            self.bytes.drain(..self.passed);
            self.passed = 0;
        }
        // As much again as there is, so that what looks at a long rest again and again does so seldom.
        let length = self.decoded.len().clamp(BLOCK_BYTES, MOST_BYTES);
        self.raw.read(&mut self.block, length)?;
        self.decode()?;
        Ok(true)
    }

    fn decode(&mut self) -> Result<(), ReadError> {
        let from = self.decoded.len();
        let last = self.raw.ended();
        if self.decoder.is_some() {
            self.decode_other(last)?;
        } else {
            self.decode_utf8(last)?;
        }
        self.ended = last;
        // Zero bytes are characters to every encoding, and never in the text of a table. Of many in a row one is enough.
        let new = &self.decoded.as_bytes()[from..];
        let mut seen = None;
        for at in memchr::memchr_iter(0, new) {
            let between = seen.map(|seen: usize| &new[seen + 1..at]);
            if between.is_none_or(|between| between.iter().any(|byte| is_low(*byte))) {
                self.nuls.push_back(self.before + (from + at) as u64);
            }
            seen = Some(at);
        }
        Ok(())
    }

    fn decode_utf8(&mut self, last: bool) -> Result<(), ReadError> {
        let mut block = std::mem::take(&mut self.block);
        let mut from = 0;
        let whole = if last { block.len() } else { block.len() - begun(&block) };
        while from < whole {
            match std::str::from_utf8(&block[from..whole]) {
                Ok(text) => {
                    self.decoded.push_str(text);
                    if let Some(original) = &mut self.original {
                        original.extend_from_slice(text.as_bytes());
                    }
                    from = whole;
                }
                Err(error) => {
                    let good = from + error.valid_up_to();
                    if let Ok(text) = std::str::from_utf8(&block[from..good]) {
                        self.decoded.push_str(text);
                    }
                    let bad = error.error_len().unwrap_or(whole - good);
                    self.flaw(&block[from..], self.given + good as u64)?;
                    match &mut self.original {
                        Some(original) => original.extend_from_slice(&block[from..good]),
                        None => self.original = Some(self.decoded.as_bytes().to_vec()),
                    }
                    if let Some(original) = &mut self.original {
                        original.extend_from_slice(&block[good..good + bad]);
                    }
                    (0..bad).for_each(|_| self.decoded.push(SUBSTITUTE));
                    from = good + bad;
                }
            }
        }
        self.given += whole as u64;
        block.drain(..whole);
        self.block = block;
        Ok(())
    }

    fn decode_other(&mut self, last: bool) -> Result<(), ReadError> {
        let block = std::mem::take(&mut self.block);
        let Some(mut decoder) = self.decoder.take() else { return Ok(()) };
        if let Some(mistaken) = &mut self.mistaken {
            mistaken.look(&block);
            if last && mistaken.is_utf_8() {
                let what = format!(
                    "declared as {}, but all of it is UTF-8: read as {0} its letters would be others. Declare `encoding = \"utf-8\"` for \
                     it, under its table in mapping.toml if the other files are {0}",
                    self.charset
                );
                return Err(ReadError::at(self.file(), what));
            }
        }
        self.bytes.extend_from_slice(&block);
        match &mut decoder {
            Decoding::Web(decoder) => self.decode_web(decoder, &block, last)?,
            Decoding::Dos(page) => {
                for (at, byte) in block.iter().enumerate() {
                    let char = page.char(*byte);
                    if char.is_none() {
                        self.flaw(&block, self.given + at as u64)?;
                    }
                    self.decoded.push(char.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
        }
        self.given += block.len() as u64;
        self.decoder = Some(decoder);
        self.block = block;
        self.block.clear();
        Ok(())
    }

    fn decode_web(&mut self, decoder: &mut Decoder, block: &[u8], last: bool) -> Result<(), ReadError> {
        let mut from = 0;
        loop {
            let room =
                decoder.max_utf8_buffer_length_without_replacement(block.len() - from).unwrap_or(block.len() * 3 + 16);
            self.decoded.reserve(room);
            let (result, read) = decoder.decode_to_string_without_replacement(&block[from..], &mut self.decoded, last);
            from += read;
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let end = self.given + from as u64 - u64::from(after);
                    self.flaw(block, end - u64::from(length))?;
                    self.decoded.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
    }

    /// Notes bytes that are no text, or refuses the file if nobody said what it is.
    fn flaw(&mut self, sample: &[u8], offset: u64) -> Result<(), ReadError> {
        if !self.declared {
            return Err(undeclared(self.file(), offset, &propose_encoding(sample)));
        }
        let at = self.before + self.decoded.len() as u64;
        // One flaw a row is enough, and nothing ends a row but a byte below 0x30.
        if let Some(other) = self.flaws.back() {
            let since = other.at.saturating_sub(self.before) as usize;
            let ends_row = |byte: &u8| is_low(*byte) && *byte != SUBSTITUTE as u8;
            if other.at >= self.before && !self.decoded.as_bytes()[since..].iter().any(ends_row) {
                return Ok(());
            }
        }
        self.flaws.push_back(NotText { at, offset });
        Ok(())
    }

    /// The first flaw in the next bytes of the text.
    pub(super) fn flaw_within(&self, length: usize) -> Option<Flaw> {
        let end = self.before + (self.at + length) as u64;
        if let Some(flaw) = self.flaws.front().filter(|flaw| flaw.at < end) {
            return Some(Flaw::NotText(flaw.offset));
        }
        self.nuls.front().filter(|at| **at < end).map(|_| Flaw::Nul)
    }

    /// Takes text, and says where in the file it was: from, and how long. Exact if it ends with a character below 0x30 or
    /// at the end of the file, and what was taken before did too.
    pub(super) fn take(&mut self, length: usize) -> (u64, u64) {
        let start = self.offset;
        if self.decoder.is_none() {
            self.offset += length as u64;
        } else {
            let taken = &self.decoded.as_bytes()[self.at..self.at + length];
            let low = taken.iter().filter(|byte| is_low(**byte)).count();
            let is_all = self.ended && self.at + length == self.decoded.len();
            let passed = if is_all {
                self.bytes.len() - self.passed
            } else {
                after_low(&self.bytes[self.passed..], low, self.charset)
            };
            self.passed += passed;
            self.offset += passed as u64;
        }
        self.at += length;
        let end = self.before + self.at as u64;
        while self.flaws.front().is_some_and(|flaw| flaw.at < end) {
            self.flaws.pop_front();
        }
        while self.nuls.front().is_some_and(|at| *at < end) {
            self.nuls.pop_front();
        }
        (start, self.offset - start)
    }

    /// Where in the file the next character below 0x30 is, if the text before it was taken.
    pub(super) fn offset_of_low(&self) -> u64 {
        if self.decoder.is_none() {
            return self.offset;
        }
        let rest = &self.bytes[self.passed..];
        let width = if self.charset.is_wide() { 2 } else { 1 };
        self.offset + after_low(rest, 1, self.charset).saturating_sub(width) as u64
    }
}

/// A file of which nobody said in which encoding it is, and that is not UTF-8.
fn undeclared(file: &str, offset: u64, proposal: &Proposal) -> ReadError {
    let Proposal { encoding, why } = proposal;
    let name = encoding.name().to_ascii_lowercase();
    ReadError::at(
        format!("{file}, byte {offset}"),
        format!(
            "not UTF-8, and no other encoding is declared. It may be {encoding} ({why}): look at it, then declare `encoding = \"{name}\"`"
        ),
    )
}

/// True for what no character of several bytes has in it.
fn is_low(byte: u8) -> bool {
    byte < 0x30
}

/// How many bytes go until after the n-th low one.
fn after_low(bytes: &[u8], mut n: usize, charset: Charset) -> usize {
    if n == 0 {
        return 0;
    }
    if charset.is_wide() {
        let high = usize::from(charset == Charset::web(encoding_rs::UTF_16LE));
        let units = bytes.chunks_exact(2);
        for (at, unit) in units.enumerate() {
            n -= usize::from(unit[high] == 0 && is_low(unit[1 - high]));
            if n == 0 {
                return 2 * at + 2;
            }
        }
        return bytes.len();
    }
    let mut at = 0;
    for chunk in bytes.chunks(64) {
        let low = chunk.iter().filter(|byte| is_low(**byte)).count();
        if low >= n {
            break;
        }
        n -= low;
        at += chunk.len();
    }
    for byte in &bytes[at..] {
        at += 1;
        n -= usize::from(is_low(*byte));
        if n == 0 {
            break;
        }
    }
    at
}

/// How many bytes at the end are the beginning of a character.
fn begun(bytes: &[u8]) -> usize {
    for (back, byte) in bytes.iter().rev().take(3).enumerate() {
        let length = match byte {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            0x80..=0xBF => continue,
            _ => 0,
        };
        return if back + 1 < length { back + 1 } else { 0 };
    }
    0
}
