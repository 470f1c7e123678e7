//! Coded values: CWE, CE, CNE, CF, IS, ID to CodeableConcept and Coding.

use super::context::{Context, Fill, filled, uri, urn_part};
use super::parts::{Parts, repeats};
use super::tables::{Code, TERMINOLOGY, coding_system};
use crate::message::Field;
use fhir::json::Tree;

/// A Coding.
pub(super) fn coding(system: &str, (code, display): Code) -> Tree {
    Tree::from([("system", system.into()), ("code", code.into()), ("display", display.into())])
}

/// A CodeableConcept of one Coding.
pub(super) fn concept_of(system: &str, code: Code) -> Tree {
    Tree::from([("coding", vec![coding(system, code)].into())])
}

impl<'m> Context<'m> {
    /// The code system that a coding system's name or OID means. `table` names the HL7 table of a field that may leave the
    /// system out.
    fn system(&self, name: Option<&str>, oid: Option<&str>, table: Option<&str>) -> Option<String> {
        if let Some(name) = name {
            if let Some(uri) = self.settings.coding_systems.get(name) {
                return Some(uri.clone());
            }
            if let Some(uri) = coding_system(name) {
                return Some(uri);
            }
        }
        if let Some(oid) = oid.filter(|oid| is_oid(oid)) {
            return Some(format!("urn:oid:{oid}"));
        }
        match name {
            Some(name) if is_oid(name) => Some(format!("urn:oid:{name}")),
            Some(name) if name.contains("://") || name.starts_with("urn:") => Some(uri(name)),
            // `L` and `99...` are local: the same name means another list elsewhere.
            Some(name) if name == "L" || name.starts_with("99") => {
                Some(self.source_system(&format!("codes:{}", urn_part(name))))
            }
            Some(name) => Some(format!("urn:medweave:coding-system:{}", urn_part(name))),
            None => table.map(|table| format!("{TERMINOLOGY}v2-{table}")),
        }
    }

    fn one_coding(
        &self,
        parts: Parts<'m>,
        [code, text, system, version, oid]: [u16; 5],
        table: Option<&str>,
    ) -> Option<Tree> {
        let code = self.code(parts.first(code));
        let display = self.text(parts.part(text));
        let name = self.text(parts.first(system));
        let oid = self.text(parts.first(oid));
        if code.is_none() && (display.is_none() || name.is_none()) {
            return None;
        }
        let mut coding = Tree::object();
        coding.fill("system", self.system(name.as_deref(), oid.as_deref(), table.filter(|_| code.is_some())));
        coding.fill("version", self.text(parts.first(version)));
        coding.fill("code", code);
        coding.fill("display", display);
        filled(coding)
    }

    /// CWE as CodeableConcept: up to three codings and the original text. A text without a code is the concept's text.
    pub(super) fn concept(&self, parts: Parts<'m>, table: Option<&str>) -> Option<Tree> {
        let codings: Vec<Tree> = [
            (self.one_coding(parts, [1, 2, 3, 7, 14], table)),
            (self.one_coding(parts, [4, 5, 6, 8, 17], None)),
            (self.one_coding(parts, [10, 11, 12, 13, 20], None)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut concept = Tree::object();
        let text = self.text(parts.part(9)).or_else(|| codings.is_empty().then(|| self.text(parts.part(2))).flatten());
        concept.fill_all("coding", codings);
        concept.fill("text", text);
        filled(concept)
    }

    /// As [`Context::concept`] with the guide's concept map: its coding comes first; the sender's stays behind it if it differs.
    pub(super) fn mapped_concept(
        &self,
        parts: Parts<'m>,
        table: &str,
        map: impl Fn(&str) -> Option<(Code, &'static str)>,
    ) -> Option<Tree> {
        let mut concept = self.concept(parts, Some(table))?;
        let code = self.code(parts.first(1)).unwrap_or_default();
        let Some((mapped, system)) = map(&code) else { return Some(concept) };
        let system = format!("{TERMINOLOGY}{system}");
        let mut codings = vec![coding(&system, mapped)];
        if let Some(sent) = concept.get("coding") {
            let own_table = format!("{TERMINOLOGY}v2-{table}");
            codings.extend(
                sent.items()
                    .iter()
                    .filter(|sent| {
                        let same_code = sent.get("code").and_then(Tree::as_str) == Some(mapped.0);
                        let of_table = sent.get("system").and_then(Tree::as_str) == Some(&own_table);
                        !(same_code && of_table)
                    })
                    .cloned(),
            );
        }
        concept.set("coding", codings);
        Some(concept)
    }

    /// CWE as Coding.
    pub(super) fn coding(&self, parts: Parts<'m>, table: Option<&str>) -> Option<Tree> {
        self.one_coding(parts, [1, 2, 3, 7, 14], table)
    }

    /// Every repetition as a concept.
    pub(super) fn concepts(&self, field: Field<'m>, table: Option<&str>) -> Vec<Tree> {
        repeats(field).filter_map(|parts| self.concept(parts, table)).collect()
    }

    /// CWE as string: the text, or the code.
    pub(super) fn concept_text(&self, parts: Parts<'m>) -> Option<String> {
        self.text(parts.part(9)).or_else(|| self.text(parts.part(2))).or_else(|| self.text(parts.first(1)))
    }
}

/// Digits and dots, at least two numbers.
pub(super) fn is_oid(text: &str) -> bool {
    text.contains('.')
        && text.starts_with(|c: char| matches!(c, '0'..='2'))
        && text.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()))
}
