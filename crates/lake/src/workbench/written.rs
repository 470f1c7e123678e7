//! A query as it was written: what of SQL it may use, and where its words are. The walk that finds this also folds its names.

use super::error::{Error, Place};
use super::names::{Names, is_hidden};
use crate::sql::check::{NESTING, PARTS, RELATIONS};
use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Expr, FunctionArg, FunctionArguments, Ident, IdentWithAlias, JoinConstraint, JoinOperator,
    NamedWindowExpr, ObjectName, ObjectNamePart, OneOrManyWithParens, Query, RenameSelectItem, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Spanned, Statement, TableAlias, TableFactor, TableWithJoins, Value,
    ValueWithSpan, VisitMut, VisitorMut, WildcardAdditionalOptions, WindowType,
};
use datafusion::sql::sqlparser::tokenizer::Span;
use std::ops::ControlFlow;

/// Levels of expressions in each other, at most; `1+1+1…` is as deep as it is long.
const DEPTH: usize = PARTS / 4;
/// Expressions of a query, at most; lists of values are long.
const EXPRESSIONS: usize = 200_000;

/// The words of a text and where they are.
#[derive(Debug, Default)]
pub(super) struct Written {
    view: Option<String>,
    words: Vec<Word>,
    ctes: Vec<String>,
    relations: Vec<(String, Place)>,
}

#[derive(Debug)]
struct Word {
    folded: String,
    written: String,
    place: Place,
}

impl Word {
    /// Whether it is that word, at a place that is known: what a compiler adds has none.
    fn is_at(&self, folded: &str) -> bool {
        self.folded == folded && self.place != Place::default()
    }
}

impl Written {
    /// Walks a query, refuses what it may not be, and folds its names.
    pub(super) fn read(query: &mut Query, names: &Names, view: Option<&str>) -> Result<Written, Error> {
        let written = Written { view: view.map(str::to_owned), ..Written::default() };
        let mut walk = Walk { names, written, queries: Vec::new(), depth: 0, expressions: 0, relations: 0 };
        match query.visit(&mut walk) {
            ControlFlow::Continue(()) => Ok(walk.written),
            ControlFlow::Break(error) => Err(error.in_view(view)),
        }
    }

    pub(super) fn view(&self) -> Option<&str> {
        self.view.as_deref()
    }

    /// Where a folded word stands first.
    pub(super) fn place_of(&self, folded: &str) -> Option<Place> {
        self.words.iter().find(|word| word.is_at(folded)).map(|word| word.place)
    }

    /// Where it stands last.
    pub(super) fn last_place_of(&self, folded: &str) -> Option<Place> {
        self.words.iter().rfind(|word| word.is_at(folded)).map(|word| word.place)
    }

    /// A folded word as it was written.
    pub(super) fn spelled<'w>(&'w self, folded: &'w str) -> &'w str {
        self.words.iter().find(|word| word.folded == folded).map_or(folded, |word| word.written.as_str())
    }

    /// The name that begins at a place, with its table: `l.value`.
    pub(super) fn text_at(&self, at: Place) -> Option<String> {
        let mut words = self.words.iter().skip_while(|word| word.place != at);
        let mut last = words.next()?;
        let mut text = last.written.clone();
        for word in words {
            let end = last.place.1 + last.written.chars().count() as u64;
            if word.place != (last.place.0, end + 1) {
                break;
            }
            text = format!("{text}.{}", word.written);
            last = word;
        }
        Some(text)
    }

    /// Names that the text gives to queries.
    pub(super) fn ctes(&self) -> impl Iterator<Item = &str> {
        self.ctes.iter().map(String::as_str)
    }

    /// Folded names of the tables and views that it reads, without those that it defines itself.
    pub(super) fn relations(&self) -> impl Iterator<Item = (&str, Place)> {
        self.relations.iter().map(|(name, place)| (name.as_str(), *place))
    }
}

/// Where something begins, if that is known.
pub(super) fn place(span: Span) -> Option<Place> {
    (span.start.line > 0).then_some((span.start.line, span.start.column))
}

/// What a query's WITH defines.
#[derive(Default)]
struct Scope {
    /// Names whose queries were not walked yet, the first one last: they are walked before all else.
    waiting: Vec<String>,
    defined: Vec<String>,
    recursive: bool,
}

impl Scope {
    fn defines(&self, name: &str) -> bool {
        let own = self.recursive && self.waiting.last().is_some_and(|waiting| waiting == name);
        own || self.defined.iter().any(|defined| defined == name)
    }
}

struct Walk<'n> {
    names: &'n Names,
    written: Written,
    /// The queries that are being walked, the outermost first.
    queries: Vec<Scope>,
    depth: usize,
    expressions: usize,
    relations: usize,
}

type Flow = ControlFlow<Box<Error>>;

fn refuse(message: impl Into<String>, span: Span) -> Flow {
    ControlFlow::Break(Box::new(Error::sql(message).at(place(span))))
}

impl Walk<'_> {
    fn word(&mut self, word: &mut Ident) -> Flow {
        if is_hidden(&word.value) {
            let error = Error::sql(format!("{} may not be named", word.value)).at(place(word.span));
            let error = error.hint("The row of each value is kept without being asked for");
            return ControlFlow::Break(Box::new(error));
        }
        let folded = self.names.fold(&word.value);
        let written = std::mem::replace(&mut word.value, folded.clone());
        self.written.words.push(Word { folded, written, place: place(word.span).unwrap_or_default() });
        ControlFlow::Continue(())
    }

    fn words<'w>(&mut self, words: impl IntoIterator<Item = &'w mut Ident>) -> Flow {
        words.into_iter().try_for_each(|word| self.word(word))
    }

    fn name(&mut self, name: &mut ObjectName) -> Flow {
        name.0.iter_mut().try_for_each(|part| match part {
            ObjectNamePart::Identifier(word) => self.word(word),
            ObjectNamePart::Function(function) => self.word(&mut function.name),
        })
    }

    fn alias(&mut self, alias: Option<&mut TableAlias>) -> Flow {
        let Some(alias) = alias else { return ControlFlow::Continue(()) };
        self.word(&mut alias.name)?;
        self.words(alias.columns.iter_mut().map(|column| &mut column.name))
    }

    fn joins(&mut self, table: &mut TableWithJoins) -> Flow {
        for join in &mut table.joins {
            let constraint = match &mut join.join_operator {
                JoinOperator::Join(constraint)
                | JoinOperator::Inner(constraint)
                | JoinOperator::Left(constraint)
                | JoinOperator::LeftOuter(constraint)
                | JoinOperator::Right(constraint)
                | JoinOperator::RightOuter(constraint)
                | JoinOperator::FullOuter(constraint)
                | JoinOperator::CrossJoin(constraint)
                | JoinOperator::Semi(constraint)
                | JoinOperator::LeftSemi(constraint)
                | JoinOperator::RightSemi(constraint)
                | JoinOperator::Anti(constraint)
                | JoinOperator::LeftAnti(constraint)
                | JoinOperator::RightAnti(constraint)
                | JoinOperator::AsOf { constraint, .. }
                | JoinOperator::StraightJoin(constraint) => constraint,
                JoinOperator::CrossApply
                | JoinOperator::OuterApply
                | JoinOperator::ArrayJoin
                | JoinOperator::LeftArrayJoin
                | JoinOperator::InnerArrayJoin => continue,
            };
            if let JoinConstraint::Using(columns) = constraint {
                columns.iter_mut().try_for_each(|column| self.name(column))?;
            }
        }
        ControlFlow::Continue(())
    }

    fn wildcard(&mut self, options: &mut WildcardAdditionalOptions) -> Flow {
        match &mut options.opt_exclude {
            Some(ExcludeSelectItem::Single(name)) => self.name(name)?,
            Some(ExcludeSelectItem::Multiple(names)) => names.iter_mut().try_for_each(|name| self.name(name))?,
            None => {}
        }
        if let Some(except) = &mut options.opt_except {
            self.word(&mut except.first_element)?;
            self.words(&mut except.additional_elements)?;
        }
        if let Some(replace) = &mut options.opt_replace {
            self.words(replace.items.iter_mut().map(|item| &mut item.column_name))?;
        }
        let renamed: &mut [IdentWithAlias] = match &mut options.opt_rename {
            Some(RenameSelectItem::Single(one)) => std::slice::from_mut(one),
            Some(RenameSelectItem::Multiple(many)) => many,
            None => &mut [],
        };
        renamed.iter_mut().try_for_each(|item| self.words([&mut item.ident, &mut item.alias]))?;
        self.words(options.opt_alias.as_mut())
    }

    fn item(&mut self, item: &mut SelectItem) -> Flow {
        match item {
            SelectItem::UnnamedExpr(_) => ControlFlow::Continue(()),
            SelectItem::ExprWithAlias { alias, .. } => self.word(alias),
            SelectItem::ExprWithAliases { aliases, .. } => self.words(aliases),
            SelectItem::Wildcard(options) => self.wildcard(options),
            SelectItem::QualifiedWildcard(kind, options) => {
                if let SelectItemQualifiedWildcardKind::ObjectName(name) = kind {
                    self.name(name)?;
                }
                self.wildcard(options)
            }
        }
    }

    fn window(&mut self, window: &mut WindowType) -> Flow {
        match window {
            WindowType::NamedWindow(name) => self.word(name),
            WindowType::WindowSpec(spec) => self.words(spec.window_name.as_mut()),
        }
    }
}

/// Whether all parts of a query are such as only read.
fn only_reads(body: &SetExpr) -> Flow {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
        SetExpr::SetOperation { left, right, .. } => {
            // The right side is seldom deep, the left one as deep as there are parts.
            only_reads(right)?;
            only_reads(left)
        }
        other => {
            let text = other.to_string();
            let verb = text.split_whitespace().next().unwrap_or_default().to_uppercase();
            refuse(format!("{verb} is not allowed here: SQL only reads (SELECT, WITH, VALUES)"), other.span())
        }
    }
}

impl VisitorMut for Walk<'_> {
    type Break = Box<Error>;

    fn pre_visit_query(&mut self, query: &mut Query) -> Flow {
        if self.queries.len() == NESTING {
            let error = Error::sql("the query is nested too deeply").at(place(query.span()));
            return ControlFlow::Break(Box::new(error.hint("Take it apart with WITH or views")));
        }
        only_reads(&query.body)?;
        let odd = !query.locks.is_empty()
            || query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty();
        if odd {
            return refuse("FOR, SETTINGS, FORMAT and |> are not allowed here: SQL only reads", query.span());
        }
        let mut scope = Scope::default();
        if let Some(with) = &mut query.with {
            scope.recursive = with.recursive;
            for cte in &mut with.cte_tables {
                self.alias(Some(&mut cte.alias))?;
                scope.waiting.push(cte.alias.name.value.clone());
                self.written.ctes.push(cte.alias.name.value.clone());
            }
            scope.waiting.reverse();
        }
        self.queries.push(scope);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> Flow {
        self.queries.pop();
        if let Some(around) = self.queries.last_mut() {
            around.defined.extend(around.waiting.pop());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> Flow {
        if let Some(into) = &select.into {
            return refuse("INTO is not allowed here: SQL only reads", into.name.span());
        }
        if select.projection.is_empty() {
            return refuse("SELECT what?", select.select_token.0.span);
        }
        select.projection.iter_mut().try_for_each(|item| self.item(item))?;
        select.from.iter_mut().try_for_each(|table| self.joins(table))?;
        for window in &mut select.named_window {
            self.word(&mut window.0)?;
            match &mut window.1 {
                NamedWindowExpr::NamedWindow(name) => self.word(name)?,
                NamedWindowExpr::WindowSpec(spec) => self.words(spec.window_name.as_mut())?,
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &mut Statement) -> Flow {
        refuse("SQL only reads here (SELECT, WITH, VALUES)", statement.span())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> Flow {
        self.relations += 1;
        if self.relations > RELATIONS {
            return ControlFlow::Break(Box::new(Error::limit(format!("a query names at most {RELATIONS} tables"))));
        }
        self.name(relation)?;
        if let Some(ObjectNamePart::Identifier(word)) = relation.0.last()
            && !self.queries.iter().any(|scope| scope.defines(&word.value))
        {
            self.written.relations.push((word.value.clone(), place(word.span).unwrap_or_default()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> Flow {
        match table {
            TableFactor::NestedJoin { table_with_joins, alias } => {
                self.joins(table_with_joins)?;
                self.alias(alias.as_mut())
            }
            TableFactor::UNNEST { alias, with_offset_alias, .. } => {
                self.words(with_offset_alias.as_mut())?;
                self.alias(alias.as_mut())
            }
            TableFactor::Function { name, alias, .. } => {
                self.name(name)?;
                self.alias(alias.as_mut())
            }
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::TableFunction { alias, .. } => self.alias(alias.as_mut()),
            other => refuse("this kind of table is not known here", other.span()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> Flow {
        self.depth += 1;
        self.expressions += 1;
        if self.depth > DEPTH {
            return ControlFlow::Break(Box::new(
                Error::limit("an expression is nested too deeply").at(place(expr.span())),
            ));
        }
        if self.expressions > EXPRESSIONS {
            return ControlFlow::Break(Box::new(Error::limit(format!(
                "a query has at most {EXPRESSIONS} expressions"
            ))));
        }
        match expr {
            Expr::Identifier(word) => self.word(word),
            Expr::CompoundIdentifier(words) => self.words(words),
            Expr::QualifiedWildcard(name, _) => self.name(name),
            Expr::Lambda(lambda) => match &mut lambda.params {
                OneOrManyWithParens::One(parameter) => self.word(&mut parameter.name),
                OneOrManyWithParens::Many(parameters) => {
                    self.words(parameters.iter_mut().map(|parameter| &mut parameter.name))
                }
            },
            Expr::Function(function) => {
                self.name(&mut function.name)?;
                if let FunctionArguments::List(list) = &mut function.args {
                    self.words(list.args.iter_mut().filter_map(|argument| match argument {
                        FunctionArg::Named { name, .. } => Some(name),
                        _ => None,
                    }))?;
                }
                match &mut function.over {
                    Some(window) => self.window(window),
                    None => ControlFlow::Continue(()),
                }
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn post_visit_expr(&mut self, _: &mut Expr) -> Flow {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> Flow {
        match &value.value {
            Value::Placeholder(text) => refuse(format!("{text} stands for nothing here"), value.span),
            _ => ControlFlow::Continue(()),
        }
    }
}
