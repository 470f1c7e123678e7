//! Which vocabularies may be used by whom.

/// What somebody must have who uses a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Licence {
    /// The vocabulary, as Athena calls it.
    pub vocabulary: &'static str,
    /// What it needs.
    pub what: &'static str,
}

const LICENCES: [Licence; 17] = [
    Licence {
        vocabulary: "CPT4",
        what: "a licence of the American Medical Association; its names come by a step of their own (cpt4.jar of the download, with a UMLS account)",
    },
    Licence {
        vocabulary: "SNOMED",
        what: "SNOMED CT: free in member countries of SNOMED International, elsewhere an affiliate licence",
    },
    Licence {
        vocabulary: "SNOMED Veterinary",
        what: "SNOMED CT: free in member countries of SNOMED International, elsewhere an affiliate licence",
    },
    Licence {
        vocabulary: "LOINC",
        what: "free under the LOINC licence of the Regenstrief Institute, which must be told",
    },
    Licence {
        vocabulary: "ICD10",
        what: "an agreement with the World Health Organization for other than internal use",
    },
    Licence {
        vocabulary: "ICDO3",
        what: "an agreement with the World Health Organization for other than internal use",
    },
    Licence { vocabulary: "MedDRA", what: "a subscription of the MedDRA MSSO" },
    Licence { vocabulary: "GPI", what: "a licence of Wolters Kluwer (Medi-Span)" },
    Licence { vocabulary: "Multum", what: "a licence of Cerner Multum" },
    Licence { vocabulary: "NDFRT", what: "free; the Department of Veterans Affairs must be named" },
    Licence { vocabulary: "GCN_SEQNO", what: "a licence of First Databank" },
    Licence { vocabulary: "ETC", what: "a licence of First Databank" },
    Licence { vocabulary: "VA Product", what: "free; the Department of Veterans Affairs must be named" },
    Licence { vocabulary: "dm+d", what: "the NHS Terminology licence (TRUD)" },
    Licence { vocabulary: "OPCS4", what: "the NHS Terminology licence (TRUD)" },
    Licence { vocabulary: "Read", what: "the NHS Terminology licence (TRUD)" },
    Licence { vocabulary: "EphMRA ATC", what: "an agreement with EphMRA" },
];

/// What somebody must have who uses a vocabulary; none that is known here. Athena's own page counts.
pub fn licence_of(vocabulary: &str) -> Option<Licence> {
    LICENCES.iter().find(|licence| licence.vocabulary.eq_ignore_ascii_case(vocabulary)).copied()
}
