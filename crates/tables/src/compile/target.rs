//! One target: its file and those of its children become queries and a tree.

use super::draft::{Ask, Draft, Finisher, Origin, Rule, wanted};
use super::item::Lowering;
use super::leaves::{self, Columns, Leaves};
use super::path::Path;
use super::program::{Part, SortColumn, Target};
use super::relations::{Views, check_size, has_misplaced, makes_lists, outermost, place_of};
use super::resolve::{EntryKey, Resolved, resolve};
use crate::mapping::{Gone, Otherwise, PathText, Place, Problem, Problems, SqlFile};
use crate::value::Context;
use fhir::schema::{TypeId, TypeKind, r4};
use sqlparser::ast::{Expr, Query, Select, SelectItem, SetExpr};
use std::collections::BTreeMap;

/// The files of one target.
pub struct TargetFiles<'m> {
    /// Its name.
    pub name: &'m str,
    /// Its resource type.
    pub type_id: TypeId,
    /// Its own file.
    pub main: &'m SqlFile,
    /// Its `@element` files.
    pub children: Vec<&'m SqlFile>,
}

impl TargetFiles<'_> {
    /// How many keys its resources have.
    pub fn keys(&self) -> usize {
        self.key_exprs().len()
    }

    /// `@key`; of a group without it, what it is grouped by.
    fn key_exprs(&self) -> &[Expr] {
        let header = &self.main.header;
        if header.key.is_empty() { &header.group } else { &header.key }
    }

    /// Compiles it; none if that cannot be, which is then a problem.
    pub fn compile(
        &self,
        context: &Context,
        keys: &BTreeMap<String, usize>,
        views: &Views,
        lists: bool,
        found: &mut Vec<Problem>,
    ) -> Option<Target> {
        let before = found.len();
        self.check_headers(found);
        let files: Vec<String> =
            std::iter::once(self.main).chain(self.children.iter().copied()).map(|file| file.file.clone()).collect();
        let start = self.main.header.target.as_ref().map_or(Place::START, |target| target.place);
        let mut draft = Draft::new(self.type_id, Origin { part: 0, place: start });
        let mut refers_to = Vec::new();
        let mut collected = Vec::new();
        let mut is_read = true;
        for (part, file) in std::iter::once(self.main).chain(self.children.iter().copied()).enumerate() {
            let mut problems = Problems::new(&file.file, found);
            let prefix = match (part, &file.header.element) {
                (0, _) => Some(Resolved::default()),
                (_, Some(element)) => self.child_prefix(element, part - 1, &mut problems),
                (_, None) => None,
            };
            let query = file.query.as_ref();
            let select =
                query.and_then(|query| Some((query, outermost(query, statement_place(query), &mut problems)?)));
            let (Some(prefix), Some((query, select))) = (prefix, select) else {
                collected.push(None);
                is_read = false;
                continue;
            };
            check_size(query, &mut problems);
            check_plain_sql(file, query, &mut problems);
            let mut leaves = Leaves::default();
            let lists = lists || makes_lists(query);
            let mut lowering = Lowering::new(context, keys, &mut leaves, &mut refers_to, lists, &mut problems);
            let items =
                Items { prefix: &prefix, part, type_id: self.type_id, grouped: !self.main.header.group.is_empty() };
            items.put(select, &mut draft, &mut lowering);
            let each = views.each(file.header.each.as_ref(), query, select, statement_place(query), &mut problems);
            collected.push(each.map(|each| (leaves, query, each)));
        }
        let rules = self.rules(found);
        if !is_read {
            // What is missing in a file that is not understood is not known.
            return None;
        }
        let (root, elements) = Finisher::new(&files, &rules, found).root(draft);
        self.check_match(&root, found);
        if found.len() > before {
            return None;
        }
        let mut parts = collected.into_iter().enumerate().map(|(part, collected)| {
            let (mut leaves, query, each) = collected?;
            for (number, element) in elements.iter().enumerate().filter(|(_, element)| element.part == part) {
                for leaf in &element.leaves {
                    leaves.used_by(*leaf, number as u32);
                }
            }
            Some(self.part(part, leaves, query, each, views))
        });
        let main = parts.next()??;
        let children = parts.collect::<Option<Vec<_>>>()?;
        Some(Target {
            name: self.name.to_owned(),
            resource_type: r4().name(self.type_id),
            main,
            children,
            root,
            elements,
            grouped: !self.main.header.group.is_empty(),
            match_identifier: self.main.header.match_identifier.is_some(),
            gone: self.main.header.gone,
            refers_to,
        })
    }

    fn part(&self, part: usize, leaves: Leaves, query: &Query, each: super::program::Each, views: &Views) -> Part {
        let file = if part == 0 { self.main } else { self.children[part - 1] };
        let header = &file.header;
        let keys = if part == 0 { self.key_exprs() } else { &header.key };
        let groups: &[Expr] = if part == 0 { &header.group } else { &[] };
        let columns = Columns { keys, groups, order: &header.order, patient: header.patient.as_ref() };
        let tables = views.base_tables(query);
        let (query, leaves) = leaves::query(query, leaves, &columns);
        let mut part_made = Part {
            file: file.file.clone(),
            query,
            leaves,
            keys: keys.len(),
            groups: groups.len(),
            orders: header.order.len(),
            patient: header.patient.is_some(),
            each,
            tables,
            sort_by: Vec::new(),
        };
        let [by_key, by_group, by_order] = part_made.key_columns();
        let first = match (part, groups.is_empty(), self.children.is_empty()) {
            (0, true, true) => return part_made,
            (0, false, true) => by_group,
            _ => by_key,
        };
        let ascending = first.map(|column| SortColumn { column, descending: false });
        let by_order = by_order
            .zip(&header.order)
            .map(|(column, order)| SortColumn { column, descending: order.options.asc == Some(false) });
        part_made.sort_by = ascending.chain(by_order).collect();
        part_made
    }

    /// What directives say that does not fit together.
    fn check_headers(&self, found: &mut Vec<Problem>) {
        let header = &self.main.header;
        let mut problems = Problems::new(&self.main.file, found);
        let target = header.target.as_ref().map_or(Place::START, |target| target.place);
        if self.key_exprs().is_empty() && header.key_place.is_none() && header.group_place.is_none() {
            let hint = "say which columns tell its resources apart: @key p.id".to_owned();
            problems.hint(target, format!("the target `{}` has no @key", self.name), hint);
        }
        if let Some(place) = header.group_place.filter(|_| !self.children.is_empty() && !header.key.is_empty()) {
            let texts = |all: &[Expr]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
            if texts(&header.group) != texts(&header.key) {
                let hint = "leave @key out, or make both the same".to_owned();
                problems.hint(place, "a target with @element files is grouped by its key", hint);
            }
        }
        if header.group.is_empty() && !header.order.is_empty() {
            let place = place_of(&header.order[0].expr).unwrap_or(target);
            problems.hint(
                place,
                "@order has no meaning here",
                "it orders the rows of a group (@group by) or of an @element file".to_owned(),
            );
        }
        for file in std::iter::once(self.main).chain(self.children.iter().copied()) {
            for order in file.header.order.iter().filter(|order| order.options.nulls_first == Some(true)) {
                let place = place_of(&order.expr).unwrap_or(target);
                Problems::new(&file.file, found)
                    .add(place, "rows without a value come last: NULLS FIRST cannot be asked for");
            }
        }
        let mut problems = Problems::new(&self.main.file, found);
        if header.gone == Some(Gone::EnteredInError) && !can_be_in_error(self.type_id) {
            let name = r4().name(self.type_id);
            problems.hint(
                target,
                format!("a {name} has no status `entered-in-error`"),
                "use @gone keep or @gone delete".to_owned(),
            );
        }
        for child in &self.children {
            let header = &child.header;
            let mut problems = Problems::new(&child.file, found);
            let place = header.target.as_ref().map_or(Place::START, |target| target.place);
            let only_main = [
                ("@group by", header.group_place),
                ("@match", header.match_identifier),
                ("@gone", header.gone.map(|_| place)),
            ];
            for (name, place) in only_main {
                if let Some(place) = place {
                    problems
                        .add(place, format!("{name} stands in the file of the target itself, not in an @element file"));
                }
            }
            if header.key_place.is_none() {
                let hint = "say which expressions are the key of the resource that the rows belong to".to_owned();
                problems.hint(place, "an @element file needs @key", hint);
            } else if !header.key.is_empty() && header.key.len() != self.keys() && self.keys() > 0 {
                let message = format!("`{}` has {} in its key, this file {}", self.name, self.keys(), header.key.len());
                problems.add(header.key_place.unwrap_or(place), message);
            }
        }
    }

    /// Where the rows of a child file go: a repeating element, with an entry for each row.
    fn child_prefix(&self, element: &PathText, child: usize, problems: &mut Problems<'_>) -> Option<Resolved> {
        let path = parse(element, problems)?;
        if path.steps.is_empty() || path.has_each() {
            problems.add(element.place, format!("`{}` is no repeating element", element.text));
            return None;
        }
        let mut resolved = resolve(&path, self.type_id, problems)?;
        let last = resolved.steps.last_mut()?;
        if last.key != EntryKey::At(0) || !last.element.repeats() {
            let message =
                format!("`{}` occurs once: an @element file makes entries of a repeating element", element.text);
            problems.add(element.place, message);
            return None;
        }
        last.key = EntryKey::Child(child);
        Some(resolved)
    }

    /// `@else` and `@required` of all files.
    fn rules(&self, found: &mut Vec<Problem>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (part, file) in std::iter::once(self.main).chain(self.children.iter().copied()).enumerate() {
            let mut problems = Problems::new(&file.file, found);
            let mut silent = Vec::new();
            let prefix = match &file.header.element {
                Some(element) if part > 0 => {
                    match self.child_prefix(element, part - 1, &mut Problems::new(&file.file, &mut silent)) {
                        Some(prefix) => prefix,
                        None => continue,
                    }
                }
                _ => Resolved::default(),
            };
            let owner = prefix.steps.last().map_or(Some(self.type_id), |step| step.type_id);
            let all = file.header.otherwise.iter().map(|(otherwise, path)| (Ask::Otherwise(*otherwise), path));
            for (ask, written) in all.chain(file.header.required.iter().map(|path| (Ask::Required, path))) {
                let (Some(path), Some(owner)) = (parse(written, &mut problems), owner) else { continue };
                let Some(resolved) = resolve(&path, owner, &mut problems) else { continue };
                let names = [prefix.names(), resolved.names()];
                let names = names.iter().filter(|names| !names.is_empty()).cloned().collect::<Vec<_>>().join(".");
                rules.push(Rule {
                    names,
                    ask,
                    origin: Origin { part, place: written.place },
                    text: written.text.clone(),
                });
            }
        }
        let reject_and_null = |rule: &Rule, other: &Rule| {
            rule.names == other.names
                && rule.ask == Ask::Otherwise(Otherwise::Null)
                && other.ask != Ask::Otherwise(Otherwise::Null)
        };
        for rule in &rules {
            if rules.iter().any(|other| reject_and_null(rule, other)) {
                let file = if rule.origin.part == 0 { self.main } else { self.children[rule.origin.part - 1] };
                let message = format!("`{}` is asked to be both left out and required", rule.text);
                Problems::new(&file.file, found).add(rule.origin.place, message);
            }
        }
        rules
    }

    /// `@match identifier` needs an identifier.
    fn check_match(&self, root: &super::program::Object, found: &mut Vec<Problem>) {
        if let Some(place) = self.main.header.match_identifier
            && !root.members.iter().any(|member| member.element.name == "identifier")
        {
            let hint = "add identifier('http://…', …) AS identifier".to_owned();
            Problems::new(&self.main.file, found).hint(place, "no item makes an identifier to match", hint);
        }
    }
}

/// The items of one SELECT on their way into the draft.
struct Items<'a> {
    /// What stands before each path.
    prefix: &'a Resolved,
    part: usize,
    type_id: TypeId,
    grouped: bool,
}

impl Items<'_> {
    fn put(&self, select: &Select, draft: &mut Draft, lowering: &mut Lowering<'_, '_, '_>) {
        let fallback = Place::of_span(select.select_token.0.span).unwrap_or(Place::START);
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { expr, alias } => {
                    let start = Place::of_span(alias.span).unwrap_or(fallback);
                    let start = if alias.quote_style.is_some() { start.after(1) } else { start };
                    self.item(expr, &alias.value, start, draft, lowering);
                }
                SelectItem::UnnamedExpr(expr) => {
                    let place = place_of(expr).unwrap_or(fallback);
                    let column = match expr {
                        Expr::Identifier(ident) => Some(&ident.value),
                        Expr::CompoundIdentifier(idents) => idents.last().map(|ident| &ident.value),
                        _ => None,
                    };
                    let path = column.map_or("path.of.element", String::as_str);
                    let message = format!("`{}` has no element path", short(&expr.to_string()));
                    lowering.problems.hint(place, message, format!("add AS \"{path}\""));
                }
                other => {
                    let message =
                        format!("`{}` cannot stand here: each item has its element path", short(&other.to_string()));
                    lowering.problems.add(fallback, message);
                }
            }
        }
    }

    fn item(&self, expr: &Expr, alias: &str, start: Place, draft: &mut Draft, lowering: &mut Lowering<'_, '_, '_>) {
        let written = PathText { text: alias.to_owned(), place: start };
        let place = place_of(expr).unwrap_or(start);
        let resolved = self.resolve(&written, lowering.problems);
        let Some(wanted) = resolved.as_ref().and_then(wanted) else {
            // The path is wrong; the functions may be too.
            lowering.functions_alone(expr);
            return;
        };
        let Some(resolved) = resolved else { return };
        if r4().info(wanted.type_id.unwrap_or(self.type_id)).kind == TypeKind::Resource && wanted.type_id.is_some() {
            lowering.problems.add(start, format!("`{alias}` holds whole resources, which a mapping does not make"));
            return;
        }
        if let Some(give) = lowering.item(expr, &wanted, place) {
            let conditional = is_conditional(expr);
            draft.put(&resolved, give, Origin { part: self.part, place }, expr.to_string(), conditional);
        } else {
            // What is wrong is told; that the element is missing would be told without need.
            draft.put(&resolved, super::program::Give::Absent, Origin { part: self.part, place }, String::new(), true);
        }
    }

    fn resolve(&self, written: &PathText, problems: &mut Problems<'_>) -> Option<Resolved> {
        let path = parse(written, problems)?;
        if path.steps.is_empty() && self.prefix.steps.is_empty() {
            problems
                .add(written.place, "the path `.` stands for the entry of an @element file; here it is the resource");
            return None;
        }
        if path.has_each() && !(self.grouped && self.part == 0) {
            let hint = match self.part {
                0 => "add @group by, whose rows make one resource",
                _ => "each row of an @element file is an entry already",
            };
            problems.hint(
                written.place,
                "`[]` is an entry for each row of a group, and there is no group",
                hint.to_owned(),
            );
            return None;
        }
        let owner = self.prefix.steps.last().map_or(Some(self.type_id), |step| step.type_id);
        let owner = owner.or_else(|| {
            problems.add(written.place, "the type of the @element is a choice: name it");
            None
        })?;
        let below = resolve(&path, owner, problems)?;
        let mut resolved = self.prefix.clone();
        resolved.steps.extend(below.steps);
        Some(resolved)
    }
}

fn parse(written: &PathText, problems: &mut Problems<'_>) -> Option<Path> {
    match Path::parse(&written.text, written.place) {
        Ok(path) => Some(path),
        Err((place, message)) => {
            problems.add(place, message);
            None
        }
    }
}

/// True for what has a value in some rows only, by its author's will.
fn is_conditional(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_conditional(inner),
        Expr::Case { .. } => true,
        Expr::Function(call) => match call.name.0.as_slice() {
            [part] => part.as_ident().is_some_and(|ident| ident.value.eq_ignore_ascii_case("nullif")),
            _ => false,
        },
        _ => false,
    }
}

fn statement_place(query: &Query) -> Place {
    match &*query.body {
        SetExpr::Select(select) => Place::of_span(select.select_token.0.span).unwrap_or(Place::START),
        body => place_of(body).unwrap_or(Place::START),
    }
}

/// Mapping functions stand in the items of the outermost SELECT and nowhere else.
fn check_plain_sql(file: &SqlFile, query: &Query, problems: &mut Problems<'_>) {
    let place = statement_place(query);
    let mut rest = query.clone();
    if let SetExpr::Select(select) = &mut *rest.body {
        select.projection.clear();
    }
    has_misplaced(&rest, place, problems);
    let header = &file.header;
    let order = header.order.iter().map(|order| &order.expr);
    for expr in header.key.iter().chain(&header.group).chain(&header.patient).chain(order) {
        has_misplaced(expr, place, problems);
    }
}

/// True if resources of a type can say that they were entered in error.
fn can_be_in_error(type_id: TypeId) -> bool {
    r4().info(type_id).elements.iter().any(|element| {
        let listed = element.binding.is_some_and(|list| list.contains("entered-in-error"));
        matches!(element.name, "status" | "verificationStatus") && listed
    })
}

fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}
