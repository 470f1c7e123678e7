//! Values of primitive types.

use super::form::{Form, kind_name};
use super::issue::{IssueCode, Severity, shown_value};
use super::walk::Walk;
use crate::json::{Kind, Node};
use crate::schema::Element;
use std::borrow::Cow;

/// FHIR asks that strings be no longer (R4, "Data Types", § string).
const STRING_BYTES_MAX: usize = 1024 * 1024;

impl<'d> Walk<'d, '_> {
    pub(super) fn primitive(&mut self, value: Node<'d>, element: &'static Element, form: Form) {
        if value.kind() != form.json() {
            return self.wrong_kind(value, form);
        }
        let text = match value.kind() {
            Kind::String => value.as_str().unwrap_or_default(),
            _ => Cow::Borrowed(value.raw()),
        };
        if text.is_empty() {
            return self.error(IssueCode::Value, value, "is empty: leave the element out");
        }
        if !form.allows(&text) {
            let message = format!("`{}` is not {}", shown_value(&text), form.expected());
            return self.error(IssueCode::Value, value, message);
        }
        if form == Form::Text {
            if text.len() > STRING_BYTES_MAX {
                let message = format!("is {} bytes long; FHIR asks for {STRING_BYTES_MAX} at most", text.len());
                self.issue(Severity::Warning, IssueCode::TooLong, value, message);
            } else if text.starts_with([' ', '\t', '\r', '\n']) && text.trim().is_empty() {
                self.issue(Severity::Warning, IssueCode::Value, value, "has nothing but white space");
            }
        }
        if let Some(list) = element.binding.filter(|list| !list.contains(&text)) {
            let codes: Vec<_> = list.codings().map(|(_, code)| code).take(12).collect();
            let more = if list.codings().count() > codes.len() { ", …" } else { "" };
            let message =
                format!("`{}` is not in {}; it has {}{more}", shown_value(&text), list.url(), codes.join(", "));
            self.error(IssueCode::CodeInvalid, value, message);
        }
    }

    fn wrong_kind(&mut self, value: Node<'d>, form: Form) {
        let advice = match (form.json(), value.kind()) {
            (Kind::String, Kind::Number | Kind::Bool) => ": put it into quotes",
            (Kind::Number | Kind::Bool, Kind::String) => ": leave the quotes out",
            _ => "",
        };
        let message = format!("must be {}, not {}{advice}", kind_name(form.json()), kind_name(value.kind()));
        self.error(IssueCode::Structure, value, message);
    }
}
