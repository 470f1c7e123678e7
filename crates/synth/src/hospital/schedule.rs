//! What is planned when: at the start, and when a stay begins.

use super::{Due, Hospital, hours_from, minutes};
use crate::calendar::{DAY_US, HOUR_US, MINUTE_US};
use crate::message::{Class, Visit};
use crate::random::Random;
use crate::staff::Ward;
use crate::stories::{MIXED_UP, STORIES};
use crate::story::{Move, Story};

const YEAR_D: f64 = 365.25;
/// Between leaving and coming again.
const AT_HOME_DAYS: i64 = 3;
/// Between visits to the clinic once those of the story are over.
const CLINIC_EVERY_DAYS: i64 = 30;
/// A visit to the clinic.
const CLINIC_STAY_US: i64 = 50 * MINUTE_US;

impl Hospital {
    pub(super) fn plan_everything(&mut self) {
        let mut first_us = self.now_us;
        for (patient, story) in STORIES.iter().enumerate() {
            let registered_us = self.registered(story);
            first_us = first_us.min(registered_us);
            self.plan(registered_us, Due::Register { patient });
            for (index, prescription) in story.home.iter().enumerate() {
                for (stops, at_d) in [(false, Some(prescription.from_d)), (true, prescription.until_d)] {
                    // What began before the patient was known is told at registration.
                    if let Some(at_us) = at_d.map(|at_d| self.days(at_d)).filter(|at_us| *at_us > registered_us) {
                        self.plan(at_us, Due::Home { patient, index, stops });
                    }
                }
            }
            for (index, vaccine) in story.vaccines.iter().enumerate() {
                let given_us = self.days(-vaccine.years_ago * YEAR_D);
                self.plan(given_us.max(registered_us + HOUR_US), Due::Vaccinate { patient, index });
            }
            for (index, at_d) in story.clinic.iter().enumerate() {
                let at_us = self.days(*at_d);
                self.plan(at_us, Due::Clinic { patient, index });
            }
            if let Some(stay) = story.stay {
                let arrival_us = hours_from(self.now_us, stay.arrival_h);
                self.plan_arrival(patient, arrival_us);
            }
        }
        self.plan(first_us - HOUR_US, Due::Open);
        self.plan(hours_from(self.now_us, MIXED_UP.1), Due::MixUp);
    }

    /// When a patient becomes known: half a day before the first contact.
    pub(super) fn registered(&self, story: &Story) -> i64 {
        let clinic = story.clinic.first().copied();
        let stay = story.stay.map(|stay| stay.arrival_h / 24.0);
        let first_d = clinic.into_iter().chain(stay).fold(0.0, f64::min);
        self.days(first_d - 0.5)
    }

    fn plan_arrival(&mut self, patient: usize, arrival_us: i64) {
        let stay = self.visited + 1;
        self.visited = stay;
        self.plan(arrival_us, Due::Move { patient, index: 0, stay, arrival_us });
    }

    /// A clinic's visit begins.
    pub(super) fn begin_clinic(&mut self, patient: usize, at_us: i64) -> u64 {
        self.visited += 1;
        let serial = self.visited;
        let visit = Visit {
            number: format!("V{serial:07}"),
            class: Class::Outpatient,
            place: (Ward::Clinic, ""),
            before: None,
            reason: "",
            start_us: at_us,
            end_us: None,
        };
        let ends_us = at_us + CLINIC_STAY_US;
        self.visits[patient] = Some(super::Present { serial, visit, ends_us });
        self.plan(ends_us, Due::LeaveClinic { patient });
        serial
    }

    /// The clinic goes on after the visits of the story.
    pub(super) fn plan_next_clinic(&mut self, patient: usize, index: usize, at_us: i64) {
        let visits = STORIES[patient].clinic;
        if index + 1 >= visits.len() && STORIES[patient].stay.is_none() {
            self.plan(at_us + CLINIC_EVERY_DAYS * DAY_US, Due::Clinic { patient, index: visits.len() });
        }
    }

    /// A stay begins: all of it that can be foreseen.
    pub(super) fn begin_stay(&mut self, patient: usize, stay: u64, arrival_us: i64, bed: &'static str) {
        let Some(plan) = STORIES[patient].stay else { return };
        let discharge_h = plan.moves.last().map_or(0.0, |(at_h, _)| *at_h);
        let ends_us = hours_from(arrival_us, discharge_h);
        let visit = Visit {
            number: format!("V{stay:07}"),
            class: Class::Emergency,
            place: (Ward::Emergency, bed),
            before: None,
            reason: plan.reason,
            start_us: arrival_us,
            end_us: None,
        };
        self.visits[patient] = Some(super::Present { serial: stay, visit, ends_us });
        for (index, (at_h, _)) in plan.moves.iter().enumerate().skip(1) {
            self.plan(hours_from(arrival_us, *at_h), Due::Move { patient, index, stay, arrival_us });
        }
        let admitted_h = admission_h(plan.moves);
        for (index, (_, at_h)) in plan.diagnoses.iter().enumerate() {
            if *at_h > admitted_h {
                self.plan(hours_from(arrival_us, *at_h), Due::Diagnose { patient, index, stay, arrival_us });
            }
        }
        for (index, order) in plan.orders.iter().enumerate() {
            // Everything once on arrival, then by the ward's rhythm.
            let first_us = arrival_us + 55 * MINUTE_US + index as i64 * MINUTE_US;
            self.plan(first_us, Due::Result { patient, index, stay, arrival_us, recurs: false });
            let every_us = minutes(order.every_h * HOUR_US as f64);
            let phase_us = self.now_us + minutes(order.phase_min * MINUTE_US as f64);
            let after_us = first_us + HOUR_US;
            let next_us = after_us + (phase_us - after_us).rem_euclid(every_us);
            self.plan(next_us, Due::Result { patient, index, stay, arrival_us, recurs: true });
        }
        self.plan(arrival_us + 8 * MINUTE_US, Due::Vitals { patient, stay, arrival_us });
        self.plan(arrival_us + 40 * MINUTE_US, Due::Weigh { patient, stay, arrival_us });
        for (index, medicine) in plan.medicines.iter().enumerate() {
            let from_us = hours_from(arrival_us, medicine.from_h);
            self.plan(from_us, Due::Treat { patient, index, stay, arrival_us, stops: false });
            if let Some(until_h) = medicine.until_h {
                let until_us = hours_from(arrival_us, until_h);
                self.plan(until_us, Due::Treat { patient, index, stay, arrival_us, stops: true });
            }
            self.plan(from_us + 15 * MINUTE_US, Due::Give { patient, index, stay, arrival_us });
        }
        for (index, document) in plan.documents.iter().enumerate() {
            self.plan(hours_from(arrival_us, document.at_h), Due::Write { patient, index, stay });
        }
    }

    /// The patient left, and comes again some day with the same trouble.
    pub(super) fn plan_return(&mut self, patient: usize, at_us: i64) {
        let hours = Random::new(self.seed, &[4, patient as u64, self.visited]).below(48) as i64;
        self.plan_arrival(patient, at_us + AT_HOME_DAYS * DAY_US + hours * HOUR_US);
    }

    /// From a round of vital signs to the next. What is long past was charted less often than what is watched now.
    pub(super) fn vitals_pause(&self, patient: usize, at_us: i64) -> i64 {
        let every_min = STORIES[patient].stay.map_or(60, |stay| stay.vitals_every_min);
        match self.now_us - at_us {
            past_us if past_us > DAY_US => 4 * HOUR_US,
            past_us if past_us > 3 * HOUR_US => HOUR_US,
            _ => every_min * MINUTE_US,
        }
    }
}

/// When the patient is admitted, in hours from arrival.
pub(super) fn admission_h(moves: &[(f64, Move)]) -> f64 {
    moves.iter().find(|(_, a_move)| matches!(a_move, Move::Admit(..))).map_or(0.0, |(at_h, _)| *at_h)
}
