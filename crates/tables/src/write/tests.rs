//! Rows to resources, and what becomes of those that are none.

use super::*;
use crate::compile::compile;
use crate::mapping::Mapping;
use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, StringViewArray};
use arrow_array::{BooleanArray, Float64Array, Int64Array, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use sqlparser::ast::{Expr, SelectItem, SetExpr};
use std::convert::Infallible;
use std::fmt::Write as _;

/// What a column of a query computes, without the CAST of keys.
fn column_texts(part: &crate::compile::Part) -> Vec<String> {
    let SetExpr::Select(select) = &*part.query.body else { panic!("no SELECT") };
    let text = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { expr: Expr::Cast { expr, .. }, .. } => expr.to_string(),
        SelectItem::ExprWithAlias { expr, .. } => expr.to_string(),
        other => panic!("{other}"),
    };
    select.projection.iter().map(text).collect()
}

/// A batch of a part from rows of text: a line of SQL texts of columns, then rows; `-` is NULL.
fn batch(part: &crate::compile::Part, rows: &str) -> RecordBatch {
    let mut lines = rows.trim().lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let rows: Vec<Vec<&str>> = lines.collect();
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for (at, text) in column_texts(part).iter().enumerate() {
        let column = header.iter().position(|name| name == text);
        let column = column.unwrap_or_else(|| panic!("the rows have no column `{text}`"));
        let cell = |row: &Vec<&str>| match row[column] {
            "-" => None,
            text => Some(text.replace("\\n", "\n").replace("\\s", " ")),
        };
        fields.push(Field::new(format!("c{at}"), DataType::Utf8View, true));
        arrays.push(std::sync::Arc::new(rows.iter().map(cell).collect::<StringViewArray>()) as ArrayRef);
    }
    RecordBatch::try_new(std::sync::Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// UUIDs cut to their first digits.
fn shortened(json: &str) -> String {
    let mut out = String::new();
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        if rest.len() >= 36
            && rest.is_char_boundary(36)
            && fhir::primitive::is_uuid(&format!("urn:uuid:{}", &rest[..36]))
        {
            out.push_str(&rest[..4]);
            rest = &rest[36..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

struct Nothing;

impl Known for Nothing {
    fn is_made(&self, _: &str, _: &str) -> bool {
        false
    }
}

/// A compiled target of `test.sql` with its context.
fn compiled(text: &str) -> (Target, Context) {
    let files = crate::compile::tests::files(text);
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mapping = Mapping::parse(&files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let program = compile(&mapping).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let target = program.targets.into_iter().find(|target| target.main.file == "test.sql").unwrap();
    (target, mapping.context("source").unwrap())
}

/// Compiles the mapping's target of `test.sql` and gives its resources for rows; parts are divided by lines of `===`.
fn write(text: &str, rows: &str, rows_of_batch: usize, known: &dyn Known) -> String {
    let (target, context) = compiled(text);
    let parts = std::iter::once(&target.main).chain(&target.children);
    let batches: Vec<RecordBatch> = rows.split("===").zip(parts).map(|(rows, part)| batch(part, rows)).collect();
    write_batches(&target, &context, &batches, rows_of_batch, known)
}

fn write_batches(
    target: &Target,
    context: &Context,
    batches: &[RecordBatch],
    rows_of_batch: usize,
    known: &dyn Known,
) -> String {
    let schemas: Vec<_> = batches.iter().map(RecordBatch::schema).collect();
    let schemas: Vec<&Schema> = schemas.iter().map(|schema| &**schema).collect();
    let mut writer = match Writer::new(target, context, &schemas) {
        Ok(writer) => writer,
        Err(problems) => return problems.iter().fold(String::new(), |all, problem| all + &problem.to_string() + "\n"),
    };
    let mut streams: Vec<_> = batches
        .iter()
        .map(|batch| {
            (0..batch.num_rows())
                .step_by(rows_of_batch)
                .map(move |from| Ok::<_, Infallible>(batch.slice(from, rows_of_batch.min(batch.num_rows() - from))))
        })
        .collect();
    let mut parts: Vec<Batches<'_, Infallible>> =
        streams.iter_mut().map(|stream| stream as Batches<'_, Infallible>).collect();
    let (mut shown, mut written) = (String::new(), Written::default());
    loop {
        match writer.next(&mut parts, known, &mut written) {
            Ok(true) => written.iter().for_each(|made| show(target, &written, made, &mut shown)),
            Ok(false) => break,
            Err(error) => {
                let _ = writeln!(shown, "{error}");
                break;
            }
        }
    }
    let counted = writer.take_notes().unmapped.by_frequency();
    for unmapped in counted {
        let _ = writeln!(shown, "unmapped {} {} {}", unmapped.map, unmapped.text, unmapped.times);
    }
    shown
}

fn show(target: &Target, written: &Written, made: Made<'_>, out: &mut String) {
    match made.json() {
        Some(json) => {
            let json = std::str::from_utf8(json).unwrap();
            let _ = writeln!(out, "{}", shortened(json));
            let document =
                fhir::json::Document::parse(json.as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"));
            let issues = fhir::validate::validate(document.root(), &fhir::validate::Options::default());
            assert!(!fhir::validate::has_errors(&issues), "{issues:?}");
        }
        None => {
            let parts: Vec<_> = made.rows().iter().map(|row| written.part(*row)).collect();
            let _ = writeln!(out, "refused {parts:?}");
        }
    }
    for failure in made.failures() {
        let path = failure.element.map_or("row", |element| &target.elements[element as usize].path);
        let text = failure.text.as_deref().map(|text| format!(" [{text}]")).unwrap_or_default();
        let _ = writeln!(out, "  {path} {}: {}{text}", failure.code, failure.message);
    }
    for flag in made.flags() {
        let _ = writeln!(out, "  {} flag {}", target.elements[flag.element as usize].path, flag.flag);
    }
}

/// The same whatever the size of batches is.
fn writes(text: &str, rows: &str, expected: Expect) {
    let whole = write(text, rows, 1_000, &Everything);
    for rows_of_batch in [1, 2, 3] {
        let split = write(text, rows, rows_of_batch, &Everything);
        assert_eq!(split, whole, "in batches of {rows_of_batch}");
    }
    expected.assert_eq(&whole);
}

#[test]
fn a_row_becomes_a_resource_with_its_elements_in_order() {
    writes(
        r#"-- @target Observation @key l.id
        SELECT quantity(l.v, unit('lab', l.u)) AS value, 'final' AS status, ref('Patient', l.p) AS subject, l.at AS "effective.dateTime",
          'laboratory' AS "category.coding.code", code('http://loinc.org', l.c, l.name) AS code FROM lab l"#,
        "l.id | l.v | l.u | l.p | l.at | l.c | l.name
         1 | 5.40 | mg/dl | p1 | 2024-02-29T08:00:00+01:00 | 2345-7 | Glucose
         2 | <0.10 | furlong | p1 | 2024-02 | 2345-7 | -
         3 | - | - | - | - | 2345-7 | \"quoted\"",
        expect![[r#"
            {"resourceType":"Observation","id":"1baf","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2345-7","display":"Glucose"}],"text":"Glucose"},"subject":{"reference":"Patient/92fa"},"effectiveDateTime":"2024-02-29T08:00:00+01:00","valueQuantity":{"value":5.40,"unit":"mg/dl","system":"http://unitsofmeasure.org","code":"mg/dL"}}
            {"resourceType":"Observation","id":"ad9e","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2345-7"}]},"subject":{"reference":"Patient/92fa"},"effectiveDateTime":"2024-02","valueQuantity":{"value":0.10,"comparator":"<","unit":"furlong"}}
              value flag unknown-unit
            {"resourceType":"Observation","id":"fa13","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2345-7","display":"\"quoted\""}],"text":"\"quoted\""}}
            unmapped lab furlong 1
        "#]],
    );
}

#[test]
fn what_is_null_is_absent_and_so_is_what_would_be_empty() {
    writes(
        r#"-- @target Patient @key p.id
        SELECT 'phone' AS "telecom[0].system", p.phone AS "telecom[0].value", 'email' AS "telecom[1].system", p.mail AS "telecom[1].value",
          'http://a.b' AS "identifier.system", p.mrn AS "identifier.value", 'usual' AS "name.use", p.family AS "name.family", p.given1 AS "name.given[0]",
          p.given2 AS "name.given[1]", p.born AS "birthDate", p.active AS active, p.country AS "address.country", 'home' AS "address.use" FROM p"#,
        r#"p.id | p.phone | p.mail | p.mrn | p.family | p.given1 | p.given2 | p.born | p.active | p.country
         1 | - | - | - | - | - | - | - | - | -
         2 | - | a@b | 7 | Müller | - | \s Ann \s | 1970-01 | TRUE | DE
         3 | 5 | - | - | - | "x"\n | \ | 1970-02-30 | yes | -"#,
        expect![[r#"
            {"resourceType":"Patient","id":"cc2e"}
            {"resourceType":"Patient","id":"4df7","identifier":[{"system":"http://a.b","value":"7"}],"active":true,"name":[{"use":"usual","family":"Müller","given":["Ann"]}],"telecom":[{"system":"email","value":"a@b"}],"birthDate":"1970-01","address":[{"use":"home","country":"DE"}]}
            {"resourceType":"Patient","id":"1932","name":[{"use":"usual","given":["\"x\"","\\"]}],"telecom":[{"system":"phone","value":"5"}]}
              active not-a-boolean: `yes` is neither true nor false [yes]
              birthDate impossible-date: `1970-02-30` is a day or time that does not exist [1970-02-30]
        "#]],
    );
}

#[test]
fn failures_follow_the_schema_and_the_directives() {
    let select = r#"SELECT l.s AS status, code('http://loinc.org', l.c) AS code, l.issued AS issued, quantity(l.v) AS value,
          l.k AS "component.code.coding.code", l.w AS "component.value.string" FROM lab l"#;
    let rows = "l.id | l.s | l.c | l.issued | l.v | l.k | l.w
         1 | final | x | 2024 | five | k | w
         2 | done | x | - | 5 | - | w
         3 | final | - | - | - | - | -
         - | final | x | - | - | - | -";
    writes(
        &format!("-- @target Observation @key l.id\n{select}"),
        rows,
        expect![[r#"
        {"resourceType":"Observation","id":"1baf","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"component":[{"code":{"coding":[{"code":"k"}]},"valueString":"w"}]}
          issued not-a-time: `2024` is not YYYY-MM-DDThh:mm:ss with a zone: write instant(…) [2024]
          value not-a-number: `five` is not a number [five]
        refused [0]
          status not-a-code: `done` is not in http://hl7.org/fhir/ValueSet/observation-status, which has amended, cancelled, corrected, entered-in-error, final, preliminary, registered, unknown [done]
          component.code required-missing: `code` has no value, and without it this cannot stand
        refused [0]
          code required-missing: `code` has no value, and without it this cannot stand
        refused [0]
          row no-key: a part of the key has no value
    "#]],
    );
    writes(
        &format!("-- @target Observation @key l.id @else reject value @required component.value\n{select}"),
        rows,
        expect![[r#"
        refused [0]
          issued not-a-time: `2024` is not YYYY-MM-DDThh:mm:ss with a zone: write instant(…) [2024]
          value not-a-number: `five` is not a number [five]
        refused [0]
          status not-a-code: `done` is not in http://hl7.org/fhir/ValueSet/observation-status, which has amended, cancelled, corrected, entered-in-error, final, preliminary, registered, unknown [done]
          component.code required-missing: `code` has no value, and without it this cannot stand
        refused [0]
          code required-missing: `code` has no value, and without it this cannot stand
          component required-missing: `component` has no value, and without it this cannot stand
        refused [0]
          row no-key: a part of the key has no value
    "#]],
    );
}

#[test]
fn a_value_is_chosen_by_case_and_coalesce() {
    writes(
        r#"-- @target Observation @key l.id
        SELECT 'final' AS status, code('http://loinc.org', 'x') AS code,
          CASE l.kind WHEN 'n' THEN coalesce(quantity(l.v, unit('lab', l.u)), text(l.v)) WHEN 'c' THEN code('sex', l.v) ELSE NULL END AS value,
          CASE WHEN l.a = 'x' THEN l.b END AS "note.text", CASE WHEN l.a = 'y' THEN l.c END AS "note.text" FROM lab l"#,
        "l.id | l.v | l.u | CASE WHEN (l.kind) = ('n') THEN 0 WHEN (l.kind) = ('c') THEN 1 ELSE 2 END | CASE WHEN l.a = 'x' THEN l.b END | CASE WHEN l.a = 'y' THEN l.c END
         1 | 5.0 | mg/dl | 0 | one | -
         2 | 阴性 | - | 0 | - | two
         3 | M | - | 1 | same | same
         4 | X | - | 1 | one | two
         5 | X | - | 2 | - | -
         6 | - | - | 0 | - | -",
        expect![[r#"
            {"resourceType":"Observation","id":"1baf","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"valueQuantity":{"value":5.0,"unit":"mg/dl","system":"http://unitsofmeasure.org","code":"mg/dL"},"note":[{"text":"one"}]}
            {"resourceType":"Observation","id":"ad9e","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"valueString":"阴性","note":[{"text":"two"}]}
              value flag kept-as-text
            {"resourceType":"Observation","id":"fa13","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"valueCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/administrative-gender","code":"male"},{"system":"urn:medweave:source:source:sex","code":"M"}]},"note":[{"text":"same"}]}
            {"resourceType":"Observation","id":"22d7","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"valueCodeableConcept":{"coding":[{"system":"urn:medweave:source:source:sex","code":"X"}]}}
              note.text second-value: there are two different values for an element that has one
            {"resourceType":"Observation","id":"a113","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]}}
            {"resourceType":"Observation","id":"1493","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]}}
            unmapped sex X 1
        "#]],
    );
}

#[test]
fn an_element_that_has_two_values_has_none() {
    writes(
        r#"-- @target Observation @key l.id @else reject value
        SELECT 'final' AS status, code('http://loinc.org', 'x') AS code, quantity(l.v) AS "value.Quantity", l.t AS "value.string",
          l.at AS "effective.dateTime", l.start AS "effective.Period.start" FROM lab l"#,
        "l.id | l.v | l.t | l.at | l.start
         1 | 5 | - | 2024 | -
         2 | - | t | - | 2024
         3 | - | t | 2024 | 2024
         4 | 5 | t | 2024 | -",
        expect![[r#"
            {"resourceType":"Observation","id":"1baf","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"effectiveDateTime":"2024","valueQuantity":{"value":5}}
            {"resourceType":"Observation","id":"ad9e","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"effectivePeriod":{"start":"2024"},"valueString":"t"}
            {"resourceType":"Observation","id":"fa13","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"valueString":"t"}
              effective second-value: there are two different values for an element that has one
            refused [0]
              value second-value: there are two different values for an element that has one
        "#]],
    );
}

#[test]
fn rows_of_a_group_make_one_resource() {
    writes(
        r#"-- @target Observation @group by l.stay, l.at @order l.n
        SELECT 'final' AS status, code('http://loinc.org', '85354-9') AS code, l.at AS "effective.dateTime", l.who AS "performer.display", l.note AS "note.text",
          code('http://loinc.org', l.c) AS "component[].code", quantity(l.v, 'mmHg') AS "component[].value", l.id AS "identifier[].value", 'http://a' AS "identifier[].system" FROM lab l"#,
        "l.stay | l.at | l.n | l.c | l.v | l.id | l.who | l.note
         1 | 2024-01-01 | 1 | 8480-6 | 120 | a | Ann | -
         1 | 2024-01-01 | 2 | 8462-4 | 80 | b | Ann | good
         1 | 2024-01-02 | 1 | 8480-6 | ? | c | Ann | x
         1 | 2024-01-02 | 2 | - | 80 | d | Bob | x
         2 | 2024-01-01 | 1 | 8480-6 | 120 | - | - | -
         - | 2024-01-01 | 1 | 8480-6 | 120 | - | - | -",
        expect![[r#"
            {"resourceType":"Observation","id":"acd5","identifier":[{"system":"http://a","value":"a"},{"system":"http://a","value":"b"}],"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"effectiveDateTime":"2024-01-01","performer":[{"display":"Ann"}],"note":[{"text":"good"}],"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mmHg"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"unit":"mmHg"}}]}
            {"resourceType":"Observation","id":"5fbe","identifier":[{"system":"http://a","value":"c"},{"system":"http://a","value":"d"}],"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"effectiveDateTime":"2024-01-02","note":[{"text":"x"}],"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]}}]}
              performer.display second-value: the rows of the group have different values [Bob]
              component[].value not-a-number: `?` is not a number [?]
              component[].code required-missing: `code` has no value, and without it this cannot stand
            {"resourceType":"Observation","id":"2a6e","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"effectiveDateTime":"2024-01-01","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mmHg"}}]}
            refused [0]
              row no-key: a part of the key has no value
        "#]],
    );
    // What fails in a group is counted, though no value of it is written.
    let unmapped = write(
        "-- @target Patient @group by p.id @order p.n\nSELECT code('sex', p.sex) AS gender FROM p",
        "p.id | p.n | p.sex\n1 | 1 | X\n1 | 2 | M\n2 | 1 | F\n2 | 2 | M",
        10,
        &Everything,
    );
    expect![[r#"
        {"resourceType":"Patient","id":"cc2e","gender":"male"}
          gender unmapped-code: `X` has no code in codes/sex.csv [X]
        {"resourceType":"Patient","id":"4df7"}
          gender second-value: the rows of the group have different values [M]
        unmapped sex X 1
    "#]]
    .assert_eq(&unmapped);
    let unsorted = write(
        "-- @target Observation @group by l.stay\nSELECT 'final' AS status, code('http://loinc.org', 'x') AS code FROM lab l",
        "l.stay\n2\n1",
        10,
        &Everything,
    );
    expect![[r#"
        rows of part 0 do not come in the order of their keys
    "#]]
    .assert_eq(&unsorted);
}

#[test]
fn rows_of_child_files_are_entries_of_their_parent() {
    writes(
        r#"=== test.sql
-- @target Claim @key c.id
SELECT 'active' AS status, code('http://a.b/type', 'x') AS type, 'claim' AS use, ref('Patient', c.p) AS patient, c.made AS created,
  'Dr X' AS "provider.display", code('http://a.b/p', 'normal') AS priority, ref('Coverage', c.v) AS "insurance.coverage", 1 AS "insurance.sequence", true AS "insurance.focal" FROM claims c
=== item.sql
-- @target Claim @element item @key i.claim @order i.n
SELECT i.n AS sequence, code('http://a.b/item', i.what) AS "productOrService", i.net AS "net.value", 'USD' AS "net.currency" FROM items i
=== diagnosis.sql
-- @target Claim @element identifier @key d.claim
SELECT identifier('http://a.b/d', d.what) AS "." FROM d
=== coverage.sql
-- @target Coverage @key v.id
SELECT 'active' AS status, ref('Patient', v.p) AS beneficiary, 'X' AS "payor.display" FROM v"#,
        "c.id | c.p | c.v | c.made
         b | 1 | 1 | 2024-01-01
         c | 1 | 1 | never
         d | 1 | 1 | 2024-01-01
         ===
         d.claim | d.what
         c | 7
         d | 8
         d | -
         z | 9
         - | 9
         ===
         i.claim | i.n | i.what | i.net
         a | 1 | x | 5.00
         b | 1 | x | 5.00
         b | 2 | - | 1
         b | 3 | y | -
         c | 1 | y | 2",
        expect![[r#"
            refused [2]
              row no-parent: there is no resource that this row belongs to
            {"resourceType":"Claim","id":"483a","status":"active","type":{"coding":[{"system":"http://a.b/type","code":"x"}]},"use":"claim","patient":{"reference":"Patient/cc2e"},"created":"2024-01-01","provider":{"display":"Dr X"},"priority":{"coding":[{"system":"http://a.b/p","code":"normal"}]},"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/3d0c"}}],"item":[{"sequence":1,"productOrService":{"coding":[{"system":"http://a.b/item","code":"x"}]},"net":{"value":5.00,"currency":"USD"}},{"sequence":3,"productOrService":{"coding":[{"system":"http://a.b/item","code":"y"}]}}]}
            refused [2]
              item[].productOrService required-missing: `productOrService` has no value, and without it this cannot stand
            refused [0]
              created not-a-date: `never` is not a date with time and zone as FHIR writes it: write instant(…) [never]
            refused [1]
              row no-parent: the resource that this row belongs to was refused
            refused [2]
              row no-parent: the resource that this row belongs to was refused
            {"resourceType":"Claim","id":"5381","identifier":[{"system":"http://a.b/d","value":"8"}],"status":"active","type":{"coding":[{"system":"http://a.b/type","code":"x"}]},"use":"claim","patient":{"reference":"Patient/cc2e"},"created":"2024-01-01","provider":{"display":"Dr X"},"priority":{"coding":[{"system":"http://a.b/p","code":"normal"}]},"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/3d0c"}}]}
            refused [1]
              row no-parent: there is no resource that this row belongs to
            refused [1]
              row no-key: a part of the key has no value
        "#]],
    );
}

#[test]
fn extensions_stand_on_objects_and_beside_primitives() {
    writes(
        r#"-- @target Patient @key p.id
        SELECT p.race AS "extension('http://a/race').extension('text').valueString", code('http://a', p.race) AS "extension('http://a/race').extension('code').value",
          p.mother AS "extension('http://a/mother').value.string", p.born AS "birthDate", p.time AS "birthDate.extension('http://a/time').valueDateTime",
          p.given1 AS "name.given[0]", p.given2 AS "name.given[1]", p.kind2 AS "name.given[1].extension('http://a/kind').valueCode", p.gid AS "name.given[0].id",
          p.bid AS "birthDate.id" FROM p"#,
        "p.id | p.race | p.mother | p.born | p.time | p.given1 | p.given2 | p.kind2 | p.gid | p.bid
         1 | x | M | 1970-01-01 | 1970-01-01T10:00:00Z | A | B | k | - | -
         2 | - | - | - | 1970-01-01T10:00:00Z | A | - | k | g | b
         3 | - | - | 1970 | - | - | - | - | g | b
         4 | - | - | - | soon | A | B | - | - | b",
        expect![[r#"
            {"resourceType":"Patient","id":"cc2e","extension":[{"url":"http://a/mother","valueString":"M"},{"url":"http://a/race","extension":[{"url":"code","valueCodeableConcept":{"coding":[{"system":"http://a","code":"x"}]}},{"url":"text","valueString":"x"}]}],"name":[{"given":["A","B"],"_given":[null,{"extension":[{"url":"http://a/kind","valueCode":"k"}]}]}],"birthDate":"1970-01-01","_birthDate":{"extension":[{"url":"http://a/time","valueDateTime":"1970-01-01T10:00:00Z"}]}}
            {"resourceType":"Patient","id":"4df7","name":[{"given":["A",null],"_given":[{"id":"g"},{"extension":[{"url":"http://a/kind","valueCode":"k"}]}]}],"_birthDate":{"id":"b","extension":[{"url":"http://a/time","valueDateTime":"1970-01-01T10:00:00Z"}]}}
            {"resourceType":"Patient","id":"1932","birthDate":"1970","_birthDate":{"id":"b"}}
            {"resourceType":"Patient","id":"8d16","name":[{"given":["A","B"]}]}
              birthDate.extension('http://a/time').valueDateTime not-a-date: `soon` is not a date with time and zone as FHIR writes it: write instant(…) [soon]
        "#]],
    );
}

#[test]
fn references_are_written_where_their_resource_is_made() {
    let text = r#"-- @target Encounter @key e.id @required subject
        SELECT 'finished' AS status, code('http://a', 'IMP') AS class, ref('Patient', e.p) AS subject, e.who AS "participant.individual.reference" FROM e"#;
    let rows = "e.id | e.p | e.who
         1 | 1 | Practitioner/1
         2 | - | -
         3 | 1 | #a
         4 | 1 | Dr House";
    writes(
        text,
        rows,
        expect![[r#"
        {"resourceType":"Encounter","id":"5353","status":"finished","class":{"system":"http://a","code":"IMP"},"subject":{"reference":"Patient/cc2e"},"participant":[{"individual":{"reference":"Practitioner/1"}}]}
        refused [0]
          subject required-missing: `subject` has no value, and without it this cannot stand
        {"resourceType":"Encounter","id":"c669","status":"finished","class":{"system":"http://a","code":"IMP"},"subject":{"reference":"Patient/cc2e"}}
          participant.individual.reference bad-reference: `#a` leads into the resource, which contains no other
        {"resourceType":"Encounter","id":"7f01","status":"finished","class":{"system":"http://a","code":"IMP"},"subject":{"reference":"Patient/cc2e"}}
          participant.individual.reference bad-reference: `Dr House` is no reference: Type/id, an absolute address or urn:uuid:…
    "#]],
    );
    expect![[r#"
        refused [0]
          subject no-such-target: no resource is made for this reference to `Patient` [1]
        refused [0]
          subject required-missing: `subject` has no value, and without it this cannot stand
        refused [0]
          subject no-such-target: no resource is made for this reference to `Patient` [1]
          participant.individual.reference bad-reference: `#a` leads into the resource, which contains no other
        refused [0]
          subject no-such-target: no resource is made for this reference to `Patient` [1]
          participant.individual.reference bad-reference: `Dr House` is no reference: Type/id, an absolute address or urn:uuid:…
    "#]].assert_eq(&write(text, rows, 10, &Nothing));
}

#[test]
fn codes_by_path_are_held_to_required_lists() {
    writes(
        r#"-- @target Condition @key c.id
        SELECT ref('Patient', c.p) AS subject, 'http://terminology.hl7.org/CodeSystem/condition-clinical' AS "clinicalStatus.coding.system", c.state AS "clinicalStatus.coding.code",
          c.state AS "clinicalStatus.text" FROM c"#,
        "c.id | c.p | c.state
         1 | 1 | active
         2 | 1 | aktiv
         3 | 1 | -",
        expect![[r#"
            {"resourceType":"Condition","id":"846f","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}],"text":"active"},"subject":{"reference":"Patient/cc2e"}}
            {"resourceType":"Condition","id":"f453","subject":{"reference":"Patient/cc2e"}}
              clinicalStatus.coding not-a-code: `aktiv` is not in http://hl7.org/fhir/ValueSet/condition-clinical
            {"resourceType":"Condition","id":"7a56","subject":{"reference":"Patient/cc2e"}}
        "#]],
    );
}

#[test]
fn lists_and_structs_fill_repeating_elements() {
    let (target, context) = compiled(
        r#"-- @target Patient @key p.id
        SELECT array_agg(p.given) AS "name.given", array_agg(p.tel) AS telecom, array_agg(p.one) AS "contact.relationship", p.n AS "multipleBirth.integer" FROM p GROUP BY p.id"#,
    );
    let list = |rows: &[Option<&[Option<&str>]>]| {
        let mut builder = ListBuilder::new(StringBuilder::new());
        for row in rows {
            if let Some(row) = row {
                row.iter().for_each(|text| builder.values().append_option(*text));
            }
            builder.append(row.is_some());
        }
        std::sync::Arc::new(builder.finish()) as ArrayRef
    };
    let structs = |names: [&str; 2], rows: &[&[(Option<&str>, Option<&str>)]]| {
        let fields: Vec<Field> = names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect();
        let mut builder = ListBuilder::new(StructBuilder::from_fields(fields, 4));
        for row in rows {
            for (a, b) in *row {
                let entry = builder.values();
                entry.field_builder::<StringBuilder>(0).unwrap().append_option(*a);
                entry.field_builder::<StringBuilder>(1).unwrap().append_option(*b);
                entry.append(true);
            }
            builder.append(true);
        }
        std::sync::Arc::new(builder.finish()) as ArrayRef
    };
    let batch_of = |columns: Vec<ArrayRef>| {
        let named = columns.into_iter().enumerate().map(|(at, column)| (format!("c{at}"), column, true));
        RecordBatch::try_from_iter_with_nullable(named).unwrap()
    };
    let given = list(&[Some(&[Some("A"), None, Some(" B ")]), None]);
    let telecom =
        structs(["value", "system"], &[&[(Some("5"), Some("phone")), (None, None)], &[(Some("x"), Some("pigeon"))]]);
    let number = std::sync::Arc::new(Int64Array::from(vec![Some(2), None])) as ArrayRef;
    let id = std::sync::Arc::new(StringViewArray::from(vec!["1", "2"])) as ArrayRef;
    let good = batch_of(vec![given.clone(), telecom.clone(), list(&[None, None]), number.clone(), id.clone()]);
    expect![[r#"
        test.sql:2:81: `relationship` is a CodeableConcept, no text; make its entries with named_struct('element', value, …)
    "#]]
    .assert_eq(&write_batches(&target, &context, &[good], 10, &Everything));
    let wrong = batch_of(vec![number, structs(["valeu", "system"], &[&[], &[]]), telecom, given, id]);
    expect![[r#"
        test.sql:2:52: ContactPoint has no element `valeu`, as the struct has; did you mean `value`?
        test.sql:2:81: CodeableConcept has no element `system`, as the struct has
        test.sql:2:81: CodeableConcept has no element `value`, as the struct has
        test.sql:2:125: `multipleBirth` occurs once, and this column is a list; take one of its entries
    "#]]
    .assert_eq(&write_batches(&target, &context, &[wrong], 10, &Everything));
}

#[test]
fn what_sql_computed_is_typed_by_its_element() {
    let (target, context) = compiled(
        r#"-- @target Observation @key l.id
        SELECT 'final' AS status, code('http://loinc.org', 'x') AS code, l.at AS "effective.dateTime", l.flag AS "component[0].value.boolean", 'a' AS "component[0].code.text",
          l.n AS "component[1].value.integer", 'b' AS "component[1].code.text", l.f AS "referenceRange.low.value" FROM lab l"#,
    );
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "c0",
            std::sync::Arc::new(TimestampMicrosecondArray::from(vec![Some(1_709_210_096_500_000), None])) as ArrayRef,
        ),
        ("c1", std::sync::Arc::new(BooleanArray::from(vec![Some(true), None])) as ArrayRef),
        ("c2", std::sync::Arc::new(Float64Array::from(vec![3.0, 3.5])) as ArrayRef),
        ("c3", std::sync::Arc::new(Float64Array::from(vec![0.1, f64::NAN])) as ArrayRef),
        ("k0", std::sync::Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    expect![[r#"
        {"resourceType":"Observation","id":"1baf","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"effectiveDateTime":"2024-02-29T12:34:56.5+01:00","referenceRange":[{"low":{"value":0.1}}],"component":[{"code":{"text":"a"},"valueBoolean":true},{"code":{"text":"b"},"valueInteger":3}]}
        {"resourceType":"Observation","id":"ad9e","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"component":[{"code":{"text":"a"}},{"code":{"text":"b"}}]}
          referenceRange.low.value not-a-number: `NaN` is not a number: write number(…) [NaN]
          component[1].valueInteger not-an-integer: `3.5` is not a whole number of 32 bits [3.5]
    "#]].assert_eq(&write_batches(&target, &context, &[batch], 10, &Everything));
}

#[test]
fn what_is_noted_of_a_value_that_is_not_there_goes_with_it() {
    writes(
        r#"-- @target Observation @key l.id
        SELECT 'final' AS status, code('http://loinc.org', 'x') AS code, coalesce(quantity(l.v, unit('lab', l.u)), text(l.v)) AS value, quantity(l.low, unit('lab', l.u)) AS "referenceRange.low",
          coalesce(code('sex', l.sex), 'unknown') AS "component.interpretation.coding.code", 'k' AS "component.code.text" FROM lab l"#,
        "l.id | l.v | l.u | l.low | l.sex
         1 | negative | n/a | - | M
         2 | 5 | furlong | - | X
         3 | - | n/a | - | -",
        expect![[r#"
            {"resourceType":"Observation","id":"1baf","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"valueString":"negative","component":[{"code":{"text":"k"},"interpretation":[{"coding":[{"code":"male"}]}]}]}
              value flag kept-as-text
            {"resourceType":"Observation","id":"ad9e","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"valueQuantity":{"value":5,"unit":"furlong"},"component":[{"code":{"text":"k"},"interpretation":[{"coding":[{"code":"unknown"}]}]}]}
              value flag unknown-unit
            {"resourceType":"Observation","id":"fa13","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"component":[{"code":{"text":"k"},"interpretation":[{"coding":[{"code":"unknown"}]}]}]}
            unmapped sex X 1
            unmapped lab furlong 1
        "#]],
    );
}

#[test]
fn the_ends_of_a_period_are_held_against_each_other_where_each_has_a_path() {
    writes(
        r#"-- @target Encounter @key e.id
        SELECT 'finished' AS status, code('http://a', 'IMP') AS class, instant(e.begun) AS "period.start", instant(e.ended) AS "period.end" FROM e"#,
        "e.id | e.begun | e.ended
         1 | 2024-04-04 | 2024-04-03
         3 | 2024-04-04 | 2024-04-04
         4 | 2024-04-04 | 31/12/9999",
        expect![[r#"
            {"resourceType":"Encounter","id":"5353","status":"finished","class":{"system":"http://a","code":"IMP"},"period":{"start":"2024-04-04"}}
              period.end flag end-before-start
            {"resourceType":"Encounter","id":"c669","status":"finished","class":{"system":"http://a","code":"IMP"},"period":{"start":"2024-04-04","end":"2024-04-04"}}
            {"resourceType":"Encounter","id":"7f01","status":"finished","class":{"system":"http://a","code":"IMP"},"period":{"start":"2024-04-04"}}
              period.end stands-for-nothing: `31/12/9999` lies in the first or the last year there is and stands for none: name it in `nulls` of mapping.toml [31/12/9999]
        "#]],
    );
}

#[test]
fn a_row_of_a_child_file_is_refused_alone() {
    writes(
        r#"=== test.sql
-- @target Patient @key p.id
SELECT p.family AS "name.family" FROM p
=== contact.sql
-- @target Patient @element contact @key c.p @else reject gender @required name.family
SELECT c.g AS gender, c.n AS "name.family", c.t AS "telecom.value" FROM c"#,
        "p.id | p.family
         1 | A
         ===
         c.p | c.g | c.n | c.t
         1 | male | B | 1
         1 | wrong | C | 2
         1 | female | - | 3
         1 | - | - | -",
        expect![[r#"
            {"resourceType":"Patient","id":"cc2e","name":[{"family":"A"}],"contact":[{"name":{"family":"B"},"telecom":[{"value":"1"}],"gender":"male"}]}
            refused [1]
              contact[].gender not-a-code: `wrong` is not in http://hl7.org/fhir/ValueSet/administrative-gender, which has female, male, other, unknown [wrong]
            refused [1]
              contact[].name required-missing: `name` has no value, and without it this cannot stand
        "#]],
    );
}

#[test]
fn the_name_of_the_source_stands_in_constant_addresses() {
    writes(
        r#"-- @target Patient @key p.id
        SELECT 'urn:medweave:source:{source}:mrn' AS "identifier[0].system", p.mrn AS "identifier[0].value", identifier('urn:x:{source}', p.mrn) AS "identifier[1]" FROM p"#,
        "p.id | p.mrn
         1 | 7",
        expect![[r#"
            {"resourceType":"Patient","id":"cc2e","identifier":[{"system":"urn:medweave:source:source:mrn","value":"7"},{"system":"urn:x:source","value":"7"}]}
        "#]],
    );
}

#[test]
fn a_group_of_too_many_rows_is_refused_to_its_end() {
    let (target, context) = compiled(
        "-- @target Observation @group by l.stay\nSELECT 'final' AS status, code('http://loinc.org', 'x') AS code, l.n AS \"note[].text\" FROM lab l",
    );
    let rows = 2 * GROUP_ROWS_MAX + 10;
    let notes = (0..rows).map(|row| Some(row.to_string())).collect::<StringViewArray>();
    let stays = (0..rows).map(|row| Some(if row + 3 < rows { "1" } else { "2" })).collect::<StringViewArray>();
    let stays = std::sync::Arc::new(stays) as ArrayRef;
    let columns: Vec<(&str, ArrayRef)> =
        vec![("c0", std::sync::Arc::new(notes)), ("k0", std::sync::Arc::clone(&stays)), ("g0", stays)];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let shown = write_batches(&target, &context, &[batch], 1_000, &Everything);
    let refused = shown.lines().filter(|line| line.contains("too-many-rows")).count();
    let resources = shown.lines().filter(|line| line.starts_with('{')).count();
    assert_eq!((refused, resources), (rows - 3, 1));
}

/// Cells as hospitals have them, and worse.
fn cell() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        6 => prop::sample::select(vec![
            "M", "F", "final", "mg/dl", "2024-02-30", "2024-02-29", "20240229", "2024-01-01T00:00:00Z", "2024-01-01 10:00", "<5.0", "1e400", "-0", "007",
            "1,234.5", "", " ", "\u{0}", "\"", "\\", "阴性", "5.40", "Patient/1", "#x", "http://a b", "true", "9999999999", "x\ny", "\u{feff}a", "½",
        ]).prop_map(|text| Some(text.to_owned())),
        2 => "[0-9.,<>=-]{0,8}".prop_map(Some),
        2 => "\\PC{0,12}".prop_map(Some),
        1 => any::<String>().prop_map(Some),
    ]
}

const MAPPINGS: [&str; 5] = [
    r#"-- @target Observation @key l.a
    SELECT coalesce(l.s, 'final') AS status, code('http://loinc.org', l.b, l.c) AS code, coalesce(quantity(l.d, unit('lab', l.e)), text(l.d)) AS value,
      ref('Patient', l.f) AS subject, instant(l.g) AS effective, l.h AS issued, l.i AS "note.text", l.j AS "referenceRange.low.value", l.b AS "interpretation.coding.code"
    FROM lab l"#,
    r#"-- @target Patient @key l.a
    SELECT l.s AS gender, name(l.b, l.c, l.d) AS "name[0]", l.e AS "name[0].use", address(l.f, l.g, l.h, l.i, l.j) AS address, date(l.b) AS "birthDate",
      l.c AS "deceased.boolean", l.d AS "multipleBirth.integer", identifier('http://a.b', l.e, l.f, l.g) AS identifier, l.h AS "birthDate.extension('http://a').valueDateTime",
      l.i AS "name[1].given[3].extension('http://b').valueCode", l.j AS "communication.language.coding.code", true AS "communication.preferred" FROM lab l"#,
    r#"-- @target Encounter @key l.a, l.b
    SELECT code('sex', l.s) AS class, 'planned' AS status, period(l.c, l.d) AS period, l.e AS "participant.individual.reference", l.f AS "participant.individual.type",
      l.g AS "length.value", 'min' AS "length.unit", l.h AS "location.location.display", l.i AS "meta.profile", l.j AS "meta.lastUpdated" FROM lab l"#,
    r#"-- @target Condition @group by l.a @else reject code
    SELECT ref('Patient', l.b) AS subject, 'http://terminology.hl7.org/CodeSystem/condition-clinical' AS "clinicalStatus.coding.system", l.c AS "clinicalStatus.coding.code",
      code('sex', l.d) AS code, l.e AS "code.text", l.f AS "bodySite.text", at_offset(l.g, l.h) AS onset, l.i AS "note[].text", l.j AS "evidence[].code.text", l.s AS "recordedDate" FROM lab l"#,
    r#"-- @target Basic @key l.a
    SELECT code('sex', l.b) AS code, l.c AS "extension('http://a').value.base64Binary", l.d AS "extension('http://b').value.oid", l.e AS "extension('http://c').value.uuid",
      l.f AS "extension('http://d').value.uri", l.g AS "extension('http://e').value.time", l.h AS "extension('http://f').value.decimal", l.i AS "extension('http://g').value.positiveInt",
      l.j AS "extension('http://h').value.markdown", l.s AS "extension('http://i').value.Reference.reference" FROM lab l"#,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_that_is_written_is_refused_by_the_validator(
        rows in prop::collection::vec(prop::collection::vec(cell(), 11), 1..12),
        which in 0..MAPPINGS.len(),
    ) {
        let (target, context) = compiled(MAPPINGS[which]);
        let texts = column_texts(&target.main);
        let mut rows = rows;
        if target.grouped {
            // Rows of a group come together.
            rows.sort_by(|x, y| (x[0].is_none(), &x[0]).cmp(&(y[0].is_none(), &y[0])));
        }
        let names = ["l.a", "l.b", "l.c", "l.d", "l.e", "l.f", "l.g", "l.h", "l.i", "l.j", "l.s"];
        let columns = texts.iter().enumerate().map(|(at, text)| {
            let text = if text.starts_with("coalesce(l.s") { "l.s" } else { text.as_str() };
            let column = names.iter().position(|name| *name == text).unwrap_or_else(|| panic!("{text}"));
            let cells = rows.iter().map(|row| row[column].as_deref()).collect::<StringViewArray>();
            (format!("c{at}"), std::sync::Arc::new(cells) as ArrayRef, true)
        });
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        // The validator looks at each resource in `show`.
        let whole = write_batches(&target, &context, std::slice::from_ref(&batch), 100, &Everything);
        let split = write_batches(&target, &context, std::slice::from_ref(&batch), 2, &Everything);
        prop_assert_eq!(&whole, &split);
        if !target.grouped {
            // What is remembered of other rows and of the same ones changes nothing.
            let parted = |text: &str| -> (String, Vec<(String, u64)>) {
                let (told, counted) = match text.find("\nunmapped ") {
                    Some(at) => text.split_at(at + 1),
                    None => (text, ""),
                };
                // What is unmapped may have lines.
                let counted = format!("\n{counted}");
                let all = counted.split("\nunmapped ").skip(1).filter_map(|one| one.trim_end().rsplit_once(' '));
                let mut all: Vec<_> = all.map(|(what, times)| (what.to_owned(), times.parse().unwrap())).collect();
                all.sort();
                (told.to_owned(), all)
            };
            let (told, counted) = parted(&whole);
            let alone = |row| write_batches(&target, &context, &[batch.slice(row, 1)], 1, &Everything);
            let each: String = (0..batch.num_rows()).map(|row| parted(&alone(row)).0).collect();
            prop_assert_eq!(&told, &each);
            let twice = arrow_select::concat::concat_batches(&batch.schema(), [&batch, &batch]).unwrap();
            let twice = parted(&write_batches(&target, &context, &[twice], 100, &Everything));
            let doubled = counted.into_iter().map(|(what, times)| (what, times * 2)).collect::<Vec<_>>();
            prop_assert_eq!(twice, (told.repeat(2), doubled));
        }
        prop_assert!(!whole.is_empty());
    }

    #[test]
    fn digits_are_kept(texts in prop::collection::vec("-?(0|[1-9][0-9]{0,12})(\\.[0-9]{1,12})?", 1..10)) {
        let (target, context) = compiled(
            r#"-- @target Observation @key l.id
            SELECT 'final' AS status, code('http://loinc.org', 'x') AS code, quantity(l.a) AS value, l.a AS "referenceRange.low.value" FROM lab l"#,
        );
        let texts: StringViewArray = texts.iter().map(|text| Some(text.as_str())).collect();
        let column = std::sync::Arc::new(texts.clone()) as ArrayRef;
        let batch = RecordBatch::try_from_iter(vec![("c", column.clone()), ("k", column)]).unwrap();
        let mut writer = Writer::new(&target, &context, &[&*batch.schema()]).unwrap();
        let mut written = Written::default();
        writer.write(batch, &Everything, &mut written);
        for (made, text) in written.iter().zip(texts.iter().flatten()) {
            let json = std::str::from_utf8(made.json().unwrap()).unwrap();
            prop_assert_eq!(json.matches(&format!("\"value\":{text}")).count(), 2, "{} in {}", text, json);
        }
    }
}

#[test]
fn a_batch_is_written_in_steps_of_few_rows_and_few_bytes() {
    let (target, context) =
        compiled("-- @target Basic @key l.id\nSELECT l.c AS \"code.text\", l.w AS \"identifier.value\" FROM lab l");
    let long = "x".repeat(900 << 10);
    let rows = |count: usize, text: &str| {
        (0..count).fold("l.id | l.c | l.w".to_owned(), |all, at| all + &format!("\n{at} | {text} | {at}"))
    };
    for (text, count, most) in [("few", 5_000, BY_ROW_ROWS), (long.as_str(), 40, 11)] {
        let batch = batch(&target.main, &rows(count, text));
        let mut writer = Writer::new(&target, &context, &[&*batch.schema()]).unwrap();
        let mut all = std::iter::once(Ok::<_, Infallible>(batch));
        let mut parts: [Batches<'_, Infallible>; 1] = [&mut all];
        let (mut written, mut seen, mut steps) = (Written::default(), Vec::new(), 0);
        while writer.next(&mut parts, &Everything, &mut written).unwrap() {
            assert!(written.len() <= most && written.batches[0].1.num_rows() == written.len());
            for one in written.iter() {
                let resource: serde_json::Value = serde_json::from_slice(one.json().unwrap()).unwrap();
                seen.push(resource["identifier"][0]["value"].as_str().unwrap().parse::<usize>().unwrap());
            }
            steps += 1;
        }
        assert_eq!((seen, steps), ((0..count).collect(), count.div_ceil(most)));
    }
}

#[test]
fn the_number_of_an_arm_may_be_a_value_too() {
    let arms = "CASE WHEN l.f = 'H' THEN 0 ELSE 1 END";
    let text = format!(
        "-- @target Observation @key l.id
        SELECT 'final' AS status, CASE WHEN l.f = 'H' THEN code('http://a', l.c) ELSE code('http://b', l.c) END AS code, {arms} AS \"value.integer\" FROM lab l"
    );
    let rows = format!("l.id | {arms} | {arms} | l.c\n1 | 0 | 0 | x\n2 | 1 | 1 | x");
    let written = write(&text, &rows, 10, &Everything);
    assert!(written.contains(r#""system":"http://a""#) && written.contains(r#""system":"http://b""#), "{written}");
    assert!(written.contains(r#""valueInteger":0"#) && written.contains(r#""valueInteger":1"#), "{written}");
}
