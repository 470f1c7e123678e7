//! Walks a resource beside the schema.

use super::form::{Form, kind_name};
use super::issue::{Issue, IssueCode, Severity, Step, fhirpath, shown_value};
use super::reference::Contained;
use super::sibling::sibling_items;
use super::{Options, suggest};
use crate::json::{Kind, Node};
use crate::schema::{Element, Schema, TypeId, TypeKind, r4};
use std::sync::LazyLock;

/// How the values of a type are checked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    Primitive(Form),
    Object,
    Coding,
    CodeableConcept,
    Reference,
    Extension,
    /// A resource, which names its own type.
    AnyResource,
}

/// A rule for each type of R4.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let schema = r4();
    let rule = |id| match (schema.info(id).kind, schema.name(id)) {
        (TypeKind::Primitive, name) => Rule::Primitive(Form::of(name)),
        (TypeKind::Resource, _) => Rule::AnyResource,
        (_, "Coding") => Rule::Coding,
        (_, "CodeableConcept") => Rule::CodeableConcept,
        (_, "Reference") => Rule::Reference,
        (_, "Extension") => Rule::Extension,
        _ => Rule::Object,
    };
    schema.ids().map(rule).collect()
});

/// Where a resource stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// By itself, in a bundle entry or in a parameter: what it contains is its own.
    Outer,
    /// In `contained`.
    Contained,
}

/// The state of a validation. Allocates only the way (a few steps) unless something is wrong.
pub(super) struct Walk<'d, 'o> {
    pub(super) schema: &'static Schema,
    rules: &'static [Rule],
    pub(super) options: &'o Options,
    resource: Node<'d>,
    /// The resource whose `contained` the references here point into.
    pub(super) container: Node<'d>,
    /// What `container` contains, by id; read when a reference needs it.
    pub(super) contained: Option<Vec<Contained<'d>>>,
    place: Place,
    steps: Vec<Step<'d>>,
    issues: Vec<Issue>,
    errors: usize,
    warnings: usize,
}

impl<'d, 'o> Walk<'d, 'o> {
    pub(super) fn new(resource: Node<'d>, options: &'o Options) -> Self {
        Walk {
            schema: r4(),
            rules: &RULES,
            options,
            resource,
            container: resource,
            contained: None,
            place: Place::Outer,
            steps: Vec::with_capacity(16),
            issues: Vec::new(),
            errors: 0,
            warnings: 0,
        }
    }

    pub(super) fn run(mut self) -> Vec<Issue> {
        self.any_resource(self.resource);
        self.issues
    }

    /// True once there are as many errors as asked for. Warnings never end the walk: an error may follow them.
    pub(super) fn is_full(&self) -> bool {
        !self.takes(Severity::Error)
    }

    /// True if an issue of this severity would be kept.
    pub(super) fn takes(&self, severity: Severity) -> bool {
        let kept = match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.warnings,
        };
        kept < self.options.issues_max.max(1)
    }

    pub(super) fn issue(&mut self, severity: Severity, code: IssueCode, place: Node<'d>, message: impl Into<String>) {
        if !self.takes(severity) {
            return;
        }
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        let fhirpath = fhirpath(&self.steps);
        let offset = place.span().start;
        self.issues.push(Issue { severity, code, fhirpath, message: message.into(), offset });
    }

    pub(super) fn error(&mut self, code: IssueCode, place: Node<'d>, message: impl Into<String>) {
        self.issue(Severity::Error, code, place, message);
    }

    /// Runs `check` one step further.
    pub(super) fn at(&mut self, name: &'d str, index: Option<usize>, check: impl FnOnce(&mut Self)) {
        self.steps.push(Step { name, index });
        check(self);
        self.steps.pop();
    }

    /// A resource of the type that it names.
    fn any_resource(&mut self, node: Node<'d>) {
        if node.kind() != Kind::Object {
            let found = kind_name(node.kind());
            return self.error(IssueCode::Structure, node, format!("a resource is a JSON object, not {found}"));
        }
        let Some(named) = node.get("resourceType") else {
            let message = "there is no `resourceType`: a resource must name its type";
            return self.error(IssueCode::Required, node, message);
        };
        let name = named.as_str().unwrap_or_default();
        let Some(type_id) = self.schema.resource_type(&name) else {
            let message = match named.kind() {
                Kind::String => format!("R4 has no resource type `{}`", shown_value(&name)),
                kind => format!("`resourceType` must be a string, not {}", kind_name(kind)),
            };
            return self.error(IssueCode::Structure, named, message);
        };
        if self.steps.is_empty() {
            self.at(self.schema.name(type_id), None, |walk| _ = walk.object(node, type_id));
        } else {
            self.object(node, type_id);
        }
    }

    /// A resource in another one.
    fn inner_resource(&mut self, node: Node<'d>, element: &Element) {
        if element.name != "contained" {
            let outer = (self.container, self.contained.take(), self.place);
            (self.container, self.place) = (node, Place::Outer);
            self.any_resource(node);
            (self.container, self.contained, self.place) = outer;
        } else if self.place == Place::Contained {
            let message = "a contained resource cannot contain another: put both into the outer one";
            self.error(IssueCode::Invariant, node, message);
        } else {
            self.place = Place::Contained;
            self.any_resource(node);
            self.place = Place::Outer;
        }
    }

    /// An object of a type: its members one by one, then what is missing. Returns the elements that occur, a bit for each.
    pub(super) fn object(&mut self, node: Node<'d>, type_id: TypeId) -> u64 {
        let schema = self.schema;
        let info = schema.info(type_id);
        let is_resource = info.kind == TypeKind::Resource;
        // Which elements have a value, and which have an `_name` beside it.
        let (mut values, mut siblings, mut unknown, mut is_named) = (0u64, 0u64, false, false);
        for (name, value) in node.members() {
            if self.is_full() {
                return values | siblings;
            }
            let (bare, is_sibling) = name.strip_prefix('_').map_or((name, false), |bare| (bare, true));
            let found =
                schema.element_index(type_id, bare).filter(|(_, type_id)| !is_sibling || self.is_primitive(*type_id));
            let Some((at, value_type)) = found else {
                if !(is_resource && name == "resourceType") {
                    unknown = true;
                    self.at(name, None, |walk| walk.unknown(value, type_id, name));
                } else if std::mem::replace(&mut is_named, true) {
                    self.error(
                        IssueCode::Structure,
                        value,
                        "`resourceType` is there twice: an object's names must differ",
                    );
                }
                continue;
            };
            let element = &info.elements[at];
            let seen = if is_sibling { &mut siblings } else { &mut values };
            let repeated = *seen & (1 << at) != 0;
            *seen |= 1 << at;
            if repeated {
                self.at(element.name, None, |walk| walk.repeated(value, element, name));
            }
            if is_sibling {
                self.sibling(node, bare, value, element, value_type);
            } else {
                self.element(node, name, value, element, value_type);
            }
        }
        let present = values | siblings;
        let mut missing = info.required & !present;
        while missing != 0 {
            let element = &info.elements[missing.trailing_zeros() as usize];
            missing &= missing - 1;
            self.at(element.name, None, |walk| walk.missing(node, type_id, element));
        }
        let mut both = values & siblings;
        while both != 0 {
            let at = both.trailing_zeros() as usize;
            both &= both - 1;
            if info.elements[at].choice {
                self.one_choice(node, type_id, at);
            }
        }
        // The first element of every type is its `id`, which is no content, unless it is a primitive's: then that is beside it.
        let no_content = u64::from(info.kind != TypeKind::Primitive);
        if !is_resource && !unknown && present & !no_content == 0 {
            self.error(IssueCode::Structure, node, "the object is empty: give it content or leave it out");
        }
        present
    }

    fn unknown(&mut self, value: Node<'d>, type_id: TypeId, name: &str) {
        if !self.takes(self.options.unknown_elements) {
            return; // What is not kept is not worth the search for a better name.
        }
        let type_name = self.schema.name(type_id);
        let bare = name.strip_prefix('_').filter(|bare| self.schema.element_index(type_id, bare).is_some());
        let message = match bare {
            Some(bare) => {
                format!("`{name}` cannot be there: `{bare}` is no primitive, so its id and extensions are in it")
            }
            None => {
                let instead = suggest::instead_of(self.schema, type_id, name);
                format!("`{}` is no element of {type_name} in R4{instead}", shown_value(name))
            }
        };
        self.issue(self.options.unknown_elements, IssueCode::Structure, value, message);
    }

    fn repeated(&mut self, value: Node<'d>, element: &Element, name: &str) {
        let message = if element.choice {
            format!("`{}[x]` is there more than once: keep one of its types", element.name)
        } else {
            format!("`{name}` is there twice: an object's names must differ")
        };
        self.error(IssueCode::Structure, value, message);
    }

    /// `valueString` beside `_valueCode` are two types of one choice.
    fn one_choice(&mut self, node: Node<'d>, type_id: TypeId, at: usize) {
        let bare = |name: &'d str| name.strip_prefix('_').unwrap_or(name);
        let schema = self.schema;
        let is_it = |(name, _): &(&'d str, Node<'d>)| {
            schema.element_index(type_id, bare(name)).is_some_and(|(index, _)| index == at)
        };
        let mut names = node.members().filter(is_it);
        let Some((first, _)) = names.next() else { return };
        if let Some((name, value)) = names.find(|(name, _)| bare(name) != bare(first)) {
            let element = &schema.info(type_id).elements[at];
            self.at(element.name, None, |walk| walk.repeated(value, element, name));
        }
    }

    fn missing(&mut self, node: Node<'d>, type_id: TypeId, element: &Element) {
        let choice = if element.choice { "[x]" } else { "" };
        let type_name = self.schema.name(type_id);
        let message = format!("`{}{choice}` is missing: every {type_name} must have it", element.name);
        self.error(IssueCode::Required, node, message);
    }

    fn is_primitive(&self, type_id: TypeId) -> bool {
        matches!(self.rules[usize::from(type_id.0)], Rule::Primitive(_))
    }

    /// The value or values of an element.
    fn element(&mut self, object: Node<'d>, name: &str, value: Node<'d>, element: &'static Element, type_id: TypeId) {
        if value.kind() != Kind::Array {
            if element.repeats() {
                let message = "must be an array, as it may repeat: put the value into [ ]";
                self.at(element.name, None, |walk| walk.error(IssueCode::Structure, value, message));
            }
            return self.at(element.name, None, |walk| walk.value(value, element, type_id));
        }
        if !element.repeats() {
            let message = "must be a single value, not an array: it does not repeat";
            return self.at(element.name, None, |walk| walk.error(IssueCode::Structure, value, message));
        }
        if value.items().next().is_none() {
            let message = "the array is empty: leave the element out";
            return self.at(element.name, None, |walk| walk.error(IssueCode::Structure, value, message));
        }
        let has_null = value.items().any(|item| item.kind() == Kind::Null);
        let mut siblings = if has_null && self.is_primitive(type_id) { sibling_items(object, name) } else { None };
        for (index, item) in value.items().enumerate() {
            if self.is_full() {
                return;
            }
            let sibling = siblings.as_mut().and_then(Iterator::next);
            // A null holds the place of a value that has only an id or extensions.
            if item.kind() == Kind::Null && sibling.is_some_and(|sibling| sibling.kind() == Kind::Object) {
                continue;
            }
            self.at(element.name, Some(index), |walk| walk.value(item, element, type_id));
        }
    }

    /// One value of a type.
    fn value(&mut self, value: Node<'d>, element: &'static Element, type_id: TypeId) {
        let rule = self.rules[usize::from(type_id.0)];
        if value.kind() == Kind::Null {
            let message = "is null: leave the element out";
            return self.error(IssueCode::Structure, value, message);
        }
        match rule {
            Rule::Primitive(form) => return self.primitive(value, element, form),
            Rule::AnyResource => return self.inner_resource(value, element),
            _ => {}
        }
        if value.kind() != Kind::Object {
            let (type_name, found) = (self.schema.name(type_id), kind_name(value.kind()));
            return self.error(IssueCode::Structure, value, format!("must be a {type_name} object, not {found}"));
        }
        let present = self.object(value, type_id);
        match rule {
            Rule::Coding => self.coding(value, element),
            Rule::CodeableConcept => self.codeable_concept(value, element),
            Rule::Reference => self.reference(value, element),
            Rule::Extension => self.extension(value, type_id, present),
            _ => {}
        }
    }

    /// An extension has either a value or extensions.
    fn extension(&mut self, node: Node<'d>, type_id: TypeId, present: u64) {
        let elements = self.schema.info(type_id).elements;
        let has = |name| elements.iter().position(|e| e.name == name).is_some_and(|at| present & (1 << at) != 0);
        match (has("value"), has("extension")) {
            (true, true) => {
                let message = "has both a value and extensions: an extension has one of them";
                self.error(IssueCode::Invariant, node, message);
            }
            (false, false) if has("url") => {
                let message = "has no value and no extensions: give it one of them or leave it out";
                self.error(IssueCode::Invariant, node, message);
            }
            _ => {}
        }
    }
}
