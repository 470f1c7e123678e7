//! What people say of a pair, and what that changes.

use super::linkage::{Link, Said, State, id_of};
use super::{DOOR, pair, tree};
use crate::fhir_door::put::Put;
use crate::fhir_door::refusal::{bad_request, unprocessable};
use access::{Grant, Permission};
use fhir::json::Tree;
use fhir::schema::r4;
use identity::{Facts, compare};
use records::{Arrived, Error, Found, IfEqual, Lookup, Operation, Planner, Receipt, Records, ReuseArrival, Trail};
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// What is asked of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// They are one person; both records go on and know of each other.
    Same,
    /// They are two people.
    Different,
    /// They are one person, and the record of this patient goes on in the place of the other.
    Merge {
        /// Its id.
        into: String,
    },
    /// What was said last does not hold.
    Undo,
}

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By id.
    Id(String),
    /// By identifiers, each of a system and a value: all of them must be one patient's.
    Identifiers(Vec<(String, String)>),
}

/// Who asks, when, and why.
#[derive(Clone, Debug, Default)]
pub struct By {
    /// Why, if that was said.
    pub reason: Option<String>,
}

/// What was decided.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The pair since.
    pub link: Link,
    /// Both records since, in the order of [`Link::patients`].
    pub patients: [Tree; 2],
    /// What was written; none if it was only tried.
    pub receipt: Option<Receipt>,
}

/// Whether something is done, or only tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is written.
    Done,
    /// Nothing is written.
    Tried,
}

/// Says something of the pair of `patients`.
///
/// # Errors
/// [`Error::Denied`] unless patients and links may be changed; [`Error::Invalid`] for what cannot be said of this pair, with what to do;
/// [`Error::NotFound`], [`Error::Gone`] where a patient is not there.
pub fn decide(
    records: &Records,
    grant: &Grant,
    patients: &[String; 2],
    asked: Asked,
    by: By,
) -> Result<Decision, Error> {
    let named = patients.clone().map(Named::Id);
    run(records, grant, named, asked, by, (None, How::Done))
}

/// `Patient/$merge`: `target` goes on in the place of `source`, if `result` is given with its content.
///
/// # Errors
/// As [`decide`]; [`Error::NoMatch`], [`Error::MultipleMatches`] where identifiers name nobody or several.
pub fn merge(
    records: &Records,
    grant: &Grant,
    (source, target): (Named, Named),
    result: Option<Tree>,
    by: By,
    how: How,
) -> Result<Decision, Error> {
    run(records, grant, [target, source], Asked::Merge { into: String::new() }, by, (result, how))
}

fn run(
    records: &Records,
    grant: &Grant,
    named: [Named; 2],
    asked: Asked,
    by: By,
    (result, how): (Option<Tree>, How),
) -> Result<Decision, Error> {
    for name in ["Patient", "Linkage"] {
        grant.may(Permission::Read, name)?;
        grant.may(Permission::Update, name)?;
    }
    let word = match asked {
        Asked::Same => "same",
        Asked::Different => "different",
        Asked::Merge { .. } => "merge",
        Asked::Undo => "undo",
    };
    let mut content = Tree::object();
    content.set("asked", word);
    for (name, of) in ["one", "other"].into_iter().zip(&named) {
        content.set(
            name,
            match of {
                Named::Id(id) => format!("Patient/{id}"),
                Named::Identifiers(all) => {
                    all.iter().map(|(system, value)| format!("{system}|{value}")).collect::<Vec<_>>().join(" ")
                }
            },
        );
    }
    if let Asked::Merge { into } = &asked
        && !into.is_empty()
    {
        content.set("into", format!("Patient/{into}"));
    }
    if let Some(reason) = &by.reason {
        content.set("reason", reason.as_str());
    }
    if let Some(result) = &result {
        content.set("result", result.clone());
    }
    let content = content.to_string().into_bytes();
    let trail = Trail { action: format!("identity {word}"), detail: String::new() };
    let about = Arrived {
        door: DOOR.into(),
        source: DOOR.into(),
        name: word.into(),
        media: "application/json".into(),
        ..Arrived::default()
    };
    let made = Arc::default();
    let plan = Plan {
        named,
        asked,
        by: grant.principal().to_string(),
        at: fhir::time::format_us(records.now_us()),
        reason: by.reason,
        result,
        length: content.len() as u64,
        made: Arc::clone(&made),
    };
    let receipt = match how {
        How::Done => Some(records.write(grant, trail, about, &content, ReuseArrival::Never, plan)?),
        How::Tried => {
            records.rehearsal().run(grant, &plan)?;
            None
        }
    };
    let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (link, patients) = made.ok_or_else(|| Error::Damaged("a decision was planned and is not known".into()))?;
    Ok(Decision { link, patients, receipt })
}

/// The pair and both records, as they are since.
type Made = (Link, [Tree; 2]);

/// Plans a decision.
struct Plan {
    named: [Named; 2],
    asked: Asked,
    by: String,
    at: String,
    reason: Option<String>,
    result: Option<Tree>,
    length: u64,
    made: Arc<Mutex<Option<Made>>>,
}

/// Identifiers that name somebody who is to be merged, at most.
const IDENTIFIERS_MAX: usize = 20;

impl Plan {
    /// The id of who is meant.
    fn id(lookup: &dyn Lookup, named: &Named) -> Result<String, Error> {
        let identifiers = match named {
            Named::Id(id) => return Ok(id.clone()),
            Named::Identifiers(identifiers) => identifiers,
        };
        if identifiers.is_empty() || identifiers.len() > IDENTIFIERS_MAX {
            return Err(bad_request(format!(
                "name each patient by a reference, or by 1 to {IDENTIFIERS_MAX} identifiers"
            )));
        }
        let mut query = Vec::with_capacity(identifiers.len());
        for identifier in identifiers {
            let (system, value) = identifier;
            if value.trim().is_empty() || system.trim().is_empty() {
                return Err(bad_request("an identifier that names a patient needs a system and a value"));
            }
            query.push(format!("identifier={}%7C{}", escaped(system), escaped(value)));
        }
        let query = query.join("&");
        match lookup.find("Patient", &query)? {
            Found::One(id) => Ok(id),
            Found::None => Err(Error::NoMatch { resource_type: "Patient".into(), query }),
            Found::Many => Err(Error::MultipleMatches { resource_type: "Patient".into(), query }),
        }
    }

    fn patient(lookup: &dyn Lookup, id: &str) -> Result<Tree, Error> {
        let gone = |version| Error::Gone { resource_type: "Patient".into(), id: id.to_owned(), version };
        match lookup.current("Patient", id)? {
            Some(current) => match current.json {
                Some(json) => tree(&json),
                None => Err(gone(current.version)),
            },
            None => Err(Error::NotFound { resource_type: "Patient".into(), id: id.to_owned() }),
        }
    }

    /// Changes the link and both records; what cannot be is said.
    fn carry_out(&self, link: &mut Link, trees: &mut [Tree; 2], first: &str) -> Result<(), Error> {
        let [one, other] = &link.patients.clone();
        let ids = &link.patients.clone();
        let noted = link.state;
        let (before, is_told_otherwise) = pair::state_now(noted, ids, trees);
        let merged_into = pair::survivor(ids, trees);
        let of_merge = link.said.last().filter(|said| said.state == State::Merged && !is_told_otherwise);
        let was_active = of_merge.map_or(Some(true), |said| said.was_active);
        let part = |trees: &mut [Tree; 2]| {
            pair::part(ids, trees);
            // Whoever was merged into a third one too stays so.
            if let Some(survivor) = merged_into
                && pair::replaced_by(&trees[1 - survivor], &ids[survivor]).is_none()
            {
                pair::revive(trees, 1 - survivor, was_active);
            }
        };
        let said = |state, into: Option<&str>, was_active| Said {
            state,
            before,
            at: self.at.clone(),
            by: self.by.clone(),
            reason: self.reason.clone(),
            into: into.map(str::to_owned),
            was_active,
        };
        if is_told_otherwise && self.asked != Asked::Undo {
            // What was said no longer held: it is no step that could be taken back to. Earlier versions have it.
            link.said.clear();
        }
        match &self.asked {
            Asked::Same | Asked::Different if before == State::Merged => Err(unprocessable(
                "business-rule",
                "Linkage",
                format!("Patient/{one} and Patient/{other} are merged: undo that first"),
            )),
            Asked::Same if before == State::Same => Err(already(one, other, "said to be one person")),
            Asked::Different if before == State::Different => Err(already(one, other, "said to be two people")),
            Asked::Same => {
                part(trees);
                pair::join(ids, trees);
                link.state = State::Same;
                link.said.push(said(State::Same, None, None));
                Ok(())
            }
            Asked::Different => {
                part(trees);
                link.state = State::Different;
                link.said.push(said(State::Different, None, None));
                Ok(())
            }
            Asked::Merge { into } => {
                let into = if into.is_empty() { first } else { into };
                let survivor = ids.iter().position(|id| id == into).ok_or_else(|| {
                    bad_request(format!(
                        "Patient/{into} is neither of the two: merge into Patient/{one} or Patient/{other}"
                    ))
                })?;
                if before == State::Merged {
                    return Err(already(one, other, "merged"));
                }
                if before == State::Different {
                    let text = format!("Patient/{one} and Patient/{other} are said to be two people: undo that first");
                    return Err(unprocessable("business-rule", "Linkage", text));
                }
                for at in [survivor, 1 - survivor] {
                    if let Some(into) = pair::replaced_by(&trees[at], &ids[1 - at]) {
                        let text = format!("Patient/{} was merged into Patient/{into}: merge with that one", ids[at]);
                        return Err(unprocessable("business-rule", "Patient.link", text));
                    }
                }
                part(trees);
                let was_active = pair::merge(ids, trees, survivor);
                link.state = State::Merged;
                link.said.push(said(State::Merged, Some(into), was_active));
                Ok(())
            }
            Asked::Undo => {
                let last = if is_told_otherwise { None } else { link.said.pop() };
                let to = match (&last, before) {
                    (Some(last), _) => last.before,
                    // A message did otherwise than people had said: what they said holds again.
                    (None, State::Merged | State::Same)
                        if is_told_otherwise && matches!(noted, State::Same | State::Different) =>
                    {
                        noted
                    }
                    // A message put them together: what it did is taken back, and they wait for somebody to say what they are.
                    (None, State::Merged | State::Same) => State::Waiting,
                    (None, _) => {
                        let text =
                            format!("nothing was said of Patient/{one} and Patient/{other} that could be taken back");
                        return Err(unprocessable("business-rule", "Linkage", text));
                    }
                };
                part(trees);
                link.state = to;
                match to {
                    State::Same => pair::join(ids, trees),
                    State::Merged => {
                        let into = link.survivor().unwrap_or(one).to_owned();
                        let survivor = usize::from(ids[1] == into);
                        pair::merge(ids, trees, survivor);
                    }
                    State::Waiting | State::Different => {}
                }
                Ok(())
            }
        }
    }
}

fn already(one: &str, other: &str, what: &str) -> Error {
    unprocessable("business-rule", "Linkage", format!("Patient/{one} and Patient/{other} are {what} already"))
}

/// As a value stands in a search: what separates values and parts there is escaped first, then all that is no letter or digit.
fn escaped(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { percent(c) };
    text.chars()
        .map(|c| if matches!(c, '\\' | ',' | '|' | '$') { percent('\\') + &percent(c) } else { plain(c) })
        .collect()
}

fn percent(c: char) -> String {
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes).bytes().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "%{byte:02X}");
        out
    })
}

impl Planner for Plan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let (first, second) = (Plan::id(lookup, &self.named[0])?, Plan::id(lookup, &self.named[1])?);
        if first == second {
            return Err(bad_request(format!("both are Patient/{first}: name two")));
        }
        let id = id_of(&first, &second);
        let ids = if first <= second { [first.clone(), second] } else { [second, first.clone()] };
        let mut trees = [Plan::patient(lookup, &ids[0])?, Plan::patient(lookup, &ids[1])?];
        if let Some(result) = &self.result {
            let at = usize::from(ids[1] == first);
            let mut result = result.clone();
            let told = result.get("id").and_then(Tree::as_str);
            if told != Some(first.as_str()) {
                let told = told.unwrap_or("none");
                let text = format!("the result has the id {told}, and the target is Patient/{first}: make them agree");
                return Err(unprocessable("invalid", "Patient.id", text));
            }
            let numbers = |of: &Tree| -> Vec<(Option<Tree>, Option<Tree>)> {
                let all = of.get("identifier").map_or(&[][..], Tree::items).iter();
                all.map(|one| (one.get("system").cloned(), one.get("value").cloned())).collect()
            };
            let kept = numbers(&result);
            if let Some((_, value)) = numbers(&trees[at]).into_iter().find(|number| !kept.contains(number)) {
                let value = value.map_or_else(String::new, |value| value.to_string());
                let text = format!(
                    "the result leaves out the identifier {value} of Patient/{first}: it must have all of them"
                );
                return Err(unprocessable("business-rule", "Patient.identifier", text));
            }
            let meant = result.get("meta").and_then(|meta| meta.get("versionId")).and_then(Tree::as_str);
            let current = lookup.current("Patient", &first)?.map_or(0, |current| current.version);
            if let Some(asked) = meant.and_then(|version| version.parse().ok()).filter(|asked| *asked != current) {
                return Err(Error::VersionConflict { resource_type: "Patient".into(), id: first, current, asked });
            }
            // What the records say of each other is written below, whatever the result says of it.
            let links = trees[at].get("link").cloned();
            result.remove("link");
            if let Some(links) = links {
                result.set("link", links);
            }
            trees[at] = result;
        }
        let before = trees.clone();
        let compared = compare(&Facts::of(&trees[0]), &Facts::of(&trees[1]));
        let stored = match lookup.current("Linkage", &id)?.and_then(|current| current.json) {
            Some(json) => Link::read(&tree(&json)?),
            None => None,
        };
        let mut link = stored
            .or_else(|| Link::of_records(&ids, &trees, &compared))
            .unwrap_or_else(|| Link::found(&ids[0], &ids[1], &compared, self.at.clone()));
        self.carry_out(&mut link, &mut trees, &first)?;
        let mut operations = vec![self.put(lookup, "Linkage", &link.id, &link.write())?];
        for at in 0..2 {
            if trees[at] != before[at] || self.result.is_some() {
                operations.push(self.put(lookup, "Patient", &ids[at], &trees[at])?);
            }
        }
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some((link, trees));
        Ok(operations)
    }
}

impl Plan {
    fn put(&self, lookup: &dyn Lookup, name: &str, id: &str, resource: &Tree) -> Result<Operation, Error> {
        let resource_type =
            r4().resource_type(name).ok_or_else(|| Error::NotSupported(format!("{name} is no resource type")))?;
        let put = Put {
            resource_type,
            id: id.to_owned(),
            text: &resource.to_string(),
            if_match: None,
            if_equal: IfEqual::Keep,
            must_be_new: false,
            at: 0,
            length: self.length,
        };
        put.operation(lookup)
    }
}
