//! A check: what is looked at, against what, and how much may be wrong.

use super::kind::CheckType;
use crate::error::Error;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::fmt;

/// A check.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Its type.
    pub kind: CheckType,
    /// The table, in small letters.
    pub table: String,
    /// The field, in small letters; empty for a check of a table.
    pub field: String,
    /// What it is checked against.
    pub against: Against,
    /// Percent of rows that may be wrong; none is as 0.
    pub threshold: Option<f64>,
}

/// What a check compares with.
#[derive(Clone, Debug, PartialEq)]
pub enum Against {
    /// Nothing else.
    Nothing,
    /// A field of another table, or of the same: a reference, or a date.
    Field {
        /// Its table.
        table: String,
        /// The field.
        field: String,
    },
    /// A domain or class of concepts.
    Name(String),
    /// A bound of the values.
    Bound(Bound),
    /// Sex that rows with these concepts fit.
    Gender {
        /// The sex's concept.
        gender: Gender,
        /// The concepts; one, but where those below them count too.
        concepts: Vec<i64>,
    },
    /// Units that are used for a concept.
    Units {
        /// The concept.
        concept: i64,
        /// Its units; -1 stands for none.
        units: Vec<i64>,
    },
    /// SQL of a check of our own: its name, and which rows are looked at and which of them are wrong.
    Sql(&'static super::fhir::FhirCheck),
}

/// A sex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gender {
    /// Concept 8507.
    Male,
    /// Concept 8532.
    Female,
}

impl Gender {
    /// Its concept.
    pub fn concept(self) -> i64 {
        match self {
            Gender::Male => 8507,
            Gender::Female => 8532,
        }
    }
}

/// A bound of the values of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// A number, as it is spelled.
    Number(String),
    /// A day.
    Day(Date),
    /// So many days after the day of the run.
    Today(i64),
    /// So many years after the year of the run, as a number.
    Year(i16),
}

impl Bound {
    /// Reads a bound as OHDSI writes it in SQL (`'19500101'`, `DATEADD(dd,1,GETDATE())`, `YEAR(GETDATE())+1`, `12`), or as
    /// [`Bound`] is displayed.
    pub(super) fn read(text: &str) -> Option<Bound> {
        let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
        if let Some(days) = bare.strip_prefix("TODAY") {
            return days.parse().ok().map(Bound::Today);
        }
        let after = bare.strip_prefix("DATEADD(DD,").or_else(|| bare.strip_prefix("DATEADD(DAY,"));
        if let Some(days) = after.and_then(|rest| rest.strip_suffix(",GETDATE())")) {
            return days.parse().ok().map(Bound::Today);
        }
        if bare == "GETDATE()" {
            return Some(Bound::Today(0));
        }
        if let Some(years) = bare.strip_prefix("YEAR(GETDATE())").or_else(|| bare.strip_prefix("YEAR")) {
            return if years.is_empty() { Some(Bound::Year(0)) } else { years.parse().ok().map(Bound::Year) };
        }
        let quoted = bare.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        let day = quoted.unwrap_or(&bare);
        if quoted.is_some() || day.matches('-').count() == 2 {
            return Date::strptime("%Y%m%d", day).or_else(|_| Date::strptime("%Y-%m-%d", day)).ok().map(Bound::Day);
        }
        bare.parse::<f64>().ok().map(|_| Bound::Number(bare))
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Number(number) => f.write_str(number),
            Bound::Day(day) => write!(f, "{day}"),
            Bound::Today(days) => write!(f, "today{days:+}"),
            Bound::Year(years) => write!(f, "year{years:+}"),
        }
    }
}

impl Check {
    /// What the check is called: `isRequired.person.gender_concept_id`, `plausibleGender.condition_occurrence.condition_concept_id.26662`.
    pub fn id(&self) -> String {
        let mut id = match &self.against {
            Against::Sql(check) => format!("fhir.{}", check.name),
            _ => format!("{}.{}", self.kind, self.table),
        };
        if !self.field.is_empty() && !matches!(self.against, Against::Sql(_)) {
            id = format!("{id}.{}", self.field);
        }
        if let Some(concept) = self.concept() {
            id = format!("{id}.{concept}");
        }
        id
    }

    /// The concept that it is about, or several with `-` between.
    pub fn concept(&self) -> Option<String> {
        match &self.against {
            Against::Gender { concepts, .. } => Some(concepts.iter().map(i64::to_string).collect::<Vec<_>>().join("-")),
            Against::Units { concept, .. } => Some(concept.to_string()),
            _ => None,
        }
    }

    /// Whether one of the patterns means it: a type of check, a table (`measurement`, `omop` and `fhir` for all of them), a field
    /// (`measurement.unit_concept_id`), or its whole name.
    pub fn is_meant(&self, patterns: &[String]) -> bool {
        let is = |pattern: &String, name: &str| pattern.eq_ignore_ascii_case(name);
        patterns.is_empty()
            || patterns.iter().any(|pattern| {
                is(pattern, &self.id())
                    || is(pattern, self.kind.name())
                    || is(pattern, &self.table)
                    || is(pattern, &format!("{}.{}", self.table, self.field))
                    || is(pattern, &format!("{}.{}", self.kind, self.table))
                    || (is(pattern, "omop") && self.kind != CheckType::Fhir)
            })
    }

    /// What the sentence of its type is filled with, for the catalogues of the pages.
    pub fn values(&self) -> Value {
        let against = match &self.against {
            Against::Nothing => String::new(),
            Against::Field { table, field } => format!("{table}.{field}"),
            Against::Name(name) => name.clone(),
            Against::Bound(bound) => bound.to_string(),
            Against::Gender { gender, .. } => format!("{gender:?}").to_lowercase(),
            Against::Units { concept, .. } => concept.to_string(),
            Against::Sql(check) => check.name.to_owned(),
        };
        let at = if self.field.is_empty() { self.table.clone() } else { format!("{}.{}", self.table, self.field) };
        json!({"table": self.table, "at": at, "against": against, "concept": self.concept().unwrap_or_default()})
    }

    /// In one sentence: what it says, for a person.
    pub fn sentence(&self) -> String {
        use CheckType as T;
        let (table, field) = (&self.table, &self.field);
        let at = format!("{table}.{field}");
        match (&self.against, self.kind) {
            (Against::Sql(check), _) => check.sentence.to_owned(),
            (_, T::CdmTable) => format!("The table {table} is there."),
            (_, T::MeasurePersonCompleteness) => format!("Every person has a row in {table}."),
            (_, T::MeasureConditionEraCompleteness) => "Persons with a condition have a condition era.".into(),
            (_, T::MeasureObservationPeriodOverlap) => {
                "Observation periods of a person neither overlap nor follow each other without a gap.".into()
            }
            (_, T::CdmField) => format!("The field {at} is there."),
            (_, T::IsRequired) => format!("{at} has a value, as it must."),
            (_, T::CdmDatatype) => format!("Values of {at} are whole numbers."),
            (_, T::IsPrimaryKey) => format!("No two rows have the same {at}."),
            (Against::Field { table: to, field: key }, T::IsForeignKey) => {
                format!("What {at} names is in {to}.{key}.")
            }
            (Against::Name(name), T::FkDomain) => format!("Concepts of {at} are of the domain {name}."),
            (Against::Name(name), T::FkClass) => format!("Concepts of {at} are of the class {name}."),
            (_, T::IsStandardValidConcept) => format!("Concepts of {at} are standard and valid."),
            (_, T::MeasureValueCompleteness) => format!("{at} has a value."),
            (_, T::StandardConceptRecordCompleteness | T::SourceConceptRecordCompleteness) => {
                format!("{at} is a concept, not 0.")
            }
            (Against::Field { field: concept, .. }, T::SourceValueCompleteness) => {
                format!("Different values of {at} are mapped: their {concept} is not 0.")
            }
            (Against::Bound(bound), T::PlausibleValueLow) => format!("{at} is not below {bound}."),
            (Against::Bound(bound), T::PlausibleValueHigh) => format!("{at} is not above {bound}."),
            (Against::Field { table: to, field: date }, T::PlausibleTemporalAfter) => {
                format!("{at} is not before {to}.{date}.")
            }
            (_, T::PlausibleDuringLife | T::PlausibleBeforeDeath) => {
                format!("{at} is at most 60 days after the person's death.")
            }
            (_, T::WithinVisitDates) => format!("{at} is at most 7 days outside the visit."),
            (_, T::PlausibleAfterBirth) => format!("{at} is not before the person's birth."),
            (Against::Field { field: end, .. }, T::PlausibleStartBeforeEnd) => format!("{at} is not after {end}."),
            (Against::Gender { gender, .. }, kind) => {
                let below = if kind == T::PlausibleGender { "" } else { " or one below it" };
                let ids = self.concept().unwrap_or_default();
                format!("Persons whose {at} is {ids}{below} are {gender:?}.").to_owned()
            }
            (Against::Units { concept, .. }, _) => format!("Values of {concept} have one of its units."),
            (_, kind) => format!("{kind} of {at}."),
        }
    }
}

/// Finds a check by its name.
pub(super) fn find<'c>(checks: &'c [Check], id: &str) -> Result<&'c Check, Error> {
    let unknown = || {
        let near = checks.iter().map(Check::id).find(|name| name.to_lowercase().contains(&id.to_lowercase()));
        let hint = near.map_or_else(String::new, |near| format!("; is {near} meant?"));
        Error::definition(id, format!("there is no check of this name{hint}"))
    };
    checks.iter().find(|check| check.id().eq_ignore_ascii_case(id)).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_ohdsi_writes_them_and_as_they_are_displayed() {
        for (ohdsi, ours) in [
            ("'19500101'", "1950-01-01"),
            ("DATEADD(dd,1,GETDATE())", "today+1"),
            ("YEAR(GETDATE())+1", "year+1"),
            ("0.0000001", "0.0000001"),
            ("365", "365"),
        ] {
            let bound = Bound::read(ohdsi).unwrap();
            assert_eq!(bound.to_string(), ours);
            assert_eq!(Bound::read(ours), Some(bound));
        }
        assert_eq!(Bound::read("SELECT 1"), None);
        assert_eq!(Bound::read("'19501301'"), None);
    }
}
