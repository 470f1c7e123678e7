//! Values: the curve of a patient's story, and the scatter of measuring.

use super::Hospital;
use crate::calendar::{DAY_US, HOUR_US, MINUTE_US};
use crate::curve::{self, Curve};
use crate::random::Random;
use crate::stories::STORIES;
use crate::test::{Range, Test, filtration};

/// Haematocrit in per cent by haemoglobin in g/dL.
const HEMATOCRIT_PER_HEMOGLOBIN: f64 = 3.0;
/// How much healthy people differ, as a part of the value.
const BETWEEN_PEOPLE: f64 = 0.02;

/// What stage a value belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Since {
    /// A stay that began then.
    Arrival(i64),
    /// No stay: a visit to the clinic.
    Clinic,
}

impl Hospital {
    /// The text that is reported for a measurement at `at_us`.
    pub(super) fn measured(&self, patient: usize, test: Test, since: Since, at_us: i64) -> String {
        test.reported(self.value(patient, test, since, at_us))
    }

    fn value(&self, patient: usize, test: Test, since: Since, at_us: i64) -> f64 {
        let person = &self.people[patient];
        match test {
            // Computed from the creatinine that is reported beside it.
            Test::Gfr => {
                let creatinine = self.measured(patient, Test::Creatinine, since, at_us);
                return filtration(creatinine.parse().unwrap_or(70.0), person).min(120.0);
            }
            Test::Height => return STORIES[patient].height_cm,
            _ => {}
        }
        let expected = match curve::value(curve(patient, test, since), self.stage(since, at_us)) {
            Some(value) => value,
            None if test == Test::Hematocrit => {
                self.value(patient, Test::Hemoglobin, since, at_us) * HEMATOCRIT_PER_HEMOGLOBIN
            }
            None => self.baseline(patient, test),
        };
        let mut random = Random::new(self.seed, &[3, patient as u64, test as u64, (at_us / MINUTE_US) as u64]);
        expected * (1.0 + test.info().scatter * random.bell())
    }

    fn stage(&self, since: Since, at_us: i64) -> f64 {
        match since {
            Since::Arrival(arrival_us) => (at_us - arrival_us) as f64 / HOUR_US as f64,
            Since::Clinic => (at_us - self.now_us) as f64 / DAY_US as f64,
        }
    }

    /// A healthy value of this person.
    fn baseline(&self, patient: usize, test: Test) -> f64 {
        if test == Test::Weight {
            return STORIES[patient].weight_kg;
        }
        let middle = match test.range(&self.people[patient]) {
            Range::Between(low, high) => f64::midpoint(low, high),
            _ => test.info().healthy,
        };
        let mut random = Random::new(self.seed, &[5, patient as u64, test as u64]);
        let spread = if matches!(test, Test::Ph | Test::Temperature | Test::Saturation) { 0.0 } else { BETWEEN_PEOPLE };
        middle * (1.0 + spread * random.bell())
    }
}

/// The curve of a test; none if it is healthy.
fn curve(patient: usize, test: Test, since: Since) -> Curve {
    let story = &STORIES[patient];
    let curves = match since {
        Since::Arrival(_) => story.stay.map_or(&[][..], |stay| stay.course),
        Since::Clinic => story.trend,
    };
    curves.iter().find(|(of, _)| *of == test).map_or(&[], |(_, curve)| curve)
}
