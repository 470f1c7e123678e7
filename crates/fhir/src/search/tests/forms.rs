//! What requests are understood to ask by composites, sets of codes, expressions and includes.

use super::queries::check;
use super::*;

#[test]
fn composites_have_a_value_for_each_component() {
    check(
        "Observation",
        "code-value-quantity=http://loinc.org|8480-6$gt140,x$1||mm",
        expect![[r#"
            code-value-quantity of code http://loinc.org|8480-6 with value-quantity QuantityMatch { number: NumberMatch { prefix: Gt, value: 140.0, low: 139.5, high: 140.5 }, unit: Any } or code x with value-quantity QuantityMatch { number: NumberMatch { prefix: Eq, value: 1.0, low: 0.5, high: 1.5 }, unit: Shown("mm") }
        "#]],
    );
    check(
        "Observation",
        r"code-value-string=a\$b$c\,d&component-code-value-concept=a$b",
        expect![[r#"
            code-value-string of code a$b with value-string Prefix("c,d")
            component-code-value-concept of component-code a with component-value-concept b
        "#]],
    );
    check(
        "DocumentReference",
        "relationship=replaces$DocumentReference/1",
        expect![[r#"
        relationship of relation replaces with relatesto DocumentReference/1
    "#]],
    );
    check(
        "MolecularSequence",
        "chromosome-variant-coordinate=1$lt5$ge3",
        expect![[r#"
        chromosome-variant-coordinate of chromosome 1 with variant-start NumberMatch { prefix: Lt, value: 5.0, low: 4.5, high: 5.5 } with variant-end NumberMatch { prefix: Ge, value: 3.0, low: 2.5, high: 3.5 }
    "#]],
    );
    check(
        "Observation",
        "code-value-quantity=a",
        expect![[r#"
        "code-value-quantity=a": expected code$value-quantity
    "#]],
    );
    check(
        "Observation",
        "code-value-quantity=a$",
        expect![[r#"
        "code-value-quantity=a$": value-quantity: there is no value
    "#]],
    );
    check(
        "Observation",
        "code-value-quantity=a$b",
        expect![[r#"
        "code-value-quantity=a$b": value-quantity: expected a number such as 5.40 or 1e2
    "#]],
    );
}

#[test]
fn tokens_are_asked_in_words_by_type_and_by_set() {
    check(
        "Observation",
        "code:text=Blut&code:in=http://vs|1,ValueSet/2,3&code:not-in=http://vs&code:below=http://cs|a&code:above=http://cs|b",
        expect![[r#"
            code in words Prefix("blut")
            code of ValueSet("http://vs|1") or ValueSet("ValueSet/2") or ValueSet("ValueSet/3")
            code not of ValueSet("http://vs")
            code of Hierarchy { system: "http://cs", code: "a", way: Below }
            code of Hierarchy { system: "http://cs", code: "b", way: Above }
        "#]],
    );
    check(
        "Patient",
        r"identifier:of-type=http://t|MR|1\|2",
        expect![[r#"
        identifier TypedIdentifier { system: "http://t", code: "MR", value: "1|2" }
    "#]],
    );
    check(
        "Encounter",
        "location:below=1&service-provider:above=Organization/2",
        expect![[r#"
        location Below Location/1
        service-provider Above Organization/2
    "#]],
    );
    check(
        "Location",
        "near=48.1|11.5|2,1|2|3|m",
        expect![[r#"
        near NearMatch { latitude: 48.1, longitude: 11.5, radius_m: 2000.0 } or NearMatch { latitude: 1.0, longitude: 2.0, radius_m: 3.0 }
    "#]],
    );
    check(
        "Patient",
        "_text=bone marrow&_content=\"a b\",c",
        expect![[r#"
        narrative All([Phrase(["bone"]), Phrase(["marrow"])])
        content Phrase(["a", "b"]) or Phrase(["c"])
    "#]],
    );
    check(
        "Patient",
        "_list=1,List/2",
        expect![[r#"
        in a list of "1" or "2"
    "#]],
    );
}

#[test]
fn expressions_are_read_from_left_to_right() {
    let filter = |text: &str| format!("_filter={text}");
    for (of, text, expected) in [
        (
            "Patient",
            r#"name co "pet""#,
            expect![[r#"
            name Contains("pet")
        "#]],
        ),
        (
            "Patient",
            "given eq peter and birthdate ge 2014-10-10",
            expect![[r#"
            (given Equal("peter") and birthdate Ge 2014-10-10T00:00:00Z to 2014-10-10T23:59:59.999999Z)
        "#]],
        ),
        (
            "Patient",
            "gender eq a or gender eq b and active eq true",
            expect![[r#"
            ((gender a or gender b) and active true)
        "#]],
        ),
        (
            "Patient",
            "gender eq a or (gender eq b and not(active eq true))",
            expect![[r#"
            (gender a or (gender b and not (active true)))
        "#]],
        ),
        (
            "Observation",
            "code eq http://loinc.org|1234-5",
            expect![[r#"
            code http://loinc.org|1234-5
        "#]],
        ),
        (
            "Observation",
            r#"subject.name sw "a, b|c""#,
            expect![[r#"
            subject leads to Patient with name Prefix("a, b|c") or Location with name Prefix("a, b|c")
        "#]],
        ),
        (
            "Observation",
            "code in http://vs and code ni http://other and code ss http://s|a and code sb http://s|b",
            expect![[r#"
            (((code of ValueSet("http://vs") and code not of ValueSet("http://other")) and code of Hierarchy { system: "http://s", code: "a", way: Below }) and code of Hierarchy { system: "http://s", code: "b", way: Above })
        "#]],
        ),
        (
            "Observation",
            "date po 2020-02 and value-quantity ne 5.4||mg and code ne a",
            expect![[r#"
            ((date Ap 2020-02-01T00:00:00Z to 2020-02-29T23:59:59.999999Z and not only: value-quantity QuantityMatch { number: NumberMatch { prefix: Ne, value: 5.4, low: 5.35, high: 5.45 }, unit: Shown("mg") }) and not only: code a)
        "#]],
        ),
        (
            "Observation",
            "subject re Patient/1 and value-string ew X and value-string ne y",
            expect![[r#"
            ((subject Patient/1 and value-string Suffix("x")) and not only: value-string Equal("y"))
        "#]],
        ),
        (
            "Observation",
            "date pr false and _id eq 1 and _lastUpdated gt 2020",
            expect![[r#"
            ((date missing true and id "1") and lastUpdated Gt 2020-01-01T00:00:00Z to 2020-12-31T23:59:59.999999Z)
        "#]],
        ),
        (
            "Observation",
            r#"value-string eq "a \"b\" \u00e4""#,
            expect![[r#"
            value-string Equal("a \"b\" a")
        "#]],
        ),
        (
            "Observation",
            "code",
            expect![[r#"
            "_filter=code": expected a comparison (eq, ne, co, sw, ew, gt, lt, ge, le, ap, sa, eb, pr, po, ss, sb, in, ni, re) at character 4, found its end
        "#]],
        ),
        (
            "Observation",
            "code is x",
            expect![[r#"
            "_filter=code is x": expected a comparison (eq, ne, co, sw, ew, gt, lt, ge, le, ap, sa, eb, pr, po, ss, sb, in, ni, re) at character 5, found "is x"
        "#]],
        ),
        (
            "Observation",
            "code eq",
            expect![[r#"
            "_filter=code eq": expected a value at character 7, found its end
        "#]],
        ),
        (
            "Observation",
            "(code eq x",
            expect![[r#"
            "_filter=(code eq x": expected ) at character 10, found its end
        "#]],
        ),
        (
            "Observation",
            "code eq x)",
            expect![[r#"
            "_filter=code eq x)": expected and, or, or the end at character 9, found ")"
        "#]],
        ),
        (
            "Observation",
            "code eq x code eq y",
            expect![[r#"
            "_filter=code eq x code eq y": expected and, or, or the end at character 10, found "code eq y"
        "#]],
        ),
        (
            "Observation",
            "not code eq x",
            expect![[r#"
            "_filter=not code eq x": expected ( after not at character 4, found "code eq x"
        "#]],
        ),
        (
            "Observation",
            "code gt x",
            expect![[r#"
            "_filter" is not supported: gt is no comparison for the token code
        "#]],
        ),
        (
            "Observation",
            "code ne http://s|",
            expect![[r#"
            "_filter=code ne http://s|": ne needs a code, as in system|code
        "#]],
        ),
        (
            "Observation",
            "date eq x",
            expect![[r#"
            "date=eqx": not a date or time: expected a year of four digits at character 0
        "#]],
        ),
        (
            "Observation",
            "date pr x",
            expect![[r#"
            "_filter=date pr x": expected true or false
        "#]],
        ),
        (
            "Observation",
            "related[type eq x].target pr true",
            expect![[r#"
            "_filter" is not supported: filters in brackets (related[type) are not implemented; ask by a chain or a composite parameter
        "#]],
        ),
        (
            "Observation",
            "value-string eq \"x",
            expect![[r#"
            "_filter=value-string eq "x": expected a string that ends with " at character 16, found ""x"
        "#]],
        ),
        (
            "Observation",
            "nothing eq x",
            expect![[r#"
            "_filter=nothing eq x": Observation has no search parameter "nothing"
        "#]],
        ),
        (
            "Observation",
            "",
            expect![[r#"
            "_filter=": there is no value
        "#]],
        ),
    ] {
        check(of, &filter(text), expected);
    }
    let many = vec!["code eq x"; EXPRESSION_TESTS_LIMIT + 1].join(" or ");
    let error = parse("Observation", &filter(&many), Handling::Strict).unwrap_err().to_string();
    assert_eq!(error, "\"_filter\" is not supported: an expression may have 256 tests at most");
    let deep = format!("{}code eq x{}", "(".repeat(40), ")".repeat(40));
    let error = parse("Observation", &filter(&deep), Handling::Strict).unwrap_err().to_string();
    assert_eq!(error, "\"_filter\" is not supported: brackets may be nested 32 deep at most");
}

#[test]
fn includes_go_on_and_take_all() {
    let query = parse(
        "Observation",
        "_include=*&_include=Observation:*:Patient&_include:iterate=Patient:link:RelatedPerson&_revinclude:iterate=List:*",
        Handling::Strict,
    )
    .unwrap();
    let show = |includes: &[Include]| {
        let mut all: Vec<_> = includes
            .iter()
            .map(|i| {
                let target = i.target.map_or("", |target| r4().name(target));
                format!(
                    "{} {} {target} {}",
                    r4().name(i.source),
                    i.parameter.code,
                    if i.iterate { "on" } else { "once" }
                )
            })
            .collect();
        all.sort();
        all.join("\n") + "\n"
    };
    expect![[r#"
        Observation based-on  once
        Observation based-on Patient once
        Observation derived-from  once
        Observation derived-from Patient once
        Observation device  once
        Observation device Patient once
        Observation encounter  once
        Observation encounter Patient once
        Observation focus  once
        Observation focus Patient once
        Observation has-member  once
        Observation has-member Patient once
        Observation part-of  once
        Observation part-of Patient once
        Observation patient  once
        Observation patient Patient once
        Observation performer  once
        Observation performer Patient once
        Observation specimen  once
        Observation specimen Patient once
        Observation subject  once
        Observation subject Patient once
        Patient link RelatedPerson on
        List encounter  on
        List item  on
        List patient  on
        List source  on
        List subject  on
    "#]]
    .assert_eq(&(show(&query.includes) + &show(&query.revincludes)));
}
