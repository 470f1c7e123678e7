//! Names, and how two of them agree.

use crate::distance::distance;
use crate::nickname;
use crate::reading::{is_han, readings};
use fhir::json::Tree;
use fhir::placeholder::is_placeholder;
use fhir::search::fold;

/// One name of a person, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// Words of the family name; empty where only a whole name is known.
    family: Vec<String>,
    /// Words of the given names, or of the whole name.
    given: Vec<String>,
    /// Chinese characters, family name first.
    han: Option<String>,
    /// `jr`, `sr`, `ii` …
    generation: Option<String>,
}

/// How two names are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// Letter by letter, but for signs and accents.
    Same,
    /// The same words, family name and given name changed about.
    OtherOrder,
    /// One says a middle name that the other leaves out.
    LessSaid,
    /// One is the other in Latin letters.
    Pinyin,
    /// One is what the other is called for short.
    Nickname,
    /// A given name is an initial in one of them.
    Initial,
    /// One of two family names is left out.
    OneOfTwoFamilyNames,
    /// Other characters that are read the same.
    Homophone,
    /// One letter is wrong, too much, missing, or two are swapped.
    OneLetter,
}

impl Likeness {
    /// True where nothing is wrong in either: it is the same name, written otherwise.
    pub fn is_equal(self) -> bool {
        matches!(self, Likeness::Same | Likeness::OtherOrder | Likeness::LessSaid | Likeness::Pinyin)
    }

    /// A word for it, as it is stored and sent.
    pub fn word(self) -> &'static str {
        match self {
            Likeness::Same => "same",
            Likeness::OtherOrder => "other-order",
            Likeness::LessSaid => "less-said",
            Likeness::Pinyin => "pinyin",
            Likeness::Nickname => "nickname",
            Likeness::Initial => "initial",
            Likeness::OneOfTwoFamilyNames => "one-of-two-family-names",
            Likeness::Homophone => "homophone",
            Likeness::OneLetter => "one-letter",
        }
    }
}

/// Shortest word in which a letter may be wrong: `Ann` and `Ian` are two names.
const LETTERS_FOR_A_SLIP: usize = 4;
/// The same for a name in pinyin run together, whose syllables differ in one letter each.
const PINYIN_FOR_A_SLIP: usize = 8;

/// Letters of a name that are looked at, and Chinese characters.
const LETTERS_MOST: usize = 256;
const HAN_MOST: usize = 16;
/// Words of a name that are looked at: all ways to cut a whole name in two are tried.
const WORDS_MOST: usize = 8;

/// Given names that newborns have until they are named.
const NEWBORN: [&str; 11] =
    ["baby", "babyboy", "babygirl", "boy", "girl", "newborn", "infant", "twin", "neonate", "bb", "triplet"];
/// The same behind a mother's name in Chinese.
const NEWBORN_HAN: [&str; 6] = ["之子", "之女", "之婴", "婴儿", "男婴", "女婴"];

/// Chinese for somebody whose name is not known, and for nobody.
const NOBODY_HAN: [&str; 8] = ["无名", "佚名", "不详", "未知", "未提供", "测试", "暂无", "没有"];

impl Name {
    /// Of a FHIR `HumanName`; `None` if it names nobody: empty, a placeholder, a newborn without a name.
    pub fn of(name: &Tree) -> Option<Name> {
        let said = |element: &str| name.get(element).and_then(Tree::as_str).unwrap_or_default();
        let listed = |element: &str| -> Vec<&str> {
            name.get(element).map_or(&[][..], Tree::items).iter().filter_map(Tree::as_str).collect()
        };
        let (family, given, text) = (said("family"), listed("given"), said("text"));
        let mut generation = listed("suffix").iter().find_map(|suffix| generation_of(&fold(suffix)));
        let mut out = Name::default();
        let parts: String =
            family.chars().chain(given.iter().flat_map(|given| given.chars())).take(LETTERS_MOST).collect();
        let han = |text: &str| text.chars().filter(|c| is_han(*c)).take(HAN_MOST).collect::<String>();
        if family.is_empty() && given.is_empty() {
            out.given = words(text);
            out.han = Some(han(text));
        } else {
            out.family = words(family);
            out.given = given.iter().flat_map(|given| words(given)).take(WORDS_MOST).collect();
            out.han = Some(han(&parts));
        }
        if out.family.is_empty() && out.given.is_empty() && out.han.as_deref() == Some("") {
            out.han = Some(han(text));
        }
        for words in [&mut out.family, &mut out.given] {
            if words.len() > 1
                && let Some(found) = words.last().and_then(|last| generation_of(last))
            {
                generation = generation.or(Some(found));
                words.pop();
            }
        }
        out.generation = generation;
        out.han = out.han.filter(|han| han.chars().count() > 1);
        if out.han.as_deref().is_some_and(|han| NOBODY_HAN.iter().any(|nobody| han.contains(nobody))) {
            return None;
        }
        let is_newborn = out.given.iter().any(|word| NEWBORN.contains(&word.as_str()))
            || out.han.as_deref().is_some_and(|han| NEWBORN_HAN.iter().any(|newborn| han.ends_with(newborn)));
        let nobody = |word: &String| is_placeholder(None, word) || word == "unknown" || word == "patient";
        let words = out.family.len() + out.given.len();
        let names_nobody = out.family.iter().any(nobody)
            || (!out.given.is_empty() && out.given.iter().all(nobody))
            || (out.han.is_none() && words < 2);
        let is_nobody =
            is_newborn || (names_nobody && out.han.is_none()) || is_placeholder(None, &parts_or(text, &parts));
        if is_nobody { None } else { Some(out) }
    }

    /// First letters of family and given name, the lesser first: what two forms of one name have in common in any order, of each
    /// way to read it.
    pub(crate) fn initials(&self) -> Vec<[char; 2]> {
        let pair = |one: Option<char>, other: Option<char>| Some((one?, other?)).map(|(a, b)| [a.min(b), a.max(b)]);
        let first = |word: Option<&String>| word.and_then(|word| word.chars().next());
        let mut out = Vec::new();
        if let Some(han) = &self.han {
            for syllables in readings(han) {
                out.extend(pair(first(syllables.first()), first(syllables.get(1))));
            }
        }
        let latin = if self.family.is_empty() {
            pair(first(self.given.first()), first(self.given.last()))
        } else {
            pair(first(self.family.first()), first(self.given.first()))
        };
        out.extend(latin);
        out.sort_unstable();
        out.dedup();
        out
    }

    /// How this and another are alike; `None` if they are names of two people.
    pub fn likeness(&self, other: &Name) -> Option<Likeness> {
        if let (Some(one), Some(other)) = (&self.generation, &other.generation)
            && one != other
        {
            return None;
        }
        match (&self.han, &other.han) {
            (Some(one), Some(other)) => han_likeness(one, other),
            (Some(han), None) => other.is_read(han),
            (None, Some(han)) => self.is_read(han),
            (None, None) => self.latin_likeness(other),
        }
    }

    /// Whether this is how `han` is read.
    fn is_read(&self, han: &str) -> Option<Likeness> {
        let (family, given) = (self.family.concat(), self.given.concat());
        let written = [format!("{family}{given}"), format!("{given}{family}")];
        let mut near = None;
        for syllables in readings(han) {
            let whole = syllables.concat();
            // Family names of one character, seldom two, may come last.
            let turned = (1..syllables.len().min(3)).map(|at| syllables[at..].concat() + &syllables[..at].concat());
            for read in std::iter::once(whole).chain(turned) {
                if written.contains(&read) {
                    return Some(Likeness::Pinyin);
                }
                if read.len() >= PINYIN_FOR_A_SLIP && written.iter().any(|name| distance(name, &read, 1).is_some()) {
                    near = Some(Likeness::OneLetter);
                }
            }
        }
        near
    }

    fn latin_likeness(&self, other: &Name) -> Option<Likeness> {
        if self.family.is_empty() || other.family.is_empty() {
            return self.whole_likeness(other);
        }
        let straight = in_order(&self.family, &self.given, &other.family, &other.given);
        let turned = || {
            in_order(&self.family, &self.given, &other.given, &other.family)
                .map(|likeness| if likeness == Likeness::Same { Likeness::OtherOrder } else { likeness })
                // Two slips at once, a turn and a letter, are no one's name.
                .filter(|likeness| likeness.is_equal())
        };
        straight.or_else(turned).or_else(|| self.has_the_words_of(other).then_some(Likeness::OtherOrder))
    }

    /// True if both have the same words, three or more, however they are ordered: where family names come first, they are often taken
    /// for what is not.
    fn has_the_words_of(&self, other: &Name) -> bool {
        let sorted = |name: &Name| {
            let mut words: Vec<String> = name.family.iter().chain(&name.given).cloned().collect();
            words.sort_unstable();
            words
        };
        let words = sorted(self);
        words.len() > 2 && words == sorted(other)
    }

    /// Where one of them is a whole name of which nobody knows what its parts are: each split of it is tried.
    fn whole_likeness(&self, other: &Name) -> Option<Likeness> {
        let (whole, parts) = if self.family.is_empty() { (self, other) } else { (other, self) };
        let mut best: Option<Likeness> = None;
        for at in 1..whole.given.len() {
            let (first, last) = whole.given.split_at(at);
            for (family, given) in [(last, first), (first, last)] {
                let found = if parts.family.is_empty() {
                    (1..parts.given.len())
                        .filter_map(|at| {
                            let (one, two) = parts.given.split_at(at);
                            let straight = in_order(family, given, two, one);
                            straight.or_else(|| in_order(family, given, one, two))
                        })
                        .min()
                } else {
                    in_order(family, given, &parts.family, &parts.given)
                };
                best = [best, found].into_iter().flatten().min();
            }
        }
        best.or_else(|| self.has_the_words_of(other).then_some(Likeness::OtherOrder))
    }
}

fn parts_or(text: &str, parts: &str) -> String {
    if parts.is_empty() { text.to_owned() } else { parts.to_owned() }
}

/// Latin (and other) words of a name; digits that a generator hung on it are dropped.
fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| c.is_whitespace() || ",;/-‐–()（），、·•".contains(c))
        .map(|word| word.chars().filter(|c| c.is_alphabetic() && !is_han(*c)).collect::<String>())
        .filter(|word| !word.is_empty())
        .take(WORDS_MOST)
        .collect()
}

fn generation_of(word: &str) -> Option<String> {
    let word = word.trim_matches('.');
    let told = match word {
        "jr" | "junior" | "ii" | "2nd" => "ii",
        "sr" | "senior" | "i" => "i",
        "iii" | "3rd" => "iii",
        "iv" | "4th" => "iv",
        _ => return None,
    };
    Some(told.to_owned())
}

fn han_likeness(one: &str, other: &str) -> Option<Likeness> {
    if one == other {
        return Some(Likeness::Same);
    }
    let (a, b) = (readings(one), readings(other));
    a.iter().any(|read| b.contains(read)).then_some(Likeness::Homophone)
}

/// Compares family name with family name and given with given. One thing may be odd, not two.
fn in_order(family: &[String], given: &[String], other_family: &[String], other_given: &[String]) -> Option<Likeness> {
    let family = families(family, other_family)?;
    let given = givens(given, other_given)?;
    match (family.is_equal(), given.is_equal()) {
        (true, true) => Some(family.max(given)),
        (true, false) => Some(given),
        (false, true) => Some(family),
        (false, false) => None,
    }
}

fn families(one: &[String], other: &[String]) -> Option<Likeness> {
    let (whole, other_whole) = (one.concat(), other.concat());
    if whole == other_whole {
        return Some(Likeness::Same);
    }
    // Particles are often left out, double names often used in part.
    let names = |words: &[String]| -> Vec<String> {
        words.iter().filter(|word| word.len() > 3 || words.len() == 1).cloned().collect()
    };
    let (one, other) = (names(one), names(other));
    if one.len() != other.len() && one.iter().any(|word| other.contains(word)) {
        return Some(Likeness::OneOfTwoFamilyNames);
    }
    is_slip(&whole, &other_whole).then_some(Likeness::OneLetter)
}

fn givens(one: &[String], other: &[String]) -> Option<Likeness> {
    let (first, other_first) = (one.first()?, other.first()?);
    if one.concat() == other.concat() {
        return Some(Likeness::Same);
    }
    let first = word(first, other_first)?;
    let mut worst = first;
    for (middle, other_middle) in one.iter().zip(other).skip(1) {
        let likeness = word(middle, other_middle)?;
        // An initial in the middle says what it can.
        let likeness = if likeness == Likeness::Initial { Likeness::LessSaid } else { likeness };
        if !likeness.is_equal() && !worst.is_equal() {
            return None;
        }
        worst = worst.max(likeness);
    }
    if one.len() != other.len() {
        worst = worst.max(Likeness::LessSaid);
    }
    Some(worst)
}

fn word(one: &str, other: &str) -> Option<Likeness> {
    if one == other {
        return Some(Likeness::Same);
    }
    if nickname::are_one(one, other) {
        return Some(Likeness::Nickname);
    }
    let is_initial = |short: &str, long: &str| short.chars().count() == 1 && long.starts_with(short);
    if is_initial(one, other) || is_initial(other, one) {
        return Some(Likeness::Initial);
    }
    is_slip(one, other).then_some(Likeness::OneLetter)
}

fn is_slip(one: &str, other: &str) -> bool {
    let letters = one.chars().count().min(other.chars().count());
    letters >= LETTERS_FOR_A_SLIP && distance(one, other, 1).is_some()
}

#[cfg(test)]
mod tests {
    use super::{Likeness, Name};
    use fhir::json::{Document, Tree};

    fn name(json: &str) -> Option<Name> {
        Name::of(&Tree::from(Document::parse(json.as_bytes()).unwrap().root()))
    }

    fn parts(family: &str, given: &str) -> Name {
        let given: Vec<String> = given.split(' ').map(|given| format!("{given:?}")).collect();
        name(&format!(r#"{{"family":{family:?},"given":[{}]}}"#, given.join(","))).unwrap()
    }

    fn whole(text: &str) -> Name {
        name(&format!(r#"{{"text":{text:?}}}"#)).unwrap()
    }

    #[test]
    fn one_name_is_written_in_many_ways() {
        use Likeness::*;
        for (one, other, likeness) in [
            (parts("O'Brien", "Seán"), parts("OBRIEN", "SEAN"), Same),
            (parts("Smith", "Mary Ann"), parts("Smith", "Maryann"), Same),
            (parts("Smith", "John"), parts("John", "Smith"), OtherOrder),
            (parts("Nguyen", "Van Anh"), parts("Anh", "Nguyen Van"), OtherOrder),
            (parts("Tran", "Minh Duc"), whole("Duc Minh Tran"), OtherOrder),
            (parts("Smith", "John Paul"), parts("Smith", "John"), LessSaid),
            (parts("Smith", "John P"), parts("Smith", "John Paul"), LessSaid),
            (parts("Smith", "Bob"), parts("Smith", "Robert"), Nickname),
            (parts("Smith", "R"), parts("Smith", "Robert"), Initial),
            (parts("Smith-Jones", "Robert"), parts("Smith", "Robert"), OneOfTwoFamilyNames),
            (parts("Smith", "Robert"), parts("Smyth", "Robert"), OneLetter),
            (parts("Smith", "Robert"), parts("Smith", "Rboert"), OneLetter),
            (whole("Robert Smith"), parts("Smith", "Robert"), Same),
            (whole("SMITH, ROBERT"), whole("Robert Smith"), Same),
            (whole("王小明"), parts("Wang", "Xiaoming"), Pinyin),
            (whole("王小明"), whole("Xiao Ming Wang"), Pinyin),
            (whole("诸葛海兰"), parts("Zhuge", "Hailan"), Pinyin),
            (parts("王", "小明"), whole("王小明"), Same),
            (whole("王小明"), whole("王晓明"), Homophone),
            (whole("王小明"), parts("Wang", "Xiaomimg"), OneLetter),
        ] {
            assert_eq!(one.likeness(&other), Some(likeness), "{one:?} {other:?}");
            assert_eq!(other.likeness(&one), Some(likeness), "{other:?} {one:?}");
        }
    }

    #[test]
    fn names_of_two_people_are_not_alike() {
        for (one, other) in [
            (parts("Smith", "Anna"), parts("Smith", "Mark")),
            (parts("Smith", "Ann"), parts("Smith", "Ian")),
            (parts("Smith", "Ana Maria"), parts("Smith", "Ana Isabel")),
            (parts("Smyth", "Bob"), parts("Smith", "Robert")),
            (parts("Smith", "Robert Jr"), parts("Smith", "Robert Sr")),
            (whole("王小明"), whole("王小红")),
            (whole("王伟"), parts("Wang", "Wen")),
        ] {
            assert_eq!(one.likeness(&other), None, "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_names_nobody_is_no_name() {
        for json in [
            r#"{"text":"UNKNOWN"}"#,
            r#"{"family":"Unknown","given":["Unknown"]}"#,
            r#"{"family":"Smith","given":["Baby Boy"]}"#,
            r#"{"text":"王芳之子"}"#,
            r#"{"text":"无名"}"#,
            r#"{"family":"Smith"}"#,
            r#"{}"#,
        ] {
            assert_eq!(name(json), None, "{json}");
        }
    }
}
