//! The call `ref`.

use super::id::push_key;
use super::prepare::{Argument, Context, unknown};
use super::{Reason, Value};
use records::DerivedIds;

/// `ref(target, key…)`
#[derive(Clone, Debug)]
pub(super) struct Refer {
    source: String,
    target: String,
    resource_type: String,
}

impl Refer {
    pub fn prepare(target: &str, context: &Context) -> Result<Self, String> {
        let Some(resource_type) = context.targets.get(target) else {
            return Err(unknown("target", target, context.targets.keys().map(String::as_str)));
        };
        Ok(Refer { source: context.source.clone(), target: target.to_owned(), resource_type: resource_type.clone() })
    }

    pub fn make<'a>(&'a self, arguments: &mut [Argument<'a>]) -> Result<Value<'a>, Reason> {
        let mut name = Vec::with_capacity(64);
        name.extend_from_slice(self.target.as_bytes());
        for at in 1..arguments.len() {
            let Some(key) = Argument::take_text_at(arguments, at)? else { return Ok(Value::Absent) };
            push_key(&mut name, &key);
        }
        let id = DerivedIds::of(&self.source).id(|input| input.extend_from_slice(&name));
        Ok(Value::Reference { resource_type: &self.resource_type, id: records::uuid_text(&id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::id;

    #[test]
    fn a_reference_has_the_id_that_its_target_gives_to_the_key() {
        let mut context = Context::new("his");
        context.targets.insert("Stay".into(), "Encounter".into());
        let call = Refer::prepare("Stay", &context).unwrap();
        let mut arguments = [Argument::default(), Argument::Text(Some("ZY1 ")), Argument::Text(Some("2"))];
        let expected = Value::Reference { resource_type: "Encounter", id: id::derived("his", "Stay", &["ZY1", "2"]) };
        assert_eq!(call.make(&mut arguments), Ok(expected));
        let mut lacking = [Argument::default(), Argument::Text(Some("ZY1")), Argument::Text(None)];
        assert_eq!(call.make(&mut lacking), Ok(Value::Absent));
        assert_eq!(Refer::prepare("Stai", &context).unwrap_err(), "unknown target `Stai`; did you mean `Stay`?");
    }
}
