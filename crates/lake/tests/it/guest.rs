//! Schemas that others bring into SQL: who finds them, their types, what is told when a view is wrong.

use crate::house::{House, everything, grant};
use crate::workbench::Memory;
use access::Grant;
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::parquet::arrow::ArrowWriter;
use lake::guest::{Content, Function, Guest, Schema, SchemaColumn, SchemaTable};
use lake::{Error, Limits};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Rooms(Vec<Schema>);

impl Guest for Rooms {
    fn schemas(&self, grant: &Grant) -> Vec<String> {
        self.0.iter().map(|schema| schema.name.clone()).filter(|name| may_see(grant, name)).collect()
    }

    fn schema(&self, grant: &Grant, name: &str) -> Result<Option<Arc<Schema>>, Error> {
        let found = self.0.iter().find(|schema| schema.name == name && may_see(grant, name));
        Ok(found.cloned().map(Arc::new))
    }
}

/// Schemas whose name begins with `secret` are for those who may delete.
fn may_see(grant: &Grant, name: &str) -> bool {
    !name.starts_with("secret") || grant.may_all(access::Permission::Delete).is_ok()
}

fn column(name: &str, data_type: DataType) -> SchemaColumn {
    SchemaColumn { name: name.into(), data_type, comment: format!("The {name}") }
}

fn view(name: &str, sql: &str, columns: &[(&str, DataType)]) -> SchemaTable {
    let columns = columns.iter().map(|(name, data_type)| column(name, data_type.clone())).collect();
    SchemaTable::view(name, "A view", columns, sql)
}

fn hidden(table: SchemaTable) -> SchemaTable {
    SchemaTable { is_hidden: true, ..table }
}

fn schema(name: &str, tables: Vec<SchemaTable>) -> Schema {
    Schema { name: name.into(), tables, ..Schema::default() }
}

fn house(schemas: Vec<Schema>) -> House {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"a","gender":"female","birthDate":"1970-02-03"}"#);
    house.put(r#"{"resourceType":"Patient","id":"b","gender":"male","birthDate":"1980"}"#);
    house.lake().host(Arc::new(Rooms(schemas)));
    house
}

#[test]
fn views_see_the_lake_and_each_other_and_have_the_types_they_declare() {
    let mut omop = schema(
        "rooms",
        vec![
            view(
                "person",
                "SELECT i.*, twice(i.number) AS twice FROM rooms.inner_person i",
                &[("number", DataType::Int64), ("born", DataType::Date32), ("twice", DataType::Int64)],
            ),
            hidden(view("inner_person", "SELECT _row AS number, birth_date AS born, gender FROM patient", &[])),
            view("nobody", "SELECT CAST(NULL AS INT) AS x WHERE false", &[("x", DataType::Float64)]),
        ],
    );
    omop.functions.push(Function {
        name: "twice".into(),
        arguments: vec![DataType::Int64],
        returns: DataType::Int64,
        run: Arc::new(|arrays| {
            let numbers = arrays[0].as_any().downcast_ref::<Int64Array>().ok_or("no numbers")?;
            Ok(Arc::new(numbers.iter().map(|n| n.map(|n| n * 2)).collect::<Int64Array>()) as ArrayRef)
        }),
    });
    let house = house(vec![omop]);
    let same = house.ask(
        "SELECT p._id, r.born, r.twice = 2 * p._row FROM rooms.person r JOIN patient p ON p._row = r.number ORDER BY 1",
    );
    assert_eq!(same, "a,1970-02-03,true\nb,1980-01-01,true\n");
    assert_eq!(
        house.ask("DESCRIBE rooms.person"),
        "number,bigint,The number\nborn,date,The born\ntwice,bigint,The twice\n"
    );
    assert_eq!(house.ask("SELECT arrow_typeof(x) FROM (SELECT max(x) AS x FROM rooms.nobody)"), "Float64\n");
    assert!(house.ask("SHOW TABLES").ends_with("rooms.nobody,A view\nrooms.person,A view\n"));
    let listed = "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'rooms' ORDER BY 1";
    assert_eq!(house.ask(listed), "nobody,VIEW\nperson,VIEW\n");
    // They are fresh, and functions and hidden tables are for views only.
    house.put(r#"{"resourceType":"Patient","id":"c"}"#);
    assert_eq!(house.ask("WITH x AS (SELECT count(*) AS n FROM ROOMS.Person) SELECT n FROM x"), "3\n");
    for (sql, error) in [
        ("SELECT * FROM rooms.inner_person", "there is no table rooms.inner_person"),
        ("SELECT * FROM rooms.persn", "there is no table rooms.persn (line 1, column 15). Did you mean rooms.person?"),
        ("DESCRIBE rooms.inner_person", "there is no table rooms.inner_person"),
        ("SELECT twice(1)", "nvalid function 'twice'"),
    ] {
        let told = house.try_ask(sql).expect_err(sql).to_string();
        assert!(told.contains(error), "{sql}: {told}");
    }
}

#[test]
fn who_may_not_see_a_schema_finds_nothing_of_it() {
    let rows = view("link", "SELECT _id AS patient FROM patient", &[("patient", DataType::Utf8)]);
    let house = house(vec![schema("secret_link", vec![rows])]);
    assert_eq!(house.ask("SELECT patient FROM secret_link.link ORDER BY 1"), "a\nb\n");
    let reader = grant("system/*.rs");
    let ask = |sql: &str| {
        let mut answer = house.lake().query(&reader, sql, &Limits::default())?;
        let mut out = Vec::new();
        lake::output::write(&mut answer, lake::output::Format::Csv, &mut out)?;
        Ok::<String, Error>(String::from_utf8(out).unwrap())
    };
    // What is said of it is what is said of a schema that never was.
    for sql in
        ["SELECT * FROM secret_link.link", "DESCRIBE secret_link.link", "SELECT link.patient FROM secret_link.link"]
    {
        let told = ask(sql).expect_err(sql).to_string();
        let never = ask(&sql.replace("secret_link", "nothin_here")).expect_err(sql).to_string();
        assert_eq!(told, never.replace("nothin_here", "secret_link"));
    }
    for sql in [
        "SHOW TABLES",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM information_schema.tables WHERE table_schema = 'secret_link'",
    ] {
        assert!(!ask(sql).unwrap().contains("secret"), "{sql}");
    }
    assert!(house.ask("SHOW TABLES").contains("secret_link.link"));
}

#[test]
fn a_wrong_view_is_named() {
    let broken = [
        ("unparsed", "SELEC 1"),
        ("unknown", "SELECT nothing AS x FROM patient"),
        ("lacking", "SELECT 1 AS y"),
        ("writing", "CREATE TABLE x AS SELECT 1 AS x"),
        ("around", "SELECT x FROM rooms.around"),
    ];
    let tables = broken.iter().map(|(name, sql)| view(name, sql, &[("x", DataType::Int64)]));
    let house = house(vec![schema("rooms", tables.collect())]);
    for (name, _) in broken {
        let error = house.try_ask(&format!("SELECT * FROM rooms.{name}")).expect_err(name);
        assert!(matches!(error, Error::View { .. }), "{error}");
        assert!(error.to_string().starts_with(&format!("table rooms.{name}")), "{error}");
    }
    // Who does not reach it is not concerned.
    assert_eq!(house.ask("SELECT count(*) FROM patient"), "2\n");
}

#[test]
fn views_count_as_often_as_they_read_tables() {
    let mut tables = vec![view("n0", "SELECT 1 AS x FROM patient", &[("x", DataType::Int64)])];
    for at in 1..12 {
        let sql = format!("SELECT a.x FROM rooms.n{} a JOIN rooms.n{} b ON a.x = b.x", at - 1, at - 1);
        tables.push(view(&format!("n{at}"), &sql, &[("x", DataType::Int64)]));
    }
    let house = house(vec![schema("rooms", tables)]);
    assert!(house.try_ask("SELECT count(*) FROM rooms.n3").is_ok());
    assert!(matches!(house.try_ask("SELECT count(*) FROM rooms.n11"), Err(Error::Limit(_))));
}

#[test]
fn sheets_files_and_rows_in_memory_are_tables() {
    let folder = tempfile_folder("guest-files");
    let numbers = |from: i64| {
        let numbers: ArrayRef = Arc::new((from..from + 1000).collect::<Int64Array>());
        let texts: ArrayRef = Arc::new((from..from + 1000).map(|n| Some(format!("c{n}"))).collect::<StringArray>());
        RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("text", texts, true)]).unwrap()
    };
    for (name, from) in [("a.parquet", 0), ("b.parquet", 1000)] {
        let batch = numbers(from);
        let file = std::fs::File::create(folder.join(name)).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
    std::fs::write(folder.join("other.parquet"), "not for you").unwrap();
    let table = |name: &str, columns: &[(&str, DataType)], content: Content| SchemaTable {
        name: name.into(),
        comment: "Rows".into(),
        columns: columns.iter().map(|(name, data_type)| column(name, data_type.clone())).collect(),
        content,
        is_hidden: false,
    };
    let both = [("n", DataType::Int64), ("text", DataType::Utf8)];
    let files = vec!["a.parquet".to_owned(), "b.parquet".to_owned()];
    let sheet = Arc::new(Memory::new("SHEET", "START Stop\n1 2\n3 -"));
    let house = house(vec![schema(
        "rooms",
        vec![
            table("files", &both, Content::Parquet { folder: folder.clone(), files, rows: Some(2000) }),
            table("sheet", &[("start", DataType::Utf8View), ("stop", DataType::Utf8View)], Content::Sheet(sheet)),
            table("memory", &both, Content::Batches(vec![numbers(1990)])),
            table("empty", &both, Content::Batches(Vec::new())),
        ],
    )]);
    assert_eq!(house.ask("SELECT count(*), sum(n), max(text) FROM rooms.files WHERE n >= 1500"), "500,874750,c1999\n");
    assert_eq!(house.ask("SELECT start, stop FROM rooms.sheet ORDER BY 1"), "1,2\n3,\n");
    assert_eq!(house.ask("SELECT count(*) FROM rooms.sheet s, rooms.memory m, rooms.files f WHERE m.n = f.n"), "20\n");
    assert_eq!(house.ask("SELECT count(*), arrow_typeof(max(n)) FROM rooms.empty"), "0,Int64\n");
    // The files beside them are out of reach.
    for sql in ["SELECT * FROM 'guest://0/other.parquet'", "SELECT * FROM read_parquet('guest://0/a.parquet')"] {
        assert!(house.try_ask(sql).is_err(), "{sql}");
    }
    let seen =
        house.lake().query(&everything(), "EXPLAIN SELECT text FROM rooms.files WHERE n = 5", &Limits::default());
    let mut plan = Vec::new();
    lake::output::write(&mut seen.unwrap(), lake::output::Format::Csv, &mut plan).unwrap();
    assert!(String::from_utf8(plan).unwrap().contains("predicate=n@0 = 5"), "the files are asked for what is wanted");
    std::fs::remove_dir_all(folder).unwrap();
}

fn tempfile_folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("medweave-lake-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_view_that_is_kept_is_made_again_when_and_only_when_a_table_that_it_reads_has_other_rows() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let counted = Function {
        name: "counted".into(),
        arguments: vec![DataType::Utf8],
        returns: DataType::Utf8,
        run: Arc::new(move |arguments| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(Arc::clone(&arguments[0]))
        }),
    };
    let kept = |name: &str, sql: &str| SchemaTable {
        content: Content::Kept(sql.into()),
        ..hidden(view(name, "", &[("id", DataType::Utf8)]))
    };
    let mut rooms = schema(
        "rooms",
        vec![
            kept(
                "__beds",
                "SELECT counted(p._id) AS id FROM patient p LEFT JOIN rooms.__gone g ON g.id = p._id WHERE g.id IS NULL",
            ),
            kept("__gone", "SELECT _id AS id FROM encounter WHERE status = 'cancelled'"),
            view("beds", "SELECT id FROM rooms.__beds", &[("id", DataType::Utf8)]),
        ],
    );
    rooms.functions = vec![counted];
    let house = house(vec![rooms]);
    let beds = || house.ask("SELECT string_agg(id, ' ' ORDER BY id) FROM rooms.beds");
    let makes = |run: &dyn Fn(), expected: &str| {
        run();
        let before = made.load(Ordering::Relaxed);
        assert_eq!(beds(), format!("{expected}\n"));
        assert_eq!(beds(), format!("{expected}\n"));
        made.load(Ordering::Relaxed) > before
    };
    let observation = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"}}"#;
    let patient = r#"{"resourceType":"Patient","id":"c","birthDate":"1990"}"#;
    let encounter = r#"{"resourceType":"Encounter","id":"e","status":"planned","class":{"code":"AMB"}}"#;
    assert!(makes(&|| {}, "a b"));
    assert!(!makes(&|| house.put(observation), "a b"));
    assert!(makes(&|| house.put(patient), "a b c"));
    // The same rows under the same name.
    assert!(makes(&|| house.put(&patient.replace("1990", "1991")), "a b c"));
    assert!(makes(&|| house.delete("Patient", "c"), "a b"));
    house.put(encounter);
    assert!(!makes(&|| {}, "a b"));
    // What is kept without rows may have some later: of a patient's name.
    let cancelled = encounter.replace("planned", "cancelled").replace("\"e\"", "\"a\"");
    assert!(makes(&|| house.put(&cancelled), "b"));
    house.lake().flush().unwrap();
    makes(&|| {}, "b");
    assert!(makes(&|| house.delete("Encounter", "a"), "a b"));
    house.lake().rebuild().unwrap();
    makes(&|| {}, "a b");
}

#[test]
fn tables_made_once_at_a_position_are_read_where_views_name_them() {
    let house = house(vec![schema(
        "rooms",
        vec![
            hidden(view("__beds", "SELECT _id AS id FROM patient", &[])),
            view("beds", "SELECT id FROM rooms.__beds", &[("id", DataType::Utf8)]),
        ],
    )]);
    let (lake, grant, limits, stop) = (house.lake(), everything(), Limits::default(), lake::Stop::default());
    let pinned = lake.pin(&grant, &limits, &stop).unwrap();
    let mut answer = lake.table_at(&pinned, &grant, ("rooms", "__beds"), &limits, &stop).unwrap();
    assert_eq!(answer.next_batch().unwrap().unwrap().num_rows(), 2);
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "z"]));
    let other = RecordBatch::try_from_iter_with_nullable([("id", ids, true)]).unwrap();
    let folder = tempfile_folder("guest-made");
    let file = std::fs::File::create(folder.join("beds.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, other.schema(), None).unwrap();
    writer.write(&other).unwrap();
    writer.close().unwrap();
    pinned.lay(("rooms", "__beds"), &other.schema(), &folder, "beds.parquet", 3);
    let mut answer = lake.query_at(&pinned, &grant, "SELECT max(id) FROM rooms.beds", &limits, &stop).unwrap();
    let batch = answer.next_batch().unwrap().unwrap();
    assert!(format!("{:?}", batch.column(0)).contains('z'));
    // Others see what they saw, and what is hidden stays so.
    assert_eq!(house.ask("SELECT max(id) FROM rooms.beds"), "b\n");
    assert!(lake.query_at(&pinned, &grant, "SELECT * FROM rooms.__beds", &limits, &stop).is_err());
}
