//! How fast rows become resources: `cargo run --release -p tables --example write_speed [ROWS]`.
//!
//! A nine-column table of laboratory results (the shape of Synthea's `observations`) is mapped to Observations on one thread,
//! from Arrow columns to FHIR JSON, with every check on. What the SQL engine does before is not part of it.

use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
use std::sync::Arc;
use std::time::Instant;
use tables::compile::compile;
use tables::mapping::Mapping;
use tables::write::{Everything, Writer, Written};

const SQL: &str = r#"-- @target Observation @key o.ROW
SELECT 'final' AS status,
       code('http://terminology.hl7.org/CodeSystem/observation-category', o.CATEGORY) AS category,
       code('http://loinc.org', o.CODE, o.DESCRIPTION) AS code,
       ref('Patient', o.PATIENT) AS subject,
       ref('Encounter', o.ENCOUNTER) AS encounter,
       instant(o.DATE) AS effective,
       coalesce(quantity(o.VALUE, unit('ucum', o.UNITS)), text(o.VALUE)) AS value
FROM observations o"#;
const PATIENT: &str = "-- @target Patient @key p.Id\nSELECT p.LAST AS \"name.family\" FROM patients p";
const ENCOUNTER: &str = "-- @target Encounter @key e.Id\nSELECT 'finished' AS status, code('http://terminology.hl7.org/CodeSystem/v3-ActCode', e.CLASS) AS class FROM encounters e";

const BATCH_ROWS: usize = 8_192;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: usize = std::env::args().nth(1).map_or(Ok(2_000_000), |rows| rows.parse())?;
    let files = [
        ("mapping.toml", "name = \"speed\""),
        ("observation.sql", SQL),
        ("patient.sql", PATIENT),
        ("encounter.sql", ENCOUNTER),
    ];
    let mapping = Mapping::parse(&files).map_err(shown)?;
    let program = compile(&mapping).map_err(shown)?;
    let target = program.targets.iter().find(|target| target.name == "Observation").ok_or("no target")?;
    let context = mapping.context("speed").map_err(shown)?;
    // Columns as the query gives them: its leaves in order, then the key.
    let batches: Vec<RecordBatch> =
        (0..rows.div_ceil(BATCH_ROWS)).map(|at| batch(target, at)).collect::<Result<_, _>>()?;
    let schema = batches.first().ok_or("no rows")?.schema();
    let mut writer = Writer::new(target, &context, &[&*schema]).map_err(shown)?;
    let mut written = Written::default();
    let (mut resources, mut bytes) = (0, 0);
    let (start, cpu_start) = (Instant::now(), cpu_seconds());
    for batch in &batches {
        written.clear();
        writer.write(batch.clone(), &Everything, &mut written);
        resources += written.iter().filter(|made| made.json().is_some()).count();
        bytes += written.json.len();
    }
    // On a machine that does other things too, the time on the processor is what counts.
    let seconds = match (cpu_start, cpu_seconds()) {
        (Some(before), Some(after)) => after - before,
        _ => start.elapsed().as_secs_f64(),
    };
    println!(
        "{resources} resources, {:.1} MB in {seconds:.2} s: {:.2} M rows/s, {:.0} MB/s on one core",
        bytes as f64 / 1e6,
        resources as f64 / seconds / 1e6,
        bytes as f64 / seconds / 1e6,
    );
    if let Some(json) = written.iter().find_map(|made| made.json()) {
        println!("{}", String::from_utf8_lossy(json));
    }
    Ok(())
}

/// How long this thread was on a processor, where the system says so.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

fn shown(problems: Vec<tables::mapping::Problem>) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Rows as hospitals have them: a patient has many visits, a visit many results at one time.
fn batch(target: &tables::compile::Target, number: usize) -> Result<RecordBatch, Box<dyn std::error::Error>> {
    let tests = [
        ("8302-2", "Body Height", "cm"),
        ("29463-7", "Body Weight", "kg"),
        ("2339-0", "Glucose", "mg/dL"),
        ("2093-3", "Total Cholesterol", "mg/dL"),
        ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL"),
        ("72166-2", "Tobacco smoking status", ""),
    ];
    let cell = |column: &str, row: usize| {
        let visit = row / 12;
        let (code, name, unit) = tests[row % tests.len()];
        match column {
            "o.ROW" => format!("{row}"),
            "o.CATEGORY" => (if row.is_multiple_of(2) { "laboratory" } else { "vital-signs" }).to_owned(),
            "o.CODE" => code.to_owned(),
            "o.DESCRIPTION" => name.to_owned(),
            "o.PATIENT" => format!("b58731cc-2d8b-4c2d-b327-{:012x}", visit / 30),
            "o.ENCOUNTER" => format!("3b6dcf8d-9b1a-4c34-a95c-{visit:012x}"),
            "o.DATE" => {
                format!("20{:02}-{:02}-{:02}T09:{:02}:54Z", visit % 24, visit % 12 + 1, visit % 28 + 1, visit % 60)
            }
            "o.VALUE" if unit.is_empty() => "Never smoked tobacco (finding)".to_owned(),
            "o.VALUE" => format!("{}.{}", row * 7919 % 300, row % 10),
            "o.UNITS" => unit.to_owned(),
            other => panic!("{other}"),
        }
    };
    let key = "o.ROW".to_owned();
    let columns: Vec<&String> = target.main.leaves.iter().map(|leaf| &leaf.sql).chain([&key]).collect();
    let arrays = columns.iter().enumerate().map(|(at, column)| {
        let cells =
            (0..BATCH_ROWS).map(|row| Some(cell(column, number * BATCH_ROWS + row)).filter(|text| !text.is_empty()));
        (format!("c{at}"), Arc::new(cells.collect::<StringViewArray>()) as ArrayRef, true)
    });
    Ok(RecordBatch::try_from_iter_with_nullable(arrays)?)
}
