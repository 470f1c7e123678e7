//! CSV files of maps, every cell with its place.
//!
//! Files of some thousand lines that people edit: errors with line and column count here, speed does not.

use super::LoadError;
use super::nearest::nearest;

/// A cell and where it begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub text: String,
    pub line: u32,
    pub column: u32,
}

/// A file with a header, its columns in the order that was asked for.
pub(super) struct Sheet {
    pub rows: Vec<Vec<Cell>>,
    pub errors: Vec<LoadError>,
}

/// Reads a file whose header names some of `columns`, of which the first must be there. Cells come without white space at their
/// ends; a column that is missing is empty. Lines without anything, and lines that begin with `#`, are left out.
pub(super) fn read(file: &str, text: &str, columns: &[&str]) -> Sheet {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let error = |cell: &Cell, message: String| LoadError {
        file: file.to_owned(),
        line: cell.line,
        column: cell.column,
        message,
    };
    let mut sheet = Sheet { rows: Vec::new(), errors: Vec::new() };
    let (rows, unclosed) = cells(text, separator(text));
    if let Some(cell) = unclosed {
        sheet.errors.push(error(&cell, "a quoted cell begins here and has no end".to_owned()));
    }
    let start = Cell { line: 1, column: 1, ..Cell::default() };
    let mut rows = rows.into_iter().filter(|row| !is_left_out(row));
    let Some(header) = rows.next() else {
        sheet.errors.push(error(&start, format!("the file is empty; its first line must name {}", columns.join(","))));
        return sheet;
    };
    let mut order: Vec<Option<usize>> = vec![None; columns.len()];
    for (at, cell) in header.iter().enumerate() {
        match columns.iter().position(|column| column.eq_ignore_ascii_case(&cell.text)) {
            Some(column) if order[column].is_some() => {
                sheet.errors.push(error(cell, format!("column `{}` stands here a second time", cell.text)));
            }
            Some(column) => order[column] = Some(at),
            None => {
                let hint = match nearest(&cell.text, columns.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there is {}", columns.join(", ")),
                };
                sheet.errors.push(error(cell, format!("unknown column `{}`; {hint}", cell.text)));
            }
        }
    }
    if order[0].is_none() {
        sheet.errors.push(error(&start, format!("there is no column `{}`", columns[0])));
    }
    if !sheet.errors.is_empty() {
        return sheet;
    }
    for row in rows {
        if let Some(cell) = row.get(header.len()..).and_then(|more| more.iter().find(|cell| !cell.text.is_empty())) {
            let message =
                format!("a cell too many: the header has {}; put quotes around cells with separators", header.len());
            sheet.errors.push(error(cell, message));
            continue;
        }
        let line = row.first().map_or(1, |cell| cell.line);
        let empty = Cell { line, column: 1, ..Cell::default() };
        let cell = |at: &Option<usize>| at.and_then(|at| row.get(at)).unwrap_or(&empty).clone();
        sheet.rows.push(order.iter().map(cell).collect());
    }
    sheet
}

fn is_left_out(row: &[Cell]) -> bool {
    row.iter().all(|cell| cell.text.is_empty()) || row.first().is_some_and(|cell| cell.text.starts_with('#'))
}

/// What separates the names of the first line.
fn separator(text: &str) -> char {
    let header = text.lines().next().unwrap_or_default();
    ['\t', ',', ';'].into_iter().find(|separator| header.contains(*separator)).unwrap_or(',')
}

/// All cells (RFC 4180, any line ends), and the beginning of one that does not end.
fn cells(text: &str, separator: char) -> (Vec<Vec<Cell>>, Option<Cell>) {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let (mut line, mut column) = (1, 1);
    let mut characters = text.chars().peekable();
    let mut cell = Cell { line, column, ..Cell::default() };
    let (mut in_quotes, mut was_quoted) = (false, false);
    while let Some(c) = characters.next() {
        column += 1;
        if in_quotes {
            if c == '"' && characters.peek() == Some(&'"') {
                characters.next();
                column += 1;
                cell.text.push('"');
            } else if c == '"' {
                in_quotes = false;
            } else {
                if c == '\n' {
                    line += 1;
                    column = 1;
                }
                cell.text.push(c);
            }
            continue;
        }
        let ends_line = c == '\n' || (c == '\r' && characters.peek() != Some(&'\n'));
        if c == '\r' && !ends_line {
            continue;
        }
        if ends_line {
            line += 1;
            column = 1;
        }
        if c == separator || ends_line {
            let next = Cell { line, column, ..Cell::default() };
            row.push(trimmed(std::mem::replace(&mut cell, next)));
            was_quoted = false;
            if ends_line {
                rows.push(std::mem::take(&mut row));
            }
        } else if c == '"' && !was_quoted && cell.text.trim().is_empty() {
            cell.text.clear();
            in_quotes = true;
            was_quoted = true;
        } else {
            cell.text.push(c);
        }
    }
    let unclosed = in_quotes.then(|| cell.clone());
    if !cell.text.is_empty() || !row.is_empty() {
        row.push(trimmed(cell));
        rows.push(row);
    }
    (rows, unclosed)
}

fn trimmed(mut cell: Cell) -> Cell {
    let text = cell.text.trim();
    if text.len() < cell.text.len() {
        cell.text = text.to_owned();
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) -> String {
        let sheet = read("m.csv", text, &["source", "code", "display"]);
        let row = |row: &Vec<Cell>| {
            let cells: Vec<_> =
                row.iter().map(|cell| format!("{:?}@{}:{}", cell.text, cell.line, cell.column)).collect();
            cells.join(" ")
        };
        let rows = sheet.rows.iter().map(row).chain(sheet.errors.iter().map(ToString::to_string));
        rows.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn cells_have_places_and_columns_have_names() {
        let text = "\u{feff}Display, source\r\n# a remark\r\n\"x, \"\"y\"\"\n z\",  a \r\n\r\n,b\r\nonly";
        expect_test::expect![[r#"
            "a"@4:5 ""@3:1 "x, \"y\"\n z"@3:1
            "b"@6:2 ""@6:1 ""@6:1
            ""@7:1 ""@7:1 "only"@7:1"#]]
        .assert_eq(&check(text));
        assert_eq!(check("source\tcode\na\tb"), "\"a\"@2:1 \"b\"@2:3 \"\"@2:1");
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        assert_eq!(check(""), "m.csv:1:1: the file is empty; its first line must name source,code,display");
        assert_eq!(
            check("sourse,code\n"),
            "m.csv:1:1: unknown column `sourse`; did you mean `source`?\nm.csv:1:1: there is no column `source`"
        );
        assert_eq!(check("source,source\n"), "m.csv:1:8: column `source` stands here a second time");
        assert!(check("source,code\na,b,c\n").starts_with("m.csv:2:5: a cell too many"));
        assert!(check("source,code\na,\"b\n").contains("m.csv:2:3: a quoted cell begins here"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_every_place_is_in_it(text in "(source|code|display|[\",;\\t\\r\\n a1男#])*") {
            let sheet = read("m.csv", &text, &["source", "code", "display"]);
            let lines = text.split(['\r', '\n']).count() as u32;
            prop_assert!(sheet.errors.iter().all(|error| (1..=lines + 1).contains(&error.line)));
            prop_assert!(sheet.rows.iter().flatten().all(|cell| (1..=lines + 1).contains(&cell.line) && cell.column > 0));
        }

        #[test]
        fn cells_in_quotes_read_back(cells in prop::collection::vec("[a-z男\",;\\n ]{1,8}", 1..20)) {
            let mut text = "source\n".to_owned();
            for cell in &cells {
                text.extend(["\"", &cell.replace('"', "\"\""), "\"\n"]);
            }
            let sheet = read("m.csv", &text, &["source"]);
            let read: Vec<_> = sheet.rows.iter().map(|row| row[0].text.clone()).collect();
            let given: Vec<_> = cells.iter().map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect();
            prop_assert_eq!(read, given);
        }
    }
}
