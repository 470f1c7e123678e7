use super::*;
use proptest::prelude::*;

const POINT: NumberStyle = NumberStyle { decimal: '.', thousands: None };
const COMMA: NumberStyle = NumberStyle { decimal: ',', thousands: None };

fn read(text: &str, style: NumberStyle) -> String {
    match parse(text, style) {
        Ok(Parsed { comparator, digits }) => format!("{}{digits}", comparator.unwrap_or_default()),
        Err(fault) => format!("{fault:?}"),
    }
}

#[test]
fn digits_stay_as_they_are() {
    for (text, digits) in [
        ("4.20", "4.20"),
        (" 4.2 ", "4.2"),
        ("-0.5", "-0.5"),
        ("+7", "7"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("007.50", "7.50"),
        ("000", "0"),
        ("４．２", "4.2"),
        ("　１２", "12"),
        ("−3", "-3"),
        ("－3", "-3"),
        ("1.2E+05", "1.2e05"),
        ("1e-3", "1e-3"),
        ("123456789012345678901234567890.123", "123456789012345678901234567890.123"),
    ] {
        assert_eq!(read(text, POINT), digits, "{text}");
    }
}

#[test]
fn comparators_in_all_their_spellings() {
    for (text, expected) in [
        ("<4.2", "<4.2"),
        ("< 4.2", "<4.2"),
        ("＜４．２", "<4.2"),
        ("﹤0.01", "<0.01"),
        ("<=5", "<=5"),
        ("≤5", "<=5"),
        ("≧5", ">=5"),
        ("> 100", ">100"),
        ("＞1,234.5", ">1234.5"),
        ("小于0.5", "<0.5"),
        ("小于等于0.5", "<=0.5"),
        ("不小于 3", ">=3"),
        ("大于1000", ">1000"),
        ("LESS THAN 6.0", "<6.0"),
        ("greater than 75", ">75"),
        ("< -1", "<-1"),
    ] {
        assert_eq!(read(text, POINT), expected, "{text}");
    }
}

#[test]
fn numbers_with_another_sign_or_a_unit_behind_are_told_apart_from_words() {
    for (text, sign, unit) in [
        ("15,5", true, false),
        ("<0,3", true, false),
        ("1,234", true, false),
        ("1.234,5", true, false),
        ("阴性", false, false),
        ("01.02.2024", false, false),
        ("3,5-5,3", false, false),
        ("15", false, false),
        ("15 mmHg", false, true),
        ("15,5mmol/l", false, true),
        ("5%", false, true),
        ("12 °C", false, true),
        ("60 kg", false, true),
        ("12次/分", false, true),
        ("7.4 10*9/L", false, false),
        ("3/10", false, false),
        ("8T", false, false),
        ("5.0 H", false, false),
        ("1000以上", false, false),
        ("12 500", true, false),
        ("555 0101", false, false),
        ("2 times a day", false, false),
        ("1:320", false, false),
        ("mmHg", false, false),
    ] {
        assert_eq!((has_another_sign(text, true), has_unit_behind(text)), (sign, unit), "{text}");
    }
    assert!(!has_another_sign("<5.1", false));
}

#[test]
fn what_is_no_number_is_none() {
    for text in [
        "",
        "-",
        "+",
        ".",
        "阴性",
        "阳性(+)",
        "阴性(-)",
        "见备注",
        "1:320",
        "<1:100",
        "3.5-5.3",
        "3~5",
        "5%",
        "4.2 mmol/L",
        "1.2.3",
        "--5",
        "+-5",
        "10⁵",
        "1.2×10^5",
        "①",
        "⅓",
        "1e",
        "e5",
        "<",
        "<<5",
        "<+",
        "NaN",
        "inf",
        "0x10",
        "1 234",
        "1_000",
        "٣",
        "lessthan 5",
        "1e5.2",
    ] {
        assert_eq!(read(text, POINT), "NotANumber", "{text}");
    }
    assert_eq!(read("1e400", POINT), "OutOfRange");
    assert_eq!(read(&"1".repeat(101), POINT), "NotANumber");
}

#[test]
fn separators_count_only_where_they_can_be_nothing_else() {
    for (text, style, expected) in [
        ("1,234.5", POINT, "1234.5"),
        ("1,234,567", POINT, "1234567"),
        ("-12,345.00", POINT, "-12345.00"),
        ("1,234", POINT, "Ambiguous"),
        ("12,5", POINT, "NotANumber"),
        ("1234,567.8", POINT, "NotANumber"),
        ("1,23,456", POINT, "NotANumber"),
        ("1,234", NumberStyle { thousands: Some(','), ..POINT }, "1234"),
        ("1 234 567.5", NumberStyle { thousands: Some(' '), ..POINT }, "1234567.5"),
        ("1\u{202f}234", NumberStyle { thousands: Some('\u{a0}'), ..POINT }, "1234"),
        ("12,5", COMMA, "12.5"),
        ("1,234", COMMA, "1.234"),
        ("1.234,5", COMMA, "1234.5"),
        ("1.234.567", COMMA, "1234567"),
        ("1.234", COMMA, "Ambiguous"),
        ("12.5", COMMA, "NotANumber"),
        ("12", COMMA, "12"),
    ] {
        assert_eq!(read(text, style), expected, "{text} {style:?}");
    }
}

#[test]
fn whole_numbers_lose_a_fraction_of_noughts_only() {
    let fit = |text: &'static str, fhir_type: &str| match fit(text.into(), &Slot::of_type(fhir_type).unwrap()) {
        Ok(Value::Primitive { text, .. }) => text.into_owned(),
        other => format!("{:?}", other.unwrap_err().code),
    };
    assert_eq!(fit("5.00", "integer"), "5");
    assert_eq!(fit("5.00", "decimal"), "5.00");
    assert_eq!(fit("5.10", "integer"), "\"not-an-integer\"");
    assert_eq!(fit("0", "positiveInt"), "\"not-an-integer\"");
}

proptest! {
    #[test]
    fn any_text_is_a_json_number_or_none(text in "[-+<>=≤0-9.,eE ０-９．，＜]{0,24}", comma: bool) {
        let style = if comma { COMMA } else { POINT };
        if let Ok(number) = parse(&text, style) {
            prop_assert!(super::super::slot::is_json_number(&number.digits), "{} of {}", number.digits, text);
        }
    }

    #[test]
    fn any_text_at_all(text in "\\PC{0,30}") {
        if let Ok(number) = parse(&text, POINT) {
            prop_assert!(super::super::slot::is_json_number(&number.digits));
        }
    }

    #[test]
    fn a_decimal_is_its_own_reading(value in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,10})?") {
        prop_assert_eq!(read(&value, POINT), value);
    }
}
