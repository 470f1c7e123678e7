//! A composite value wherever it stands: its parts are components of a repetition or subcomponents of a component.

use crate::message::{Component, Field, Repeat, Sub, Value};

/// A value of a composite data type.
#[derive(Clone, Copy)]
pub(super) enum Parts<'m> {
    Repeat(Repeat<'m>),
    Component(Component<'m>),
    Sub(Sub<'m>),
}

impl<'m> Parts<'m> {
    /// Part `number`, from 1.
    pub(super) fn part(self, number: u16) -> Value<'m> {
        match self {
            Parts::Repeat(repeat) => *repeat.component(number),
            Parts::Component(component) => *component.sub(number),
            Parts::Sub(sub) if number == 1 => *sub,
            Parts::Sub(sub) => sub.nothing(),
        }
    }

    /// Part `number` where it may hold parts itself: its first one is meant if it does.
    pub(super) fn first(self, number: u16) -> Value<'m> {
        self.nested(number).part(1)
    }

    /// Part `number` as a composite.
    pub(super) fn nested(self, number: u16) -> Parts<'m> {
        match self {
            Parts::Repeat(repeat) => Parts::Component(repeat.component(number)),
            Parts::Component(component) => Parts::Sub(component.sub(number)),
            // Nothing is deeper than a subcomponent.
            Parts::Sub(sub) => Parts::Sub(sub),
        }
    }

    /// The whole.
    pub(super) fn whole(self) -> Value<'m> {
        match self {
            Parts::Repeat(repeat) => *repeat,
            Parts::Component(component) => *component,
            Parts::Sub(sub) => *sub,
        }
    }

    /// True if some part has a value.
    pub(super) fn has_value(self) -> bool {
        self.whole().has_value()
    }
}

impl<'m> From<Repeat<'m>> for Parts<'m> {
    fn from(repeat: Repeat<'m>) -> Self {
        Parts::Repeat(repeat)
    }
}

impl<'m> From<Field<'m>> for Parts<'m> {
    fn from(field: Field<'m>) -> Self {
        Parts::Repeat(field.repeat(0))
    }
}

/// The repetitions of a field that hold something.
pub(super) fn repeats(field: Field<'_>) -> impl Iterator<Item = Parts<'_>> {
    field.repeats().map(Parts::from).filter(|parts| parts.has_value())
}
