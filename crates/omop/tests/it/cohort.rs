//! Cohorts against those that another program made.

use crate::data;
use omop::cohort::{Definition, run};
use std::collections::BTreeSet;
use std::path::Path;

/// Persons and dates: the cohorts of the data, and those of definitions that use what is understood, with the rows that duckcdm
/// 0.4.7 gives (`tools/compare_cohorts.py --write`).
#[test]
fn cohorts_of_circe_definitions_are_the_same_persons_and_dates() {
    let archives = ["omop-synthea27nj", "omop-vocabulary-extra", "omop-cohorts"];
    let Some(folder) = data::unpacked(&archives) else { return };
    let cdm = data::cdm(folder.path());
    let rows = |definition: &Path| -> Vec<String> {
        let text = std::fs::read_to_string(definition).unwrap();
        let cohort = run(&cdm, &Definition::read(&text).unwrap()).unwrap();
        cohort.members.iter().map(|member| format!("{},{},{}", member.person, member.start, member.end)).collect()
    };
    for (name, persons) in
        [("viral-sinusitis-first", 23), ("viral-sinusitis-adult-365", 18), ("sinusitis-descendants", 23)]
    {
        let found = rows(&folder.path().join(format!("{name}.json")));
        let expected = std::fs::read_to_string(folder.path().join(format!("{name}.csv"))).unwrap();
        let row = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{},{}", cells[0], cells[2], cells[3])
        };
        assert_eq!(found, expected.lines().skip(1).map(row).collect::<Vec<_>>(), "{name}");
        let ids: BTreeSet<&str> = found.iter().filter_map(|row| row.split(',').next()).collect();
        assert_eq!(ids.len(), persons, "{name}");
    }
    let mut compared = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cohorts")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let expected = std::fs::read_to_string(path.with_extension("csv")).unwrap();
            assert_eq!(rows(&path), expected.lines().skip(1).collect::<Vec<_>>(), "{}", path.display());
            compared += 1;
        }
    }
    assert_eq!(compared, 12);
}

/// A definition with one thing changed is refused by the path of that thing.
#[test]
fn what_is_not_understood_is_refused_by_its_path() {
    let base = serde_json::json!({
        "ConceptSets": [{"id": 0, "name": "x", "expression": {"items": [{"concept": {"CONCEPT_ID": 1}}]}}],
        "PrimaryCriteria": {
            "CriteriaList": [{"ConditionOccurrence": {"CodesetId": 0}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "All"}
        },
        "QualifiedLimit": {"Type": "First"}, "ExpressionLimit": {"Type": "All"}, "InclusionRules": [], "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0}, "CensorWindow": {}, "cdmVersionRange": ">=5.0.0"
    });
    assert!(Definition::read(&base.to_string()).is_ok());
    let wrapped = serde_json::json!({"id": 3, "name": "n", "expression": base.to_string()});
    assert!(Definition::read(&wrapped.to_string()).is_ok());
    let cases = [
        (
            "/PrimaryCriteria/CriteriaList/0",
            serde_json::json!({"LocationRegion": {"CodesetId": 0}}),
            "PrimaryCriteria.CriteriaList[0].LocationRegion",
        ),
        (
            "/PrimaryCriteria/CriteriaList/0",
            serde_json::json!({"ConditionOccurrence": {"CodesetId": 7}}),
            "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.CodesetId",
        ),
        (
            "/PrimaryCriteria/CriteriaList/0",
            serde_json::json!({"ConditionOccurrence": {"CodesetId": 0, "Weather": "fine"}}),
            "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Weather",
        ),
        (
            "/PrimaryCriteria/CriteriaList/0",
            serde_json::json!({"ConditionOccurrence": {"Age": {"Value": 18, "Op": "about"}}}),
            "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Age.Op",
        ),
        (
            "/PrimaryCriteria/CriteriaList/0",
            serde_json::json!({"ConditionOccurrence": {"Age": {"Value": 18.5, "Op": "gt"}}}),
            "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Age.Value",
        ),
        (
            "/ConceptSets",
            serde_json::json!([{"id": 0, "expression": {"items": []}}, {"id": 0, "expression": {"items": []}}]),
            "ConceptSets[1].id",
        ),
        ("/CollapseSettings", serde_json::json!({"CollapseType": "NONE"}), "CollapseSettings.CollapseType"),
        ("/ExpressionLimit", serde_json::json!({"Type": "Random"}), "ExpressionLimit.Type"),
        (
            "/InclusionRules",
            serde_json::json!([{"name": "r", "expression": {"Type": "ALL", "Groups": [{"Type": "SOME"}]}}]),
            "InclusionRules[0].expression.Groups[0].Type",
        ),
    ];
    for (at, value, path) in cases {
        let mut changed = base.clone();
        *changed.pointer_mut(at).unwrap() = value;
        let error = Definition::read(&changed.to_string()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{path}: ")), "{error}");
    }
    let mut more = base;
    more["Sauce"] = serde_json::json!(1);
    assert!(Definition::read(&more.to_string()).unwrap_err().to_string().starts_with("Sauce: "));
}
