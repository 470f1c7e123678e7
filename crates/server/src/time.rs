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
        assert_eq!(instant(784_111_777_000_123), "1994-11-06T08:49:37.000123Z");
    }
}
