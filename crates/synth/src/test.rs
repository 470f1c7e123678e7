//! What is measured: codes, units, ranges, how a value scatters, how many digits are reported.

use crate::person::{Person, Sex};

/// Something measured, in the laboratory or at the bed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Test {
    Leukocytes,
    Hemoglobin,
    Hematocrit,
    Mcv,
    Platelets,
    Neutrophils,
    Sodium,
    Potassium,
    Chloride,
    Bicarbonate,
    Urea,
    Creatinine,
    Gfr,
    Glucose,
    Hba1c,
    Crp,
    Procalcitonin,
    Lactate,
    Troponin,
    Bnp,
    Inr,
    Ferritin,
    Iron,
    Alt,
    Bilirubin,
    Albumin,
    Ketone,
    Ph,
    Pco2,
    Po2,
    HeartRate,
    RespiratoryRate,
    Saturation,
    Temperature,
    Systolic,
    Diastolic,
    OxygenFlow,
    Weight,
    Height,
}

/// Where healthy people lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Range {
    Between(f64, f64),
    Below(f64),
    Above(f64),
    None,
}

/// What is known about a test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Info {
    pub(crate) loinc: &'static str,
    pub(crate) name: &'static str,
    /// The laboratory's own code.
    pub(crate) local: &'static str,
    /// UCUM.
    pub(crate) unit: &'static str,
    pub(crate) digits: usize,
    /// Women, men.
    range: (Range, Range),
    /// Below and above which somebody must be told.
    critical: (f64, f64),
    /// A healthy value.
    pub(crate) healthy: f64,
    /// Standard deviation of a measurement, as a part of the value.
    pub(crate) scatter: f64,
}

/// What a value means beside its range (table 0078).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Normal,
    Low,
    High,
    CriticalLow,
    CriticalHigh,
}

impl Flag {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Flag::Normal => "N",
            Flag::Low => "L",
            Flag::High => "H",
            Flag::CriticalLow => "LL",
            Flag::CriticalHigh => "HH",
        }
    }
}

const FAR: f64 = 1e9;
/// Nothing of it calls for a telephone.
const CALM: (f64, f64) = (-FAR, FAR);

const fn both(low: f64, high: f64) -> (Range, Range) {
    (Range::Between(low, high), Range::Between(low, high))
}

const fn below(high: f64) -> (Range, Range) {
    (Range::Below(high), Range::Below(high))
}

const UNRANGED: (Range, Range) = (Range::None, Range::None);

impl Test {
    #[rustfmt::skip]
    pub(crate) fn info(self) -> Info {
        let (loinc, name, local, unit, digits, range, critical, healthy, scatter) = match self {
            Test::Leukocytes => ("6690-2", "Leukocytes", "WBC", "10*3/uL", 1, both(4.0, 10.0), (1.0, 30.0), 6.8, 0.05),
            Test::Hemoglobin => ("718-7", "Hemoglobin", "HGB", "g/dL", 1,
                (Range::Between(12.0, 15.5), Range::Between(13.5, 17.5)), (7.0, 20.0), 14.2, 0.015),
            Test::Hematocrit => ("4544-3", "Hematocrit", "HCT", "%", 1,
                (Range::Between(36.0, 46.0), Range::Between(40.0, 52.0)), (20.0, 60.0), 42.5, 0.015),
            Test::Mcv => ("787-2", "MCV", "MCV", "fL", 0, both(80.0, 100.0), CALM, 89.0, 0.01),
            Test::Platelets => ("777-3", "Platelets", "PLT", "10*3/uL", 0, both(150.0, 400.0), (20.0, 1000.0), 245.0, 0.06),
            Test::Neutrophils => ("751-8", "Neutrophils", "NEUT", "10*3/uL", 1, both(1.8, 7.5), (0.5, FAR), 4.1, 0.06),
            Test::Sodium => ("2951-2", "Sodium", "NA", "mmol/L", 0, both(135.0, 145.0), (120.0, 160.0), 140.0, 0.007),
            Test::Potassium => ("2823-3", "Potassium", "K", "mmol/L", 1, both(3.5, 5.1), (2.5, 6.5), 4.2, 0.025),
            Test::Chloride => ("2075-0", "Chloride", "CL", "mmol/L", 0, both(98.0, 107.0), (80.0, 120.0), 103.0, 0.01),
            Test::Bicarbonate => ("1963-8", "Bicarbonate", "HCO3", "mmol/L", 0, both(22.0, 29.0), (10.0, 40.0), 25.0, 0.03),
            Test::Urea => ("22664-7", "Urea", "UREA", "mmol/L", 1, both(2.5, 7.8), (-FAR, 40.0), 5.2, 0.05),
            Test::Creatinine => ("14682-9", "Creatinine", "CREA", "umol/L", 0,
                (Range::Between(44.0, 80.0), Range::Between(62.0, 106.0)), (-FAR, 500.0), 72.0, 0.03),
            Test::Gfr => ("98979-8", "Glomerular filtration rate (CKD-EPI 2021)", "EGFR", "mL/min/{1.73_m2}", 0,
                (Range::Above(60.0), Range::Above(60.0)), CALM, 90.0, 0.0),
            Test::Glucose => ("14749-6", "Glucose", "GLU", "mmol/L", 1, both(3.9, 6.1), (2.5, 25.0), 5.3, 0.06),
            Test::Hba1c => ("4548-4", "Hemoglobin A1c", "HBA1C", "%", 1, both(4.0, 5.6), CALM, 5.3, 0.012),
            Test::Crp => ("1988-5", "C reactive protein", "CRP", "mg/L", 1, below(5.0), CALM, 2.1, 0.06),
            Test::Procalcitonin => ("33959-8", "Procalcitonin", "PCT", "ng/mL", 2, below(0.5), (-FAR, 10.0), 0.06, 0.08),
            Test::Lactate => ("2524-7", "Lactate", "LAC", "mmol/L", 1, both(0.5, 2.0), (-FAR, 4.0), 1.1, 0.06),
            Test::Troponin => ("89579-7", "Troponin I, high sensitivity", "HSTNI", "ng/L", 0,
                (Range::Below(16.0), Range::Below(34.0)), (-FAR, 100.0), 6.0, 0.05),
            Test::Bnp => ("33762-6", "NT-proBNP", "NTBNP", "pg/mL", 0, below(300.0), CALM, 110.0, 0.06),
            Test::Inr => ("6301-6", "INR", "INR", "1", 1, both(0.8, 1.2), (-FAR, 5.0), 1.0, 0.03),
            Test::Ferritin => ("2276-4", "Ferritin", "FERR", "ng/mL", 0,
                (Range::Between(15.0, 150.0), Range::Between(30.0, 400.0)), CALM, 80.0, 0.05),
            Test::Iron => ("14798-3", "Iron", "FE", "umol/L", 1, both(9.0, 30.0), CALM, 17.0, 0.08),
            Test::Alt => ("1742-6", "Alanine aminotransferase", "ALT", "U/L", 0, below(41.0), (-FAR, 1000.0), 22.0, 0.05),
            Test::Bilirubin => ("14631-6", "Bilirubin, total", "TBIL", "umol/L", 0, both(3.0, 21.0), (-FAR, 300.0), 10.0, 0.06),
            Test::Albumin => ("1751-7", "Albumin", "ALB", "g/dL", 1, both(3.5, 5.2), CALM, 4.2, 0.02),
            Test::Ketone => ("53060-0", "Beta hydroxybutyrate", "BHB", "mmol/L", 1, below(0.6), (-FAR, 3.0), 0.2, 0.05),
            Test::Ph => ("2744-1", "pH of arterial blood", "PHA", "[pH]", 2, both(7.35, 7.45), (7.2, 7.6), 7.4, 0.0015),
            Test::Pco2 => ("2019-8", "Carbon dioxide, arterial", "PCO2", "mm[Hg]", 0, both(35.0, 45.0), (20.0, 70.0), 40.0, 0.03),
            Test::Po2 => ("2703-7", "Oxygen, arterial", "PO2", "mm[Hg]", 0, both(75.0, 100.0), (45.0, FAR), 90.0, 0.04),
            Test::HeartRate => ("8867-4", "Heart rate", "HR", "/min", 0, UNRANGED, CALM, 74.0, 0.04),
            Test::RespiratoryRate => ("9279-1", "Respiratory rate", "RR", "/min", 0, UNRANGED, CALM, 15.0, 0.07),
            Test::Saturation => ("59408-5", "Oxygen saturation by pulse oximetry", "SPO2", "%", 0, UNRANGED, CALM, 97.0, 0.007),
            Test::Temperature => ("8310-5", "Body temperature", "TEMP", "Cel", 1, UNRANGED, CALM, 36.7, 0.004),
            Test::Systolic => ("8480-6", "Systolic blood pressure", "SBP", "mm[Hg]", 0, UNRANGED, CALM, 124.0, 0.03),
            Test::Diastolic => ("8462-4", "Diastolic blood pressure", "DBP", "mm[Hg]", 0, UNRANGED, CALM, 74.0, 0.03),
            Test::OxygenFlow => ("3151-8", "Inhaled oxygen flow rate", "O2", "L/min", 0, UNRANGED, CALM, 0.0, 0.0),
            Test::Weight => ("29463-7", "Body weight", "WT", "kg", 1, UNRANGED, CALM, 68.0, 0.002),
            Test::Height => ("8302-2", "Body height", "HT", "cm", 0, UNRANGED, CALM, 168.0, 0.0),
        };
        Info { loinc, name, local, unit, digits, range, critical, healthy, scatter }
    }

    /// The range for a person.
    pub(crate) fn range(self, person: &Person) -> Range {
        const CHILD_YEARS: i64 = 12;
        let is_child = person.age_years < CHILD_YEARS;
        match self {
            Test::Hemoglobin if is_child => Range::Between(11.5, 15.5),
            Test::Hematocrit if is_child => Range::Between(35.0, 45.0),
            Test::Creatinine if is_child => Range::Between(27.0, 62.0),
            _ => match person.sex {
                Sex::Female => self.info().range.0,
                Sex::Male => self.info().range.1,
            },
        }
    }

    /// A value as it is reported.
    pub(crate) fn reported(self, value: f64) -> String {
        let value = match self {
            Test::Saturation => value.min(100.0),
            _ => value.max(0.0),
        };
        format!("{value:.*}", self.info().digits)
    }

    /// What the reported text of a value means.
    pub(crate) fn flag(self, reported: &str, person: &Person) -> Option<Flag> {
        let value: f64 = reported.parse().ok()?;
        let (critical_low, critical_high) = self.info().critical;
        let (low, high) = match self.range(person) {
            Range::None => return None,
            Range::Between(low, high) => (low, high),
            Range::Below(high) => (-FAR, high),
            Range::Above(low) => (low, FAR),
        };
        Some(if value < critical_low {
            Flag::CriticalLow
        } else if value > critical_high {
            Flag::CriticalHigh
        } else if value < low {
            Flag::Low
        } else if value > high {
            Flag::High
        } else {
            Flag::Normal
        })
    }

    /// A range as the laboratory prints it.
    pub(crate) fn printed_range(self, person: &Person) -> Option<String> {
        let digits = self.info().digits;
        match self.range(person) {
            Range::None => None,
            Range::Between(low, high) => Some(format!("{low:.digits$}-{high:.digits$}")),
            Range::Below(high) => Some(format!("<{high:.digits$}")),
            Range::Above(low) => Some(format!(">{low:.digits$}")),
        }
    }
}

/// Estimated filtration rate (mL/min per 1.73 m²) from creatinine in µmol/L: the CKD-EPI equation of 2021, without race.
pub(crate) fn filtration(creatinine: f64, person: &Person) -> f64 {
    const UMOL_PER_MG_PER_DL: f64 = 88.42;
    let (kappa, alpha, factor) = match person.sex {
        Sex::Female => (0.7, -0.241, 1.012),
        Sex::Male => (0.9, -0.302, 1.0),
    };
    let ratio = creatinine / UMOL_PER_MG_PER_DL / kappa;
    142.0 * ratio.min(1.0).powf(alpha) * ratio.max(1.0).powf(-1.2) * 0.9938f64.powf(person.age_years as f64) * factor
}
