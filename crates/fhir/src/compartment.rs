//! Which resources belong to a patient.

use std::collections::HashMap;
use std::sync::LazyLock;

const PATIENT: &str = include_str!("../data/compartment-patient.txt");

/// The codes of the reference parameters by which a resource of this type is in a patient's compartment: any of them that
/// refers to the patient puts it there. Empty for types that are in none.
///
/// A `Patient` is in its own compartment besides (by its id), and in those that its `link` refers to.
pub fn patient(resource_type: &str) -> &'static [&'static str] {
    static TYPES: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
        PATIENT
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(t, codes)| (t, codes.split(' ').collect()))
            .collect()
    });
    TYPES.get(resource_type).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::{ParameterKind, parameters};
    use crate::schema::r4;

    #[test]
    fn types_say_by_which_parameters_they_belong_to_a_patient() {
        assert_eq!(patient("Observation"), ["subject", "performer"]);
        assert_eq!(patient("Encounter"), ["patient"]);
        assert_eq!(patient("Patient"), ["link"]);
        assert!(patient("Organization").is_empty() && patient("Nonsense").is_empty());
    }

    #[test]
    fn every_parameter_is_a_reference_that_may_point_to_a_patient() {
        let patient_id = r4().type_id("Patient").unwrap();
        let mut types = 0;
        for id in r4().resource_types() {
            let name = r4().name(id);
            types += usize::from(!patient(name).is_empty());
            for code in patient(name) {
                let parameter = parameters().find(name, code).unwrap_or_else(|| panic!("{name}.{code}"));
                assert_eq!(parameter.kind, ParameterKind::Reference, "{name}.{code}");
                let may = parameter.targets.is_empty() || parameter.targets.contains(&patient_id);
                assert!(may, "{name}.{code}");
            }
        }
        assert_eq!(types, 66);
    }
}
