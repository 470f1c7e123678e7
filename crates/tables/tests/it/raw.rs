//! Rows of sources in SQL, as they came: who finds them, and their history.

use crate::house::{House, everything, grant};
use lake::guest::Guest;
use lake::{Capacity, FlushBy, Lake, Limits, output};
use std::sync::Arc;
use tables::pull::RawTables;

#[test]
fn rows_and_their_history_are_in_sql_and_who_may_not_see_them_finds_not_even_a_name() {
    let house = House::new();
    house.pull("id,Value\n1,a\n2,b\n3,\n4,d\n5,e\n");
    house.pull("id,Value\n1,a\n2,B\n3,\n4,d\n5,e\n");
    let House { folder, records, sources, .. } = house;
    let raw = Arc::new(RawTables::new(Arc::new(sources)));
    let options = lake::Options {
        records: Arc::clone(&records),
        grant: everything(),
        views: Vec::new(),
        capacity: Capacity::default(),
        flush: FlushBy::Command,
    };
    let lake = Lake::open(&folder.path().join("lake"), options).unwrap();
    lake.host(Arc::clone(&raw) as Arc<dyn Guest>);
    let ask = |scopes: &str, sql: &str| {
        let mut answer = lake.query(&grant(scopes), sql, &Limits::default())?;
        let mut out = Vec::new();
        output::write(&mut answer, output::Format::Csv, &mut out)?;
        Ok::<String, lake::Error>(String::from_utf8(out).unwrap().replace("\r\n", "\n"))
    };
    let reader = "system/*.rs";
    assert_eq!(
        ask(reader, "SELECT id, value FROM src_his.lab ORDER BY id").unwrap(),
        "id,value\n1,a\n2,B\n3,\n4,d\n5,e\n"
    );
    let history = "SELECT value, __delivery, __gone FROM src_his.lab__history WHERE id = '2' ORDER BY __delivery";
    assert_eq!(ask(reader, history).unwrap(), "value,__delivery,__gone\nb,1,2\nB,2,\n");
    assert!(ask(reader, "SHOW TABLES").unwrap().contains("src_his.lab__history"));
    assert!(ask(reader, "SELECT * FROM src_other.lab").is_err());
    // The hidden table behind the history is for its view alone.
    assert!(ask(reader, "SELECT * FROM src_his.__lab").is_err());
    for scopes in ["", "system/Patient.rs", "system/*.cud", "system/*.s"] {
        let narrow = grant(scopes);
        assert!(raw.schemas(&narrow).is_empty(), "{scopes}");
        assert!(raw.schema(&narrow, "src_his").unwrap().is_none(), "{scopes}");
        assert!(matches!(ask(scopes, "SELECT * FROM src_his.lab"), Err(lake::Error::Denied(_))), "{scopes}");
    }
    lake.close();
    records.close();
}
