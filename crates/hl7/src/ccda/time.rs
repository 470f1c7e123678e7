//! Points in time and intervals: TS, IVL_TS to date, dateTime, instant, Period.
//!
//! Precision is that of the digits. A time without zone gets that of the document, else that of the source. What is no time keeps its digits
//! beside the missing value, as an `originalText` extension, and is told as an issue.

use super::context::Context;
use super::draft::Draft;
use super::element::El;
use super::null::absent;
use crate::map::context::{extension, filled};
use crate::map::time::{Moment, as_text};
use fhir::json::Tree;
use jiff::tz::{Offset, TimeZone};

const ORIGINAL_TEXT: &str = "http://hl7.org/fhir/StructureDefinition/originalText";

/// What an element says of a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum When {
    /// A time.
    At(Moment),
    /// Digits that are none.
    Dead(String),
    /// That it is not known, and why.
    Null(String),
}

impl<'d> Context<'d> {
    /// What a TS says; `None` if it says nothing.
    pub(super) fn when(&self, el: El<'d>) -> Option<When> {
        if let Some(text) = el.attr("value") {
            let digits = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'Z'));
            return Some(match Moment::parse(text).filter(|_| digits) {
                // Minutes that nobody told are not made up.
                Some(moment) if moment.is_hour() => {
                    self.note(
                        el,
                        format!("{text:?} names the hour alone, which FHIR has no form for; the day was taken"),
                    );
                    When::At(moment.day_alone())
                }
                Some(moment) => When::At(moment),
                None => {
                    self.warn(el, format!("{text:?} is no date or time (YYYYMMDDHHMMSS+ZZZZ); it was kept as text"));
                    When::Dead(text.chars().filter(|c| !c.is_control()).take(64).collect())
                }
            });
        }
        el.null().map(|flavor| When::Null(flavor.to_owned()))
    }

    /// A TS or the start of an IVL_TS, if it is a time.
    pub(super) fn moment(&self, el: El<'d>) -> Option<Moment> {
        let el = if el.attr("value").is_some() { el } else { el.get("low").or_else(|| el.get("center"))? };
        match self.when(el)? {
            When::At(moment) => Some(moment),
            _ => None,
        }
    }

    /// As dateTime.
    pub(super) fn date_time_of(&self, moment: &Moment) -> String {
        moment.date_time_in(&self.zone)
    }

    /// Sets a dateTime of `tree`: its value, or beside it why it has none. `true` if there is a value.
    pub(super) fn put_time(&self, tree: &mut Tree, name: &str, el: El<'d>) -> bool {
        self.put_as(tree, name, el, |moment| Some(self.date_time_of(moment)))
    }

    /// The same as a date.
    pub(super) fn put_date(&self, tree: &mut Tree, name: &str, el: El<'d>) -> bool {
        self.put_as(tree, name, el, |moment| Some(moment.date()))
    }

    fn put_as(&self, tree: &mut Tree, name: &str, el: El<'d>, write: impl Fn(&Moment) -> Option<String>) -> bool {
        match self.when(el) {
            Some(When::At(moment)) => match write(&moment) {
                Some(text) => {
                    tree.set(name, text);
                    if let Some(hour) = el.attr("value").filter(|text| is_hour(text)) {
                        tree.set(
                            &format!("_{name}"),
                            Tree::from([("extension", vec![extension(ORIGINAL_TEXT, "valueString", hour)].into())]),
                        );
                    }
                    true
                }
                None => false,
            },
            Some(When::Dead(text)) => {
                let mut beside = absent("error");
                beside.push("extension", extension(ORIGINAL_TEXT, "valueString", text));
                tree.set(&format!("_{name}"), beside);
                false
            }
            Some(When::Null(_)) | None => false,
        }
    }

    /// Sets a dateTime of a resource from a TS, or the low of an IVL_TS. `true` if there is a value.
    pub(super) fn fill_time(&self, draft: &mut Draft<'d>, name: &str, el: El<'d>) -> bool {
        let from = point(el);
        fill_with(draft, from, |tree| self.put_time(tree, name, from))
    }

    /// Sets a date of a resource likewise.
    pub(super) fn fill_date(&self, draft: &mut Draft<'d>, name: &str, el: El<'d>) -> bool {
        let from = point(el);
        fill_with(draft, from, |tree| self.put_date(tree, name, from))
    }

    /// Sets an instant of a resource, if there is one.
    pub(super) fn fill_instant(&self, draft: &mut Draft<'d>, name: &str, el: El<'d>) -> bool {
        let from = point(el);
        fill_with(draft, from, |tree| {
            self.put_as(tree, name, from, |moment| moment.has_time().then(|| self.date_time_of(moment)))
        })
    }

    /// A Period of an IVL_TS. Of a point in time, it starts and ends there.
    pub(super) fn period(&self, el: El<'d>) -> Option<Tree> {
        let period = self.ends(el);
        if period.as_ref().is_some_and(|period| period.get("end").is_none())
            && let Some(width) = el.get("width").filter(|width| width.attr("value").is_some())
        {
            self.warn(width, "the length of an interval that gives no end has no element; it is in the document alone");
        }
        period
    }

    /// The same, whatever is said of its length.
    pub(super) fn ends(&self, el: El<'d>) -> Option<Tree> {
        let mut period = Tree::object();
        if el.attr("value").is_some() {
            self.put_time(&mut period, "start", el);
            self.put_time(&mut period, "end", el);
            return filled(period);
        }
        if let Some(low) = el.get("low").or_else(|| el.get("center")) {
            self.put_time(&mut period, "start", low);
        }
        if let Some(high) = el.get("high") {
            self.put_time(&mut period, "end", high);
        }
        filled(period)
    }

    /// Sets a time that is a point or an interval: `effective` to `effectiveDateTime` or `effectivePeriod`. `true` if something was set.
    pub(super) fn fill_point_or_period(&self, draft: &mut Draft<'d>, stem: &str, el: El<'d>) -> bool {
        let is_interval = el.attr("value").is_none() && el.get("high").is_some_and(|high| high.attr("value").is_some());
        let is_low = el.attr("value").is_none() && el.get("low").is_some_and(|low| low.attr("value").is_some());
        // Without an end it goes on, or nobody knows: that is no point in time.
        if (is_interval || (is_low && el.get("high").is_some()))
            && let Some(period) = self.period(el)
        {
            draft.set(&format!("{stem}Period"), period, el);
            return true;
        }
        let name = format!("{stem}DateTime");
        self.fill_time(draft, &name, el) || draft.has(&format!("_{name}"))
    }
}

fn is_hour(text: &str) -> bool {
    Moment::parse(text).is_some_and(|moment| moment.is_hour())
}

/// Sets what `put` sets of an element and what stands beside it.
fn fill_with<'d>(draft: &mut Draft<'d>, from: El<'d>, put: impl Fn(&mut Tree) -> bool) -> bool {
    let mut value = Tree::object();
    let is_there = put(&mut value);
    for (name, value) in value.members() {
        draft.set(name, value.clone(), from);
    }
    is_there
}

/// The point in time that an element is, or begins at.
fn point(el: El<'_>) -> El<'_> {
    if el.attr("value").is_some() {
        return el;
    }
    el.get("low").or_else(|| el.get("center")).unwrap_or(el)
}

/// The zone of times that give none: that of the document's own time, else the source's. Where both agree it is the source's, which knows
/// summer and winter.
pub(super) fn zone_of(document: El<'_>, source: &TimeZone) -> TimeZone {
    let sent = document.get("effectiveTime").and_then(|el| el.attr("value")).and_then(Moment::parse);
    let Some(sent) = sent else { return source.clone() };
    let Some(zone) = sent.zone().filter(|zone| **zone != as_text(sent.offset_in(source))) else {
        return source.clone();
    };
    let number = |at: usize| zone.get(at..at + 2).and_then(|part| part.parse::<i32>().ok()).unwrap_or(0);
    let seconds = (number(1) * 60 + number(4)) * 60;
    Offset::from_seconds(if zone.starts_with('-') { -seconds } else { seconds }).map_or(source.clone(), TimeZone::fixed)
}
