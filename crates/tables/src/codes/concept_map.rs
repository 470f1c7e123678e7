//! Code maps from FHIR ConceptMaps.

use super::map::{Builder, Line, MapTarget, Otherwise};
use super::{CodeMap, Equivalence, LoadError};
use fhir::json::{Document, Kind, Node};
use std::borrow::Cow;

/// `relationship` of R5 in the words of R4.
const RELATIONSHIPS: [(&str, Equivalence); 5] = [
    ("related-to", Equivalence::RelatedTo),
    ("equivalent", Equivalence::Equivalent),
    ("source-is-narrower-than-target", Equivalence::Wider),
    ("source-is-broader-than-target", Equivalence::Narrower),
    ("not-related-to", Equivalence::Disjoint),
];

impl CodeMap {
    pub(super) fn from_concept_map(name: &str, file: &str, json: &str) -> Result<CodeMap, Vec<LoadError>> {
        let mut builder = Builder::new(name, file);
        let json = json.strip_prefix('\u{feff}').unwrap_or(json);
        let document = match Document::parse(json.as_bytes()) {
            Ok(document) => document,
            Err(error) => {
                builder.error(place_of(json, error.offset), format!("not JSON: {error}"));
                return Err(builder.errors);
            }
        };
        let root = document.root();
        if !root.get("resourceType").is_some_and(|kind| kind.is_str("ConceptMap")) {
            builder.error((1, 1), "the file is not a ConceptMap".to_owned());
            return Err(builder.errors);
        }
        let mut reader = Reader { json, builder };
        for group in root.get("group").into_iter().flat_map(Node::items) {
            reader.group(group);
        }
        if reader.builder.lines.is_empty() && reader.builder.errors.is_empty() {
            reader.builder.error((1, 1), "the ConceptMap has no elements".to_owned());
        }
        reader.builder.finish()
    }
}

struct Reader<'j> {
    json: &'j str,
    builder: Builder,
}

impl Reader<'_> {
    fn error(&mut self, node: Node<'_>, message: impl Into<String>) {
        self.builder.error(place_of(self.json, node.span().start), message.into());
    }

    fn group(&mut self, group: Node<'_>) {
        let source_system = self.system(group, "source");
        let target_system = self.system(group, "target");
        for element in group.get("element").into_iter().flat_map(Node::items) {
            self.element(element, source_system.as_deref(), target_system.as_deref());
        }
        if let Some(unmapped) = group.get("unmapped") {
            self.unmapped(unmapped, target_system);
        }
    }

    fn system(&mut self, group: Node<'_>, name: &str) -> Option<String> {
        let node = group.get(name)?;
        let system = node.as_str()?.into_owned();
        self.builder.check_system(place_of(self.json, node.span().start), &system);
        Some(system)
    }

    fn element(&mut self, element: Node<'_>, source_system: Option<&str>, target_system: Option<&str>) {
        let text = |node: Node<'_>, name: &str| {
            node.get(name).and_then(Node::as_str).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let Some(source) = text(element, "code") else { return self.error(element, "the element has no code") };
        let line = Line {
            place: place_of(self.json, element.span().start),
            source,
            source_system: source_system.map(str::to_owned),
            source_display: text(element, "display"),
            target: None,
        };
        let targets: Vec<Node<'_>> = element.get("target").into_iter().flat_map(Node::items).collect();
        if targets.is_empty() {
            return self.builder.lines.push(line);
        }
        for target in targets {
            for condition in ["dependsOn", "product"] {
                if let Some(node) = target.get(condition) {
                    self.error(node, format!("`{condition}` is not understood: a map looks at one value"));
                }
            }
            let Some(equivalence) = self.equivalence(target) else { continue };
            let code = text(target, "code");
            let found = match (code, target_system) {
                (Some(code), Some(system)) => {
                    let place = place_of(self.json, target.span().start);
                    self.builder.check_code(place, &code);
                    let (system, display) = (system.to_owned(), text(target, "display"));
                    Some(MapTarget { system, code, display, equivalence, line: place.0 })
                }
                (Some(_), None) => {
                    self.error(target, "the group of this target has no target system");
                    continue;
                }
                (None, _) if equivalence.is_translation() => {
                    self.error(target, "the target has no code");
                    continue;
                }
                (None, _) => None,
            };
            let place = place_of(self.json, target.span().start);
            self.builder.lines.push(Line { target: found, place, ..line.clone() });
        }
    }

    fn equivalence(&mut self, target: Node<'_>) -> Option<Equivalence> {
        if let Some(node) = target.get("equivalence") {
            let code = node.as_str().unwrap_or_default();
            return self.builder.equivalence(place_of(self.json, node.span().start), &code);
        }
        let Some(node) = target.get("relationship") else {
            self.error(target, "the target has no equivalence");
            return None;
        };
        let code = node.as_str().unwrap_or_default();
        let found = RELATIONSHIPS.iter().find(|(name, _)| *name == code).map(|(_, equivalence)| *equivalence);
        if found.is_none() {
            self.error(node, format!("unknown relationship `{code}`"));
        }
        found
    }

    fn unmapped(&mut self, unmapped: Node<'_>, target_system: Option<String>) {
        if self.builder.otherwise != Otherwise::Nothing {
            return self.error(unmapped, "only one group of a map can say what becomes of other values");
        }
        let Some(system) = target_system else {
            return self.error(unmapped, "the group has no target system");
        };
        let text = |name: &str| unmapped.get(name).and_then(Node::as_str).map(Cow::into_owned);
        match text("mode").as_deref() {
            Some("provided" | "use-source-code") => self.builder.otherwise = Otherwise::Same(system),
            Some("fixed") => {
                let Some(code) = text("code") else { return self.error(unmapped, "mode `fixed` needs a code") };
                let place = place_of(self.json, unmapped.span().start);
                self.builder.check_code(place, &code);
                let display = text("display");
                let equivalence = Equivalence::RelatedTo;
                self.builder.otherwise =
                    Otherwise::Fixed(MapTarget { system, code, display, equivalence, line: place.0 });
            }
            Some(mode) => self.error(unmapped, format!("mode `{mode}` is not understood: use `provided` or `fixed`")),
            None => self.error(unmapped, "there is no mode"),
        }
        debug_assert_eq!(unmapped.kind(), Kind::Object, "a mode was read of it");
    }
}

/// Line and column of a byte.
fn place_of(text: &str, offset: usize) -> (u32, u32) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let (mut line, mut last) = (0, before);
    for bytes in before.split(|byte| *byte == b'\n') {
        line += 1;
        last = bytes;
    }
    (line, String::from_utf8_lossy(last).chars().count() as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn load(json: &str) -> Result<CodeMap, String> {
        CodeMap::from_concept_map("m", "codes/m.json", json)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn groups_elements_and_what_becomes_of_other_values() {
        let map = load(
            r#"{"resourceType":"ConceptMap","status":"active","group":[
              {"source":"urn:local","target":"http://loinc.org",
               "element":[
                 {"code":"WBC","display":"白细胞计数","target":[{"code":"6690-2","display":"WBC","equivalence":"equivalent"},{"code":"26464-8","relationship":"source-is-narrower-than-target"}]},
                 {"code":"X","target":[{"equivalence":"unmatched"}]},
                 {"code":"Y"}],
               "unmapped":{"mode":"fixed","code":"LP0","display":"Other"}}]}"#,
        )
        .unwrap();
        let source = map.lookup("wbc").unwrap();
        assert_eq!((source.system.as_deref(), source.display.as_deref()), (Some("urn:local"), Some("白细胞计数")));
        let targets: Vec<_> = map.targets(source).iter().map(|t| (t.code.as_str(), t.equivalence.code())).collect();
        assert_eq!(targets, [("6690-2", "equivalent"), ("26464-8", "wider")]);
        assert!(map.targets(map.lookup("X").unwrap()).is_empty() && map.lookup("Y").is_some());
        assert_eq!(map.otherwise().0.map(|target| target.code.as_str()), Some("LP0"));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        let error = load(
            "{\"resourceType\":\"ConceptMap\",\"group\":[{\"source\":\"urn:a\",\"target\":\"http://loinc.org/\",\"element\":[\n\
             {\"code\":\"a\",\"target\":[{\"code\":\"1-8\",\"equivalence\":\"same\"}]},\n\
             {\"code\":\"b\",\"target\":[{\"code\":\"1-8\",\"equivalence\":\"equal\",\"dependsOn\":[]}]},\n\
             {\"target\":[]}],\n\
             \"unmapped\":{\"mode\":\"other-map\",\"url\":\"x\"}}]}",
        )
        .unwrap_err();
        expect_test::expect![[r#"
            codes/m.json:1:66: `http://loinc.org/` is another system than `http://loinc.org`, which was meant
            codes/m.json:2:51: unknown equivalence `same`; there is relatedto, equivalent, equal, wider, subsumes, narrower, specializes, inexact, unmatched, disjoint
            codes/m.json:3:71: `dependsOn` is not understood: a map looks at one value
            codes/m.json:4:1: the element has no code
            codes/m.json:5:12: mode `other-map` is not understood: use `provided` or `fixed`"#]]
        .assert_eq(&error);
        assert!(load("{").unwrap_err().starts_with("codes/m.json:1:2: not JSON"));
        assert_eq!(load("{}").unwrap_err(), "codes/m.json:1:1: the file is not a ConceptMap");
    }

    proptest! {
        #[test]
        fn any_json_loads_or_tells_why(
            codes in prop::collection::vec("[a-z ]{0,3}", 0..6),
            system in "(http://loinc[.]org|urn:x|x|)",
            equivalence in "(equal|wider|unmatched|foo|)",
            cut in 0_usize..400,
        ) {
            let elements: Vec<_> = codes
                .iter()
                .map(|code| format!(r#"{{"code":"{code}","target":[{{"code":"{code}","equivalence":"{equivalence}"}}]}}"#))
                .collect();
            let json = format!(r#"{{"resourceType":"ConceptMap","group":[{{"target":"{system}","element":[{}]}}]}}"#, elements.join(","));
            for json in [json.as_str(), &json[..cut.min(json.len())]] {
                if let Err(error) = load(json) {
                    prop_assert!(!error.is_empty());
                }
            }
        }
    }
}
