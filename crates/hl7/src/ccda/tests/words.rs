use super::*;
use expect_test::expect;

fn div(text: &str) -> (String, Vec<String>) {
    let mapped = map(&document("", &section("1-8", text, "")));
    let issues = mapped.issues.iter().map(|issue| issue.text.clone()).collect();
    (at(one(&mapped, "Composition"), "section.0.text.div"), issues)
}

#[test]
fn markup_of_cda_becomes_that_of_xhtml() {
    let (div, issues) = div(
        r##"<paragraph ID="p1"><caption>Cap</caption>a <content ID="c1" styleCode="Bold Underline">b</content><br/><sub>1</sub></paragraph>
<list listType="ordered" styleCode="BigRoman"><caption>L</caption><item ID="i">x &lt; y</item></list>
<table border="1" width="100%"><caption>T</caption><colgroup><col span="2"/></colgroup><thead><tr><th scope="col">H</th></tr></thead><tbody><tr ID="r"><td colspan="2" styleCode="Rrule">1 &amp; 2</td></tr></tbody></table>
<linkHtml href="https://example.org/?a=1&amp;b=2">l</linkHtml><content revised="delete">old</content><footnoteRef IDREF="c1"/>"##,
    );
    expect![[r##"
        <div xmlns="http://www.w3.org/1999/xhtml"><p id="p1"><b>Cap</b>a <span id="c1" style="font-weight: bold; text-decoration: underline">b</span><br/><sub>1</sub></p>
        <p>L</p><ol style="list-style-type: upper-roman"><li id="i">x &lt; y</li></ol>
        <table border="1" width="100%"><caption>T</caption><colgroup><col span="2"/></colgroup><thead><tr><th scope="col">H</th></tr></thead><tbody><tr id="r"><td colspan="2">1 &amp; 2</td></tr></tbody></table>
        <a href="https://example.org/?a=1&amp;b=2">l</a><span style="text-decoration: line-through">old</span><a href="#c1">*</a></div>"##]]
    .assert_eq(&div);
    assert!(issues.is_empty(), "{issues:?}");
}

#[test]
fn nothing_that_runs_or_loads_comes_through() {
    let (div, issues) = div(
        r#"<paragraph onclick="steal()">kept</paragraph><script>steal()</script><iframe src="http://x"/><style>p{}</style><object data="x"><param/></object>
<img src="http://x/y.png"/><linkHtml href="javascript:steal()">link</linkHtml><linkHtml href=" data:text/html,x">other</linkHtml><svg><script>x</script></svg><blink>words</blink>
<h:script xmlns:h="http://www.w3.org/1999/xhtml">steal()</h:script><SCRIPT>steal()</SCRIPT><content style="background: url(http://x)">end</content>"#,
    );
    expect![[r#"
        <div xmlns="http://www.w3.org/1999/xhtml"><p>kept</p>
        <span>link</span><span>other</span><span>words</span>
        <span>end</span></div>"#]]
    .assert_eq(&div);
    assert_eq!(issues.len(), 10, "{issues:?}");
}

#[test]
fn images_of_the_document_stand_in_the_text_and_others_are_named() {
    let media = |kind: &str, data: &str| {
        format!(
            r#"<component><section><title>T</title><text><renderMultiMedia referencedObject="MM1"/></text><entry><observationMedia classCode="OBS" moodCode="EVN" ID="MM1">
            <value mediaType="{kind}" representation="B64">{data}</value></observationMedia></entry></section></component>"#
        )
    };
    let mapped = map(&document("", &media("image/png", "iVBO\nRw==")));
    assert!(
        at(one(&mapped, "Composition"), "section.0.text.div")
            .contains(r#"<img alt="MM1" src="data:image/png;base64,iVBORw=="/>"#)
    );
    assert_eq!(at(one(&mapped, "Media"), "content.contentType"), "image/png");
    let mapped = map(&document("", &media("image/svg+xml", "PHN2Zz4=")));
    assert!(at(one(&mapped, "Composition"), "section.0.text.div").contains("[image/svg+xml: MM1]"));
}

#[test]
fn sections_in_sections_are_there_and_empty_ones_say_why() {
    let inner = section("2-8", "inner", "");
    let outer = format!(
        r#"<component><section><title>O</title>{inner}</section></component><component><section nullFlavor="NASK"><title>E</title><text>none</text></section></component><component><section/></component>"#
    );
    let mapped = map(&document("", &outer));
    let composition = one(&mapped, "Composition");
    assert_eq!(at(composition, "section.0.section.0.code.coding.0.code"), "2-8");
    assert_eq!(at(composition, "section.1.emptyReason.coding.0.code"), "notasked");
    assert_eq!(at(composition, "section.2.text.status"), "empty");
}

#[test]
fn sections_nested_deep_are_all_there_within_the_depth_of_json() {
    let mut inside = String::new();
    for no in 0..100 {
        inside = format!("<component><section><title>{no}</title><text>t{no}</text>{inside}</section></component>");
    }
    let mapped = map(&document("", &inside));
    let text = one(&mapped, "Composition").to_string();
    for no in 0..100 {
        assert!(text.contains(&format!(">t{no}<")), "{no}");
    }
    let document = Document::parse(text.as_bytes());
    assert!(document.is_ok());
}

#[test]
fn text_is_found_by_reference_in_cells_and_lines() {
    let entry = format!(
        r##"<entry><observation classCode="OBS" moodCode="EVN">{}<code nullFlavor="UNK"><originalText><reference value="#row"/></originalText></code><value xsi:type="CD" code="1"/></observation></entry>"##,
        template("38")
    );
    let text = r#"<table><tbody><tr ID="row"><td>One</td><td>Two <content>three</content></td></tr></tbody></table>"#;
    let mapped = map(&document("", &section("29762-2", text, &entry)));
    assert_eq!(at(one(&mapped, "Observation"), "code.text"), "One Two three");
}
