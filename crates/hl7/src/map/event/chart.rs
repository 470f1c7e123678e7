//! Whom a message is about, and the segments that tell of the patient rather than of an order.

use super::super::MapError;
use super::super::context::{About, Context};
use super::super::encounter::{Stay, StayEvent};
use super::super::observation::{Surroundings, continuation};
use super::super::participation::Behind;
use super::super::patient::Subject;
use super::super::transaction::{Key, Write};
use super::find;
use crate::message::Segment;
use fhir::json::Tree;

/// A patient and the stay that a message is about.
pub(super) struct Chart {
    pub(super) subject: Subject,
    pub(super) stay: Option<Stay>,
}

impl Chart {
    pub(super) fn encounter(&self) -> Option<Tree> {
        self.stay.as_ref().map(|stay| stay.reference.clone())
    }
}

/// What became of a segment.
pub(super) enum Taken {
    /// It is none of these.
    No,
    /// It is one; a note behind it is about this resource.
    Yes(Option<Key>),
}

/// What an NTE is about, and how many OBX to come continue the one before them.
#[derive(Default)]
pub(super) struct Noted {
    key: Option<Key>,
    joined: usize,
}

impl Noted {
    pub(super) fn is_about(&mut self, key: Option<Key>) {
        self.key = key;
    }

    pub(super) fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }
}

impl<'m> Context<'m> {
    /// PID, PD1, PV1 and PV2 of a group. In a message about results the patient and the stay are only mentioned.
    pub(super) fn chart(
        &self,
        group: &[Segment<'m>],
        event: &StayEvent<'_>,
        patient_write: Write,
        stay_write: Write,
    ) -> Result<Chart, MapError> {
        let subject = self.person(group, patient_write)?;
        let stay = find(group, "PV1").and_then(|pv1| self.stay_of(group, pv1, &subject, event, stay_write));
        Ok(Chart { subject, stay })
    }

    /// The stay of a PV1 and the PV2 that belongs to it.
    pub(super) fn stay_of(
        &self,
        group: &[Segment<'m>],
        pv1: Segment<'m>,
        subject: &Subject,
        event: &StayEvent<'_>,
        write: Write,
    ) -> Option<Stay> {
        // The segments of a group stand one behind the other.
        let at = pv1.index() - group[0].index();
        let behind = group[at + 1..].iter().copied().take_while(|segment| !segment.is("PV1"));
        let pv2 = behind.into_iter().find(|segment| segment.is("PV2"));
        self.within(pv1, pv2.filter(|pv2| pv2.index() == pv1.index() + 1).unwrap_or(pv1));
        self.encounter(pv1, pv2, subject, event, write)
    }

    /// PID and PD1 of a group.
    pub(super) fn person(&self, group: &[Segment<'m>], write: Write) -> Result<Subject, MapError> {
        let (pid, pd1) = (group[0], find(group, "PD1"));
        self.within(pid, pd1.filter(|pd1| pd1.index() == pid.index() + 1).unwrap_or(pid));
        self.patient(pid, pd1, find(group, "PV1"), write)
    }

    /// Persons around the patient, insurances, allergies, diagnoses, procedures, accident and death. `persons` says how the
    /// persons are meant: a message that only mentions the patient only mentions them.
    pub(super) fn about_patient(&self, segment: Segment<'m>, chart: &Chart, persons: Write) -> Taken {
        let Chart { subject, stay } = chart;
        let encounter = stay.as_ref().map(|stay| &stay.reference);
        let noted = match segment.id().as_str() {
            "NK1" => {
                self.next_of_kin(segment, subject, persons);
                None
            }
            "GT1" => {
                self.guarantor(segment, subject, persons);
                None
            }
            "IN1" => {
                self.coverage(segment, subject);
                None
            }
            "IN2" | "DB1" => {
                self.patient_numbers(segment, subject);
                None
            }
            "ACC" => {
                self.accident(segment, subject, encounter);
                None
            }
            "PDA" => {
                self.death(segment, subject, encounter);
                None
            }
            "AL1" => self.allergy(segment, subject),
            "IAM" => self.adverse_reaction(segment, subject),
            "DG1" => self.diagnosis(segment, subject, stay.as_ref()),
            "PR1" => self.procedure(segment, subject, stay.as_ref()),
            _ => return Taken::No,
        };
        Taken::Yes(noted)
    }

    /// Segment `at`, if it is about the patient, an observation about him, or a note or a person behind one of these.
    pub(super) fn beside(&self, group: &[Segment<'m>], at: usize, chart: &Chart, persons: Write, noted: &mut Noted) {
        let segment = group[at];
        self.within(segment, segment);
        match segment.id().as_str() {
            "OBX" if noted.joined > 0 => noted.joined -= 1,
            "OBX" => {
                noted.joined = continuation(&group[at..]);
                let continued = &group[at + 1..=at + noted.joined];
                self.within(segment, group[at + noted.joined]);
                let around = Surroundings::of(&chart.subject, self.observed_about(&chart.subject, segment));
                noted.key = self.observation(segment, continued, &around).map(|result| result.key);
            }
            "NTE" => {
                if let Some(key) = &noted.key {
                    self.add_note(segment, key);
                }
            }
            "PRT" => {
                if let Some(key) = noted.key.as_ref().filter(|key| key.resource_type == "Observation") {
                    self.participation(segment, Behind::Observation(key));
                }
            }
            "IAR" => {
                if let Some(key) = noted.key.as_ref().filter(|key| key.resource_type == "AllergyIntolerance") {
                    self.reaction(segment, key);
                    self.told_by(key, segment);
                }
            }
            _ => {
                if let Taken::Yes(key) = self.about_patient(segment, chart, persons) {
                    noted.key = key;
                }
            }
        }
    }

    /// The identity of an observation without an order: patient and time; without a time the stay or message it came with.
    pub(super) fn observed_about(&self, subject: &Subject, obx: Segment<'m>) -> About {
        let at = self.date_time(obx.field(14).into()).unwrap_or_default();
        About::of_source(format!("{}|{at}", subject.token))
    }
}

impl Surroundings {
    pub(super) fn of(subject: &Subject, about: About) -> Self {
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
