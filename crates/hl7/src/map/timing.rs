//! When an order is to be done: TQ1, and TQ of older versions, to Timing.

use super::context::{Context, Fill, filled};
use super::parts::{Parts, repeats};
use super::tables::{TERMINOLOGY, priority};
use crate::message::{Segment, Value};
use fhir::json::Tree;

/// What TQ1 or TQ say.
#[derive(Default)]
pub(super) struct Schedule {
    pub(super) timing: Option<Tree>,
    /// How much each time.
    pub(super) quantity: Option<Tree>,
    pub(super) priority: Option<&'static str>,
    /// True if it is to be done when needed.
    pub(super) as_needed: bool,
    /// Conditions and instructions, as they are written.
    pub(super) texts: Vec<String>,
}

/// A unit of time as UCUM has it.
pub(super) fn time_unit(text: &str) -> Option<&'static str> {
    match text.trim().to_ascii_lowercase().as_str() {
        "s" | "sec" | "second" | "seconds" => Some("s"),
        "min" | "minute" | "minutes" => Some("min"),
        "h" | "hr" | "hour" | "hours" => Some("h"),
        "d" | "day" | "days" => Some("d"),
        "w" | "wk" | "week" | "weeks" => Some("wk"),
        "l" | "mo" | "month" | "months" => Some("mo"),
        "y" | "a" | "ann" | "yr" | "year" | "years" => Some("a"),
        _ => None,
    }
}

/// A repeat pattern (table 0335) as so many times in a period.
struct Pattern {
    frequency: i64,
    period: i64,
    unit: &'static str,
}

/// `BID`, `TID`, `QID`, `xID`, `QD`, `QOD`, `QAM`, `QHS`, `Q6H`, `Q2D`, `Q1W` ...
fn pattern(code: &str) -> Option<Pattern> {
    let every = |period, unit| Some(Pattern { frequency: 1, period, unit });
    let daily = |frequency| Some(Pattern { frequency, period: 1, unit: "d" });
    let code = code.to_ascii_uppercase();
    match code.as_str() {
        "QD" | "QAM" | "QPM" | "QHS" | "QSHIFT" | "DAILY" => return daily(1),
        "BID" => return daily(2),
        "TID" => return daily(3),
        "QID" => return daily(4),
        "QOD" => return every(2, "d"),
        _ => {}
    }
    if let Some(times) = code.strip_suffix("ID").and_then(|times| times.parse::<u8>().ok()).filter(|times| *times > 0) {
        return daily(i64::from(times));
    }
    let every_so = code.strip_prefix('Q')?;
    let unit = every_so.chars().last()?;
    let number = every_so[..every_so.len() - unit.len_utf8()].parse::<u16>().ok().filter(|number| *number > 0)?;
    let unit = match unit {
        'S' => "s",
        'M' => "min",
        'H' => "h",
        'D' => "d",
        'W' => "wk",
        'L' => "mo",
        _ => return None,
    };
    every(i64::from(number), unit)
}

/// Patterns that FHIR's own list of timings has.
fn is_abbreviation(code: &str) -> bool {
    matches!(code, "BID" | "TID" | "QID" | "AM" | "PM" | "QD" | "QOD" | "Q1H" | "Q2H" | "Q3H" | "Q4H" | "Q6H" | "Q8H")
}

/// Events of the day (RPT.8, table 0528).
fn is_event(code: &str) -> bool {
    let known = ["HS", "WAKE", "C", "CM", "CD", "CV", "AC", "ACM", "ACD", "ACV", "PC", "PCM", "PCD", "PCV"];
    known.contains(&code)
}

impl<'m> Context<'m> {
    /// TQ1.
    pub(super) fn schedule_of(&self, tq1: Segment<'m>) -> Schedule {
        self.pass(tq1, [1]);
        let mut schedule = Schedule { quantity: self.cq(self.take(tq1, 2).into()), ..Schedule::default() };
        let mut repeat = Tree::object();
        let bounds = self.period(self.take(tq1, 7).into(), self.take(tq1, 8).into());
        match bounds {
            Some(bounds) => {
                repeat.set("boundsPeriod", bounds);
            }
            None => {
                repeat.fill("boundsDuration", self.duration(self.take(tq1, 6).into()));
            }
        }
        let total = self.field_text(tq1, 14).and_then(|count| count.parse::<u32>().ok()).filter(|count| *count > 0);
        repeat.fill("count", total.map(i64::from));
        let lasts = Parts::from(self.take(tq1, 13));
        if let (Some(number), Some(unit)) = (self.number_quietly(lasts), self.unit_of_time(lasts.nested(2))) {
            repeat.set("duration", number);
            repeat.set("durationUnit", unit);
        }
        for parts in repeats(self.take(tq1, 4)) {
            repeat.fill_all("timeOfDay", self.time(parts.first(1)).map(Tree::from).into_iter().collect());
        }
        let mut code = None;
        for parts in repeats(self.take(tq1, 3)) {
            let pattern = parts.nested(1);
            let text = self.text(pattern.part(2));
            code = code.or(self.pattern_into(pattern.part(1), text, &mut repeat, &mut schedule));
            let event = self.code(parts.first(8)).unwrap_or_default().to_ascii_uppercase();
            if is_event(&event) && repeat.get("timeOfDay").is_none() {
                repeat.push("when", event);
            }
        }
        schedule.priority = self.field_text(tq1, 9).as_deref().and_then(priority);
        for number in [10, 11] {
            schedule.texts.extend(self.text(Parts::from(self.take(tq1, number)).whole()));
        }
        schedule.timing = whole(repeat, code);
        schedule
    }

    /// TQ, as in ORC-7 and RXE-1 of older versions: quantity, interval, duration, start, end, priority, condition, text.
    pub(super) fn schedule_of_tq(&self, tq: Parts<'m>) -> Schedule {
        let mut schedule = Schedule { quantity: self.cq(tq.nested(1)), ..Schedule::default() };
        let mut repeat = Tree::object();
        if let Some(bounds) = self.period(tq.nested(4), tq.nested(5)) {
            repeat.set("boundsPeriod", bounds);
        } else if let Some(text) = self.text(tq.first(3))
            && let Some(unit) = text.get(..1).and_then(time_unit)
            && let Ok(number) = text[1..].trim().parse::<u16>()
        {
            // `D7`: seven days.
            repeat.set("boundsDuration", duration(Tree::Number(number.to_string()), unit));
        }
        let count = self.text(tq.first(12)).and_then(|count| count.parse::<u32>().ok()).filter(|count| *count > 0);
        repeat.fill("count", count.map(i64::from));
        // RI.2: 0600,1400,2200
        let times: Vec<Tree> = self.text(tq.nested(2).part(2)).map_or_else(Vec::new, |times| explicit_times(&times));
        repeat.fill_all("timeOfDay", times);
        let code = self.pattern_into(tq.nested(2).part(1), None, &mut repeat, &mut schedule);
        schedule.priority = self.code(tq.first(6)).as_deref().and_then(priority);
        for number in [7, 8] {
            schedule.texts.extend(self.text(tq.part(number)));
        }
        schedule.timing = whole(repeat, code);
        schedule
    }

    /// A repeat pattern (RPT.1, RI.1) and its text.
    fn pattern_into(
        &self,
        pattern_code: Value<'m>,
        text: Option<String>,
        repeat: &mut Tree,
        schedule: &mut Schedule,
    ) -> Option<Tree> {
        let code = self.code(pattern_code)?;
        let upper = code.to_ascii_uppercase();
        if let Some(needed) = upper.strip_prefix("PRN") {
            schedule.as_needed = true;
            if needed.is_empty() {
                return None;
            }
        }
        let known = upper.trim_start_matches("PRN");
        if let Some(pattern) = pattern(known) {
            repeat.set("frequency", pattern.frequency);
            repeat.set("period", pattern.period);
            repeat.set("periodUnit", pattern.unit);
        } else if known == "ONCE" {
            repeat.set("count", 1i64);
        }
        if is_abbreviation(known) {
            let coding =
                Tree::from([("system", format!("{TERMINOLOGY}v3-GTSAbbreviation").into()), ("code", known.into())]);
            return Some(Tree::from([("coding", vec![coding].into()), ("text", code.into())]));
        }
        Some(Tree::from([("text", text.unwrap_or(code).into())]))
    }

    /// CQ in a unit of time as Duration.
    pub(super) fn duration(&self, parts: Parts<'m>) -> Option<Tree> {
        let number = self.number_quietly(parts)?;
        Some(duration(number, self.unit_of_time(parts.nested(2))?))
    }

    fn unit_of_time(&self, unit: Parts<'m>) -> Option<&'static str> {
        let texts = [self.text(unit.part(1)), self.text(unit.part(2))];
        texts.iter().flatten().find_map(|text| time_unit(text))
    }

    /// The number of a CQ; what is none is nothing.
    fn number_quietly(&self, parts: Parts<'m>) -> Option<Tree> {
        let text = self.text(parts.first(1))?;
        super::quantity::digits(&text).map(Tree::Number)
    }
}

/// Times of the day, `HHMM` or `HH:MM`, with commas between; what is none is left out.
fn explicit_times(text: &str) -> Vec<Tree> {
    let time = |text: &str| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let (hour, minute) = (digits.get(..2)?.parse().ok()?, digits.get(2..4)?.parse().ok()?);
        let time = jiff::civil::Time::new(hour, minute, 0, 0).ok().filter(|_| digits.len() == 4)?;
        Some(Tree::from(time.strftime("%H:%M:%S").to_string()))
    };
    text.split(',').filter_map(time).collect()
}

fn duration(number: Tree, unit: &'static str) -> Tree {
    Tree::from([
        ("value", number),
        ("unit", unit.into()),
        ("system", "http://unitsofmeasure.org".into()),
        ("code", unit.into()),
    ])
}

fn whole(repeat: Tree, code: Option<Tree>) -> Option<Tree> {
    let mut timing = Tree::object();
    timing.fill("repeat", filled(repeat));
    timing.fill("code", code);
    filled(timing)
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn explicit_times_are_times_of_the_day() {
        assert_eq!(
            super::explicit_times("0600,14:00, 2200"),
            ["06:00:00".into(), "14:00:00".into(), "22:00:00".into()]
        );
        assert!(super::explicit_times("noon,2500,060,06000").is_empty());
    }

    #[test]
    fn repeat_patterns_are_so_many_times_in_a_period() {
        let of = |code: &str| pattern(code).map(|p| (p.frequency, p.period, p.unit));
        assert_eq!(of("BID"), Some((2, 1, "d")));
        assert_eq!(of("5ID"), Some((5, 1, "d")));
        assert_eq!(of("q6h"), Some((1, 6, "h")));
        assert_eq!(of("Q2D"), Some((1, 2, "d")));
        assert_eq!(of("QOD"), Some((1, 2, "d")));
        for none in ["", "Q", "QH", "Q0H", "ONCE", "ID", "0ID", "Q6É", "PRN"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
