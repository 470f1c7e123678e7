//! Checks and what they found, as JSON.

use super::check::Check;
use super::run::{Outcome, Status};
use serde_json::{Value, json};

impl Check {
    /// What the check is.
    pub fn json(&self) -> Value {
        json!({
            "check": self.id(),
            "kind": self.kind.name(),
            "level": self.kind.level().name(),
            "severity": self.kind.severity().name(),
            "category": self.kind.category(),
            "subcategory": self.kind.subcategory(),
            "table": self.table,
            "field": self.field,
            "concept": self.concept(),
            "sentence": self.sentence(),
            "values": self.values(),
            "threshold": self.threshold,
        })
    }
}

impl Outcome {
    /// The check and what it found.
    pub fn json(&self) -> Value {
        let mut json = self.check.json();
        json["violated"] = json!(self.violated);
        json["rows"] = json!(self.rows);
        json["percent"] = json!((self.percent() * 10_000.0).round() / 10_000.0);
        json["status"] = json!(self.status.name());
        json["reason"] = match &self.status {
            Status::NotApplicable(why) => json!(why.to_string()),
            _ => Value::Null,
        };
        json
    }
}
