//! From bytes to the index of segments and fields.

use super::charset::Charset;
use super::cursor::Segment;
use super::place::{Issue, Place, SegmentId, Severity};
use super::separators::Separators;
use crate::ParseError;
use std::collections::HashMap;
use std::ops::Range;

/// What a message may not exceed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Length in bytes; at most 4 GiB, because places are 32 bits wide.
    pub bytes: usize,
    /// Segments.
    pub segments: usize,
    /// Fields in all segments together: bounds the index at 8 bytes each.
    pub fields: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 16 << 20, segments: 100_000, fields: 2_000_000 }
    }
}

/// What is known of a source before its message is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParseOptions {
    /// The character set of messages that name none in MSH-18, or name ASCII and are not. Without it such messages are read
    /// as UTF-8 if they are that, else as ISO 8859-1 with an issue.
    pub charset: Option<Charset>,
    /// Bounds.
    pub limits: Limits,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, end: end as u32 }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

#[derive(Clone, Debug)]
pub(super) struct SegmentEntry {
    pub(super) id: SegmentId,
    /// Which of the segments with this id, from 1.
    pub(super) occurrence: u32,
    pub(super) span: Span,
    /// Its fields in [`Message::fields`]; the first is field 1.
    pub(super) fields: Range<u32>,
}

/// One HL7 v2 message: an index over bytes that stay where they are.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    pub(super) raw: &'a [u8],
    pub(super) separators: Separators,
    pub(super) charset: Charset,
    pub(super) segments: Vec<SegmentEntry>,
    pub(super) fields: Vec<Span>,
    issues: Vec<Issue>,
}

impl<'a> Message<'a> {
    /// Reads one message. A byte order mark, white space and an MLLP start byte before it are passed over, so are blank lines
    /// and an MLLP end. Segments end at `\r`, `\n` or `\r\n`; a line that does not look like a segment continues the one before.
    ///
    /// # Errors
    /// [`ParseError`] if the bytes cannot be one message or go over a limit.
    pub fn parse(raw: &'a [u8], options: &ParseOptions) -> Result<Self, ParseError> {
        let limits = options.limits;
        let limit = limits.bytes.min(u32::MAX as usize);
        if raw.len() > limit {
            return Err(ParseError::TooLong { bytes: raw.len(), limit });
        }
        let start = header_start(raw)?;
        let separators = Separators::read(raw, start)?;
        let mut message = Message {
            raw,
            separators,
            charset: Charset::UTF_8,
            segments: Vec::new(),
            fields: Vec::new(),
            issues: Vec::new(),
        };
        let continued = message.index_segments(start, limits.segments)?;
        message.choose_charset(options.charset)?;
        for at in 0..message.segments.len() {
            message.index_fields(at, limits.fields)?;
        }
        for (segment, offset) in continued {
            let place = message.segment(segment).place();
            let span = offset..message.segments[segment].span.end as usize;
            message.issue(
                Severity::Warning,
                place,
                span,
                "a line break inside the segment was kept as text".to_owned(),
            );
        }
        Ok(message)
    }

    /// The bytes that were parsed.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// What separates in this message.
    pub fn separators(&self) -> &Separators {
        &self.separators
    }

    /// The character set its text is read with.
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// What was odd but readable.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// All segments in order.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = Segment<'_>> + ExactSizeIterator + Clone {
        (0..self.segments.len()).map(|at| self.segment(at))
    }

    /// The segments with this id, in order.
    pub fn segments<'m>(&'m self, id: &'m str) -> impl DoubleEndedIterator<Item = Segment<'m>> + Clone {
        self.all().filter(move |segment| segment.is(id))
    }

    /// The header segment.
    pub fn header(&self) -> Segment<'_> {
        self.segment(0)
    }

    /// Message type and trigger event (MSH-9.1 and 9.2), as in `("ADT", "A01")`. Where the trigger is missing it is taken from
    /// the structure in MSH-9.3 or from EVN-1; `ORU`, `VXU` and `ORM` alone are R01, V04 and O01.
    pub fn event(&self) -> (String, String) {
        let kind = self.header().field(9);
        let code = kind.component(1).text().trim().to_ascii_uppercase();
        let mut trigger = kind.component(2).text().trim().to_ascii_uppercase();
        // `ORU_R01` in the first component is how some senders write it.
        if let (true, Some((code, trigger))) = (trigger.is_empty(), code.split_once('_')) {
            return (code.to_owned(), trigger.to_owned());
        }
        if trigger.is_empty()
            && let Some((_, event)) = kind.component(3).text().split_once('_')
        {
            event.trim().clone_into(&mut trigger);
        }
        if trigger.is_empty()
            && let Some(event) = self.segments("EVN").next()
        {
            event.field(1).text().trim().clone_into(&mut trigger);
        }
        // Of these there is one event that senders leave out.
        if trigger.is_empty() {
            match code.as_str() {
                "ORU" => "R01".clone_into(&mut trigger),
                "VXU" => "V04".clone_into(&mut trigger),
                "ORM" => "O01".clone_into(&mut trigger),
                _ => {}
            }
        }
        (code, trigger.to_ascii_uppercase())
    }

    /// The bytes at a place. Where a part is not there, where it would be: an empty range. `None` without its segment.
    pub fn find(&self, place: Place) -> Option<Range<usize>> {
        let segment =
            self.all().filter(|segment| segment.id() == place.segment).nth(place.occurrence.max(1) as usize - 1)?;
        if place.field == 0 {
            return Some(segment.span());
        }
        let field = segment.field(place.field);
        if place.repeat <= 1 && place.component == 0 {
            return Some(if place.repeat == 0 { field.span() } else { field.repeat(0).span() });
        }
        let repeat = field.repeat(usize::from(place.repeat.max(1)) - 1);
        if place.component == 0 {
            return Some(repeat.span());
        }
        let component = repeat.component(place.component);
        Some(if place.sub == 0 { component.span() } else { component.sub(place.sub).span() })
    }

    /// Puts the message together again from its parts: byte for byte what was parsed.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut at = 0;
        for segment in self.all() {
            out.extend_from_slice(&self.raw[at..segment.span().start]);
            segment.write(out);
            at = segment.span().end;
        }
        out.extend_from_slice(&self.raw[at..]);
    }

    /// The segment at `index`, which must be one of them.
    pub(crate) fn segment(&self, index: usize) -> Segment<'_> {
        Segment::new(self, index)
    }

    fn issue(&mut self, severity: Severity, place: Place, span: Range<usize>, text: String) {
        self.issues.push(Issue { severity, place, span, text });
    }

    /// Finds the segments; gives back those that contain line breaks, with the offset of the first.
    fn index_segments(&mut self, start: usize, limit: usize) -> Result<Vec<(usize, usize)>, ParseError> {
        let raw = self.raw;
        let mut continued = Vec::new();
        let mut seen: HashMap<[u8; 3], u32> = HashMap::new();
        let mut begin = start;
        while begin < raw.len() {
            // Some senders write them in lower case.
            let id = [raw[begin], raw[begin + 1], raw[begin + 2]].map(|byte| byte.to_ascii_uppercase());
            if &id == b"MSH" && begin > start {
                return Err(ParseError::SecondHeader { offset: begin });
            }
            if self.segments.len() >= limit {
                let segment = SegmentId(id).to_string();
                return Err(ParseError::TooMany { what: "segments", limit, offset: begin, segment });
            }
            let mut from = begin;
            let mut first_break = None;
            let (end, next) = loop {
                let Some(found) = memchr::memchr2(b'\r', b'\n', &raw[from..]) else { break (raw.len(), raw.len()) };
                let line_end = from + found;
                let next = skip_blank(raw, line_end);
                if next >= raw.len() {
                    break (line_end, next);
                }
                if let Some(start) = segment_start(raw, next, self.separators.field) {
                    break (line_end, start);
                }
                first_break = first_break.or(Some(line_end));
                from = next;
            };
            let end = trim_frame_end(raw, begin, end);
            if let Some(offset) = first_break {
                continued.push((self.segments.len(), offset));
            }
            let occurrence = seen.entry(id).or_insert(0);
            *occurrence += 1;
            self.segments.push(SegmentEntry {
                id: SegmentId(id),
                occurrence: *occurrence,
                span: Span::new(begin, end),
                fields: 0..0,
            });
            begin = next;
        }
        Ok(continued)
    }

    fn index_fields(&mut self, at: usize, limit: usize) -> Result<(), ParseError> {
        let entry = &self.segments[at];
        let (id, span) = (entry.id, entry.span.range());
        let first = self.fields.len() as u32;
        let is_header = matches!(&id.0, b"MSH" | b"BHS" | b"FHS");
        // A line break right after the id leaves it without its separator.
        let separated = self.raw.get(span.start + 3) == Some(&self.separators.field);
        let mut begin = span.start + 3 + usize::from(separated);
        if is_header && span.len() > 3 {
            self.fields.push(Span::new(span.start + 3, begin));
        }
        if span.len() > 3 {
            let bytes = &self.raw[begin..span.end];
            let offset = begin;
            let fields = &mut self.fields;
            let mut over = None;
            self.charset.positions(bytes, self.separators.field, |found| {
                if fields.len() >= limit {
                    over = Some(offset + found);
                    return false;
                }
                fields.push(Span::new(begin, offset + found));
                begin = offset + found + 1;
                true
            });
            if let Some(offset) = over {
                return Err(ParseError::TooMany { what: "fields", limit, offset, segment: id.to_string() });
            }
            self.fields.push(Span::new(begin, span.end));
        }
        self.segments[at].fields = first..self.fields.len() as u32;
        Ok(())
    }

    /// MSH-18, or the source's, or what the bytes allow.
    fn choose_charset(&mut self, source: Option<Charset>) -> Result<(), ParseError> {
        let header = self.segments[0].span.range();
        let span = self.declared_charset(source).unwrap_or(header.end..header.end);
        let text = String::from_utf8_lossy(&self.raw[span.clone()]).into_owned();
        let repetition = self.separators.repetition.map_or('~', char::from);
        let names: Vec<&str> =
            text.split(repetition).map(str::trim).filter(|n| !n.is_empty() && *n != "\"\"").collect();
        let place = Place { field: 18, ..self.segment(0).place() };
        let first_text = self.raw.iter().position(|b| !b.is_ascii());

        let mut known: Option<Charset> = None;
        for &name in &names {
            // Code and name as components occur here: `8859/1^ISO 8859-1`.
            let name = name.split(char::from(self.separators.component)).next().unwrap_or(name);
            match Charset::from_name(name) {
                // Any Japanese set, also as an alternative, makes the whole ISO 2022.
                Some(Charset::ISO_2022_JP) => known = Some(Charset::ISO_2022_JP),
                Some(set) => known = known.or(Some(set)),
                None if source.is_none() && known.is_none() && first_text.is_some() => {
                    let first_text = first_text.unwrap_or_default();
                    return Err(ParseError::Charset { offset: span.start, name: name.to_owned(), first_text });
                }
                None => {
                    let read_as = source.unwrap_or(Charset::UTF_8).name();
                    let text = format!("the character set {name:?} is not known; read as {read_as}");
                    self.issue(Severity::Warning, place, span.clone(), text);
                }
            }
        }
        // MSH-18, then the source's, then what the bytes look like: the first that the text can be read in.
        // One that is damaged in a few places only is still that set; the places are told when their values are read.
        let reads = |set: &Charset| first_text.is_none() || !set.decode(self.raw).1;
        let reads_mostly = |set: &Charset| set.reads_mostly(self.raw);
        let named = || [known, source].into_iter().flatten();
        // Bytes nearly always read in an old set, and hardly ever make whole characters of UTF-8: a sender that moved to UTF-8 and
        // still names its old set shows so.
        if let Some(set) = named().find(reads)
            && first_text.is_some()
            && set.is_rather_utf8(self.raw)
        {
            let text =
                format!("the text is UTF-8, not {}; correct MSH-18 or set the source's character set", set.name());
            self.issue(Severity::Warning, place, span, text);
            self.charset = Charset::UTF_8;
            return Ok(());
        }
        self.charset = match named().find(reads).or_else(|| named().find(reads_mostly)) {
            Some(set) => set,
            None => {
                let guess = Charset::guess(self.raw);
                let told = match (known, source) {
                    (None, None) => "no character set is given",
                    (Some(_), _) => "the text is not of the character set given",
                    (None, Some(_)) => "no character set is given and the text is not of the source's",
                };
                if (known, source) != (None, None) || guess != Charset::UTF_8 {
                    let name = if guess == Charset::LATIN_1 { "ISO 8859-1" } else { guess.name() };
                    let text = format!("{told}; read as {name}. Correct MSH-18 or set the source's character set");
                    self.issue(Severity::Warning, place, span, text);
                }
                guess
            }
        };
        Ok(())
    }
}

impl Message<'_> {
    /// Where MSH-18 stands. It is ASCII itself, but text before it may hold separators inside of characters; so a set is tried
    /// on the header, and believed if it finds its own name there.
    fn declared_charset(&self, source: Option<Charset>) -> Option<Range<usize>> {
        let header = self.segments[0].span.range();
        let bytes = &self.raw[header.clone()];
        let find = |charset: Charset| {
            // The separator before field n is the (n-1)th of the header.
            let mut ends = Vec::with_capacity(18);
            charset.positions(bytes, self.separators.field, |at| {
                ends.push(at);
                ends.len() < 18
            });
            let before = *ends.get(16)?;
            let end = ends.get(17).copied().unwrap_or(bytes.len());
            Some(header.start + before + 1..header.start + end).filter(|span| self.raw[span.clone()].is_ascii())
        };
        if !bytes.is_ascii() || bytes.contains(&0x1b) {
            let repetition = self.separators.repetition.unwrap_or(b'~');
            for charset in Charset::MULTIBYTE {
                let names_itself = |span: &Range<usize>| {
                    self.raw[span.clone()]
                        .split(|b| *b == repetition || *b == self.separators.component)
                        .any(|name| Charset::from_name(&String::from_utf8_lossy(name)) == Some(charset))
                };
                if let Some(span) = find(charset).filter(names_itself) {
                    return Some(span);
                }
            }
        }
        source.and_then(find).or_else(|| find(Charset::UTF_8))
    }
}

/// Where the header segment starts.
fn header_start(raw: &[u8]) -> Result<usize, ParseError> {
    if raw.starts_with(&[0xff, 0xfe]) || raw.starts_with(&[0xfe, 0xff]) || raw.starts_with(b"M\0S\0") {
        return Err(ParseError::Utf16);
    }
    let bom = if raw.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
    let start = bom + raw[bom..].iter().take_while(|b| b.is_ascii_whitespace() || **b == 0x0b).count();
    let rest = &raw[start..];
    if rest.is_empty() {
        return Err(ParseError::Empty);
    }
    if rest.len() >= 3 && rest[..3].eq_ignore_ascii_case(b"MSH") {
        return Ok(start);
    }
    if rest.starts_with(b"FHS") || rest.starts_with(b"BHS") {
        return Err(ParseError::BatchHeader {
            offset: start,
            segment: String::from_utf8_lossy(&rest[..3]).into_owned(),
        });
    }
    let found = String::from_utf8_lossy(&rest[..rest.len().min(12)]).into_owned();
    Err(ParseError::NoHeader { offset: start, found })
}

/// Passes over line ends, blank lines and the bytes that end an MLLP frame.
pub(super) fn skip_blank(raw: &[u8], mut at: usize) -> usize {
    while let Some(b'\r' | b'\n' | 0x1c | 0x0b) = raw.get(at) {
        at += 1;
    }
    let spaces = raw[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    match raw.get(at + spaces) {
        None => raw.len(),
        Some(b'\r' | b'\n') => skip_blank(raw, at + spaces),
        Some(_) => at,
    }
}

/// Where a segment begins, if one does at `at`: lines are indented where messages were pasted from documents or programs.
fn segment_start(raw: &[u8], at: usize, field_separator: u8) -> Option<usize> {
    if looks_like_segment(&raw[at..], field_separator) {
        return Some(at);
    }
    let spaces = raw[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let line = &raw[at + spaces..];
    // Text may be indented as well: here the separator must be there, and the name in capitals.
    let is_named = spaces > 0 && line.get(3) == Some(&field_separator) && !line[..3].iter().any(u8::is_ascii_lowercase);
    (is_named && looks_like_segment(line, field_separator)).then_some(at + spaces)
}

fn trim_frame_end(raw: &[u8], begin: usize, mut end: usize) -> usize {
    while end > begin + 3 && raw[end - 1] == 0x1c {
        end -= 1;
    }
    end
}

/// Three letters or digits, then the field separator or the end of the line.
pub(super) fn looks_like_segment(bytes: &[u8], field_separator: u8) -> bool {
    let Some(id) = bytes.get(..3) else { return false };
    if !id[0].is_ascii_alphabetic() || !id.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    match bytes.get(3) {
        Some(&next) if next == field_separator => true,
        None | Some(b'\r' | b'\n') => id.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
        Some(_) => false,
    }
}
