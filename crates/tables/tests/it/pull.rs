//! What a delivery changes, and what of it is kept.

use crate::house::{House, START_US, Text, everything, grant};
use access::{Grant, Principal, PrincipalKind};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use proptest::prelude::*;
use tables::mapping::Settings;
use tables::pull::{IfDoubtful, PullTable, ROW, TablePulled, Times};

/// A table of so many rows, with some values of its own.
fn lab(rows: usize, own: &[(usize, &str)]) -> String {
    let mut text = "id,item,value\n".to_owned();
    for row in 0..rows {
        let value = own.iter().find(|(at, _)| *at == row).map_or("5", |(_, value)| value);
        text += &format!("{row},GLU,{value}\n");
    }
    text
}

fn counts(table: &TablePulled) -> [u64; 6] {
    [table.rows, table.new, table.changed, table.gone, table.equal, table.bad]
}

#[test]
fn the_first_delivery_is_kept_byte_for_byte_and_each_row_leads_to_its_bytes() {
    let house = House::new();
    let text = lab(40, &[(7, "6.1")]);
    let report = house.pull(&text);
    assert_eq!(counts(&report.tables[0]), [40, 40, 0, 0, 0, 0]);
    assert_eq!(house.arrivals(), 1);
    let row = house.sources.row(&everything(), "his", "lab", 7).unwrap();
    assert_eq!((row.number, row.file.as_str(), row.delivery, row.is_current), (8, "lab.csv", 1, true));
    assert_eq!(row.cells[2], ("value".to_owned(), Some("6.1".to_owned())));
    let (arrival, offset, length) = row.arrival.unwrap();
    assert_eq!(house.bytes(arrival, offset, u64::from(length)), "7,GLU,6.1\n");
    assert_eq!(house.bytes(arrival, 0, text.len() as u64), text);
}

#[test]
fn the_same_delivery_again_writes_nothing() {
    let house = House::new();
    house.pull(&lab(40, &[]));
    let report = house.pull(&lab(40, &[]));
    assert_eq!((report.delivery, report.tables[0].unchanged_file), (None, true));
    assert_eq!(counts(&report.tables[0]), [40, 0, 0, 0, 40, 0]);
    assert_eq!(house.arrivals(), 1);
    // The same rows in another order are another file, and nothing new.
    let mut lines: Vec<String> = lab(40, &[]).lines().map(str::to_owned).collect();
    lines[1..].reverse();
    let report = house.pull(&(lines.join("\n") + "\n"));
    assert_eq!(counts(&report.tables[0]), [40, 0, 0, 0, 40, 0]);
    assert_eq!(house.arrivals(), 1);
}

#[test]
fn a_later_delivery_keeps_the_bytes_of_what_is_new_alone() {
    let house = House::new();
    house.pull(&lab(40, &[]));
    let report = house.pull(&lab(41, &[(7, "6.1"), (9, "7.0")]));
    assert_eq!(counts(&report.tables[0]), [41, 1, 2, 0, 38, 0]);
    assert_eq!(house.arrivals(), 2);
    let numbers = house.numbers();
    assert_eq!((numbers.len(), numbers.last()), (41, Some(&42)));
    let row = house.sources.row(&everything(), "his", "lab", 40).unwrap();
    assert_eq!((row.number, row.delivery), (8, 2));
    let (arrival, offset, length) = row.arrival.unwrap();
    assert_eq!(house.bytes(arrival, offset, u64::from(length)), "7,GLU,6.1\n");
    assert_eq!(house.bytes(arrival, 0, 1_000), "id,item,value\n7,GLU,6.1\n9,GLU,7.0\n40,GLU,5\n");
    // The row before is not current any more, and still leads to its bytes.
    let before = house.sources.row(&everything(), "his", "lab", 7).unwrap();
    assert!(!before.is_current);
    let (arrival, offset, length) = before.arrival.unwrap();
    assert_eq!(house.bytes(arrival, offset, u64::from(length)), "7,GLU,5\n");
}

#[test]
fn a_row_is_found_by_its_number_in_the_file_of_its_delivery() {
    let house = House::new();
    house.pull(&lab(40, &[]));
    house.pull(&lab(41, &[(7, "6.1"), (9, "7.0")]));
    let wanted = [("LAB".to_owned(), [7, 39, 40, 41, 42, 99].into())].into();
    let found = house.sources.in_files(&everything(), "his", &wanted).unwrap();
    let numbers: Vec<Option<(i64, u64)>> =
        [7, 39, 40, 41, 42, 99].map(|row| found.of("lab", row).map(|found| (found.delivery, found.row))).into();
    assert_eq!(numbers, [Some((1, 8)), Some((1, 40)), Some((2, 8)), Some((2, 10)), Some((2, 41)), None]);
    let own = |row, delivery| house.sources.row_in_file(&everything(), "his", "lab", (row, delivery));
    assert_eq!((own(8, Some(1)).unwrap(), own(8, Some(2)).unwrap()), (7, 40));
    // Without a delivery the one that is current.
    assert_eq!((own(8, None).unwrap(), own(9, None).unwrap()), (40, 8));
    let error = own(9, Some(2)).unwrap_err().to_string();
    assert!(error.contains("9 of delivery 2"), "{error}");
    assert!(own(0, None).is_err());
    assert!(house.sources.in_files(&grant("patient/*.rs"), "his", &wanted).is_err());
}

#[test]
fn rows_that_are_no_ranges_of_a_file_are_kept_as_csv() {
    let house = House::new();
    let origin = |text: String| Box::new(Text { text, has_bytes: false });
    house.pull_from(origin(lab(30, &[(1, "a\"b")])), IfDoubtful::Stop).unwrap();
    let row = house.sources.row(&everything(), "his", "lab", 1).unwrap();
    let (arrival, offset, length) = row.arrival.unwrap();
    assert_eq!(house.bytes(arrival, offset, u64::from(length)), "1,GLU,\"a\"\"b\"\n");
    let report = house.pull_from(origin(lab(30, &[(1, "a\"b")])), IfDoubtful::Stop).unwrap();
    assert_eq!(counts(&report.tables[0]), [30, 0, 0, 0, 30, 0]);
    assert_eq!(house.arrivals(), 1);
}

#[test]
fn a_delivery_that_takes_away_much_is_not_taken_until_somebody_has_looked() {
    let house = House::new();
    house.pull(&lab(100, &[]));
    let rows = house.rows();
    let cut = lab(94, &[]);
    let error = house.try_pull(&cut, IfDoubtful::Stop).unwrap_err().to_string();
    assert!(error.contains("lab has lost 6 of 100 rows") && error.contains("lab.csv"), "{error}");
    assert_eq!((house.arrivals(), house.rows()), (1, rows));
    let report = house.try_pull(&cut, IfDoubtful::Accept).unwrap();
    assert_eq!(counts(&report.tables[0]), [94, 0, 0, 6, 94, 0]);
    assert_eq!(house.rows().len(), 94);
    // Five in a hundred are taken.
    assert_eq!(counts(&house.pull(&lab(90, &[])).tables[0]), [90, 0, 0, 4, 90, 0]);
}

#[test]
fn a_lost_column_and_a_table_that_is_another_are_asked_about() {
    let house = House::new();
    house.pull(&lab(10, &[]));
    let without: String = lab(10, &[]).lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n").collect();
    let error = house.try_pull(&without, IfDoubtful::Stop).unwrap_err().to_string();
    assert!(error.contains("lab has no column value any more"), "{error}");
    // Once somebody has looked, it is the column's end: later deliveries are asked about no more.
    house.try_pull(&without, IfDoubtful::Accept).unwrap();
    house.pull(&(without.clone() + "10,GLU\n"));
    let house = house.again();
    house.pull(&(without.clone() + "10,GLU\n11,GLU\n"));
    let shorter = house.try_pull(&without.replace(",GLU", "").replace(",item", ""), IfDoubtful::Stop);
    let shorter = shorter.unwrap_err().to_string();
    assert!(shorter.contains("no column item any more") && !shorter.contains("value"), "{shorter}");
    let house = House::new();
    house.pull(&lab(10, &[]));
    let other = lab(10, &[]).replace(",5", ",mg");
    let error = house.try_pull(&other, IfDoubtful::Stop).unwrap_err().to_string();
    assert!(error.contains("10 of 10 rows changed"), "{error}");
}

#[test]
fn names_in_another_case_are_the_same_columns_and_tables() {
    let house = House::new();
    let first = "BesuchNr,Größe,Wert\n1,180,5\n2,170,6\n";
    let pull = |name: &str, text: &str, has_bytes| {
        let origin = Box::new(Text { text: text.to_owned(), has_bytes });
        let (key, uses) = (vec!["besuchnr".into()], vec!["Besuchnr".into()]);
        let table = PullTable { name: name.into(), key, uses, optional: false, origin };
        house.sources.pull(&everything(), "his", &[table], IfDoubtful::Stop, &mut |_, _| Ok(())).unwrap()
    };
    pull("Besuche", first, true);
    // A database folds names, and its tables too; another export has blanks and marks around them.
    for (table, header, has_bytes) in
        [("besuche", "besuchnr,größe,wert", false), ("BESUCHE", "\u{feff}BESUCHNR,Größe ,WERT", true)]
    {
        let report = pull(table, &first.replace("BesuchNr,Größe,Wert", header), has_bytes);
        assert_eq!((report.tables[0].name.as_str(), counts(&report.tables[0])), ("Besuche", [2, 0, 0, 0, 2, 0]));
    }
    let changed = pull("besuche", "besuchnr,größe,wert\n1,180,5\n2,170,6.5\n", false);
    assert_eq!(counts(&changed.tables[0]), [2, 0, 1, 0, 1, 0]);
    let sheets = house.sources.sheets(&everything(), "his", &|_| Vec::new()).unwrap();
    assert_eq!((sheets.len(), sheets[0].name()), (1, "Besuche"));
    assert_eq!(sheets[0].columns(), ["BesuchNr", "Größe", "Wert"]);
    let cells = house.sources.row(&everything(), "his", "besuche", 2).unwrap().cells;
    assert_eq!(cells[2], ("Wert".to_owned(), Some("6.5".to_owned())));
    // A column that comes in another case than one that is there too is another.
    let both = pull("Besuche", "BesuchNr,Größe,Wert,WERT\n1,180,5,\n2,170,6.5,\n", true);
    assert_eq!(counts(&both.tables[0]), [2, 0, 0, 0, 2, 0]);
}

#[test]
fn a_pull_that_was_cut_off_is_due_still_and_one_that_failed_is_not() {
    let mut house = House::new();
    let settings = "name = \"m\"\nschedule = \"0 2 * * *\"\n".to_owned();
    let settings = Settings::of_files(&[("mapping.toml".to_owned(), settings)]);
    let next = |house: &House| {
        let source = house.sources.source(&everything(), "his").unwrap();
        let attempt = house.sources.attempt(&source).unwrap();
        Times::of(&source, attempt.as_ref(), &settings, 0).next_us.unwrap()
    };
    let source = house.sources.source(&everything(), "his").unwrap();
    let problem = |house: &House| house.sources.attempt(&source).unwrap().and_then(|attempt| attempt.problem);
    house.sources.begin_attempt(&source).unwrap();
    house.sources.end_attempt(&source, None, None).unwrap();
    house = house.again();
    let (first, day_us) = (next(&house), 86_400_000_000);
    assert_eq!((first - START_US, problem(&house)), (day_us / 12, None));
    // At two it begins, and the program ends under it; or somebody stops it.
    for is_killed in [true, false] {
        house.pass(day_us / 12);
        house.sources.begin_attempt(&source).unwrap();
        assert!(next(&house) > first);
        if is_killed {
            house = house.again();
        } else {
            house.sources.stop_attempt(&source).unwrap();
        }
        assert_eq!(next(&house), first);
        assert!(problem(&house).unwrap().contains("the last pull was stopped"), "{:?}", problem(&house));
    }
    house.sources.begin_attempt(&source).unwrap();
    house.sources.end_attempt(&source, Some("the database says no"), Some(&serde_json::json!(["x"]))).unwrap();
    assert_eq!(house.sources.doubts(&source).unwrap(), Some(serde_json::json!(["x"])));
    house = house.again();
    assert_eq!((next(&house), problem(&house).as_deref()), (first + day_us, Some("the database says no")));
}

#[test]
fn a_table_without_a_column_that_is_needed_is_not_taken() {
    let house = House::new();
    let error = house.try_pull("ident,item,value\n1,GLU,5\n", IfDoubtful::Accept).unwrap_err().to_string();
    assert_eq!(error, "lab.csv: table lab has no column id, which the mapping needs: it has ident, item, value");
    assert_eq!(house.arrivals(), 0);
    house.pull("ID,item,value\n1,GLU,5\n");
}

#[test]
fn columns_that_come_later_or_move_change_no_row() {
    let house = House::new();
    house.pull("id,item,value\n1,GLU,5\n2,NA,140\n");
    let report = house.pull("value,added,id,item\n5,,1,GLU\n140,,2,NA\n");
    assert_eq!(counts(&report.tables[0]), [2, 0, 0, 0, 2, 0]);
    let report = house.try_pull("value,added,id,item\n5,,1,GLU\n140,new,2,NA\n", IfDoubtful::Accept).unwrap();
    assert_eq!(counts(&report.tables[0]), [2, 0, 1, 0, 1, 0]);
    assert_eq!(house.rows(), ["1,GLU,5,-", "2,NA,140,new"]);
}

#[test]
fn a_row_that_cannot_be_read_is_one_dead_letter_however_often_it_comes() {
    let house = House::new();
    let text = lab(40, &[]) + "41,GLU\n42,GLU,7\n";
    let report = house.pull(&text);
    assert_eq!(counts(&report.tables[0]), [41, 41, 0, 0, 0, 1]);
    let letters = || house.records.dead_letters(&everything(), None, None, 10).unwrap();
    let all = letters();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].what.as_str(), all[0].place.as_str()), ("ragged-row: 2 cells, not 3", "row 41"));
    assert_eq!(house.bytes(all[0].arrival.no.0, all[0].at, all[0].length), "41,GLU\n");
    // Where nothing is different they cannot be read still.
    assert_eq!(counts(&house.pull(&text).tables[0]), [41, 0, 0, 0, 41, 1]);
    house.pull(&(text.clone() + "43,GLU,8\n"));
    assert_eq!(letters().len(), 1);
    house.pull(&(text + "43,GLU,8\n44,GLU\n"));
    let all = letters();
    assert_eq!(all.len(), 2);
    assert_eq!(house.bytes(all[0].arrival.no.0, all[0].at, all[0].length), "44,GLU\n");
}

#[test]
fn a_row_that_comes_so_that_it_cannot_be_read_stays_as_it_was() {
    let house = House::new();
    house.pull(&lab(40, &[]));
    // A separator in a value; then half a row; then a row that another follows with its key.
    let damaged = |rows: &[(&str, &str)]| {
        rows.iter()
            .fold(lab(40, &[]), |text, (row, now)| text.replace(&format!("\n{row},GLU,5\n"), &format!("\n{now}\n")))
    };
    let text = damaged(&[("7", "7,GLU,5,1"), ("9", "9"), ("11", "11,GLU\n11,GLU,6")]);
    let report = house.pull(&text);
    assert_eq!(counts(&report.tables[0]), [38, 0, 1, 0, 37, 3]);
    assert_eq!(report.tables[0].kept, 2);
    let rows = house.rows();
    assert_eq!(rows.len(), 40);
    assert!(["7,GLU,5", "9,GLU,5", "11,GLU,6"].iter().all(|row| rows.contains(&(*row).to_owned())), "{rows:?}");
    // They stay while they cannot be read, change once they can, and are gone once they come no more.
    let report = house.pull(&(text.clone() + "41,GLU,1\n"));
    assert_eq!((counts(&report.tables[0]), report.tables[0].kept), ([39, 1, 0, 0, 38, 3], 2));
    let report = house.pull(&text.replace("\n7,GLU,5,1\n", "\n7,GLU,5.1\n").replace("\n9\n", "\n"));
    assert_eq!((counts(&report.tables[0]), report.tables[0].kept), ([39, 0, 1, 2, 38, 1], 0));
    let rows = house.rows();
    assert!(rows.contains(&"7,GLU,5.1".to_owned()) && !rows.contains(&"9,GLU,5".to_owned()), "{rows:?}");
}

#[test]
fn a_column_that_is_added_to_every_row_is_not_asked_about() {
    let house = House::new();
    house.pull(&lab(40, &[]));
    let wide = |text: &str, more: &str| {
        text.lines()
            .enumerate()
            .fold(String::new(), |all, (at, line)| all + line + "," + if at == 0 { "site" } else { more } + "\n")
    };
    // With what else changed, and what is gone.
    let report = house.pull(&wide(&lab(39, &[(3, "6")]), "north"));
    assert_eq!(counts(&report.tables[0]), [39, 0, 39, 1, 0, 0]);
    assert!(house.rows().contains(&"3,GLU,6,north".to_owned()));
    // What changes it later is a change.
    let error = house.try_pull(&wide(&lab(39, &[(3, "6")]), "south"), IfDoubtful::Stop).unwrap_err().to_string();
    assert!(error.contains("39 of 39 rows changed"), "{error}");
    // Nor does a new column hide that the rest is another table.
    let house = House::new();
    house.pull(&lab(40, &[]));
    let error = house.try_pull(&wide(&lab(40, &[]).replace(",5", ",mg"), "north"), IfDoubtful::Stop);
    assert!(error.unwrap_err().to_string().contains("40 of 40 rows changed"));
}

#[test]
fn rows_without_a_key_that_change_are_not_taken_for_lost() {
    let house = House::new();
    let table = |rows: usize, own: &[(usize, &str)]| crate::house::keyless(&lab(rows, own));
    house.sources.pull(&everything(), "his", &[table(100, &[])], IfDoubtful::Stop, &mut |_, _| Ok(())).unwrap();
    let own: Vec<(usize, &str)> = (0..10).map(|row| (row, "6")).collect();
    let again = table(100, &own);
    let report = house.sources.pull(&everything(), "his", &[again], IfDoubtful::Stop, &mut |_, _| Ok(())).unwrap();
    assert_eq!(counts(&report.tables[0]), [100, 10, 0, 10, 90, 0]);
    let less = table(90, &own);
    let error = house.sources.pull(&everything(), "his", &[less], IfDoubtful::Stop, &mut |_, _| Ok(())).unwrap_err();
    assert!(error.to_string().contains("lab has lost 10 of 100 rows"), "{error}");
}

#[test]
fn what_a_crash_leaves_is_swept_and_what_was_taken_stays() {
    let house = House::new();
    house.pull(&lab(10, &[]));
    let rows = house.rows();
    let tables = house.folder.path().join("tables");
    for left in ["coming/0.parquet", "coming/0.bytes", "rows/77.parquet"] {
        std::fs::write(tables.join(left), "cut off").unwrap();
    }
    let house = house.again();
    assert_eq!(house.rows(), rows);
    for left in ["coming/0.parquet", "coming/0.bytes", "rows/77.parquet"] {
        assert!(!tables.join(left).exists(), "{left}");
    }
}

#[test]
fn a_source_tells_its_tables_as_they_are_now_and_when_it_delivered_last() {
    let house = House::new();
    assert!(house.sources.newest_deliveries(&everything()).unwrap().is_empty());
    assert!(house.sources.tables(&everything(), "his").unwrap().is_empty());
    house.pull(&lab(40, &[]));
    // One row is another, and one is gone.
    house.pull(&lab(39, &[(7, "6.1")]));
    let tables = house.sources.tables(&everything(), "his").unwrap();
    assert_eq!(tables.len(), 1);
    assert_eq!((tables[0].rows, tables[0].delivery, tables[0].file.as_str()), (39, 2, "lab.csv"));
    assert_eq!(tables[0].columns, ["id", "item", "value"]);
    let newest = house.sources.newest_deliveries(&everything()).unwrap();
    assert_eq!(newest["his"], (2, tables[0].at_us));
    assert!(house.sources.tables(&everything(), "nobody").is_err());
}

#[test]
fn whoever_does_not_see_everything_sees_no_source_and_pulls_nothing() {
    let house = House::new();
    house.pull(&lab(10, &[]));
    let narrow = grant("system/Patient.cruds");
    let sources = &house.sources;
    assert!(sources.source(&narrow, "his").is_err());
    assert!(sources.deliveries(&narrow, "his", 10).is_err());
    assert!(sources.tables(&narrow, "his").is_err());
    assert!(sources.sheets(&narrow, "his", &|_| Vec::new()).is_err());
    assert!(sources.row(&narrow, "his", "lab", 1).is_err());
    sources.keep_mapping(&everything(), "0f", "clinic", &[]).unwrap();
    assert!(sources.mapping(&narrow, "0f").is_err());
    assert_eq!(sources.mapping(&everything(), "0f").unwrap(), []);
    let reader = grant("system/*.rs");
    assert!(sources.keep_mapping(&reader, "1f", "clinic", &[]).is_err());
    for narrow in [&reader, &grant("system/*.crs"), &grant("system/*.rus")] {
        assert!(sources.pull(narrow, "his", &[], IfDoubtful::Stop, &mut |_, _| Ok(())).is_err());
    }
    // Who administers knows which there are, and changes that; nobody else.
    let nobody = Grant::for_test(Principal { kind: PrincipalKind::Token, id: 1, name: "t".into() }, "system/*.cruds");
    assert!(sources.add(&nobody, "other", "/data", "m").is_err());
    assert!(sources.remove(&nobody, "his").is_err());
    let stranger =
        Grant::for_test(Principal { kind: PrincipalKind::Token, id: 1, name: "t".into() }, "system/Patient.r");
    assert!(sources.list(&stranger).is_err());
    assert!(sources.newest_deliveries(&stranger).is_err());
}

#[test]
fn names_of_sources_are_checked_and_a_removed_one_is_gone() {
    let house = House::new();
    let all = everything();
    for name in ["", "His", "a b", "1a", "his"] {
        assert!(house.sources.add(&all, name, "/data", "m").is_err(), "{name}");
    }
    house.pull(&lab(10, &[]));
    let error = house.sources.source(&all, "hiss").unwrap_err().to_string();
    assert_eq!(error, "there is no source \"hiss\": there are his");
    house.sources.remove(&all, "his").unwrap();
    assert!(house.sources.list(&all).unwrap().is_empty());
    assert_eq!(std::fs::read_dir(house.folder.path().join("tables/rows")).unwrap().count(), 0);
    // What arrived stays.
    assert_eq!(house.arrivals(), 1);
}

#[test]
fn sheets_have_current_rows_with_their_numbers_and_nulls_as_they_are_spelled() {
    let house = House::new();
    house.pull("id,item,value\n1,GLU,NULL\n2,NA, - \n3,K,4\n");
    house.try_pull("id,item,value\n1,GLU,NULL\n3,K,5\n", IfDoubtful::Accept).unwrap();
    let nulls = |_: &str| vec![String::new(), "NULL".to_owned(), "-".to_owned()];
    let sheet = house.sources.sheets(&everything(), "his", &nulls).unwrap().remove(0);
    assert_eq!((sheet.name(), sheet.rows()), ("lab", 2));
    let columns: Vec<&str> = sheet.schema().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(columns, ["id", "item", "value", ROW]);
    let mut seen = Vec::new();
    for part in 0..sheet.parts() {
        // In an order of its own, without one of them.
        for batch in sheet.scan(part, &[3, 2, 0]).unwrap() {
            let batch = batch.unwrap();
            let rows = batch.column(0).as_primitive::<arrow_array::types::UInt64Type>();
            let (values, ids) = (batch.column(1).as_string_view(), batch.column(2).as_string_view());
            for at in 0..batch.num_rows() {
                let value = values.is_valid(at).then(|| values.value(at).to_owned());
                seen.push((rows.value(at), ids.value(at).to_owned(), value));
            }
        }
    }
    assert_eq!(seen, [(0, "1".into(), None), (3, "3".into(), Some("5".into()))]);
    // Counting needs no column.
    let count: usize =
        (0..sheet.parts()).flat_map(|part| sheet.scan(part, &[]).unwrap()).map(|b| b.unwrap().num_rows()).sum();
    assert_eq!(count, 2);
}

#[test]
fn a_changed_row_keeps_its_place_before_another_of_its_key() {
    for has_bytes in [true, false] {
        let house = House::new();
        let text = |rows: &[&str]| Text { text: format!("id,name,phone\n{}\n", rows.join("\n")), has_bytes };
        let pull = |rows: &[&str]| house.pull_from(Box::new(text(rows)), IfDoubtful::Stop).unwrap();
        pull(&["1,Ana,11", "1,Bia,12", "2,Eva,13", "3,Ida,14"]);
        assert_eq!(house.in_order(), ["1,Ana,11", "1,Bia,12", "2,Eva,13", "3,Ida,14"]);
        // What comes anew because of its place is told as what it is: a row that did not change.
        let report = pull(&["1,Ana,99", "1,Bia,12", "2,Eva,13", "3,Ida,14"]);
        assert_eq!(counts(&report.tables[0]), [4, 0, 1, 0, 3, 0]);
        assert_eq!(house.in_order(), ["2,Eva,13", "3,Ida,14", "1,Ana,99", "1,Bia,12"]);
        // A database puts what changed last.
        let report = pull(&["1,Bia,12", "2,Eva,13", "3,Ida,14", "1,Ana,11"]);
        assert_eq!(counts(&report.tables[0]), [4, 0, 1, 0, 3, 0]);
        assert_eq!(house.in_order(), ["2,Eva,13", "3,Ida,14", "1,Ana,11", "1,Bia,12"]);
        // The one behind changes and is behind still; one that comes to them is the last.
        pull(&["1,Eli,15", "1,Bia,77", "2,Eva,13", "3,Ida,14", "1,Ana,11"]);
        assert_eq!(house.in_order(), ["2,Eva,13", "3,Ida,14", "1,Ana,11", "1,Bia,77", "1,Eli,15"]);
        // Each of two that change is one.
        let report = pull(&["1,Eli,15", "1,Bia,78", "2,Eva,13", "3,Ida,14", "1,Ana,12"]);
        assert_eq!(counts(&report.tables[0]), [5, 0, 2, 0, 3, 0]);
        // The first is gone: the next is the first.
        house.pull_accepted(Box::new(text(&["1,Eli,15", "1,Bia,78", "2,Eva,13", "3,Ida,14"])));
        assert_eq!(house.in_order(), ["2,Eva,13", "3,Ida,14", "1,Bia,78", "1,Eli,15"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn rows_of_a_key_keep_their_order_whatever_changes_and_however_it_is_delivered(
        ids in prop::collection::vec(0u8..6, 1..24),
        deliveries in prop::collection::vec((prop::collection::vec(any::<bool>(), 24), any::<u64>()), 1..4),
        has_bytes: bool,
    ) {
        let house = House::new();
        let mut values = vec![0; ids.len()];
        let deliver = |values: &[u32], shuffled: u64| {
            let mut rows: Vec<(u64, String)> = (0..ids.len())
                .map(|at| ((at as u64 + 1).wrapping_mul(shuffled | 1) ^ shuffled, format!("{},n{at},{}", ids[at], values[at])))
                .collect();
            rows.sort();
            let rows: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
            house.pull_accepted(Box::new(Text { text: format!("id,name,value\n{}\n", rows.join("\n")), has_bytes }));
        };
        let names = |id: u8| -> Vec<String> {
            let rows = house.in_order();
            let of_id = rows.iter().filter(|row| row.starts_with(&format!("{id},")));
            of_id.map(|row| row.split(',').nth(1).unwrap().to_owned()).collect()
        };
        deliver(&values, 0);
        let first: Vec<Vec<String>> = (0..6).map(names).collect();
        for (changes, shuffled) in &deliveries {
            values.iter_mut().zip(changes).filter(|(_, changes)| **changes).for_each(|(value, _)| *value += 1);
            deliver(&values, *shuffled);
            prop_assert_eq!(&(0..6).map(names).collect::<Vec<_>>(), &first);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn after_any_deliveries_the_current_rows_are_those_of_the_last_one(
        deliveries in prop::collection::vec(prop::collection::vec((0u8..30, 0u8..3), 0..40), 1..5),
    ) {
        let house = House::new();
        for rows in &deliveries {
            let mut text = "id,item,value\n".to_owned();
            for (id, value) in rows {
                text += &format!("{id},GLU,{value}\n");
            }
            house.try_pull(&text, IfDoubtful::Accept).unwrap();
            let mut wanted: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
            wanted.sort();
            prop_assert_eq!(house.rows(), wanted);
            for row in house.numbers() {
                let found = house.sources.row(&everything(), "his", "lab", row).unwrap();
                let (arrival, offset, length) = found.arrival.unwrap();
                let cells: Vec<String> = found.cells.into_iter().filter_map(|(_, cell)| cell).collect();
                prop_assert_eq!(house.bytes(arrival, offset, u64::from(length)), cells.join(",") + "\n");
            }
        }
    }
}
