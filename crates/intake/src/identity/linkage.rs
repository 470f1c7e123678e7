//! A pair as a FHIR `Linkage`.
//!
//! Its two items are the patients: `alternate` while both go on, `source` and `historical` where one goes on in the place of the other. It is
//! `active` unless they are said to be two. What FHIR has no element for stands in extensions of our own: the state, the score
//! and its parts, and each decision with what was before it.

use super::pair;
use fhir::json::Tree;
use identity::{Comparison, Part};
use records::derived_id;

const URL: &str = "urn:medweave:identity:";

/// What is known of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// They may be one person; nobody has said so.
    Waiting,
    /// They are one person, and both records go on.
    Same,
    /// They are two.
    Different,
    /// They are one person, and one record goes on in the place of the other.
    Merged,
}

impl State {
    const ALL: [State; 4] = [State::Waiting, State::Same, State::Different, State::Merged];

    /// A word for it, as it is stored and sent.
    pub fn word(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Same => "same",
            State::Different => "different",
            State::Merged => "merged",
        }
    }

    /// The state of this word.
    pub fn of(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What somebody said of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it is since.
    pub state: State,
    /// What it was until then.
    pub before: State,
    /// When, a FHIR instant.
    pub at: String,
    /// Who.
    pub by: String,
    /// Why, if that was said.
    pub reason: Option<String>,
    /// The patient that goes on, of [`State::Merged`].
    pub into: Option<String>,
    /// `Patient.active` of the other until then: `true`, `false` or, if it said nothing, none.
    pub was_active: Option<bool>,
}

/// A pair of patients and what was said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Id of the `Linkage`, whether there is one or not: it is made of the two ids.
    pub id: String,
    /// Ids of the patients, the lesser first.
    pub patients: [String; 2],
    /// What they are to each other.
    pub state: State,
    /// How probable it was that they are one when they were found, 0 to 1.
    pub score: f64,
    /// When they were found, a FHIR instant; none of a pair that a message told of.
    pub found: Option<String>,
    /// What was said, oldest first; what was taken back is gone from it, and stands in earlier versions.
    pub said: Vec<Said>,
    pub(super) parts: Vec<Tree>,
}

/// The id of what links two patients.
pub(super) fn id_of(one: &str, other: &str) -> String {
    let (one, other) = if one <= other { (one, other) } else { (other, one) };
    derived_id("identity", &format!("{one} {other}"))
}

impl Link {
    /// A pair that was found.
    pub(super) fn found(one: &str, other: &str, compared: &Comparison, at: String) -> Link {
        let patients = if one <= other { [one, other] } else { [other, one] };
        Link {
            id: id_of(one, other),
            patients: patients.map(str::to_owned),
            state: State::Waiting,
            score: compared.score,
            found: Some(at),
            said: Vec::new(),
            parts: compared.parts.iter().map(part).collect(),
        }
    }

    /// A pair whose records tell of each other without a `Linkage`: a message put them together. `None` if they do not.
    pub(super) fn of_records(patients: &[String; 2], trees: &[Tree; 2], compared: &Comparison) -> Option<Link> {
        let state = pair::state_of(patients, trees)?;
        let found = Link::found(&patients[0], &patients[1], compared, String::new());
        Some(Link { state, found: None, ..found })
    }

    /// The patient that goes on, if one does in the place of the other.
    pub fn survivor(&self) -> Option<&str> {
        self.said.last().filter(|said| said.state == State::Merged).and_then(|said| said.into.as_deref())
    }

    /// As it is stored.
    pub(super) fn write(&self) -> Tree {
        let mut out = Tree::object();
        out.set("resourceType", "Linkage");
        out.set("id", self.id.as_str());
        out.push("extension", value("state", "valueCode", self.state.word()));
        out.push("extension", value("score", "valueDecimal", decimal(self.score)));
        if let Some(found) = &self.found {
            out.push("extension", value("found", "valueInstant", found.as_str()));
        }
        for part in &self.parts {
            out.push("extension", part.clone());
        }
        for said in &self.said {
            out.push("extension", said.write());
        }
        out.set("active", self.state != State::Different);
        for patient in &self.patients {
            let kind = match (self.state, self.survivor()) {
                (State::Merged, Some(into)) if into == patient => "source",
                (State::Merged, Some(_)) => "historical",
                _ => "alternate",
            };
            let mut resource = Tree::object();
            resource.set("reference", format!("Patient/{patient}"));
            let mut item = Tree::object();
            item.set("type", kind);
            item.set("resource", resource);
            out.push("item", item);
        }
        out
    }

    /// What is stored; `None` of a `Linkage` that is not ours.
    pub(super) fn read(linkage: &Tree) -> Option<Link> {
        let references = linkage.get("item")?.items().iter().filter_map(|item| {
            item.get("resource")?.get("reference")?.as_str()?.strip_prefix("Patient/").map(str::to_owned)
        });
        let mut patients: Vec<String> = references.collect();
        patients.sort();
        let patients: [String; 2] = patients.try_into().ok()?;
        let id = linkage.get("id")?.as_str()?.to_owned();
        (id == id_of(&patients[0], &patients[1])).then_some(())?;
        let state = State::of(extension(linkage, "state")?.get("valueCode")?.as_str()?)?;
        let score = match extension(linkage, "score").and_then(|score| score.get("valueDecimal")) {
            Some(Tree::Number(digits)) => digits.parse().unwrap_or_default(),
            _ => 0.0,
        };
        let found =
            extension(linkage, "found").and_then(|found| found.get("valueInstant")?.as_str().map(str::to_owned));
        let parts = named(linkage, "part").cloned().collect();
        let said = named(linkage, "decision").filter_map(Said::read).collect();
        Some(Link { id, patients, state, score, found, said, parts })
    }
}

impl Said {
    fn write(&self) -> Tree {
        let mut out = Tree::object();
        out.set("url", format!("{URL}decision"));
        let mut add = |name: &str, kind: &str, value: Tree| {
            let mut part = Tree::object();
            part.set("url", name);
            part.set(kind, value);
            out.push("extension", part);
        };
        add("state", "valueCode", self.state.word().into());
        add("before", "valueCode", self.before.word().into());
        add("at", "valueInstant", self.at.as_str().into());
        add("by", "valueString", self.by.as_str().into());
        if let Some(reason) = &self.reason {
            add("reason", "valueString", reason.as_str().into());
        }
        if let Some(into) = &self.into {
            add("into", "valueString", into.as_str().into());
        }
        if let Some(was_active) = self.was_active {
            add("wasActive", "valueBoolean", was_active.into());
        }
        out
    }

    fn read(decision: &Tree) -> Option<Said> {
        let part = |name: &str| {
            decision.get("extension")?.items().iter().find(|part| part.get("url").and_then(Tree::as_str) == Some(name))
        };
        let text = |name: &str, kind: &str| part(name)?.get(kind)?.as_str().map(str::to_owned);
        Some(Said {
            state: State::of(&text("state", "valueCode")?)?,
            before: State::of(&text("before", "valueCode")?)?,
            at: text("at", "valueInstant")?,
            by: text("by", "valueString").unwrap_or_default(),
            reason: text("reason", "valueString"),
            into: text("into", "valueString"),
            was_active: match part("wasActive").and_then(|part| part.get("valueBoolean")) {
                Some(Tree::Bool(was)) => Some(*was),
                _ => None,
            },
        })
    }
}

/// At most six digits: more say nothing.
fn decimal(score: f64) -> Tree {
    Tree::Number(format!("{score:.6}"))
}

fn value(name: &str, kind: &str, value: impl Into<Tree>) -> Tree {
    let mut out = Tree::object();
    out.set("url", format!("{URL}{name}"));
    out.set(kind, value);
    out
}

fn part(part: &Part) -> Tree {
    let mut out = Tree::object();
    out.set("url", format!("{URL}part"));
    let mut add = |name: &str, kind: &str, value: Tree| {
        let mut inner = Tree::object();
        inner.set("url", name);
        inner.set(kind, value);
        out.push("extension", inner);
    };
    add("name", "valueCode", part.name.word().into());
    add("outcome", "valueCode", part.outcome.word().into());
    add("weight", "valueDecimal", Tree::Number(format!("{:.1}", part.weight)));
    if let Some(how) = part.how {
        add("how", "valueCode", how.into());
    }
    out
}

fn named<'t>(of: &'t Tree, name: &'static str) -> impl Iterator<Item = &'t Tree> {
    let all = of.get("extension").map_or(&[][..], Tree::items).iter();
    all.filter(move |extension| {
        extension.get("url").and_then(Tree::as_str).and_then(|url| url.strip_prefix(URL)) == Some(name)
    })
}

fn extension<'t>(of: &'t Tree, name: &'static str) -> Option<&'t Tree> {
    named(of, name).next()
}
