//! `CodeSystem/$lookup`: all that is said of a code.

use super::asked::{Asked, coding_asked, invalid};
use super::code_system::CodeSystem;
use super::definitions::Library;
use super::operation::Parameters;
use super::words::{is_of, languages, name};
use super::{Definitions, TerminologyError};
use crate::json::Tree;
use crate::search::Way;

/// The parameters of the operation.
pub(super) const PARAMETERS: &[&str] = &["code", "system", "version", "coding", "date", "displayLanguage", "property"];

pub(super) fn answer<D: Definitions>(definitions: &D, asked: &Asked<'_>) -> Result<String, D::Error> {
    asked.refuse(&["date"], "codes are looked up as they are stored now")?;
    let coding = coding_asked(asked, "code", "system", "coding")?;
    let coding = coding.ok_or_else(|| invalid("code", "which code is meant? Give code and system, or coding"))?;
    let system = coding.system.ok_or_else(|| invalid("system", "of which code system is the code? Give its URL"))?;
    let languages = languages(asked.text("displayLanguage")?.as_deref());
    let wanted = asked.texts("property")?;
    let version = asked.text("version")?.or(coding.version);
    let library = Library::new(definitions);
    let known = library.must_have(&system, version.as_deref())?;
    let Some(at) = known.find(&coding.code) else {
        // What is there in part does not say that something is missing.
        known.whole()?;
        return Err(TerminologyError::NoCode { system: known.url.clone(), code: coding.code }.into());
    };
    Ok(said(&known, at, &languages, &wanted).write())
}

/// What a code system says of one of its codes: the properties that are wanted, or all.
fn said(system: &CodeSystem, at: usize, languages: &[String], wanted: &[String]) -> Parameters {
    let concept = system.concept(at);
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    let mut out = Parameters::new();
    out.add("name", "valueString", system.name.as_deref().unwrap_or(&system.url));
    out.text("version", "valueString", system.version.as_deref());
    let display = name(concept.display.as_deref(), system.language.as_deref(), &concept.designations, languages);
    // It must be there, whatever is asked for; who is called nothing is called by his code.
    out.add("display", "valueString", display.unwrap_or(&concept.code));
    for one in &concept.designations {
        let in_language =
            |asked: &String| asked.strip_prefix("lang.").is_some_and(|asked| is_of(one.language.as_deref(), asked));
        if !is_wanted("designation") && !wanted.iter().any(in_language) {
            continue;
        }
        let mut parts = Parameters::new();
        parts.text("language", "valueCode", one.language.as_deref());
        if let Some(purpose) = &one.purpose {
            parts.add("use", "valueCoding", purpose.clone());
        }
        parts.add("value", "valueString", one.value.as_str());
        out.parts("designation", parts);
    }
    if let Some(definition) = concept.definition.as_deref().filter(|_| is_wanted("definition")) {
        property(&mut out, "definition", "valueString", definition, None);
    }
    for (role, way) in [("parent", Way::Above), ("child", Way::Below)] {
        if !is_wanted(role) {
            continue;
        }
        for &other in system.next(at, way) {
            let other = system.concept(other);
            property(&mut out, role, "valueCode", other.code.as_str(), other.display.as_deref());
        }
    }
    // What is no property of the concept is asked for by name, or told where it matters.
    for (role, is) in [("inactive", system.is_inactive(at)), ("notSelectable", system.is_abstract(at))] {
        let is_said = concept.properties.iter().any(|own| own.code == role);
        if !is_said && (is || wanted.iter().any(|one| one == role)) && is_wanted(role) {
            property(&mut out, role, "valueBoolean", is, None);
        }
    }
    for own in &concept.properties {
        let is_link = matches!(own.code.as_str(), "parent" | "child");
        if is_wanted(&own.code) && !is_link {
            property(&mut out, &own.code, &own.element, own.value.clone(), None);
        }
    }
    out
}

fn property(out: &mut Parameters, code: &str, element: &str, value: impl Into<Tree>, description: Option<&str>) {
    let mut parts = Parameters::new();
    parts.add("code", "valueCode", code);
    parts.add("value", element, value);
    parts.text("description", "valueString", description);
    out.parts("property", parts);
}
