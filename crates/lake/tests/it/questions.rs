//! Three clinical questions on synthetic patients: our SQL before and after a flush and after a rebuild, DuckDB on the folder,
//! and plain Python over the raw bundles say the same.

use crate::house::{Change, House, OPEN, python};
use fhir::json::Document;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Bundles that are loaded: enough for answers that are not empty, few enough for a test.
const BUNDLES: usize = 40;
/// Resources of a bundle that are written at once.
const WRITE: usize = 500;

const QUESTIONS: [&str; 3] = [
    "SELECT CAST(floor((date_part('year', o.effective) - date_part('year', p.birth_date)) / 10) AS BIGINT), count(*), avg(o.value) \
     FROM observation o \
     JOIN (SELECT patient_id, min(onset) AS since FROM condition WHERE code = '44054006' GROUP BY patient_id) d \
       ON d.patient_id = o.patient_id AND o.effective >= d.since \
     JOIN patient p ON p._id = o.patient_id \
     WHERE o.code = '4548-4' AND o.component IS NULL GROUP BY 1 ORDER BY 1",
    "SELECT (SELECT count(*) FROM encounter WHERE class_code = 'IMP'), count(DISTINCT a._id) \
     FROM encounter a JOIN encounter b ON b.patient_id = a.patient_id \
     WHERE a.class_code = 'IMP' AND b.class_code = 'IMP' \
       AND b.start_at > a.end_at AND b.start_at <= a.end_at + INTERVAL '30 days'",
    "SELECT m.medication_code, count(DISTINCT m.patient_id), count(DISTINCT o._id) \
     FROM medication_request m JOIN observation o ON o.patient_id = m.patient_id \
     WHERE m.medication_code IS NOT NULL AND o.code = '4548-4' AND o.component IS NULL \
       AND o.effective >= m.authored AND o.effective < m.authored + INTERVAL '180 days' GROUP BY 1 ORDER BY 1",
];

/// The archives' bundles in a folder of their own; `None` without test data.
fn bundles(house: &House) -> Option<PathBuf> {
    let Ok(data) = std::env::var("MEDWEAVE_TEST_DATA") else {
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
        return None;
    };
    let from = Path::new(&data).join("records/synthea-120/bundles");
    let folder = house.folder.join("bundles");
    std::fs::create_dir_all(&folder).unwrap();
    let mut files: Vec<_> = std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for (at, file) in files.into_iter().take(BUNDLES).enumerate() {
        let out = std::fs::File::create(folder.join(format!("{at:03}.json"))).unwrap();
        let program = match file.extension().and_then(|extension| extension.to_str()) {
            Some("xz") => "xzcat",
            Some("gz") => "zcat",
            Some("zst") => "zstdcat",
            Some("bz2") => "bzcat",
            _ => "cat",
        };
        assert!(std::process::Command::new(program).arg(&file).stdout(out).status().unwrap().success(), "{program}");
    }
    Some(folder)
}

/// Stores the resources of a bundle under their own ids.
fn load(house: &House, path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let document = Document::parse(text.as_bytes()).unwrap();
    let entries: Vec<_> = document.root().get("entry").unwrap().items().collect();
    let mut local = HashMap::new();
    for entry in &entries {
        let member = |name: &str| entry.get("resource").unwrap().get(name).unwrap().as_str().unwrap().into_owned();
        let url = entry.get("fullUrl").unwrap().as_str().unwrap().into_owned();
        local.insert(url, format!("{}/{}", member("resourceType"), member("id")));
    }
    for entries in entries.chunks(WRITE) {
        let changes = entries.iter().map(|entry| {
            let raw = entry.get("resource").unwrap().raw();
            let mut out = String::with_capacity(raw.len());
            let mut rest = raw;
            // References inside the bundle become references to what is stored.
            while let Some(at) = rest.find("urn:uuid:") {
                out.push_str(&rest[..at]);
                let end = at + rest[at..].find('"').unwrap();
                out.push_str(local.get(&rest[at..end]).map_or(&rest[at..end], String::as_str));
                rest = &rest[end..];
            }
            out.push_str(rest);
            Change::Put(out)
        });
        house.write(changes.collect());
    }
}

/// Lines with numbers in one form: three decimals at most.
fn plain(text: &str) -> Vec<String> {
    let cell = |cell: &str| match cell.parse::<f64>() {
        Ok(number) => format!("{number:.3}"),
        Err(_) => cell.to_owned(),
    };
    text.lines().map(|line| line.split(',').map(cell).collect::<Vec<_>>().join(",")).collect()
}

fn ours(house: &House) -> Vec<String> {
    QUESTIONS.iter().flat_map(|sql| plain(&house.ask(sql))).collect()
}

#[test]
fn clinical_questions_have_one_answer_whoever_is_asked() {
    let house = House::new();
    let Some(folder) = bundles(&house) else { return };
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (half, rest) = files.split_at(files.len() / 2);
    half.iter().for_each(|file| load(&house, file));
    house.lake().flush().unwrap();
    rest.iter().for_each(|file| load(&house, file));

    let expected = plain(&python(include_str!("questions.py"), &[folder.to_str().unwrap()]));
    assert!(expected.len() > 5, "{expected:?}");
    assert_eq!(ours(&house), expected, "half of it in the tail");
    house.lake().flush().unwrap();
    assert_eq!(ours(&house), expected, "after a flush");
    let script: String =
        QUESTIONS.iter().map(|sql| format!("csv(con.execute(\"\"\"{sql}\"\"\").fetchall())\n")).collect();
    let duckdb = python(&format!("{OPEN}{script}"), &[house.lake_folder().to_str().unwrap()]);
    assert_eq!(plain(&duckdb), expected, "DuckDB on the folder");

    for question in crate::documents::questions() {
        assert!(!house.ask(question).is_empty(), "{question}");
    }

    let rows = "SELECT type, count(*), sum(version), sum(length(json)) FROM resource GROUP BY type ORDER BY type";
    let before = house.ask(rows);
    house.lake().rebuild().unwrap();
    assert_eq!(house.ask(rows), before, "after a rebuild");
    assert_eq!(ours(&house), expected, "after a rebuild");
    assert_eq!(house.lake().status().failed, 0, "{:?}", house.lake().status().failure);
}
