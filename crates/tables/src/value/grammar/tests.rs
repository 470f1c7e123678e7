use super::*;
use proptest::prelude::*;

fn read(text: &str, order: Option<Order>) -> String {
    match parse(text, DateStyle { order, ..DateStyle::default() }) {
        Err(fault) => format!("{fault:?}"),
        Ok(civil) => {
            let mut out = civil.date_text();
            if let Some(clock) = civil.clock {
                out.extend(["T", &clock.hour.to_string()]);
                for part in [clock.minute, clock.second].into_iter().flatten() {
                    out.extend([":", &format!("{part:02}")]);
                }
                if !clock.fraction.is_empty() {
                    out.extend([".", clock.fraction]);
                }
            }
            if let Some(offset) = civil.offset {
                out.extend([" ", &offset.minutes.to_string()]);
            }
            out
        }
    }
}

#[test]
fn dates_keep_their_precision() {
    for (text, expected) in [
        ("2015-01-14", "2015-01-14"),
        ("1936年04月08日", "1936-04-08"),
        ("1936年4月8日", "1936-04-08"),
        ("1936 年 4 月 8 号", "1936-04-08"),
        ("1936年4月", "1936-04"),
        ("1936年", "1936"),
        ("2017/8/1", "2017-08-01"),
        ("2017.8.1", "2017-08-01"),
        ("19980805", "1998-08-05"),
        ("2024", "2024"),
        ("2024-02", "2024-02"),
        ("2024/2", "2024-02"),
        ("05/2024", "2024-05"),
        ("12-1980", "1980-12"),
        ("29.2.2024", "2024-02-29"),
        ("1.2.2024", "2024-02-01"),
        ("31/12/2020", "2020-12-31"),
        ("12/31/2020", "2020-12-31"),
        ("05/05/2020", "2020-05-05"),
        (" 2024-02-29 ", "2024-02-29"),
        ("29-FEB-2024", "2024-02-29"),
        ("1 May 2024", "2024-05-01"),
        ("September 3, 2024", "2024-09-03"),
    ] {
        assert_eq!(read(text, None), expected, "{text}");
    }
}

#[test]
fn times_and_zones() {
    for (text, expected) in [
        ("2014-05-01T12:00:00Z", "2014-05-01T12:00:00 0"),
        ("2026-04-01 11:07:00", "2026-04-01T11:07:00"),
        ("2026/04/02 21:07:00", "2026-04-02T21:07:00"),
        ("2026-04-01 11:07", "2026-04-01T11:07"),
        ("2026/4/1 9:07", "2026-04-01T9:07"),
        ("2024-01-01 12:00:00.1234567 +08:00", "2024-01-01T12:00:00.1234567 480"),
        ("2024-01-01 12:00:00+00", "2024-01-01T12:00:00 0"),
        ("2024-01-01T12:00:00-0330", "2024-01-01T12:00:00 -210"),
        ("2024-01-01 12:00:00 UTC", "2024-01-01T12:00:00 0"),
        ("20240229123005", "2024-02-29T12:30:05"),
        ("20240229123005.25+0800", "2024-02-29T12:30:05.25 480"),
        ("202402291230", "2024-02-29T12:30"),
        ("2024022912", "2024-02-29T12"),
        ("2024-02-29 12", "2024-02-29T12"),
        ("2024-02-29T12", "2024-02-29T12"),
        ("2024-02-29 3 PM", "2024-02-29T15"),
        ("20240229 123005", "2024-02-29T12:30:05"),
        ("20240229T1230Z", "2024-02-29T12:30 0"),
        ("29FEB2024:12:30:05.25", "2024-02-29T12:30:05.25"),
        ("Feb 29 2024 12:30PM", "2024-02-29T12:30"),
        ("Feb  9 2024  1:30AM", "2024-02-09T1:30"),
        ("20240229 12:30:05", "2024-02-29T12:30:05"),
        ("20240229T12:30:05", "2024-02-29T12:30:05"),
        ("2024年2月29日12时30分", "2024-02-29T12:30"),
        ("2024年2月29日 12时30分5秒", "2024-02-29T12:30:05"),
        ("2024年2月29日 下午3点", "2024-02-29T15"),
        ("2024年2月29日 上午12:05", "2024-02-29T0:05"),
        ("2/29/2024 3:04:05 PM", "2024-02-29T15:04:05"),
        ("2024-02-29 12:15 a.m.", "2024-02-29T0:15"),
        ("2024-02-29 24:00:00", "2024-02-29T24:00:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:60 0"),
    ] {
        assert_eq!(read(text, None), expected, "{text}");
    }
}

#[test]
fn what_is_no_date_ambiguous_or_impossible() {
    for (text, expected) in [
        ("", "NotADate"),
        ("-", "NotADate"),
        ("未知", "NotADate"),
        ("2024-", "NotADate"),
        ("2024-02-29T", "NotADate"),
        ("2024-02-29x", "NotADate"),
        ("2024-02/29", "NotADate"),
        ("2024.5", "NotADate"),
        ("05.2024", "NotADate"),
        ("1/2048", "NotADate"),
        ("13/2024", "Impossible"),
        ("05/24", "NotADate"),
        ("20245", "NotADate"),
        ("200130212", "NotADate"),
        ("45123", "NotADate"),
        ("29-FEB-24", "NotADate"),
        ("29-FOO-2024", "NotADate"),
        ("30-FEB-2024", "Impossible"),
        ("1/2/24", "NotADate"),
        ("03/04/2020", "Ambiguous"),
        ("3-4-2020", "Ambiguous"),
        ("1965-02-30", "Impossible"),
        ("19651301", "Impossible"),
        ("2024-00-10", "Impossible"),
        ("0000-01-01", "Impossible"),
        ("13/13/2020", "Impossible"),
        ("2024-02-29 25:00:00", "Impossible"),
        ("2024-02-29 12:60:00", "Impossible"),
        ("2024-02-29 12:00:00+15:00", "Impossible"),
        ("2024-02-29 24:00:01", "Impossible"),
    ] {
        assert_eq!(read(text, None), expected, "{text}");
    }
    assert_eq!(read("03/04/2020", Some(Order::DayFirst)), "2020-04-03");
    assert_eq!(read("03/04/2020", Some(Order::MonthFirst)), "2020-03-04");
    assert_eq!(read("03/14/2020", Some(Order::DayFirst)), "Impossible");
    assert_eq!(read("31/12/2020", Some(Order::YearFirst)), "NotADate");
}

proptest! {
    #[test]
    fn any_text_is_read_or_not(text in "[0-9/.:年月日时TZ +-]{0,24}") {
        if let Ok(civil) = parse(&text, DateStyle::default()) {
            prop_assert!(fhir::primitive::is_date(&civil.date_text()));
        }
    }

    #[test]
    fn spellings_of_a_day_agree(year in 1_i16..10_000, month in 1_u8..13, day in 1_u8..29) {
        let iso = format!("{year:04}-{month:02}-{day:02}");
        for text in [
            iso.clone(),
            format!("{year:04}/{month}/{day}"),
            format!("{year:04}{month:02}{day:02}"),
            format!("{year:04}年{month}月{day}日"),
            format!("{day}.{month}.{year:04}"),
        ] {
            prop_assert_eq!(read(&text, None), iso.as_str());
        }
    }
}
