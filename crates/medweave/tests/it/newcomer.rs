//! From tables that nobody knows to a mapping that runs: `source profile`, `mapping new`, `mapping test`, `codes`.

use crate::program::Data;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The JSON that a command prints.
fn asked(data: &Data, arguments: &[&str]) -> Value {
    let output = data.run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", text(&output.stdout)))
}

/// The set's tables, unpacked beside the data directory.
fn unpacked(data: &Data, archive: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("MEDWEAVE_TEST_DATA") else {
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
        return None;
    };
    let to = data.path(archive);
    let file = std::fs::File::open(Path::new(&folder).join(format!("records/tables/{archive}.tar.xz"))).unwrap();
    tar::Archive::new(liblzma::read::XzDecoder::new(file)).unpack(&to).unwrap();
    Some(to)
}

/// Begins a mapping for tables, and runs it dry as it is. Gives the lines of SQL and what each target made of how many rows.
fn begun(data: &Data, tables: &Path) -> (usize, Vec<(String, u64, u64)>) {
    let map = data.path("begun");
    let (tables, map) = (tables.to_str().unwrap(), map.to_str().unwrap());
    data.done(&["mapping", "new", tables, "--into", map]);
    data.done(&["mapping", "check", map]);
    data.done(&["source", "add", "unknown", "--path", tables, "--mapping", map]);
    data.done(&["source", "pull", "unknown"]);
    let checked = asked(data, &["mapping", "check", "unknown", "--json"]);
    assert_eq!(checked["problems"].as_array().map(Vec::len), Some(0), "{checked}");
    let report = asked(data, &["mapping", "run", "unknown", "--json"]);
    let made = report["targets"].as_array().unwrap().iter().map(|target| {
        let number = |name: &str| target[name].as_u64().unwrap();
        assert_eq!(number("rows"), ["resources", "merged", "filtered", "rejected"].map(number).iter().sum::<u64>());
        (target["name"].as_str().unwrap().to_owned(), number("resources"), number("rejected"))
    });
    let sql =
        std::fs::read_dir(map).unwrap().flatten().filter(|entry| entry.path().extension().is_some_and(|e| e == "sql"));
    let lines = sql.map(|entry| {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        text.lines().filter(|line| !line.starts_with("--")).count()
    });
    (lines.sum(), made.collect())
}

fn resources(made: &[(String, u64, u64)], target: &str) -> u64 {
    made.iter().find(|(name, ..)| name == target).map_or(0, |(_, resources, _)| *resources)
}

#[test]
fn a_folder_with_odd_names_becomes_patients_visits_and_results_by_itself() {
    let data = Data::new();
    let folder = data.path("odd");
    std::fs::create_dir_all(&folder).unwrap();
    let (mut a, mut b, mut c) =
        (String::from("k1;q;w\n"), String::from("z9;k1;d1;d2\n"), String::from("n;z9;what;res;u;ts\n"));
    for nth in 0..60 {
        let sex = if nth % 2 == 0 { "m" } else { "f" };
        writeln!(a, "AB{nth:04};{sex};{:02}.{:02}.{}", nth % 28 + 1, nth % 12 + 1, 1930 + nth).unwrap();
        let day = nth % 9 + 1;
        writeln!(b, "V-{nth:05};AB{:04};0{day}.03.2024 10:00;0{day}.03.2024 11:00", (nth * 7) % 60).unwrap();
        writeln!(c, "{};V-{:05};Na;1{nth};mmol/L;0{day}.03.2024 10:30", nth + 500_000, (nth * 11) % 60).unwrap();
    }
    for (name, text) in [("t001.csv", a), ("t002.csv", b), ("lab x.csv", c)] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let (lines, made) = begun(&data, &folder);
    for target in ["Patient", "Encounter", "Observation"] {
        assert_eq!(resources(&made, target), 60, "{made:?}");
    }
    assert!(lines <= 30, "{lines} lines of SQL");
}

/// A mapping that is begun for a set of the test data makes at least so many resources of each type, as it is.
fn begins(archive: &str, inside: &str, least: &[(&str, u64)]) {
    let data = Data::new();
    let Some(mut set) = unpacked(&data, archive) else { return };
    // Archives hold a folder of their name, or what is in it.
    for folder in [archive, inside] {
        if !folder.is_empty() && set.join(folder).is_dir() {
            set = set.join(folder);
        }
    }
    let (_, made) = begun(&data, &set);
    for (target, resources_least) in least {
        assert!(resources(&made, target) >= *resources_least, "{archive} {target}: {made:?}");
    }
}

#[test]
fn a_mapping_that_is_begun_runs_on_intensive_care_of_eicu() {
    begins("eicu-demo-174", "", &[("Patient", 100), ("Encounter", 174), ("Observation", 29_000)]);
}

#[test]
fn a_mapping_that_is_begun_runs_on_mimic_iii() {
    let least = [("Patient", 100), ("Encounter", 129), ("Condition", 1_700), ("MedicationRequest", 10_000)];
    begins("mimic3-demo", "", &least);
}

#[test]
fn a_mapping_that_is_begun_runs_on_the_chinese_hospital() {
    let least = [("Patient", 1), ("Encounter", 1), ("Observation", 300), ("Condition", 1), ("MedicationRequest", 1)];
    begins("his-zh", "day1", &least);
}

#[test]
fn a_mapping_that_is_begun_runs_on_synthea() {
    begins("synthea-pair", "csv", &[("Patient", 7), ("Encounter", 241), ("Observation", 2_000), ("Condition", 168)]);
}

#[test]
fn a_profile_needs_no_data_directory_and_tells_of_a_pulled_source_the_same() {
    let data = Data::new();
    let folder = data.path("clinic");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("people.csv"), "pid,sex,born\n17,F,1984-02-29\n18,M,1950-12-31\n19,F,NULL\n").unwrap();
    let of_path = asked(&data, &["source", "profile", folder.to_str().unwrap(), "--json"]);
    assert_eq!(of_path["likely"][0]["target"], "Patient");
    let map = data.path("map");
    data.done(&["mapping", "new", folder.to_str().unwrap(), "--into", map.to_str().unwrap()]);
    data.done(&["source", "add", "c1", "--path", folder.to_str().unwrap(), "--mapping", map.to_str().unwrap()]);
    data.done(&["source", "pull", "c1"]);
    let of_source = asked(&data, &["source", "profile", "c1", "--json"]);
    assert_eq!(of_path["tables"][0]["columns"], of_source["tables"][0]["columns"]);
    let told = text(&data.run(&["source", "profile", "c1"]).stdout);
    assert!(told.contains("1 NULL") && told.contains("Patient ("), "{told}");
    // What is there is not written over.
    let again = data.run(&["mapping", "new", "c1", "--into", map.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again.stderr));
    data.done(&["mapping", "new", "c1", "--into", data.path("again").to_str().unwrap()]);
}

const TOML: &str = "name = \"ward\"\n[tables.people]\nkey = [\"pid\"]\nuses = [\"pid\", \"sex\"]\n[tables.labs]\nuses = [\"id\", \"pid\", \"test\", \"value\"]\n";
const PATIENT: &str =
    "-- @target Patient @key p.pid\nSELECT code('sex', p.sex) AS gender, text(p.pid) AS \"name.text\" FROM people p\n";
const LABS: &str = "-- @target Observation @key l.id @required subject\nSELECT 'final' AS status, code('test', l.test) AS code, ref('Patient', l.pid) AS subject, number(l.value) AS \"value.Quantity.value\" FROM labs l\n";
const GOOD: &str = r#"
name = "an unknown patient's result is refused"
[tables]
people = """
pid,sex
1,f
2,?
"""
labs = """
id,pid,test,value
10,1,HB,13.1
11,9,HB,12
"""
[[target]]
name = "Patient"
resources = 2
[target.reasons]
unmapped-code = 1
[[target]]
name = "Observation"
resources = 1
rejected = 1
[[resource]]
resourceType = "Observation"
valueQuantity = { value = 13.1 }
[[absent]]
resourceType = "Observation"
valueQuantity = { value = 12 }
[[unmapped]]
map = "test"
value = "HB"
"#;

fn ward(data: &Data) -> PathBuf {
    let map = data.path("ward");
    for (name, text) in [
        ("mapping.toml", TOML),
        ("patient.sql", PATIENT),
        ("labs.sql", LABS),
        ("codes/sex.csv", "source,system,code\nf,http://hl7.org/fhir/administrative-gender,female\n"),
        ("codes/test.csv", "source,system,code\nHGB,http://loinc.org,718-7\n"),
        ("tests/refused.toml", GOOD),
    ] {
        std::fs::create_dir_all(map.join(name).parent().unwrap()).unwrap();
        std::fs::write(map.join(name), text).unwrap();
    }
    map
}

#[test]
fn a_mapping_brings_its_own_tests() {
    let data = Data::new();
    let map = ward(&data);
    data.done(&["mapping", "test", map.to_str().unwrap()]);
    std::fs::write(
        map.join("tests/wrong.json"),
        r#"{"tables": {"people": "pid,sex\n1,f\n"}, "target": [{"name": "Patient", "resources": 2}], "resource": [{"resourceType": "Patient", "gender": "male"}]}"#,
    )
    .unwrap();
    let failed = data.run(&["mapping", "test", map.to_str().unwrap()]);
    let told = text(&failed.stdout);
    assert_eq!(failed.status.code(), Some(1), "{told}");
    assert!(
        told.contains("FAILED  wrong")
            && told.contains("resources: 2 expected, 1 found")
            && told.contains("2 tests, 1 failed"),
        "{told}"
    );
}

/// The published counts have this form; the tables are made up.
#[test]
fn what_a_mapping_makes_is_compared_with_published_counts() {
    let data = Data::new();
    let counts = data.path("counts.csv");
    let lines =
        ["table,resources", "patient,2", "encounter,2", "observation_labevents,4", "condition,5", "procedure_ed,1"];
    std::fs::write(&counts, lines.join("\n")).unwrap();
    let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mimic-iv");
    let (set, counts) = (set.to_str().unwrap(), counts.to_str().unwrap());
    let differs = data.run(&["mapping", "test", "mimic-iv", "--counts", counts, "--path", set, "--json"]);
    assert_eq!(differs.status.code(), Some(1), "{}", text(&differs.stderr));
    let told: Value = serde_json::from_slice(&differs.stdout).unwrap();
    let state = |target: &str| {
        let all = told["counts"].as_array().unwrap();
        all.iter().find(|one| one["target"] == target).unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(told["different"], 2, "{told}");
    for target in ["patient", "encounter", "observation_labevents"] {
        assert_eq!(state(target), "equal");
    }
    assert_eq!((state("condition").as_str(), state("procedure_ed").as_str()), ("different", "no such target"));
    assert_eq!(state("location"), "not counted");
}

#[test]
fn the_chinese_mapping_passes_its_own_tests() {
    Data::new().done(&["mapping", "test", "his-zh"]);
}

#[test]
fn the_mapping_of_synthea_passes_its_own_tests() {
    Data::new().done(&["mapping", "test", "synthea-csv"]);
}

#[test]
fn a_code_that_a_person_approves_is_mapped_by_the_next_run() {
    let data = Data::new();
    let map = ward(&data);
    let folder = data.path("delivery");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("people.csv"), "pid,sex\n1,f\n2,x\n").unwrap();
    std::fs::write(folder.join("labs.csv"), "id,pid,test,value\n10,1,HB,13.1\n11,1,HB,12\n12,1,Sodium,140\n").unwrap();
    data.done(&["source", "add", "w", "--path", folder.to_str().unwrap(), "--mapping", map.to_str().unwrap()]);
    data.done(&["source", "pull", "w"]);
    // It never ran: a dry run says what it does not know.
    let listed = asked(&data, &["codes", "list", "w", "--json"]);
    let first = &listed["unmapped"][0];
    assert_eq!(
        (first["map"].as_str(), first["value"].as_str(), first["count"].as_u64()),
        (Some("test"), Some("HB"), Some(2))
    );
    let suggested = asked(&data, &["codes", "suggest", "test", "HB", "--json"]);
    assert!(suggested["values"][0]["suggestions"].is_array(), "{suggested}");
    let all = asked(&data, &["codes", "suggest", "test", "--all", "--json"]);
    let sodium = all["values"].as_array().unwrap().iter().find(|value| value["value"] == "Sodium").unwrap();
    assert!(
        sodium["suggestions"].as_array().unwrap().iter().any(|one| one["code"] == "2951-2" && one["why"].is_string()),
        "the maps that come with the program know sodium: {sodium}"
    );
    data.done(&[
        "codes",
        "approve",
        "test",
        "HB",
        "http://loinc.org|718-7",
        "--equivalence",
        "wider",
        "--display",
        "Haemoglobin",
    ]);
    let report = asked(&data, &["mapping", "run", "w", "--write", "--json"]);
    let unmapped: Vec<&str> =
        report["unmapped"].as_array().unwrap().iter().filter_map(|one| one["value"].as_str()).collect();
    assert!(!unmapped.contains(&"HB") && unmapped.contains(&"Sodium"), "{unmapped:?}");
    let before = report["hash"].as_str().unwrap().to_owned();
    data.done(&["codes", "revoke", "test", "HB"]);
    let report = asked(&data, &["mapping", "run", "w", "--write", "--json"]);
    assert_ne!(report["hash"].as_str().unwrap(), before, "what is approved is a part of the mapping's version");
    assert_eq!(
        (report["changed"].as_u64(), report["equal"].as_u64()),
        (Some(2), Some(3)),
        "only its users are mapped otherwise"
    );
    let approvals = asked(&data, &["codes", "list", "w", "--json"])["approvals"].clone();
    assert!(
        approvals[0]["revoked_by"].is_string() && approvals[0]["by"].as_str().unwrap().contains("operator"),
        "{approvals}"
    );
    for wrong in [
        &["codes", "approve", "test", "HB", "718-7"][..],
        &["codes", "approve", "nothing", "HB", "http://loinc.org|718-7"],
        &["codes", "suggest", "test"],
    ] {
        assert_eq!(data.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}
