//! What becomes of a resource whose rows are gone.

use crate::error::Error;
use crate::mapping::Gone;
use crate::run::door::{Chunk, ChunkGone, Door, Others};
use crate::run::identities::Id;
use crate::run::links::Links;
use crate::run::made_before::{MadeIds, keep_gone};
use crate::run::met::Met;
use crate::run::target::CHUNK_RESOURCES;
use fhir::json::{Document, Rewriter, Tree};
use fhir::schema::{Element, r4};
use std::path::Path;

/// The status that says that something should not have been recorded.
const ENTERED_IN_ERROR: &str = "entered-in-error";
/// Where types without such a status say it.
const VERIFICATION: &str = "verificationStatus";

/// Where a type says that a resource was entered in error.
enum Says {
    /// `status`
    Status,
    /// `verificationStatus`, in this code system; then `clinicalStatus` may not stand.
    Verification(&'static str),
}

fn says(resource_type: &str) -> Option<Says> {
    let type_id = r4().resource_type(resource_type)?;
    let has = |element: &Element| element.binding.is_some_and(|list| list.contains(ENTERED_IN_ERROR));
    if r4().element_by_name(type_id, "status").is_some_and(has) {
        return Some(Says::Status);
    }
    let list = r4().element_by_name(type_id, VERIFICATION).and_then(|element| element.binding)?;
    let system = list.codings().find(|(_, code)| *code == ENTERED_IN_ERROR)?.0;
    Some(Says::Verification(system))
}

/// What is done for a target unless its mapping says: a type that can say so says that it was entered in error.
pub(super) fn usual(resource_type: &str) -> Gone {
    if can_be_in_error(resource_type) { Gone::EnteredInError } else { Gone::Keep }
}

/// Whether a resource says that it was entered in error.
pub fn is_entered_in_error(resource: &Tree) -> bool {
    let is_code = |code: Option<&Tree>| code.and_then(Tree::as_str) == Some(ENTERED_IN_ERROR);
    let codings = resource.get(VERIFICATION).and_then(|of| of.get("coding")).map_or(&[][..], Tree::items);
    is_code(resource.get("status")) || codings.iter().any(|coding| is_code(coding.get("code")))
}

/// Whether a type can say that a resource was entered in error.
pub fn can_be_in_error(resource_type: &str) -> bool {
    says(resource_type).is_some()
}

/// A resource with the status that says that it was entered in error; `None` if its type has none.
pub fn entered_in_error(resource: &Document) -> Option<String> {
    let root = resource.root();
    let name = root.get("resourceType")?.as_str()?.into_owned();
    let mut out = String::from("{");
    let writer = Rewriter::new();
    let added = match says(&name)? {
        Says::Status => {
            writer.write_members(root, &["status"], &mut out);
            format!("\"status\":\"{ENTERED_IN_ERROR}\"")
        }
        Says::Verification(system) => {
            writer.write_members(root, &[VERIFICATION, "clinicalStatus"], &mut out);
            format!("\"{VERIFICATION}\":{{\"coding\":[{{\"system\":\"{system}\",\"code\":\"{ENTERED_IN_ERROR}\"}}]}}")
        }
    };
    Some(format!("{out},{added}}}"))
}

/// A target of which resources of earlier runs are gone.
pub(super) struct Going<'g> {
    pub(super) target: &'g str,
    pub(super) table: &'g str,
    pub(super) resource_type: &'static str,
    pub(super) how: Gone,
    pub(super) others: Others,
    /// Hash of the mapping, in hex.
    pub(super) mapping: &'g str,
    pub(super) why: &'static str,
}

impl Going<'_> {
    /// Hands on what earlier runs made and this one did not, with what becomes of it. Whether that may let others of the target be what they were not.
    pub(super) fn hand_on(
        &self,
        ids: &mut MadeIds,
        met: &Met,
        door: &mut dyn Door,
        run: Option<(&Path, i64)>,
    ) -> Result<bool, Error> {
        if self.how == Gone::Keep && met.is_empty() && self.others == Others::Ignored {
            return Ok(false);
        }
        let (target, table) = (self.target.to_owned(), self.table.to_owned());
        let mut chunk = Chunk { target, table, others: self.others, ..Chunk::default() };
        let (mut told, mut matters): (Vec<Id>, bool) = (Vec::new(), false);
        let take = |door: &mut dyn Door, chunk: &mut Chunk, told: &mut Vec<Id>| {
            if let Some((folder, run)) = run {
                keep_gone(folder, run, self.target, told)?;
            }
            told.clear();
            door.take(chunk)?;
            chunk.clear();
            Ok::<_, Error>(())
        };
        let mut links = Links::new(self.target, &self.mapping[..16], &[]);
        ids.gone(&mut |id| {
            told.push(id);
            let begin = chunk.links.len();
            links.write(Some(self.why), &mut chunk.links);
            let link = begin..chunk.links.len();
            chunk.links.push(b'\n');
            let met = met.get(&id).cloned();
            // What was no other's while its row was there may be met by another row now.
            matters |= met.is_some() || self.others == Others::Met;
            let id = records::uuid_text(&id);
            chunk.gone.push(ChunkGone { resource_type: self.resource_type, id, met, how: self.how, link });
            if chunk.gone.len() == CHUNK_RESOURCES { take(door, &mut chunk, &mut told) } else { Ok(()) }
        })?;
        if !chunk.gone.is_empty() {
            take(door, &mut chunk, &mut told)?;
        }
        Ok(matters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::validate::{Options, has_errors, validate};

    #[test]
    fn types_say_so_where_they_can() {
        for (resource_type, gone) in [
            ("Observation", Gone::EnteredInError),
            ("Encounter", Gone::EnteredInError),
            ("Condition", Gone::EnteredInError),
            ("AllergyIntolerance", Gone::EnteredInError),
            ("Patient", Gone::Keep),
            ("Organization", Gone::Keep),
        ] {
            assert_eq!(usual(resource_type), gone, "{resource_type}");
        }
    }

    #[test]
    fn what_was_entered_in_error_is_valid_and_keeps_the_rest() {
        for (text, wanted) in [
            (
                r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}"#,
                r#"{"resourceType":"Observation","code":{"text":"x"},"valueQuantity":{"value":1.10},"status":"entered-in-error"}"#,
            ),
            (
                r#"{"resourceType":"Condition","clinicalStatus":{"text":"a"},"subject":{"reference":"Patient/1"}}"#,
                r#"{"resourceType":"Condition","subject":{"reference":"Patient/1"},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]}}"#,
            ),
        ] {
            let made = entered_in_error(&Document::parse(text.as_bytes()).unwrap()).unwrap();
            assert_eq!(made, wanted);
            let again = Document::parse(made.as_bytes()).unwrap();
            assert!(is_entered_in_error(&Tree::from(again.root())));
            assert!(!has_errors(&validate(again.root(), &Options::default())));
        }
        assert_eq!(entered_in_error(&Document::parse(br#"{"resourceType":"Patient"}"#).unwrap()), None);
    }
}
