//! The tests that a mapping brings in its folder `tests`.

use crate::error::Error;
use crate::run::files::{FILE_BYTES, MappingFiles, files_of};
use serde_json::{Map, Value};
use std::path::Path;
use toml_edit::{Item, TableLike};

/// The files of a mapping's folder `tests`, as `tests/NAME.toml` and `.json`: of one that comes with the program by its name, else of a folder.
///
/// # Errors
/// [`Error::Unknown`], [`Error::File`], [`Error::Name`] if one is too large.
pub fn test_files_of(mapping: &str) -> Result<MappingFiles, Error> {
    let is_test =
        |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "toml" || extension == "json");
    let mut files = files_of(mapping)?;
    files.retain(|(path, _)| path.starts_with("tests/") && is_test(path));
    let folder = Path::new(mapping).join("tests");
    if !files.is_empty() || !folder.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(&folder).map_err(|error| Error::file("read", &folder, error))? {
        let path = entry.map_err(|error| Error::file("read", &folder, error))?.path();
        let Some(name) =
            path.file_name().and_then(|name| name.to_str()).filter(|name| is_test(name) && !name.starts_with('.'))
        else {
            continue;
        };
        let failed = |error| Error::file("read", &path, error);
        if std::fs::metadata(&path).map_err(failed)?.len() > FILE_BYTES {
            return Err(Error::Name(format!(
                "{} is too large for a test: {} MiB at most",
                path.display(),
                FILE_BYTES >> 20
            )));
        }
        files.push((format!("tests/{name}"), std::fs::read_to_string(&path).map_err(failed)?));
    }
    files.sort();
    Ok(files)
}

/// A TOML text as JSON; dates become texts.
///
/// # Errors
/// What is wrong in it, with its line.
pub fn toml_as_json(text: &str) -> Result<Value, String> {
    let document = toml_edit::ImDocument::parse(text).map_err(|error| error.to_string())?;
    Ok(table(document.as_table()))
}

fn table(table: &dyn TableLike) -> Value {
    let mut members = Map::new();
    for (key, item) in table.iter() {
        members.insert(key.to_owned(), value(item));
    }
    Value::Object(members)
}

fn value(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Table(inner) => table(inner),
        Item::ArrayOfTables(all) => all.iter().map(|inner| table(inner)).collect(),
        Item::Value(plain) => of_value(plain),
    }
}

fn of_value(plain: &toml_edit::Value) -> Value {
    match plain {
        toml_edit::Value::String(text) => Value::String(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::from(*number.value()),
        toml_edit::Value::Boolean(yes) => Value::Bool(*yes.value()),
        toml_edit::Value::Datetime(moment) => Value::String(moment.value().to_string()),
        toml_edit::Value::Array(all) => all.iter().map(of_value).collect(),
        toml_edit::Value::InlineTable(inner) => table(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_becomes_json() {
        let text = "name = \"a\"\n[tables]\npeople = \"\"\"\npid\n1\n\"\"\"\n[[target]]\nname = \"Patient\"\nresources = 1\nreasons = { no-key = 2 }\n";
        let value = toml_as_json(text).unwrap();
        assert_eq!(value["tables"]["people"], "pid\n1\n");
        assert_eq!(value["target"][0]["reasons"]["no-key"], 2);
        assert!(toml_as_json("a = ").is_err());
    }
}
