//! Names as deliveries spell them: a column or table that is known stays under the name that it first had, in whatever case a later delivery has it.
//!
//! Hospitals export `BesuchNr` today and `besuchnr` from the database that they move to tomorrow. Rows are compared, and asked for, by the names that are known.

use crate::pull::catalogue::Pulled;

/// A name without what does not matter: case, and blanks around it.
fn folded(name: &str) -> String {
    name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')).to_lowercase()
}

/// The columns of a delivery by the names that the table knows. Those whose names stand there exactly keep them; where two columns of either side differ
/// in nothing but case, all but exact names are other columns.
pub(super) fn columns_as_known(delivered: &[String], table: &Pulled) -> Vec<String> {
    let is_alone = |name: &str| delivered.iter().filter(|other| folded(other) == folded(name)).count() == 1;
    let known = |name: &String| -> Option<String> {
        if table.columns.contains(name) || !is_alone(name) {
            return None;
        }
        let one_of = |columns: &[String]| {
            let mut same = columns.iter().filter(|known| folded(known) == folded(name));
            let first = same.next()?;
            same.next().is_none().then(|| first.clone())
        };
        // Of several that were delivered at some time the one that came last.
        one_of(&table.columns).or_else(|| one_of(&table.columns_last))
    };
    delivered.iter().map(|name| known(name).unwrap_or_else(|| name.clone())).collect()
}

/// The table of a name: exactly, or else in another case if there is but one.
pub(super) fn table_as_known<'t>(tables: &'t [Pulled], name: &str) -> Option<&'t Pulled> {
    let exact = tables.iter().find(|table| table.name == name);
    exact.or_else(|| {
        let mut same = tables.iter().filter(|table| folded(&table.name) == folded(name));
        let first = same.next()?;
        same.next().is_none().then_some(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use roaring::RoaringTreemap;

    fn table(name: &str, columns: &[&str], last: &[&str]) -> Pulled {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (columns, columns_last) = (owned(columns), owned(last));
        Pulled {
            no: 1,
            name: name.into(),
            columns,
            columns_last,
            points: vec![],
            is_open: false,
            rows: 0,
            alive: RoaringTreemap::new(),
            segments: vec![],
        }
    }

    fn check(known: &[&str], last: &[&str], delivered: &[&str], is: &[&str]) {
        let delivered: Vec<String> = delivered.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(columns_as_known(&delivered, &table("t", known, last)), is, "{delivered:?} of {known:?}");
    }

    #[test]
    fn columns_keep_the_names_that_are_known_unless_they_differ_in_nothing_but_case() {
        let known = ["BesuchNr", "Größe"];
        check(&known, &known, &["besuchnr", "GRÖSSE", "größe "], &["BesuchNr", "GRÖSSE", "Größe"]);
        check(&known, &known, &["\u{feff}BESUCHNR", "neu"], &["BesuchNr", "neu"]);
        // Two that differ in nothing but case are two.
        check(&["id", "ID"], &["id", "ID"], &["ID", "id"], &["ID", "id"]);
        check(&["id"], &["id"], &["Id", "ID"], &["Id", "ID"]);
        check(&["id"], &["id"], &["id", "ID"], &["id", "ID"]);
        check(&["id", "ID"], &["id", "ID"], &["Id"], &["Id"]);
        // Of two that were there one after the other, the later one.
        check(&["Id", "ID"], &["ID"], &["id"], &["ID"]);
    }

    #[test]
    fn tables_are_known_in_any_case_unless_two_differ_in_nothing_else() {
        let name = |tables: &[Pulled], name: &str| table_as_known(tables, name).map(|table| table.name.clone());
        let one = [table("Besuche", &[], &[])];
        assert_eq!(name(&one, "besuche"), Some("Besuche".into()));
        let two = [table("Lab", &[], &[]), table("LAB", &[], &[])];
        assert_eq!((name(&two, "LAB"), name(&two, "lab")), (Some("LAB".into()), None));
    }
}
