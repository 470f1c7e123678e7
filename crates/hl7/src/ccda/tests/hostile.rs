use super::*;

fn refused(bytes: &[u8]) -> CdaError {
    convert(bytes, &Settings::new("test")).unwrap_err()
}

#[test]
fn a_document_type_declaration_is_refused_with_its_place() {
    let bomb = b"<?xml version=\"1.0\"?>\n<!DOCTYPE l [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;\">]><ClinicalDocument xmlns=\"urn:hl7-org:v3\">&b;</ClinicalDocument>";
    assert_eq!(refused(bomb), CdaError::Dtd { at: 22 });
    // In a comment or text it is none.
    let text = document("<!-- <!DOCTYPE x> -->", &section("1-8", "<![CDATA[<!DOCTYPE x>]]>", ""));
    map(&text);
}

#[test]
fn ten_thousand_elements_in_one_another_are_refused_before_the_parser_sees_them() {
    let deep = format!("<ClinicalDocument xmlns=\"urn:hl7-org:v3\">{}", "<a x='>'>".repeat(10_000));
    assert!(matches!(refused(deep.as_bytes()), CdaError::TooDeep { most: DEPTH_MAX, .. }));
    let closed = format!(
        "<ClinicalDocument xmlns=\"urn:hl7-org:v3\">{}{}</ClinicalDocument>",
        "<a>".repeat(10_000),
        "</a>".repeat(10_000)
    );
    assert!(matches!(refused(closed.as_bytes()), CdaError::TooDeep { .. }));
    // As deep as allowed, in text and entries, is mapped.
    let text = format!("{}x{}", "<content>".repeat(240), "</content>".repeat(240));
    map(&document("", &section("1-8", &text, "")));
}

#[test]
fn what_is_cut_off_or_no_document_is_told_with_its_place() {
    let text = document("", &section("1-8", "x", ""));
    for cut in [1, 10, 100, text.len() / 2, text.len() - 1] {
        match refused(&text.as_bytes()[..cut]) {
            CdaError::NotXml { at, .. } => assert!(at <= cut),
            other => panic!("{other}"),
        }
    }
    assert!(
        matches!(refused(b"<Patient xmlns=\"http://hl7.org/fhir\"/>"), CdaError::NotCda { root } if root == "{http://hl7.org/fhir}Patient")
    );
    assert!(matches!(refused(b"<ClinicalDocument/>"), CdaError::NotCda { .. }));
    assert!(matches!(refused(b""), CdaError::NotXml { .. }));
    assert!(matches!(refused(b"{}"), CdaError::NotXml { .. }));
    assert_eq!(refused(b"<ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>"), CdaError::NoPatient);
}

#[test]
fn a_document_over_the_bound_is_refused_unread() {
    let long = vec![b' '; SIZE_MAX + 1];
    assert_eq!(refused(&long), CdaError::TooLarge { length: SIZE_MAX + 1, most: SIZE_MAX });
}

#[test]
fn text_is_read_in_the_encoding_it_says_and_places_are_those_of_the_bytes() {
    let text = document("", &section("1-8", "Größe ΩΩ", "")).replace("Doe", "Dö");
    let utf16 = |big: bool| -> Vec<u8> {
        let unit = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
    };
    let latin = {
        let text = text.replace('Ω', "o");
        let declared = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{text}");
        declared.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>()
    };
    let gbk = {
        let declared = format!("<?xml version='1.0' encoding='GB18030'?>{}", text.replace("Dö", "張"));
        encoding_rs::GB18030.encode(&declared).0.into_owned()
    };
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    for (bytes, encoding, family) in [
        (utf16(true), encoding_rs::UTF_16BE, "Dö"),
        (utf16(false), encoding_rs::UTF_16LE, "Dö"),
        (latin, encoding_rs::WINDOWS_1252, "Dö"),
        (gbk, encoding_rs::GB18030, "張"),
        (marked, encoding_rs::UTF_8, "Dö"),
    ] {
        assert!(is_clinical_document(&bytes), "{}", encoding.name());
        let mapped = convert(&bytes, &Settings::new("test")).unwrap();
        let patient = &mapped.resources[0];
        assert_eq!(at(&patient.resource, "name.0.family"), family);
        let span = patient.origin("name[0]").unwrap().span.clone();
        let (name, _) = encoding.decode_without_bom_handling(&bytes[span]);
        assert_eq!(name, format!("<name><given>Ann</given><family>{family}</family></name>"), "{}", encoding.name());
        let last = mapped.resources.iter().find(|made| made.key.resource_type == "Composition").unwrap();
        let span = last.origin("section[0]").unwrap().span.clone();
        let (section, _) = encoding.decode_without_bom_handling(&bytes[span]);
        assert!(section.starts_with("<section>") && section.ends_with("</section>"), "{}: {section}", encoding.name());
    }
}

#[test]
fn bytes_that_are_not_of_the_encoding_are_told_with_their_place() {
    let mut bytes = document("", "").into_bytes();
    let at = bytes.len() / 2;
    bytes[at] = 0xff;
    assert_eq!(refused(&bytes), CdaError::NotText { encoding: "UTF-8", at });
    let unknown = b"<?xml version=\"1.0\" encoding=\"EBCDIC-9\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>";
    assert_eq!(refused(unknown), CdaError::UnknownEncoding { name: "EBCDIC-9".into() });
    assert!(matches!(refused(&[0xff, 0xfe, b'<', 0, 0x00, 0xd8, b'x', 0]), CdaError::NotText { at: 4.., .. }));
}

#[test]
fn a_document_is_known_by_its_root() {
    for (start, is) in [
        ("<ClinicalDocument xmlns=\"urn:hl7-org:v3\">", true),
        ("<?xml version='1.0'?><!-- <x> --><?style x?>\n<n1:ClinicalDocument xmlns:n1='urn:hl7-org:v3' a='>'>", true),
        ("<!DOCTYPE x><ClinicalDocument xmlns='urn:hl7-org:v3'>", true),
        ("<ClinicalDocument xmlns='urn:other'>", false),
        ("<Bundle xmlns='http://hl7.org/fhir'><ClinicalDocument xmlns='urn:hl7-org:v3'/>", false),
        ("<!-- no end", false),
        ("<", false),
        ("{}", false),
        ("", false),
    ] {
        assert_eq!(is_clinical_document(start.as_bytes()), is, "{start}");
    }
}

#[test]
fn many_references_to_one_long_text_do_not_make_it_many_times() {
    let words = "word ".repeat(100_000);
    let entry = format!(
        r##"<entry><observation classCode="OBS" moodCode="EVN">{}<code code="1"><originalText><reference value="#t"/></originalText></code></observation></entry>"##,
        template("2")
    );
    let text = format!(r#"<content ID="t">{words}</content>"#);
    let mapped = map(&document("", &section("30954-2", &text, &entry.repeat(2000))));
    assert_eq!(all(&mapped, "Observation").len(), 2000);
    assert!(mapped.bundle().to_string().len() < 80 << 20);
}
