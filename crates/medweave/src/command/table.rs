//! Lists for people: columns as wide as their widest cell.

/// Columns of a terminal that a character takes: two in East Asian scripts.
pub(super) fn columns(c: char) -> usize {
    match c {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Columns of a terminal that a text takes.
fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Text that came from elsewhere, without what would steer the terminal or break the line.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A number of bytes in words: `1.5 GB`.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let (mut value, mut unit) = (count as f64 / 1000.0, 0);
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Lines of a table with a head.
pub(super) fn lines(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| width(cell)).collect();
    for row in rows {
        for (most, cell) in widths.iter_mut().zip(row) {
            *most = (*most).max(width(cell));
        }
    }
    let line = |cells: Vec<&str>| {
        let pad = |cell: &str, most: usize| format!("{cell}{}", " ".repeat(most - width(cell)));
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, most)| pad(cell, *most)).collect();
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
        serde_json::Value::String(text) => plain(text),
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
        let list = serde_json::json!([{"name": "检验科", "zone": "Asia/Shanghai"}, {"name": "lab", "zone": "UTC"}]);
        assert_eq!(of(&list, &["name", "zone"]), "name    zone\n检验科  Asia/Shanghai\nlab     UTC");
    }

    #[test]
    fn what_came_from_elsewhere_does_not_steer_the_terminal() {
        let list = serde_json::json!([{"name": "a\u{1b}[2Jb\nc"}]);
        assert_eq!(of(&list, &["name"]), "name\na\u{fffd}[2Jb\u{fffd}c");
    }
}
