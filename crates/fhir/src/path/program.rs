//! The compiled form: names resolved, functions chosen, constants made.

use super::compile;
use super::environment::Environment;
use super::error::{CompileError, EvaluationError};
use super::evaluate::Evaluator;
use super::functions::Function;
use super::item::{Item, SystemType};
use super::syntax::Operator;
use super::text::Pattern;
use crate::schema::{Element, TypeId};

/// A compiled expression. `Send + Sync`: compile once, evaluate everywhere.
#[derive(Debug)]
pub struct Program {
    pub(super) root: Expression,
    pub(super) shape: Vec<ResultType>,
    pub(super) many: bool,
}

/// A type that an expression may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultType {
    /// Elements or resources of this type.
    Fhir(TypeId),
    /// Computed values.
    System(SystemType),
}

impl Program {
    /// Compiles an expression for inputs of type `context`; `None` if they may be of any type.
    ///
    /// Names that the context type does not have are no error: such a path is empty. And `as` on many items chooses those of
    /// the type, because the search parameters of R4 use it so (`Observation.component.value as Quantity`). See
    /// [`Program::compile_strict`].
    ///
    /// # Errors
    /// [`CompileError`] if the text is not FHIRPath, names a function or type that does not exist or is not offered, or is
    /// nested too deep.
    ///
    /// ```
    /// use fhir::path::{Environment, Item, Program};
    /// let schema = fhir::schema::r4();
    /// let program = Program::compile("Patient.name.where(use = 'official').family", schema.type_id("Patient")).unwrap();
    /// let text = br#"{"resourceType":"Patient","name":[{"use":"official","family":"Chalmers"}]}"#;
    /// let document = fhir::json::Document::parse(text).unwrap();
    /// let found = program.evaluate(Item::resource(document.root()).unwrap(), &Environment::new()).unwrap();
    /// assert_eq!(found[0].to_string(), "Chalmers");
    /// ```
    pub fn compile(text: &str, context: Option<TypeId>) -> Result<Program, CompileError> {
        let context = context.map(ResultType::Fhir);
        Compilation { context: context.as_slice(), ..Compilation::default() }.compile(text)
    }

    /// As [`Program::compile`], and also refuses names that the types known at that place do not have, and operations that
    /// cannot succeed there; `as` on many items fails, as FHIRPath has it.
    ///
    /// # Errors
    /// As [`Program::compile`], and semantic errors as said.
    pub fn compile_strict(text: &str, context: Option<TypeId>) -> Result<Program, CompileError> {
        let context = context.map(ResultType::Fhir);
        Compilation { context: context.as_slice(), strict: true, ..Compilation::default() }.compile(text)
    }

    /// The items that the expression gives for `focus`.
    ///
    /// # Errors
    /// [`EvaluationError`] where FHIRPath demands an error (many items where one is needed, operands of wrong types), and
    /// when the work limit of `env` is reached.
    pub fn evaluate<'d>(&'d self, focus: Item<'d>, env: &Environment<'d>) -> Result<Vec<Item<'d>>, EvaluationError> {
        Evaluator::new(Some(focus), env).run(&self.root)
    }

    /// The items that the expression gives for an empty input: only what depends on no input is not empty.
    ///
    /// # Errors
    /// As [`Program::evaluate`].
    pub fn evaluate_empty<'d>(&'d self, env: &Environment<'d>) -> Result<Vec<Item<'d>>, EvaluationError> {
        Evaluator::new(None, env).run(&self.root)
    }

    /// The types that a result may have as far as they are known at compile time; empty if anything may come.
    pub fn result_types(&self) -> &[ResultType] {
        &self.shape
    }

    /// True if the expression may give more than one item for one resource, as far as the schema tells.
    pub fn may_repeat(&self) -> bool {
        self.many
    }
}

/// What an expression is compiled for, where more is known than one context type.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compilation<'c> {
    /// The types that an input may have; empty if it may have any.
    pub context: &'c [ResultType],
    /// Refuse names that no type known at their place has.
    pub strict: bool,
    /// Variables whose value is known now, by name without `%`.
    pub constants: &'c [(String, Item<'static>)],
    /// If given, the only other variables that there are beside those of the language: any other name is an error.
    pub variables: Option<&'c [&'c str]>,
}

impl Compilation<'_> {
    /// Compiles an expression.
    ///
    /// # Errors
    /// As [`Program::compile`] or, in strict mode, [`Program::compile_strict`].
    pub fn compile(&self, text: &str) -> Result<Program, CompileError> {
        compile::compile(text, self)
    }
}

#[derive(Debug)]
pub(super) enum Expression {
    Empty,
    Constant(Item<'static>),
    Path(Start, Vec<Step>),
    Minus(u32, Box<Expression>),
    Chain(Box<Expression>, Vec<ChainLink>),
}

/// What a path starts from.
#[derive(Debug)]
pub(super) enum Start {
    This,
    /// `$this`, if it is of the type (`Patient.name`).
    ThisOf(TypeId),
    Index,
    Total,
    Variable(u32, Box<str>),
    Expression(Box<Expression>),
}

#[derive(Debug)]
pub(super) struct ChainLink {
    pub(super) at: u32,
    pub(super) kind: ChainKind,
}

#[derive(Debug)]
pub(super) enum ChainKind {
    Operator(Operator, Expression),
    Is(TypeTest),
    As(TypeTest),
    /// `as` of a lenient program: on many items it chooses, as `ofType()` does.
    OfType(TypeTest),
}

#[derive(Debug)]
pub(super) enum Step {
    Member(Member),
    Index(u32, Expression),
    Call(Box<CallStep>),
}

/// A member by name. For each type that may stand here by the schema the element is known; for others it is looked up.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: Box<str>,
    pub(super) known: Vec<(TypeId, &'static Element)>,
}

#[derive(Debug)]
pub(super) struct CallStep {
    pub(super) at: u32,
    pub(super) function: Function,
    pub(super) arguments: Vec<Expression>,
    pub(super) test: Option<TypeTest>,
    /// The pattern of a match, where it is written out in the expression.
    pub(super) pattern: Option<Pattern>,
}

/// The type of `is`, `as` and `ofType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeTest {
    Fhir(TypeId),
    System(SystemType),
    /// `Quantity` without a namespace is both.
    Quantity(TypeId),
    /// A type that nothing here is of: `System.Patient`, and reflection types.
    Never,
}
