//! The 22 documents of the test data: samples of HL7 and of senders, in C-CDA R1.1 and R2.1.

use crate::data::Unpacked;
use fhir::json::{Document, Tree};
use fhir::validate::{Options, Severity, validate};
use hl7::ccda::{self, Mapped};
use hl7::map::Settings;
use roxmltree::Node;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// The templates that `ccda-entries.json` counts by, after `2.16.840.1.113883.10.20.22.4.`
const COUNTED: [(&str, &str); 15] = [
    ("problem", "4"),
    ("allergy", "7"),
    ("medication", "16"),
    ("immunization", "52"),
    ("result_organizer", "1"),
    ("result", "2"),
    ("vital_organizer", "26"),
    ("vital", "27"),
    ("encounter", "49"),
    ("procedure", "14"),
    ("procedure_act", "12"),
    ("procedure_observation", "13"),
    ("smoking", "78"),
    ("goal", "121"),
    ("coverage", "60"),
];

fn documents(test: &str) -> Vec<(String, Vec<u8>, Mapped)> {
    let Some(unpacked) = Unpacked::of("ccda", "samples.tar.xz", test) else { return Vec::new() };
    let convert = |(name, bytes): (String, Vec<u8>)| {
        let mapped = ccda::convert(&bytes, &Settings::new("test")).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, bytes, mapped)
    };
    let all: Vec<_> = unpacked.files().into_iter().map(convert).collect();
    assert_eq!(all.len(), 22);
    all
}

#[test]
fn every_resource_made_of_a_clinical_document_is_valid_r4() {
    let mut found = Vec::new();
    for (name, bytes, mapped) in documents("ccda-valid") {
        let text = mapped.bundle().to_string();
        let document = Document::parse(text.as_bytes()).unwrap();
        for issue in validate(document.root(), &Options { issues_max: 1000, ..Options::default() }) {
            if issue.severity == Severity::Error {
                found.push(format!("{name}: {issue}"));
            }
        }
        let again = ccda::convert(&bytes, &Settings::new("test")).unwrap();
        assert_eq!(again, mapped, "{name}: mapped again");
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn entries_are_mapped_or_listed_and_none_is_lost() {
    let documents = documents("ccda-entries");
    let Some(data) = std::env::var_os("MEDWEAVE_TEST_DATA") else { return };
    let counts = std::fs::read(Path::new(&data).join("records/tables/ccda-entries.json")).unwrap();
    let counts = Document::parse(&counts).unwrap();
    let mut totals: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (name, _, mapped) in &documents {
        let expected = counts.root().get(name).unwrap().get("entries").unwrap();
        for (kind, template) in COUNTED {
            let template = format!("2.16.840.1.113883.10.20.22.4.{template}");
            let taken = mapped.taken.iter().filter(|taken| taken.templates.contains(&template)).count();
            let listed = mapped.unmapped.iter().filter(|unmapped| unmapped.templates.contains(&template)).count();
            let all =
                expected.get(kind).map_or(0, |kind| kind.get("all").unwrap().number_text().unwrap().parse().unwrap());
            assert_eq!(taken + listed, all, "{name}: {kind}");
            let (mapped, of) = totals.entry(kind).or_default();
            *mapped += taken;
            *of += all;
        }
        for taken in &mapped.taken {
            assert!(
                mapped.resource(&taken.full_url).is_some(),
                "{name}: {} stands for {}",
                taken.full_url,
                taken.xpath
            );
        }
    }
    let expected = [
        ("allergy", (24, 24)),
        ("coverage", (2, 2)),
        ("encounter", (9, 9)),
        ("goal", (4, 4)),
        ("immunization", (21, 21)),
        ("medication", (27, 27)),
        ("problem", (54, 54)),
        ("procedure", (12, 12)),
        ("procedure_act", (9, 9)),
        ("procedure_observation", (11, 11)),
        ("result", (46, 46)),
        ("result_organizer", (18, 18)),
        ("smoking", (10, 10)),
        ("vital", (82, 82)),
        ("vital_organizer", (20, 20)),
    ];
    assert_eq!(totals.into_iter().collect::<Vec<_>>(), expected);
}

/// Every statement of a document, whatever its templates, is mapped, listed, or read by the one it is in.
#[test]
fn what_is_negated_is_not_told_as_the_record() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, bytes, mapped) in documents("ccda-negated") {
        for taken in &mapped.taken {
            let tag = &bytes[taken.span.clone()];
            let tag = &tag[..memchr(tag)];
            if !String::from_utf8_lossy(tag).contains("negationInd=\"true\"") {
                continue;
            }
            let resource = &mapped.resource(&taken.full_url).unwrap().resource;
            let text = resource.to_string();
            let status = resource.get("status").and_then(Tree::as_str).unwrap_or_default();
            let says_so = match taken.kind {
                "immunization" | "procedure" | "procedure_act" | "procedure_observation" => status == "not-done",
                // That none is known is said once: by status, or by the code.
                "medication" => {
                    let by_status = status == "not-taken" || text.contains("\"doNotPerform\":true");
                    by_status != text.contains("787481004")
                }
                "allergy" | "problem" => {
                    text.contains("refuted")
                        || text.contains("716186003")
                        || text.contains("160245001")
                        || text.contains("409137002")
                }
                _ => continue,
            };
            assert!(says_so, "{name}: {}: {text}", taken.xpath);
            *seen.entry(taken.kind).or_default() += 1;
        }
    }
    if !seen.is_empty() {
        let expected = [("allergy", 3), ("immunization", 8), ("medication", 4), ("problem", 1), ("procedure", 2)];
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
    }
}

/// Where a tag ends.
fn memchr(tag: &[u8]) -> usize {
    tag.iter().position(|b| *b == b'>').unwrap()
}

/// The element at an XPath of ours, found by a reader that knows nothing of the mapper.
fn follow<'a>(document: &'a roxmltree::Document<'a>, xpath: &str) -> Node<'a, 'a> {
    let mut at = document.root();
    for step in xpath.strip_prefix('/').unwrap().split('/') {
        let (name, number) = match step.split_once('[') {
            Some((name, number)) => (name, number.strip_suffix(']').unwrap().parse::<usize>().unwrap()),
            None => (step, 1),
        };
        let (namespace, name) = match name.strip_prefix("sdtc:") {
            Some(name) => ("urn:hl7-org:sdtc", name),
            None => ("urn:hl7-org:v3", name),
        };
        at = at.children().filter(|child| child.has_tag_name((namespace, name))).nth(number - 1).unwrap();
    }
    at
}

#[test]
fn every_element_leads_to_its_xpath_and_bytes() {
    for (name, bytes, mapped) in documents("ccda-origins") {
        let text = std::str::from_utf8(&bytes).unwrap();
        // A byte order mark is not part of the text that is parsed.
        let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let document = roxmltree::Document::parse(&text[mark..]).unwrap();
        let mut count = 0;
        for made in &mapped.resources {
            for (element, _) in
                made.resource.members().iter().filter(|(name, _)| name != "resourceType" && name != "id")
            {
                assert!(
                    made.origins.iter().any(|origin| origin.element.split('[').next() == Some(element)),
                    "{name}: {element}"
                );
            }
            for origin in &made.origins {
                let node = follow(&document, &origin.xpath);
                assert_eq!(node.range().start + mark..node.range().end + mark, origin.span, "{name}: {}", origin.xpath);
                count += 1;
            }
        }
        for (xpath, span) in mapped
            .unmapped
            .iter()
            .map(|unmapped| (&unmapped.xpath, &unmapped.span))
            .chain(mapped.issues.iter().map(|issue| (&issue.xpath, &issue.span)))
            .chain(mapped.taken.iter().map(|taken| (&taken.xpath, &taken.span)))
        {
            let node = follow(&document, xpath);
            assert_eq!(node.range().start + mark..node.range().end + mark, *span, "{name}: {xpath}");
        }
        assert!(count > 20, "{name}: {count}");
    }
}

fn sections<'t>(tree: &'t Tree, out: &mut Vec<&'t Tree>) {
    for section in tree.get("section").map_or(&[][..], Tree::items) {
        out.push(section);
        sections(section, out);
    }
}

fn squeezed(node: Node<'_, '_>) -> String {
    let text: String = node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect();
    text.split_whitespace().collect()
}

#[test]
fn every_section_is_there_with_its_whole_text_and_nothing_that_runs() {
    for (name, bytes, mapped) in documents("ccda-sections") {
        let text = String::from_utf8(bytes).unwrap();
        let document = roxmltree::Document::parse(text.trim_start_matches('\u{feff}')).unwrap();
        let composition = mapped.resources.iter().find(|made| made.key.resource_type == "Composition").unwrap();
        let mut made = Vec::new();
        sections(&composition.resource, &mut made);
        let is_section = |node: &Node<'_, '_>| node.has_tag_name(("urn:hl7-org:v3", "section"));
        let told: Vec<Node<'_, '_>> = document.descendants().filter(is_section).collect();
        assert_eq!(made.len(), told.len(), "{name}");
        for (made, told) in made.iter().zip(told) {
            let child = |child: &str| told.children().find(|node| node.has_tag_name(("urn:hl7-org:v3", child)));
            let code = child("code").and_then(|code| code.attribute("code"));
            let made_code =
                made.get("code").and_then(|code| code.get("coding")).and_then(|codings| codings.items().first());
            assert_eq!(made_code.and_then(|coding| coding.get("code")).and_then(Tree::as_str), code, "{name}");
            let Some(narrative) = child("text").filter(|text| !squeezed(*text).is_empty()) else { continue };
            let div = made.get("text").and_then(|text| text.get("div")).and_then(Tree::as_str).unwrap();
            let div = roxmltree::Document::parse(div).unwrap();
            let written = squeezed(div.root()).replace("[media:", "");
            assert!(squeezed(narrative) == written || written.contains("[image"), "{name}: {code:?}");
            let ids: HashSet<&str> = div.descendants().filter_map(|node| node.attribute("id")).collect();
            for id in narrative.descendants().filter(|node| *node != narrative).filter_map(|node| node.attribute("ID"))
            {
                assert!(ids.contains(id.trim()), "{name}: {id}");
            }
            for node in div.descendants().filter(Node::is_element) {
                assert!(
                    !matches!(node.tag_name().name(), "script" | "style" | "iframe" | "object" | "link" | "form"),
                    "{name}"
                );
                for attribute in node.attributes() {
                    assert!(!attribute.name().starts_with("on"), "{name}");
                    let value = attribute.value().to_ascii_lowercase();
                    assert!(!value.starts_with("javascript:"), "{name}");
                    assert!(attribute.name() != "src" || value.starts_with("data:image/"), "{name}");
                }
            }
        }
    }
}

#[test]
fn references_lead_to_resources_of_the_document() {
    for (name, _, mapped) in documents("ccda-references") {
        let urls: HashSet<&str> = mapped.resources.iter().map(|made| made.full_url.as_str()).collect();
        assert_eq!(urls.len(), mapped.resources.len(), "{name}");
        let text = mapped.bundle().to_string();
        for (at, _) in text.match_indices("\"reference\":\"").chain(text.match_indices("\"url\":\"urn:uuid:")) {
            let reference = &text[at..];
            let reference = &reference[reference.find("urn:uuid:").unwrap()..][..45];
            assert!(urls.contains(reference), "{name}: {reference}");
        }
    }
}
