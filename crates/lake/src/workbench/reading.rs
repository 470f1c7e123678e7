//! Text read as something else: what CAST, TRY_CAST and comparisons do with columns of text. Blanks around a value do not
//! matter. What is not as it should be is NULL, or an error that names the expression, its place and the value.

use super::error::{Error, Kind, Place};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use datafusion::arrow::compute::{CastOptions, cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Characters of a value that an error shows, at most.
const SHOWN: usize = 60;

/// What becomes of a text that is not as it should be.
#[derive(Clone, Debug)]
pub(super) enum Unreadable {
    /// NULL.
    Null,
    /// An error of the expression at this place.
    Error { expression: String, view: Option<String>, place: Option<Place> },
}

/// A text that cannot be read as what a CAST asks for.
#[derive(Clone, Debug)]
pub(super) struct NotReadable {
    value: String,
    kind: String,
    expression: String,
    view: Option<String>,
    place: Option<Place>,
}

impl std::error::Error for NotReadable {}

impl fmt::Display for NotReadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: '{}' is not a {}", self.expression, self.value, self.kind)
    }
}

impl NotReadable {
    pub(super) fn to_error(&self) -> Error {
        let hint = format!("try_cast(… AS {}) gives NULL for it", self.kind);
        Error::new(Kind::Value, self.to_string()).at(self.place).in_view(self.view.as_deref()).hint(hint)
    }
}

/// An expression of text, read as another type.
pub(super) fn read(text: Expr, kind: DataType, unreadable: Unreadable) -> Expr {
    let reading = Reading { signature: Signature::any(1, Volatility::Immutable), kind, unreadable };
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(ScalarUDF::from(reading)), vec![text]))
}

/// A type as SQL calls it.
pub(super) fn sql_name(kind: &DataType) -> String {
    match kind {
        DataType::Boolean => "BOOLEAN".into(),
        DataType::Int8 => "TINYINT".into(),
        DataType::Int16 => "SMALLINT".into(),
        DataType::Int32 => "INT".into(),
        DataType::Int64 => "BIGINT".into(),
        DataType::UInt64 => "BIGINT UNSIGNED".into(),
        DataType::Float32 => "REAL".into(),
        DataType::Float64 => "DOUBLE".into(),
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            format!("DECIMAL({precision}, {scale})")
        }
        DataType::Date32 | DataType::Date64 => "DATE".into(),
        DataType::Time32(_) | DataType::Time64(_) => "TIME".into(),
        DataType::Timestamp(_, None) => "TIMESTAMP".into(),
        DataType::Timestamp(..) => "TIMESTAMP WITH TIME ZONE".into(),
        DataType::Interval(_) => "INTERVAL".into(),
        kind if kind.is_string() => "VARCHAR".into(),
        other => other.to_string(),
    }
}

#[derive(Clone, Debug)]
struct Reading {
    signature: Signature,
    kind: DataType,
    unreadable: Unreadable,
}

impl Reading {
    fn is_strict_about_values(&self) -> bool {
        matches!(self.unreadable, Unreadable::Error { .. })
    }

    fn read(&self, array: &ArrayRef) -> Result<ArrayRef> {
        let text = match array.data_type() {
            DataType::Utf8View => Arc::clone(array),
            _ => cast(array, &DataType::Utf8View)?,
        };
        let text = trimmed(text.as_string_view());
        let texts: &StringViewArray = &text;
        let safe = CastOptions { safe: true, ..CastOptions::default() };
        let read = cast_with_options(texts, &self.kind, &safe)?;
        if let Unreadable::Error { expression, view, place } = &self.unreadable
            && read.null_count() > texts.null_count()
        {
            let at = (0..texts.len()).find(|at| texts.is_valid(*at) && read.is_null(*at));
            let value = at.map(|at| texts.value(at).chars().take(SHOWN).collect()).unwrap_or_default();
            return Err(DataFusionError::External(Box::new(NotReadable {
                value,
                kind: sql_name(&self.kind),
                expression: expression.clone(),
                view: view.clone(),
                place: *place,
            })));
        }
        Ok(read)
    }
}

/// Without blanks around; the same array where there are none.
fn trimmed(texts: &StringViewArray) -> StringViewArray {
    let is_trimmed = |text: &str| {
        let blank = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_whitespace() || !byte.is_ascii());
        !blank(text.as_bytes().first()) && !blank(text.as_bytes().last())
    };
    if texts.iter().flatten().all(is_trimmed) {
        return texts.clone();
    }
    texts.iter().map(|text| text.map(str::trim)).collect()
}

impl PartialEq for Reading {
    fn eq(&self, other: &Self) -> bool {
        // Where it stands makes no difference to what it gives.
        self.kind == other.kind && self.is_strict_about_values() == other.is_strict_about_values()
    }
}

impl Eq for Reading {}

impl Hash for Reading {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
        self.is_strict_about_values().hash(state);
    }
}

impl ScalarUDFImpl for Reading {
    fn name(&self) -> &'static str {
        if self.is_strict_about_values() { "read" } else { "try_read" }
    }

    /// As casts, it does not show in the names of columns.
    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        Ok(arguments.first().map(|argument| argument.schema_name().to_string()).unwrap_or_default())
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.kind.clone())
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let nullable = !self.is_strict_about_values() || arguments.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.kind.clone(), nullable)))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match &args.args[0] {
            ColumnarValue::Array(array) => Ok(ColumnarValue::Array(self.read(array)?)),
            ColumnarValue::Scalar(value) => {
                let read = self.read(&value.to_array()?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&read, 0)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_a_value_are_left_out_and_others_kept() {
        let texts = StringViewArray::from(vec![Some(" 1"), None, Some("2\u{3000}"), Some("a b"), Some("")]);
        let expected = StringViewArray::from(vec![Some("1"), None, Some("2"), Some("a b"), Some("")]);
        assert_eq!(trimmed(&texts), expected);
        assert_eq!(trimmed(&expected), expected);
    }
}
