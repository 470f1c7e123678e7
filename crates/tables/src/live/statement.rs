//! Queries of a mapping in the dialect of its source: one SELECT, which changes nothing.

use super::address::Engine;
use sqlparser::ast::{Query, SetExpr, Statement, TableFactor, Visit, Visitor};
use sqlparser::dialect::{Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect};
use sqlparser::parser::Parser;
use std::ops::ControlFlow;

/// How deep a query may be nested.
const DEPTH: usize = 64;
/// The longest query.
const QUERY_BYTES: usize = 64 << 10;

/// What a query does that a source is not asked to do; `None` for a single SELECT.
///
/// The rights of the database's user are what protects it. This protects from what is written by mistake.
pub fn check(query: &str, engine: Engine) -> Option<String> {
    if query.len() > QUERY_BYTES {
        return Some(format!("the query is longer than {} KiB", QUERY_BYTES >> 10));
    }
    // MySQL runs what stands in such comments, whatever other programs see there.
    if query.contains("/*!") || query.contains("/*M!") {
        return Some("the query has a comment that MySQL runs (`/*!`): leave it out".into());
    }
    let dialect: &dyn Dialect = match engine {
        Engine::Postgres => &PostgreSqlDialect {},
        Engine::MySql => &MySqlDialect {},
        Engine::SqlServer => &MsSqlDialect {},
        Engine::Odbc => &GenericDialect {},
    };
    let parsed = Parser::new(dialect).with_recursion_limit(DEPTH).try_with_sql(query);
    let statements = match parsed.and_then(|mut parser| parser.parse_statements()) {
        Ok(statements) => statements,
        Err(error) => {
            let error = error.to_string();
            let error = error.trim_start_matches("sql parser error: ");
            return Some(format!(
                "the query cannot be read as a SELECT of {engine} ({error}): put it into a view there, and name that"
            ));
        }
    };
    let [Statement::Query(query)] = statements.as_slice() else {
        return Some("a source is asked by one SELECT, and by nothing else".into());
    };
    match query.visit(&mut Changes) {
        ControlFlow::Break(what) => {
            Some(format!("a source is asked by one SELECT that changes nothing: this one {what}"))
        }
        ControlFlow::Continue(()) => None,
    }
}

/// Finds what changes something.
struct Changes;

impl Visitor for Changes {
    type Break = &'static str;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<&'static str> {
        if !query.locks.is_empty() {
            return ControlFlow::Break("locks rows");
        }
        match body(&query.body) {
            Some(what) => ControlFlow::Break(what),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<&'static str> {
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            _ => ControlFlow::Break("holds another statement"),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<&'static str> {
        // Tables that another server or a file is asked for.
        let named =
            |name: &str| ["OPENROWSET", "OPENQUERY", "OPENDATASOURCE"].iter().any(|no| name.eq_ignore_ascii_case(no));
        match factor {
            TableFactor::Table { name, .. } if named(&name.to_string()) => ControlFlow::Break("asks another server"),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// What is no SELECT in the body of a query.
fn body(expression: &SetExpr) -> Option<&'static str> {
    match expression {
        SetExpr::Select(select) if select.into.is_some() => Some("makes a table (INTO)"),
        SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Table(_) | SetExpr::Query(_) => None,
        SetExpr::SetOperation { left, right, .. } => body(left).or_else(|| body(right)),
        _ => Some("changes rows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_select_in_the_dialect_of_the_source_is_taken() {
        for (engine, query) in [
            (Engine::Postgres, "SELECT a::text, b->>'x' FROM lab WHERE at > now() - interval '1 day';"),
            (Engine::Postgres, "WITH x AS (SELECT 1 AS a) SELECT * FROM x UNION ALL SELECT 2 -- the end"),
            (Engine::MySql, "SELECT `a`, CONCAT(b, 'x') FROM `his`.`lab` LIMIT 5, 10"),
            (Engine::SqlServer, "SELECT TOP 10 [a], CONVERT(varchar(10), b, 120) AS b FROM [dbo].[lab] WITH (NOLOCK)"),
            (Engine::Odbc, "SELECT a FROM lab WHERE ROWNUM < 10"),
        ] {
            assert_eq!(check(query, engine), None, "{query}");
        }
    }

    #[test]
    fn what_may_change_something_is_refused() {
        let all = [Engine::Postgres, Engine::MySql, Engine::SqlServer];
        for query in [
            "DELETE FROM lab",
            "SELECT 1; DROP TABLE lab",
            "SELECT 1; SELECT 2",
            "SELECT * INTO copy FROM lab",
            "SELECT * FROM lab FOR UPDATE",
            "CALL p()",
            "",
            "-- nothing",
            "SELECT 1 /*! ; DROP TABLE lab */",
            "SELEC 1",
            "SELECT a FROM lab INTO OUTFILE '/tmp/x'",
            "COPY lab TO PROGRAM 'sh'",
            "EXEC xp_cmdshell 'dir'",
            "SET ROLE admin",
        ] {
            for engine in all {
                assert!(check(query, engine).is_some(), "{engine}: {query}");
            }
        }
        for query in [
            "WITH gone AS (DELETE FROM lab RETURNING *) SELECT * FROM gone",
            "WITH x AS (INSERT INTO lab VALUES (1) RETURNING id) SELECT * FROM x",
            "SELECT * FROM (SELECT * FROM lab FOR SHARE) q",
        ] {
            assert!(check(query, Engine::Postgres).is_some(), "{query}");
        }
        assert!(check(&format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)), Engine::Postgres).is_some());
    }
}
