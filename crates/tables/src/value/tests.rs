//! Whole calls, as a mapping makes them, and what they write against the validator.

use super::*;
use crate::codes::{CodeMaps, UnitMaps};
use fhir::json::Document;
use proptest::prelude::*;

/// What `his-zh` and its like need.
fn context() -> Context {
    let mut context = Context::new("his-zh");
    context.zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    context.today = Some(jiff::civil::date(2026, 11, 26));
    let gender = "http://hl7.org/fhir/administrative-gender";
    let sexes = [
        ("男", "male"),
        ("男性", "male"),
        ("1", "male"),
        ("M", "male"),
        ("女", "female"),
        ("F", "female"),
        ("0", "unknown"),
    ];
    let mut text = "source,system,code,display,equivalence,source_system,source_display\n".to_owned();
    for (source, code) in sexes {
        text.extend([source, ",", gender, ",", code, ",,,urn:oid:2.16.156.10011.2.3.3.4,\n"]);
    }
    let mut codes = CodeMaps::default();
    codes.add_csv("sex", "codes/sex.csv", &text).unwrap();
    codes.add_csv("lab", "codes/lab.csv", "source,system,code\nWBC,http://loinc.org,6690-2\n").unwrap();
    context.codes = codes;
    let mut units = UnitMaps::default();
    units
        .add_csv("lab", "units/lab.csv", "source,ucum\n10^9/L,10*9/L\numol/L,umol/L\nng/ml,ng/mL\nmmol/L,mmol/L\n")
        .unwrap();
    context.units = units;
    context.targets.insert("Patient".into(), "Patient".into());
    context
}

fn element(resource: &str, name: &str, fhir_type: &str) -> Slot {
    let schema = fhir::schema::r4();
    let id = schema.type_id(resource).unwrap();
    Slot::of_element(schema.element_by_name(id, name).unwrap(), fhir_type).unwrap()
}

/// Calls a function with constants `'…'`, texts, and NULL, and writes what it gives; flags follow in brackets.
fn call(function: Function, slot: &Slot, arguments: &[&str]) -> String {
    let literals: Vec<_> =
        arguments.iter().map(|text| text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''))).collect();
    let mut values: Vec<_> =
        arguments.iter().map(|text| Argument::Text(Some(*text).filter(|text| *text != "NULL"))).collect();
    let mut notes = Notes::default();
    let prepared = match prepare(function, slot, &literals, &context()) {
        Ok(prepared) => prepared,
        Err(error) => return error,
    };
    let mut out = Vec::new();
    let written = prepared.make(&mut values, &mut notes).and_then(|value| write_json(&value, slot, &mut out));
    let mut text = match written {
        Ok(true) => String::from_utf8(out).unwrap(),
        Ok(false) => "absent".to_owned(),
        Err(reason) => format!("{}: {}", reason.code, reason.message),
    };
    if !notes.flags.is_empty() {
        text.extend([" [", &notes.flags.join(","), "]"]);
    }
    text
}

#[test]
fn births_are_read_in_any_spelling_and_not_in_the_future() {
    let birth = element("Patient", "birthDate", "date");
    for (text, expected) in [
        ("2015-01-14", "\"2015-01-14\""),
        ("1936年04月08日", "\"1936-04-08\""),
        ("2017/8/1", "\"2017-08-01\""),
        ("19980805", "\"1998-08-05\""),
        ("1965-02-30", "impossible-date: `1965-02-30` is a day or time that does not exist"),
        ("2065-01-01", "future-date: `2065-01-01` lies after today, 2026-11-26"),
        ("2015-01-14T10:00:00Z", "\"2015-01-14\""),
        ("NULL", "absent"),
        ("", "absent"),
    ] {
        assert_eq!(call(Function::Date, &birth, &[text]), expected);
    }
    assert_eq!(call(Function::Date, &Slot::of_type("date").unwrap(), &["2065-01-01"]), "\"2065-01-01\"");
}

#[test]
fn sexes_are_codes_or_unmapped() {
    let gender = element("Patient", "gender", "code");
    assert_eq!(call(Function::Code, &gender, &["'sex'", "男性"]), "\"male\"");
    assert_eq!(call(Function::Code, &gender, &["'sex'", "ｆ"]), "\"female\"");
    assert_eq!(
        call(Function::Code, &gender, &["'sex'", "未说明"]),
        "unmapped-code: `未说明` has no code in codes/sex.csv"
    );
}

#[test]
fn results_are_quantities_with_units_or_no_numbers() {
    let value = element("Observation", "value", "Quantity");
    let context = context();
    let quantity = |result: &str, unit: &str| {
        let inner =
            prepare(Function::Unit, &Slot::of_type("Quantity").unwrap(), &[Some("lab"), None], &context).unwrap();
        let outer = prepare(Function::Quantity, &value, &[None, None], &context).unwrap();
        let mut notes = Notes::default();
        let unit = match inner.make(&mut [Argument::default(), Argument::Text(Some(unit))], &mut notes) {
            Ok(value) => Argument::Value(value),
            Err(reason) => Argument::Failed(reason),
        };
        let mut out = Vec::new();
        let made = outer.make(&mut [Argument::Text(Some(result)), unit], &mut notes);
        match made.and_then(|made| write_json(&made, &value, &mut out)) {
            Ok(_) => format!("{} {}", String::from_utf8(out).unwrap(), notes.flags.join(",")).trim_end().to_owned(),
            Err(reason) => reason.code.to_owned(),
        }
    };
    let ucum = r#""system":"http://unitsofmeasure.org","code":"#;
    assert_eq!(quantity("６．８", "×10^9/L"), format!(r#"{{"value":6.8,"unit":"×10^9/L",{ucum}"10*9/L"}}"#));
    assert_eq!(
        quantity(" <4.2 ", "mmol/L"),
        format!(r#"{{"value":4.2,"comparator":"<","unit":"mmol/L",{ucum}"mmol/L"}}"#)
    );
    assert_eq!(quantity("158.50", "µmol/L"), format!(r#"{{"value":158.50,"unit":"µmol/L",{ucum}"umol/L"}}"#));
    assert_eq!(quantity("3.1", "瓶"), r#"{"value":3.1,"unit":"瓶"} unknown-unit"#);
    assert_eq!(quantity("3.1", ""), r#"{"value":3.1}"#);
    for text in ["阴性", "阳性(+)", "见备注", "1:320", "<1:100"] {
        assert_eq!(quantity(text, ""), "not-a-number");
    }
    assert_eq!(call(Function::Text, &element("Observation", "value", "string"), &["阳性(+)"]), "\"阳性(+)\"");
}

#[test]
fn what_cannot_be_prepared_says_how_it_is_called() {
    let slot = Slot::of_type("Quantity").unwrap();
    assert_eq!(call(Function::Quantity, &slot, &[]), "`quantity` is called as quantity(value[, unit])");
    assert_eq!(call(Function::Unit, &slot, &["x", "y"]), "MAP of `unit` must be a constant");
    assert_eq!(call(Function::Date, &slot, &["x"]), "`date` does not give Quantity; it gives date, dateTime");
    assert_eq!(
        call(Function::Date, &Slot::of_type("date").unwrap(), &["x", "'%d.%m.%Q'"]),
        "`%Q` is not a sign of date formats, which are %Y %y %m %b %B %d %H %I %p %M %S %f %z %%"
    );
    assert_eq!(
        prepare_plain(&Slot::of_type("CodeableConcept").unwrap(), &context()).unwrap_err(),
        "plain text is no CodeableConcept: use `code(…)` or `text(…)`, or name its elements"
    );
}

/// Texts in quotes that follow a word of this room's code.
fn quoted_after(code: &str, word: &str) -> Vec<String> {
    let after = code.split(word).skip(1);
    let texts = after.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    texts.filter(|text| text.len() > 1 && text.contains('-')).map(str::to_owned).collect()
}

#[test]
fn the_page_of_mappings_has_every_function_reason_and_flag() {
    let crate_folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(crate_folder.join("../../docs/mapping.md")).unwrap();
    let mut missing = Vec::new();
    for function in Function::ALL {
        missing.extend(Some(function.signature().usage()).filter(|usage| !page.contains(&format!("`{usage}`"))));
    }
    let files = std::fs::read_dir(crate_folder.join("src/value")).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|file| file.is_file()) {
        let code = std::fs::read_to_string(file).unwrap();
        for word in ["Reason::of(", "code: ", "notes.flag(", "=> ("] {
            missing.extend(quoted_after(&code, word).into_iter().filter(|text| !page.contains(&format!("`{text}`"))));
        }
    }
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "docs/mapping.md lacks {missing:?}");
}

/// Elements that take each type, in a resource that is valid around them.
const PLACES: [(&str, &str, &str, &str); 12] = [
    ("Observation", "code", "CodeableConcept", r#""resourceType":"Observation","status":"final""#),
    ("Observation", "value", "Quantity", r#""resourceType":"Observation","status":"final","code":{"text":"c"}"#),
    ("Observation", "value", "string", r#""resourceType":"Observation","status":"final","code":{"text":"c"}"#),
    ("Observation", "effective", "dateTime", r#""resourceType":"Observation","status":"final","code":{"text":"c"}"#),
    ("Observation", "effective", "Period", r#""resourceType":"Observation","status":"final","code":{"text":"c"}"#),
    ("Observation", "issued", "instant", r#""resourceType":"Observation","status":"final","code":{"text":"c"}"#),
    ("Patient", "birthDate", "date", r#""resourceType":"Patient""#),
    ("Patient", "gender", "code", r#""resourceType":"Patient""#),
    ("Patient", "name", "HumanName", r#""resourceType":"Patient""#),
    ("Patient", "address", "Address", r#""resourceType":"Patient""#),
    ("Patient", "identifier", "Identifier", r#""resourceType":"Patient""#),
    ("Patient", "multipleBirth", "integer", r#""resourceType":"Patient""#),
];

/// Texts as they lie in tables, and worse.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,4}([./-][0-9]{1,3}){0,3}( [0-9]{1,2}:[0-9]{2})?",
        "[<>≤＜]?[0-9０-９]{1,3}([.,．][0-9]{1,3}){0,2}",
        "(男|女|M|WBC|10\\^9/L|umol/L|阴性|male|[0-9]{17}[0-9X])",
        "\\PC{0,12}",
        any::<String>().prop_map(|text| text.chars().take(12).collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever the cells hold, what is written is valid where it is written.
    #[test]
    fn nothing_that_is_written_is_invalid(cells in prop::collection::vec(cell(), 3)) {
        let context = context();
        for (resource, name, fhir_type, around) in PLACES {
            let slot = element(resource, name, fhir_type);
            let schema = fhir::schema::r4();
            let id = schema.type_id(resource).unwrap();
            let of_element = schema.element_by_name(id, name).unwrap();
            let json_name = schema.json_name(id, of_element, schema.type_id(fhir_type).unwrap()).unwrap();
            let functions = Function::ALL.into_iter().filter(|function| function.signature().gives.contains(&fhir_type));
            let calls = functions.filter_map(|function| {
                let first = match function {
                    Function::Code => "lab",
                    Function::Ref => "Patient",
                    Function::Identifier => "urn:oid:2.16.156.10011.1.3",
                    _ => "",
                };
                let literals: Vec<_> = (0..function.signature().arguments_min()).map(|at| Some(first).filter(|first| at == 0 && !first.is_empty())).collect();
                prepare(function, &slot, &literals, &context).ok().map(|prepared| (literals.len(), prepared))
            });
            let systems = prepare(Function::Code, &slot, &[Some("http://loinc.org"), None, None], &context).ok().map(|call| (3, call));
            for (count, call) in calls.chain(systems).chain(prepare_plain(&slot, &context).ok().map(|call| (1, call))) {
                let mut arguments: Vec<_> = cells.iter().cycle().take(count).map(|cell| Argument::Text(Some(cell))).collect();
                let mut out = Vec::new();
                let Ok(value) = call.make(&mut arguments, &mut Notes::default()) else { continue };
                if !matches!(write_json(&value, &slot, &mut out), Ok(true)) {
                    prop_assert!(out.is_empty());
                    continue;
                }
                let written = String::from_utf8(out).unwrap();
                let (open, close) = if of_element.repeats() { ("[", "]") } else { ("", "") };
                let text = format!("{{{around},\"{json_name}\":{open}{written}{close}}}");
                let document = Document::parse(text.as_bytes()).unwrap();
                let issues = fhir::validate::validate(document.root(), &fhir::validate::Options::default());
                let errors: Vec<_> = issues.iter().filter(|issue| issue.severity == fhir::validate::Severity::Error).collect();
                prop_assert!(errors.is_empty(), "{text}: {errors:?}");
            }
        }
    }
}
