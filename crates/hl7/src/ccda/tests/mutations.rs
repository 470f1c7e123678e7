//! Documents with values, elements and bytes exchanged for anything: the map never panics, and what it makes stays R4.

use super::*;
use proptest::prelude::*;

/// One of everything the maps read.
fn whole() -> String {
    let header = r#"<languageCode code="en-US"/><setId root="1.2.6" extension="s"/><versionNumber value="2"/>
<author><time value="20240101"/><assignedAuthor><id root="2.16.840.1.113883.4.6" extension="123"/><code code="207Q00000X" codeSystem="2.16.840.1.113883.6.101"/><addr use="WP"><streetAddressLine>1 St</streetAddressLine><city>C</city></addr><telecom value="tel:+1" use="WP MC"/><assignedPerson><name use="L"><prefix>Dr</prefix><given qualifier="CL">Bo</given><family qualifier="BR">Low</family><validTime><low value="2001"/></validTime></name></assignedPerson><representedOrganization><id root="1.2.5" extension="o"/><name>House</name></representedOrganization></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization><id root="1.2.5" extension="o"/><name>House</name></representedCustodianOrganization></assignedCustodian></custodian>
<legalAuthenticator><time value="20240101120000-0500"/><assignedEntity><id root="1.2.7" extension="l"/></assignedEntity></legalAuthenticator>
<participant typeCode="IND"><associatedEntity classCode="NOK"><code code="SPS"/><associatedPerson><name>K</name></associatedPerson></associatedEntity></participant>
<documentationOf><serviceEvent classCode="PCPR"><effectiveTime><low value="2001"/><high value="2002"/></effectiveTime><performer><functionCode code="PCP"/><assignedEntity><id root="1.2.7" extension="l"/></assignedEntity></performer></serviceEvent></documentationOf>
<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.3" extension="d0"/></parentDocument></relatedDocument>
<componentOf><encompassingEncounter><id root="1.2.8" extension="e"/><code code="IMP" codeSystem="2.16.840.1.113883.5.4"/><effectiveTime><low value="2001"/></effectiveTime><location><healthCareFacility><id root="1.2.8" extension="f"/><location><name>F</name></location></healthCareFacility></location></encompassingEncounter></componentOf>"#;
    let one = |number: &str, element: &str, mood: &str, inside: &str| {
        format!(
            r#"<{element} classCode="X" moodCode="{mood}" negationInd="false">{}<id root="1.9" extension="{number}"/><code code="1" codeSystem="2.16.840.1.113883.6.96" displayName="d"><originalText><reference value="\#r"/></originalText></code><text><reference value="\#r"/></text><statusCode code="completed"/><effectiveTime xsi:type="IVL_TS"><low value="20240101"/><high value="20240102"/></effectiveTime><value xsi:type="PQ" value="1.5" unit="mg"/><interpretationCode code="H"/><repeatNumber value="2"/><doseQuantity value="1" unit="mg"/><rateQuantity value="1" unit="mL/h"/><quantity value="30"/><targetSiteCode code="2"/><author><time value="20240101"/><assignedAuthor><id root="1.2.7" extension="l"/></assignedAuthor></author><performer><assignedEntity><id root="1.2.7" extension="l"/><representedOrganization><name>P</name></representedOrganization></assignedEntity></performer><participant typeCode="LOC"><participantRole classCode="SDLOC"><code code="3"/><playingEntity><name>L</name></playingEntity></participantRole></participant><participant typeCode="DEV"><participantRole classCode="MANU"><id root="1.9" extension="v"/><playingDevice><code code="4"/></playingDevice></participantRole></participant><consumable><manufacturedProduct><manufacturedMaterial><code code="5"/><lotNumberText>9</lotNumberText></manufacturedMaterial></manufacturedProduct></consumable><referenceRange><observationRange><value xsi:type="IVL_PQ"><low value="1" unit="mg"/></value></observationRange></referenceRange>{inside}</{element}>"#,
            template(number)
        )
        .replace("\\#", "#")
    };
    let part =
        |kind: &str, inside: &str| format!(r#"<entryRelationship typeCode="{kind}">{inside}</entryRelationship>"#);
    let observation = |number: &str, inside: &str| one(number, "observation", "EVN", inside);
    let parts = [
        part(
            "SUBJ",
            &observation(
                "4",
                &[
                    part("REFR", &observation("6", "")),
                    part("SUBJ", &observation("8", "")),
                    part("SUBJ", &observation("31", "")),
                    part("SUBJ", &one("64", "act", "EVN", "")),
                ]
                .concat(),
            ),
        ),
        part(
            "SUBJ",
            &observation(
                "7",
                &[
                    part("MFST", &observation("9", &part("SUBJ", &observation("8", "")))),
                    part("SUBJ", &observation("145", "")),
                ]
                .concat(),
            ),
        ),
        part("RSON", &observation("19", "")),
    ]
    .concat();
    let mut entries = vec![one("3", "act", "EVN", &parts)];
    entries.push(one(
        "16",
        "substanceAdministration",
        "EVN",
        &[
            part("REFR", &one("17", "supply", "INT", "")),
            part("REFR", &one("18", "supply", "EVN", "")),
            part("RSON", &observation("19", "")),
        ]
        .concat(),
    ));
    entries.push(one("16", "substanceAdministration", "INT", &part("SUBJ", &one("20", "act", "INT", ""))));
    entries.push(one(
        "52",
        "substanceAdministration",
        "EVN",
        &[part("RSON", &observation("53", "")), part("CAUS", &observation("9", ""))].concat(),
    ));
    entries.push(one("120", "substanceAdministration", "INT", ""));
    entries.push(one("1", "organizer", "EVN", &format!("<component>{}</component>", observation("2", ""))));
    entries.push(one("26", "organizer", "EVN", &format!("<component>{}</component>", observation("27", ""))));
    entries.push(one("14", "procedure", "EVN", &part("COMP", &observation("4", ""))));
    entries.push(one("41", "procedure", "RQO", ""));
    entries.push(one(
        "49",
        "encounter",
        "EVN",
        &part("SUBJ", &one("80", "act", "EVN", &part("SUBJ", &observation("4", "")))),
    ));
    entries.push(one(
        "121",
        "observation",
        "GOL",
        &[
            part("REFR", &one("122", "act", "EVN", "")),
            part("RSON", &observation("143", "")),
            part("COMP", &observation("110", "")),
        ]
        .concat(),
    ));
    entries.push(one("60", "act", "EVN", &part("COMP", &one("61", "act", "EVN", ""))));
    entries.push(one("45", "organizer", "EVN", &format!(r#"<subject><relatedSubject><code code="FTH"/><subject><administrativeGenderCode code="M"/><birthTime value="1910"/></subject></relatedSubject></subject><component>{}</component>"#, observation("46", &[part("SUBJ", &observation("31", "")), part("CAUS", &observation("47", ""))].concat()))));
    entries.push(one("50", "supply", "EVN", ""));
    entries.push(one("50", "supply", "RQO", ""));
    entries.push(one(
        "500",
        "organizer",
        "EVN",
        &format!("<component>{}</component>", one("500.1", "act", "PRMS", "")),
    ));
    entries.push(one("202", "act", "EVN", ""));
    entries.push(one("141", "act", "EVN", ""));
    entries.push(observation("78", ""));
    entries.push(
        r#"<observationMedia ID="m"><value mediaType="image/png" representation="B64">AAAA</value></observationMedia>"#
            .into(),
    );
    let entries = format!("<entry>{}</entry>", entries.join("</entry><entry>"));
    let text = r##"<paragraph ID="r">w <content styleCode="Bold">x</content></paragraph><list listType="ordered"><item>i</item></list><table><tbody><tr><td>c</td></tr></tbody></table><renderMultiMedia referencedObject="m"/><linkHtml href="http://a/b">l</linkHtml>"##;
    document(header, &section("18776-5", text, &entries))
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            " ",
            "0",
            "-1",
            "+5",
            ".5",
            "1e5",
            "1e999",
            "007",
            "99999999999999999999",
            "20240230",
            "2024",
            "202402",
            "20240101120000+0800",
            "20240101120000.1234Z",
            "200130212",
            "today",
            "true",
            "false",
            "EVN",
            "INT",
            "RQO",
            "GOL",
            "PRMS",
            "active",
            "aborted",
            "nullified",
            "cancelled",
            "UNK",
            "NI",
            "OTH",
            "NASK",
            "PQ",
            "IVL_PQ",
            "CD",
            "ST",
            "ED",
            "INT",
            "BL",
            "TS",
            "IVL_TS",
            "RTO",
            "RTO_PQ_PQ",
            "REAL",
            "II",
            "SLIST_PQ",
            "PIVL_TS",
            "EIVL_TS",
            "1.2.3",
            "2.16.840.1.113883.4.6",
            "2.16.840.1.113883.5.4",
            "2.16.840.1.113883.6.1",
            "x y  z",
            "a:b c",
            "#r",
            "r",
            "#nowhere",
            "mailto:a@b",
            "tel:",
            "javascript:x",
            "55607006",
            "é",
            "張三",
            "\u{1f600}",
            "LOC",
            "PRD",
            "NOK",
            "COV",
            "HLD",
            "B64",
            "image/png",
            "text/plain",
            "mg",
            "{puff}",
            "h",
            "a",
            "%",
            "00000000-0000-0000-0000-000000000000",
            "2.16.840.1.113883.10.20.22.4.4",
            "2.16.840.1.113883.10.20.22.4.122",
            "RPLC",
            "XFRM",
            "-05:00",
            "10.",
            "१२",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z0-9 .:/+#-]{0,12}",
        "\\PC{0,8}",
    ]
}

/// Attribute values and texts of a document, as ranges.
fn values(text: &str) -> Vec<std::ops::Range<usize>> {
    let parsed = roxmltree::Document::parse(text).unwrap();
    let mut all = Vec::new();
    for node in parsed.descendants() {
        if node.is_element() {
            all.extend(node.attributes().map(|attribute| attribute.range_value()));
        }
        if node.is_text() && !node.text().unwrap_or_default().trim().is_empty() {
            all.push(node.range());
        }
    }
    all.sort_by_key(|range| range.start);
    all
}

/// Elements below the root, as ranges.
fn elements(text: &str) -> Vec<std::ops::Range<usize>> {
    let parsed = roxmltree::Document::parse(text).unwrap();
    let is_free = |node: &roxmltree::Node<'_, '_>| {
        node.is_element() && !matches!(node.tag_name().name(), "ClinicalDocument" | "recordTarget" | "patientRole")
    };
    parsed.descendants().filter(is_free).map(|node| node.range()).collect()
}

#[test]
fn the_whole_document_is_mapped_and_valid() {
    let mapped = map(&whole());
    let kinds: std::collections::BTreeSet<&str> = mapped.resources.iter().map(|made| made.key.resource_type).collect();
    assert!(kinds.len() > 28, "{kinds:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_mapped_is_valid_whatever_the_values_are(changes in prop::collection::vec((0usize..10_000, anything()), 0..12)) {
        let text = whole();
        let places = values(&text);
        let mut changes: Vec<_> = changes.into_iter().map(|(place, text)| (places[place % places.len()].clone(), text)).collect();
        changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        changes.dedup_by_key(|(range, _)| range.start);
        let mut changed = text.clone();
        for (range, with) in changes {
            let with = with.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace(|c: char| c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c), "");
            changed.replace_range(range, &with);
        }
        if let Ok(mapped) = convert(changed.as_bytes(), &Settings::new("test")) {
            assert_valid(&mapped);
        }
    }

    #[test]
    fn what_is_mapped_is_valid_whatever_is_missing_or_twice(changes in prop::collection::vec((0usize..10_000, 0usize..10_000, any::<bool>()), 0..6)) {
        let mut text = whole();
        for (place, other, keep) in changes {
            let all = elements(&text);
            let range = all[place % all.len()].clone();
            let other = text[all[other % all.len()].clone()].to_owned();
            // Another element in its place, or nothing.
            text.replace_range(range, if keep { &other } else { "" });
            if elements(&text).is_empty() || text.len() > 1 << 20 {
                break;
            }
        }
        if let Ok(mapped) = convert(text.as_bytes(), &Settings::new("test")) {
            assert_valid(&mapped);
        }
    }

    #[test]
    fn bytes_exchanged_anywhere_never_make_it_panic(changes in prop::collection::vec((0usize..100_000, any::<u8>()), 1..8), cut in 0usize..200_000) {
        let mut bytes = whole().into_bytes();
        for (place, byte) in changes {
            let at = place % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(cut.max(1));
        is_clinical_document(&bytes);
        if let Ok(mapped) = convert(&bytes, &Settings::new("test")) {
            assert_valid(&mapped);
        }
    }
}
