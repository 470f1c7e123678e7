//! Checks as SQL of ours: over which rows, and which of them are wrong.

use super::check::{Against, Bound, Check};
use super::kind::CheckType;
use crate::asking::SCHEMA;
use crate::cdm::{self, Kind};
use crate::error::Error;
use jiff::ToSpan;
use jiff::civil::Date;

/// What must be counted for a check.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// Whether a table or field is there.
    Presence,
    /// Values that were not of their type when they were read.
    Misread,
    /// Rows of a FROM clause.
    Rows {
        from: String,
        wrong: String,
        /// Over which rows the share is taken: a FROM clause, and a condition.
        of: (String, Option<String>),
    },
    /// Rows of a table by the different values of a field (`{v}` in `wrong`), beside what is joined to the value: a reference
    /// is looked up once for each value, not for each row.
    Values { join: String, wrong: String, only_filled: bool },
    /// Values of a field that more than one row has.
    Repeated,
    /// Different values of a field (nothing is one), some row of which has a concept 0.
    Unmapped { concept: String },
    /// Rows with concepts (or below them), by the person's sex.
    Gender,
    /// Rows with a concept, by unit.
    Units,
}

/// A name in SQL.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// A table in SQL.
pub(super) fn table(name: &str) -> String {
    format!("{SCHEMA}.{}", quoted(name))
}

/// A field of the table that a check looks at.
pub(super) fn field(name: &str) -> String {
    format!("t.{}", quoted(name))
}

/// Day of birth, as far as it is known; months and days that are not known are the first.
const BIRTH: &str = "coalesce(CAST(p.birth_datetime AS DATE), TRY_CAST(concat(lpad(CAST(p.year_of_birth AS VARCHAR), 4, '0'), \
                     '-', lpad(CAST(coalesce(p.month_of_birth, 1) AS VARCHAR), 2, '0'), '-', \
                     lpad(CAST(coalesce(p.day_of_birth, 1) AS VARCHAR), 2, '0')) AS DATE))";
/// The same, for the older check: the first of June where only the year counts.
const BIRTH_IN_JUNE: &str = "TRY_CAST(concat(lpad(CAST(p.year_of_birth AS VARCHAR), 4, '0'), '-06-01') AS DATE)";

/// How a check is counted. The check's table and field are of the model.
pub(super) fn of(check: &Check, today: Date) -> Result<Shape, Error> {
    use CheckType as T;
    let rows_of = table(&check.table);
    let t = format!("{rows_of} t");
    let f = field(&check.field);
    let plain = |wrong: String, of: Option<String>| Shape::Rows { from: t.clone(), wrong, of: (t.clone(), of) };
    let filled = Some(format!("{f} IS NOT NULL"));
    let wrong = |what: &str| Error::definition(check.id(), what);
    Ok(match (check.kind, &check.against) {
        (T::CdmTable | T::CdmField, _) => Shape::Presence,
        (T::CdmDatatype, _) => Shape::Misread,
        (T::IsRequired | T::MeasureValueCompleteness, _) => plain(format!("{f} IS NULL"), None),
        (T::IsPrimaryKey, _) => Shape::Repeated,
        (T::IsForeignKey, Against::Field { table: to, field: key }) => {
            check_named(check, to, key)?;
            let concept = to == "concept" && key == "concept_id";
            let join = if concept { concept_join() } else { format!("{} r ON r.{} = {{v}}", table(to), quoted(key)) };
            let key = if concept { "c.concept_id".to_owned() } else { format!("r.{}", quoted(key)) };
            Shape::Values { join, wrong: format!("{key} IS NULL AND {{v}} IS NOT NULL"), only_filled: false }
        }
        (T::FkDomain, Against::Name(name)) => concepts(&format!("c.domain_id <> {}", literal(name)), false),
        (T::FkClass, Against::Name(name)) => concepts(&format!("c.concept_class_id <> {}", literal(name)), false),
        (T::IsStandardValidConcept, _) => {
            concepts("(c.standard_concept <> 'S' OR c.standard_concept IS NULL OR c.invalid_reason IS NOT NULL)", true)
        }
        (T::StandardConceptRecordCompleteness | T::SourceConceptRecordCompleteness, _) => {
            let is_required = model_field(check).is_some_and(|field| field.is_required);
            match source_value(check).filter(|_| !is_required) {
                Some(source) => {
                    let source = field(source);
                    let wrong = format!("{f} = 0 OR ({f} IS NULL AND {source} IS NOT NULL)");
                    plain(wrong, Some(format!("{f} IS NOT NULL OR {source} IS NOT NULL")))
                }
                None => plain(format!("{f} = 0"), filled),
            }
        }
        (T::SourceValueCompleteness, Against::Field { table: to, field: concept }) => {
            check_named(check, to, concept)?;
            Shape::Unmapped { concept: concept.clone() }
        }
        (T::PlausibleValueLow, Against::Bound(bound)) => {
            plain(format!("{} < {}", value(check), sql(bound, today)?), filled)
        }
        (T::PlausibleValueHigh, Against::Bound(bound)) => {
            plain(format!("{} > {}", value(check), sql(bound, today)?), filled)
        }
        (T::PlausibleTemporalAfter, Against::Field { table: to, field: date }) => {
            check_named(check, to, date)?;
            if *to == check.table {
                plain(format!("CAST({} AS DATE) > CAST({f} AS DATE)", field(date)), None)
            } else if to == "person" {
                let birth = format!("coalesce(CAST(p.{} AS DATE), {BIRTH_IN_JUNE})", quoted(date));
                let wrong = format!("{birth} > CAST({f} AS DATE)");
                Shape::Rows { from: with_person(&t), wrong, of: (t.clone(), None) }
            } else {
                return Err(wrong("is neither about the same table nor about person"));
            }
        }
        (T::PlausibleAfterBirth, _) => {
            let wrong = format!("CAST({f} AS DATE) < {BIRTH}");
            Shape::Rows { from: with_person(&t), wrong, of: (t.clone(), filled) }
        }
        (T::PlausibleBeforeDeath, _) => {
            let from = with_death(&t);
            Shape::Rows { from: from.clone(), wrong: after_death(&f), of: (from, filled) }
        }
        (T::PlausibleDuringLife, _) => {
            let died = format!("{t} WHERE t.person_id IN (SELECT person_id FROM {})", table("death"));
            Shape::Rows { from: with_death(&t), wrong: after_death(&f), of: (died, None) }
        }
        (T::WithinVisitDates, _) => {
            let from =
                format!("{t} JOIN {} v ON v.visit_occurrence_id = t.visit_occurrence_id", table("visit_occurrence"));
            let wrong =
                format!("{f} < v.visit_start_date - INTERVAL '7 days' OR {f} > v.visit_end_date + INTERVAL '7 days'");
            Shape::Rows { from: from.clone(), wrong, of: (from, None) }
        }
        (T::PlausibleStartBeforeEnd, Against::Field { table: to, field: end }) => {
            check_named(check, to, end)?;
            let end = field(end);
            let wrong = format!("CAST({f} AS DATE) > CAST({end} AS DATE)");
            plain(wrong, Some(format!("{f} IS NOT NULL AND {end} IS NOT NULL")))
        }
        (T::MeasurePersonCompleteness, _) => {
            let from = format!(
                "{} t LEFT JOIN (SELECT DISTINCT person_id FROM {rows_of}) r ON r.person_id = t.person_id",
                table("person")
            );
            Shape::Rows { from: from.clone(), wrong: "r.person_id IS NULL".into(), of: (from, None) }
        }
        (T::MeasureConditionEraCompleteness, _) => {
            let from = format!(
                "(SELECT DISTINCT person_id FROM {} WHERE condition_concept_id <> 0) t \
                 LEFT JOIN (SELECT DISTINCT person_id FROM {rows_of}) r ON r.person_id = t.person_id",
                table("condition_occurrence")
            );
            Shape::Rows { from: from.clone(), wrong: "r.person_id IS NULL".into(), of: (from, None) }
        }
        (T::MeasureObservationPeriodOverlap, _) => {
            let overlaps = format!(
                "(SELECT DISTINCT a.person_id FROM {rows_of} a JOIN {rows_of} b ON b.person_id = a.person_id \
                 AND a.observation_period_id <> b.observation_period_id \
                 WHERE (a.observation_period_start_date <= b.observation_period_end_date \
                 AND a.observation_period_end_date >= b.observation_period_start_date) \
                 OR a.observation_period_end_date + INTERVAL '1 day' = b.observation_period_start_date \
                 OR b.observation_period_end_date + INTERVAL '1 day' = a.observation_period_start_date) t"
            );
            let persons = format!("(SELECT DISTINCT person_id FROM {rows_of} WHERE person_id IS NOT NULL) t");
            Shape::Rows { from: overlaps, wrong: "true".into(), of: (persons, None) }
        }
        (T::PlausibleGender | T::PlausibleGenderUseDescendants, Against::Gender { .. }) => Shape::Gender,
        (T::PlausibleUnitConceptIds, Against::Units { .. }) => Shape::Units,
        _ => return Err(wrong("has not what it is checked against")),
    })
}

fn concept_join() -> String {
    format!("{} c ON c.concept_id = {{v}}", table("concept"))
}

/// Concepts that are there and of which something holds; 0 stands for none.
fn concepts(condition: &str, only_filled: bool) -> Shape {
    Shape::Values { join: concept_join(), wrong: format!("c.concept_id <> 0 AND {condition}"), only_filled }
}

fn with_person(t: &str) -> String {
    format!("{t} JOIN {} p ON p.person_id = t.person_id", table("person"))
}

fn with_death(t: &str) -> String {
    format!("{t} JOIN {} d ON d.person_id = t.person_id", table("death"))
}

fn after_death(f: &str) -> String {
    format!("CAST({f} AS DATE) > d.death_date + INTERVAL '60 days'")
}

fn model_field(check: &Check) -> Option<&'static cdm::Field> {
    cdm::table(&check.table)?.field(&check.field)
}

/// The value that is compared with a bound: dates are compared as days.
fn value(check: &Check) -> String {
    let f = field(&check.field);
    match model_field(check).map(|field| field.kind) {
        Some(Kind::Date | Kind::DateTime) => format!("CAST({f} AS DATE)"),
        _ => f,
    }
}

/// The field with the source's own value beside a concept: by what the definitions say of the other way, else by its name.
fn source_value(check: &Check) -> Option<&'static str> {
    let table = cdm::table(&check.table)?;
    let stem = check.field.strip_suffix("_source_concept_id").or_else(|| check.field.strip_suffix("_concept_id"))?;
    table.field(&format!("{stem}_source_value")).map(|field| field.name)
}

/// What a definition names must be in the model: it stands in SQL.
fn check_named(check: &Check, to: &str, key: &str) -> Result<(), Error> {
    if cdm::table(to).and_then(|table| table.field(key)).is_none() {
        return Err(Error::definition(check.id(), format!("{to}.{key} is no field of the model")));
    }
    Ok(())
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn sql(bound: &Bound, today: Date) -> Result<String, Error> {
    let day = |day: Date| format!("DATE '{day}'");
    Ok(match bound {
        Bound::Number(number) => number.clone(),
        Bound::Day(date) => day(*date),
        Bound::Today(days) => {
            let moved = today.checked_add(days.days());
            day(moved.map_err(|error| Error::definition(bound.to_string(), error.to_string()))?)
        }
        Bound::Year(years) => (i64::from(today.year()) + i64::from(*years)).to_string(),
    })
}

/// SQL that lists the rows that a check finds wrong; none for checks that are about no rows.
pub(super) fn rows_sql(check: &Check, today: Date, limit: usize) -> Result<Option<String>, Error> {
    if let Against::Sql(own) = &check.against {
        return Ok(Some(format!("SELECT t.* FROM {} WHERE {} LIMIT {limit}", own.from, own.wrong_on(today))));
    }
    let t = table(&check.table);
    let f = field(&check.field);
    let shape = of(check, today)?;
    let select = |from: &str, wrong: &str| format!("SELECT t.* FROM {from} WHERE {wrong} LIMIT {limit}");
    Ok(Some(match shape {
        Shape::Presence | Shape::Misread => return Ok(None),
        Shape::Rows { from, wrong, .. } => select(&from, &wrong),
        Shape::Values { join, wrong, .. } => {
            let (join, wrong) = (join.replace("{v}", &f), wrong.replace("{v}", &f));
            select(&format!("{t} t LEFT JOIN {join}"), &wrong)
        }
        Shape::Repeated => {
            let name = quoted(&check.field);
            let repeated = format!("{f} IN (SELECT {name} FROM {t} GROUP BY {name} HAVING count(*) > 1)");
            format!("SELECT t.* FROM {t} t WHERE {repeated} ORDER BY {f} LIMIT {limit}")
        }
        Shape::Unmapped { concept } => select(&format!("{t} t"), &format!("{} = 0", field(&concept))),
        Shape::Gender => {
            let Against::Gender { gender, concepts } = &check.against else { return Ok(None) };
            let ids = concepts.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
            let has = if check.kind == CheckType::PlausibleGender {
                format!("{f} IN ({ids})")
            } else {
                let below = table("concept_ancestor");
                format!("{f} IN (SELECT descendant_concept_id FROM {below} WHERE ancestor_concept_id IN ({ids}))")
            };
            let wrong = format!("{has} AND p.gender_concept_id <> {}", gender.concept());
            select(&with_person(&format!("{t} t")), &wrong)
        }
        Shape::Units => {
            let Against::Units { concept, units } = &check.against else { return Ok(None) };
            let units = units.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
            let wrong = format!(
                "{f} = {concept} AND (t.unit_concept_id IS NULL OR t.unit_concept_id <> 0) \
                 AND coalesce(t.unit_concept_id, -1) NOT IN ({units})"
            );
            select(&format!("{t} t"), &wrong)
        }
    }))
}
