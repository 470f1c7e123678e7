//! Syntax to program: names become elements of the schema, functions and types are resolved, and what cannot be meant is
//! refused.

use super::error::CompileError;
use super::functions::{Arguments, Function, Gives, Input, REFUSED, signature};
use super::item::{Item, SystemType};
use super::model::model;
use super::parser;
use super::program::{
    CallStep, ChainKind, ChainLink, Compilation, Expression, Member, Program, ResultType, Start, Step, TypeTest,
};
use super::quantity::Quantity;
use super::shape::{Shape, Types};
use super::syntax::{Call, LinkKind, Operator, Syntax, SyntaxKind, SyntaxStep, SyntaxStepKind, TypeName};
use super::text::pattern;
use crate::schema::r4;
use std::borrow::Cow;

/// Whether names that a known type does not have are errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    Lenient,
    Strict,
}

/// Levels of the program: each is a call of the evaluator within a call.
const DEPTH_LIMIT: usize = 200;

pub(super) fn compile(text: &str, compilation: &Compilation<'_>) -> Result<Program, CompileError> {
    let syntax = parser::parse(text)?;
    let context = match compilation.context {
        [] => Shape::open().one(),
        types => types.iter().map(|one| Shape::of(*one)).reduce(Shape::or).unwrap_or(Shape::open()).one(),
    };
    let strictness = if compilation.strict { Strictness::Strict } else { Strictness::Lenient };
    let mut compiler = Compiler { strictness, depth: 0, context: context.clone(), compilation, defined: Vec::new() };
    let scope = Scope { this: context, total: Shape::open() };
    let (root, shape) = compiler.expression(syntax, &scope)?;
    let many = shape.many;
    let shape = match shape.types {
        Types::Open => Vec::new(),
        Types::Of(types) => types,
    };
    Ok(Program { root, shape, many })
}

/// What `$this` and `$total` are where an expression stands.
#[derive(Clone)]
struct Scope {
    this: Shape,
    total: Shape,
}

struct Compiler<'c> {
    strictness: Strictness,
    depth: usize,
    context: Shape,
    compilation: &'c Compilation<'c>,
    /// Names that `defineVariable()` made so far.
    defined: Vec<String>,
}

type Compiled = Result<(Expression, Shape), CompileError>;

fn fail<T>(at: u32, what: impl Into<String>) -> Result<T, CompileError> {
    Err(CompileError::semantic(at as usize, what))
}

impl Compiler<'_> {
    fn is_strict(&self) -> bool {
        self.strictness == Strictness::Strict
    }

    fn expression(&mut self, syntax: Syntax, scope: &Scope) -> Compiled {
        if self.depth >= DEPTH_LIMIT {
            return fail(syntax.at, format!("nested deeper than {DEPTH_LIMIT} levels"));
        }
        self.depth += 1;
        let result = self.any(syntax, scope);
        self.depth -= 1;
        result
    }

    fn any(&mut self, syntax: Syntax, scope: &Scope) -> Compiled {
        let at = syntax.at;
        let constant = |item: Item<'static>| {
            let shape = item.system_type().map_or(Shape::open(), Shape::system);
            Ok((Expression::Constant(item), shape))
        };
        match syntax.kind {
            SyntaxKind::Empty => Ok((Expression::Empty, Shape::empty())),
            SyntaxKind::Boolean(value) => constant(Item::Boolean(value)),
            SyntaxKind::Integer(value) => constant(Item::Integer(value)),
            SyntaxKind::Decimal(value) => constant(Item::Decimal(value)),
            SyntaxKind::String(text) => constant(Item::String(Cow::Owned(text))),
            SyntaxKind::Temporal(value) => constant(Item::Temporal(value)),
            SyntaxKind::Quantity { value, unit, calendar } => {
                constant(Item::Quantity(Box::new(Quantity { value, unit: Cow::Owned(unit), calendar })))
            }
            SyntaxKind::Minus(inner) => self.minus(at, *inner, scope),
            SyntaxKind::Plus(inner) => self.expression(*inner, scope),
            SyntaxKind::Chain(first, links) => self.chain(*first, links, scope),
            SyntaxKind::Path(base, steps) => {
                let (mut start, mut done, mut shape) = self.start(*base, scope)?;
                for step in steps {
                    let (step, next) = self.step(step, shape, scope)?;
                    done.push(step);
                    shape = next;
                }
                if done.is_empty()
                    && let Start::Expression(inner) = start
                {
                    return Ok((*inner, shape));
                }
                if let Start::Expression(inner) = start {
                    // A path of a path is one path.
                    start = match *inner {
                        Expression::Path(inner_start, mut before) => {
                            before.append(&mut done);
                            return Ok((Expression::Path(inner_start, before), shape));
                        }
                        other => Start::Expression(Box::new(other)),
                    };
                }
                Ok((Expression::Path(start, done), shape))
            }
            SyntaxKind::This
            | SyntaxKind::Index
            | SyntaxKind::Total
            | SyntaxKind::Variable(_)
            | SyntaxKind::Name(_)
            | SyntaxKind::Call(_) => {
                let (start, steps, shape) = self.start(Syntax { at, kind: syntax.kind }, scope)?;
                // A constant of the compilation stands for itself.
                Ok(match start {
                    Start::Expression(constant) if steps.is_empty() => (*constant, shape),
                    start => (Expression::Path(start, steps), shape),
                })
            }
        }
    }

    /// What a path starts from, with the step that a leading name or call is.
    fn start(&mut self, syntax: Syntax, scope: &Scope) -> Result<(Start, Vec<Step>, Shape), CompileError> {
        let at = syntax.at;
        Ok(match syntax.kind {
            SyntaxKind::This => (Start::This, Vec::new(), scope.this.clone()),
            SyntaxKind::Index => (Start::Index, Vec::new(), Shape::system(SystemType::Integer)),
            SyntaxKind::Total => (Start::Total, Vec::new(), scope.total.clone()),
            SyntaxKind::Variable(name) => {
                if let Some((_, value)) = self.compilation.constants.iter().find(|(constant, _)| *constant == name) {
                    let shape = value.system_type().map_or(Shape::open(), Shape::system);
                    let constant = Expression::Constant(value.clone());
                    return Ok((Start::Expression(Box::new(constant)), Vec::new(), shape));
                }
                self.check_variable(at, &name)?;
                let shape = match name.as_str() {
                    "context" => self.context.clone(),
                    "ucum" | "sct" | "loinc" => Shape::system(SystemType::String),
                    "rowIndex" => Shape::system(SystemType::Integer),
                    _ => Shape::open(),
                };
                (Start::Variable(at, name.into()), Vec::new(), shape)
            }
            SyntaxKind::Name(name) => {
                if let Some((start, shape)) = type_as_start(&name, scope) {
                    (start, Vec::new(), shape)
                } else {
                    let (member, shape) = self.member(at, name, &scope.this)?;
                    (Start::This, vec![Step::Member(member)], shape)
                }
            }
            SyntaxKind::Call(call) => {
                let (step, shape) = self.call(at, call, scope.this.clone(), scope)?;
                (Start::This, vec![step], shape)
            }
            kind => {
                let (inner, shape) = self.expression(Syntax { at, kind }, scope)?;
                (Start::Expression(Box::new(inner)), Vec::new(), shape)
            }
        })
    }

    fn member(&self, at: u32, name: String, focus: &Shape) -> Result<(Member, Shape), CompileError> {
        let Some(types) = focus.fhir_types() else {
            return Ok((Member { name: name.into(), known: Vec::new() }, Shape::open()));
        };
        let mut known = Vec::new();
        let mut shape: Option<Shape> = None;
        for type_id in types {
            if let Some(element) = r4().element_by_name(type_id, &name) {
                known.push((type_id, element));
                let many = focus.many || element.max != Some(1);
                for one in element.types.iter().copied() {
                    let next = Shape::fhir(one).repeated(many);
                    shape = Some(shape.map_or(next.clone(), |shape| shape.or(next)));
                }
            } else if name == "id" || name == "extension" {
                // Primitives have these too, in their sibling.
                let next = if name == "id" { model().string } else { model().extension };
                let next = Shape::fhir(next).repeated(focus.many || name == "extension");
                shape = Some(shape.map_or(next.clone(), |shape| shape.or(next)));
            }
        }
        let none_has_it = shape.is_none();
        let empty_input = matches!(&focus.types, Types::Of(types) if types.is_empty());
        if none_has_it && !empty_input && self.is_strict() {
            return fail(at, format!("{} has no element {name}", focus.names()));
        }
        Ok((Member { name: name.into(), known }, shape.unwrap_or(Shape::empty())))
    }

    fn step(&mut self, step: SyntaxStep, focus: Shape, scope: &Scope) -> Result<(Step, Shape), CompileError> {
        match step.kind {
            SyntaxStepKind::Member(name) => {
                let (member, shape) = self.member(step.at, name, &focus)?;
                Ok((Step::Member(member), shape))
            }
            SyntaxStepKind::Index(index) => {
                let (index, _) = self.expression(index, scope)?;
                Ok((Step::Index(step.at, index), focus.one()))
            }
            SyntaxStepKind::Call(call) => self.call(step.at, call, focus, scope),
        }
    }

    /// Refuses a variable that nothing can supply, where it is known what there is.
    fn check_variable(&self, at: u32, name: &str) -> Result<(), CompileError> {
        let Some(known) = self.compilation.variables else {
            return Ok(());
        };
        let of_language = ["context", "resource", "rootResource", "ucum", "sct", "loinc"].contains(&name)
            || name.starts_with("vs-")
            || name.starts_with("ext-");
        if of_language || known.contains(&name) || self.defined.iter().any(|defined| defined == name) {
            return Ok(());
        }
        fail(at, format!("there is no variable %{name}"))
    }

    fn call(&mut self, at: u32, call: Call, focus: Shape, scope: &Scope) -> Result<(Step, Shape), CompileError> {
        let Call { name, arguments } = call;
        let Some(signature) = signature(&name) else {
            return match REFUSED.iter().find(|(refused, _)| *refused == name) {
                Some((_, why)) => fail(at, format!("{name}() is not offered: it {why}")),
                None => fail(at, format!("there is no function {name}()")),
            };
        };
        let count = arguments.len();
        if count < usize::from(signature.least) || count > usize::from(signature.most) {
            let (least, most) = (signature.least, signature.most);
            let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
            return fail(at, format!("{name}() takes {wanted} arguments, not {count}"));
        }
        check_input(self.strictness, at, &name, signature.input, &focus)?;
        if let (Function::DefineVariable, Some(SyntaxKind::String(name))) =
            (signature.function, arguments.first().map(|argument| &argument.kind))
        {
            self.defined.push(name.clone());
        }
        let mut test = None;
        let mut compiled = Vec::with_capacity(count);
        let mut shapes = Vec::with_capacity(count);
        let item = Scope { this: focus.clone().one(), total: scope.total.clone() };
        for (position, argument) in arguments.into_iter().enumerate() {
            let inner = match signature.arguments {
                Arguments::Type => {
                    test = Some(type_test(&type_argument(argument)?)?);
                    continue;
                }
                Arguments::Outside => scope,
                Arguments::EachItem => &item,
                Arguments::Input => &Scope { this: focus.clone(), total: scope.total.clone() },
                Arguments::NameThenEach if position == 0 => scope,
                Arguments::NameThenEach => &item,
                Arguments::EachThenOutside if position == 0 => &Scope { this: item.this.clone(), total: Shape::open() },
                Arguments::EachThenOutside => scope,
            };
            // What repeat() feeds back is of any type.
            let inner = match signature.function {
                Function::Repeat | Function::RepeatAll => {
                    &Scope { this: Shape::open().one(), total: scope.total.clone() }
                }
                _ => inner,
            };
            let (expression, shape) = self.expression(argument, inner)?;
            compiled.push(expression);
            shapes.push(shape);
        }
        self.check_arguments(at, signature.function, &shapes)?;
        let pattern = match (signature.function, compiled.first(), compiled.last()) {
            (Function::Matches | Function::MatchesFull, Some(Expression::Constant(Item::String(text))), _)
                if count == 1 =>
            {
                Some(
                    pattern(text, "", signature.function == Function::MatchesFull)
                        .map_err(|e| CompileError::semantic(at as usize, e))?,
                )
            }
            (Function::ReplaceMatches, Some(Expression::Constant(Item::String(text))), _) if count == 2 => {
                Some(pattern(text, "", false).map_err(|e| CompileError::semantic(at as usize, e))?)
            }
            _ => None,
        };
        let function = match signature.function {
            Function::As if !self.is_strict() => Function::OfType,
            function => function,
        };
        let shape = gives(signature.gives, focus, &shapes, test, function);
        let step = Step::Call(Box::new(CallStep { at, function, arguments: compiled, test, pattern }));
        Ok((step, shape))
    }

    fn check_arguments(&self, at: u32, function: Function, shapes: &[Shape]) -> Result<(), CompileError> {
        if !self.is_strict() {
            return Ok(());
        }
        if function == Function::Iif {
            let criterion = &shapes[0];
            let boolean =
                criterion.value_types().is_none_or(|types| types.iter().all(|one| *one == SystemType::Boolean));
            if criterion.only_complex() || !boolean {
                return fail(at, format!("the criterion of iif() is not a boolean but {}", criterion.names()));
            }
        }
        Ok(())
    }

    fn minus(&mut self, at: u32, inner: Syntax, scope: &Scope) -> Compiled {
        let (inner, shape) = self.expression(inner, scope)?;
        match inner {
            Expression::Constant(Item::Integer(value)) => Ok((Expression::Constant(Item::Integer(-value)), shape)),
            Expression::Constant(Item::Decimal(value)) => Ok((Expression::Constant(Item::Decimal(-value)), shape)),
            inner => Ok((Expression::Minus(at, Box::new(inner)), shape)),
        }
    }

    fn chain(&mut self, first: Syntax, links: Vec<super::syntax::Link>, scope: &Scope) -> Compiled {
        let (first, mut shape) = self.expression(first, scope)?;
        let mut chain = Vec::with_capacity(links.len());
        for link in links {
            let at = link.at;
            let (kind, next) = match link.kind {
                LinkKind::Operator(operator, right) => {
                    let (right, right_shape) = self.expression(right, scope)?;
                    let next = operated(at, operator, shape, right_shape)?;
                    (ChainKind::Operator(operator, right), next)
                }
                LinkKind::Is(name) => (ChainKind::Is(type_test(&name)?), Shape::system(SystemType::Boolean)),
                LinkKind::As(name) => {
                    let test = type_test(&name)?;
                    let next = self.narrowed(at, &shape, test)?;
                    (if self.is_strict() { ChainKind::As(test) } else { ChainKind::OfType(test) }, next)
                }
            };
            chain.push(ChainLink { at, kind });
            shape = next;
        }
        Ok((Expression::Chain(Box::new(first), chain), shape))
    }

    /// What `as` leaves; in strict mode a type that the left side cannot have is refused.
    fn narrowed(&self, at: u32, shape: &Shape, test: TypeTest) -> Result<Shape, CompileError> {
        let possible = match (shape.fhir_types(), test) {
            (Some(types), TypeTest::Fhir(id) | TypeTest::Quantity(id)) => {
                types.is_empty() || types.iter().any(|one| r4().is_a(*one, id) || r4().is_a(id, *one))
            }
            _ => true,
        };
        if !possible && self.is_strict() {
            return fail(at, format!("{} is never of that type", shape.names()));
        }
        Ok(of_type(shape.clone(), Some(test)))
    }
}

/// The type that an argument names.
fn type_argument(argument: Syntax) -> Result<TypeName, CompileError> {
    let at = argument.at;
    match argument.kind {
        SyntaxKind::Name(name) | SyntaxKind::String(name) => Ok(TypeName { at, namespace: None, name }),
        SyntaxKind::Path(base, steps) => match (base.kind, steps.as_slice()) {
            (SyntaxKind::Name(namespace), [SyntaxStep { kind: SyntaxStepKind::Member(name), .. }]) => {
                Ok(TypeName { at, namespace: Some(namespace), name: name.clone() })
            }
            _ => fail(at, "expected a type's name"),
        },
        _ => fail(at, "expected a type's name"),
    }
}

fn of_type(focus: Shape, test: Option<TypeTest>) -> Shape {
    let many = focus.many;
    match test {
        Some(TypeTest::Fhir(id)) => Shape::fhir(id).repeated(many),
        Some(TypeTest::Quantity(id)) => Shape::fhir(id).or(Shape::system(SystemType::Quantity)).repeated(many),
        Some(TypeTest::System(system)) => Shape::system(system).repeated(many),
        Some(TypeTest::Never) | None => Shape::empty(),
    }
}

fn gives(gives: Gives, focus: Shape, arguments: &[Shape], test: Option<TypeTest>, function: Function) -> Shape {
    match gives {
        Gives::One(system) => Shape::system(system),
        Gives::Many(system) => Shape::system(system).repeated(true),
        Gives::Input => focus,
        Gives::OneOfInput => focus.one(),
        Gives::Argument => arguments[0].clone().repeated(focus.many),
        Gives::Both => arguments.iter().cloned().fold(focus, Shape::or).repeated(true),
        Gives::Branches => arguments[1..].iter().cloned().reduce(Shape::or).unwrap_or(Shape::empty()),
        Gives::Type => {
            let shape = of_type(focus, test);
            if function == Function::As { shape.one() } else { shape }
        }
        Gives::Extensions => Shape::fhir(model().extension).repeated(true),
        Gives::Open => Shape {
            many: gives_many(function),
            unordered: matches!(function, Function::Children | Function::Descendants),
            ..Shape::open()
        },
    }
}

/// Whether a function of unknown result type may give many items.
fn gives_many(function: Function) -> bool {
    matches!(
        function,
        Function::Repeat
            | Function::RepeatAll
            | Function::Children
            | Function::Descendants
            | Function::Aggregate
            | Function::Resolve
            | Function::Coalesce
            | Function::Type
    )
}

/// Used where a result's types are asked for.
impl ResultType {
    /// The type's name: `HumanName`, or `String` for computed values.
    pub fn name(&self) -> &'static str {
        match self {
            ResultType::Fhir(id) => r4().info(*id).name,
            ResultType::System(system) => system.name(),
        }
    }
}

/// `Patient` at the start of `Patient.name` is the input itself, if it is a patient.
fn type_as_start(name: &str, scope: &Scope) -> Option<(Start, Shape)> {
    if !name.starts_with(|first: char| first.is_ascii_uppercase()) {
        return None;
    }
    let type_id = r4().type_id(name)?;
    match scope.this.fhir_types() {
        None => {
            let shape = if r4().info(type_id).is_abstract { scope.this.clone() } else { Shape::fhir(type_id) };
            Some((Start::ThisOf(type_id), shape))
        }
        Some(types) if !types.is_empty() && types.iter().all(|one| r4().is_a(*one, type_id)) => {
            Some((Start::This, scope.this.clone()))
        }
        Some(types) if types.iter().any(|one| r4().is_a(*one, type_id)) => {
            Some((Start::ThisOf(type_id), Shape::fhir(type_id)))
        }
        // A type that the input is not of: left to be refused, or found empty, as a member.
        Some(_) => None,
    }
}

fn check_input(strictness: Strictness, at: u32, name: &str, input: Input, focus: &Shape) -> Result<(), CompileError> {
    match input {
        Input::Primitive if focus.only_complex() => {
            fail(at, format!("{name}() needs a primitive, not {}", focus.names()))
        }
        Input::Ordered if focus.unordered && strictness == Strictness::Strict => {
            fail(at, format!("{name}() needs an order, and children have none"))
        }
        _ => Ok(()),
    }
}

fn operated(at: u32, operator: Operator, left: Shape, right: Shape) -> Result<Shape, CompileError> {
    use SystemType::{Boolean, Date, DateTime, Decimal, Integer, Quantity, String, Time};
    let boolean = Shape::system(Boolean);
    if operator == Operator::Union {
        return Ok(Shape { many: true, ..left.or(right) });
    }
    let values = left.value_types().zip(right.value_types());
    Ok(match operator {
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Div | Operator::Mod => {
            let Some((lefts, rights)) = values else {
                return Ok(Shape::open().one());
            };
            let ([a], [b]) = (lefts.as_slice(), rights.as_slice()) else {
                return Ok(Shape::open().one());
            };
            let number = |one: &SystemType| matches!(one, Integer | Decimal);
            match (a, b) {
                (Date | DateTime | Time, Quantity) => Shape::system(*a),
                (Date | DateTime | Time, _) => {
                    return fail(at, format!("{} {} {} has no meaning", a.name(), operator.text(), b.name()));
                }
                (String, String) if operator == Operator::Add => Shape::system(String),
                (Integer, Integer) if operator != Operator::Divide => Shape::system(Integer),
                (a, b) if number(a) && number(b) && operator == Operator::Div => Shape::system(Integer),
                (a, b) if number(a) && number(b) => Shape::system(Decimal),
                _ => Shape::open().one(),
            }
        }
        Operator::Concatenate => Shape::system(String),
        _ => boolean,
    })
}

fn type_test(name: &TypeName) -> Result<TypeTest, CompileError> {
    let fhir = r4().type_id(&name.name);
    let system = SystemType::of(&name.name);
    Ok(match (name.namespace.as_deref(), fhir, system) {
        (Some("System"), _, Some(system)) => TypeTest::System(system),
        (Some("System"), _, None) => TypeTest::Never,
        (None, Some(id), Some(SystemType::Quantity)) => TypeTest::Quantity(id),
        (None | Some("FHIR"), Some(id), _) => TypeTest::Fhir(id),
        (None, None, Some(system)) => TypeTest::System(system),
        _ => return fail(name.at, format!("there is no type {}", name.name)),
    })
}
