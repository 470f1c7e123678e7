//! The cells of a Chinese hospital system against what they must become.

use super::*;
use crate::codes::{CodeMaps, UnitMaps};
use crate::read::{Charset, Delivery, ReadOptions, RowBatch, TableOptions};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The rows of a table of the first delivery, by column.
fn rows(data: &Path, table: &str) -> Vec<HashMap<String, String>> {
    let delivery = Delivery::open(&data.join("his-zh.tar.xz"), &ReadOptions::default()).unwrap();
    let is_it = |listed: &&crate::read::Listed| listed.file.contains("day1") && listed.file.contains(table);
    let listed = delivery.tables().iter().find(is_it).unwrap();
    let options = TableOptions { encoding: Some(Charset::for_name("gb18030").unwrap()), ..TableOptions::default() };
    let mut opened = delivery.open_table(listed, options).unwrap();
    let columns = opened.columns().to_vec();
    let (mut all, mut batch) = (Vec::new(), RowBatch::new(columns.len()));
    while opened.next(&mut batch).unwrap() {
        for row in 0..batch.len() {
            let cell = |at: usize| batch.cell(row, at).unwrap_or_default().to_owned();
            all.push(columns.iter().enumerate().map(|(at, name)| (name.clone(), cell(at))).collect());
        }
    }
    all
}

fn map(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/his-zh").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn context() -> Context {
    let mut context = Context::new("his-zh");
    context.zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    context.today = Some(jiff::civil::date(2026, 11, 26));
    let (mut codes, mut units) = (CodeMaps::default(), UnitMaps::default());
    for name in ["sex", "lab"] {
        codes.add_csv(name, name, &map(&format!("codes/{name}.csv"))).unwrap();
    }
    units.add_csv("lab", "lab", &map("units/lab.csv")).unwrap();
    (context.codes, context.units) = (codes, units);
    context
}

fn element(resource: &str, name: &str, fhir_type: &str) -> Slot {
    let schema = fhir::schema::r4();
    let id = schema.type_id(resource).unwrap();
    Slot::of_element(schema.element_by_name(id, name).unwrap(), fhir_type).unwrap()
}

/// What a call gives for texts, read back; null for nothing; the reason's code as `{"reason": …}`. Flags are collected.
fn call<'a>(prepared: &'a Prepared, slot: &Slot, mut arguments: Vec<Argument<'a>>, notes: &mut Notes) -> Json {
    let mut out = Vec::new();
    let written = prepared
        .make(&mut arguments, notes)
        .map_err(|reason| reason.code)
        .and_then(|value| write_json(&value, slot, &mut out).map_err(|reason| reason.code));
    match written {
        Ok(true) => serde_json::from_slice(&out).unwrap(),
        Ok(false) => Json::Null,
        Err(code) => serde_json::json!({ "reason": code }),
    }
}

fn data() -> Option<PathBuf> {
    let Ok(data) = std::env::var("MEDWEAVE_TEST_DATA") else {
        assert!(std::env::var_os("CI").is_none(), "MEDWEAVE_TEST_DATA is not set");
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
        return None;
    };
    Some(Path::new(&data).join("records/tables"))
}

fn expected(data: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(data.join("his-zh.expected.json")).unwrap()).unwrap()
}

#[test]
fn every_patient_has_the_birth_date_sex_and_identity_number_expected() {
    let Some(data) = data() else { return };
    let (context, expected) = (context(), expected(&data));
    let (birth, gender) = (element("Patient", "birthDate", "date"), element("Patient", "gender", "code"));
    let (number, full) = (element("Patient", "identifier", "Identifier"), element("Patient", "name", "HumanName"));
    let date = prepare(Function::Date, &birth, &[None], &context).unwrap();
    let code = prepare(Function::Code, &gender, &[Some("sex"), None], &context).unwrap();
    let identity = [Some("urn:oid:2.16.156.10011.1.3"), None, Some("official"), Some("NNCHN")];
    let identity = prepare(Function::Identifier, &number, &identity, &context).unwrap();
    let name = prepare(Function::Name, &full, &[None], &context).unwrap();
    let rows = rows(&data, "病人基本信息");
    assert_eq!(rows.len(), 61);
    let mut reasons = Vec::new();
    for row in &rows {
        let patient = &expected["patients"][&row["病人ID"]];
        let mut notes = Notes::default();
        let text = |column: &str| Argument::Text(Some(&row[column]));
        let born = call(&date, &birth, vec![text("出生日期")], &mut notes);
        match &patient["birthDate"] {
            Json::Null => reasons.push(born["reason"].as_str().unwrap().to_owned()),
            day => assert_eq!(&born, day, "{row:?}"),
        }
        assert_eq!(call(&code, &gender, vec![Argument::default(), text("性别")], &mut notes), patient["gender"]);
        assert_eq!(call(&name, &full, vec![text("姓名")], &mut notes)["text"], patient["name"]);
        let identifier = call(&identity, &number, vec![Argument::default(), text("身份证号")], &mut notes);
        assert_eq!(identifier["value"], row["身份证号"]);
        assert_eq!(notes.flags.is_empty(), patient["id_valid"] == true, "{row:?}");
    }
    assert_eq!(reasons, ["impossible-date", "future-date"]);
}

#[test]
fn every_result_has_the_value_comparator_unit_and_code_expected() {
    let Some(data) = data() else { return };
    let (context, expected) = (context(), expected(&data));
    let value = element("Observation", "value", "Quantity");
    let concept = element("Observation", "code", "CodeableConcept");
    let quantity = prepare(Function::Quantity, &value, &[None, None], &context).unwrap();
    let unit = prepare(Function::Unit, &Slot::of_type("Quantity").unwrap(), &[Some("lab"), None], &context).unwrap();
    let code = prepare(Function::Code, &concept, &[Some("lab"), None, None], &context).unwrap();
    let (mut seen, mut texts) = (0, 0);
    for row in rows(&data, "检验结果") {
        let Some(result) = expected["labs"].get(&row["条码号"]) else { continue };
        seen += 1;
        let mut notes = Notes::default();
        let text = |column: &str| Argument::Text(Some(&row[column]));
        let coded = call(&code, &concept, vec![Argument::default(), text("项目代码"), text("项目名称")], &mut notes);
        assert_eq!(coded["coding"][0]["code"], result["loinc"]);
        assert_eq!(coded["coding"][1]["code"], row["项目代码"].as_str());
        let spelled = unit.make(&mut [Argument::default(), text("单位")], &mut notes).unwrap();
        let made = call(&quantity, &value, vec![text("结果"), Argument::Value(spelled)], &mut notes);
        assert!(notes.flags.is_empty() && notes.unmapped.is_empty(), "{row:?}: {notes:?}");
        match result.get("value") {
            Some(number) => {
                assert_eq!(made["value"].to_string(), number.as_str().unwrap(), "{row:?}");
                assert_eq!(made.get("comparator"), result.get("comparator"), "{row:?}");
                assert_eq!(made["code"], result["unit"], "{row:?}");
            }
            None => {
                texts += 1;
                assert_eq!(made["reason"], "not-a-number", "{row:?}");
            }
        }
    }
    assert_eq!((seen, texts), (405, 81));
}
