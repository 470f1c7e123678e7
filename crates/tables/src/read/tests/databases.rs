use super::*;
use crate::read::CELL_BYTES;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListArray, RecordBatch,
    StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
};
use std::sync::Arc;

/// One table, once as CSV, once as SQLite, once as Parquet.
const CSV: &str = "id,name,weight,price,alive,born,seen\n\
    1,张三,71.5,5.00,true,1990-02-28,2024-05-01 07:08:09\n\
    2,00123,5,0.10,false,2000-02-29,2024-05-01 07:08:09.500\n\
    -3,\"a,b\",0.1,-12.34,true,1899-12-31,1969-12-31 23:59:59\n";

pub(super) fn parquet_of(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ::parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

pub(super) fn sqlite_of(sql: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn the_same_table_gives_the_same_rows_from_every_kind_of_file() {
    let parquet = parquet_of(vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2, -3]))),
        ("name", Arc::new(StringArray::from(vec!["张三", "00123", "a,b"]))),
        ("weight", Arc::new(Float64Array::from(vec![71.5, 5.0, 0.1]))),
        ("price", Arc::new(Decimal128Array::from(vec![500, 10, -1234]).with_precision_and_scale(10, 2).unwrap())),
        ("alive", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("born", Arc::new(Date32Array::from(vec![7363, 11_016, -25_568]))),
        ("seen", Arc::new(TimestampMillisecondArray::from(vec![1_714_547_289_000, 1_714_547_289_500, -1000]))),
    ]);
    let sqlite = sqlite_of(
        "CREATE TABLE t (id INTEGER, name TEXT, weight REAL, price TEXT, alive BOOLEAN, born TEXT, seen TEXT);
         INSERT INTO t VALUES (1, '张三', 71.5, '5.00', 1, '1990-02-28', '2024-05-01 07:08:09'),
           (2, '00123', 5.0, '0.10', 0, '2000-02-29', '2024-05-01 07:08:09.500'),
           (-3, 'a,b', 0.1, '-12.34', 1, '1899-12-31', '1969-12-31 23:59:59');",
    );
    let csv = read_file("t.csv", CSV.as_bytes(), TableOptions::default()).unwrap();
    assert_eq!(csv.rows.len(), 3);
    for (name, bytes) in [("t.parquet", parquet), ("t.db", sqlite)] {
        let whole = read_file(name, &bytes, TableOptions::default()).unwrap();
        assert_eq!(whole.columns, csv.columns, "{name}");
        assert_eq!(whole.rows, csv.rows, "{name}");
        assert_eq!(whole.places[2], Place { number: 3, bytes: None });
        assert_eq!(whole.content.unwrap().hash, *blake3::hash(&bytes).as_bytes());
    }
}

#[test]
fn nulls_are_told_from_empty_text_and_zones_are_kept() {
    let zoned = TimestampMicrosecondArray::from(vec![Some(1), None]).with_timezone("Asia/Shanghai");
    let bytes = parquet_of(vec![("a", Arc::new(StringArray::from(vec![Some(""), None]))), ("at", Arc::new(zoned))]);
    let whole = read_file("t.parquet", &bytes, TableOptions::default()).unwrap();
    assert_eq!(whole.texts(), [["", "1970-01-01 00:00:00.000001+00:00"], ["<null>", "<null>"]]);
    let bytes = sqlite_of("CREATE TABLE t (a, b); INSERT INTO t VALUES ('', x'00ff'), (NULL, 9007199254740993);");
    let whole = read_file("t.sqlite3", &bytes, TableOptions::default()).unwrap();
    assert_eq!(whole.texts(), [["", "\\x00ff"], ["<null>", "9007199254740993"]]);
}

#[test]
fn nested_columns_are_refused_by_name() {
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1)])]);
    let bytes = parquet_of(vec![("names", Arc::new(lists))]);
    let error = read_file("t.parquet", &bytes, TableOptions::default()).unwrap_err().to_string();
    assert!(error.starts_with("t.parquet: its column names is of type List"), "{error}");
    let error = read_file("t.parquet", b"PAR1 and nothing else", TableOptions::default()).unwrap_err().to_string();
    assert!(error.starts_with("t.parquet: not a whole Parquet file"), "{error}");
}

#[test]
fn each_table_and_view_of_a_database_is_a_table() {
    let bytes = sqlite_of(
        "CREATE TABLE \"病人\" (id INTEGER PRIMARY KEY AUTOINCREMENT, \"my \"\"name\"\"\" TEXT) STRICT;
         INSERT INTO \"病人\" VALUES (5, 'x'), (1, 'y');
         CREATE TABLE w (k TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO w VALUES ('b'), ('a');
         CREATE VIEW v AS SELECT id + 1 AS next FROM \"病人\" ORDER BY id DESC;",
    );
    let folder = folder(&[("h.db", &bytes), ("h.db-wal", b"")]);
    let delivery = open(folder.path());
    let names: Vec<String> = delivery.tables().iter().map(crate::read::Listed::shown).collect();
    assert_eq!(names, ["h.db#v", "h.db#w", "h.db#病人"]);
    let rows = |name: &str, file: Option<&str>| {
        let mut table = delivery.table(name, file, TableOptions::default()).unwrap();
        read(table.as_mut()).unwrap()
    };
    assert_eq!(rows("病人", None).texts(), [["1", "y"], ["5", "x"]]);
    assert_eq!(rows("病人", None).columns, ["id", "my \"name\""]);
    assert_eq!(rows("x", Some("h.db#V")).texts(), [["6"], ["2"]]);
    assert_eq!(rows("w", Some("h.*")).texts(), [["a"], ["b"]]);
}

#[test]
fn cells_that_are_no_text_or_too_large_make_their_row_bad() {
    let bytes = sqlite_of(&format!(
        "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, CAST(x'41ff' AS TEXT)), (2, 'ok'), (3, zeroblob({CELL_BYTES})), (4, 'a' || char(0));"
    ));
    let whole = read_file("t.db", &bytes, TableOptions::default()).unwrap();
    assert_eq!(
        (whole.texts(), whole.reasons()),
        (vec![vec!["2", "ok"]], vec![(1, "bad-encoding"), (3, "cell-too-large"), (4, "nul-byte")])
    );
    assert_eq!(whole.bad[0].text, "1\tA\u{fffd}");
    assert!(whole.bad[0].message.starts_with("column b: bytes that are no text"));
}

#[test]
fn a_view_that_never_ends_is_left_when_nobody_reads_it() {
    let bytes = sqlite_of(
        "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;
         CREATE VIEW silent AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0;",
    );
    let folder = folder(&[("h.db", &bytes)]);
    let delivery = open(folder.path());
    let mut table = delivery.table("v", None, TableOptions::default()).unwrap();
    let mut batch = RowBatch::new(1);
    assert!(table.next(&mut batch).unwrap());
    assert_eq!(batch.len(), 8192);
    drop(table);
    drop(delivery.table("silent", None, TableOptions::default()).unwrap());
}

#[test]
fn a_database_that_is_written_meanwhile_is_read_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let writer = rusqlite::Connection::open(&path).unwrap();
    writer.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO t SELECT i FROM n;").unwrap();
    let delivery = open(&path);
    let mut table = delivery.table("t", None, TableOptions::default()).unwrap();
    writer.execute_batch("DELETE FROM t WHERE a > 10").unwrap();
    assert_eq!(read(table.as_mut()).unwrap().rows.len(), 30_000);
    let mut table = delivery.table("t", None, TableOptions::default()).unwrap();
    assert_eq!(read(table.as_mut()).unwrap().rows.len(), 10);
}

#[test]
fn databases_in_archives_are_read_too() {
    use std::io::Write;
    let bytes = sqlite_of("CREATE TABLE t (a); INSERT INTO t VALUES (1);");
    let parquet = parquet_of(vec![("a", Arc::new(Int64Array::from(vec![1])))]);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in [("h.db", &bytes), ("p.parquet", &parquet)] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    let folder = folder(&[("all.zip", &writer.finish().unwrap().into_inner())]);
    let delivery = open(folder.path());
    for name in ["t", "p"] {
        let mut table = delivery.table(name, None, TableOptions::default()).unwrap();
        assert_eq!(read(table.as_mut()).unwrap().texts(), [["1"]]);
    }
}
