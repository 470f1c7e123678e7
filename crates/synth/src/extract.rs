//! What an outpatient clinic's database gives each night: three tables as text, with the faults that such tables have.

use crate::calendar::{Clock, DAY_US, HOUR_US, MINUTE_US};
use crate::random::Random;

/// A file of an extract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract {
    /// Its name.
    pub file: &'static str,
    /// What is in it: CSV with a header line.
    pub text: String,
}

/// Patients of the clinic.
const PEOPLE: u64 = 60;
/// Days before the first night of which visits are in the extract.
const DAYS: i64 = 400;

const FAMILIES: [&str; 12] = [
    "Okonkwo",
    "Lindqvist",
    "Barros",
    "Haddad",
    "Novotny",
    "Iyer",
    "Castle",
    "Moreau",
    "Sato",
    "Weaver",
    "Brandt",
    "Kamau",
];
const GIVEN: [[&str; 6]; 2] = [
    ["Amara", "Britta", "Celeste", "Dalia", "Eun-ji", "Freya"],
    ["Anton", "Bashir", "Cem", "Dmitri", "Emeka", "Felix"],
];

/// A test of the clinic's laboratory: its item, the units it is reported in, what is usual, digits.
struct Item(&'static str, &'static str, f64, f64, usize);

const ITEMS: [Item; 6] = [
    Item("HB", "g/dl", 13.6, 0.11, 1),
    Item("GLU", "mmol/l", 5.8, 0.22, 1),
    Item("CREA", "umol/l", 82.0, 0.25, 0),
    Item("K", "mmol/l", 4.2, 0.09, 1),
    Item("CRP", "mg/l", 6.0, 0.9, 1),
    Item("VITD", "nmol/l", 58.0, 0.35, 0),
];

/// The extract of a night: 0 is the first, 1 the one after it, with what a day changed. The same seed, time and zone give the same bytes.
#[must_use]
pub fn extract(seed: u64, now_us: i64, ahead_min: i32, night: u32) -> Vec<Extract> {
    let clock = Clock { ahead_min };
    let tonight_us = clock.last(now_us, 2) + i64::from(night) * DAY_US;
    let first_us = clock.last(now_us, 2);
    let mut people = String::from("pid,surname,forename,sex,born,phone\n");
    let mut visits = String::from("visit,pid,arrived,left,kind\n");
    let mut results = String::from("result,visit,test,value,unit,at\n");
    let (mut visit, mut result) = (9_000_u64, 1_u64);
    for pid in 1..=PEOPLE {
        let mut random = Random::new(seed, &[70, pid]);
        people += &person(pid, night, clock, first_us, &mut random);
        for _ in 0..=random.below(5) {
            visit += 1;
            let arrived_us = clock.last(first_us - random.below(DAYS as u64) as i64 * DAY_US, 8)
                + random.below(540) as i64 * MINUTE_US;
            let left_us = arrived_us + 15 * MINUTE_US + random.below(90) as i64 * MINUTE_US;
            let kind = if random.below(9) == 0 { "emergency" } else { "walk-in" };
            // One visit is of somebody whom the table of people does not have.
            let of = if visit == 9_017 { 777 } else { pid };
            let end = if left_us > tonight_us { String::new() } else { stamp(clock, left_us) };
            visits += &line(&[&visit.to_string(), &of.to_string(), &stamp(clock, arrived_us), &end, kind]);
            for _ in 0..2 + random.below(4) {
                results += &one_result(result, visit, night, &stamp(clock, arrived_us + 20 * MINUTE_US), &mut random);
                result += 1;
            }
        }
    }
    // What a day brings: three visits of today.
    for nth in 0..u64::from(night) * 3 {
        let mut random = Random::new(seed, &[71, u64::from(night), nth]);
        visit += 1;
        let arrived = stamp(clock, tonight_us - 16 * HOUR_US + nth as i64 * 40 * MINUTE_US);
        visits += &line(&[&visit.to_string(), &(1 + random.below(PEOPLE)).to_string(), &arrived, "", "walk-in"]);
        results += &one_result(result, visit, night, &arrived, &mut random);
        result += 1;
    }
    [("people.csv", people), ("visits.csv", visits), ("results.csv", results)]
        .map(|(file, text)| Extract { file, text })
        .into()
}

fn person(pid: u64, night: u32, clock: Clock, first_us: i64, random: &mut Random) -> String {
    let sex = random.below(2) as usize;
    let mut family = FAMILIES[random.below(FAMILIES.len() as u64) as usize];
    let given = GIVEN[sex][random.below(6) as usize];
    let born = clock.fhir_date(first_us - (random.below(85) as i64 * 365 + random.below(365) as i64) * DAY_US);
    let phone = format!("555 01{}", random.digits(2));
    // Somebody marries, somebody moves.
    if night > 0 && pid == 12 {
        family = "Ashdown";
    }
    let phone = if night > 0 && pid == 31 { "555 0199".to_owned() } else { phone };
    // Dates as three generations of clerks wrote them, and one that no calendar has.
    let born = match pid {
        23 => "1987-02-30".to_owned(),
        _ if pid.is_multiple_of(9) => born.split('-').rev().collect::<Vec<_>>().join("."),
        _ => born,
    };
    let sex = if pid == 40 { "X" } else { ["F", "M"][sex] };
    line(&[&pid.to_string(), family, given, sex, &born, &phone])
}

fn one_result(result: u64, visit: u64, night: u32, at: &str, random: &mut Random) -> String {
    let Item(test, unit, usual, scatter, digits) = ITEMS[random.below(ITEMS.len() as u64) as usize];
    let value = (usual * (1.0 + scatter * random.bell())).max(0.1);
    let value = match random.below(40) {
        0 if test == "CRP" => "<5".to_owned(),
        1 => "hemolysed".to_owned(),
        // The laboratory corrects two of its results.
        _ if night > 0 && matches!(result, 88 | 140) => format!("{:.digits$}", value * 1.1),
        _ => format!("{value:.digits$}"),
    };
    // A device that was set up otherwise.
    let unit = if test == "GLU" && random.below(12) == 0 { "mmol per l" } else { unit };
    line(&[&result.to_string(), &visit.to_string(), test, &value, unit, at])
}

/// No cell here has a separator in it.
fn line(cells: &[&str]) -> String {
    cells.join(",") + "\n"
}

/// `YYYY-MM-DD hh:mm` on the clinic's clock.
fn stamp(clock: Clock, at_us: i64) -> String {
    clock.fhir(at_us)[..16].replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 1_795_647_900_000_000;

    #[test]
    fn a_night_changes_little_and_the_same_seed_gives_the_same_bytes() {
        let [first, again, second] = [0, 0, 1].map(|night| extract(7, NOW_US, 480, night));
        assert_eq!(first, again);
        assert_ne!(first, extract(8, NOW_US, 480, 0));
        for (before, after) in first.iter().zip(&second) {
            assert_eq!(before.file, after.file);
            let columns = before.text.lines().next().unwrap().split(',').count();
            assert!(after.text.lines().all(|line| line.split(',').count() == columns), "{}", after.file);
            let old: Vec<&str> = before.text.lines().collect();
            let differ = after.text.lines().filter(|line| !old.contains(line)).count();
            assert!((1..30).contains(&differ), "{}: {differ} of {} lines differ", before.file, old.len());
        }
    }
}
