//! Workbooks and DBF files, made here byte by byte.

use super::*;
use std::fmt::Write as _;
use std::io::{Cursor, Write};

/// A workbook of a few parts: sheets with their rows as XML.
pub(super) fn workbook(sheets: &[(&str, &str)], strings: &str, styles: &str, properties: &str) -> Vec<u8> {
    let mut parts = vec![
        ("[Content_Types].xml".to_owned(), "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned()),
        (
            "_rels/.rels".to_owned(),
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" \
             Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                .to_owned(),
        ),
        (
            "xl/sharedStrings.xml".to_owned(),
            format!("<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">{strings}</sst>"),
        ),
        ("xl/styles.xml".to_owned(), format!("<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">{styles}</styleSheet>")),
    ];
    let (mut names, mut relations) = (String::new(), String::new());
    for (no, (name, rows)) in sheets.iter().enumerate() {
        let no = no + 1;
        write!(names, "<sheet name=\"{name}\" sheetId=\"{no}\" r:id=\"rId{no}\"/>").unwrap();
        write!(relations,
            "<Relationship Id=\"rId{no}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{no}.xml\"/>"
        ).unwrap();
        parts.push((
            format!("xl/worksheets/sheet{no}.xml"),
            format!("<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"),
        ));
    }
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!(
            "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
             xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">{properties}<sheets>{names}</sheets></workbook>"
        ),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{relations}</Relationships>"),
    ));
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) const STYLES: &str = "<numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/>\
    <numFmt numFmtId=\"165\" formatCode=\"[$-804]yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/></numFmts>\
    <cellXfs count=\"6\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/><xf numFmtId=\"21\"/>\
    <xf numFmtId=\"46\"/><xf numFmtId=\"31\"/><xf numFmtId=\"2\"/></cellXfs>";

#[test]
fn a_sheet_gives_the_same_rows_as_the_other_kinds() {
    let strings = "<si><t>id</t></si><si><t>name</t></si><si><t>weight</t></si><si><t>alive</t></si><si><t>born</t></si><si><t>seen</t></si>\
        <si><t>张三</t></si><si><t xml:space=\"preserve\"> 00123</t></si><si><r><t>a</t></r><r><t>,b &amp; c</t></r></si>";
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"C1\" t=\"s\"><v>2</v></c><c r=\"D1\" t=\"s\"><v>3</v></c><c r=\"E1\" t=\"s\"><v>4</v></c><c r=\"F1\" t=\"s\"><v>5</v></c></row>\
        <row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\" t=\"s\"><v>6</v></c><c r=\"C2\"><v>71.5</v></c><c r=\"D2\" t=\"b\"><v>1</v></c><c r=\"E2\" s=\"1\"><v>32932</v></c><c r=\"F2\" s=\"2\"><v>45413.297326388885</v></c></row>\
        <row r=\"3\"><c r=\"A3\"><v>2</v></c><c r=\"B3\" t=\"s\"><v>7</v></c><c r=\"C3\"><v>5.0</v></c><c r=\"D3\" t=\"b\"><v>0</v></c><c r=\"E3\" s=\"3\"><v>36585</v></c><c r=\"F3\" s=\"2\"><v>45413</v></c></row>\
        <row r=\"6\"><c r=\"A6\"><f>1+2</f><v>3</v></c><c r=\"B6\" t=\"s\"><v>8</v></c><c r=\"C6\"><v>0.30000000000000004</v></c><c r=\"E6\" s=\"6\"><v>36585</v></c><c r=\"F6\" t=\"e\"><v>#N/A</v></c></row>\
        <row r=\"7\"><c r=\"A7\"/></row>\
        <row r=\"8\"><c r=\"A8\" t=\"inlineStr\"><is><t>0004</t></is></c><c r=\"B8\" t=\"str\"><v>x</v></c><c r=\"E8\" s=\"4\"><v>0.5</v></c><c r=\"F8\" s=\"5\"><v>1.5</v></c></row>\
        <row r=\"9\"><c r=\"A9\"><v>5</v></c><c r=\"G9\"><v>1</v></c></row>";
    let bytes = workbook(&[("病人", rows), ("empty", "")], strings, STYLES, "");
    let folder = folder(&[("h.xlsx", &bytes), ("~$h.xlsx", b"x")]);
    let delivery = open(folder.path());
    let names: Vec<String> = delivery.tables().iter().map(crate::read::Listed::shown).collect();
    assert_eq!(names, ["h.xlsx#病人", "h.xlsx#empty"], "{:?}", delivery.passed_over());
    let mut table = delivery.table("病人", None, TableOptions::default()).unwrap();
    let whole = read(table.as_mut()).unwrap();
    assert_eq!(whole.columns, ["id", "name", "weight", "alive", "born", "seen"]);
    assert_eq!(
        whole.texts(),
        [
            ["1", "张三", "71.5", "true", "1990-02-28", "2024-05-01 07:08:09"],
            ["2", " 00123", "5", "false", "2000-02-29", "2024-05-01 00:00:00"],
            ["3", "a,b & c", "0.30000000000000004", "", "2000-02-29", "#N/A"],
            ["0004", "x", "", "", "12:00:00", "36:00:00"],
        ]
    );
    assert_eq!((whole.passed.blank_lines, whole.reasons()), (3, vec![(5, "ragged-row")]));
    assert_eq!(whole.bad[0].message, "7 cells where the header has 6");
    assert_eq!(whole.content.unwrap().hash, *blake3::hash(&bytes).as_bytes());
    let error = delivery.table("empty", None, TableOptions::default()).err().unwrap().to_string();
    assert_eq!(error, "h.xlsx#empty: the sheet is empty: a header row is expected");
    let error = delivery.table("h", None, TableOptions::default()).err().unwrap().to_string();
    assert!(error.contains("`h` is 2 tables: h.xlsx#病人, h.xlsx#empty"), "{error}");
    assert!(delivery.table("x", Some("h.xlsx#病人"), TableOptions::default()).is_ok());
}

#[test]
fn a_workbook_of_one_sheet_is_found_by_its_own_name_and_dates_of_1904_are_dates() {
    let rows = "<row><c t=\"inlineStr\"><is><t>day</t></is></c></row><row><c s=\"1\"><v>0</v></c></row><row><c s=\"1\"><v>43951</v></c></row>";
    let bytes = workbook(&[("Sheet1", rows)], "", STYLES, "<workbookPr date1904=\"1\"/>");
    let folder = folder(&[("labs.xlsx", &bytes)]);
    let mut table = open(folder.path()).table("labs", None, TableOptions::default()).unwrap();
    assert_eq!(read(table.as_mut()).unwrap().texts()[1], ["2024-05-01"]);
}

#[test]
fn a_workbook_that_unpacks_to_too_much_is_refused() {
    // Letters that do not pack well.
    let mut state = 1_u32;
    let letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + (state >> 28) as u8)
    };
    let text: String = (0..17 << 20).map(letter).collect();
    let rows = format!("<row><c t=\"inlineStr\"><is><t>{text}</t></is></c></row>");
    let folder = folder(&[
        ("a.xlsx", &workbook(&[("s", &rows)], "", "", "")),
        ("b.xlsx", &workbook(&[("s", &format!("{}<row/>", " ".repeat(1 << 20)).repeat(24))], "", "", "")),
        ("c.xlsx", b"PK\x03\x04 and nothing"),
        ("d.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and nothing"),
    ]);
    let delivery = open(folder.path());
    let whys: Vec<&str> = delivery.passed_over().iter().map(|passed| passed.why.as_str()).collect();
    let names: Vec<String> = delivery.tables().iter().map(crate::read::Listed::shown).collect();
    assert_eq!(names, [""; 0]);
    assert!(whys[0].contains("a text of more than 16 MiB"), "{}", whys[0]);
    assert!(whys[1].contains("it looks like an archive made to exhaust the reader"), "{}", whys[1]);
    assert!(whys[2].contains("the archive cannot be read on"), "{}", whys[2]);
    assert!(whys[3].contains("not a workbook that can be read"), "{}", whys[3]);
}

/// A compound file with one stream, which is filled up to the size below which streams are kept elsewhere.
fn compound(name: &str, mut stream: Vec<u8>) -> Vec<u8> {
    stream.resize(stream.len().max(4096).next_multiple_of(512), 0);
    let sectors = stream.len() as u32 / 512;
    let mut header = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    header.resize(24, 0);
    for number in [0x3e_u16, 3, 0xfffe, 9, 6] {
        header.extend(number.to_le_bytes());
    }
    header.resize(44, 0);
    // One sector of the table, the directory in sector 1, no small streams, no more tables.
    for number in [1_u32, 1, 0, 4096, 0xffff_fffe, 0, 0xffff_fffe, 0, 0] {
        header.extend(number.to_le_bytes());
    }
    header.resize(512, 0xff);
    let mut table: Vec<u32> = vec![0xffff_fffd, 0xffff_fffe];
    table.extend((0..sectors).map(|no| if no + 1 == sectors { 0xffff_fffe } else { no + 3 }));
    table.resize(128, 0xffff_ffff);
    let entry = |name: &str, kind: u8, start: u32, length: u32| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let name_bytes = entry.len() as u16 + 2;
        entry.resize(64, 0);
        entry.extend(name_bytes.to_le_bytes());
        entry.push(kind);
        entry.resize(116, 0);
        entry.extend(start.to_le_bytes());
        entry.extend(length.to_le_bytes());
        entry.resize(128, 0);
        entry
    };
    let mut bytes = header;
    bytes.extend(table.into_iter().flat_map(u32::to_le_bytes));
    bytes.extend(entry("Root Entry", 5, 0xffff_fffe, 0));
    bytes.extend(entry(name, 2, 2, stream.len() as u32));
    bytes.resize(512 * 3, 0);
    bytes.extend(stream);
    bytes
}

fn record(kind: u16, parts: &[&[u8]]) -> Vec<u8> {
    let data = parts.concat();
    [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), &data].concat()
}

#[test]
fn an_old_workbook_gives_the_same_rows() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let cell =
        |row: u16, column: u16, format: u16| [row.to_le_bytes(), column.to_le_bytes(), format.to_le_bytes()].concat();
    let format = |number: u16| record(0xe0, &[&[0, 0], &number.to_le_bytes(), &[0; 16]]);
    let code = "yyyy\\-mm\\-dd\\ hh:mm:ss";
    let mut globals = [
        record(0x809, &[&[0, 6, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]),
        record(0x42, &[&1200_u16.to_le_bytes()]),
        record(0x41e, &[&164_u16.to_le_bytes(), &(code.len() as u16).to_le_bytes(), &[0], code.as_bytes()]),
        format(0),
        format(14),
        format(164),
        // Four texts; the third goes on in another record, where its characters become wide; the fourth is formatted.
        record(
            0xfc,
            &[
                &6_u32.to_le_bytes(),
                &4_u32.to_le_bytes(),
                &[2, 0, 0, b'i', b'd'],
                &[2, 0, 1],
                &wide("姓名"),
                &[4, 0, 0, b'a', b'b'],
            ],
        ),
        record(0x3c, &[&[1], &wide("张𠮷")[..2], &wide("三")[..2], &[4, 0, 8, 1, 0], b"0001", &[0, 0, 0, 0]]),
    ]
    .concat();
    let number = |row, column, format, value: f64| record(0x203, &[&cell(row, column, format), &value.to_le_bytes()]);
    let shared = |row, column, no: u32| record(0xfd, &[&cell(row, column, 0), &no.to_le_bytes()]);
    let sheet = [
        record(0x809, &[&[0, 6, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]),
        shared(1, 0, 0),
        shared(1, 1, 1),
        record(0x204, &[&cell(1, 2, 0), &[4, 0, 0], b"born"]),
        record(0x204, &[&cell(1, 3, 0), &[1, 0, 0], b"x"]),
        shared(2, 0, 3),
        shared(2, 1, 2),
        number(2, 2, 1, 32_932.0),
        number(2, 3, 2, 45_413.0),
        // 5, 71.5 and 1.23 in the short form; a chart within the sheet; a formula with a text.
        record(
            0xbd,
            &[
                &[3, 0, 0, 0],
                &[0, 0],
                &(5_u32 << 2 | 2).to_le_bytes(),
                &[0, 0],
                &((71.5_f64.to_bits() >> 32) as u32).to_le_bytes(),
                &[1, 0],
            ],
        ),
        record(0x27e, &[&cell(3, 2, 0), &(123_u32 << 2 | 3).to_le_bytes()]),
        record(0x809, &[&[0, 6, 32, 0]]),
        number(3, 3, 0, 9.0),
        record(0x0a, &[]),
        record(0x06, &[&cell(3, 3, 0), &[0, 0, 0, 0, 0, 0, 0xff, 0xff], &[0; 8]]),
        record(0x207, &[&[2, 0, 0], b"ok"]),
        record(0x205, &[&cell(5, 0, 0), &[1, 0]]),
        record(0x205, &[&cell(5, 1, 0), &[0x2a, 1]]),
        record(0x06, &[&cell(5, 2, 0), &2.5_f64.to_le_bytes(), &[0; 8]]),
        record(0x0a, &[]),
    ]
    .concat();
    let name = wide("病人");
    // The sheet begins after the globals, of which its own record and their end are a part.
    let begin = globals.len() + 4 + 8 + name.len() + 4;
    globals.extend(record(0x85, &[&(begin as u32).to_le_bytes(), &[0, 0, 2, 1], &name]));
    globals.extend(record(0x0a, &[]));
    let bytes = compound("Workbook", [globals, sheet].concat());
    let folder = folder(&[("h.xls", &bytes)]);
    let delivery = open(folder.path());
    assert_eq!(delivery.tables().len(), 1, "{:?}", delivery.passed_over());
    let mut table = delivery.table("病人", None, TableOptions::default()).unwrap();
    let whole = read(table.as_mut()).unwrap();
    assert_eq!(whole.columns, ["id", "姓名", "born", "x"]);
    assert_eq!(
        whole.texts(),
        [
            ["0001", "ab张三", "1990-02-28", "2024-05-01 00:00:00"],
            ["5", "71.5", "1.23", "ok"],
            ["true", "#N/A", "2.5", ""],
        ]
    );
    assert_eq!(whole.passed.blank_lines, 2);
    // Cut off anywhere it is an error or has fewer rows, and nothing worse.
    for length in (0..bytes.len()).step_by(97) {
        let delivery = {
            std::fs::write(folder.path().join("h.xls"), &bytes[..length]).unwrap();
            open(folder.path())
        };
        if let Ok(mut table) = delivery.table("病人", None, TableOptions::default()) {
            let _ = read(table.as_mut());
        }
    }
}

#[test]
fn a_workbook_of_excel_95_is_in_its_code_page() {
    let gbk = |text: &str| charset("gbk").encoding().encode(text).0.into_owned();
    let text = |row: u16, text: &str| {
        let bytes = gbk(text);
        record(0x204, &[&row.to_le_bytes(), &[0; 4], &(bytes.len() as u16).to_le_bytes(), &bytes])
    };
    let sheet = [record(0x809, &[&[0, 5, 16, 0]]), text(0, "姓名"), text(1, "张三"), record(0x0a, &[])].concat();
    let name = gbk("病人");
    let mut globals = [record(0x809, &[&[0, 5, 5, 0]]), record(0x42, &[&936_u16.to_le_bytes()])].concat();
    let begin = globals.len() + 4 + 7 + name.len() + 4;
    globals.extend(record(0x85, &[&(begin as u32).to_le_bytes(), &[0, 0, name.len() as u8], &name]));
    globals.extend(record(0x0a, &[]));
    let whole = read_file("h.xls", &compound("Book", [globals, sheet].concat()), TableOptions::default()).unwrap();
    assert_eq!((whole.columns[0].as_str(), whole.texts()), ("姓名", vec![vec!["张三"]]));
}

/// A DBF file: fields with type and length, then records as they lie there.
pub(super) fn dbf(version: u8, driver: u8, fields: &[(&[u8], u8, u8)], records: &[&[u8]]) -> Vec<u8> {
    let record_bytes = 1 + fields.iter().map(|(_, _, length)| u16::from(*length)).sum::<u16>();
    let header_bytes = 33 + 32 * fields.len() as u16;
    let mut bytes = vec![version, 126, 4, 2];
    bytes.extend((records.len() as u32).to_le_bytes());
    bytes.extend(header_bytes.to_le_bytes());
    bytes.extend(record_bytes.to_le_bytes());
    bytes.resize(29, 0);
    bytes.extend([driver, 0, 0]);
    for (name, kind, length) in fields {
        let mut field = name.to_vec();
        field.resize(11, 0);
        field.extend([*kind, 0, 0, 0, 0, *length, 0]);
        field.resize(32, 0);
        bytes.extend(field);
    }
    bytes.push(0x0d);
    for record in records {
        assert_eq!(record.len(), usize::from(record_bytes));
        bytes.extend(*record);
    }
    bytes.push(0x1a);
    bytes
}

#[test]
fn dbf_files_of_a_hospital_in_gbk() {
    let gbk = |text: &str| charset("gbk").encoding().encode(text).0.into_owned();
    let name = gbk("姓名");
    let fields: &[(&[u8], u8, u8)] = &[(b"ID", b'N', 5), (&name, b'C', 8), (b"BORN", b'D', 8), (b"ALIVE", b'L', 1)];
    let record = |flag: u8, rest: &str, tail: &str| [vec![flag], gbk(rest), gbk(tail)].concat();
    let records = [
        record(b' ', "    1张三    ", "19900228T"),
        record(b'*', "    2李四    ", "19900228T"),
        record(b' ', " 5.00王五    ", "        ?"),
        record(b' ', "*****王五    ", "20000229F"),
        record(b' ', "    6王五    ", "2000-2-9F"),
    ];
    let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    let bytes = dbf(3, 0x4d, fields, &records);
    let whole = read_file("T.DBF", &bytes, TableOptions::default()).unwrap();
    assert_eq!(whole.columns, ["ID", "姓名", "BORN", "ALIVE"]);
    assert_eq!(whole.texts(), [["1", "张三", "1990-02-28", "true"], ["5.00", "王五", "", ""]]);
    assert_eq!((whole.passed.deleted_rows, whole.reasons()), (1, vec![(3, "bad-cell"), (4, "bad-cell")]));
    let (from, length) = whole.places[1].bytes.unwrap();
    assert_eq!(&bytes[from as usize..(from + u64::from(length)) as usize], records[2]);
    assert_eq!(whole.content.unwrap().hash, *blake3::hash(&bytes).as_bytes());
    // Without a language driver somebody must say what it is.
    let bytes = dbf(3, 0, fields, &records);
    let error = read_file("t.dbf", &bytes, TableOptions::default()).unwrap_err().to_string();
    assert!(error.contains("does not say its encoding"), "{error}");
    assert_eq!(read_file("t.dbf", &bytes, encoded("gbk")).unwrap().rows.len(), 2);
    let error = read_file("t.dbf", &bytes[..bytes.len() - 20], encoded("gbk")).unwrap_err().to_string();
    assert!(error.contains("the file is cut off: its header says 1 more records"), "{error}");
}

#[test]
fn dbf_files_of_dos_are_read_as_their_byte_says() {
    let fields: &[(&[u8], u8, u8)] = &[(b"NAME", b'C', 10)];
    let one = |driver: u8, text: &[u8]| {
        let record = [b" ", text, &[b' '; 10][text.len()..]].concat();
        read_file("t.dbf", &dbf(3, driver, fields, &[&record]), TableOptions::default()).unwrap()
    };
    assert_eq!(one(0x01, b"M\x81ller").texts(), [["Müller"]]);
    assert_eq!(one(0x02, b"\x9d S\x9bren").texts(), [["Ø Søren"]]);
    assert_eq!(one(0x64, b"\x9d\xa2d\xab").texts(), [["Łódź"]]);
    // What is UTF-8 all the same is not taken for it.
    let utf_8 = dbf(3, 0x64, fields, &[[b" ", "Łódź".as_bytes(), b"   "].concat().as_slice()]);
    let error = read_file("t.dbf", &utf_8, TableOptions::default()).unwrap_err().to_string();
    assert!(error.contains("is read as CP852, but all of its text is UTF-8"), "{error}");
    // Kamenický's is not read.
    let bytes = dbf(3, 0x68, fields, &[b" \x87ech      "]);
    let error = read_file("t.dbf", &bytes, TableOptions::default()).unwrap_err().to_string();
    assert!(error.contains("DOS code page 895, which is not read"), "{error}");
    let text = b"id;name\n1;M\x81ller\n";
    assert_eq!(read_file("t.csv", text, encoded("cp850")).unwrap().texts(), [["1", "Müller"]]);
}

#[test]
fn memo_texts_come_from_the_file_beside() {
    let fields: &[(&[u8], u8, u8)] = &[(b"NOTE", b'M', 10)];
    let bytes = dbf(0x83, 0x57, fields, &[b"          1", b"           ", b"          9"]);
    let mut memo = vec![0; 512];
    memo.extend(b"caf\xe9, two\r\nlines\x1a\x1a");
    let folder = folder(&[("n.dbf", &bytes), ("n.dbt", &memo)]);
    let delivery = open(folder.path());
    let mut table = delivery.table("n", None, TableOptions::default()).unwrap();
    let whole = read(table.as_mut()).unwrap();
    assert_eq!((whole.texts(), whole.reasons()), (vec![vec!["café, two\r\nlines"], vec![""]], vec![(3, "bad-cell")]));
    let first = whole.content.unwrap();
    memo[520] = b'x';
    std::fs::write(folder.path().join("n.dbt"), &memo).unwrap();
    let mut table = open(folder.path()).table("n", None, TableOptions::default()).unwrap();
    assert_ne!(read(table.as_mut()).unwrap().content.unwrap(), first);
    std::fs::remove_file(folder.path().join("n.dbt")).unwrap();
    let mut table = open(folder.path()).table("n", None, TableOptions::default()).unwrap();
    let whole = read(table.as_mut()).unwrap();
    assert_eq!((whole.rows.len(), whole.reasons(), whole.notes.len()), (1, vec![(1, "bad-cell"), (3, "bad-cell")], 1));
    // FoxPro has numbers, moments and block numbers as bytes.
    let fields: &[(&[u8], u8, u8)] =
        &[(b"A", b'I', 4), (b"B", b'B', 8), (b"C", b'Y', 8), (b"AT", b'T', 8), (b"M", b'M', 4)];
    let mut record = vec![b' '];
    record.extend((-7_i32).to_le_bytes());
    record.extend(0.1_f64.to_le_bytes());
    record.extend(123_450_i64.to_le_bytes());
    record.extend(2_460_432_u32.to_le_bytes());
    record.extend(25_689_000_u32.to_le_bytes());
    record.extend(1_u32.to_le_bytes());
    let mut memo = vec![0, 0, 0, 2, 0, 0, 0, 64];
    memo.resize(64, 0);
    memo.extend([0, 0, 0, 1, 0, 0, 0, 2, b'h', b'i']);
    std::fs::write(folder.path().join("f.dbf"), dbf(0x30, 0x03, fields, &[&record])).unwrap();
    std::fs::write(folder.path().join("f.FPT"), &memo).unwrap();
    let mut table = open(folder.path()).table("f", None, TableOptions::default()).unwrap();
    assert_eq!(read(table.as_mut()).unwrap().texts(), [["-7", "0.1", "12.3450", "2024-05-01 07:08:09", "hi"]]);
}
