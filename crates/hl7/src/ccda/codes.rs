//! Codes: CD, CE, CV, CS to CodeableConcept and Coding.

use super::context::Context;
use super::element::El;
use super::null::{absent, reason};
use super::oid;
use super::text::clean;
use crate::map::context::{Fill, filled, uri};
use fhir::json::Tree;

/// Codings of one element, at most.
const CODINGS_MAX: usize = 50;

/// A coding of this program's.
pub(super) fn coding(system: &str, code: &str, display: &str) -> Tree {
    let mut coding = Tree::from([("system", system.into()), ("code", code.into())]);
    if !display.is_empty() {
        coding.set("display", display);
    }
    coding
}

/// A concept of this program's.
pub(super) fn concept_of(system: &str, code: &str, display: &str) -> Tree {
    Tree::from([("coding", vec![coding(system, code, display)].into())])
}

/// A concept that is words.
pub(super) fn concept_text(text: &str) -> Tree {
    Tree::from([("text", text.into())])
}

impl<'d> Context<'d> {
    /// The system of a code.
    pub(super) fn system(&self, el: El<'d>) -> Option<String> {
        let id = el.attr("codeSystem");
        let name = el.attr("codeSystemName");
        if let Some(uri) = name.and_then(|name| self.settings.coding_systems.get(name)) {
            return Some(uri.clone());
        }
        let Some(id) = id else { return name.and_then(oid::code_system_named).map(str::to_owned) };
        oid::code_system(id)
            .or_else(|| oid::is_uuid(id).then(|| format!("urn:uuid:{}", id.to_ascii_lowercase())))
            .or_else(|| id.contains(':').then(|| uri(id)))
            .or_else(|| {
                self.warn(el, format!("code system {id:?} is no OID; the code was kept without a system"));
                None
            })
    }

    /// One code, without its translations.
    pub(super) fn coding(&self, el: El<'d>) -> Option<Tree> {
        let code = clean_code(el.attr("code")?)?;
        let mut coding = Tree::object();
        coding.fill("system", self.system(el));
        coding.fill("version", el.attr("codeSystemVersion").and_then(clean));
        coding.set("code", code);
        coding.fill("display", el.attr("displayName").and_then(clean));
        Some(coding)
    }

    /// A code and its translations. `None` if it says nothing.
    pub(super) fn concept(&self, el: El<'d>) -> Option<Tree> {
        let mut codings = Vec::new();
        self.codings(el, &mut codings, 0);
        let text = el.get("originalText").and_then(|text| self.text(text)).or_else(|| {
            // A string in the place of a code, or only the words of a code.
            let words = matches!(el.kind(), Some("ST" | "ED")).then(|| self.text(el)).flatten();
            words.or_else(|| if codings.is_empty() { el.attr("displayName").and_then(clean) } else { None })
        });
        let mut concept = Tree::object();
        concept.fill_all("coding", codings);
        concept.fill("text", text);
        filled(concept)
    }

    fn codings(&self, el: El<'d>, codings: &mut Vec<Tree>, depth: usize) {
        for qualifier in el.all("qualifier") {
            let words = qualifier.get("value").and_then(|value| value.attr("displayName").or(value.attr("code")));
            let text = format!(
                "the qualifier {:?} of a code has no element; it is in the document alone",
                words.unwrap_or_default()
            );
            self.warn(qualifier, text);
        }
        if let Some(coding) = self.coding(el)
            && codings.len() < CODINGS_MAX
            && !codings
                .iter()
                .any(|other| other.get("system") == coding.get("system") && other.get("code") == coding.get("code"))
        {
            codings.push(coding);
        }
        if depth < 4 {
            for translation in el.all("translation") {
                self.codings(translation, codings, depth + 1);
            }
        }
    }

    /// A concept of an element that must be there: if it says nothing, why. `words` come from the narrative.
    pub(super) fn required_concept(&self, el: Option<El<'d>>, words: Option<String>) -> Tree {
        let mut concept = el.and_then(|el| self.concept(el)).unwrap_or_else(Tree::object);
        if concept.get("text").is_none() && concept.get("coding").is_none() {
            match words {
                Some(words) => {
                    concept.set("text", words);
                }
                None => return absent(reason(el.and_then(El::null).unwrap_or("UNK"))),
            }
        }
        concept
    }

    /// True if a code or its translations say no more than one of `general`; without any code, if it says nothing, or not what.
    pub(super) fn is_general(el: El<'d>, general: &[&str]) -> bool {
        let mut codes =
            std::iter::once(el).chain(el.all("translation")).filter_map(|code| code.attr("code")).peekable();
        if codes.peek().is_some() {
            return codes.all(|code| general.contains(&code));
        }
        el.null().is_some_and(|flavor| flavor != "OTH")
    }

    /// The code of the first coding.
    pub(super) fn code_of(el: Option<El<'d>>) -> &'d str {
        el.and_then(|el| el.attr("code")).unwrap_or_default()
    }
}

/// A code as FHIR allows it: single spaces inside.
pub(super) fn clean_code(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control() || c.is_whitespace()).collect();
    let code = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!code.is_empty()).then_some(code)
}
