//! People as several desks wrote them down: a register with the duplicates that registers have, and who is who.
//!
//! Households of one to five share a family name, an address and often a telephone; some have twins, some a son who is called as his
//! father. Of each person there are one to three records. The first is right; the others have what goes wrong at a desk, each with the chance
//! that [`Slips`] says.

mod pools;
mod slip;
mod written;

use crate::random::Random;
use written::Written;

/// One record of a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Number of the person: records with one number are of one person.
    pub person: u32,
    /// A FHIR R4 `Patient` without an id.
    pub json: String,
}

/// How often, in each record but a person's first, out of a thousand.
#[derive(Clone, Copy, Debug)]
pub struct Slips {
    /// The number of the nation was not asked for.
    pub number_missing: u64,
    /// One digit of it is wrong, or two changed about.
    pub number_typed_wrong: u64,
    /// A letter of the name is wrong, missing, too much, or changed about with the next.
    pub name_typed_wrong: u64,
    /// Family name and given name are changed about.
    pub name_turned: u64,
    /// The person is written as people call them, where there is a usual form.
    pub nickname: u64,
    /// A middle name is left out, or an initial.
    pub middle_left_out: u64,
    /// A Chinese name is written in Latin letters.
    pub pinyin: u64,
    /// A character is another one that is read the same.
    pub homophone: u64,
    /// A grown woman has another family name.
    pub married: u64,
    /// Day and month of the birth date are changed about, where both can be.
    pub birth_turned: u64,
    /// A digit of it is wrong.
    pub birth_typed_wrong: u64,
    /// It was not asked for.
    pub birth_missing: u64,
    /// The sex was not asked for.
    pub sex_missing: u64,
    /// It is the other one.
    pub sex_wrong: u64,
    /// No telephone was given.
    pub phone_missing: u64,
    /// Another one was given.
    pub phone_changed: u64,
    /// A digit of it is wrong.
    pub phone_typed_wrong: u64,
    /// No address was given.
    pub address_missing: u64,
    /// The person has moved.
    pub moved: u64,
    /// A letter of the street is wrong.
    pub address_typed_wrong: u64,
}

impl Default for Slips {
    fn default() -> Self {
        Slips {
            number_missing: 100,
            number_typed_wrong: 20,
            name_typed_wrong: 40,
            name_turned: 30,
            nickname: 100,
            middle_left_out: 400,
            pinyin: 150,
            homophone: 20,
            married: 10,
            birth_turned: 8,
            birth_typed_wrong: 10,
            birth_missing: 20,
            sex_missing: 20,
            sex_wrong: 2,
            phone_missing: 80,
            phone_changed: 80,
            phone_typed_wrong: 20,
            address_missing: 100,
            moved: 100,
            address_typed_wrong: 50,
        }
    }
}

/// The records of `people` people, mixed: about three for two people.
///
/// The same seed gives the same records. No name, number or address here is of anyone: the digits of numbers are drawn, and only their check
/// characters are right.
pub fn registry(seed: u64, people: u32, slips: &Slips) -> Vec<Registered> {
    let mut out = Vec::new();
    let (mut person, mut household) = (0, 0);
    while person < people {
        let mut random = Random::new(seed, &[40, household]);
        for member in written::household(&mut random) {
            if person == people {
                break;
            }
            let mut random = Random::new(seed, &[41, household, u64::from(person)]);
            let records = 1 + usize::from(random.below(1000) < 380) + usize::from(random.below(1000) < 120);
            out.push(Registered { person, json: member.json(&mut random) });
            for _ in 1..records {
                let mut again: Written = member.clone();
                again.slip(slips, &mut random);
                out.push(Registered { person, json: again.json(&mut random) });
            }
            person += 1;
        }
        household += 1;
    }
    let mut random = Random::new(seed, &[42]);
    for at in (1..out.len()).rev() {
        out.swap(at, random.below(at as u64 + 1) as usize);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Slips, registry};

    #[test]
    fn the_same_seed_gives_the_same_register() {
        let (one, other) = (registry(3, 500, &Slips::default()), registry(3, 500, &Slips::default()));
        assert_eq!(one, other);
        assert_ne!(one, registry(4, 500, &Slips::default()));
        assert!((700..850).contains(&one.len()), "{}", one.len());
        assert_eq!(one.iter().map(|record| record.person).max(), Some(499));
    }

    #[test]
    fn each_record_is_a_valid_patient() {
        for record in registry(5, 300, &Slips::default()) {
            let document = fhir::json::Document::parse(record.json.as_bytes()).expect("JSON");
            let issues = fhir::validate::validate(document.root(), &fhir::validate::Options::default());
            assert!(issues.is_empty(), "{issues:?} {}", record.json);
        }
    }
}
