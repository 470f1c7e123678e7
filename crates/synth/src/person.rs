//! Who the patients are.

use crate::calendar::{Clock, DAY_US, Day};
use crate::people::{Culture, PEOPLE, Slot};
use crate::random::Random;

/// Administrative sex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sex {
    Female,
    Male,
}

/// A name: in Latin letters, and as written at home where that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) family: &'static str,
    pub(crate) given: &'static str,
    /// Family and given name in Chinese characters.
    pub(crate) native: Option<(&'static str, &'static str)>,
}

/// A patient.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: Name,
    pub(crate) sex: Sex,
    pub(crate) age_years: i64,
    pub(crate) born: Day,
    /// The hospital's number for this person.
    pub(crate) mrn: String,
    pub(crate) culture: Culture,
    pub(crate) street: String,
    pub(crate) postcode: String,
    pub(crate) phone: String,
}

const DAYS_PER_YEAR: f64 = 365.2425;

impl Person {
    /// Patient `number` of a seed.
    pub(crate) fn new(seed: u64, number: usize, now_us: i64, clock: Clock) -> Person {
        let slot: &Slot = &PEOPLE[number];
        let mut random = Random::new(seed, &[1, number as u64]);
        // Like-named patients stand together: they draw the same line of their lists.
        let line = Random::new(seed, &[2, slot.names_with as u64]).below(slot.names.len() as u64) as usize;
        let since_birthday = 1 + random.below(360) as i64;
        let age_days = (slot.age_years as f64 * DAYS_PER_YEAR).ceil() as i64 + since_birthday;
        let streets = slot.culture.streets();
        let street = streets[random.below(streets.len() as u64) as usize];
        let house = 1 + random.below(180);
        Person {
            name: slot.names[line],
            sex: slot.sex,
            age_years: slot.age_years,
            born: clock.day(now_us - age_days * DAY_US),
            // The last digit tells the twelve apart, whatever is drawn.
            mrn: format!("{}{:02}", random.digits(6), number + 1),
            culture: slot.culture,
            street: slot.culture.street_line(street, house),
            postcode: random.digits(5),
            phone: format!("555 01{}", random.digits(2)),
        }
    }
}
