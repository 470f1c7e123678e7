//! SPM, and OBR-15 of older versions, to Specimen.

use super::context::{About, Context, Fill, resource};
use super::parts::{Parts, repeats};
use super::patient::Subject;
use super::tables::yes_no;
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

impl<'m> Context<'m> {
    /// SPM. Known by its filler's id, else its placer's, else by the order and its set id.
    pub(super) fn specimen(&self, spm: Segment<'m>, subject: &Subject, about: &About) -> (Key, Tree) {
        self.pass(spm, [1]);
        let ids = Parts::from(self.take(spm, 2));
        // EIP: placer, filler. Each is an EI in subcomponents.
        let placer = self.ei(ids.nested(1), "specimen", Some("PLAC"));
        let filler = self.ei(ids.nested(2), "specimen", Some("FILL"));
        let set_id = self.text(*spm.field(1)).unwrap_or_default();
        let known_by = filler.as_ref().or(placer.as_ref());
        // Some laboratories number specimens anew in each order: the order is part of the identity.
        let key = match known_by {
            Some(known) => self.derived_key_of("Specimen", "specimen-of-order", about, &[&known.value]),
            None => self.derived_key_of("Specimen", "specimen-of-order", about, &[&set_id]),
        };
        let mut specimen = resource("Specimen");
        specimen.fill_all("identifier", [filler, placer].into_iter().flatten().map(|id| id.tree).collect());
        for parts in repeats(self.take(spm, 31)) {
            specimen.fill_all("identifier", self.cx(parts, "specimen").into_iter().map(|id| id.tree).collect());
        }
        specimen.fill(
            "accessionIdentifier",
            repeats(self.take(spm, 30)).find_map(|parts| self.cx(parts, "accession")).map(|id| id.tree),
        );
        if let Some(available) = self.field_text(spm, 20).as_deref().and_then(yes_no) {
            specimen.set("status", if available { "available" } else { "unavailable" });
        }
        specimen.fill("type", self.concept(self.take(spm, 4).into(), Some("0487")));
        specimen.set("subject", subject.reference.clone());
        specimen.fill("receivedTime", self.date_time(self.take(spm, 18).into()));
        let mut collection = Tree::object();
        let range = Parts::from(self.take(spm, 17));
        if range.part(2).has_value() {
            collection.fill("collectedPeriod", self.range_period(range));
        } else {
            collection.fill("collectedDateTime", self.date_time(range.nested(1)));
        }
        collection.fill("quantity", self.cq(self.take(spm, 12).into()));
        collection.fill("method", self.concept(self.take(spm, 7).into(), Some("0488")));
        collection.fill("bodySite", self.concept(self.take(spm, 8).into(), None));
        specimen.fill("collection", super::context::filled(collection));
        let mut container = Tree::object();
        container.fill("type", self.concept(self.take(spm, 27).into(), None));
        container.fill(
            "additiveCodeableConcept",
            repeats(self.take(spm, 6)).next().and_then(|p| self.concept(p, Some("0371"))),
        );
        specimen.fill_all("container", super::context::filled(container).into_iter().collect());
        specimen.fill_all("condition", self.concepts(self.take(spm, 24), Some("0493")));
        let descriptions: Vec<Tree> = repeats(self.take(spm, 14))
            .filter_map(|parts| self.text(parts.whole()))
            .map(|text| Tree::from([("text", text.into())]))
            .collect();
        specimen.fill_all("note", descriptions);
        let reference = self.put(key.clone(), Write::Update, specimen, Vec::new());
        (key, reference)
    }

    /// SAC: the container of the specimen before it.
    pub(super) fn container(&self, sac: Segment<'m>, specimen: &Key) {
        let accession = self.ei(self.take(sac, 2).into(), "accession", None);
        let mut container = Tree::object();
        let identifiers = [(3, "container"), (4, "container")];
        for (number, kind) in identifiers {
            let identified = self.ei(self.take(sac, number).into(), kind, None);
            container.fill_all("identifier", identified.into_iter().map(|id| id.tree).collect());
        }
        container.fill("type", self.concept(self.take(sac, 5).into(), None));
        for (number, name) in [(21, "capacity"), (22, "specimenQuantity")] {
            if let Some(value) = self.number(*self.take(sac, number).component(1)) {
                let mut quantity = Tree::from([("value", value)]);
                self.set_unit(&mut quantity, self.take(sac, 24).into());
                container.set(name, quantity);
            }
        }
        self.change(specimen, |specimen| {
            if specimen.get("accessionIdentifier").is_none() {
                specimen.fill("accessionIdentifier", accession.map(|id| id.tree));
            }
            specimen.fill_all("container", super::context::filled(container).into_iter().collect());
        });
    }

    /// OBR-15 (and OBR-14): the specimen before SPM was.
    pub(super) fn specimen_of_order(&self, obr: Segment<'m>, subject: &Subject, about: &About) -> Option<Tree> {
        let source = Parts::from(self.take(obr, 15));
        if !source.has_value() {
            return None;
        }
        let mut specimen = resource("Specimen");
        specimen.fill("type", self.concept(source.nested(1), Some("0070")));
        specimen.set("subject", subject.reference.clone());
        specimen.fill("receivedTime", self.date_time(self.take(obr, 14).into()));
        let mut collection = Tree::object();
        collection.fill("collectedDateTime", self.date_time(obr.field(7).into()));
        collection.fill("bodySite", self.concept(source.nested(4), Some("0163")));
        specimen.fill("collection", super::context::filled(collection));
        let key = self.derived_key_of("Specimen", "specimen-of-order", about, &["OBR-15"]);
        Some(self.put(key, Write::Update, specimen, Vec::new()))
    }
}
