//! What a file is: by its first bytes, and for text by its name.

use super::charset::Charset;
use super::dbf::is_dbf;
use super::origin::Layer;
use super::pattern::{split_extension, stem};
use std::fmt;

/// How much of a file is looked at.
pub(super) const HEAD_BYTES: usize = 8 << 10;

/// The kind of file that a table is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text: comma-separated, tab-separated or another separator.
    Delimited,
    /// A plain SQL dump.
    Dump,
    /// An `.xlsx` workbook.
    Workbook,
    /// An `.xls` workbook.
    OldWorkbook,
    /// A DBF file of dBASE or FoxPro.
    Dbf,
    /// A Parquet file.
    Parquet,
    /// A SQLite database.
    Sqlite,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Delimited => "text",
            Kind::Dump => "SQL dump",
            Kind::Workbook => "xlsx",
            Kind::OldWorkbook => "xls",
            Kind::Dbf => "DBF",
            Kind::Parquet => "Parquet",
            Kind::Sqlite => "SQLite",
        })
    }
}

/// What a file was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Something packed: look at what is within.
    Packed(Layer),
    Zip,
    Tar,
    /// Tables.
    Tables(Kind),
    /// Text that is not taken for a table unless somebody says that it is.
    Text(&'static str),
    /// Nothing that is read: why, and what to do.
    Refused(&'static str),
}

/// Endings of names of text that is a table.
const DELIMITED: &[&str] = &["csv", "tsv", "tab", "txt", "psv", "ssv", "dsv", "dat", "asc", "del"];
/// Stems of names of text that is about tables.
const ABOUT: &[&str] =
    &["readme", "license", "licence", "copying", "changelog", "notes", "sha256sums", "md5sums", "checksums"];

/// Beginnings of files that are not read, and what to do about them.
const REFUSED: &[(&[u8], &str)] = &[
    (b"PGDMP", "an archive of pg_dump: make a plain one with `pg_restore -f dump.sql FILE` and bring that"),
    (b"TAPE\0\0", BACKUP),
    (b"MSSQLBAK", BACKUP),
    (b"\0\x01\0\0Standard Jet DB", ACCESS),
    (b"\0\x01\0\0Standard ACE DB", ACCESS),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and bring the files, or a zip or tar.gz of them"),
    (b"Rar!\x1a\x07", "a rar archive: unpack it and bring the files, or a zip or tar.gz of them"),
    (b"%PDF", "a PDF document holds no tables that can be read: ask for the data as CSV"),
    (b"\x1f\x9d", "packed with compress: unpack it, or pack it with gzip or zstd"),
    (b"ORC", "an ORC file: write it as Parquet or CSV"),
    (b"Obj\x01", "an Avro file: write it as Parquet or CSV"),
    (b"PARE", "an encrypted Parquet file: write it without encryption"),
    (b"ARROW1", "an Arrow file: write it as Parquet"),
    (b"\xff\x06\0\0sNaPpY", "packed with snappy: unpack it, or pack it with gzip or zstd"),
    (b"\x04\x22\x4d\x18", "packed with lz4: unpack it, or pack it with gzip or zstd"),
    (b"SAS FILE", "a data set of SAS: export it as CSV (PROC EXPORT DBMS=CSV)"),
    (b"$FL2", "a data set of SPSS: save it as CSV"),
];
const BACKUP: &str = "a backup of SQL Server, which only SQL Server reads: restore it there and bring it as a live source, or export the tables as CSV \
     (`bcp TABLE out table.csv -c -C 65001`)";
const ACCESS: &str = "a database of Access, which only Access reads: export its tables as text (UTF-8) or as xlsx";
const ORACLE: &str = "a dump of Oracle, which only Oracle reads: import it there (`impdp`) and bring it as a live source, or export the tables as CSV \
     (SQLcl: `set sqlformat csv`, `spool`)";

/// Looks at the beginning of a file; `name` without the endings of what was unpacked.
pub(super) fn recognise(head: &[u8], name: &str) -> Found {
    let (_, extension) = split_extension(name);
    if let Some((_, why)) = REFUSED.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Found::Refused(why);
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        return Found::Packed(Layer::Gzip);
    }
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Found::Packed(Layer::Zstd);
    }
    if head.starts_with(b"\xfd7zXZ\0") {
        return Found::Packed(Layer::Xz);
    }
    if head.starts_with(b"BZh") && head.get(4..10) == Some(b"1AY&SY") {
        return Found::Packed(Layer::Bzip2);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Found::Zip;
    }
    if head.starts_with(b"PAR1") {
        return Found::Tables(Kind::Parquet);
    }
    if head.starts_with(b"SQLite format 3\0") {
        return Found::Tables(Kind::Sqlite);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Found::Tar;
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return match extension.as_str() {
            "doc" | "ppt" | "msg" | "mpp" | "vsd" | "msi" => {
                Found::Refused("a document, not a workbook: copy its tables into one")
            }
            "xlsx" | "xlsm" => Found::Refused("a workbook with a password: save it without one"),
            _ => Found::Tables(Kind::OldWorkbook),
        };
    }
    if extension == "dbf" && is_dbf(head) {
        return Found::Tables(Kind::Dbf);
    }
    if memchr::memmem::find(&head[..head.len().min(64)], b"EXPORT:V").is_some() {
        return Found::Refused(ORACLE);
    }
    let is_named = DELIMITED.contains(&extension.as_str());
    if !is_text(head, is_named) {
        return Found::Refused(match extension.as_str() {
            "dmp" | "dpdmp" | "expdp" => ORACLE,
            "bak" => BACKUP,
            "dbt" | "fpt" => "the texts of memo fields of the DBF file beside it",
            "mdb" | "accdb" => ACCESS,
            "mdf" | "ldf" => {
                "a file of a running SQL Server: bring the database as a live source, or export the tables as CSV \
                 (`bcp TABLE out table.csv -c -C 65001`)"
            }
            "ibd" | "frm" | "myd" => {
                "a file of a running MySQL: bring the database as a live source, or a dump (`mysqldump`)"
            }
            _ => {
                "neither text nor a kind of file that is read: bring CSV, xlsx, Parquet, DBF, SQLite or a plain SQL dump"
            }
        });
    }
    if head.is_empty() && !is_named {
        return Found::Refused("it is empty");
    }
    let is_about = ABOUT.iter().any(|about| stem(name).to_lowercase().starts_with(about));
    let is_script = matches!(extension.as_str(), "sql" | "dump" | "pgsql" | "mysql" | "psql");
    if (is_script || !is_named) && super::dump::is_dump(head) {
        return Found::Tables(Kind::Dump);
    }
    if is_named && !is_about {
        return Found::Tables(Kind::Delimited);
    }
    let begins = |what: &str| {
        head.trim_ascii_start().get(..what.len()).is_some_and(|head| head.eq_ignore_ascii_case(what.as_bytes()))
    };
    if begins("<html") || begins("<!doctype html") || begins("<table") {
        return Found::Refused(
            "a web page, whatever its name says: open it in the program that made it and save it as xlsx or CSV",
        );
    }
    if begins("<?xml") {
        return Found::Refused("an XML document: save it as xlsx or CSV");
    }
    Found::Text("text, but nothing says that it is a table: name it as the `file` of a table if it is one")
}

/// True for what may be text in some encoding. Of a file that is named as text more is forgiven: its rows tell what is wrong.
fn is_text(head: &[u8], is_named: bool) -> bool {
    if Charset::of_mark(head).is_some_and(|(charset, _)| charset.is_wide()) {
        return true;
    }
    let is_odd = |byte: &u8| matches!(byte, 0 | 3..=8 | 0x0e..=0x19 | 0x7f);
    let odd = head.iter().filter(|byte| is_odd(byte)).count();
    // Text of two bytes a character without a mark has a zero in every second one.
    let wide = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count() * 3 > head.len();
    let is_wide = (is_named || head.len() >= 64) && wide(0) != wide(1);
    odd * (if is_named { 2 } else { 20 }) <= head.len() || is_wide
}
