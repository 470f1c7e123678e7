//! What a message takes from one patient's chart to another's, and new numbers of what had others before.

use super::{Merge, Own, one_person};
use crate::fhir_door::put::Put;
use crate::fhir_door::references::Names;
use crate::fhir_door::refusal::at;
use fhir::schema::r4;
use hl7::map::{Key, MappedResource, Move};
use records::{Error, Found, IfEqual, Operation};
use std::collections::HashSet;

/// Resources that go with a stay or an account, of each type; more are told and stay where they are.
const DEPENDENTS_MAX: usize = 10_000;

impl Merge<'_> {
    /// What is stored under the number of something that moves, about the patient that it moves away from.
    pub(super) fn moved_here(&self, mapped: &MappedResource, condition: &str) -> Result<Own, Error> {
        for moving in self.moves.iter().filter(|moving| moving.what == mapped.key) {
            for from in self.former_patients(moving)? {
                if let Own::One(id) = self.find(mapped.key.resource_type, condition, Some(&from))? {
                    return Ok(Own::One(id));
                }
            }
        }
        Ok(Own::OfOthers)
    }

    /// The ids of the patients that something moves away from, those merged with them among them.
    fn former_patients(&self, moving: &Move) -> Result<Vec<String>, Error> {
        let mut ids: Vec<String> = Vec::new();
        for key in &moving.from {
            if let Found::One(id) = self.lookup.find("Patient", &key.condition())? {
                for one in one_person(self.lookup, &id)? {
                    if !ids.contains(&one) {
                        ids.push(one);
                    }
                }
            }
        }
        Ok(ids)
    }

    /// Adds what goes along with a stay or an account that moves: all that names it and is about the patient that it was about.
    pub(super) fn move_dependents(&self, names: &Names, operations: &mut Vec<Operation>) -> Result<(), Error> {
        let source = &self.plan.reading.settings.source;
        let mut written: HashSet<(u16, String)> =
            operations.iter().map(|operation| (operation.resource_type.0, operation.id.clone())).collect();
        for moving in self.moves {
            let Some(what) = names.id(&moving.what.full_url(source)).map(str::to_owned) else { continue };
            let Some(to) = names.id(&moving.to.full_url(source)).map(str::to_owned) else { continue };
            let from = self.former_patients(moving)?;
            let span = self.resources.iter().find(|mapped| mapped.key == moving.what).map(|mapped| mapped.span.clone());
            let span = span.unwrap_or_default();
            // A stay that goes with its account takes along what names the stay.
            let mut waiting = vec![(Move { ..moving.clone() }, what)];
            while let Some((moving, what)) = waiting.pop() {
                for id in self.dependents(&moving, &what, &from, span.start)? {
                    let (kind, id) = id;
                    let Some(resource_type) = r4().resource_type(kind) else { continue };
                    if !written.insert((resource_type.0, id.clone())) {
                        continue;
                    }
                    let Some(stored) = self.stored(kind, &id)? else { continue };
                    let named = format!("{}/{what}", moving.what.resource_type);
                    let of: Vec<String> = from.iter().map(|id| format!("Patient/{id}")).collect();
                    let of: Vec<&str> = of.iter().map(String::as_str).collect();
                    let Some(moved) = Move::moved(&stored, &named, &of, &format!("Patient/{to}")) else { continue };
                    if kind == "Encounter" {
                        let stay = Key { resource_type: "Encounter", system: String::new(), value: String::new() };
                        waiting.push((Move { what: stay, ..moving.clone() }, id.clone()));
                    }
                    let put = Put {
                        resource_type,
                        id,
                        text: &moved.to_string(),
                        if_match: None,
                        if_equal: IfEqual::Keep,
                        must_be_new: false,
                        at: span.start as u64,
                        length: span.len() as u64,
                    };
                    operations.push(put.operation(self.lookup).map_err(|error| at("message", error))?);
                }
            }
        }
        Ok(())
    }

    /// Types and ids of what may name `what`.
    fn dependents(
        &self,
        moving: &Move,
        what: &str,
        from: &[String],
        at_byte: usize,
    ) -> Result<Vec<(&'static str, String)>, Error> {
        let mut out = Vec::new();
        for &(kind, parameter) in moving.dependents() {
            let queries = match parameter {
                "patient" => from.iter().map(|id| format!("patient=Patient/{id}")).collect(),
                _ => vec![format!("{parameter}={}/{what}", moving.what.resource_type)],
            };
            for query in queries {
                let found = self.lookup.find_all(kind, &query, DEPENDENTS_MAX)?;
                if found.len() == DEPENDENTS_MAX {
                    let text = format!(
                        "more than {DEPENDENTS_MAX} {kind} resources would go along; the others stayed where they are"
                    );
                    self.apart.borrow_mut().push((at_byte, text));
                }
                out.extend(found.into_iter().map(|id| (kind, id)));
            }
        }
        Ok(out)
    }

    /// Tells of two records of which a message says that they are one, the number that one had before the other's: putting two
    /// histories together is for a merge.
    pub(super) fn tell_two_of_one(
        &self,
        mapped: &MappedResource,
        id: &str,
        patient: Option<&str>,
    ) -> Result<(), Error> {
        for former in &mapped.formerly {
            if let Own::One(other) = self.find(mapped.key.resource_type, &former.condition(), patient)?
                && other != id
            {
                let kind = mapped.key.resource_type;
                let (new, old) = (&mapped.key.value, &former.value);
                let text = format!(
                    "{new} and {old}, which it was before, are numbers of two different {kind} records here; both stay: merge them if they are one"
                );
                self.apart.borrow_mut().push((mapped.span.start, text));
            }
        }
        Ok(())
    }
}
