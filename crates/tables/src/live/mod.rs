//! Live databases: their tables are pulled like files, in one read-only session and one consistent snapshot.
//!
//! An [`Address`] says which database and how it may be asked; it never holds a password: that is a [`Secret`], which lies sealed
//! in the [`Vault`]. [`connect`] opens a [`Session`], [`Session::find_tables`] finds the tables of a mapping in it, and each is a
//! [`crate::pull::PullTable`] whose rows are spelled as [`crate::read`] says, so that the same table gives the same rows whether it comes as a
//! file or from a database.
//!
//! | database | session | not read |
//! |---|---|---|
//! | PostgreSQL | `REPEATABLE READ READ ONLY`, rows by binary `COPY` | |
//! | MySQL, MariaDB | `START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY` | |
//! | SQL Server | `SNAPSHOT` where the database allows it; else `READ COMMITTED`, and the pull says so | |
//! | ODBC (cargo feature `odbc`) | one transaction, read-only where the driver can | |
//!
//! Only SELECTs are sent: those made here of names that the database told, and those of a mapping, each held to be a single SELECT
//! ([`statement`]). Rows come no faster than [`Limits`] allow, and only in their hours; cells larger than a reader takes are left at
//! the server, so that memory is bounded.

mod address;
mod hours;
mod mysql;
#[cfg(feature = "odbc")]
mod odbc;
mod pace;
mod postgres;
mod reading;
mod secret;
mod session;
mod sqlserver;
mod statement;
mod tds;
mod tls;
mod vault;

pub use address::{Address, AddressError, Engine};
pub use hours::{Hours, HoursError};
pub use pace::Limits;
pub use secret::Secret;
pub use session::{Session, connect};
pub use statement::check as check_statement;
pub use vault::Vault;
