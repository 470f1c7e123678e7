//! The call `code`.

use super::notes::{Notes, UnmappedKind};
use super::prepare::{Argument, Context, unknown};
use super::slot::{Form, Slot, single_spaced};
use super::text::words_at;
use super::width::plain_text;
use super::{Coded, Coding, Reason, Value};
use crate::codes::{CodeMap, MapTarget, misspelled_system, urn_part};
use fhir::primitive::is_uri;
use std::borrow::Cow;
use std::sync::Arc;

/// `code(map, value[, display])`
#[derive(Clone, Debug)]
pub(super) struct Code {
    slot: Slot,
    kind: Kind,
    /// Whether what the source shows for a value is kept where the value itself is not there.
    names_alone: bool,
}

#[derive(Clone, Debug)]
enum Kind {
    /// The values are codes of this system.
    System(String),
    Map {
        map: Arc<CodeMap>,
        /// The system of values for which the map says none.
        own_system: String,
    },
}

impl Code {
    pub fn prepare(map: &str, slot: &Slot, context: &Context) -> Result<Self, String> {
        let kind = if map.contains(':') {
            if !is_uri(map) {
                return Err(format!("`{map}` is not a system's address: it has white space"));
            }
            if let Some(right) = misspelled_system(map) {
                return Err(format!("`{map}` is another system than `{right}`, which was meant"));
            }
            Kind::System(context.address(map))
        } else {
            let Some(map) = context.codes.get(map) else {
                return Err(unknown("code map", map, context.codes.names()));
            };
            let map = map.of_source(&context.source);
            let own = format!("urn:medweave:source:{}:{}", urn_part(&context.source), urn_part(map.name()));
            let own_system = map.source_system().map_or(own, str::to_owned);
            Kind::Map { map, own_system }
        };
        let code = Code { slot: *slot, kind, names_alone: false };
        code.check()?;
        Ok(code)
    }

    /// Of a name that comes with each row: it says what is meant where there is no code. A constant says nothing of a row.
    pub fn with_name_of_row(self) -> Self {
        let names_alone = self.slot.form() == Form::CodeableConcept;
        Code { names_alone, ..self }
    }

    /// Holds the whole map against what the element requires, before the first row.
    fn check(&self) -> Result<(), String> {
        let Kind::Map { map, .. } = &self.kind else { return Ok(()) };
        for source in map.sources() {
            let targets = map.targets(source).iter().filter(|target| target.equivalence.is_translation());
            if self.slot.form() == Form::Code {
                let (fit, unfit): (Vec<_>, Vec<_>) = targets.partition(|target| self.fits(target));
                if let [target, ..] = unfit[..]
                    && fit.is_empty()
                {
                    return Err(self.misfit(map, target));
                }
                if let [first, second, ..] = fit[..] {
                    return Err(format!(
                        "{}:{}: `{}` has the codes `{}` and `{}`; the element takes one",
                        map.file(),
                        second.line,
                        source.text,
                        first.code,
                        second.code
                    ));
                }
            } else if let Some(list) = self.slot.binding() {
                let targets: Vec<_> = targets.collect();
                let fits = |target: &&MapTarget| list.contains_coding(&target.system, &target.code);
                let wrong = targets.iter().find(|target| list.has_system(&target.system));
                if let Some(wrong) = wrong.filter(|_| !targets.iter().any(fits)) {
                    return Err(self.misfit(map, wrong));
                }
            }
        }
        Ok(())
    }

    fn fits(&self, target: &MapTarget) -> bool {
        target.equivalence.is_translation() && self.slot.binding().is_none_or(|list| list.contains(&target.code))
    }

    fn misfit(&self, map: &CodeMap, target: &MapTarget) -> String {
        let Some(list) = self.slot.binding() else { return format!("{}:{}: misfit", map.file(), target.line) };
        let codes: Vec<_> = list.codings().map(|(_, code)| code).collect();
        let hint = match crate::codes::nearest(&target.code, codes.iter().copied()) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => format!("; it has {}", codes[..codes.len().min(12)].join(", ")),
        };
        format!("{}:{}: `{}` is not in {}{hint}", map.file(), target.line, target.code, list.url())
    }

    pub fn make<'a>(&'a self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        let Some(value) = Argument::take_text_at(arguments, 1)? else {
            let name = if self.names_alone { words_at(arguments, 2, notes)? } else { None };
            return Ok(name.map_or(Value::Absent, |text| Value::Coded(Coded { codings: Vec::new(), text: Some(text) })));
        };
        let display = words_at(arguments, 2, notes)?;
        match &self.kind {
            Kind::System(system) => {
                let code = spaced(match value {
                    Cow::Borrowed(value) => plain_text(value),
                    Cow::Owned(value) => Cow::Owned(plain_text(&value).into_owned()),
                });
                if self.slot.form() == Form::Code {
                    self.slot.check(&code)?;
                    return Ok(Value::Primitive { fhir_type: "code", text: code });
                }
                let codings = vec![Coding { system: Some(system.as_str().into()), code, display: display.clone() }];
                self.slot.check_coded(&codings)?;
                Ok(Value::Coded(Coded { codings, text: display }))
            }
            Kind::Map { map, own_system } => self.mapped(map, own_system, value, display, notes),
        }
    }

    fn mapped<'a>(
        &self,
        map: &'a CodeMap,
        own_system: &'a str,
        value: Cow<'a, str>,
        display: Option<Cow<'a, str>>,
        notes: &mut Notes,
    ) -> Result<Value<'a>, Reason> {
        let source = map.lookup(&value);
        let (fixed, same) = map.otherwise();
        let targets = match source {
            Some(source) => map.targets(source),
            None => fixed.map(std::slice::from_ref).unwrap_or_default(),
        };
        let same = same.filter(|_| source.is_none());
        if source.is_none() && fixed.is_none() && same.is_none() {
            notes.unmapped.count(UnmappedKind::Code, map.name(), &value, display.as_deref());
        }
        if self.slot.form() == Form::Code {
            if let Some(target) = targets.iter().find(|target| self.fits(target)) {
                return Ok(Value::Primitive { fhir_type: "code", text: target.code.as_str().into() });
            }
            if same.is_some() && self.slot.binding().is_none_or(|list| list.contains(&value)) {
                return Ok(Value::Primitive { fhir_type: "code", text: spaced(value) });
            }
            return Err(Reason::of("unmapped-code", &value, &format!("has no code in {}", map.file())));
        }
        let own = source.and_then(|source| source.system.as_deref()).unwrap_or(own_system);
        let display = display.or_else(|| source.and_then(|source| source.display.as_deref()).map(Cow::Borrowed));
        let value = spaced(value);
        let mut codings = Vec::with_capacity(targets.len() + 1 + usize::from(same.is_some()));
        codings.extend(targets.iter().filter(|target| target.equivalence.is_translation()).map(|target| Coding {
            system: Some(target.system.as_str().into()),
            code: target.code.as_str().into(),
            display: target.display.as_deref().map(Cow::Borrowed),
        }));
        if let Some(system) = same {
            codings.push(Coding { system: Some(system.into()), code: value.clone(), display: None });
        }
        let is_there = |coding: &Coding<'_>| coding.system.as_deref() == Some(own) && coding.code == value;
        if !codings.iter().any(is_there) {
            codings.push(Coding { system: Some(own.into()), code: value, display: display.clone() });
        }
        self.slot.check_coded(&codings)?;
        Ok(Value::Coded(Coded { codings, text: display }))
    }
}

fn spaced(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(value) => single_spaced(value),
        Cow::Owned(value) => Cow::Owned(single_spaced(&value).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::CodeMaps;

    const MAPS: [(&str, &str); 5] = [
        ("mixed", "source,source_system\nA,urn:a\nB,urn:medweave:source:{source}:b\n"),
        (
            "sex",
            "source,system,code\n男,http://hl7.org/fhir/administrative-gender,male\n女,http://hl7.org/fhir/administrative-gender,female\n",
        ),
        ("bad", "source,system,code\n男,http://hl7.org/fhir/administrative-gender,mal\n"),
        (
            "two",
            "source,system,code\n9,http://hl7.org/fhir/administrative-gender,other\n9,http://hl7.org/fhir/administrative-gender,unknown\n",
        ),
        (
            "lab",
            "source,system,code,display,equivalence,source_system,source_display\nWBC,http://loinc.org,6690-2,Leukocytes,,urn:lab,白细胞\nWBC,http://loinc.org,26464-8,,disjoint,,\nOLD,,,,unmatched,,\n",
        ),
    ];

    fn context() -> Context {
        let mut context = Context::new("his zh");
        let mut codes = CodeMaps::default();
        for (name, text) in MAPS {
            codes.add_csv(name, &format!("codes/{name}.csv"), text).unwrap();
        }
        context.codes = codes;
        context
    }

    fn gender() -> Slot {
        let schema = fhir::schema::r4();
        let patient = schema.type_id("Patient").unwrap();
        Slot::of_element(schema.element_by_name(patient, "gender").unwrap(), "code").unwrap()
    }

    fn make(map: &str, slot: &Slot, value: &'static str, display: Option<&'static str>) -> String {
        let context = context();
        let code = Code::prepare(map, slot, &context).unwrap();
        let mut notes = Notes::default();
        let mut arguments = [Argument::default(), Argument::Text(Some(value)), Argument::Text(display)];
        let made = match code.make(&mut arguments, &mut notes) {
            Ok(Value::Coded(coded)) => {
                let mut out: Vec<_> = coded
                    .codings
                    .iter()
                    .map(|coding| {
                        let system = coding.system.as_deref().unwrap_or_default();
                        format!("{system}|{}|{}", coding.code, coding.display.as_deref().unwrap_or_default())
                    })
                    .collect();
                out.push(format!("{:?}", coded.text.unwrap_or_default()));
                out.join(" ")
            }
            Ok(Value::Primitive { text, .. }) => text.into_owned(),
            Ok(other) => format!("{other:?}"),
            Err(reason) => reason.code.to_owned(),
        };
        let unmapped: u64 = notes.unmapped.by_frequency().iter().map(|counted| counted.times).sum();
        format!("{made} {unmapped}")
    }

    #[test]
    fn the_source_coding_is_always_kept_behind_its_targets() {
        let slot = Slot::of_type("CodeableConcept").unwrap();
        assert_eq!(
            make("lab", &slot, " WBC ", None),
            "http://loinc.org|6690-2|Leukocytes urn:lab|WBC|白细胞 \"白细胞\" 0"
        );
        assert_eq!(
            make("lab", &slot, "wbc", Some("白细胞计数")),
            "http://loinc.org|6690-2|Leukocytes urn:lab|wbc|白细胞计数 \"白细胞计数\" 0"
        );
        assert_eq!(make("lab", &slot, "CRP", Some("C反应蛋白")), "urn:lab|CRP|C反应蛋白 \"C反应蛋白\" 1");
        assert_eq!(make("mixed", &slot, "B", None), "urn:medweave:source:his%20zh:b|B| \"\" 0");
        assert_eq!(make("lab", &slot, "OLD", None), "urn:lab|OLD| \"\" 0");
        assert_eq!(make("sex", &slot, "未说明", None), "urn:medweave:source:his%20zh:sex|未说明| \"\" 1");
        assert_eq!(
            make("http://hl7.org/fhir/sid/icd-10", &slot, "Ｅ１１．９", None),
            "http://hl7.org/fhir/sid/icd-10|E11.9| \"\" 0"
        );
        assert_eq!(make("http://loinc.org", &slot, "6690-2", None), "http://loinc.org|6690-2| \"\" 0");
        assert_eq!(make("lab", &slot, "  ", None), "Absent 0");
    }

    #[test]
    fn a_code_is_a_target_or_nothing() {
        assert_eq!(make("sex", &gender(), "男", None), "male 0");
        assert_eq!(make("sex", &gender(), "未说明", None), "unmapped-code 1");
        let system = "http://hl7.org/fhir/administrative-gender";
        assert_eq!(make(system, &gender(), "male", None), "male 0");
        assert_eq!(make(system, &gender(), "M", None), "not-a-code 0");
    }

    #[test]
    fn a_map_is_held_to_the_element_when_it_is_compiled() {
        let context = context();
        let error = |map: &str| Code::prepare(map, &gender(), &context).unwrap_err();
        assert_eq!(
            error("bad"),
            "codes/bad.csv:2: `mal` is not in http://hl7.org/fhir/ValueSet/administrative-gender; did you mean `male`?"
        );
        assert_eq!(error("two"), "codes/two.csv:3: `9` has the codes `other` and `unknown`; the element takes one");
        assert_eq!(error("sexx"), "unknown code map `sexx`; did you mean `sex`?");
        assert_eq!(
            error("https://loinc.org"),
            "`https://loinc.org` is another system than `http://loinc.org`, which was meant"
        );
    }
}
