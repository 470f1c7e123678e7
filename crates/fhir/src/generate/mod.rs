//! Resources that R4 allows, made from the schema and a stream of choices: what tests of this and other crates are fed.
//!
//! Every type, element, choice and data type can come; texts, dates and references come from small lists, so that resources
//! made apart have values in common and refer to each other. When the choices run out, the simplest is taken, so that a
//! failing case shrinks to a small resource.

mod choices;
#[cfg(test)]
pub(crate) mod tests;
mod values;

pub use choices::Choices;

use crate::json::Tree;
use crate::schema::{Element, Schema, TypeId, TypeKind, r4};
use values::{concept, quantity, sampled, text};

/// Ids of resources, in what is made and in what it refers to.
pub const IDS: [&str; 4] = ["1", "2", "A-3.b", "4"];

/// How deep objects may nest before only required elements are added.
const DEPTH_MAX: usize = 7;
/// About how many optional elements one resource may have.
const ELEMENTS_MAX: usize = 120;

/// A resource of a type that `validate` finds no fault with. The elements named in `wanted` are there wherever their types
/// have them, down to a few levels.
pub fn resource(type_id: TypeId, id: &str, wanted: &[&str], choices: &mut Choices<'_>) -> Tree {
    let mut maker = Maker { schema: r4(), choices, wanted, left: ELEMENTS_MAX, contained: Vec::new() };
    let mut made = maker.resource(type_id, 0, Place::Outer);
    made.set("id", id);
    made
}

/// Where a resource is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outer,
    Contained,
}

fn known(name: &str) -> TypeId {
    r4().type_id(name).expect("the schema has the types of R4")
}

struct Maker<'c, 'b, 'w> {
    schema: &'static Schema,
    choices: &'c mut Choices<'b>,
    wanted: &'w [&'w str],
    /// Optional elements that may still be added.
    left: usize,
    /// Ids and types of what the resource contains.
    contained: Vec<(String, TypeId)>,
}

impl Maker<'_, '_, '_> {
    fn resource(&mut self, type_id: TypeId, depth: usize, place: Place) -> Tree {
        let outer = std::mem::take(&mut self.contained);
        let mut object = Tree::object();
        object.set("resourceType", self.schema.name(type_id));
        let holds = self.schema.element_by_name(type_id, "contained").is_some();
        if place == Place::Outer && holds && depth < 3 && self.choices.one_in(4) {
            for no in 1..=1 + self.choices.below(2) {
                let types = ["Organization", "Patient", "Practitioner", "Medication", "Observation", "Location"];
                let inner = known(self.choices.pick(&types));
                let id = format!("c{no}");
                let mut made = self.resource(inner, depth + 3, Place::Contained);
                made.set("id", id.as_str());
                object.push("contained", made);
                self.contained.push((id, inner));
            }
        }
        self.members(&mut object, type_id, depth, &["contained"]);
        self.contained = outer;
        object
    }

    /// Adds the required elements of a type and some others.
    fn members(&mut self, object: &mut Tree, type_id: TypeId, depth: usize, except: &[&str]) {
        let info = self.schema.info(type_id);
        for element in info.elements.iter().filter(|element| !except.contains(&element.name)) {
            if element.min > 0 || self.adds(element, depth) {
                self.add(object, type_id, element, depth);
            }
        }
        let is_content = |(name, _): &(String, Tree)| name != "id";
        if info.kind != TypeKind::Resource && !object.members().iter().any(is_content) {
            let is_simple = |element: &&Element| {
                self.schema.info(element.types[0]).kind == TypeKind::Primitive && element.name != "id"
            };
            let usable = |element: &&Element| !["id", "extension", "modifierExtension"].contains(&element.name);
            let mut elements = info.elements.iter();
            let element = elements.clone().find(is_simple).or_else(|| elements.find(usable));
            self.add(object, type_id, element.expect("every type has content"), depth);
        }
    }

    fn adds(&mut self, element: &Element, depth: usize) -> bool {
        if self.left == 0 || depth > DEPTH_MAX {
            return false;
        }
        let likely = match (element.name, depth) {
            (name, 0..=5) if self.wanted.contains(&name) => 92,
            ("extension" | "modifierExtension" | "id" | "language" | "implicitRules", _) => 3,
            ("meta" | "text", _) => 10,
            (_, 0) => 35,
            (_, 1) => 25,
            (_, 2) => 18,
            _ => 6,
        };
        let adds = self.choices.below(100) >= 100 - likely;
        self.left -= usize::from(adds);
        adds
    }

    fn add(&mut self, object: &mut Tree, owner: TypeId, element: &'static Element, depth: usize) {
        let type_id = self.choices.pick(element.types);
        let name = self.schema.json_name(owner, element, type_id).expect("it is a type of the element");
        let is_primitive = self.schema.info(type_id).kind == TypeKind::Primitive;
        if !element.repeats() {
            if is_primitive && element.name != "id" && element.name != "div" && self.choices.one_in(24) {
                let value = self.choices.one_in(2).then(|| self.value(type_id, element, depth));
                let beside = self.beside(value.is_some(), depth);
                object.set(&format!("_{name}"), beside);
                if let Some(value) = value {
                    object.set(name, value);
                }
                return;
            }
            let value = self.value(type_id, element, depth);
            object.set(name, value);
            return;
        }
        let count = 1 + self.choices.below(if depth < 3 { 3 } else { 1 });
        if is_primitive && self.choices.one_in(16) {
            // Nulls hold the places of values and extensions that are not there.
            let (mut values, mut siblings) = (Vec::new(), Vec::new());
            for _ in 0..count {
                let which = self.choices.below(3);
                values.push(if which == 1 { Tree::Null } else { self.value(type_id, element, depth) });
                siblings.push(if which == 0 { Tree::Null } else { self.beside(which == 2, depth) });
            }
            object.set(name, values).set(&format!("_{name}"), siblings);
            return;
        }
        let values: Vec<Tree> = (0..count).map(|_| self.value(type_id, element, depth)).collect();
        object.set(name, values);
    }

    /// What stands under `_name`.
    fn beside(&mut self, has_value: bool, depth: usize) -> Tree {
        let mut beside = Tree::object();
        if has_value && self.choices.one_in(2) {
            beside.set("id", "beside-1");
            if self.choices.one_in(2) {
                return beside;
            }
        }
        let extension = self.extension(depth + 1);
        beside.push("extension", extension);
        beside
    }

    fn value(&mut self, type_id: TypeId, element: &'static Element, depth: usize) -> Tree {
        let info = self.schema.info(type_id);
        match (info.kind, info.name) {
            (TypeKind::Primitive, name) => return text(name, element, self.choices),
            (TypeKind::Resource, _) => {
                let types = ["Basic", "Patient", "Observation", "Bundle", "Parameters"];
                let types = if depth < 4 { &types[..] } else { &types[..2] };
                let inner = known(self.choices.pick(types));
                return self.resource(inner, depth + 1, Place::Outer);
            }
            (_, "Extension") => return self.extension(depth),
            (_, "Reference") => return self.reference(element, depth),
            _ => {}
        }
        let mut object = Tree::object();
        let made: &[&str] = match info.name {
            "CodeableConcept" => concept(&mut object, element, self.choices),
            "Coding" => values::coding(&mut object, element, self.choices),
            "Quantity" | "Age" | "Count" | "Distance" | "Duration" => quantity(&mut object, element, self.choices),
            "SampledData" => sampled(&mut object, self.choices),
            _ => &[],
        };
        if made.is_empty() || self.choices.one_in(6) {
            self.members(&mut object, type_id, depth + 1, made);
        }
        object
    }

    fn extension(&mut self, depth: usize) -> Tree {
        let mut object = Tree::object();
        object.set("url", self.choices.pick(&["http://example.org/ext", "inner", "urn:oid:1.2.3.4"]));
        if depth < DEPTH_MAX && self.choices.one_in(4) {
            let inner = self.extension(depth + 1);
            object.push("extension", inner);
            return object;
        }
        let owner = known("Extension");
        let element = self.schema.element_by_name(owner, "value").expect("an extension has a value");
        let types = if depth < DEPTH_MAX { element.types } else { &element.types[..10] };
        let type_id = self.choices.pick(types);
        let name = self.schema.json_name(owner, element, type_id).expect("it is a type of the element");
        let value = self.value(type_id, element, depth + 1);
        object.set(name, value);
        object
    }

    fn reference(&mut self, element: &'static Element, depth: usize) -> Tree {
        let mut object = Tree::object();
        let target = match element.targets {
            [] => known(self.choices.pick(&["Patient", "Observation", "Organization"])),
            targets => self.choices.pick(targets),
        };
        let name = self.schema.name(target);
        let id = self.choices.pick(&IDS);
        let uuid = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
        match self.choices.below(16) {
            0..=5 => _ = object.set("reference", format!("{name}/{id}")),
            6 => _ = object.set("reference", format!("{name}/{id}/_history/2")),
            7 => _ = object.set("reference", format!("https://here.example/fhir/{name}/{id}")),
            8 => _ = object.set("reference", format!("http://there.example:8080/r4/{name}/{id}/_history/3")),
            9 => _ = object.set("reference", uuid).set("type", name),
            10 => _ = object.set("reference", "urn:oid:1.2.840.99"),
            11 | 12 => {
                let fits = |target: TypeId| element.targets.is_empty() || element.targets.contains(&target);
                match self.contained.iter().find(|(_, target)| fits(*target)) {
                    Some((id, _)) => _ = object.set("reference", format!("#{id}")),
                    None => _ = object.set("display", "someone Müller"),
                }
            }
            13 => {
                let mut identifier = Tree::object();
                identifier
                    .set("system", self.choices.pick(&values::SYSTEMS))
                    .set("value", self.choices.pick(&["a", "b"]));
                object.set("type", name).set("identifier", identifier);
            }
            14 => _ = object.set("reference", format!("{name}/{id}")).set("type", name).set("display", "李小明"),
            _ => {
                let extension = self.extension(depth + 1);
                object.push("extension", extension);
            }
        }
        object
    }
}
