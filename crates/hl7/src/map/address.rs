//! Addresses: XAD to Address.

use super::context::{Context, Fill, extension, filled};
use super::parts::{Parts, repeats};
use super::tables::{address_type, address_use};
use crate::message::Field;
use fhir::json::Tree;

impl<'m> Context<'m> {
    /// XAD.
    pub(super) fn xad(&self, parts: Parts<'m>) -> Option<Tree> {
        let mut address = Tree::object();
        let kind = self.code(parts.first(7)).unwrap_or_default();
        address.fill("use", address_use(&kind));
        address.fill("type", address_type(&kind));
        // SAD: street address, street name, dwelling number.
        let street = parts.nested(1);
        let whole = self.text(street.part(1));
        // Many repeat the street's name and the number beside the line that holds them.
        let is_in_whole = |part: &String| whole.as_ref().is_some_and(|whole| whole.contains(part.as_str()));
        let parts_of_it = (2..=3).filter_map(|n| self.text(street.part(n))).filter(|part| !is_in_whole(part));
        let mut lines: Vec<Tree> = whole.iter().cloned().chain(parts_of_it).map(Tree::from).collect();
        lines.extend(self.text(parts.part(2)).map(Tree::from));
        lines.extend(self.text(parts.part(19)).map(Tree::from));
        address.fill_all("line", lines);
        address.fill("city", self.text(parts.part(3)));
        address.fill("district", self.concept_text(parts.nested(9)));
        address.fill("state", self.text(parts.part(4)));
        address.fill("postalCode", self.text(parts.part(5)));
        address.fill("country", self.text(parts.part(6)));
        let said = !address.members().is_empty();
        if let Some(tract) = self.concept_text(parts.nested(10)) {
            let url = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract";
            address.push("extension", extension(url, "valueString", tract));
        }
        let period = self.period(parts.nested(13), parts.nested(14)).or_else(|| self.range_period(parts.nested(12)));
        address.fill("period", period);
        if said { filled(address) } else { None }
    }

    /// XAD in every repetition.
    pub(super) fn xads(&self, field: Field<'m>) -> Vec<Tree> {
        repeats(field).filter_map(|parts| self.xad(parts)).collect()
    }
}
