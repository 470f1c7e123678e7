//! A row's resource and a record that others give to as well, put together in the store: of another door that it is one with, or its own.

use crate::contradiction::contradictions;
use crate::fhir_door::put::Put;
use crate::fhir_door::refusal::{is_fatal, refusal};
use crate::row_letters::Refused;
use fhir::json::{Document, Tree};
use fhir::placeholder::is_placeholder;
use fhir::schema::{TypeId, r4};
use fhir::search::{ParseOptions, SearchQuery};
use records::{Besides, DeliveryNo, Error, IfEqual, Lookup, Operation, Planner, Records, Stored};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use tables::run::{
    Bearer, Giver, Merged, Owned, forwarded, goes_on, identifiers, is_entered_in_error, label, link, merge, unlink,
};
use tables::value::identity;

/// Types of people.
const PEOPLE: [&str; 4] = ["Patient", "Person", "Practitioner", "RelatedPerson"];
/// Records that are looked at for one identifier; more of them are as many as two.
const LOOKED_AT: u32 = 5;

/// A resource and the record that it is put into.
pub(crate) struct Meeting {
    pub(crate) resource_type: TypeId,
    /// The id that its key gives.
    pub(crate) own: String,
    /// The id of the record.
    pub(crate) record: String,
    /// What the mapping made; an object without members if its rows are gone, or another record is met now.
    pub(crate) made: Tree,
    /// Who gave what of the record.
    pub(crate) known: Vec<Owned>,
    /// Whether the two are one no longer.
    pub(crate) parts: bool,
    /// Records that it was one with before.
    pub(crate) left: Vec<String>,
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
        read: &dyn Fn(&str) -> Result<Option<Tree>, Error>,
    ) -> Result<Option<Together>, Error> {
        let Some(stored) = read(&self.record)? else { return Ok(None) };
        let merged = merge(self.resource_type, &stored, &self.made, &self.known, giver, &self.own);
        let mut record = merged.record.clone();
        let mut own = None;
        let is_patient = r4().name(self.resource_type) == "Patient";
        if self.parts {
            if is_patient {
                unlink(&mut record, &self.own);
            }
        } else if self.record != self.own
            && let Some(before) = read(&self.own)?
        {
            let mut leading = before.clone();
            if is_patient {
                self.left.iter().for_each(|left| unlink(&mut leading, left));
                link(&mut record, &self.own, "replaces");
            }
            own = forwarded(self.resource_type, &leading, &self.record);
            own = own.or_else(|| (leading != before).then_some(leading));
        }
        Ok(Some(Together { merged, record: (record != stored).then_some(record), own }))
    }
}

/// The records that bear one of a resource's identifiers, `own` the id that its key gives. A patient that was merged is the one that goes on.
/// A record that has no other number of it than the source gave itself is none of them: a number that was wrong would hold for ever. Nor is one that
/// was entered in error, unless the row gives to it already: what counts would count no more.
pub(crate) fn bearing(
    (records, grant): (&Records, &access::Grant),
    (name, own, json): (&str, &str, &str),
    source: i64,
    owned: &dyn Fn(&str) -> Result<Vec<Owned>, Error>,
) -> Result<Vec<Bearer>, Error> {
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
    let asked: Vec<String> = identifiers(&resource).iter().filter_map(of_system).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let pairs = vec![("identifier".to_owned(), asked.join(",")), ("_count".to_owned(), LOOKED_AT.to_string())];
    let query = SearchQuery::parse(name, pairs, &ParseOptions::default())?;
    let found = records.search(grant, &query)?.matches;
    let numbers: Vec<String> = identifiers(&resource).iter().filter(|one| identifies(one)).map(label).collect();
    let bearer = |stored: Stored| {
        let mut record = tree(&stored.json)?;
        let mut id = stored.id;
        if let Some(survivor) = goes_on(&record).map(str::to_owned) {
            if let Ok(stored) = records.read(grant, name, &survivor) {
                record = tree(&stored.json)?;
            }
            id = survivor;
        } else if id != own {
            let known = owned(&id)?;
            let is_met =
                || known.iter().any(|owned| owned.source == source && (owned.own == own || owned.own.is_empty()));
            if is_entered_in_error(&record) && !is_met() {
                return Ok(None);
            }
            let gave = |number: &String| {
                let of_number = || known.iter().filter(|owned| owned.element == *number);
                of_number().any(|owned| owned.is_first) && of_number().all(|owned| owned.source == source)
            };
            let mut common =
                identifiers(&record).iter().map(label).filter(|number| numbers.contains(number)).peekable();
            if common.peek().is_some() && common.all(|number| gave(&number)) {
                return Ok(None);
            }
        }
        let contradicts = if PEOPLE.contains(&name) { contradictions(&resource, &record) } else { Vec::new() };
        Ok(Some(Bearer { id, contradicts }))
    };
    found.into_iter().filter_map(|stored| bearer(stored).transpose()).collect()
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

/// The plan of a chunk's meetings.
pub(crate) struct MeetPlan {
    pub(crate) meetings: Vec<Meeting>,
    pub(crate) giver: Giver,
    pub(crate) delivery: DeliveryNo,
    pub(crate) refused: Arc<Refused>,
}

/// Records after the meetings of a plan so far, each with what writes it: several rows may be one with a record.
type Written = BTreeMap<String, (Tree, Operation)>;

impl MeetPlan {
    /// What a meeting changes.
    fn changed(&self, meeting: &Meeting, written: &Written, lookup: &dyn Lookup) -> Result<Written, Error> {
        let name = r4().name(meeting.resource_type);
        let read = |id: &str| match written.get(id) {
            Some((record, _)) => Ok(Some(record.clone())),
            None => {
                let current = lookup.current(name, id)?.and_then(|current| current.json);
                current.as_deref().map(tree).transpose()
            }
        };
        let Some(together) = meeting.together(self.giver, &read)? else {
            // What it gave went with the record.
            if meeting.made == Tree::object() {
                return Ok(Written::new());
            }
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
        let mut changed = Written::new();
        for (id, resource) in [(&meeting.record, together.record), (&meeting.own, together.own)] {
            if let Some(resource) = resource {
                let operation = put(id, &resource)?;
                changed.insert(id.clone(), (resource, operation));
            }
        }
        Ok(changed)
    }
}

impl Planner for MeetPlan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let (mut written, mut refused) = (Written::new(), self.refused.begin());
        for meeting in &self.meetings {
            match self.changed(meeting, &written, lookup) {
                Ok(changed) => written.extend(changed),
                Err(error) if is_fatal(&error) => return Err(error),
                Err(error) => {
                    let hint = "put together with the record that has its identifier it is no FHIR: mend the mapping, or the record";
                    refused.add(&meeting.link, &meeting.place, &refusal(&error), hint);
                }
            }
        }
        refused.end();
        Ok(written.into_values().map(|(_, operation)| operation).collect())
    }

    fn besides(&self) -> Besides {
        let dead_letters = self.refused.letters();
        Besides { dead_letters, delivery: Some(self.delivery), ..Besides::default() }
    }
}
