//! The call `name`.

use super::notes::Notes;
use super::prepare::Argument;
use super::text::words_at;
use super::{Reason, Value};

/// `name(text)` or `name(family, given…)`.
///
/// A name that comes as one text stays one: where the family name ends (欧阳 or 欧, van der Berg) is for people to say.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// Called with more than one argument.
    pub parts: bool,
}

impl Name {
    pub fn make<'a>(&self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        let first = words_at(arguments, 0, notes)?;
        if !self.parts {
            return Ok(match first {
                Some(text) => Value::Name { text: Some(text), family: None, given: Vec::new() },
                None => Value::Absent,
            });
        }
        let mut given = Vec::with_capacity(arguments.len() - 1);
        for at in 1..arguments.len() {
            given.extend(words_at(arguments, at, notes)?);
        }
        if first.is_none() && given.is_empty() {
            return Ok(Value::Absent);
        }
        Ok(Value::Name { text: None, family: first, given })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(parts: &[Option<&'static str>]) -> Value<'static> {
        let mut arguments: Vec<_> = parts.iter().map(|part| Argument::Text(*part)).collect();
        Name { parts: parts.len() > 1 }.make(&mut arguments, &mut Notes::default()).unwrap()
    }

    #[test]
    fn one_text_stays_as_it_is_written() {
        for text in ["吴欣敏", "孙𠮷", "欧阳修", "Ａ．王", "van der Berg, Jan"] {
            assert_eq!(make(&[Some(text)]), Value::Name { text: Some(text.into()), family: None, given: Vec::new() });
        }
        assert_eq!(make(&[Some(" ")]), Value::Absent);
    }

    #[test]
    fn parts_are_family_then_given() {
        let given = vec!["Jan".into(), "P.".into()];
        let expected = Value::Name { text: None, family: Some("Berg".into()), given };
        assert_eq!(make(&[Some("Berg"), Some(" Jan "), None, Some("P.")]), expected);
        assert_eq!(make(&[Some("Berg"), None]), Value::Name { text: None, family: Some("Berg".into()), given: vec![] });
        assert_eq!(make(&[None, None]), Value::Absent);
    }
}
