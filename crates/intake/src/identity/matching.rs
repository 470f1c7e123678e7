//! `Patient/$match`: who is described.

use super::{Identity, tree_of};
use access::{Grant, Permission};
use fhir::json::Tree;
use fhir::search::{ParseOptions, SearchQuery};
use identity::{Comparison, Facts, Outcome, compare, keys};
use records::{Change, Error, Stored};

/// How sure it is that a patient is who is described: codes of `http://terminology.hl7.org/CodeSystem/match-grade`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// A number for life, the name and the whole birth date are the same, or the patient has an identifier that is given with its system; and
    /// nothing is against it.
    Certain,
    /// Enough agrees to ask somebody.
    Probable,
    /// More agrees than by chance.
    Possible,
}

impl Grade {
    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            Grade::Certain => "certain",
            Grade::Probable => "probable",
            Grade::Possible => "possible",
        }
    }
}

/// A patient who may be the one.
#[derive(Clone, Debug)]
pub struct Matched {
    /// The record.
    pub stored: Stored,
    /// How it agrees.
    pub compared: Comparison,
    /// How sure it is.
    pub grade: Grade,
}

/// Patients that are compared with who is described, at most.
const COMPARED_MOST: usize = 1_000;
/// Merges one after the other that are followed.
const STEPS_MOST: usize = 20;
/// Least score of what is possible.
const POSSIBLE: f64 = 0.2;

pub(super) fn matching(
    identity: &Identity,
    grant: &Grant,
    described: &Tree,
    most: usize,
) -> Result<Vec<Matched>, Error> {
    grant.may(Permission::Read, "Patient")?;
    grant.may(Permission::Search, "Patient")?;
    let facts = Facts::of(described);
    let ids = {
        let index = identity.index();
        let mut rows = index.sharing(&keys(&facts))?;
        rows.truncate(COMPARED_MOST);
        let ids: Result<Vec<Option<String>>, Error> = rows.into_iter().map(|row| index.person(row)).collect();
        ids?
    };
    let exact = by_identifier(identity, grant, described)?;
    let mut ids: Vec<String> = ids.into_iter().flatten().collect();
    ids.extend(exact.iter().filter(|id| !ids.contains(id)).cloned().collect::<Vec<_>>());
    let mut matched = Vec::new();
    for id in ids {
        let stored = match identity.records.read(grant, "Patient", &id) {
            Ok(stored) if stored.change != Change::Deleted => stored,
            Ok(_) | Err(Error::NotFound { .. } | Error::Gone { .. }) => continue,
            Err(error) => return Err(error),
        };
        let theirs = Facts::of(&tree_of(&stored)?);
        let compared = compare(&facts, &theirs);
        let grade = match (compared.is_candidate, compared.score) {
            _ if compared.is_certain() => Grade::Certain,
            // The number that a house gave: whoever has it is meant, unless what is said besides is another's.
            _ if exact.contains(&id) && !compared.is_contradicted() => {
                if compared.parts[1].outcome == Outcome::Differs { Grade::Possible } else { Grade::Certain }
            }
            (true, _) => Grade::Probable,
            (false, score) if score >= POSSIBLE && !compared.is_contradicted() => Grade::Possible,
            _ => continue,
        };
        let Some(stored) = goes_on(identity, grant, stored, &theirs)? else { continue };
        if let Some(same) = matched.iter().position(|other: &Matched| other.stored.id == stored.id) {
            if matched[same].compared.score >= compared.score {
                continue;
            }
            matched.remove(same);
        }
        matched.push(Matched { stored, compared, grade });
    }
    matched.sort_by(|a, b| b.compared.score.total_cmp(&a.compared.score).then_with(|| a.stored.id.cmp(&b.stored.id)));
    matched.truncate(most);
    Ok(matched)
}

/// Identifiers that are looked up, at most.
const IDENTIFIERS_MOST: usize = 16;

/// Ids of the patients who have one of the identifiers, system and value.
fn by_identifier(identity: &Identity, grant: &Grant, described: &Tree) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    let identifiers = described.get("identifier").map_or(&[][..], Tree::items);
    for identifier in identifiers.iter().take(IDENTIFIERS_MOST) {
        let said = |name: &str| identifier.get(name).and_then(Tree::as_str).filter(|text| !text.is_empty());
        let (Some(system), Some(value)) = (said("system"), said("value")) else { continue };
        if fhir::placeholder::is_placeholder(Some(system), value) {
            continue;
        }
        let escaped = |text: &str| {
            text.chars()
                .flat_map(|c| matches!(c, '\\' | ',' | '|' | '$').then_some('\\').into_iter().chain([c]))
                .collect::<String>()
        };
        let wanted = format!("{}|{}", escaped(system), escaped(value));
        let asked = [("identifier", wanted.as_str()), ("_count", "10")];
        let query = SearchQuery::parse("Patient", asked, &ParseOptions::default())?;
        ids.extend(identity.records.search(grant, &query)?.matches.into_iter().map(|stored| stored.id));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The record that goes on in the place of one that was merged; `None` if it is gone.
fn goes_on(identity: &Identity, grant: &Grant, mut stored: Stored, facts: &Facts) -> Result<Option<Stored>, Error> {
    let mut next = facts.replaced_by().map(str::to_owned);
    for _ in 0..STEPS_MOST {
        let Some(id) = next else { return Ok(Some(stored)) };
        stored = match identity.records.read(grant, "Patient", &id) {
            Ok(stored) => stored,
            Err(Error::NotFound { .. } | Error::Gone { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        next = Facts::of(&tree_of(&stored)?).replaced_by().map(str::to_owned);
    }
    Ok(None)
}
