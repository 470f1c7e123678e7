//! Values that could not be read: left out, or passed over by `coalesce` for others. How many of how many, and what may be wrong with the mapping.

use super::report::{Effect, ReasonCount, TargetReport};
use crate::said::Said;
use crate::said::warning::{LeftOut, Unread};
use crate::value::{NumberStyle, is_read};

/// The remarks that tell of a value that stands in the place of another.
pub(super) const CODES: [&str; 4] = ["decimal-sign", "kept-as-text", "other-value", "unit-in-value"];
/// Reasons for which an element is left out, and which are not of one value: nobody counts how many there are in all.
const UNCOUNTED: [&str; 5] = ["bad-reference", "bad-text", "required-missing", "second-value", "too-long"];
/// So many are a few that were mistyped.
const FEW: u64 = 5;
/// Of what looks like a number one in so many must be unread, if its sign is another: such numbers are no words.
const SHARE: u64 = 10;
/// With fewer values nothing is told of how many were left out.
const LEFT_OUT_OF: u64 = 10;

/// True for a reason that left values out of which it is known how many there are in all.
pub(super) fn is_counted(reason: &ReasonCount) -> bool {
    reason.effect == Effect::LeftOut && reason.element.is_some() && !UNCOUNTED.contains(&reason.code.as_str())
}

/// What a mapping may have forgotten to say, if much of an element was not read. `style` is how it says that numbers are written.
pub(super) fn warnings(targets: &[TargetReport], style: NumberStyle) -> Vec<Said> {
    targets.iter().flat_map(|target| [left_out(target), passed_over(target, style)].concat()).collect()
}

/// Elements of which at least half were left out, the most frequent reason of each first.
fn left_out(target: &TargetReport) -> Vec<Said> {
    let mut told: Vec<&str> = Vec::new();
    let mut warnings = Vec::new();
    for reason in target.reasons.iter().filter(|reason| is_counted(reason)) {
        let (Some(element), Some(all)) = (reason.element.as_deref(), target.of_left_out(reason)) else { continue };
        let same = |other: &&ReasonCount| is_counted(other) && other.element.as_deref() == Some(element);
        let count: u64 = target.reasons.iter().filter(same).map(|other| other.count).sum();
        if all < LEFT_OUT_OF || count * 2 < all || told.contains(&element) {
            continue;
        }
        told.push(element);
        let example =
            reason.examples.iter().map(|example| example.message.as_str()).find(|message| !message.is_empty());
        let left_out = LeftOut {
            target: &target.name,
            element,
            count,
            of: all,
            reason: &reason.code,
            most: reason.count,
            example: example.unwrap_or_default(),
            advice: advice(&reason.code).unwrap_or_default(),
        };
        warnings.push(left_out.said());
    }
    warnings
}

/// What to do about values that were left out.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "not-a-date" | "not-a-time" => {
            "Say how they are written, as in date(column, '%d-%b-%y'), or make them dates in a view; of years that are counted otherwise \
             (113/03/01) say `calendar` in mapping.toml"
        }
        "ambiguous-date" => "Say `order` in mapping.toml",
        "impossible-date" => "See whether day and month stand in another order than the mapping says",
        "future-date" => {
            "If years have two digits say `pivot` in mapping.toml; if they are of another calendar (2567), `calendar`; if they are shifted, \
             `shifted = true`"
        }
        "stands-for-nothing" => "Name its spelling in `nulls` of mapping.toml, so that SQL sees no value there",
        "not-a-number" | "not-an-integer" | "ambiguous-number" => {
            "See how the source writes numbers: `decimal` and `thousands` in mapping.toml"
        }
        "not-a-range" => "Keep it as text too: text(column) AS \"referenceRange.text\"",
        "unmapped-code" | "not-a-code" => "Add the values to the code map",
        "no-such-target" => {
            "See whether that target makes a resource of each key, and whether both sides spell keys alike"
        }
        _ => return None,
    })
}

fn passed_over(target: &TargetReport, style: NumberStyle) -> Vec<Said> {
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
            warnings.push(warning(&target.name, remark, (all, numbers), style));
        }
    }
    warnings
}

fn warning(target: &str, remark: &ReasonCount, (all, numbers): (u64, u64), style: NumberStyle) -> Said {
    let element = remark.element.as_deref().unwrap_or_default();
    let texts: Vec<&str> = remark.examples.iter().filter_map(|example| example.text.as_deref()).collect();
    let text = texts.first().copied().unwrap_or_default();
    let unread = Unread { target, element, count: remark.count, of: all, text };
    match remark.code.as_str() {
        "decimal-sign" => sign(&unread, &texts, style, remark.count * 2 > numbers),
        "unit-in-value" => unread.unit_in_value(),
        _ => unread.other_value(),
    }
}

/// What to say about how numbers are written, so that more of them are read than now: tried on those that were not. Another decimal sign is
/// only for most of them (`is_most`): it would lose those that are read by the one there is.
fn sign(unread: &Unread<'_>, texts: &[&str], style: NumberStyle, is_most: bool) -> Said {
    let read = |style: NumberStyle| texts.iter().filter(|text| is_read(text, style)).count();
    let other = if style.decimal == ',' { '.' } else { ',' };
    let by_sign = if is_most { read(NumberStyle { decimal: other, thousands: None }) } else { 0 };
    let groups =
        [other, ' ', '\''].map(|thousands| (read(NumberStyle { thousands: Some(thousands), ..style }), thousands));
    let (by_groups, thousands) =
        groups.into_iter().fold((0, other), |best, next| if next.0 > best.0 { next } else { best });
    let name = if thousands == ' ' { "a blank".to_owned() } else { format!("`{thousands}`") };
    let grouped = format!("if {name} stands between thousands, say thousands = \"{thousands}\" in mapping.toml");
    let signed = format!("if `{other}` stands before the fraction, say decimal = \"{other}\" in mapping.toml");
    match by_sign.cmp(&by_groups) {
        std::cmp::Ordering::Greater => unread.decimal_sign(other, &signed),
        std::cmp::Ordering::Equal if by_sign > 0 => unread.number_signs(&format!("{signed}; {grouped}")),
        _ if by_groups > 0 => unread.number_signs(&grouped),
        _ => unread.number_signs(&format!(
            "most numbers have another sign than these, and mapping.toml has one for all: make them alike in a view, as with \
             replace(column, '{other}', '{}')",
            style.decimal
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::report::{Example, ValueCount};

    const POINT: NumberStyle = NumberStyle { decimal: '.', thousands: None };
    const COMMA: NumberStyle = NumberStyle { decimal: ',', thousands: None };

    fn counted(code: &str, effect: Effect, count: u64, text: &str) -> ReasonCount {
        let message = format!("`{text}` is wrong");
        let example = Example { table: "t".into(), row: 1, in_file: None, message, text: Some(text.into()) };
        let (code, element) = (code.to_owned(), Some("value".to_owned()));
        ReasonCount { code, element, effect, count, rows: 0, further: 0, examples: vec![example] }
    }

    fn remark(code: &str, count: u64, text: &str) -> ReasonCount {
        counted(code, Effect::Remark, count, text)
    }

    fn told_in(style: NumberStyle, remarks: Vec<ReasonCount>, values: u64) -> Vec<String> {
        let values = vec![ValueCount { element: "value".into(), count: values }];
        let target = TargetReport { name: "Observation".into(), remarks, values, ..TargetReport::default() };
        warnings(&[target], style).iter().map(ToString::to_string).collect()
    }

    fn told(remarks: Vec<ReasonCount>, values: u64) -> Vec<String> {
        told_in(POINT, remarks, values)
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
        let point =
            told_in(COMMA, vec![remark("decimal-sign", 600, "15.5"), remark("kept-as-text", 4000, "neg")], 5000);
        assert!(point[0].contains("say decimal = \".\""), "{point:?}");
        assert!(told(vec![remark("kept-as-text", 900, "阴性")], 1000).is_empty());
        assert!(told(vec![remark("decimal-sign", 5, "1,5")], 5).is_empty());
        assert!(told(vec![remark("decimal-sign", 6, "1,5")], 1000).is_empty());
        assert!(told(vec![remark("unit-in-value", 60, "15 mmHg")], 100)[0].contains("stands in the value"));
        assert!(told(vec![remark("unit-in-value", 40, "15 mmHg")], 100).is_empty());
    }

    #[test]
    fn what_is_advised_reads_more_than_now() {
        for (style, count, text, advised) in [
            // A few thousands among points: another decimal sign would lose the points.
            (POINT, 200, ">1,000", &["thousands = \",\""][..]),
            (POINT, 900, "1,234", &["thousands = \",\"", "decimal = \",\""][..]),
            (POINT, 200, "1,5", &["make them alike in a view, as with replace(column, ',', '.')"][..]),
            (COMMA, 200, "13.5", &["make them alike in a view, as with replace(column, '.', ',')"][..]),
            (COMMA, 200, "250.000", &["thousands = \".\""][..]),
            (POINT, 200, "12 500", &["thousands = \" \""][..]),
        ] {
            let warned = told_in(style, vec![remark("decimal-sign", count, text)], 1000);
            assert!(advised.iter().all(|advised| warned[0].contains(advised)), "{text}: {warned:?}");
            assert_eq!(warned[0].contains("decimal ="), advised.len() > 1, "{text}: {warned:?}");
        }
    }

    #[test]
    fn an_element_of_which_most_is_left_out_is_warned_of_once() {
        let of = |reasons: Vec<ReasonCount>, made: u64| {
            let values = vec![ValueCount { element: "value".into(), count: made }];
            let target = TargetReport { name: "Patient".into(), reasons, values, ..TargetReport::default() };
            let of: Vec<_> = target.reasons.iter().map(|reason| target.of_left_out(reason)).collect();
            let warned: Vec<String> = warnings(&[target], POINT).iter().map(ToString::to_string).collect();
            (of, warned)
        };
        let left_out = |code: &str, count| counted(code, Effect::LeftOut, count, "01-MAR-24");
        let (all, warned) = of(vec![left_out("not-a-date", 40), left_out("future-date", 2)], 3);
        assert_eq!(all, [Some(45), Some(45)]);
        assert_eq!(
            warned,
            [
                "Patient value: 42 of 45 values were left out (not-a-date, 40 of them: `01-MAR-24` is wrong). Say how they are written, as in \
                 date(column, '%d-%b-%y'), or make them dates in a view; of years that are counted otherwise (113/03/01) say `calendar` in mapping.toml"
            ]
        );
        assert!(of(vec![left_out("not-a-date", 9)], 0).1.is_empty(), "few");
        assert!(of(vec![left_out("not-a-date", 40)], 41).1.is_empty(), "less than half");
        assert!(of(vec![counted("not-a-date", Effect::Rejected, 40, "x")], 0).1.is_empty(), "rows that were refused");
        assert!(of(vec![left_out("required-missing", 40)], 0).1.is_empty(), "not counted");
    }
}
