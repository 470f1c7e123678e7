//! What fits at a place.

use super::place::{Called, Clause, call, clause, tables};
use super::words::{Word, WordKind, name_in_sql, words};
use super::{Offer, OfferKind, Offers, TableColumns};
use crate::compile::complete;
use crate::mapping::{MapFile, Mapping, Place};
use crate::value::Function;
use fhir::schema::r4;
use sqlparser::ast::{Expr, Query, SelectItem, SetExpr};
use std::ops::Range;

/// Offers that are given at once.
const OFFERS: usize = 400;

/// Directives and what they are for.
const DIRECTIVES: [(&str, &str, &str); 11] = [
    ("@target", "@target TYPE [as NAME]", "What the rows become; NAME tells apart two files that make one type."),
    ("@key", "@key expression[, …]", "What tells one resource from another: ids are made of it."),
    ("@each", "@each TABLE [ALIAS]", "The table whose every row is accounted for; otherwise the first in FROM."),
    ("@patient", "@patient expression", "Whose row it is."),
    ("@match", "@match identifier", "Meets a record of another door that has the same identifier."),
    ("@group", "@group by expression[, …]", "Rows that are equal in these make one resource."),
    ("@element", "@element PATH", "This file's rows are entries of a repeating element of the target."),
    ("@order", "@order expression [DESC]", "The order of rows in a group, or of entries."),
    ("@required", "@required PATH[, …]", "Refuses the row where the element has no value."),
    ("@else", "@else null|reject PATH[, …]", "What an element that fails does: it is left out, or refuses the row."),
    ("@gone", "@gone keep|entered-in-error|delete", "What becomes of resources whose rows are gone."),
];
/// Words of SQL that are offered in expressions.
const KEYWORDS: [&str; 16] = [
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "coalesce",
    "nullif",
    "try_cast",
    "IS NULL",
    "IS NOT NULL",
    "AND",
    "OR",
    "AS",
    "FROM",
    "LEFT JOIN",
    "WHERE",
];
/// Addresses of systems that hospitals' codes are of.
const SYSTEMS: [(&str, &str); 12] = [
    ("http://loinc.org", "LOINC"),
    ("http://snomed.info/sct", "SNOMED CT"),
    ("http://hl7.org/fhir/sid/icd-10", "ICD-10"),
    ("http://hl7.org/fhir/sid/icd-10-cm", "ICD-10-CM"),
    ("http://hl7.org/fhir/sid/icd-9-cm", "ICD-9-CM"),
    ("http://www.nlm.nih.gov/research/umls/rxnorm", "RxNorm"),
    ("http://hl7.org/fhir/sid/cvx", "CVX"),
    ("http://hl7.org/fhir/sid/ndc", "NDC"),
    ("http://www.whocc.no/atc", "ATC"),
    ("http://www.ama-assn.org/go/cpt", "CPT"),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "ActCode: classes of encounters"),
    ("http://unitsofmeasure.org", "UCUM"),
];

/// What can stand at a place of a file. `known` are the source's tables, if it is known.
pub fn complete_at(files: &[(&str, &str)], known: &[TableColumns], file: &str, place: Place) -> Offers {
    let Some((_, text)) = files.iter().find(|(path, _)| *path == file) else { return Offers::default() };
    let Some(cursor) = byte_of(text, place) else { return Offers::default() };
    let (mapping, _) = Mapping::read(files);
    let all = words(text);
    let asked = Asked { mapping: &mapping, known, file, text, words: &all, cursor };
    let (range, mut items) = asked.offers();
    let prefix = text[range.start..cursor].trim_start_matches(['"', '\'']).to_lowercase();
    let rank = |offer: &Offer| {
        let label = offer.label.to_lowercase();
        if label.starts_with(&prefix) { 0 } else { 1 + usize::from(!label.contains(&prefix)) }
    };
    items.sort_by_key(rank);
    items.truncate(OFFERS);
    Offers { from: Place::of_byte(text, range.start).column, to: Place::of_byte(text, range.end).column, items }
}

/// The byte of a place; none if the text has no such line.
fn byte_of(text: &str, place: Place) -> Option<usize> {
    let line_start = match place.line {
        0 => return None,
        1 => 0,
        line => text.match_indices('\n').nth(line as usize - 2)?.0 + 1,
    };
    let line = text[line_start..].split('\n').next().unwrap_or_default();
    let in_line = line.char_indices().nth(place.column.saturating_sub(1) as usize).map_or(line.len(), |(at, _)| at);
    Some(line_start + in_line)
}

/// What is approved is laid over a map, and named by none.
fn is_map(map: &MapFile) -> bool {
    crate::codes::approved_for(&map.name).is_none()
}

struct Asked<'a> {
    mapping: &'a Mapping,
    known: &'a [TableColumns],
    file: &'a str,
    text: &'a str,
    words: &'a [Word],
    cursor: usize,
}

fn offer(kind: OfferKind, label: impl Into<String>, detail: Option<String>, help: Option<&str>) -> Offer {
    let label = label.into();
    Offer { insert: label.clone(), label, kind, detail, help: help.map(str::to_owned) }
}

fn function(function: Function) -> Offer {
    let signature = function.signature();
    let insert = format!("{}(", signature.name);
    Offer { insert, ..offer(OfferKind::Function, signature.name, Some(signature.usage()), Some(signature.help)) }
}

impl Asked<'_> {
    fn offers(&self) -> (Range<usize>, Vec<Offer>) {
        let nothing = self.cursor..self.cursor;
        // The word that the cursor is in or at the end of.
        let here = self.words.iter().position(|word| {
            let Range { start, end } = word.range;
            match word.kind {
                WordKind::Word => start <= self.cursor && self.cursor <= end,
                WordKind::Quoted | WordKind::Text => {
                    start < self.cursor && (self.cursor < end || (!word.closed && self.cursor <= end))
                }
                WordKind::Comment => start < self.cursor && self.cursor <= end,
                WordKind::Sign(_) => false,
            }
        });
        let before = here.unwrap_or_else(|| self.words.partition_point(|word| word.range.end <= self.cursor));
        if let Some(word) = here.map(|at| &self.words[at]) {
            match word.kind {
                WordKind::Comment => return self.in_comment(word),
                WordKind::Text => return (word.inner(), self.in_text(before)),
                _ => {}
            }
        }
        let range = here.map_or(nothing, |at| self.words[at].range.clone());
        let is_view = self.file.starts_with("views/");
        let (clause, depth) = clause(self.text, self.words, before);
        if clause == Clause::Items
            && depth == 0
            && !is_view
            && let Some(range) = self.alias_range(before, &range)
        {
            return (range.clone(), self.paths(&range));
        }
        let last = self.words[..before].last();
        if last.is_some_and(|word| word.is_sign('.')) {
            let owner = self.words[..before - 1].last().filter(|word| word.is_name());
            let owner = owner.map(|word| word.content(self.text).to_owned()).unwrap_or_default();
            return (range, self.columns_of(&owner));
        }
        let names_table =
            last.is_some_and(|word| word.is(self.text, "FROM") || word.is(self.text, "JOIN") || word.is_sign(','));
        match clause {
            Clause::Tables if names_table => (range, self.relations()),
            Clause::None => (range, ["SELECT", "WITH"].map(|word| offer(OfferKind::Keyword, word, None, None)).into()),
            _ => (range, self.expressions(clause, before, is_view)),
        }
    }

    /// The alias that the cursor is in, if it is in one: dots and brackets belong to it though it is not quoted.
    fn alias_range(&self, before: usize, range: &Range<usize>) -> Option<Range<usize>> {
        let behind = |at: usize| self.words[..at].last().is_some_and(|word| word.is(self.text, "AS"));
        if behind(before) {
            return Some(range.clone());
        }
        let mut at = before;
        let mut start = range.start;
        while at > 0 {
            let word = &self.words[at - 1];
            let joins =
                word.range.end == start && (matches!(word.kind, WordKind::Word | WordKind::Sign('.' | '[' | ']')));
            if !joins {
                return None;
            }
            start = word.range.start;
            at -= 1;
            if behind(at) {
                return Some(start..range.end);
            }
        }
        None
    }

    fn target(&self) -> Option<(&str, Option<&str>)> {
        let file = self.mapping.files.iter().find(|file| file.file == self.file)?;
        let element = file.header.element.as_ref().map(|path| path.text.as_str());
        Some((file.header.target.as_ref()?.resource_type.as_str(), element))
    }

    /// Element paths that begin as what stands before the cursor.
    fn paths(&self, range: &Range<usize>) -> Vec<Offer> {
        let written = self.text[range.start..self.cursor].trim_start_matches('"');
        let quoted = self.text[range.start..].starts_with('"');
        self.paths_from(written, |path| if quoted { format!("\"{path}\"") } else { path_in_sql(path) })
    }

    fn paths_from(&self, written: &str, insert: impl Fn(&str) -> String) -> Vec<Offer> {
        let Some((resource_type, element)) = self.target() else { return Vec::new() };
        // Paths of a child file are relative to its element.
        let below = element.map(|path| format!("{path}.")).unwrap_or_default();
        let (before, _) = written.rsplit_once('.').map_or(("", written), |(before, rest)| (before, rest));
        let step = if before.is_empty() { below.clone() } else { format!("{below}{before}.") };
        let mut all: Vec<_> = complete(resource_type, &format!("{below}{written}"));
        if all.is_empty() {
            all = complete(resource_type, &step);
        }
        all.into_iter()
            .map(|found| {
                let path = found.path.strip_prefix(&below).unwrap_or(&found.path).to_owned();
                let mut detail = found.types;
                if found.repeats {
                    detail.push_str(" *");
                }
                if found.required {
                    detail.push_str(" required");
                }
                let help = (!found.codes.is_empty()).then(|| {
                    let shown = found.codes.iter().take(12).copied().collect::<Vec<_>>().join(", ");
                    if found.codes.len() > 12 { format!("{shown} …") } else { shown }
                });
                Offer { insert: insert(&path), label: path, kind: OfferKind::Path, detail: Some(detail), help }
            })
            .collect()
    }

    /// In `'…'`: maps and systems, units, targets; or codes of the element that the text is given.
    fn in_text(&self, at: usize) -> Vec<Offer> {
        if let Some((function, 0)) = call(self.text, self.words, at) {
            match function.as_str() {
                "code" => {
                    let maps = self
                        .mapping
                        .codes
                        .iter()
                        .filter(|map| is_map(map))
                        .map(|map| offer(OfferKind::Map, &map.name, Some(map.file.clone()), None));
                    let systems = SYSTEMS
                        .iter()
                        .map(|(system, name)| offer(OfferKind::System, *system, Some((*name).to_owned()), None));
                    return maps.chain(systems).collect();
                }
                "unit" => {
                    let maps = self
                        .mapping
                        .units
                        .iter()
                        .filter(|map| is_map(map))
                        .map(|map| offer(OfferKind::Map, &map.name, Some(map.file.clone()), None));
                    let ucum = offer(OfferKind::Map, "ucum", None, Some("What is UCUM already."));
                    return maps.chain([ucum]).collect();
                }
                "ref" => {
                    let targets = self.mapping.files.iter().filter(|file| file.header.element.is_none());
                    return targets
                        .filter_map(|file| Some((file, file.header.target.as_ref()?)))
                        .map(|(file, target)| {
                            let detail = format!("{} of {}", target.resource_type, file.file);
                            offer(OfferKind::Target, &target.name, Some(detail), None)
                        })
                        .collect();
                }
                "identifier" => return Vec::new(),
                _ => {}
            }
        }
        // `'fin|' AS status`
        let rest = &self.words[at + 1..];
        let mut behind = rest.iter().skip_while(|word| word.is(self.text, "END") || word.is_sign(')'));
        let (Some(word), Some(alias)) = (behind.next(), behind.next()) else { return Vec::new() };
        if !word.is(self.text, "AS") || !alias.is_name() {
            return Vec::new();
        }
        let Some((resource_type, element)) = self.target() else { return Vec::new() };
        let below = element.map(|path| format!("{path}.")).unwrap_or_default();
        let path = format!("{below}{}", alias.content(self.text));
        let found = complete(resource_type, &path).into_iter().find(|found| found.path == path);
        found.into_iter().flat_map(|found| found.codes).map(|code| offer(OfferKind::Code, code, None, None)).collect()
    }

    /// In a header: directives and their values.
    fn in_comment(&self, comment: &Word) -> (Range<usize>, Vec<Offer>) {
        let head = &self.text[comment.range.start..self.cursor];
        let word_start = head
            .rfind(|c: char| c.is_whitespace() || c == ',')
            .map_or(2.min(head.len()), |at| at + head[at..].chars().next().map_or(1, char::len_utf8));
        let start = comment.range.start + word_start;
        let end = self.text[self.cursor..comment.range.end].find(|c: char| c.is_whitespace() || c == ',');
        let range = start..end.map_or(comment.range.end, |end| self.cursor + end);
        let word = &self.text[start..self.cursor];
        let directives = || {
            let all = DIRECTIVES
                .iter()
                .map(|(name, usage, help)| offer(OfferKind::Directive, *name, Some((*usage).to_owned()), Some(help)));
            all.collect::<Vec<_>>()
        };
        if self.file.starts_with("views/") {
            return (range, Vec::new());
        }
        let Some(at) = head[..word_start].rfind('@').filter(|_| !word.starts_with('@')) else {
            return (range, directives());
        };
        let mut parts = head[at + 1..].split_whitespace();
        let directive = parts.next().unwrap_or_default().to_ascii_lowercase();
        let given = head[at..word_start].split_whitespace().count() - 1;
        let keyword = |words: &[&str]| words.iter().map(|word| offer(OfferKind::Keyword, *word, None, None)).collect();
        let items = match (directive.as_str(), given) {
            ("target", 0) => {
                let skipped = ["Bundle", "Parameters", "Binary", "Resource", "DomainResource"];
                let names = r4().resource_types().map(|id| r4().name(id)).filter(|name| !skipped.contains(name));
                names.map(|name| offer(OfferKind::Type, name, None, None)).collect()
            }
            ("target", 1) => keyword(&["as"]),
            ("each", 0) => self.relations().into_iter().filter(|offer| offer.kind == OfferKind::Table).collect(),
            ("gone", 0) => keyword(&["keep", "entered-in-error", "delete"]),
            ("match", 0) => keyword(&["identifier"]),
            ("group", 0) => keyword(&["by"]),
            ("else", 0) => keyword(&["null", "reject"]),
            ("else" | "required" | "element", _) => self.paths_from(word, str::to_owned),
            ("key" | "patient" | "group" | "order", _) => match word.split_once('.') {
                Some((owner, _)) => {
                    let dot = start + owner.len() + 1;
                    return (dot..range.end, self.columns_of(owner));
                }
                None => self.columns(),
            },
            _ => Vec::new(),
        };
        (range, items)
    }

    /// Tables and views.
    fn relations(&self) -> Vec<Offer> {
        let mut all: Vec<Offer> = Vec::new();
        let mut add = |kind, name: &str, detail: Option<String>| {
            if !all.iter().any(|offer| offer.label.eq_ignore_ascii_case(name)) {
                all.push(Offer { insert: name_in_sql(name), ..offer(kind, name, detail, None) });
            }
        };
        for view in &self.mapping.views {
            add(OfferKind::View, &view.name, Some(view.file.clone()));
        }
        for table in self.known {
            add(OfferKind::Table, &table.name, Some(format!("{} columns", table.columns.len())));
        }
        for name in self.mapping.settings.tables.keys() {
            add(OfferKind::Table, name, None);
        }
        all
    }

    /// What stands in an expression.
    fn expressions(&self, clause: Clause, before: usize, is_view: bool) -> Vec<Offer> {
        let mut all = self.columns();
        if clause == Clause::Items && !is_view {
            // Only functions that may stand here, where a call says so.
            let outer = call(self.text, self.words, before)
                .and_then(|(name, argument)| Function::named(&name)?.signature().parameter(argument));
            let fits = |function: &Function| match outer {
                Some(parameter) => parameter.takes.contains(function),
                None => !function.signature().argument_only,
            };
            all.extend(Function::ALL.into_iter().filter(fits).map(function));
        }
        all.extend(KEYWORDS.map(|word| offer(OfferKind::Keyword, word, None, None)));
        all
    }

    /// Columns of everything that the statement names, with what it calls it where it names several.
    fn columns(&self) -> Vec<Offer> {
        let called = tables(self.text, self.words);
        let mut all = Vec::new();
        for Called { table, alias } in &called {
            for column in self.columns_of_relation(table, 0) {
                let name = name_in_sql(&column);
                let insert = format!("{}.{name}", name_in_sql(alias));
                let detail = if alias == table { table.clone() } else { format!("{alias}: {table}") };
                all.push(Offer { insert, ..offer(OfferKind::Column, column, Some(detail), None) });
            }
        }
        all
    }

    fn columns_of(&self, alias: &str) -> Vec<Offer> {
        let called = tables(self.text, self.words);
        let table = called.iter().find(|called| called.alias.eq_ignore_ascii_case(alias));
        let table = table.map_or(alias, |called| &called.table);
        let columns = self.columns_of_relation(table, 0);
        columns
            .into_iter()
            .map(|column| {
                let insert = name_in_sql(&column);
                Offer { insert, ..offer(OfferKind::Column, column, Some(table.to_owned()), None) }
            })
            .collect()
    }

    /// The columns of a table or view; of a table that nobody has seen, those that the mapping names.
    fn columns_of_relation(&self, name: &str, depth: usize) -> Vec<String> {
        let same = |other: &str| other == name || other.to_lowercase() == name.to_lowercase();
        if let Some(view) = self.mapping.views.iter().find(|view| same(&view.name)) {
            return view.query.as_ref().map_or(Vec::new(), |query| self.columns_of_query(query, depth));
        }
        if let Some(table) = self.known.iter().find(|table| same(&table.name)) {
            return table.columns.clone();
        }
        let Some((_, table)) = self.mapping.settings.tables.iter().find(|(table, _)| same(table)) else {
            return Vec::new();
        };
        let mut columns: Vec<String> = table.columns.clone().unwrap_or_default();
        let named = table.key.iter().chain(table.uses.iter().flatten()).chain(&table.optional_columns);
        for column in named {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        columns
    }

    fn columns_of_query(&self, query: &Query, depth: usize) -> Vec<String> {
        /// Views in views that are looked through.
        const DEPTH: usize = 8;
        let mut body = &*query.body;
        while let SetExpr::SetOperation { left, .. } = body {
            body = left;
        }
        let SetExpr::Select(select) = body else { return Vec::new() };
        let mut all = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => all.push(alias.value.clone()),
                SelectItem::UnnamedExpr(Expr::Identifier(name)) => all.push(name.value.clone()),
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => {
                    all.extend(names.last().map(|name| name.value.clone()));
                }
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) if depth < DEPTH => {
                    let text = select.from.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                    let text = format!("FROM {text}");
                    let only = match item {
                        SelectItem::QualifiedWildcard(kind, _) => Some(kind.to_string()),
                        _ => None,
                    };
                    for called in tables(&text, &words(&text)) {
                        if only
                            .as_ref()
                            .is_none_or(|only| only.trim_end_matches(".*").eq_ignore_ascii_case(&called.alias))
                        {
                            all.extend(self.columns_of_relation(&called.table, depth + 1));
                        }
                    }
                }
                _ => {}
            }
        }
        all
    }
}

/// A path as an alias: in quotes unless it is a plain word.
fn path_in_sql(path: &str) -> String {
    if path.chars().all(|c| c.is_ascii_lowercase()) { name_in_sql(path) } else { format!("\"{path}\"") }
}
