//! Values that `coalesce` took because others could not be read: how many of how many, and what may be wrong with the mapping.

use super::report::{ReasonCount, TargetReport};
use std::fmt::Write;

/// The remarks that tell of such a value.
pub(super) const CODES: [&str; 4] = ["decimal-sign", "kept-as-text", "other-value", "unit-in-value"];
/// So many are a few that were mistyped.
const FEW: u64 = 5;
/// Of what looks like a number one in so many must be unread, if its sign is another: such numbers are no words.
const SHARE: u64 = 10;

/// What a mapping may have forgotten to say, if much of an element was not read.
pub(super) fn warnings(targets: &[TargetReport]) -> Vec<String> {
    targets.iter().flat_map(of).collect()
}

fn of(target: &TargetReport) -> Vec<String> {
    let mut warnings = Vec::new();
    for remark in &target.remarks {
        let Some(all) = target.of(remark) else { continue };
        let same = |other: &&ReasonCount| other.element == remark.element && CODES.contains(&other.code.as_str());
        let unread: u64 = target.remarks.iter().filter(same).map(|other| other.count).sum();
        // Words among numbers say nothing about how numbers are written.
        let numbers = all.saturating_sub(unread) + remark.count;
        let is_much = match remark.code.as_str() {
            "decimal-sign" => remark.count * SHARE > numbers,
            "unit-in-value" | "other-value" => remark.count * 2 > numbers,
            _ => false,
        };
        if remark.count > FEW && is_much {
            warnings.push(warning(&target.name, remark, all));
        }
    }
    warnings
}

fn warning(target: &str, remark: &ReasonCount, all: u64) -> String {
    let element = remark.element.as_deref().unwrap_or_default();
    let text = remark.examples.iter().find_map(|example| example.text.as_deref()).unwrap_or_default();
    let mut warning = format!("{target} {element}: {} of {all} values were not read", remark.count);
    // Writing to a `String` does not fail.
    let _ = match remark.code.as_str() {
        "decimal-sign" => {
            let sign = if text.rfind(',') > text.rfind('.') { ',' } else { '.' };
            write!(
                warning,
                " as numbers and kept as text, such as `{text}`: if `{sign}` stands before the fraction, say decimal = \"{sign}\" in mapping.toml"
            )
        }
        "unit-in-value" => write!(
            warning,
            " as numbers and kept as text, such as `{text}`: their unit stands in the value. Give quantity(…) the number and the unit apart, \
             as with split_part(column, ' ', 1)"
        ),
        _ => write!(
            warning,
            ", such as `{text}`, and a constant stands in their place: see how the source writes them (decimal and order in mapping.toml)"
        ),
    };
    warning
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::report::{Effect, Example, ValueCount};

    fn remark(code: &str, count: u64, text: &str) -> ReasonCount {
        let example =
            Example { table: "t".into(), row: 1, in_file: None, message: String::new(), text: Some(text.into()) };
        let (code, element) = (code.to_owned(), Some("value".to_owned()));
        ReasonCount { code, element, effect: Effect::Remark, count, rows: 0, further: 0, examples: vec![example] }
    }

    fn told(remarks: Vec<ReasonCount>, values: u64) -> Vec<String> {
        let values = vec![ValueCount { element: "value".into(), count: values }];
        warnings(&[TargetReport { name: "Observation".into(), remarks, values, ..TargetReport::default() }])
    }

    #[test]
    fn numbers_with_a_comma_are_warned_of_and_words_among_numbers_are_not() {
        let warned = told(vec![remark("decimal-sign", 1196, "15,5")], 1196);
        assert_eq!(
            warned,
            [
                "Observation value: 1196 of 1196 values were not read as numbers and kept as text, such as `15,5`: if `,` stands before the \
              fraction, say decimal = \",\" in mapping.toml"
            ]
        );
        let point = told(vec![remark("decimal-sign", 600, "15.5"), remark("kept-as-text", 4000, "neg")], 5000);
        assert!(point[0].contains("say decimal = \".\""), "{point:?}");
        assert!(told(vec![remark("kept-as-text", 900, "阴性")], 1000).is_empty());
        assert!(told(vec![remark("decimal-sign", 5, "1,5")], 5).is_empty());
        assert!(told(vec![remark("decimal-sign", 6, "1,5")], 1000).is_empty());
        assert!(told(vec![remark("unit-in-value", 60, "15 mmHg")], 100)[0].contains("stands in the value"));
        assert!(told(vec![remark("unit-in-value", 40, "15 mmHg")], 100).is_empty());
    }
}
