//! Cursors: segment, field, repetition, component, subcomponent. `Copy`, and never failing: what is absent reads as empty.

use super::escape::unescape;
use super::parse::Message;
use super::place::{Place, SegmentId};
use std::borrow::Cow;
use std::ops::{Deref, Range};

/// A segment of a message.
#[derive(Clone, Copy)]
pub struct Segment<'m> {
    message: &'m Message<'m>,
    index: usize,
}

/// The number of the part at `index`, from 1, as places count; the last stands for all beyond it.
fn ordinal(index: usize) -> u16 {
    u16::try_from(index.saturating_add(1)).unwrap_or(u16::MAX)
}

impl<'m> Segment<'m> {
    pub(super) fn new(message: &'m Message<'m>, index: usize) -> Self {
        Segment { message, index }
    }

    fn entry(self) -> &'m super::parse::SegmentEntry {
        &self.message.segments[self.index]
    }

    /// Its three characters.
    pub fn id(self) -> SegmentId {
        self.entry().id
    }

    /// True if this is its id.
    pub fn is(self, id: &str) -> bool {
        self.entry().id.0 == id.as_bytes()
    }

    /// What separates in its message.
    pub fn separators(self) -> &'m super::Separators {
        &self.message.separators
    }

    /// Position among all segments of the message, from 0.
    pub fn index(self) -> usize {
        self.index
    }

    /// Bytes of the message, without the line end.
    pub fn span(self) -> Range<usize> {
        self.entry().span.range()
    }

    /// Its bytes as they came, without the line end.
    pub fn raw(self) -> &'m [u8] {
        &self.message.raw[self.span()]
    }

    /// Its text, decoded; separators and escape sequences as they stand.
    pub fn text(self) -> Cow<'m, str> {
        self.message.charset.decode(self.raw()).0
    }

    /// Its name as a place.
    pub fn place(self) -> Place {
        let entry = self.entry();
        Place { segment: entry.id, occurrence: entry.occurrence, field: 0, repeat: 0, component: 0, sub: 0 }
    }

    /// The highest field number present.
    pub fn field_count(self) -> usize {
        self.entry().fields.len()
    }

    /// Field `number`, counted as in the standard: MSH-1 is the separator itself.
    pub fn field(self, number: u16) -> Field<'m> {
        let entry = self.entry();
        let at = entry.fields.start as usize + number as usize - usize::from(number > 0);
        let (start, end) = if number > 0 && at < entry.fields.end as usize {
            let span = self.message.fields[at];
            (span.start, span.end)
        } else {
            (entry.span.end, entry.span.end)
        };
        let place = Place { field: number, ..self.place() };
        Field(Value { message: self.message, start, end, place })
    }

    /// All fields present, in order.
    pub fn fields(self) -> impl Iterator<Item = Field<'m>> {
        (1..=u16::try_from(self.field_count()).unwrap_or(u16::MAX)).map(move |n| self.field(n))
    }

    /// Appends the segment, put together from its parts, without a line end.
    pub fn write(self, out: &mut Vec<u8>) {
        let separators = self.message.separators;
        // As it was written, in upper or lower case.
        out.extend_from_slice(&self.message.raw[self.span().start..self.span().start + 3]);
        let header = matches!(&self.entry().id.0, b"MSH" | b"BHS" | b"FHS");
        for field in self.fields() {
            let number = field.place().field;
            let separated = field.span().start > self.span().start + 3;
            if separated && !(header && number <= 2) {
                out.push(separators.field);
            }
            if header && number <= 2 {
                out.extend_from_slice(field.raw());
                continue;
            }
            for (r, repeat) in field.repeats().enumerate() {
                if r > 0 {
                    out.extend(separators.repetition);
                }
                for (c, component) in repeat.components().enumerate() {
                    if c > 0 {
                        out.push(separators.component);
                    }
                    for (s, sub) in component.subs().enumerate() {
                        if s > 0 {
                            out.extend(separators.subcomponent);
                        }
                        out.extend_from_slice(sub.raw());
                    }
                }
            }
        }
    }
}

impl std::fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.message.raw[self.span()]))
    }
}

/// What every cursor below a segment has: bytes, text and place.
#[derive(Clone, Copy)]
pub struct Value<'m> {
    message: &'m Message<'m>,
    start: u32,
    end: u32,
    place: Place,
}

impl<'m> Value<'m> {
    /// Bytes of the message.
    pub fn span(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes as they came: character set and escapes untouched.
    pub fn raw(self) -> &'m [u8] {
        &self.message.raw[self.span()]
    }

    /// Its name.
    pub fn place(self) -> Place {
        self.place
    }

    /// True if there is nothing: the sender says nothing about it.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// True for `""`: the sender says that the value is to be deleted.
    pub fn is_null(self) -> bool {
        self.raw() == b"\"\""
    }

    /// True if there is a value: neither empty, nor null, nor only separators and spaces.
    pub fn has_value(self) -> bool {
        let s = &self.message.separators;
        !self.is_null()
            && self.raw().iter().any(|&byte| {
                byte != b' '
                    && byte != s.component
                    && Some(byte) != s.subcomponent
                    && Some(byte) != s.repetition
                    && byte != b'\t'
            })
    }

    /// The text, decoded and unescaped. Of a field or component with parts it is the whole, separators included; null reads
    /// as empty.
    pub fn text(self) -> Cow<'m, str> {
        if self.is_null() {
            return Cow::Borrowed("");
        }
        let (text, _) = self.message.charset.decode(self.raw());
        unescape(text, &self.message.separators, self.message.charset)
    }

    /// True if some bytes are not of the message's character set; they read U+FFFD.
    pub fn is_garbled(self) -> bool {
        self.message.charset.decode(self.raw()).1
    }

    /// The empty value right behind this one.
    pub(crate) fn nothing(self) -> Value<'m> {
        Value { start: self.end, ..self }
    }

    fn part(self, separator: Option<u8>, index: usize, place: Place) -> Value<'m> {
        let (mut count, mut from, mut found) = (0, 0, None);
        let bytes = self.raw();
        if let Some(separator) = separator {
            self.message.charset.positions(bytes, separator, |at| {
                if count == index {
                    found = Some(from..at);
                    return false;
                }
                count += 1;
                from = at + 1;
                true
            });
        }
        let range = match found {
            Some(range) => range,
            None if count == index => from..bytes.len(),
            None => bytes.len()..bytes.len(),
        };
        Value {
            message: self.message,
            start: self.start + range.start as u32,
            end: self.start + range.end as u32,
            place,
        }
    }

    /// Number of parts at `separator`; an empty value has one, empty.
    fn count(self, separator: Option<u8>) -> usize {
        let mut count = 1;
        if let Some(separator) = separator {
            self.message.charset.positions(self.raw(), separator, |_| {
                count += 1;
                true
            });
        }
        count
    }

    fn parts(self, separator: Option<u8>) -> impl Iterator<Item = Value<'m>> {
        let mut ends = Vec::new();
        if let Some(separator) = separator {
            self.message.charset.positions(self.raw(), separator, |at| {
                ends.push(at as u32);
                true
            });
        }
        ends.push(self.end - self.start);
        let mut from = self.start;
        ends.into_iter().map(move |end| {
            let value = Value { start: from, end: self.start + end, ..self };
            from = self.start + end + 1;
            value
        })
    }
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?}", self.place, self.text())
    }
}

macro_rules! cursor {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'m>(Value<'m>);

        impl<'m> Deref for $name<'m> {
            type Target = Value<'m>;
            fn deref(&self) -> &Value<'m> {
                &self.0
            }
        }
    };
}

cursor!(
    /// A field. Component and subcomponent access without [`Field::repeat`] means its first repetition.
    Field
);
cursor!(
    /// One repetition of a field.
    Repeat
);
cursor!(
    /// A component.
    Component
);
cursor!(
    /// A subcomponent.
    Sub
);

impl<'m> Field<'m> {
    fn repetition(self) -> Option<u8> {
        // MSH-1 and MSH-2 are the separators themselves.
        let header = matches!(&self.0.place.segment.0, b"MSH" | b"BHS" | b"FHS") && self.0.place.field <= 2;
        if header { None } else { self.0.message.separators.repetition }
    }

    /// Repetition `index`, from 0.
    pub fn repeat(self, index: usize) -> Repeat<'m> {
        let place = Place { repeat: ordinal(index), ..self.0.place };
        Repeat(self.0.part(self.repetition(), index, place))
    }

    /// Number of repetitions; an empty field has one, empty.
    pub fn repeat_count(self) -> usize {
        self.0.count(self.repetition())
    }

    /// All repetitions.
    pub fn repeats(self) -> impl Iterator<Item = Repeat<'m>> {
        let place = self.0.place;
        self.0
            .parts(self.repetition())
            .enumerate()
            .map(move |(at, value)| Repeat(Value { place: Place { repeat: ordinal(at), ..place }, ..value }))
    }

    /// Component `number`, from 1, of the first repetition.
    pub fn component(self, number: u16) -> Component<'m> {
        self.repeat(0).component(number)
    }
}

impl<'m> Repeat<'m> {
    /// Component `number`, from 1.
    pub fn component(self, number: u16) -> Component<'m> {
        let place = Place { component: number, ..self.0.place };
        let separator = Some(self.0.message.separators.component);
        Component(self.0.part(separator, usize::from(number.max(1)) - 1, place))
    }

    /// Number of components; an empty repetition has one, empty.
    pub fn component_count(self) -> usize {
        self.0.count(Some(self.0.message.separators.component))
    }

    /// All components.
    pub fn components(self) -> impl Iterator<Item = Component<'m>> {
        let place = self.0.place;
        self.0
            .parts(Some(self.0.message.separators.component))
            .enumerate()
            .map(move |(at, value)| Component(Value { place: Place { component: ordinal(at), ..place }, ..value }))
    }
}

impl<'m> Component<'m> {
    /// Subcomponent `number`, from 1.
    #[allow(clippy::should_implement_trait, reason = "the standard's word; nothing is subtracted")]
    pub fn sub(self, number: u16) -> Sub<'m> {
        let place = Place { sub: number, ..self.0.place };
        Sub(self.0.part(self.0.message.separators.subcomponent, usize::from(number.max(1)) - 1, place))
    }

    /// All subcomponents.
    pub fn subs(self) -> impl Iterator<Item = Sub<'m>> {
        let place = self.0.place;
        self.0
            .parts(self.0.message.separators.subcomponent)
            .enumerate()
            .map(move |(at, value)| Sub(Value { place: Place { sub: ordinal(at), ..place }, ..value }))
    }
}
