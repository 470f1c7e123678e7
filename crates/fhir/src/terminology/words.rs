//! What a concept is called: in the language that is asked for, and whether a name is one of its names.

use super::code_system::Designation;
use super::compose::Entry;
use crate::search::fold;

/// Languages in the order in which they are preferred, of `de-CH,de;q=0.8`.
pub(super) fn languages(asked: Option<&str>) -> Vec<String> {
    let all = asked.into_iter().flat_map(|asked| asked.split(','));
    let bare = all.map(|one| one.split(';').next().unwrap_or_default().trim().to_owned());
    bare.filter(|one| !one.is_empty() && one != "*").collect()
}

/// Whether a language is the one that is asked for, or of its kind: `de-CH` is of `de`.
pub(super) fn is_of(language: Option<&str>, asked: &str) -> bool {
    let Some(language) = language else { return false };
    let (language, asked) = (language.to_ascii_lowercase(), asked.to_ascii_lowercase());
    language == asked || language.strip_prefix(&asked).is_some_and(|rest| rest.starts_with('-'))
}

/// The name in the first of the languages that there is one in; else the display.
pub(super) fn name<'c>(
    display: Option<&'c str>,
    language: Option<&str>,
    designations: &'c [Designation],
    languages: &[String],
) -> Option<&'c str> {
    for asked in languages {
        if display.is_some() && is_of(language, asked) {
            return display;
        }
        let named = designations.iter().find(|one| is_of(one.language.as_deref(), asked));
        if let Some(named) = named {
            return Some(&named.value);
        }
    }
    display.or_else(|| designations.first().map(|one| one.value.as_str()))
}

impl Entry {
    /// What it is called, best in one of the languages.
    pub(super) fn name(&self, languages: &[String]) -> Option<&str> {
        name(self.display.as_deref(), self.language.as_deref(), &self.designations, languages)
    }

    /// Its display and its other names.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.display.as_deref().into_iter().chain(self.designations.iter().map(|one| one.value.as_str()))
    }

    /// Whether it is called so in any language; case, accents and spaces do not matter. `None` if it has no name at all.
    pub(super) fn is_called(&self, display: &str) -> Option<bool> {
        let display = fold(display);
        let mut names = self.names().peekable();
        names.peek()?;
        Some(names.any(|name| fold(name) == display))
    }

    /// Whether each of `words`, folded, begins a word of its names, or its code.
    pub(super) fn has_words(&self, words: &[String]) -> bool {
        let code = fold(&self.code);
        let names: Vec<_> = self.names().map(fold).collect();
        words.iter().all(|word| {
            let mut own = names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
            code.starts_with(word.as_str())
                || own.any(|own| own.starts_with(word.as_str()))
                || names.iter().any(|name| name.starts_with(word.as_str()))
        })
    }
}

/// The words of a filter, folded.
pub(super) fn words(filter: &str) -> Vec<String> {
    fold(filter).split_whitespace().map(str::to_owned).collect()
}
