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

/// A clinic that nobody here knows: four tables of a dialysis unit in windows-1252, cut by semicolons, with German dates and numbers.
/// Gives their folder.
fn dialysis(data: &Data) -> PathBuf {
    let folder = data.path("Dialyse");
    std::fs::create_dir_all(&folder).unwrap();
    let families = ["Müller", "Groß", "Schäfer", "Weiß", "Krüger", "Böhm", "Jahn", "Köhler"];
    let mut people = String::from("PatNr;Nachname;Vorname;Geschl;GebDat;Straße;PLZ;Ort;Telefon\r\n");
    for nth in 0..40 {
        // The calendar has no 31st of February.
        let born = if nth == 8 {
            "31.02.1939".to_owned()
        } else {
            format!("{:02}.{:02}.{}", nth % 28 + 1, nth % 12 + 1, 1931 + nth)
        };
        let (family, sex) = (families[nth % 8], if nth % 2 == 0 { "m" } else { "w" });
        write!(
            people,
            "{};{family};Zoé;{sex};{born};Hauptstraße {};01067;Köln;0221/{}\r\n",
            1001 + nth,
            nth + 1,
            4400 + nth
        )
        .unwrap();
    }
    let mut sessions = String::from("SitzNr;PatNr;Datum;Beginn;Ende;Verfahren\r\n");
    let mut labs = String::from("LabNr;SitzNr;Parameter;Ergebnis;Einheit;Zeitpunkt;Bem\r\n");
    let mut vitals = String::from("SitzNr;Messung;Gewicht;RR_syst;RR_diast;Puls\r\n");
    for nth in 1..=120 {
        // One session is of somebody whom no table has.
        let patient = if nth == 33 { 1999 } else { 1001 + (nth * 7) % 40 };
        let (day, kind) = ((nth - 1) / 10 + 1, ["HD", "HDF", "HF"][nth % 3]);
        write!(
            sessions,
            "{};{patient};{day:02}.03.2025;7:{:02};{}:15;{kind}\r\n",
            20_000 + nth,
            nth % 60,
            11 + nth % 3
        )
        .unwrap();
        for (at, (test, unit)) in [("Kalium", "mmol/l"), ("Kreatinin", "mg/dl"), ("Hb", "g/dl")].into_iter().enumerate()
        {
            let no = (nth - 1) * 3 + at + 1;
            let value = match no {
                17 => "<0,2".to_owned(),
                18 => "hämolytisch".to_owned(),
                44 => "1.250,5".to_owned(),
                _ => format!("{},{}", 3 + at * 2, nth % 10),
            };
            write!(labs, "{no};{};{test};{value};{unit};{day:02}.03.2025 8:{:02};\r\n", 20_000 + nth, nth % 60)
                .unwrap();
        }
        for (when, weight) in [("vor", 70), ("nach", 68)] {
            write!(
                vitals,
                "{};{when};{weight},{};{};{};{}\r\n",
                20_000 + nth,
                nth % 10,
                120 + nth % 50,
                70 + nth % 20,
                60 + nth % 30
            )
            .unwrap();
        }
    }
    for (name, text) in [("Patienten", people), ("Sitzungen", sessions), ("Labor", labs), ("Messwerte", vitals)] {
        // All letters are those of Latin-1, which windows-1252 has at the same places.
        let bytes: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
        std::fs::write(folder.join(format!("{name}.csv")), bytes).unwrap();
    }
    folder
}

#[test]
fn a_german_dialysis_unit_is_begun_by_itself_with_its_encoding_its_commas_and_its_visits() {
    let data = Data::new();
    let folder = dialysis(&data);
    let (_, made) = begun(&data, &folder);
    assert_eq!((resources(&made, "Patient"), resources(&made, "Encounter")), (40, 119), "{made:?}");
    assert!(resources(&made, "Observation") >= 357, "{made:?}");
    let toml = std::fs::read_to_string(data.path("begun/mapping.toml")).unwrap();
    assert!(toml.contains("encoding = \"windows-1252\"") && toml.contains("decimal = \",\""), "{toml}");
}

/// What a newcomer writes for it with `docs/mapping.md` alone: three targets in less than thirty lines of SQL.
const DIALYSIS: [(&str, &str); 7] = [
    (
        "mapping.toml",
        r#"name = "dialyse"
zone = "Europe/Berlin"
encoding = "windows-1252"
decimal = ","
[tables.Patienten]
key = ["PatNr"]
[tables.Sitzungen]
key = ["SitzNr"]
[tables.Labor]
key = ["LabNr"]
"#,
    ),
    (
        "patient.sql",
        r#"-- @target Patient @key p.PatNr @patient p.PatNr
SELECT identifier('urn:medweave:source:{source}:patient', p.PatNr, 'usual', 'MR') AS identifier,
       name(p.Nachname, p.Vorname)                                                AS name,
       code('sex', p.Geschl)                                                      AS gender,
       date(p.GebDat)                                                             AS "birthDate",
       address(p.Straße, p.Ort, NULL, NULL, p.PLZ)                                AS address,
       'phone' AS "telecom.system", p.Telefon                                     AS "telecom.value"
FROM Patienten p
"#,
    ),
    (
        "encounter.sql",
        r"-- @target Encounter @key s.SitzNr @patient s.PatNr @required subject
SELECT 'finished'                                                           AS status,
       code('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'AMB')      AS class,
       ref('Patient', s.PatNr)                                              AS subject,
       period(s.Datum || ' ' || s.Beginn, s.Datum || ' ' || s.Ende)         AS period
FROM Sitzungen s
",
    ),
    (
        "observation.sql",
        r#"-- @target Observation @key l.LabNr @each Labor l @patient s.PatNr @required encounter
SELECT 'final'                                                                  AS status,
       code('lab', l.Parameter)                                                 AS code,
       ref('Patient', s.PatNr)                                                  AS subject,
       ref('Encounter', l.SitzNr)                                               AS encounter,
       instant(l.Zeitpunkt)                                                     AS "effective.dateTime",
       coalesce(quantity(l.Ergebnis, unit('lab', l.Einheit)), text(l.Ergebnis)) AS value
FROM Labor l
LEFT JOIN Sitzungen s ON s.SitzNr = l.SitzNr
"#,
    ),
    (
        "codes/sex.csv",
        "source,system,code\nm,http://hl7.org/fhir/administrative-gender,male\nw,http://hl7.org/fhir/administrative-gender,female\n",
    ),
    (
        "codes/lab.csv",
        "source,system,code\nKalium,http://loinc.org,2823-3\nKreatinin,http://loinc.org,2160-0\nHb,http://loinc.org,718-7\n",
    ),
    ("units/lab.csv", "source,ucum\nmmol/l,mmol/L\nmg/dl,mg/dL\ng/dl,g/dL\n"),
];

#[test]
fn a_newcomer_maps_a_german_dialysis_unit_in_less_than_thirty_lines_of_sql() {
    let data = Data::new();
    let folder = dialysis(&data);
    let map = data.path("dialyse-map");
    let mut lines = 0;
    for (name, text) in DIALYSIS {
        let file = map.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        lines += if file.extension().is_some_and(|ending| ending == "sql") { text.lines().count() } else { 0 };
    }
    assert!(lines <= 30, "{lines} lines of SQL");
    let (folder, map) = (folder.to_str().unwrap().to_owned(), map.to_str().unwrap().to_owned());
    data.done(&["mapping", "check", &map]);
    data.done(&["source", "add", "dialyse", "--path", &folder, "--mapping", &map]);
    data.done(&["source", "pull", "dialyse"]);
    let dry = asked(&data, &["mapping", "run", "dialyse", "--json"]);
    let made: Vec<(&str, u64, u64)> = dry["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| {
            (
                target["name"].as_str().unwrap(),
                target["resources"].as_u64().unwrap(),
                target["rejected"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(made, [("Patient", 40, 0), ("Encounter", 119, 1), ("Observation", 357, 3)], "{dry}");
    assert_eq!((&dry["written"], dry["unmapped"].as_array().map(Vec::len)), (&Value::Bool(false), Some(0)), "{dry}");
    // The only loss beside the stranger's session is a birth on the 31st of February.
    let reasons: Vec<&str> = dry["targets"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|target| target["reasons"].as_array().unwrap())
        .map(|reason| reason["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["impossible-date", "no-such-target", "no-such-target", "no-such-target"], "{dry}");
    asked(&data, &["mapping", "run", "dialyse", "--write", "--json"]);
    let out = data.path("export");
    data.done(&["export", "--to", out.to_str().unwrap()]);
    let read = |name: &str| std::fs::read_to_string(out.join(format!("{name}.ndjson"))).unwrap();
    let (people, labs, stays) = (read("Patient"), read("Observation"), read("Encounter"));
    for (text, wanted) in [
        (&people, r#""family":"Müller""#),
        (&people, r#""Hauptstraße 1""#),
        (&people, r#""postalCode":"01067""#),
        (&people, r#""birthDate":"1931-01-01""#),
        (&labs, r#""value":1250.5"#),
        (&labs, r#""comparator":"<""#),
        (&labs, r#""valueString":"hämolytisch""#),
        (&labs, r#""effectiveDateTime":"2025-03-01T08:01:00+01:00""#),
        (&stays, r#""start":"2025-03-01T07:01:00+01:00""#),
    ] {
        assert!(text.contains(wanted), "{wanted}: {}", &text[..text.len().min(2_000)]);
    }
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
        ["table,resources", "patient,2", "encounter,2", "observation_labevents,5", "condition,5", "procedure_ed,1"];
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
