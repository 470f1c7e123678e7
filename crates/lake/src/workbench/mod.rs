//! SQL over tables of text that a caller passes: the engine of mappings of hospital databases.
//!
//! A [`Sheet`] is a table whose columns are all text, with the number of each row beside it. A [`Question`] is a query over
//! sheets and views, parsed ([`parse`]); [`Workbench::plan`] makes a [`Planned`] of it, which tells for each column of the answer
//! of which columns of which sheets it is computed ([`OutputColumn::origins`]), and for each place where a sheet is read
//! ([`Occurrence`]) in which columns of the answer the numbers of its rows stand. [`Planned::run`] gives the rows.
//!
//! The way of a query: names are folded and what does not only read is refused (`written`), views are planned in the order in
//! which they use each other (`plan`), text is given its meaning (`values`, `reading`), row numbers are added to the plan
//! (`rows`, `row_set`), origins are found in it (`origins`), then it is optimised and runs (`planned`) over scans (`scan`).
//!
//! # Names
//! Case does not matter, quoted or not, for tables, columns, aliases and views. [`OutputColumn::name`] is as the query spells it.
//! No name may begin with [`ROW`].
//!
//! # Values
//! Columns are text. `max`, `ORDER BY`, `<` between two of them order as text. A text that is compared with a number, date or
//! time (also by IN, BETWEEN and CASE x WHEN) is read as one, without the blanks around it; if it is none, it is NULL there.
//! `CAST` of a text that is not as it should be ends the run with [`Kind::Value`], which names the expression, its place and
//! the value; `TRY_CAST` gives NULL instead. Computing with text is an error of planning. Functions that give something else
//! each time (`random`, `uuid`) are refused.
//!
//! # Rows
//! Each occurrence of a sheet has a column of row numbers: null where an outer join found none, or where the row comes from
//! another branch of a UNION. GROUP BY and DISTINCT gather: a list of at most [`KEPT_ROWS`] numbers and a count. DISTINCT ON
//! gives the row it chose. Rows that a window's ORDER BY leaves equal are numbered in the order of their sheets. Windows, LIMIT, UNNEST and subqueries in FROM hand them on. Rows are not followed through scalar, IN
//! and EXISTS subqueries, semi and anti joins (INTERSECT, EXCEPT: those of the right side) and WITH RECURSIVE; columns are.
//!
//! # Origins
//! Values count, not filters: WHERE, ON, HAVING, FILTER, ORDER BY and EXISTS give no origin, the WHEN of a CASE does. `count(*)`
//! has none. A rank has those of its window's partition and order.
//!
//! # Dependence
//! [`Planned::dependence`] says how rows of the answer hang on rows of the sheets, by the joins, groups and windows of the plan, so that a change
//! of a few rows can be followed to what it changes ([`Dependence`]).
//!
//! # Limits
//! Queries have as many parts, tables and levels as those of the lake, and their plans at most 800 scans. Memory is bounded
//! whatever the tables are: sorts and groups go to disk, a join whose kept side does not fit is run again as one that sorts
//! and merges, functions say beforehand what they would make, joins pause so that a run can be ended at any time.

mod bench;
mod dependence;
mod error;
mod in_turn;
mod joined;
mod locate;
mod merging;
mod names;
mod origins;
mod output;
mod plan;
mod planned;
mod question;
mod reading;
mod row_set;
mod rows;
mod scan;
mod sheet;
mod ties;
mod values;
mod written;

pub use crate::lake::Capacity;
pub use crate::sql::{Stop, StopOnDrop};
pub use bench::Workbench;
pub use datafusion::sql::sqlparser::ast::Query;
pub use dependence::{Dependence, Edge, Reading};
pub use error::{Error, Kind};
pub use origins::Origin;
pub use planned::{Limits, Occurrence, OutputColumn, Planned, Rows};
pub use question::{Order, Question, SortBy, parse, parse_expression};
pub use row_set::KEPT_ROWS;
pub(crate) use sheet::SheetTable;
pub use sheet::{BATCH_ROWS, Batches, ROW, Sheet};
