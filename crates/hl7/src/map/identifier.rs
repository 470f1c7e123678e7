//! Identifiers: HD, CX, EI, EIP, XCN.9 and so on.

use super::coded::is_oid;
use super::context::{Context, Fill, extension, uri, urn_part};
use super::parts::Parts;
use super::tables::TERMINOLOGY;
use fhir::json::Tree;

/// The kind of number that is a universal id by itself.
pub(super) const DEVICE: &str = "device";

/// An identifier with what identity is made of.
#[derive(Clone, Debug)]
pub(super) struct Identified {
    pub(super) system: Option<String>,
    pub(super) value: String,
    /// Table 0203.
    pub(super) kind: Option<String>,
    pub(super) tree: Tree,
}

impl Identified {
    /// True if it tells nothing from another of its kind.
    pub(super) fn is_placeholder(&self) -> bool {
        fhir::placeholder::is_placeholder(self.system.as_deref(), &self.value)
    }
}

impl<'m> Context<'m> {
    /// An assigning authority (HD at parts `first`, `first + 1`, `first + 2`) as a system.
    pub(super) fn authority(&self, parts: Parts<'m>, first: u16) -> Option<String> {
        let name = self.text(parts.first(first));
        let id = self.text(parts.first(first + 1));
        let id_type = self.code(parts.first(first + 2)).unwrap_or_default().to_ascii_uppercase();
        if let Some(uri) = name.as_ref().and_then(|name| self.settings.authorities.get(name)) {
            return Some(uri.clone());
        }
        match (id_type.as_str(), id) {
            ("ISO" | "", Some(id)) if is_oid(&id) => Some(format!("urn:oid:{id}")),
            ("UUID" | "GUID", Some(id)) => Some(uri(&format!("urn:uuid:{}", id.to_ascii_lowercase()))),
            ("URI" | "URL", Some(id)) if id.contains(':') => Some(uri(&id)),
            (_, id) => match name {
                Some(name) if is_oid(&name) => Some(format!("urn:oid:{name}")),
                Some(name) if name.contains("://") || name.starts_with("urn:") => Some(uri(&name)),
                Some(name) => Some(format!("urn:medweave:authority:{}", urn_part(&name))),
                None => id.map(|id| format!("urn:medweave:authority:{}", urn_part(&id))),
            },
        }
    }

    /// CX. One without an authority gets the source's system for `kind`.
    pub(super) fn cx(&self, parts: Parts<'m>, kind: &str) -> Option<Identified> {
        let value = self.text(parts.first(1))?;
        let type_code = self.code(parts.first(5));
        let system = self.authority(parts.nested(4), 1).or_else(|| {
            // SSN and the like without an authority are not the source's own.
            (!matches!(type_code.as_deref(), Some("SS"))).then(|| self.source_system(kind))
        });
        let mut tree = Tree::object();
        if let Some(digit) = self.text(parts.first(2)) {
            tree.push(
                "extension",
                extension("http://hl7.org/fhir/StructureDefinition/identifier-checkDigit", "valueString", digit),
            );
        }
        if let Some(scheme) = self.text(parts.first(3)) {
            let url = "http://hl7.org/fhir/StructureDefinition/namingsystem-checkDigit";
            tree.push("extension", extension(url, "valueString", scheme));
        }
        if let Some(code) = &type_code {
            tree.set("type", identifier_type(code));
        }
        let system = match (&type_code, system) {
            (Some(code), None) if code == "SS" => Some("http://hl7.org/fhir/sid/us-ssn".to_owned()),
            (_, system) => system,
        };
        tree.fill("system", system.clone());
        tree.set("value", value.as_str());
        tree.fill("period", self.period(parts.nested(7), parts.nested(8)));
        if let Some(name) = self.text(parts.nested(4).part(1)) {
            tree.set("assigner", Tree::from([("display", name.into())]));
        }
        Some(Identified { system, value, kind: type_code, tree })
    }

    /// CX of a number that is to find something: what stands in the place of one is told and left out.
    pub(super) fn number_of(&self, parts: Parts<'m>, kind: &str) -> Option<Identified> {
        let identified = self.cx(parts, kind)?;
        if identified.is_placeholder() {
            let text = format!("{:?} stands in the place of a number and was left out", identified.value);
            self.note(parts.whole(), text);
            return None;
        }
        Some(identified)
    }

    /// EI: value, then the authority as three parts. `type_code` is set if given (PLAC, FILL and so on, table 0203).
    ///
    /// Where the value is empty and nothing but EI.3 is given, that is the value: senders shift it there. But an OID, a UUID, or
    /// what EI.4 calls by its kind, is an authority, which gave no number; a device alone is known by such an id. What stands in the place of
    /// a number (`0`, `NA`, `-`) is told and left out: two orders with it are not one.
    pub(super) fn ei(&self, parts: Parts<'m>, kind: &str, type_code: Option<&str>) -> Option<Identified> {
        let (value, system) = match self.text(parts.first(1)) {
            Some(value) => (value, self.authority(parts, 2)),
            None if parts.first(2).has_value() => return None,
            None => {
                let value = self.text(parts.first(3))?;
                if kind != DEVICE && (parts.first(4).has_value() || is_oid(&value) || is_uuid(&value)) {
                    self.warn(parts.whole(), "an authority without a number: it identifies nothing and was left out");
                    return None;
                }
                (value, None)
            }
        };
        if kind != DEVICE && is_no_count(&value) {
            let text = format!("{value:?} stands in the place of a number and was left out");
            self.note(parts.whole(), text);
            return None;
        }
        let system = system.unwrap_or_else(|| self.source_system(kind));
        let mut tree = Tree::object();
        if let Some(code) = type_code {
            tree.set("type", identifier_type(code));
        }
        tree.set("system", system.as_str());
        tree.set("value", value.as_str());
        Some(Identified { system: Some(system), value, kind: type_code.map(str::to_owned), tree })
    }

    /// A national number of a field that names no authority: SSN fields elsewhere hold the local equivalent.
    pub(super) fn national_number(&self, value: &str) -> Tree {
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let is_ssn = digits == 9 && value.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        match &self.settings.national_numbers {
            Some(system) => Self::plain_identifier(system, "SB", value),
            None if is_ssn => Self::plain_identifier("http://hl7.org/fhir/sid/us-ssn", "SS", value),
            None => Self::plain_identifier(&self.source_system("national-number"), "SB", value),
        }
    }

    /// A plain value with a system.
    pub(super) fn plain_identifier(system: &str, type_code: &str, value: &str) -> Tree {
        Tree::from([("type", identifier_type(type_code)), ("system", system.into()), ("value", value.into())])
    }
}

/// True if a value stands for "there is none" among numbers that are counted up, as those of orders and specimens are: noughts, signs, a word. One that
/// such a count reaches (`9999`, `111111`) is a number.
fn is_no_count(value: &str) -> bool {
    let mut bare = value.chars().filter(|c| c.is_alphanumeric());
    let is_digits_alone = value.chars().any(|c| c.is_ascii_digit() && c != '0') && bare.all(|c| c.is_ascii_digit());
    !is_digits_alone && fhir::placeholder::is_placeholder(None, value)
}

/// The groups of a UUID have 8, 4, 4, 4 and 12 digits.
fn is_uuid(text: &str) -> bool {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let is_hex = |group: &str| group.bytes().all(|b| b.is_ascii_hexdigit());
    text.split('-').all(is_hex) && text.split('-').map(str::len).eq(GROUPS)
}

/// A type of table 0203.
pub(super) fn identifier_type(code: &str) -> Tree {
    Tree::from([(
        "coding",
        vec![Tree::from([("system", format!("{TERMINOLOGY}v2-0203").into()), ("code", code.into())])].into(),
    )])
}
