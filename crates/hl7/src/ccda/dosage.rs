//! How a medication is taken: effectiveTime, dose, rate, route, precondition to Dosage.

use super::codes::clean_code;
use super::context::Context;
use super::element::El;
use super::template::Kind;
use crate::map::context::{Fill, filled};
use fhir::json::Tree;

/// When events of the day are, as FHIR's EventTiming has them.
fn event(code: &str) -> Option<&'static str> {
    Some(match code {
        "AC" => "AC",
        "ACD" => "ACD",
        "ACM" => "ACM",
        "ACV" => "ACV",
        "C" => "C",
        "CD" => "CD",
        "CM" => "CM",
        "CV" => "CV",
        "HS" => "HS",
        "PC" => "PC",
        "PCD" => "PCD",
        "PCM" => "PCM",
        "PCV" => "PCV",
        "WAKE" => "WAKE",
        _ => return None,
    })
}

impl<'d> Context<'d> {
    /// The dosage of a substance administration; `bounds` says whether the time of taking belongs to it.
    pub(super) fn dosage(&self, el: El<'d>, bounds: bool) -> Option<Tree> {
        let mut dosage = Tree::object();
        let text = Self::parts(el, Kind::FreeTextSig)
            .into_iter()
            .find_map(|sig| {
                let text = self.statement_text(sig)?;
                self.claim(sig);
                Some(text)
            })
            .or_else(|| self.statement_text(el));
        dosage.fill("text", text);
        for instruction in self.take(el, Kind::Instruction) {
            let text = self.statement_text(instruction);
            let code = instruction.get("code").and_then(|code| self.concept(code));
            match (text, dosage.get("patientInstruction")) {
                (Some(text), None) => {
                    dosage.set("patientInstruction", text);
                }
                (Some(text), Some(_)) => {
                    dosage.push("additionalInstruction", super::codes::concept_text(&text));
                }
                (None, _) => {
                    dosage.fill_all("additionalInstruction", code.into_iter().collect());
                }
            }
        }
        dosage.fill("timing", self.timing(el, bounds));
        self.as_needed(&mut dosage, el);
        dosage.fill("site", self.only(el, "approachSiteCode").and_then(|code| self.concept(code)));
        dosage.fill("route", self.only(el, "routeCode").and_then(|code| self.concept(code)));
        let mut given = Tree::object();
        if let Some(dose) = el.get("doseQuantity") {
            self.put_amount(&mut given, "dose", dose, el.get("administrationUnitCode"));
        }
        if let Some(rate) = el.get("rateQuantity") {
            self.put_amount(&mut given, "rate", rate, None);
        }
        dosage.fill_all("doseAndRate", filled(given).into_iter().collect());
        if let Some(most) = el.get("maxDoseQuantity") {
            let ratio = self.ratio(most);
            if ratio.is_none() && most.elements().any(|part| part.attr("value").is_some()) {
                self.warn(most, "a maximum without both amount and time has no element; it is in the document alone");
            }
            dosage.fill("maxDosePerPeriod", ratio);
        }
        filled(dosage)
    }

    /// A quantity or range; the unit of counted things is what they are.
    fn put_amount(&self, tree: &mut Tree, stem: &str, el: El<'d>, of: Option<El<'d>>) {
        let of = of.and_then(|of| self.concept(of));
        let coding = of.as_ref().and_then(|of| of.get("coding")?.items().first());
        let words = coding.and_then(|coding| coding.get("display")).or_else(|| of.as_ref()?.get("text"));
        let counted = |quantity: &mut Tree| {
            let unit = quantity.get("unit").and_then(Tree::as_str).unwrap_or("1");
            let Some(words) = words.and_then(Tree::as_str) else { return };
            if unit == "1" {
                quantity.set("unit", words);
            } else if !unit.eq_ignore_ascii_case(words) {
                self.note(el, format!("the amount is in {unit:?}; that it is given as {words:?} has no element"));
            }
        };
        if let Some(mut quantity) = self.quantity(el) {
            counted(&mut quantity);
            tree.set(&format!("{stem}Quantity"), quantity);
        } else if let Some(mut range) = self.range(el) {
            for end in ["low", "high"] {
                if let Some(end) = range.get_mut(end) {
                    counted(end);
                }
            }
            tree.set(&format!("{stem}Range"), range);
        } else if el.elements().next().is_some() {
            self.warn(el, "an amount of this form has no element; it is in the document alone");
        }
    }

    /// `precondition` says that it is taken as needed, and for what.
    fn as_needed(&self, dosage: &mut Tree, el: El<'d>) {
        let Some(criterion) = el.all("precondition").find_map(|condition| condition.get("criterion")) else { return };
        let value = criterion.get("value").and_then(|value| self.concept(value));
        let value = value.or_else(|| {
            let code = criterion.get("code").filter(|code| code.attr("code") != Some("ASSERTION"));
            code.and_then(|code| self.concept(code))
        });
        let value = value.or_else(|| self.statement_text(criterion).map(|text| super::codes::concept_text(&text)));
        match value {
            Some(value) => dosage.set("asNeededCodeableConcept", value),
            None => dosage.set("asNeededBoolean", true),
        };
    }

    /// The times of a statement, those of expressions one by one.
    pub(super) fn times(el: El<'d>) -> Vec<El<'d>> {
        fn flat<'d>(time: El<'d>, depth: usize, all: &mut Vec<El<'d>>) {
            if time.kind() == Some("SXPR_TS") && depth < 4 {
                time.all("comp").for_each(|part| flat(part, depth + 1, all));
            } else {
                all.push(time);
            }
        }
        let mut all = Vec::new();
        el.all("effectiveTime").for_each(|time| flat(time, 0, &mut all));
        all
    }

    pub(super) fn timing(&self, el: El<'d>, bounds: bool) -> Option<Tree> {
        let mut timing = Tree::object();
        let mut repeat = Tree::object();
        for time in Self::times(el) {
            self.put_timing(&mut timing, &mut repeat, time, bounds);
        }
        if !bounds && let Some(repeats) = el.get("repeatNumber") {
            self.put_count(&mut repeat, repeats);
        }
        timing.fill("repeat", filled(repeat));
        filled(timing)
    }

    /// How often it was taken. FHIR counts from one.
    fn put_count(&self, repeat: &mut Tree, repeats: El<'d>) {
        let is_single = repeats.attr("value").is_some();
        let (low, high) = if is_single { (Some(repeats), None) } else { (repeats.get("low"), repeats.get("high")) };
        let number = |el: Option<El<'d>>| el.and_then(|el| self.integer(el));
        match (number(low), number(high)) {
            (Some(low), high) if low > 0 && high.is_none_or(|high| high >= low) => {
                repeat.set("count", Tree::from(i64::from(low)));
                if let Some(high) = high.filter(|high| *high > low) {
                    repeat.set("countMax", Tree::from(i64::from(high)));
                }
            }
            (None, None) => {}
            _ => {
                self.note(
                    repeats,
                    "how often it was repeated has no element in this form; it is in the document alone",
                );
            }
        }
    }

    fn put_timing(&self, timing: &mut Tree, repeat: &mut Tree, time: El<'d>, bounds: bool) {
        if time.attr("operator") == Some("E") {
            self.warn(time, "a time at which it is not taken has no element; it is in the document alone");
            return;
        }
        match time.kind() {
            Some("PIVL_TS" | "PIVL_PPD_TS") if repeat.get("period").is_some() => {
                self.warn(time, "a second period of taking has no element; it is in the document alone");
            }
            Some("PIVL_TS" | "PIVL_PPD_TS") => self.periodic(repeat, time),
            Some("EIVL_TS" | "EIVL_PPD_TS") => self.at_event(repeat, time),
            Some("SXPR_TS") => self.warn(time, "times in one another so deep are in the document alone"),
            _ if time.attr("value").is_some() => {
                let mut at = Tree::object();
                if self.put_time(&mut at, "at", time)
                    && let Some(at) = at.remove("at")
                {
                    timing.push("event", at);
                }
            }
            _ if bounds => self.put_bounds(repeat, time),
            _ => {}
        }
    }

    /// From when to when; a timing has one such interval.
    fn put_bounds(&self, repeat: &mut Tree, time: El<'d>) {
        let Some(period) = self.period(time) else {
            if let Some(length) = time.get("width").and_then(|width| self.length_of(width)) {
                repeat.set("boundsDuration", length);
            }
            return;
        };
        self.put_period(repeat, time, period);
    }

    fn put_period(&self, repeat: &mut Tree, time: El<'d>, period: Tree) {
        if repeat.get("boundsPeriod").is_none() {
            repeat.set("boundsPeriod", period);
        } else {
            self.warn(time, "a second interval of taking has no element; it is in the document alone");
        }
    }

    /// How long something lasts, as a Duration.
    fn length_of(&self, width: El<'d>) -> Option<Tree> {
        let unit = time_unit(width.attr("unit")?)?;
        let mut length = Tree::from([("value", Tree::Number(self.number(width)?))]);
        length.set("unit", unit);
        length.set("system", super::quantity::UCUM);
        length.set("code", unit);
        Some(length)
    }

    /// An EIVL_TS: at an event of the day, or so long before or after it.
    fn at_event(&self, repeat: &mut Tree, time: El<'d>) {
        let Some(code) = time.get("event").and_then(|event| event.attr("code")) else { return };
        let Some(code) = event(code) else {
            self.note(time, format!("{code:?} is no event of the day; it is in the text"));
            return;
        };
        repeat.push("when", code);
        let Some(offset) = time.get("offset").filter(|offset| offset.null().is_none()) else { return };
        let end = if offset.attr("value").is_some() { Some(offset) } else { offset.get("low").or(offset.get("high")) };
        let minutes = end.and_then(minutes_of);
        // At a meal itself FHIR has no distance to it; before and after are in the event's code.
        let is_before = code.starts_with("AC");
        let told = minutes.filter(|minutes| !code.starts_with('C') && (is_before || *minutes >= 0));
        match told {
            Some(minutes) if repeat.get("offset").is_none() => {
                repeat.set("offset", Tree::from(minutes.abs()));
                if end != Some(offset) && offset.get("high").is_some_and(|high| minutes_of(high) != Some(minutes)) {
                    self.note(offset, "of the distance to the event its first end was taken");
                }
            }
            _ => self.warn(offset, "this distance to the event has no element; it is in the document alone"),
        }
    }

    /// A PIVL_TS: every so often.
    fn periodic(&self, repeat: &mut Tree, time: El<'d>) {
        let Some(period) = time.get("period") else { return };
        // Every four to six hours comes as an interval.
        let (low, high) = match period.attr("value") {
            Some(_) => (period, None),
            None => match (period.get("low"), period.get("high")) {
                (Some(low), high) => (low, high),
                (None, Some(high)) => (high, None),
                (None, None) => return,
            },
        };
        if low.attr("value").is_none() {
            return;
        }
        let written = low.attr("unit").unwrap_or_default();
        let (Some(value), Some(unit)) = (self.number(low), time_unit(written)) else {
            self.warn(
                time,
                format!("{written:?} is no unit of a period; how often it is taken is in the document alone"),
            );
            return;
        };
        if unit != written {
            self.note(low, format!("{written:?} is no UCUM unit of time; it was read as {unit}"));
        }
        repeat.set("frequency", Tree::from(1));
        repeat.set("period", Tree::Number(value));
        if let Some(high) = high
            && let Some(value) = self.number(high)
        {
            if high.attr("unit").and_then(time_unit) == Some(unit) {
                repeat.set("periodMax", Tree::Number(value));
            } else {
                self.warn(high, "the ends of the period have different units; the longer one is in the document alone");
            }
        }
        repeat.set("periodUnit", unit);
        if let Some(phase) = time.get("phase") {
            // Within each period it goes on for the width of the phase.
            let width =
                phase.get("width").and_then(|width| Some((self.number(width)?, time_unit(width.attr("unit")?)?)));
            if let Some((length, unit)) = width {
                repeat.set("duration", Tree::Number(length));
                repeat.set("durationUnit", unit);
            }
            if let Some(period) = self.ends(phase) {
                self.put_period(repeat, phase, period);
            }
        }
        if let Some(code) = time.attr("alignment").and_then(clean_code) {
            self.note(time, format!("the alignment {code:?} is in the text alone"));
        }
    }
}

/// Units that a timing may have, and how people write them.
fn time_unit(unit: &str) -> Option<&'static str> {
    Some(match unit.to_ascii_lowercase().trim_end_matches('.') {
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "min",
        "h" | "hr" | "hrs" | "hour" | "hours" | "[hr]" => "h",
        "d" | "day" | "days" => "d",
        "wk" | "wks" | "w" | "week" | "weeks" => "wk",
        "mo" | "mos" | "month" | "months" => "mo",
        "a" | "y" | "yr" | "yrs" | "year" | "years" => "a",
        _ => return None,
    })
}

/// A PQ of time in whole minutes.
fn minutes_of(el: El<'_>) -> Option<i64> {
    let number = i64::from(el.attr("value")?.parse::<i32>().ok()?);
    let minutes = match time_unit(el.attr("unit")?)? {
        "s" if number % 60 == 0 => return Some(number / 60),
        "min" => 1,
        "h" => 60,
        "d" => 1440,
        _ => return None,
    };
    // FHIR has 31 bits for them.
    Some(number * minutes).filter(|minutes| i32::try_from(minutes.unsigned_abs()).is_ok())
}
