//! What RXO, RXE, RXG, RXD and RXA name, with its RXC, to Medication.

use super::context::{Context, Fill, filled, resource};
use super::medication::Prescription;
use super::parts::Parts;
use super::quantity::digits;
use super::transaction::Write;
use crate::message::{Field, Segment};
use fhir::json::Tree;

/// A segment that names a drug, with those behind it that detail it.
pub(super) struct Drug<'m> {
    pub(super) segment: Segment<'m>,
    pub(super) routes: Vec<Segment<'m>>,
    pub(super) components: Vec<Segment<'m>>,
    pub(super) times: Vec<Segment<'m>>,
}

impl<'m> Drug<'m> {
    /// `segments` begins with the one that names the drug.
    pub(super) fn of(segments: &[Segment<'m>]) -> Self {
        let all = |id: &str| segments.iter().copied().filter(|segment| segment.is(id)).collect();
        Drug { segment: segments[0], routes: all("RXR"), components: all("RXC"), times: all("TQ1") }
    }
}

/// The fields of a drug that make it a Medication of its own: form, strength and its unit, volume and its unit, lot, expiry.
pub(super) struct Product {
    pub(super) form: u16,
    pub(super) strength: u16,
    pub(super) strength_unit: u16,
    pub(super) volume: u16,
    pub(super) volume_unit: u16,
    pub(super) lot: u16,
    pub(super) expires: u16,
}

impl<'m> Context<'m> {
    /// A field that not all of these segments have.
    pub(super) fn optional(&self, segment: Segment<'m>, number: u16) -> Field<'m> {
        if number == 0 { segment.field(0) } else { self.take(segment, number) }
    }

    /// A number in a field that senders also write words in: those are left, and told as not mapped.
    pub(super) fn amount(&self, segment: Segment<'m>, number: u16) -> Option<Tree> {
        if number == 0 {
            return None;
        }
        let field = segment.field(number);
        let value = self.text(Parts::from(field).first(1)).as_deref().and_then(digits)?;
        self.pass(segment, [number]);
        Some(Tree::Number(value))
    }

    /// The drug: a code, or a Medication where more is told of it than that.
    pub(super) fn drug_of(
        &self,
        drug: &Drug<'m>,
        code: u16,
        product: &Product,
        order: &Prescription<'m, '_>,
        owner: &[&str],
    ) -> (&'static str, Tree) {
        let segment = drug.segment;
        let parts = Parts::from(self.take(segment, code));
        let named = self.concept(parts, None).unwrap_or_else(|| {
            self.warn(*segment.field(code), "a drug without a code");
            Tree::from([("text", "not given".into())])
        });
        let mut medication = resource("Medication");
        medication.set("code", named.clone());
        medication.fill("form", self.concept(self.optional(segment, product.form).into(), None));
        let mut ingredients = Vec::new();
        if let Some(strength) =
            self.strength(segment, [product.strength, product.strength_unit, product.volume, product.volume_unit])
        {
            ingredients.push(Tree::from([("itemCodeableConcept", named.clone()), ("strength", strength)]));
        }
        for rxc in &drug.components {
            ingredients.extend(self.component_of(*rxc));
        }
        medication.fill_all("ingredient", ingredients);
        let mut batch = Tree::object();
        batch.fill("lotNumber", self.text(Parts::from(self.optional(segment, product.lot)).first(1)));
        batch.fill("expirationDate", self.date_time(self.optional(segment, product.expires).into()));
        medication.fill("batch", filled(batch));
        // A code alone is said in place.
        if medication.members().len() == 2 {
            return ("medicationCodeableConcept", named);
        }
        let display = self.concept_text(parts);
        // A Medication names no patient: where an order's number is used again for another, it must not be that one's.
        let parts: Vec<&str> =
            std::iter::once(order.patient.subject.token.as_str()).chain(owner.iter().copied()).collect();
        let key = self.derived_key_of("Medication", "medication", &order.numbers.about, &parts);
        let mut reference = self.put(key, Write::Update, medication, Vec::new());
        reference.fill("display", display);
        ("medicationReference", reference)
    }

    /// RXC: what it is, and how much of it.
    fn component_of(&self, rxc: Segment<'m>) -> Option<Tree> {
        let item = self.concept(self.take(rxc, 2).into(), None)?;
        let mut ingredient = Tree::from([("itemCodeableConcept", item)]);
        match self.field_text(rxc, 1).as_deref() {
            Some("A") => {
                ingredient.set("isActive", true);
            }
            Some("B") => {
                ingredient.set("isActive", false);
            }
            _ => {}
        }
        let amount = || self.strength(rxc, [3, 4, 0, 0]);
        ingredient.fill("strength", self.strength(rxc, [5, 6, 8, 9]).or_else(amount));
        Some(ingredient)
    }

    /// A strength with its unit, in a volume with its own, else in one of whatever it is.
    fn strength(&self, segment: Segment<'m>, [value, unit, volume, volume_unit]: [u16; 4]) -> Option<Tree> {
        let mut numerator = Tree::from([("value", self.amount(segment, value)?)]);
        self.set_unit(&mut numerator, self.take(segment, unit).into());
        let mut denominator = Tree::object();
        match self.amount(segment, volume) {
            Some(volume) => {
                denominator.set("value", volume);
                self.set_unit(&mut denominator, self.take(segment, volume_unit).into());
            }
            None => {
                denominator.set("value", Tree::Number("1".to_owned()));
            }
        }
        Some(Tree::from([("numerator", numerator), ("denominator", denominator)]))
    }
}
