//! `ValueSet/$expand`: the codes of a value set with what they are called, whole or in pages.

use super::asked::{Asked, invalid};
use super::code_system::Designation;
use super::compose::{Composer, Entry};
use super::definitions::{Library, Versions};
use super::words::{is_of, languages, words};
use super::{Definitions, TerminologyError};
use crate::json::{Document, Node, Rewriter, Tree};
use crate::search::Way;
use crate::time::format_us;
use std::collections::{HashMap, HashSet};

/// The parameters of the operation.
pub(super) const PARAMETERS: &[&str] = &[
    "url",
    "valueSet",
    "valueSetVersion",
    "context",
    "contextDirection",
    "filter",
    "date",
    "offset",
    "count",
    "includeDesignations",
    "designation",
    "includeDefinition",
    "activeOnly",
    "excludeNested",
    "excludeNotForUI",
    "excludePostCoordinated",
    "displayLanguage",
    "exclude-system",
    "system-version",
    "check-system-version",
    "force-system-version",
];

/// Those that the expansion repeats, with the elements that hold their values.
const ECHOED: [(&str, &str); 15] = [
    ("filter", "valueString"),
    ("offset", "valueInteger"),
    ("count", "valueInteger"),
    ("includeDesignations", "valueBoolean"),
    ("designation", "valueString"),
    ("includeDefinition", "valueBoolean"),
    ("activeOnly", "valueBoolean"),
    ("excludeNested", "valueBoolean"),
    ("excludeNotForUI", "valueBoolean"),
    ("excludePostCoordinated", "valueBoolean"),
    ("displayLanguage", "valueCode"),
    ("exclude-system", "valueUri"),
    ("system-version", "valueUri"),
    ("check-system-version", "valueUri"),
    ("force-system-version", "valueUri"),
];

/// How entries are shown.
struct Showing {
    languages: Vec<String>,
    with_designations: bool,
    /// Languages and `system|code` of uses; empty for all.
    designations: Vec<String>,
}

/// The value set that a request is about, and what it is called: stored, sent along, or asked itself.
pub(super) fn value_set_asked<D: Definitions>(
    library: &Library<'_, D>,
    asked: &Asked<'_>,
    instance: Option<Node<'_>>,
) -> Result<(String, String), D::Error> {
    let url = asked.text("url")?;
    let sent = asked.resource("valueSet", "ValueSet")?;
    let own = instance.or(sent);
    if own.is_some() && (url.is_some() || (instance.is_some() && sent.is_some())) {
        return Err(
            invalid("url", "the value set is named twice: give url, or valueSet, or ask a ValueSet by its id").into()
        );
    }
    if let Some(node) = own {
        let url = node.get("url").and_then(Node::as_str);
        return Ok((url.as_deref().unwrap_or("the value set").to_owned(), node.raw().to_owned()));
    }
    let url = url.ok_or_else(|| {
        invalid("url", "which value set is meant? Give url, or valueSet, or ask a ValueSet by its id")
    })?;
    let name = match asked.text("valueSetVersion")? {
        Some(version) if !url.contains('|') => format!("{url}|{version}"),
        _ => url,
    };
    let text = library.value_set(&name)?;
    Ok((name, text))
}

/// The versions of code systems that a request asks for.
pub(super) fn versions_asked(asked: &Asked<'_>) -> Result<Versions, TerminologyError> {
    let read = |name: &str| {
        let all = asked.texts(name)?;
        match all.iter().find(|one| !one.contains('|')) {
            None => Ok(all),
            Some(other) => Err(invalid(name, format!("{other:?} is not of the form system|version"))),
        }
    };
    let (default, check) = (read("system-version")?, read("check-system-version")?);
    Ok(Versions { default, check, force: read("force-system-version")? })
}

pub(super) fn answer<D: Definitions>(
    definitions: &D,
    asked: &Asked<'_>,
    instance: Option<Node<'_>>,
    now_us: i64,
) -> Result<String, D::Error> {
    asked.refuse(&["context", "contextDirection"], "name the value set by url")?;
    asked.refuse(&["date"], "a value set is expanded as it is stored now")?;
    let showing = Showing {
        languages: languages(asked.text("displayLanguage")?.as_deref()),
        with_designations: asked.flag("includeDesignations")?.unwrap_or(asked.has("designation")),
        designations: asked.texts("designation")?,
    };
    let (offset, count) = (asked.number("offset")?, asked.number("count")?);
    let with_definition = asked.flag("includeDefinition")? == Some(true);
    let is_nested = asked.flag("excludeNested")? == Some(false) && offset.is_none() && count.is_none();
    let (only_active, only_selectable) =
        (asked.flag("activeOnly")? == Some(true), asked.flag("excludeNotForUI")? == Some(true));
    // Nothing here is put together of several codes.
    asked.flag("excludePostCoordinated")?;
    let filter = words(&asked.text("filter")?.unwrap_or_default());
    let excluded = asked.texts("exclude-system")?;
    let library = Library::with_versions(definitions, versions_asked(asked)?);
    let (name, text) = value_set_asked(&library, asked, instance)?;
    let unclear = |why: String| TerminologyError::Unclear { name: name.clone(), why };
    let document = Document::parse(text.as_bytes()).map_err(|error| unclear(error.to_string()))?;
    let entries = Composer::new(&library).of(&name, document.root())?;
    let is_excluded = |entry: &Entry| {
        let versioned = |version: &str| format!("{}|{version}", entry.system);
        excluded.iter().any(|one| {
            **one == *entry.system || entry.version.as_deref().is_some_and(|version| *one == versioned(version))
        })
    };
    let is_left_out = |entry: &Entry| {
        (only_active && entry.is_inactive) || (only_selectable && entry.is_abstract) || is_excluded(entry)
    };
    let entries = entries.kept(|entry| !is_left_out(entry) && (filter.is_empty() || entry.has_words(&filter)));
    let all = entries.list;
    let in_groups = if is_nested { nested(&library, &all, &showing)? } else { None };
    let contains = in_groups.unwrap_or_else(|| {
        let page = all.iter().skip(offset.unwrap_or(0)).take(count.unwrap_or(usize::MAX));
        page.map(|entry| showing.entry(entry)).collect()
    });
    let mut parameters = asked.echoes(&ECHOED)?;
    for version in library.versions_read() {
        let mut parameter = Tree::object();
        parameter.set("name", "version").set("valueUri", version);
        parameters.push(parameter);
    }
    let mut expansion = Tree::object();
    let asked_for = Tree::Array(parameters.clone()).to_string();
    expansion.set("identifier", identifier(&name, &asked_for, &all)).set("timestamp", format_us(now_us));
    expansion.set("total", Tree::Number(all.len().to_string()));
    if let Some(offset) = offset.or(count.map(|_| 0)) {
        expansion.set("offset", Tree::Number(offset.to_string()));
    }
    for (name, list) in [("parameter", parameters), ("contains", contains)] {
        if !list.is_empty() {
            expansion.set(name, Tree::Array(list));
        }
    }
    let mut out = String::with_capacity(1_024);
    out.push('{');
    let left_out: &[&str] =
        if with_definition { &["text", "expansion"] } else { &["text", "expansion", "compose", "contained"] };
    Rewriter::new().write_members(document.root(), left_out, &mut out);
    if out.len() > 1 {
        out.push(',');
    }
    out.push_str("\"expansion\":");
    expansion.write(&mut out);
    out.push('}');
    Ok(out)
}

impl Showing {
    fn entry(&self, entry: &Entry) -> Tree {
        let mut out = Tree::object();
        if !entry.system.is_empty() {
            out.set("system", &*entry.system);
        }
        for (name, flag) in [("abstract", entry.is_abstract), ("inactive", entry.is_inactive)] {
            if flag {
                out.set(name, true);
            }
        }
        if let Some(version) = &entry.version {
            out.set("version", &**version);
        }
        out.set("code", entry.code.as_str());
        if let Some(display) = entry.name(&self.languages) {
            out.set("display", display);
        }
        if self.with_designations {
            let shown = entry.designations.iter().filter(|one| self.is_wanted(one));
            let list: Vec<Tree> = shown.map(designation).collect();
            if !list.is_empty() {
                out.set("designation", Tree::Array(list));
            }
        }
        out
    }

    fn is_wanted(&self, designation: &Designation) -> bool {
        let purpose = |name: &str| designation.purpose.as_ref().and_then(|purpose| purpose.get(name)?.as_str());
        self.designations.is_empty()
            || self.designations.iter().any(|asked| match asked.split_once('|') {
                Some(("urn:ietf:bcp:47", language)) => is_of(designation.language.as_deref(), language),
                Some((system, code)) => {
                    purpose("system") == Some(system) && (code.is_empty() || purpose("code") == Some(code))
                }
                None => is_of(designation.language.as_deref(), asked),
            })
    }
}

/// A designation as resources have it.
pub(super) fn designation(one: &Designation) -> Tree {
    let mut out = Tree::object();
    if let Some(language) = &one.language {
        out.set("language", language.as_str());
    }
    if let Some(purpose) = &one.purpose {
        out.set("use", purpose.clone());
    }
    out.set("value", one.value.as_str());
    out
}

/// How deep entries stand within others: each level is two of JSON, of which readers take 64.
const DEPTH_LIMIT: usize = 28;
/// Steps upwards in hierarchies that nesting an expansion takes, at most.
const CLIMBS_LIMIT: usize = 5_000_000;

/// Entries within the nearest of those above them, as far as the code systems are stored; `None` where that goes too deep or takes
/// too long.
fn nested<D: Definitions>(
    library: &Library<'_, D>,
    all: &[Entry],
    showing: &Showing,
) -> Result<Option<Vec<Tree>>, D::Error> {
    let places: HashMap<(&str, &str), usize> =
        all.iter().enumerate().map(|(at, entry)| ((&*entry.system, entry.code.as_str()), at)).collect();
    let mut steps = 0;
    let mut parent_of: Vec<Option<usize>> = vec![None; all.len()];
    for (no, entry) in all.iter().enumerate() {
        let Some(system) = library.system_if_known(&entry.system, entry.version.as_deref())? else { continue };
        let Some(start) = system.find(&entry.code) else { continue };
        let mut above = vec![start];
        let mut seen = HashSet::from([start]);
        let mut next = 0;
        let mut parent = None;
        while let Some(&at) = above.get(next).filter(|_| parent.is_none()) {
            next += 1;
            for &one in system.next(at, Way::Above).iter().filter(|&&one| seen.insert(one)) {
                parent = parent.or_else(|| places.get(&(&*entry.system, system.concept(one).code.as_str())).copied());
                above.push(one);
            }
        }
        steps += above.len();
        // Of a circle the last stays outside.
        let mut higher = parent;
        while let Some(one) = higher.filter(|&one| one != no && steps <= CLIMBS_LIMIT) {
            steps += 1;
            higher = parent_of[one];
        }
        if steps > CLIMBS_LIMIT {
            return Ok(None);
        }
        parent_of[no] = parent.filter(|_| higher.is_none());
    }
    let mut within: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    let mut order: Vec<(usize, usize)> = Vec::with_capacity(all.len());
    for (no, parent) in parent_of.iter().enumerate() {
        match parent {
            Some(parent) => within[*parent].push(no),
            None => order.push((no, 1)),
        }
    }
    let roots = order.len();
    let mut next = 0;
    while let Some(&(no, depth)) = order.get(next) {
        if depth > DEPTH_LIMIT {
            return Ok(None);
        }
        order.extend(within[no].iter().map(|&child| (child, depth + 1)));
        next += 1;
    }
    let mut made: Vec<Option<Tree>> = vec![None; all.len()];
    for &(no, _) in order.iter().rev() {
        let mut tree = showing.entry(&all[no]);
        let children: Vec<Tree> = within[no].iter().filter_map(|&child| made[child].take()).collect();
        if !children.is_empty() {
            tree.set("contains", Tree::Array(children));
        }
        made[no] = Some(tree);
    }
    Ok(Some(order[..roots].iter().filter_map(|&(root, _)| made[root].take()).collect()))
}

/// A name for the expansion: the same for the same codes of the same value set asked for alike.
fn identifier(name: &str, parameters: &str, all: &[Entry]) -> String {
    // FNV-1a of 128 bits: it names, it does not protect.
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let mut take = |text: &str| {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    };
    take(name);
    take(parameters);
    for entry in all {
        take(&entry.system);
        take(&entry.code);
    }
    // Version 8, variant 1 (RFC 9562): a UUID of one's own making.
    let bits = (hash & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62);
    let digits = format!("{bits:032x}");
    let part = |from: usize, to: usize| &digits[from..to];
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
