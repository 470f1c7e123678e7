//! What happens to a patient: the shape of it. Times in a stay are hours from arrival, others days from now.

use crate::code::{Code, Condition, System};
use crate::curve::Curve;
use crate::medicine::Medicine;
use crate::panel::Panel;
use crate::staff::Ward;
use crate::test::Test;

/// One patient's story.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    /// Long-standing problems, and how many years ago they began.
    pub(crate) problems: &'static [(Condition, f64)],
    /// What must not be given; empty says that nobody asked, [`NO_ALLERGY`] that there is none.
    pub(crate) allergies: &'static [Allergy],
    pub(crate) home: &'static [Prescription],
    /// Visits to the clinic, days from now.
    pub(crate) clinic: &'static [f64],
    pub(crate) clinic_panels: &'static [Panel],
    /// Values at those visits by days from now.
    pub(crate) trend: &'static [(Test, Curve)],
    pub(crate) stay: Option<Stay>,
    pub(crate) vaccines: &'static [Vaccine],
    pub(crate) weight_kg: f64,
    pub(crate) height_cm: f64,
}

/// A stay in hospital.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    /// When the patient comes, hours from now.
    pub(crate) arrival_h: f64,
    pub(crate) reason: &'static str,
    pub(crate) moves: &'static [(f64, Move)],
    /// Diagnoses, and when they are made.
    pub(crate) diagnoses: &'static [(Condition, f64)],
    pub(crate) orders: &'static [Order],
    /// Values by hours from arrival; a test without a curve is healthy.
    pub(crate) course: &'static [(Test, Curve)],
    pub(crate) medicines: &'static [Given],
    pub(crate) documents: &'static [Document],
    /// Minutes between the rounds of vital signs around now.
    pub(crate) vitals_every_min: i64,
    /// Results that turn out wrong.
    pub(crate) slips: &'static [Slip],
}

/// A change of place or state.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    /// Arrives in the emergency department (A04).
    Arrive(&'static str),
    /// Is admitted (A01).
    Admit(Ward, &'static str),
    /// Is moved (A02).
    Transfer(Ward, &'static str),
    /// Goes home (A03).
    Discharge,
}

/// A panel taken again and again: `phase_min` from now, and every so many hours before and after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) panel: Panel,
    pub(crate) every_h: f64,
    pub(crate) phase_min: f64,
}

/// A medicine taken at home, days from now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prescription {
    pub(crate) medicine: Medicine,
    pub(crate) from_d: f64,
    pub(crate) until_d: Option<f64>,
    /// Why it was stopped.
    pub(crate) why: &'static str,
}

/// A medicine given in a stay, hours from arrival.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    pub(crate) medicine: Medicine,
    pub(crate) from_h: f64,
    pub(crate) until_h: Option<f64>,
    pub(crate) why: &'static str,
}

/// Something that must not be given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allergy {
    pub(crate) substance: Code,
    /// Reaction, severity; none for "no known allergy".
    pub(crate) reaction: Option<(Code, &'static str)>,
    /// A category of FHIR.
    pub(crate) category: Option<&'static str>,
}

/// A vaccination, years from now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vaccine {
    pub(crate) code: Code,
    pub(crate) maker: Code,
    pub(crate) years_ago: f64,
    pub(crate) lot: &'static str,
    pub(crate) amount_ml: &'static str,
}

/// A document, hours from arrival.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document {
    pub(crate) at_h: f64,
    /// Table 0270.
    pub(crate) kind: &'static str,
    pub(crate) code: Code,
    pub(crate) lines: &'static [&'static str],
}

/// A result that turns out wrong and is corrected within the hour: the last one of `panel` before `before_h` hours from now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slip {
    pub(crate) panel: Panel,
    pub(crate) before_h: f64,
    pub(crate) test: Test,
    /// What was reported first.
    pub(crate) first: f64,
    pub(crate) why: &'static str,
}

const fn snomed(code: &'static str, text: &'static str) -> Code {
    Code::new(System::Snomed, code, text)
}

pub(crate) const NO_ALLERGY: Allergy =
    Allergy { substance: snomed("716186003", "No known allergy"), reaction: None, category: None };
pub(crate) const PENICILLIN: Allergy = Allergy {
    substance: snomed("764146007", "Penicillin"),
    reaction: Some((snomed("39579001", "Anaphylaxis"), "severe")),
    category: Some("medication"),
};
pub(crate) const SULFONAMIDE: Allergy = Allergy {
    substance: snomed("387406002", "Sulfonamide"),
    reaction: Some((snomed("271807003", "Eruption of skin"), "moderate")),
    category: Some("medication"),
};
pub(crate) const LATEX: Allergy = Allergy {
    substance: snomed("111088007", "Latex"),
    reaction: Some((snomed("126485001", "Urticaria"), "mild")),
    category: Some("environment"),
};
pub(crate) const PEANUT: Allergy = Allergy {
    substance: snomed("762952008", "Peanut"),
    reaction: Some((snomed("39579001", "Anaphylaxis"), "severe")),
    category: Some("food"),
};
