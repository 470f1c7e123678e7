//! Tables of a delivery: found by any of their names in files of any kind, passed over or refused where they are not what they should be.

use crate::house::{House, everything};
use std::path::Path;
use tables::mapping::Settings;
use tables::pull::{IfDoubtful, PullReport};
use tables::run::{files_of, find_tables};

fn settings(toml: &str) -> Settings {
    Settings::of_files(&[("mapping.toml".to_owned(), toml.to_owned())])
}

fn pull(house: &House, settings: &Settings, path: &Path) -> Result<PullReport, tables::Error> {
    let found = find_tables(settings, path, house.folder.path())?;
    house.sources.pull(&everything(), "his", &found.tables, IfDoubtful::Stop, &mut |_, _| Ok(()))
}

/// The files of a delivery in a folder of its own.
fn delivery(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn found(settings: &Settings, path: &Path) -> Vec<String> {
    let found = find_tables(settings, path, std::env::temp_dir().as_path()).unwrap();
    found.tables.iter().map(|table| format!("{}={}", table.name, table.origin.file())).collect()
}

#[test]
fn mimic_iv_is_found_in_folders_of_any_shape_and_in_databases() {
    let settings = Settings::of_files(&files_of("mimic-iv").unwrap());
    let empty: &[u8] = b"subject_id,hadm_id\n";
    for (patients, admissions) in [
        ("hosp/patients.csv", "hosp/admissions.csv"),
        ("patients.csv", "admissions.csv"),
        ("files/mimiciv/3.1/hosp/patients.csv", "files/mimiciv/3.1/hosp/admissions.csv"),
        ("hosp_patients.csv", "hosp_admissions.csv"),
        ("PATIENTS.tsv", "ADMISSIONS.tsv"),
    ] {
        let folder = delivery(&[(patients, empty), (admissions, empty)]);
        let expected = [format!("admissions={admissions}"), format!("patients={patients}")];
        assert_eq!(found(&settings, folder.path()), expected);
    }
    for prefix in ["", "hosp_", "mimiciv_hosp_"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mimic4.db");
        let database = rusqlite::Connection::open(&path).unwrap();
        for table in ["patients", "admissions"] {
            database.execute_batch(&format!("CREATE TABLE {prefix}{table} (subject_id, hadm_id)")).unwrap();
        }
        drop(database);
        let at = |table: &str| format!("{table}=mimic4.db#{prefix}{table}");
        assert_eq!(found(&settings, &path), [at("admissions"), at("patients")]);
    }
    // Two modules have a table of this name: the one that the mapping names with its schema is taken.
    let dump =
        b"CREATE TABLE mimiciv_hosp.patients (subject_id int);\nCREATE TABLE mimiciv_hosp.admissions (hadm_id int);\n\
        CREATE TABLE mimiciv_ed.vitalsign (stay_id int);\nCREATE TABLE mimiciv_derived.vitalsign (stay_id int);\n";
    let folder = delivery(&[("mimic.sql", dump)]);
    let tables = found(&settings, folder.path());
    assert!(tables.contains(&"vitalsign=mimic.sql#mimiciv_ed.vitalsign".to_owned()), "{tables:?}");
}

#[test]
fn of_several_tables_that_may_be_meant_none_is_taken_though_it_may_be_absent() {
    let settings = settings("name = \"a\"\n[tables.lab]\noptional = true\n");
    let folder = delivery(&[("a/lab.csv", b"id\n1\n"), ("b/lab.csv", b"id\n2\n")]);
    let error = find_tables(&settings, folder.path(), folder.path()).err().unwrap().to_string();
    assert!(error.contains("`lab` is 2 tables: a/lab.csv, b/lab.csv"), "{error}");
}

#[test]
fn an_optional_table_of_other_columns_is_passed_over_until_it_was_there_once() {
    let settings =
        settings("name = \"a\"\n[tables.lab]\nuses = [\"id\"]\n[tables.paid]\noptional = true\nuses = [\"from\"]\n");
    let house = House::new();
    let old = delivery(&[("lab.csv", b"id,v\n1,2\n"), ("paid.csv", b"year,v\n2020,1\n")]);
    let report = pull(&house, &settings, old.path()).unwrap();
    assert_eq!(report.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["lab"]);
    let [(table, why)] = report.passed_over.as_slice() else { panic!("{report:?}") };
    assert_eq!(table, "paid");
    assert!(why.contains("has no column from"), "{why}");
    let new = delivery(&[("lab.csv", b"id,v\n1,2\n"), ("paid.csv", b"from,v\n2020-01-01,1\n")]);
    assert_eq!(pull(&house, &settings, new.path()).unwrap().tables.len(), 2);
    let error = pull(&house, &settings, old.path()).unwrap_err().to_string();
    assert!(error.contains("paid has no column from"), "{error}");
}

#[test]
fn utf_8_that_is_declared_to_be_something_else_stops_the_delivery() {
    let text = "id,name\n1,张三\n2,李雷\n3,王芳\n";
    for declared in ["gb18030", "gbk", "big5", "shift_jis", "windows-1252"] {
        let house = House::new();
        let settings = settings(&format!("name = \"a\"\nencoding = \"{declared}\"\n[tables.lab]\n"));
        let folder = delivery(&[("lab.csv", text.as_bytes())]);
        let error = pull(&house, &settings, folder.path()).unwrap_err().to_string();
        assert!(error.contains("all of it is UTF-8") && error.contains("lab.csv"), "{error}");
        assert_eq!((house.rows().len(), house.arrivals()), (0, 0));
    }
    let house = House::new();
    let settings = settings("name = \"a\"\nencoding = \"gb18030\"\n[tables.lab]\n");
    let folder = delivery(&[("lab.csv", &encoding_rs::GB18030.encode(text).0)]);
    pull(&house, &settings, folder.path()).unwrap();
    assert_eq!(house.rows(), ["1,张三", "2,李雷", "3,王芳"]);
}

#[test]
fn a_header_line_among_the_rows_is_no_row() {
    let house = House::new();
    let folder = delivery(&[("lab.csv", b"id,v\n1,2\nid,v\n\"id\", v ,\n3,id\n")]);
    let report = pull(&house, &settings("name = \"a\"\n[tables.lab]\n"), folder.path()).unwrap();
    // The last but one has a cell too many, which is empty.
    assert_eq!((report.tables[0].rows, report.tables[0].bad), (2, 2));
    assert_eq!(house.rows(), ["1,2", "3,id"]);
}
