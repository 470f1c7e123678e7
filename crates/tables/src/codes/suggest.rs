//! Which codes a value without one may mean, and why.
//!
//! The values that are asked about are held, and concepts go past them one after the other: a vocabulary of millions needs no room. A
//! value and a concept are alike by code, by name, by pinyin, by first letters, or by the trigrams they share (Dice's coefficient). What
//! is found is proposed to a person; nothing is mapped by it.

use pinyin::ToPinyin;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::fmt;

/// The least likeness of names that is worth showing, of 100.
const ALIKE: u32 = 40;
/// Trigrams of a text that are compared.
const TRIGRAMS: usize = 64;
/// Values that can be asked about at once.
pub const ASKED: usize = 1_000;

/// A value that nobody knows a code for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The value, as the source writes it.
    pub value: String,
    /// What the source shows for it.
    pub display: Option<String>,
}

/// A concept of a vocabulary, as it goes past.
#[derive(Clone, Copy, Debug)]
pub struct Concept<'c> {
    /// Its system.
    pub system: &'c str,
    /// Its code.
    pub code: &'c str,
    /// What it is called.
    pub name: &'c str,
    /// What else it is called.
    pub also: &'c [&'c str],
}

/// A code that may be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Its system.
    pub system: String,
    /// Its code.
    pub code: String,
    /// What it is called.
    pub display: String,
    /// How likely it is, of 100.
    pub score: u32,
    /// Why.
    pub why: Why,
    /// Where it was found.
    pub from: String,
}

/// Why a code may be meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The value is the code.
    SameCode,
    /// The value is its name.
    SameName,
    /// The value is the first letters of this name.
    FirstLetters(String),
    /// This name sounds as the value does.
    Sounds {
        /// The name.
        name: String,
        /// How it sounds, in pinyin.
        sound: String,
    },
    /// This name and the value share many letters.
    Alike {
        /// The name.
        name: String,
        /// How many, of 100.
        percent: u32,
    },
    /// The value is a unit of UCUM.
    IsUcum,
    /// It is one of the few codes that the element takes.
    OfValueSet(String),
}

impl Why {
    /// Stable, for the catalogues of the pages.
    pub fn code(&self) -> &'static str {
        match self {
            Why::SameCode => "same-code",
            Why::SameName => "same-name",
            Why::FirstLetters(_) => "first-letters",
            Why::Sounds { .. } => "sounds",
            Why::Alike { .. } => "alike",
            Why::IsUcum => "is-ucum",
            Why::OfValueSet(_) => "of-value-set",
        }
    }

    /// What the words of the code are filled with.
    pub fn values(&self) -> Value {
        match self {
            Why::SameCode | Why::SameName | Why::IsUcum => json!({}),
            Why::FirstLetters(name) | Why::OfValueSet(name) => json!({"name": name}),
            Why::Sounds { name, sound } => json!({"name": name, "sound": sound}),
            Why::Alike { name, percent } => json!({"name": name, "percent": percent}),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::SameCode => f.write_str("the same code"),
            Why::SameName => f.write_str("the same name"),
            Why::FirstLetters(name) => write!(f, "the first letters of \"{name}\""),
            Why::Sounds { name, sound } => write!(f, "\"{name}\" sounds the same ({sound})"),
            Why::Alike { name, percent } => write!(f, "\"{name}\" is {percent} % alike"),
            Why::IsUcum => f.write_str("it is UCUM as it is"),
            Why::OfValueSet(name) => write!(f, "one of the codes of {name}, which the element takes"),
        }
    }
}

/// A vocabulary that searches by itself, as one on disk does.
pub trait Vocabulary {
    /// Its name and version.
    fn name(&self) -> String;

    /// The concepts that a text may mean, by their names and by their codes, the likeliest first.
    ///
    /// # Errors
    /// When it cannot be read.
    fn suggest(&self, text: &str, limit: usize) -> Result<Vec<Found>, String>;
}

/// A concept that a vocabulary found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its system.
    pub system: String,
    /// Its code.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// The name or synonym by which it was found.
    pub matched: String,
}

/// Values, and what was found for them.
pub struct Suggester {
    all: Vec<Looked>,
    limit: usize,
    by_trigram: HashMap<[char; 3], Vec<u32>>,
    by_code: HashMap<String, Vec<u32>>,
    by_name: HashMap<String, Vec<u32>>,
    by_pinyin: HashMap<String, Vec<u32>>,
    shared: HashMap<u32, u32>,
    only: Option<HashSet<(String, String)>>,
}

struct Looked {
    texts: Vec<Text>,
    found: BinaryHeap<Reverse<Ranked>>,
}

struct Text {
    folded: String,
    trigrams: HashSet<[char; 3]>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Ranked {
    score: u32,
    // Among equals the shorter name says less that was not asked.
    brevity: Reverse<usize>,
    code: String,
    system: String,
    display: String,
    why: Why,
    from: String,
}

impl Suggester {
    /// For these values (at most [`ASKED`]), the best `limit` of each.
    pub fn new(asked: &[Asked], limit: usize) -> Suggester {
        let mut suggester = Suggester {
            all: Vec::new(),
            limit: limit.max(1),
            by_trigram: HashMap::new(),
            by_code: HashMap::new(),
            by_name: HashMap::new(),
            by_pinyin: HashMap::new(),
            shared: HashMap::new(),
            only: None,
        };
        for asked in asked.iter().take(ASKED) {
            let at = suggester.all.len() as u32;
            let texts: Vec<Text> = std::iter::once(&asked.value)
                .chain(&asked.display)
                .map(|text| folded(text))
                .filter(|folded| !folded.is_empty())
                .map(|folded| Text { trigrams: trigrams(&folded), folded })
                .collect();
            for code in code_forms(&asked.value) {
                suggester.by_code.entry(code).or_default().push(at);
            }
            for text in &texts {
                suggester.by_name.entry(text.folded.clone()).or_default().push(at);
                for trigram in &text.trigrams {
                    let list = suggester.by_trigram.entry(*trigram).or_default();
                    if list.last() != Some(&at) {
                        list.push(at);
                    }
                }
                for sound in sounds_of(&text.folded) {
                    suggester.by_pinyin.entry(sound).or_default().push(at);
                }
            }
            suggester.all.push(Looked { texts, found: BinaryHeap::new() });
        }
        suggester
    }

    /// Lets only these codes of these systems be proposed.
    #[must_use]
    pub fn only<'c>(mut self, codes: impl Iterator<Item = (&'c str, &'c str)>) -> Suggester {
        self.only = Some(codes.map(|(system, code)| (system.to_owned(), code.to_owned())).collect());
        self
    }

    /// Lets a concept go past; `from` says where it is from.
    pub fn offer(&mut self, concept: &Concept<'_>, from: &str) {
        let is_meant =
            |only: &HashSet<(String, String)>| only.contains(&(concept.system.to_owned(), concept.code.to_owned()));
        if !self.only.as_ref().is_none_or(is_meant) {
            return;
        }
        let code = concept.code.to_lowercase();
        if let Some(all) = self.by_code.get(&code).cloned() {
            for at in all {
                self.put(at, concept, 96, &Why::SameCode, from);
            }
        }
        for name in std::iter::once(&concept.name).chain(concept.also) {
            self.offer_name(concept, name, from);
        }
    }

    fn offer_name(&mut self, concept: &Concept<'_>, name: &str, from: &str) {
        let text = folded(name);
        if text.is_empty() {
            return;
        }
        if let Some(all) = self.by_name.get(&text).cloned() {
            for at in all {
                self.put(at, concept, 95, &Why::SameName, from);
            }
        }
        // `WBC` and White blood cells: a short value can be a name's first letters.
        let initials = initials_of(&text);
        if let Some(all) = initials.as_ref().and_then(|initials| self.by_name.get(initials)).cloned() {
            for at in all {
                self.put(at, concept, 70, &Why::FirstLetters(name.to_owned()), from);
            }
        }
        for sound in sounds_of(&text) {
            let heard = self.by_name.get(&sound).into_iter().chain(self.by_pinyin.get(&sound)).flatten().copied();
            for at in heard.collect::<Vec<_>>() {
                let why = Why::Sounds { name: name.to_owned(), sound: sound.clone() };
                self.put(at, concept, if sound.len() > 4 { 85 } else { 60 }, &why, from);
            }
        }
        let own = trigrams(&text);
        self.shared.clear();
        for trigram in &own {
            for at in self.by_trigram.get(trigram).into_iter().flatten() {
                *self.shared.entry(*at).or_default() += 1;
            }
        }
        let alike: Vec<(u32, u32)> = self
            .shared
            .iter()
            .filter_map(|(at, shared)| {
                let sizes = self.all[*at as usize].texts.iter().map(|theirs| {
                    let both = theirs.trigrams.intersection(&own).count();
                    (200 * both) / (theirs.trigrams.len() + own.len()).max(1)
                });
                let best = sizes.max().unwrap_or(0) as u32;
                (*shared > 0 && (ALIKE..100).contains(&best)).then_some((*at, best))
            })
            .collect();
        for (at, best) in alike {
            self.put(at, concept, best * 9 / 10, &Why::Alike { name: name.to_owned(), percent: best }, from);
        }
    }

    fn put(&mut self, at: u32, concept: &Concept<'_>, score: u32, why: &Why, from: &str) {
        let limit = self.limit;
        let found = &mut self.all[at as usize].found;
        // The same code from two places, or by two names, is one suggestion: the better.
        let same = |one: &&Reverse<Ranked>| one.0.code == concept.code && one.0.system == concept.system;
        if let Some(held) = found.iter().find(same) {
            if held.0.score >= score {
                return;
            }
            let kept: Vec<Reverse<Ranked>> = found.drain().filter(|one| !same(&one)).collect();
            found.extend(kept);
        }
        if found.len() == limit && found.peek().is_some_and(|least| least.0.score >= score) {
            return;
        }
        found.push(Reverse(Ranked {
            score,
            brevity: Reverse(concept.name.chars().count()),
            code: concept.code.to_owned(),
            system: concept.system.to_owned(),
            display: concept.name.to_owned(),
            why: why.clone(),
            from: from.to_owned(),
        }));
        if found.len() > limit {
            found.pop();
        }
    }

    /// What was found, for each value in their order, the likeliest first.
    pub fn end(self) -> Vec<Vec<Suggestion>> {
        let of = |looked: Looked| {
            let mut found: Vec<Ranked> = looked.found.into_iter().map(|Reverse(found)| found).collect();
            found.sort_by(|a, b| b.cmp(a));
            let suggestion = |found: Ranked| Suggestion {
                system: found.system,
                code: found.code,
                display: found.display,
                score: found.score,
                why: found.why,
                from: found.from,
            };
            found.into_iter().map(suggestion).collect()
        };
        self.all.into_iter().map(of).collect()
    }
}

/// A name as it is compared: small letters, plain widths, one blank between words.
fn folded(text: &str) -> String {
    let plain = super::fold_code(text).to_lowercase();
    let spaced: String = plain.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn trigrams(text: &str) -> HashSet<[char; 3]> {
    let mut padded: Vec<char> = vec![' '];
    padded.extend(text.chars());
    padded.push(' ');
    // Two Chinese characters say as much as a word.
    padded.windows(3).take(TRIGRAMS).map(|window| [window[0], window[1], window[2]]).collect()
}

/// What a value may be as a code: itself, and what national editions make longer (`I10.x00`, `E11.900x001`).
pub fn code_forms(value: &str) -> Vec<String> {
    let code = super::fold_code(value).trim().to_lowercase();
    let mut all = vec![code.clone()];
    if let Some((stem, extension)) = code.split_once('x')
        && stem.starts_with(|c: char| c.is_ascii_alphabetic())
        && stem.len() >= 4
        && extension.chars().all(|c| c.is_ascii_digit())
    {
        let mut stem = stem.trim_end_matches('.').to_owned();
        all.push(stem.clone());
        while stem.contains('.') && stem.ends_with('0') {
            stem.pop();
            all.push(stem.trim_end_matches('.').to_owned());
        }
    }
    // ICD-9 and ICD-10 without their dot.
    if code.len() > 3
        && !code.contains('.')
        && code.bytes().all(|b| b.is_ascii_alphanumeric())
        && code.as_bytes()[1].is_ascii_digit()
    {
        all.push(format!("{}.{}", &code[..3], &code[3..]));
    }
    all.retain(|code| !code.is_empty());
    all.dedup();
    all
}

/// First letters of the words of a name, where it has several.
fn initials_of(folded: &str) -> Option<String> {
    let words: Vec<&str> = folded.split(' ').collect();
    let initials: String = words.iter().filter_map(|word| word.chars().next()).collect();
    (words.len() >= 2 && initials.is_ascii()).then_some(initials)
}

/// How a Chinese text sounds: its syllables, and their first letters.
fn sounds_of(folded: &str) -> Vec<String> {
    let bare: String = folded.chars().filter(|c| !c.is_whitespace()).collect();
    let syllables: Vec<Option<&str>> =
        bare.as_str().to_pinyin().map(|sound| sound.map(pinyin::Pinyin::plain)).collect();
    if syllables.len() < 2 || syllables.iter().any(Option::is_none) {
        return Vec::new();
    }
    let whole: String = syllables.iter().flatten().copied().collect();
    let first: String = syllables.iter().flatten().filter_map(|sound| sound.chars().next()).collect();
    let mut all = vec![whole];
    if first.len() >= 3 {
        all.push(first);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOINC: &str = "http://loinc.org";

    fn check(value: &str, display: Option<&str>, expected: &str) {
        let concepts = [
            (LOINC, "2823-3", "Potassium [Moles/volume] in Serum or Plasma", &["Kalium", "血清钾"][..]),
            (LOINC, "6690-2", "Leukocytes", &["White blood cells", "白细胞计数"]),
            (LOINC, "2345-7", "Glucose", &["葡萄糖"]),
            ("http://hl7.org/fhir/sid/icd-10", "I10", "Essential (primary) hypertension", &["特发性高血压"]),
            ("http://hl7.org/fhir/sid/icd-10", "E11.9", "Type 2 diabetes mellitus without complications", &[]),
        ];
        let mut suggester = Suggester::new(&[Asked { value: value.into(), display: display.map(Into::into) }], 3);
        for (system, code, name, also) in concepts {
            suggester.offer(&Concept { system, code, name, also }, "test");
        }
        let shown: Vec<String> =
            suggester.end()[0].iter().map(|one| format!("{} {}: {}", one.score, one.code, one.why)).collect();
        assert_eq!(shown.join("; "), expected, "{value}");
    }

    #[test]
    fn each_suggestion_says_why() {
        check("2823-3", None, "96 2823-3: the same code");
        check("kalium", None, "95 2823-3: the same name");
        check("WBC", None, "70 6690-2: the first letters of \"White blood cells\"");
        check("Glucoze", None, "51 2345-7: \"Glucose\" is 57 % alike");
        check("I10.x00", None, "96 I10: the same code");
        check("E11.900x001", None, "96 E11.9: the same code");
        check("E119", None, "96 E11.9: the same code");
        check("白细胞记数", None, "85 6690-2: \"白细胞计数\" sounds the same (baixibaojishu)");
        check("bxbjs", None, "85 6690-2: \"白细胞计数\" sounds the same (bxbjs)");
        check("X1", Some("White blood cells"), "95 6690-2: the same name");
        check("nothing", None, "");
        check("", None, "");
    }

    #[test]
    fn only_the_best_are_kept_and_each_code_once() {
        let asked: Vec<Asked> = ["glucose", "other"].map(|value| Asked { value: value.into(), display: None }).into();
        let mut suggester = Suggester::new(&asked, 2);
        for nth in 0..50 {
            let (code, name) = (format!("c{nth}"), format!("glucose {nth}"));
            suggester.offer(&Concept { system: "s:", code: &code, name: &name, also: &["glucos"] }, "a");
        }
        suggester.offer(&Concept { system: "s:", code: "c7", name: "Glucose", also: &[] }, "b");
        let found = suggester.end();
        assert_eq!(found[0].iter().map(|one| (one.code.as_str(), one.score)).next(), Some(("c7", 95)));
        assert_eq!((found[0].len(), found[1].len()), (2, 0));
    }

    #[test]
    fn where_few_codes_can_be_meant_no_others_are_proposed() {
        let asked = [Asked { value: "confirmed".into(), display: None }];
        let mut suggester = Suggester::new(&asked, 5).only([("s:status", "confirmed")].into_iter());
        suggester.offer(&Concept { system: "s:other", code: "confirmed", name: "Confirmed", also: &[] }, "a");
        suggester.offer(&Concept { system: "s:status", code: "confirmed", name: "Confirmed", also: &[] }, "a");
        let found = suggester.end();
        assert_eq!(found[0].iter().map(|one| one.system.as_str()).collect::<Vec<_>>(), ["s:status"]);
    }
}
