//! The syntax tree: what the text says, before names mean anything.

use super::temporal::Temporal;
use crate::decimal::Decimal;

/// An expression and the offset where it (or its operator's left side) begins.
#[derive(Debug)]
pub(super) struct Syntax {
    pub(super) at: u32,
    pub(super) kind: SyntaxKind,
}

#[derive(Debug)]
pub(super) enum SyntaxKind {
    /// `{}`
    Empty,
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    String(String),
    Temporal(Temporal),
    Quantity {
        value: Decimal,
        unit: String,
        calendar: bool,
    },
    This,
    Index,
    Total,
    /// `%name`
    Variable(String),
    /// A name without anything before it: a member of `$this`, or the type of it.
    Name(String),
    /// A function without anything before it.
    Call(Call),
    /// `base.step.step[index]`: never itself based on a path.
    Path(Box<Syntax>, Vec<SyntaxStep>),
    Minus(Box<Syntax>),
    Plus(Box<Syntax>),
    /// Operators of one precedence, from left to right: so that a long chain is long and not deep.
    Chain(Box<Syntax>, Vec<Link>),
}

#[derive(Debug)]
pub(super) struct SyntaxStep {
    pub(super) at: u32,
    pub(super) kind: SyntaxStepKind,
}

#[derive(Debug)]
pub(super) enum SyntaxStepKind {
    Member(String),
    Call(Call),
    Index(Syntax),
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: Vec<Syntax>,
}

/// An operator and its right side.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) at: u32,
    pub(super) kind: LinkKind,
}

#[derive(Debug)]
pub(super) enum LinkKind {
    Operator(Operator, Syntax),
    Is(TypeName),
    As(TypeName),
}

/// `HumanName`, `FHIR.HumanName`, `System.String`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TypeName {
    pub(super) at: u32,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

/// The binary operators whose right side is an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Multiply,
    Divide,
    Div,
    Mod,
    Add,
    Subtract,
    Concatenate,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

impl Operator {
    /// The operator's text.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Div => "div",
            Operator::Mod => "mod",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Concatenate => "&",
            Operator::Union => "|",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Equivalent => "~",
            Operator::NotEquivalent => "!~",
            Operator::In => "in",
            Operator::Contains => "contains",
            Operator::And => "and",
            Operator::Or => "or",
            Operator::Xor => "xor",
            Operator::Implies => "implies",
        }
    }

    /// How strongly the operator binds. `is` and `as` stand at [`TYPE_PRECEDENCE`].
    pub(super) const fn precedence(self) -> u8 {
        match self {
            Operator::Multiply | Operator::Divide | Operator::Div | Operator::Mod => 10,
            Operator::Add | Operator::Subtract | Operator::Concatenate => 9,
            Operator::Union => 7,
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => 6,
            Operator::Equal | Operator::NotEqual | Operator::Equivalent | Operator::NotEquivalent => 5,
            Operator::In | Operator::Contains => 4,
            Operator::And => 3,
            Operator::Or | Operator::Xor => 2,
            Operator::Implies => 1,
        }
    }
}

/// The precedence of `is` and `as`.
pub(super) const TYPE_PRECEDENCE: u8 = 8;
/// The precedence of the signs `+` and `-`.
pub(super) const SIGN_PRECEDENCE: u8 = 11;
