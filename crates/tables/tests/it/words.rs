//! What pages say in the reader's language has its words in each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tables::said::{Doubt, REASONS, delivery, hint, problem, sign, warning};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Sentences of a language of the pages.
fn catalogue(language: &str) -> serde_json::Value {
    let mut all = serde_json::Map::new();
    for file in std::fs::read_dir(repository().join("web/src/i18n").join(language)).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        all.extend(serde_json::from_str::<serde_json::Map<_, _>>(&text).unwrap());
    }
    all.into()
}

fn doubts() -> Vec<Doubt> {
    let (table, file, spelling) = ("t".to_owned(), "f".to_owned(), "-".to_owned());
    let (count, of) = (3, 7);
    vec![
        Doubt::RowsLost { table: table.clone(), lost: 1, of, percent: 5, file: file.clone() },
        Doubt::RowsChanged { table: table.clone(), changed: 2, of },
        Doubt::ColumnsLost { table: table.clone(), columns: vec!["a".into(), "b".into()] },
        Doubt::Broken { count, of },
        Doubt::DecodedTwice { count, of },
        Doubt::FullWidth { count, of },
        Doubt::Blanks { count, of },
        Doubt::LeadingZeros { count, of },
        Doubt::NoNumbers { count, of },
        Doubt::NoDates { count, of },
        Doubt::DayOrMonth,
        Doubt::DateForms { formats: vec!["x".into()] },
        Doubt::PerhapsNothing { spelling, count },
        Doubt::CutOff { table, file },
    ]
}

/// Names in braces of a sentence.
fn places(sentence: &str) -> BTreeSet<String> {
    let inside = sentence.split('{').skip(1).filter_map(|part| part.split(['}', ',']).next());
    inside.map(|name| name.trim().to_owned()).collect()
}

#[test]
fn every_reason_and_doubt_has_a_sentence_in_each_language_of_the_pages() {
    let codes: Vec<&str> = doubts().iter().map(Doubt::code).collect();
    assert_eq!(codes, Doubt::CODES);
    for language in ["en", "zh-Hans"] {
        let catalogue = catalogue(language);
        let sentence = |key: String| catalogue[&key].as_str().unwrap_or_else(|| panic!("{language}: {key}")).to_owned();
        for code in REASONS {
            assert!(!sentence(format!("reason.{code}")).is_empty());
        }
        for doubt in doubts() {
            let named: BTreeSet<String> = doubt.values().into_iter().map(|(name, _)| name).collect();
            assert_eq!(places(&sentence(format!("doubt.{}", doubt.code()))), named, "{language}: {}", doubt.code());
        }
        let all = catalogue.as_object().unwrap();
        let of = |head: &str| all.keys().filter(|key| key.starts_with(head)).count();
        assert_eq!((of("reason."), of("doubt.")), (REASONS.len(), Doubt::CODES.len()), "{language}");
        // What a column is stands beside its name.
        let signs = sign::CODES.into_iter().filter(|code| *code != "column").collect();
        let families: [(&str, Vec<&str>); 6] = [
            ("note", delivery::CODES.to_vec()),
            ("warning", warning::CODES.to_vec()),
            ("problem", problem::CODES.to_vec()),
            ("sign", signs),
            ("hint", hint::HINTS.map(|(code, _)| code).to_vec()),
            ("closed", hint::CLOSED.map(|(code, _)| code).to_vec()),
        ];
        for (head, codes) in families {
            for code in &codes {
                assert!(!sentence(format!("{head}.{code}")).is_empty());
            }
            assert_eq!(of(&format!("{head}.")), codes.len(), "{language}: {head}");
        }
    }
}

/// Letters keep words, not codes: those that the pages know are those that are written.
#[test]
fn the_hints_and_reasons_that_pages_say_are_those_that_letters_are_given() {
    let mut text = String::new();
    for room in ["intake/src", "records/src", "tables/src/pull"] {
        sources(&repository().join("crates").join(room), &mut text);
    }
    for (code, words) in hint::HINTS.into_iter().chain(hint::CLOSED) {
        assert!(text.contains(words), "{code}: nobody writes `{words}`");
    }
}

/// Words of the sources that look like codes and are none.
const OTHERS: [&str; 13] = [
    "cut-off",
    "entered-in-error",
    "euc-jp",
    "euc-kr",
    "left-out",
    "medweave-table",
    "met-coming",
    "replaced-by",
    "rows-coming",
    "sous-total",
    "state-coming",
    "sub-total",
    "target-coming",
];

/// The texts of a folder's sources, without their tests.
fn sources(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("test") || name == "his_zh.rs" {
            continue;
        }
        if path.is_dir() {
            sources(&path, into);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            into.push_str(line);
            into.push('\n');
        }
    }
}

#[test]
fn every_code_that_is_given_is_listed_and_every_listed_one_is_given() {
    let mut text = String::new();
    for room in ["value", "write", "run", "read"] {
        sources(&repository().join("crates/tables/src").join(room), &mut text);
    }
    let is_code = |word: &&str| {
        word.contains('-')
            && word.split('-').all(|part| !part.is_empty() && part.bytes().all(|c| c.is_ascii_lowercase()))
    };
    let given: BTreeSet<&str> = text.split('"').filter(is_code).filter(|word| !OTHERS.contains(word)).collect();
    let listed: BTreeSet<&str> = REASONS.into_iter().collect();
    let unlisted: Vec<_> = given.difference(&listed).collect();
    assert!(unlisted.is_empty(), "not in tables::said::REASONS: {unlisted:?}");
    let unused: Vec<_> = listed.difference(&given).collect();
    assert!(unused.is_empty(), "no source gives: {unused:?}");
}
