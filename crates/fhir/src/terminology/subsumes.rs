//! `CodeSystem/$subsumes`: which of two codes is a kind of the other.

use super::Definitions;
use super::asked::{Asked, coding_asked, invalid};
use super::code_system::CodeSystem;
use super::definitions::Library;
use super::operation::Parameters;
use crate::json::Node;
use crate::search::Way;
use std::rc::Rc;

/// The parameters of the operation.
pub(super) const PARAMETERS: &[&str] = &["codeA", "codeB", "system", "version", "codingA", "codingB"];

pub(super) fn answer<D: Definitions>(
    definitions: &D,
    asked: &Asked<'_>,
    instance: Option<Node<'_>>,
) -> Result<String, D::Error> {
    let own = instance.map(|node| Rc::new(CodeSystem::read(node)));
    let version = asked.text("version")?;
    let mut codes = Vec::with_capacity(2);
    let named = own.as_ref().map(|own| own.url.clone()).or(asked.text("system")?);
    let mut system: Option<(String, Option<String>)> = named.map(|url| (url, None));
    for (code, coding) in [("codeA", "codingA"), ("codeB", "codingB")] {
        let one = coding_asked(asked, code, "system", coding)?;
        let one =
            one.ok_or_else(|| invalid(code, format!("which code is meant? Give {code} and system, or {coding}")))?;
        match (&system, one.system) {
            (Some((known, _)), Some(other)) if *known != other => {
                let why =
                    format!("it is of {other}, and not of {known}: only codes of one code system subsume each other");
                return Err(invalid(if asked.has(coding) { coding } else { "system" }, why).into());
            }
            (None, Some(named)) => system = Some((named, one.version.clone())),
            _ => {}
        }
        codes.push(one.code);
    }
    let (url, of_coding) =
        system.ok_or_else(|| invalid("system", "of which code system are the codes? Give its URL"))?;
    let known = match own {
        Some(own) => own,
        None => Library::new(definitions).must_have(&url, version.or(of_coding).as_deref())?,
    };
    let (a, b) = (known.must_find(&codes[0]), known.must_find(&codes[1]));
    if a.is_err() || b.is_err() {
        // What is there in part does not say that something is missing.
        known.whole()?;
    }
    let (a, b) = (a?, b?);
    let outcome = outcome(&known, a, b)?;
    let mut out = Parameters::new();
    out.add("outcome", "valueCode", outcome);
    Ok(out.write())
}

/// What two concepts are to each other, as the value set concept-subsumption-outcome says it.
fn outcome(system: &CodeSystem, a: usize, b: usize) -> Result<&'static str, super::TerminologyError> {
    if a == b {
        return Ok("equivalent");
    }
    let is_above_b = system.reached(b, Way::Above)?.contains(&a);
    let is_above_a = system.reached(a, Way::Above)?.contains(&b);
    match (is_above_b, is_above_a) {
        // In a circle each is a kind of the other.
        (true, true) => Ok("equivalent"),
        (true, false) => Ok("subsumes"),
        (false, true) => Ok("subsumed-by"),
        (false, false) => {
            system.whole()?;
            Ok("not-subsumed")
        }
    }
}
