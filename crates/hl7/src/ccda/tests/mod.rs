use super::*;
use crate::map::Settings;
use fhir::json::{Document, Tree};
use fhir::validate::{Options, Severity, validate};

mod denied;
mod entries;
mod hostile;
mod kept;
mod losses;
mod mutations;
mod people;
mod unsaid;
mod words;

/// A document around a header and a body.
pub(super) fn document(header: &str, sections: &str) -> String {
    format!(
        r##"<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<templateId root="2.16.840.1.113883.10.20.22.1.2" extension="2015-08-01"/><id root="1.2.3" extension="d1"/>
<code code="34133-9" codeSystem="2.16.840.1.113883.6.1" displayName="Summary"/><title>Summary</title>
<effectiveTime value="20240102030405+0800"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
<recordTarget><patientRole><id root="1.2.4" extension="77"/><patient><name><given>Ann</given><family>Doe</family></name></patient></patientRole></recordTarget>
{header}<component><structuredBody>{sections}</structuredBody></component></ClinicalDocument>"##
    )
}

/// A section of a LOINC code.
pub(super) fn section(code: &str, text: &str, entries: &str) -> String {
    format!(
        r#"<component><section><code code="{code}" codeSystem="2.16.840.1.113883.6.1"/><title>T</title><text>{text}</text>{entries}</section></component>"#
    )
}

pub(super) fn map(text: &str) -> Mapped {
    let mapped = convert(text.as_bytes(), &Settings::new("test")).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_valid(&mapped);
    mapped
}

pub(super) fn assert_valid(mapped: &Mapped) {
    let text = mapped.bundle().to_string();
    let document = Document::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    for issue in validate(document.root(), &Options::default()) {
        assert!(issue.severity != Severity::Error, "{issue}: {text}");
    }
}

/// The resources of a type.
pub(super) fn all<'m>(mapped: &'m Mapped, kind: &str) -> Vec<&'m Tree> {
    mapped.resources.iter().filter(|made| made.key.resource_type == kind).map(|made| &made.resource).collect()
}

/// The only resource of a type.
pub(super) fn one<'m>(mapped: &'m Mapped, kind: &str) -> &'m Tree {
    let all = all(mapped, kind);
    assert_eq!(all.len(), 1, "{kind}");
    all[0]
}

/// A value by names and numbers of items, as JSON.
pub(super) fn at(tree: &Tree, path: &str) -> String {
    let mut value = tree;
    for step in path.split('.') {
        let next = match step.parse::<usize>() {
            Ok(no) => value.items().get(no),
            Err(_) => value.get(step),
        };
        match next {
            Some(next) => value = next,
            None => return String::new(),
        }
    }
    match value {
        Tree::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The entries of one section, mapped.
pub(super) fn entries(code: &str, text: &str, statements: &[&str]) -> Mapped {
    let all = format!("<entry>{}</entry>", statements.join("</entry><entry>"));
    map(&document("", &section(code, text, &all)))
}

/// `templateId`s of C-CDA entries.
pub(super) fn template(number: &str) -> String {
    format!(r#"<templateId root="2.16.840.1.113883.10.20.22.4.{number}"/>"#)
}
