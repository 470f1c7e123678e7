//! Telecommunication: XTN to ContactPoint.

use super::context::{Context, Fill, extension};
use super::parts::{Parts, repeats};
use super::tables::{telecom_system, telecom_use};
use crate::message::Field;
use fhir::json::Tree;
use std::fmt::Write as _;

const EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/contactpoint-";

impl<'m> Context<'m> {
    /// XTN; `default_use` where XTN.2 says none. One that holds a number and a mail address too is two.
    fn xtn(&self, parts: Parts<'m>, default_use: Option<&str>) -> Vec<Tree> {
        let text = |number: u16| self.text(parts.part(number));
        let use_code = self.code(parts.first(2)).unwrap_or_default();
        let equipment = self.code(parts.first(3)).unwrap_or_default();
        let address = text(4);
        let by_network = use_code == "NET" || (equipment.is_empty() && address.is_some() && text(1).is_none());
        let mut system = telecom_system(&equipment).or(by_network.then_some("email"));
        let is_address = system == Some("email");
        let number = || {
            text(12).or_else(|| {
                let local = text(7)?;
                let mut number = String::new();
                if let Some(country) = text(5) {
                    let _ = write!(number, "+{} ", country.trim_start_matches('+'));
                }
                if let Some(area) = text(6) {
                    let _ = write!(number, "{area} ");
                }
                number.push_str(&local);
                if let Some(extension) = text(8) {
                    let _ = write!(number, " X{extension}");
                }
                Some(number)
            })
        };
        let numbered = number().or_else(|| text(1));
        // A mail address beside a number, or a number beside a mail address.
        let other = match (&address, &numbered) {
            (Some(address), Some(number)) if address.contains('@') && address != number => {
                Some(if is_address { ("phone", number.clone()) } else { ("email", address.clone()) })
            }
            _ => None,
        };
        let value = if is_address { address.or(numbered) } else { numbered.or(address) };
        let Some(value) = value else { return Vec::new() };
        // A number without equipment is a telephone's; FHIR wants a system wherever there is a value.
        if system.is_none() {
            system = Some(if value.contains('@') {
                "email"
            } else if use_code == "BPN" {
                "pager"
            } else {
                "phone"
            });
        }
        let mut telecom = Tree::object();
        if !is_address {
            for (number, name) in [(5, "country"), (6, "area"), (7, "local"), (8, "extension")] {
                if let Some(part) = text(number) {
                    telecom.push("extension", extension(&format!("{EXTENSION}{name}"), "valueString", part));
                }
            }
        }
        telecom.fill("system", system);
        telecom.set("value", value);
        let is_mobile = equipment.eq_ignore_ascii_case("CP");
        let said = telecom_use(&use_code).or(if is_mobile { Some("mobile") } else { None });
        telecom.fill("use", said.or(if use_code.is_empty() { default_use } else { None }));
        if let Some(rank) = text(18).and_then(|rank| rank.parse::<u32>().ok()).filter(|rank| *rank > 0) {
            telecom.set("rank", i64::from(rank));
        }
        telecom.fill("period", self.period(parts.nested(13), parts.nested(14)));
        let other = other.map(|(system, value)| {
            let mut other = Tree::from([("system", system.into()), ("value", value.into())]);
            other.fill("use", telecom.get("use").cloned());
            other
        });
        std::iter::once(telecom).chain(other).collect()
    }

    /// XTN in every repetition.
    pub(super) fn xtns(&self, field: Field<'m>, default_use: Option<&str>) -> Vec<Tree> {
        repeats(field).flat_map(|parts| self.xtn(parts, default_use)).collect()
    }
}
