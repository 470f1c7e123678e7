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
use tables::run::{
    ChunkGone, ChunkResource, Link, Merged, Others, Owned, can_be_in_error, goes_on, identifiers, is_forwarded,
    is_nobodys, is_of_one, owned_whole,
};

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
    /// Whether a row withdrew something that another of the source may have: the next run gives what that has.
    pub(crate) is_unsettled: bool,
    /// Records to which nobody gives since rows left them, and what becomes of them.
    pub(crate) ended: Vec<(String, Gone)>,
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
            is_unsettled: false,
            ended: Vec::new(),
            now: BTreeMap::new(),
            known: BTreeMap::new(),
            given: BTreeMap::new(),
        }
    }

    /// Takes a resource that was made. Whether it is to be put as it is, a record of its own.
    pub(crate) fn made(&mut self, made: &ChunkResource, json: &str, line: &[u8]) -> Result<bool, Error> {
        let own = records::uuid_text(&made.id);
        if self.of.others == Others::Ignored && !self.do_others_give(&own)? {
            return Ok(true);
        }
        let resource = tree(json)?;
        let record = made.met.clone().unwrap_or_else(|| own.clone());
        let stored = if made.met.is_none() { self.read(&own)? } else { None };
        let Of { resource_type, meets, others, .. } = self.of;
        // What led to the record that it was one with is itself again.
        let led = stored.as_ref().filter(|own| is_forwarded(resource_type, own) && !identifiers(&resource).is_empty());
        let before = [made.met_before.as_deref(), led.and_then(goes_on)].map(|before| before.map(str::to_owned));
        // Of a record that it leaves to nobody it is said where that can be.
        let left = self.part(&own, before, &record, (line, Gone::EnteredInError))?;
        if made.met.is_some() {
            let known = self.known(&record)?;
            self.meet(self.meeting(&own, record, resource, known, left, line), (line, Gone::Keep))?;
            return Ok(false);
        }
        if others != Others::Met && !self.do_others_give(&own)? {
            return Ok(true);
        }
        let known = self.known_of_own(&own, stored.is_some())?;
        match &stored {
            Some(stored)
                if left.is_empty() && led.is_none() && !is_of_one(resource_type, stored, &known, meets.giver, &own) =>
            {
                self.meet(self.meeting(&own, own.clone(), resource, known, left, line), (line, Gone::Keep))?;
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
        let Of { resource_type, meets, others, .. } = self.of;
        if others == Others::Ignored && !self.do_others_give(own)? {
            return Ok(true);
        }
        let record = gone.met.as_ref().unwrap_or(own);
        let stored = self.read(own)?;
        // What is deleted is led to by nothing, and leads to nothing.
        let led = stored.as_ref().filter(|stored| gone.how == Gone::Delete && is_forwarded(resource_type, stored));
        let left = self.part(own, [led.and_then(goes_on).map(str::to_owned), None], record, (line, gone.how))?;
        if gone.met.is_some() {
            let known = self.known(record)?;
            let meeting = self.meeting(own, record.clone(), Tree::object(), known, left, line);
            self.meet(Meeting { parts: gone.how == Gone::Delete, ..meeting }, (line, gone.how))?;
            if gone.how == Gone::Keep {
                return Ok(false);
            }
            // What had its own id led there.
            self.note(own, own, Vec::new())?;
            return Ok(true);
        }
        if gone.how == Gone::Keep {
            return Ok(false);
        }
        let known = self.known_of_own(own, stored.is_some())?;
        match &stored {
            // What others gave to it stays.
            Some(stored)
                if known.iter().any(|owned| !meets.giver.gave(own, owned))
                    || (gone.how == Gone::Delete && !is_of_one(resource_type, stored, &known, meets.giver, own)) =>
            {
                self.meet(self.meeting(own, own.clone(), Tree::object(), known, left, line), (line, gone.how))?;
                Ok(false)
            }
            _ => {
                self.note(own, own, Vec::new())?;
                Ok(true)
            }
        }
    }

    /// Whether rows of other sources give to a record.
    fn do_others_give(&mut self, id: &str) -> Result<bool, Error> {
        let source = self.of.meets.giver.source;
        Ok(self.known(id)?.iter().any(|owned| owned.source != source))
    }

    /// What is different of who gives what: to be noted before it is written, and when it is on disk. What is there otherwise is not taken for
    /// what was given, and what is to be withdrawn is known until it is.
    pub(crate) fn given(&self) -> (Vec<Given>, Vec<Given>) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for ((record, source, own), was) in &self.given {
            let known = self.known.get(record).map_or(&[][..], Vec::as_slice);
            let of_row = known.iter().filter(|owned| owned.source == *source && owned.own == *own);
            let is_runs = *source == self.of.meets.giver.source;
            let owned: Vec<Owned> = of_row.filter(|owned| is_runs || !was.contains(owned)).cloned().collect();
            let record = format!("{}/{record}", self.of.name);
            let given = Given { record, source: *source, own: own.clone(), owned };
            let is_left = |one: &&Owned| !given.owned.iter().any(|owned| owned.element == one.element);
            let withdrawn: Vec<Owned> = was.iter().filter(is_left).cloned().collect();
            if withdrawn.is_empty() || !is_runs {
                before.extend((is_runs || !given.owned.is_empty()).then_some(given));
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
    fn part(
        &mut self,
        own: &str,
        before: [Option<String>; 2],
        record: &str,
        (line, becomes): (&[u8], Gone),
    ) -> Result<Vec<String>, Error> {
        let Of { meets, target, name, .. } = self.of;
        let gave = meets.sources.gave(meets.giver.source, target, own).map_err(|error| damaged(&error))?;
        let mut left: Vec<String> =
            gave.iter().filter_map(|gave| gave.strip_prefix(name)?.strip_prefix('/')).map(str::to_owned).collect();
        left.extend(before.into_iter().flatten());
        left.retain(|left| left != record && left != own);
        left.sort_unstable();
        left.dedup();
        for left in &left {
            let known = self.known(left)?;
            let meeting = self.meeting(own, left.clone(), Tree::object(), known, Vec::new(), line);
            self.meet(Meeting { parts: true, ..meeting }, (line, becomes))?;
        }
        Ok(left)
    }

    /// Puts a resource into a record, or withdraws what it gave. Where nothing is left of the record then but what nobody gives, `becomes` says what
    /// becomes of it.
    fn meet(&mut self, mut meeting: Meeting, (line, becomes): (&[u8], Gone)) -> Result<(), Error> {
        let read = |id: &str| self.read(id);
        let giver = self.of.meets.giver;
        let Some(together) = meeting.together(giver, &read)? else {
            // What it gave went with the record.
            return self.note(&meeting.record, &meeting.own, Vec::new());
        };
        let is_row = |owned: &Owned| giver.gave(&meeting.own, owned);
        let is_withdrawn = meeting.made == Tree::object();
        let ends = becomes == Gone::Delete || (becomes == Gone::EnteredInError && can_be_in_error(self.of.name));
        if is_withdrawn
            && ends
            && meeting.known.iter().all(is_row)
            && is_nobodys(meeting.resource_type, &together.merged)
            && self.was_made(&meeting.record)?
        {
            self.note(&meeting.record, &meeting.own, Vec::new())?;
            self.ended.push((meeting.record, becomes));
            return Ok(());
        }
        let Merged { owned, passed_on, .. } = &together.merged;
        let is_less = |was: &Owned| {
            is_row(was) && was.is_first && !owned.iter().chain(passed_on).any(|now| now.element == was.element)
        };
        let is_shared = |owned: &Owned| owned.source == giver.source && !is_row(owned);
        self.is_unsettled |= meeting.known.iter().any(is_less) && meeting.known.iter().any(is_shared);
        for other in &together.merged.passed_on {
            self.pass_on(&meeting.record, other)?;
        }
        self.note(&meeting.record, &meeting.own, together.merged.owned)?;
        let changed = [(&meeting.record, together.record), (&meeting.own, together.own)];
        let changed: Vec<(String, Tree)> =
            changed.into_iter().filter_map(|(id, resource)| Some((id.clone(), resource?))).collect();
        let (elements, kept) = (together.merged.elements, together.merged.kept);
        if changed.is_empty() {
            self.equal += u64::from(!is_withdrawn);
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

    /// Whether a run of some source made a record.
    fn was_made(&self, id: &str) -> Result<bool, Error> {
        match self.of.records.source(self.of.grant, self.of.name, id, Some(1)) {
            Ok(first) => Ok(first.arrival.door == DOOR),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
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
            if arrival.door != DOOR || arrival.source != source {
                continue;
            }
            // What it put into what others had given is not all its own.
            let line = records.source_bytes(grant, name, own, Some(version.version))?;
            if Link::read(&line).is_some_and(|link| link.elements.is_none()) {
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
        let is_same =
            |one: &&mut Owned| (one.source, &one.own, &one.element) == (other.source, &other.own, &other.element);
        match known.iter_mut().find(is_same) {
            Some(one) => *one = other.clone(),
            None => known.push(other.clone()),
        }
        self.known.insert(record.to_owned(), known);
        Ok(())
    }
}
