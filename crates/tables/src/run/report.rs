//! What a run says of itself: every row counted, every reason with examples.

use crate::error::Error;
use crate::pull::{InFile, Sources};
use crate::run::{Kept, Stored, unread};
use crate::said::Said;
use crate::value::{Counted, UnmappedKind};
use access::Grant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Examples of a reason that are shown.
pub const EXAMPLES: usize = 5;
/// Values without a target, and units that are not understood, that are listed by their frequency.
pub const LISTED: usize = 1_000;

/// What a run did, or would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunReport {
    /// The source.
    pub source: String,
    /// The mapping's name.
    pub mapping: String,
    /// The version it gives itself.
    pub version: String,
    /// Hash of its files, in hex.
    pub hash: String,
    /// Whether anything was written.
    pub written: bool,
    /// Its targets, in the order in which they ran.
    pub targets: Vec<TargetReport>,
    /// Targets whose table was not delivered.
    pub not_delivered: Vec<String>,
    /// What somebody should know about the whole of it.
    pub notes: Vec<Said>,
    /// What the door said.
    pub stored: Stored,
    /// Codes and units that no map knew, the most frequent first.
    pub unmapped: Vec<Counted>,
}

/// What became of the rows of one target.
///
/// `rows = resources + merged + filtered + rejected`, always.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TargetReport {
    /// Its name.
    pub name: String,
    /// The type of its resources.
    pub resource_type: String,
    /// The table whose rows are accounted for.
    pub table: String,
    /// Rows that the query gave, and rows of the table of which it gave none.
    pub rows: u64,
    /// Resources.
    pub resources: u64,
    /// Rows that went into a resource beside its first.
    pub merged: u64,
    /// Rows of the table of which the query gave none.
    pub filtered: u64,
    /// Rows that were refused, each with a reason.
    pub rejected: u64,
    /// Rows of the table.
    pub table_rows: u64,
    /// Rows of child files: given and refused.
    pub child_rows: u64,
    /// Child rows among [`TargetReport::rejected`] that belong to no resource; they are not among the rows.
    pub child_rejected: u64,
    /// Resources that are one with a record of another door.
    pub met: u64,
    /// Elements of these that stayed as another source has them.
    pub kept: Vec<Kept>,
    /// Which of its rows were mapped by this run.
    pub mapped: Mapped,
    /// How many of its rows that were, where it was a part.
    #[serde(default)]
    pub mapped_rows: Option<u64>,
    /// Why all of them were, if so.
    pub why_whole: Option<String>,
    /// The same as a code, for pages: what was different at first.
    #[serde(default)]
    pub why_whole_code: Option<String>,
    /// Why rows were refused, and why elements were left out.
    pub reasons: Vec<ReasonCount>,
    /// What deserves a look.
    pub remarks: Vec<ReasonCount>,
    /// How many values were made of elements whose text may be none of what they are.
    #[serde(default)]
    pub values: Vec<ValueCount>,
}

/// How many values an element got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueCount {
    /// Its path in JSON.
    pub element: String,
    /// How many.
    pub count: u64,
}

/// Which rows of a target a run maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mapped {
    /// All.
    #[default]
    Whole,
    /// Those that a change reached; the report is of all.
    Part,
    /// None: nothing is different from the last run, of which this is the report.
    Nothing,
}

impl Mapped {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Mapped::Whole => "whole",
            Mapped::Part => "part",
            Mapped::Nothing => "nothing",
        }
    }
}

/// A reason, how often, and where for example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonCount {
    /// Its code.
    pub code: String,
    /// The element, as its path in JSON; none if the row as a whole is meant.
    pub element: Option<String>,
    /// What it did.
    pub effect: Effect,
    /// How often.
    pub count: u64,
    /// Rows that were refused and of which it is the first reason: those of all reasons together are the [`TargetReport::rejected`].
    pub rows: u64,
    /// How often it was a further reason of rows that were refused for another already.
    pub further: u64,
    /// The first few.
    pub examples: Vec<Example>,
}

/// What a reason does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// The row is refused.
    Rejected,
    /// The element is left out, the resource lives.
    LeftOut,
    /// Nothing: the value stands.
    Remark,
}

impl Effect {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Rejected => "rejected",
            Effect::LeftOut => "left-out",
            Effect::Remark => "remark",
        }
    }
}

/// A row that shows a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The table.
    pub table: String,
    /// The row's number in it by the store's own counting.
    pub row: u64,
    /// Its number in its file, once that was looked up ([`RunReport::number_rows`]).
    #[serde(skip)]
    pub in_file: Option<InFile>,
    /// What is wrong.
    pub message: String,
    /// What stood there.
    pub text: Option<String>,
}

impl TargetReport {
    /// Whether every row is accounted for.
    pub fn is_balanced(&self) -> bool {
        self.rows == self.resources + self.merged + self.filtered + self.rejected
    }
}

impl RunReport {
    /// Looks up which numbers the rows of examples have in their files.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`], [`Error::Segment`].
    pub fn number_rows(&mut self, sources: &Sources, grant: &Grant) -> Result<(), Error> {
        let mut wanted: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        let examples = |target: &TargetReport| {
            let reasons = target.reasons.iter().chain(&target.remarks);
            reasons.flat_map(|reason| reason.examples.clone()).collect::<Vec<_>>()
        };
        for example in self.targets.iter().flat_map(examples) {
            wanted.entry(example.table).or_default().insert(example.row);
        }
        let found = sources.in_files(grant, &self.source, &wanted)?;
        for target in &mut self.targets {
            let reasons = target.reasons.iter_mut().chain(&mut target.remarks);
            for example in reasons.flat_map(|reason| &mut reason.examples) {
                example.in_file = found.of(&example.table, example.row);
            }
        }
        Ok(())
    }

    /// As JSON, for machines.
    pub fn to_json(&self) -> Value {
        let unmapped: Vec<Value> = self.unmapped.iter().take(LISTED).map(unmapped_json).collect();
        json!({
            "source": self.source,
            "mapping": self.mapping,
            "version": self.version,
            "hash": self.hash,
            "written": self.written,
            "targets": self.targets.iter().map(TargetReport::to_json).collect::<Vec<_>>(),
            "not_delivered": self.not_delivered,
            "notes": self.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "notes_said": self.notes.iter().map(Said::json).collect::<Vec<_>>(),
            "new": self.stored.new,
            "changed": self.stored.changed,
            "equal": self.stored.equal,
            "gone": self.stored.gone,
            "refused": self.stored.refused,
            "unmapped": unmapped,
        })
    }

    /// As CSV (RFC 4180): a line for each target and for each reason.
    pub fn to_csv(&self) -> String {
        csv_of(&self.to_json())
    }
}

/// The CSV of a report that is kept as JSON, as [`RunReport::to_csv`] is of one that was just made.
pub fn csv_of(report: &Value) -> String {
    let text = |of: &Value| csv(of.as_str().unwrap_or_default());
    let number = |of: &Value| of.as_u64().map_or(String::new(), |number| number.to_string());
    let all = |of: &Value| of.as_array().cloned().unwrap_or_default();
    let mut out = String::from(
        "target,type,rows,resources,merged,filtered,rejected,reason,element,effect,count,example_table,example_row,example,reason_rows,further,example_delivery\r\n",
    );
    for target in all(&report["targets"]) {
        let counts = ["rows", "resources", "merged", "filtered", "rejected"].map(|name| number(&target[name]));
        let head = [text(&target["name"]), text(&target["type"])];
        // Writing to a `String` does not fail.
        let _ = write!(out, "{},{},,,,,,,,,,\r\n", head.join(","), counts.join(","));
        for reason in all(&target["reasons"]).iter().chain(&all(&target["remarks"])) {
            let example = &reason["examples"][0];
            let cells = [
                text(&reason["reason"]),
                text(&reason["element"]),
                text(&reason["effect"]),
                number(&reason["count"]),
                text(&example["table"]),
                number(&example["row"]),
                text(&example["message"]),
                number(&reason["rows"]),
                number(&reason["further"]),
                number(&example["delivery"]),
            ];
            let _ = write!(out, "{},,,,,,{}\r\n", head.join(","), cells.join(","));
        }
    }
    out
}

/// A value that no map knew, for machines.
pub fn unmapped_json(counted: &Counted) -> Value {
    let kind = match counted.kind {
        UnmappedKind::Code => "code",
        UnmappedKind::Unit => "unit",
    };
    json!({
        "kind": kind, "map": counted.map, "value": counted.text, "display": counted.display, "count": counted.times,
    })
}

fn csv(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

impl TargetReport {
    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "type": self.resource_type,
            "table": self.table,
            "rows": self.rows,
            "resources": self.resources,
            "merged": self.merged,
            "filtered": self.filtered,
            "rejected": self.rejected,
            "table_rows": self.table_rows,
            "child_rows": self.child_rows,
            "child_rejected": self.child_rejected,
            "met": self.met,
            "kept": self.kept.iter().map(|kept| json!({"element": kept.element, "count": kept.count})).collect::<Vec<_>>(),
            "mapped": self.mapped.as_str(),
            "mapped_rows": self.mapped_rows,
            "why_whole": self.why_whole,
            "why_whole_code": self.why_whole_code,
            "reasons": self.reasons.iter().map(|reason| reason.to_json(self.of_left_out(reason))).collect::<Vec<_>>(),
            "remarks": self.remarks.iter().map(|remark| remark.to_json(self.of(remark))).collect::<Vec<_>>(),
        })
    }

    /// How many values there would be of an element of which a reason tells that some were left out: those that are, and those that are not
    /// for this reason and others.
    pub(super) fn of_left_out(&self, reason: &ReasonCount) -> Option<u64> {
        let element = reason.element.as_ref().filter(|_| unread::is_counted(reason))?;
        let same = |other: &&ReasonCount| other.element.as_ref() == Some(element) && unread::is_counted(other);
        let left_out: u64 = self.reasons.iter().filter(same).map(|other| other.count).sum();
        let made = self.values.iter().find(|values| values.element == *element).map_or(0, |values| values.count);
        Some(made + left_out)
    }

    /// How many values there are of the element of which a remark tells what was not read.
    pub(super) fn of(&self, remark: &ReasonCount) -> Option<u64> {
        let element = remark.element.as_ref().filter(|_| unread::CODES.contains(&remark.code.as_str()))?;
        self.values.iter().find(|values| values.element == *element).map(|values| values.count)
    }
}

impl ReasonCount {
    fn to_json(&self, of: Option<u64>) -> Value {
        let examples: Vec<Value> = self
            .examples
            .iter()
            .map(|example| {
                json!({
                    "table": example.table,
                    "row": example.in_file.map(|found| found.row),
                    "delivery": example.in_file.map(|found| found.delivery),
                    "message": example.message,
                    "text": example.text,
                })
            })
            .collect();
        json!({
            "reason": self.code,
            "element": self.element,
            "effect": self.effect.as_str(),
            "count": self.count,
            "rows": self.rows,
            "further": self.further,
            "of": of,
            "examples": examples,
        })
    }
}
