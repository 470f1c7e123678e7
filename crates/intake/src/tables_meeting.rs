//! A row's resource and the record of another door that it is one with, put together in the store.

use crate::contradiction::contradictions;
use crate::fhir_door::put::Put;
use crate::fhir_door::refusal::{is_fatal, refusal};
use crate::row_letters::Refused;
use fhir::json::{Document, Tree};
use fhir::placeholder::is_placeholder;
use fhir::schema::{TypeId, r4};
use fhir::search::{ParseOptions, SearchQuery};
use records::{Besides, DeliveryNo, Error, IfEqual, Lookup, Operation, Planner, Records, Stored};
use std::ops::Range;
use std::sync::Arc;
use tables::run::{Bearer, Giver, Merged, Owned, forwarded, link, merge};
use tables::value::identity;

/// Types of people.
const PEOPLE: [&str; 4] = ["Patient", "Person", "Practitioner", "RelatedPerson"];
/// Records that are looked at for one identifier; more of them are as many as two.
const LOOKED_AT: u32 = 5;

/// A resource and the record that it is one with.
pub(crate) struct Meeting {
    pub(crate) resource_type: TypeId,
    /// The id that its key gives.
    pub(crate) own: String,
    /// The id of the record.
    pub(crate) record: String,
    /// What the mapping made; an object without members if its rows are gone.
    pub(crate) made: Tree,
    /// Who gave what of the record.
    pub(crate) known: Vec<Owned>,
    /// Its line in the arrival.
    pub(crate) link: Range<usize>,
    /// The rows, as dead letters name them.
    pub(crate) place: String,
}

/// What becomes of the two.
pub(crate) struct Together {
    pub(crate) merged: Merged,
    /// The record, if it is to be another.
    pub(crate) record: Option<Tree>,
    /// What had the key's own id, if it is to lead to the record.
    pub(crate) own: Option<Tree>,
}

pub(crate) fn tree(json: &str) -> Result<Tree, Error> {
    let document =
        Document::parse(json.as_bytes()).map_err(|error| Error::Damaged(format!("a stored resource: {error}")))?;
    Ok(Tree::from(document.root()))
}

impl Meeting {
    /// What becomes of the two; `read` gives what is stored under an id. `None` if the record is not there any more.
    pub(crate) fn together(
        &self,
        giver: Giver,
        read: &dyn Fn(&str) -> Result<Option<String>, Error>,
    ) -> Result<Option<Together>, Error> {
        let Some(stored) = read(&self.record)? else { return Ok(None) };
        let stored = tree(&stored)?;
        let merged = merge(self.resource_type, &stored, &self.made, &self.known, giver);
        let mut record = merged.record.clone();
        let mut own = None;
        if let Some(before) = read(&self.own)? {
            own = forwarded(self.resource_type, &tree(&before)?, &self.record);
            if r4().name(self.resource_type) == "Patient" {
                link(&mut record, &self.own, "replaces");
            }
        }
        Ok(Some(Together { merged, record: (record != stored).then_some(record), own }))
    }
}

/// The records that bear one of a resource's identifiers. A patient that was merged is the one that goes on.
pub(crate) fn bearing(records: &Records, grant: &access::Grant, name: &str, json: &str) -> Result<Vec<Bearer>, Error> {
    let resource = tree(json)?;
    let escaped = |text: &str| {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if matches!(c, '\\' | ',' | '|' | '$') {
                out.push('\\');
            }
            out.push(c);
        }
        out
    };
    let text = |identifier: &Tree, name: &str| identifier.get(name).and_then(Tree::as_str).map(&escaped);
    let of_system = |identifier: &Tree| {
        identifies(identifier).then_some(format!("{}|{}", text(identifier, "system")?, text(identifier, "value")?))
    };
    let identifiers = resource.get("identifier").map_or(&[][..], Tree::items);
    let asked: Vec<String> = identifiers.iter().filter_map(of_system).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let pairs = vec![("identifier".to_owned(), asked.join(",")), ("_count".to_owned(), LOOKED_AT.to_string())];
    let query = SearchQuery::parse(name, pairs, &ParseOptions::default())?;
    let found = records.search(grant, &query)?.matches;
    let bearer = |stored: Stored| {
        let mut record = tree(&stored.json)?;
        let mut id = stored.id;
        if let Some(survivor) = goes_on(&record) {
            if let Ok(stored) = records.read(grant, name, &survivor) {
                record = tree(&stored.json)?;
            }
            id = survivor;
        }
        let contradicts = if PEOPLE.contains(&name) { contradictions(&resource, &record) } else { Vec::new() };
        Ok(Bearer { id, contradicts })
    };
    found.into_iter().map(bearer).collect()
}

/// Whether a number tells its bearer from others: not where it is a placeholder, nor a Chinese identity number that is wrong.
fn identifies(identifier: &Tree) -> bool {
    let text = |name: &str| identifier.get(name).and_then(Tree::as_str);
    let codings = identifier.get("type").and_then(|of| of.get("coding")).map_or(&[][..], Tree::items);
    let codes = codings.iter().filter_map(|coding| coding.get("code")?.as_str());
    let (value, system) = (text("value").unwrap_or_default(), text("system"));
    !is_placeholder(system, value)
        && (!identity::is_identity(system.unwrap_or_default(), codes) || identity::is_right(value))
}

/// The patient that goes on where this one was merged with another.
fn goes_on(patient: &Tree) -> Option<String> {
    let links = patient.get("link").map_or(&[][..], Tree::items);
    let replaced = links.iter().find(|link| link.get("type").and_then(Tree::as_str) == Some("replaced-by"))?;
    let other = replaced.get("other")?.get("reference")?.as_str()?;
    other.strip_prefix("Patient/").map(str::to_owned)
}

/// The plan of a chunk's meetings.
pub(crate) struct MeetPlan {
    pub(crate) meetings: Vec<Meeting>,
    pub(crate) giver: Giver,
    pub(crate) delivery: DeliveryNo,
    pub(crate) refused: Arc<Refused>,
}

impl MeetPlan {
    fn operations(&self, meeting: &Meeting, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let name = r4().name(meeting.resource_type);
        let read = |id: &str| Ok(lookup.current(name, id)?.and_then(|current| current.json));
        let Some(together) = meeting.together(self.giver, &read)? else {
            let gone = format!("{name}/{}, which it is one with, is not there any more: run again", meeting.record);
            return Err(Error::NotSupported(gone));
        };
        let put = |id: &str, resource: &Tree| {
            let text = resource.to_string();
            Put {
                resource_type: meeting.resource_type,
                id: id.to_owned(),
                text: &text,
                if_match: None,
                if_equal: IfEqual::Keep,
                must_be_new: false,
                at: meeting.link.start as u64,
                length: meeting.link.len() as u64,
            }
            .operation(lookup)
        };
        let mut operations = Vec::new();
        if let Some(record) = &together.record {
            operations.push(put(&meeting.record, record)?);
        }
        if let Some(own) = &together.own {
            operations.push(put(&meeting.own, own)?);
        }
        Ok(operations)
    }
}

impl Planner for MeetPlan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let (mut operations, mut refused) = (Vec::new(), self.refused.begin());
        for meeting in &self.meetings {
            match self.operations(meeting, lookup) {
                Ok(made) => operations.extend(made),
                Err(error) if is_fatal(&error) => return Err(error),
                Err(error) => {
                    let hint = "put together with the record that has its identifier it is no FHIR: mend the mapping, or the record";
                    refused.add(&meeting.link, &meeting.place, &refusal(&error), hint);
                }
            }
        }
        refused.end();
        Ok(operations)
    }

    fn besides(&self) -> Besides {
        let dead_letters = self.refused.letters();
        Besides { dead_letters, delivery: Some(self.delivery), ..Besides::default() }
    }
}
