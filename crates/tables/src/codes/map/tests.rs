use super::*;

const GENDER: &str = "http://hl7.org/fhir/administrative-gender";

fn load(text: &str) -> Result<CodeMap, String> {
    CodeMap::from_csv("m", "codes/m.csv", text)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn codes(map: &CodeMap, text: &str) -> Option<String> {
    let source = map.lookup(text)?;
    let codes: Vec<_> = map.targets(source).iter().map(|target| target.code.clone()).collect();
    Some(codes.join(" "))
}

#[test]
fn values_are_looked_up_as_written_then_folded() {
    let map = load(&format!(
        "source,system,code\nM,{GENDER},male\nm,{GENDER},female\n男,{GENDER},male\nF,{GENDER},female\nWBC  count,http://loinc.org,6690-2\n1,{GENDER},male\n"
    ))
    .unwrap();
    assert_eq!(codes(&map, "M").as_deref(), Some("male"));
    assert_eq!(codes(&map, "m").as_deref(), Some("female"));
    // Full-width M could be either.
    assert_eq!(codes(&map, "Ｍ"), None);
    assert_eq!(codes(&map, "f").as_deref(), Some("female"));
    assert_eq!(codes(&map, "Ｆ").as_deref(), Some("female"));
    assert_eq!(codes(&map, "１").as_deref(), Some("male"));
    assert_eq!(codes(&map, "wbc count").as_deref(), Some("6690-2"));
    assert_eq!(codes(&map, "男性"), None);
}

#[test]
fn one_value_may_have_several_targets_or_none() {
    let map = load(
        "source,system,code,display,equivalence,source_system,source_display\n\
         a,http://loinc.org,1-8,One,,urn:local,Test A\n\
         a,http://loinc.org,2-6,Two,narrower,urn:local,\n\
         b,,,,unmatched,urn:local,\n",
    )
    .unwrap();
    let a = map.lookup("a").unwrap();
    assert_eq!((a.system.as_deref(), a.display.as_deref(), a.line), (Some("urn:local"), Some("Test A"), 2));
    let kinds: Vec<_> = map.targets(a).iter().map(|t| (t.code.as_str(), t.equivalence.code(), t.line)).collect();
    assert_eq!(kinds, [("1-8", "equivalent", 2), ("2-6", "narrower", 3)]);
    assert_eq!(codes(&map, "b").as_deref(), Some(""));
    assert_eq!(map.source_system(), Some("urn:local"));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let error = load(
        "source,system,code,display,equivalence,source_system\n\
         ,http://loinc.org,1-8,,,\n\
         a,https://loinc.org,1-8,,,\n\
         b,LOINC,1-8,,,\n\
         c,http://loinc.org,,,,\n\
         d,,1-8,,,\n\
         e,http://loinc.org,1  8,,equivalnt,\n\
         f,http://loinc.org,1-8,,,urn:a\n\
         f,http://loinc.org,1-8,,,urn:a\n\
         f,http://loinc.org,2-6,,,urn:b\n\
         f,http://loinc.org,1-8,Other,,\n",
    )
    .unwrap_err();
    expect_test::expect![[r#"
        codes/m.csv:2:1: the line has no source
        codes/m.csv:3:3: `https://loinc.org` is another system than `http://loinc.org`, which was meant
        codes/m.csv:4:3: `LOINC` is not a system's address, as `http://loinc.org` or `urn:oid:1.2.3`
        codes/m.csv:5:20: a system without a code
        codes/m.csv:6:3: code `1-8` without a system
        codes/m.csv:7:20: `1  8` is not a code: it has white space at its ends or in a run
        codes/m.csv:7:26: unknown equivalence `equivalnt`; did you mean `equivalent`?
        codes/m.csv:9:1: `f` with code `1-8` stands already in line 8
        codes/m.csv:10:1: `f` has the source system `urn:b` here and `urn:a` in line 8
        codes/m.csv:11:1: `f` with code `1-8` stands in line 8 with another display or equivalence"#]]
    .assert_eq(&error);
}
