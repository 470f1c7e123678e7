//! Of a chunk of rows the resources that are put into records that others give to as well, with who gives what of them then.

use crate::row_letters;
use crate::tables_door::{DOOR, Meets};
use crate::tables_meeting::{Meeting, tree};
use access::Grant;
use fhir::json::Tree;
use fhir::schema::{TypeId, r4};
use records::{Error, HistoryOf, HistoryQuery, Records};
use std::collections::{BTreeMap, BTreeSet};
use tables::mapping::Gone;
use tables::pull::Given;
use tables::run::{ChunkGone, ChunkResource, Others, Owned, is_of_one, owned_whole};

/// Versions of a record among which the last is looked for that a run of the source wrote.
const LOOKED_BACK: u32 = 50;

/// What a chunk's target is, and where it is stored.
#[derive(Clone, Copy)]
pub(crate) struct Of<'g> {
    pub(crate) records: &'g Records,
    pub(crate) grant: &'g Grant,
    pub(crate) meets: Meets<'g>,
    /// The source's name.
    pub(crate) source: &'g str,
    pub(crate) target: &'g str,
    /// The table whose rows are accounted for.
    pub(crate) table: &'g str,
    pub(crate) others: Others,
    /// The type of its resources.
    pub(crate) name: &'static str,
    pub(crate) resource_type: TypeId,
}

/// What is gathered of a chunk.
pub(crate) struct Gathering<'g> {
    of: Of<'g>,
    pub(crate) meetings: Vec<Meeting>,
    /// Their lines.
    pub(crate) links: Vec<u8>,
    /// Records that are to be another, each once.
    pub(crate) changed: BTreeSet<String>,
    /// Rows that change nothing.
    pub(crate) equal: u64,
    /// Elements that stay as another has them.
    pub(crate) kept: Vec<String>,
    /// Records as the meetings so far leave them.
    now: BTreeMap<String, Tree>,
    /// Who gives what of them then.
    known: BTreeMap<String, Vec<Owned>>,
    /// Where that is different, what it was: by record, source, and the id that the row's key gives.
    given: BTreeMap<(String, i64, String), Vec<Owned>>,
}

fn damaged(error: &tables::Error) -> Error {
    Error::Damaged(error.to_string())
}

/// The type of a chunk's resources.
pub(crate) fn type_of(name: &str) -> Result<TypeId, Error> {
    r4().resource_type(name).ok_or_else(|| Error::NotSupported(format!("{name} is no resource type")))
}

impl<'g> Gathering<'g> {
    pub(crate) fn of(of: Of<'g>) -> Self {
        Gathering {
            of,
            meetings: Vec::new(),
            links: Vec::new(),
            changed: BTreeSet::new(),
            equal: 0,
            kept: Vec::new(),
            now: BTreeMap::new(),
            known: BTreeMap::new(),
            given: BTreeMap::new(),
        }
    }

    /// Takes a resource that was made. Whether it is to be put as it is, a record of its own.
    pub(crate) fn made(&mut self, made: &ChunkResource, json: &str, line: &[u8]) -> Result<bool, Error> {
        let own = records::uuid_text(&made.id);
        let resource = tree(json)?;
        let record = made.met.clone().unwrap_or_else(|| own.clone());
        let left = self.part(&own, made.met_before.as_deref(), &record, line)?;
        if made.met.is_some() {
            let known = self.known(&record)?;
            self.meet(self.meeting(&own, record, resource, known, left, line), line)?;
            return Ok(false);
        }
        if self.of.others == Others::Left {
            return Ok(true);
        }
        let stored = self.read(&own)?;
        let known = self.known_of_own(&own, stored.is_some())?;
        let Of { resource_type, meets, .. } = self.of;
        match stored {
            // What led to the record that it was one with is itself again.
            Some(stored) if left.is_empty() && !is_of_one(resource_type, &stored, &known, meets.giver, &own) => {
                self.meet(self.meeting(&own, own.clone(), resource, known, left, line), line)?;
                Ok(false)
            }
            _ => {
                let owned = owned_whole(resource_type, &resource, &known, meets.giver, &own);
                self.note(&own, &own, owned)?;
                Ok(true)
            }
        }
    }

    /// Takes a resource whose rows are gone. Whether that is to be said of the record of its own.
    pub(crate) fn gone(&mut self, gone: &ChunkGone, line: &[u8]) -> Result<bool, Error> {
        let own = &gone.id;
        let record = gone.met.as_ref().unwrap_or(own);
        let left = self.part(own, None, record, line)?;
        if gone.met.is_some() {
            let known = self.known(record)?;
            self.meet(self.meeting(own, record.clone(), Tree::object(), known, left, line), line)?;
            return Ok(false);
        }
        if gone.how == Gone::Keep {
            return Ok(true);
        }
        let stored = self.read(own)?;
        let known = self.known_of_own(own, stored.is_some())?;
        let Of { resource_type, meets, .. } = self.of;
        match stored {
            // What others gave to it stays.
            Some(stored)
                if gone.how == Gone::Delete && !is_of_one(resource_type, &stored, &known, meets.giver, own) =>
            {
                self.meet(self.meeting(own, own.clone(), Tree::object(), known, left, line), line)?;
                Ok(false)
            }
            _ => {
                self.note(own, own, Vec::new())?;
                Ok(true)
            }
        }
    }

    /// What is different of who gives what: to be noted before it is written, and when it is on disk. What is there otherwise is not taken for
    /// what was given, and what is to be withdrawn is known until it is.
    pub(crate) fn given(&self) -> (Vec<Given>, Vec<Given>) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for ((record, source, own), was) in &self.given {
            let known = self.known.get(record).map_or(&[][..], Vec::as_slice);
            let of_row = known.iter().filter(|owned| owned.source == *source && owned.own == *own);
            let owned: Vec<Owned> = of_row.cloned().collect();
            let record = format!("{}/{record}", self.of.name);
            let given = Given { record, source: *source, own: own.clone(), owned };
            let is_left = |one: &&Owned| !given.owned.iter().any(|owned| owned.element == one.element);
            let withdrawn: Vec<Owned> = was.iter().filter(is_left).cloned().collect();
            if withdrawn.is_empty() {
                before.push(given);
                continue;
            }
            if !given.owned.is_empty() {
                let all = [given.owned.as_slice(), &withdrawn].concat();
                before.push(Given { owned: all, ..given.clone() });
            }
            after.push(given);
        }
        (before, after)
    }

    fn meeting(
        &self,
        own: &str,
        record: String,
        made: Tree,
        known: Vec<Owned>,
        left: Vec<String>,
        line: &[u8],
    ) -> Meeting {
        let place = row_letters::rows_of(line, self.of.table);
        let (own, resource_type) = (own.to_owned(), self.of.resource_type);
        Meeting { resource_type, own, record, made, known, parts: false, left, link: 0..0, place }
    }

    /// Withdraws what a row gave to other records than this one, which they are.
    fn part(&mut self, own: &str, before: Option<&str>, record: &str, line: &[u8]) -> Result<Vec<String>, Error> {
        let Of { meets, target, name, .. } = self.of;
        let gave = meets.sources.gave(meets.giver.source, target, own).map_err(|error| damaged(&error))?;
        let mut left: Vec<String> =
            gave.iter().filter_map(|gave| gave.strip_prefix(name)?.strip_prefix('/')).map(str::to_owned).collect();
        left.extend(before.map(str::to_owned));
        left.retain(|left| left != record && left != own);
        left.sort_unstable();
        left.dedup();
        for left in &left {
            let known = self.known(left)?;
            let meeting = self.meeting(own, left.clone(), Tree::object(), known, Vec::new(), line);
            self.meet(Meeting { parts: true, ..meeting }, line)?;
        }
        Ok(left)
    }

    /// Puts a resource into a record.
    fn meet(&mut self, mut meeting: Meeting, line: &[u8]) -> Result<(), Error> {
        let read = |id: &str| self.read(id);
        let Some(together) = meeting.together(self.of.meets.giver, &read)? else {
            // What it gave went with the record.
            return self.note(&meeting.record, &meeting.own, Vec::new());
        };
        for other in &together.merged.passed_on {
            self.pass_on(&meeting.record, other)?;
        }
        self.note(&meeting.record, &meeting.own, together.merged.owned)?;
        let changed = [(&meeting.record, together.record), (&meeting.own, together.own)];
        let changed: Vec<(String, Tree)> =
            changed.into_iter().filter_map(|(id, resource)| Some((id.clone(), resource?))).collect();
        let (elements, kept) = (together.merged.elements, together.merged.kept);
        if changed.is_empty() {
            self.equal += u64::from(meeting.made != Tree::object());
            self.kept.extend(kept);
            return Ok(());
        }
        let begin = self.links.len();
        self.links.extend_from_slice(line.trim_ascii_end());
        // Its line says what of the record came from here.
        self.links.pop();
        for (word, names) in [("elements", &elements), ("kept", &kept)] {
            let names: Vec<String> = names.iter().map(|name| Tree::String(name.clone()).to_string()).collect();
            self.links.extend_from_slice(format!(",\"{word}\":[{}]", names.join(",")).as_bytes());
        }
        self.links.push(b'}');
        meeting.link = begin..self.links.len();
        self.links.push(b'\n');
        self.kept.extend(kept);
        self.changed.extend(changed.iter().map(|(id, _)| id.clone()));
        self.now.extend(changed);
        self.meetings.push(meeting);
        Ok(())
    }

    /// What is stored under an id, after the meetings so far.
    fn read(&self, id: &str) -> Result<Option<Tree>, Error> {
        if let Some(now) = self.now.get(id) {
            return Ok(Some(now.clone()));
        }
        match self.of.records.read(self.of.grant, self.of.name, id) {
            Ok(stored) => tree(&stored.json).map(Some),
            Err(Error::NotFound { .. } | Error::Gone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Who gives what of a record, after the meetings so far.
    fn known(&mut self, id: &str) -> Result<Vec<Owned>, Error> {
        if let Some(known) = self.known.get(id) {
            return Ok(known.clone());
        }
        let Of { meets, name, .. } = self.of;
        let known = meets.sources.owned(&format!("{name}/{id}")).map_err(|error| damaged(&error))?;
        self.known.insert(id.to_owned(), known.clone());
        Ok(known)
    }

    /// The same of a record with a key's own id: what nobody noted of it is what a run of the source wrote last.
    fn known_of_own(&mut self, own: &str, is_stored: bool) -> Result<Vec<Owned>, Error> {
        let mut known = self.known(own)?;
        let Of { records, grant, meets, source, name, resource_type, .. } = self.of;
        if !is_stored || known.iter().any(|owned| meets.giver.gave(own, owned)) {
            return Ok(known);
        }
        let query = HistoryQuery { count: LOOKED_BACK, ..HistoryQuery::default() };
        let versions = match records.history(grant, HistoryOf::Resource(name, own), &query) {
            Ok(page) => page.versions,
            Err(Error::NotFound { .. }) => return Ok(known),
            Err(error) => return Err(error),
        };
        for version in versions.iter().filter(|version| !version.json.is_empty()) {
            let arrival = records.source(grant, name, own, Some(version.version))?.arrival;
            if arrival.door == DOOR && arrival.source == source {
                known.extend(owned_whole(resource_type, &tree(&version.json)?, &[], meets.giver, own));
                break;
            }
        }
        Ok(known)
    }

    /// Notes what a row gives of a record from now on.
    fn note(&mut self, record: &str, own: &str, owned: Vec<Owned>) -> Result<(), Error> {
        let giver = self.of.meets.giver;
        let mut known = self.known(record)?;
        let (before, others): (Vec<Owned>, Vec<Owned>) = known.drain(..).partition(|one| giver.gave(own, one));
        if before != owned {
            self.given.entry((record.to_owned(), giver.source, own.to_owned())).or_insert(before);
        }
        known = others;
        known.extend(owned);
        self.known.insert(record.to_owned(), known);
        Ok(())
    }

    /// Another gives an element alone now.
    fn pass_on(&mut self, record: &str, other: &Owned) -> Result<(), Error> {
        let mut known = self.known(record)?;
        let was = known.iter().filter(|one| (one.source, &one.own) == (other.source, &other.own)).cloned().collect();
        self.given.entry((record.to_owned(), other.source, other.own.clone())).or_insert(was);
        for one in &mut known {
            if (one.source, &one.own, &one.element) == (other.source, &other.own, &other.element) {
                *one = other.clone();
            }
        }
        self.known.insert(record.to_owned(), known);
        Ok(())
    }
}
