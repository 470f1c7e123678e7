//! The types of checks of OHDSI's Data Quality Dashboard, and those of our own.

use std::fmt;
use std::str::FromStr;

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A table as a whole.
    Table,
    /// A field of a table.
    Field,
    /// Rows of a table with one concept.
    Concept,
}

/// How bad it is if a check fails, as OHDSI sorts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The instance cannot be used.
    Fatal,
    /// A rule of the model is not kept.
    Convention,
    /// Something to know about the data.
    Characterization,
}

/// A type of check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckType {
    /// The table is there.
    CdmTable,
    /// Persons have at least one row in the table.
    MeasurePersonCompleteness,
    /// Persons with conditions have condition eras.
    MeasureConditionEraCompleteness,
    /// Observation periods of a person neither overlap nor touch.
    MeasureObservationPeriodOverlap,
    /// The field is there.
    CdmField,
    /// The field has a value.
    IsRequired,
    /// Values are whole numbers where they must be.
    CdmDatatype,
    /// No two rows have the same value.
    IsPrimaryKey,
    /// The row that the value names is there.
    IsForeignKey,
    /// The concept is of the field's domain.
    FkDomain,
    /// The concept is of the field's class.
    FkClass,
    /// The concept is standard and valid.
    IsStandardValidConcept,
    /// The field has a value; how often it has none is a trait of the data.
    MeasureValueCompleteness,
    /// Rows have a standard concept that is not 0.
    StandardConceptRecordCompleteness,
    /// Rows have a source concept that is not 0.
    SourceConceptRecordCompleteness,
    /// Different source values have a standard concept that is not 0.
    SourceValueCompleteness,
    /// The value is not too low.
    PlausibleValueLow,
    /// The value is not too high.
    PlausibleValueHigh,
    /// The date is not before another.
    PlausibleTemporalAfter,
    /// The date is at most 60 days after death; of all rows of those who died.
    PlausibleDuringLife,
    /// The date is at most a week away from the visit.
    WithinVisitDates,
    /// The date is not before birth.
    PlausibleAfterBirth,
    /// The date is at most 60 days after death; of the rows that have a date.
    PlausibleBeforeDeath,
    /// The start is not after the end.
    PlausibleStartBeforeEnd,
    /// The concept fits the person's sex.
    PlausibleGender,
    /// The concept, or one above it, fits the person's sex.
    PlausibleGenderUseDescendants,
    /// The measurement's unit is one of those that are used for it.
    PlausibleUnitConceptIds,
    /// A check of the store's FHIR tables; its name says which.
    Fhir,
}

/// Type, name, level, severity, category, subcategory, context.
type Facts = (CheckType, &'static str, Level, Severity, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const FACTS: [Facts; 28] = {
    use CheckType as T;
    use Level::{Concept, Field, Table};
    use Severity::{Characterization, Convention, Fatal};
    [
        (T::CdmTable, "cdmTable", Table, Fatal, "Conformance", "Relational", "Verification"),
        (T::MeasurePersonCompleteness, "measurePersonCompleteness", Table, Convention, "Completeness", "", "Validation"),
        (T::MeasureConditionEraCompleteness, "measureConditionEraCompleteness", Table, Convention, "Completeness", "", "Validation"),
        (T::MeasureObservationPeriodOverlap, "measureObservationPeriodOverlap", Table, Fatal, "Plausibility", "Temporal", "Verification"),
        (T::CdmField, "cdmField", Field, Fatal, "Conformance", "Relational", "Verification"),
        (T::IsRequired, "isRequired", Field, Fatal, "Conformance", "Relational", "Validation"),
        (T::CdmDatatype, "cdmDatatype", Field, Fatal, "Conformance", "Value", "Verification"),
        (T::IsPrimaryKey, "isPrimaryKey", Field, Fatal, "Conformance", "Relational", "Verification"),
        (T::IsForeignKey, "isForeignKey", Field, Fatal, "Conformance", "Relational", "Verification"),
        (T::FkDomain, "fkDomain", Field, Convention, "Conformance", "Value", "Verification"),
        (T::FkClass, "fkClass", Field, Convention, "Conformance", "Computational", "Verification"),
        (T::IsStandardValidConcept, "isStandardValidConcept", Field, Convention, "Conformance", "Value", "Verification"),
        (T::MeasureValueCompleteness, "measureValueCompleteness", Field, Characterization, "Completeness", "", "Verification"),
        (T::StandardConceptRecordCompleteness, "standardConceptRecordCompleteness", Field, Convention, "Completeness", "", "Verification"),
        (T::SourceConceptRecordCompleteness, "sourceConceptRecordCompleteness", Field, Convention, "Completeness", "", "Verification"),
        (T::SourceValueCompleteness, "sourceValueCompleteness", Field, Convention, "Completeness", "", "Verification"),
        (T::PlausibleValueLow, "plausibleValueLow", Field, Characterization, "Plausibility", "Atemporal", "Verification"),
        (T::PlausibleValueHigh, "plausibleValueHigh", Field, Characterization, "Plausibility", "Atemporal", "Verification"),
        (T::PlausibleTemporalAfter, "plausibleTemporalAfter", Field, Characterization, "Plausibility", "Temporal", "Verification"),
        (T::PlausibleDuringLife, "plausibleDuringLife", Field, Characterization, "Plausibility", "Temporal", "Verification"),
        (T::WithinVisitDates, "withinVisitDates", Field, Characterization, "Plausibility", "", "Verification"),
        (T::PlausibleAfterBirth, "plausibleAfterBirth", Field, Characterization, "Plausibility", "Temporal", "Verification"),
        (T::PlausibleBeforeDeath, "plausibleBeforeDeath", Field, Characterization, "Plausibility", "Temporal", "Verification"),
        (T::PlausibleStartBeforeEnd, "plausibleStartBeforeEnd", Field, Characterization, "Plausibility", "Temporal", "Verification"),
        (T::PlausibleGender, "plausibleGender", Concept, Characterization, "Plausibility", "Atemporal", "Validation"),
        (T::PlausibleGenderUseDescendants, "plausibleGenderUseDescendants", Concept, Characterization, "Plausibility", "Atemporal", "Validation"),
        (T::PlausibleUnitConceptIds, "plausibleUnitConceptIds", Concept, Characterization, "Plausibility", "Atemporal", "Verification"),
        (T::Fhir, "fhir", Field, Characterization, "Plausibility", "", "Verification"),
    ]
};

impl CheckType {
    /// The 27 types of OHDSI.
    pub fn all() -> impl Iterator<Item = CheckType> {
        FACTS.iter().map(|facts| facts.0).filter(|kind| *kind != CheckType::Fhir)
    }

    fn facts(self) -> &'static Facts {
        // Every type has its line, in the order of the types, as the test shows.
        &FACTS[self as usize]
    }

    /// Its name, as OHDSI spells it.
    pub fn name(self) -> &'static str {
        self.facts().1
    }

    /// What it looks at.
    pub fn level(self) -> Level {
        self.facts().2
    }

    /// How bad it is if it fails.
    pub fn severity(self) -> Severity {
        self.facts().3
    }

    /// Conformance, Completeness or Plausibility.
    pub fn category(self) -> &'static str {
        self.facts().4
    }

    /// A part of the category; may be empty.
    pub fn subcategory(self) -> &'static str {
        self.facts().5
    }

    /// Verification (against the model) or Validation (against what else is known).
    pub fn context(self) -> &'static str {
        self.facts().6
    }
}

impl FromStr for CheckType {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        FACTS.iter().find(|facts| facts.1.eq_ignore_ascii_case(name)).map(|facts| facts.0).ok_or(())
    }
}

impl fmt::Display for CheckType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Level {
    /// `table`, `field` or `concept`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Table => "table",
            Level::Field => "field",
            Level::Concept => "concept",
        }
    }
}

impl Severity {
    /// `fatal`, `convention` or `characterization`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Fatal => "fatal",
            Severity::Convention => "convention",
            Severity::Characterization => "characterization",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_facts() {
        for (at, facts) in FACTS.iter().enumerate() {
            assert_eq!(facts.0 as usize, at, "{}", facts.1);
            assert_eq!(facts.1.parse(), Ok(facts.0));
        }
        assert_eq!(CheckType::all().count(), 27);
    }
}
