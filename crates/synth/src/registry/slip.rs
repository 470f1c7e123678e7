//! What goes wrong at a desk.

use super::Slips;
use super::pools::{CALLED, FAMILIES, GIVEN_HAN, STREETS};
use super::written::{Called, Written, draw_street, phone};
use crate::random::Random;

/// Records written in capitals without accents, out of ten.
const PLAIN: u64 = 3;

impl Written {
    /// Writes the person down again, with what goes wrong.
    pub(super) fn slip(&mut self, slips: &Slips, random: &mut Random) {
        let is_han = matches!(self.called, Called::Han { .. });
        let mut happens = |thousandth: u64| random.below(1000) < thousandth;
        let number_missing = happens(slips.number_missing);
        let number_wrong = happens(slips.number_typed_wrong);
        let birth = [slips.birth_missing, slips.birth_turned, slips.birth_typed_wrong].map(&mut happens);
        let sex = [slips.sex_missing, slips.sex_wrong].map(&mut happens);
        let line = [slips.phone_missing, slips.phone_changed, slips.phone_typed_wrong].map(&mut happens);
        let home = [slips.address_missing, slips.moved, slips.address_typed_wrong].map(&mut happens);
        self.name_slips(slips, random);
        if number_missing {
            self.number = None;
        } else if number_wrong {
            self.number = self.number.as_deref().map(|number| typed_wrong(number, true, random));
        }
        match (birth, self.born) {
            ([true, ..], _) => self.born = None,
            ([_, true, _], Some((year, month, day))) if day <= 12 => self.born = Some((year, day, month)),
            ([_, _, true], Some((year, month, day))) => {
                self.born = Some(match random.below(3) {
                    0 => (year - year % 10 + random.below(10), month, day),
                    1 => (year, month, 1 + (day + random.below(9)) % 28),
                    _ => (year, 1 + (month + random.below(11)) % 12, day),
                });
            }
            _ => {}
        }
        match sex {
            [true, _] => self.is_female = None,
            [_, true] => self.is_female = self.is_female.map(|is_female| !is_female),
            _ => {}
        }
        match line {
            [true, ..] => self.phone = None,
            [_, true, _] => self.phone = Some(phone(random, is_han)),
            [_, _, true] => self.phone = self.phone.as_deref().map(|phone| typed_wrong(phone, true, random)),
            _ => {}
        }
        match home {
            [true, ..] => self.home = None,
            [_, true, _] => self.home = Some((1 + random.below(240), draw_street(random, is_han))),
            [_, _, true] => {
                let street = self.home.map(|(_, street)| STREETS[street].0);
                self.street = street.map(|street| typed_wrong(street, false, random));
            }
            _ => {}
        }
        if random.below(10) < PLAIN {
            self.set_plain();
        }
    }

    fn name_slips(&mut self, slips: &Slips, random: &mut Random) {
        let is_grown_woman = self.is_female == Some(true) && self.born.is_some_and(|(year, ..)| year < 2004);
        let mut happens = |thousandth: u64| random.below(1000) < thousandth;
        let [married, called, middle, turned, wrong] =
            [slips.married, slips.nickname, slips.middle_left_out, slips.name_turned, slips.name_typed_wrong]
                .map(&mut happens);
        let [pinyin, homophone] = [slips.pinyin, slips.homophone].map(&mut happens);
        match &mut self.called {
            Called::Latin { family, given, suffix } => {
                if married && is_grown_woman {
                    FAMILIES[random.below(FAMILIES.len() as u64) as usize].clone_into(family);
                }
                if called && let Some(first) = given.first_mut() {
                    let forms: Vec<&str> =
                        CALLED.iter().filter(|(name, _)| name == first).map(|(_, called)| *called).collect();
                    if !forms.is_empty() {
                        forms[random.below(forms.len() as u64) as usize].clone_into(first);
                    }
                }
                if middle && given.len() > 1 {
                    let initial: String = given[1].chars().take(1).collect();
                    given.truncate(1);
                    if random.below(2) == 0 {
                        given.push(initial);
                    }
                }
                if random.below(2) == 0 {
                    *suffix = None;
                }
                if wrong {
                    if random.below(2) == 0 {
                        *family = typed_wrong(family, false, random);
                    } else if let Some(first) = given.first_mut() {
                        *first = typed_wrong(first, false, random);
                    }
                }
                if turned {
                    let was = std::mem::take(family);
                    *family = given.join(" ");
                    *given = vec![was];
                }
            }
            Called::Han { given, is_pinyin, other, .. } => {
                *is_pinyin = pinyin;
                let last = given.last().map(|at| GIVEN_HAN[*at].2).filter(|other| !other.is_empty());
                *other = last.filter(|_| homophone);
            }
        }
    }
}

/// `text` with one letter (or digit) replaced, left out, doubled, or changed about with the next. Of numbers none is left out or doubled.
fn typed_wrong(text: &str, is_number: bool, random: &mut Random) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = random.below(letters.len() as u64) as usize;
    match random.below(4) {
        0 if at + 1 < letters.len() => letters.swap(at, at + 1),
        1 if !is_number && letters.len() > 2 => {
            letters.remove(at);
        }
        2 if !is_number => letters.insert(at, letters[at]),
        _ if is_number => letters[at] = char::from(b'0' + random.below(10) as u8),
        _ => letters[at] = char::from(b'a' + random.below(26) as u8),
    }
    letters.into_iter().collect()
}
