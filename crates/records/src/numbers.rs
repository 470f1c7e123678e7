//! The numbers that stand for types and search parameters in a database, held against those of this program.
//!
//! A number is a place in the R4 tables that the program was built with. A database remembers what each number meant when it was
//! written; were the tables made anew in another order, every index would answer for another type without anybody noticing.

use crate::error::Error;
use fhir::parameters::parameters;
use fhir::schema::r4;
use rusqlite::{Connection, OptionalExtension, params};
use std::fmt::Write;

/// What this program's numbers mean, a line each: `114 Patient` of types, `1021 Patient.birthdate` of parameters.
fn meanings() -> [(&'static str, String); 2] {
    let schema = r4();
    let (mut types, mut all) = (String::new(), String::new());
    for id in schema.resource_types() {
        // Writing to a String cannot fail.
        let _ = writeln!(types, "{} {}", id.0, schema.name(id));
    }
    for parameter in parameters() {
        let _ = writeln!(all, "{} {}.{}", parameter.number, schema.name(parameter.resource_type), parameter.code);
    }
    [("type numbers", types), ("parameter numbers", all)]
}

/// Refuses a database whose numbers mean something else here; has it remember those that are new.
///
/// # Errors
/// [`Error::Layout`] with the first difference.
pub(crate) fn check(connection: &Connection) -> Result<(), Error> {
    for (name, here) in meanings() {
        let stored: Option<String> =
            connection.query_row("SELECT value FROM setting WHERE name = ?1", [name], |r| r.get(0)).optional()?;
        if stored.as_ref() == Some(&here) {
            continue;
        }
        let known: std::collections::HashMap<&str, &str> =
            here.lines().filter_map(|line| line.split_once(' ')).collect();
        for (no, then) in stored.iter().flat_map(|stored| stored.lines()).filter_map(|line| line.split_once(' ')) {
            let now = known.get(no).copied().unwrap_or("nothing");
            if now != then {
                return Err(Error::Layout(format!(
                    "{name}: to the database {no} is {then}, to this program {now}. Use the program that wrote it, or export with that one and import with this"
                )));
            }
        }
        connection.execute("INSERT OR REPLACE INTO setting(name, value) VALUES(?1, ?2)", params![name, here])?;
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
        // Fewer are known to an older database: the new ones are added.
        let patient = format!("{} Patient\n", r4().type_id("Patient").unwrap().0);
        connection.execute("UPDATE setting SET value = ?1 WHERE name = 'type numbers'", [&patient]).unwrap();
        check(&connection).unwrap();
        let all: String =
            connection.query_row("SELECT value FROM setting WHERE name = 'type numbers'", [], |r| r.get(0)).unwrap();
        assert!(all.len() > patient.len() && all.contains(&patient));
        let swapped = all.replace(" Patient\n", " Person\n");
        connection.execute("UPDATE setting SET value = ?1 WHERE name = 'type numbers'", [swapped]).unwrap();
        let refused = check(&connection).unwrap_err().to_string();
        assert!(refused.contains("is Person, to this program Patient"), "{refused}");
    }
}
