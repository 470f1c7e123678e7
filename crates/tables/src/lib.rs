//! Hospital databases: tables are pulled as arrivals, and mappings in SQL make FHIR of their rows.
//!
//! The way of the data: a file or database is read as rows of text ([`read`]), each with its place and hash; SQL whose column
//! names are element paths is compiled against the R4 schema; values are typed by small grammars ([`value`]) that give a value
//! or a reason; what comes out is FHIR JSON, or a row refused with its reason.
//!
//! It names neither HTTP nor the SQL engine: `lake` runs queries over Arrow batches. It stores no resource itself: whoever runs
//! a mapping passes the door through which they go.

pub mod read;
pub mod value;
