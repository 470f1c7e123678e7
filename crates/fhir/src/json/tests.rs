use super::*;
use proptest::prelude::*;

fn compact(text: &str) -> String {
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut out = String::new();
    Rewriter::new().write(document.root(), &mut out);
    out
}

#[test]
fn digits_and_escapes_survive_as_written() {
    assert_eq!(
        compact("{ \"a\" : 1.10 , \"b\":[ 1e3, -0.0 ,\"\\u00e9\\n\"] }"),
        r#"{"a":1.10,"b":[1e3,-0.0,"\u00e9\n"]}"#
    );
}

#[test]
fn spans_lead_back_to_the_text() {
    let text = "  { \"entry\": [ {\"x\": 1}, {\"y\" : [2, 3]} ] }";
    let document = Document::parse(text.as_bytes()).unwrap();
    let second = document.root().get("entry").unwrap().items().nth(1).unwrap();
    assert_eq!(&text[second.span()], "{\"y\" : [2, 3]}");
    assert_eq!(second.get("y").unwrap().items().count(), 2);
}

#[test]
fn errors_name_the_place() {
    let error = Document::parse(b"{\n  \"a\": tru\n}").unwrap_err();
    assert_eq!((error.offset, error.line, error.column), (9, 2, 8));
    for bad in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "01",
        "1.",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "[1}",
        "1 2",
        "nul",
        "\"\n\"",
        "]",
    ] {
        assert!(Document::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(Document::parse(&[b'"', 0xff, b'"']).is_err());
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
    assert!(Document::parse(deep.as_bytes()).unwrap_err().what.contains("nested deeper"));
    let allowed = format!("{}1{}", "[".repeat(64), "]".repeat(64));
    assert!(Document::parse(allowed.as_bytes()).is_ok());
}

#[test]
fn replacing_a_node_leaves_the_rest() {
    let document = Document::parse(br#"{"a":{"b":[1,2]},"c":3}"#).unwrap();
    let mut rewriter = Rewriter::new();
    rewriter.replace(document.root().path(&["a", "b"]).unwrap(), "\"x\"".to_owned());
    let mut out = String::new();
    rewriter.write(document.root(), &mut out);
    assert_eq!(out, r#"{"a":{"b":"x"},"c":3}"#);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(serde_json::Value::from),
            prop::collection::vec(("[a-z]{1,6}", inner), 0..8)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_serde_json(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let document = Document::parse(text.as_bytes()).unwrap();
        let tree = Tree::from(document.root());
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&tree.to_string()).unwrap(), value.clone());
        prop_assert_eq!(compact(&text), value.to_string());
    }

    #[test]
    fn accepts_exactly_what_serde_json_accepts(bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:01-.eE+tfn\\u \nabc\xc3\xa9".to_vec()), 0..24)) {
        let ours = Document::parse(&bytes).is_ok();
        let theirs = serde_json::from_slice::<&serde_json::value::RawValue>(&bytes).is_ok();
        prop_assert_eq!(ours, theirs);
    }
}
