//! `_summary` and `_elements`: leaving out parts of a resource, and marking it as a part.

use fhir::json::{Document, Kind, Node, Tree};
use fhir::schema::{TypeId, TypeKind, r4};
use fhir::search::Summary;

/// Which parts are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrow {
    pub(crate) summary: Summary,
    pub(crate) elements: Vec<String>,
}

impl Narrow {
    /// Whether resources are given out whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.elements.is_empty() && matches!(self.summary, Summary::Whole | Summary::Count)
    }

    /// The wanted parts of a resource. Mandatory elements stay, so that the rest is still read as what it is.
    pub(crate) fn cut(&self, resource_type: TypeId, json: String) -> String {
        if self.is_whole() {
            return json;
        }
        let Ok(document) = Document::parse(json.as_bytes()) else { return json };
        let mut out = Tree::object();
        for (name, node) in document.root().members() {
            if matches!(name, "resourceType" | "id" | "meta") || self.keeps(resource_type, name) {
                out.set(name, self.inner(resource_type, name, node));
            }
        }
        if out.get("meta").is_none() {
            out.set("meta", Tree::object());
        }
        if let Some(meta) = out.get_mut("meta") {
            let subsetted =
                [("system", SUBSETTED.0), ("code", SUBSETTED.1)].map(|(name, text)| (name, Tree::from(text)));
            meta.push("tag", Tree::from(subsetted));
        }
        out.to_string()
    }

    fn keeps(&self, type_id: TypeId, name: &str) -> bool {
        // `_birthDate` goes with `birthDate`.
        let name = name.strip_prefix('_').unwrap_or(name);
        let Some(element) = r4().element(type_id, name).map(|used| used.element) else { return false };
        if !self.elements.is_empty() {
            return element.min > 0 || element.is_modifier || self.elements.iter().any(|wanted| wanted == element.name);
        }
        match self.summary {
            Summary::Whole | Summary::Count => true,
            Summary::Summary => element.summary || element.min > 0,
            Summary::Text => element.name == "text" || element.min > 0,
            Summary::Data => element.name != "text",
        }
    }

    /// A summary goes into the parts that are defined with the resource; data types stay whole.
    fn inner(&self, type_id: TypeId, name: &str, node: Node<'_>) -> Tree {
        let inner = r4().element(type_id, name).map(|used| used.type_id);
        match inner.filter(|inner| r4().info(*inner).kind == TypeKind::Backbone) {
            Some(inner) if self.elements.is_empty() && self.summary == Summary::Summary => self.backbone(inner, node),
            _ => Tree::from(node),
        }
    }

    fn backbone(&self, type_id: TypeId, node: Node<'_>) -> Tree {
        match node.kind() {
            Kind::Array => Tree::from(node.items().map(|item| self.backbone(type_id, item)).collect::<Vec<_>>()),
            Kind::Object => {
                let mut out = Tree::object();
                for (name, node) in node.members() {
                    if name == "id" || self.keeps(type_id, name) {
                        out.set(name, self.inner(type_id, name, node));
                    }
                }
                out
            }
            _ => Tree::from(node),
        }
    }
}

const SUBSETTED: (&str, &str) = ("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED");

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: &str = r#"{"resourceType":"Patient","id":"a","text":{"status":"generated","div":"x"},"active":true,"_birthDate":{"id":"q"},"birthDate":"1970-01-01","photo":[{"url":"u"}],"contact":[{"gender":"male"}],"link":[{"other":{"reference":"Patient/b"},"type":"seealso"}]}"#;
    const MARK: &str = r#""meta":{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}}"#;

    fn cut(summary: Summary, elements: &[&str]) -> String {
        let narrow = Narrow { summary, elements: elements.iter().map(|&e| e.to_owned()).collect() };
        let type_id = r4().type_id("Patient").unwrap();
        narrow.cut(type_id, PATIENT.to_owned())
    }

    #[test]
    fn a_whole_resource_is_not_touched() {
        assert_eq!(cut(Summary::Whole, &[]), PATIENT);
    }

    #[test]
    fn named_elements_bring_modifiers_along() {
        let expected = r#"{"resourceType":"Patient","id":"a","active":true,"_birthDate":{"id":"q"},"birthDate":"1970-01-01","link":[{"other":{"reference":"Patient/b"},"type":"seealso"}],"#;
        assert_eq!(cut(Summary::Whole, &["birthDate"]), format!("{expected}{MARK}"));
    }

    #[test]
    fn summaries_leave_out_what_is_not_marked() {
        let summary = cut(Summary::Summary, &[]);
        assert!(
            summary.contains("birthDate") && !summary.contains("contact") && !summary.contains("photo"),
            "{summary}"
        );
        let text = cut(Summary::Text, &[]);
        assert!(text.contains("div") && !text.contains("birthDate"), "{text}");
        let data = cut(Summary::Data, &[]);
        assert!(!data.contains("div") && data.contains("photo"), "{data}");
    }
}
