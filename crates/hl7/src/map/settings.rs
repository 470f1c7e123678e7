//! What a source is known to mean.

use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// How messages of one source are to be read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The source's name: part of the identity of whatever it identifies without naming an authority.
    pub source: String,
    /// The zone of times that give none.
    pub zone: TimeZone,
    /// Identifier systems by the name of the assigning authority (HD.1), where the site knows better than
    /// `urn:medweave:authority:NAME`.
    pub authorities: BTreeMap<String, String>,
    /// Identifier systems of numbers that come without an authority, by what they number (`patient`, `visit`, `account`,
    /// `practitioner`, `organization`, `placer-order`, `filler-order`, ...): sources of one house can share them. Others get
    /// `urn:medweave:source:SOURCE:KIND`.
    pub systems: BTreeMap<String, String>,
    /// Code systems by the name of the coding system (CWE.3), before the built-in ones.
    pub coding_systems: BTreeMap<String, String>,
    /// The system of national numbers (PID-19, NK1-37, GT1-12), which name no authority. Without it, a number of the form of
    /// a US social security number is one, any other is the source's own.
    pub national_numbers: Option<String>,
    /// Identifier types (PID-3.5), best first, by which a patient is known when several are given.
    pub patient_identifier_types: Vec<String>,
}

impl Settings {
    /// Settings for a source in UTC with nothing special about it.
    pub fn new(source: &str) -> Self {
        Settings {
            source: source.to_owned(),
            zone: TimeZone::UTC,
            authorities: BTreeMap::new(),
            systems: BTreeMap::new(),
            coding_systems: BTreeMap::new(),
            national_numbers: None,
            patient_identifier_types: ["MR", "PI", "PT", "MRN", "PN"].map(str::to_owned).to_vec(),
        }
    }
}
