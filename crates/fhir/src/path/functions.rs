//! The functions: names, arguments, what they give.

use super::item::SystemType;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    // Existence
    Empty,
    Exists,
    All,
    AllTrue,
    AnyTrue,
    AllFalse,
    AnyFalse,
    SubsetOf,
    SupersetOf,
    Count,
    Distinct,
    IsDistinct,
    Not,
    // Filtering, projection, subsets
    Where,
    Select,
    Repeat,
    RepeatAll,
    Aggregate,
    Sort,
    Single,
    First,
    Last,
    Tail,
    Skip,
    Take,
    Intersect,
    Exclude,
    Union,
    Combine,
    Coalesce,
    Iif,
    Trace,
    DefineVariable,
    // Types
    Is,
    As,
    OfType,
    Type,
    // Conversion
    ToBoolean,
    ToInteger,
    ToDecimal,
    ToText,
    ToDate,
    ToDateTime,
    ToTime,
    ToQuantity,
    ConvertsToBoolean,
    ConvertsToInteger,
    ConvertsToDecimal,
    ConvertsToText,
    ConvertsToDate,
    ConvertsToDateTime,
    ConvertsToTime,
    ConvertsToQuantity,
    // Text
    IndexOf,
    LastIndexOf,
    Substring,
    StartsWith,
    EndsWith,
    Contains,
    Upper,
    Lower,
    Replace,
    Matches,
    MatchesFull,
    ReplaceMatches,
    Length,
    ToChars,
    Encode,
    Decode,
    Escape,
    Unescape,
    Trim,
    Split,
    Join,
    // Numbers
    Abs,
    Ceiling,
    Exp,
    Floor,
    Ln,
    Log,
    Power,
    Round,
    Sqrt,
    Truncate,
    Sum,
    Min,
    Max,
    Avg,
    // Time and precision
    Now,
    Today,
    TimeOfDay,
    YearOf,
    MonthOf,
    DayOf,
    HourOf,
    MinuteOf,
    SecondOf,
    MillisecondOf,
    TimezoneOffsetOf,
    DateOf,
    TimeOf,
    LowBoundary,
    HighBoundary,
    Precision,
    Comparable,
    // Tree
    Children,
    Descendants,
    // FHIR
    Extension,
    HasValue,
    GetValue,
    Resolve,
    ConformsTo,
    HtmlChecks,
    ResourceKey,
    ReferenceKey,
}

/// In what the arguments are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arguments {
    /// Where the call stands: `$this` is what it is outside.
    Outside,
    /// For each item of the input, which is `$this`.
    EachItem,
    /// Once, with all of the input as `$this`.
    Input,
    /// A type's name.
    Type,
    /// A name, then for each item.
    NameThenEach,
    /// For each item, then where the call stands.
    EachThenOutside,
}

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// One value of a System type at most.
    One(SystemType),
    /// Many values of a System type.
    Many(SystemType),
    /// Items of the input.
    Input,
    /// One item of the input at most.
    OneOfInput,
    /// Items of the first argument.
    Argument,
    /// Items of the input and the arguments.
    Both,
    /// Items of the second and third argument.
    Branches,
    /// What is told by the type argument.
    Type,
    /// Elements of the type Extension.
    Extensions,
    /// Anything.
    Open,
}

/// What kind of input makes sense at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Any,
    /// Primitives; a complex element is an error.
    Primitive,
    /// Anything in an order; children and descendants have none.
    Ordered,
}

pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) function: Function,
    pub(super) least: u8,
    pub(super) most: u8,
    pub(super) arguments: Arguments,
    pub(super) gives: Gives,
    pub(super) input: Input,
}

use Arguments::{EachItem, EachThenOutside, NameThenEach, Outside};
use Function as F;
use SystemType::{Boolean, Date, DateTime, Decimal, Integer, Quantity, String as Text, Time};

const fn of(
    name: &'static str,
    function: Function,
    least: u8,
    most: u8,
    arguments: Arguments,
    gives: Gives,
    input: Input,
) -> Signature {
    Signature { name, function, least, most, arguments, gives, input }
}

/// No arguments, or some that are evaluated outside.
const fn plain(name: &'static str, function: Function, least: u8, most: u8, gives: Gives) -> Signature {
    of(name, function, least, most, Outside, gives, Input::Any)
}

/// As [`plain`], of primitives only.
const fn value(name: &'static str, function: Function, least: u8, most: u8, gives: SystemType) -> Signature {
    of(name, function, least, most, Outside, Gives::One(gives), Input::Primitive)
}

const fn each(name: &'static str, function: Function, least: u8, most: u8, gives: Gives) -> Signature {
    of(name, function, least, most, EachItem, gives, Input::Any)
}

const ONE_BOOLEAN: Gives = Gives::One(Boolean);

/// Arguments without a bound in number.
const ANY: u8 = u8::MAX;

pub(super) const SIGNATURES: &[Signature] = &[
    plain("empty", F::Empty, 0, 0, ONE_BOOLEAN),
    each("exists", F::Exists, 0, 1, ONE_BOOLEAN),
    each("all", F::All, 1, 1, ONE_BOOLEAN),
    plain("allTrue", F::AllTrue, 0, 0, ONE_BOOLEAN),
    plain("anyTrue", F::AnyTrue, 0, 0, ONE_BOOLEAN),
    plain("allFalse", F::AllFalse, 0, 0, ONE_BOOLEAN),
    plain("anyFalse", F::AnyFalse, 0, 0, ONE_BOOLEAN),
    plain("subsetOf", F::SubsetOf, 1, 1, ONE_BOOLEAN),
    plain("supersetOf", F::SupersetOf, 1, 1, ONE_BOOLEAN),
    plain("count", F::Count, 0, 0, Gives::One(Integer)),
    plain("distinct", F::Distinct, 0, 0, Gives::Input),
    plain("isDistinct", F::IsDistinct, 0, 0, ONE_BOOLEAN),
    plain("not", F::Not, 0, 0, ONE_BOOLEAN),
    each("where", F::Where, 1, 1, Gives::Input),
    each("select", F::Select, 1, 1, Gives::Argument),
    each("repeat", F::Repeat, 1, 1, Gives::Open),
    each("repeatAll", F::RepeatAll, 1, 1, Gives::Open),
    of("aggregate", F::Aggregate, 1, 2, EachThenOutside, Gives::Open, Input::Any),
    each("sort", F::Sort, 0, ANY, Gives::Input),
    plain("single", F::Single, 0, 0, Gives::OneOfInput),
    of("first", F::First, 0, 0, Outside, Gives::OneOfInput, Input::Ordered),
    of("last", F::Last, 0, 0, Outside, Gives::OneOfInput, Input::Ordered),
    of("tail", F::Tail, 0, 0, Outside, Gives::Input, Input::Ordered),
    of("skip", F::Skip, 1, 1, Outside, Gives::Input, Input::Ordered),
    of("take", F::Take, 1, 1, Outside, Gives::Input, Input::Ordered),
    plain("intersect", F::Intersect, 1, 1, Gives::Input),
    plain("exclude", F::Exclude, 1, 1, Gives::Input),
    plain("union", F::Union, 1, 1, Gives::Both),
    plain("combine", F::Combine, 1, 2, Gives::Both),
    of("coalesce", F::Coalesce, 1, ANY, Arguments::Input, Gives::Open, Input::Any),
    of("iif", F::Iif, 2, 3, Arguments::Input, Gives::Branches, Input::Any),
    of("trace", F::Trace, 1, 2, NameThenEach, Gives::Input, Input::Any),
    of("defineVariable", F::DefineVariable, 1, 2, Arguments::Input, Gives::Input, Input::Any),
    of("is", F::Is, 1, 1, Arguments::Type, ONE_BOOLEAN, Input::Any),
    of("as", F::As, 1, 1, Arguments::Type, Gives::Type, Input::Any),
    of("ofType", F::OfType, 1, 1, Arguments::Type, Gives::Type, Input::Any),
    plain("type", F::Type, 0, 0, Gives::Open),
    plain("toBoolean", F::ToBoolean, 0, 0, Gives::One(Boolean)),
    plain("toInteger", F::ToInteger, 0, 0, Gives::One(Integer)),
    plain("toDecimal", F::ToDecimal, 0, 0, Gives::One(Decimal)),
    plain("toString", F::ToText, 0, 0, Gives::One(Text)),
    plain("toDate", F::ToDate, 0, 0, Gives::One(Date)),
    plain("toDateTime", F::ToDateTime, 0, 0, Gives::One(DateTime)),
    plain("toTime", F::ToTime, 0, 0, Gives::One(Time)),
    plain("toQuantity", F::ToQuantity, 0, 1, Gives::One(Quantity)),
    plain("convertsToBoolean", F::ConvertsToBoolean, 0, 0, ONE_BOOLEAN),
    plain("convertsToInteger", F::ConvertsToInteger, 0, 0, ONE_BOOLEAN),
    plain("convertsToDecimal", F::ConvertsToDecimal, 0, 0, ONE_BOOLEAN),
    plain("convertsToString", F::ConvertsToText, 0, 0, ONE_BOOLEAN),
    plain("convertsToDate", F::ConvertsToDate, 0, 0, ONE_BOOLEAN),
    plain("convertsToDateTime", F::ConvertsToDateTime, 0, 0, ONE_BOOLEAN),
    plain("convertsToTime", F::ConvertsToTime, 0, 0, ONE_BOOLEAN),
    plain("convertsToQuantity", F::ConvertsToQuantity, 0, 1, ONE_BOOLEAN),
    value("indexOf", F::IndexOf, 1, 1, Integer),
    value("lastIndexOf", F::LastIndexOf, 1, 1, Integer),
    value("substring", F::Substring, 1, 2, Text),
    value("startsWith", F::StartsWith, 1, 1, Boolean),
    value("endsWith", F::EndsWith, 1, 1, Boolean),
    value("contains", F::Contains, 1, 1, Boolean),
    value("upper", F::Upper, 0, 0, Text),
    value("lower", F::Lower, 0, 0, Text),
    value("replace", F::Replace, 2, 2, Text),
    value("matches", F::Matches, 1, 2, Boolean),
    value("matchesFull", F::MatchesFull, 1, 2, Boolean),
    value("replaceMatches", F::ReplaceMatches, 2, 3, Text),
    value("length", F::Length, 0, 0, Integer),
    of("toChars", F::ToChars, 0, 0, Outside, Gives::Many(Text), Input::Primitive),
    value("encode", F::Encode, 1, 1, Text),
    value("decode", F::Decode, 1, 1, Text),
    value("escape", F::Escape, 1, 1, Text),
    value("unescape", F::Unescape, 1, 1, Text),
    value("trim", F::Trim, 0, 0, Text),
    of("split", F::Split, 1, 1, Outside, Gives::Many(Text), Input::Primitive),
    value("join", F::Join, 0, 1, Text),
    plain("abs", F::Abs, 0, 0, Gives::Open),
    plain("ceiling", F::Ceiling, 0, 0, Gives::Open),
    plain("exp", F::Exp, 0, 0, Gives::One(Decimal)),
    plain("floor", F::Floor, 0, 0, Gives::Open),
    plain("ln", F::Ln, 0, 0, Gives::One(Decimal)),
    plain("log", F::Log, 1, 1, Gives::One(Decimal)),
    plain("power", F::Power, 1, 1, Gives::Open),
    plain("round", F::Round, 0, 1, Gives::Open),
    plain("sqrt", F::Sqrt, 0, 0, Gives::One(Decimal)),
    plain("truncate", F::Truncate, 0, 0, Gives::Open),
    plain("sum", F::Sum, 0, 0, Gives::Open),
    plain("min", F::Min, 0, 0, Gives::OneOfInput),
    plain("max", F::Max, 0, 0, Gives::OneOfInput),
    plain("avg", F::Avg, 0, 0, Gives::Open),
    plain("now", F::Now, 0, 0, Gives::One(DateTime)),
    plain("today", F::Today, 0, 0, Gives::One(Date)),
    plain("timeOfDay", F::TimeOfDay, 0, 0, Gives::One(Time)),
    plain("yearOf", F::YearOf, 0, 0, Gives::One(Integer)),
    plain("monthOf", F::MonthOf, 0, 0, Gives::One(Integer)),
    plain("dayOf", F::DayOf, 0, 0, Gives::One(Integer)),
    plain("hourOf", F::HourOf, 0, 0, Gives::One(Integer)),
    plain("minuteOf", F::MinuteOf, 0, 0, Gives::One(Integer)),
    plain("secondOf", F::SecondOf, 0, 0, Gives::One(Integer)),
    plain("millisecondOf", F::MillisecondOf, 0, 0, Gives::One(Integer)),
    plain("timezoneOffsetOf", F::TimezoneOffsetOf, 0, 0, Gives::One(Decimal)),
    plain("dateOf", F::DateOf, 0, 0, Gives::One(Date)),
    plain("timeOf", F::TimeOf, 0, 0, Gives::One(Time)),
    plain("lowBoundary", F::LowBoundary, 0, 1, Gives::Open),
    plain("highBoundary", F::HighBoundary, 0, 1, Gives::Open),
    plain("precision", F::Precision, 0, 0, Gives::One(Integer)),
    plain("comparable", F::Comparable, 1, 1, ONE_BOOLEAN),
    plain("children", F::Children, 0, 0, Gives::Open),
    plain("descendants", F::Descendants, 0, 0, Gives::Open),
    plain("extension", F::Extension, 1, 1, Gives::Extensions),
    plain("hasValue", F::HasValue, 0, 0, ONE_BOOLEAN),
    plain("getValue", F::GetValue, 0, 0, Gives::Open),
    plain("resolve", F::Resolve, 0, 0, Gives::Open),
    plain("conformsTo", F::ConformsTo, 1, 1, ONE_BOOLEAN),
    plain("htmlChecks", F::HtmlChecks, 0, 0, ONE_BOOLEAN),
    plain("getResourceKey", F::ResourceKey, 0, 0, Gives::One(Text)),
    of("getReferenceKey", F::ReferenceKey, 0, 1, Arguments::Type, Gives::One(Text), Input::Any),
];

/// Functions of the FHIR specification that need a terminology server or profiles: refused by name, so that nobody takes an
/// empty answer for a no.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("memberOf", "needs a terminology service"),
    ("subsumes", "needs a terminology service"),
    ("subsumedBy", "needs a terminology service"),
    ("elementDefinition", "needs profiles"),
    ("slice", "needs profiles"),
    ("checkModifiers", "needs profiles"),
];

/// The function of that name.
pub(super) fn signature(name: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|signature| signature.name == name)
}
