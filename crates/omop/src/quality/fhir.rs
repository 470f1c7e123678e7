//! Checks of our own over the store's FHIR tables: what is possible in FHIR and hardly true.

use super::check::{Against, Check};
use super::kind::CheckType;
use jiff::civil::Date;

/// A check of a FHIR table of the lake.
#[derive(Debug, PartialEq)]
pub struct FhirCheck {
    /// Its name, after `fhir.`.
    pub name: &'static str,
    /// The table, and the column that it is about.
    pub table: &'static str,
    /// The column.
    pub field: &'static str,
    /// What it says, in one sentence.
    pub sentence: &'static str,
    /// The FROM clause; `t` is the table.
    pub from: &'static str,
    /// Which rows are looked at.
    pub of: &'static str,
    /// Which of them are wrong; `{today}` stands for the day of the run.
    pub wrong: &'static str,
    /// Percent that may be wrong.
    pub threshold: f64,
}

impl FhirCheck {
    /// Which rows are wrong on a day.
    pub(super) fn wrong_on(&self, today: Date) -> String {
        format!("({}) AND ({})", self.of, self.wrong.replace("{today}", &format!("DATE '{today}'")))
    }
}

/// A check, its parts in the order of [`FhirCheck`].
macro_rules! check {
    ($name:literal, $table:literal . $field:literal, $threshold:literal, $sentence:literal, $from:literal, $of:literal, $wrong:literal) => {
        FhirCheck {
            name: $name,
            table: $table,
            field: $field,
            sentence: $sentence,
            from: $from,
            of: $of,
            wrong: $wrong,
            threshold: $threshold as f64,
        }
    };
}

/// An observation's value in its unit, within bounds that hold for the living.
macro_rules! range {
    ($name:literal, $codes:literal, $unit:literal, $low:literal, $high:literal) => {
        FhirCheck {
            name: $name,
            table: "observation",
            field: "value",
            sentence: concat!("Values of LOINC ", $codes, " in ", $unit, " are from ", $low, " to ", $high, "."),
            from: "observation t",
            of: concat!(
                "coalesce(t.component_code, t.code) IN (",
                $codes,
                ") AND t.value_unit_code = '",
                $unit,
                "' AND t.value IS NOT NULL"
            ),
            wrong: concat!("t.value < ", $low, " OR t.value > ", $high),
            threshold: 1.0,
        }
    };
}

#[rustfmt::skip]
static CHECKS: [FhirCheck; 34] = [
    check!("birth-in-future", "patient"."birth_date", 0, "Nobody is born after today.", "patient t", "t.birth_date IS NOT NULL", "t.birth_date > {today}"),
    check!("birth-long-ago", "patient"."birth_date", 0, "Nobody who is not known to be dead is older than 120 years.", "patient t", "t.birth_date IS NOT NULL AND coalesce(t.deceased, false) = false AND t.deceased_at IS NULL", "t.birth_date < {today} - INTERVAL '120 years'"),
    check!("birth-missing", "patient"."birth_date", 5, "Patients have a date of birth.", "patient t", "t.replaced_by IS NULL", "t.birth_date IS NULL"),
    check!("gender-missing", "patient"."gender", 5, "Patients have a gender that is known.", "patient t", "t.replaced_by IS NULL", "t.gender IS NULL OR t.gender = 'unknown'"),
    check!("gender-code", "patient"."gender", 0, "A patient's gender is a code of administrative-gender.", "patient t", "t.gender IS NOT NULL", "t.gender NOT IN ('male', 'female', 'other', 'unknown')"),
    check!("death-before-birth", "patient"."deceased_at", 0, "Nobody dies before the day of birth.", "patient t", "t.deceased_at IS NOT NULL AND t.birth_date IS NOT NULL", "CAST(t.deceased_at AS DATE) < t.birth_date"),
    check!("death-in-future", "patient"."deceased_at", 0, "Nobody has died in the future.", "patient t", "t.deceased_at IS NOT NULL", "CAST(t.deceased_at AS DATE) > {today} + INTERVAL '1 day'"),
    check!("identifier-twice", "patient"."identifier", 0, "No two patients have the same identifier.", "patient t JOIN (SELECT identifier_system, identifier, count(*) n FROM patient WHERE identifier IS NOT NULL AND replaced_by IS NULL GROUP BY 1, 2) s ON s.identifier = t.identifier AND s.identifier_system IS NOT DISTINCT FROM t.identifier_system", "t.replaced_by IS NULL", "s.n > 1"),
    check!("encounter-end-before-start", "encounter"."end_at", 0, "No encounter ends before it begins.", "encounter t", "t.start_at IS NOT NULL AND t.end_at IS NOT NULL", "t.end_at < t.start_at"),
    check!("encounter-in-future", "encounter"."start_at", 0, "No encounter that is going on or over begins in the future.", "encounter t", "t.start_at IS NOT NULL AND t.status IN ('arrived', 'triaged', 'in-progress', 'onleave', 'finished')", "CAST(t.start_at AS DATE) > {today} + INTERVAL '1 day'"),
    check!("encounter-end-missing", "encounter"."end_at", 1, "Encounters that are over have an end.", "encounter t", "t.status = 'finished'", "t.end_at IS NULL"),
    check!("encounter-before-birth", "encounter"."start_at", 0, "No encounter begins before the day of the patient's birth.", "encounter t JOIN patient p ON p._id = t.patient_id", "t.start_at IS NOT NULL AND p.birth_date IS NOT NULL", "CAST(t.start_at AS DATE) < p.birth_date"),
    check!("encounter-after-death", "encounter"."start_at", 0, "No encounter begins more than 60 days after the patient's death.", "encounter t JOIN patient p ON p._id = t.patient_id", "t.start_at IS NOT NULL AND p.deceased_at IS NOT NULL", "t.start_at > p.deceased_at + INTERVAL '60 days'"),
    check!("encounter-patient", "encounter"."patient_id", 0, "The patient of an encounter is there.", "encounter t LEFT JOIN patient p ON p._id = t.patient_id", "t.patient_id IS NOT NULL", "p._id IS NULL"),
    check!("encounter-status", "encounter"."status", 0, "An encounter's status is a code of encounter-status.", "encounter t", "t.status IS NOT NULL", "t.status NOT IN ('planned', 'arrived', 'triaged', 'in-progress', 'onleave', 'finished', 'cancelled', 'entered-in-error', 'unknown')"),
    check!("observation-status", "observation"."status", 0, "An observation's status is a code of observation-status.", "observation t", "t.status IS NOT NULL", "t.status NOT IN ('registered', 'preliminary', 'final', 'amended', 'corrected', 'cancelled', 'entered-in-error', 'unknown')"),
    check!("observation-patient", "observation"."patient_id", 0, "The patient of an observation is there.", "observation t LEFT JOIN patient p ON p._id = t.patient_id", "t.patient_id IS NOT NULL", "p._id IS NULL"),
    check!("observation-encounter", "observation"."encounter_id", 0, "The encounter of an observation is there.", "observation t LEFT JOIN encounter e ON e._id = t.encounter_id", "t.encounter_id IS NOT NULL", "e._id IS NULL"),
    check!("observation-other-patient", "observation"."encounter_id", 0, "An observation and its encounter are of the same patient.", "observation t JOIN encounter e ON e._id = t.encounter_id", "t.patient_id IS NOT NULL AND e.patient_id IS NOT NULL", "t.patient_id <> e.patient_id"),
    check!("observation-in-future", "observation"."effective", 0, "No observation is of the future.", "observation t", "t.effective IS NOT NULL", "CAST(t.effective AS DATE) > {today} + INTERVAL '1 day'"),
    check!("observation-before-birth", "observation"."effective", 0, "No observation is of before the day of the patient's birth.", "observation t JOIN patient p ON p._id = t.patient_id", "t.effective IS NOT NULL AND p.birth_date IS NOT NULL", "CAST(t.effective AS DATE) < p.birth_date"),
    check!("observation-unit", "observation"."value_unit", 5, "Values of observations have a unit.", "observation t", "t.value IS NOT NULL", "t.value_unit IS NULL AND t.value_unit_code IS NULL"),
    check!("observation-nothing", "observation"."value", 5, "An observation that is final has a value, parts, or a reason why not.", "observation t LEFT JOIN (SELECT DISTINCT _id FROM observation WHERE component IS NOT NULL) s ON s._id = t._id", "t.status IN ('final', 'amended', 'corrected') AND t.component IS NULL", "t.value IS NULL AND t.value_code IS NULL AND t.value_display IS NULL AND t.value_string IS NULL AND t.value_integer IS NULL AND t.value_boolean IS NULL AND t.value_at IS NULL AND t.absent_reason IS NULL AND s._id IS NULL"),
    check!("observation-range", "observation"."range_low", 0, "The lower end of a reference range is not above the upper.", "observation t", "t.range_low IS NOT NULL AND t.range_high IS NOT NULL", "t.range_low > t.range_high"),
    check!("condition-end-before-onset", "condition"."abatement", 0, "No condition ends before it begins.", "condition t", "t.onset IS NOT NULL AND t.abatement IS NOT NULL", "t.abatement < t.onset"),
    check!("condition-code", "condition"."code", 5, "Conditions have a code.", "condition t", "true", "t.code IS NULL"),
    check!("medication-patient", "medication_request"."patient_id", 0, "The patient of a prescription is there.", "medication_request t LEFT JOIN patient p ON p._id = t.patient_id", "t.patient_id IS NOT NULL", "p._id IS NULL"),
    check!("medication-status", "medication_request"."status", 0, "A prescription's status is a code of medicationrequest-status.", "medication_request t", "t.status IS NOT NULL", "t.status NOT IN ('active', 'on-hold', 'cancelled', 'completed', 'entered-in-error', 'stopped', 'draft', 'unknown')"),
    range!("temperature", "'8310-5'", "Cel", "25", "45"),
    range!("heart-rate", "'8867-4'", "/min", "0", "350"),
    range!("systolic", "'8480-6'", "mm[Hg]", "20", "320"),
    range!("saturation", "'2708-6', '59408-5'", "%", "0", "100"),
    range!("weight", "'29463-7'", "kg", "0.2", "650"),
    range!("height", "'8302-2'", "cm", "20", "280"),
];

/// The checks of the store's FHIR tables.
pub fn fhir_checks() -> Vec<Check> {
    let check = |own: &'static FhirCheck| Check {
        kind: CheckType::Fhir,
        table: own.table.to_owned(),
        field: own.field.to_owned(),
        against: Against::Sql(own),
        threshold: Some(own.threshold),
    };
    CHECKS.iter().map(check).collect()
}
