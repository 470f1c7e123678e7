//! A person as a desk writes them down.

use super::pools::{FAMILIES, FAMILIES_HAN, GIVEN_HAN, MEN, STREETS, WOMEN};
use crate::random::Random;
use fhir::json::Tree;

/// A name in one script.
#[derive(Clone, Debug)]
pub(super) enum Called {
    /// Family name and given names.
    Latin { family: String, given: Vec<String>, suffix: Option<&'static str> },
    /// Family name, and the characters of the given name as places in their list.
    Han { family: usize, given: Vec<usize>, is_pinyin: bool, other: Option<&'static str> },
}

impl Called {
    /// What the person is called at home.
    fn first(&self) -> String {
        match self {
            Called::Latin { given, .. } => given[0].clone(),
            Called::Han { given, .. } => given.iter().map(|at| GIVEN_HAN[*at].1).collect(),
        }
    }
}

/// What is written of a person.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) called: Called,
    pub(super) is_female: Option<bool>,
    /// Year, month, day.
    pub(super) born: Option<(u64, u64, u64)>,
    pub(super) number: Option<String>,
    pub(super) phone: Option<String>,
    /// House number, street and its number in the list.
    pub(super) home: Option<(u64, usize)>,
    /// The street as it is written, where that is not as it is called.
    pub(super) street: Option<String>,
    /// Upper case, without accents, without signs.
    is_plain: bool,
}

/// The year that the register is of.
const YEAR: u64 = 2026;
/// Days that each month surely has.
const DAYS: u64 = 28;

/// The members of a household.
pub(super) fn household(random: &mut Random) -> Vec<Written> {
    let is_han = random.below(2) == 0;
    let family = draw_common(random, if is_han { FAMILIES_HAN.len() } else { FAMILIES.len() });
    let size = 1 + random.below(5) as usize;
    let home = (1 + random.below(240), draw_street(random, is_han));
    let shared = phone(random, is_han);
    let mut members: Vec<Written> = Vec::new();
    for at in 0..size {
        let is_child = at >= 2;
        let age = if is_child { random.below(18) } else { 25 + random.below(60) };
        let is_female = if at < 2 { at == 1 } else { random.below(2) == 0 };
        let born = (YEAR - age, 1 + random.below(12), 1 + random.below(DAYS));
        // Women keep their family name in China.
        let own_family = if is_han && at == 1 { draw_common(random, FAMILIES_HAN.len()) } else { family };
        // Nobody gives two children one name.
        let mut own = called(random, is_han, own_family, is_female);
        while members.iter().any(|other| other.called.first() == own.first()) {
            own = called(random, is_han, own_family, is_female);
        }
        let shares_phone = is_child || random.below(10) < 4;
        let mut member = Written {
            called: own,
            is_female: Some(is_female),
            born: Some(born),
            number: None,
            phone: Some(if shares_phone { shared.clone() } else { phone(random, is_han) }),
            home: Some(home),
            street: None,
            is_plain: false,
        };
        if is_child && !is_han && !is_female && random.below(100) < 6 {
            // Called as his father is.
            member.called = members[0].called.clone();
            if let (Called::Latin { suffix, .. }, true) = (&mut member.called, random.below(2) == 0) {
                *suffix = Some("Jr");
            }
        }
        if let Some(sibling) = members.last().filter(|_| is_child && at > 2 && random.below(100) < 8) {
            // Twins: one birth date, two names, numbers that were given one after the other.
            member.born = sibling.born;
            member.number = sibling.number.as_ref().map(|number| next_number(number, is_female, is_han));
        }
        let number = number(random, is_han, member.born.unwrap_or(born), is_female);
        member.number = member.number.or(Some(number));
        members.push(member);
    }
    members
}

/// A place in a list of `count`, the first ones more often.
fn draw_common(random: &mut Random, count: usize) -> usize {
    (random.unit().powi(2) * count as f64) as usize
}

pub(super) fn draw_street(random: &mut Random, is_han: bool) -> usize {
    let half = STREETS.len() as u64 / 2;
    (random.below(half) + if is_han { half } else { 0 }) as usize
}

fn called(random: &mut Random, is_han: bool, family: usize, is_female: bool) -> Called {
    if is_han {
        let count = 1 + random.below(100).min(64) as usize / 33;
        let given = (0..count.clamp(1, 2)).map(|_| random.below(GIVEN_HAN.len() as u64) as usize).collect();
        return Called::Han { family, given, is_pinyin: false, other: None };
    }
    let pool = if is_female { &WOMEN } else { &MEN };
    let mut given = vec![pool[draw_common(random, pool.len())].to_owned()];
    if random.below(10) < 6 {
        given.push(pool[random.below(pool.len() as u64) as usize].to_owned());
    }
    Called::Latin { family: FAMILIES[family].to_owned(), given, suffix: None }
}

pub(super) fn phone(random: &mut Random, is_han: bool) -> String {
    if is_han {
        format!("1{}{}", 30 + random.below(69), random.digits(8))
    } else {
        format!("{}{}{}", 200 + random.below(700), 200 + random.below(700), random.digits(4))
    }
}

fn number(random: &mut Random, is_han: bool, born: (u64, u64, u64), is_female: bool) -> String {
    if is_han {
        let place = 110_101 + random.below(80) * 100;
        let order = random.below(400) * 2 + u64::from(!is_female);
        citizen(&format!("{place}{:04}{:02}{:02}{order:03}", born.0, born.1, born.2))
    } else {
        format!("{:03}{:02}{:04}", 1 + random.below(665), 1 + random.below(99), 1 + random.below(9999))
    }
}

/// The number that the next one at the desk is given.
fn next_number(number: &str, is_female: bool, is_han: bool) -> String {
    if !is_han {
        let serial: u64 = number[5..].parse().unwrap_or_default();
        return format!("{}{:04}", &number[..5], serial % 9999 + 1);
    }
    let order: u64 = number[14..17].parse().unwrap_or_default();
    // Odd for men: the next of this sex.
    let is_of_this_sex = (order + 1) % 2 == u64::from(!is_female);
    let next = (order + if is_of_this_sex { 1 } else { 2 }) % 1000;
    citizen(&format!("{}{next:03}", &number[..14]))
}

/// Seventeen digits with their check character (GB 11643).
fn citizen(digits: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = "10X98765432".as_bytes()[(sum % 11) as usize];
    format!("{digits}{}", char::from(check))
}

impl Written {
    /// As a FHIR `Patient`. How names, numbers and telephones are set is the desk's way, and drawn.
    pub(super) fn json(&self, random: &mut Random) -> String {
        let mut patient = Tree::object();
        patient.set("resourceType", "Patient");
        let is_han = matches!(self.called, Called::Han { .. });
        if let Some(number) = &self.number {
            let mut identifier = Tree::object();
            let system = if is_han { "urn:oid:2.16.156.10011.1.3" } else { "http://hl7.org/fhir/sid/us-ssn" };
            identifier.set("system", system);
            let value = match random.below(10) {
                0..6 if !is_han && number.len() == 9 => format!("{}-{}-{}", &number[..3], &number[3..5], &number[5..]),
                0..2 if is_han => number.to_lowercase(),
                _ => number.clone(),
            };
            identifier.set("value", value);
            patient.push("identifier", identifier);
        }
        patient.push("name", self.name(random));
        if let Some(phone) = &self.phone {
            let mut telecom = Tree::object();
            telecom.set("system", "phone");
            telecom.set("value", set_phone(phone, is_han, random));
            patient.push("telecom", telecom);
        }
        if let Some(is_female) = self.is_female {
            patient.set("gender", if is_female { "female" } else { "male" });
        }
        if let Some((year, month, day)) = self.born {
            patient.set("birthDate", format!("{year:04}-{month:02}-{day:02}"));
        }
        if let Some((house, street)) = self.home {
            let (name, code) = STREETS[street];
            let name = self.street.as_deref().unwrap_or(name);
            let mut address = Tree::object();
            address.push("line", if is_han { format!("{name}{house}号") } else { format!("{house} {name}") });
            address.set("postalCode", code);
            patient.push("address", address);
        }
        patient.to_string()
    }

    fn name(&self, random: &mut Random) -> Tree {
        let mut name = Tree::object();
        match &self.called {
            Called::Latin { family, given, suffix } => {
                let set =
                    |text: &str| if self.is_plain { fhir::search::fold(text).to_uppercase() } else { text.to_owned() };
                if random.below(10) == 0 {
                    name.set("text", set(&format!("{} {family}", given.join(" "))));
                } else {
                    name.set("family", set(family));
                    for given in given {
                        name.push("given", set(given));
                    }
                }
                if let Some(suffix) = suffix {
                    name.push("suffix", *suffix);
                }
            }
            Called::Han { family, given, is_pinyin: true, .. } => {
                let syllables: String = given.iter().map(|at| GIVEN_HAN[*at].1).collect();
                let spaced: Vec<&str> = given.iter().map(|at| GIVEN_HAN[*at].1).collect();
                let latin = FAMILIES_HAN[*family].1.replace('ü', "u");
                match random.below(3) {
                    0 => {
                        name.set("family", latin);
                        name.push("given", syllables);
                    }
                    1 => {
                        name.set("text", format!("{latin} {}", spaced.join(" ")).to_uppercase());
                    }
                    _ => {
                        name.set("text", format!("{syllables} {latin}"));
                    }
                }
            }
            Called::Han { family, given, other, .. } => {
                let mut characters: Vec<&str> = given.iter().map(|at| GIVEN_HAN[*at].0).collect();
                if let (Some(other), Some(last)) = (other, characters.last_mut()) {
                    *last = other;
                }
                let family = FAMILIES_HAN[*family].0;
                if random.below(2) == 0 {
                    name.set("text", format!("{family}{}", characters.concat()));
                } else {
                    name.set("family", family);
                    name.push("given", characters.concat());
                }
            }
        }
        name
    }

    pub(super) fn set_plain(&mut self) {
        self.is_plain = true;
    }
}

fn set_phone(phone: &str, is_han: bool, random: &mut Random) -> String {
    match (is_han, random.below(4)) {
        (true, 0) => format!("+86 {phone}"),
        (true, 1) if phone.len() == 11 => format!("{} {} {}", &phone[..3], &phone[3..7], &phone[7..]),
        (false, 0) if phone.len() == 10 => format!("({}) {}-{}", &phone[..3], &phone[3..6], &phone[6..]),
        (false, 1) if phone.len() == 10 => format!("+1-{}-{}-{}", &phone[..3], &phone[3..6], &phone[6..]),
        _ => phone.to_owned(),
    }
}
