use super::*;
use crate::json::Document;
use crate::schema::r4;
use proptest::prelude::*;

mod random;

const PATIENT: &str = r##"{"resourceType":"Patient","id":"p1","active":true,
 "name":[{"use":"official","family":"Chalmers","given":["Peter","James"]},{"use":"usual","given":["Jim"]},
  {"use":"maiden","family":"Windsor","given":[null,"Jane"],"_given":[{"extension":[{"url":"u","valueString":"masked"}]},null]}],
 "telecom":[{"system":"phone","value":"555"},{"system":"email","value":"a@b"}],
 "gender":"male","birthDate":"1974-12-25",
 "_birthDate":{"id":"bd","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1974-12-25T14:35:45-05:00"}]},
 "deceasedBoolean":false,
 "contained":[{"resourceType":"Organization","id":"o1","name":"Gastro"}],
 "managingOrganization":{"reference":"#o1"},
 "generalPractitioner":[{"reference":"Practitioner/7"},{"reference":"http://x.org/fhir/Organization/8/_history/2"},{"type":"PractitionerRole","identifier":{"value":"q"}}]}"##;

const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"o","status":"final",
 "code":{"coding":[{"system":"http://loinc.org","code":"29463-7","display":"Body weight"}]},
 "subject":{"reference":"Patient/p1"},"effectiveDateTime":"2016-03",
 "valueQuantity":{"value":185.0,"unit":"lbs","system":"http://unitsofmeasure.org","code":"[lb_av]"},
 "component":[{"code":{"text":"a"},"valueInteger":3},{"code":{"text":"b"},"_valueString":{"extension":[{"url":"x","valueCode":"y"}]}}]}"#;

fn now<'d>() -> Environment<'d> {
    // 2021-05-06T07:08:09.012Z
    Environment::new().at(1_620_284_889_012_000)
}

/// What an expression gives for a resource: the items as text, or the error.
fn run(resource: &str, expression: &str) -> String {
    let document = Document::parse(resource.as_bytes()).unwrap();
    let focus = Item::resource(document.root()).unwrap();
    let type_id = focus.node().unwrap().type_id;
    let show = |context| {
        let program = match Program::compile(expression, context) {
            Ok(program) => program,
            Err(error) => return format!("{error}"),
        };
        match program.evaluate(focus.clone(), &now()) {
            Ok(items) => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Err(error) => format!("{error}"),
        }
    };
    // What is known of the context must not change the answer.
    let (typed, open) = (show(Some(type_id)), show(None));
    assert_eq!(typed, open, "with and without a context type: {expression}");
    typed
}

fn check(resource: &str, cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(run(resource, expression), *expected, "{expression}");
    }
}

#[test]
fn paths_follow_elements_choices_and_siblings() {
    check(
        PATIENT,
        &[
            ("Patient.name.given", "Peter James Jim {\"extension\":[{\"url\":\"u\",\"valueString\":\"masked\"}]} Jane"),
            ("name.given.where(hasValue())", "Peter James Jim Jane"),
            ("name.given.extension('u').value", "masked"),
            ("birthDate.id", "bd"),
            ("birthDate.extension('http://hl7.org/fhir/StructureDefinition/patient-birthTime').value.hourOf()", "14"),
            ("Patient.deceased", "false"),
            ("Patient.deceased.ofType(boolean)", "false"),
            ("Patient.deceased.ofType(dateTime)", ""),
            ("Observation.code", ""),
            ("name[1].given", "Jim"),
            ("contained.name", "Gastro"),
            ("nothing.at.all", ""),
        ],
    );
    check(
        OBSERVATION,
        &[
            ("Observation.value.unit", "lbs"),
            ("(Observation.value as Quantity).value", "185.0"),
            ("Observation.value.as(string)", ""),
            ("Observation.component.value.ofType(integer)", "3"),
            ("(Observation.component.value as integer)", "3"),
            ("(Observation.component.code as CodeableConcept).text", "a b"),
            ("Observation.component.code.as(CodeableConcept).text", "a b"),
            ("Observation.component.value.extension('x').value", "y"),
            ("component.value.hasValue()", "false"),
            ("Observation.effective is dateTime", "true"),
        ],
    );
}

#[test]
fn references_tell_their_type_without_their_target() {
    check(
        PATIENT,
        &[
            ("generalPractitioner.where(resolve() is Practitioner).reference", "Practitioner/7"),
            (
                "generalPractitioner.where(resolve() is Organization).reference",
                "http://x.org/fhir/Organization/8/_history/2",
            ),
            ("generalPractitioner.where(resolve() is PractitionerRole).identifier.value", "q"),
            ("managingOrganization.resolve().name", "Gastro"),
            ("generalPractitioner.getReferenceKey()", "7 8"),
            ("generalPractitioner.getReferenceKey(Organization)", "8"),
            ("getResourceKey()", "p1"),
        ],
    );
}

#[test]
fn logic_has_three_values() {
    check(
        PATIENT,
        &[
            ("true and {}", ""),
            ("false and {}", "false"),
            ("{} or true", "true"),
            ("{} implies true", "true"),
            ("{} xor true", ""),
            ("active and gender", "true"),
            ("(1 | 2) and true", "at offset 8 of the expression: and needs one item, not 2"),
        ],
    );
}

#[test]
fn every_pair_of_truth_values_has_its_answer() {
    let values = ["true", "false", "{}"];
    // Rows are the left side, columns the right one: true, false, unknown (FHIRPath 2.0, section 6.5).
    for (operator, table) in [
        ("and", [["true", "false", ""], ["false", "false", "false"], ["", "false", ""]]),
        ("or", [["true", "true", "true"], ["true", "false", ""], ["true", "", ""]]),
        ("xor", [["false", "true", ""], ["true", "false", ""], ["", "", ""]]),
        ("implies", [["true", "false", ""], ["true", "true", "true"], ["true", "", ""]]),
    ] {
        for (left, row) in values.iter().zip(table) {
            for (right, expected) in values.iter().zip(row) {
                let expression = format!("{left} {operator} {right}");
                assert_eq!(run(PATIENT, &expression), expected, "{expression}");
            }
        }
    }
    check(
        PATIENT,
        &[
            ("{}.not()", ""),
            ("iif({}, 1, 2)", "2"),
            ("name.where({}).count()", "0"),
            ("{} = {}", ""),
            ("{} ~ {}", "true"),
        ],
    );
}

#[test]
fn slow_patterns_are_bounded_too() {
    let narrative = |text: &str| {
        format!(r#"{{"resourceType":"Patient","text":{{"status":"generated","div":"{text}"}},"language":"en"}}"#)
    };
    let long = narrative(&"A".repeat(50_000));
    for bomb in [
        // Each search looks at all that is left, and settles for one letter.
        "text.div.replaceMatches('.*[^A-Z]|[A-Z]', 'x').length()",
        // So many states are open at every letter.
        "text.div.matches('(.*?,){300}x') or text.div.matches('(.*?;){300}x') or text.div.matches('((.?){90}){90}x')",
    ] {
        let document = Document::parse(long.as_bytes()).unwrap();
        let program = Program::compile(bomb, r4().type_id("Patient")).map_err(|error| error.what);
        let Ok(program) = program.inspect_err(|what| assert!(what.contains("not a pattern"), "{bomb}: {what}")) else {
            continue;
        };
        let mut env = Environment::new();
        env.work_limit = 400_000;
        let error = program.evaluate(Item::resource(document.root()).unwrap(), &env).unwrap_err();
        assert!(error.what.contains("more than 400000"), "{bomb}: {error}");
    }
    let usual = narrative(&"Ann Lee, ward 7. ".repeat(2_000));
    check(
        &usual,
        &[
            ("text.div.replaceMatches('[a-z]+', '<$0>').length()", "46000"),
            ("text.div.replaceMatches('(\\\\w+) (\\\\w+),', '$2 $1,').startsWith('Lee Ann,')", "true"),
            ("text.div.matches('ward\\\\s\\\\d')", "true"),
            ("text.div.replaceMatches('', 'x').length() = text.div.length()", "true"),
        ],
    );
}

#[test]
fn partial_times_compare_only_where_decided() {
    check(
        PATIENT,
        &[
            ("@2012 = @2012-04", ""),
            ("@2012 < @2013-01", "true"),
            ("@2012-04-15T10:00Z < @2012-04-15T10:00+01:00", "false"),
            ("@2012-04-15T10:00 = @2012-04-15T10:00Z", ""),
            ("@2012-04-17T10:00 > @2012-04-15T10:00Z", "true"),
            ("@T10:30 < @T10:31", "true"),
            ("@T10 = @T10:00", ""),
            ("birthDate < today()", "true"),
            ("@2016-01-31 + 1 month", "2016-02-29"),
            ("@2016-02-29 - 1 year", "2015-02-28"),
            ("@2016 + 18 months", "2017"),
            ("@T23:30 + 1 hour", "00:30"),
            ("@2016-02-28T23:59:59.5Z + 500 milliseconds", "2016-02-29T00:00:00.000Z"),
            ("now()", "2021-05-06T07:08:09.012Z"),
            ("@2014-01-01T08.lowBoundary()", "2014-01-01T08:00:00.000+14:00"),
            ("@2014-02.highBoundary()", "2014-02-28"),
        ],
    );
}

#[test]
fn quantities_convert_by_ucum() {
    check(
        OBSERVATION,
        &[
            ("value > 80 'kg'", "true"),
            ("value = 185 '[lb_av]'", "true"),
            ("value = 185 's'", ""),
            ("1 'm' + 1 'cm'", "1.01 'm'"),
            ("1 year = 12 months", "true"),
            ("1 year = 1 'a'", ""),
            ("1 year ~ 1 'a'", "true"),
            ("98.6 '[degF]' ~ 37 'Cel'", "true"),
            ("2 'cm' * 3 'cm'", "6 'cm2'"),
            ("6 'cm2' / 2 'm'", "0.0003 'm'"),
            ("6 'mg' / 2 'mg'", "3 '1'"),
            ("1000 'mg'.toQuantity('g')", "1.000 'g'"),
        ],
    );
}

#[test]
fn functions_of_collections() {
    check(
        PATIENT,
        &[
            ("name.select(given.first())", "Peter Jim {\"extension\":[{\"url\":\"u\",\"valueString\":\"masked\"}]}"),
            ("(1|2|3).aggregate($this + $total, 0)", "6"),
            ("telecom.where(system = 'email').value", "a@b"),
            ("telecom.exists(system = 'fax')", "false"),
            ("(3|1|2).sort()", "1 2 3"),
            ("name.sort(-family.first()).family", "Windsor Chalmers"),
            ("name.given.first().toChars().count()", "5"),
            ("defineVariable('n', name.family).select(%n)", "Chalmers Windsor"),
            ("telecom.select($index)", "0 1"),
            ("name.family.single()", "at offset 12 of the expression: single() needs one item, not 2"),
            ("(1 | 2).coalesce({}, 5)", "5"),
            ("Patient.descendants().where($this is string).count() > 5", "true"),
        ],
    );
}

#[test]
fn references_are_resolved_where_their_target_is_at_hand() {
    let bundle = r#"{"resourceType":"Bundle","entry":[
        {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"a","name":[{"family":"Chalmers"}]}},
        {"fullUrl":"http://x.org/fhir/Patient/b","resource":{"resourceType":"Patient","id":"b","name":[{"family":"Windsor"}]}},
        {"resource":{"resourceType":"Observation","subject":{"reference":"urn:uuid:1"},"focus":[{"reference":"Patient/b"}]}}]}"#;
    check(
        bundle,
        &[
            ("Bundle.entry.resource.ofType(Observation).subject.resolve().name.family", "Chalmers"),
            ("entry.resource.ofType(Observation).focus.resolve().id", "b"),
            ("entry.resource.where($this is Patient).id", "a b"),
        ],
    );
    let (document, target) =
        (Document::parse(OBSERVATION.as_bytes()).unwrap(), Document::parse(PATIENT.as_bytes()).unwrap());
    let resolver = |reference: &str| (reference == "Patient/p1").then(|| target.root());
    let program = Program::compile("subject.resolve().gender", r4().type_id("Observation")).unwrap();
    let env = Environment::new().resolving(&resolver);
    let found = program.evaluate(Item::resource(document.root()).unwrap(), &env).unwrap();
    assert_eq!(found[0].to_string(), "male");
}

#[test]
fn numbers_and_text() {
    check(
        PATIENT,
        &[
            ("1/3", "0.333333333333333333"),
            ("-7 div 2", "-3"),
            ("-7 mod 3", "-1"),
            ("2.power(-1)", "0.5"),
            ("9223372036854775807 + 1", ""),
            ("1.10 + 2.2", "3.30"),
            ("1 / 0", ""),
            ("1 'mg' + 1 'g'", "1001 'mg'"),
            ("'1e3'.toDecimal()", ""),
            ("1 + 'a'", "at offset 2 of the expression: Integer + String has no meaning"),
            ("birthDate.substring(0, 4)", "1974"),
            ("birthDate = '1974-12-25'", "false"),
            ("name.given.aggregate($total & $this, '')", "PeterJamesJimJane"),
            ("name[2].given[0] & 'x'", "x"),
            ("name.family.upper()", "at offset 12 of the expression: a text function needs one item, not 2"),
            ("'\\u00e9\\ud83d\\ude00'.length()", "2"),
        ],
    );
}

#[test]
fn types_are_told_apart() {
    check(
        PATIENT,
        &[
            ("gender is code", "true"),
            ("gender is string", "true"),
            ("gender.ofType(string)", ""),
            ("gender is System.String", "false"),
            ("'a' is System.String", "true"),
            ("is(DomainResource)", "true"),
            ("Patient.id.type().name", "id"),
            ("(1 'mg').type().namespace", "System"),
            ("birthDate + 1 year is System.Date", "true"),
            ("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", "true"),
        ],
    );
}

#[test]
fn parameters_value_sets_and_periods() {
    check(
        r#"{"resourceType":"Parameters","parameter":[{"name":"a","valueString":"x"},{"name":"b","valueInteger":5},
            {"name":"c","valueUuid":"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"},{"name":"d","valueDecimal":2.50}]}"#,
        &[
            ("Parameters.parameter[0].value.is(FHIR.string)", "true"),
            ("parameter[1].value.is(FHIR.integer)", "true"),
            ("parameter[2].value.is(FHIR.uuid)", "true"),
            ("parameter[2].value.is(FHIR.uri)", "true"),
            ("parameter[3].value + 1", "3.50"),
            ("parameter.value.ofType(integer)", "5"),
        ],
    );
    check(
        r#"{"resourceType":"ValueSet","expansion":{"contains":[{"code":"a","contains":[{"code":"b"},{"code":"c"}]},{"code":"d"}]}}"#,
        &[
            ("ValueSet.expansion.repeat(contains).code", "a d b c"),
            ("ValueSet.expansion.descendants().code", "a d b c"),
            ("expansion.contains.contains.where(code contains 'b').code", "b"),
        ],
    );
    check(
        r#"{"resourceType":"Patient","identifier":[{"period":{"start":"2001-05-06"}},{"period":{"start":"2002","end":"2001-05"}}]}"#,
        &[
            ("identifier.period.all(start.empty() or end.empty() or start <= end)", "false"),
            ("identifier.period.select(start.lowBoundary() < end.highBoundary())", "false"),
        ],
    );
}

#[test]
fn programs_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Program>();
}

#[test]
fn errors_name_their_place() {
    let error = |text: &str| Program::compile(text, r4().type_id("Patient")).unwrap_err();
    assert_eq!(error("name.where(").offset, 11);
    assert_eq!(
        error("name.fly()").to_string(),
        "semantic error at offset 5 of the expression: there is no function fly()"
    );
    assert_eq!(
        error("code.memberOf('x')").to_string(),
        "semantic error at offset 5 of the expression: memberOf() is not offered: it needs a terminology service"
    );
    assert_eq!(error("name.ofType(Nonsense)").kind, CompileErrorKind::Semantic);
    assert_eq!(error("'open").kind, CompileErrorKind::Syntax);
    assert!(error("name.family.matches('(')").what.contains("not a pattern"));
    assert!(Program::compile("name.given1", r4().type_id("Patient")).is_ok());
    let strict = Program::compile_strict("name.given1", r4().type_id("Patient")).unwrap_err();
    assert_eq!(strict.to_string(), "semantic error at offset 5 of the expression: HumanName has no element given1");
}

#[test]
fn depth_is_an_error_and_length_is_not() {
    let nested = |levels: usize| format!("{}1{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Program::compile(&nested(90), None).is_ok());
    assert!(Program::compile(&nested(10_000), None).unwrap_err().what.contains("nested deeper"));
    let calls = format!("{}1{}", "iif(true, -(1 + 2 * ".repeat(500), "))".repeat(500));
    assert!(Program::compile(&calls, None).unwrap_err().what.contains("nested deeper"));
    let long = format!("1{}", "+1".repeat(5_000));
    assert_eq!(run(PATIENT, &long), "5001");
    let chain = format!("active{}", ".not().not()".repeat(2_000));
    assert_eq!(run(PATIENT, &chain), "true");
    // The deepest that is accepted runs within a small stack.
    let deepest = (1..=90).rev().map(|n| format!("{}1{}", "iif(true or false and 1 < 2, ".repeat(n), ")".repeat(n)));
    let accepted = deepest.into_iter().find(|text| Program::compile(text, None).is_ok()).unwrap();
    let result = std::thread::Builder::new().stack_size(1 << 20).spawn(move || run(PATIENT, &accepted)).unwrap().join();
    assert_eq!(result.unwrap(), "1");
}

#[test]
fn work_is_bounded() {
    let document = Document::parse(PATIENT.as_bytes()).unwrap();
    let program = Program::compile("name.repeatAll($this)", r4().type_id("Patient")).unwrap();
    let mut env = Environment::new();
    env.work_limit = 10_000;
    let error = program.evaluate(Item::resource(document.root()).unwrap(), &env).unwrap_err();
    assert!(error.what.contains("more than 10000"), "{error}");
    for bomb in [
        "'0123456789'.toChars().select('0123456789'.toChars()).aggregate($total & $total, 'x').length()",
        "'0123456789'.toChars().select('0123456789'.toChars()).aggregate($total + $total, 'x').length()",
        "'0123456789'.toChars().select('0123456789'.toChars()).aggregate($total.replace('x', 'xx'), 'x').length()",
        "'0123456789'.toChars().select('0123456789'.toChars()).aggregate($total.replaceMatches('x', '$0$0'), 'x').length()",
        "'0123456789'.toChars().select('0123456789'.toChars()).aggregate($total.combine($total), 'x').count()",
    ] {
        let said = run(PATIENT, bomb);
        assert!(said.contains("more than 5000000"), "{bomb}: {said}");
    }
    // Long collections of text are told apart by hash.
    let many =
        "('a'.toChars() | '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ'.toChars().select($this & 'x')).count()";
    assert_eq!(run(PATIENT, many), "47");
}

#[test]
fn every_search_parameter_compiles_strictly() {
    let mut count = 0;
    for parameter in crate::parameters::parameters() {
        for expression in std::iter::once(parameter.expression).chain(parameter.components.iter().map(|(_, e)| *e)) {
            if expression.is_empty() {
                continue;
            }
            let context = (parameter.components.is_empty() || expression == parameter.expression)
                .then_some(parameter.resource_type);
            if let Err(error) = Program::compile_strict(expression, context) {
                panic!("{} {}: {expression}: {error}", r4().name(parameter.resource_type), parameter.code);
            }
            count += 1;
        }
    }
    assert!(count > 1000, "{count}");
}

#[test]
fn result_types_are_known_before_evaluation() {
    let types = |text: &str| {
        let program = Program::compile(text, r4().type_id("Observation")).unwrap();
        let names: Vec<_> = program.result_types().iter().map(ResultType::name).collect();
        (names.join(" "), program.may_repeat())
    };
    assert_eq!(types("code"), ("CodeableConcept".to_owned(), false));
    assert_eq!(types("code.coding.code"), ("code".to_owned(), true));
    assert_eq!(types("code.coding.first().code"), ("code".to_owned(), false));
    assert_eq!(types("effective.ofType(Period).start"), ("dateTime".to_owned(), false));
    assert_eq!(types("component.count() + 1"), ("Integer".to_owned(), false));
    assert_eq!(types("component.value.children()").0, "");
}

proptest! {
    #[test]
    fn any_text_compiles_or_fails(text in "\\PC{0,60}") {
        let _ = Program::compile(&text, None);
    }

    #[test]
    fn any_tokens_compile_or_fail_and_run(tokens in prop::collection::vec(prop::sample::select(vec![
        "name", "given", ".", "(", ")", "[", "]", "1", "0", "'x'", "@2012", "@T10", "1.5", "{}", "$this", "$total", "%resource", "and", "or",
        "=", "~", "<", "+", "-", "*", "/", "div", "mod", "|", "&", "in", "contains", "is", "as", "Patient", "string", "days", "'mg'",
        "where(", "select(", "iif(", "exists(", "first()", "toString()", "substring(", ",", "resolve()", "descendants()", "lowBoundary()",
        "power(", "round(", "repeat(", "aggregate(", "-9223372036854775807", "99999999999999999999999999999999999.9",
    ]), 0..16)) {
        let text = tokens.join(" ");
        if let Ok(program) = Program::compile(&text, r4().type_id("Patient")) {
            let document = Document::parse(PATIENT.as_bytes()).unwrap();
            let mut env = now();
            env.work_limit = 100_000;
            let _ = program.evaluate(Item::resource(document.root()).unwrap(), &env);
        }
    }

    #[test]
    fn temporal_text_comes_back(year in 1900_i64..2100, day in 0_i64..365, second in 0_i64..86_400, offset in -840_i16..840) {
        let us = ((year - 1970) * 31_556_952 + day * 86_400 + second) * 1_000_000;
        let value = Temporal::from_us(us, offset);
        prop_assert_eq!(Temporal::parse_date_time(&value.to_string()), Some(value));
        prop_assert_eq!(value.compare(Temporal::from_us(us, 0)), Some(std::cmp::Ordering::Equal));
    }
}
