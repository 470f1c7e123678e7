//! How two records agree, part by part, and whether that is enough to ask whether they are of one person.
//!
//! The weights are logarithms to base 2 of how much more often a part agrees so in two records of one person than in those of two,
//! after Fellegi and Sunter (*A theory for record linkage*, JASA 64, 1969), rounded, for a store of a million people. They order the queue; what
//! is put into it is the rule of [`Comparison::is_candidate`].

use crate::facts::Facts;
use crate::name::{Likeness, Name};
use crate::phone;

/// How a part agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the same.
    Equal,
    /// One slip makes it the same.
    Near,
    /// It is another.
    Differs,
    /// One of the two does not say.
    Missing,
}

/// A part that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartName {
    /// A number of the nation, a passport, a health service.
    Number,
    /// Any name, as it is likest.
    Name,
    /// A telephone number or a mail address.
    Phone,
    /// Day of birth.
    BirthDate,
    /// Administrative sex.
    Sex,
    /// Where they live.
    Address,
}

/// How one part agrees, and what it says for or against one person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Which.
    pub name: PartName,
    /// How.
    pub outcome: Outcome,
    /// Bits for (positive) or against one person.
    pub weight: f64,
    /// How a name is alike; `mail` where the mail address is what is equal; `partial` of a birth date that one knows in part; `card` of a number
    /// that is not for life.
    pub how: Option<&'static str>,
}

/// Two records compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Each part, in the order of [`PartName`].
    pub parts: [Part; 6],
    /// How probable it is that both are of one person, 0 to 1, by the weights.
    pub score: f64,
    /// True if two of number, name and telephone agree, and neither birth date, sex nor a number for life differs.
    ///
    /// - A name that is not quite the same is not enough beside a telephone, which families share, unless the birth date is the same.
    /// - Where name and whole birth date are the same, one slip in a number or a telephone counts as agreement, and so does the same address.
    /// - Where the number and the whole birth date are the same, the name may be another: people marry, and names are written by ear.
    pub is_candidate: bool,
}

/// What is said of a number that is equal and not for life: of a card, a passport.
const RENEWED: &str = "card";

/// Bits against two records taken by chance being of one person: one in a million.
const PRIOR_BITS: f64 = -20.0;

impl Comparison {
    /// True if birth date, sex or a number for life differs.
    pub fn is_contradicted(&self) -> bool {
        let [number, _, _, born, sex, _] = &self.parts;
        [number, born, sex].iter().any(|part| part.outcome == Outcome::Differs)
    }

    /// True if a number for life, the name and the whole birth date are the same, and nothing is against it.
    pub fn is_certain(&self) -> bool {
        let [number, name, _, born, ..] = &self.parts;
        self.is_candidate
            && [number, name, born].iter().all(|part| part.outcome == Outcome::Equal)
            && number.how.is_none()
            && born.how.is_none()
    }
}

impl Outcome {
    /// A word for it, as it is stored and sent.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Equal => "equal",
            Outcome::Near => "near",
            Outcome::Differs => "differs",
            Outcome::Missing => "missing",
        }
    }
}

impl PartName {
    /// A word for it, as it is stored and sent.
    pub fn word(self) -> &'static str {
        match self {
            PartName::Number => "number",
            PartName::Name => "name",
            PartName::Phone => "phone",
            PartName::BirthDate => "birthDate",
            PartName::Sex => "sex",
            PartName::Address => "address",
        }
    }
}

/// Compares what two records say. It is the same whichever comes first.
pub fn compare(one: &Facts, other: &Facts) -> Comparison {
    let (number, name, phone) = (number(one, other), names(&one.names, &other.names), phones(one, other));
    let (born, sex, address) = (born(one, other), sex(one, other), address(one, other));
    let parts = [number, name, phone, born, sex, address];
    let bits = PRIOR_BITS + parts.iter().map(|part| part.weight).sum::<f64>();
    let score = 1.0 / (1.0 + (-bits).exp2());
    let is_one_of_several = matches!((&one.birth_order, &other.birth_order), (Some(a), Some(b)) if a != b)
        && born.outcome == Outcome::Equal;
    // Of those who were born at once only a name that is the same, or a number, tells who is who.
    let may_be_another = (one.is_one_of_several || other.is_one_of_several)
        && parts[0].outcome != Outcome::Equal
        && parts[1].outcome != Outcome::Equal;
    let is_candidate = is_candidate(&parts) && !is_one_of_several && !may_be_another;
    Comparison { parts, score, is_candidate }
}

fn is_candidate(parts: &[Part; 6]) -> bool {
    use Outcome::{Differs, Equal, Missing, Near};
    let [number, name, phone, born, sex, address] = parts.map(|part| part.outcome);
    if [number, born, sex].contains(&Differs) {
        return false;
    }
    let is_born_same = born == Equal && parts[3].how.is_none();
    match (number, name, phone) {
        (Equal, Equal | Near, _) => true,
        (Equal, Missing, Equal) if born != Near => true,
        (Equal, Differs | Missing, _) => is_born_same && parts[0].how.is_none(),
        (Near, Equal, Equal) => is_born_same,
        (_, Equal, Equal) => born != Near,
        // Twins have numbers and names that are nearly the same.
        (Near, Near, _) => false,
        (_, Near, Equal) => is_born_same,
        (Near, Equal, _) | (_, Equal, Near) => is_born_same,
        (_, Equal, _) => is_born_same && address == Equal,
        _ => false,
    }
}

fn part(name: PartName, outcome: Outcome, weights: [f64; 3]) -> Part {
    let weight = match outcome {
        Outcome::Equal => weights[0],
        Outcome::Near => weights[1],
        Outcome::Differs => weights[2],
        Outcome::Missing => 0.0,
    };
    Part { name, outcome, weight, how: None }
}

fn number(one: &Facts, other: &Facts) -> Part {
    let (mut for_life, mut is_renewed_equal) = (Outcome::Missing, false);
    for number in &one.numbers {
        for other in other.numbers.iter().filter(|other| other.issuer == number.issuer) {
            if !number.is_for_life() {
                is_renewed_equal |= number.value == other.value;
                continue;
            }
            for_life = match for_life {
                _ if number.value == other.value => Outcome::Equal,
                Outcome::Equal => Outcome::Equal,
                _ if number.is_slip_of(other) => Outcome::Near,
                Outcome::Near => Outcome::Near,
                _ => Outcome::Differs,
            };
        }
    }
    match for_life {
        // A card may be a family's; it says less than what is for life, and nothing against that.
        Outcome::Missing if is_renewed_equal => {
            Part { how: Some(RENEWED), ..part(PartName::Number, Outcome::Equal, [14.0, 0.0, 0.0]) }
        }
        outcome => part(PartName::Number, outcome, [20.0, 10.0, -12.0]),
    }
}

fn names(one: &[Name], other: &[Name]) -> Part {
    let pairs = one.iter().flat_map(|one| other.iter().map(move |other| one.likeness(other)));
    let likest: Option<Likeness> = pairs.flatten().min();
    let outcome = match likest {
        _ if one.is_empty() || other.is_empty() => Outcome::Missing,
        None => Outcome::Differs,
        Some(likeness) if likeness.is_equal() => Outcome::Equal,
        Some(_) => Outcome::Near,
    };
    let how = likest.filter(|likeness| *likeness != Likeness::Same).map(Likeness::word);
    Part { how, ..part(PartName::Name, outcome, [10.0, 7.0, -8.0]) }
}

fn phones(one: &Facts, other: &Facts) -> Part {
    let weights = [10.0, 6.0, -1.0];
    let any =
        |is: fn(&str, &str) -> bool| one.phones.iter().any(|number| other.phones.iter().any(|other| is(number, other)));
    if any(phone::are_one) {
        return part(PartName::Phone, Outcome::Equal, weights);
    }
    if one.mails.iter().any(|mail| other.mails.contains(mail)) {
        return Part { how: Some("mail"), ..part(PartName::Phone, Outcome::Equal, weights) };
    }
    let outcome = if any(phone::is_slip) {
        Outcome::Near
    } else if one.phones.is_empty() || other.phones.is_empty() {
        Outcome::Missing
    } else {
        // People change their telephone: it says little.
        Outcome::Differs
    };
    part(PartName::Phone, outcome, weights)
}

fn born(one: &Facts, other: &Facts) -> Part {
    let weights = [13.0, 4.0, -9.0];
    let (Some(one), Some(other)) = (one.born, other.born) else {
        return part(PartName::BirthDate, Outcome::Missing, weights);
    };
    if one == other && one.is_whole() {
        return part(PartName::BirthDate, Outcome::Equal, weights);
    }
    if one.agrees(other) {
        return Part { how: Some("partial"), ..part(PartName::BirthDate, Outcome::Equal, [6.0, 0.0, 0.0]) };
    }
    let outcome = if one.is_slip_of(other) { Outcome::Near } else { Outcome::Differs };
    part(PartName::BirthDate, outcome, weights)
}

fn sex(one: &Facts, other: &Facts) -> Part {
    let outcome = match (one.sex, other.sex) {
        (Some(one), Some(other)) if one == other => Outcome::Equal,
        (Some(_), Some(_)) => Outcome::Differs,
        _ => Outcome::Missing,
    };
    part(PartName::Sex, outcome, [1.0, 0.0, -6.0])
}

fn address(one: &Facts, other: &Facts) -> Part {
    let agree = one.places.iter().flat_map(|place| other.places.iter().filter_map(move |other| place.agrees(other)));
    let outcome = match agree.max() {
        Some(true) => Outcome::Equal,
        Some(false) => Outcome::Near,
        None if one.places.is_empty() || other.places.is_empty() => Outcome::Missing,
        // People move: it says little.
        None => Outcome::Differs,
    };
    part(PartName::Address, outcome, [8.0, 5.0, -1.0])
}

#[cfg(test)]
mod tests {
    use super::{Outcome, compare};
    use crate::{Facts, keys};
    use fhir::json::{Document, Tree};

    fn facts(json: &str) -> Facts {
        Facts::of(&Tree::from(Document::parse(json.as_bytes()).unwrap().root()))
    }

    const SSN: &str = r#""identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"123-45-6780"}]"#;
    const PHONE: &str = r#""telecom":[{"system":"phone","value":"(617) 555-8123"}]"#;
    const ROBERT: &str = r#""name":[{"family":"Smith","given":["Robert"]}]"#;
    const BORN: &str = r#""birthDate":"1980-03-12","gender":"male""#;

    /// A record made of parts.
    fn of(parts: &[&str]) -> Facts {
        facts(&format!("{{{}}}", parts.join(",")))
    }

    /// Whether both are candidates, which must not depend on the order, and lead to each other.
    fn is_candidate(one: &Facts, other: &Facts) -> bool {
        let (there, back) = (compare(one, other), compare(other, one));
        assert_eq!(there, back);
        if there.is_candidate {
            let (one, other) = (keys(one), keys(other));
            assert!(one.iter().any(|key| other.contains(key)), "{there:?}");
        }
        there.is_candidate
    }

    #[test]
    fn two_of_number_name_and_telephone_are_enough() {
        let bob = r#""name":[{"family":"Smith","given":["Bob"]}]"#;
        assert!(is_candidate(&of(&[SSN, ROBERT, BORN]), &of(&[SSN, ROBERT])));
        assert!(is_candidate(&of(&[SSN, ROBERT, BORN]), &of(&[SSN, bob, BORN])));
        assert!(is_candidate(&of(&[PHONE, ROBERT, BORN]), &of(&[PHONE, ROBERT])));
        assert!(is_candidate(&of(&[PHONE, ROBERT, BORN]), &of(&[PHONE, bob, BORN])));
        assert!(is_candidate(&of(&[SSN, PHONE, BORN]), &of(&[SSN, PHONE])));
        // People marry.
        assert!(is_candidate(&of(&[SSN, BORN]), &of(&[SSN, BORN])));
        assert!(!is_candidate(&of(&[SSN]), &of(&[SSN, BORN])));
        // One alone is not, nor a likely name beside a telephone that a family shares.
        assert!(!is_candidate(&of(&[ROBERT, BORN]), &of(&[ROBERT, BORN])));
        assert!(!is_candidate(&of(&[PHONE, ROBERT, BORN]), &of(&[PHONE, bob])));
    }

    #[test]
    fn another_birth_date_sex_or_number_is_another_person() {
        let all = of(&[SSN, PHONE, ROBERT, BORN]);
        assert!(is_candidate(&all, &all));
        for other in [
            of(&[SSN, PHONE, ROBERT, r#""birthDate":"1951-07-30","gender":"male""#]),
            of(&[SSN, PHONE, ROBERT, r#""birthDate":"1980-03-12","gender":"female""#]),
            of(&[
                r#""identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"321-45-6711"}]"#,
                PHONE,
                ROBERT,
                BORN,
            ]),
        ] {
            assert!(!is_candidate(&all, &other), "{:?}", compare(&all, &other));
        }
        // A day and a month changed about are a slip, if the number is the same.
        let slip = of(&[SSN, ROBERT, r#""birthDate":"1980-12-03","gender":"male""#]);
        assert!(is_candidate(&all, &slip));
        let slip = of(&[PHONE, ROBERT, r#""birthDate":"1980-12-03","gender":"male""#]);
        assert!(!is_candidate(&all, &slip));
    }

    #[test]
    fn a_slip_in_a_number_or_telephone_agrees_where_name_and_birth_do() {
        let near = r#""identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"123-45-6870"}]"#;
        assert!(is_candidate(&of(&[SSN, ROBERT, BORN]), &of(&[near, ROBERT, BORN])));
        assert!(!is_candidate(&of(&[SSN, ROBERT]), &of(&[near, ROBERT])));
        let near = r#""telecom":[{"system":"phone","value":"617 555 8124"}]"#;
        assert!(is_candidate(&of(&[PHONE, ROBERT, BORN]), &of(&[near, ROBERT, BORN])));
    }

    #[test]
    fn twins_who_share_a_telephone_stay_two() {
        let twin = |given: &str, order: u8| {
            of(&[
                &format!(r#""name":[{{"family":"Smith","given":["{given}"]}}],"multipleBirthInteger":{order}"#),
                PHONE,
                BORN,
            ])
        };
        assert!(!is_candidate(&twin("Robert", 1), &twin("Roland", 2)));
        assert!(!is_candidate(&twin("Robert", 1), &twin("Roberto", 2)));
    }

    #[test]
    fn twins_with_one_card_and_numbers_of_their_own_stay_two() {
        let twin = |ssn: &str, given: &str| {
            of(&[
                &format!(
                    r#""identifier":[{{"type":{{"coding":[{{"code":"MC"}}]}},"system":"urn:card","value":"55443322"}},{{"system":"http://hl7.org/fhir/sid/us-ssn","value":"{ssn}"}}]"#
                ),
                &format!(r#""name":[{{"family":"Smith","given":["{given}"]}}]"#),
                BORN,
            ])
        };
        let (one, other) = (twin("123-45-6780", "Robert"), twin("321-54-1166", "Roland"));
        assert_eq!(compare(&one, &other).parts[0].outcome, Outcome::Differs);
        assert!(!is_candidate(&one, &other));
        // A card alone, and another name: of a family.
        let card = |given: &str| {
            of(&[
                r#""identifier":[{"type":{"coding":[{"code":"MC"}]},"system":"urn:card","value":"55443322"}]"#,
                &format!(r#""name":[{{"family":"Smith","given":["{given}"]}}]"#),
                BORN,
            ])
        };
        assert!(!is_candidate(&card("Robert"), &card("Roland")));
        assert!(is_candidate(&card("Robert"), &card("Robert")));
        assert!(!compare(&card("Robert"), &card("Robert")).is_certain());
        assert!(compare(&one, &one).is_certain());
    }

    #[test]
    fn the_score_grows_with_what_agrees() {
        let all = of(&[SSN, PHONE, ROBERT, BORN]);
        let scores: Vec<f64> = [of(&[BORN]), of(&[ROBERT, BORN]), of(&[ROBERT, BORN, PHONE]), all.clone()]
            .iter()
            .map(|other| compare(&all, other).score)
            .collect();
        assert!(scores.is_sorted() && scores[0] < 0.1 && scores[3] > 0.999_999, "{scores:?}");
        assert_eq!(compare(&all, &of(&[ROBERT])).parts[0].outcome, Outcome::Missing);
    }
}
