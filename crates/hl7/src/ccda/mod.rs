//! From a clinical document (C-CDA R1.1 and R2.1, HITSP C32) to FHIR R4, after HL7's *C-CDA on FHIR*.
//!
//! [`convert`] gives a [`Mapped`]: resources with their identity, where each of their elements comes from ([`Origin`]: XPath and
//! bytes), what was odd, which clinical statements became resources and which did not. A statement that is not understood stays in the
//! text of its section, is listed, and fails nothing. Only what is no clinical document is an error.
//!
//! ```
//! use hl7::{ccda, map::Settings};
//! let document = br#"<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="9"/><recordTarget><patientRole>
//!   <id root="1.2.4" extension="77"/><patient><name><given>Ann</given><family>Doe</family></name></patient>
//! </patientRole></recordTarget></ClinicalDocument>"#;
//! let mapped = ccda::convert(document, &Settings::new("hosp"))?;
//! let patient = &mapped.resources[0];
//! assert_eq!((patient.key.system.as_str(), patient.key.value.as_str()), ("urn:oid:1.2.4", "77"));
//! let origin = patient.origin("name[0].family").unwrap();
//! assert_eq!(origin.xpath, "/ClinicalDocument/recordTarget[1]/patientRole[1]/patient[1]/name[1]");
//! assert!(document[origin.span.clone()].starts_with(b"<name><given>Ann"));
//! # Ok::<(), ccda::CdaError>(())
//! ```

mod allergy;
mod attached;
mod care;
mod codes;
mod contact;
mod context;
mod coverage;
mod device;
mod document;
mod dosage;
mod draft;
mod element;
mod encounter;
mod entry;
mod error;
mod family;
mod goal;
mod identity;
mod immunization;
mod made;
mod medication;
mod narrative;
mod null;
mod observation;
mod oid;
mod patient;
mod people;
mod problem;
mod procedure;
mod quantity;
mod read;
mod request;
mod section;
mod template;
mod text;
mod time;
mod unit;
mod unsaid;

pub use attached::attached;
pub use error::CdaError;
pub use made::{Identity, Issue, Made, Mapped, Origin, Replaced, Taken, Unmapped, Write};
pub use read::{DEPTH_MAX, NODES_MAX, SIZE_MAX, is_clinical_document};

use crate::map::Settings;
use context::Context;
use element::El;
use read::Source;

/// Maps a document.
///
/// # Errors
/// If the bytes are no clinical document within bounds, or it names no patient.
pub fn convert(bytes: &[u8], settings: &Settings) -> Result<Mapped, CdaError> {
    let source = Source::new(bytes)?;
    let document = source.parse()?;
    let root = El(document.root_element());
    let zone = time::zone_of(root, &settings.zone);
    let context = Context::new(&document, &source, settings, zone, tokens(root, bytes));
    let patient = context.patient()?;
    let _ = context.subject.set(patient);
    context.document(bytes);
    let code = root.get("code");
    let kind = code.and_then(|code| code.attr("displayName").or_else(|| code.attr("code")));
    Ok(context.finish(kind.unwrap_or("clinical document").to_owned()))
}

/// What stands for the document, and for the set of versions it is one of. Some senders use one id for several documents: type and patient are
/// part of it. Without an id, the content is.
fn tokens(root: El<'_>, bytes: &[u8]) -> (String, String) {
    let about = about(root);
    let number = |name| root.get(name).filter(|id| !is_authority_alone(*id)).and_then(number);
    let document = number("id").unwrap_or_else(|| blake3::hash(bytes).to_hex().to_string());
    let set = number("setId").unwrap_or_else(|| document.clone());
    // An addendum is no version of what it is added to, though senders give it the set of that.
    let added = root.all("relatedDocument").filter(|related| related.attr("typeCode") == Some("APND"));
    let added = added.filter_map(|related| related.get("parentDocument")).flat_map(|parent| parent.all("id"));
    let of_set: Vec<String> = about.iter().cloned().chain(added.filter_map(self::number)).collect();
    (token(&document, &about), token(&set, &of_set))
}

/// True of an id that has no value, or is that of whoever gives numbers: it is the same in many documents.
fn is_authority_alone(id: El<'_>) -> bool {
    id.attr("extension").is_none() && (id.null().is_some() || id.attr("root").is_some_and(oid::is_authority))
}

/// Root and extension of an id.
fn number(id: El<'_>) -> Option<String> {
    Some(format!("{}^{}", id.attr("root")?, id.attr("extension").unwrap_or_default()))
}

/// What tells documents with the same id apart.
fn about(root: El<'_>) -> Vec<String> {
    let mut about = vec![root.get("code").and_then(|code| code.attr("code")).unwrap_or_default().to_owned()];
    if let Some(patient) = root.at(&["recordTarget", "patientRole"]) {
        about.extend(patient.all("id").filter_map(number));
    }
    about
}

fn token(id: &str, about: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in std::iter::once(id).chain(about.iter().map(String::as_str)) {
        // Lengths keep ("a", "bc") and ("ab", "c") apart.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests;
