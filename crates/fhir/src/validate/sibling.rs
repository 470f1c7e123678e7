//! `_name` beside `name`: the ids and extensions of primitives.

use super::form::kind_name;
use super::issue::IssueCode;
use super::walk::Walk;
use crate::json::{Items, Kind, Node};
use crate::schema::{Element, TypeId};

/// What stands under `name` at the place of one of `_name`.
#[derive(Clone, Copy)]
enum Beside<'d> {
    /// There is no `name`.
    Nothing,
    /// The array under `name` is shorter.
    End,
    /// A value or null.
    Value(Node<'d>),
}

impl<'d> Walk<'d, '_> {
    /// The value of `_name`, of an element whose values under `name` are primitives of a type.
    pub(super) fn sibling(
        &mut self,
        object: Node<'d>,
        name: &'d str,
        value: Node<'d>,
        element: &'static Element,
        type_id: TypeId,
    ) {
        let values = object.get(name);
        match (value.kind(), element.repeats()) {
            (Kind::Object, false) => {
                let beside = values.map_or(Beside::Nothing, Beside::Value);
                self.at(element.name, None, |walk| walk.sibling_object(value, beside, name, type_id));
            }
            (Kind::Array, true) => {
                let mut values = values.filter(|values| values.kind() == Kind::Array).map(Node::items);
                for (index, item) in value.items().enumerate() {
                    if self.is_full() {
                        return;
                    }
                    let beside = match values.as_mut().map(Iterator::next) {
                        None => Beside::Nothing,
                        Some(None) => Beside::End,
                        Some(Some(value)) => Beside::Value(value),
                    };
                    self.at(element.name, Some(index), |walk| walk.sibling_item(item, beside, name, type_id));
                }
            }
            (kind, repeats) => {
                let expected = if repeats { "an array of objects and nulls" } else { "an object" };
                let message = format!("`_{name}` must be {expected}, not {}", kind_name(kind));
                self.at(element.name, None, |walk| walk.error(IssueCode::Structure, value, message));
            }
        }
    }

    fn sibling_item(&mut self, item: Node<'d>, beside: Beside<'d>, name: &str, type_id: TypeId) {
        match (item.kind(), beside) {
            (Kind::Null, Beside::Value(_)) => {}
            (Kind::Null, Beside::Nothing | Beside::End) => {
                let message = format!("`_{name}` has null where there is no value: leave it out");
                self.error(IssueCode::Structure, item, message);
            }
            (Kind::Object, Beside::End) => {
                let message =
                    format!("`_{name}` is longer than `{name}`: put null into `{name}` where there is no value");
                self.error(IssueCode::Structure, item, message);
            }
            (Kind::Object, _) => self.sibling_object(item, beside, name, type_id),
            (kind, _) => {
                let message = format!("`_{name}` holds objects and nulls, not {}", kind_name(kind));
                self.error(IssueCode::Structure, item, message);
            }
        }
    }

    /// The id and extensions of one primitive. An id alone needs a value that it is the id of.
    fn sibling_object(&mut self, node: Node<'d>, beside: Beside<'d>, name: &str, type_id: TypeId) {
        let present = self.object(node, type_id);
        let has_value = matches!(beside, Beside::Value(value) if value.kind() != Kind::Null);
        if present == 1 && !has_value {
            let message = format!("`_{name}` has an id, but there is neither a value nor an extension");
            self.error(IssueCode::Structure, node, message);
        }
    }
}

/// What stands in `_name` beside `name`.
pub(super) fn sibling_items<'d>(object: Node<'d>, name: &str) -> Option<Items<'d>> {
    let is_sibling = |(key, _): &(&str, Node<'d>)| key.strip_prefix('_') == Some(name);
    object.members().find(is_sibling).map(|(_, value)| value.items())
}
