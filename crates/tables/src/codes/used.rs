//! Which lines of a mapping's maps stand behind an element: the map, its file, and who approved the line.

use super::csv::{self, Cell};
use super::{approved_file, fold_code, fold_unit};

/// A map that an element's SQL names, and its line for one of the element's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapUsed {
    /// `codes` or `units`.
    pub folder: &'static str,
    /// The map.
    pub map: String,
    /// The file of the mapping that has the line; without a line, the map's own.
    pub file: String,
    /// The line; none where no line of a CSV file names a cell.
    pub line: Option<MapLine>,
}

/// One line of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapLine {
    /// Its number, from 1.
    pub number: u32,
    /// The value as it stands there.
    pub value: String,
    /// The code's system; empty for units, and for a value that is known to have no code.
    pub system: String,
    /// The code or unit.
    pub code: String,
    /// Who approved it, and when, as the line says it.
    pub approved: Option<(String, String)>,
}

/// The maps that `sql` names in `code('MAP', …)` and `unit('MAP', …)`, each with its lines for `cells`, given by column and text: those that stand
/// behind the map's name. `files` are those of the mapping, path and text. What was approved comes in the place of what the map says.
pub fn maps_used(files: &[(&str, &str)], sql: &str, cells: &[(&str, &str)]) -> Vec<MapUsed> {
    let mut used = Vec::new();
    for (function, folder) in [("code", "codes"), ("unit", "units")] {
        for (map, asked) in named(sql, function) {
            // Where it names columns of a view, any of them may be meant.
            let by_name = cells.iter().any(|(column, _)| names(&asked, column));
            let of_call = cells.iter().filter(|(column, _)| !by_name || names(&asked, column));
            let of_call: Vec<&str> = of_call.map(|(_, text)| *text).collect();
            let own = files.iter().map(|(path, _)| *path).find(|path| stem(path, folder) == Some(map.as_str()));
            let Some(own) = own else { continue };
            let approved = [approved_file(folder, &map), format!("{folder}/{map}.approved.csv")];
            let lines = approved.iter().map(String::as_str).chain([own]).find_map(|file| {
                let text = files.iter().find(|(path, _)| *path == file)?.1;
                let lines = lines_of(folder, file, text, &of_call);
                (!lines.is_empty()).then_some((file, lines))
            });
            let one = |file: &str, line| MapUsed { folder, map: map.clone(), file: file.to_owned(), line };
            match lines {
                Some((file, lines)) => used.extend(lines.into_iter().map(|line| one(file, Some(line)))),
                None => used.push(one(own, None)),
            }
        }
    }
    used
}

/// A map's name by its file.
fn stem<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    let (stem, _) = path.strip_prefix(folder)?.strip_prefix('/')?.rsplit_once('.')?;
    Some(stem)
}

/// Whether SQL names a column.
fn names(sql: &str, column: &str) -> bool {
    let (sql, column) = (sql.to_lowercase(), column.to_lowercase());
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    sql.match_indices(&column)
        .any(|(at, _)| !sql[..at].ends_with(is_of_name) && !sql[at + column.len()..].starts_with(is_of_name))
}

/// The texts that are the first argument of a function, and what stands behind them up to the end of its call.
fn named(sql: &str, function: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let lower = sql.to_ascii_lowercase();
    for (at, _) in lower.match_indices(function) {
        let is_word = lower[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "_.\"'".contains(c));
        let first = lower[at + function.len()..].trim_start().strip_prefix('(').map(str::trim_start);
        let Some(first) = first.filter(|first| !is_word && first.starts_with('\'')) else { continue };
        let from = sql.len() - first.len() + 1;
        let Some(length) = sql[from..].find('\'') else { continue };
        let (name, behind) = (&sql[from..from + length], &sql[from + length + 1..]);
        let mut depth = 1;
        let end = behind.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let asked = &behind[..end.unwrap_or(behind.len())];
        match found.iter_mut().find(|(found, _)| found == name) {
            Some((_, before)) => before.push_str(asked),
            None => found.push((name.to_owned(), asked.to_owned())),
        }
    }
    found
}

/// The lines of a CSV file for cells: as they are written, or where none is, as maps fold them.
fn lines_of(folder: &str, file: &str, text: &str, cells: &[&str]) -> Vec<MapLine> {
    let is_code = folder == "codes";
    let columns: &[&str] = if is_code { &super::map::COLUMNS } else { &super::units::COLUMNS };
    let sheet = csv::read(file, text, columns);
    let place = |name: &str| columns.iter().position(|column| *column == name);
    let fold = |text: &str| if is_code { fold_code(text) } else { fold_unit(text).into_owned() };
    let text_of = |row: &[Cell], name: &str| place(name).map_or_else(String::new, |at| row[at].text.clone());
    let mut lines = Vec::new();
    for cell in cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()) {
        let is_exact = |row: &&Vec<Cell>| row[0].text == cell;
        let of_cell: Vec<&Vec<Cell>> = if sheet.rows.iter().any(|row| is_exact(&row)) {
            sheet.rows.iter().filter(is_exact).collect()
        } else {
            sheet.rows.iter().filter(|row| fold(&row[0].text) == fold(cell)).collect()
        };
        lines.extend(of_cell.into_iter().map(|row| {
            let by = text_of(row, "approved_by");
            MapLine {
                number: row[0].line,
                value: row[0].text.clone(),
                system: text_of(row, "system"),
                code: text_of(row, if is_code { "code" } else { "ucum" }),
                approved: (!by.is_empty()).then(|| (by, text_of(row, "approved_at"))),
            }
        }));
    }
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &str = "CASE WHEN l.lab <> 'code' THEN code('lab', l.lab) END";

    #[test]
    fn a_line_is_found_where_it_was_approved_last() {
        let map = "source,system,code\nNa,http://loinc.org,2951-2\nK,http://loinc.org,2823-3\n";
        let over = "source,system,code,display,equivalence,approved_by,approved_at\n\
                    K,http://loinc.org,6298-4,,equivalent,ada,2026-03-01T08:00:00Z\n";
        let files = [("codes/lab.csv", map), ("codes/lab.approved-here.csv", over), ("patient.sql", "")];
        let used = maps_used(&files, SQL, &[("lab", "K")]);
        let [MapUsed { file, line: Some(line), .. }] = used.as_slice() else { panic!("{used:?}") };
        assert_eq!((file.as_str(), line.number, line.code.as_str()), ("codes/lab.approved-here.csv", 2, "6298-4"));
        assert_eq!(line.approved, Some(("ada".into(), "2026-03-01T08:00:00Z".into())));

        let used = maps_used(&files, SQL, &[("lab", " Na "), ("flag", "K")]);
        let [MapUsed { file, line: Some(line), .. }] = used.as_slice() else { panic!("{used:?}") };
        assert_eq!((file.as_str(), line.number, &line.approved), ("codes/lab.csv", 2, &None));
    }

    #[test]
    fn a_map_without_a_line_for_the_cell_is_named_alone() {
        let files = [("units/u.csv", "source,ucum\nmg,mg\n"), ("codes/lab.json", "{}")];
        let used = maps_used(
            &files,
            "quantity(x.v, UNIT( 'u' , x.unit)), code('lab', x.lab), code('none', x.y)",
            &[("unit", "ml")],
        );
        let told: Vec<_> = used.iter().map(|one| (one.file.as_str(), one.line.is_some())).collect();
        assert_eq!(told, [("codes/lab.json", false), ("units/u.csv", false)]);
    }
}
