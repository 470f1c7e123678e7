//! What a record says of a person that tells them from others.

use crate::born::Date;
use crate::name::Name;
use crate::number::Number;
use crate::phone;
use crate::place::Place;
use fhir::json::Tree;
use fhir::search::fold;

/// Dates that stand in the place of a date of birth: the first or last of a calendar or a database.
const NO_BIRTHS: [&str; 7] =
    ["0001-01-01", "1753-01-01", "1800-01-01", "1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31"];
/// Of each kind of fact so many are looked at: nobody has more, and somebody may send a million.
const MOST: usize = 16;
/// The same of links between records.
const LINKS_MOST: usize = 100;

/// Administrative sex, where it tells two people apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// `female`
    Female,
    /// `male`
    Male,
}

/// What a `Patient` says.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub(crate) names: Vec<Name>,
    pub(crate) born: Option<Date>,
    pub(crate) sex: Option<Sex>,
    pub(crate) numbers: Vec<Number>,
    pub(crate) phones: Vec<String>,
    pub(crate) mails: Vec<String>,
    pub(crate) places: Vec<Place>,
    /// Which of several born at once.
    pub(crate) birth_order: Option<String>,
    /// Whether several were born at once.
    pub(crate) is_one_of_several: bool,
    is_replaced: bool,
    replaced_by: Option<String>,
    linked: Vec<String>,
}

impl Facts {
    /// Of a FHIR R4 `Patient`. What stands in the place of a fact (`UNKNOWN`, 1900-01-01, 000-00-0000) is none.
    pub fn of(patient: &Tree) -> Facts {
        let all = |name: &str, most: usize| {
            let all = patient.get(name).map_or(&[][..], Tree::items);
            &all[..all.len().min(most)]
        };
        let each = |name: &str| all(name, MOST);
        let said = |name: &str| patient.get(name).and_then(Tree::as_str);
        let mut facts = Facts {
            names: each("name").iter().filter_map(Name::of).collect(),
            born: said("birthDate").filter(|date| !NO_BIRTHS.contains(date)).and_then(Date::parse).map(without_default),
            sex: match said("gender") {
                Some("female") => Some(Sex::Female),
                Some("male") => Some(Sex::Male),
                _ => None,
            },
            numbers: each("identifier").iter().filter_map(Number::of).collect(),
            places: each("address").iter().filter_map(Place::of).collect(),
            birth_order: patient.get("multipleBirthInteger").map(ToString::to_string),
            ..Facts::default()
        };
        for telecom in each("telecom") {
            let of = |name: &str| telecom.get(name).and_then(Tree::as_str);
            let (system, Some(value)) = (of("system"), of("value")) else { continue };
            match system {
                None | Some("phone" | "sms") => facts.phones.extend(phone::digits(value)),
                Some("email") if value.contains('@') => facts.mails.push(fold(value).into_owned()),
                _ => {}
            }
        }
        facts.is_one_of_several =
            facts.birth_order.is_some() || patient.get("multipleBirthBoolean") == Some(&Tree::Bool(true));
        for link in all("link", LINKS_MOST) {
            let is_replaced = link.get("type").and_then(Tree::as_str) == Some("replaced-by");
            let other = link.get("other").and_then(|other| other.get("reference")).and_then(Tree::as_str);
            let other = other.and_then(|other| other.strip_prefix("Patient/")).map(str::to_owned);
            if is_replaced {
                facts.is_replaced = true;
                facts.replaced_by.clone_from(&other);
            }
            facts.linked.extend(other);
        }
        facts
    }

    /// The patient that this one was merged into.
    pub fn replaced_by(&self) -> Option<&str> {
        self.replaced_by.as_deref()
    }

    /// True of a record that was merged into another.
    pub fn is_replaced(&self) -> bool {
        self.is_replaced
    }

    /// Ids of the patients that it is linked with, whatever the link is.
    pub fn linked(&self) -> &[String] {
        &self.linked
    }
}

/// The first of January is what is written where the year alone is known.
fn without_default(date: Date) -> Date {
    if (date.month, date.day) == (1, 1) { Date { month: 0, day: 0, ..date } } else { date }
}

#[cfg(test)]
mod tests {
    use super::Facts;
    use crate::{compare, keys};
    use fhir::json::Tree;
    use proptest::prelude::*;

    proptest! {
        /// Whatever somebody sends: it is looked at, and agrees with itself in both orders.
        #[test]
        fn no_text_ends_the_comparison(
            texts in prop::collection::vec("[0-9]{0,17}[a-zA-Z0-9 号张.X,@#-]{0,4}[\\PC]{0,6}", 6), family in "\\PC{0,12}", date in "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        ) {
            let mut patient = Tree::object();
            for text in &texts {
                let mut identifier = Tree::object();
                identifier.set("value", text.as_str());
                patient.push("identifier", identifier);
                let mut telecom = Tree::object();
                telecom.set("value", text.as_str());
                patient.push("telecom", telecom);
                let mut name = Tree::object();
                name.set("family", family.as_str());
                name.push("given", text.as_str());
                name.set("text", text.as_str());
                patient.push("name", name);
                let mut address = Tree::object();
                address.push("line", text.as_str());
                patient.push("address", address);
            }
            patient.set("birthDate", date);
            let facts = Facts::of(&patient);
            prop_assert!(keys(&facts).len() < 1_000);
            prop_assert!(compare(&facts, &Facts::default()) == compare(&Facts::default(), &facts));
            compare(&facts, &facts);
        }
    }
}
