//! Codes with their systems, where a list of them is required.

use super::issue::{IssueCode, Severity, shown_value};
use super::walk::Walk;
use crate::json::Node;
use crate::schema::{CodeList, Element};
use std::borrow::Cow;

impl<'d> Walk<'d, '_> {
    /// A `Coding` under an element that may require a list.
    pub(super) fn coding(&mut self, value: Node<'d>, element: &'static Element) {
        if let Some(list) = element.binding {
            self.codings(value, std::iter::once((None, value)), list);
        }
    }

    /// A `CodeableConcept` under an element that may require a list: one of its codings must be in it.
    pub(super) fn codeable_concept(&mut self, value: Node<'d>, element: &'static Element) {
        if let Some(list) = element.binding {
            let codings = value.get("coding").into_iter().flat_map(Node::items).enumerate();
            self.codings(value, codings.map(|(at, coding)| (Some(at), coding)), list);
        }
    }

    fn codings(
        &mut self,
        value: Node<'d>,
        codings: impl Iterator<Item = (Option<usize>, Node<'d>)>,
        list: &'static CodeList,
    ) {
        let mut wrong = None;
        for (index, coding) in codings {
            let text = |name| coding.get(name).and_then(Node::as_str).unwrap_or(Cow::Borrowed(""));
            let (system, code) = (text("system"), text("code"));
            if list.contains_coding(&system, &code) {
                return;
            }
            if list.has_system(&system) && !code.is_empty() {
                wrong.get_or_insert((index, coding, code));
            }
        }
        let Some((index, coding, code)) = wrong else {
            // A text alone, or local codes alone, say what is meant, if not in the words that FHIR requires.
            let message = format!("has no code of {}", list.url());
            return self.issue(Severity::Warning, IssueCode::CodeInvalid, value, message);
        };
        let place = coding.get("code").unwrap_or(coding);
        let message = format!("`{}` is not in {}", shown_value(&code), list.url());
        match index {
            Some(_) => self.at("coding", index, |walk| {
                walk.at("code", None, |walk| walk.error(IssueCode::CodeInvalid, place, message));
            }),
            None => self.at("code", None, |walk| walk.error(IssueCode::CodeInvalid, place, message)),
        }
    }
}
