//! Random tables, written by a writer of this test, come back equal, and every place is exact.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Written {
    charset: &'static str,
    separator: &'static str,
    line_end: &'static str,
    mark: bool,
    rows: Vec<Vec<String>>,
}

/// Cells of characters that are troublesome, all of them in every one of the encodings of a group.
fn cells(charset: &'static str) -> impl Strategy<Value = String> {
    let pool: &[char] = match charset {
        "shift_jis" => &['a', '"', ',', '\n', '\r', '|', '\t', ';', ' ', '表', 'ソ', 'ポ', 'ｱ', '1'],
        "big5" => &['a', '"', ',', '\n', '\r', '|', '\t', ';', ' ', '功', '許', '蓋', '一', '1'],
        "euc-kr" => &['a', '"', ',', '\n', '\r', '|', '\t', ';', ' ', '가', '힝', '뷁', '1'],
        "windows-1252" => &['a', '"', ',', '\n', '\r', '|', '\t', ';', ' ', 'é', '€', 'ß', '1'],
        _ => &['a', '"', ',', '\n', '\r', '|', '\t', ';', ' ', '张', '𠮷', '㐀', 'é', '亅', '1'],
    };
    prop::collection::vec(prop::sample::select(pool), 0..12).prop_map(|cell| cell.into_iter().collect())
}

fn written() -> impl Strategy<Value = Written> {
    let charsets = prop::sample::select(
        &["utf-8", "gb18030", "shift_jis", "big5", "euc-kr", "windows-1252", "utf-16le", "utf-16be"][..],
    );
    (charsets, 1_usize..5).prop_flat_map(|(charset, columns)| {
        let rows = prop::collection::vec(prop::collection::vec(cells(charset), columns), 0..12);
        let separators = prop::sample::select(&[",", "\t", ";", "|", "||"][..]);
        let line_ends = prop::sample::select(&["\n", "\r\n", "\r"][..]);
        (rows, separators, line_ends, any::<bool>()).prop_map(move |(rows, separator, line_end, mark)| Written {
            charset,
            separator,
            line_end,
            mark,
            rows,
        })
    })
}

fn encode(charset: &str, text: &str) -> Vec<u8> {
    match charset {
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        other => {
            let (bytes, _, failed) = super::charset(other).encoding().encode(text);
            assert!(!failed, "{other} has {text:?}");
            bytes.into_owned()
        }
    }
}

/// A row, quoted where it must be; a row that would be a blank line is quoted too.
fn line(row: &[String], separator: &str, line_end: &str) -> String {
    let is_blank = row.iter().all(|cell| cell.chars().all(|c| c == ' ' || c == '\t'));
    let cells: Vec<String> = row
        .iter()
        .map(|cell| {
            let is_special = |c: char| matches!(c, '"' | '\n' | '\r') || separator.contains(c);
            if is_blank || cell.contains(is_special) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell.clone()
            }
        })
        .collect();
    cells.join(separator) + line_end
}

proptest! {
    #[test]
    fn tables_come_back_equal_with_exact_places(table in written()) {
        let wide = table.charset.starts_with("utf-16");
        let columns = table.rows.first().map_or(1, Vec::len);
        // `ß€` is a character of UTF-8 by chance: a letter that is none in a header says that the file is not.
        let name = if table.charset == "windows-1252" { "é" } else { "c" };
        let header: Vec<String> = (0..columns).map(|no| format!("{name}{no}")).collect();
        let mut bytes = Vec::new();
        if table.mark && (wide || table.charset == "utf-8") {
            bytes = encode(table.charset, "\u{feff}");
        }
        bytes.extend(encode(table.charset, &line(&header, table.separator, table.line_end)));
        let mut places = Vec::new();
        for row in &table.rows {
            let row = encode(table.charset, &line(row, table.separator, table.line_end));
            places.push((bytes.len() as u64, row.len() as u32));
            bytes.extend(row);
        }
        let options = TableOptions { separator: Some(table.separator.to_owned()), ..encoded(table.charset) };
        let whole = read_file("t.csv", &bytes, options).unwrap();
        prop_assert_eq!(&whole.bad, &[]);
        let rows: Vec<Vec<String>> = whole.rows.iter().map(|row| row.iter().map(|cell| cell.clone().unwrap()).collect()).collect();
        prop_assert_eq!(rows, table.rows);
        prop_assert_eq!(whole.places.iter().map(|place| place.bytes.unwrap()).collect::<Vec<_>>(), places);
        prop_assert_eq!(whole.content.unwrap().hash, *blake3::hash(&bytes).as_bytes());
    }

    /// Whatever the bytes are: every one is in the header, a row, a bad row or a blank line, in order.
    #[test]
    fn any_bytes_are_rows_or_bad_rows_without_a_gap(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"a,\"\n\r\x81\x30\xfe\x40\x1a\0"[..])], 0..200),
        charset in prop::sample::select(&["utf-8", "gb18030", "shift_jis", "big5", "euc-jp", "euc-kr", "windows-1251", "utf-16le"][..]),
    ) {
        let wide = charset.starts_with("utf-16");
        let mut all = encode(charset, "a,b\n");
        let header = all.len() as u64;
        all.extend(&bytes);
        // What is UTF-8 by chance is refused.
        let mistaken = charset != "utf-8" && !all.is_ascii() && std::str::from_utf8(&all).is_ok();
        if mistaken || Charset::of_mark(&all).is_some() {
            return Ok(());
        }
        let whole = read_file("t.csv", &all, encoded(charset)).unwrap();
        let mut places: Vec<(u64, u32)> = whole.places.iter().chain(whole.bad.iter().map(|bad| &bad.place)).map(|place| place.bytes.unwrap()).collect();
        places.sort_unstable();
        let mut at = header;
        for (from, length) in places {
            // What is between rows is blank lines.
            let gap = &all[at as usize..from as usize];
            prop_assert!(gap.iter().all(|byte| b"\n\r \t\x1a".contains(byte) || wide && *byte == 0), "{:?}", gap);
            at = from + u64::from(length);
        }
        let gap = &all[at as usize..];
        prop_assert!(gap.iter().all(|byte| b"\n\r \t\x1a".contains(byte) || wide && *byte == 0), "{:?}", gap);
    }
}
