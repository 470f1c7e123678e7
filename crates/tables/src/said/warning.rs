//! What a mapping may have forgotten to say, as the values of a run show.

use super::note::Said;
use serde_json::json;

/// Their codes: those of the remarks that they count.
pub const CODES: [&str; 3] = ["decimal-sign", "other-value", "unit-in-value"];

/// Many values of an element that were not read: how many of how many, and one of them.
pub(crate) struct Unread<'a> {
    pub target: &'a str,
    pub element: &'a str,
    pub count: u64,
    pub of: u64,
    pub text: &'a str,
}

impl Unread<'_> {
    fn said(&self, code: &'static str, sign: Option<char>, rest: &str) -> Said {
        let Unread { target, element, count, of, text } = self;
        let mut values = json!({"target": target, "element": element, "count": count, "of": of, "text": text});
        if let Some(sign) = sign {
            values["sign"] = json!(sign);
        }
        Said::new(code, values, format!("{target} {element}: {count} of {of} values were not read{rest}"))
    }

    /// Numbers whose sign before the fraction is another.
    pub(crate) fn decimal_sign(&self, sign: char, advice: &str) -> Said {
        let rest = format!(" as numbers and kept as text, such as `{}`: {advice}", self.text);
        self.said(CODES[0], Some(sign), &rest)
    }

    /// Numbers with signs that the mapping does not say; what may be done.
    pub(crate) fn number_signs(&self, advice: &str) -> Said {
        let rest = format!(" as numbers and kept as text, such as `{}`: {advice}", self.text);
        self.said("number-signs", None, &rest)
    }

    /// Values in whose place a constant stands.
    pub(crate) fn other_value(&self) -> Said {
        let Unread { text, .. } = self;
        let rest = format!(
            ", such as `{text}`, and a constant stands in their place: see how the source writes them (decimal and order in mapping.toml)"
        );
        self.said(CODES[1], None, &rest)
    }

    /// Numbers with their unit.
    pub(crate) fn unit_in_value(&self) -> Said {
        let Unread { text, .. } = self;
        let rest = format!(
            " as numbers and kept as text, such as `{text}`: their unit stands in the value. Give quantity(…) the number and the unit apart, \
             as with split_part(column, ' ', 1)"
        );
        self.said(CODES[2], None, &rest)
    }
}

/// An element of which most values were left out: how many of how many, the most frequent reason and how often it was.
pub(crate) struct LeftOut<'a> {
    pub target: &'a str,
    pub element: &'a str,
    pub count: u64,
    pub of: u64,
    pub reason: &'a str,
    pub most: u64,
    pub example: &'a str,
    pub advice: &'a str,
}

impl LeftOut<'_> {
    pub(crate) fn said(&self) -> Said {
        let LeftOut { target, element, count, of, reason, most, example, advice } = self;
        let of_them = if most == count { String::new() } else { format!(", {most} of them") };
        let example = if example.is_empty() { String::new() } else { format!(": {example}") };
        let next = if advice.is_empty() { String::new() } else { format!(". {advice}") };
        let text =
            format!("{target} {element}: {count} of {of} values were left out ({reason}{of_them}{example}){next}");
        Said::new(
            "left-out",
            json!({"target": target, "element": element, "count": count, "of": of, "reason": reason}),
            text,
        )
    }
}

/// A column that a target reads and that the last delivery of its table has not.
pub(crate) fn lost_column(table: &str, column: &str) -> Said {
    let text = format!(
        "table {table} has no column {column} any more, which the mapping reads: rows that came since have nothing there. Read the column \
         that took its place, or name it in `optional_columns` of the table"
    );
    Said::new("lost-column", json!({"table": table, "column": column}), text)
}

/// A table without a key of its own of which a target's key is columns.
pub(crate) fn keyless_table(table: &str, target: &str, columns: &[String]) -> Said {
    let key = columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "table {table} has no `key` in mapping.toml: a row that changes is told as a new one, and of several rows of one key that {target} is \
         made of, the other may take its place; if they tell its rows apart, say key = [{key}] under [tables.{table}]"
    );
    Said::new("keyless-table", json!({"table": table, "target": target, "key": key}), text)
}

/// What a target made that no file makes any more.
pub(crate) fn dropped_target(target: &str, text: String) -> Said {
    Said::new("dropped-target", json!({"target": target}), text)
}
