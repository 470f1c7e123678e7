//! `$validate-code` of `ValueSet` and `CodeSystem`: whether a code is one of theirs, and is called as is said.

use super::asked::{Asked, Coding, coding_asked, invalid};
use super::code_system::CodeSystem;
use super::compose::{Composer, Entry, Only, UCUM};
use super::definitions::Library;
use super::expand::{value_set_asked, versions_asked};
use super::operation::Parameters;
use super::words::languages;
use super::{Definitions, TerminologyError};
use crate::json::{Document, Node};
use crate::ucum;
use std::rc::Rc;

/// The parameters of the operation on a value set.
pub(super) const IN_VALUE_SET: &[&str] = &[
    "url",
    "context",
    "valueSet",
    "valueSetVersion",
    "code",
    "system",
    "systemVersion",
    "display",
    "coding",
    "codeableConcept",
    "date",
    "abstract",
    "displayLanguage",
    "inferSystem",
    "system-version",
    "check-system-version",
    "force-system-version",
];

/// The parameters of the operation on a code system.
pub(super) const IN_CODE_SYSTEM: &[&str] = &[
    "url",
    "codeSystem",
    "code",
    "version",
    "display",
    "coding",
    "codeableConcept",
    "date",
    "abstract",
    "displayLanguage",
];

/// What is known of one code.
struct Verdict {
    /// The code with what is said of it, if it is one.
    entry: Option<Entry>,
    /// What is wrong with it; nothing if it is valid.
    wrong: Option<String>,
}

/// How strict one is.
struct Strictness {
    allows_abstract: bool,
    languages: Vec<String>,
}

impl Strictness {
    fn of(asked: &Asked<'_>) -> Result<Strictness, TerminologyError> {
        asked.refuse(&["date"], "codes are looked at as they are stored now")?;
        let allows_abstract = asked.flag("abstract")? == Some(true);
        Ok(Strictness { allows_abstract, languages: languages(asked.text("displayLanguage")?.as_deref()) })
    }

    /// What is wrong with a code that is there.
    fn verdict(&self, entry: Entry, display: Option<&str>) -> Verdict {
        let wrong = match display.and_then(|display| entry.is_called(display).map(|is| (is, display))) {
            _ if entry.is_abstract && !self.allows_abstract => {
                Some(format!("the code {:?} only groups others: it is valid where abstract=true", entry.code))
            }
            Some((false, display)) => {
                let name = entry.name(&self.languages).unwrap_or_default();
                Some(format!("the display {display:?} is wrong: {:?} is called {name:?}", entry.code))
            }
            _ => None,
        };
        Verdict { entry: Some(entry), wrong }
    }

    /// The answer about one code, or about a concept of several: it is valid if one of its codes is.
    fn answer(&self, verdicts: &[Verdict]) -> String {
        let valid = verdicts.iter().find(|verdict| verdict.wrong.is_none());
        let mut out = Parameters::new();
        out.add("result", "valueBoolean", valid.is_some());
        let wrong: Vec<&str> = verdicts.iter().filter_map(|verdict| verdict.wrong.as_deref()).collect();
        if !wrong.is_empty() {
            out.add("message", "valueString", wrong.join("; "));
        }
        let shown = valid.or_else(|| verdicts.iter().find(|verdict| verdict.entry.is_some()));
        if let Some(entry) = shown.and_then(|verdict| verdict.entry.as_ref()) {
            out.text("display", "valueString", entry.name(&self.languages));
            out.add("code", "valueCode", entry.code.as_str());
            out.text("system", "valueUri", Some(&*entry.system).filter(|system| !system.is_empty()));
            out.text("version", "valueString", entry.version.as_deref());
            if entry.is_inactive {
                out.add("inactive", "valueBoolean", true);
            }
        }
        out.write()
    }
}

/// The codes that are asked about, each with the display that is said; by one of three ways.
fn codings_asked(asked: &Asked<'_>, system: &str) -> Result<Vec<Coding>, TerminologyError> {
    let one = coding_asked(asked, "code", system, "coding")?;
    let mut codings = match (one, asked.concept("codeableConcept")?) {
        (Some(one), None) => vec![one],
        (None, Some(all)) => all,
        (None, None) => return Err(invalid("code", "which code is meant? Give code, coding or codeableConcept")),
        (Some(_), Some(_)) => return Err(invalid("codeableConcept", "a code is given too: give one of them")),
    };
    if let Some(display) = asked.text("display")? {
        let [one] = codings.as_mut_slice() else {
            return Err(invalid("display", "it is of one code, and several are given"));
        };
        one.display = one.display.take().or(Some(display));
    }
    Ok(codings)
}

/// `ValueSet/$validate-code`
pub(super) fn in_value_set<D: Definitions>(
    definitions: &D,
    asked: &Asked<'_>,
    instance: Option<Node<'_>>,
) -> Result<String, D::Error> {
    asked.refuse(&["context"], "name the value set by url")?;
    let strictness = Strictness::of(asked)?;
    let infers = asked.flag("inferSystem")? == Some(true);
    let mut codings = codings_asked(asked, "system")?;
    if asked.has("coding") || asked.has("codeableConcept") {
        asked.refuse(&["system"], "the coding names it")?;
    }
    if let Some(version) = asked.text("systemVersion")? {
        for coding in &mut codings {
            coding.version.get_or_insert_with(|| version.clone());
        }
    }
    if codings.iter().any(|coding| coding.system.is_none()) && !infers {
        return Err(invalid("system", "of which code system is the code? Give its system, or inferSystem=true").into());
    }
    let mut versions = versions_asked(asked)?;
    for coding in &codings {
        // A version that is said is the one that is looked at, unless the value set says another.
        if let (Some(system), Some(version)) = (&coding.system, &coding.version) {
            versions.default.insert(0, format!("{system}|{version}"));
        }
    }
    let library = Library::with_versions(definitions, versions);
    let (name, text) = value_set_asked(&library, asked, instance)?;
    let unclear = |why: String| TerminologyError::Unclear { name: name.clone(), why };
    let document = Document::parse(text.as_bytes()).map_err(|error| unclear(error.to_string()))?;
    let mut verdicts = Vec::with_capacity(codings.len());
    for coding in &codings {
        // Where case does not matter, the code is looked for as its code system writes it.
        let known = match &coding.system {
            Some(system) => library.system_if_known(system, coding.version.as_deref())?,
            None => None,
        };
        let place = known.as_ref().and_then(|known| known.find(&coding.code));
        let code = match (&known, place) {
            (Some(known), Some(at)) if known.ignores_case() => known.concept(at).code.as_str(),
            _ => coding.code.as_str(),
        };
        let only = Only { system: coding.system.as_deref(), code };
        let mut found = Composer::of_one(&library, only).of(&name, document.root())?.list;
        let shown = coding.system.as_deref().map_or_else(|| code.to_owned(), |system| format!("{system}|{code}"));
        verdicts.push(match (found.pop(), found.len()) {
            (Some(mut entry), 0) => {
                if entry.version.is_none() {
                    let of = library.system_if_known(&entry.system, coding.version.as_deref())?;
                    entry.version = of.and_then(|of| of.version.as_deref().map(Rc::from));
                }
                strictness.verdict(entry, coding.display.as_deref())
            }
            (None, _) => {
                let nowhere = if known.as_ref().is_some_and(|known| known.is_whole()) && place.is_none() {
                    ", and its code system does not have it"
                } else {
                    ""
                };
                Verdict { entry: None, wrong: Some(format!("the code {shown:?} is not in {name}{nowhere}")) }
            }
            (Some(entry), _) => {
                let mut systems: Vec<&str> = found.iter().map(|entry| &*entry.system).collect();
                systems.push(&entry.system);
                let systems = systems.join(" and ");
                let wrong = format!("the code {shown:?} is in {name} of {systems}: say of which system it is");
                Verdict { entry: None, wrong: Some(wrong) }
            }
        });
    }
    Ok(strictness.answer(&verdicts))
}

/// `CodeSystem/$validate-code`
pub(super) fn in_code_system<D: Definitions>(
    definitions: &D,
    asked: &Asked<'_>,
    instance: Option<Node<'_>>,
) -> Result<String, D::Error> {
    let strictness = Strictness::of(asked)?;
    let library = Library::new(definitions);
    let sent = asked.resource("codeSystem", "CodeSystem")?;
    let url = asked.text("url")?;
    let own = instance.or(sent).map(|node| Rc::new(CodeSystem::read(node)));
    if own.is_some() && (url.is_some() || (instance.is_some() && sent.is_some())) {
        let why = "the code system is named twice: give url, or codeSystem, or ask a CodeSystem by its id";
        return Err(invalid("url", why).into());
    }
    let system = match &own {
        Some(own) => {
            library.bring(Rc::clone(own));
            Some(own.url.clone())
        }
        None => url,
    };
    let version = asked.text("version")?;
    let codings = codings_asked(asked, "url")?;
    let mut verdicts = Vec::with_capacity(codings.len());
    for coding in &codings {
        let of = match (&system, &coding.system) {
            (Some(system), Some(other)) if system.split('|').next() != other.split('|').next() => {
                let wrong = format!("the code {:?} is of {other}, not of {system}", coding.code);
                verdicts.push(Verdict { entry: None, wrong: Some(wrong) });
                continue;
            }
            (Some(system), _) | (None, Some(system)) => system,
            (None, None) => {
                let why = "of which code system is the code? Give url, codeSystem or a coding with its system";
                return Err(invalid("url", why).into());
            }
        };
        let version = if own.is_some() { None } else { coding.version.as_deref().or(version.as_deref()) };
        if of == UCUM
            && own.is_none()
            && library.system(of, version)?.is_none_or(|known| !known.is_whole() || known.is_empty())
        {
            verdicts.push(match ucum::Unit::parse(&coding.code) {
                Some(_) => strictness.verdict(Entry::bare(UCUM, &coding.code), None),
                None => Verdict { entry: None, wrong: Some(format!("{:?} is no unit of UCUM", coding.code)) },
            });
            continue;
        }
        let known = match &own {
            Some(own) => Rc::clone(own),
            None => library.must_have(of, version)?,
        };
        verdicts.push(match known.find(&coding.code) {
            Some(at) => strictness.verdict(Entry::known(&known, at), coding.display.as_deref()),
            None => {
                // What is there in part does not say that something is missing.
                known.whole()?;
                Verdict { entry: None, wrong: Some(format!("{} has no code {:?}", known.url, coding.code)) }
            }
        });
    }
    Ok(strictness.answer(&verdicts))
}
