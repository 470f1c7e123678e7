//! Items of a SELECT: trees of mapping functions, `CASE` and `coalesce`, whose leaves are ordinary SQL.

use super::leaves::{Arms, Leaves, as_text};
use super::program::{Call, Give, Joined, LeafRole, Typed};
use super::relations::{has_mapping_function, has_misplaced, makes_lists, mapping_function, place_of};
use super::shape::{constant, differs_by_one, is_named, is_safe, joined, may_be_column, results};
use crate::mapping::{Place, Problems, nearest};
use crate::value::{self, Argument, Context, Function, Notes, Parameter, Slot};
use fhir::schema::{Element, TypeId, TypeKind, r4};
use sqlparser::ast::{Expr, Function as SqlFunction, FunctionArg, FunctionArgExpr, FunctionArguments, Value};
use std::collections::BTreeMap;

/// Levels of functions, CASE and coalesce in each other.
const DEPTH_MAX: usize = 16;

/// The element that an item is for.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// The type that has the element.
    pub owner: TypeId,
    /// The element.
    pub element: &'static Element,
    /// The type of its value; none for a choice whose type the item decides.
    pub type_id: Option<TypeId>,
}

/// What a part of an item is for.
#[derive(Clone, Copy)]
enum Role<'a> {
    Element(&'a Wanted),
    Argument(Function, &'static Parameter),
}

/// Turns items into trees, and collects the columns they need.
pub struct Lowering<'a, 'p, 'f> {
    /// Maps, targets and zone of the mapping.
    pub context: &'a Context,
    /// The columns.
    pub leaves: &'a mut Leaves,
    /// What is wrong.
    pub problems: &'p mut Problems<'f>,
    /// True if a column of the query may be a list or struct.
    pub lists: bool,
    /// How many keys each target has.
    pub keys: &'a BTreeMap<String, usize>,
    /// The targets that were referred to.
    pub refers_to: &'a mut Vec<String>,
    guards: Vec<(Arms, usize)>,
    fallback: Place,
}

impl<'a, 'p, 'f> Lowering<'a, 'p, 'f> {
    /// For the items of one SELECT.
    pub fn new(
        context: &'a Context,
        keys: &'a BTreeMap<String, usize>,
        leaves: &'a mut Leaves,
        refers_to: &'a mut Vec<String>,
        lists: bool,
        problems: &'p mut Problems<'f>,
    ) -> Self {
        Lowering { context, leaves, problems, lists, keys, refers_to, guards: Vec::new(), fallback: Place::START }
    }

    /// An item for an element; none if something is wrong with it, which is then a problem.
    pub fn item(&mut self, expr: &Expr, wanted: &Wanted, fallback: Place) -> Option<Give> {
        self.fallback = fallback;
        self.guards.clear();
        self.give(expr, Role::Element(wanted), 0)
    }

    fn place(&self, expr: &Expr) -> Place {
        place_of(expr).unwrap_or(self.fallback)
    }

    fn give(&mut self, expr: &Expr, role: Role<'_>, depth: usize) -> Option<Give> {
        if depth > DEPTH_MAX {
            let place = self.place(expr);
            self.problems.add(place, format!("functions are nested deeper than {DEPTH_MAX} levels"));
            return None;
        }
        match expr {
            Expr::Nested(inner) => self.give(inner, role, depth),
            Expr::Value(value) if value.value == Value::Null => Some(Give::Absent),
            Expr::Function(call) if mapping_function(call).is_some() => {
                let function = mapping_function(call)?;
                self.call(expr, call, function, role, depth)
            }
            Expr::Function(call) if is_named(call, "coalesce") && has_mapping_function(expr) => {
                let arguments = self.arguments(expr, call)?;
                // All are looked at, so that all problems are told.
                let gives: Vec<_> =
                    arguments.into_iter().map(|argument| self.give(argument, role, depth + 1)).collect();
                gives.into_iter().collect::<Option<Vec<_>>>().map(Give::Coalesce)
            }
            Expr::Case { operand, conditions, else_result, .. } if has_mapping_function(expr) => {
                let mut good = true;
                for part in
                    operand.iter().map(|operand| &**operand).chain(conditions.iter().map(|when| &when.condition))
                {
                    good &= !has_misplaced(part, self.fallback, self.problems);
                }
                let arms = Arms::new(operand.as_deref(), conditions);
                let results = conditions.iter().map(|when| Some(&when.result)).chain([else_result.as_deref()]);
                let mut gives = Vec::new();
                for (at, result) in results.enumerate() {
                    self.guards.push((arms.clone(), at));
                    gives.push(result.map_or(Some(Give::Absent), |result| self.give(result, role, depth + 1)));
                    self.guards.pop();
                }
                let gives = gives.into_iter().collect::<Option<Vec<_>>>();
                if !good {
                    return None;
                }
                let (shown, place) = (arms.selector().to_string(), self.place(expr));
                let selector = self.guarded(arms.selector());
                let selector = self.leaves.add(selector, shown, place, LeafRole::Selector);
                Some(Give::Case(selector, gives?))
            }
            _ => self.plain(expr, role),
        }
    }

    fn call(
        &mut self,
        expr: &Expr,
        call: &SqlFunction,
        function: Function,
        role: Role<'_>,
        depth: usize,
    ) -> Option<Give> {
        let signature = function.signature();
        let (name, place) = (signature.name, self.place(expr));
        let typed = match role {
            Role::Element(wanted) => self.type_of_call(function, wanted, place)?,
            Role::Argument(outer, parameter) => {
                if !parameter.takes.contains(&function) {
                    let outer = outer.signature();
                    let takes: Vec<_> = parameter.takes.iter().map(|function| function.signature().name).collect();
                    let hint = match takes.as_slice() {
                        [] => "plain SQL stands there".to_owned(),
                        takes => format!("plain SQL, or {}", takes.join(" or ")),
                    };
                    let message = format!("`{name}` cannot be the argument `{}` of `{}`", parameter.name, outer.name);
                    self.problems.hint(place, message, hint);
                    return None;
                }
                typed_named(parameter.fhir_type)?
            }
        };
        if call.over.is_some()
            || call.filter.is_some()
            || !call.within_group.is_empty()
            || call.null_treatment.is_some()
        {
            let message = format!("`{name}` is no SQL function: OVER, FILTER and the like cannot follow it");
            self.problems.add(place, message);
            return None;
        }
        let arguments = self.arguments(expr, call)?;
        let (min, max) = (signature.arguments_min(), signature.arguments_max());
        if arguments.len() < min || arguments.len() > max {
            let count = arguments.len();
            let message = format!("`{name}` cannot take {count} argument{}", if count == 1 { "" } else { "s" });
            self.problems.hint(place, message, format!("write {}", signature.usage()));
            return None;
        }
        let mut gives = Vec::with_capacity(arguments.len());
        for (at, argument) in arguments.into_iter().enumerate() {
            let Some(parameter) = signature.parameter(at) else { continue };
            gives.push(self.argument(argument, function, parameter, depth));
        }
        let arguments = gives.into_iter().collect::<Option<Vec<_>>>()?;
        let slot = typed.slot?;
        let literals = literals(&arguments);
        if let Err(message) = value::prepare(function, &slot, &literals, self.context) {
            self.problems.add(place, message);
            return None;
        }
        if function == Function::Ref {
            self.reference(literals.first().copied().flatten()?, literals.len() - 1, role, place)?;
        }
        Some(Give::Call(Box::new(Call { function, arguments, typed })))
    }

    fn argument(
        &mut self,
        expr: &Expr,
        function: Function,
        parameter: &'static Parameter,
        depth: usize,
    ) -> Option<Give> {
        if parameter.literal {
            let Some(text) = constant(expr) else {
                let place = self.place(expr);
                let name = function.signature().name;
                let message = format!("{} of `{name}` must be a constant", parameter.name.to_uppercase());
                self.problems.hint(place, message, format!("write {}", function.signature().usage()));
                return None;
            };
            return Some(text.map_or(Give::Absent, |text| Give::Literal(text.into(), None)));
        }
        self.give(expr, Role::Argument(function, parameter), depth + 1)
    }

    /// As what a function's value is written: the first of the types that it gives which the element allows.
    fn type_of_call(&mut self, function: Function, wanted: &Wanted, place: Place) -> Option<Typed> {
        let signature = function.signature();
        let schema = r4();
        let allowed = wanted.type_id.as_ref().map_or(wanted.element.types, std::slice::from_ref);
        if signature.argument_only {
            let message = format!("`{}` stands only as an argument of `quantity` and `range`", signature.name);
            self.problems.hint(place, message, "write quantity(value, unit('MAP', unit))".to_owned());
            return None;
        }
        let fits = |name: &&&str| schema.type_id(name).is_some_and(|type_id| allowed.contains(&type_id));
        let Some(type_id) = signature.gives.iter().find(fits).and_then(|name| schema.type_id(name)) else {
            let element = wanted.element.name;
            let is: Vec<_> = allowed.iter().map(|type_id| schema.name(*type_id)).take(12).collect();
            let gives = signature.gives.join(", ");
            let message = format!("`{}` gives {gives}, but `{element}` is {}", signature.name, is.join(" or "));
            let hint = functions_for(allowed);
            self.problems.hint(place, message, hint);
            return None;
        };
        typed(wanted, type_id)
    }

    /// A reference must lead to a type that the element allows.
    fn reference(&mut self, target: &str, keys: usize, role: Role<'_>, place: Place) -> Option<()> {
        if let Some(needed) = self.keys.get(target).filter(|needed| **needed > 0 && **needed != keys) {
            let message = format!("`{target}` has {needed} key{}, not {keys}", if *needed == 1 { "" } else { "s" });
            self.problems.hint(place, message, "give the values of its @key, in its order".to_owned());
            return None;
        }
        if !self.refers_to.iter().any(|known| known == target) {
            self.refers_to.push(target.to_owned());
        }
        let Role::Element(wanted) = role else { return Some(()) };
        let resource_type = r4().resource_type(self.context.targets.get(target)?)?;
        let allowed = wanted.element.targets;
        if allowed.is_empty() || allowed.contains(&resource_type) {
            return Some(());
        }
        let allowed: Vec<_> = allowed.iter().map(|id| r4().name(*id)).collect();
        let message = format!("`{}` cannot refer to a {}", wanted.element.name, r4().name(resource_type));
        self.problems.hint(place, message, format!("it may refer to {}", allowed.join(", ")));
        None
    }

    fn arguments<'e>(&mut self, expr: &Expr, call: &'e SqlFunction) -> Option<Vec<&'e Expr>> {
        let place = self.place(expr);
        let list = match &call.args {
            FunctionArguments::List(list) if list.duplicate_treatment.is_none() && list.clauses.is_empty() => list,
            _ => {
                self.problems.add(place, format!("`{}` takes its arguments in brackets, divided by commas", call.name));
                return None;
            }
        };
        let argument = |argument: &'e FunctionArg| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        };
        let arguments: Option<Vec<_>> = list.args.iter().map(argument).collect();
        if arguments.is_none() {
            self.problems.add(place, format!("`{}` takes expressions by position: no names, no *", call.name));
        }
        arguments
    }

    /// Ordinary SQL: a constant, or a column that the engine computes.
    fn plain(&mut self, expr: &Expr, role: Role<'_>) -> Option<Give> {
        let place = self.place(expr);
        self.misspelt(expr, place)?;
        if has_misplaced(expr, self.fallback, self.problems) {
            return None;
        }
        let typed = match role {
            Role::Argument(..) => None,
            Role::Element(wanted) => Some(self.type_of_plain(expr, wanted, place)?),
        };
        if let Some(text) = constant(expr) {
            let Some(text) = text else { return Some(Give::Absent) };
            return Some(Give::Literal(text.into(), typed));
        }
        // A column of lists is put together otherwise.
        if let Some(typed) = typed.filter(|typed| typed.slot.is_some() && !self.lists)
            && let Some((parts, needs_all)) = joined(expr)
        {
            let parts = parts.into_iter().map(|part| self.part(part)).collect();
            return Some(Give::Joined(Box::new(Joined { parts, needs_all, typed })));
        }
        let is_key = matches!(role, Role::Argument(Function::Ref, _));
        let computed = if is_key { as_text(expr.clone()) } else { expr.clone() };
        let leaf = if is_safe(expr) { computed } else { self.guarded(computed) };
        let leaf = self.leaves.add(leaf, expr.to_string(), place, LeafRole::Value);
        Some(Give::Leaf(leaf, typed))
    }

    /// A text or column that is put together with others.
    fn part(&mut self, expr: &Expr) -> Give {
        match constant(expr).flatten() {
            Some(text) => Give::Literal(text.into(), None),
            None => {
                let place = self.place(expr);
                Give::Leaf(self.leaves.add(as_text(expr.clone()), expr.to_string(), place, LeafRole::Value), None)
            }
        }
    }

    /// The type as which plain SQL is written, which must be clear; and its constants must be values of it.
    fn type_of_plain(&mut self, expr: &Expr, wanted: &Wanted, place: Place) -> Option<Typed> {
        let schema = r4();
        let element = wanted.element;
        let type_id = match wanted.type_id {
            Some(type_id) => type_id,
            None if element.types.len() == 1 => element.types[0],
            None => {
                let types: Vec<_> = element.types.iter().map(|id| schema.name(*id)).take(12).collect();
                let simple = ["string", "dateTime", "boolean"].into_iter().find(|name| types.contains(name));
                let example = simple.or(types.first().copied()).unwrap_or("string");
                let message = format!("`{}` can be {}: plain SQL does not say which", element.name, types.join(", "));
                let hint = format!("name the type, as \"{}.{example}\", or use a function", element.name);
                self.problems.hint(place, message, hint);
                return None;
            }
        };
        let typed = typed(wanted, type_id)?;
        let is_primitive = schema.info(type_id).kind == TypeKind::Primitive;
        if !is_primitive {
            let may_be_nested = makes_lists(expr) || (self.lists && may_be_column(expr));
            if may_be_nested {
                return Some(typed);
            }
            let hint =
                typed.slot.and_then(|slot| value::prepare_plain(&slot, self.context).err()).unwrap_or_else(|| {
                    let names: Vec<_> = schema.info(type_id).elements.iter().map(|e| e.name).skip(2).take(6).collect();
                    format!("name its elements: {}.{}", element.name, names.join(&format!(", {}.", element.name)))
                });
            let message = format!("`{}` is a {}, and plain SQL gives text", element.name, schema.name(type_id));
            self.problems.hint(place, message, hint);
            return None;
        }
        let Some(slot) = typed.slot else { return Some(typed) };
        let mut good = true;
        for (text, constant_place) in results(expr, place) {
            good &= self.check_constant(&slot, &text, constant_place);
        }
        good.then_some(typed)
    }

    /// A constant that an element would refuse is refused now.
    fn check_constant(&mut self, slot: &Slot, text: &str, place: Place) -> bool {
        let prepared = match value::prepare_plain(slot, self.context) {
            Ok(prepared) => prepared,
            Err(message) => {
                self.problems.add(place, message);
                return false;
            }
        };
        let made = prepared.make(&mut [Argument::Text(Some(text))], &mut Notes::default());
        match made {
            Ok(_) => true,
            Err(reason) => {
                let near = slot.binding().and_then(|list| nearest(text, list.codings().map(|(_, code)| code)));
                let hint = near.map(|near| format!("did you mean `{near}`?"));
                self.problems.hint(place, reason.message, hint);
                false
            }
        }
    }

    /// What is wrong with the functions of an item whose element is not known.
    pub fn functions_alone(&mut self, expr: &Expr) {
        let mut calls = Vec::new();
        collect_calls(expr, &mut calls);
        for (expr, call, function) in calls {
            let signature = function.signature();
            let place = self.place(expr);
            let Some(arguments) = self.arguments(expr, call) else { continue };
            let Some(slot) = signature.gives.first().and_then(|name| Slot::of_type(name)) else { continue };
            let texts: Vec<Option<String>> = arguments.iter().map(|argument| constant(argument).flatten()).collect();
            let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
            if let Err(message) = value::prepare(function, &slot, &texts, self.context) {
                self.problems.add(place, message);
            }
        }
    }

    /// `quantitty(…)` is no SQL either.
    fn misspelt(&mut self, expr: &Expr, place: Place) -> Option<()> {
        let Expr::Function(call) = expr else { return Some(()) };
        let [part] = call.name.0.as_slice() else { return Some(()) };
        let name = &part.as_ident()?.value;
        let known = Function::ALL.into_iter().map(|function| function.signature().name);
        let Some(near) = nearest(name, known) else { return Some(()) };
        if !differs_by_one(&name.to_lowercase(), near) {
            return Some(());
        }
        self.problems.hint(place, format!("there is no function `{name}`"), format!("did you mean `{near}`?"));
        None
    }

    /// The expression where the arms of all CASEs around it are taken.
    fn guarded(&self, expr: Expr) -> Expr {
        self.guards.iter().rev().fold(expr, |expr, (arms, at)| arms.guard(*at, expr))
    }
}

/// The calls of mapping functions in an expression.
fn collect_calls<'e>(expr: &'e Expr, into: &mut Vec<(&'e Expr, &'e SqlFunction, Function)>) {
    match expr {
        Expr::Nested(inner) => collect_calls(inner, into),
        Expr::Case { conditions, else_result, .. } => {
            let results = conditions.iter().map(|when| &when.result).chain(else_result.as_deref());
            results.for_each(|result| collect_calls(result, into));
        }
        Expr::Function(call) => {
            into.extend(mapping_function(call).map(|function| (expr, call, function)));
            if let FunctionArguments::List(list) = &call.args {
                for argument in &list.args {
                    if let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument {
                        collect_calls(argument, into);
                    }
                }
            }
        }
        _ => {}
    }
}

/// The constants of a call, for [`value::prepare`].
pub fn literals(arguments: &[Give]) -> Vec<Option<&str>> {
    arguments.iter().map(Give::literal).collect()
}

fn typed(wanted: &Wanted, type_id: TypeId) -> Option<Typed> {
    let schema = r4();
    let json_name = schema.json_name(wanted.owner, wanted.element, type_id)?;
    Some(Typed { type_id, json_name, slot: Slot::of_element(wanted.element, schema.name(type_id)) })
}

fn typed_named(fhir_type: &str) -> Option<Typed> {
    let type_id = r4().type_id(fhir_type)?;
    Some(Typed { type_id, json_name: "", slot: Slot::of_type(fhir_type) })
}

/// The functions that give one of these types.
fn functions_for(types: &[TypeId]) -> Option<String> {
    let gives = |function: &Function| {
        let signature = function.signature();
        !signature.argument_only
            && signature.gives.iter().any(|name| r4().type_id(name).is_some_and(|type_id| types.contains(&type_id)))
    };
    let names: Vec<_> = Function::ALL.into_iter().filter(gives).map(|function| function.signature().name).collect();
    (!names.is_empty()).then(|| format!("it is made by {}", names.join(", ")))
}
