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
        dosage.fill("site", el.get("approachSiteCode").and_then(|code| self.concept(code)));
        dosage.fill("route", el.get("routeCode").and_then(|code| self.concept(code)));
        let mut given = Tree::object();
        if let Some(dose) = el.get("doseQuantity") {
            self.put_amount(&mut given, "dose", dose, el.get("administrationUnitCode"));
        }
        if let Some(rate) = el.get("rateQuantity") {
            self.put_amount(&mut given, "rate", rate, None);
        }
        dosage.fill_all("doseAndRate", filled(given).into_iter().collect());
        if let Some(most) = el.get("maxDoseQuantity") {
            dosage.fill("maxDosePerPeriod", self.ratio(most));
        }
        filled(dosage)
    }

    /// A quantity or range; the unit of counted things is what they are.
    fn put_amount(&self, tree: &mut Tree, stem: &str, el: El<'d>, of: Option<El<'d>>) {
        if let Some(mut quantity) = self.quantity(el) {
            let unit = quantity.get("unit").and_then(Tree::as_str).unwrap_or("1");
            if unit == "1"
                && let Some(of) = of.and_then(|of| self.concept(of))
            {
                let coding = of.get("coding").map_or(&[][..], Tree::items).first();
                let words =
                    coding.and_then(|coding| coding.get("display")).or_else(|| of.get("text")).and_then(Tree::as_str);
                if let Some(words) = words {
                    quantity.set("unit", words);
                }
            }
            tree.set(&format!("{stem}Quantity"), quantity);
        } else if let Some(range) = self.range(el) {
            tree.set(&format!("{stem}Range"), range);
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

    fn timing(&self, el: El<'d>, bounds: bool) -> Option<Tree> {
        let mut timing = Tree::object();
        let mut repeat = Tree::object();
        for time in el.all("effectiveTime") {
            self.put_timing(&mut timing, &mut repeat, time, bounds, 0);
        }
        timing.fill("repeat", filled(repeat));
        filled(timing)
    }

    fn put_timing(&self, timing: &mut Tree, repeat: &mut Tree, time: El<'d>, bounds: bool, depth: usize) {
        match time.kind() {
            Some("PIVL_TS" | "PIVL_PPD_TS") => self.periodic(repeat, time),
            Some("EIVL_TS" | "EIVL_PPD_TS") => {
                if let Some(code) = time.get("event").and_then(|event| event.attr("code")) {
                    match event(code) {
                        Some(code) => {
                            repeat.push("when", code);
                        }
                        None => self.note(time, format!("{code:?} is no event of the day; it is in the text")),
                    }
                }
            }
            Some("SXPR_TS") if depth < 4 => {
                for part in time.all("comp") {
                    self.put_timing(timing, repeat, part, bounds, depth + 1);
                }
            }
            _ if time.attr("value").is_some() => {
                let mut at = Tree::object();
                if self.put_time(&mut at, "at", time)
                    && let Some(at) = at.remove("at")
                {
                    timing.push("event", at);
                }
            }
            _ if bounds && repeat.get("boundsPeriod").is_none() => {
                repeat.fill("boundsPeriod", self.period(time));
            }
            _ => {}
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
        let (Some(value), Some(unit)) = (self.number(low), low.attr("unit").and_then(time_unit)) else { return };
        repeat.set("frequency", Tree::from(1));
        repeat.set("period", Tree::Number(value));
        if let Some(high) = high
            && let Some(value) = self.number(high)
            && high.attr("unit").and_then(time_unit) == Some(unit)
        {
            repeat.set("periodMax", Tree::Number(value));
        }
        repeat.set("periodUnit", unit);
        if let Some(phase) = time.get("phase")
            && repeat.get("boundsPeriod").is_none()
        {
            repeat.fill("boundsPeriod", self.period(phase));
        }
        if let Some(code) = time.attr("alignment").and_then(clean_code) {
            self.note(time, format!("the alignment {code:?} is in the text alone"));
        }
    }
}

/// Units that a timing may have.
fn time_unit(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "s" => "s",
        "min" => "min",
        "h" | "hr" => "h",
        "d" => "d",
        "wk" => "wk",
        "mo" => "mo",
        "a" | "y" => "a",
        _ => return None,
    })
}
