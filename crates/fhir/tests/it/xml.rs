//! FHIR XML to FHIR JSON, for inputs that the suites have in XML alone.

use fhir::json::Tree;
use fhir::schema::{TypeId, TypeKind, r4};
use roxmltree::Node;

/// A resource as JSON.
pub fn resource(node: Node<'_, '_>) -> Tree {
    let name = node.tag_name().name();
    let type_id = r4().resource_type(name).unwrap_or_else(|| panic!("{name} is no resource"));
    let mut tree = Tree::object();
    tree.set("resourceType", name);
    members(node, type_id, &mut tree);
    tree
}

fn members(node: Node<'_, '_>, type_id: TypeId, tree: &mut Tree) {
    for attribute in ["id", "url"] {
        if let Some(value) = node.attribute(attribute) {
            tree.set(attribute, value);
        }
    }
    for child in node.children().filter(Node::is_element) {
        let name = child.tag_name().name();
        let found = r4().element(type_id, name).unwrap_or_else(|| panic!("{} has no {name}", r4().name(type_id)));
        let repeats = found.element.repeats();
        let mut put = |name: &str, value: Tree| {
            if repeats {
                tree.push(name, value);
            } else {
                tree.set(name, value);
            }
        };
        if name == "div" && r4().name(found.type_id) == "xhtml" {
            put(name, Tree::from(&child.document().input_text()[child.range()]));
        } else if r4().info(found.type_id).kind == TypeKind::Primitive {
            let (value, sibling) = primitive(child, r4().name(found.type_id));
            let has_sibling = sibling != Tree::object();
            if repeats || value != Tree::Null {
                put(name, value);
            }
            if repeats || has_sibling {
                put(&format!("_{name}"), if has_sibling { sibling } else { Tree::Null });
            }
        } else if r4().name(found.type_id) == "Resource" {
            child.children().filter(Node::is_element).for_each(|inner| put(name, resource(inner)));
        } else {
            let mut inner = Tree::object();
            members(child, found.type_id, &mut inner);
            put(name, inner);
        }
    }
}

/// The value of a primitive, and what its `_name` holds.
fn primitive(node: Node<'_, '_>, type_name: &str) -> (Tree, Tree) {
    let value = node.attribute("value").map_or(Tree::Null, |value| match type_name {
        "boolean" => Tree::Bool(value == "true"),
        "integer" | "positiveInt" | "unsignedInt" | "decimal" => Tree::Number(value.to_owned()),
        _ => Tree::from(value),
    });
    let mut sibling = Tree::object();
    if let Some(id) = node.attribute("id") {
        sibling.set("id", id);
    }
    for child in node.children().filter(|child| child.has_tag_name(("http://hl7.org/fhir", "extension"))) {
        let mut extension = Tree::object();
        members(child, r4().type_id("Extension").unwrap(), &mut extension);
        sibling.push("extension", extension);
    }
    (value, sibling)
}
