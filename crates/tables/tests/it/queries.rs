//! The compiler's queries in the engine, and the writer on what the engine gives.

use arrow_array::{ArrayRef, RecordBatch, StringViewArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use expect_test::{Expect, expect};
use lake::workbench::{Batches, Capacity, Limits, Question, ROW, Sheet, SortBy, Workbench};
use std::sync::Arc;
use tables::compile::{Part, Program, compile};
use tables::mapping::Mapping;
use tables::write::{Everything, Writer, Written};

/// A table of text in memory.
#[derive(Debug)]
struct Rows {
    name: String,
    batch: RecordBatch,
}

impl Rows {
    /// From lines: the columns' names, then rows; `-` is NULL.
    fn sheet(text: &str) -> Arc<dyn Sheet> {
        let mut lines = text.trim().lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
        let name = lines.next().unwrap()[0].to_owned();
        let names = lines.next().unwrap();
        let rows: Vec<Vec<&str>> = lines.collect();
        let column = |at: usize| {
            let cells = rows.iter().map(|row| Some(row[at]).filter(|cell| *cell != "-"));
            Arc::new(cells.collect::<StringViewArray>()) as ArrayRef
        };
        let mut fields: Vec<Field> = names.iter().map(|name| Field::new(*name, DataType::Utf8View, true)).collect();
        fields.push(Field::new(ROW, DataType::UInt64, false));
        let mut columns: Vec<ArrayRef> = (0..names.len()).map(column).collect();
        columns.push(Arc::new(UInt64Array::from_iter_values(0..rows.len() as u64)));
        Arc::new(Rows { name, batch: RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap() })
    }
}

impl Sheet for Rows {
    fn name(&self) -> &str {
        &self.name
    }
    fn schema(&self) -> SchemaRef {
        self.batch.schema()
    }
    fn rows_estimate(&self) -> Option<u64> {
        Some(self.batch.num_rows() as u64)
    }
    fn partitions(&self) -> usize {
        1
    }
    fn scan(&self, _: usize, columns: &[usize]) -> Result<Batches, String> {
        let batch = self.batch.project(columns).map_err(|error| error.to_string())?;
        Ok(Box::new(std::iter::once(Ok(batch))))
    }
}

fn question(program: &Program, part: &Part, sheets: &[Arc<dyn Sheet>]) -> Question {
    let mut question = Question::new(part.query.clone(), sheets.to_vec());
    question.views = program.views.iter().map(|view| (view.name.clone(), view.query.clone())).collect();
    question.driving.clone_from(&part.each.alias);
    let sort = |by: &tables::compile::SortColumn| SortBy { column: by.column, descending: by.descending };
    question.sort_by = part.sort_by.iter().map(sort).collect();
    question
}

/// The resources that a target makes of tables.
fn check(target: &str, files: &[(&str, &str)], tables: &[&str], expected: Expect) {
    let files: Vec<(&str, &str)> = files.iter().copied().chain([("mapping.toml", "name = \"test\"")]).collect();
    let mapping = Mapping::parse(&files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let program = compile(&mapping).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let context = mapping.context("test").unwrap();
    let target = program.targets.iter().find(|known| known.name == target).unwrap();
    let sheets: Vec<Arc<dyn Sheet>> = tables.iter().map(|text| Rows::sheet(text)).collect();
    let folder = tempfile::tempdir().unwrap();
    let workbench = Workbench::new(folder.path(), Capacity { threads: 2, queries: 2 }).unwrap();
    let parts: Vec<&Part> = std::iter::once(&target.main).chain(&target.children).collect();
    let planned: Vec<_> = parts
        .iter()
        .map(|part| {
            workbench.plan(question(&program, part, &sheets)).unwrap_or_else(|error| panic!("{}: {error}", part.file))
        })
        .collect();
    for (planned, part) in planned.iter().zip(&parts) {
        assert_eq!(planned.columns().len(), part.columns());
    }
    let schemas: Vec<&Schema> = planned.iter().map(|planned| &**planned.schema()).collect();
    let mut writer = Writer::new(target, &context, &schemas).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let mut rows: Vec<_> = planned
        .iter()
        .map(|planned| planned.run(&Limits::default(), &lake::workbench::Stop::default()).unwrap())
        .collect();
    let mut streams: Vec<_> =
        rows.iter_mut().map(|rows| std::iter::from_fn(|| rows.next_batch().transpose())).collect();
    let mut batches: Vec<tables::write::Batches<'_, lake::workbench::Error>> =
        streams.iter_mut().map(|stream| stream as tables::write::Batches<'_, lake::workbench::Error>).collect();
    let (mut shown, mut written) = (String::new(), Written::default());
    while writer.next(&mut batches, &Everything, &mut written).unwrap() {
        for made in written.iter() {
            let json = made.json().map_or("refused".into(), |json| String::from_utf8_lossy(json).into_owned());
            // Ids are hashes: what they are of is not shown here.
            let start = json
                .find("\",\"")
                .map_or(0, |at| json[at + 3..].find("\",").map_or(json.len(), |end| at + 3 + end + 2));
            shown += json.get(start..).unwrap_or(&json);
            for failure in made.failures() {
                shown += &format!("\n  {}: {}", failure.code, failure.message);
            }
            shown += "\n";
        }
    }
    expected.assert_eq(&shown);
}

#[test]
fn lists_that_sql_gathers_fill_repeating_elements() {
    check(
        "Patient",
        &[(
            "patient.sql",
            r#"-- @target Patient @key p.id
            SELECT array_agg(n.given ORDER BY n.nr) AS "name.given", max(p.family) AS "name.family", array_agg(named_struct('system', 'phone', 'value', n.phone) ORDER BY n.nr) AS telecom,
              count(*) AS "multipleBirth.integer", CASE WHEN count(*) > 1 THEN text('many') ELSE text(max(n.given)) END AS "contact.name.text"
            FROM p LEFT JOIN n ON n.p = p.id GROUP BY p.id"#,
        )],
        &["p\nid | family\n1 | A\n2 | B", "n\nnr | p | given | phone\n1 | 1 | X | 5\n2 | 1 | Y | -\n1 | 2 | Z | 7"],
        expect![[r#"
            "name":[{"family":"A","given":["X","Y"]}],"telecom":[{"system":"phone","value":"5"},{"system":"phone"}],"multipleBirthInteger":2,"contact":[{"name":{"text":"many"}}]}
            "name":[{"family":"B","given":["Z"]}],"telecom":[{"system":"phone","value":"7"}],"multipleBirthInteger":1,"contact":[{"name":{"text":"Z"}}]}
        "#]],
    );
}

#[test]
fn groups_children_cases_and_views_run_in_the_engine() {
    let files = [
        (
            "pressure.sql",
            r#"-- @target Observation @group by v.stay, v.at @each vitals v @order v.nr DESC
            WITH codes AS (SELECT 's' AS kind, '8480-6' AS loinc UNION ALL SELECT 'd', '8462-4')
            SELECT 'final' AS status, code('http://loinc.org', '85354-9') AS code, instant(v.at) AS effective,
              code('http://loinc.org', c.loinc) AS "component[].code",
              CASE v.kind WHEN 's' THEN quantity(v.value, 'mmHg') WHEN 'd' THEN coalesce(quantity(v.value), text(v.value)) END AS "component[].value",
              CAST(v.nr AS BIGINT) + 1 AS "component[].id"
            FROM vitals v LEFT JOIN codes c ON c.kind = v.kind"#,
        ),
        (
            "note.sql",
            r#"-- @target Observation @element note @key n.stay, n.at @order n.text
            SELECT n.text AS text, upper(n.who) AS "author.string" FROM recent n"#,
        ),
        ("views/recent.sql", "SELECT * FROM notes WHERE at > '2020'"),
    ];
    check(
        "Observation",
        &files,
        &[
            "vitals\nstay | at | nr | kind | value\n2 | 2024-01-01 | 1 | s | 120\n1 | 2024-01-01 | 1 | s | 110\n1 | 2024-01-01 | 2 | d | low",
            "notes\nstay | at | text | who\n1 | 2024-01-01 | b | ann\n3 | 2024-01-01 | orphan | bob\n1 | 2024-01-01 | a | -\n1 | 2019 | old | x",
        ],
        expect![[r#"
            "status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"effectiveDateTime":"2024-01-01","note":[{"text":"a"},{"authorString":"ANN","text":"b"}],"component":[{"id":"3","code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueString":"low"},{"id":"2","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":110,"unit":"mmHg"}}]}
            "status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"effectiveDateTime":"2024-01-01","component":[{"id":"2","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mmHg"}}]}
            refused
              no-parent: there is no resource that this row belongs to
        "#]],
    );
}
