//! The same tables as CSV, Parquet, SQLite, in PostgreSQL and in MariaDB: the same resources, byte for byte, led back to the same cells.

use crate::databases::{Kind, PASSWORD, Server, server};
use crate::house::{House, everything};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use lake::Capacity;
use lake::workbench::{Limits, Stop, Workbench};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use tables::live::{Address, Secret, connect};
use tables::mapping::{Mapping, Settings};
use tables::pull::{IfDoubtful, PullTable};
use tables::read::{Delivery, ReadOptions, RowBatch, TableOptions};
use tables::run::{Chunk, Door, DoorError, Link, RunOptions, Runner, Stored, files_of, find_tables};

/// A table as it was read: its columns, and cells, empty ones as nothing.
struct Whole {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

fn whole(folder: &Path) -> Vec<Whole> {
    let delivery = Delivery::open(folder, &ReadOptions::default()).unwrap();
    let read = |listed: &tables::read::Listed| {
        let mut table = delivery.open_table(listed, TableOptions::default()).unwrap();
        let columns = table.columns().to_vec();
        let (mut rows, mut batch) = (Vec::new(), RowBatch::new(columns.len()));
        while table.next(&mut batch).unwrap() {
            assert!(batch.bad.is_empty());
            for row in 0..batch.len() {
                let cell = |column| batch.cell(row, column).filter(|cell| !cell.is_empty()).map(str::to_owned);
                rows.push((0..columns.len()).map(cell).collect());
            }
        }
        Whole { name: table.name().to_owned(), columns, rows }
    };
    delivery.tables().iter().map(read).collect()
}

/// A type that spells all values of a column as they are.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fits {
    Text,
    Whole,
    /// So many digits behind the point.
    Decimal(usize),
    Date,
    Boolean,
}

fn fits(values: &[&str]) -> Fits {
    let all = |test: &dyn Fn(&str) -> bool| !values.is_empty() && values.iter().all(|value| test(value));
    let is_whole = |value: &str| {
        let digits = value.strip_prefix('-').unwrap_or(value);
        (1..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits == "0" && value == "0" || !digits.starts_with('0'))
    };
    let scale = |value: &str| value.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let is_decimal = |value: &str| {
        let Some((before, after)) = value.split_once('.') else { return false };
        (is_whole(before) || before == "0")
            && (1..=9).contains(&after.len())
            && after.bytes().all(|byte| byte.is_ascii_digit())
    };
    if all(&is_whole) {
        Fits::Whole
    } else if all(&is_decimal) && values.iter().all(|value| scale(value) == scale(values[0])) {
        Fits::Decimal(scale(values[0]))
    } else if all(&|value| value.len() == 10 && value.parse::<jiff::civil::Date>().is_ok()) {
        Fits::Date
    } else if all(&|value| value == "true" || value == "false") {
        Fits::Boolean
    } else {
        Fits::Text
    }
}

/// Loads tables into a new database, each column as the type that fits.
fn load(server: &Server, tables: &[Whole]) -> String {
    let database = server.database("");
    let quote = if server.kind == Kind::Postgres { '"' } else { '`' };
    let mut typed = 0;
    for table in tables {
        let name = format!("{quote}{}{quote}", table.name);
        let columns: Vec<String> = table
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let values: Vec<&str> = table.rows.iter().filter_map(|row| row[at].as_deref()).collect();
                let fits = fits(&values);
                typed += usize::from(fits != Fits::Text);
                let kind = match fits {
                    Fits::Text => "text".to_owned(),
                    Fits::Whole => "bigint".to_owned(),
                    Fits::Decimal(scale) => format!("decimal(30, {scale})"),
                    Fits::Date => "date".to_owned(),
                    Fits::Boolean => "boolean".to_owned(),
                };
                format!("{quote}{column}{quote} {kind}")
            })
            .collect();
        let mut sql = format!("CREATE TABLE {name} ({});\n", columns.join(", "));
        if server.kind == Kind::Postgres {
            // In the transaction that makes the table rows lie in their order; else they fill up what is left of pages.
            sql.insert_str(0, "BEGIN; ");
            let _ = writeln!(sql, "COPY {name} FROM STDIN;");
            for row in &table.rows {
                let cells: Vec<String> = row.iter().map(|cell| copied(cell.as_deref())).collect();
                let _ = writeln!(sql, "{}", cells.join("\t"));
            }
            sql += "\\.\nCOMMIT;\n";
        } else {
            for rows in table.rows.chunks(500) {
                let values: Vec<String> = rows.iter().map(|row| literals(row)).collect();
                let _ = writeln!(sql, "INSERT INTO {name} VALUES {};", values.join(",\n"));
            }
        }
        server.sql(&database, &sql);
    }
    assert!(typed > 20, "{typed} columns have a type");
    database
}

/// A cell as PostgreSQL's COPY has it.
fn copied(cell: Option<&str>) -> String {
    let Some(cell) = cell else { return "\\N".to_owned() };
    cell.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// A row of an INSERT for MariaDB.
fn literals(row: &[Option<String>]) -> String {
    let literal = |cell: &Option<String>| match cell.as_deref() {
        None => "NULL".to_owned(),
        // Without quotes they are taken for what they are.
        Some(cell @ ("true" | "false")) => cell.to_owned(),
        Some(cell) => format!("'{}'", cell.replace('\\', "\\\\").replace('\'', "''")),
    };
    format!("({})", row.iter().map(literal).collect::<Vec<_>>().join(", "))
}

fn to_sqlite(tables: &[Whole], path: &Path) {
    let mut db = rusqlite::Connection::open(path).unwrap();
    let writing = db.transaction().unwrap();
    for table in tables {
        let columns: Vec<String> = table.columns.iter().map(|column| format!("\"{column}\" TEXT")).collect();
        writing.execute_batch(&format!("CREATE TABLE \"{}\" ({})", table.name, columns.join(", "))).unwrap();
        let places = vec!["?"; columns.len()].join(", ");
        let mut insert = writing.prepare(&format!("INSERT INTO \"{}\" VALUES ({places})", table.name)).unwrap();
        for row in &table.rows {
            insert.execute(rusqlite::params_from_iter(row)).unwrap();
        }
    }
    writing.commit().unwrap();
}

fn to_parquet(tables: &[Whole], folder: &Path) {
    for table in tables {
        let columns = table.columns.iter().enumerate().map(|(at, column)| {
            let cells: StringArray = table.rows.iter().map(|row| row[at].as_deref()).collect();
            (column.as_str(), Arc::new(cells) as ArrayRef, true)
        });
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let file = std::fs::File::create(folder.join(format!("{}.parquet", table.name))).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
}

/// What a run made: each resource's text, and the line that names its rows.
#[derive(Default)]
struct Made {
    resources: BTreeMap<String, String>,
    links: BTreeMap<String, Link>,
}

impl Door for Made {
    fn take(&mut self, chunk: &mut Chunk) -> Result<(), DoorError> {
        for made in &chunk.resources {
            let id = format!("{}/{}", made.resource_type, records::uuid_text(&made.id));
            self.links.insert(id.clone(), serde_json::from_slice(&chunk.links[made.link.clone()]).unwrap());
            self.resources.insert(id, chunk.json[made.json.clone()].to_owned());
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<Stored, DoorError> {
        Ok(Stored { new: self.resources.len() as u64, ..Stored::default() })
    }
}

fn run(mapping: &Mapping, tables: &[PullTable]) -> Made {
    let house = House::new();
    house.sources.pull(&everything(), "his", tables, IfDoubtful::Stop, &mut |_, _| Ok(())).unwrap();
    let bench = Workbench::new(&house.folder.path().join("spill"), Capacity { threads: 1, queries: 2 }).unwrap();
    let prepared = Runner::prepare(&house.sources, &bench, &everything(), "his", mapping, house.records.now_us(), None);
    let runner = match prepared {
        Ok(runner) => runner,
        Err(tables::run::PrepareError::Problems(problems)) => panic!("{}", problems[0]),
        Err(error) => panic!("{error}"),
    };
    let mut made = Made::default();
    let options = RunOptions {
        written: false,
        made: house.folder.path().join("made"),
        run: None,
        whole: false,
        told_apart: tables::run::TOLD_APART,
        limits: Limits::default(),
        stop: Stop::default(),
        go_on: &mut |_, _| Ok(()),
    };
    runner.run(&mut made, options).unwrap();
    made
}

fn in_files(settings: &Settings, path: &Path) -> Vec<PullTable> {
    find_tables(settings, path, path.parent().unwrap()).unwrap().tables
}

fn in_database(settings: &Settings, server: &Server, database: &str) -> Vec<PullTable> {
    let address = Address::parse(&server.url(database)).unwrap();
    let session = connect(&address, Some(&Secret::new(PASSWORD)), settings, Arc::new(|| 0)).unwrap();
    session.find_tables(settings).unwrap().tables
}

#[test]
fn the_same_tables_give_the_same_resources_from_every_kind_of_source() {
    let Some(data) = std::env::var_os("MEDWEAVE_TEST_DATA") else {
        println!("skipped: MEDWEAVE_TEST_DATA is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let archive = std::fs::File::open(Path::new(&data).join("records/tables/synthea-pair.tar.xz")).unwrap();
    tar::Archive::new(liblzma::read::XzDecoder::new(archive)).unpack(folder.path()).unwrap();
    let csv = folder.path().join("csv");
    let files = files_of("synthea-csv").unwrap();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mapping = Mapping::parse(&files).unwrap();
    let settings = &mapping.settings;

    let expected = run(&mapping, &in_files(settings, &csv));
    assert!(expected.resources.len() > 2_000, "{}", expected.resources.len());
    let check = |what: &str, tables: &[PullTable]| {
        let made = run(&mapping, tables);
        assert_eq!(made.resources.len(), expected.resources.len(), "{what}");
        for (id, text) in &expected.resources {
            assert_eq!(made.resources.get(id), Some(text), "{what}: {id}");
        }
        assert_eq!(made.links, expected.links, "{what}: the rows that resources are made of");
    };
    let tables = whole(&csv);
    let (sqlite, parquet) = (folder.path().join("his.sqlite"), folder.path().join("parquet"));
    to_sqlite(&tables, &sqlite);
    check("SQLite", &in_files(settings, &sqlite));
    std::fs::create_dir(&parquet).unwrap();
    to_parquet(&tables, &parquet);
    check("Parquet", &in_files(settings, &parquet));
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let Some(server) = server(kind) else { continue };
        let database = load(&server, &tables);
        check(&format!("{kind:?}"), &in_database(settings, &server, &database));
    }
}
