//! What two `Patient` records say of each other, and how that is changed.

use super::linkage::State;
use fhir::json::Tree;

/// Kinds of `Patient.link` from `patient` to `other`.
fn kinds<'t>(patient: &'t Tree, other: &str) -> impl Iterator<Item = &'t str> {
    let other = format!("Patient/{other}");
    let links = patient.get("link").map_or(&[][..], Tree::items).iter();
    links.filter(move |link| leads_to(link, &other)).filter_map(|link| link.get("type").and_then(Tree::as_str))
}

fn leads_to(link: &Tree, reference: &str) -> bool {
    let other = link.get("other").and_then(|other| other.get("reference")).and_then(Tree::as_str);
    other.is_some_and(|other| other == reference)
}

/// What two records say that they are to each other; `None` if they say nothing.
pub(super) fn state_of(ids: &[String; 2], trees: &[Tree; 2]) -> Option<State> {
    let all: Vec<&str> = kinds(&trees[0], &ids[1]).chain(kinds(&trees[1], &ids[0])).collect();
    if all.iter().any(|kind| matches!(*kind, "replaced-by" | "replaces")) {
        return Some(State::Merged);
    }
    (!all.is_empty()).then_some(State::Same)
}

/// What a pair is of which `noted` was noted: what the records say counts, since messages put patients together and apart too. False if
/// both are one.
pub(super) fn state_now(noted: State, ids: &[String; 2], trees: &[Tree; 2]) -> (State, bool) {
    let now = match (noted, state_of(ids, trees)) {
        (State::Same | State::Merged, None) => State::Waiting,
        (noted, None) => noted,
        (_, Some(told)) => told,
    };
    (now, now != noted)
}

/// Which of the two goes on, where one says that it is replaced by the other: 0 or 1.
pub(super) fn survivor(ids: &[String; 2], trees: &[Tree; 2]) -> Option<usize> {
    let is_replaced = |at: usize| kinds(&trees[at], &ids[1 - at]).any(|kind| kind == "replaced-by");
    let replaces = |at: usize| kinds(&trees[at], &ids[1 - at]).any(|kind| kind == "replaces");
    (0..2).find(|at| is_replaced(1 - at) || (replaces(*at) && !is_replaced(*at)))
}

/// The patient that this one was merged into, if it was into one but `other`.
pub(super) fn replaced_by(patient: &Tree, other: &str) -> Option<String> {
    let links = patient.get("link").map_or(&[][..], Tree::items).iter();
    let mut into = links
        .filter(|link| link.get("type").and_then(Tree::as_str) == Some("replaced-by"))
        .filter_map(|link| link.get("other")?.get("reference")?.as_str()?.strip_prefix("Patient/"));
    into.find(|id| *id != other).map(str::to_owned)
}

/// Takes out what they say of each other.
pub(super) fn part(ids: &[String; 2], trees: &mut [Tree; 2]) {
    for at in 0..2 {
        let reference = format!("Patient/{}", ids[1 - at]);
        let Some(links) = trees[at].get("link").map(Tree::items) else { continue };
        let others: Vec<Tree> = links.iter().filter(|link| !leads_to(link, &reference)).cloned().collect();
        if others.is_empty() {
            trees[at].remove("link");
        } else {
            trees[at].set("link", others);
        }
    }
}

/// Has them say that they are one person, and both go on.
pub(super) fn join(ids: &[String; 2], trees: &mut [Tree; 2]) {
    for at in 0..2 {
        trees[at].push("link", link(&ids[1 - at], "seealso"));
    }
}

/// Has the one at `survivor` go on in the place of the other. Gives what the other's `active` was.
pub(super) fn merge(ids: &[String; 2], trees: &mut [Tree; 2], survivor: usize) -> Option<bool> {
    let other = 1 - survivor;
    trees[survivor].push("link", link(&ids[other], "replaces"));
    trees[other].push("link", link(&ids[survivor], "replaced-by"));
    let was = match trees[other].get("active") {
        Some(Tree::Bool(active)) => Some(*active),
        _ => None,
    };
    trees[other].set("active", false);
    was
}

/// Gives the one at `at` the `active` that it had.
pub(super) fn revive(trees: &mut [Tree; 2], at: usize, was_active: Option<bool>) {
    match was_active {
        Some(active) => {
            trees[at].set("active", active);
        }
        None => {
            trees[at].remove("active");
        }
    }
}

fn link(other: &str, kind: &str) -> Tree {
    let mut reference = Tree::object();
    reference.set("reference", format!("Patient/{other}"));
    let mut link = Tree::object();
    link.set("other", reference);
    link.set("type", kind);
    link
}
