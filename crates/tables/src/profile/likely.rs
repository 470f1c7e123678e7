//! What the rows of tables are likely to be in FHIR, by their names, their values and what they refer to.
//!
//! It is a proposal for whoever writes the mapping, with a sentence that says why.

use super::column::ColumnProfile;
use super::joins::Join;
use super::meaning::{certainty_of, class_of, sex_of};
use super::names::{Role, Topic, is_substance, role_of, topics_of};
use super::table::TableProfile;
use super::vitals::vitals_in;
use crate::said::{Said, sign};
use std::collections::BTreeMap;

/// Points from which something is likely.
const LIKELY: u32 = 5;

/// What the rows of a table may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likely {
    /// The resource type.
    pub target: &'static str,
    /// The table.
    pub table: String,
    /// How sure that is, of 100.
    pub sure: u32,
    /// Why.
    pub why: String,
    /// The same as codes: all signs but the columns, which stand below.
    pub because: Vec<Said>,
    /// The columns by what they seem to be.
    pub columns: BTreeMap<Role, String>,
}

/// A table as it is looked at.
struct Looked<'t> {
    table: &'t TableProfile,
    topics: Vec<Topic>,
    roles: BTreeMap<Role, String>,
    /// Columns that other tables refer to.
    referred: Vec<String>,
}

/// Everything that is likely, the patients first.
pub(super) fn find(tables: &[TableProfile], joins: &[Join]) -> Vec<Likely> {
    let mut looked: Vec<Looked<'_>> = tables.iter().filter(|table| table.rows > 0).map(Looked::new).collect();
    for one in &mut looked {
        let to = joins.iter().filter(|join| join.to.0 == one.table.name && join.from.0 != one.table.name);
        one.referred = to.map(|join| join.to.1.clone()).collect();
    }
    let mut found = Vec::new();
    let patients = looked.iter().filter_map(Looked::patients).max_by_key(|likely| likely.sure);
    if let Some(patients) = &patients {
        // What refers to the patients' key is the patient, whatever it is called.
        let key = patients.columns.get(&Role::Patient).cloned().unwrap_or_default();
        for one in &mut looked {
            one.refer(Role::Patient, joins, (&patients.table, &key));
        }
    }
    found.extend(patients.clone());
    let mut encounters: Vec<Likely> = looked.iter().filter_map(Looked::encounters).collect();
    // The table that others refer to is the first.
    let referred = |likely: &Likely| {
        let key = likely.columns.get(&Role::Encounter);
        joins.iter().filter(|join| join.to.0 == likely.table && Some(&join.to.1) == key).count()
    };
    encounters.sort_by_key(|likely| std::cmp::Reverse((referred(likely), likely.sure)));
    if let Some(encounters) = encounters.first() {
        let key = encounters.columns.get(&Role::Encounter).cloned().unwrap_or_default();
        for one in looked.iter_mut().filter(|one| one.table.name != encounters.table) {
            one.refer(Role::Encounter, joins, (&encounters.table, &key));
        }
    }
    for one in &mut looked {
        one.complete_results();
    }
    let taken = |table: &str, found: &[Likely]| found.iter().any(|likely| likely.table == table);
    found.extend(encounters);
    for one in &looked {
        let rest = [
            one.results(),
            one.vitals(),
            one.diagnoses(),
            one.drugs(),
            one.procedures(),
            one.vaccines(),
            one.allergies(),
            one.notes(),
            one.staff(),
            one.places(),
        ];
        let best = rest.into_iter().flatten().max_by_key(|likely| likely.sure);
        // A table of patients or visits is something else too only if its rows say so clearly.
        let clear = if taken(&one.table.name, &found) { 80 } else { 0 };
        found.extend(best.filter(|best| best.sure >= clear));
    }
    let order = |likely: &Likely| match likely.target {
        "Patient" => 0,
        "Encounter" => 1,
        "Observation" => 2,
        "Condition" => 3,
        "MedicationRequest" => 4,
        "Procedure" => 5,
        _ => 6,
    };
    found.sort_by_key(order);
    found
}

impl<'t> Looked<'t> {
    fn new(table: &'t TableProfile) -> Looked<'t> {
        let mut roles: BTreeMap<Role, String> = BTreeMap::new();
        let key = table.keys.first().filter(|key| key.columns.len() == 1).map(|key| &key.columns[0]);
        for column in &table.columns {
            // `result` may be the number of a result: what tells rows apart says nothing about them.
            let is_number = key == Some(&column.name);
            let says = |role: &Role| fits(*role, column) && !(is_number && is_about(*role));
            if let Some(role) = role_of(&column.name).filter(says) {
                // `admittime` before `admitoffset`, `diagnosis_code` before `diagnosis_seq`: the first of the table that fits best.
                let better = roles
                    .get(&role)
                    .and_then(|held| table.column(held))
                    .is_none_or(|held| preference(role, column) > preference(role, held));
                let label = if better { roles.insert(role, column.name.clone()) } else { Some(column.name.clone()) };
                // `项目代码` and `项目名称` are a code and what it means.
                let is_coded = matches!(
                    role,
                    Role::Code | Role::Diagnosis | Role::Drug | Role::Procedure | Role::Vaccine | Role::Allergen
                );
                let says = |label: &String| is_coded && is_label(label) && !roles.contains_key(&Role::Label);
                if let Some(label) = label.filter(says) {
                    roles.insert(Role::Label, label);
                }
            }
        }
        let topics = topics_of(&table.name);
        if topics.contains(&Topic::Allergies) && !roles.contains_key(&Role::Allergen) {
            let is_free = |name: &String| !roles.values().any(|named| named == name);
            let is_it = |column: &&ColumnProfile| {
                is_free(&column.name) && is_substance(&column.name) && fits(Role::Allergen, column)
            };
            let substance = table.columns.iter().find(is_it);
            roles.extend(substance.map(|column| (Role::Allergen, column.name.clone())));
        }
        for column in &table.columns {
            if roles.values().any(|named| *named == column.name) {
                continue;
            }
            match by_values(column) {
                // Two moments of a row are its beginning and its end.
                Some(Role::Time) if !roles.contains_key(&Role::Start) && !roles.contains_key(&Role::End) => {
                    if let Some(first) = roles.remove(&Role::Time) {
                        roles.insert(Role::Start, first);
                        roles.insert(Role::End, column.name.clone());
                    } else {
                        roles.insert(Role::Time, column.name.clone());
                    }
                }
                Some(role) if !roles.contains_key(&role) => {
                    roles.insert(role, column.name.clone());
                }
                _ => {}
            }
        }
        Looked { topics, table, roles, referred: Vec::new() }
    }

    /// In a table of results the number that nothing else explains is the value, and the short text is what was measured.
    fn complete_results(&mut self) {
        let is_about_results = self.speaks_of(Topic::Results) || self.has(Role::Unit);
        let is_of_somebody = self.has(Role::Patient) || self.has(Role::Encounter);
        let is_other = [Role::Drug, Role::Dose, Role::Diagnosis, Role::Procedure, Role::Vaccine]
            .iter()
            .any(|role| self.has(*role));
        if !is_about_results || !is_of_somebody || is_other {
            return;
        }
        let key = self.table.keys.first().map_or(&[][..], |key| &key.columns);
        let is_free = |roles: &BTreeMap<Role, String>, column: &ColumnProfile| {
            !key.contains(&column.name) && !roles.values().any(|named| *named == column.name) && column.values() > 0
        };
        if !self.has(Role::Value) && !self.has(Role::ValueNumber) {
            let mut numbers = self.table.columns.iter().filter(|column| column.is_numeric() && !column.is_dates());
            let found = numbers.rfind(|column| is_free(&self.roles, column));
            self.roles.extend(found.map(|column| (Role::Value, column.name.clone())));
        }
        if !self.has(Role::Code) && !self.has(Role::Label) {
            let texts = self
                .table
                .columns
                .iter()
                .filter(|column| !column.is_numeric() && !column.is_dates() && column.lengths.1 <= 80);
            let found = texts.filter(|column| is_free(&self.roles, column)).min_by_key(|column| column.distinct.max(2));
            self.roles.extend(found.map(|column| (Role::Code, column.name.clone())));
        }
    }

    /// What refers to a key is what that key is of.
    fn refer(&mut self, role: Role, joins: &[Join], to: (&str, &str)) {
        if self.table.name == to.0 {
            return;
        }
        let refers = |join: &&Join| join.from.0 == self.table.name && join.to.0 == to.0 && join.to.1 == to.1;
        let held = self.roles.get(&role);
        let found: Vec<&Join> = joins.iter().filter(refers).collect();
        if found.is_empty() || held.is_some_and(|held| found.iter().any(|join| join.from.1 == *held)) {
            return;
        }
        let column = found[0].from.1.clone();
        self.roles.retain(|_, named| *named != column);
        self.roles.insert(role, column);
    }

    fn has(&self, role: Role) -> bool {
        self.roles.contains_key(&role)
    }

    fn speaks_of(&self, topic: Topic) -> bool {
        self.topics.contains(&topic)
    }

    fn likely(&self, target: &'static str, points: u32, why: Vec<Said>) -> Option<Likely> {
        let is_dictionary = self.speaks_of(Topic::Dictionary) && !self.has(Role::Patient);
        if points < LIKELY || is_dictionary {
            return None;
        }
        let rows = self.table.rows;
        let words: Vec<String> = why.iter().map(ToString::to_string).collect();
        Some(Likely {
            target,
            table: self.table.name.clone(),
            sure: (points * 10).min(99),
            why: format!("{rows} rows of {}: {}", self.table.name, words.join(", ")),
            because: why.into_iter().filter(|sign| sign.code() != "column").collect(),
            columns: self.roles.clone(),
        })
    }

    /// Adds up signs: points and words for each that is there.
    fn signs(&self, topic: Option<(Topic, u32)>, roles: &[(Role, u32)]) -> (u32, Vec<Said>) {
        let (mut points, mut why) = (0, Vec::new());
        if let Some((topic, worth)) = topic
            && self.speaks_of(topic)
        {
            points += worth;
            why.push(sign::name());
        }
        for (role, worth) in roles {
            if let Some(column) = self.roles.get(role) {
                points += worth;
                why.push(sign::column(column, role.words()));
            }
        }
        (points, why)
    }

    fn patients(&self) -> Option<Likely> {
        let roles = [
            (Role::Birth, 3),
            (Role::Sex, 3),
            (Role::FullName, 2),
            (Role::FamilyName, 2),
            (Role::Death, 1),
            (Role::National, 2),
            (Role::Phone, 1),
            (Role::Address, 1),
            (Role::Marital, 1),
        ];
        let (points, why) = self.signs(Some((Topic::Patients, 3)), &roles);
        if !(self.has(Role::Birth) || self.has(Role::Sex)) || self.speaks_of(Topic::Staff) {
            return None;
        }
        let mut likely = self.likely("Patient", points, why)?;
        // Who it is: the column that says so, else the key.
        let named = likely.columns.get(&Role::Patient).cloned();
        let key = self.table.keys.first().filter(|key| key.columns.len() == 1).map(|key| key.columns[0].clone());
        likely.columns.insert(Role::Patient, named.or(key)?);
        Some(likely)
    }

    fn encounters(&self) -> Option<Likely> {
        let roles = [
            (Role::Start, 2),
            (Role::End, 2),
            (Role::Encounter, 2),
            (Role::Patient, 1),
            (Role::Class, 2),
            (Role::Department, 1),
            (Role::Time, 1),
        ];
        let (mut points, mut why) = self.signs(Some((Topic::Encounters, 4)), &roles);
        if !self.has(Role::Patient)
            || [Role::Drug, Role::Value, Role::Diagnosis, Role::Procedure, Role::Vaccine]
                .iter()
                .any(|role| self.has(*role) && !self.speaks_of(Topic::Encounters) && !self.speaks_of(Topic::Patients))
        {
            return None;
        }
        let single = |key: &&super::table::Key| key.columns.len() == 1;
        let keys: Vec<&String> = self.table.keys.iter().filter(single).map(|key| &key.columns[0]).collect();
        let lacks = |key: &String| {
            let of = self.table.keys.iter().find(|of| of.columns == [key.as_str()])?;
            Some((of.lacks?, of.lacks_in_words()?))
        };
        let patient = self.roles.get(&Role::Patient);
        // Each row is a visit: the column that says which is unique. A table whose key is the patient is one of patients.
        let named = self.roles.get(&Role::Encounter).filter(|named| keys.contains(named));
        let is_referred = |key: &&&String| self.referred.contains(**key);
        let mut others = keys.iter().filter(|key| Some(**key) != patient);
        let own = others.clone().find(is_referred).or_else(|| others.next());
        let referred = own.is_some_and(|own| self.referred.contains(*own));
        let key = named.or(own.copied())?.clone();
        if named.is_some() {
            points += 2;
            why.push(match lacks(&key) {
                None => sign::unique(&key),
                Some((lacks, words)) => sign::nearly_unique(&key, (lacks.repeats, lacks.empty), &words),
            });
        }
        if referred {
            points += 3;
            why.push(sign::referred(&key));
        }
        let has_time = self.has(Role::Start) || self.has(Role::Time);
        let has_span = self.has(Role::Start) && (named.is_some() || self.has(Role::End));
        let is_visit = self.speaks_of(Topic::Encounters) || (referred && has_time) || has_span || named.is_some();
        if !is_visit {
            return None;
        }
        if keys.iter().any(|key| Some(*key) == patient) && !referred && !self.speaks_of(Topic::Encounters) {
            return None;
        }
        let mut likely = self.likely("Encounter", points, why)?;
        likely.columns.insert(Role::Encounter, key);
        Some(likely)
    }

    fn results(&self) -> Option<Likely> {
        let topic = if self.speaks_of(Topic::Results) { Topic::Results } else { Topic::Vitals };
        let roles = [
            (Role::Value, 3),
            (Role::ValueNumber, 3),
            (Role::Unit, 2),
            (Role::Code, 2),
            (Role::Label, 1),
            (Role::RangeText, 1),
            (Role::Time, 1),
            (Role::Flag, 1),
        ];
        let (points, why) = self.signs(Some((topic, 3)), &roles);
        let names_what = [Role::Code, Role::Label].iter().any(|role| self.has(*role));
        let has_value = self.has(Role::Value) || self.has(Role::ValueNumber);
        if !names_what || !has_value || self.has(Role::Drug) {
            return None;
        }
        self.about_somebody(self.likely("Observation", points, why))
    }

    /// A column for each vital value.
    fn vitals(&self) -> Option<Likely> {
        let columns: Vec<&str> = vitals_in(self.table).iter().map(|(column, ..)| column.name.as_str()).collect();
        if columns.len() < 3 {
            return None;
        }
        let why = vec![sign::each(&columns)];
        self.about_somebody(self.likely("Observation", 5 + columns.len() as u32, why))
    }

    fn diagnoses(&self) -> Option<Likely> {
        let roles = [(Role::Diagnosis, 4), (Role::Code, 1), (Role::Label, 1), (Role::Sequence, 1), (Role::Start, 1)];
        let (points, why) = self.signs(Some((Topic::Diagnoses, 4)), &roles);
        if !(self.has(Role::Diagnosis) || self.has(Role::Code) || self.has(Role::Label))
            || self.speaks_of(Topic::Procedures)
        {
            return None;
        }
        self.about_somebody(self.likely("Condition", points, why))
    }

    fn drugs(&self) -> Option<Likely> {
        let roles = [
            (Role::Drug, 4),
            (Role::Dose, 2),
            (Role::Route, 2),
            (Role::Frequency, 1),
            (Role::Start, 1),
            (Role::Code, 1),
            (Role::Label, 1),
        ];
        let (points, why) = self.signs(Some((Topic::Drugs, 4)), &roles);
        if !(self.has(Role::Drug) || self.has(Role::Code) || self.has(Role::Label)) {
            return None;
        }
        self.about_somebody(self.likely("MedicationRequest", points, why))
    }

    fn procedures(&self) -> Option<Likely> {
        // A code of ICD stands for procedures too, where the table says so.
        let icd = if self.speaks_of(Topic::Procedures) { 2 } else { 0 };
        let roles = [
            (Role::Procedure, 3),
            (Role::Diagnosis, icd),
            (Role::Code, 1),
            (Role::Label, 1),
            (Role::Start, 1),
            (Role::Time, 1),
        ];
        let (points, why) = self.signs(Some((Topic::Procedures, 4)), &roles);
        let coded = [Role::Procedure, Role::Code, Role::Label].iter().any(|role| self.has(*role));
        if !(coded || (icd > 0 && self.has(Role::Diagnosis))) {
            return None;
        }
        self.about_somebody(self.likely("Procedure", points, why))
    }

    fn vaccines(&self) -> Option<Likely> {
        let (points, why) =
            self.signs(Some((Topic::Vaccines, 5)), &[(Role::Vaccine, 4), (Role::Code, 1), (Role::Time, 1)]);
        if !(self.has(Role::Vaccine) || self.has(Role::Code) || self.has(Role::Label)) {
            return None;
        }
        self.about_somebody(self.likely("Immunization", points, why))
    }

    fn allergies(&self) -> Option<Likely> {
        let (points, why) =
            self.signs(Some((Topic::Allergies, 5)), &[(Role::Allergen, 4), (Role::Code, 1), (Role::Label, 1)]);
        if !(self.has(Role::Allergen) || self.has(Role::Code) || self.has(Role::Label)) {
            return None;
        }
        self.about_somebody(self.likely("AllergyIntolerance", points, why))
    }

    fn notes(&self) -> Option<Likely> {
        let note = self.roles.get(&Role::Note).and_then(|name| self.table.column(name))?;
        let long = if note.lengths.2 > 80.0 { 3 } else { 0 };
        let (points, why) = self.signs(Some((Topic::Notes, 3)), &[(Role::Note, 1), (Role::Time, 1)]);
        self.about_somebody(self.likely("DocumentReference", points + long, why))
    }

    fn staff(&self) -> Option<Likely> {
        let roles = [
            (Role::Practitioner, 1),
            (Role::FullName, 1),
            (Role::FamilyName, 2),
            (Role::Label, 1),
            (Role::Organization, 1),
        ];
        let (points, why) = self.signs(Some((Topic::Staff, 4)), &roles);
        if !self.speaks_of(Topic::Staff) || self.table.keys.is_empty() {
            return None;
        }
        self.likely("Practitioner", points, why)
    }

    fn places(&self) -> Option<Likely> {
        let (topic, target) = if self.speaks_of(Topic::Hospitals) {
            (Topic::Hospitals, "Organization")
        } else {
            (Topic::Departments, "Location")
        };
        let (points, why) = self.signs(Some((topic, 5)), &[(Role::Label, 1), (Role::Address, 1), (Role::City, 1)]);
        if !self.speaks_of(topic) || self.has(Role::Patient) || self.table.keys.is_empty() {
            return None;
        }
        self.likely(target, points, why)
    }

    /// Only what says whose it is.
    fn about_somebody(&self, likely: Option<Likely>) -> Option<Likely> {
        likely.filter(|_| self.has(Role::Patient) || self.has(Role::Encounter))
    }
}

/// Whether values can be what a name says.
fn fits(role: Role, column: &ColumnProfile) -> bool {
    let values = column.values();
    if values == 0 {
        return true;
    }
    let decimals = column.is_numeric() && column.numbers.as_ref().is_some_and(|numbers| numbers.decimals > 0);
    match role {
        Role::Birth => column.is_dates() || is_year(column),
        Role::Death | Role::Start | Role::End | Role::Time => column.dates.is_some(),
        Role::Sex => column.distinct <= 16,
        Role::FullName | Role::FamilyName | Role::GivenName => !column.is_numeric() && !column.is_dates(),
        Role::Class | Role::Marital | Role::Certainty => column.distinct <= 200 && !column.is_dates(),
        Role::Patient | Role::Encounter => {
            let flag = column.distinct <= 2 && values > 20;
            !column.is_dates() && !decimals && column.lengths.1 <= 64 && !flag
        }
        Role::Unit | Role::DoseUnit => !column.is_numeric() && column.lengths.1 <= 40,
        Role::ValueNumber | Role::Offset => column.is_numeric(),
        Role::RangeLow | Role::RangeHigh => column.is_numeric() || column.lengths.1 <= 20,
        Role::Status => column.distinct <= 100,
        Role::State | Role::City | Role::Country | Role::Address => !column.is_dates(),
        Role::Diagnosis | Role::Drug | Role::Procedure | Role::Vaccine | Role::Allergen => {
            !column.is_dates() && !decimals && column.lengths.1 > 1
        }
        Role::Dose | Role::Sequence => !column.is_dates(),
        _ => true,
    }
}

/// Which of two columns of one role is meant.
fn preference(role: Role, column: &ColumnProfile) -> u32 {
    let filled = column.values() * 4 / column.rows.max(1);
    let filled = u32::try_from(filled).unwrap_or(0);
    let plain = u32::from(super::names::is_plain(role, &column.name)) * 8;
    plain
        + match role {
            // The patient's number is what others refer to: unique where it can be, not a number within the row.
            Role::Patient | Role::Encounter => {
                filled
                    + u32::from(super::names::is_id(&column.name.to_lowercase())) * 2
                    + u32::from(column.distinct > 2)
            }
            Role::Start | Role::End | Role::Time | Role::Birth => {
                let with_time = column.dates.as_ref().is_some_and(|dates| dates.with_time > 0);
                filled * 2 + u32::from(with_time)
            }
            Role::Diagnosis | Role::Drug | Role::Procedure | Role::Vaccine | Role::Allergen => {
                let name = column.name.to_lowercase();
                let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
                let said = if ends(&["code", "编码", "代码", "icd"]) {
                    4
                } else if ends(&["type", "类型", "类别", "priority", "序号", "offset", "date", "time"]) {
                    0
                } else {
                    2
                };
                said + u32::from(column.values() > 0) * 4
            }
            _ => u32::from(column.values() > 0) * 2,
        }
}

/// Whether a role says something about a row, and not which it is.
fn is_about(role: Role) -> bool {
    matches!(
        role,
        Role::Value
            | Role::ValueNumber
            | Role::Code
            | Role::Label
            | Role::Unit
            | Role::Dose
            | Role::Diagnosis
            | Role::Drug
            | Role::Procedure
            | Role::Vaccine
            | Role::Allergen
            | Role::Note
    )
}

/// Whether a column is what another's codes are called.
fn is_label(name: &str) -> bool {
    let lower = name.to_lowercase();
    [
        "名称",
        "name",
        "描述",
        "description",
        "desc",
        "label",
        "title",
        "text",
        "名",
        "libellé",
        "libelle",
        "descricao",
        "descripcion",
        "descrizione",
        "naam",
        "omschrijving",
        "nazwa",
        "namn",
        "navn",
        "benämning",
        "beskrivning",
        "mc",
    ]
    .iter()
    .any(|ending| lower.ends_with(ending))
}

/// A year in four digits.
fn is_year(column: &ColumnProfile) -> bool {
    column.is_numeric()
        && column.numbers.as_ref().is_some_and(|n| n.low >= 1850.0 && n.high <= 2300.0 && n.decimals == 0)
}

/// What values say by themselves.
fn by_values(column: &ColumnProfile) -> Option<Role> {
    let values = column.values();
    if values < 2 {
        return None;
    }
    if let Some(listed) = column.listed.as_ref().filter(|listed| listed.len() <= 8) {
        let known = |value: &str| {
            sex_of(value).is_some()
                || matches!(
                    value.to_lowercase().as_str(),
                    "x" | "u"
                        | "o"
                        | "unknown"
                        | "other"
                        | "onbekend"
                        | "okänd"
                        | "ukjent"
                        | "ukendt"
                        | "nieznana"
                        | "bilinmiyor"
                        | "sconosciuto"
                        | "未知"
                        | "未说明"
                )
        };
        let both = |sex: &str| listed.iter().any(|(value, _)| sex_of(value) == Some(sex));
        if listed.iter().all(|(value, _)| known(value)) && both("female") && both("male") {
            return Some(Role::Sex);
        }
    }
    if let Some(listed) = column.listed.as_ref().filter(|listed| listed.len() <= 40 && !column.is_numeric()) {
        // Nearly all rows say it, in more than one way.
        let meant = |of: &dyn Fn(&str) -> Option<&'static str>| {
            let known = || listed.iter().filter_map(|(value, count)| Some((of(value)?, *count)));
            let kinds: std::collections::BTreeSet<&str> = known().map(|(kind, _)| kind).collect();
            (known().map(|(_, count)| count).sum::<u64>() * 100, kinds.len())
        };
        let (said, kinds) = meant(&class_of);
        if said >= values * 80 && kinds > 1 {
            return Some(Role::Class);
        }
        let of_words = |value: &str| certainty_of(value).filter(|_| value.chars().count() > 1);
        let (said, kinds) = meant(&of_words);
        if said >= values * 60 && kinds > 1 {
            return Some(Role::Certainty);
        }
    }
    if let Some(dates) = column.dates.as_ref().filter(|_| column.is_dates()) {
        let span = dates.years.1 - dates.years.0;
        return Some(if dates.with_time == 0 && span >= 30 && dates.years.1 <= 2030 {
            Role::Birth
        } else {
            Role::Time
        });
    }
    let shaped = |shapes: &[&str]| {
        let count: u64 =
            column.shapes.iter().filter(|(shape, _)| shapes.contains(&shape.as_str())).map(|(_, count)| count).sum();
        count * 100 >= values * 90
    };
    if shaped(&["A99", "A99.9", "A99.99", "A99.999", "A99.9999", "A99.a99", "A99.9a999", "A99.999a999"]) {
        return Some(Role::Diagnosis);
    }
    if let Some(listed) = column.listed.as_ref().filter(|_| !column.is_numeric() && column.lengths.1 <= 20) {
        let ucum = listed.iter().filter(|(value, _)| fhir::ucum::Unit::parse(value).is_some()).count();
        if ucum * 5 >= listed.len() * 4 && listed.iter().any(|(value, _)| value.contains(['/', '%', '['])) {
            return Some(Role::Unit);
        }
    }
    if shaped(&["9999-9", "99999-9", "999-9"]) {
        return Some(Role::Code);
    }
    None
}
