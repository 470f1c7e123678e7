//! Columns whose values are those of a key of another table.

use super::column::ColumnProfile;
use super::names::{Role, is_id, parts_of, role_of};
use super::table::TableProfile;

/// The share of a column's values that a key must have.
const LEAST_SHARE: f64 = 0.8;
/// The same where the names say it too: rows of what was not delivered are common.
const LEAST_SHARE_NAMED: f64 = 0.5;
/// Values by which anything can be said.
const LEAST_VALUES: usize = 2;
/// Pairs that are compared, at most.
const PAIRS: usize = 200_000;

/// A column that refers to a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The table and column that refer.
    pub from: (String, String),
    /// The table and column that are referred to.
    pub to: (String, String),
    /// The share of the values that are there.
    pub share: f64,
    /// Of how many values that was found.
    pub values: usize,
    /// Whether these are all.
    pub exact: bool,
    /// Whether the names say so too.
    pub by_name: bool,
}

/// All joins, the surest first.
pub(super) fn find(tables: &[TableProfile]) -> Vec<Join> {
    let keys: Vec<(&TableProfile, &ColumnProfile)> = tables
        .iter()
        .flat_map(|table| {
            table.columns.iter().filter(|column| may_be_key(table, column)).map(move |column| (table, column))
        })
        .collect();
    let mut found: Vec<Join> = Vec::new();
    let mut pairs = 0;
    for table in tables {
        for column in table.columns.iter().filter(|column| may_refer(column)) {
            let mut of_column: Vec<Join> = Vec::new();
            for (other, key) in &keys {
                if std::ptr::eq(*other, table) || pairs >= PAIRS {
                    continue;
                }
                pairs += 1;
                let by_name = name_fits(&column.name, &other.name, &key.name);
                of_column.extend(join(table, column, other, key, by_name));
            }
            // Numbers from 1 on are in every table's numbers: without a name only what nothing else explains counts.
            if of_column.iter().any(|join| join.by_name) {
                of_column.retain(|join| join.by_name);
            }
            found.extend(of_column);
        }
    }
    found.sort_by(|a, b| {
        (b.by_name, b.share)
            .partial_cmp(&(a.by_name, a.share))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
    });
    found
}

/// Whether values are unlike measurements and words.
fn may_be_key(table: &TableProfile, column: &ColumnProfile) -> bool {
    let is_own = role_of(&column.name).is_some_and(Role::is_personal) || column.looks_like_telephones();
    table.is_told_apart_by(&column.name) && may_refer(column) && !is_own
}

fn may_refer(column: &ColumnProfile) -> bool {
    let measures = column.numbers.as_ref().is_some_and(|numbers| numbers.decimals > 0 && column.is_numeric());
    column.values() > 0 && !measures && !column.is_dates() && column.lengths.1 <= 64 && column.distinct > 1
}

fn join(
    table: &TableProfile,
    column: &ColumnProfile,
    other: &TableProfile,
    key: &ColumnProfile,
    by_name: bool,
) -> Option<Join> {
    let within = column.sample.within(&key.sample);
    // Few values beside a large key are hardly sampled: their names alone must do.
    let unseen = by_name && within.values < LEAST_VALUES && !within.exact && column.sample.len() >= LEAST_VALUES;
    if !unseen && (within.values < LEAST_VALUES || within.share < if by_name { LEAST_SHARE_NAMED } else { LEAST_SHARE })
    {
        return None;
    }
    if !by_name {
        // What is a key of its own table, or a small count, is in another table's numbers by accident.
        let few = column.distinct < 3 || within.values < 3;
        let small = column.numbers.as_ref().is_some_and(|numbers| column.is_numeric() && numbers.high < 1_000.0);
        let own_key = table.is_told_apart_by(&column.name) && is_id(&column.name.to_lowercase());
        if few || small || own_key || !(is_id(&column.name.to_lowercase()) || column.lengths.0 >= 5) {
            return None;
        }
    }
    Some(Join {
        from: (table.name.clone(), column.name.clone()),
        to: (other.name.clone(), key.name.clone()),
        share: within.share,
        values: within.values,
        exact: within.exact,
        by_name,
    })
}

/// Whether a column's name says the key of another table: the same name, or that table's name (`PATIENT` and `patients.Id`).
fn name_fits(name: &str, table: &str, key_name: &str) -> bool {
    let (column, table, key) = (parts_of(name), parts_of(table), parts_of(key_name));
    let whole = |words: &[String]| words.concat();
    let plain = ["id", "key", "no", "nr", "num", "number", "nummer", "code", "row", "uuid", "rowid", "name"];
    if whole(&column) == whole(&key) {
        // `id` in two tables says nothing.
        return !plain.contains(&whole(&column).as_str());
    }
    // `patient_nr` and `PatNr` are numbers of patients both.
    let role = role_of(name);
    if matches!(role, Some(Role::Patient | Role::Encounter)) && role == role_of(key_name) && is_id(&name.to_lowercase())
    {
        return true;
    }
    let bare: Vec<&String> = column.iter().filter(|word| !plain.contains(&word.as_str())).collect();
    let key_is_plain = key.iter().all(|word| plain.contains(&word.as_str()));
    let singular = |word: &str| {
        word.strip_suffix("ies")
            .map_or_else(|| word.strip_suffix('s').unwrap_or(word).to_owned(), |stem| format!("{stem}y"))
    };
    let names_table = bare.len() == 1 && table.iter().any(|word| singular(word) == singular(bare[0]));
    let of_key = !bare.is_empty() && bare.iter().all(|word| key.contains(word));
    (names_table && (key_is_plain || key.iter().any(|word| singular(word) == singular(bare[0]))))
        || (of_key && bare.len() == key.iter().filter(|word| !plain.contains(&word.as_str())).count())
}

#[cfg(test)]
mod tests {
    use super::name_fits;

    #[test]
    fn names_of_columns_name_keys_of_tables() {
        for (column, table, key, fits) in [
            ("pid", "people", "pid", true),
            ("PATIENT", "patients", "Id", true),
            ("patient_id", "patients", "id", true),
            ("ENCOUNTER", "encounters", "Id", true),
            ("subject_id", "PATIENTS", "SUBJECT_ID", true),
            ("病人ID", "病人基本信息", "病人ID", true),
            ("patient_nr", "patienten", "PatNr", true),
            ("besuchnr", "besuche", "BesuchNr", true),
            ("id", "visits", "id", false),
            ("hadm_id", "patients", "subject_id", false),
            ("code", "codes", "code", false),
            ("provider", "organizations", "Id", false),
        ] {
            assert_eq!(name_fits(column, table, key), fits, "{column} {table}.{key}");
        }
    }
}
