//! OMOP in, out again, and what of it is the same.

use crate::mapping::{equal, pulled, tables, unpacked};
use crate::program::Data;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::process::Command;

/// Makes of the tables of two folders a download as Athena writes it: of each table the one with more rows, separated by tabs.
const AS_ATHENA: &str = r#"
import csv, os, sys
csv.field_size_limit(1 << 30)
*froms, to = sys.argv[1:]
for name in ["CONCEPT", "CONCEPT_RELATIONSHIP", "CONCEPT_ANCESTOR", "CONCEPT_CLASS", "VOCABULARY", "DOMAIN", "RELATIONSHIP"]:
    paths = [os.path.join(folder, file) for folder in froms for file in os.listdir(folder) if file.upper() == name + ".CSV"]
    best = max(paths, key=os.path.getsize)
    with open(best, newline="", encoding="utf-8-sig") as file, open(os.path.join(to, name + ".csv"), "w") as out:
        for row in csv.reader(file):
            out.write("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row) + "\n")
"#;

/// The 28 persons of a database of the model, with their vocabulary: into FHIR, and out into the model again.
#[test]
fn a_database_of_omop_comes_out_of_fhir_as_it_went_in() {
    let Some(folder) = tables() else { return };
    let data = Data::new();
    let before = unpacked(&data, &folder, "omop-synthea27nj");
    let extra = unpacked(&data, &folder, "omop-vocabulary-extra");
    let vocabulary = data.path("vocabulary");
    std::fs::create_dir_all(&vocabulary).unwrap();
    let arguments = [before.as_path(), extra.as_path(), vocabulary.as_path()];
    let made = Command::new("python3").arg("-c").arg(AS_ATHENA).args(arguments).status().unwrap();
    assert!(made.success());
    data.done(&["vocabulary", "load", vocabulary.to_str().unwrap(), "--no-search"]);
    pulled(&data, "omop", &before, "omop-5.4");
    data.done(&["mapping", "run", "omop", "--write", "--json"]);
    let after = data.path("after");
    data.done(&["omop", "export", after.to_str().unwrap(), "--format", "csv"]);
    let link = data.path("link.csv");
    let sql = "SELECT _row AS person_id, identifier AS before FROM patient";
    let told = data.done(&["sql", sql, "--format", "csv"]);
    std::fs::write(&link, told).unwrap();
    // All rows are there; what of their other fields is lost stands on the page, field by field.
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/omop.md");
    equal("compare_omop.py", &[&before, &after, &link, Path::new("--told"), &page]);

    // The cohorts of the definitions have the persons and days that they have over the tables as they came.
    let links = std::fs::read_to_string(&link).unwrap();
    let persons: HashMap<&str, &str> = links.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
    let cohorts = unpacked(&data, &folder, "omop-cohorts");
    for name in ["viral-sinusitis-first", "viral-sinusitis-adult-365", "sinusitis-descendants"] {
        let definition = cohorts.join(format!("{name}.json"));
        let found = data.json(&["omop", "cohort", definition.to_str().unwrap(), "--json"]);
        let row = |row: &serde_json::Value| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            let person = persons[row["subject_id"].to_string().as_str()];
            format!("{person},{},{}", text("cohort_start_date"), text("cohort_end_date"))
        };
        let found: BTreeSet<String> = found["rows"].as_array().unwrap().iter().map(row).collect();
        let expected = std::fs::read_to_string(cohorts.join(format!("{name}.csv"))).unwrap();
        let row = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{},{}", cells[0], cells[2], cells[3])
        };
        let expected: BTreeSet<String> = expected.lines().skip(1).map(row).collect();
        assert_eq!(found, expected, "{name}");
    }
}

/// What sources delivered is there in SQL, for those who may see it, and no other finds even the name.
#[test]
fn rows_of_sources_are_in_sql_with_their_history() {
    let data = Data::new();
    let extracts = data.path("extracts");
    std::fs::create_dir_all(&extracts).unwrap();
    let file = |name: &str, text: &str| std::fs::write(extracts.join(name), text).unwrap();
    file("mapping.toml", "name = \"clinic\"\n[tables.people]\nkey = [\"PID\"]\n");
    file("patient.sql", "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\" FROM people p");
    file("people.csv", "PID,Born\n17,1984-02-29\n18,\n");
    pulled(&data, "north-clinic", &extracts, extracts.to_str().unwrap());
    let ask = |sql: &str| data.done(&["sql", sql, "--format", "csv"]).replace("\r\n", "\n");
    assert_eq!(ask("SELECT pid, born FROM src_north_clinic.people ORDER BY pid"), "pid,born\n17,1984-02-29\n18,\n");
    file("people.csv", "PID,Born\n17,1985-02-28\n18,\n");
    data.done(&["source", "pull", "north-clinic", "--accept"]);
    assert_eq!(
        ask("SELECT count(*), min(born) FROM src_north_clinic.people"),
        "count(*),min(src_north_clinic.people.born)\n2,1985-02-28\n"
    );
    let history = "SELECT pid, born, __delivery, __gone FROM src_north_clinic.people__history ORDER BY pid, born";
    assert_eq!(ask(history), "pid,born,__delivery,__gone\n17,1984-02-29,1,2\n17,1985-02-28,2,\n18,,1,\n");
    assert!(ask("SHOW TABLES").contains("src_north_clinic.people__history"));
}
