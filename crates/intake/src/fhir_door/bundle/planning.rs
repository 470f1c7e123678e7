//! A bundle's plan: the order of its entries, their fates, what they leave.

use super::carry::Carry;
use super::condition::ByIdentifier;
use super::{Job, Kind, Manner, content_hash, entry_place, place};
use crate::fhir_door::Refusal;
use crate::fhir_door::entry::{Entry, ReadRequest};
use crate::fhir_door::references::Names;
use crate::fhir_door::refusal::{at, is_fatal, refusal};
use crate::fhir_door::response::Fate;
use fhir::json::Node;
use fhir::schema::TypeId;
use records::{Error, Lookup, NewDeadLetter, Operation, derived_id};
use std::collections::HashMap;

pub(super) type Key = (TypeId, String);

/// An entry with its identity.
pub(super) enum Act {
    Put {
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
        must_be_new: bool,
    },
    /// A conditional create that matched what is stored.
    Keep {
        resource_type: TypeId,
        id: String,
    },
    /// A conditional create under the condition of an earlier entry.
    Same {
        resource_type: TypeId,
        id: String,
        entry: usize,
    },
    Delete {
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
    },
    Patch {
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
    },
    Absent,
    Read(ReadRequest),
    Skip,
}

pub(super) struct Planning<'p, 'd> {
    pub(super) job: &'p Job,
    pub(super) kind: Kind,
    pub(super) entries: &'p [Entry<'d>],
    pub(super) lookup: &'p dyn Lookup,
    pub(super) names: Names,
    /// What other entries of a batch over HTTP are called: nothing may refer to them.
    pub(super) strangers: Names,
    pub(super) fates: Vec<Option<Fate>>,
    pub(super) refusals: Vec<(usize, Refusal)>,
    /// Conditions under which entries create, and which entry does.
    pub(super) creating: HashMap<Key, (usize, String)>,
    /// How often an identity was written by earlier entries, and whether it is deleted after them.
    pub(super) written: HashMap<Key, Written>,
    pub(super) hashed: HashMap<String, usize>,
    pub(super) conditions: HashMap<Key, String>,
    pub(super) identifiers: Option<ByIdentifier>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Written {
    pub(super) times: i64,
    pub(super) deleted: bool,
}
impl<'p, 'd> Planning<'p, 'd> {
    pub(super) fn new(job: &'p Job, kind: Kind, entries: &'p [Entry<'d>], lookup: &'p dyn Lookup) -> Self {
        Planning {
            job,
            kind,
            entries,
            lookup,
            names: Names::default(),
            strangers: Names::default(),
            fates: vec![None; entries.len()],
            refusals: Vec::new(),
            creating: HashMap::new(),
            written: HashMap::new(),
            hashed: HashMap::new(),
            conditions: HashMap::new(),
            identifiers: None,
        }
    }

    pub(super) fn run(&mut self) -> Result<Vec<Operation>, Error> {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        match self.kind {
            Kind::Transaction => order.sort_by_key(|&no| self.entries[no].step()),
            Kind::History => order.reverse(),
            Kind::Batch | Kind::Collection => {}
        }
        let mut acts = Vec::with_capacity(order.len());
        for no in order {
            match self.identify(no) {
                Ok(act) => acts.push((no, act)),
                Err(error) => self.refuse(no, error)?,
            }
        }
        self.index_identifiers(&acts);
        let mut operations = Vec::with_capacity(acts.len());
        let mut text = String::new();
        for (no, act) in acts {
            if !self.is_wanted(no) {
                continue;
            }
            match self.operation(no, act, &mut text) {
                Ok(Carry::Operation(operation)) => {
                    self.fates[no] = Some(Fate::Operation(operations.len()));
                    operations.push(operation);
                }
                Ok(Carry::Nothing(fate)) => self.fates[no] = Some(fate),
                Err(error) => self.refuse(no, error)?,
            }
        }
        Ok(operations)
    }

    /// True unless another entry alone is to be carried out.
    fn is_wanted(&self, no: usize) -> bool {
        match &self.job.manner {
            Manner::Import { only: Some(only), .. } => {
                place(self.job.range.start, self.entries[no].node).start == *only
            }
            _ => true,
        }
    }

    /// Ends the plan, or makes the error the fate of its entry.
    fn refuse(&mut self, no: usize, error: Error) -> Result<(), Error> {
        if is_fatal(&error) {
            return Err(error);
        }
        let is_alone = matches!(&self.job.manner, Manner::Import { only: Some(_), .. });
        if is_alone && !self.is_wanted(no) {
            return Ok(());
        }
        let error = at(entry_place(no), error);
        if self.kind == Kind::Transaction || is_alone {
            return Err(error);
        }
        let refused = refusal(&error);
        self.fates[no] = Some(Fate::Refused { status: refused.status, outcome: refused.outcome() });
        self.refusals.push((no, refused));
        Ok(())
    }

    pub(super) fn dead_letters(&self) -> Vec<NewDeadLetter> {
        if matches!(self.job.manner, Manner::Http { .. }) {
            return Vec::new();
        }
        let letter = |(no, refused): &(usize, Refusal)| {
            let span = place(self.job.range.start, self.entries[*no].node);
            NewDeadLetter {
                at: span.start,
                length: span.end - span.start,
                what: refused.text_beside_place(),
                place: refused.issues.first().map_or_else(|| entry_place(*no), |issue| issue.place.clone()),
                hint: "correct the entry and replay it; the other entries were taken".into(),
            }
        };
        self.refusals.iter().map(letter).collect()
    }

    /// The id of a resource that is new here.
    pub(super) fn new_id(&mut self, no: usize) -> String {
        let entry = &self.entries[no];
        let source = match &self.job.manner {
            Manner::Http { seed } => return derived_id(seed, &no.to_string()),
            Manner::Import { source, .. } => source,
        };
        if let Some(full_url) = &entry.full_url {
            return derived_id(source, full_url);
        }
        let Some(resource) = entry.resource else { return derived_id(source, &no.to_string()) };
        let text = |name: &str| resource.get(name).and_then(Node::as_str);
        if let (Some(resource_type), Some(id)) = (text("resourceType"), text("id")) {
            return derived_id(source, &format!("{resource_type}/{id}"));
        }
        // Without any name it is known by its content; the n-th of equal ones by its number too.
        let hash = content_hash(resource);
        let times = self.hashed.entry(hash.clone()).or_default();
        *times += 1;
        derived_id(source, &format!("{hash}#{times}"))
    }
}
