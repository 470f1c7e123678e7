//! The test data: rows of every table as their page says.

use super::*;

/// Rows of some tables of an archive.
fn check(archive: &str, options: fn() -> TableOptions, expected: &[(&str, usize)]) {
    let Some(path) = data(archive) else { return };
    let delivery = open(&path);
    for (name, rows) in expected {
        let mut table = delivery.table(name, None, options()).unwrap();
        let whole = read(table.as_mut()).unwrap();
        assert_eq!((whole.rows.len(), whole.bad.as_slice()), (*rows, &[][..]), "{name}");
    }
}

#[test]
fn synthea() {
    check(
        "synthea-pair.tar.xz",
        TableOptions::default,
        &[
            ("patients", 7),
            ("encounters", 241),
            ("conditions", 168),
            ("procedures", 576),
            ("immunizations", 74),
            ("medications", 91),
            ("allergies", 9),
            ("devices", 6),
            ("careplans", 19),
            ("imaging_studies", 2),
            ("claims", 332),
        ],
    );
}

#[test]
fn eicu_with_blank_lines_at_the_end() {
    check(
        "eicu-demo-174.tar.xz",
        TableOptions::default,
        &[
            ("patient", 174),
            ("lab", 29_961),
            ("medication", 4_964),
            ("diagnosis", 1_518),
            ("treatment", 2_359),
            ("physicalExam", 5_236),
            ("admissionDx", 522),
            // 83 lines after the header, of which four are blank.
            ("hospital", 79),
        ],
    );
    let Some(path) = data("eicu-demo-174.tar.xz") else { return };
    let mut table = open(&path).table("patient", None, TableOptions::default()).unwrap();
    assert_eq!(read(table.as_mut()).unwrap().passed.blank_lines, 4);
}

#[test]
fn mimic_iii_in_gzip_in_tar_in_xz() {
    check(
        "mimic3-demo.tar.xz",
        TableOptions::default,
        &[
            ("PATIENTS", 100),
            ("ADMISSIONS", 129),
            ("DIAGNOSES_ICD", 1_761),
            ("PROCEDURES_ICD", 506),
            ("PRESCRIPTIONS", 10_398),
            ("ICUSTAYS", 0),
        ],
    );
}

#[test]
fn omop() {
    check(
        "omop-synthea27nj.tar.xz",
        TableOptions::default,
        &[
            ("PERSON", 28),
            ("visit_occurrence", 1_791),
            ("visit_detail", 1_791),
            ("condition_occurrence", 470),
            ("condition_era", 469),
            ("drug_exposure", 883),
            ("procedure_occurrence", 1_649),
            ("measurement", 10_040),
            ("observation", 8_099),
            ("observation_period", 28),
            ("death", 3),
            ("concept", 2_294),
            ("concept_relationship", 266_588),
        ],
    );
}

#[test]
fn a_chinese_hospital_in_gb18030() {
    let Some(path) = data("his-zh.tar.xz") else { return };
    let delivery = open(&path);
    assert_eq!(delivery.tables().len(), 10);
    for listed in delivery.tables() {
        let mut bytes = Vec::new();
        let content = delivery.copy(listed, &mut bytes).unwrap();
        let refused = delivery.open_table(listed, TableOptions::default()).err().unwrap();
        assert!(refused.message.contains("It may be gb18030"), "{refused}");
        let mut table = delivery.open_table(listed, encoded("gbk")).unwrap();
        let whole = read(table.as_mut()).unwrap();
        assert!(whole.bad.is_empty());
        assert_eq!(whole.content, Some(content));
        // Rows lie one after the other, from the header to the end, and each begins with what its first cell holds.
        let mut at = memchr::memchr(b'\n', &bytes).unwrap() as u64 + 1;
        for (row, place) in whole.rows.iter().zip(&whole.places) {
            let (from, length) = place.bytes.unwrap();
            assert_eq!(from, at, "{} row {}", listed.file, place.number);
            let slice = &bytes[from as usize..(from + u64::from(length)) as usize];
            let (text, _, malformed) = charset("gb18030").encoding().decode(slice);
            assert!(!malformed && text.starts_with(row[0].as_deref().unwrap()) && text.ends_with("\r\n"), "{text}");
            at += u64::from(length);
        }
        assert_eq!(at, content.bytes, "{}", listed.file);
    }
    let patients = delivery.find("病人基本信息", Some("day1/*")).unwrap();
    let mut table = delivery.open_table(patients, encoded("gb18030")).unwrap();
    let whole = read(table.as_mut()).unwrap();
    // Names beyond GBK are four bytes long, and some beyond the first plane of Unicode.
    assert!(whole.rows.iter().flatten().flatten().any(|cell| cell.chars().any(|c| c > '\u{ffff}')));
}
