//! What was typed into the one box, and how well a patient answers it.

use super::born::days;
use super::terms::{Entry, Kind, Term, alphanumeric, words};
use identity::{Date, distance, is_han, letters};

/// Shortest part of a number that finds it by its beginning, or by its end.
const NUMBER_HEAD: usize = 3;
const NUMBER_TAIL: usize = 4;
/// Words shorter than these are not searched with one wrong letter, or two.
const ONE_WRONG: usize = 4;
const TWO_WRONG: usize = 6;
/// Words of a question; what is more than this is left out.
const WORDS: usize = 8;

/// Why a patient was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyKind {
    /// A name, or its beginning.
    Name,
    /// Pinyin of a name.
    Pinyin,
    /// First letters of a name.
    Initials,
    /// A name or its pinyin with one or two letters wrong.
    Near,
    /// An identifier.
    Identifier,
    /// The logical id.
    Id,
    /// The birth date.
    Born,
    /// A telephone number.
    Phone,
}

impl WhyKind {
    /// The word that our API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            WhyKind::Name => "name",
            WhyKind::Pinyin => "pinyin",
            WhyKind::Initials => "initials",
            WhyKind::Near => "near",
            WhyKind::Identifier => "identifier",
            WhyKind::Id => "id",
            WhyKind::Born => "born",
            WhyKind::Phone => "phone",
        }
    }
}

/// One reason: the kind, and the text of the record that matched, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// What matched.
    pub kind: WhyKind,
    /// What it says.
    pub text: String,
}

/// How well a patient answers, less is better, and why.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) cost: u32,
    pub(crate) why: Vec<Why>,
}

/// Whether letters may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Every letter as typed.
    Exact,
    /// One or two may be wrong.
    Lenient,
}

#[derive(Clone, Debug)]
struct Word {
    text: String,
    letters: u32,
    chars: usize,
    is_number: bool,
    is_latin: bool,
    has_han: bool,
}

impl Word {
    fn new(text: String) -> Word {
        Word {
            letters: letters(&text),
            chars: text.chars().count(),
            is_number: text.chars().any(|c| c.is_ascii_digit()),
            is_latin: text.chars().all(|c| c.is_alphabetic() && !is_han(c)),
            has_han: text.chars().any(is_han),
            text,
        }
    }
}

#[derive(Clone, Debug)]
enum Part {
    Word(Word),
    /// A date, or else the words that it was read from: a year may be the beginning of a number.
    Days(Vec<Date>, Vec<Word>),
}

/// A question, taken apart. Everything typed must be answered by a patient.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    parts: Vec<Part>,
    /// All of it run together: a number typed in groups, a name with spaces in its pinyin.
    whole: Option<Word>,
}

impl Ask {
    pub(crate) fn new(text: &str) -> Ask {
        let folded = fhir::search::fold(text).into_owned();
        let dates = days(&folded);
        let mut parts = Vec::new();
        let mut at = 0;
        let rest = |text: &str, parts: &mut Vec<Part>| {
            parts.extend(words(text).into_iter().map(|word| Part::Word(Word::new(word))));
        };
        let mut ranges: Vec<std::ops::Range<usize>> = dates.iter().map(|(_, range)| range.clone()).collect();
        ranges.dedup();
        for range in ranges {
            rest(&folded[at..range.start], &mut parts);
            let days = dates.iter().filter(|(_, of)| *of == range).map(|(day, _)| *day).collect();
            let typed = words(&folded[range.clone()]).into_iter().map(Word::new).collect();
            parts.push(Part::Days(days, typed));
            at = range.end;
        }
        // What ends a written date is no word of its own.
        rest(folded[at..].trim_start_matches(['日', '号']), &mut parts);
        parts.truncate(WORDS);
        let whole = Some(alphanumeric(text)).filter(|all| {
            !all.is_empty() && parts.len() > 1 || matches!(parts.first(), Some(Part::Days(_, words)) if words.len() > 1)
        });
        Ask { parts, whole: whole.map(Word::new) }
    }

    /// Nothing that could be searched was typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether, and how well, a patient answers.
    pub(crate) fn answer(&self, person: &Entry, care: Care) -> Option<Answer> {
        let apart = self.apart(person, care);
        let whole = self
            .whole
            .as_ref()
            .and_then(|whole| word(whole, person, care))
            .map(|(cost, why)| Answer { cost, why: vec![why] });
        let mut best = match (apart, whole) {
            (Some(a), Some(b)) => {
                if b.cost < a.cost {
                    b
                } else {
                    a
                }
            }
            (a, b) => a.or(b)?,
        };
        if person.replaced {
            best.cost += 100;
        }
        Some(best)
    }

    fn apart(&self, person: &Entry, care: Care) -> Option<Answer> {
        let mut answer = Answer { cost: 0, why: Vec::with_capacity(self.parts.len()) };
        let mut add = |(cost, why): (u32, Why)| {
            answer.cost += cost;
            if !answer.why.contains(&why) {
                answer.why.push(why);
            }
        };
        for part in &self.parts {
            match part {
                Part::Word(typed) => add(word(typed, person, care)?),
                Part::Days(days, words) => match person.born.filter(|born| days.iter().any(|day| day.agrees(*born))) {
                    Some(born) => {
                        let is_whole = days.contains(&born);
                        add((if is_whole { 2 } else { 6 }, Why { kind: WhyKind::Born, text: born.to_string() }));
                    }
                    None => {
                        for typed in words {
                            add(word(typed, person, care)?);
                        }
                    }
                },
            }
        }
        Some(answer)
    }
}

/// The best term for a word.
fn word(typed: &Word, person: &Entry, care: Care) -> Option<(u32, Why)> {
    let mut best: Option<(u32, WhyKind, &Term)> = None;
    for term in &person.terms {
        if let Some((cost, kind)) = compare(typed, term, care)
            && best.is_none_or(|(least, ..)| cost < least)
        {
            best = Some((cost, kind, term));
        }
    }
    best.map(|(cost, kind, term)| (cost, Why { kind, text: term.text.to_string() }))
}

fn compare(typed: &Word, term: &Term, care: Care) -> Option<(u32, WhyKind)> {
    // Most terms are turned away here, before their text is looked at: a wrong letter is one that the term does not have.
    let strange = (typed.letters & !term.letters).count_ones();
    if strange > if care == Care::Lenient { 2 } else { 0 } {
        return None;
    }
    let (text, term_text) = (typed.text.as_str(), &*term.text);
    let is_equal = text == term_text;
    let begins = || term_text.starts_with(text);
    match term.kind {
        Kind::Identifier if is_equal => Some((0, WhyKind::Identifier)),
        Kind::Identifier if typed.is_number && typed.chars >= NUMBER_HEAD && begins() => Some((6, WhyKind::Identifier)),
        Kind::Identifier if typed.is_number && typed.chars >= NUMBER_TAIL && term_text.ends_with(text) => {
            Some((7, WhyKind::Identifier))
        }
        // An id has signs that the words of a question have lost.
        Kind::Id if is_equal || is_same_id(text, term_text) => Some((0, WhyKind::Id)),
        Kind::Id if typed.is_number && typed.chars >= 2 * NUMBER_HEAD && begins() => Some((8, WhyKind::Id)),
        Kind::Phone if is_equal => Some((2, WhyKind::Phone)),
        Kind::Phone if typed.is_number && typed.chars >= NUMBER_TAIL && term_text.ends_with(text) => {
            Some((6, WhyKind::Phone))
        }
        Kind::Phone if typed.is_number && typed.chars >= 2 * NUMBER_HEAD && begins() => Some((8, WhyKind::Phone)),
        Kind::Han if is_equal => Some((1, WhyKind::Name)),
        Kind::Han if typed.has_han && term_text.contains(text) => Some((3, WhyKind::Name)),
        Kind::Name | Kind::Whole if is_equal => Some((2, WhyKind::Name)),
        Kind::Name | Kind::Whole if begins() => Some((4, WhyKind::Name)),
        Kind::Pinyin if is_equal => Some((3, WhyKind::Pinyin)),
        Kind::Pinyin if begins() => Some((5, WhyKind::Pinyin)),
        Kind::Initials if is_equal && typed.chars > 1 => Some((5, WhyKind::Initials)),
        Kind::Name | Kind::Whole | Kind::Pinyin if care == Care::Lenient && typed.is_latin => near(typed, term),
        _ => None,
    }
}

fn is_same_id(text: &str, id: &str) -> bool {
    text.len() > NUMBER_HEAD && id.len() > text.len() && id.bytes().filter(u8::is_ascii_alphanumeric).eq(text.bytes())
}

fn near(typed: &Word, term: &Term) -> Option<(u32, WhyKind)> {
    let most = match typed.chars {
        n if n >= TWO_WRONG => 2,
        n if n >= ONE_WRONG => 1,
        _ => return None,
    };
    if (typed.letters ^ term.letters).count_ones() as usize > 2 * most {
        return None;
    }
    let wrong = distance(&typed.text, &term.text, most)?;
    Some((6 + 4 * wrong as u32, WhyKind::Near))
}

#[cfg(test)]
mod tests {
    use super::super::terms::terms;
    use super::*;
    use fhir::json::Document;

    fn person(json: &str) -> Entry {
        terms(Document::parse(json.as_bytes()).unwrap().root())
    }

    fn chen() -> Entry {
        person(
            r#"{"resourceType":"Patient","id":"0f8e-77","name":[{"text":"陈伟","family":"陈","given":["伟"]}],"birthDate":"1958-07-14",
                "identifier":[{"value":"1297287652"}],"telecom":[{"system":"phone","value":"+86 138 0013 8000"}]}"#,
        )
    }

    fn smith() -> Entry {
        person(
            r#"{"resourceType":"Patient","id":"s1","name":[{"family":"Smith","given":["Catherine"]}],"birthDate":"1971-02-03"}"#,
        )
    }

    fn why(text: &str, of: &Entry) -> Option<Vec<WhyKind>> {
        let ask = Ask::new(text);
        ask.answer(of, Care::Exact)
            .or_else(|| ask.answer(of, Care::Lenient))
            .map(|answer| answer.why.iter().map(|why| why.kind).collect())
    }

    #[test]
    fn one_box_takes_everything_a_person_knows_of_a_patient() {
        use WhyKind::{Born, Id, Identifier, Initials, Name, Near, Phone, Pinyin};
        for (text, kinds) in [
            ("陈伟", vec![Name]),
            ("伟", vec![Name]),
            ("chenwei", vec![Pinyin]),
            ("chen wei", vec![Pinyin]),
            ("Wei Chen", vec![Pinyin]),
            ("cw", vec![Initials]),
            ("chnewei", vec![Near]),
            ("129 728 7652", vec![Identifier]),
            ("7652", vec![Identifier]),
            ("129728", vec![Identifier]),
            ("0f8e-77", vec![Id]),
            ("13800138000", vec![Phone]),
            ("1958-07-14", vec![Born]),
            ("14/7/1958", vec![Born]),
            ("1958年7月14日", vec![Born]),
            ("cw 1958", vec![Initials, Born]),
        ] {
            assert_eq!(why(text, &chen()), Some(kinds), "{text}");
        }
    }

    #[test]
    fn a_misspelt_name_is_found_and_another_is_not() {
        for text in ["smyth", "Smiht", "smith catherin", "katherine smith", "cathrine"] {
            assert!(why(text, &smith()).is_some(), "{text}");
        }
        for text in ["smart", "jones", "smith 1972", "smith john", "xy"] {
            assert!(why(text, &smith()).is_none(), "{text}");
        }
    }

    #[test]
    fn nearer_answers_cost_less() {
        let cost = |text: &str| Ask::new(text).answer(&smith(), Care::Lenient).unwrap().cost;
        assert!(
            cost("smith") < cost("smi")
                && cost("smi") < cost("smyth")
                && cost("smith catherine") < cost("smith catherin")
        );
    }

    #[test]
    fn signs_and_nothing_ask_for_nothing() {
        assert!(Ask::new("  ").is_empty() && Ask::new(" - / ").is_empty());
    }
}
