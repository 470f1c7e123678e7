//! Data types (HL7 v2, chapter 2A): which components have a form or a table.

use super::codes::{self, Keeper};
use super::finding::{Finding, Rule, Severity};
use super::identifier;
use super::primitive::{self, Primitive};
use crate::message::{Component, Repeat, Value};

/// Components of types, written as fields are: `NUMBER TYPE`, then `T0001` for its table.
const COMPONENTS: &[(&str, &str)] = &[
    ("AUI", "2 DT"),
    ("CP", "1 NM, 3 NM, 4 NM"),
    ("CQ", "1 NM"),
    ("CX", "3 ID T0061, 4 HD, 5 ID T0203, 6 HD, 7 DT, 8 DT"),
    ("DLN", "3 DT"),
    ("DR", "1 TS, 2 TS"),
    ("EI", "4 ID T0301"),
    ("EIP", ""),
    ("HD", "3 ID T0301"),
    ("MO", "1 NM"),
    ("NDL", "2 TS, 3 TS"),
    ("NR", "1 NM, 2 NM"),
    ("PL", "4 HD"),
    ("PLN", "3 IS T0203"),
    ("PPN", "9 HD, 10 ID T0200, 15 TS"),
    ("SN", "2 NM, 4 NM"),
    ("TQ", "4 TS, 5 TS"),
    ("XAD", "7 ID T0190, 13 TS, 14 TS"),
    ("XCN", "9 HD, 10 ID T0200, 12 ID T0061, 13 ID T0203, 15 ID T0465, 18 ID T0444, 19 TS, 20 TS"),
    ("XON", "5 ID T0061, 6 HD, 7 ID T0203"),
    ("XPN", "7 ID T0200, 8 ID T0465, 11 ID T0444, 12 TS, 13 TS"),
    ("XTN", "2 ID T0201, 3 ID T0202, 5 NM, 6 NM, 7 NM"),
];

/// Types of text and codes, and those whose parts have no form that can be checked.
#[cfg(test)]
const OPAQUE: &str = "CE CF CNE CWE DDI ED ELD ERL FC FN FT GTS ID IS JCC LA1 MA NA OG RP RPT SAD SPS ST TX VARIES";

/// The form that values of a type have as a whole.
fn primitive(kind: &str) -> Option<Primitive> {
    match kind {
        "SI" => Some(Primitive::SetId),
        "NM" => Some(Primitive::Number),
        "DT" => Some(Primitive::Date),
        "TM" => Some(Primitive::Time),
        "TS" | "DTM" => Some(Primitive::DateTime),
        _ => None,
    }
}

/// True if the type is one of ours.
#[cfg(test)]
pub(super) fn is_known(kind: &str) -> bool {
    primitive(kind).is_some()
        || COMPONENTS.iter().any(|(known, _)| *known == kind)
        || OPAQUE.split(' ').any(|known| known == kind)
}

/// Checks one repetition of a field of type `kind`, whose codes are of `table`.
pub(super) fn check(kind: &str, table: Option<u16>, repeat: Repeat<'_>, found: &mut Vec<Finding>) {
    if let Some(primitive) = primitive(kind) {
        primitive::check(primitive, first_component(repeat), found);
        return;
    }
    // Fields of codes alone became coded fields in later versions.
    if let ("ID" | "IS" | "CE" | "CWE" | "CNE", Some(table)) = (kind, table)
        && is_of_table(repeat)
    {
        check_code(table, first_component(repeat), found);
    }
    if kind == "SN" {
        check_comparator(*repeat.component(1), found);
    }
    let rules = COMPONENTS.iter().find(|(known, _)| *known == kind).map_or("", |(_, rules)| *rules);
    for rule in rules.split(',').map(str::trim).filter(|rule| !rule.is_empty()) {
        let mut words = rule.split(' ');
        let Some(number) = words.next().and_then(|number| number.parse().ok()) else { continue };
        let component = repeat.component(number);
        if !component.has_value() {
            continue;
        }
        let kind = words.next().unwrap_or_default();
        let table = words.next().and_then(|word| word.strip_prefix('T')).and_then(|table| table.parse().ok());
        match (primitive(kind), kind, table) {
            (Some(primitive), ..) => {
                // The rest of the value stands.
                let first = found.len();
                primitive::check(primitive, first_sub(component), found);
                found[first..].iter_mut().for_each(|finding| finding.severity = Severity::Warning);
            }
            (None, "HD", _) => identifier::check_authority([1, 2, 3].map(|sub| *component.sub(sub)), found),
            (None, _, Some(table)) => check_code(table, first_sub(component), found),
            _ => {}
        }
    }
    match kind {
        "HD" => identifier::check_authority([1, 2, 3].map(|component| *repeat.component(component)), found),
        "EI" => identifier::check_authority([2, 3, 4].map(|component| *repeat.component(component)), found),
        "CX" => identifier::check_digit(repeat, [1, 2, 3], found),
        "XCN" => identifier::check_digit(repeat, [1, 11, 12], found),
        "XON" => identifier::check_digit(repeat, [3, 4, 5], found),
        _ => {}
    }
}

/// The first component; the whole if it has no others, so that it is told by the field.
fn first_component(repeat: Repeat<'_>) -> Value<'_> {
    let first = repeat.component(1);
    if first.span() == repeat.span() { *repeat } else { first_sub(first) }
}

fn first_sub(component: Component<'_>) -> Value<'_> {
    let first = component.sub(1);
    if first.span() == component.span() { *component } else { *first }
}

/// True of a coded value that names no other coding system than HL7's own tables.
fn is_of_table(repeat: Repeat<'_>) -> bool {
    let system = repeat.component(3).text().trim().to_ascii_uppercase();
    let is_numbered =
        system.strip_prefix("HL7").is_some_and(|rest| rest == "NNNN" || rest.bytes().all(|b| b.is_ascii_digit()));
    repeat.component(1).has_value() && (system.is_empty() || is_numbered)
}

fn check_code(table: u16, value: Value<'_>, found: &mut Vec<Finding>) {
    if !value.has_value() {
        return;
    }
    let text = value.text();
    let code = text.trim();
    let Some(keeper) = codes::stranger(table, code) else { return };
    let (severity, of) = match keeper {
        Keeper::Hl7 => (Severity::Warning, "HL7's"),
        Keeper::User => (Severity::Note, "the suggested"),
    };
    let text = format!("{code:?} is not of {of} table {table:04}");
    let advice = match keeper {
        Keeper::Hl7 => format!("have the sender use one of {}", codes::some(table)),
        Keeper::User => format!("agree with the sender on what it means; suggested are {}", codes::some(table)),
    };
    found.push(Finding { source: TABLES, ..Finding::at(severity, Rule::Code, value, text, advice) });
}

/// Where the tables are described.
pub(super) const TABLES: &str = "HL7 v2, chapter 2C";

fn check_comparator(value: Value<'_>, found: &mut Vec<Finding>) {
    let text = value.text();
    let sign = text.trim();
    // A number alone there is read as the value.
    let is_number = primitive::is_number(sign);
    if value.has_value() && !is_number && !matches!(sign, "<" | ">" | "<=" | ">=" | "=" | "<>") {
        let text = format!("{sign:?} is no comparator of a structured number (SN)");
        let advice = "have the sender use <, >, <=, >=, = or <>, or leave it empty";
        found.push(Finding { source: TYPES, ..Finding::at(Severity::Warning, Rule::DataType, value, text, advice) });
    }
}

/// Where the types are described.
pub(super) const TYPES: &str = "HL7 v2, chapter 2A";
