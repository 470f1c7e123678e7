//! The call `address`.

use super::notes::Notes;
use super::prepare::Argument;
use super::text::words_at;
use super::{Postal, Reason, Value};
use std::borrow::Cow;

/// `address(line[, city[, district[, state[, postal[, country]]]]])`
#[derive(Clone, Debug)]
pub(super) struct Post;

impl Post {
    pub fn make<'a>(arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        let line = match words_at(arguments, 0, notes)? {
            Some(Cow::Borrowed(text)) => lines(text).map(Cow::Borrowed).collect(),
            Some(Cow::Owned(text)) => lines(&text).map(|line| Cow::Owned(line.to_owned())).collect(),
            None => Vec::new(),
        };
        let mut part = |at| words_at(arguments, at, notes);
        let (city, district, state, postal_code, country) = (part(1)?, part(2)?, part(3)?, part(4)?, part(5)?);
        let parts = [&city, &district, &state, &postal_code, &country];
        if line.is_empty() && parts.iter().all(|part| part.is_none()) {
            return Ok(Value::Absent);
        }
        Ok(Value::Address(Box::new(Postal { line, city, district, state, postal_code, country })))
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(parts: &[Option<&'static str>]) -> Value<'static> {
        let mut arguments: Vec<_> = parts.iter().map(|part| Argument::Text(*part)).collect();
        Post::make(&mut arguments, &mut Notes::default()).unwrap()
    }

    #[test]
    fn line_breaks_separate_lines_and_nothing_else_does() {
        let Value::Address(address) =
            make(&[Some("北京市朝阳区\r\n建国路88号\n"), Some("北京市"), None, None, Some("100020")])
        else {
            panic!("no address");
        };
        assert_eq!(
            (address.line, address.city, address.postal_code),
            (vec!["北京市朝阳区".into(), "建国路88号".into()], Some("北京市".into()), Some("100020".into()))
        );
        let Value::Address(address) = make(&[Some("世纪大道100号,12栋\"B\"座")]) else { panic!("no address") };
        assert_eq!(address.line, ["世纪大道100号,12栋\"B\"座"]);
        assert_eq!(make(&[Some("\n"), None]), Value::Absent);
    }
}
