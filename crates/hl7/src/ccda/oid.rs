//! Code and identifier systems: from the OIDs of CDA to the URIs of FHIR.
//!
//! After the registry of HL7 Terminology (THO) and the list of systems in FHIR R4. An OID that has no URI there is `urn:oid:`.

/// OIDs with a URI of their own.
const SYSTEMS: &[(&str, &str)] = &[
    ("1.2.840.10008.2.16.4", "http://dicom.nema.org/resources/ontology/DCM"),
    ("2.16.840.1.113883.3.221.5", "https://nahdo.org/sopt"),
    ("2.16.840.1.113883.3.26.1.1", "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"),
    ("2.16.840.1.113883.3.26.1.5", "http://hl7.org/fhir/ndfrt"),
    ("2.16.840.1.113883.4.9", "http://fdasis.nlm.nih.gov"),
    ("2.16.840.1.113883.6.1", "http://loinc.org"),
    ("2.16.840.1.113883.6.101", "http://nucc.org/provider-taxonomy"),
    ("2.16.840.1.113883.6.103", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("2.16.840.1.113883.6.104", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("2.16.840.1.113883.6.12", "http://www.ama-assn.org/go/cpt"),
    ("2.16.840.1.113883.6.121", "urn:ietf:bcp:47"),
    ("2.16.840.1.113883.6.2", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("2.16.840.1.113883.6.24", "urn:iso:std:iso:11073:10101"),
    ("2.16.840.1.113883.6.254", "http://hl7.org/fhir/sid/icf"),
    ("2.16.840.1.113883.6.259", "https://www.cdc.gov/nhsn/cdaportal/terminology/codesystem/hsloc.html"),
    ("2.16.840.1.113883.6.285", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"),
    ("2.16.840.1.113883.6.3", "http://hl7.org/fhir/sid/icd-10"),
    ("2.16.840.1.113883.6.301.5", "https://www.nubc.org/CodeSystem/PatDischargeStatus"),
    ("2.16.840.1.113883.6.345", "http://www.nlm.nih.gov/research/umls/medrt"),
    ("2.16.840.1.113883.6.4", "http://www.cms.gov/Medicare/Coding/ICD10"),
    ("2.16.840.1.113883.6.59", "http://hl7.org/fhir/sid/cvx"),
    ("2.16.840.1.113883.6.60", "http://terminology.hl7.org/CodeSystem/MVX"),
    ("2.16.840.1.113883.6.69", "http://hl7.org/fhir/sid/ndc"),
    ("2.16.840.1.113883.6.73", "http://www.whocc.no/atc"),
    ("2.16.840.1.113883.6.8", "http://unitsofmeasure.org"),
    ("2.16.840.1.113883.6.88", "http://www.nlm.nih.gov/research/umls/rxnorm"),
    ("2.16.840.1.113883.6.90", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("2.16.840.1.113883.6.96", "http://snomed.info/sct"),
    ("2.16.840.1.113883.12.292", "http://hl7.org/fhir/sid/cvx"),
    ("2.16.840.1.113883.12.227", "http://terminology.hl7.org/CodeSystem/MVX"),
];

/// Tables of HL7 v3, by what follows `2.16.840.1.113883.5.`
const V3_TABLES: &[(&str, &str)] = &[
    ("1", "AdministrativeGender"),
    ("2", "MaritalStatus"),
    ("4", "ActCode"),
    ("6", "ActClass"),
    ("7", "ActPriority"),
    ("8", "ActReason"),
    ("14", "ActStatus"),
    ("25", "Confidentiality"),
    ("41", "EntityClass"),
    ("43", "EntityNamePartQualifier"),
    ("45", "EntityNameUse"),
    ("60", "LanguageAbilityMode"),
    ("61", "LanguageAbilityProficiency"),
    ("79", "mediaType"),
    ("83", "ObservationInterpretation"),
    ("84", "ObservationMethod"),
    ("88", "ParticipationFunction"),
    ("89", "ParticipationSignature"),
    ("90", "ParticipationType"),
    ("110", "RoleClass"),
    ("111", "RoleCode"),
    ("112", "RouteOfAdministration"),
    ("139", "TimingEvent"),
    ("1001", "ActMood"),
    ("1002", "ActRelationshipType"),
    ("1008", "NullFlavor"),
    ("1063", "ObservationValue"),
    ("1070", "SubstanceAdminSubstitution"),
    ("1076", "ReligiousAffiliation"),
    ("1119", "AddressUse"),
];

/// Authorities whose numbers have a URI of their own. Alone, without a number, they identify nobody.
const AUTHORITIES: &[(&str, &str)] = &[
    ("2.16.840.1.113883.4.1", "http://hl7.org/fhir/sid/us-ssn"),
    ("2.16.840.1.113883.4.6", "http://hl7.org/fhir/sid/us-npi"),
    ("2.16.840.1.113883.4.572", "http://hl7.org/fhir/sid/us-medicare"),
    ("2.16.840.1.113883.4.927", "http://hl7.org/fhir/sid/us-mbi"),
    ("2.16.840.1.113883.4.642.4.1", "http://hl7.org/fhir/sid/us-npi"),
];

/// Known to be an authority whose numbers follow it, without a URI of its own: employer's, CLIA, NAIC.
const OTHER_AUTHORITIES: &[&str] =
    &["2.16.840.1.113883.4.2", "2.16.840.1.113883.4.4", "2.16.840.1.113883.4.7", "2.16.840.1.113883.6.300"];

/// The URI of a code system; `None` if its id is no OID.
pub(super) fn code_system(oid: &str) -> Option<String> {
    if let Some((_, uri)) = SYSTEMS.iter().find(|(known, _)| *known == oid) {
        return Some((*uri).to_owned());
    }
    if let Some(table) = oid.strip_prefix("2.16.840.1.113883.5.")
        && let Some((_, name)) = V3_TABLES.iter().find(|(known, _)| *known == table)
    {
        return Some(format!("http://terminology.hl7.org/CodeSystem/v3-{name}"));
    }
    if let Some(table) = oid.strip_prefix("2.16.840.1.113883.12.")
        && let Ok(table) = table.parse::<u16>()
    {
        return Some(format!("http://terminology.hl7.org/CodeSystem/v2-{table:04}"));
    }
    is_oid(oid).then(|| format!("urn:oid:{oid}"))
}

/// The URI of a code system by the name that senders give it where they give no OID.
pub(super) fn code_system_named(name: &str) -> Option<&'static str> {
    let bare: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    Some(match bare.as_str() {
        "LOINC" | "LN" => "http://loinc.org",
        "SNOMEDCT" | "SNOMED" | "SCT" | "SNOMEDCLINICALTERMS" => "http://snomed.info/sct",
        "RXNORM" => "http://www.nlm.nih.gov/research/umls/rxnorm",
        "ICD10CM" => "http://hl7.org/fhir/sid/icd-10-cm",
        "ICD9CM" => "http://hl7.org/fhir/sid/icd-9-cm",
        "ICD10" => "http://hl7.org/fhir/sid/icd-10",
        "CPT" | "CPT4" => "http://www.ama-assn.org/go/cpt",
        "HCPCS" => "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "CVX" => "http://hl7.org/fhir/sid/cvx",
        "NDC" => "http://hl7.org/fhir/sid/ndc",
        "UCUM" => "http://unitsofmeasure.org",
        _ => return None,
    })
}

/// The URI of an authority's numbers.
pub(super) fn authority(oid: &str) -> Option<&'static str> {
    AUTHORITIES.iter().find(|(known, _)| *known == oid).map(|(_, uri)| *uri)
}

/// True if this OID alone is nothing's identifier.
pub(super) fn is_authority(oid: &str) -> bool {
    authority(oid).is_some() || OTHER_AUTHORITIES.contains(&oid)
}

/// True if it is an OID.
pub(super) fn is_oid(text: &str) -> bool {
    text.len() <= 200 && fhir::primitive::is_oid(&format!("urn:oid:{text}"))
}

/// True if it is a UUID.
pub(super) fn is_uuid(text: &str) -> bool {
    fhir::primitive::is_uuid(&format!("urn:uuid:{text}"))
}
