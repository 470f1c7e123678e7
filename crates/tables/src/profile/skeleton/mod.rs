//! The mapping that follows from a profile: it compiles, and says in comments what it left.
//!
//! It is a beginning, not an answer: what cannot be known (zones, what local codes mean) is a To do where it stands. Nothing is invented: a
//! code gets a target only where the value itself says which (a sex, a class of visit, a unit that is UCUM).

mod files;
mod statement;
mod status;

use super::Profile;
use super::column::ColumnProfile;
use super::likely::Likely;
use super::names::Role;
use super::table::TableProfile;
use super::vitals::vitals_in;
use crate::edit::name_in_sql;
use crate::run::MappingFiles;
pub use files::NOT_WRITTEN;
#[cfg(test)]
pub(super) use files::this_year;
use files::{Files, map_name};
use statement::Statement;
use std::collections::BTreeSet;

/// Why something of a table that was not read is not written.
const NO_TABLE: &str = "its table was not read";
/// ActCode's system.
const ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// Writes a mapping for what a profile says is likely.
pub fn skeleton(profile: &Profile, name: &str) -> MappingFiles {
    let mut writing =
        Writing { profile, files: Files::new(profile, name), names: Vec::new(), patients: None, encounters: None };
    writing.patients = profile.likely.iter().find(|likely| likely.target == "Patient");
    writing.encounters = profile.likely.iter().find(|likely| likely.target == "Encounter");
    writing.patient();
    for likely in profile.likely.iter().filter(|likely| likely.target != "Patient") {
        if let Err(why) = writing.target(likely) {
            writing.files.not_written(likely, why);
        }
    }
    writing.files.end()
}

struct Writing<'p> {
    profile: &'p Profile,
    files: Files<'p>,
    /// Names of targets that were given, in small letters.
    names: Vec<String>,
    patients: Option<&'p Likely>,
    encounters: Option<&'p Likely>,
}

/// What a row's patient is, and the tables that lead to him.
struct Whose {
    patient: Option<String>,
    encounter: Option<String>,
    joins: Vec<String>,
    /// Tables that are read beside the row's own, with the columns that are used.
    uses: Vec<(String, String)>,
}

impl<'p> Writing<'p> {
    fn table(&self, likely: &Likely) -> Option<&'p TableProfile> {
        self.profile.table(&likely.table)
    }

    /// The name of a target: its type, or for a second one of that type also the table's.
    fn name(&mut self, target: &str, table: &str) -> (String, String) {
        let mut name = target.to_owned();
        if self.names.contains(&name.to_lowercase()) {
            let words = super::names::words_of(table);
            let camel: String = words
                .iter()
                .map(|word| {
                    let mut chars = word.chars();
                    chars
                        .next()
                        .map_or(String::new(), |first| first.to_uppercase().collect::<String>() + chars.as_str())
                })
                .collect();
            name = camel.chars().filter(char::is_ascii_alphanumeric).collect();
            if name.is_empty()
                || !name.starts_with(|c: char| c.is_ascii_alphabetic())
                || self.names.contains(&name.to_lowercase())
            {
                name = format!("{target}{}", self.names.len() + 1);
            }
        }
        self.names.push(name.to_lowercase());
        let said = if name == target { target.to_owned() } else { format!("{target} as {name}") };
        (name, said)
    }

    /// The row's patient and visit. The column that names the patient, or the visit that leads to him.
    fn whose(&mut self, likely: &Likely, alias: &str) -> Whose {
        let mut whose = Whose { patient: None, encounter: None, joins: Vec::new(), uses: Vec::new() };
        let column = |role: Role| likely.columns.get(&role);
        if let (Some(visit), Some(encounters)) =
            (column(Role::Encounter), self.encounters.filter(|e| e.table != likely.table))
        {
            whose.encounter = Some(format!("{alias}.{}", name_in_sql(visit)));
            let leads = |likely: &Likely| {
                Some((likely.columns.get(&Role::Encounter)?.clone(), likely.columns.get(&Role::Patient)?.clone()))
            };
            if let (None, Some((key, patient))) = (column(Role::Patient), leads(encounters)) {
                whose.joins.push(format!(
                    "LEFT JOIN {} e ON e.{} = {alias}.{}",
                    name_in_sql(&encounters.table),
                    name_in_sql(&key),
                    name_in_sql(visit)
                ));
                whose.patient = Some(format!("e.{}", name_in_sql(&patient)));
                whose.uses.push((encounters.table.clone(), key));
                whose.uses.push((encounters.table.clone(), patient));
            }
        }
        if let Some(patient) = column(Role::Patient) {
            whose.patient = Some(format!("{alias}.{}", name_in_sql(patient)));
        }
        if self.patients.is_none() && whose.patient.is_none() {
            whose.encounter = None;
        }
        whose
    }

    /// The key of a table's rows: its own, or its rows numbered in a view. Gives what stands in FROM, and the key's expressions.
    fn rows_of(&mut self, table: &'p TableProfile, likely: &Likely, alias: &str) -> (String, String) {
        if let Some(key) = table.keys.first() {
            let columns: Vec<String> =
                key.columns.iter().map(|column| format!("{alias}.{}", name_in_sql(column))).collect();
            for column in &key.columns {
                self.files.uses(&table.name, column);
            }
            return (name_in_sql(&table.name), columns.join(", "));
        }
        // No column tells the rows apart: twins are numbered among their like.
        let roles = [
            Role::Patient,
            Role::Encounter,
            Role::Code,
            Role::Diagnosis,
            Role::Drug,
            Role::Procedure,
            Role::Time,
            Role::Start,
        ];
        let mut by: Vec<&String> = roles.iter().filter_map(|role| likely.columns.get(role)).collect();
        by.dedup();
        if by.is_empty() {
            by = table.columns.iter().take(4).map(|column| &column.name).collect();
        }
        for column in &by {
            self.files.uses(&table.name, column);
        }
        let order: Vec<String> = table
            .columns
            .iter()
            .filter(|column| !by.contains(&&column.name))
            .take(6)
            .map(|column| name_in_sql(&column.name))
            .collect();
        let view = self.files.view_name(&table.name, "row");
        let columns: Vec<String> = by.iter().map(|column| name_in_sql(column)).collect();
        let order = if order.is_empty() { columns.join(", ") } else { order.join(", ") };
        let text = format!(
            "-- No column of {} tells its rows apart: twins are numbered.\nSELECT t.*, row_number() OVER (PARTITION BY {} ORDER BY {order}) AS nth\nFROM {} t\n",
            table.name,
            columns.join(", "),
            name_in_sql(&table.name)
        );
        self.files.view(&view, text);
        let key: Vec<String> =
            by.iter().map(|column| format!("coalesce({alias}.{}, '-')", name_in_sql(column))).collect();
        (name_in_sql(&view), format!("{}, {alias}.nth", key.join(", ")))
    }

    /// Patients: of their table, or of whatever names them.
    fn patient(&mut self) {
        let (likely, why) = match self.patients {
            Some(likely) => (likely, likely.why.clone()),
            None => {
                let names_them =
                    self.profile.likely.iter().filter(|likely| likely.columns.contains_key(&Role::Patient));
                let rows = |likely: &&Likely| self.profile.table(&likely.table).map_or(u64::MAX, |table| table.rows);
                let Some(likely) = names_them.min_by_key(rows) else { return };
                (likely, format!("no table of patients was found: they are those that {} names", likely.table))
            }
        };
        let (Some(table), Some(patient)) = (self.table(likely), likely.columns.get(&Role::Patient)) else { return };
        let (_, said) = self.name("Patient", &table.name);
        let key = format!("p.{}", name_in_sql(patient));
        let mut sql = Statement::new(table, "p");
        sql.header(&why);
        // Rows that repeat a number by mistake are refused, and not made one with those that had it.
        let alone = table.is_told_apart_by(patient);
        let group = if alone { String::new() } else { format!(" @group by {key}") };
        sql.directives(&format!("@target {said} @key {key} @patient {key}{group}"));
        sql.item(
            &format!("identifier('urn:medweave:source:{{source}}:patient', {key}, 'usual', 'MR')"),
            "identifier",
            &[patient],
        );
        if self.patients.is_some() {
            self.person(&mut sql, likely, table);
        }
        sql.from(&name_in_sql(&table.name), &[]);
        self.files.statement("patient", sql);
    }

    /// Name, sex, birth, address of a person.
    fn person(&mut self, sql: &mut Statement<'p>, likely: &Likely, table: &'p TableProfile) {
        let column = |role: Role| likely.columns.get(&role);
        match (
            column(Role::FamilyName),
            column(Role::GivenName),
            column(Role::FullName).or_else(|| column(Role::Label)),
        ) {
            (Some(family), Some(given), _) => {
                let item = format!("name({}, {})", sql.cell(family), sql.cell(given));
                sql.item(&item, "name", &[family, given]);
            }
            // `Name` beside `Vorname` is the family's.
            (None, Some(given), Some(name)) if column(Role::FullName).is_none() => {
                let item = format!("name({}, {})", sql.cell(name), sql.cell(given));
                sql.item(&item, "name", &[name, given]);
            }
            // `Nome` beside `cognome` is the given one.
            (Some(family), None, Some(name)) if ["nome", "nombre"].contains(&name.to_lowercase().as_str()) => {
                let item = format!("name({}, {})", sql.cell(family), sql.cell(name));
                sql.item(&item, "name", &[family, name]);
            }
            (_, _, Some(name)) => sql.item(&format!("name({})", sql.cell(name)), "name", &[name]),
            (Some(name), None, None) | (None, Some(name), None) => {
                sql.item(&format!("name({})", sql.cell(name)), "name", &[name]);
            }
            _ => {}
        }
        if let Some(sex) = column(Role::Sex) {
            self.files.sexes(table.column(sex));
            sql.item(&format!("code('sex', {})", sql.cell(sex)), "gender", &[sex]);
        }
        if let Some(birth) = column(Role::Birth) {
            sql.item(&sql.date(birth), "birthDate", &[birth]);
        }
        if let Some(death) = column(Role::Death) {
            let moment = sql.instant(death);
            sql.item(&moment, "deceased.dateTime", &[death]);
        }
        if let Some(phone) = column(Role::Phone) {
            sql.constant("'phone'", "telecom.system");
            sql.item(&sql.cell(phone), "telecom.value", &[phone]);
        }
        let parts = [
            (Role::City, "address.city"),
            (Role::State, "address.state"),
            (Role::Postal, "address.postalCode"),
            (Role::Country, "address.country"),
        ];
        if let Some(address) = column(Role::Address) {
            let path =
                if parts.iter().any(|(role, _)| column(*role).is_some()) { "address.line" } else { "address.text" };
            sql.item(&format!("text({})", sql.cell(address)), path, &[address]);
        }
        for (role, path) in parts {
            if let Some(part) = column(role) {
                sql.item(&format!("text({})", sql.cell(part)), path, &[part]);
            }
        }
        if let Some(number) = column(Role::National) {
            sql.todo(&format!(
                "{number} looks like a national number: identifier('urn:oid:…', {}, 'official') AS \"identifier[1]\"",
                sql.cell(number)
            ));
        }
        if let Some(marital) = column(Role::Marital) {
            self.files.map("marital", table.column(marital));
            sql.item(&format!("code('marital', {})", sql.cell(marital)), "maritalStatus", &[marital]);
        }
    }

    /// Writes a target, or says why not.
    fn target(&mut self, likely: &'p Likely) -> Result<(), &'static str> {
        let Some(table) = self.table(likely) else { return Err(NO_TABLE) };
        match likely.target {
            "Encounter" => self.encounter(likely, table),
            "Observation" => {
                let wide = vitals_in(table).len() >= 3;
                let long = likely.columns.contains_key(&Role::Value) || likely.columns.contains_key(&Role::ValueNumber);
                let coded = likely.columns.contains_key(&Role::Code) || likely.columns.contains_key(&Role::Label);
                if wide && !(long && coded) {
                    self.vitals(likely, table);
                    Ok(())
                } else {
                    self.observation(likely, table)
                }
            }
            "Condition" | "MedicationRequest" | "Procedure" | "Immunization" | "AllergyIntolerance" => {
                self.coded(likely, table)
            }
            "DocumentReference" => self.document(likely, table),
            _ => self.directory(likely, table),
        }
    }

    /// Begins a statement about somebody; gives it with where its rows come from.
    fn begin(&mut self, likely: &'p Likely, table: &'p TableProfile, required: &str) -> (Statement<'p>, String, Whose) {
        let (_, said) = self.name(likely.target, &table.name);
        let alias = "t";
        let (from, key) = self.rows_of(table, likely, alias);
        let whose = self.whose(likely, alias);
        let mut sql = Statement::new(table, alias);
        sql.header(&likely.why);
        let patient = whose.patient.as_ref().map_or(String::new(), |patient| format!(" @patient {patient}"));
        let each = if from == name_in_sql(&table.name) {
            format!(" @each {from} {alias}")
        } else {
            format!(" @each {}", name_in_sql(&table.name))
        };
        let required = if required.is_empty() { String::new() } else { format!(" @required {required}") };
        sql.directives(&format!("@target {said} @key {key}{each}{patient}{required}"));
        for (table, column) in &whose.uses {
            self.files.uses(table, column);
        }
        (sql, from, whose)
    }

    fn encounter(&mut self, likely: &'p Likely, table: &'p TableProfile) -> Result<(), &'static str> {
        let (Some(key), Some(patient)) = (likely.columns.get(&Role::Encounter), likely.columns.get(&Role::Patient))
        else {
            return Err("no column of it says whose visit it is, or which");
        };
        let (name, said) = self.name("Encounter", &table.name);
        let mut sql = Statement::new(table, "v");
        sql.header(&likely.why);
        let (key_cell, patient_cell) = (sql.cell(key), sql.cell(patient));
        sql.directives(&format!("@target {said} @key {key_cell} @patient {patient_cell} @required subject"));
        sql.item(
            &format!(
                "identifier('urn:medweave:source:{{source}}:{}', {key_cell}, 'usual', 'VN')",
                if name == "Encounter" { "visit".to_owned() } else { name.to_lowercase() }
            ),
            "identifier",
            &[key],
        );
        let (start, end) = (
            likely.columns.get(&Role::Start).or_else(|| likely.columns.get(&Role::Time)),
            likely.columns.get(&Role::End),
        );
        match end {
            _ if status::write(&mut self.files, &mut sql, (likely, table), &name) => {}
            Some(end) => {
                let cell = sql.cell(end);
                sql.constant(&format!("CASE WHEN {cell} IS NULL THEN 'in-progress' ELSE 'finished' END"), "status");
            }
            None => sql.constant("'finished'", "status"),
        }
        match likely.columns.get(&Role::Class) {
            Some(class) => {
                let map = if name == "Encounter" {
                    "visit-class".to_owned()
                } else {
                    format!("{}-class", name.to_lowercase())
                };
                self.files.classes(&map, table.column(class));
                sql.item(&format!("code('{map}', {})", sql.cell(class)), "class", &[class]);
            }
            None => {
                let stays = [
                    "stay",
                    "admission",
                    "icu",
                    "inpatient",
                    "hospital",
                    "住院",
                    "入院",
                    "séjour",
                    "sejour",
                    "internac",
                    "ingreso",
                    "zyjl",
                ];
                let lower = table.name.to_lowercase();
                let unit_stay = super::names::words_of(key).concat().contains("stay");
                let class = if unit_stay || stays.iter().any(|word| lower.contains(word)) { "IMP" } else { "AMB" };
                sql.todo(&format!("no column says which kind of visit it is: {class} for all"));
                sql.constant(&format!("code('{ACT}', '{class}')"), "class");
            }
        }
        sql.item(&format!("ref('Patient', {patient_cell})"), "subject", &[patient]);
        match (start, end) {
            (Some(start), Some(end)) => {
                let period = format!("period({}, {})", sql.moment(start), sql.moment(end));
                sql.item(&period, "period", &[start, end]);
            }
            (Some(start), None) => {
                let start_of = sql.instant(start);
                sql.item(&start_of, "period.start", &[start]);
            }
            (None, Some(end)) => {
                let end_of = sql.instant(end);
                sql.item(&end_of, "period.end", &[end]);
            }
            (None, None) => {}
        }
        if let Some(department) = likely.columns.get(&Role::Department) {
            sql.item(&format!("text({})", sql.cell(department)), "serviceType.text", &[department]);
        }
        sql.from(&name_in_sql(&table.name), &[]);
        let file = if name == "Encounter" { "encounter".to_owned() } else { file_of(&name) };
        self.files.statement(&file, sql);
        Ok(())
    }

    /// A code of a column: of a system where its values are that system's, else of a map.
    fn code_of(
        &mut self,
        sql: &Statement<'p>,
        table: &'p TableProfile,
        column: &str,
        display: Option<&String>,
        map: &str,
    ) -> String {
        let display = display.map_or(String::new(), |display| format!(", {}", sql.cell(display)));
        if let Some(system) = table.column(column).and_then(system_of) {
            return format!("code('{system}', {}{display})", sql.cell(column));
        }
        self.files.map(map, table.column(column));
        format!("code('{map}', {}{display})", sql.cell(column))
    }

    fn observation(&mut self, likely: &'p Likely, table: &'p TableProfile) -> Result<(), &'static str> {
        let column = |role: Role| likely.columns.get(&role);
        if column(Role::Code).or_else(|| column(Role::Label)).is_none() {
            return Err("no column of it says what was measured");
        }
        let (mut sql, from, whose) = self.begin(likely, table, "");
        self.status(&mut sql, likely, table, "'final'");
        if super::names::topics_of(&table.name).contains(&super::names::Topic::Results) {
            sql.constant(
                "code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory')",
                "category",
            );
        }
        let (code, label) = match (column(Role::Code), column(Role::Label)) {
            (Some(code), label) => (code, label.filter(|label| *label != code)),
            (None, Some(label)) => (label, None),
            (None, None) => return Ok(()),
        };
        let map = map_name(&table.name);
        let coded = self.code_of(&sql, table, code, label, &map);
        let used: Vec<&String> = std::iter::once(code).chain(label).collect();
        sql.item(&coded, "code", &used);
        refer_to_patient(&mut sql, likely, &whose, "subject");
        refer_to_visit(&mut sql, likely, &whose, "encounter");
        when(&mut sql, likely, "effective.dateTime");
        let value = column(Role::Value).or_else(|| column(Role::ValueNumber));
        let unit = column(Role::Unit);
        if let Some(value) = value {
            let of_unit = unit.map_or(String::new(), |unit| {
                self.files.units(&map, table.column(unit));
                format!(", unit('{map}', {})", sql.cell(unit))
            });
            let cell = sql.cell(value);
            let quantity = format!("quantity({cell}{of_unit})");
            let only_numbers = table
                .column(value)
                .is_some_and(|column| column.numbers.as_ref().is_some_and(|n| n.count == column.values()));
            let item = if only_numbers { quantity } else { format!("coalesce({quantity}, text({cell}))") };
            let used: Vec<&String> = std::iter::once(value).chain(unit).collect();
            sql.item(&item, "value", &used);
            for (role, path) in [(Role::RangeLow, "referenceRange.low"), (Role::RangeHigh, "referenceRange.high")] {
                if let Some(bound) = column(role) {
                    sql.item(&format!("quantity({}{of_unit})", sql.cell(bound)), path, &[bound]);
                }
            }
        }
        if let Some(range) = column(Role::RangeText) {
            sql.item(&format!("text({})", sql.cell(range)), "referenceRange.text", &[range]);
        }
        if let Some(flag) = column(Role::Flag) {
            self.files.flags(table.column(flag));
            sql.item(&format!("code('flag', {})", sql.cell(flag)), "interpretation", &[flag]);
        }
        sql.from(&from, &whose.joins);
        let file = self.file("observation");
        self.files.statement(&file, sql);
        Ok(())
    }

    /// How the things of the target that was named last stand: as a column says, or `else_` for all where none does.
    fn status(&mut self, sql: &mut Statement<'p>, likely: &Likely, table: &TableProfile, else_: &str) {
        let name = self.names.last().cloned().unwrap_or_default();
        if !status::write(&mut self.files, sql, (likely, table), &name) {
            sql.constant(else_, "status");
        }
    }

    /// A table with a column for each vital value: a view makes a row of each.
    fn vitals(&mut self, likely: &'p Likely, table: &'p TableProfile) {
        let columns = vitals_in(table);
        let (base, key) = self.rows_of(table, likely, "t");
        let mut kept: BTreeSet<&String> = table.keys.first().into_iter().flat_map(|key| &key.columns).collect();
        kept.extend(
            [Role::Patient, Role::Encounter, Role::Time, Role::Start, Role::Offset]
                .iter()
                .filter_map(|role| likely.columns.get(role)),
        );
        kept.extend(status::column(likely, table).map(|column| &column.name));
        let numbered = table.keys.is_empty();
        let view = self.files.view_name(&table.name, "value");
        let shared: Vec<String> = kept
            .iter()
            .map(|column| format!("t.{}", name_in_sql(column)))
            .chain(numbered.then(|| "t.nth".to_owned()))
            .collect();
        let branches: Vec<String> = columns
            .iter()
            .map(|(column, _, unit)| {
                let cell = format!("t.{}", name_in_sql(&column.name));
                format!(
                    "SELECT {}, '{}' AS vital, {cell} AS measured, '{unit}' AS ucum FROM {base} t WHERE {cell} IS NOT NULL",
                    shared.join(", "),
                    column.name.replace('\'', "''")
                )
            })
            .collect();
        self.files.view(
            &view,
            format!(
                "-- To do: check that the units are those of {}.\n{}\n",
                table.name,
                branches.join("\nUNION ALL\n")
            ),
        );
        let known: Vec<(String, &str)> =
            columns.iter().map(|(column, loinc, _)| (column.name.clone(), *loinc)).collect();
        self.files.vitals(&known);
        let (_, said) = self.name("Observation", &table.name);
        let whose = self.whose(likely, "t");
        let mut sql = Statement::new(table, "t");
        sql.header(&likely.why);
        let patient = whose.patient.as_ref().map_or(String::new(), |patient| format!(" @patient {patient}"));
        sql.directives(&format!("@target {said} @key {key}, t.vital @each {}{patient}", name_in_sql(&table.name)));
        self.status(&mut sql, likely, table, "'final'");
        sql.constant("code('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')", "category");
        sql.constant("code('vital', t.vital)", "code");
        refer_to_patient(&mut sql, likely, &whose, "subject");
        refer_to_visit(&mut sql, likely, &whose, "encounter");
        when(&mut sql, likely, "effective.dateTime");
        sql.constant("quantity(t.measured, unit('ucum', t.ucum))", "value");
        for (column, ..) in &columns {
            sql.used(&column.name);
        }
        for (table, column) in &whose.uses {
            self.files.uses(table, column);
        }
        sql.from(&name_in_sql(&view), &whose.joins);
        let file = self.file("observation");
        self.files.statement(&file, sql);
    }

    /// What is a code about somebody: a diagnosis, a drug, a procedure, a vaccine, an allergy.
    fn coded(&mut self, likely: &'p Likely, table: &'p TableProfile) -> Result<(), &'static str> {
        let (own, path, subject) = match likely.target {
            "Condition" => (Role::Diagnosis, "code", "subject"),
            "MedicationRequest" => (Role::Drug, "medication.CodeableConcept", "subject"),
            "Procedure" => (Role::Procedure, "code", "subject"),
            "Immunization" => (Role::Vaccine, "vaccineCode", "patient"),
            _ => (Role::Allergen, "code", "patient"),
        };
        let column = |role: Role| likely.columns.get(&role);
        let Some(code) = column(Role::Code)
            .filter(|_| column(own).is_none())
            .or_else(|| column(own))
            .or_else(|| column(Role::Label))
            .or_else(|| column(Role::Diagnosis))
        else {
            return Err("no column of it holds a code or a name");
        };
        if self.whose(likely, "t").patient.is_none() {
            return Err("no column of it leads to a patient, by himself or by a visit");
        }
        let label = column(Role::Label).filter(|label| *label != code);
        let (mut sql, from, whose) = self.begin(likely, table, subject);
        match likely.target {
            "MedicationRequest" => {
                self.status(&mut sql, likely, table, "'completed'");
                sql.constant("'order'", "intent");
            }
            "Procedure" | "Immunization" => self.status(&mut sql, likely, table, "'completed'"),
            "Condition" => {
                if let Some(certainty) = column(Role::Certainty) {
                    self.files.certainties(table.column(certainty));
                    sql.todo(&format!(
                        "how sure each word of {certainty} is stands in codes/certainty.csv; what it lacks is left out"
                    ));
                    sql.item(
                        &format!("code('certainty', {})", sql.cell(certainty)),
                        "verificationStatus",
                        &[certainty],
                    );
                }
            }
            _ => {}
        }
        let map = map_name(&table.name);
        let coded = self.code_of(&sql, table, code, label, &map);
        let used: Vec<&String> = std::iter::once(code).chain(label).collect();
        sql.item(&coded, path, &used);
        refer_to_patient(&mut sql, likely, &whose, subject);
        if likely.target != "AllergyIntolerance" || whose.encounter.is_some() {
            refer_to_visit(&mut sql, likely, &whose, "encounter");
        }
        let (start, end) = (column(Role::Start).or_else(|| column(Role::Time)), column(Role::End));
        match likely.target {
            "Condition" => {
                for (moment, path) in [(start, "onset.dateTime"), (end, "abatement.dateTime")] {
                    if let Some(moment) = moment {
                        let item = sql.instant(moment);
                        sql.item(&item, path, &[moment]);
                    }
                }
            }
            "MedicationRequest" => {
                if let Some(start) = start {
                    let item = sql.instant(start);
                    sql.item(&item, "authoredOn", &[start]);
                }
                if let Some(route) = column(Role::Route) {
                    self.files.map("route", table.column(route));
                    sql.item(&format!("code('route', {})", sql.cell(route)), "dosageInstruction.route", &[route]);
                }
                if let Some(dose) = column(Role::Dose) {
                    let unit = column(Role::DoseUnit).or_else(|| column(Role::Unit));
                    let of_unit = unit.map_or(String::new(), |unit| {
                        self.files.units("dose", table.column(unit));
                        format!(", unit('dose', {})", sql.cell(unit))
                    });
                    let used: Vec<&String> = std::iter::once(dose).chain(unit).collect();
                    if table.column(dose).is_some_and(ColumnProfile::is_numeric) {
                        sql.item(
                            &format!("quantity({}{of_unit})", sql.cell(dose)),
                            "dosageInstruction.doseAndRate.dose.Quantity",
                            &used,
                        );
                    } else {
                        sql.item(&format!("text({})", sql.cell(dose)), "dosageInstruction.text", &[dose]);
                    }
                }
            }
            "Procedure" => match (start, end) {
                (Some(start), Some(end)) => {
                    let period = format!("period({}, {})", sql.moment(start), sql.moment(end));
                    sql.item(&period, "performed.Period", &[start, end]);
                }
                (Some(start), None) => {
                    let item = sql.instant(start);
                    sql.item(&item, "performed.dateTime", &[start]);
                }
                _ => {}
            },
            "Immunization" => match start {
                Some(start) => {
                    let item = sql.instant(start);
                    sql.item(&item, "occurrence.dateTime", &[start]);
                }
                None => {
                    sql.todo("no column says when it was given, which FHIR requires");
                    sql.constant("'unknown'", "occurrence.string");
                }
            },
            _ => {
                if let Some(start) = start {
                    let item = sql.instant(start);
                    sql.item(&item, "onset.dateTime", &[start]);
                }
            }
        }
        if let (true, Some(offset)) = (start.is_none(), column(Role::Offset)) {
            sql.todo(&format!("{offset} are minutes from something: at_offset({}, <when that was>)", sql.cell(offset)));
        }
        sql.from(&from, &whose.joins);
        let file = self.file(match likely.target {
            "Condition" => "condition",
            "MedicationRequest" => "medication_request",
            "Procedure" => "procedure",
            "Immunization" => "immunization",
            _ => "allergy",
        });
        self.files.statement(&file, sql);
        Ok(())
    }

    fn document(&mut self, likely: &'p Likely, table: &'p TableProfile) -> Result<(), &'static str> {
        let Some(note) = likely.columns.get(&Role::Note) else { return Err("no column of it holds the text") };
        let (mut sql, from, whose) = self.begin(likely, table, "");
        sql.constant("'current'", "status");
        refer_to_patient(&mut sql, likely, &whose, "subject");
        refer_to_visit(&mut sql, likely, &whose, "context.encounter");
        sql.constant("'text/plain; charset=utf-8'", "content.attachment.contentType");
        sql.item(&format!("text({})", sql.cell(note)), "content.attachment.data", &[note]);
        sql.from(&from, &whose.joins);
        let file = self.file("document");
        self.files.statement(&file, sql);
        Ok(())
    }

    /// Staff and places: who they are and what they are called.
    fn directory(&mut self, likely: &'p Likely, table: &'p TableProfile) -> Result<(), &'static str> {
        let Some(key) = table.keys.first().filter(|key| key.columns.len() == 1).map(|key| &key.columns[0]) else {
            return Err("no column of it tells its rows apart");
        };
        let (_, said) = self.name(likely.target, &table.name);
        let mut sql = Statement::new(table, "d");
        sql.header(&likely.why);
        let cell = sql.cell(key);
        sql.directives(&format!("@target {said} @key {cell}"));
        let kind = likely.target.to_lowercase();
        sql.item(&format!("identifier('urn:medweave:source:{{source}}:{kind}', {cell})"), "identifier", &[key]);
        let column = |role: Role| likely.columns.get(&role).filter(|column| *column != key);
        let name = column(Role::FullName)
            .or_else(|| column(Role::Label))
            .or_else(|| column(Role::Organization))
            .or_else(|| column(Role::Department));
        match (likely.target, column(Role::FamilyName), column(Role::GivenName), name) {
            ("Practitioner", Some(family), Some(given), _) => {
                let item = format!("name({}, {})", sql.cell(family), sql.cell(given));
                sql.item(&item, "name", &[family, given]);
            }
            ("Practitioner", _, _, Some(name)) => sql.item(&format!("name({})", sql.cell(name)), "name", &[name]),
            (_, _, _, Some(name)) => sql.item(&format!("text({})", sql.cell(name)), "name", &[name]),
            _ => {}
        }
        sql.from(&name_in_sql(&table.name), &[]);
        let file = self.file(&kind);
        self.files.statement(&file, sql);
        Ok(())
    }

    /// The file of the target that was named last.
    fn file(&self, stem: &str) -> String {
        let last = self.names.last().map_or("", String::as_str);
        let plain = stem.replace('_', "");
        if last == plain
            || (stem == "allergy" && last == "allergyintolerance")
            || (stem == "document" && last == "documentreference")
        {
            stem.to_owned()
        } else {
            file_of(last)
        }
    }
}

fn file_of(name: &str) -> String {
    name.to_lowercase()
}

/// The code system that nearly all values of a column are of, by their form or the column's name.
fn system_of(column: &ColumnProfile) -> Option<&'static str> {
    let values = column.values();
    let shaped = |fits: &dyn Fn(&str) -> bool| {
        let count: u64 = column.shapes.iter().filter(|(shape, _)| fits(shape)).map(|(_, count)| count).sum();
        values > 0 && count * 100 >= values * 90
    };
    let name = super::names::words_of(&column.name).concat();
    // Each column may hold codes of several; the form must agree with the name where forms are alike.
    if shaped(&|shape| matches!(shape, "9999-9" | "99999-9" | "999-9")) {
        return Some("http://loinc.org");
    }
    if name.contains("icd9") {
        return Some("http://hl7.org/fhir/sid/icd-9-cm");
    }
    let icd10 = |shape: &str| {
        shape.starts_with("A99") && shape.len() <= 8 && shape[3..].chars().all(|c| matches!(c, '.' | '9' | 'A'))
    };
    if name.contains("icd10cm") && shaped(&icd10) {
        return Some("http://hl7.org/fhir/sid/icd-10-cm");
    }
    if name.contains("icd10") && shaped(&icd10) {
        return Some("http://hl7.org/fhir/sid/icd-10");
    }
    None
}

/// Whose it is.
fn refer_to_patient(sql: &mut Statement<'_>, likely: &Likely, whose: &Whose, path: &str) {
    let column = |role: Role| likely.columns.get(&role);
    if let Some(patient) = &whose.patient {
        let used: Vec<&String> = column(Role::Patient).into_iter().collect();
        sql.item(&format!("ref('Patient', {patient})"), path, &used);
    }
}

/// In which visit it was.
fn refer_to_visit(sql: &mut Statement<'_>, likely: &Likely, whose: &Whose, path: &str) {
    if let Some(visit) = &whose.encounter {
        let used: Vec<&String> = likely.columns.get(&Role::Encounter).into_iter().collect();
        sql.item(&format!("ref('Encounter', {visit})"), path, &used);
    }
}

/// When something was; minutes from an admission are left to a person, who knows from which.
fn when(sql: &mut Statement<'_>, likely: &Likely, path: &str) {
    let column = |role: Role| likely.columns.get(&role);
    if let Some(time) = column(Role::Time).or_else(|| column(Role::Start)) {
        let item = sql.instant(time);
        sql.item(&item, path, &[time]);
    } else if let Some(offset) = column(Role::Offset) {
        let cell = sql.cell(offset);
        sql.todo(&format!("{offset} are minutes from something: at_offset({cell}, <when that was>) AS \"{path}\""));
    }
}
