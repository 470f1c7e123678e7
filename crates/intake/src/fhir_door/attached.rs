//! Clinical documents that a FHIR interaction brings as data of a DocumentReference or a Binary, as IHE MHD sends them.

use super::refusal::is_fatal;
use crate::document_door::{Carrier, Storing};
use crate::import::DEFAULT_SOURCE;
use fhir::json::{Document, Tree};
use fhir::schema::r4;
use hl7::ccda;
use hl7::map::Settings;
use jiff::tz::TimeZone;
use records::{Besides, Error, Lookup, Operation, Planner, Write};
use std::collections::HashSet;
use std::sync::Arc;

/// A plan whose clinical documents are taken apart in the same request: what they tell is stored beside what brings them.
///
/// A document that cannot be read, or whose patient is not clear, stays the attachment that it is. Nothing is taken apart where a
/// Composition comes along: then whoever sends it has done so.
pub struct TakenApart<P> {
    plan: P,
    content: Arc<Vec<u8>>,
    settings: Settings,
}

impl<P: Planner> TakenApart<P> {
    /// The plan of the request with this body. Times without zone are of `zone`, an IANA name; the same document through the import of
    /// files is the same.
    pub fn new(plan: P, content: Arc<Vec<u8>>, zone: &str) -> Self {
        let mut settings = Settings::new(DEFAULT_SOURCE);
        settings.zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        TakenApart { plan, content, settings }
    }

    /// The resource of an operation, as it came.
    fn resource(&self, operation: &Operation) -> Option<Tree> {
        let begin = usize::try_from(operation.at).ok()?;
        let end = begin.checked_add(usize::try_from(operation.length).ok()?)?;
        let document = Document::parse(self.content.get(begin..end)?).ok()?;
        Some(Tree::from(document.root()))
    }

    /// What the documents of one operation's resource tell.
    fn within(
        &self,
        carrying: &Operation,
        carrier: &mut Carrier<'_>,
        resource: &Tree,
        lookup: &dyn Lookup,
    ) -> Result<Vec<Operation>, Error> {
        let mut operations = Vec::new();
        for bytes in ccda::attached(resource) {
            let Ok(document) = ccda::convert(&bytes, &self.settings) else { continue };
            let told = match Storing::new(lookup, &self.settings, &document).operations(Some(carrier)) {
                Ok(told) => told,
                Err(error) if is_fatal(&error) => return Err(error),
                Err(_) => continue,
            };
            for operation in told {
                if carrier.told.insert((operation.resource_type, operation.id.clone())) {
                    operations.push(Operation { at: carrying.at, length: carrying.length, ..operation });
                }
            }
        }
        Ok(operations)
    }
}

/// Whom a DocumentReference is about, if that is a patient of this store.
fn subject(resource: &Tree, lookup: &dyn Lookup) -> Result<Option<String>, Error> {
    let reference = resource.get("subject").and_then(|subject| subject.get("reference")?.as_str());
    let Some(id) = reference.and_then(|reference| reference.strip_prefix("Patient/")) else { return Ok(None) };
    let is_here = lookup.current("Patient", id)?.is_some_and(|current| current.json.is_some());
    Ok(is_here.then(|| id.to_owned()))
}

impl<P: Planner> Planner for TakenApart<P> {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let mut operations = self.plan.plan(lookup)?;
        let name = |operation: &Operation| r4().name(operation.resource_type);
        if operations.iter().any(|operation| name(operation) == "Composition") {
            return Ok(operations);
        }
        let mut told: HashSet<_> =
            operations.iter().map(|operation| (operation.resource_type, operation.id.clone())).collect();
        let mut more = Vec::new();
        for operation in &operations {
            let is_put = matches!(operation.write, Write::Put { .. });
            if !is_put || !matches!(name(operation), "DocumentReference" | "Binary") {
                continue;
            }
            let Some(resource) = self.resource(operation) else { continue };
            let patient = subject(&resource, lookup)?;
            let mut carrier = Carrier { patient: patient.as_deref(), told };
            more.extend(self.within(operation, &mut carrier, &resource, lookup)?);
            told = carrier.told;
        }
        operations.extend(more);
        Ok(operations)
    }

    fn besides(&self) -> Besides {
        self.plan.besides()
    }

    fn locate(&self, at: u64, error: Error) -> Error {
        self.plan.locate(at, error)
    }
}
