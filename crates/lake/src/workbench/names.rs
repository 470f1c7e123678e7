//! Names of sheets, columns and views. Case does not matter: a name is folded to lower case on both sides, quoted or not, since
//! hospitals export `PATIENT_ID` today and `Patient_Id` tomorrow. Only where a table has two columns that differ in nothing but
//! case do these names stay as they are.

use super::error::{Error, Kind};
use super::sheet::{ROW, Sheet, SheetTable};
use datafusion::arrow::datatypes::DataType;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What may be named.
#[derive(Debug, Default)]
pub(super) struct Names {
    sheets: Vec<SheetNames>,
    views: Vec<String>,
    /// Names that are not folded.
    exact: HashSet<String>,
    /// Folded names as they are spelled.
    spelled: HashMap<String, String>,
}

#[derive(Debug)]
struct SheetNames {
    sheet: Arc<dyn Sheet>,
    name: String,
    columns: Vec<String>,
}

impl Names {
    /// Names of sheets and views.
    pub(super) fn new<'v>(sheets: &[Arc<dyn Sheet>], views: impl Iterator<Item = &'v str>) -> Result<Names, Error> {
        let mut names = Names::default();
        for sheet in sheets {
            check(sheet.as_ref())?;
            names.find_exact(sheet.as_ref());
        }
        for sheet in sheets {
            let name = names.add(sheet.name());
            if names.sheets.iter().any(|other| other.name == name) {
                return Err(Error::new(Kind::Sheet, format!("two tables are called {}", sheet.name())));
            }
            let schema = sheet.schema();
            let columns = schema.fields().iter().filter(|field| field.name() != ROW);
            let columns = columns.map(|field| names.add(field.name())).collect();
            names.sheets.push(SheetNames { sheet: Arc::clone(sheet), name, columns });
        }
        for view in views {
            let name = names.add(view);
            if names.sheets.iter().any(|sheet| sheet.name == name) {
                let error = Error::sql(format!("view {view} has the name of a table"));
                return Err(error.in_view(Some(view)).hint("Give the view another name"));
            }
            if names.views.contains(&name) {
                return Err(Error::sql(format!("two views are called {view}")).in_view(Some(view)));
            }
            names.views.push(name);
        }
        Ok(names)
    }

    fn find_exact(&mut self, sheet: &dyn Sheet) {
        let mut seen: HashMap<String, String> = HashMap::new();
        for field in sheet.schema().fields() {
            if let Some(other) = seen.insert(field.name().to_lowercase(), field.name().clone()) {
                self.exact.extend([other, field.name().clone()]);
            }
        }
    }

    fn add(&mut self, name: &str) -> String {
        let folded = self.fold(name);
        self.spelled.entry(folded.clone()).or_insert_with(|| name.to_owned());
        folded
    }

    /// A name as the engine knows it.
    pub(super) fn fold(&self, name: &str) -> String {
        if self.exact.contains(name) { name.to_owned() } else { name.to_lowercase() }
    }

    /// A folded name as its table or column is spelled.
    pub(super) fn spelled<'n>(&'n self, folded: &'n str) -> &'n str {
        self.spelled.get(folded).map_or(folded, String::as_str)
    }

    /// Folded names of sheets and views.
    pub(super) fn relations(&self) -> impl Iterator<Item = &str> {
        self.sheets.iter().map(|sheet| sheet.name.as_str()).chain(self.views.iter().map(String::as_str))
    }

    pub(super) fn list_of_relations(&self) -> String {
        const MOST: usize = 12;
        let names: Vec<&str> = self.relations().map(|name| self.spelled(name)).collect();
        match names.len() {
            0 => "There are no tables".to_owned(),
            count if count > MOST => format!("There are {} and {} more", names[..MOST].join(", "), count - MOST),
            _ => format!("There are {}", names.join(", ")),
        }
    }

    /// The sheets as tables, with their folded names.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&str, SheetTable)> {
        self.sheets.iter().map(|sheet| (sheet.name.as_str(), SheetTable::new(Arc::clone(&sheet.sheet), &sheet.columns)))
    }
}

/// Whether a sheet is as it must be.
fn check(sheet: &dyn Sheet) -> Result<(), Error> {
    let refuse = |what: String| Err(Error::new(Kind::Sheet, format!("table {}: {what}", sheet.name())));
    let schema = sheet.schema();
    let Some((row, columns)) = schema.fields().split_last() else {
        return refuse(format!("its last column must be {ROW}"));
    };
    if row.name() != ROW || row.data_type() != &DataType::UInt64 {
        return refuse(format!("its last column must be {ROW} (UInt64)"));
    }
    let mut seen = HashSet::new();
    for field in columns {
        if field.data_type() != &DataType::Utf8View {
            return refuse(format!("column {} must be Utf8View", field.name()));
        }
        if is_hidden(field.name()) {
            return refuse(format!("a column may not be called {}", field.name()));
        }
        if !seen.insert(field.name()) {
            return refuse(format!("two columns are called {}", field.name()));
        }
    }
    Ok(())
}

/// Whether a name is one of those that no query sees.
pub(super) fn is_hidden(name: &str) -> bool {
    name.get(..ROW.len()).is_some_and(|start| start.eq_ignore_ascii_case(ROW))
}
