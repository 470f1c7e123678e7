//! Of a chunk of rows the resources that are put into records that others give to as well, with who gives what of them then.

use crate::row_letters;
use crate::tables_door::{DOOR, Meets};
use crate::tables_meeting::{Meeting, tree};
use access::Grant;
use fhir::json::Tree;
use fhir::schema::{TypeId, r4};
use records::{Error, HistoryOf, HistoryQuery, REDO_DOOR, Records, Source, UNDO_DOOR};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tables::mapping::Gone;
use tables::pull::{Given, RowSaid};
use tables::run::{
    ChunkGone, ChunkResource, Link, Merged, Others, Owned, can_be_in_error, content_of, goes_on, identifiers,
    is_forwarded, is_nobodys, is_of_one, label, owned_whole, saying_of, says_the_same, without,
};

/// Versions of a record among which those are looked for that runs of the target wrote, and how often as many more.
const LOOKED_BACK: u32 = 50;
const PAGES: usize = 20;
/// Arrivals of which it is remembered what they hold.
const KNOWN_ARRIVALS: usize = 100_000;

/// What an arrival of a run holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrote {
    /// Resources that were put as the rows made them.
    Whole,
    /// What rows gave of records that others give to as well.
    Parts,
    /// Resources whose rows were gone.
    Gone,
}

/// A version that a run wrote.
struct RunWrote {
    how: Wrote,
    /// Of parts, the elements that the row gave.
    elements: Vec<String>,
    record: Tree,
    /// Its number; none of what was taken back.
    version: Option<i64>,
    /// The version before it.
    before: Option<Tree>,
}

impl RunWrote {
    /// Whether it was what the row said of an element after a version, which stands.
    fn says_after(&self, version: i64, element: &str) -> bool {
        let gives = self.how == Wrote::Whole || self.elements.iter().any(|one| one == element);
        gives && self.version.is_some_and(|own| own > version)
    }
}

/// A resource without what the store stamps it with.
fn without_stamp(resource: &Tree) -> Tree {
    let mut out = resource.clone();
    let Some(mut meta) = resource.get("meta").cloned() else { return out };
    for stamp in ["versionId", "lastUpdated"] {
        meta.remove(stamp);
    }
    if meta == Tree::object() {
        out.remove("meta");
    } else {
        out.set("meta", meta);
    }
    out
}

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
    /// What arrivals of runs hold, as far as it was looked at.
    pub(crate) wrote: &'g RefCell<HashMap<i64, Wrote>>,
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
    /// What rows say of elements of records of their own that somebody else changed and nobody is noted to give to.
    pub(crate) said: Vec<RowSaid>,
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
            said: Vec::new(),
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
        let known = self.known_of_own(&own, stored.as_ref())?;
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

    /// Takes a resource that stands otherwise, of a target that meets nobody's records. The version in whose place it is to be put as it is; none where
    /// somebody else changed the record since: then it is put together with that.
    pub(crate) fn changed(&mut self, made: &ChunkResource, json: &str, line: &[u8]) -> Result<Option<i64>, Error> {
        let own = records::uuid_text(&made.id);
        let Of { records, grant, name, meets, resource_type, .. } = self.of;
        let (version, arrival) = records.current_from(grant, name, &own)?;
        if self.of.wrote.borrow().get(&arrival.0) == Some(&Wrote::Whole) {
            return Ok(Some(version));
        }
        let current = records.source(grant, name, &own, None)?;
        if self.wrote(&own, &current)? == Some(Wrote::Whole) {
            return Ok(Some(current.version));
        }
        let Some(stored) = self.read(&own)? else { return Ok(Some(current.version)) };
        let written = self.written(&own)?;
        // It was put as a run had it: one that was taken back left it so, or a person.
        let as_then = |one: &RunWrote| one.how == Wrote::Whole && without_stamp(&one.record) == without_stamp(&stored);
        if written.iter().any(as_then) {
            return Ok(Some(current.version));
        }
        let mut known = self.known(&own)?;
        known.retain(|owned| !meets.giver.gave(&own, owned));
        let mut of_row = self.of_row(&own, &stored, &written);
        let said = self.said_of(&own, &written)?;
        // What stands as the row said it last is the row's, whoever put it.
        for RowSaid { element, saying, .. } in &said {
            if saying_of(resource_type, &stored, element) != *saying {
                continue;
            }
            let content = content_of(resource_type, &stored, element);
            match of_row.iter_mut().find(|known| known.element == *element) {
                Some(known) => known.contents.push(content),
                None => of_row.extend(
                    owned_whole(resource_type, &stored, &[], meets.giver, &own)
                        .into_iter()
                        .filter(|one| one.element == *element),
                ),
            }
        }
        known.append(&mut of_row);
        let made = tree(json)?;
        let kept_before = self.kept.len();
        let given = self.without_what_was_taken_away(made.clone(), &stored, (&written, &said));
        let meeting = self.meeting(&own, own.clone(), given, known, Vec::new(), line);
        self.meet(meeting, (line, Gone::Keep))?;
        // Of what it gives the version tells that is written now.
        let kept: BTreeSet<String> = self.kept[kept_before..].iter().cloned().collect();
        let same = owned_whole(resource_type, &made, &[], meets.giver, &own).into_iter().map(|one| one.element);
        let same = same.filter(|element| says_the_same(resource_type, &made, &stored, element));
        let elements = kept.into_iter().chain(same).collect();
        self.say(&own, &made, current.version, elements);
        Ok(None)
    }

    /// Takes a resource that stands as it is, of a target that meets nobody's records: where somebody else put it so, the row says the same now.
    pub(crate) fn agrees(&mut self, made: &ChunkResource, json: &str) -> Result<(), Error> {
        let own = records::uuid_text(&made.id);
        let Of { records, grant, name, resource_type, meets, .. } = self.of;
        let (_, arrival) = records.current_from(grant, name, &own)?;
        if self.of.wrote.borrow().get(&arrival.0) == Some(&Wrote::Whole) {
            return Ok(());
        }
        let current = records.source(grant, name, &own, None)?;
        if self.wrote(&own, &current)? == Some(Wrote::Whole) {
            return Ok(());
        }
        let (made, written) = (tree(json)?, self.written(&own)?);
        let Some(stored) = self.read(&own)?.as_ref().map(without_stamp) else { return Ok(()) };
        // One that was taken back left it as a run had it.
        let is_taken_back = [UNDO_DOOR, REDO_DOOR].contains(&current.arrival.door.as_str());
        let is_so = |one: &RunWrote| one.how == Wrote::Whole && without_stamp(&one.record) == stored;
        if is_taken_back && written.iter().any(is_so) {
            return Ok(());
        }
        // What it gave and gives no more it says nothing of.
        let all = written.iter().map(|one| &one.record).chain([&made]);
        let all = all.flat_map(|record| owned_whole(resource_type, record, &[], meets.giver, &own));
        let elements: BTreeSet<String> = all.map(|one| one.element).collect();
        self.say(&own, &made, current.version, elements);
        Ok(())
    }

    /// What the row of a record said last of its elements, where somebody else put something and no run wrote it since.
    fn said_of(&self, own: &str, written: &[RunWrote]) -> Result<Vec<RowSaid>, Error> {
        let Of { meets, name, .. } = self.of;
        let said = meets.sources.rows_said(meets.giver.source, &format!("{name}/{own}"));
        let mut said = said.map_err(|error| damaged(&error))?;
        said.retain(|one| !written.iter().any(|run| run.says_after(one.version, &one.element)));
        Ok(said)
    }

    /// What a row says now of elements of its record, which has that version.
    fn say(&mut self, own: &str, made: &Tree, version: i64, elements: BTreeSet<String>) {
        let Of { resource_type, name, .. } = self.of;
        let elements = elements.into_iter().filter(|element| !element.contains('|'));
        self.said.extend(elements.map(|element| RowSaid {
            record: format!("{name}/{own}"),
            saying: saying_of(resource_type, made, &element),
            element,
            version,
        }));
    }

    /// What a row makes, without what it gave before just so and somebody else took away since.
    fn without_what_was_taken_away(
        &mut self,
        mut made: Tree,
        stored: &Tree,
        (written, said): (&[RunWrote], &[RowSaid]),
    ) -> Tree {
        let Of { resource_type, meets, .. } = self.of;
        let has = |record: &Tree, element: &str| content_of(resource_type, record, element);
        let nothing = |element: &str| content_of(resource_type, &Tree::object(), element);
        for one in owned_whole(resource_type, &made, &[], meets.giver, "") {
            let element = one.element.as_str();
            let (gives, none) = (has(&made, element), nothing(element));
            let took_it_away = |run: &RunWrote| {
                has(&run.record, element) == none
                    && run.before.as_ref().is_some_and(|before| has(before, element) != none)
            };
            // The row took it away too, and gives it again.
            let says_nothing = saying_of(resource_type, &Tree::object(), element);
            if said.iter().any(|one| one.element == element && one.saying == says_nothing) {
                continue;
            }
            if !element.contains('|')
                && has(stored, element) == none
                && written.iter().any(|run| has(&run.record, element) == gives)
                && !written.iter().any(took_it_away)
            {
                self.kept.push(element.to_owned());
                made = without(resource_type, made, element);
            }
        }
        made
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
        let known = self.known_of_own(own, stored.as_ref())?;
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

    /// The same of a record with a key's own id: what nobody noted of it is what runs of the source wrote, the last first.
    fn known_of_own(&mut self, own: &str, stored: Option<&Tree>) -> Result<Vec<Owned>, Error> {
        let mut known = self.known(own)?;
        let Some(stored) = stored else { return Ok(known) };
        if !known.iter().any(|owned| self.of.meets.giver.gave(own, owned)) {
            let written = self.written(own)?;
            known.extend(self.of_row(own, stored, &written));
        }
        Ok(known)
    }

    /// What a run of the target wrote by a version of a record with a key's own id; nothing where another wrote it.
    fn wrote(&self, own: &str, version: &Source) -> Result<Option<Wrote>, Error> {
        let Of { records, grant, source, target, name, wrote, .. } = self.of;
        let Source { arrival, version, .. } = version;
        if arrival.door != DOOR || arrival.source != source || arrival.name != target {
            return Ok(None);
        }
        if let Some(known) = wrote.borrow().get(&arrival.no.0) {
            return Ok(Some(*known));
        }
        // All lines of an arrival are of one kind.
        let line = records.source_bytes(grant, name, own, Some(*version))?;
        let Some(link) = Link::read(&line) else { return Ok(None) };
        let how = match (&link.elements, &link.why) {
            (Some(_), _) => Wrote::Parts,
            (None, Some(_)) => Wrote::Gone,
            (None, None) => Wrote::Whole,
        };
        let mut wrote = wrote.borrow_mut();
        if wrote.len() >= KNOWN_ARRIVALS {
            wrote.clear();
        }
        wrote.insert(arrival.no.0, how);
        Ok(Some(how))
    }

    /// The versions of a record with a key's own id that runs of the target wrote, the newest first: the newest that they are, however many others
    /// wrote since.
    fn written(&self, own: &str) -> Result<Vec<RunWrote>, Error> {
        let Of { records, grant, name, .. } = self.of;
        let mut written: Vec<RunWrote> = Vec::new();
        let mut query = HistoryQuery { count: LOOKED_BACK, ..HistoryQuery::default() };
        for _ in 0..PAGES {
            let page = match records.history(grant, HistoryOf::Resource(name, own), &query) {
                Ok(page) => page,
                Err(Error::NotFound { .. }) => break,
                Err(error) => return Err(error),
            };
            for version in page.versions.iter().filter(|version| !version.json.is_empty()) {
                let record = tree(&version.json)?;
                // What a version changed is seen beside the one before it.
                if let Some(after) = written.last_mut().filter(|after| after.before.is_none()) {
                    after.before = Some(record.clone());
                }
                let of = records.source(grant, name, own, Some(version.version))?;
                if let Some(how) = self.wrote(own, &of)? {
                    let parts = || -> Result<Option<Link>, Error> {
                        Ok(Link::read(&records.source_bytes(grant, name, own, Some(version.version))?))
                    };
                    let elements = if how == Wrote::Parts { parts()?.and_then(|link| link.elements) } else { None };
                    let number = of.arrival.undone_us.is_none().then_some(version.version);
                    let elements = elements.unwrap_or_default();
                    written.push(RunWrote { how, elements, record, version: number, before: None });
                }
            }
            query.before = page.next;
            let is_known = written.iter().any(|one| one.how == Wrote::Whole);
            if is_known || query.before.is_none() {
                break;
            }
        }
        Ok(written)
    }

    /// What a row gave of a record as it is stored, by the versions that runs wrote of it.
    fn of_row(&self, own: &str, stored: &Tree, written: &[RunWrote]) -> Vec<Owned> {
        let Of { resource_type, meets, .. } = self.of;
        let mut of_row: Vec<Owned> = Vec::new();
        for RunWrote { how, elements, record, before, .. } in written {
            let same = |a: &Tree, b: &Tree, number: &str| {
                let text = |of: &Tree| identifiers(of).iter().find(|one| label(one) == number).map(Tree::to_string);
                text(a) == text(b)
            };
            let is_number = |one: &Owned| one.element.contains('|');
            // What it put into what others had given is not all its own, nor is what it said to be an error.
            let is_its = |one: &Owned| match (how, before) {
                (Wrote::Whole, _) | (_, None) => *how == Wrote::Whole || elements.contains(&one.element),
                (_, Some(before)) if is_number(one) => !same(record, before, &one.element),
                (Wrote::Parts, _) => elements.contains(&one.element),
                (Wrote::Gone, Some(before)) => {
                    content_of(resource_type, record, &one.element) != content_of(resource_type, before, &one.element)
                }
            };
            for mut one in owned_whole(resource_type, record, &[], meets.giver, own) {
                // A number that somebody else changed is his, as it stands.
                if !is_its(&one) || (is_number(&one) && !same(record, stored, &one.element)) {
                    continue;
                }
                if !is_number(&one) && says_the_same(resource_type, record, stored, &one.element) {
                    one.contents.push(content_of(resource_type, stored, &one.element));
                }
                match of_row.iter_mut().find(|known| known.element == one.element) {
                    Some(known) => known.contents.extend(one.contents),
                    None => of_row.push(one),
                }
            }
        }
        of_row
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
