//! The numbers that stand for types and search parameters in a database, held against those of this program.
//!
//! A number is a place in the R4 tables that the program was built with. A database remembers what each number meant when it was
//! written; were the tables made anew in another order, every index would answer for another type without anybody noticing.

use crate::error::Error;
use fhir::parameters::parameters;
use fhir::schema::r4;
use rusqlite::Connection;
use std::collections::HashMap;

/// What this program's numbers mean: `Patient` by a type's number, `Patient.birthdate` by a parameter's.
fn meanings() -> [(&'static str, HashMap<u16, String>); 2] {
    let schema = r4();
    let types = schema.resource_types().map(|id| (id.0, schema.name(id).to_owned())).collect();
    let all = parameters().iter().map(|p| (p.number, format!("{}.{}", schema.name(p.resource_type), p.code))).collect();
    [("type", types), ("parameter", all)]
}

/// Refuses a database whose numbers mean something else here; remembers those that it has no meaning for yet.
///
/// # Errors
/// [`Error::Layout`] with the first difference.
pub(crate) fn check(connection: &Connection) -> Result<(), Error> {
    for (kind, known) in meanings() {
        let mut statement = connection.prepare("SELECT no, name FROM meaning WHERE kind = ?1")?;
        let stored: HashMap<u16, String> =
            statement.query_map([kind], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        for (no, name) in &stored {
            if known.get(no) != Some(name) {
                return Err(Error::Layout(format!(
                    "the database knows {kind} {no} as {name}, this program as {}: use the program that wrote it, or export with that one and import with this",
                    known.get(no).map_or("nothing", String::as_str)
                )));
            }
        }
        if stored.len() < known.len() {
            let transaction = connection.unchecked_transaction()?;
            let mut insert = transaction.prepare("INSERT OR IGNORE INTO meaning(kind, no, name) VALUES(?1, ?2, ?3)")?;
            for (no, name) in &known {
                insert.execute(rusqlite::params![kind, no, name])?;
            }
            drop(insert);
            transaction.commit()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_mean_something_else_are_refused() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(crate::layout::TABLES).unwrap();
        check(&connection).unwrap();
        check(&connection).unwrap();
        let patient = r4().type_id("Patient").unwrap();
        let changed =
            connection.execute("UPDATE meaning SET name = 'Person' WHERE kind = 'type' AND no = ?1", [patient.0]);
        assert_eq!(changed.unwrap(), 1);
        let refused = check(&connection).unwrap_err().to_string();
        assert!(refused.contains("as Person, this program as Patient"), "{refused}");
    }
}
