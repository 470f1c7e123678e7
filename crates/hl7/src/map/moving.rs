//! What goes from one patient's chart to another's with a stay or an account.

use super::transaction::Key;
use fhir::json::Tree;

/// What an event moves from one patient's chart to another's (`ADT^A44`, `A45`): a stay or an account, which the resources of
/// the message tell with its new patient, and with it all that is stored about the old patient and names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The stay or the account.
    pub what: Key,
    /// The patient that it was about: it may be stored under any of these.
    pub from: Vec<Key>,
    /// The patient that it is about from now on.
    pub to: Key,
}

/// What names a stay, and the search parameter that finds it by the stay; types without one are found by `patient`.
const OF_STAY: &[(&str, &str)] = &[
    ("CarePlan", "encounter"),
    ("ChargeItem", "context"),
    ("Composition", "encounter"),
    ("Condition", "encounter"),
    ("DiagnosticReport", "encounter"),
    ("DocumentReference", "encounter"),
    ("ImagingStudy", "encounter"),
    ("Immunization", "patient"),
    ("MedicationAdministration", "context"),
    ("MedicationDispense", "context"),
    ("MedicationRequest", "encounter"),
    ("NutritionOrder", "encounter"),
    ("Observation", "encounter"),
    ("Procedure", "encounter"),
    ("ServiceRequest", "encounter"),
];

/// The same of an account. A stay that is found takes with it what names the stay.
const OF_ACCOUNT: &[(&str, &str)] = &[("ChargeItem", "account"), ("Encounter", "account")];

/// Elements that say whom a resource is about.
const PATIENT: [&str; 3] = ["subject", "patient", "beneficiary"];

/// Elements that name a stay or an account.
const NAMES: [&str; 3] = ["encounter", "context", "account"];

/// The references in an element, which may be one or several; those of a document's context stand in it.
fn references(element: &Tree) -> Vec<&str> {
    match element {
        Tree::Array(items) => items.iter().flat_map(references).collect(),
        other => {
            let own = other.get("reference").and_then(Tree::as_str);
            let within = other.get("encounter").map_or_else(Vec::new, references);
            own.into_iter().chain(within).collect()
        }
    }
}

impl Move {
    /// Which types may name what moves, each with the search parameter that finds them: by the stay or account, or, if it is
    /// `patient`, by the patient that it was about.
    pub fn dependents(&self) -> &'static [(&'static str, &'static str)] {
        if self.what.resource_type == "Account" { OF_ACCOUNT } else { OF_STAY }
    }

    /// `stored` as it is after the move, if it is about one of `from` and names `what`; all are references as they are stored,
    /// `Patient/ID`, `Encounter/ID`.
    pub fn moved(stored: &Tree, what: &str, from: &[&str], to: &str) -> Option<Tree> {
        let names_it = |name: &&str| stored.get(name).is_some_and(|element| references(element).contains(&what));
        if !NAMES.iter().any(names_it) {
            return None;
        }
        let about = PATIENT.into_iter().find(|name| stored.get(name).is_some())?;
        let is_from =
            |reference: &Tree| reference.get("reference").and_then(Tree::as_str).is_some_and(|r| from.contains(&r));
        let mut moved = stored.clone();
        let element = moved.get_mut(about)?;
        match element {
            Tree::Array(items) => {
                let mut changed = false;
                for item in items.iter_mut().filter(|item| is_from(item)) {
                    *item = Tree::from([("reference", to.into())]);
                    changed = true;
                }
                changed.then_some(moved)
            }
            one if is_from(one) => {
                *one = Tree::from([("reference", to.into())]);
                Some(moved)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(kind: &str, name: &str, element: Tree) -> Tree {
        let subject = Tree::from([("reference", "Patient/a".into()), ("display", "Ann".into())]);
        Tree::from([("resourceType", kind.into()), ("subject", subject), (name, element)])
    }

    fn reference(to: &str) -> Tree {
        Tree::from([("reference", to.into())])
    }

    #[test]
    fn what_names_the_stay_and_is_about_the_old_patient_goes_with_it() {
        let moved = |stored: &Tree| Move::moved(stored, "Encounter/1", &["Patient/x", "Patient/a"], "Patient/b");
        let observation = resource("Observation", "encounter", reference("Encounter/1"));
        let subject = moved(&observation).unwrap().get("subject").cloned();
        assert_eq!(subject, Some(reference("Patient/b")));
        let document = Tree::from([("encounter", vec![reference("Encounter/1")].into())]);
        assert!(moved(&resource("DocumentReference", "context", document)).is_some());
        assert!(moved(&resource("ChargeItem", "context", reference("Encounter/1"))).is_some());
        // Another stay's, another patient's, or nobody's stays where it is.
        assert_eq!(moved(&resource("Observation", "encounter", reference("Encounter/2"))), None);
        let mut others = observation.clone();
        others.set("subject", reference("Patient/c"));
        assert_eq!(moved(&others), None);
        others.remove("subject");
        assert_eq!(moved(&others), None);
    }

    #[test]
    fn a_stay_goes_with_its_account_and_an_account_may_be_of_several() {
        let accounts = Tree::from(vec![reference("Account/2"), reference("Account/1")]);
        let stay = resource("Encounter", "account", accounts);
        assert!(Move::moved(&stay, "Account/1", &["Patient/a"], "Patient/b").is_some());
        let mut several = resource("ChargeItem", "account", vec![reference("Account/1")].into());
        several.set("subject", vec![reference("Patient/c"), reference("Patient/a")]);
        let moved = Move::moved(&several, "Account/1", &["Patient/a"], "Patient/b").unwrap();
        assert_eq!(moved.get("subject").unwrap().items(), [reference("Patient/c"), reference("Patient/b")]);
    }
}
