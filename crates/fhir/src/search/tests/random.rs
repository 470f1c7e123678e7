//! Random resources and requests: what extraction says must be what the naive evaluator says.

use super::*;
use proptest::prelude::*;

const UCUM: &str = "http://unitsofmeasure.org";

fn date() -> impl Strategy<Value = String> {
    (2019..2022, 1..4, 1..4, 0..3, prop::sample::select(vec![4, 7, 10, 17, 20, 24])).prop_map(
        |(year, month, day, minute, length)| {
            let whole = format!("{year}-{month:02}-{day:02}T10:{minute:02}:00.000Z");
            match length {
                17 => format!("{}+01:00", &whole[..16]),
                20 => format!("{}Z", &whole[..19]),
                length => whole[..length].to_owned(),
            }
        },
    )
}

fn member(name: &'static str, value: impl Strategy<Value = String>) -> impl Strategy<Value = Option<String>> {
    prop::option::of(value.prop_map(move |value| format!("\"{name}\":{value}")))
}

fn quoted(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    value.prop_map(|value| format!("\"{value}\""))
}

fn list(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec(value, 0..3).prop_map(|values| format!("[{}]", values.join(",")))
}

fn object(members: Vec<Option<String>>) -> String {
    format!("{{{}}}", members.into_iter().flatten().collect::<Vec<_>>().join(","))
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(str::to_owned)
}

fn coding() -> impl Strategy<Value = String> {
    (
        member("system", quoted(one_of(&["http://l", "http://m"]))),
        member("code", quoted(one_of(&["a", "b", "A"]))),
        member("display", quoted(one_of(&["words"]))),
    )
        .prop_map(|(a, b, c)| object(vec![a, b, c]))
}

fn concept() -> impl Strategy<Value = String> {
    (member("coding", list(coding())), member("text", quoted(one_of(&["words", ""]))))
        .prop_map(|(a, b)| object(vec![a, b]))
}

fn reference() -> impl Strategy<Value = String> {
    let texts = one_of(&[
        "Patient/1",
        "Patient/2/_history/1",
        "Group/1",
        "http://x/fhir/Patient/1",
        "http://x/fhir/Patient/1/_history/4",
        "urn:uuid:1",
        "#1",
        "Nothing/1",
        "Patient?identifier=1",
        "",
    ]);
    let identifier = (member("system", quoted(one_of(&["http://l"]))), member("value", quoted(one_of(&["a", "b"]))))
        .prop_map(|(a, b)| object(vec![a, b]));
    (
        member("reference", quoted(texts)),
        member("type", quoted(one_of(&["Patient", "Group"]))),
        member("identifier", identifier),
        member("display", quoted(one_of(&["x"]))),
        member("extension", one_of(&["[{\"url\":\"u\"}]"])),
    )
        .prop_map(|(a, b, c, d, e)| object(vec![a, b, c, d, e]))
}

fn quantity() -> impl Strategy<Value = String> {
    (
        member("value", one_of(&["1", "1.0", "1000", "0.001", "2.5", "-3", "1e3"])),
        member("comparator", quoted(one_of(&["<", ">=", ">", "<="]))),
        member("unit", quoted(one_of(&["mg", "gram"]))),
        member("system", quoted(one_of(&[UCUM, "http://l"]))),
        member("code", quoted(one_of(&["mg", "g", "kg", "nothing", "Cel"]))),
    )
        .prop_map(|(a, b, c, d, e)| object(vec![a, b, c, d, e]))
}

fn period() -> impl Strategy<Value = String> {
    (member("start", quoted(date())), member("end", quoted(date()))).prop_map(|(a, b)| object(vec![a, b]))
}

fn observation() -> impl Strategy<Value = String> {
    let effective = prop_oneof![
        member("effectiveDateTime", quoted(date())),
        member("effectivePeriod", period()),
        member("effectiveInstant", quoted(date())),
        member(
            "effectiveTiming",
            (
                member("event", list(quoted(date()))),
                member("repeat", period().prop_map(|p| format!("{{\"boundsPeriod\":{p}}}")))
            )
                .prop_map(|(a, b)| object(vec![a, b]))
        ),
    ];
    let value = || {
        prop_oneof![
            member("valueQuantity", quantity()),
            member("valueCodeableConcept", concept()),
            member("valueString", quoted(one_of(&["Ünïted  Nations", "united", "x"]))),
            member("valueDateTime", quoted(date())),
        ]
    };
    let component = (member("code", concept()), value()).prop_map(|(a, b)| object(vec![a, b]));
    (
        member("status", quoted(one_of(&["final", "amended"]))),
        member("code", concept()),
        member("category", list(concept())),
        member("subject", reference()),
        member("performer", list(reference())),
        effective,
        value(),
        member("component", list(component)),
        member("meta", one_of(&[r#"{"tag":[{"code":"a"}],"profile":["http://p/q"],"source":"http://s/t/u"}"#])),
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i)| {
            object(vec![Some("\"resourceType\":\"Observation\",\"id\":\"1\"".to_owned()), a, b, c, d, e, f, g, h, i])
        })
}

fn patient() -> impl Strategy<Value = String> {
    let name = (
        member("family", quoted(one_of(&["Müller", "MULLER", "de la Cruz", "王"]))),
        member("given", list(quoted(one_of(&["Anna", "Ann", ""])))),
        member("text", quoted(one_of(&["Anna Müller"]))),
    )
        .prop_map(|(a, b, c)| object(vec![a, b, c]));
    let telecom = (member("system", quoted(one_of(&["phone", "email"]))), member("value", quoted(one_of(&["a", "b"]))))
        .prop_map(|(a, b)| object(vec![a, b]));
    let identifier =
        (member("system", quoted(one_of(&["http://l", "urn:oid:1"]))), member("value", quoted(one_of(&["a", "b"]))))
            .prop_map(|(a, b)| object(vec![a, b]));
    (
        member("name", list(name)),
        member("telecom", list(telecom)),
        member("identifier", list(identifier)),
        member("gender", quoted(one_of(&["male", "female"]))),
        member("active", one_of(&["true", "false"])),
        prop_oneof![member("deceasedBoolean", one_of(&["true", "false"])), member("deceasedDateTime", quoted(date()))],
        member("birthDate", quoted(date())),
        member("address", one_of(&[r#"[{"city":"Köln","line":["Weg 1"]}]"#])),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| {
            object(vec![Some("\"resourceType\":\"Patient\",\"id\":\"1\"".to_owned()), a, b, c, d, e, f, g, h])
        })
}

fn prefixed(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (one_of(&["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]), value).prop_map(|(a, b)| a + &b)
}

fn condition(observation: bool) -> impl Strategy<Value = (String, String)> {
    let token = || {
        one_of(&["a", "b", "http://l|a", "|a", "http://l|", "http://m|b,a", "A,|b", "final", "male", "true", "false"])
    };
    let values = |code: &'static str, values: BoxedStrategy<String>| (Just(code.to_owned()), values).boxed();
    let codes = if observation {
        vec![
            "code",
            "combo-code",
            "category",
            "component-code",
            "value-concept",
            "status",
            "_tag",
            "component-value-concept",
        ]
    } else {
        vec!["identifier", "telecom", "phone", "email", "gender", "active", "deceased"]
    };
    let tokens = (prop::sample::select(codes.clone()), one_of(&["", ":not"]), token())
        .prop_map(|(code, modifier, value)| (format!("{code}{modifier}"), value));
    let mut all = codes;
    if observation {
        all.extend([
            "subject",
            "patient",
            "performer",
            "date",
            "value-quantity",
            "value-date",
            "value-string",
            "_profile",
        ]);
    } else {
        all.extend(["name", "birthdate", "death-date", "address-city", "family"]);
    }
    let missing = (prop::sample::select(all), one_of(&["true", "false"]))
        .prop_map(|(code, value)| (format!("{code}:missing"), value));
    let dates = || prefixed(date()).boxed();
    if observation {
        let references =
            || one_of(&["Patient/1", "1", "2,Group/1", "http://x/fhir/Patient/1", "urn:uuid:1", "Patient/2"]).boxed();
        let quantities = || {
            let number = prefixed(one_of(&["1", "1.00", "1e3", "1000", "2.5", "-3", "0.001"]));
            let unit = one_of(&[
                "",
                "||mg",
                "|http://unitsofmeasure.org|g",
                "|http://unitsofmeasure.org|mg",
                "|http://l|kg",
                "||gram",
            ]);
            (number, unit).prop_map(|(a, b)| a + &b).boxed()
        };
        prop_oneof![
            tokens,
            missing,
            (prop::sample::select(vec!["subject", "patient", "performer"]), references())
                .prop_map(|(code, value)| (code.to_owned(), value)),
            values("subject:identifier", one_of(&["http://l|a", "a,b", "|b", "http://l|"]).boxed()),
            values("subject:Patient", one_of(&["1", "2"]).boxed()),
            values("date", dates()),
            values("value-date", dates()),
            (prop::sample::select(vec!["value-quantity", "combo-value-quantity"]), quantities())
                .prop_map(|(code, value)| (code.to_owned(), value)),
            (one_of(&["", ":exact", ":contains"]), one_of(&["united", "Ünïted  Nations", "NAT", "x"]))
                .prop_map(|(modifier, value)| (format!("value-string{modifier}"), value)),
            (one_of(&["", ":below", ":above"]), one_of(&["http://s/t", "http://s/t/u", "http://s/t/u/v", "http://s/"]))
                .prop_map(|(modifier, value)| (format!("_source{modifier}"), value)),
            values("_profile", one_of(&["http://p/q", "http://p"]).boxed()),
        ]
        .boxed()
    } else {
        let modifier = one_of(&["", ":exact", ":contains"]);
        let text = one_of(&["muller", "Müller", "ANN", "anna m", "la", "王", "weg", "KOLN"]);
        let code = one_of(&["name", "family", "given", "address", "address-city"]);
        prop_oneof![
            tokens,
            missing,
            values("birthdate", dates()),
            values("death-date", dates()),
            (code, modifier, text).prop_map(|(code, modifier, value)| (code + &modifier, value)),
        ]
        .boxed()
    }
}

fn agree(of: &str, text: &str, conditions: &[(String, String)]) -> Result<(), TestCaseError> {
    let document = Document::parse(text.as_bytes()).unwrap();
    let now_us = crate::time::Moment::parse("2021-06-01", crate::time::ZoneOffset::UTC).unwrap().low_us;
    let options = ParseOptions { handling: Handling::Strict, now_us, ..ParseOptions::default() };
    let query = SearchQuery::parse(of, conditions.iter().map(|(a, b)| (a, b)), &options).unwrap();
    let extractor = Extractor::new();
    let ours = by_extraction(&query, &extractor, document.root());
    let naive = matches(&query, document.root(), &Small(vec![]));
    prop_assert_eq!(ours, Some(naive), "{}\n{:?}", text, conditions);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn extraction_agrees_with_the_naive_evaluator_on_observations(
        text in observation(),
        conditions in prop::collection::vec(condition(true), 1..3),
    ) {
        agree("Observation", &text, &conditions)?;
    }

    #[test]
    fn extraction_agrees_with_the_naive_evaluator_on_patients(
        text in patient(),
        conditions in prop::collection::vec(condition(false), 1..3),
    ) {
        agree("Patient", &text, &conditions)?;
    }

    #[test]
    fn any_text_is_understood_or_refused(name in "[a-z_:.A-Z|]{0,20}", value in "[ -~]{0,20}") {
        let _ = parse("Observation", &format!("{name}={value}"), Handling::Lenient);
        let _ = parse("Observation", &format!("date={value}&code={value}&value-quantity={value}"), Handling::Lenient);
    }
}
