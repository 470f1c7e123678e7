//! Following the feed: who came or changed is compared with those who share something.

use super::index::Index;
use super::linkage::{Link, State, id_of};
use super::{DOOR, pair, stored_link, tree, tree_of};
use crate::fhir_door::put::{Put, bare};
use access::Grant;
use fhir::json::Tree;
use fhir::schema::{TypeId, r4};
use identity::{Facts, compare, keys};
use records::{
    Arrived, Change, Error, IfEqual, Lookup, Operation, Planner, Records, ReuseArrival, Row, Stored, Trail, Write,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Changes of the feed that are looked at in one step.
const STEP: usize = 1_000;
/// How soon the end of the program is noticed.
const QUIET: Duration = Duration::from_secs(1);
/// What a step that failed waits until it is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// Records that are compared with one that came, at most.
const OTHERS_MOST: usize = 1_000;
/// Merges one after the other that are followed.
const STEPS_MOST: usize = 20;
/// Ranks of links that wait are their scores in parts of this; of the others the time of the last decision, µs.
const RANK: f64 = 1e9;

pub(super) struct Follower {
    pub(super) records: Arc<Records>,
    pub(super) grant: Grant,
    pub(super) index: Index,
}

impl Follower {
    pub(super) fn run(self, stopping: &AtomicBool) {
        let mut told: Option<String> = None;
        while !stopping.load(Ordering::Acquire) {
            match self.step() {
                Ok(true) => told = None,
                Ok(false) => {
                    let position = self.index.position().unwrap_or(self.records.head());
                    self.records.wait_for(position, QUIET);
                }
                Err(Error::Closed) => return,
                Err(error) => {
                    self.index.roll_back();
                    let text = error.to_string();
                    if told.as_ref() != Some(&text) {
                        records::tell_operator!("medweave: duplicates cannot be looked for: {text}");
                        told = Some(text);
                    }
                    let mut waited = Duration::ZERO;
                    while waited < AGAIN && !stopping.load(Ordering::Acquire) {
                        std::thread::sleep(QUIET);
                        waited += QUIET;
                    }
                }
            }
        }
    }

    /// Looks at what came next; false if nothing did.
    fn step(&self) -> Result<bool, Error> {
        let seen = self.index.position()?;
        let entries = self.records.feed(&self.grant, seen, STEP)?;
        let Some(last) = entries.last() else { return Ok(false) };
        let (patient, linkage) = (kind("Patient")?, kind("Linkage")?);
        let of = |wanted: TypeId| -> Vec<Row> {
            let rows: BTreeSet<Row> =
                entries.iter().filter(|entry| entry.resource_type == wanted).map(|entry| entry.row).collect();
            rows.into_iter().collect()
        };
        let (patients, links) = (of(patient), of(linkage));
        let to = last.seq;
        self.index.begin()?;
        for (_, stored) in self.records.rows(&self.grant, &links)? {
            self.link_changed(&stored)?;
        }
        let mut news = News::default();
        // All of them have their keys before one is compared: none is missed because it comes later in the step.
        for row in &patients {
            for (_, stored) in self.records.rows(&self.grant, &[*row])? {
                self.person_changed(&stored, &mut news)?;
            }
        }
        for row in patients {
            for (_, stored) in self.records.rows(&self.grant, &[row])? {
                self.look_for(&stored, &mut news)?;
            }
        }
        // Written before the index says that they were looked at: what is cut off here is found again.
        self.tell(news)?;
        self.index.commit(to)?;
        Ok(true)
    }

    fn link_changed(&self, stored: &Stored) -> Result<(), Error> {
        if stored.change == Change::Deleted {
            return self.index.remove_link(&stored.id);
        }
        let Some(link) = Link::read(&tree_of(stored)?) else { return Ok(()) };
        let mut trees = Vec::with_capacity(2);
        for patient in &link.patients {
            match self.records.read(&self.grant, "Patient", patient) {
                Ok(patient) => trees.push(tree_of(&patient)?),
                Err(Error::NotFound { .. } | Error::Gone { .. }) => return self.index.remove_link(&stored.id),
                Err(error) => return Err(error),
            }
        }
        let Ok(trees) = <[Tree; 2]>::try_from(trees) else { return Ok(()) };
        self.note(link, &trees, stored.updated_us, true)
    }

    /// Notes a link as what its records say that it is: messages put patients together and apart too.
    fn note(&self, link: Link, trees: &[Tree; 2], at_us: i64, is_recorded: bool) -> Result<(), Error> {
        let (state, _) = pair::state_now(link.state, &link.patients, trees);
        let rank = match state {
            State::Waiting => (link.score * RANK) as i64,
            _ => at_us,
        };
        self.index.put_link(&Link { state, ..link }, rank, is_recorded)
    }

    /// Notes by what a person is found.
    fn person_changed(&self, stored: &Stored, news: &mut News) -> Result<(), Error> {
        if stored.change == Change::Deleted {
            self.index.remove_person(stored.row)?;
            for link in self.index.links_of(&stored.id)? {
                if link.is_recorded && link.is_untouched {
                    news.withdrawn.insert(link.id.clone());
                }
                self.index.remove_link(&link.id)?;
            }
            return Ok(());
        }
        let facts = facts_of(stored, &tree_of(stored)?);
        self.index.put_person(stored.row, &stored.id, &keys(&facts))
    }

    /// Looks for the other records of a person.
    fn look_for(&self, stored: &Stored, news: &mut News) -> Result<(), Error> {
        if stored.change == Change::Deleted {
            return Ok(());
        }
        let own = tree_of(stored)?;
        let facts = facts_of(stored, &own);
        let own_keys = keys(&facts);
        self.note_links(stored, &own, &facts)?;
        if facts.is_replaced() {
            // Who was merged into another is found as that one.
            return Ok(());
        }
        let known: BTreeMap<String, (State, bool)> = self
            .index
            .links_of(&stored.id)?
            .into_iter()
            .map(|link| (link.id, (link.state, link.is_recorded && link.is_untouched)))
            .collect();
        let mut alike = BTreeSet::new();
        let mut others: Vec<Row> =
            self.index.sharing(&own_keys)?.into_iter().filter(|row| *row != stored.row).collect();
        others.truncate(OTHERS_MOST);
        for row in others {
            for (_, other) in self.records.rows(&self.grant, &[row])? {
                if other.change == Change::Deleted {
                    continue;
                }
                let theirs = facts_of(&other, &tree_of(&other)?);
                if !compare(&facts, &theirs).is_candidate {
                    continue;
                }
                // By what a record says that was merged, the one is meant that goes on.
                let Some(goes_on) = self.goes_on(other, &theirs)? else { continue };
                let goes_on_facts = facts_of(&goes_on, &tree_of(&goes_on)?);
                let is_told = facts.linked().contains(&goes_on.id) || goes_on_facts.linked().contains(&stored.id);
                let compared = compare(&facts, &goes_on_facts);
                if is_told || goes_on.id == stored.id || compared.is_contradicted() {
                    continue;
                }
                let id = id_of(&stored.id, &goes_on.id);
                if !known.contains_key(&id) && !news.withdrawn.contains(&id) {
                    let at = fhir::time::format_us(self.records.now_us());
                    news.found.entry(id.clone()).or_insert_with(|| Link::found(&stored.id, &goes_on.id, &compared, at));
                }
                alike.insert(id);
            }
        }
        // What was found and no longer is so waits for nobody.
        for (id, (state, is_untouched)) in known {
            if state == State::Waiting && is_untouched && !alike.contains(&id) {
                news.withdrawn.insert(id);
            }
        }
        Ok(())
    }

    /// The record that goes on in the place of this one, which may be itself; `None` if it is gone.
    fn goes_on(&self, mut stored: Stored, facts: &Facts) -> Result<Option<Stored>, Error> {
        let mut next = facts.replaced_by().map(str::to_owned);
        for _ in 0..STEPS_MOST {
            let Some(id) = next else { return Ok(Some(stored)) };
            stored = match self.records.read(&self.grant, "Patient", &id) {
                Ok(stored) => stored,
                Err(Error::NotFound { .. } | Error::Gone { .. }) => return Ok(None),
                Err(error) => return Err(error),
            };
            next = facts_of(&stored, &tree_of(&stored)?).replaced_by().map(str::to_owned);
        }
        Ok(None)
    }

    /// Notes what this record and the others of its pairs say of each other, with a `Linkage` or without.
    fn note_links(&self, stored: &Stored, own: &Tree, facts: &Facts) -> Result<(), Error> {
        let pair = |other: &str, theirs: Tree| {
            if stored.id.as_str() <= other {
                ([stored.id.clone(), other.to_owned()], [own.clone(), theirs])
            } else {
                ([other.to_owned(), stored.id.clone()], [theirs, own.clone()])
            }
        };
        let listed = self.index.links_of(&stored.id)?;
        for link in &listed {
            if !link.is_recorded {
                self.index.remove_link(&link.id)?;
                continue;
            }
            let other = link.patients.iter().find(|id| **id != stored.id).unwrap_or(&stored.id);
            let Ok(theirs) = self.records.read(&self.grant, "Patient", other) else { continue };
            let Some(noted) = stored_link(&self.records, &self.grant, &link.id)? else { continue };
            let (_, trees) = pair(other, tree_of(&theirs)?);
            self.note(noted, &trees, stored.updated_us, true)?;
        }
        for other in facts.linked() {
            let id = id_of(&stored.id, other);
            if other == &stored.id || listed.iter().any(|link| link.is_recorded && link.id == id) {
                continue;
            }
            let Ok(theirs) = self.records.read(&self.grant, "Patient", other) else { continue };
            let (ids, trees) = pair(other, tree_of(&theirs)?);
            let compared = compare(&Facts::of(&trees[0]), &Facts::of(&trees[1]));
            if let Some(link) = Link::of_records(&ids, &trees, &compared) {
                self.index.put_link(&link, stored.updated_us, false)?;
            }
        }
        Ok(())
    }

    fn tell(&self, mut news: News) -> Result<(), Error> {
        for id in &news.withdrawn {
            news.found.remove(id);
        }
        // An index that is made anew finds again what is written already.
        let mut known = Vec::new();
        for id in news.found.keys() {
            if stored_link(&self.records, &self.grant, id)?.is_some() {
                known.push(id.clone());
            }
        }
        news.found.retain(|id, _| !known.contains(id));
        if news.found.is_empty() && news.withdrawn.is_empty() {
            return Ok(());
        }
        let mut content = String::new();
        let mut found = Vec::with_capacity(news.found.len());
        for link in news.found.into_values() {
            let text = link.write().to_string();
            found.push((link, content.len() as u64, text.len() as u64));
            content.push_str(&text);
            content.push('\n');
        }
        let withdrawn: Vec<String> = news.withdrawn.into_iter().collect();
        for id in &withdrawn {
            content.extend(["{\"withdrawn\":\"Linkage/", id.as_str(), "\"}\n"]);
        }
        let trail = Trail { action: "identity found".into(), detail: String::new() };
        let about = Arrived {
            door: DOOR.into(),
            source: DOOR.into(),
            name: "found".into(),
            media: "application/fhir+ndjson".into(),
            ..Arrived::default()
        };
        let plan = Tell { found, withdrawn, length: content.len() as u64 };
        self.records.write(&self.grant, trail, about, content.as_bytes(), ReuseArrival::Never, plan)?;
        Ok(())
    }
}

/// What a record says. One that the comparison fails on says nothing, and stops no other.
fn facts_of(stored: &Stored, tree: &Tree) -> Facts {
    std::panic::catch_unwind(|| Facts::of(tree)).unwrap_or_else(|_| {
        records::tell_operator!(
            "medweave: Patient/{} cannot be compared with others: this is a fault of the program",
            stored.id
        );
        Facts::default()
    })
}

fn kind(name: &str) -> Result<TypeId, Error> {
    r4().resource_type(name).ok_or_else(|| Error::NotSupported(format!("{name} is no resource type")))
}

/// What a step found.
#[derive(Default)]
struct News {
    found: BTreeMap<String, Link>,
    withdrawn: BTreeSet<String>,
}

/// Stores links that were found, and takes out those that no longer are.
struct Tell {
    /// Each with its place in the arrival.
    found: Vec<(Link, u64, u64)>,
    withdrawn: Vec<String>,
    length: u64,
}

impl Planner for Tell {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let linkage = kind("Linkage")?;
        let stored = |id: &str| -> Result<Option<Link>, Error> {
            match lookup.current("Linkage", id)?.and_then(|current| current.json) {
                Some(json) => Ok(Link::read(&tree(&json)?)),
                None => Ok(None),
            }
        };
        let mut operations = Vec::new();
        for (link, at, length) in &self.found {
            if stored(&link.id)?.is_some() {
                continue;
            }
            let text = link.write().to_string();
            let put = Put {
                resource_type: linkage,
                id: link.id.clone(),
                text: &text,
                if_match: None,
                if_equal: IfEqual::Keep,
                must_be_new: false,
                at: *at,
                length: *length,
            };
            operations.push(put.operation(lookup)?);
        }
        for id in &self.withdrawn {
            // Somebody may have said something meanwhile.
            if stored(id)?.is_some_and(|link| link.state == State::Waiting && link.said.is_empty()) {
                operations.push(bare(linkage, id.clone(), Write::Delete, None, 0, self.length));
            }
        }
        Ok(operations)
    }
}
