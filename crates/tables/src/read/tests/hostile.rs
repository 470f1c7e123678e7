use super::*;
use std::io::Write;

/// A file of so many times the same bytes, between others.
fn large(before: &[u8], unit: &[u8], times: usize, after: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::io::BufWriter::new(std::fs::File::create(folder.path().join("t.csv")).unwrap());
    file.write_all(before).unwrap();
    (0..times).for_each(|_| file.write_all(unit).unwrap());
    file.write_all(after).unwrap();
    file.flush().unwrap();
    folder
}

fn read_only(folder: &tempfile::TempDir) -> Whole {
    let delivery = open(folder.path());
    let mut table = delivery.table("t", None, TableOptions::default()).unwrap();
    read(table.as_mut()).unwrap()
}

#[test]
fn a_cell_of_a_hundred_megabytes_is_a_bad_row_and_the_next_is_read() {
    for (open_quote, close_quote) in [("", ""), ("\"", "\"")] {
        let before = format!("a,b\n1,x\n2,{open_quote}");
        let after = format!("{close_quote}\n3,z\n");
        let folder = large(before.as_bytes(), &vec![b'y'; 1 << 16], 1600, after.as_bytes());
        let whole = read_only(&folder);
        assert_eq!(whole.texts(), [["1", "x"], ["3", "z"]]);
        assert_eq!(whole.reasons(), [(2, "cell-too-large")]);
        assert_eq!(whole.bad[0].place.bytes, Some((8, 100 * (1 << 20) + 3 + 2 * open_quote.len() as u32)));
        assert_eq!(whole.bad[0].text.len(), 64 << 10);
    }
}

#[test]
fn a_quoted_cell_of_many_lines_that_is_too_large_is_one_bad_row() {
    let folder = large(b"a,b\n1,\"", b"a line of a long text without anything in it\n", 500_000, b"\"\n2,z\n");
    let whole = read_only(&folder);
    assert_eq!((whole.texts(), whole.reasons()), (vec![vec!["2", "z"]], vec![(1, "cell-too-large")]));
}

#[test]
fn an_unclosed_quote_before_many_rows_costs_its_line_alone() {
    let folder = large(b"a,b\n1,\"x\n", b"2,a row like any other\n", 1_000_000, b"");
    let whole = read_only(&folder);
    assert_eq!((whole.rows.len(), whole.reasons()), (1_000_000, vec![(1, "unclosed-quote")]));
}

#[test]
fn a_row_of_very_many_cells_is_a_bad_row() {
    let folder =
        large(b"a,b\n", b"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy,", 1_200_000, b"\n1,2\n");
    let whole = read_only(&folder);
    assert_eq!((whole.texts(), whole.reasons()), (vec![vec!["1", "2"]], vec![(1, "row-too-large")]));
}

#[test]
fn a_file_of_zero_bytes_does_not_fill_the_memory() {
    let rows = format!("a,b\n{}", "1,2\n".repeat(4999));
    let folder = large(rows.as_bytes(), &vec![0; 1 << 16], 800, b"");
    let whole = read_only(&folder);
    assert_eq!((whole.rows.len(), whole.reasons()), (4999, vec![(5000, "cell-too-large")]));
}

#[test]
fn a_line_that_never_ends_is_no_header() {
    let folder = large(b"", &vec![b'x'; 1 << 16], 400, b"");
    let delivery = open(folder.path());
    let error = delivery.table("t", None, TableOptions::default()).err().unwrap().to_string();
    assert_eq!(error, "t.csv, byte 0: its header line does not end: is it a text file, and is a quote not closed?");
}

#[test]
fn links_to_folders_are_told_and_not_followed() {
    let folder = folder(&[("a/t.csv", b"a\n1\n")]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/around")).unwrap();
    std::os::unix::fs::symlink("nowhere.csv", folder.path().join("gone.csv")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("a/t.csv"), folder.path().join("u.csv")).unwrap();
    let delivery = open(folder.path());
    let names: Vec<&str> = delivery.tables().iter().map(|listed| listed.file.as_str()).collect();
    assert_eq!(names, ["a/t.csv", "u.csv"]);
    let told: Vec<&str> = delivery.passed_over().iter().map(|passed| passed.file.as_str()).collect();
    assert_eq!(told, ["a/around", "gone.csv"]);
}

#[test]
fn what_cannot_be_read_is_refused_with_what_to_do() {
    let files: &[(&str, &[u8])] = &[
        ("a.dmp", b"\x03\x01EXPORT:V11.02.00\n"),
        ("b.bak", b"TAPE\0\0\x03\0\x8c\0\x0e\x01"),
        ("c.mdb", b"\0\x01\0\0Standard Jet DB\0"),
        ("d.dump", b"PGDMP\x01\x0e\0"),
        ("e.xls", b"<html><table><tr><td>1</td></tr></table>"),
        ("f.7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
        ("g.bin", b"\0\0\0\x01\xff\xfe\0\x02\0\0\x07"),
        ("h.json", b"{}"),
        (".hidden.csv", b"a\n1\n"),
        ("__MACOSX/x.csv", b"a\n1\n"),
        ("README.txt", b"about it"),
    ];
    let folder = folder(files);
    let delivery = open(folder.path());
    assert_eq!(delivery.tables().len(), 0);
    let told: Vec<String> =
        delivery.passed_over().iter().map(|p| format!("{}: {}", p.file, &p.why[..p.why.len().min(60)])).collect();
    expect_test::expect![[r#"
        .hidden.csv: hidden: its name begins with a dot
        README.txt: text, but nothing says that it is a table: name it as the `f
        __MACOSX: what macOS puts beside files
        a.dmp: a dump of Oracle, which only Oracle reads: import it there (
        b.bak: a backup of SQL Server, which only SQL Server reads: restore
        c.mdb: a database of Access, which only Access reads: export its ta
        d.dump: an archive of pg_dump: make a plain one with `pg_restore -f 
        e.xls: a web page, whatever its name says: open it in the program t
        f.7z: a 7z archive: unpack it and bring the files, or a zip or tar
        g.bin: neither text nor a kind of file that is read: bring CSV, xls
        h.json: text, but nothing says that it is a table: name it as the `f"#]]
    .assert_eq(&told.join("\n"));
    let error = delivery.table("a", None, TableOptions::default()).err().unwrap().to_string();
    assert!(error.contains("`a` is no table here: a.dmp: a dump of Oracle"), "{error}");
    // Whoever names a text means it.
    assert!(delivery.table("h", Some("h.json"), TableOptions::default()).is_ok());
}
