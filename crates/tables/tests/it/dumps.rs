//! A table in a dump and the same table in the database that the dump is of: the same rows, cell by cell.

use crate::databases::{Kind, PASSWORD, Server, server};
use crate::house::{House, everything};
use std::fmt::Write;
use std::sync::Arc;
use tables::live::{Address, Secret, connect};
use tables::mapping::Settings;
use tables::pull::{IfDoubtful, PullReport, PullTable};
use tables::run::find_tables;

fn settings(table: &str) -> Settings {
    Settings::of_files(&[("mapping.toml".to_owned(), format!("name = \"dumps\"\n[tables.{table}]\nkey = [\"id\"]\n"))])
}

fn pull(house: &House, tables: &[PullTable]) -> PullReport {
    house.sources.pull(&everything(), "his", tables, IfDoubtful::Stop, &mut |_, _| Ok(())).unwrap()
}

fn dumped(house: &House, server: &Server, database: &str, table: &str, options: &[&str]) -> PullReport {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("his.sql");
    std::fs::write(&path, server.dump(database, options)).unwrap();
    let found = find_tables(&settings(table), &path, folder.path());
    pull(house, &found.unwrap_or_else(|error| panic!("{options:?}: {error}")).tables)
}

/// The cells of the current rows, by column.
fn cells(house: &House, table: &str) -> Vec<Vec<(String, Option<String>)>> {
    let rows = house.numbers().into_iter();
    let mut cells: Vec<_> =
        rows.map(|row| house.sources.row(&everything(), "his", table, row).unwrap().cells).collect();
    cells.sort();
    cells
}

/// Holds a dump to what the database says: as one source that is pulled both ways.
fn check_dump(server: &Server, database: &str, table: &str, options: &[&str]) {
    let house = House::new();
    let first = dumped(&house, server, database, table, options);
    assert_eq!(first.tables[0].bad, 0, "{options:?}");
    let of_dump = house.numbers();
    let settings = settings(table);
    let address = Address::parse(&server.url(database)).unwrap();
    let session = connect(&address, Some(&Secret::new(PASSWORD)), &settings, Arc::new(|| 0)).unwrap();
    let tables = session.find_tables(&settings).unwrap().tables;
    let again = house.sources.pull(&everything(), "his", &tables, IfDoubtful::Accept, &mut |_, _| Ok(())).unwrap();
    let counts = &again.tables[0];
    if (counts.equal, counts.new, counts.changed, counts.gone) != (first.tables[0].rows, 0, 0, 0) {
        let new = house.numbers().into_iter().filter(|row| !of_dump.contains(row));
        for (found, expected) in of_dump.iter().copied().zip(new) {
            let cells = |row| house.sources.row(&everything(), "his", table, row).unwrap().cells;
            assert_eq!(cells(found), cells(expected), "{options:?}");
        }
        panic!("{options:?}: {counts:?}");
    }
}

/// Statements that fill a table with numbers of single precision, the same each time.
fn floats(declared: &str) -> String {
    let mut sql = format!("CREATE TABLE floats (id integer, value {declared});");
    let (mut state, mut values) = (7_u32, Vec::new());
    for id in 0..600 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let value = match id % 4 {
            0 => f32::from_bits(state & 0x7fff_ffff),
            1 => (state >> 8) as f32,
            2 => (state >> 8) as f32 / 1_000.0,
            _ => (state >> 12) as f32 / 64.0,
        };
        // Of the smallest ones, which servers do not all take, none.
        let value = if value.is_finite() && value > 1e-30 { value } else { 0.5 };
        values.push(format!("({id}, {value:e})"));
    }
    let _ = write!(sql, "INSERT INTO floats VALUES {};", values.join(","));
    sql
}

#[test]
fn a_table_of_mariadb_is_the_same_in_a_dump_and_in_the_database() {
    let Some(server) = server(Kind::MariaDb) else { return };
    let database = server.database("");
    server.sql(
        &database,
        "SET sql_mode = 'NO_ENGINE_SUBSTITUTION'; SET time_zone = '+08:00';
        CREATE TABLE zoo (
            id int NOT NULL, small smallint(5) unsigned zerofill, whole int(8) zerofill, big bigint unsigned, tiny tinyint,
            flag tinyint(1), flag_unsigned tinyint(1) unsigned, truth boolean, bit_one bit(1), bit_many bit(10), year_of year,
            day_of date, at datetime, at_fine datetime(6), moment timestamp NULL, moment_fine timestamp(6) NULL, clock time, clock_fine time(6),
            amount decimal(8,2), amount_long decimal(30,10), amount_zeros decimal(8,2) zerofill, ratio float, ratio_fixed float(9,3),
            exact_ratio double, exact_fixed double(12,2), note text, fixed char(6), coded varchar(20) CHARACTER SET latin1,
            sort_of enum('M','F','it''s'), several set('a','b'), doc json, bytes_short varbinary(20), bytes_fixed binary(4), bytes_long longblob,
            place point, uid uuid, `a ``name``, with` varchar(10));
        INSERT INTO zoo VALUES
            (1, 42, 42, 18446744073709551615, -1, 1, 1, true, b'1', b'1000000001', 2024, '2024-02-29', '2024-05-01 07:08:09', '2024-05-01 07:08:09.5',
             '2024-05-01 07:08:09', '2024-05-01 07:08:09.000001', '-838:59:59', '-26:08:09.5', 5, -12345678901234567890.5, 1.5, 16777216, 1234.5, 0.1, 12.5,
             'it''s \"x\", \\\\ 张\n\t\r; -- no', 'ab', 'ä', 'it''s', 'a,b', '{\"a\": [1, null]}', x'00ff27225c0a0d1a', x'01', x'00e5275c80',
             ST_GeomFromText('POINT(1 2)'), 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'x'),
            (2, 0, 0, 0, 0, 0, 0, false, b'0', b'0', 0, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '0000-00-00 00:00:00',
             '00:00:00', '00:00:00', 0, 0, 0, 0, 0, 0, 0, '', '', '', '', '', '{}', '', '', '', ST_GeomFromText('POINT(0 0)'), NULL, ''),
            (3, 65535, 123456789, 7, 127, 7, 255, 2, NULL, b'1111111111', 1999, '2024-00-00', '9999-12-31 23:59:59', '1000-01-01 00:00:00.999999',
             '2038-01-01 00:00:00', '1971-01-01 00:00:00.999', '23:59:59', '838:59:58.000001', -999999.99, 0.0000000001, 999999.99, 1e20, -0.001, 1e-300, -0.01,
             repeat('长', 1000), 'trail  ', NULL, 'M', 'b', NULL, x'ff', x'ffffffff', repeat(x'80ff00', 700), NULL, NULL, NULL),
            (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
             NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);",
    );
    server.sql(&database, &floats("float"));
    for options in [
        &[][..],
        &["--hex-blob"],
        &["--skip-extended-insert", "--complete-insert", "--skip-quote-names"],
        &["--compatible=ansi", "--default-character-set=utf8mb4", "--hex-blob"],
        &["--replace", "--skip-opt", "--skip-comments", "--hex-blob", "--single-transaction", "--routines", "--events"],
    ] {
        check_dump(&server, &database, "zoo", options);
    }
    check_dump(&server, &database, "floats", &[]);
    // Without a word of the zone, moments are as the server showed them.
    let house = House::new();
    dumped(&house, &server, &database, "zoo", &["--skip-tz-utc"]);
    let moment =
        |cells: &[(String, Option<String>)]| cells.iter().find(|(name, _)| name == "moment").unwrap().1.clone();
    let moments: Vec<Option<String>> = cells(&house, "zoo").iter().map(|row| moment(row)).collect();
    assert!(moments[0].as_deref().is_some_and(|moment| moment.len() == "2024-05-01 07:08:09".len()), "{moments:?}");
}

#[test]
fn a_table_of_postgresql_is_the_same_in_a_dump_and_in_the_database() {
    let Some(server) = server(Kind::Postgres) else { return };
    let database = server.database("");
    server.sql(
        &database,
        "CREATE TYPE mood AS ENUM ('well', 'it''s bad'); CREATE TYPE pair AS (a integer, b boolean); CREATE DOMAIN code AS text; CREATE DOMAIN \"Flag\" AS boolean;
        CREATE TABLE zoo (
            id integer, small smallint, big bigint, amount numeric(8,2), amount_any numeric, flag boolean, ratio real, exact_ratio double precision,
            cash money, note text, fixed char(6), short varchar(20), code code, is_set \"Flag\", bytes bytea, day_of date, clock time(3), clock_zoned timetz,
            at timestamp, moment timestamptz, moment_fine timestamptz(3), span interval, doc json, doc_binary jsonb, tree xml, whole_array integer[],
            text_array text[], flag_array boolean[], ratio_array float8[], uid uuid, address inet, net cidr, bits bit(10), bits_any bit varying, mood mood, pair pair,
            numbers int4range, place point, words tsvector, mac macaddr, object oid, \"a \"\"name\"\", with\" text);
        INSERT INTO zoo VALUES
            (1, -7, -9223372036854775808, 5, 'NaN', true, 0.1, 1e21, 12.5, E'it''s \"x\", \\\\ 张\\n\\t\\r; -- no', 'ab', 'ab', 'x', true, '\\x00ff275c', '2024-02-29',
             '07:08:09.5', '07:08:09.5+08', '2024-05-01 07:08:09.000001', '2024-05-01 07:08:09+08', '2024-05-01 07:08:09.5-03:30', '1 year -2 days 03:04:05.5',
             '{\"a\":  1, \"b\": null}', '{\"b\": null, \"a\": [1.50]}', '<a b=\"c\">x</a>', '{1,NULL,3}', '{\"a b\",NULL,\"it''s, \\\"x\\\"\"}', '{t,f}', '{0.1,NaN}',
             'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.1.2.3', '10.0.0.0/8', B'1000000001', B'1', 'it''s bad', '(1,t)', '[1,5)', '(1,2.5)', 'a b''c', '08:00:2b:01:02:03', 4294967295, 'x'),
            (2, 0, 0, 0, 'Infinity', false, 'NaN', '-Infinity', -1234.5, '', '', '', '', false, '', 'infinity', '24:00', '00:00+00', 'infinity', '-infinity', NULL, '0', '[]', '\"x\"', '', '{}',
             '{}', '{}', '{}', NULL, '::1', '::/0', B'0000000000', B'', 'well', '(,)', 'empty', '(0,0)', '', NULL, 0, ''),
            (3, 32767, 1, -99999.99, 0.000120, NULL, 16777216, 5e-324, 0.05, repeat('长', 1000), 'trail', '\\N', 'null', NULL, decode(repeat('80ff00', 700), 'hex'), '0001-01-01',
             '23:59:59.999', '23:59:59-12', '0001-01-01 00:00', '1900-01-01 00:00:00+08:05:43', '9998-12-31 23:59:59.999Z', '-1 mons +2 days -00:00:00.000001', 'null', 'null', NULL,
             '{{1,2},{3,4}}', '{NULL,\"NULL\",\"\"}', NULL, NULL, NULL, '10.1.2.3/8', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
            (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
             NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);",
    );
    server.sql(&database, &floats("real"));
    let all: [&[&str]; 4] = [
        &[],
        &["--inserts", "--disable-dollar-quoting", "--on-conflict-do-nothing"],
        &["--column-inserts", "--rows-per-insert=3", "--quote-all-identifiers"],
        &["--encoding=GB18030", "--no-owner", "--no-privileges", "--clean", "--if-exists", "--create"],
    ];
    for options in all {
        check_dump(&server, &database, "zoo", options);
    }
    check_dump(&server, &database, "floats", &[]);
    // What people set for a database is seen in its dumps.
    server.sql(
        &database,
        &format!(
            "ALTER DATABASE {database} SET timezone TO 'Asia/Kolkata'; ALTER DATABASE {database} SET bytea_output TO escape;
            ALTER DATABASE {database} SET datestyle TO 'German'; ALTER DATABASE {database} SET intervalstyle TO iso_8601;
            ALTER DATABASE {database} SET extra_float_digits TO 0;"
        ),
    );
    check_dump(&server, &database, "zoo", &["--inserts"]);
}
