//! Addresses: XAD to Address.

use super::context::{Context, Fill, extension, filled};
use super::parts::{Parts, repeats};
use super::tables::{address_type, address_use};
use crate::message::Field;
use fhir::json::Tree;

/// True if `word` stands in `text` by itself: not as a part of a longer number (`12` in `12a`, `1-12`, `12/3`).
fn has_word(text: &str, word: &str) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '/'));
    text.match_indices(word)
        .any(|(at, _)| !goes_on(text[..at].chars().next_back()) && !goes_on(text[at + word.len()..].chars().next()))
}

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
        let line = whole.as_deref().unwrap_or_default();
        let name = self.text(street.part(2));
        let beside_name = name.as_ref().map_or_else(|| line.to_owned(), |name| line.replacen(name, " ", 1));
        let number = self.text(street.part(3)).filter(|number| !has_word(&beside_name, number));
        let name = name.filter(|name| !line.contains(name.as_str()));
        let mut lines: Vec<Tree> = whole.iter().cloned().chain(name).chain(number).map(Tree::from).collect();
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
