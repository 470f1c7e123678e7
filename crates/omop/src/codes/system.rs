//! Which vocabulary a code system is: what the mapping of OMOP tables to FHIR writes, and what else systems are called.

/// Codes of this system are concept ids.
pub const CONCEPT_SYSTEM: &str = "urn:medweave:code:omop-concept";
/// Systems of vocabularies that have no address of their own begin so; blanks of the name are dashes.
const OTHER: &str = "urn:medweave:code:omop:";

/// Addresses and the vocabularies that they mean.
const SYSTEMS: [(&str, &str); 45] = [
    ("http://snomed.info/sct", "SNOMED"),
    ("urn:oid:2.16.840.1.113883.6.96", "SNOMED"),
    ("http://loinc.org", "LOINC"),
    ("urn:oid:2.16.840.1.113883.6.1", "LOINC"),
    ("http://www.nlm.nih.gov/research/umls/rxnorm", "RxNorm"),
    ("urn:oid:2.16.840.1.113883.6.88", "RxNorm"),
    ("http://unitsofmeasure.org", "UCUM"),
    ("urn:oid:2.16.840.1.113883.6.8", "UCUM"),
    ("http://hl7.org/fhir/sid/cvx", "CVX"),
    ("urn:oid:2.16.840.1.113883.12.292", "CVX"),
    ("http://hl7.org/fhir/sid/ndc", "NDC"),
    ("urn:oid:2.16.840.1.113883.6.69", "NDC"),
    ("http://hl7.org/fhir/sid/icd-10-cm", "ICD10CM"),
    ("urn:oid:2.16.840.1.113883.6.90", "ICD10CM"),
    ("http://hl7.org/fhir/sid/icd-10", "ICD10"),
    ("urn:oid:2.16.840.1.113883.6.3", "ICD10"),
    ("http://hl7.org/fhir/sid/icd-9-cm", "ICD9CM"),
    ("urn:oid:2.16.840.1.113883.6.103", "ICD9CM"),
    ("urn:oid:2.16.840.1.113883.6.104", "ICD9Proc"),
    ("http://www.cms.gov/Medicare/Coding/ICD10", "ICD10PCS"),
    ("http://hl7.org/fhir/sid/icd-10-pcs", "ICD10PCS"),
    ("urn:oid:2.16.840.1.113883.6.4", "ICD10PCS"),
    ("http://www.ama-assn.org/go/cpt", "CPT4"),
    ("urn:oid:2.16.840.1.113883.6.12", "CPT4"),
    ("urn:oid:2.16.840.1.113883.6.285", "HCPCS"),
    ("http://terminology.hl7.org/CodeSystem/HCPCS", "HCPCS"),
    ("http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "HCPCS"),
    ("http://www.whocc.no/atc", "ATC"),
    ("http://nucc.org/provider-taxonomy", "NUCC"),
    ("http://www.ada.org/cdt", "CDT"),
    ("http://id.nlm.nih.gov/mesh", "MeSH"),
    ("urn:oid:2.16.840.1.113883.6.177", "MeSH"),
    ("http://hl7.org/fhir/ndfrt", "NDFRT"),
    ("http://va.gov/terminology/medrt", "MED-RT"),
    ("http://hl7.org/fhir/sid/icf-nl", "ICF"),
    ("urn:oid:2.16.840.1.113883.6.43.1", "ICDO3"),
    ("http://terminology.hl7.org/CodeSystem/icd-o-3", "ICDO3"),
    ("https://dmd.nhs.uk", "dm+d"),
    ("https://fhir.hl7.org.uk/Id/opcs-4", "OPCS4"),
    ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "ICD10GM"),
    ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", "ICD10GM"),
    ("http://fhir.de/CodeSystem/bfarm/ops", "OPS"),
    ("http://www.genenames.org", "HGNC"),
    ("http://hl7.org/fhir/sid/icd-10-ca", "CIM10"),
    ("https://www.cdc.gov/nhsn/cdaportal/terminology/codesystem/hsloc.html", "CDC"),
];

/// The vocabulary of a system, `known` being all that are loaded.
pub fn vocabulary_of<'v>(system: &str, known: &'v [String]) -> Option<&'v str> {
    let named = |name: &str| known.iter().map(String::as_str).find(|known| *known == name);
    if let Some((_, vocabulary)) = SYSTEMS.iter().find(|(address, _)| *address == system) {
        return named(vocabulary);
    }
    let name = system.strip_prefix(OTHER)?;
    known.iter().map(String::as_str).find(|known| known.replace(' ', "-") == name)
}

/// The address of a vocabulary, as mappings and the store write it.
pub fn address_of(vocabulary: &str) -> String {
    let known = SYSTEMS.iter().find(|(_, name)| *name == vocabulary);
    known.map_or_else(|| format!("{OTHER}{}", vocabulary.replace(' ', "-")), |(address, _)| (*address).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_a_vocabulary_that_is_loaded() {
        let known = ["SNOMED".to_owned(), "Nebraska Lexicon".to_owned()];
        assert_eq!(vocabulary_of("http://snomed.info/sct", &known), Some("SNOMED"));
        assert_eq!(vocabulary_of("http://loinc.org", &known), None);
        assert_eq!(vocabulary_of("urn:medweave:code:omop:Nebraska-Lexicon", &known), Some("Nebraska Lexicon"));
        assert_eq!(vocabulary_of("urn:x", &known), None);
        for name in ["SNOMED", "Nebraska Lexicon"] {
            assert_eq!(vocabulary_of(&address_of(name), &known), Some(name));
        }
    }
}
