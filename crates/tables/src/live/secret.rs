//! A password, which is never shown.

use std::fmt;

/// What the text of a secret is replaced with.
const HIDDEN: &str = "…";

/// A password of so many characters is hidden inside words too.
const HIDDEN_ANYWHERE: usize = 6;

/// A password. It has no `Display`, and its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a password; a line end at its end, as files and terminals bring it, is none of it.
    pub fn new(text: impl Into<String>) -> Secret {
        let mut text = text.into();
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        Secret(text)
    }

    /// The password, for whoever must send it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text in which the password does not stand: drivers and databases may quote what they were given.
    /// A short one is hidden where it is a word by itself: else it is part of too many words.
    pub fn scrub(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        let anywhere = self.0.chars().count() >= HIDDEN_ANYWHERE;
        let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let (mut out, mut rest) = (String::with_capacity(text.len()), 0);
        for (at, found) in text.match_indices(&self.0) {
            let before = text[..at].chars().next_back();
            let after = text[at + found.len()..].chars().next();
            if anywhere || !(is_part(before) || is_part(after)) {
                out.push_str(&text[rest..at]);
                out.push_str(HIDDEN);
                rest = at + found.len();
            }
        }
        out.push_str(&text[rest..]);
        out
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_nowhere() {
        let secret = Secret::new("Tr0ub4dor\r\n");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.reveal(), "Tr0ub4dor");
        assert_eq!(secret.scrub("user a with Tr0ub4dor fails"), "user a with … fails");
        let short = Secret::new("rat");
        assert_eq!(short.scrub("operator, user 'rat': rats are no rate"), "operator, user '…': rats are no rate");
        assert_eq!(Secret::new("").scrub("as it is"), "as it is");
    }
}
