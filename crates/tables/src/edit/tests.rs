use super::*;
use crate::mapping::Place;

const TOML: &str =
    "name = \"t\"\n[tables.people]\nkey = [\"pid\"]\n[tables.\"检验 结果\"]\ncolumns = [\"项目\", \"结果\"]\n";

/// What is offered at `|` in `text`; the first few, and what they replace.
fn check(file: &str, text: &str, expected: &str) {
    let at = text.find('|').expect("a cursor");
    let place = Place::of_byte(text, at);
    let text = text.replacen('|', "", 1);
    let files = [
        ("mapping.toml", TOML),
        ("views/stay.sql", "SELECT p.*, p.pid AS who, 1 AS nth FROM people p"),
        ("codes/sex.csv", "source,system,code\n"),
        ("units/lab.csv", "source,ucum\n"),
        ("patient.sql", "-- @target Patient @key pid\nSELECT 1 AS active FROM people"),
        (file, text.as_str()),
    ];
    let files: Vec<(&str, &str)> =
        files.iter().enumerate().filter(|(at, (path, _))| *at == 5 || *path != file).map(|(_, file)| *file).collect();
    let known =
        [TableColumns { name: "people".into(), columns: vec!["pid".into(), "born".into(), "full name".into()] }];
    let offers = complete_at(&files, &known, file, place);
    let line = text.lines().nth(place.line as usize - 1).unwrap_or_default();
    let replaced: String =
        line.chars().skip(offers.from as usize - 1).take((offers.to - offers.from) as usize).collect();
    let shown: Vec<String> =
        offers.items.iter().take(4).map(|offer| format!("{}:{}", offer.kind.as_str(), offer.insert)).collect();
    assert_eq!(format!("[{replaced}] {}", shown.join(" ")), expected, "{text}");
}

#[test]
fn paths_are_offered_behind_as() {
    let head = "-- @target Observation @key l.id\n";
    check("o.sql", &format!("{head}SELECT l.x AS stat| FROM l"), "[stat] path:status");
    check("o.sql", &format!("{head}SELECT l.x AS \"value.Q|\" FROM l"), "[\"value.Q\"] path:\"value.Quantity\"");
    check("o.sql", &format!("{head}SELECT l.x AS code.co| FROM l"), "[code.co] path:\"code.coding\"");
    check(
        "o.sql",
        &format!("{head}SELECT cast(l.x AS te|) AS status FROM l"),
        "[te] function:text( function:date( function:code( function:quantity(",
    );
    check(
        "child.sql",
        "-- @target Patient @element contact @key p.pid\nSELECT p.x AS name.fam| FROM people p",
        "[name.fam] path:\"name.family\"",
    );
}

#[test]
fn columns_of_tables_and_views_are_offered() {
    let head = "-- @target Patient @key p.pid\n";
    check("x.sql", &format!("{head}SELECT p.| FROM people p"), "[] column:pid column:born column:\"full name\"");
    check(
        "x.sql",
        &format!("{head}SELECT date(bo|) AS \"birthDate\" FROM people AS p"),
        "[bo] column:p.born column:p.pid column:p.\"full name\" keyword:CASE",
    );
    check(
        "x.sql",
        &format!("{head}SELECT s.w| FROM stay s"),
        "[w] column:who column:pid column:born column:\"full name\"",
    );
    check("x.sql", &format!("{head}SELECT 1 AS active FROM |"), "[] view:stay table:people table:\"检验 结果\"");
    check(
        "x.sql",
        &format!("{head}SELECT 1 AS active FROM people p LEFT JOIN \"检验 结果\" l ON l.|"),
        "[] column:项目 column:结果",
    );
    check(
        "x.sql",
        "-- @target Patient @key p.b|\nSELECT 1 AS active FROM people p",
        "[b] column:born column:pid column:\"full name\"",
    );
    check(
        "views/v.sql",
        "SELECT pi| FROM people",
        "[pi] column:people.pid column:people.born column:people.\"full name\" keyword:CASE",
    );
}

#[test]
fn texts_are_maps_targets_and_codes() {
    let head = "-- @target Patient @key p.pid\n";
    check(
        "x.sql",
        &format!("{head}SELECT code('s|', p.sex) AS gender FROM people p"),
        "[s] map:sex system:http://snomed.info/sct system:http://hl7.org/fhir/sid/icd-10 system:http://hl7.org/fhir/sid/icd-10-cm",
    );
    check("x.sql", &format!("{head}SELECT quantity(p.x, unit('|', p.u)) AS y FROM people p"), "[] map:lab map:ucum");
    check(
        "x.sql",
        &format!("{head}SELECT 'fe|' AS gender FROM people p"),
        "[fe] code:female code:male code:other code:unknown",
    );
    check(
        "x.sql",
        "-- @target Encounter @key 1\nSELECT ref('|', p.pid) AS subject FROM people p",
        "[] target:Patient target:Encounter",
    );
}

#[test]
fn directives_and_their_values_are_offered() {
    check("x.sql", "-- @ta|\nSELECT", "[@ta] directive:@target directive:@key directive:@each directive:@patient");
    check(
        "x.sql",
        "-- @target Enc|\nSELECT",
        "[Enc] type:Encounter type:DocumentReference type:EffectEvidenceSynthesis type:Evidence",
    );
    check("x.sql", "-- @target Encounter @required sub|\nSELECT", "[sub] path:subject");
    check("x.sql", "-- @target Encounter @gone |", "[] keyword:keep keyword:entered-in-error keyword:delete");
    check("x.sql", "-- @target Encounter @each |", "[] table:people table:\"检验 结果\"");
}

#[test]
fn a_place_that_is_not_there_and_texts_that_are_cut_off_give_nothing_or_little() {
    let files = [("x.sql", "SELECT 'a")];
    for (line, column) in [(0, 0), (1, 0), (1, 10), (1, 99), (2, 1)] {
        let _ = complete_at(&files, &[], "x.sql", Place { line, column });
    }
    assert_eq!(complete_at(&files, &[], "y.sql", Place::START), Offers::default());
    for text in ["", "-", "--", "-- @", "-- @target ", "SELECT \"", "SELECT (((", "é", "SELECT é.", "/*"] {
        for column in 1..=12 {
            let _ = complete_at(&[("x.sql", text)], &[], "x.sql", Place { line: 1, column });
        }
    }
}
