//! A profile for machines.

use super::column::{ColumnProfile, SHOWN};
use super::table::{Key, TableProfile};
use super::{Join, Likely, Profile};
use crate::said::{Doubt, Said};
use serde_json::{Value, json};

impl Profile {
    /// As JSON. It shows values: patient data.
    pub fn to_json(&self) -> Value {
        let pairs = |pairs: &[(String, String)], first: &str, second: &str| {
            pairs.iter().map(|(a, b)| json!({first: a, second: b})).collect::<Vec<_>>()
        };
        let passed: Vec<(String, String)> =
            self.passed_over.iter().map(|passed| (passed.file.clone(), passed.why.clone())).collect();
        let encodings: Vec<Value> = self
            .encodings
            .iter()
            .map(|of| json!({"table": of.table, "file": of.file, "encoding": of.encoding, "why": of.why}))
            .collect();
        json!({
            "tables": self.tables.iter().map(TableProfile::to_json).collect::<Vec<_>>(),
            "joins": self.joins.iter().map(Join::to_json).collect::<Vec<_>>(),
            "likely": self.likely.iter().map(Likely::to_json).collect::<Vec<_>>(),
            "encodings": encodings,
            "failed": pairs(&self.failed, "table", "why"),
            "passed_over": pairs(&passed, "file", "why"),
            "notes": self.notes,
        })
    }
}

impl TableProfile {
    fn to_json(&self) -> Value {
        let keys: Vec<Value> = self.keys.iter().take(SHOWN).map(Key::to_json).collect();
        json!({
            "name": self.name, "file": self.file, "rows": self.rows, "bad": self.bad, "bad_example": self.bad_example,
            "keys": keys, "columns": self.columns.iter().map(ColumnProfile::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Key {
    fn to_json(&self) -> Value {
        let lacks = self.lacks.map(|lacks| json!({"repeats": lacks.repeats, "empty": lacks.empty}));
        json!({"columns": self.columns, "exact": self.exact, "lacks": lacks, "said": self.lacks_in_words()})
    }
}

impl ColumnProfile {
    fn to_json(&self) -> Value {
        let counted = |pairs: &[(String, u64)], name: &str| {
            pairs.iter().map(|(text, count)| json!({name: text, "count": count})).collect::<Vec<_>>()
        };
        let numbers = self.numbers.as_ref().map(|numbers| {
            json!({
                "count": numbers.count, "min": numbers.range.0, "max": numbers.range.1, "decimals": numbers.decimals,
                "compared": numbers.compared, "leading_zeros": numbers.leading_zeros,
            })
        });
        let dates = self.dates.as_ref().map(|dates| {
            let formats: Vec<Value> =
                dates.formats.iter().map(|(format, count)| json!({"format": format, "count": count})).collect();
            json!({
                "count": dates.count, "first": dates.range.0, "last": dates.range.1, "formats": formats,
                "with_time": dates.with_time, "midnights": dates.midnights, "zoned": dates.zoned, "ambiguous": dates.ambiguous,
            })
        });
        json!({
            "name": self.name, "rows": self.rows, "values": self.values(), "nulls": counted(&self.nulls, "spelling"),
            "distinct": self.distinct, "distinct_exact": self.distinct_exact, "unique": self.is_key(),
            "top": counted(&self.top, "value"), "top_error": self.top_error, "shapes": counted(&self.shapes, "shape"),
            "length": {"min": self.lengths.0, "max": self.lengths.1, "mean": (self.lengths.2 * 10.0).round() / 10.0},
            "numbers": numbers, "dates": dates, "role": super::names::role_of(&self.name).map(super::Role::words),
            "doubts": self.doubts.iter().map(Doubt::json).collect::<Vec<_>>(),
        })
    }
}

impl Join {
    fn to_json(&self) -> Value {
        let end = |(table, column): &(String, String)| json!({"table": table, "column": column});
        json!({
            "from": end(&self.from), "to": end(&self.to), "share": (self.share * 1_000.0).floor() / 1_000.0,
            "values": self.values, "exact": self.exact, "by_name": self.by_name,
        })
    }
}

impl Likely {
    fn to_json(&self) -> Value {
        let columns: serde_json::Map<String, Value> =
            self.columns.iter().map(|(role, column)| (role.words().to_owned(), json!(column))).collect();
        let because: Vec<Value> = self.because.iter().map(Said::json).collect();
        json!({
            "target": self.target, "table": self.table, "sure": self.sure, "why": self.why, "because": because,
            "columns": columns,
        })
    }
}
