//! Which checks there are: those of OHDSI, from the facts that the program carries or from OHDSI's own files.
//!
//! The facts of `dqd.tsv` are a line per field: table, field, then its checks as `NAME(AGAINST):THRESHOLD`, tabs between. Names of
//! concepts are left out: they belong to vocabularies with licences of their own.

use super::check::{Against, Bound, Check, Gender};
use super::kind::{CheckType, Level};
use crate::cdm;
use crate::error::Error;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use tables::read::{Delivery, ReadOptions, RowBatch, TableOptions};

/// The facts that the program carries; the file says where they are from.
const FACTS: &str = include_str!("dqd.tsv");

/// Checks, and where their definitions are from.
#[derive(Clone, Debug, PartialEq)]
pub struct Definitions {
    /// Where they are from: OHDSI's release, or the folder.
    pub source: String,
    /// The checks, in the order of tables and fields.
    pub checks: Vec<Check>,
}

impl Definitions {
    /// The definitions that the program carries.
    ///
    /// # Errors
    /// A line that is not as it must be; the tests show that there is none.
    pub fn carried() -> Result<Definitions, Error> {
        let source = FACTS.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']).to_owned();
        let mut checks = Vec::new();
        for (at, line) in FACTS.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let place = || format!("dqd.tsv:{}", at + 1);
            let mut cells = line.split('\t');
            let (table, field) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
            for item in cells {
                let found = items(table, field, item);
                checks.extend(found.ok_or_else(|| Error::definition(place(), format!("{item} is no check")))?);
            }
        }
        Ok(Definitions { source, checks })
    }

    /// Reads OHDSI's files of a version: `…Table_Level.csv`, `…Field_Level.csv`, `…Concept_Level.csv`, wherever in the folder.
    ///
    /// # Errors
    /// A file is not there or cannot be read; a value that is not understood, with its file, row and column.
    pub fn read(folder: &Path) -> Result<Definitions, Error> {
        let delivery = Delivery::open(folder, &ReadOptions::default())?;
        let mut checks = Vec::new();
        for level in [Level::Table, Level::Field, Level::Concept] {
            let ending = format!("{}_level", level.name());
            let listed = delivery.tables().iter().find(|listed| listed.name.to_lowercase().ends_with(&ending));
            let listed = listed.ok_or_else(|| {
                let what =
                    format!("there is no file …{ending}.csv here; OHDSI's Data Quality Dashboard has it in inst/csv");
                Error::definition(folder.display().to_string(), what)
            })?;
            let mut table = delivery.open_table(listed, TableOptions::default())?;
            let columns: Vec<String> = table.columns().to_vec();
            let mut rows = RowBatch::new(columns.len());
            while table.next(&mut rows)? {
                if let Some(bad) = rows.bad.first() {
                    return Err(Error::definition(format!("{}, row {}", listed.file, bad.place.number), &bad.message));
                }
                for row in 0..rows.len() {
                    let place = format!("{}, row {}", listed.file, rows.place(row).number);
                    let line = Line { columns: &columns, rows: &rows, row, place };
                    match level {
                        Level::Table => of_table(&line, &mut checks)?,
                        Level::Field => of_field(&line, &mut checks)?,
                        Level::Concept => of_concept(&line, &mut checks)?,
                    }
                }
            }
        }
        Ok(Definitions { source: folder.display().to_string(), checks })
    }

    /// The facts as `dqd.tsv` holds them, without its first lines.
    pub fn to_facts(&self) -> String {
        let mut text = String::new();
        let mut open: Option<(&str, &str)> = None;
        let mut genders: BTreeMap<(&str, &str, String), Vec<i64>> = BTreeMap::new();
        for check in &self.checks {
            let threshold = check.threshold.map(|threshold| threshold.to_string()).unwrap_or_default();
            let against = match &check.against {
                Against::Nothing | Against::Sql(_) => String::new(),
                Against::Field { table, field } => format!("({table}.{field})"),
                Against::Name(name) => format!("({name})"),
                Against::Bound(bound) => format!("({bound})"),
                Against::Units { concept, units } => format!("({concept}={})", list(units)),
                Against::Gender { gender, concepts } if check.kind == CheckType::PlausibleGender => {
                    let key = (check.table.as_str(), check.field.as_str(), format!("{gender:?}:{threshold}"));
                    genders.entry(key).or_default().extend(concepts);
                    continue;
                }
                Against::Gender { gender, concepts } => format!("({gender:?}={})", list(concepts)),
            };
            let field = (check.table.as_str(), check.field.as_str());
            if open != Some(field) {
                let _ = write!(text, "{}{}\t{}", if open.is_some() { "\n" } else { "" }, field.0, field.1);
                open = Some(field);
            }
            let _ = write!(text, "\t{}{against}:{threshold}", check.kind);
        }
        for ((table, field, what), concepts) in genders {
            let (gender, threshold) = what.split_once(':').unwrap_or((&what, ""));
            let _ = write!(text, "\n{table}\t{field}\tplausibleGender({gender}={}):{threshold}", list(&concepts));
        }
        text.push('\n');
        text
    }
}

fn list(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
}

/// The checks of an item of a line of facts.
fn items(table: &str, field: &str, item: &str) -> Option<Vec<Check>> {
    let (what, threshold) = item.rsplit_once(':')?;
    let threshold = if threshold.is_empty() { None } else { Some(threshold.parse().ok()?) };
    let (name, against) = match what.split_once('(') {
        Some((name, against)) => (name, Some(against.strip_suffix(')')?)),
        None => (what, None),
    };
    let kind: CheckType = name.parse().ok()?;
    let against = match (kind, against) {
        (_, None) => Against::Nothing,
        (CheckType::FkDomain | CheckType::FkClass, Some(name)) => Against::Name(name.to_owned()),
        (CheckType::PlausibleValueLow | CheckType::PlausibleValueHigh, Some(bound)) => {
            Against::Bound(Bound::read(bound)?)
        }
        (CheckType::PlausibleGender | CheckType::PlausibleGenderUseDescendants, Some(text)) => {
            let (gender, concepts) = text.split_once('=')?;
            Against::Gender { gender: self::gender(gender)?, concepts: ids(concepts)? }
        }
        (CheckType::PlausibleUnitConceptIds, Some(text)) => {
            let (concept, units) = text.split_once('=')?;
            Against::Units { concept: concept.parse().ok()?, units: ids(units)? }
        }
        (_, Some(text)) => {
            let (table, field) = text.split_once('.')?;
            Against::Field { table: table.to_owned(), field: field.to_owned() }
        }
    };
    let check = |against| Check { kind, table: table.to_owned(), field: field.to_owned(), against, threshold };
    Some(match against {
        Against::Gender { gender, concepts } if kind == CheckType::PlausibleGender => {
            let one = |concept: i64| check(Against::Gender { gender, concepts: vec![concept] });
            concepts.into_iter().map(one).collect()
        }
        against => vec![check(against)],
    })
}

fn gender(text: &str) -> Option<Gender> {
    match text.to_lowercase().as_str() {
        "male" => Some(Gender::Male),
        "female" => Some(Gender::Female),
        _ => None,
    }
}

fn ids(text: &str) -> Option<Vec<i64>> {
    text.split([',', ' ']).filter(|id| !id.is_empty()).map(|id| id.trim().parse().ok()).collect()
}

/// A row of one of OHDSI's files.
struct Line<'f> {
    columns: &'f [String],
    rows: &'f RowBatch,
    row: usize,
    place: String,
}

impl Line<'_> {
    /// The text of a column; empty if there is none.
    fn get(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|name| name.eq_ignore_ascii_case(column));
        let text = at.and_then(|at| self.rows.cell(self.row, at)).unwrap_or_default().trim();
        if text == "NA" { "" } else { text }
    }

    fn is_yes(&self, column: &str) -> bool {
        self.get(column).eq_ignore_ascii_case("yes")
    }

    fn wrong(&self, column: &str, what: &str) -> Error {
        Error::definition(format!("{}, {column}", self.place), format!("{:?} {what}", self.get(column)))
    }

    fn threshold(&self, kind: CheckType) -> Result<Option<f64>, Error> {
        let column = format!("{kind}Threshold");
        let text = self.get(&column);
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| self.wrong(&column, "is no number"))
    }

    fn check(&self, kind: CheckType, against: Against) -> Result<Check, Error> {
        Ok(Check {
            kind,
            table: self.get("cdmTableName").to_lowercase(),
            field: self.get("cdmFieldName").to_lowercase(),
            against,
            threshold: self.threshold(kind)?,
        })
    }
}

fn of_table(line: &Line<'_>, checks: &mut Vec<Check>) -> Result<(), Error> {
    use CheckType as T;
    let mut add = |kind: CheckType| -> Result<(), Error> {
        checks.push(line.check(kind, Against::Nothing)?);
        Ok(())
    };
    add(T::CdmTable)?;
    for kind in [T::MeasurePersonCompleteness, T::MeasureConditionEraCompleteness, T::MeasureObservationPeriodOverlap] {
        if line.is_yes(kind.name()) {
            add(kind)?;
        }
    }
    Ok(())
}

fn of_field(line: &Line<'_>, checks: &mut Vec<Check>) -> Result<(), Error> {
    use CheckType as T;
    let mut add = |kind: CheckType, against: Against| -> Result<(), Error> {
        checks.push(line.check(kind, against)?);
        Ok(())
    };
    let field = |table: &str, field: &str| -> Result<Against, Error> {
        let named = line.get(field);
        if named.is_empty() {
            return Err(line.wrong(field, "names no field"));
        }
        let table = if table.is_empty() { line.get("cdmTableName") } else { line.get(table) };
        Ok(Against::Field { table: table.to_lowercase(), field: named.to_lowercase() })
    };
    add(T::CdmField, Against::Nothing)?;
    for kind in [T::IsRequired, T::IsPrimaryKey] {
        if line.is_yes(kind.name()) {
            add(kind, Against::Nothing)?;
        }
    }
    if line.get("cdmDatatype") == "integer" {
        add(T::CdmDatatype, Against::Nothing)?;
    }
    if line.is_yes("isForeignKey") {
        add(T::IsForeignKey, field("fkTableName", "fkFieldName")?)?;
        for kind in [T::FkDomain, T::FkClass] {
            let name = line.get(kind.name());
            if !name.is_empty() {
                add(kind, Against::Name(name.to_owned()))?;
            }
        }
    }
    if line.is_yes("sourceValueCompleteness") {
        add(T::SourceValueCompleteness, field("", "standardConceptFieldName")?)?;
    }
    for kind in [T::PlausibleValueLow, T::PlausibleValueHigh] {
        let bound = line.get(kind.name());
        if !bound.is_empty() {
            let bound = Bound::read(bound).ok_or_else(|| line.wrong(kind.name(), "is no bound that is known here"))?;
            add(kind, Against::Bound(bound))?;
        }
    }
    if line.is_yes("plausibleTemporalAfter") {
        let after = field("plausibleTemporalAfterTableName", "plausibleTemporalAfterFieldName")?;
        let is_known = |table: &str| table == "person" || table.eq_ignore_ascii_case(line.get("cdmTableName"));
        if !matches!(&after, Against::Field { table, .. } if is_known(table)) {
            return Err(line.wrong("plausibleTemporalAfterTableName", "is neither the same table nor PERSON"));
        }
        add(T::PlausibleTemporalAfter, after)?;
    }
    if line.is_yes("plausibleStartBeforeEnd") {
        add(T::PlausibleStartBeforeEnd, field("", "plausibleStartBeforeEndFieldName")?)?;
    }
    let plain = [
        T::IsStandardValidConcept,
        T::MeasureValueCompleteness,
        T::StandardConceptRecordCompleteness,
        T::SourceConceptRecordCompleteness,
        T::PlausibleDuringLife,
        T::WithinVisitDates,
        T::PlausibleAfterBirth,
        T::PlausibleBeforeDeath,
    ];
    for kind in plain {
        if line.is_yes(kind.name()) {
            add(kind, Against::Nothing)?;
        }
    }
    Ok(())
}

fn of_concept(line: &Line<'_>, checks: &mut Vec<Check>) -> Result<(), Error> {
    use CheckType as T;
    let concepts = || ids(line.get("conceptId")).filter(|ids| !ids.is_empty());
    let concepts = concepts().ok_or_else(|| line.wrong("conceptId", "is no list of concepts"))?;
    for kind in [T::PlausibleGender, T::PlausibleGenderUseDescendants] {
        let text = line.get(kind.name());
        if !text.is_empty() {
            let gender = gender(text).ok_or_else(|| line.wrong(kind.name(), "is neither Male nor Female"))?;
            checks.push(line.check(kind, Against::Gender { gender, concepts: concepts.clone() })?);
        }
    }
    if !line.get("plausibleUnitConceptIdsThreshold").is_empty() {
        let column = "plausibleUnitConceptIds";
        let units = ids(line.get(column)).ok_or_else(|| line.wrong(column, "is no list of concepts"))?;
        let [concept] = concepts[..] else { return Err(line.wrong("conceptId", "is not one concept")) };
        checks.push(line.check(T::PlausibleUnitConceptIds, Against::Units { concept, units })?);
    }
    Ok(())
}

impl Definitions {
    /// Checks of tables and fields that the model (v5.4) does not have: those of definitions for another version.
    pub fn beyond_the_model(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !is_of_the_model(check))
    }
}

/// Whether the model has the table and field of a check.
pub(super) fn is_of_the_model(check: &Check) -> bool {
    let Some(table) = cdm::table(&check.table) else { return false };
    check.field.is_empty() || table.field(&check.field).is_some()
}
