//! Events and the order of their segments: which segment belongs to which.

use super::context::{About, Context, Scope};
use super::encounter::{Stay, StayEvent};
use super::observation::{Surroundings, continuation};
use super::order::Patient;
use super::participation::Behind;
use super::patient::Subject;
use super::transaction::{Key, Write, bundle};
use super::value::is_text;
use super::{MapError, Mapped, Outcome, Settings};
use crate::message::{Message, Segment};
use fhir::json::Tree;

/// The events with a whole map, as message type and trigger.
pub const MAPPED_EVENTS: &[(&str, &str)] = &[
    ("ADT", "A01"),
    ("ADT", "A02"),
    ("ADT", "A03"),
    ("ADT", "A04"),
    ("ADT", "A05"),
    ("ADT", "A06"),
    ("ADT", "A07"),
    ("ADT", "A08"),
    ("ADT", "A11"),
    ("ADT", "A12"),
    ("ADT", "A13"),
    ("ADT", "A28"),
    ("ADT", "A31"),
    ("ADT", "A40"),
    ("ORU", "R01"),
    ("VXU", "V04"),
    ("MDM", "T02"),
];

/// True if messages of this type and trigger have a map.
pub fn has_map(kind: &str, trigger: &str) -> bool {
    MAPPED_EVENTS.contains(&(kind, trigger))
}

/// MSH fields that say how the message travels, not what it means: the arrival keeps them.
const ENVELOPE: [u16; 16] = [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16, 18, 21];

/// Maps a message.
///
/// # Errors
/// [`MapError`] if the event has a map but the message lacks what identifies its subject.
pub fn map(message: &Message<'_>, settings: &Settings) -> Result<Outcome, MapError> {
    let (kind, trigger) = message.event();
    let event = format!("{kind}^{trigger}");
    if !has_map(&kind, &trigger) {
        return Ok(Outcome::NoMap { event });
    }
    bound_repetitions(message)?;
    let context = Context::new(message, settings);
    context.pass(message.header(), ENVELOPE);
    let groups = patient_groups(message);
    if groups.is_empty() {
        return Err(MapError::MissingSegment { event, segment: "PID" });
    }
    let stay_event = context.stay_event(&trigger);
    for group in &groups {
        context.begin_patient();
        match kind.as_str() {
            "ADT" if trigger == "A40" => context.merge_group(group)?,
            "ADT" => context.admission(group, &stay_event)?,
            "ORU" => context.results(group, &stay_event)?,
            "VXU" => context.vaccinations(group, &stay_event)?,
            _ => context.document_group(group, &stay_event)?,
        }
    }
    let (resources, issues, unmapped) = context.finish();
    let bundle = bundle(&resources, &settings.source);
    Ok(Outcome::Mapped(Mapped { event, resources, bundle, issues, unmapped }))
}

/// Repetitions beyond the first in all fields of a message together, but for lines of text.
const REPETITIONS_MAX: usize = 50_000;

/// Segments of a message: what is made of one takes some ten thousand bytes of memory.
const SEGMENTS_MAX: usize = 20_000;

fn bound_repetitions(message: &Message<'_>) -> Result<(), MapError> {
    if let Some(segment) = message.all().nth(SEGMENTS_MAX) {
        return Err(MapError::TooManySegments { place: segment.place(), limit: SEGMENTS_MAX });
    }
    let mut count = 0;
    for segment in message.all() {
        for field in segment.fields() {
            let lines = matches!((segment.id().as_str(), field.place().field), ("OBX", 5) | ("NTE", 3));
            if lines && (segment.is("NTE") || is_text(segment.field(2).text().trim())) {
                continue;
            }
            count += field.repeat_count() - 1;
            if count > REPETITIONS_MAX {
                return Err(MapError::TooManyRepetitions { place: field.place(), limit: REPETITIONS_MAX });
            }
        }
    }
    Ok(())
}

/// The segments from each PID to the next.
fn patient_groups<'m>(message: &'m Message<'m>) -> Vec<Vec<Segment<'m>>> {
    let mut groups: Vec<Vec<Segment<'m>>> = Vec::new();
    for segment in message.all() {
        if segment.is("PID") {
            groups.push(vec![segment]);
        } else if let Some(group) = groups.last_mut() {
            group.push(segment);
        }
    }
    groups
}

/// The first segment with this id.
fn find<'m>(group: &[Segment<'m>], id: &str) -> Option<Segment<'m>> {
    group.iter().copied().find(|segment| segment.is(id))
}

impl<'m> Context<'m> {
    fn stay_event<'e>(&self, trigger: &'e str) -> StayEvent<'e> {
        let evn = self.message.segments("EVN").next();
        let (recorded, occurred) = evn.map_or((None, None), |evn| {
            self.pass(evn, [1]);
            (self.date_time(self.take(evn, 2).into()), self.date_time(self.take(evn, 6).into()))
        });
        StayEvent { trigger, at: occurred.clone().or(recorded), occurred }
    }

    /// PID, PD1, PV1 and PV2 of a group. In a message about results the patient and the stay are only mentioned.
    fn patient_and_stay(
        &self,
        group: &[Segment<'m>],
        event: &StayEvent<'_>,
        patient_write: Write,
        stay_write: Write,
    ) -> Result<(Subject, Option<Stay>), MapError> {
        let subject = self.person(group, patient_write)?;
        let stay = find(group, "PV1").and_then(|pv1| {
            let pv2 = find(group, "PV2");
            self.within(pv1, pv2.filter(|pv2| pv2.index() == pv1.index() + 1).unwrap_or(pv1));
            self.encounter(pv1, pv2, &subject, event, stay_write)
        });
        Ok((subject, stay))
    }

    /// PID and PD1 of a group.
    fn person(&self, group: &[Segment<'m>], write: Write) -> Result<Subject, MapError> {
        let (pid, pd1) = (group[0], find(group, "PD1"));
        self.within(pid, pd1.filter(|pd1| pd1.index() == pid.index() + 1).unwrap_or(pid));
        self.patient(pid, pd1, find(group, "PV1"), write)
    }

    /// ADT.
    fn admission(&self, group: &[Segment<'m>], event: &StayEvent<'_>) -> Result<(), MapError> {
        let (subject, stay) = self.patient_and_stay(group, event, Write::Update, Write::Update)?;
        // ROL and NTE belong to the segment they follow.
        let mut after_visit = false;
        let mut noted: Option<Key> = None;
        let mut joined = 0;
        let first_visit = find(group, "PV1").map(Segment::index);
        for (at, segment) in group.iter().copied().enumerate() {
            self.within(segment, segment);
            match segment.id().as_str() {
                "PV1" | "PV2" => after_visit = true,
                "PR1" | "IN1" | "GT1" => {
                    // A ROL behind these is about the procedure or the insurance; the guide has no map for it.
                    after_visit = false;
                    noted = None;
                }
                _ => {}
            }
            match segment.id().as_str() {
                "ROL" if after_visit => {
                    if let Some(stay) = &stay {
                        self.encounter_role(segment, &stay.key);
                    }
                }
                "ROL" if first_visit.is_none_or(|visit| segment.index() < visit) => {
                    self.patient_role(segment, &subject);
                }
                "NK1" => self.next_of_kin(segment, &subject, Write::Update),
                "GT1" => self.guarantor(segment, &subject, Write::Update),
                "IN1" => self.coverage(segment, &subject),
                "IN2" | "DB1" => self.patient_numbers(segment, &subject),
                "ACC" => self.accident(segment, &subject, stay.as_ref().map(|stay| &stay.reference)),
                "PDA" => self.death(segment, &subject, stay.as_ref().map(|stay| &stay.reference)),
                "AL1" => self.allergy(segment, &subject),
                "IAM" => self.adverse_reaction(segment, &subject),
                "DG1" => self.diagnosis(segment, &subject, stay.as_ref()),
                "PR1" => self.procedure(segment, &subject, stay.as_ref()),
                "OBX" if joined > 0 => joined -= 1,
                "OBX" => {
                    joined = continuation(&group[at..]);
                    self.within(segment, group[at + joined]);
                    // The guide leaves open whether these belong to the stay, so they do not name it.
                    let about = self.observed_about(&subject, segment);
                    let around = Surroundings::of(&subject, about);
                    noted = self.observation(segment, &group[at + 1..=at + joined], &around).map(|result| result.key);
                }
                "NTE" => {
                    if let Some(key) = &noted {
                        self.add_note(segment, key);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The identity of an observation without an order: patient and time; without a time the stay or message it came with.
    fn observed_about(&self, subject: &Subject, obx: Segment<'m>) -> About {
        let at = self.date_time(obx.field(14).into()).unwrap_or_default();
        About::of_source(format!("{}|{at}", subject.token))
    }

    /// ADT^A40.
    fn merge_group(&self, group: &[Segment<'m>]) -> Result<(), MapError> {
        let subject = self.person(group, Write::Update)?;
        if !subject.is_numbered {
            return Err(MapError::NoIdentity { place: group[0].field(3).place(), what: "patient" });
        }
        let mut merged = false;
        for mrg in group.iter().filter(|segment| segment.is("MRG")) {
            self.within(*mrg, *mrg);
            self.merge(*mrg, &subject)?;
            merged = true;
        }
        if !merged {
            return Err(MapError::MissingSegment { event: "ADT^A40".to_owned(), segment: "MRG" });
        }
        Ok(())
    }

    /// ORU.
    fn results(&self, group: &[Segment<'m>], event: &StayEvent<'_>) -> Result<(), MapError> {
        let (subject, stay) = self.patient_and_stay(group, event, Write::CreateIfAbsent, Write::CreateIfAbsent)?;
        let encounter = stay.map(|stay| stay.reference);
        let patient = Patient { subject: &subject, encounter: encounter.clone() };
        let first_obr = group.iter().position(|segment| segment.is("OBR"));
        // Before the first order there may be persons around the patient, and observations about him.
        for segment in group[..first_obr.unwrap_or(group.len())].iter().copied() {
            self.within(segment, segment);
            match segment.id().as_str() {
                "NK1" => self.next_of_kin(segment, &subject, Write::CreateIfAbsent),
                "OBX" => {
                    let around = Surroundings::of(&subject, self.observed_about(&subject, segment));
                    self.observation(segment, &[], &around);
                }
                _ => {}
            }
        }
        let mut orc: Option<Segment<'m>> = None;
        let mut at = 0;
        while at < group.len() {
            let segment = group[at];
            if segment.is("ORC") {
                orc = Some(segment);
            }
            if segment.is("OBR") {
                let end = group[at + 1..]
                    .iter()
                    .position(|next| next.is("OBR") || next.is("ORC"))
                    .map_or(group.len(), |found| at + 1 + found);
                self.order_results(orc.take(), segment, &group[at + 1..end], &patient);
                at = end;
                continue;
            }
            at += 1;
        }
        Ok(())
    }

    /// An order with what follows it up to the next.
    fn order_results(&self, orc: Option<Segment<'m>>, obr: Segment<'m>, rest: &[Segment<'m>], patient: &Patient<'_>) {
        let subject = patient.subject;
        let when = self.date_time(obr.field(7).into());
        // Of a day there may be several.
        let fallback = match when.filter(|when| when.contains('T')) {
            Some(when) => format!("{}|{when}", subject.token),
            None => format!("{}|{}", subject.token, self.content_token()),
        };
        // What stands between the two, if anything, is about the order as well.
        self.within(orc.unwrap_or(obr), obr);
        let order = self.order(orc, obr, &fallback);
        let (request_key, request) = self.service_request(&order, patient);
        let (report_key, _) = self.report(&order, patient, &request);
        // SPM stands behind the observations it belongs to.
        let specimens: Vec<(usize, Key, Tree)> = rest
            .iter()
            .enumerate()
            .filter(|(_, segment)| segment.is("SPM"))
            .map(|(at, spm)| {
                self.within(*spm, *spm);
                let (key, reference) = self.specimen(*spm, subject, &order.about);
                (at, key, reference)
            })
            .collect();
        self.within(obr, obr);
        let older = if specimens.is_empty() { self.specimen_of_order(obr, subject, &order.about) } else { None };
        let specimen = match specimens.as_slice() {
            [] => older.clone(),
            [(_, _, only)] => Some(only.clone()),
            // With several it is not said which an observation is of.
            _ => None,
        };
        let mut around = Surroundings {
            subject: subject.reference.clone(),
            encounter: patient.encounter.clone(),
            about: order.about.clone(),
            report_status: self.text(*obr.field(25)),
            effective: self.effective(obr),
            based_on: Some(request),
            part_of: None,
            derived_from: self.parent_result(&order),
            specimen,
        };
        let mut results = Vec::new();
        let mut noted = request_key.clone();
        let mut behind_order = true;
        let mut joined = 0;
        for (at, segment) in rest.iter().copied().enumerate() {
            self.within(segment, segment);
            match segment.id().as_str() {
                "OBX" if joined > 0 => joined -= 1,
                "OBX" => {
                    joined = continuation(&rest[at..]);
                    self.within(segment, rest[at + joined]);
                    if let Some(result) = self.observation(segment, &rest[at + 1..=at + joined], &around) {
                        results.push(result.reference);
                        noted = result.key;
                        behind_order = false;
                    }
                }
                "SPM" => {
                    if let Some((_, key, reference)) = specimens.iter().find(|(place, _, _)| *place == at) {
                        noted = key.clone();
                        // What is observed behind a specimen is observed on it.
                        around.specimen = Some(reference.clone());
                    }
                }
                "NTE" => self.add_note(segment, &noted),
                "TQ1" => self.timing(segment, &request_key),
                "PRT" if behind_order => {
                    self.participation(segment, Behind::Order(&request_key, Some(&report_key)));
                }
                "PRT" if noted.resource_type == "Observation" => {
                    self.participation(segment, Behind::Observation(&noted));
                }
                _ => {}
            }
        }
        self.change(&report_key, |report| {
            for (_, _, reference) in &specimens {
                report.push("specimen", reference.clone());
            }
            if let Some(older) = older {
                report.push("specimen", older);
            }
            for result in results {
                report.push("result", result);
            }
        });
    }

    /// VXU.
    fn vaccinations(&self, group: &[Segment<'m>], event: &StayEvent<'_>) -> Result<(), MapError> {
        let (subject, stay) = self.patient_and_stay(group, event, Write::Update, Write::CreateIfAbsent)?;
        let encounter = stay.map(|stay| stay.reference);
        let mut orc: Option<Segment<'m>> = None;
        let mut current: Option<(Key, Tree, Scope)> = None;
        let mut noted: Option<Key> = None;
        for (at, segment) in group.iter().copied().enumerate() {
            self.within(segment, segment);
            match segment.id().as_str() {
                "NK1" => self.next_of_kin(segment, &subject, Write::Update),
                "GT1" => self.guarantor(segment, &subject, Write::Update),
                "IN1" => self.coverage(segment, &subject),
                "IN2" | "DB1" => self.patient_numbers(segment, &subject),
                "ORC" => {
                    orc = Some(segment);
                    current = None;
                }
                "RXA" => {
                    let rxr = group.get(at + 1).copied().filter(|next| next.is("RXR"));
                    // The order stands right before the first of its vaccinations.
                    let before = orc.filter(|orc| orc.index() + 1 == segment.index()).unwrap_or(segment);
                    self.within(before, rxr.unwrap_or(segment));
                    let put = self.immunization(orc, segment, rxr, &subject, encounter.as_ref());
                    noted = Some(put.0.clone());
                    current = Some(put);
                }
                "OBX" => {
                    let around = match &current {
                        Some((key, reference, scope)) => Surroundings {
                            part_of: Some(reference.clone()),
                            ..Surroundings::of(
                                &subject,
                                About { text: format!("immunization|{}", key.value), scope: *scope },
                            )
                        },
                        None => Surroundings::of(&subject, self.observed_about(&subject, segment)),
                    };
                    noted = self.observation(segment, &[], &around).map(|result| result.key);
                    if let Some((key, _, _)) = &current {
                        self.funding(segment, key);
                    }
                }
                "PRT" => match (&noted, &current) {
                    (Some(key), _) if key.resource_type == "Observation" => {
                        self.participation(segment, Behind::Observation(key));
                    }
                    (_, Some((key, _, _))) => self.participation(segment, Behind::Immunization(key)),
                    _ => {}
                },
                "NTE" => {
                    if let Some(key) = &noted {
                        self.add_note(segment, key);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// MDM^T02.
    fn document_group(&self, group: &[Segment<'m>], event: &StayEvent<'_>) -> Result<(), MapError> {
        let Some(txa_at) = group.iter().position(|segment| segment.is("TXA")) else {
            return Err(MapError::MissingSegment { event: "MDM^T02".to_owned(), segment: "TXA" });
        };
        let (subject, stay) = self.patient_and_stay(group, event, Write::CreateIfAbsent, Write::CreateIfAbsent)?;
        let patient = Patient { subject: &subject, encounter: stay.map(|stay| stay.reference) };
        let mut requests = Vec::new();
        let mut orc: Option<Segment<'m>> = None;
        let mut noted: Option<Key> = None;
        for segment in group[..txa_at].iter().copied() {
            match segment.id().as_str() {
                "ORC" => orc = Some(segment),
                "OBR" => {
                    let fallback = format!("{}|{}", subject.token, self.content_token());
                    self.within(orc.unwrap_or(segment), segment);
                    let order = self.order(orc.take(), segment, &fallback);
                    let (key, reference) = self.service_request(&order, &patient);
                    noted = Some(key);
                    requests.push(reference);
                }
                "NTE" | "TQ1" | "PRT" => {
                    let Some(key) = &noted else { continue };
                    match segment.id().as_str() {
                        "NTE" => self.add_note(segment, key),
                        "TQ1" => self.timing(segment, key),
                        _ => self.participation(segment, Behind::Order(key, None)),
                    }
                }
                _ => {}
            }
        }
        let contents = group.iter().rfind(|segment| segment.is("OBX"));
        self.within(group[txa_at], contents.copied().unwrap_or(group[txa_at]));
        let of = |id: &str| group[txa_at..].iter().copied().filter(|segment| segment.is(id)).collect::<Vec<_>>();
        self.document(group[txa_at], &of("OBX"), &of("NTE"), &patient, requests);
        Ok(())
    }
}

impl Surroundings {
    fn of(subject: &Subject, about: About) -> Self {
        Surroundings {
            subject: subject.reference.clone(),
            encounter: None,
            about,
            report_status: None,
            effective: None,
            based_on: None,
            part_of: None,
            derived_from: None,
            specimen: None,
        }
    }
}
