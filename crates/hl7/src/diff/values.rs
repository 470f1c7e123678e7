//! The values of two segments that belong together.

use super::align::align;
use super::{Change, Content, Ignored, Kind, Side};
use crate::message::{Component, Field, Repeat, Segment, Value};

/// What differs in two segments of one name.
pub(super) fn segments(before: Segment<'_>, after: Segment<'_>, ignored: &[Ignored], changes: &mut Vec<Change>) {
    let mut compare = Compare { ignored, changes };
    let count = before.field_count().max(after.field_count());
    for number in 1..=u16::try_from(count).unwrap_or(u16::MAX) {
        compare.fields(before.field(number), after.field(number));
    }
}

struct Compare<'c> {
    ignored: &'c [Ignored],
    changes: &'c mut Vec<Change>,
}

impl Content {
    fn of(value: Value<'_>) -> Content {
        if value.is_null() {
            Content::Null
        } else if value.has_value() {
            Content::Text(value.text().into_owned())
        } else {
            Content::Empty
        }
    }
}

impl Side {
    fn value(value: Value<'_>) -> Side {
        Side { place: value.place(), span: value.span(), content: Content::of(value) }
    }
}

impl Compare<'_> {
    fn is_ignored(&self, before: Value<'_>, after: Value<'_>) -> bool {
        self.ignored.iter().any(|one| one.covers(before.place()) || one.covers(after.place()))
    }

    /// True if the two are told as wholes: one of them says nothing or deletes, so that all its parts differ.
    fn are_wholes(&self, before: Value<'_>, after: Value<'_>) -> bool {
        let is_whole = |value| !matches!(Content::of(value), Content::Text(_));
        let has_ignored = self.ignored.iter().any(|one| one.goes_into(before.place()) || one.goes_into(after.place()));
        (is_whole(before) || is_whole(after)) && !has_ignored
    }

    fn fields(&mut self, before: Field<'_>, after: Field<'_>) {
        if self.is_ignored(*before, *after) {
            return;
        }
        // The separators are compared as they stand.
        if before.place().segment.as_str() == "MSH" && before.place().field <= 2 {
            if before.raw() != after.raw() {
                let side = |field: Field<'_>| Side {
                    content: Content::Text(String::from_utf8_lossy(field.raw()).into_owned()),
                    ..Side::value(*field)
                };
                self.changes.push(Change { kind: Kind::Changed, before: Some(side(before)), after: Some(side(after)) });
            }
            return;
        }
        if self.are_wholes(*before, *after) {
            self.leaf(*before, *after);
            return;
        }
        let (first, second) = (repetitions(before), repetitions(after));
        if first.len() <= 1 && second.len() <= 1 {
            self.repeats(before.repeat(0), after.repeat(0));
            return;
        }
        let likeness = |a: usize, b: usize| {
            let (one, other) = (first[a], second[b]);
            let (key, other_key) = (one.component(1).text(), other.component(1).text());
            Some(if Content::of(*one) == Content::of(*other) {
                8
            } else if key == other_key && !key.is_empty() {
                4
            } else {
                1
            })
        };
        for pair in align(first.len(), second.len(), likeness) {
            match pair {
                (Some(a), Some(b)) => self.repeats(first[a], second[b]),
                (Some(a), None) => self.alone(Kind::Removed, *first[a]),
                (None, Some(b)) => self.alone(Kind::Added, *second[b]),
                (None, None) => {}
            }
        }
    }

    /// A repetition that one of them has.
    fn alone(&mut self, kind: Kind, value: Value<'_>) {
        if Content::of(value) == Content::Empty || self.is_ignored(value, value) {
            return;
        }
        let side = Some(Side::value(value));
        self.changes.push(match kind {
            Kind::Removed => Change { kind, before: side, after: None },
            _ => Change { kind, before: None, after: side },
        });
    }

    fn repeats(&mut self, before: Repeat<'_>, after: Repeat<'_>) {
        if self.is_ignored(*before, *after) {
            return;
        }
        let count = before.component_count().max(after.component_count());
        let has_parts = count > 1 || before.component(1).subs().count() > 1 || after.component(1).subs().count() > 1;
        if !has_parts || self.are_wholes(*before, *after) {
            self.leaf(*before, *after);
            return;
        }
        for number in 1..=u16::try_from(count).unwrap_or(u16::MAX) {
            self.components(before.component(number), after.component(number));
        }
    }

    fn components(&mut self, before: Component<'_>, after: Component<'_>) {
        if self.is_ignored(*before, *after) {
            return;
        }
        let count = before.subs().count().max(after.subs().count());
        if count == 1 || self.are_wholes(*before, *after) {
            self.leaf(*before, *after);
            return;
        }
        for number in 1..=u16::try_from(count).unwrap_or(u16::MAX) {
            let (before, after) = (before.sub(number), after.sub(number));
            if !self.is_ignored(*before, *after) {
                self.leaf(*before, *after);
            }
        }
    }

    fn leaf(&mut self, before: Value<'_>, after: Value<'_>) {
        let (before, after) = (Side::value(before), Side::value(after));
        if before.content != after.content {
            self.changes.push(Change { kind: Kind::Changed, before: Some(before), after: Some(after) });
        }
    }
}

/// The repetitions of a field, without those at its end that say nothing.
fn repetitions(field: Field<'_>) -> Vec<Repeat<'_>> {
    let mut all: Vec<Repeat<'_>> = field.repeats().collect();
    while all.last().is_some_and(|last| Content::of(**last) == Content::Empty) {
        all.pop();
    }
    all
}
