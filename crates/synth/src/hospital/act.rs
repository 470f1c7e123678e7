//! What is due, done.

use super::measure::Since;
use super::schedule::admission_h;
use super::{Due, Hospital, TURNAROUND_US, hours_from, minutes};
use crate::calendar::{DAY_US, HOUR_US, MINUTE_US};
use crate::message::{Application, Class, Report, Reported, Visit};
use crate::panel::Panel;
use crate::resource::{ALERT, CONFUSED, Charting, Dose, Prescribed, Transaction, Vital};
use crate::staff::{CLINICIANS, Clinician, Ward};
use crate::stories::{MIXED_UP, MIXED_UP_NOTE, STORIES};
use crate::story::Move;
use crate::test::Test;

/// From a wrong result to its correction.
const CORRECTION_US: i64 = 50 * MINUTE_US;
/// Below this pressure (mmHg) patients are confused.
const CONFUSED_BELOW: f64 = 90.0;

/// Trigger and structure of an ADT message.
const ADD_PERSON: [&str; 3] = ["ADT", "A28", "ADT_A05"];
const ADMIT: [&str; 3] = ["ADT", "A01", "ADT_A01"];
const TRANSFER: [&str; 3] = ["ADT", "A02", "ADT_A02"];
const DISCHARGE: [&str; 3] = ["ADT", "A03", "ADT_A03"];
const REGISTER: [&str; 3] = ["ADT", "A04", "ADT_A01"];
const UPDATE: [&str; 3] = ["ADT", "A08", "ADT_A01"];
const RESULT: [&str; 3] = ["ORU", "R01", "ORU_R01"];
const VACCINATION: [&str; 3] = ["VXU", "V04", "VXU_V04"];
const DOCUMENT: [&str; 3] = ["MDM", "T02", "MDM_T02"];

fn nurse(at_us: i64) -> &'static Clinician {
    // The watch changes every twelve hours.
    &CLINICIANS[5 + (at_us.div_euclid(12 * HOUR_US) % 2) as usize]
}

impl Hospital {
    pub(super) fn act(&mut self, at_us: i64, due: Due) {
        match due {
            Due::Open => {
                let mut transaction = Transaction::default();
                transaction.staff();
                self.transact(at_us, transaction);
            }
            Due::Register { patient } => self.register(patient, at_us),
            Due::Home { patient, index, stops } => {
                let mut transaction = Transaction::default();
                self.home(&mut transaction, patient, index, stops);
                self.transact(at_us, transaction);
            }
            Due::Vaccinate { patient, index } => self.vaccinate(patient, index, at_us),
            Due::Clinic { patient, index } => self.clinic(patient, index, at_us),
            Due::LeaveClinic { patient } => self.leave(patient, at_us),
            Due::ClinicResult { patient, index, stay, collected_us } => {
                self.clinic_result(patient, index, stay, collected_us, at_us);
            }
            Due::Move { patient, index, stay, arrival_us } => self.go(patient, index, stay, arrival_us, at_us),
            Due::Diagnose { patient, index, stay, arrival_us } => {
                self.diagnose(patient, index, stay, arrival_us, at_us);
            }
            Due::Result { patient, index, stay, arrival_us, recurs } => {
                self.result(patient, index, stay, arrival_us, recurs, at_us);
            }
            Due::Correct { patient, slip, stay, report } => self.correct(patient, slip, stay, report, at_us),
            Due::MixUp => self.mix_up(at_us),
            Due::Withdraw { report } => self.withdraw(report, at_us),
            Due::Vitals { patient, stay, arrival_us } => self.vitals(patient, stay, arrival_us, at_us),
            Due::Weigh { patient, stay, arrival_us } => self.weigh(patient, stay, arrival_us, at_us),
            Due::Treat { patient, index, stay, arrival_us, stops } => {
                self.treat(patient, index, stay, arrival_us, stops, at_us);
            }
            Due::Give { patient, index, stay, arrival_us } => self.give(patient, index, stay, arrival_us, at_us),
            Due::Write { patient, index, stay } => self.write(patient, index, stay, at_us),
        }
    }

    fn register(&mut self, patient: usize, at_us: i64) {
        let mut letter = self.letter(Application::Administration, ADD_PERSON, at_us);
        letter.event(at_us).patient(&self.people[patient]);
        self.send(at_us, letter);
        let story = &STORIES[patient];
        let mut transaction = Transaction::default();
        let recorded = self.clock.fhir(at_us);
        for (index, (condition, years)) in story.problems.iter().enumerate() {
            let since = self.clock.fhir_date(self.days(-years * 365.25));
            transaction.problem(&self.people[patient], index, *condition, &since, &recorded);
        }
        for (index, allergy) in story.allergies.iter().enumerate() {
            transaction.allergy(&self.people[patient], index, allergy, &recorded);
        }
        for (index, prescription) in story.home.iter().enumerate() {
            if self.days(prescription.from_d) <= at_us {
                let stops = prescription.until_d.is_some_and(|until_d| self.days(until_d) <= at_us);
                self.home(&mut transaction, patient, index, stops);
            }
        }
        self.transact(at_us, transaction);
    }

    fn home(&self, transaction: &mut Transaction, patient: usize, index: usize, stops: bool) {
        let prescription = &STORIES[patient].home[index];
        let number = self.prescription_number(patient, None, index);
        let order = Prescribed {
            medicine: &prescription.medicine,
            authored: &self.clock.fhir_date(self.days(prescription.from_d)),
            stopped: stops.then_some(prescription.why),
            visit: None,
            by: Ward::Clinic.lead(),
        };
        transaction.prescription(&self.people[patient], &number, &order);
    }

    fn vaccinate(&mut self, patient: usize, index: usize, at_us: i64) {
        let vaccine = &STORIES[patient].vaccines[index];
        let given_us = self.days(-vaccine.years_ago * 365.25);
        let was_here = given_us == at_us;
        let number = format!("I{}-{}", self.people[patient].mrn, index + 1);
        let mut letter = self.letter(Application::Vaccination, VACCINATION, at_us);
        letter.patient(&self.people[patient]).vaccination(vaccine, &number, given_us, was_here);
        self.send(at_us, letter);
    }

    fn clinic(&mut self, patient: usize, index: usize, at_us: i64) {
        self.plan_next_clinic(patient, index, at_us);
        if self.visits[patient].is_some() {
            return;
        }
        let stay = self.begin_clinic(patient, at_us);
        self.administer(patient, REGISTER, at_us, |_, _| {});
        for index in 0..STORIES[patient].clinic_panels.len() {
            let collected_us = at_us + 20 * MINUTE_US;
            let reported_us = collected_us + TURNAROUND_US + index as i64 * MINUTE_US;
            self.plan(reported_us, Due::ClinicResult { patient, index, stay, collected_us });
        }
    }

    /// An ADT message about the present visit.
    fn administer(
        &mut self,
        patient: usize,
        event: [&str; 3],
        at_us: i64,
        add: impl FnOnce(&mut crate::message::Letter, &Visit),
    ) {
        let Some(present) = self.visits[patient].clone() else { return };
        let mut letter = self.letter(Application::Administration, event, at_us);
        letter.event(at_us).patient(&self.people[patient]).visit(&present.visit);
        add(&mut letter, &present.visit);
        self.send(at_us, letter);
    }

    fn leave(&mut self, patient: usize, at_us: i64) {
        if let Some(present) = &mut self.visits[patient] {
            present.visit.end_us = Some(at_us);
            present.visit.before = None;
        }
        self.administer(patient, DISCHARGE, at_us, |_, _| {});
        self.visits[patient] = None;
    }

    fn go(&mut self, patient: usize, index: usize, stay: u64, arrival_us: i64, at_us: i64) {
        let Some(plan) = STORIES[patient].stay else { return };
        let (_, a_move) = plan.moves[index];
        if let Move::Arrive(bed) = a_move {
            self.begin_stay(patient, stay, arrival_us, bed);
            self.administer(patient, REGISTER, at_us, |_, _| {});
            return;
        }
        let Some(present) = self.visits[patient].as_mut().filter(|present| present.serial == stay) else { return };
        match a_move {
            Move::Arrive(_) => {}
            Move::Admit(ward, bed) => {
                present.visit.class = Class::Inpatient;
                present.visit.before = Some(present.visit.place);
                present.visit.place = (ward, bed);
                let admitted_h = admission_h(plan.moves);
                self.administer(patient, ADMIT, at_us, |letter, visit| {
                    for (rank, (condition, at_h)) in plan.diagnoses.iter().enumerate() {
                        if *at_h <= admitted_h {
                            letter.diagnosis(rank + 1, *condition, at_us, visit.place.0.lead());
                        }
                    }
                });
            }
            Move::Transfer(ward, bed) => {
                present.visit.before = Some(present.visit.place);
                present.visit.place = (ward, bed);
                self.administer(patient, TRANSFER, at_us, |_, _| {});
            }
            Move::Discharge => {
                self.stop_everything(patient, stay, arrival_us, at_us);
                self.leave(patient, at_us);
                self.plan_return(patient, at_us);
            }
        }
    }

    /// With the stay ends what was given in it.
    fn stop_everything(&mut self, patient: usize, stay: u64, arrival_us: i64, at_us: i64) {
        let Some(plan) = STORIES[patient].stay else { return };
        let Some(present) = self.present(patient, stay).cloned() else { return };
        let mut transaction = Transaction::default();
        for (index, medicine) in plan.medicines.iter().enumerate() {
            if medicine.until_h.is_some() || hours_from(arrival_us, medicine.from_h) > at_us {
                continue;
            }
            let order = Prescribed {
                medicine: &medicine.medicine,
                authored: &self.clock.fhir(hours_from(arrival_us, medicine.from_h)),
                stopped: Some("discharged"),
                visit: Some(&present.visit.number),
                by: present.visit.place.0.lead(),
            };
            let number = self.prescription_number(patient, Some(stay), index);
            transaction.prescription(&self.people[patient], &number, &order);
        }
        self.transact(at_us, transaction);
    }

    fn diagnose(&mut self, patient: usize, index: usize, stay: u64, arrival_us: i64, at_us: i64) {
        let Some(plan) = STORIES[patient].stay else { return };
        if self.present(patient, stay).is_none() {
            return;
        }
        let admitted_h = admission_h(plan.moves);
        self.administer(patient, UPDATE, at_us, |letter, visit| {
            for (rank, (condition, at_h)) in plan.diagnoses[..=index].iter().enumerate() {
                let made_us = hours_from(arrival_us, at_h.max(admitted_h));
                letter.diagnosis(rank + 1, *condition, made_us, visit.place.0.lead());
            }
        });
    }

    /// What a panel shows of a sample.
    fn report(&mut self, patient: usize, panel: Panel, since: Since, collected_us: i64, issued_us: i64) -> Report {
        let results = panel
            .tests()
            .into_iter()
            .map(|test| Reported {
                test,
                text: self.measured(patient, test, since, collected_us),
                status: "F",
                note: None,
            })
            .collect();
        Report { panel, number: self.order_number(), collected_us, issued_us, status: "F", results }
    }

    fn send_report(&mut self, patient: usize, visit: Option<&Visit>, report: &Report, at_us: i64) {
        let orderer = visit.map_or_else(|| self.lead(patient), |visit| visit.place.0.lead());
        let mut letter = self.letter(Application::Laboratory, RESULT, at_us);
        letter.patient(&self.people[patient]);
        if let Some(visit) = visit {
            letter.visit_mentioned(visit);
        }
        letter.report(report, &self.people[patient], orderer);
        self.send(at_us, letter);
    }

    fn clinic_result(&mut self, patient: usize, index: usize, stay: u64, collected_us: i64, at_us: i64) {
        let panel = STORIES[patient].clinic_panels[index];
        let report = self.report(patient, panel, Since::Clinic, collected_us, at_us);
        // Results come after the patient has left.
        let visit = Visit {
            number: format!("V{stay:07}"),
            class: Class::Outpatient,
            place: (Ward::Clinic, ""),
            before: None,
            reason: "",
            start_us: collected_us,
            end_us: None,
        };
        self.send_report(patient, Some(&visit), &report, at_us);
    }

    fn result(&mut self, patient: usize, index: usize, stay: u64, arrival_us: i64, recurs: bool, at_us: i64) {
        let Some(plan) = STORIES[patient].stay else { return };
        let Some(present) = self.present(patient, stay).cloned() else { return };
        let order = plan.orders[index];
        let every_us = minutes(order.every_h * HOUR_US as f64);
        if recurs && at_us + every_us < present.ends_us {
            self.plan(at_us + every_us, Due::Result { patient, index, stay, arrival_us, recurs });
        }
        let since = Since::Arrival(arrival_us);
        let mut report = self.report(patient, order.panel, since, at_us - TURNAROUND_US, at_us);
        let slip = plan.slips.iter().position(|slip| {
            let before_us = hours_from(self.now_us, slip.before_h);
            recurs && slip.panel == order.panel && at_us <= before_us && at_us + every_us > before_us
        });
        if let Some(slip) = slip {
            let right = report.clone();
            let wrong = plan.slips[slip];
            for result in report.results.iter_mut().filter(|result| result.test == wrong.test) {
                result.text = wrong.test.reported(wrong.first);
            }
            self.plan(at_us + CORRECTION_US, Due::Correct { patient, slip, stay, report: right });
        }
        self.send_report(patient, Some(&present.visit), &report, at_us);
    }

    fn correct(&mut self, patient: usize, slip: usize, stay: u64, report: Report, at_us: i64) {
        let Some(slip) = STORIES[patient].stay.and_then(|plan| plan.slips.get(slip).copied()) else { return };
        let visit = self.present(patient, stay).map(|present| present.visit.clone());
        let mut report = Report { issued_us: at_us, status: "C", ..report };
        for result in report.results.iter_mut().filter(|result| result.test == slip.test) {
            result.status = "C";
            result.note = Some(slip.why);
        }
        self.send_report(patient, visit.as_ref(), &report, at_us);
    }

    fn mix_up(&mut self, at_us: i64) {
        let (patient, _, test, value) = MIXED_UP;
        let result = Reported { test, text: test.reported(value), status: "F", note: None };
        let report = Report {
            panel: Panel::Single(test),
            number: self.order_number(),
            collected_us: at_us - TURNAROUND_US,
            issued_us: at_us,
            status: "F",
            results: vec![result],
        };
        self.send_report(patient, None, &report, at_us);
        self.plan(at_us + 2 * CORRECTION_US, Due::Withdraw { report });
    }

    fn withdraw(&mut self, report: Report, at_us: i64) {
        let mut report = Report { issued_us: at_us, status: "X", ..report };
        for result in &mut report.results {
            result.status = "W";
            result.note = Some(MIXED_UP_NOTE);
        }
        self.send_report(MIXED_UP.0, None, &report, at_us);
    }

    fn vitals(&mut self, patient: usize, stay: u64, arrival_us: i64, at_us: i64) {
        let Some(present) = self.present(patient, stay).cloned() else { return };
        let next_us = at_us + self.vitals_pause(patient, at_us);
        self.plan(next_us, Due::Vitals { patient, stay, arrival_us });
        let measured = |test| self.measured(patient, test, Since::Arrival(arrival_us), at_us);
        let systolic = measured(Test::Systolic);
        let is_confused = systolic.parse::<f64>().is_ok_and(|pressure| pressure < CONFUSED_BELOW);
        let mut charted: Vec<Vital> =
            [Test::HeartRate, Test::RespiratoryRate, Test::Saturation, Test::Temperature, Test::OxygenFlow]
                .into_iter()
                .map(|test| Vital::Number(test, measured(test)))
                .collect();
        charted.push(Vital::Pressure(systolic, measured(Test::Diastolic)));
        charted.push(Vital::Consciousness(if is_confused { CONFUSED } else { ALERT }));
        self.chart(patient, &present.visit.number, &charted, at_us);
    }

    fn chart(&mut self, patient: usize, visit: &str, charted: &[Vital], at_us: i64) {
        let around = Charting::new(self.clock, &self.people[patient], visit, at_us, nurse(at_us));
        let mut transaction = Transaction::default();
        for vital in charted {
            transaction.vital(&around, vital);
        }
        self.transact(at_us, transaction);
    }

    fn weigh(&mut self, patient: usize, stay: u64, arrival_us: i64, at_us: i64) {
        let Some(present) = self.present(patient, stay).cloned() else { return };
        let since = Since::Arrival(arrival_us);
        let mut charted = vec![Vital::Number(Test::Weight, self.measured(patient, Test::Weight, since, at_us))];
        if at_us - arrival_us < HOUR_US {
            charted.push(Vital::Number(Test::Height, self.measured(patient, Test::Height, since, at_us)));
        }
        self.chart(patient, &present.visit.number, &charted, at_us);
        let next_us = self.clock.last(at_us, 7) + DAY_US;
        self.plan(next_us, Due::Weigh { patient, stay, arrival_us });
    }

    fn treat(&mut self, patient: usize, index: usize, stay: u64, arrival_us: i64, stops: bool, at_us: i64) {
        let Some(plan) = STORIES[patient].stay else { return };
        let Some(present) = self.present(patient, stay).cloned() else { return };
        let medicine = &plan.medicines[index];
        let order = Prescribed {
            medicine: &medicine.medicine,
            authored: &self.clock.fhir(hours_from(arrival_us, medicine.from_h)),
            stopped: stops.then_some(medicine.why),
            visit: Some(&present.visit.number),
            by: present.visit.place.0.lead(),
        };
        let mut transaction = Transaction::default();
        let number = self.prescription_number(patient, Some(stay), index);
        transaction.prescription(&self.people[patient], &number, &order);
        self.transact(at_us, transaction);
    }

    fn give(&mut self, patient: usize, index: usize, stay: u64, arrival_us: i64, at_us: i64) {
        let Some(plan) = STORIES[patient].stay else { return };
        let Some(present) = self.present(patient, stay).cloned() else { return };
        let medicine = &plan.medicines[index];
        if medicine.until_h.is_some_and(|until_h| at_us >= hours_from(arrival_us, until_h)) {
            return;
        }
        let prescription = self.prescription_number(patient, Some(stay), index);
        let number = format!("{prescription}-{}", at_us / MINUTE_US);
        let dose = Dose {
            medicine: &medicine.medicine,
            at: &self.clock.fhir(at_us),
            visit: &present.visit.number,
            by: nurse(at_us),
        };
        let mut transaction = Transaction::default();
        transaction.administration(&self.people[patient], &prescription, &number, &dose);
        self.transact(at_us, transaction);
        let pause_us = DAY_US / i64::from(medicine.medicine.times_a_day);
        self.plan(at_us + pause_us, Due::Give { patient, index, stay, arrival_us });
    }

    fn write(&mut self, patient: usize, index: usize, stay: u64, at_us: i64) {
        let Some(plan) = STORIES[patient].stay else { return };
        let Some(present) = self.present(patient, stay).cloned() else { return };
        let document = &plan.documents[index];
        self.documents += 1;
        let number = format!("D{:06}", self.documents);
        let mut letter = self.letter(Application::Documents, DOCUMENT, at_us);
        letter.event(at_us).patient(&self.people[patient]).visit_mentioned(&present.visit);
        let author = present.visit.place.0.lead();
        letter.document(document.kind, document.code, &number, at_us, author, document.lines);
        self.send(at_us, letter);
    }
}
