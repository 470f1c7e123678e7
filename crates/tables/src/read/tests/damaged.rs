//! Files of every kind with bytes changed at random: rows, bad rows or an error, and nothing else is disturbed.

use super::databases::{parquet_of, sqlite_of};
use super::office::{STYLES, dbf, workbook};
use super::*;
use arrow_array::{ArrayRef, Int64Array, StringArray};
use std::sync::Arc;

/// A sequence of numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let numbers: ArrayRef = Arc::new(Int64Array::from((0..500).map(Some).collect::<Vec<_>>()));
    let texts: ArrayRef =
        Arc::new(StringArray::from((0..500).map(|no| format!("text {}", no % 7)).collect::<Vec<_>>()));
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row><row r=\"2\"><c r=\"A2\" s=\"1\"><v>45413.5</v></c><c r=\"B2\" t=\"b\"><v>1</v></c></row>";
    let fields: &[(&[u8], u8, u8)] = &[(b"ID", b'N', 5), (b"BORN", b'D', 8), (b"NAME", b'C', 9)];
    vec![
        ("t.parquet", parquet_of(vec![("n", numbers), ("t", texts)])),
        (
            "t.db",
            sqlite_of("CREATE TABLE t (a, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT i, 'text ' || i FROM n;"),
        ),
        ("t.xlsx", workbook(&[("t", rows)], "<si><t>a</t></si>", STYLES, "")),
        ("t.dbf", dbf(3, 0x57, fields, &[b"     119900228somebody ".as_slice(); 20])),
        ("t.sql", b"-- MySQL dump\nCREATE TABLE `t` (`a` int, `b` text);\nINSERT INTO `t` VALUES (1,'a\\'b'),(2,NULL),(3,\"x\");\n".repeat(5)),
        ("t.csv", b"a,b\n1,\"x\"\"y\"\n2,\n".repeat(20)),
    ]
}

#[test]
fn damaged_files_are_errors_or_rows_and_nothing_worse() {
    let mut random = Random(7);
    for (name, bytes) in files() {
        let whole = folder(&[(name, &bytes)]);
        let delivery = open(whole.path());
        let mut table = delivery.open_table(&delivery.tables()[0], TableOptions::default()).unwrap();
        let found = read(table.as_mut()).unwrap();
        assert!(!found.rows.is_empty() || !found.bad.is_empty(), "{name}");
        for _ in 0..60 {
            let mut damaged = bytes.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(damaged.len());
                damaged[at] = [0, 0xff, damaged[at] ^ 1, damaged[at].wrapping_add(1)][random.below(4)];
            }
            if random.below(4) == 0 {
                damaged.truncate(random.below(damaged.len()));
            }
            std::fs::write(whole.path().join(name), &damaged).unwrap();
            let delivery = open(whole.path());
            for listed in delivery.tables() {
                let Ok(mut table) = delivery.open_table(listed, TableOptions::default()) else { continue };
                let _ = read(table.as_mut());
            }
        }
    }
}
