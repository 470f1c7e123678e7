use super::*;

fn ranged(text: &'static str, unit: Quantity<'static>) -> Result<Value<'static>, Reason> {
    let mut arguments = [Argument::Text(Some(text)), Argument::Value(Value::Quantity(unit))];
    Ranging::new(NumberStyle::default()).make(&mut arguments, &mut Notes::default())
}

fn mmol() -> Quantity<'static> {
    Quantity { unit: Some("mmol/L".into()), ucum: Some("mmol/L".into()), ..Quantity::default() }
}

/// `low..high`, `none` for nothing to say, or the reason's code.
fn check(text: &'static str, expected: &str) {
    let made = match ranged(text, mmol()) {
        Ok(Value::Absent) => "none".to_owned(),
        Ok(Value::Range(bounds)) => {
            let Bounds { low, high } = *bounds;
            for end in low.iter().chain(&high) {
                assert_eq!((end.ucum.as_deref(), end.comparator), (Some("mmol/L"), None), "{text}");
            }
            let digits = |end: Option<Quantity<'_>>| end.map_or(String::new(), |end| end.value.into_owned());
            format!("{}..{}", digits(low), digits(high))
        }
        Ok(other) => format!("{other:?}"),
        Err(reason) => reason.code.to_owned(),
    };
    assert_eq!(made, expected, "{text}");
}

#[test]
fn two_numbers_with_any_sign_between_are_a_range() {
    for text in [
        "3.9-6.1",
        "3.9 - 6.1",
        "3.9～6.1",
        "3.9~6.1",
        "3.9—6.1",
        "3.9——6.1",
        "3.9–6.1",
        "3.9--6.1",
        "３.９-６.１",
        "3.9－6.1",
        "3.9至6.1",
        "3.9 to 6.1",
        "(3.9-6.1)",
        "（3.9-6.1）",
        "[3.9 - 6.1]",
        "3.9-6.1 mmol/L",
        "3.9mmol/L-6.1mmol/l",
    ] {
        check(text, "3.9..6.1");
    }
    check("0.00-0.05", "0.00..0.05");
    check("0-1.5e3", "0..1.5e3");
    check("1.010-1.025", "1.010..1.025");
    check("5-5", "5..5");
}

#[test]
fn a_hyphen_before_a_number_is_its_sign() {
    check("-2-3", "-2..3");
    check("-5-5", "-5..5");
    check("-5~-2", "-5..-2");
    check("-5--2", "-5..-2");
    check("-3 - +3", "-3..3");
    check("±3", "-3..3");
    check("+/-2.5", "-2.5..2.5");
}

#[test]
fn one_end_alone_is_half_a_range() {
    check("<0.5", "..0.5");
    check("＜0.5", "..0.5");
    check("≤5", "..5");
    check("小于5", "..5");
    check("至5", "..5");
    check("—5", "..5");
    check(">60", "60..");
    check("≥ 60", "60..");
    check(">-3", "-3..");
    check("0.5-", "0.5..");
    check("3.9 ～", "3.9..");
}

#[test]
fn blanks_between_groups_of_digits_are_read_where_the_source_has_them() {
    let read = |text: &'static str, thousands| {
        let style = NumberStyle { decimal: ',', thousands };
        match Ranging::new(style).make(&mut [Argument::Text(Some(text))], &mut Notes::default()) {
            Ok(Value::Range(bounds)) => {
                let digits =
                    |end: &Option<Quantity<'_>>| end.as_ref().map_or(String::new(), |end| end.value.to_string());
                format!("{}..{}", digits(&bounds.low), digits(&bounds.high))
            }
            Ok(other) => format!("{other:?}"),
            Err(reason) => reason.code.to_owned(),
        }
    };
    for text in ["4 000 - 10 000", "4\u{202f}000-10\u{a0}000", "4 000 à 10 000"] {
        let expected = if text.contains('à') { "not-a-range" } else { "4000..10000" };
        assert_eq!(read(text, Some(' ')), expected, "{text}");
        assert_eq!(read(text, Some('\u{202f}')), expected, "{text}");
    }
    assert_eq!(read("1 250,5 - 3 000 000", Some(' ')), "1250.5..3000000");
    assert_eq!(read("4 000 - 10 000", None), "not-a-range");
    assert_eq!(read("4 00 - 10 000", Some(' ')), "not-a-range");
}

#[test]
fn what_may_be_something_else_is_none() {
    for text in [
        "~7",
        "～7",
        "-6.1",
        "5",
        "6.1-3.9",
        "2026-04-01",
        "2026-10-11",
        "2026-04",
        "04-12",
        "1:100-1:200",
        "<1:20",
        "男:3-5;女:2-4",
        "阴性(<1.0)",
        "3.9-6.1-8",
        "3.9-6.1 mg/dL",
        "3.9mg/L-6.1g/L",
        "3.9-6.1(成人)",
        "1.2.3-4",
        "5 mmol/L",
    ] {
        check(text, "not-a-range");
    }
    check("3,000-5,000", "ambiguous-number");
}

#[test]
fn words_are_no_range_and_no_failure() {
    for text in ["", "  ", "阴性", "阴性(-)", "negative", "-", "—"] {
        check(text, "none");
    }
}

#[test]
fn a_unit_that_stands_in_the_text_alone_is_for_people() {
    let Ok(Value::Range(bounds)) = ranged("3.5×10^9/L-9.5×10^9/L", Quantity::default()) else { panic!("no range") };
    let unit = bounds.high.unwrap();
    assert_eq!((unit.unit.as_deref(), unit.ucum), (Some("×10^9/L"), None));
}
