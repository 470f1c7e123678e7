//! Reading a ViewDefinition.

use super::{CellKind, Column, Condition, Iteration, Select, View, ViewError};
use crate::decimal::Decimal;
use crate::json::{Kind, Node};
use crate::path::{Compilation, Item, Program, ResultType, SystemType, Temporal};
use crate::schema::r4;
use std::borrow::Cow;

/// Selects of a view, nested ones and branches of unions included.
const SELECT_LIMIT: usize = 256;
/// Rounds after which the types that a `repeat` comes to are taken for open.
const REPEAT_ROUNDS: usize = 8;

pub(super) fn compile(root: Node<'_>) -> Result<View, ViewError> {
    let resource = text(root, "resource", "resource")?
        .ok_or_else(|| ViewError::definition("resource", "the view must say what resource it is of"))?;
    let type_id = r4()
        .resource_type(&resource)
        .ok_or_else(|| ViewError::definition("resource", format!("{resource} is no resource of R4")))?;
    let mut reader = Reader { constants: constants(root)?, columns: Vec::new(), warnings: Vec::new(), selects: 0 };
    let context = [ResultType::Fhir(type_id)];
    let conditions = reader.conditions(root, &context)?;
    let selects = reader.selects(root, "select", "select", &context)?;
    if selects.is_empty() {
        return Err(ViewError::definition("select", "the view selects nothing"));
    }
    if reader.columns.is_empty() {
        return Err(ViewError::definition("select", "the view has no columns"));
    }
    for (at, column) in reader.columns.iter().enumerate() {
        if reader.columns[..at].iter().any(|other| other.name == column.name) {
            return Err(ViewError::definition("select", format!("the column {} occurs twice", column.name)));
        }
    }
    Ok(View {
        name: text(root, "name", "name")?.map(Cow::into_owned),
        resource: type_id,
        columns: reader.columns,
        conditions,
        selects,
        warnings: reader.warnings,
    })
}

/// A member that is a string.
fn text<'d>(node: Node<'d>, name: &str, place: &str) -> Result<Option<Cow<'d, str>>, ViewError> {
    match node.get(name) {
        None => Ok(None),
        Some(value) => match value.as_str().filter(|text| !text.is_empty()) {
            Some(text) => Ok(Some(text)),
            None => Err(ViewError::definition(place, "must be a string that is not empty")),
        },
    }
}

/// A member that is an array of objects, with the place of each.
fn objects<'d>(node: Node<'d>, name: &str, place: &str) -> Result<Vec<(String, Node<'d>)>, ViewError> {
    let Some(list) = node.get(name) else {
        return Ok(Vec::new());
    };
    if list.kind() != Kind::Array {
        return Err(ViewError::definition(place, "must be an array"));
    }
    let mut found = Vec::new();
    for (at, item) in list.items().enumerate() {
        let place = format!("{place}[{at}]");
        if item.kind() != Kind::Object {
            return Err(ViewError::definition(place, "must be an object"));
        }
        found.push((place, item));
    }
    Ok(found)
}

/// Names of columns and constants: they become names in SQL.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn name(node: Node<'_>, place: &str) -> Result<String, ViewError> {
    let place = format!("{place}.name");
    let name = text(node, "name", &place)?.ok_or_else(|| ViewError::definition(&place, "is missing"))?;
    if !is_name(&name) {
        let what = format!("{name:?} is no name: a letter, then letters, digits and underscores");
        return Err(ViewError::definition(place, what));
    }
    Ok(name.into_owned())
}

fn constants(root: Node<'_>) -> Result<Vec<(String, Item<'static>)>, ViewError> {
    let mut constants: Vec<(String, Item<'static>)> = Vec::new();
    for (place, node) in objects(root, "constant", "constant")? {
        let name = name(node, &place)?;
        let mut values = node.members().filter_map(|(key, value)| Some((key.strip_prefix("value")?, value)));
        let (Some((type_name, value)), None) = (values.next(), values.next()) else {
            return Err(ViewError::definition(place, "a constant has exactly one value[x]"));
        };
        let value = constant(type_name, value).ok_or_else(|| {
            ViewError::definition(&place, format!("value{type_name} is no value of a type that is allowed here"))
        })?;
        if constants.iter().any(|(other, _)| *other == name) {
            return Err(ViewError::definition(place, format!("the constant {name} occurs twice")));
        }
        constants.push((name, value));
    }
    Ok(constants)
}

fn constant(type_name: &str, value: Node<'_>) -> Option<Item<'static>> {
    Some(match type_name {
        "Boolean" => Item::Boolean(value.as_bool()?),
        "Integer" | "PositiveInt" | "UnsignedInt" | "Integer64" => Item::Integer(value.number_text()?.parse().ok()?),
        "Decimal" => Item::Decimal(Decimal::parse(value.number_text()?)?),
        "Date" => Item::Temporal(Temporal::parse_date(&value.as_str()?)?),
        "DateTime" | "Instant" => Item::Temporal(Temporal::parse_date_time(&value.as_str()?)?),
        "Time" => Item::Temporal(Temporal::parse_time(&value.as_str()?)?),
        "String" | "Code" | "Id" | "Uri" | "Url" | "Uuid" | "Oid" | "Canonical" | "Base64Binary" | "Markdown" => {
            Item::String(Cow::Owned(value.as_str()?.into_owned()))
        }
        _ => return None,
    })
}

/// The element types that an iteration gives to what is inside it; empty for any.
type Types = Vec<ResultType>;

struct Reader {
    constants: Vec<(String, Item<'static>)>,
    columns: Vec<Column>,
    warnings: Vec<String>,
    selects: usize,
}

impl Reader {
    fn program(&mut self, text: &str, place: &str, context: &[ResultType]) -> Result<Program, ViewError> {
        let lenient =
            Compilation { context, strict: false, constants: &self.constants, variables: Some(&["rowIndex"]) };
        let strict = Compilation { strict: true, ..lenient };
        let program = lenient.compile(text).map_err(|error| ViewError::Expression {
            place: place.to_owned(),
            text: text.to_owned(),
            error,
        })?;
        if let Err(error) = strict.compile(text) {
            self.warnings.push(format!("{place}: {text:?}: {error}"));
        }
        Ok(program)
    }

    fn conditions(&mut self, root: Node<'_>, context: &[ResultType]) -> Result<Vec<Condition>, ViewError> {
        let mut conditions = Vec::new();
        for (place, node) in objects(root, "where", "where")? {
            let place = format!("{place}.path");
            let path = text(node, "path", &place)?.ok_or_else(|| ViewError::definition(&place, "is missing"))?;
            let program = self.program(&path, &place, context)?;
            let boolean = program.result_types().iter().any(|one| matches!(one.name(), "boolean" | "Boolean"));
            if !program.result_types().is_empty() && !boolean {
                let found: Vec<&str> = program.result_types().iter().map(ResultType::name).collect();
                return Err(ViewError::definition(
                    place,
                    format!("a condition is a boolean, not {}", found.join(" or ")),
                ));
            }
            conditions.push(Condition { place, program });
        }
        Ok(conditions)
    }

    fn selects(
        &mut self,
        node: Node<'_>,
        member: &str,
        place: &str,
        context: &[ResultType],
    ) -> Result<Vec<Select>, ViewError> {
        let mut selects = Vec::new();
        for (place, node) in objects(node, member, place)? {
            selects.push(self.select(node, place, context)?);
        }
        Ok(selects)
    }

    fn select(&mut self, node: Node<'_>, place: String, context: &[ResultType]) -> Result<Select, ViewError> {
        self.selects += 1;
        if self.selects > SELECT_LIMIT {
            return Err(ViewError::definition(place, format!("more than {SELECT_LIMIT} selects")));
        }
        let (iteration, inner) = self.iteration(node, &place, context)?;
        let context = inner.as_slice();
        // A row's columns stand in the order: own, nested, union.
        let mut columns = Vec::new();
        for (place, column) in objects(node, "column", &format!("{place}.column"))? {
            let (column, program) = self.column(column, &place, context)?;
            columns.push((self.columns.len(), program));
            self.columns.push(column);
        }
        let selects = self.selects(node, "select", &format!("{place}.select"), context)?;
        let union = self.union(node, &format!("{place}.unionAll"), context)?;
        Ok(Select { place, iteration, columns, selects, union })
    }

    fn iteration(
        &mut self,
        node: Node<'_>,
        place: &str,
        context: &[ResultType],
    ) -> Result<(Iteration, Types), ViewError> {
        let present: Vec<&str> =
            ["forEach", "forEachOrNull", "repeat"].into_iter().filter(|name| node.get(name).is_some()).collect();
        let Some(member) = present.first() else {
            return Ok((Iteration::Once, context.to_vec()));
        };
        if let [one, other, ..] = present.as_slice() {
            return Err(ViewError::definition(place, format!("has {one} and {other}, of which there can be one")));
        }
        let place = format!("{place}.{member}");
        if *member == "repeat" {
            return self.repeat(node, &place, context);
        }
        let path = text(node, member, &place)?.ok_or_else(|| ViewError::definition(&place, "is missing"))?;
        let program = self.program(&path, &place, context)?;
        let types = program.result_types().to_vec();
        let iteration =
            if *member == "forEach" { Iteration::ForEach(program) } else { Iteration::ForEachOrNull(program) };
        Ok((iteration, types))
    }

    fn repeat(&mut self, node: Node<'_>, place: &str, context: &[ResultType]) -> Result<(Iteration, Types), ViewError> {
        let mut paths = Vec::new();
        for path in node.get("repeat").into_iter().flat_map(Node::each) {
            match path.as_str().filter(|path| !path.is_empty()) {
                Some(path) => paths.push(path.into_owned()),
                None => return Err(ViewError::definition(place, "must be an array of expressions")),
            }
        }
        if paths.is_empty() {
            return Err(ViewError::definition(place, "must name at least one path"));
        }
        // What stands at the start, and what the paths come to from there and from one another.
        let mut within = context.to_vec();
        let mut given: Types = Vec::new();
        let mut round = 0;
        loop {
            let before = given.len();
            let warnings = self.warnings.len();
            let mut programs = Vec::new();
            for path in &paths {
                let program = self.program(path, place, &within)?;
                let types = program.result_types();
                if types.is_empty() || round == REPEAT_ROUNDS {
                    within.clear();
                }
                for one in types {
                    if !given.contains(one) {
                        given.push(*one);
                    }
                }
                programs.push(program);
            }
            if within.is_empty() {
                self.warnings.truncate(warnings);
                let programs = paths.iter().map(|path| self.program(path, place, &[])).collect::<Result<_, _>>()?;
                return Ok((Iteration::Repeat(programs), Vec::new()));
            }
            if given.len() == before {
                return Ok((Iteration::Repeat(programs), given));
            }
            self.warnings.truncate(warnings);
            within.extend(given[before..].iter().copied().filter(|one| !context.contains(one)));
            round += 1;
        }
    }

    fn column(&mut self, node: Node<'_>, place: &str, context: &[ResultType]) -> Result<(Column, Program), ViewError> {
        let name = name(node, place)?;
        let path_place = format!("{place}.path");
        let path = text(node, "path", &path_place)?.ok_or_else(|| ViewError::definition(&path_place, "is missing"))?;
        let program = self.program(&path, &path_place, context)?;
        let type_place = format!("{place}.type");
        let fhir_type = match text(node, "type", &type_place)? {
            Some(declared) => declared_type(&declared, &type_place)?,
            None => match program.result_types() {
                [one] => inferred_type(*one),
                _ => "string".to_owned(),
            },
        };
        let collection = match node.get("collection") {
            None => false,
            Some(value) => value
                .as_bool()
                .ok_or_else(|| ViewError::definition(format!("{place}.collection"), "must be true or false"))?,
        };
        let description = text(node, "description", &format!("{place}.description"))?.map(Cow::into_owned);
        Ok((Column { name, kind: CellKind::of(&fhir_type), fhir_type, collection, description }, program))
    }

    /// The branches of a union. All have the columns of the first; they fill the same cells.
    fn union(&mut self, node: Node<'_>, place: &str, context: &[ResultType]) -> Result<Vec<Select>, ViewError> {
        let first = self.columns.len();
        let mut end = None;
        let mut union = Vec::new();
        for (place, node) in objects(node, "unionAll", place)? {
            let from = self.columns.len();
            let mut branch = self.select(node, place.clone(), context)?;
            let Some(end) = end else {
                end = Some(self.columns.len());
                union.push(branch);
                continue;
            };
            let same = |a: &Column, b: &Column| a.name == b.name && a.kind == b.kind && a.collection == b.collection;
            let (wanted, found) = (&self.columns[first..end], &self.columns[from..]);
            if wanted.len() != found.len() || !wanted.iter().zip(found).all(|(a, b)| same(a, b)) {
                let names = |columns: &[Column]| columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
                let what = format!(
                    "the branches of a union have the same columns of the same types: here ({}), before ({})",
                    names(found),
                    names(wanted)
                );
                return Err(ViewError::definition(place, what));
            }
            self.columns.truncate(from);
            shift(&mut branch, from - first);
            union.push(branch);
        }
        Ok(union)
    }
}

/// Moves the columns of a branch to those of the first branch.
fn shift(select: &mut Select, by: usize) {
    for (at, _) in &mut select.columns {
        *at -= by;
    }
    for inner in select.selects.iter_mut().chain(&mut select.union) {
        shift(inner, by);
    }
}

/// A column's type as declared: a FHIR type by name or address, or a System type.
fn declared_type(declared: &str, place: &str) -> Result<String, ViewError> {
    if let Some(system) = declared.strip_prefix("http://hl7.org/fhirpath/System.") {
        let mut name = system.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        return declared_type(&name, place);
    }
    let name = declared.strip_prefix("http://hl7.org/fhir/StructureDefinition/").unwrap_or(declared);
    // `integer64` is of R5 and means what it says here too.
    if name != "integer64" && r4().type_id(name).is_none() {
        return Err(ViewError::definition(place, format!("{declared} is no type of R4")));
    }
    Ok(name.to_owned())
}

fn inferred_type(one: ResultType) -> String {
    let of_system = |system| match system {
        SystemType::Boolean => "boolean",
        SystemType::Integer => "integer",
        SystemType::Decimal => "decimal",
        SystemType::String => "string",
        SystemType::Date => "date",
        SystemType::DateTime => "dateTime",
        SystemType::Time => "time",
        SystemType::Quantity => "Quantity",
    };
    match one {
        ResultType::Fhir(type_id) => r4().name(type_id).to_owned(),
        ResultType::System(system) => of_system(system).to_owned(),
    }
}
