//! Addresses of code systems.

use std::fmt::Write;

const KNOWN: [&str; 20] = [
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://unitsofmeasure.org",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://hl7.org/fhir/sid/cvx",
    "http://hl7.org/fhir/sid/ndc",
    "http://hl7.org/fhir/sid/icd-9-cm",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://www.cms.gov/Medicare/Coding/ICD10",
    "http://www.ama-assn.org/go/cpt",
    "http://www.whocc.no/atc",
    "http://fdasis.nlm.nih.gov",
    "http://dicom.nema.org/resources/ontology/DCM",
    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "http://terminology.hl7.org/CodeSystem/observation-category",
    "http://terminology.hl7.org/CodeSystem/condition-category",
    "http://terminology.hl7.org/CodeSystem/condition-clinical",
    "http://terminology.hl7.org/CodeSystem/condition-ver-status",
    "http://terminology.hl7.org/CodeSystem/v2-0203",
];

/// The address of a well-known system that was written in a way that makes it another: with `https`, a slash at its end, other
/// case, or `www.` too many or too few.
pub(crate) fn misspelled_system(address: &str) -> Option<&'static str> {
    let plain = |address: &str| {
        let address = address.trim_end_matches('/').to_ascii_lowercase();
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(&address);
        rest.strip_prefix("www.").unwrap_or(rest).to_owned()
    };
    let wanted = plain(address);
    KNOWN.into_iter().find(|known| plain(known) == wanted).filter(|known| *known != address)
}

/// Text that is to be one part of a URN: all but letters, digits and `-._~` is percent-encoded.
pub(crate) fn urn_part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.trim().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte as char);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_addresses_are_other_systems() {
        for wrong in ["https://loinc.org", "http://loinc.org/", "http://www.loinc.org", "http://LOINC.org"] {
            assert_eq!(misspelled_system(wrong), Some("http://loinc.org"), "{wrong}");
        }
        for right in ["http://loinc.org", "http://hl7.org/fhir/sid/icd-10-gm", "urn:x"] {
            assert_eq!(misspelled_system(right), None, "{right}");
        }
    }

    #[test]
    fn parts_of_urns_are_encoded() {
        assert_eq!(urn_part(" 科 a/1 "), "%E7%A7%91%20a%2F1");
    }
}
