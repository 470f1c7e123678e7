//! Concept maps of the guide: HL7 tables to FHIR codes. What the guide leaves open is `None`, unless FHIR requires an answer;
//! then it follows the text of the HL7 table, and says so.

/// A code with its text.
pub(super) type Code = (&'static str, &'static str);

/// `http://terminology.hl7.org/CodeSystem/`
pub(super) const TERMINOLOGY: &str = "http://terminology.hl7.org/CodeSystem/";

/// Table 0001, and the words some senders use, to administrative-gender.
pub(super) fn gender(code: &str) -> Option<&'static str> {
    match code.to_uppercase().as_str() {
        "F" | "FEMALE" | "女" => Some("female"),
        "M" | "MALE" | "男" => Some("male"),
        "O" | "A" | "N" | "X" | "OTHER" => Some("other"),
        "U" | "UN" | "UNK" | "UNKNOWN" | "未知" => Some("unknown"),
        _ => None,
    }
}

/// Table 0002 to v3 MaritalStatus or NullFlavor.
pub(super) fn marital_status(code: &str) -> Option<(Code, &'static str)> {
    let marital = |code, text| Some(((code, text), "v3-MaritalStatus"));
    let absent = |code, text| Some(((code, text), "v3-NullFlavor"));
    match code {
        "A" | "E" => marital("L", "Legally Separated"),
        "D" => marital("D", "Divorced"),
        "M" => marital("M", "Married"),
        "S" => marital("S", "Never Married"),
        "W" => marital("W", "Widowed"),
        "C" => marital("C", "Common Law"),
        "G" | "P" | "R" => marital("T", "Domestic partner"),
        "N" => marital("A", "Annulled"),
        "I" => marital("I", "Interlocutory"),
        "B" => marital("U", "unmarried"),
        "U" => absent("UNK", "unknown"),
        "O" => absent("OTH", "other"),
        "T" => absent("NAVU", "Not available"),
        _ => None,
    }
}

/// Table 0004 to v3 ActCode.
pub(super) fn patient_class(code: &str) -> Option<Code> {
    match code {
        "E" => Some(("EMER", "emergency")),
        "I" => Some(("IMP", "inpatient encounter")),
        "O" => Some(("AMB", "ambulatory")),
        "P" => Some(("PRENC", "pre-admission")),
        _ => None,
    }
}

/// Table 0004 as it stands, for what ActCode lacks.
pub(super) fn patient_class_text(code: &str) -> Option<&'static str> {
    match code {
        "R" => Some("Recurring patient"),
        "B" => Some("Obstetrics"),
        "C" => Some("Commercial Account"),
        "N" => Some("Not Applicable"),
        "U" => Some("Unknown"),
        _ => None,
    }
}

/// Table 0004 to the status of a stay whose event says nothing about it.
pub(super) fn class_status(code: &str) -> &'static str {
    match code {
        "P" => "planned",
        "U" | "" => "unknown",
        _ => "in-progress",
    }
}

/// Table 0085 to observation-status. The guide maps A, C, D, F, P, W and X; the others follow the table's text.
pub(super) fn observation_status(code: &str) -> Option<&'static str> {
    match code {
        "F" => Some("final"),
        "P" => Some("preliminary"),
        "C" => Some("corrected"),
        "A" => Some("amended"),
        "D" | "W" => Some("entered-in-error"),
        "X" => Some("cancelled"),
        // Appended: the final result with more said about it.
        "B" => Some("amended"),
        // Results pending; order detail without result.
        "I" | "O" => Some("registered"),
        // Entered, not verified; partial.
        "R" | "S" => Some("preliminary"),
        // Final without sending the value again; verified.
        "U" | "V" => Some("final"),
        "N" => Some("cancelled"),
        _ => None,
    }
}

/// Table 0123 to diagnostic-report-status. The guide maps O, I, S, P, C, R, F and X; A, M and N follow the table's text.
pub(super) fn report_status(code: &str) -> Option<&'static str> {
    match code {
        "O" | "I" | "S" => Some("registered"),
        "A" | "R" => Some("partial"),
        "P" | "M" => Some("preliminary"),
        "C" => Some("corrected"),
        "F" => Some("final"),
        "X" => Some("cancelled"),
        "N" => Some("registered"),
        _ => None,
    }
}

/// The status of an observation that has none itself, from that of its report (table 0123).
pub(super) fn observation_status_of_report(code: &str) -> Option<&'static str> {
    match code {
        "A" | "R" => Some("preliminary"),
        other => report_status(other),
    }
}

/// Table 0078 to v3 ObservationInterpretation: the codes it kept, with their texts.
pub(super) fn interpretation(code: &str) -> Option<Code> {
    const CODES: &[Code] = &[
        ("<", "Off scale low"),
        (">", "Off scale high"),
        ("A", "Abnormal"),
        ("AA", "Critical abnormal"),
        ("B", "Better"),
        ("CAR", "Carrier"),
        ("D", "Significant change down"),
        ("DET", "Detected"),
        ("E", "Equivocal"),
        ("EX", "outside threshold"),
        ("EXP", "Expected"),
        ("H", "High"),
        ("HH", "Critical high"),
        ("HU", "Significantly high"),
        ("I", "Intermediate"),
        ("IE", "Insufficient evidence"),
        ("IND", "Indeterminate"),
        ("L", "Low"),
        ("LL", "Critical low"),
        ("LU", "Significantly low"),
        ("MS", "moderately susceptible"),
        ("N", "Normal"),
        ("NCL", "No CLSI defined breakpoint"),
        ("ND", "Not detected"),
        ("NEG", "Negative"),
        ("NR", "Non-reactive"),
        ("NS", "Non-susceptible"),
        ("POS", "Positive"),
        ("R", "Resistant"),
        ("RR", "Reactive"),
        ("S", "Susceptible"),
        ("SDD", "Susceptible-dose dependent"),
        ("SYN-R", "Synergy - resistant"),
        ("SYN-S", "Synergy - susceptible"),
        ("U", "Significant change up"),
        ("UNE", "Unexpected"),
        ("VS", "very susceptible"),
        ("W", "Worse"),
        ("WR", "Weakly reactive"),
    ];
    CODES.iter().find(|(known, _)| *known == code).copied()
}

/// Table 0127 to allergy-intolerance-category.
pub(super) fn allergy_category(code: &str) -> Option<&'static str> {
    match code {
        "DA" => Some("medication"),
        "FA" => Some("food"),
        "EA" | "PA" | "LA" => Some("environment"),
        "AA" => Some("biologic"),
        _ => None,
    }
}

/// Table 0127 to allergy-intolerance-type.
pub(super) fn allergy_type(code: &str) -> Option<&'static str> {
    matches!(code, "DA" | "FA" | "MA" | "EA" | "AA" | "PA" | "LA").then_some("allergy")
}

/// Table 0128 to allergy-intolerance-criticality.
pub(super) fn allergy_criticality(code: &str) -> Option<&'static str> {
    match code {
        "SV" => Some("high"),
        "MI" => Some("low"),
        _ => None,
    }
}

/// Table 0128 to reaction-event-severity.
pub(super) fn reaction_severity(code: &str) -> Option<&'static str> {
    match code {
        "SV" => Some("severe"),
        "MO" => Some("moderate"),
        "MI" => Some("mild"),
        _ => None,
    }
}

/// Table 0190 to address-use.
pub(super) fn address_use(code: &str) -> Option<&'static str> {
    match code {
        "BA" => Some("old"),
        "BI" => Some("billing"),
        "C" => Some("temp"),
        "B" | "O" => Some("work"),
        "H" => Some("home"),
        _ => None,
    }
}

/// Table 0190 to address-type.
pub(super) fn address_type(code: &str) -> Option<&'static str> {
    match code {
        "M" => Some("postal"),
        "SH" => Some("postal"),
        _ => None,
    }
}

/// Table 0200 to name-use.
pub(super) fn name_use(code: &str) -> Option<&'static str> {
    match code {
        "BAD" | "NOUSE" => Some("old"),
        "D" => Some("usual"),
        "L" | "R" => Some("official"),
        "M" => Some("maiden"),
        "MSK" => Some("anonymous"),
        "N" => Some("nickname"),
        "NAV" | "TEMP" => Some("temp"),
        _ => None,
    }
}

/// Table 0201 to contact-point-use.
pub(super) fn telecom_use(code: &str) -> Option<&'static str> {
    match code {
        "PRN" => Some("home"),
        "WPN" => Some("work"),
        "PRS" => Some("mobile"),
        _ => None,
    }
}

/// Table 0202 to contact-point-system.
pub(super) fn telecom_system(code: &str) -> Option<&'static str> {
    match code.to_ascii_uppercase().as_str() {
        "PH" | "CP" => Some("phone"),
        "FX" => Some("fax"),
        "MD" | "SAT" | "TDD" | "TTY" => Some("other"),
        "BP" => Some("pager"),
        "INTERNET" | "X.400" => Some("email"),
        _ => None,
    }
}

/// Table 0322 to event-status.
pub(super) fn completion_status(code: &str) -> Option<&'static str> {
    match code {
        "CP" | "PA" => Some("completed"),
        "RE" | "NA" => Some("not-done"),
        _ => None,
    }
}

/// Table 0038 to request-status.
pub(super) fn order_status(code: &str) -> Option<&'static str> {
    match code {
        "CA" | "DC" | "RP" => Some("revoked"),
        "CM" => Some("completed"),
        "ER" => Some("entered-in-error"),
        "HD" => Some("on-hold"),
        "IP" | "SC" => Some("active"),
        _ => None,
    }
}

/// Table 0119 to request-status. The guide calls an order whose cancelling or holding is asked for (CA, HD), and one that was
/// replaced (RQ), active as before; here the placer's word holds until the filler says that it cannot (UC, UD, UH), and what was
/// replaced is over. Of an order that is told for its earlier results (PR) the results say the state. The guide leaves RP, RU,
/// UA, OE, OR and the refusals open: they follow the table's text. Codes that say nothing of the status have none.
pub(super) fn order_control_status(code: &str) -> Option<&'static str> {
    match code {
        "AF" | "NW" | "OK" | "PY" | "RL" | "RO" | "OE" | "OR" | "OF" | "RF" | "UC" | "UD" | "UH" => Some("active"),
        "CA" | "CR" | "DC" | "DF" | "DR" | "OC" | "OD" | "RP" | "RQ" | "RU" | "UA" => Some("revoked"),
        "FU" => Some("completed"),
        "HD" | "HR" | "OH" | "UR" => Some("on-hold"),
        _ => None,
    }
}

/// True of a code (table 0119) with which something becomes of an order that was written before.
pub(super) fn is_change(code: &str) -> bool {
    const CHANGES: [&str; 26] = [
        "CA", "CR", "DC", "DR", "OC", "OD", "HD", "HR", "OH", "RL", "OR", "OE", "UA", "UC", "UD", "UH", "UM", "UR",
        "UX", "XO", "XR", "XX", "SC", "RP", "RQ", "RU",
    ];
    CHANGES.contains(&code)
}

/// True of a code (table 0119) by which an order gives way to the one with RO behind it.
pub(super) fn is_replaced(code: &str) -> bool {
    matches!(code, "RP" | "RQ" | "RU")
}

/// Table 0271 to composition-status.
pub(super) fn document_status(code: &str) -> Option<&'static str> {
    match code {
        "AU" | "LA" => Some("final"),
        "DI" | "DO" | "IN" | "IP" | "PA" => Some("preliminary"),
        _ => None,
    }
}

/// Table 0273 to document-reference-status.
pub(super) fn document_availability(code: &str) -> Option<&'static str> {
    match code {
        "AV" | "UN" => Some("current"),
        "CA" => Some("entered-in-error"),
        "OB" => Some("superseded"),
        _ => None,
    }
}

/// Table 0270 to a text.
pub(super) fn document_type(code: &str) -> Option<&'static str> {
    match code {
        "AR" => Some("Autopsy report"),
        "CD" => Some("Cardiodiagnostics"),
        "CN" => Some("Consultation"),
        "DI" => Some("Diagnostic imaging"),
        "DS" => Some("Discharge summary"),
        "ED" => Some("Emergency department report"),
        "HP" => Some("History and physical examination"),
        "OP" => Some("Operative report"),
        "PC" => Some("Psychiatric consultation"),
        "PH" => Some("Psychiatric history and physical examination"),
        "PN" => Some("Procedure note"),
        "PR" => Some("Progress note"),
        "SP" => Some("Surgical pathology"),
        "TS" => Some("Transfer summary"),
        _ => None,
    }
}

/// Table 0052 to diagnosis-role, where the guide maps it.
pub(super) fn diagnosis_role(code: &str) -> Option<Code> {
    (code == "A").then_some(("AD", "Admission diagnosis"))
}

/// Table 0063 to v3 RoleCode or v2-0131.
pub(super) fn relationship(code: &str) -> Option<(Code, &'static str)> {
    let role = |code, text| Some(((code, text), "v3-RoleCode"));
    let contact = |code, text| Some(((code, text), "v2-0131"));
    match code {
        "SEL" => role("ONESELF", "self"),
        "SPO" => role("SPS", "spouse"),
        "DOM" => role("SIGOTHR", "significant other"),
        "CHD" => role("CHILD", "child"),
        "GCH" => role("GRNDCHILD", "grandchild"),
        "NCH" => role("NCHILD", "natural child"),
        "SCH" => role("STPCHLD", "step child"),
        "FCH" => role("CHLDFOST", "foster child"),
        "PAR" => role("PRN", "parent"),
        "MTH" => role("MTH", "mother"),
        "FTH" => role("FTH", "father"),
        "GRP" => role("GRPRN", "grandparent"),
        "EXF" => role("EXT", "extended family member"),
        "SIB" => role("SIB", "sibling"),
        "BRO" => role("BRO", "brother"),
        "SIS" => role("SIS", "sister"),
        "FND" => role("FRND", "unrelated friend"),
        "EMR" => contact("E", "Employer"),
        "EMC" => contact("C", "Emergency Contact"),
        "UNK" => contact("U", "Unknown"),
        "OTH" => contact("O", "Other"),
        _ => None,
    }
}

/// Table 0063 to subscriber-relationship.
pub(super) fn subscriber_relationship(code: &str) -> Option<&'static str> {
    match code {
        "SEL" | "18" => Some("self"),
        "SPO" | "01" => Some("spouse"),
        "CHD" | "NCH" | "SCH" | "FCH" | "19" => Some("child"),
        "PAR" | "MTH" | "FTH" => Some("parent"),
        "DOM" => Some("common"),
        "OTH" => Some("other"),
        _ => None,
    }
}

/// Table 0136.
pub(super) fn yes_no(code: &str) -> Option<bool> {
    match code.to_ascii_uppercase().as_str() {
        "Y" | "YES" | "1" => Some(true),
        "N" | "NO" | "0" => Some(false),
        _ => None,
    }
}

/// OBR-5 and TQ1-9 (table 0485) to request-priority.
pub(super) fn priority(code: &str) -> Option<&'static str> {
    match code {
        "S" => Some("stat"),
        "A" => Some("asap"),
        "R" => Some("routine"),
        "T" => Some("urgent"),
        _ => None,
    }
}

/// Table 0396: code systems by their HL7 names. Letters and digits alone count, in upper case.
pub(super) fn coding_system(name: &str) -> Option<String> {
    let key: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let uri = match key.as_str() {
        "LN" | "LOINC" => "http://loinc.org",
        "SCT" | "SNM" | "SNOMED" | "SNOMEDCT" | "SCT2" => "http://snomed.info/sct",
        "UCUM" => "http://unitsofmeasure.org",
        "ISO" | "ISO2955" | "ISO2955832" => "urn:iso:std:iso:2955",
        "ANS" | "ANSI" => "urn:iso:std:iso:2955",
        "I9" | "ICD9" => "http://hl7.org/fhir/sid/icd-9",
        "I9C" | "I9CDX" | "I9CP" | "ICD9CM" => "http://hl7.org/fhir/sid/icd-9-cm",
        "I10" | "ICD10" | "I10WHO" => "http://hl7.org/fhir/sid/icd-10",
        "I10C" | "ICD10CM" => "http://hl7.org/fhir/sid/icd-10-cm",
        "I10P" | "ICD10PCS" => "http://www.cms.gov/Medicare/Coding/ICD10",
        "I11" | "ICD11" => "http://id.who.int/icd/release/11/mms",
        "ICDO" => "http://terminology.hl7.org/CodeSystem/icd-o",
        "ICDO3" => "http://terminology.hl7.org/CodeSystem/icd-o-3",
        "CVX" => "http://hl7.org/fhir/sid/cvx",
        "MVX" => "http://hl7.org/fhir/sid/mvx",
        "NDC" => "http://hl7.org/fhir/sid/ndc",
        "RXNORM" => "http://www.nlm.nih.gov/research/umls/rxnorm",
        "UNII" => "http://fdasis.nlm.nih.gov",
        "ATC" | "W1" | "W2" => "http://www.whocc.no/atc",
        "C4" | "C5" | "CPT" | "CPT4" => "http://www.ama-assn.org/go/cpt",
        "HCPCS" | "HPC" => "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes",
        "MDC" => "urn:iso:std:iso:11073:10101",
        "DCM" => "http://dicom.nema.org/resources/ontology/DCM",
        "NCIT" | "NCI" => "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
        "CDCREC" => "urn:oid:2.16.840.1.113883.6.238",
        "ISO31661" => "urn:iso:std:iso:3166",
        "ISO6391" | "ISO6392" | "ISO639" => "urn:ietf:bcp:47",
        "ISO4217" => "urn:iso:std:iso:4217",
        "NUCC" | "PTAX" => "http://nucc.org/provider-taxonomy",
        "FDDC" => "urn:medweave:coding-system:FDDC",
        _ => {
            let table = key.strip_prefix("HL7")?;
            // HL70001, HL7001, HL7 0001 all occur.
            let number: u32 = table.parse().ok().filter(|n| *n > 0 && *n < 10_000)?;
            return Some(format!("{TERMINOLOGY}v2-{number:04}"));
        }
    };
    Some(uri.to_owned())
}
