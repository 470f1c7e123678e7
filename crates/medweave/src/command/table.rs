//! Lists for people: columns as wide as their widest cell.

/// Lines of a table with a head.
pub(super) fn lines(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut out = vec![line(head.to_vec())];
    out.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    out.join("\n")
}

/// A JSON value as a cell.
pub(super) fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A list in the answer of our API, as a table of these members.
pub(super) fn of(list: &serde_json::Value, columns: &[&str]) -> String {
    let empty = Vec::new();
    let rows: Vec<Vec<String>> = list
        .as_array()
        .unwrap_or(&empty)
        .iter()
        .map(|item| columns.iter().map(|name| cell(&item[*name])).collect())
        .collect();
    lines(columns, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let list = serde_json::json!([{"id": 1, "name": "lab"}, {"id": 22, "name": null}]);
        assert_eq!(of(&list, &["id", "name"]), "id  name\n1   lab\n22  -");
    }
}
