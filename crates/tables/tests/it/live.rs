//! Tables of live databases: spelled as in files, pulled in one snapshot, and what goes wrong there.

use crate::databases::{Kind, PASSWORD, Server, cut_after, server};
use crate::house::{House, everything};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use tables::Error;
use tables::live::{Address, Secret, Session, connect};
use tables::mapping::Settings;
use tables::pull::{IfDoubtful, PullReport};

fn settings(toml: &str) -> Settings {
    Settings::of_files(&[("mapping.toml".to_owned(), format!("name = \"live\"\n{toml}"))])
}

/// 2026-01-01 12:00 UTC.
fn noon() -> Arc<dyn Fn() -> i64 + Send + Sync> {
    Arc::new(|| 1_767_268_800_000_000)
}

fn session(url: &str, password: &str, settings: &Settings) -> Result<Session, Error> {
    connect(&Address::parse(url).unwrap(), Some(&Secret::new(password)), settings, noon())
}

fn try_pull(house: &House, url: &str, toml: &str, if_doubtful: IfDoubtful) -> Result<PullReport, Error> {
    let settings = settings(toml);
    let found = session(url, PASSWORD, &settings)?.find_tables(&settings)?;
    house.sources.pull(&everything(), "his", &found.tables, if_doubtful, &mut |_, _| Ok(()))
}

fn pull(house: &House, url: &str, toml: &str) -> PullReport {
    try_pull(house, url, toml, IfDoubtful::Stop).unwrap()
}

fn refused(result: Result<PullReport, Error>) -> String {
    let text = result.unwrap_err().to_string();
    assert!(!text.contains(PASSWORD), "{text}");
    text
}

/// The cells of a table's only row, by column.
fn row(house: &House, table: &str, row: u64) -> BTreeMap<String, String> {
    let found = house.sources.row(&everything(), "his", table, row).unwrap();
    found.cells.into_iter().map(|(column, cell)| (column, cell.unwrap_or("NULL".into()))).collect()
}

/// Checks how values are spelled: declarations and literals with their text.
fn check_values(server: &Server, values: &[(&str, &str, &str)]) {
    let (columns, literals): (Vec<String>, Vec<&str>) =
        values.iter().enumerate().map(|(at, (kind, literal, _))| (format!("c{at} {kind}"), *literal)).unzip();
    let database = server.database("");
    server.sql(&database, &format!("CREATE TABLE zoo ({});", columns.join(", ")));
    server.sql(&database, &format!("INSERT INTO zoo VALUES ({});", literals.join(", ")));
    let house = House::new();
    let report = pull(&house, &server.url(&database), "[tables.zoo]\n");
    assert_eq!((report.tables[0].rows, report.tables[0].bad), (1, 0));
    let found = row(&house, "zoo", 0);
    for (at, (kind, literal, text)) in values.iter().enumerate() {
        assert_eq!(found[&format!("c{at}")], *text, "{kind} {literal}");
    }
}

#[test]
fn values_of_postgresql_are_spelled_as_in_files() {
    let Some(server) = server(Kind::Postgres) else { return };
    check_values(
        &server,
        &[
            ("text", "' 007 \"x\", 张\u{20000}'", " 007 \"x\", 张\u{20000}"),
            ("text", "''", ""),
            ("text", "NULL", "NULL"),
            ("varchar(5)", "'ab'", "ab"),
            ("char(4)", "'ab'", "ab  "),
            ("boolean", "true", "true"),
            ("boolean", "false", "false"),
            ("smallint", "-7", "-7"),
            ("integer", "2147483647", "2147483647"),
            ("bigint", "-9223372036854775808", "-9223372036854775808"),
            ("numeric(8,2)", "5", "5.00"),
            ("numeric", "0.000120", "0.000120"),
            ("numeric", "-12345678901234567890.5", "-12345678901234567890.5"),
            ("numeric", "'NaN'", "NaN"),
            ("numeric", "10000", "10000"),
            ("money", "12.5", "12.50"),
            ("real", "0.1", "0.1"),
            ("double precision", "1e21", "1e21"),
            ("double precision", "5", "5"),
            ("date", "'2024-02-29'", "2024-02-29"),
            ("date", "'infinity'", "infinity"),
            ("time", "'07:08:09.5'", "07:08:09.500"),
            ("timestamp", "'1999-12-31 23:59:59'", "1999-12-31 23:59:59"),
            ("timestamp", "'2024-05-01 07:08:09.000001'", "2024-05-01 07:08:09.000001"),
            ("timestamptz", "'2024-05-01 07:08:09+08'", "2024-04-30 23:08:09+00:00"),
            ("timestamptz", "'-infinity'", "-infinity"),
            ("bytea", "'\\x00ff'", "\\x00ff"),
            ("uuid", "'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("jsonb", "'{\"a\": [1, null]}'", "{\"a\": [1, null]}"),
            ("json", "'{\"a\":1}'", "{\"a\":1}"),
            ("xml", "'<a/>'", "<a/>"),
            ("integer[]", "'{1,NULL,3}'", "{1,NULL,3}"),
            ("interval", "'1 day 2 hours'", "1 day 02:00:00"),
            ("timetz", "'07:08:09+08'", "07:08:09+08:00"),
            ("inet", "'10.1.2.3/8'", "10.1.2.3/8"),
            ("inet", "'10.1.2.3'", "10.1.2.3"),
            ("bit(4)", "B'1010'", "1010"),
            ("name", "'x'", "x"),
            ("oid", "4294967295", "4294967295"),
        ],
    );
}

#[test]
fn values_of_mariadb_are_spelled_as_in_files() {
    let Some(server) = server(Kind::MariaDb) else { return };
    check_values(
        &server,
        &[
            ("text", "' 007 \"x\", 张\u{20000}'", " 007 \"x\", 张\u{20000}"),
            ("text", "''", ""),
            ("longtext", "NULL", "NULL"),
            ("longtext", "'long'", "long"),
            ("varchar(5)", "'ab'", "ab"),
            ("char(4)", "'ab'", "ab"),
            ("varchar(5) CHARACTER SET latin1", "'ä'", "ä"),
            ("boolean", "true", "true"),
            ("boolean", "false", "false"),
            ("tinyint", "1", "1"),
            ("smallint", "-7", "-7"),
            ("bigint unsigned", "18446744073709551615", "18446744073709551615"),
            ("decimal(8,2)", "5", "5.00"),
            ("decimal(30,10)", "-12345678901234567890.5", "-12345678901234567890.5000000000"),
            ("float", "0.1", "0.1"),
            ("double", "1e21", "1e21"),
            ("date", "'2024-02-29'", "2024-02-29"),
            ("time", "'07:08:09'", "07:08:09"),
            ("time(3)", "'-26:08:09.5'", "-26:08:09.500"),
            ("datetime", "'1999-12-31 23:59:59'", "1999-12-31 23:59:59"),
            ("datetime(6)", "'2024-05-01 07:08:09.000001'", "2024-05-01 07:08:09.000001"),
            ("timestamp", "'2024-05-01 07:08:09'", "2024-05-01 07:08:09+00:00"),
            ("year", "2024", "2024"),
            ("blob", "x'00ff'", "\\x00ff"),
            ("varbinary(4)", "x'00ff'", "\\x00ff"),
            ("longblob", "x'01'", "\\x01"),
            ("json", "'{\"a\":1}'", "{\"a\":1}"),
            ("enum('M','F')", "'F'", "F"),
            ("bit(1)", "b'1'", "true"),
            ("bit(10)", "b'1000000001'", "513"),
            ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ],
    );
}

/// Statements that make and fill `lab`, and a smaller table.
fn lab(rows: usize) -> String {
    let mut sql = "CREATE TABLE lab (id integer, item varchar(20), value varchar(20));".to_owned();
    for begin in (0..rows).step_by(1_000) {
        let values: Vec<String> =
            (begin..rows.min(begin + 1_000)).map(|id| format!("({id}, 'HB', '{}.{}')", id % 20, id % 10)).collect();
        let _ = write!(sql, "INSERT INTO lab VALUES {};", values.join(","));
    }
    sql
}

const LAB: &str = "[tables.lab]\nkey = [\"id\"]\nuses = [\"id\"]\n";

fn a_pull_takes_what_changed(kind: Kind) {
    let Some(server) = server(kind) else { return };
    let database = server.database("");
    server.sql(&database, &lab(2_000));
    let (house, url) = (House::new(), server.url(&database));
    let first = pull(&house, &url, LAB);
    assert_eq!((first.delivery, first.tables[0].rows, first.tables[0].new), (Some(1), 2_000, 2_000));
    let again = pull(&house, &url, LAB);
    assert_eq!((again.delivery, again.tables[0].equal, again.tables[0].unchanged_file), (None, 2_000, true));
    server.sql(&database, "UPDATE lab SET value = 'high' WHERE id = 7; DELETE FROM lab WHERE id = 8; INSERT INTO lab VALUES (5000, NULL, '');");
    let next = pull(&house, &url, LAB);
    let counts = |report: &PullReport| {
        let table = &report.tables[0];
        [table.new, table.changed, table.gone, table.equal]
    };
    assert_eq!(counts(&next), [1, 1, 1, 1_998]);
    // The bytes of a row are those of its CSV, in an arrival with the other new ones.
    let at = house.numbers().into_iter().next_back().unwrap();
    let origin = house.sources.row(&everything(), "his", "lab", at).unwrap();
    let (arrival, offset, length) = origin.arrival.unwrap();
    assert_eq!(house.bytes(arrival, offset, u64::from(length)), "5000,,\"\"\n");

    // What is lost is asked about; what is missing is named.
    server.sql(&database, "DELETE FROM lab WHERE id < 500;");
    assert!(matches!(try_pull(&house, &url, LAB, IfDoubtful::Stop), Err(Error::Suspicious(_))));
    assert_eq!(counts(&try_pull(&house, &url, LAB, IfDoubtful::Accept).unwrap())[2], 499);
    server.sql(&database, "ALTER TABLE lab DROP COLUMN item;");
    let lost = refused(try_pull(&house, &url, LAB, IfDoubtful::Stop));
    assert!(lost.contains("no column item any more"), "{lost}");
    let renamed = refused(try_pull(&house, &url, "[tables.labs]\n", IfDoubtful::Stop));
    assert!(renamed.contains("no table labs") && renamed.contains("did you mean `lab`?"), "{renamed}");
    let needed = refused(try_pull(&house, &url, "[tables.lab]\nuses = [\"unit\"]\n", IfDoubtful::Stop));
    assert!(needed.contains("no column unit"), "{needed}");

    // A query of the source, and what is none.
    let query =
        "[tables.high]\nkey = [\"id\"]\nquery = \"SELECT id, value AS result FROM lab WHERE id >= 1000 ORDER BY id\"\n";
    let asked = pull(&house, &url, query);
    assert_eq!((asked.tables[0].rows, asked.tables[0].file.as_str()), (1_001, "query of high"));
    for (query, why) in [
        ("DELETE FROM lab", "one SELECT"),
        ("SELECT 1; DROP TABLE lab", "one SELECT"),
        ("SELECT id AS a, id AS a FROM lab", "two columns are called a"),
        ("SELECT nonsense FROM lab", "nonsense"),
    ] {
        let text = refused(try_pull(&house, &url, &format!("[tables.lab]\nquery = \"{query}\"\n"), IfDoubtful::Stop));
        assert!(text.contains(why), "{query}: {text}");
    }
    let wrong = session(&url, "not-the-password", &settings(LAB)).err().unwrap().to_string();
    assert!(wrong.contains("refuses the user or the password") && !wrong.contains("not-the-password"), "{wrong}");
    let nobody = format!("{}://reader@127.0.0.1:1/x", if kind == Kind::Postgres { "postgres" } else { "mysql" });
    let nobody = session(&nobody, PASSWORD, &settings(LAB)).err().unwrap().to_string();
    assert!(nobody.contains("cannot be connected to"), "{nobody}");
}

#[test]
fn a_pull_of_postgresql_takes_what_changed_and_tells_what_is_wrong() {
    a_pull_takes_what_changed(Kind::Postgres);
}

#[test]
fn a_pull_of_mariadb_takes_what_changed_and_tells_what_is_wrong() {
    a_pull_takes_what_changed(Kind::MariaDb);
}

fn a_broken_connection_changes_nothing(kind: Kind) {
    let Some(server) = server(kind) else { return };
    let database = server.database("");
    server.sql(&database, &lab(20_000));
    let house = House::new();
    let whole = pull(&house, &server.url(&database), LAB);
    assert_eq!(whole.tables[0].rows, 20_000);
    let rows = house.numbers();
    server.sql(&database, "UPDATE lab SET value = 'x' WHERE id < 300;");
    for bytes in [20, 4_000, 60_000, 200_000] {
        let port = cut_after(server.port, bytes);
        let text = refused(try_pull(&house, &server.url_at(port, &database), LAB, IfDoubtful::Stop));
        assert!(
            text.contains("broke off") || text.contains("cannot be connected to") || bytes == 4_000,
            "{bytes}: {text}"
        );
        assert_eq!(house.numbers(), rows, "{bytes}");
    }
    assert_eq!(pull(&house, &server.url(&database), LAB).tables[0].changed, 300);
}

#[test]
fn a_postgresql_that_goes_away_amid_a_pull_changes_nothing() {
    a_broken_connection_changes_nothing(Kind::Postgres);
}

#[test]
fn a_mariadb_that_goes_away_amid_a_pull_changes_nothing() {
    a_broken_connection_changes_nothing(Kind::MariaDb);
}

/// A cell of 100 MiB is left where it is, and the rows beside it come.
fn a_large_cell_is_left_at_the_server(kind: Kind) {
    let Some(server) = server(kind) else { return };
    let database = server.database("");
    let text = if kind == Kind::Postgres { "text" } else { "longtext" };
    server.sql(&database, &format!("CREATE TABLE note (id integer, text {text});"));
    server.sql(
        &database,
        "INSERT INTO note VALUES (1, 'short'), (2, repeat('x', 104857600)), (3, repeat('y', 16777216)), (4, NULL);",
    );
    let house = House::new();
    let report = pull(&house, &server.url(&database), "[tables.note]\n");
    assert_eq!((report.tables[0].rows, report.tables[0].bad), (3, 1));
    let letters = house.records.dead_letters(&everything(), None, None, 10).unwrap();
    assert!(letters[0].what.contains("cell-too-large: column text: a cell of more than 16 MiB"), "{}", letters[0].what);
    assert_eq!(row(&house, "note", 1)["text"].len(), 16 << 20);
}

#[test]
fn a_large_cell_of_postgresql_is_left_at_the_server() {
    a_large_cell_is_left_at_the_server(Kind::Postgres);
}

#[test]
fn a_large_cell_of_mariadb_is_left_at_the_server() {
    a_large_cell_is_left_at_the_server(Kind::MariaDb);
}

/// Of a row of 75 MiB, of which no cell is too large, what it is known by comes, and the rows beside it.
fn a_large_row_is_left_at_the_server(kind: Kind) {
    let Some(server) = server(kind) else { return };
    let database = server.database("");
    let text = if kind == Kind::Postgres { "text" } else { "mediumtext" };
    let columns: Vec<String> = (0..5).map(|at| format!("t{at} {text}")).collect();
    server.sql(&database, &format!("CREATE TABLE note ({}, id {text});", columns.join(", ")));
    let insert = |id: &str, bytes: usize| {
        let cells = format!("repeat('x', {bytes}), ").repeat(5);
        server.sql(&database, &format!("INSERT INTO note VALUES ({cells}'{id}');"));
    };
    insert("a", 7);
    insert("b", 15 << 20);
    insert("c", 100_000);
    let house = House::new();
    // Had the row come, the connection would have been cut.
    let url = server.url_at(cut_after(server.port, 8 << 20), &database);
    let report = pull(&house, &url, "[tables.note]\nkey = [\"ID\"]\n");
    assert_eq!((report.tables[0].rows, report.tables[0].bad), (2, 1), "{kind:?}");
    let letter = &house.records.dead_letters(&everything(), None, None, 10).unwrap()[0];
    assert_eq!(letter.what, "row-too-large: a row of more than 64 MiB, of id b");
    assert_eq!(row(&house, "note", 1)["t4"].len(), 100_000);
    // Of a query nothing is known before it comes, in MariaDB; and there is an end to what is taken.
    let cells: Vec<String> = (0..9).map(|at| format!("repeat('x', n * 15000000) AS t{at}")).collect();
    let numbers = "SELECT 0 AS n UNION ALL SELECT 1";
    let query = format!("SELECT n AS id, {} FROM ({numbers}) AS numbers", cells.join(", "));
    let wide = format!("[tables.wide]\nkey = [\"id\"]\nquery = \"{query}\"\n");
    match (kind, try_pull(&house, &server.url(&database), &wide, IfDoubtful::Stop)) {
        (Kind::Postgres, report) => assert_eq!(report.unwrap().tables[0].bad, 1),
        (Kind::MariaDb, result) => {
            let text = refused(result);
            let whole = "query of wide: row 2, after the one of id 0 is larger than 128 MiB: read less of it";
            assert!(text.contains(whole), "{text}");
        }
    }
}

#[test]
fn a_large_row_of_postgresql_is_left_at_the_server() {
    a_large_row_is_left_at_the_server(Kind::Postgres);
}

#[test]
fn a_large_row_of_mariadb_is_left_at_the_server() {
    a_large_row_is_left_at_the_server(Kind::MariaDb);
}

#[test]
fn text_in_another_encoding_than_the_database_says_is_read_as_declared() {
    let gbk = "insert into names values (1, convert_from('\\xd5c5', 'SQL_ASCII')), (2, convert_from('\\xd5ff', 'SQL_ASCII'));";
    if let Some(server) = server(Kind::Postgres) {
        let database = server.database("ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'");
        server.sql(&database, &format!("CREATE TABLE names (id integer, name text); {gbk}"));
        let house = House::new();
        let report = pull(&house, &server.url(&database), "[live]\nencoding = \"gbk\"\n[tables.names]\n");
        assert_eq!((report.tables[0].rows, report.tables[0].bad), (1, 1));
        assert_eq!(row(&house, "names", 0)["name"], "张");
        // Without a word it is read as UTF-8, and these bytes are none.
        let report = pull(&House::new(), &server.url(&database), "[tables.names]\n");
        assert_eq!((report.tables[0].rows, report.tables[0].bad), (0, 2));
    }
    if let Some(server) = server(Kind::MariaDb) {
        let database = server.database("");
        // What old programs wrote into a column that says latin1, beside one that says UTF-8 and is it.
        server.sql(&database, "CREATE TABLE names (id integer, name varchar(9) CHARACTER SET latin1, ward varchar(9) CHARACTER SET utf8mb4); INSERT INTO names VALUES (1, x'd5c5', '外科'), (2, x'd5ff', 'x');");
        let house = House::new();
        let report = pull(&house, &server.url(&database), "[live]\nencoding = \"gbk\"\n[tables.names]\n");
        assert_eq!((report.tables[0].rows, report.tables[0].bad), (1, 1));
        let first = row(&house, "names", 0);
        assert_eq!((first["id"].as_str(), first["name"].as_str(), first["ward"].as_str()), ("1", "张", "外科"));
        server.sql(&database, "CREATE TABLE big5 (name varchar(9) CHARACTER SET big5);");
        let other = "[live]\nencoding = \"gbk\"\n[tables.big5]\n";
        let other = refused(try_pull(&house, &server.url(&database), other, IfDoubtful::Stop));
        assert!(other.contains("column name says another character set"), "{other}");
    }
}

#[test]
fn the_encoding_of_files_is_not_that_of_databases() {
    let files = tables::run::files_of("his-zh").unwrap();
    let mut settings = Settings::of_files(&files);
    assert_eq!(settings.encoding.as_deref(), Some("gb18030"));
    settings.tables.retain(|name, _| name == "病人基本信息");
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let Some(server) = server(kind) else { continue };
        let database = server.database("");
        let quote = if kind == Kind::Postgres { '"' } else { '`' };
        let columns: Vec<String> = ["病人ID", "姓名", "性别", "出生日期", "身份证号", "民族"]
            .map(|name| format!("{quote}{name}{quote} varchar(20)"))
            .to_vec();
        let table = format!("{quote}病人基本信息{quote}");
        server.sql(
            &database,
            &format!(
                "CREATE TABLE {table} ({}); INSERT INTO {table} VALUES ('1', '张伟', '男', '1980-01-02', '', '汉');",
                columns.join(", ")
            ),
        );
        let house = House::new();
        let found = session(&server.url(&database), PASSWORD, &settings).unwrap().find_tables(&settings).unwrap();
        let report = house.sources.pull(&everything(), "his", &found.tables, IfDoubtful::Stop, &mut |_, _| Ok(()));
        assert_eq!((report.unwrap().tables[0].bad, &*row(&house, "病人基本信息", 0)["姓名"]), (0, "张伟"), "{kind:?}");
        if kind == Kind::Postgres {
            let declared =
                try_pull(&house, &server.url(&database), "[live]\nencoding = \"gb18030\"\n", IfDoubtful::Stop);
            let declared = refused(declared);
            assert!(declared.contains("the text of this database is UTF-8"), "{declared}");
        }
    }
}

#[test]
fn a_session_may_be_idle_while_a_table_is_compared() {
    let settings = |query: &str| settings(&format!("[tables.limit]\nquery = \"{query}\"\n"));
    let limit = |server: &Server, database: &str, query: &str| {
        let (house, settings) = (House::new(), settings(query));
        let found = session(&server.url(database), PASSWORD, &settings).unwrap().find_tables(&settings).unwrap();
        house.sources.pull(&everything(), "his", &found.tables, IfDoubtful::Stop, &mut |_, _| Ok(())).unwrap();
        row(&house, "limit", 0)["seconds"].clone()
    };
    if let Some(server) = server(Kind::Postgres) {
        let database = server.database("");
        server.sql(&database, &format!("ALTER DATABASE {database} SET idle_in_transaction_session_timeout = '30s';"));
        let query = "SELECT current_setting('idle_in_transaction_session_timeout') AS seconds";
        assert_eq!(limit(&server, &database, query), "0");
        let query = "SELECT current_setting('client_connection_check_interval', true) AS seconds";
        assert!(["10s", "NULL"].contains(&&*limit(&server, &database, query)));
        let query = "SELECT current_setting('lock_timeout') AS seconds";
        assert_eq!(limit(&server, &database, query), "1min");
        // A longer time that is set would be waited for again and again, a shorter one holds.
        for (set, wanted) in [("10min", "1min"), ("700ms", "700ms")] {
            server.sql(&database, &format!("ALTER DATABASE {database} SET lock_timeout = '{set}';"));
            assert_eq!(limit(&server, &database, query), wanted);
        }
    }
    if let Some(server) = server(Kind::MariaDb) {
        let query = "SELECT @@wait_timeout + @@idle_readonly_transaction_timeout AS seconds";
        assert_eq!(limit(&server, &server.database(""), query), "86400");
    }
}

#[test]
fn a_query_that_the_database_ends_is_told_and_changes_nothing() {
    if let Some(server) = server(Kind::Postgres) {
        let database = server.database("");
        server.sql(&database, "CREATE VIEW slow AS SELECT pg_sleep(20)::text AS id;");
        server.sql(&database, &format!("ALTER DATABASE {database} SET statement_timeout = '300ms';"));
        let text = refused(try_pull(&House::new(), &server.url(&database), "[tables.slow]\n", IfDoubtful::Stop));
        assert!(text.contains("ended the query") && text.contains("statement_timeout"), "{text}");
    }
    if let Some(server) = server(Kind::MariaDb) {
        let database = server.database("");
        server.sql(&database, "CREATE VIEW slow AS SELECT sleep(20) AS id;");
        server.sql("", "CREATE USER hasty@'%' IDENTIFIED BY 'grey-heron-7431-over-water' WITH MAX_STATEMENT_TIME 0.3; GRANT SELECT ON *.* TO hasty@'%';");
        let url = server.url(&database).replace("reader@", "hasty@");
        let text = refused(try_pull(&House::new(), &url, "[tables.slow]\n", IfDoubtful::Stop));
        assert!(text.contains("ended the query"), "{text}");
    }
}

/// Waits until a query says that it is so.
fn until(server: &Server, database: &str, query: &str) {
    let begun = std::time::Instant::now();
    while !["1", "t"].contains(&&*server.asked(database, query)) {
        assert!(begun.elapsed().as_secs() < 60, "{query}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_lock_is_waited_for_some_times_and_then_told() {
    let told = |result| {
        let text = refused(result);
        assert!(text.contains("somebody holds a lock on it") && text.contains("pull again"), "{text}");
    };
    if let Some(server) = server(Kind::Postgres) {
        let database = server.database("");
        server.sql(&database, &lab(10));
        // What whoever administers the database says holds.
        server.sql(&database, &format!("ALTER DATABASE {database} SET lock_timeout = '700ms';"));
        let lock = "BEGIN; LOCK TABLE lab IN ACCESS EXCLUSIVE MODE; SELECT pg_advisory_lock(7);\n";
        let is_held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let held = server.hold(&database, lock);
        until(&server, &database, is_held);
        told(try_pull(&House::new(), &server.url(&database), LAB, IfDoubtful::Stop));
        // Who lets go meanwhile is not in the way.
        let between = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND usename = 'reader' AND query LIKE 'ROLLBACK TO%'"
        );
        let url = server.url(&database);
        let pulling = std::thread::spawn(move || pull(&House::new(), &url, LAB).tables[0].rows);
        until(&server, &database, &between);
        drop(held);
        assert_eq!(pulling.join().unwrap(), 10);
    }
    if let Some(server) = server(Kind::MariaDb) {
        let database = server.database("");
        server.sql(&database, &lab(10));
        let held = server.hold(&database, "LOCK TABLES lab WRITE; SELECT GET_LOCK('lab', 0);\n");
        until(&server, &database, "SELECT IS_USED_LOCK('lab') IS NOT NULL");
        server.sql("", "SET GLOBAL lock_wait_timeout = 1;");
        told(try_pull(&House::new(), &server.url(&database), LAB, IfDoubtful::Stop));
        drop(held);
        until(&server, &database, "SELECT IS_USED_LOCK('lab') IS NULL");
        assert_eq!(pull(&House::new(), &server.url(&database), LAB).tables[0].rows, 10);
    }
}

#[test]
fn a_lock_that_is_met_when_rows_are_asked_for_is_waited_for_too() {
    let Some(server) = server(Kind::MariaDb) else { return };
    let database = server.database("");
    server.sql("", "SET GLOBAL lock_wait_timeout = 1;");
    // The statement is known by then.
    server.sql(
        &database,
        "DELIMITER //
         CREATE FUNCTION tried() RETURNS INT DETERMINISTIC BEGIN SET @tries = COALESCE(@tries, 0) + 1;
         IF @tries < 3 THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'Lock wait timeout exceeded'; END IF; RETURN @tries; END //
         DELIMITER ;
",
    );
    server.sql("", "GRANT EXECUTE ON *.* TO reader@'%';");
    let house = House::new();
    pull(&house, &server.url(&database), "[tables.lab]\nquery = \"SELECT 7 AS id FROM DUAL WHERE tried() = 3\"\n");
    assert_eq!(row(&house, "lab", 0)["id"], "7");
}

#[test]
fn a_database_is_asked_no_faster_and_no_other_time_than_it_may_be() {
    let Some(server) = server(Kind::Postgres) else { return };
    let database = server.database("");
    server.sql(&database, &lab(300));
    let url = server.url(&database);
    let begun = std::time::Instant::now();
    let report = pull(&House::new(), &url, &format!("[live]\nrows_per_second = 1000\n{LAB}"));
    // Never faster; how much slower depends on the machine.
    assert!(report.tables[0].rows == 300 && begun.elapsed().as_millis() >= 250);
    let closed =
        refused(try_pull(&House::new(), &url, &format!("[live]\nhours = \"01:00-05:00\"\n{LAB}"), IfDoubtful::Stop));
    assert!(closed.contains("may be read from 01:00-05:00 (UTC) only"), "{closed}");
    // What the address says comes before what the mapping says.
    let open = format!("{url}?hours=11:30-13:00");
    pull(&House::new(), &open, &format!("[live]\nhours = \"01:00-05:00\"\n{LAB}"));
    // Somebody who stops is heard although rows come slowly.
    let settings = settings(&format!("[live]\nrows_per_second = 1\n{LAB}"));
    let found = session(&url, PASSWORD, &settings).unwrap().find_tables(&settings).unwrap();
    let stop = House::new()
        .sources
        .pull(&everything(), "his", &found.tables, IfDoubtful::Stop, &mut |_, _| Err(Error::Stopped));
    assert!(matches!(stop, Err(Error::Stopped)));
}

/// Stops a pull before its first row, and waits until the database is at rest; `more` is added to its address.
pub fn a_stop_is_heard(server: &Server, more: &str) {
    let database = server.database("");
    let (slow, busy) = match server.kind {
        Kind::Postgres => (
            "CREATE VIEW slow AS SELECT pg_sleep(600)::text AS id;",
            format!(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND usename = 'reader' AND state = 'active'"
            ),
        ),
        Kind::MariaDb => (
            "CREATE VIEW slow AS SELECT sleep(600) AS id;",
            format!(
                "SELECT count(*) FROM information_schema.processlist WHERE db = '{database}' AND user = 'reader' AND command <> 'Sleep'"
            ),
        ),
    };
    server.sql(&database, slow);
    let settings = settings("[tables.slow]\n");
    let url = format!("{}{more}", server.url(&database));
    let found = session(&url, PASSWORD, &settings).unwrap().find_tables(&settings).unwrap();
    let mut was_busy = false;
    let stopped = House::new().sources.pull(&everything(), "his", &found.tables, IfDoubtful::Stop, &mut |_, _| {
        was_busy = server.asked("", &busy) == "1";
        if was_busy { Err(Error::Stopped) } else { Ok(()) }
    });
    assert!(matches!(stopped, Err(Error::Stopped)) && was_busy, "{:?}", server.kind);
    until(server, "", &format!("SELECT ({busy}) = 0"));
}

#[test]
fn a_database_computes_nothing_for_a_pull_that_was_stopped() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let Some(server) = server(kind) else { continue };
        a_stop_is_heard(&server, "");
    }
}

#[test]
fn all_tables_are_of_one_moment_and_nothing_can_be_written() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let Some(server) = server(kind) else { continue };
        let database = server.database("");
        server.sql(&database, &lab(10));
        server.sql(&database, "CREATE TABLE stay (id integer); INSERT INTO stay VALUES (1);");
        let settings = settings("[tables.lab]\n[tables.stay]\n");
        let found = session(&server.url(&database), PASSWORD, &settings).unwrap().find_tables(&settings).unwrap();
        server.sql(&database, "INSERT INTO stay VALUES (2); DELETE FROM lab WHERE id = 1;");
        let house = House::new();
        let report =
            house.sources.pull(&everything(), "his", &found.tables, IfDoubtful::Stop, &mut |_, _| Ok(())).unwrap();
        assert_eq!(report.tables.iter().map(|table| table.rows).collect::<Vec<_>>(), [10, 1], "{kind:?}");
        let found = session(&server.url(&database), PASSWORD, &settings).unwrap().find_tables(&settings).unwrap();
        let other = house.sources.pull(&everything(), "his", &found.tables, IfDoubtful::Accept, &mut |_, _| {
            // While one pulls, another of the same source is refused, and the source is not removed.
            let twice = house.sources.pull(&everything(), "his", &[], IfDoubtful::Stop, &mut |_, _| Ok(()));
            assert!(matches!(twice, Err(Error::Busy(_))));
            assert!(matches!(house.sources.remove(&everything(), "his"), Err(Error::Busy(_))));
            Ok(())
        });
        other.unwrap();
    }
}
