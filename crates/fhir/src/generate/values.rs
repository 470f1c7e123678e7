//! Values of data types.

use super::Choices;
use crate::json::Tree;
use crate::schema::Element;

pub(super) const SYSTEMS: [&str; 4] =
    ["http://loinc.org", "urn:oid:2.16.840.1.113883.6.96", "http://example.org/codes|v,1", "urn:iso:std:iso:3166"];

const TEXTS: [&str; 14] = [
    "a",
    "Müller",
    "MU\u{308}LLER, Ann-Marie",
    "O'Brien",
    "李小明",
    "Straße 1",
    "Ὀδυσσεύς",
    "line one\nline two\tend",
    "quote \" back \\ slash / \u{7f}",
    "comma, bar | dollar $",
    "𝒳 astral 😀",
    "김철수 किरण",
    "  two  spaces ",
    "long text that goes on and on and on and on and on and on and on and on and on and on and on and on",
];
const CODES: [&str; 6] = ["a", "b", "8867-4", "two words", "<=", "字"];
const DATES: [&str; 8] =
    ["2020-05-01", "2020", "2020-05", "2019-12-31", "2024-02-29", "1873-01", "0001-01-01", "9999-12-31"];
const INSTANTS: [&str; 7] = [
    "2020-05-01T10:00:00Z",
    "2020-05-01T10:00:00.123+08:00",
    "2016-12-31T23:59:60Z",
    "2019-12-31T23:59:59.999999999-05:30",
    "2020-05-01T00:00:00-14:00",
    "2020-05-01T23:30:00.0+14:00",
    "1970-01-01T00:00:00Z",
];
const DECIMALS: [&str; 15] = [
    "1",
    "1.0",
    "1.00",
    "5.40",
    "-0.5",
    "100",
    "99.5",
    "1e2",
    "1E-3",
    "2.5e+10",
    "0",
    "-0.0",
    "0.1000000000000000055511151231257827",
    "123456789012345678901234567890.5",
    "1e-40",
];
const ADDRESSES: [&str; 7] = [
    "http://example.org/a",
    "http://example.org/a/b",
    "https://example.org:8443/a/b/c?d=e&f=g",
    "urn:oid:1.2.3",
    "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
    "relative/path",
    "ftp://example.org/%E6%9D%8E",
];
const CANONICALS: [&str; 5] = [
    "http://example.org/q",
    "http://example.org/q|1.0.0",
    "http://example.org/fhir/Questionnaire/1",
    "http://example.org/fhir/ValueSet/vs|2020",
    "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
];
const UNITS: [&str; 13] = [
    "mg",
    "mg/dL",
    "g/L",
    "mmol/L",
    "[degF]",
    "Cel",
    "%",
    "{score}",
    "mm[Hg]",
    "/min",
    "10*3/uL",
    "kg{dry}",
    "no such unit",
];
const UCUM: &str = "http://unitsofmeasure.org";

/// A value of a primitive type.
pub(super) fn text(type_name: &str, element: &Element, choices: &mut Choices<'_>) -> Tree {
    if type_name == "base64Binary" && choices.one_in(6) {
        return Tree::String("QUJD\n".repeat(200));
    }
    let mut one = |list: &[&str]| Tree::String(choices.pick(list).to_owned());
    match type_name {
        "boolean" => Tree::Bool(choices.below(2) == 1),
        "integer" => Tree::Number(choices.pick(&["1", "0", "-7", "2147483647", "-2147483648"]).to_owned()),
        "unsignedInt" => Tree::Number(choices.pick(&["1", "0", "100", "2147483647"]).to_owned()),
        "positiveInt" => Tree::Number(choices.pick(&["1", "2", "100", "2147483647"]).to_owned()),
        "decimal" => Tree::Number(choices.pick(&DECIMALS).to_owned()),
        "code" => match element.binding {
            Some(list) => {
                let codes: Vec<_> = list.codings().map(|(_, code)| code).collect();
                one(&codes)
            }
            None => one(&CODES),
        },
        "id" => one(&["a", "A-1.b", "x123456789012345678901234567890123456789012345678901234567890123"]),
        "uri" | "url" => one(&ADDRESSES),
        "canonical" => one(&CANONICALS),
        "oid" => one(&["urn:oid:1.2.3", "urn:oid:2.16.840.1.113883.2.4.6.3"]),
        "uuid" => one(&["urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"]),
        "base64Binary" => one(&["aGk=", "aGkh", "YQ==", "aG kh"]),
        "date" => one(&DATES),
        "dateTime" => one(&[&DATES[..], &INSTANTS[..]].concat()),
        "instant" => one(&INSTANTS),
        "time" => one(&["10:00:00", "23:59:60", "00:00:00.5", "12:34:56.789012345"]),
        "xhtml" => one(&[
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>",
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class='a'>&lt; &amp; &#160;&nbsp;é 李 😀<br/></p></div>",
        ]),
        // A string that is the text of a reference stands in no element but Reference's own, which is made elsewhere.
        _ => one(&TEXTS),
    }
}

/// The system and code of a `Coding`, of the list that is required if one is. Returns what needs no more making.
pub(super) fn coding(object: &mut Tree, element: &Element, choices: &mut Choices<'_>) -> &'static [&'static str] {
    let made = &["system", "code"];
    if let Some(list) = element.binding {
        let codings: Vec<_> = list.codings().collect();
        let (system, code) = choices.pick(&codings);
        object.set("system", system).set("code", code);
        return made;
    }
    match choices.below(8) {
        0..=4 => _ = object.set("system", choices.pick(&SYSTEMS)).set("code", choices.pick(&CODES)),
        5 => _ = object.set("code", choices.pick(&CODES)),
        6 => _ = object.set("system", choices.pick(&SYSTEMS)),
        _ => _ = object.set("display", choices.pick(&TEXTS)),
    }
    made
}

/// The codings and text of a `CodeableConcept`.
pub(super) fn concept(object: &mut Tree, element: &Element, choices: &mut Choices<'_>) -> &'static [&'static str] {
    let count = if element.binding.is_some() { 1 } else { choices.below(3) };
    for _ in 0..count {
        let mut one = Tree::object();
        coding(&mut one, element, choices);
        object.push("coding", one);
    }
    if count == 0 || choices.one_in(3) {
        object.set("text", choices.pick(&TEXTS));
    }
    &["coding", "text"]
}

/// A quantity in UCUM, in another system, with a unit in words or without any.
pub(super) fn quantity(object: &mut Tree, element: &Element, choices: &mut Choices<'_>) -> &'static [&'static str] {
    object.set("value", Tree::Number(choices.pick(&DECIMALS).to_owned()));
    match choices.below(6) {
        0..=2 => _ = object.set("system", UCUM).set("code", choices.pick(&UNITS)),
        3 => _ = object.set("system", SYSTEMS[0]).set("code", choices.pick(&CODES)).set("unit", "mg"),
        4 => _ = object.set("unit", choices.pick(&["mg", "Ünits"])),
        _ => {}
    }
    // The ends of a range are exact.
    if !matches!(element.name, "low" | "high") && choices.one_in(6) {
        object.set("comparator", choices.pick(&["<", "<=", ">=", ">"]));
    }
    &["value", "system", "code", "unit", "comparator"]
}

/// Samples, with what they need to be read.
pub(super) fn sampled(object: &mut Tree, choices: &mut Choices<'_>) -> &'static [&'static str] {
    let mut origin = Tree::object();
    origin.set("value", Tree::Number(choices.pick(&["0", "1.5", "-2048"]).to_owned()));
    if choices.one_in(2) {
        origin.set("system", UCUM).set("code", "mV");
    }
    let number = |text: &str| Tree::Number(text.to_owned());
    object.set("origin", origin).set("period", number("10")).set("dimensions", number("1"));
    object.set("data", choices.pick(&["1 2 3", "E L 5 U -3.5", "2041 2043\n2037  1.5e1", "E", "x y"]));
    if choices.one_in(2) {
        object.set("factor", number("1.612")).set("lowerLimit", number("-3300")).set("upperLimit", number("3300"));
    }
    &["origin", "period", "dimensions", "data", "factor", "lowerLimit", "upperLimit"]
}
