//! What is made is valid, has a little of everything, and passes reading and writing unharmed.

use super::*;
use crate::json::{Document, Kind, Node, Rewriter};
use crate::validate::{Options, validate};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Any resource.
pub(crate) fn any_resource() -> impl Strategy<Value = Tree> {
    let types: Vec<TypeId> = r4().resource_types().collect();
    (proptest::sample::select(types), proptest::collection::vec(any::<u8>(), 0..900))
        .prop_map(|(type_id, bytes)| resource(type_id, "1", &[], &mut Choices::new(&bytes)))
}

/// The names of types and elements in use below a node.
fn used(type_id: TypeId, node: Node<'_>, found: &mut BTreeSet<(TypeId, &'static str)>) {
    // `ExampleScenario.instance` has an element of that name, and is no resource.
    let named = node.get("resourceType").filter(|_| r4().info(type_id).kind == TypeKind::Resource);
    let named = named.and_then(Node::as_str).and_then(|name| r4().resource_type(&name));
    let type_id = named.unwrap_or(type_id);
    for (name, value) in node.members() {
        let Some(step) = r4().element(type_id, name.trim_start_matches('_')) else { continue };
        found.insert((type_id, step.element.name));
        for item in value.each().filter(|item| item.kind() == Kind::Object) {
            used(step.type_id, item, found);
        }
    }
}

/// The same text with some characters written in another way, and with white space.
fn other_spelling(text: &str) -> String {
    let mut out = String::new();
    for (at, letter) in text.chars().enumerate() {
        let mut units = [0; 2];
        match letter {
            '/' if at % 2 == 0 => out.push_str("\\/"),
            _ if !letter.is_ascii() && at % 3 != 0 => {
                for unit in letter.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}").unwrap();
                }
            }
            _ => out.push(letter),
        }
    }
    out
}

#[test]
fn every_type_and_most_elements_are_made() {
    let mut found = BTreeSet::new();
    let mut all = BTreeSet::new();
    for type_id in r4().resource_types() {
        for seed in 0..40 {
            let bytes = Choices::bytes(seed * 151 + u64::from(type_id.0), 1500);
            let text = resource(type_id, "1", &[], &mut Choices::new(&bytes)).to_string();
            used(type_id, Document::parse(text.as_bytes()).unwrap().root(), &mut found);
        }
        all.extend(r4().info(type_id).elements.iter().map(|element| (type_id, element.name)));
    }
    let roots = all.intersection(&found).count();
    assert!(roots * 100 >= all.len() * 92, "{roots} of {} root elements", all.len());
    let types: BTreeSet<_> = found.iter().map(|(type_id, _)| *type_id).collect();
    assert!(types.len() > 600, "{} types", types.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn what_is_made_is_valid(tree in any_resource()) {
        let text = tree.to_string();
        let document = Document::parse(text.as_bytes()).unwrap();
        let issues = validate(document.root(), &Options::default());
        // A period or concept in words only is worth a warning where a list is required; nothing made here is.
        prop_assert_eq!(issues, vec![], "{}", text);
    }

    #[test]
    fn parsing_and_writing_keeps_every_byte(tree in any_resource()) {
        for text in [tree.to_string(), other_spelling(&tree.to_string())] {
            let document = Document::parse(text.as_bytes()).unwrap();
            let mut written = String::new();
            Rewriter::new().write(document.root(), &mut written);
            prop_assert_eq!(&written, &text);
            // As a tree, escapes are resolved but nothing else changes.
            prop_assert_eq!(Tree::from(document.root()), tree.clone());
            let spaced = text.replace("\":", "\" :\r\n\t");
            if !text.contains("\\\"") {
                let spaced = Document::parse(spaced.as_bytes()).unwrap();
                prop_assert_eq!(Tree::from(spaced.root()), tree.clone());
            }
        }
    }
}
