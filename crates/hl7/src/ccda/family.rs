//! Family History Organizer to FamilyMemberHistory.

use super::context::Context;
use super::draft::Ref;
use super::element::El;
use super::template::Kind;
use crate::map::context::Fill;
use fhir::json::Tree;

impl<'d> Context<'d> {
    pub(super) fn family(&self, el: El<'d>) -> Ref {
        let mut draft = self.begin("FamilyMemberHistory", el);
        let status = match el.status() {
            Some("completed") | None => "completed",
            Some("nullified") => "entered-in-error",
            Some(_) => "partial",
        };
        draft.set("status", status, el.get("statusCode").unwrap_or(el));
        draft.put("patient", self.subject());
        let relative = el.at(&["subject", "relatedSubject"]);
        let code = relative.and_then(|relative| relative.get("code"));
        draft.set("relationship", self.required_concept(code, None), code.or(relative).unwrap_or(el));
        if let Some(person) = relative.and_then(|relative| relative.get("subject")) {
            draft.fill("name", person.get("name").and_then(El::plain), person);
            if let Some(code) = person.get("administrativeGenderCode") {
                let gender = match code.attr("code") {
                    Some("F") => Some(("female", "Female")),
                    Some("M") => Some(("male", "Male")),
                    Some("UN") => Some(("other", "Other")),
                    _ => None,
                };
                let sex = gender.map(|(code, text)| {
                    super::codes::concept_of("http://hl7.org/fhir/administrative-gender", code, text)
                });
                draft.fill("sex", sex, code);
            }
            if let Some(birth) = person.get("birthTime") {
                self.fill_date(&mut draft, "bornDate", birth);
            }
            if let Some(time) = person.extension("deceasedTime").filter(|time| time.attr("value").is_some()) {
                self.fill_date(&mut draft, "deceasedDate", time);
            } else if let Some(is) = person.extension("deceasedInd") {
                draft.fill("deceasedBoolean", is.truth(), is);
            }
        }
        if let Some(time) = el.get("effectiveTime").or_else(|| self.authored(&[el])) {
            self.fill_time(&mut draft, "date", time);
        }
        for observation in self.take(el, Kind::FamilyObservation) {
            self.family_condition(&mut draft, observation);
        }
        self.comments(&mut draft, el);
        self.own(draft)
    }

    fn family_condition(&self, draft: &mut super::draft::Draft<'d>, el: El<'d>) {
        let value = el.get("value");
        let mut condition = Tree::object();
        let code = self.required_concept(value, self.words_of(el, value));
        condition.set("code", code);
        let age = self.take(el, Kind::AgeAtOnset).into_iter().find_map(|age| self.age(age.get("value")?));
        match age {
            Some(age) => {
                condition.set("onsetAge", age);
            }
            None => {
                // When a relative's illness began is text or age in FHIR, or an interval.
                if let Some(time) = el.get("effectiveTime") {
                    if time.attr("value").is_some() {
                        if let Some(moment) = self.moment(time) {
                            condition.set("onsetString", self.date_time_of(&moment));
                        }
                    } else {
                        condition.fill("onsetPeriod", self.period(time));
                    }
                }
            }
        }
        for death in self.take(el, Kind::DeathCause) {
            if death.is_negated() {
                condition.set("contributedToDeath", false);
                continue;
            }
            condition.set("contributedToDeath", true);
            condition.fill("outcome", death.get("value").and_then(|value| self.concept(value)));
            for age in self.take(death, Kind::AgeAtOnset) {
                if let Some(age) = age.get("value").and_then(|value| self.age(value))
                    && !draft.has("deceasedBoolean")
                    && !draft.has("deceasedDate")
                {
                    draft.set("deceasedAge", age, death);
                }
            }
        }
        if let Some(code) = el.get("code")
            && code.attr("code") != Some("ASSERTION")
        {
            self.note(code, "what kind of illness of a relative it is has no element; the illness itself is mapped");
        }
        for comment in self.take(el, Kind::Comment) {
            if let Some(text) = self.statement_text(comment) {
                condition.push("note", self.annotation(comment, text));
            }
        }
        if el.is_negated() {
            let note = Tree::from([("text", "Negated in the document: the relative did not have it.".into())]);
            condition.push("note", note);
            condition.set("outcome", super::codes::concept_of("http://snomed.info/sct", "2667000", "Absent"));
        }
        draft.push("condition", condition, el);
    }
}
