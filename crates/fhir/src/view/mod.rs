//! SQL on FHIR v2: ViewDefinitions compiled to typed columns and a producer of rows.
//!
//! [`View::compile`] reads a ViewDefinition (JSON) once: expressions are compiled for the types that stand at their place,
//! constants put in, columns named and typed. [`View::rows`] then turns one resource into rows of [`Cell`]s, borrowed from
//! the resource where they stand in it.
//!
//! A resource of another type than the view's has no rows. Everything else that the specification calls an error is one:
//! at compile time where it can be known, else for the resource, which then gives no row at all.

mod cell;
mod definition;
mod error;
mod rows;
#[cfg(test)]
mod tests;

pub use cell::{Cell, CellKind, Column};
pub use error::ViewError;

use crate::json::{Document, Node};
use crate::path::{Environment, Program};
use crate::schema::TypeId;

/// A compiled ViewDefinition.
#[derive(Debug)]
pub struct View {
    name: Option<String>,
    resource: TypeId,
    columns: Vec<Column>,
    conditions: Vec<Condition>,
    selects: Vec<Select>,
    warnings: Vec<String>,
}

/// A program with the place in the definition that it comes from.
#[derive(Debug)]
struct Condition {
    place: String,
    program: Program,
}

/// One `select`: for each item that it iterates over, its columns, and the product of its nested selects and its union.
#[derive(Debug)]
struct Select {
    place: String,
    iteration: Iteration,
    /// Position of the column in the row, and what fills it.
    columns: Vec<(usize, Program)>,
    selects: Vec<Select>,
    /// Branches that fill the same columns one after the other.
    union: Vec<Select>,
}

#[derive(Debug)]
enum Iteration {
    /// Once, over what the outer select is at.
    Once,
    ForEach(Program),
    /// Once with nothing if there is nothing.
    ForEachOrNull(Program),
    /// Depth first through what the programs give, over and over.
    Repeat(Vec<Program>),
}

impl View {
    /// Compiles a ViewDefinition.
    ///
    /// # Errors
    /// [`ViewError`] with the place in the definition: members that are missing or of the wrong kind, names that are no
    /// column names or occur twice, expressions that do not compile, branches of a union with different columns.
    ///
    /// ```
    /// use fhir::{json::Document, path::Environment, view::{Cell, View}};
    /// let definition = br#"{"resource": "Patient", "select": [
    ///     {"column": [{"name": "id", "path": "getResourceKey()"}]},
    ///     {"forEach": "name", "column": [{"name": "family", "path": "family"}]}]}"#;
    /// let view = View::compile(&Document::parse(definition).unwrap()).unwrap();
    /// assert_eq!(view.columns()[1].fhir_type, "string");
    ///
    /// let patient = br#"{"resourceType": "Patient", "id": "p1", "name": [{"family": "Chalmers"}, {"family": "Windsor"}]}"#;
    /// let document = Document::parse(patient).unwrap();
    /// let mut families = Vec::new();
    /// view.rows(document.root(), &Environment::new(), &mut |row| families.push(row[1].to_string())).unwrap();
    /// assert_eq!(families, ["Chalmers", "Windsor"]);
    /// ```
    pub fn compile(definition: &Document<'_>) -> Result<View, ViewError> {
        definition::compile(definition.root())
    }

    /// The view's name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The type of resource that the view has rows of.
    pub fn resource(&self) -> TypeId {
        self.resource
    }

    /// The columns in the order of a row's cells.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What is odd about the definition and no error: names that no type at their place has, whose columns stay empty.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Gives `sink` the rows of one resource, each with a cell per column. None if the resource is of another type or a
    /// `where` does not hold; all or, on error, none.
    ///
    /// # Errors
    /// [`ViewError`] if an expression fails, or gives many values for a column that is no collection, or a value that is
    /// not of the column's type.
    pub fn rows<'d>(
        &'d self,
        resource: Node<'d>,
        env: &Environment<'d>,
        sink: &mut dyn FnMut(&[Cell<'d>]),
    ) -> Result<(), ViewError> {
        rows::rows(self, resource, env, sink)
    }
}
