use super::*;
use crate::read::propose_encoding;
use expect_test::expect;
use std::fmt::Write;

fn plain(bytes: &[u8]) -> Whole {
    read_file("t.csv", bytes, TableOptions::default()).unwrap()
}

/// Each row's bytes, as its place says.
fn slices<'b>(whole: &Whole, bytes: &'b [u8]) -> Vec<&'b [u8]> {
    let slice = |place: &Place| {
        let (from, length) = place.bytes.unwrap();
        &bytes[from as usize..from as usize + length as usize]
    };
    whole.places.iter().map(slice).collect()
}

#[test]
fn quotes_line_ends_and_a_last_line_without_end() {
    let bytes = b"a,b,c\r\n1,\"x,\"\"y\"\"\",3\r\n4,\"two\r\nlines\",6\n7,5' 11\",\rx,y,z";
    let whole = plain(bytes);
    assert_eq!(whole.columns, ["a", "b", "c"]);
    assert_eq!(
        whole.texts(),
        [["1", "x,\"y\"", "3"], ["4", "two\r\nlines", "6"], ["7", "5' 11\"", ""], ["x", "y", "z"]]
    );
    assert_eq!(
        slices(&whole, bytes),
        [&b"1,\"x,\"\"y\"\"\",3\r\n"[..], b"4,\"two\r\nlines\",6\n", b"7,5' 11\",\r", b"x,y,z"]
    );
    assert!(whole.bad.is_empty());
}

#[test]
fn blank_lines_are_counted_and_no_rows() {
    let whole = plain(b"\n\na,b\n\n1,2\n   \n\r\n3,4\n\n\n\n\x1a");
    assert_eq!(whole.texts(), [["1", "2"], ["3", "4"]]);
    assert_eq!(whole.passed.blank_lines, 9);
    assert_eq!(whole.places[1].number, 2);
    // An empty cell is none of them.
    let whole = plain(b"a\n\"\"\n\nx\n");
    assert_eq!((whole.texts(), whole.passed.blank_lines), (vec![vec![""], vec!["x"]], 1));
}

#[test]
fn ragged_rows_are_bad_and_empty_cells_after_the_last_are_not() {
    let whole = plain(b"a,b\n1\n1,2,3\n1,2,,\n1,2,\"\"\n3,4\n1,2,,x\n");
    assert_eq!(whole.texts(), [["1", "2"], ["1", "2"], ["3", "4"]]);
    assert_eq!(whole.reasons(), [(1, "ragged-row"), (2, "ragged-row"), (6, "ragged-row")]);
    assert_eq!(whole.bad[1].message, "3 cells where the header has 2");
    assert_eq!(whole.bad[1].text, "1,2,3");
    assert_eq!(whole.bad[1].place.bytes, Some((6, 6)));
}

#[test]
fn a_quote_that_is_not_closed_costs_its_line_alone() {
    let whole = plain(b"a,b\n1,\"x\n2,\"y\"\n3,z\n");
    assert_eq!(whole.texts(), [["2", "y"], ["3", "z"]]);
    assert_eq!(whole.reasons(), [(1, "unclosed-quote")]);
    // At the end of a file that was cut off.
    let whole = plain(b"a,b\n1,x\n2,\"y");
    assert_eq!((whole.texts(), whole.reasons()), (vec![vec!["1", "x"]], vec![(2, "unclosed-quote")]));
    let whole = plain(b"a,b\n1,\"x\n2,y\n3,z");
    assert_eq!((whole.texts(), whole.reasons()), (vec![vec!["2", "y"], vec!["3", "z"]], vec![(1, "unclosed-quote")]));
    let whole = plain(b"a,b\n1,\"say \"hi\" now\"\n\"2\" ,\"y\"  \n");
    assert_eq!((whole.texts(), whole.reasons()), (vec![vec!["2", "y"]], vec![(1, "stray-quote")]));
}

#[test]
fn zero_bytes_make_a_row_bad() {
    let whole = plain(b"a,b\n1,x\0\n2,y\n\0\0\0\0\n");
    assert_eq!((whole.texts(), whole.reasons()), (vec![vec!["2", "y"]], vec![(1, "nul-byte"), (3, "nul-byte")]));
}

#[test]
fn names_of_columns_are_made_unique() {
    let whole = plain(" a ,,A,a_2,\n".as_bytes());
    assert_eq!(whole.columns, ["a", "column_2", "A_3", "a_2", "column_5"]);
    expect!["columns without a name, or with one that is there before, are called column_2, A_3, column_5 here"]
        .assert_eq(&whole.notes[0]);
    let given = TableOptions { columns: Some(vec!["x".into(), "y".into()]), ..TableOptions::default() };
    let whole = read_file("t.csv", b"1,2\n3,4\n", given).unwrap();
    assert_eq!((whole.columns.as_slice(), whole.rows.len()), (&["x".to_owned(), "y".to_owned()][..], 2));
}

#[test]
fn separators_are_proposed_by_name_and_first_line() {
    let cells = |name: &str, bytes: &[u8]| {
        let whole = read_file(name, bytes, TableOptions::default()).unwrap();
        (whole.columns.len(), whole.notes.len())
    };
    assert_eq!(cells("t.csv", b"a,b;c\n"), (2, 0));
    assert_eq!(cells("t.csv", b"a;b;c\n"), (3, 1));
    assert_eq!(cells("t.txt", b"a\tb\tc\n"), (3, 1));
    assert_eq!(cells("t.tsv", b"a\tb,c,d,e\n"), (2, 0));
    assert_eq!(cells("t.dat", b"a|b|\"x,y,z,w\"\n"), (3, 1));
    assert_eq!(cells("t.csv", b"alone\n"), (1, 1));
    assert_eq!(cells("t.txt", b"a\x01b\n"), (2, 1));
}

#[test]
fn a_line_for_excel_declares_the_separator() {
    let whole = plain(b"sep=;\r\na;b,c\r\n1;2\r\n");
    assert_eq!(
        (whole.columns.as_slice(), whole.texts()),
        (&["a".to_owned(), "b,c".to_owned()][..], vec![vec!["1", "2"]])
    );
    assert_eq!(whole.places[0].bytes, Some((14, 5)));
}

#[test]
fn cells_of_columns_without_a_name_at_the_end_may_be_missing() {
    let whole = plain(b"a,b,,\n1,2\n1,2,\n1,2,3,4\n1\n1,2,3,4,5\n");
    assert_eq!(whole.texts(), [["1", "2", "", ""], ["1", "2", "", ""], ["1", "2", "3", "4"]]);
    assert_eq!(whole.reasons(), [(4, "ragged-row"), (5, "ragged-row")]);
}

#[test]
fn separators_of_several_characters() {
    for separator in ["<>", "\u{2016}", "~|~"] {
        let options = TableOptions { separator: Some(separator.to_owned()), ..TableOptions::default() };
        let text = "a|,b|,c\nx|y,\"1,|\",\n".replace(',', separator);
        let whole = read_file("t.csv", text.as_bytes(), options).unwrap();
        let inner = format!("1{separator}|");
        assert_eq!(whole.columns, ["a|", "b|", "c"], "{separator}");
        assert_eq!(whole.texts(), [["x|y", inner.as_str(), ""]], "{separator}");
    }
}

#[test]
fn without_a_quote_a_quote_is_a_character() {
    let options = TableOptions { quote: None, ..TableOptions::default() };
    let whole = read_file("CONCEPT.tsv", b"id\tname\n1\t\"a\n2\t6\" wide\n3\t\"\"\n", options).unwrap();
    assert_eq!(whole.texts(), [["1", "\"a"], ["2", "6\" wide"], ["3", "\"\""]]);
}

#[test]
fn marks_of_byte_order_win() {
    let whole = read_file("t.csv", "\u{feff}名,b\n张,2\n".as_bytes(), encoded("gb18030")).unwrap();
    assert_eq!((whole.columns[0].as_str(), whole.texts()), ("名", vec![vec!["张", "2"]]));
    expect!["it begins with the byte-order mark of UTF-8, so it is read as that, not as gb18030"]
        .assert_eq(&whole.notes[0]);
    assert_eq!(whole.places[0].bytes, Some((9, 6)));
    let wide: Vec<u8> = "\u{feff}名,b\r\n张,2\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let whole = plain(&wide);
    assert_eq!((whole.columns[0].as_str(), whole.texts()), ("名", vec![vec!["张", "2"]]));
    assert_eq!(whole.places[0].bytes, Some((12, 10)));
}

#[test]
fn a_file_that_is_not_utf8_is_refused_with_a_proposal() {
    let text = "病人ID,姓名,诊断\n1,张三,高血压\n2,李四,糖尿病伴有并发症\n3,王五,急性上呼吸道感染\n";
    let gbk = charset("gbk").encoding().encode(text).0.into_owned();
    let error = read_file("t.csv", &gbk, TableOptions::default()).unwrap_err();
    expect![[r#"t.csv, byte 0: not UTF-8, and no other encoding is declared. It may be gb18030 (all bytes are text in it, and its letters are most often together): look at it, then declare `encoding = "gb18030"`"#]]
        .assert_eq(&error.to_string());
    assert_eq!(read_file("t.csv", &gbk, encoded("GBK")).unwrap().texts()[0][1], "张三");
    let wide: Vec<u8> = "id,name\n1,abc\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let error = read_file("t.csv", &wide, TableOptions::default()).unwrap_err();
    assert!(error.message.contains("UTF-16BE"), "{error}");
    assert_eq!(read_file("t.csv", &wide, encoded("utf-16be")).unwrap().texts(), [["1", "abc"]]);
    assert_eq!(propose_encoding("日本語のテキストと漢字".as_bytes()).encoding, Charset::UTF_8);
}

#[test]
fn letters_that_only_iso_8859_15_has_are_told_from_signs() {
    let proposed = |text: &str, encoding: &'static encoding_rs::Encoding| {
        let text = format!("id;nom;prénom;ville\n{text}");
        propose_encoding(&encoding.encode(&text).0).encoding.name()
    };
    let text = "1;D'Œuvrard;Zoé;Évreux\n2;Bœrsch;Anaïs;Besançon\n";
    assert_eq!(proposed(text, encoding_rs::ISO_8859_15), "ISO-8859-15");
    assert_ne!(proposed(text, encoding_rs::WINDOWS_1252), "ISO-8859-15");
}

#[test]
fn bytes_that_are_no_text_make_their_row_bad() {
    let whole = read_file("t.csv", b"a,b\n1,\xff\xfe x\n2,ok\n3,\xe4\n", encoded("utf-8")).unwrap();
    assert_eq!(
        (whole.texts(), whole.reasons()),
        (vec![vec!["2", "ok"]], vec![(1, "bad-encoding"), (3, "bad-encoding")])
    );
    assert_eq!(whole.bad[0].message, "bytes at 6 that are no text in UTF-8");
    assert_eq!(whole.bad[0].text, "1,\u{fffd}\u{fffd} x");
    // 0xFF is no beginning of anything in GB18030, and 0x81 with a line end after it is no character.
    let whole = read_file("t.csv", b"a,b\n1,\xff\n2,\xc4\xe3\n3,\x81\n4,ok", encoded("gb18030")).unwrap();
    assert_eq!(whole.texts(), [["2", "你"], ["4", "ok"]]);
    assert_eq!(whole.bad.iter().map(|bad| bad.place.bytes.unwrap()).collect::<Vec<_>>(), [(4, 4), (13, 4)]);
}

#[test]
fn second_bytes_that_look_like_separators_are_no_separators() {
    // In Shift_JIS 表 and ソ end in a backslash, ポ in a vertical bar; in Big5 功 ends in a backslash; in GB18030 亅 in a bar.
    for (name, cell) in
        [("shift_jis", "表|ソポ"), ("big5", "功許蓋"), ("gb18030", "亅亇亊𠮷㐀〡"), ("euc-kr", "가힝뷁")]
    {
        for separator in ["|", "\\", "^", "~"] {
            let cell = cell.replace('|', "");
            let text = format!("a{separator}b{separator}c\n1{separator}{cell}{separator}3\n");
            let (bytes, _, failed) = charset(name).encoding().encode(&text);
            assert!(!failed, "{name} has {cell}");
            let options = TableOptions { separator: Some(separator.to_owned()), ..encoded(name) };
            let whole = read_file("t.csv", &bytes, options).unwrap();
            assert_eq!(whole.texts(), [["1", cell.as_str(), "3"]], "{name} {separator}");
            let (from, length) = whole.places[0].bytes.unwrap();
            assert_eq!((from, from + u64::from(length)), (6, bytes.len() as u64), "{name} {separator}");
        }
    }
}

#[test]
fn names_of_encodings() {
    for (name, is) in [
        ("GBK", "gb18030"),
        ("cp936", "gb18030"),
        ("ZHS16GBK", "gb18030"),
        ("Shift-JIS", "Shift_JIS"),
        ("latin1", "windows-1252"),
    ] {
        assert_eq!(charset(name).name(), is);
    }
    for name in ["iso-2022-jp", "ebcdic", "", "x-user-defined", "utf-7"] {
        assert!(Charset::for_name(name).is_err(), "{name}");
    }
}

#[test]
fn a_file_without_a_header_is_refused() {
    for (bytes, expected) in [
        (&b""[..], "t.csv: it is empty: a header line is expected; name the columns if the file has none"),
        (b"\n\n", "t.csv: it is empty: a header line is expected; name the columns if the file has none"),
        (
            b"a,\"b\nc",
            "t.csv, byte 0: its header line cannot be read: a quote that is not closed: the next line is read as a row of its own",
        ),
    ] {
        assert_eq!(read_file("t.csv", bytes, TableOptions::default()).unwrap_err().to_string(), expected);
    }
}

#[test]
fn the_bytes_are_hashed_and_handed_on_as_they_are() {
    #[derive(Clone, Default)]
    struct Tee(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Tee {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut text = "id,名\r\n".to_owned();
    (0..50_000).for_each(|no| write!(text, "{no},名{no}\r\n").unwrap());
    let bytes = charset("gbk").encoding().encode(&text).0.into_owned();
    let tee = Tee::default();
    let options = TableOptions { tee: Some(Box::new(tee.clone())), ..encoded("gbk") };
    let whole = read_file("t.csv", &bytes, options).unwrap();
    assert_eq!(whole.rows.len(), 50_000);
    assert_eq!(*tee.0.lock().unwrap(), bytes);
    let content = whole.content.unwrap();
    assert_eq!((content.bytes, content.hash), (bytes.len() as u64, *blake3::hash(&bytes).as_bytes()));
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    let whole = plain(b"subject_id,intime");
    assert_eq!((whole.columns.len(), whole.rows.len(), whole.bad.len()), (2, 0, 0));
    assert_eq!(whole.content.unwrap().bytes, 17);
}
