//! What is wrong with mappings, and where.

use expect_test::{Expect, expect};
use proptest::prelude::*;

/// Files of a mapping: `text` is `test.sql`, or several files after lines `=== path`. What every mapping has is added.
pub(crate) fn files(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    if text.contains("=== ") {
        for line in text.lines() {
            match line.trim_start().strip_prefix("=== ") {
                Some(path) => files.push((path.trim().into(), String::new())),
                None => {
                    if let Some((_, text)) = files.last_mut() {
                        text.push_str(line);
                        text.push('\n');
                    }
                }
            }
        }
    } else {
        files.push(("test.sql".into(), text.into()));
    }
    let has_patient = text_makes(&files, "Patient");
    for (path, text) in [
        ("mapping.toml", "name = \"test\"\nzone = \"Europe/Berlin\"\n"),
        (
            "codes/sex.csv",
            "source,system,code\nM,http://hl7.org/fhir/administrative-gender,male\nF,http://hl7.org/fhir/administrative-gender,female\n",
        ),
        ("units/lab.csv", "source,ucum\nmg/dl,mg/dL\n"),
        ("a_patient.sql", "-- @target Patient @key p.id\nSELECT p.family AS \"name.family\" FROM patients p"),
    ] {
        let is_there = files.iter().any(|(known, _)| known == path) || (path == "a_patient.sql" && has_patient);
        if !is_there {
            files.push((path.into(), text.into()));
        }
    }
    files
}

fn text_makes(files: &[(String, String)], target: &str) -> bool {
    files.iter().any(|(_, text)| text.contains(&format!("@target {target}")) && !text.contains("@element"))
}

fn check(text: &str, expected: Expect) {
    let files = files(text);
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let problems = super::check(&files).iter().fold(String::new(), |all, problem| all + &problem.to_string() + "\n");
    expected.assert_eq(&problems);
}

/// The items of an Observation that lacks nothing, and what is to be looked at.
fn check_item(items: &str, expected: Expect) {
    check(
        &format!(
            "-- @target Observation @key l.id\nSELECT 'final' AS status, code('http://loinc.org', l.code) AS code,\n{items}\nFROM lab l"
        ),
        expected,
    );
}

#[test]
fn a_mapping_without_fault_has_no_problem() {
    check_item(
        r#"quantity(l.value, unit('lab', l.unit)) AS value, ref('Patient', l.patient) AS subject,
        instant(l.at) AS effective, 'laboratory' AS "category.coding.code", l.note AS "note[0].text", l.more AS "note[1].text",
        l.reason AS "extension('http://a.b/c').valueString", l.low AS "referenceRange.low.value""#,
        expect![""],
    );
}

#[test]
fn unknown_elements_have_their_nearest_right_name() {
    check_item(
        r#"l.a AS statuss, l.b AS "code.codng.code", l.c AS valueQuantit, l.d AS xyz, l.e AS "value.Quantity.valu""#,
        expect![[r#"
            test.sql:3:8: Observation has no element `statuss`; did you mean `status`?
            test.sql:3:30: CodeableConcept has no element `codng`; did you mean `coding`?
            test.sql:3:50: Observation has no element `valueQuantit`; did you mean `valueQuantity`?
            test.sql:3:71: Observation has no element `xyz`; it has id, meta, implicitRules, language, text, contained, extension, modifierExtension, identifier, basedOn, partOf, status, category, code, subject, focus, encounter, effective, issued, performer, value, dataAbsentReason, interpretation, note, bodySite, method, specimen, device, referenceRange, hasMember, derivedFrom, component
            test.sql:3:99: Quantity has no element `valu`; did you mean `value`?
        "#]],
    );
}

#[test]
fn what_is_no_element_for_items_is_refused() {
    check_item(
        r#"l.a AS id, l.b AS "resourceType", l.c AS "contained.id", l.d AS "extension.valueString", l.e AS "status('http://a')",
        l.f AS "issued.month", l.g AS "value[x]", l.h AS "a..b", l.i AS ".""#,
        expect![[r#"
            test.sql:3:8: `id` is no item; the id is made of the target's name and @key
            test.sql:3:20: `resourceType` is no item; it is the type that @target names
            test.sql:3:43: `contained` is not made by mappings; make a target of its own and refer to it with ref('TARGET', key)
            test.sql:3:66: `extension` needs an address; write extension('http://…').valueString
            test.sql:3:98: `status` takes no address: only extension and modifierExtension do
            test.sql:4:24: instant is a primitive type: it has no element `month`; only extension('http://…') and id can follow
            test.sql:4:46: name the type in the place of [x]: value.Quantity or valueQuantity
            test.sql:4:61: `.b` is no element name
            test.sql:4:74: the path `.` stands for the entry of an @element file; here it is the resource
        "#]],
    );
}

#[test]
fn choices_need_their_type_unless_a_function_gives_it() {
    check_item(
        r#"l.a AS value, l.b AS "effective.start", l.c AS "effective.Periode", date(l.d) AS "value.Quantity""#,
        expect![[r#"
            test.sql:3:1: `value` can be Quantity, CodeableConcept, string, boolean, integer, Range, Ratio, SampledData, time, dateTime, Period: plain SQL does not say which; name the type, as "value.string", or use a function
            test.sql:3:33: the type of the choice `effective` is missing before `start`; write effective.Period.start, or another type that has it
            test.sql:3:59: the type of the choice `effective` is missing before `Periode`; did you mean `Period`?
            test.sql:3:69: `date` gives date, dateTime, but `value` is Quantity; it is made by quantity
        "#]],
    );
    check_item(r#"l.a AS "value.string", l.b AS "effectiveDateTime", l.c AS "value.quantity.value""#, expect![""]);
}

#[test]
fn types_must_fit() {
    check_item(
        r#"quantity(l.a) AS issued, 'x' AS subject, l.b AS category, l.c || 'x' AS method, ref('Patient', l.e) AS encounter,
        'tomorrow' AS "effective.dateTime", 5 AS "component.code.text", text(l.f) AS "value.Quantity.value", l.g AS "effective.Timing""#,
        expect![[r#"
            test.sql:3:1: `quantity` gives Quantity, Age, Duration, Distance, Count, but `issued` is instant; it is made by instant, at_offset
            test.sql:3:26: `subject` is a Reference, and plain SQL gives text; plain text is no Reference: use `ref(…)`, or name its elements
            test.sql:3:42: `category` is a CodeableConcept, and plain SQL gives text; plain text is no CodeableConcept: use `code(…)` or `text(…)`, or name its elements
            test.sql:3:59: `method` is a CodeableConcept, and plain SQL gives text; plain text is no CodeableConcept: use `code(…)` or `text(…)`, or name its elements
            test.sql:3:81: `encounter` cannot refer to a Patient; it may refer to Encounter
            test.sql:4:9: `tomorrow` is not a date with time and zone as FHIR writes it: write instant(…)
            test.sql:4:73: `text` gives string, markdown, code, id, uri, url, canonical, oid, uuid, base64Binary, CodeableConcept, Annotation, but `value` is decimal; it is made by number
            test.sql:4:110: `effective` is a Timing, and plain SQL gives text; name its elements: effective.modifierExtension, effective.event, effective.repeat, effective.code
        "#]],
    );
}

#[test]
fn single_elements_take_one_value_and_no_index() {
    check_item(
        r#"l.a AS "status[0]", l.b AS issued, l.c AS issued, CASE WHEN l.x THEN l.d END AS "value.string", CASE WHEN l.y THEN l.e END AS "value.string",
        l.f AS "note.text", l.g AS "note.text", 'a' AS "value.code", true AS "value.boolean", 1 AS "value.integer""#,
        expect![[r#"
            test.sql:3:9: `status` occurs once: it takes no index
            test.sql:3:36: `issued` has a value already (line 3); use coalesce(…) or CASE to choose one
            test.sql:4:29: `note.text` has a value already (line 4); use coalesce(…) or CASE to choose one
            test.sql:4:63: the type of the choice `value` is missing before `code`; write value.Quantity.code, or another type that has it
            test.sql:4:95: `valueInteger` has another constant value already
        "#]],
    );
}

#[test]
fn required_elements_must_be_made_also_in_what_is_used() {
    check(
        r#"-- @target Observation @key l.id
           SELECT l.x AS "component.value.string", l.u AS "extension('http://a').url", l.v AS "extension('http://b').id" FROM lab l"#,
        expect![[r#"
            test.sql:1:12: Observation needs `code`, and no item makes it; add … AS "code" (CodeableConcept)
            test.sql:1:12: Observation needs `status`, and no item makes it; add … AS "status": one of amended, cancelled, corrected, entered-in-error, final, preliminary, registered, unknown
            test.sql:2:19: `component` needs `code`, and no item makes it; add … AS "component.code" (CodeableConcept)
            test.sql:2:82: the address of an extension stands in its brackets; write extension('http://…')
            test.sql:2:88: the extension has no value; write extension('…').valueString or another of its types
        "#]],
    );
    check(
        r#"-- @target MedicationRequest @key m.id
           SELECT 'active' AS status, 'order' AS intent, ref('Patient', m.p) AS subject FROM meds m"#,
        expect![[r#"
            test.sql:1:12: MedicationRequest needs `medication[x]`, and no item makes it; add … AS "medication" (CodeableConcept or Reference)
        "#]],
    );
}

#[test]
fn codes_must_be_in_required_lists() {
    check(
        r#"-- @target Patient @key p.id
           SELECT CASE p.sex WHEN 'M' THEN 'mal' WHEN 'F' THEN 'female' ELSE 'unknwn' END AS gender, 'ofical' AS "name.use" FROM patients p"#,
        expect![[r#"
            test.sql:2:44: `mal` is not in http://hl7.org/fhir/ValueSet/administrative-gender, which has female, male, other, unknown; did you mean `male`?
            test.sql:2:78: `unknwn` is not in http://hl7.org/fhir/ValueSet/administrative-gender, which has female, male, other, unknown; did you mean `unknown`?
            test.sql:2:102: `ofical` is not in http://hl7.org/fhir/ValueSet/name-use, which has anonymous, maiden, nickname, official, old, temp, usual; did you mean `official`?
        "#]],
    );
}

#[test]
fn functions_are_called_as_they_are_written() {
    check_item(
        r#"quantitty(l.a) AS value, quantity() AS "value", code(l.m, l.b) AS method, code('sx', l.c) AS bodySite,
        quantity(l.d, unit('labs', l.e)) AS "component.value", unit('lab', l.f) AS "referenceRange.low", date(l.g, l.h) AS issued,
        ref('Patients', l.i) AS subject, ref('Patient', l.j, l.k) AS performer, period(number(l.n), l.o) AS "effective", date(*) AS issued"#,
        expect![[r#"
            test.sql:3:1: there is no function `quantitty`; did you mean `quantity`?
            test.sql:3:26: `quantity` cannot take 0 arguments; write quantity(value[, unit])
            test.sql:3:54: MAP of `code` must be a constant; write code(MAP, value[, display])
            test.sql:3:75: unknown code map `sx`; did you mean `sex`?
            test.sql:4:9: `component` needs `code`, and no item makes it; add … AS "component.code" (CodeableConcept)
            test.sql:4:23: unknown unit map `labs`; did you mean `lab`?
            test.sql:4:64: `unit` stands only as an argument of `quantity` and `range`; write quantity(value, unit('MAP', unit))
            test.sql:4:106: `date` gives date, dateTime, but `issued` is instant; it is made by instant, at_offset
            test.sql:5:9: unknown target `Patients`; did you mean `Patient`?
            test.sql:5:42: `Patient` has 1 key, not 2; give the values of its @key, in its order
            test.sql:5:88: `number` cannot be the argument `start` of `period`; plain SQL, or instant or date or at_offset
            test.sql:5:122: `date` gives date, dateTime, but `issued` is instant; it is made by instant, at_offset
        "#]],
    );
}

#[test]
fn mapping_functions_stand_in_items_only() {
    check(
        r#"=== test.sql
-- @target Observation @key code('sex', l.id)
WITH x AS (SELECT quantity(l.v) AS v FROM lab l)
SELECT upper(text(l.a)) AS "value.string", 'final' AS status, CASE WHEN date(l.d) > 1 THEN code('http://loinc.org', l.c) END AS code
FROM x l WHERE date(l.at) > '2020'
=== views/v.sql
SELECT name(a) FROM b"#,
        expect![[r#"
            test.sql:1:29: the mapping function `code` may not stand here; it stands only as an item of a target, in CASE and coalesce there, and in other mapping functions
            test.sql:2:19: the mapping function `quantity` may not stand here; it stands only as an item of a target, in CASE and coalesce there, and in other mapping functions
            test.sql:3:14: the mapping function `text` may not stand here; it stands only as an item of a target, in CASE and coalesce there, and in other mapping functions
            test.sql:3:73: the mapping function `date` may not stand here; it stands only as an item of a target, in CASE and coalesce there, and in other mapping functions; in SQL write CAST(… AS DATE)
            test.sql:4:16: the mapping function `date` may not stand here; it stands only as an item of a target, in CASE and coalesce there, and in other mapping functions; in SQL write CAST(… AS DATE)
            views/v.sql:1:8: the mapping function `name` may not stand here; it stands only as an item of a target, in CASE and coalesce there, and in other mapping functions
        "#]],
    );
}

#[test]
fn the_outermost_select_is_plain() {
    check(
        "-- @target Basic @key b.id\nSELECT DISTINCT b.x, * , code('http://a', b.c) AS code FROM b ORDER BY 1 LIMIT 5",
        expect![[r#"
            test.sql:2:1: DISTINCT would merge rows silently; put DISTINCT into WITH, or use GROUP BY
            test.sql:2:1: LIMIT would leave rows out silently; say in WHERE which rows are meant, or put LIMIT into WITH
            test.sql:2:1: ORDER BY has no meaning here; rows of a group are ordered by @order
            test.sql:2:1: `*` cannot stand here: each item has its element path
            test.sql:2:17: `b.x` has no element path; add AS "x"
        "#]],
    );
    check(
        "-- @target Basic @key b.id\nSELECT code('http://a', b.c) AS code FROM b UNION ALL SELECT code('http://a', b.c) AS code FROM c b",
        expect![[r#"
            test.sql:2:1: UNION cannot be the outermost: its items would have no names; put the UNION into WITH: WITH rows AS (SELECT … UNION ALL SELECT …) SELECT … FROM rows
        "#]],
    );
    check(
        "-- @target Basic @key b.id\nSELECT b.c AS value.Quantity FROM b",
        expect![[r#"
            test.sql:2:20: `.` follows where the statement ends; an element path with dots or brackets needs double quotes: AS "value.Quantity"
        "#]],
    );
    check(
        "-- @target Basic @key b.id\nDELETE FROM b",
        expect![[r#"
            test.sql:2:1: `DELETE` cannot stand here; a file of a mapping holds one SELECT (or WITH … SELECT)
        "#]],
    );
}

#[test]
fn directives_are_known_and_whole() {
    check(
        "-- what this is for\n--  @target Basic   @kez b.id @each x\n-- see @key b.id\n-- @gone away @match name\nSELECT code('http://a', b.c) AS code FROM b",
        expect![[r#"
            test.sql:2:13: the target `Basic` has no @key; say which columns tell its resources apart: @key p.id
            test.sql:2:21: there is no directive `@kez`; did you mean `@key`?
            test.sql:2:37: the query does not read a table `x`; it reads b
            test.sql:3:8: a directive after other words is not read; begin a line with it: -- @…
            test.sql:4:10: `@gone away` is not understood; write @gone keep|entered-in-error|delete
            test.sql:4:22: `@match name` is not understood; write @match identifier
        "#]],
    );
    check(
        "-- @target Patien @key p.id\nSELECT 1 AS x FROM p",
        expect![[r#"
            test.sql:1:12: R4 has no resource type `Patien`; did you mean `Patient`?
        "#]],
    );
    check(
        "SELECT 1 AS x FROM p",
        expect![[r#"
            test.sql:1:1: the file has no `@target`; begin it with a line such as: -- @target Patient @key p.id
        "#]],
    );
    check(
        "-- @target Basic @key b.id @key b.x @required code.text, cod @else null code @gone entered-in-error @order b.x @match identifier\nSELECT code('http://a', b.c) AS code FROM b",
        expect![[r#"
            test.sql:1:12: a Basic has no status `entered-in-error`; use @gone keep or @gone delete
            test.sql:1:28: `@key` stands twice
            test.sql:1:47: no item makes `code.text`
            test.sql:1:58: Basic has no element `cod`; did you mean `code`?
            test.sql:1:73: `code` is required: without it there is no resource; write @else reject, or give another value by coalesce
            test.sql:1:108: @order has no meaning here; it orders the rows of a group (@group by) or of an @element file
            test.sql:1:112: no item makes an identifier to match; add identifier('http://…', …) AS identifier
        "#]],
    );
}

#[test]
fn targets_have_names_of_their_own() {
    check(
        "=== a.sql\n-- @target Basic @key b.id\nSELECT code('http://a', b.c) AS code FROM b\n=== b.sql\n-- @target Basic @key b.id\nSELECT code('http://a', b.c) AS code FROM b\n=== c.sql\n-- @target Basic as Other @key b.id\nSELECT code('http://a', b.c) AS code FROM b",
        expect![[r#"
            b.sql:1:12: a.sql makes `Basic` already; tell them apart: @target TYPE as NAME
        "#]],
    );
}

#[test]
fn children_fit_their_target() {
    let main = "=== a.sql\n-- @target Observation @key l.id\nSELECT 'final' AS status, code('http://loinc.org', l.c) AS code FROM lab l\n=== b.sql\n";
    check(
        &format!(
            "{main}-- @target Observation @element component @key c.lab\nSELECT code('http://loinc.org', c.code) AS code, c.v AS \"value.string\" FROM c"
        ),
        expect![""],
    );
    check(
        &format!("{main}-- @target Observation @element note @key c.lab\nSELECT text(c.code) AS \".\" FROM c"),
        expect![""],
    );
    check(
        &format!(
            "{main}-- @target Observation @element status @key c.lab, c.x @group by c.y\nSELECT c.v AS \".\" FROM c"
        ),
        expect![[r#"
            b.sql:1:33: `status` occurs once: an @element file makes entries of a repeating element
            b.sql:1:40: `Observation` has 1 in its key, this file 2
            b.sql:1:56: @group by stands in the file of the target itself, not in an @element file
        "#]],
    );
    check(
        &format!("{main}-- @target Observatio @element component\nSELECT c.v AS \"component.value.string\" FROM c"),
        expect![[r#"
            b.sql:1:12: R4 has no resource type `Observatio`; did you mean `Observation`?
        "#]],
    );
    check(
        &format!(
            "{main}-- @target Observation @element component @key c.lab\nSELECT c.v AS \"value[].string\", c.w AS \"component.value\" FROM c"
        ),
        expect![[r#"
            b.sql:2:16: `[]` is an entry for each row of a group, and there is no group; each row of an @element file is an entry already
            b.sql:2:41: Observation.component has no element `component`; it has id, extension, modifierExtension, code, value, dataAbsentReason, interpretation, referenceRange
        "#]],
    );
}

#[test]
fn groups_and_their_entries() {
    let head = "-- @target Observation @group by l.stay, l.at\nSELECT 'final' AS status, code('http://loinc.org', '85354-9') AS code, ";
    check(
        &format!(
            "{head}code('http://loinc.org', l.c) AS \"component[].code\", quantity(l.v, l.u) AS \"component[].value\" FROM lab l"
        ),
        expect![""],
    );
    check(
        &format!("{head}l.x AS \"component[].code.coding[].code\", l.y AS \"issued[]\" FROM lab l"),
        expect![[r#"
            test.sql:2:80: only one element of a path can have an entry for each row of the group
            test.sql:2:121: `issued` occurs once: it takes no index
        "#]],
    );
    check_item(
        "l.x AS \"component[].value.string\"",
        expect![[r#"
            test.sql:3:9: `[]` is an entry for each row of a group, and there is no group; add @group by, whose rows make one resource
        "#]],
    );
}

#[test]
fn views_may_use_each_other_but_not_themselves() {
    check(
        "=== test.sql\n-- @target Basic @key b.id @each base\nSELECT code('http://a', b.c) AS code FROM one b\n=== views/one.sql\nSELECT * FROM two\n=== views/two.sql\nSELECT * FROM base",
        expect![""],
    );
    check(
        "=== test.sql\n-- @target Basic @key b.id @each base\nSELECT code('http://a', b.c) AS code FROM one b\n=== views/one.sql\nSELECT * FROM two\n=== views/two.sql\nSELECT * FROM one, base",
        expect![[r#"
            views/one.sql:1:1: the view `one` uses itself; views may use each other, but not in a circle
            views/two.sql:1:1: the view `two` uses itself; views may use each other, but not in a circle
        "#]],
    );
}

#[test]
fn the_settings_are_known_and_right() {
    check(
        "=== mapping.toml\nname = \"A b\"\nzon = 'UTC'\nzone = 'Mars/Olympus'\nnulls = 5\nencoding = 'gb18O30'\nseparator = ';;'\norder = 'dym'\n[tables.x]\nfil = 'a'\nmissing = 'forget'\ncolumns = ['a', 'a']\n[tabels.y]\n",
        expect![[r#"
            mapping.toml:1:8: `A b` is no name of a mapping; use small letters, digits, hyphens and dots
            mapping.toml:2:1: mapping.toml has no key `zon`; did you mean `zone`?
            mapping.toml:3:8: `Mars/Olympus` is no time zone; use a name of the IANA list, such as `Europe/Berlin` or `UTC`
            mapping.toml:4:9: `nulls` must be a list of texts: ["…", "…"]
            mapping.toml:5:12: `gb18O30` is no encoding; did you mean `gb18030`?
            mapping.toml:6:13: a separator is one character; such as ",", ";", "|" or "\t"
            mapping.toml:7:9: `order` cannot be `dym`; one of "dmy", "mdy", "ymd"
            mapping.toml:9:1: tables.x has no key `fil`; did you mean `file`?
            mapping.toml:10:11: `forget` is nothing that can be done; keep, entered-in-error or delete
            mapping.toml:11:11: the column `a` is named twice
            mapping.toml:12:2: mapping.toml has no key `tabels`; did you mean `tables`?
        "#]],
    );
    check(
        "=== mapping.toml\nname = ",
        expect![[r#"
        mapping.toml:1:8: invalid string, expected `"`, `'`
    "#]],
    );
}

#[test]
fn hostile_texts_are_bounded() {
    let deep = format!(
        "-- @target Basic @key b.id\nSELECT {}1{} AS \"code.text\" FROM b",
        "(".repeat(5_000),
        ")".repeat(5_000)
    );
    check(
        &deep,
        expect![[r#"
        test.sql:2:1: the statement is nested too deeply; take it apart with WITH or views
    "#]],
    );
    let long = format!("-- @target Basic @key b.id\nSELECT {}'a' AS \"code.text\" FROM b", "b.x || ".repeat(1_990));
    check(
        &long,
        expect![[r#"
        test.sql:2:1: the statement is nested too deeply; take it apart with WITH or views
    "#]],
    );
    let longer = format!("-- @target Basic @key b.id\nSELECT {}'a' AS \"code.text\" FROM b", "b.x || ".repeat(5_000));
    check(
        &longer,
        expect![[r#"
        test.sql:1:1: a statement has at most 2000 operators and keywords; use IN or a code map for long lists of values
    "#]],
    );
    let nested = format!(
        "-- @target Basic @key b.id\nSELECT {}b.x{} AS \"code\" FROM b",
        "coalesce(text(b.a), ".repeat(30),
        ")".repeat(30)
    );
    check(
        &nested,
        expect![[r#"
        test.sql:2:322: functions are nested deeper than 16 levels
        test.sql:2:337: functions are nested deeper than 16 levels
        test.sql:2:348: functions are nested deeper than 16 levels
    "#]],
    );
    check(
        &format!("-- @target Basic @key b.id\nSELECT b.x AS \"{}\" FROM b", "a.".repeat(100_000)),
        expect![[r#"
        test.sql:1:12: Basic needs `code`, and no item makes it; add … AS "code" (CodeableConcept)
        test.sql:2:48: a path has at most 16 steps
    "#]],
    );
    check(
        &format!("-- @target Basic {}", "@required code ".repeat(10_000)),
        expect![[r#"
        test.sql:1:1: there is no SELECT
        test.sql:1:12: the target `Basic` has no @key; say which columns tell its resources apart: @key p.id
        test.sql:1:1503: a file has at most 100 directives
    "#]],
    );
    check(
        &"x".repeat(300_000),
        expect![[r#"
        test.sql:1:1: the file has 300000 bytes; at most 262144 are read
        test.sql:1:1: the file has no `@target`; begin it with a line such as: -- @target Patient @key p.id
    "#]],
    );
}

#[test]
fn what_a_function_gives_is_not_given_again() {
    check_item(
        r#"ref('Patient', l.p) AS subject, l.name AS "subject.display", l.x AS "code.text", quantity(l.v, l.u) AS value, l.w AS "value.Quantity.unit""#,
        expect![""],
    );
    check(
        r#"-- @target Observation @key l.id
        SELECT 'final' AS status, code('http://loinc.org', l.c, l.n) AS code, l.x AS "code.text", l.y AS "code.coding[1].code" FROM lab l"#,
        expect![[r#"
            test.sql:2:79: `text` has a value already: code(…) gives it; leave one of them out
            test.sql:2:99: `coding` has a value already: code(…) gives it; leave one of them out
        "#]],
    );
}

/// The files of a shipped mapping.
fn shipped(name: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings").join(name);
    let mut files = Vec::new();
    for sub in ["", "views", "codes", "units"] {
        let Ok(entries) = std::fs::read_dir(folder.join(sub)) else { continue };
        for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
            let name = entry.file_name().into_string().unwrap();
            let path = if sub.is_empty() { name } else { format!("{sub}/{name}") };
            files.push((path, std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
    files
}

#[test]
fn the_shipped_mappings_have_no_problem() {
    let mut shown = String::new();
    for name in ["eicu", "his-zh", "mimic-iii", "mimic-iv", "omop-5.4", "synthea-csv"] {
        let files = shipped(name);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let start = std::time::Instant::now();
        let problems = super::check(&files);
        println!("{name}: {} files checked in {} ms", files.len(), start.elapsed().as_millis());
        shown.extend(problems.iter().map(|problem| format!("{name}/{problem}\n")));
    }
    assert!(shown.is_empty(), "{shown}");
}

#[test]
fn constants_that_cannot_be_made_are_told_before_the_first_row() {
    check(
        r#"-- @target Condition @key c.id
        SELECT ref('Patient', c.p) AS subject, 'http://terminology.hl7.org/CodeSystem/condition-clinical' AS "clinicalStatus.coding.system", 'aktiv' AS "clinicalStatus.coding.code",
          'Dr House' AS "recorder.reference", quantity('5 or 6') AS onset, code('http://terminology.hl7.org/CodeSystem/condition-ver-status', 'sure') AS "verificationStatus" FROM c"#,
        expect![[r#"
            test.sql:2:48: `aktiv` is not in http://hl7.org/fhir/ValueSet/condition-clinical
            test.sql:3:11: `Dr House` is no reference: Type/id, an absolute address or urn:uuid:…
            test.sql:3:47: `5 or 6` is not a number
            test.sql:3:76: `sure` is not in http://hl7.org/fhir/ValueSet/condition-ver-status, which has confirmed, differential, entered-in-error, provisional, refuted, unconfirmed
        "#]],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What people type while they edit: whatever stands there, problems have places in it and nothing breaks.
    #[test]
    fn damaged_mappings_have_problems_with_places(
        which in 0..1_000_usize,
        edits in prop::collection::vec((0..1_000_usize, 0..12_usize, prop::sample::select(vec!["", "'", "\"", "(", ")", ",", "-- @", ".", "[", " AS x", "\u{0}", "é", "CASE "])), 1..6),
    ) {
        let mut files = shipped(["eicu", "his-zh", "synthea-csv"][which % 3]);
        let at = which % files.len();
        let mut text: Vec<char> = files[at].1.chars().collect();
        for (place, remove, put) in edits {
            let start = place * text.len() / 1_000;
            let end = (start + remove).min(text.len());
            text.splice(start..end, put.chars());
        }
        files[at].1 = text.into_iter().collect();
        let given: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        for problem in super::check(&given) {
            let lines = given.iter().find(|(path, _)| *path == problem.file).map_or(1, |(_, text)| text.split('\n').count());
            prop_assert!((1..=lines as u32 + 1).contains(&problem.line) && problem.column > 0, "{}", problem);
        }
    }
}
