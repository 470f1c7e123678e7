//! Other databases, by drivers of this system: SQLite's and PostgreSQL's, through its driver manager.

use crate::databases::{Kind, PASSWORD, server};
use crate::house::{House, everything};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tables::live::{Address, Secret, connect};
use tables::mapping::Settings;
use tables::pull::IfDoubtful;

/// Where the driver manager learns which databases there are: before the program starts that asks it.
const INI: &str = "ODBCINI";
/// Says that the program was started by the test.
const INNER: &str = "MEDWEAVE_ODBC_INNER";

fn has_driver(name: &str) -> bool {
    let known = std::fs::read_to_string("/etc/odbcinst.ini").unwrap_or_default();
    known.lines().any(|line| line.trim() == format!("[{name}]"))
}

/// The cells of the first row, and how many rows there are.
fn pull(url: &str, table: &str) -> (Vec<(String, Option<String>)>, u64) {
    let toml = format!("name = \"live\"\n[tables.lab]\nkey = [\"id\"]\n{table}\n");
    let settings = Settings::of_files(&[("mapping.toml".to_owned(), toml)]);
    let session = connect(&Address::parse(url).unwrap(), Some(&Secret::new(PASSWORD)), &settings, Arc::new(|| 0));
    let found = session.unwrap().find_tables(&settings).unwrap();
    let house = House::new();
    let report = house.sources.pull(&everything(), "his", &found.tables, IfDoubtful::Stop, &mut |_, _| Ok(())).unwrap();
    assert_eq!(report.tables[0].bad, 0);
    (house.sources.row(&everything(), "his", "lab", 0).unwrap().cells, report.tables[0].rows)
}

fn expected(cells: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
    cells.iter().map(|(name, cell)| ((*name).to_owned(), cell.map(str::to_owned))).collect()
}

fn of_sqlite() {
    let (cells, rows) = pull("odbc://lab_sqlite", "");
    let row = [
        ("id", Some("7")),
        ("name", Some("张 \"x\"")),
        ("value", Some("0.1")),
        ("at", Some("2024-05-01 07:08:09")),
        ("note", Some("")),
        ("none", None),
    ];
    assert_eq!((cells, rows), (expected(&row), 3));
    let (cells, rows) = pull("odbc://lab_sqlite", "query = \"SELECT id, name FROM lab WHERE id > 7 ORDER BY id\"");
    assert_eq!((cells, rows), (expected(&[("id", Some("8")), ("name", Some(&"长".repeat(9_000)))]), 2));
}

fn of_postgres() {
    let (cells, rows) = pull("odbc://reader@lab_postgres", "");
    let row = [
        ("id", Some("7")),
        ("name", Some("张 \"x\"")),
        ("amount", Some("5.00")),
        ("ratio", Some("0.1")),
        ("flag", Some("true")),
        ("day_of", Some("2024-02-29")),
        ("at", Some("2024-05-01 07:08:09.500")),
        ("bytes", Some("\\x00ff")),
        ("none", None),
    ];
    assert_eq!((cells, rows), (expected(&row), 1));
}

#[test]
fn tables_are_read_by_drivers_of_the_system() {
    let (sqlite, postgres) = (has_driver("SQLite3"), has_driver("PostgreSQL Unicode"));
    if std::env::var_os(INNER).is_some() {
        if sqlite {
            of_sqlite();
        }
        if postgres {
            of_postgres();
        }
        return;
    }
    if !sqlite || !postgres {
        println!("skipped in part: not installed are both libsqliteodbc and odbc-postgresql");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.sqlite");
    fill(&path);
    let mut ini = format!("[lab_sqlite]\nDriver=SQLite3\nDatabase={}\n", path.display());
    let server = server(Kind::Postgres);
    if let Some(server) = &server {
        let database = server.database("");
        server.sql(
            &database,
            "CREATE TABLE lab (id integer, name text, amount numeric(8,2), ratio double precision, flag boolean, day_of date, at timestamp, bytes bytea, none text);
            INSERT INTO lab VALUES (7, '张 \"x\"', 5, 0.1, true, '2024-02-29', '2024-05-01 07:08:09.5', '\\x00ff', NULL);",
        );
        let _ = write!(
            ini,
            "[lab_postgres]\nDriver=PostgreSQL Unicode\nServername=127.0.0.1\nPort={}\nDatabase={database}\nBoolsAsChar=0\n",
            server.port
        );
    }
    let ini_path = folder.path().join("odbc.ini");
    std::fs::write(&ini_path, ini).unwrap();
    let mut inner = Command::new(std::env::current_exe().unwrap());
    inner.args(["--exact", "odbc::tables_are_read_by_drivers_of_the_system", "--nocapture"]);
    let output = inner.env(INI, &ini_path).env(INNER, "1").output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", said(&output.stdout), said(&output.stderr));
}

fn fill(path: &Path) {
    let db = rusqlite::Connection::open(path).unwrap();
    db.execute_batch("CREATE TABLE lab (id integer, name text, value double, at timestamp, note text, none text);")
        .unwrap();
    let long = "长".repeat(9_000);
    for (id, name) in [(7, "张 \"x\""), (8, long.as_str()), (9, "'")] {
        let insert = "INSERT INTO lab VALUES (?1, ?2, 0.1, '2024-05-01 07:08:09', '', NULL)";
        db.execute(insert, rusqlite::params![id, name]).unwrap();
    }
}
