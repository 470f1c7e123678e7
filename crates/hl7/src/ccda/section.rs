//! Sections to `Composition.section`: each of them, coded or not, with its text and what its entries became.

use super::codes::{concept_of, concept_text};
use super::context::Context;
use super::draft::Ref;
use super::element::El;
use super::entry::Surroundings;
use super::template::{Kind, kind};
use super::text::clean;
use crate::map::context::Fill;
use fhir::json::Tree;
use std::collections::HashSet;

/// Sections in one another: JSON is read to a depth of 64, and each takes two. Deeper ones follow their parent.
const DEPTH_MAX: usize = 20;

/// Kinds of people that may write a section.
pub(super) const AUTHORS: &[&str] =
    &["Practitioner", "PractitionerRole", "Device", "Patient", "RelatedPerson", "Organization"];

/// What sections have made.
#[derive(Default)]
pub(super) struct Sections<'d> {
    pub(super) trees: Vec<(Tree, El<'d>)>,
}

impl<'d> Context<'d> {
    /// The sections of a structured body.
    pub(super) fn sections(&self, body: El<'d>) -> Vec<(Tree, El<'d>)> {
        let mut sections = Sections::default();
        for section in body.all("component").filter_map(|component| component.get("section")) {
            self.section(section, 0, &mut sections);
        }
        sections.trees
    }

    /// One section, and those in it.
    fn section(&self, el: El<'d>, depth: usize, out: &mut Sections<'d>) {
        let mut section = Tree::object();
        let code = el.get("code");
        let concept = code.and_then(|code| self.concept(code));
        let title = el.get("title").and_then(El::plain).and_then(|title| clean(&title));
        let title = title.or_else(|| code.and_then(|code| code.attr("displayName")).and_then(clean));
        section.fill("title", title);
        section.fill("code", concept);
        section.fill_all(
            "author",
            Self::references(self.parties(el, "author"), AUTHORS).into_iter().map(|(tree, _)| tree).collect(),
        );
        let entries: Vec<El<'d>> = el.all("entry").collect();
        let div = el.get("text").and_then(|text| self.narrative_div(text));
        let has_text = div.is_some();
        if let Some(div) = div {
            // DRIV says that the text was made from the entries; else it may tell more than they.
            let is_derived = !entries.is_empty() && entries.iter().all(|entry| entry.attr("typeCode") == Some("DRIV"));
            let status = if is_derived { "generated" } else { "additional" };
            section.set("text", Tree::from([("status", status.into()), ("div", div.into())]));
        }
        let made = self.section_entries(el, &entries);
        let is_empty = made.is_empty();
        section.fill_all("entry", made.iter().map(Ref::tree).collect());
        if is_empty {
            section.fill("emptyReason", el.null().map(empty_reason));
        }
        let inner: Vec<El<'d>> = el.all("component").filter_map(|component| component.get("section")).collect();
        if depth < DEPTH_MAX {
            let mut within = Sections::default();
            for section in inner {
                self.section(section, depth + 1, &mut within);
            }
            section.fill_all("section", within.trees.into_iter().map(|(tree, _)| tree).collect());
            if !has_text && is_empty && section.get("section").is_none() {
                let div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">The document has no text here.</div>";
                section.set("text", Tree::from([("status", "empty".into()), ("div", div.into())]));
            }
            out.trees.push((section, el));
        } else {
            out.trees.push((section, el));
            if !inner.is_empty() {
                self.note(el, format!("sections nested deeper than {DEPTH_MAX} follow the one they are in"));
            }
            for section in inner {
                self.flat(section, out);
            }
        }
    }

    /// Sections beyond the bound, one after the other: a loop, since their number is that of the document's depth.
    fn flat(&self, el: El<'d>, out: &mut Sections<'d>) {
        let mut open = vec![el];
        while let Some(el) = open.pop() {
            let mut inner: Vec<El<'d>> = el.all("component").filter_map(|component| component.get("section")).collect();
            inner.reverse();
            open.extend(inner);
            let mut section = Tree::object();
            section.fill("title", el.get("title").and_then(El::plain));
            section.fill("code", el.get("code").and_then(|code| self.concept(code)));
            if let Some(div) = el.get("text").and_then(|text| self.narrative_div(text)) {
                section.set("text", Tree::from([("status", "additional".into()), ("div", div.into())]));
            }
            let entries: Vec<El<'d>> = el.all("entry").collect();
            let made = self.section_entries(el, &entries);
            section.fill_all("entry", made.iter().map(Ref::tree).collect());
            if section.get("text").is_none() && made.is_empty() {
                section.set("emptyReason", concept_text("The document has no text here."));
            }
            out.trees.push((section, el));
        }
    }

    /// Maps the entries of all sections: what is referred to before what refers to it.
    pub(super) fn map_entries(&self, body: El<'d>) {
        let mut all: Vec<(u8, El<'d>, El<'d>)> = Vec::new();
        for section in body.0.descendants().map(El).filter(|el| el.name() == "section") {
            for entry in section.all("entry") {
                if entry.statements().next().is_none()
                    && let Some(other) = entry.elements().find(|el| el.name() != "templateId")
                {
                    self.list(other, "no clinical statement that CDA knows by this name");
                }
                for statement in entry.statements() {
                    let refers = || {
                        let inner = statement.0.descendants().filter(roxmltree::Node::is_element).map(El);
                        inner.filter(|el| el.is_statement()).any(|el| kind(el) == Some(Kind::Reference))
                    };
                    let rank = match kind(statement) {
                        Some(Kind::Encounter) => 0,
                        _ if refers() => 2,
                        _ => 1,
                    };
                    all.push((rank, entry, statement));
                }
            }
        }
        all.sort_by_key(|(rank, ..)| *rank);
        for (_, entry, statement) in all {
            let code = entry.parent().and_then(|section| section.get("code"));
            // There may be another statement in the same entry.
            let mut made = self.entry(entry);
            let mut known: HashSet<String> = made.iter().map(|made| made.url.clone()).collect();
            for reference in self.statements_in(statement, &Surroundings::of_section(Self::code_of(code))) {
                if known.insert(reference.url.clone()) {
                    made.push(reference);
                }
            }
            self.keep_entry(entry, made);
        }
    }

    fn section_entries(&self, section: El<'d>, entries: &[El<'d>]) -> Vec<Ref> {
        let mut made: Vec<Ref> = Vec::new();
        let mut known = HashSet::new();
        for reference in entries.iter().flat_map(|entry| self.entry(*entry)) {
            if known.insert(reference.url.clone()) {
                made.push(reference);
            }
        }
        if let Some(plan) = self.care_plan(section, &made) {
            made.insert(0, plan);
        }
        made
    }
}

/// Why a section is empty.
fn empty_reason(flavor: &str) -> Tree {
    const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/list-empty-reason";
    match flavor {
        "NASK" => concept_of(SYSTEM, "notasked", "Not Asked"),
        "MSK" => concept_of(SYSTEM, "withheld", "Information Withheld"),
        _ => concept_of(SYSTEM, "unavailable", "Unavailable"),
    }
}
