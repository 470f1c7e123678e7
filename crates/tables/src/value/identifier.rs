//! The call `identifier`.

use super::identity;
use super::notes::Notes;
use super::prepare::{Argument, Context, unknown};
use super::text::words;
use super::width::plain_text;
use super::{Reason, Value};
use fhir::primitive::{is_code, is_uri};
use std::borrow::Cow;

const USES: [&str; 5] = ["usual", "official", "temp", "secondary", "old"];
/// Longer texts are no identifiers but something that stands in the wrong column.
const VALUE_BYTES_MAX: usize = 1024;

/// `identifier(system, value[, use[, type_code]])`
#[derive(Clone, Debug)]
pub(super) struct Identify {
    /// The arguments that are constants.
    constants: [Option<String>; 4],
}

impl Identify {
    pub fn prepare(literals: [Option<&str>; 4], context: &Context) -> Result<Self, String> {
        let mut constants = literals.map(|literal| super::slot::trimmed(literal).map(str::to_owned));
        if let Some(system) = &mut constants[0] {
            *system = context.address(system);
        }
        let [system, _, r#use, type_code] = &constants;
        match system {
            Some(system) if !is_uri(system) || !system.contains(':') => {
                return Err(format!("`{system}` is not a system's address, as `urn:oid:1.2.3` or `http://…`"));
            }
            _ => {}
        }
        if let Some(r#use) = r#use.as_deref().filter(|r#use| !USES.contains(r#use)) {
            return Err(unknown("use of an identifier", r#use, USES.into_iter()));
        }
        if let Some(type_code) = type_code.as_deref().filter(|code| !is_code(code)) {
            return Err(format!("`{type_code}` is not a code"));
        }
        Ok(Identify { constants })
    }

    pub fn make<'a>(&'a self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        let mut part = |at: usize| match &self.constants[at] {
            Some(constant) => Ok(Some(Cow::Borrowed(constant.as_str()))),
            None => Argument::take_text_at(arguments, at),
        };
        let (system, value, r#use, type_code) = (part(0)?, part(1)?, part(2)?, part(3)?);
        let (Some(system), Some(value)) = (system, value) else { return Ok(Value::Absent) };
        let value = match value {
            Cow::Borrowed(value) => plain_text(value),
            Cow::Owned(value) => Cow::Owned(plain_text(&value).into_owned()),
        };
        let Some(mut value) = words(value, notes)? else { return Ok(Value::Absent) };
        if value.len() > VALUE_BYTES_MAX {
            let what = format!("is {} bytes long, too long for an identifier", value.len());
            return Err(Reason::of("bad-identifier", &value, &what));
        }
        if !is_uri(&system) {
            return Err(Reason::of("bad-identifier", &system, "is not a system's address: it has white space"));
        }
        if let Some(r#use) = r#use.as_deref().filter(|r#use| !USES.contains(r#use)) {
            return Err(Reason::of("not-a-code", r#use, &format!("is not a use of identifiers: {}", USES.join(", "))));
        }
        if let Some(code) = type_code.as_deref().filter(|code| !is_code(code)) {
            return Err(Reason::of("not-a-code", code, "is not a code"));
        }
        if identity::is_identity(&system, type_code.as_deref()) {
            // The check character is a capital.
            if value.ends_with('x') {
                let end = value.len() - 1;
                value.to_mut().replace_range(end.., "X");
            }
            if !identity::is_right(&value) {
                notes.flag("identity-check");
            }
        }
        Ok(Value::Identifier { system, value, r#use, type_code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(constants: [Option<&str>; 4], value: &'static str) -> String {
        let call = Identify::prepare(constants, &Context::new("north wing")).unwrap();
        let mut notes = Notes::default();
        let mut arguments = [Argument::default(), Argument::Text(Some(value))];
        let made = match call.make(&mut arguments, &mut notes) {
            Ok(Value::Identifier { system, value, r#use, type_code }) => {
                format!("{system}|{value} {} {}", r#use.unwrap_or_default(), type_code.unwrap_or_default())
            }
            Ok(_) => "absent".into(),
            Err(reason) => reason.code.into(),
        };
        format!("{} {}", made.trim_end(), notes.flags.join(",")).trim_end().to_owned()
    }

    #[test]
    fn values_keep_their_noughts_and_lose_their_width() {
        let mr = [Some("urn:x"), None, Some("usual"), Some("MR")];
        assert_eq!(make(mr, " 00100035 "), "urn:x|00100035 usual MR");
        assert_eq!(make(mr, "ＺＹ２６"), "urn:x|ZY26 usual MR");
        assert_eq!(make(mr, "  "), "absent");
        let of_source = [Some("urn:medweave:source:{source}:patient"), None, None, None];
        assert_eq!(make(of_source, "1"), "urn:medweave:source:north%20wing:patient|1");
    }

    #[test]
    fn a_wrong_identity_number_is_kept_and_flagged() {
        let by_type = [Some("urn:x"), None, None, Some("NNCHN")];
        assert_eq!(make(by_type, "11010519491231002x"), "urn:x|11010519491231002X  NNCHN");
        assert_eq!(make(by_type, "11010519950611156X"), "urn:x|11010519950611156X  NNCHN identity-check");
        assert_eq!(
            make([Some("urn:oid:2.16.156.10011.1.3"), None, None, None], "123"),
            "urn:oid:2.16.156.10011.1.3|123 identity-check"
        );
        assert_eq!(make([Some("urn:x"), None, None, None], "123"), "urn:x|123");
    }

    #[test]
    fn constants_are_checked_when_they_are_compiled() {
        let context = Context::new("s");
        assert!(Identify::prepare([Some("MRN"), None, None, None], &context).is_err());
        let error = Identify::prepare([Some("urn:x"), None, Some("offical"), None], &context).unwrap_err();
        assert_eq!(error, "unknown use of an identifier `offical`; did you mean `official`?");
    }
}
