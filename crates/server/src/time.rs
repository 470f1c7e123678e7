//! Times in the forms of HTTP and FHIR.

use fhir::time::civil_of_day;

const SECOND_US: i64 = 1_000_000;
const DAY_SECONDS: i64 = 86_400;
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Sun, 06 Nov 1994 08:49:37 GMT`, for HTTP headers.
pub(crate) fn http_date(us: i64) -> String {
    let seconds = us.div_euclid(SECOND_US);
    let (day, of_day) = (seconds.div_euclid(DAY_SECONDS), seconds.rem_euclid(DAY_SECONDS));
    let (year, month, date) = civil_of_day(day);
    // The first day of 1970 was a Thursday.
    let (name, month) = (DAYS[day.rem_euclid(7) as usize], MONTHS[(month as usize + 11) % 12]);
    format!("{name}, {date:02} {month} {year:04} {:02}:{:02}:{:02} GMT", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// Seconds since 1970 UTC of an HTTP date in the form that is to be sent (RFC 9110, section 5.6.7); `None` for anything else,
/// which is then to be ignored.
pub(crate) fn parse_http_date(text: &str) -> Option<i64> {
    let (name, rest) = text.trim().split_once(", ")?;
    let parts: Vec<&str> = rest.split(' ').collect();
    let [date, month, year, time, "GMT"] = parts[..] else { return None };
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    let clock: Vec<u8> = time.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hour, minute, second] = clock[..] else { return None };
    if !DAYS.contains(&name) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let text = format!("{:04}-{month:02}-{:02}", year.parse::<u16>().ok()?, date.parse::<u8>().ok()?);
    let day = fhir::time::Moment::parse(&text, fhir::time::ZoneOffset::UTC).ok()?.low_us;
    Some(day / SECOND_US + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second))
}

/// A FHIR instant.
pub(crate) fn instant(us: i64) -> String {
    fhir::time::format_us(us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_standards_ask() {
        assert_eq!(http_date(784_111_777_000_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        for wrong in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
        ] {
            assert_eq!(parse_http_date(wrong), None, "{wrong}");
        }
        assert_eq!(instant(784_111_777_000_123), "1994-11-06T08:49:37.000123Z");
    }
}
