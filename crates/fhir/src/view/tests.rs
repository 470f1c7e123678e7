use super::*;
use crate::schema::r4;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p1","active":true,"birthDate":"1970-06",
 "name":[{"family":"Chalmers","given":["Peter","James"]},{"family":"Windsor"},{"_family":{"extension":[{"url":"u"}]},"given":["Jim"]}],
 "contact":[{"telecom":[{"system":"phone","value":"1"},{"system":"email","value":"2"}]},{"telecom":[]}],
 "multipleBirthInteger":2}"#;

fn compile(definition: &str) -> Result<View, ViewError> {
    View::compile(&Document::parse(definition.as_bytes()).unwrap())
}

/// Column names with types, then the rows, as text.
fn check(definition: &str, resource: &str, expected: Expect) {
    let view = compile(definition).unwrap();
    let document = Document::parse(resource.as_bytes()).unwrap();
    let columns: Vec<String> = view.columns().iter().map(|c| format!("{}:{}", c.name, c.fhir_type)).collect();
    let mut out = columns.join(" ") + "\n";
    let result = view.rows(document.root(), &Environment::new(), &mut |row| {
        let cells: Vec<String> =
            row.iter().map(|cell| if *cell == Cell::Null { "-".to_owned() } else { cell.to_string() }).collect();
        out.push_str(&cells.join(" "));
        out.push('\n');
    });
    if let Err(error) = result {
        out.push_str(&error.to_string());
    }
    expected.assert_eq(&out);
}

fn check_error(definition: &str, expected: &str) {
    assert_eq!(compile(definition).unwrap_err().to_string(), expected);
}

#[test]
fn types_come_from_declarations_or_expressions() {
    check(
        r#"{"resource":"Patient","select":[{"column":[
            {"name":"id","path":"id"},{"name":"active","path":"active"},{"name":"born","path":"birthDate"},
            {"name":"n","path":"name.count()"},{"name":"birth","path":"multipleBirth.ofType(integer)"},
            {"name":"half","path":"1 / 2"},{"name":"text","path":"active","type":"string"},
            {"name":"given","path":"name.given","collection":true,"type":"http://hl7.org/fhirpath/System.String"},
            {"name":"name","path":"name.first()"}]}]}"#,
        PATIENT,
        expect![[r#"
            id:id active:boolean born:date n:integer birth:integer half:decimal text:string given:string name:HumanName
            p1 true 1970-06 3 2 0.5 true Peter,James,Jim {"family":"Chalmers","given":["Peter","James"]}
        "#]],
    );
}

#[test]
fn selects_multiply_and_unions_add() {
    check(
        r#"{"resource":"Patient","select":[
            {"column":[{"name":"id","path":"id"}]},
            {"forEachOrNull":"contact","column":[{"name":"c","path":"%rowIndex"}],
             "select":[{"forEachOrNull":"telecom","column":[{"name":"value","path":"value"}]}]},
            {"unionAll":[
                {"forEach":"name","column":[{"name":"part","path":"family"}]},
                {"forEach":"name.given","column":[{"name":"part","path":"$this"}]}]}]}"#,
        r#"{"resourceType":"Patient","id":"p1","name":[{"family":"A","given":["B"]}],"contact":[{"telecom":[{"value":"1"},{"value":"2"}]},{}]}"#,
        expect![[r"
            id:id c:integer value:string part:string
            p1 0 1 A
            p1 0 1 B
            p1 0 2 A
            p1 0 2 B
            p1 1 - A
            p1 1 - B
        "]],
    );
}

#[test]
fn repeat_goes_down_depth_first() {
    let definition = r#"{"resource":"QuestionnaireResponse","select":[
        {"repeat":["item","answer.item"],"column":[{"name":"n","path":"%rowIndex"},{"name":"link","path":"linkId"}]}]}"#;
    check(
        definition,
        r#"{"resourceType":"QuestionnaireResponse","item":[{"linkId":"1","item":[{"linkId":"1.1"}],
            "answer":[{"item":[{"linkId":"1.a"}]}]},{"linkId":"2"}]}"#,
        expect![[r"
            n:integer link:string
            0 1
            1 1.1
            2 1.a
            3 2
        "]],
    );
    check(
        r#"{"resource":"Patient","select":[{"repeat":["$this"],"column":[{"name":"id","path":"id"}]}]}"#,
        PATIENT,
        expect![[r"
            id:id
            select[0]: the repetition does not end"]],
    );
}

#[test]
fn conditions_and_constants() {
    let view = |condition: &str| {
        format!(
            r#"{{"resource":"Patient","constant":[{{"name":"fam","valueString":"Windsor"}},{{"name":"day","valueDate":"1970-07-01"}}],
                "where":[{{"path":"{condition}"}}],"select":[{{"column":[{{"name":"id","path":"id"}}]}}]}}"#
        )
    };
    let kept = expect![["
        id:id
        p1
    "]];
    check(&view("name.where(family = %fam).exists()"), PATIENT, kept);
    check(
        &view("birthDate < %day"),
        PATIENT,
        expect![["
        id:id
        p1
    "]],
    );
    check(
        &view("active = false"),
        PATIENT,
        expect![["
        id:id
    "]],
    );
    check(
        &view("gender = 'male'"),
        PATIENT,
        expect![["
        id:id
    "]],
    );
    check_error(&view("name.family"), "where[0].path: a condition is a boolean, not string");
    check_error(
        &view("name.where(family = %none).exists()"),
        r#"where[0].path: "name.where(family = %none).exists()": semantic error at offset 20 of the expression: there is no variable %none"#,
    );
}

#[test]
fn a_resource_has_all_its_rows_or_none() {
    let definition =
        r#"{"resource":"Patient","select":[{"forEach":"name","column":[{"name":"given","path":"given"}]}]}"#;
    let view = compile(definition).unwrap();
    let rows = |resource: &str| {
        let document = Document::parse(resource.as_bytes()).unwrap();
        let mut count = 0;
        view.rows(document.root(), &Environment::new(), &mut |_| count += 1)
            .map(|()| count)
            .map_err(|error| error.to_string())
    };
    let two = r#"{"resourceType":"Patient","name":[{"given":["A"]},{"given":["B","C"]}]}"#;
    assert_eq!(rows(two), Err("given: 2 values for a column that is no collection".to_owned()));
    assert_eq!(rows(r#"{"resourceType":"Patient","name":[{"given":["A"]}]}"#), Ok(1));
    assert_eq!(rows(r#"{"resourceType":"Observation"}"#), Ok(0));
}

#[test]
fn wrong_definitions_name_their_place() {
    check_error("{}", "resource: the view must say what resource it is of");
    check_error(r#"{"resource":"Patients"}"#, "resource: Patients is no resource of R4");
    check_error(r#"{"resource":"Patient"}"#, "select: the view selects nothing");
    check_error(
        r#"{"resource":"Patient","select":[{"forEach":1}]}"#,
        "select[0].forEach: must be a string that is not empty",
    );
    check_error(
        r#"{"resource":"Patient","select":[{"forEach":"name","forEachOrNull":"name"}]}"#,
        "select[0]: has forEach and forEachOrNull, of which there can be one",
    );
    check_error(
        r#"{"resource":"Patient","select":[{"column":[{"name":"a b","path":"id"}]}]}"#,
        "select[0].column[0].name: \"a b\" is no name: a letter, then letters, digits and underscores",
    );
    check_error(
        r#"{"resource":"Patient","select":[{"column":[{"name":"a","path":"id"}]},{"column":[{"name":"a","path":"id"}]}]}"#,
        "select: the column a occurs twice",
    );
    check_error(
        r#"{"resource":"Patient","select":[{"column":[{"name":"a","path":"id","type":"strng"}]}]}"#,
        "select[0].column[0].type: strng is no type of R4",
    );
    check_error(
        r#"{"resource":"Patient","select":[{"column":[{"name":"a","path":"name.where("}]}]}"#,
        r#"select[0].column[0].path: "name.where(": syntax error at offset 11 of the expression: expected a value, found the end"#,
    );
    check_error(
        r#"{"resource":"Patient","select":[{"unionAll":[{"column":[{"name":"a","path":"id"}]},{"column":[{"name":"b","path":"id"}]}]}]}"#,
        "select[0].unionAll[1]: the branches of a union have the same columns of the same types: here (b), before (a)",
    );
    check_error(
        r#"{"resource":"Patient","constant":[{"name":"c"}],"select":[]}"#,
        "constant[0]: a constant has exactly one value[x]",
    );
}

#[test]
fn names_that_no_type_has_are_warnings() {
    let view = compile(r#"{"resource":"Patient","select":[{"column":[{"name":"a","path":"name.famly"}]}]}"#).unwrap();
    assert_eq!(
        view.warnings(),
        [
            r#"select[0].column[0].path: "name.famly": semantic error at offset 5 of the expression: HumanName has no element famly"#
        ]
    );
    assert_eq!(view.resource(), r4().type_id("Patient").unwrap());
}

proptest! {
    #[test]
    fn any_json_compiles_or_fails(text in "(\\{|\\}|\\[|\\]|\"resource\":|\"Patient\"|\"select\":|\"column\":|\"name\":|\"path\":|\"forEach\":|\"id\"|1|,){0,24}") {
        if let Ok(document) = Document::parse(text.as_bytes()) {
            let _ = View::compile(&document);
        }
    }
}
