//! Plain SQL dumps: `COPY … FROM stdin` of PostgreSQL, `INSERT … VALUES` of MySQL, MariaDB and others.
//!
//! A dump is read statement by statement ([`script`]), cut into tokens ([`lex`]) in bounded memory; statements that hold no rows
//! are passed. Columns and their types come from `CREATE TABLE` ([`create`]), rows from `INSERT` ([`values`]) and `COPY`
//! ([`table`]). What a cell holds must be a literal, or one in a cast: a dump that computes is not run.

mod cell;
mod create;
mod evaluate;
mod lex;
mod script;
mod table;
mod values;
mod zone;

pub(super) use script::is_dump;
pub(super) use table::{Dump, Tables, tables};

/// Whose dump it is: how text is escaped, and what quotes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// MySQL and MariaDB: backslashes escape, `"` quotes text.
    MySql,
    /// PostgreSQL and what follows the standard.
    Standard,
}

/// The name of a table, with that of its schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct TableName {
    schema: Option<String>,
    name: String,
}

/// A column of `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    name: String,
    kind: cell::Type,
    /// The database computes it: a dump has no values of it.
    is_computed: bool,
}
