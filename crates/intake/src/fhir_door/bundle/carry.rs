//! The second pass: from an entry with its identity to an operation.

use super::binary_patch::patch_of;
use super::planning::{Act, Planning};
use super::{Kind, Manner, entry_place, place};
use crate::fhir_door::act;
use crate::fhir_door::patch::Patch;
use crate::fhir_door::put::{Put, bare};
use crate::fhir_door::references::{self, base_of};
use crate::fhir_door::refusal::{bad_request, unprocessable};
use crate::fhir_door::response::Fate;
use fhir::json::{Node, Rewriter};
use fhir::schema::TypeId;
use records::{Error, IfEqual, Operation, Write};

/// What became of an entry in the second pass.
pub(super) enum Carry {
    Operation(Operation),
    Nothing(Fate),
}

impl<'d> Planning<'_, 'd> {
    pub(super) fn operation(&mut self, no: usize, act: Act, text: &mut String) -> Result<Carry, Error> {
        let entry = &self.entries[no];
        let start = self.job.range.start;
        let whole = place(start, entry.node);
        let (at, length) = (whole.start, whole.end - whole.start);
        Ok(match act {
            Act::Put { resource_type, id, if_match, must_be_new } => {
                let resource = entry.resource.ok_or_else(|| bad_request("the entry has no resource"))?;
                let is_rewritten = self.rewrite(no, resource, text)?;
                let span = place(start, resource);
                let if_equal = match self.job.manner {
                    Manner::Http { .. } => IfEqual::NewVersion,
                    Manner::Import { .. } => IfEqual::Keep,
                };
                let put = Put {
                    resource_type,
                    id,
                    text: if is_rewritten { text } else { resource.raw() },
                    if_match,
                    if_equal,
                    must_be_new,
                    at: span.start,
                    length: span.end - span.start,
                };
                let operation = put.operation(self.lookup).map_err(|error| moved(error, span.start, is_rewritten))?;
                Carry::Operation(operation)
            }
            Act::Keep { resource_type, id } => Carry::Operation(bare(resource_type, id, Write::Keep, None, at, length)),
            Act::Same { resource_type, id, entry } => {
                if let Some(Fate::Refused { .. }) = self.fates[entry] {
                    return Err(bad_request(format!("{} has the same condition and was refused", entry_place(entry))));
                }
                Carry::Operation(bare(resource_type, id, Write::Keep, None, at, length))
            }
            Act::Delete { resource_type, id, if_match } => {
                Carry::Operation(bare(resource_type, id, Write::Delete, if_match, at, length))
            }
            Act::Patch { resource_type, id, if_match } => {
                let patch = Patch::parse(&patch_of(entry.resource)?)?;
                Carry::Operation(act::patched(self.lookup, resource_type, id, &patch, if_match, at, length)?)
            }
            Act::Absent => Carry::Nothing(Fate::Absent),
            Act::Read(request) => Carry::Nothing(Fate::Read(request)),
            Act::Skip => Carry::Nothing(Fate::Skipped),
        })
    }

    /// Writes `resource` with its references to entries and conditions replaced; false if there was nothing to replace.
    fn rewrite(&mut self, no: usize, resource: Node<'d>, text: &mut String) -> Result<bool, Error> {
        let base = self.entries[no].full_url.as_deref().and_then(base_of).map(str::to_owned);
        let mut rewriter = Rewriter::new();
        if let Some(node) = references::rewrite(resource, &self.strangers, base.as_deref(), None, &mut rewriter)? {
            // R4, http.html, 3.1.0.11.1: "references within a Bundle.entry.resource to another Bundle.entry.resource that is
            // being created within the batch are considered to be non-conformant". Kept, they would lead nowhere for ever.
            let text = node.as_str().unwrap_or_default();
            return Err(unprocessable(
                "business-rule",
                references::place_of(resource, node),
                format!(
                    "{text} is another entry, and the entries of a batch do not know of each other: send a transaction"
                ),
            ));
        }
        let names = std::mem::take(&mut self.names);
        let resolves = matches!(self.kind, Kind::Transaction | Kind::Batch);
        let mut condition = |resource_type: TypeId, query: &str| self.condition(resource_type, query);
        let condition: Option<&mut references::Condition<'_>> = if resolves { Some(&mut condition) } else { None };
        let result = references::rewrite(resource, &names, base.as_deref(), condition, &mut rewriter);
        self.names = names;
        if result?.is_none() {
            return Ok(false);
        }
        text.clear();
        rewriter.write(resource, text);
        Ok(true)
    }
}

/// Offsets of issues are those in the text that was checked: `start` on if that is what arrived, else the resource's own.
fn moved(error: Error, start: u64, is_rewritten: bool) -> Error {
    match error {
        Error::Invalid(mut issues) => {
            for issue in &mut issues {
                issue.offset = if is_rewritten { start as usize } else { start as usize + issue.offset };
            }
            Error::Invalid(issues)
        }
        other => other,
    }
}
