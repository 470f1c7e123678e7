use super::*;
use expect_test::expect;

const HEAD: &str = "MSH|^~\\&|EHR||||20240305143000||MDM^T02^MDM_T02|D1|P|2.5\nEVN|T02|20240305\nPID|1||7^^^HOSP^MR||Doe^Ann\nPV1|1|I|||||||||||||||||V1\n";

#[test]
fn a_document_is_its_texts_and_attachments() {
    check(
        &format!(
            "{HEAD}
            ORC|RE|P1|F1
            OBR|1|P1|F1|CT^CT chest^L|||||||||||||||||||||F
            TXA|1|DS|TX|20240305|12^House^Greg|20240305120000|20240305123000||12^House^Greg|||DOC-1^EHR||||letter.txt|AU|R|AV||||||Discharge letter
            OBX|1|TX|DS^Discharge summary^L||Dear colleague,~we saw Ann.||||||F
            OBX|2|TX|DS^Discharge summary^L||Kind regards||||||F
            OBX|3|ED|PDF^Scan^L||EHR^AP^PDF^Base64^JVBERi0x||||||F
            NTE|1||Sent by post too"
        ),
        &["DocumentReference", "ServiceRequest"],
        expect![[r#"
            Update ServiceRequest urn:medweave:source:his:order F1/CT
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:source:his:placer-order
              identifier[0].value = P1
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:source:his:filler-order
              identifier[1].value = F1
              identifier[2].system = urn:medweave:source:his:order
              identifier[2].value = F1/CT
              status = completed
              intent = order
              code.coding = urn:medweave:source:his:codes:L#CT CT chest
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
            Update DocumentReference urn:medweave:authority:EHR DOC-1
              masterIdentifier.system = urn:medweave:authority:EHR
              masterIdentifier.value = DOC-1
              identifier.system = urn:medweave:source:his:document-file
              identifier.value = letter.txt
              status = current
              docStatus = final
              type.coding = v2-0270#DS Discharge summary
              subject.reference = -> Patient 7
              date = 2024-03-05T12:00:00+08:00
              author.reference = -> Practitioner 12
              author.display = Greg House
              description = Discharge letter
            Sent by post too
              securityLabel.coding = v3-Confidentiality#R restricted
              content[0].attachment.contentType = text/plain; charset=utf-8
              content[0].attachment.data = RGVhciBjb2xsZWFndWUsCndlIHNhdyBBbm4uCktpbmQgcmVnYXJkcw==
              content[0].attachment.title = Discharge summary
              content[1].attachment.contentType = application/pdf
              content[1].attachment.data = JVBERi0x
              content[1].attachment.title = Scan
              context.encounter.reference = -> Encounter V1
              context.period.start = 2024-03-05
              context.related.reference = -> ServiceRequest F1/CT
            not mapped [TXA-5, TXA-7]
        "#]],
    );
}

#[test]
fn a_document_is_known_by_its_number() {
    assert!(matches!(error(&format!("{HEAD}OBX|1|TX|A||b||||||F")), MapError::MissingSegment { segment: "TXA", .. }));
    let cancelled = mapped(&format!("{HEAD}TXA|1|DS|TX|||||||||DOC-1|||||LA||CA\nOBX|1|TX|A||b||||||F"));
    let document = &resource(&cancelled, "DocumentReference", "DOC-1").resource;
    assert_eq!(document.get("status").and_then(Tree::as_str), Some("entered-in-error"));
    assert_eq!(document.get("docStatus").and_then(Tree::as_str), Some("final"));
}

#[test]
fn a_document_without_a_number_is_taken_and_said_to_have_none() {
    let of = |header: &str, txa: &str, text: &str| {
        let mapped = mapped(&format!("{header}TXA|1|DS|TX{txa}\nOBX|1|TX|A||{text}||||||F"));
        let document = mapped.resources.iter().find(|r| r.key.resource_type == "DocumentReference").unwrap();
        (document.key.clone(), mapped.issues.iter().any(|issue| issue.text.contains("no document number")))
    };
    let (first, is_told) = of(HEAD, "", "b");
    assert!(is_told && first.system == "urn:medweave:source:his:document-of-message");
    // Sent again under another control id it is the same, with another text another.
    assert_eq!(of(&HEAD.replace("|D1|", "|D2|"), "", "b").0, first);
    assert_ne!(of(HEAD, "", "c").0, first);
    // Some shift the number to where its authority should stand.
    let (shifted, is_told) = of(HEAD, "|||||||||^^12345", "b");
    assert_eq!((shifted.value.as_str(), is_told), ("12345", false));
}

/// The documents of an MDM of `trigger` with this TXA from field 12 on.
fn documents(trigger: &str, txa: &str, content: &str) -> Mapped {
    let head = HEAD.replace("T02", trigger);
    mapped(&format!("{head}TXA|1|DS|TX|||||||||{txa}\n{content}"))
}

#[test]
fn an_addendum_and_a_replacement_name_the_document_before() {
    let addendum = documents("T06", "DOC-2^EHR|DOC-1^EHR", "OBX|1|TX|A||more||||||F");
    let relates = &resource(&addendum, "DocumentReference", "DOC-2").resource.get("relatesTo").unwrap().items()[0];
    assert_eq!(relates.get("code").and_then(Tree::as_str), Some("appends"));
    let named = relates.get("target").unwrap().get("identifier").unwrap().get("value").unwrap();
    assert_eq!(named.as_str(), Some("DOC-1"));

    let stored = documents("T02", "DOC-1^EHR|||||AU||AV", "OBX|1|TX|A||first||||||F");
    let stored = &resource(&stored, "DocumentReference", "DOC-1").resource;
    let replacement = documents("T10", "DOC-2^EHR|DOC-1^EHR", "OBX|1|TX|A||second||||||F");
    let replaced = resource(&replacement, "DocumentReference", "DOC-1").update(stored);
    assert_eq!(replaced.get("status").and_then(Tree::as_str), Some("superseded"));
    assert_eq!(replaced.get("content"), stored.get("content"));
    assert_eq!(replaced.get("docStatus"), stored.get("docStatus"));
    let relates = &resource(&replacement, "DocumentReference", "DOC-2").resource.get("relatesTo").unwrap().items()[0];
    assert_eq!(relates.get("code").and_then(Tree::as_str), Some("replaces"));
    // Under the same number it replaces nothing but itself.
    let same = documents("T10", "DOC-1^EHR|DOC-1^EHR", "OBX|1|TX|A||second||||||F");
    assert_eq!(resource(&same, "DocumentReference", "DOC-1").resource.get("relatesTo"), None);
}

#[test]
fn a_notification_without_the_text_leaves_the_text_and_a_cancelled_document_was_an_error() {
    let stored = documents("T02", "DOC-1^EHR|||||DI", "OBX|1|TX|A||first||||||F");
    let stored = &resource(&stored, "DocumentReference", "DOC-1").resource;
    let signed = documents("T03", "DOC-1^EHR|||||LA", "");
    let signed = resource(&signed, "DocumentReference", "DOC-1").update(stored);
    assert_eq!(signed.get("content"), stored.get("content"));
    assert_eq!(signed.get("docStatus").and_then(Tree::as_str), Some("final"));
    let cancelled = documents("T11", "DOC-1^EHR|||||DI||AV", "");
    let cancelled = resource(&cancelled, "DocumentReference", "DOC-1").update(stored);
    assert_eq!(cancelled.get("status").and_then(Tree::as_str), Some("entered-in-error"));
    assert_eq!(cancelled.get("content"), stored.get("content"));
}

#[test]
fn the_orders_of_a_document_may_be_its_numbers_alone() {
    let mapped = documents("T02", "DOC-1^EHR||P1^HIS|F1^LAB", "OBX|1|TX|A||first||||||F");
    let related =
        resource(&mapped, "DocumentReference", "DOC-1").resource.get("context").unwrap().get("related").unwrap();
    assert_eq!(related.items().len(), 2);
}
