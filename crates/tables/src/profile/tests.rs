use super::*;
use std::fmt::Write;

fn profile_of(files: &[(&str, &[u8])]) -> Profile {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    Profile::of_path(folder.path(), &ProfileOptions::default(), &mut |_, _| Ok(())).unwrap()
}

/// A column in one line.
fn told(column: &ColumnProfile) -> String {
    let mut text = format!("{} of {} values, {} distinct", column.values(), column.rows, column.distinct);
    for (null, count) in &column.nulls {
        let _ = write!(text, ", null '{null}' {count}");
    }
    if let Some((shape, count)) = column.shapes.first() {
        let _ = write!(text, ", {shape} {count}");
    }
    if let Some(numbers) = &column.numbers {
        let _ = write!(text, ", numbers {} {}..{}", numbers.count, numbers.range.0, numbers.range.1);
    }
    if let Some(dates) = &column.dates {
        let formats: Vec<&str> = dates.formats.iter().map(|(format, _)| *format).collect();
        let _ = write!(text, ", dates {} {} {}..{}", dates.count, formats.join(" "), dates.range.0, dates.range.1);
    }
    for doubt in &column.doubts {
        let _ = write!(text, "; {doubt}");
    }
    text
}

const PEOPLE: &str = "pid,surname,forename,sex,born,phone\n17,Okafor,Ada,F,1984-02-29,555 0101\n18,Lind,Erik,M,31.12.1950,\n19,Nowak,Ewa,X,1990-02-30,NULL\n";
const VISITS: &str = "visit,pid,arrived,left,kind\n9001,17,2026-03-01 08:10,2026-03-01 09:00,walk-in\n9002,18,2026-03-02 22:45,,emergency\n9003,77,2026-03-03 10:00,2026-03-03 10:20,walk-in\n";
const RESULTS: &str = "result,visit,test,value,unit,at\n1,9001,HB,13.1,g/dl,2026-03-01 08:30\n2,9001,CRP,<5,mg/l,2026-03-01 08:30\n3,9002,HB,hemolysed,g/dl,2026-03-02 23:05\n4,9002,XYZ,7,,2026-03-02 23:05\n";

#[test]
fn a_column_tells_what_is_in_it() {
    let text = "id,when,amount,empty,code\n001,03/25/2020, 1.50 ,,I10.0\n002,12/01/2020,<3,NULL,E11.9\n003,,x,\\N,J45.0\n004,01/02/2021,-7.25,-,I10.0\n";
    let profile = profile_of(&[("t.csv", text.as_bytes())]);
    let lines: Vec<String> =
        profile.tables[0].columns.iter().map(|column| format!("{}: {}", column.name, told(column))).collect();
    expect_test::expect![[r#"
        id: 4 of 4 values, 4 distinct, 999 4, numbers 4 001..004; 4 of 4 values begin with 0: they are numbers of something, not amounts
        when: 3 of 4 values, 3 distinct, null '' 1, 99/99/9999 3, dates 3 %m/%d/%Y 03/25/2020..01/02/2021
        amount: 4 of 4 values, 4 distinct, -9.99 1, numbers 3 -7.25..<3; 1 of 4 values have blanks around them
        empty: 1 of 4 values, 1 distinct, null '' 1, null 'NULL' 1, null '\N' 1, - 1
        code: 4 of 4 values, 3 distinct, A99.9 4"#]]
    .assert_eq(&lines.join("\n"));
    assert_eq!(profile.tables[0].keys, [Key { columns: vec!["id".into()], exact: true, lacks: None }]);
}

#[test]
fn a_comma_is_a_decimal_sign_where_it_can_be_nothing_else() {
    let of = |cells: &str| {
        let text = format!("n;x\n{cells}");
        let profile = profile_of(&[("t.csv", text.as_bytes())]);
        let numbers = profile.tables[0].columns[0].numbers.clone().unwrap();
        (numbers.decimal_commas, numbers.range, numbers.leading_zeros)
    };
    let range = |low: &str, high: &str| (low.to_owned(), high.to_owned());
    assert_eq!(of("3,6;\n<0,25;\n1.250,5;\n"), (3, range("<0,25", "1.250,5"), 0));
    assert_eq!(of("0,125;\n12;\n"), (1, range("0,125", "12"), 0));
    assert_eq!(of("1,250;\n12;\n1,250,000;\n"), (0, range("12", "1,250,000"), 0));
}

#[test]
fn keys_of_two_columns_and_joins_are_found() {
    let mut visits = "visit_id,patient_id,x\n".to_owned();
    let mut diagnoses = "visit_id,seq,code\n".to_owned();
    for visit in 0..3_000 {
        let _ = writeln!(visits, "{},P{},{}", visit + 70_000, visit % 500, visit % 3);
        for seq in 1..=3 {
            let _ = writeln!(diagnoses, "{},{seq},C{}", visit + 70_000, (visit + seq) % 40);
        }
    }
    let mut patients = "patient_id,sex\n".to_owned();
    (0..500).for_each(|patient| writeln!(patients, "P{patient},{}", if patient % 2 == 0 { "M" } else { "F" }).unwrap());
    let profile = profile_of(&[
        ("visits.csv", visits.as_bytes()),
        ("diagnoses.csv", diagnoses.as_bytes()),
        ("patients.csv", patients.as_bytes()),
    ]);
    let key = |table: &str| profile.table(table).unwrap().keys[0].columns.join("+");
    assert_eq!((key("visits").as_str(), key("diagnoses").as_str()), ("visit_id", "visit_id+seq"));
    let joins: Vec<String> = profile
        .joins
        .iter()
        .map(|join| format!("{}.{} > {}.{}", join.from.0, join.from.1, join.to.0, join.to.1))
        .collect();
    assert_eq!(joins, ["diagnoses.visit_id > visits.visit_id", "visits.patient_id > patients.patient_id"]);
}

#[test]
fn what_is_not_utf_8_is_read_as_what_it_looks_like_and_told() {
    let text = "病人ID,姓名,性别,出生日期\n1,王芳,女,1985-03-07\n2,李雷,男,1990年5月1日\n3,韩梅梅,女,19770102\n";
    let (bytes, _, _) = encoding_rs::GB18030.encode(text);
    let profile = profile_of(&[("病人.csv", &bytes)]);
    assert_eq!(profile.encodings[0].encoding.to_lowercase(), "gb18030");
    assert_eq!(profile.likely[0].target, "Patient");
    let files = skeleton(&profile, "his");
    let toml = &files.iter().find(|(path, _)| path == "mapping.toml").unwrap().1;
    assert!(toml.contains("encoding = \"gb18030\"") && toml.contains("[tables.\"病人\"]"), "{toml}");
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(crate::compile::check(&files), []);
}

#[test]
fn the_clinic_of_the_documentation_is_understood() {
    let profile = profile_of(&[
        ("people.csv", PEOPLE.as_bytes()),
        ("visits.csv", VISITS.as_bytes()),
        ("results.csv", RESULTS.as_bytes()),
    ]);
    let files = skeleton(&profile, "clinic");
    let shown: Vec<String> = files.iter().map(|(path, text)| format!("{path}\n{text}")).collect();
    expect_test::expect![[r#"
        codes/results.csv
        source,system,code

        codes/sex.csv
        source,system,code
        F,http://hl7.org/fhir/administrative-gender,female
        M,http://hl7.org/fhir/administrative-gender,male

        codes/visit-class.csv
        source,system,code
        walk-in,http://terminology.hl7.org/CodeSystem/v3-ActCode,AMB
        emergency,http://terminology.hl7.org/CodeSystem/v3-ActCode,EMER

        encounter.sql
        -- 3 rows of visits: its name, arrived (start), left (end), visit (visit), pid (patient), kind (kind of visit),
        --   visit is unique, other tables refer to visit
        -- @target Encounter @key v.visit @patient v.pid @required subject
        SELECT identifier('urn:medweave:source:{source}:visit', v.visit, 'usual', 'VN') AS identifier,
               CASE WHEN v."left" IS NULL THEN 'in-progress' ELSE 'finished' END        AS status,
               code('visit-class', v.kind)                                              AS class,
               ref('Patient', v.pid)                                                    AS subject,
               period(v.arrived, v."left")                                              AS period
        FROM visits v

        mapping.toml
        # A beginning, written from what the tables hold; what could not be known is marked To do.
        name = "clinic"
        version = "1"
        zone = "UTC"    # To do: the zone of times that have none
        nulls = ["", "NULL"]

        [tables.people]
        key = ["pid"]
        uses = ["pid", "surname", "forename", "sex", "born", "phone"]

        [tables.results]
        key = ["result"]
        uses = ["result", "visit", "test", "value", "unit", "at"]

        [tables.visits]
        key = ["visit"]
        uses = ["visit", "pid", "arrived", "left", "kind"]

        observation.sql
        -- 4 rows of results: its name, value (value), unit (unit), test (code), at (time)
        -- @target Observation @key t.result @each results t @patient e.pid
        SELECT 'final'                                                             AS status,
               code('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory') AS category,
               code('results', t.test)                                             AS code,
               ref('Patient', e.pid)                                               AS subject,
               ref('Encounter', t.visit)                                           AS encounter,
               instant(t.at)                                                       AS "effective.dateTime",
               coalesce(quantity(t.value, unit('results', t.unit)), text(t.value)) AS value
        FROM results t
        LEFT JOIN visits e ON e.visit = t.visit

        patient.sql
        -- 3 rows of people: its name, born (birth), sex (sex), surname (family name), phone (telephone)
        -- @target Patient @key p.pid @patient p.pid
        SELECT identifier('urn:medweave:source:{source}:patient', p.pid, 'usual', 'MR') AS identifier,
               name(p.surname, p.forename)                                              AS name,
               code('sex', p.sex)                                                       AS gender,
               date(p.born)                                                             AS "birthDate",
               'phone'                                                                  AS "telecom.system",
               p.phone                                                                  AS "telecom.value"
        FROM people p

        units/results.csv
        source,ucum
        g/dl,g/dl
        mg/l,mg/l
    "#]]
    .assert_eq(&shown.join("\n"));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(crate::compile::check(&files), []);
}

#[test]
fn a_folder_with_odd_names_is_read_by_its_values() {
    let (mut a, mut b, mut c) =
        (String::from("k1;q;w\n"), String::from("z9;k1;d1;d2\n"), String::from("n;z9;what;res;u;ts\n"));
    for nth in 0..60 {
        let _ = writeln!(
            a,
            "AB{:04};{};{:02}.{:02}.{}",
            nth,
            if nth % 2 == 0 { "m" } else { "f" },
            nth % 28 + 1,
            nth % 12 + 1,
            1930 + nth
        );
        let _ = writeln!(
            b,
            "V-{:05};AB{:04};0{}.03.2024 10:00;0{}.03.2024 11:00",
            nth,
            (nth * 7) % 60,
            nth % 9 + 1,
            nth % 9 + 1
        );
        let _ = writeln!(
            c,
            "{};V-{:05};Na;1{};mmol/L;0{}.03.2024 10:30",
            nth + 500_000,
            (nth * 11) % 60,
            nth % 60,
            nth % 9 + 1
        );
    }
    let profile = profile_of(&[("t001.csv", a.as_bytes()), ("t002.csv", b.as_bytes()), ("lab x.csv", c.as_bytes())]);
    let found: Vec<String> =
        profile.likely.iter().map(|likely| format!("{} {}", likely.target, likely.table)).collect();
    assert_eq!(found.first().map(String::as_str), Some("Patient t001"), "{found:?} {:?}", profile.joins);
    assert!(found.contains(&"Encounter t002".to_owned()), "{found:?} {:?}", profile.joins);
    let files = skeleton(&profile, "odd");
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(crate::compile::check(&files), [], "{files:#?}");
}

#[test]
fn a_profile_can_be_stopped_and_what_is_no_table_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "a,b\n".to_owned();
    (0..70_000).for_each(|row| writeln!(text, "{row},x").unwrap());
    std::fs::write(folder.path().join("t.csv"), text).unwrap();
    std::fs::write(folder.path().join("x.pdf"), b"%PDF-1.7\n").unwrap();
    let mut stop = |_: &str, _: u64| Err(Error::Stopped);
    assert!(matches!(Profile::of_path(folder.path(), &ProfileOptions::default(), &mut stop), Err(Error::Stopped)));
    let profile = Profile::of_path(folder.path(), &ProfileOptions::default(), &mut |_, _| Ok(())).unwrap();
    assert_eq!(profile.passed_over.len(), 1);
    let column = &profile.tables[0].columns[0];
    assert_eq!((column.once, column.rows), (Some(true), 70_000));
    assert!((65_000..=70_000).contains(&column.distinct), "{}", column.distinct);
    assert_eq!(profile.to_json()["tables"][0]["columns"][1]["top"][0]["count"], 70_000);
}

/// A clinic as hospitals have it: one patient number comes twice, one visit has no number, two visits are of nobody.
fn eye_clinic(names: fn(&str) -> String) -> Vec<(String, Vec<u8>)> {
    let head = |columns: &str| columns.split(';').map(names).collect::<Vec<_>>().join(";") + "\n";
    let mut patients = head("PatNr;Name;Vorname;GebDatum;Geschlecht;Telefon");
    let mut visits = head("BesuchNr;PatNr;Ankunft;Ende;Art");
    let mut pressures = head("MessungNr;BesuchNr;Auge;Untersuchung;Wert;Einheit;Zeitpunkt");
    let mut diagnoses = head("BesuchNr;ICD;Bezeichnung;Sicherheit;Datum");
    for nth in 0..200 {
        let number = if nth == 150 { 149 } else { nth };
        let _ = writeln!(
            patients,
            "P{number:05};Müller{nth};Änne;{:02}.{:02}.{};{};0171/{}",
            nth % 28 + 1,
            nth % 12 + 1,
            1930 + nth % 70,
            if nth % 2 == 0 { "w" } else { "m" },
            3_300_000 + nth
        );
    }
    for nth in 0..300 {
        let patient = if nth >= 298 { 900 + nth } else { nth % 149 };
        let visit = if nth == 77 { String::new() } else { format!("B{:06}", 400_000 + nth) };
        let _ = writeln!(
            visits,
            "{visit};P{patient:05};{day:02}.03.2026 08:10;{day:02}.03.2026 09:00;{}",
            ["ambulant", "stationär", "Notfall"][nth % 3],
            day = nth % 28 + 1
        );
        for eye in ["R", "L"] {
            let _ = writeln!(
                pressures,
                "{};B{:06};{eye};Augendruck;{},{};mmHg;{:02}.03.2026 08:30",
                80_000 + nth * 2 + usize::from(eye == "L"),
                400_000 + nth,
                10 + nth % 14,
                nth % 10,
                nth % 28 + 1
            );
        }
        let _ = writeln!(
            diagnoses,
            "B{:06};H{:02}.{};Glaukom;{};{:02}.03.2026",
            400_000 + nth,
            10 + nth % 40,
            nth % 9,
            ["gesichert", "V.a.", "Z.n.", "gesichert"][nth % 4],
            nth % 28 + 1
        );
        if nth % 3 == 0 {
            let _ = writeln!(diagnoses, "B{:06};H52.{};Myopie;gesichert;01.03.2026", 400_000 + nth, nth % 9);
        }
    }
    let tables = [("Patienten", patients), ("Besuche", visits), ("Druck", pressures), ("Diagnosen", diagnoses)];
    let encoded = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    tables.map(|(name, text)| (format!("{}.csv", names(name)), encoded(&text))).into()
}

#[test]
fn a_few_mistyped_rows_hide_neither_keys_nor_joins_nor_targets_whatever_the_case_of_names() {
    for names in [|name: &str| name.to_owned(), |name: &str| name.to_lowercase(), |name: &str| name.to_uppercase()] {
        let files = eye_clinic(names);
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect();
        let profile = profile_of(&files);
        let key = |table: &str| {
            let key = &profile.table(&names(table)).unwrap().keys[0];
            (key.columns.join("+"), key.lacks_in_words())
        };
        assert_eq!(key("Patienten"), (names("PatNr"), Some("1 value repeats".to_owned())));
        assert_eq!(key("Besuche"), (names("BesuchNr"), Some("1 is empty".to_owned())));
        assert_eq!(key("Druck"), (names("MessungNr"), None));
        let mut joins: Vec<String> = profile
            .joins
            .iter()
            .map(|join| format!("{}.{} > {}.{} {:.3}", join.from.0, join.from.1, join.to.0, join.to.1, join.share))
            .collect();
        joins.sort();
        let join = |from: &str, from_column: &str, to: &str, to_column: &str, share: &str| {
            format!("{}.{} > {}.{} {share}", names(from), names(from_column), names(to), names(to_column))
        };
        let expected = [
            join("Besuche", "PatNr", "Patienten", "PatNr", "0.987"),
            join("Diagnosen", "BesuchNr", "Besuche", "BesuchNr", "0.997"),
            join("Druck", "BesuchNr", "Besuche", "BesuchNr", "0.997"),
        ];
        assert_eq!(joins, expected);
        let targets: Vec<&str> = profile.likely.iter().map(|likely| likely.target).collect();
        assert_eq!(targets, ["Patient", "Encounter", "Observation", "Condition"]);

        let made = skeleton(&profile, "eye");
        let text = |name: &str| &made.iter().find(|(path, _)| path == name).unwrap_or_else(|| panic!("{name}")).1;
        let column = |name: &str| crate::edit::name_in_sql(&names(name));
        assert!(text("patient.sql").contains(&format!("@key p.{} ", column("PatNr"))), "{}", text("patient.sql"));
        assert!(text("patient.sql").contains("\"birthDate\"") && !text("patient.sql").contains("@group"));
        assert!(text("encounter.sql").contains("code('visit-class', "), "{}", text("encounter.sql"));
        for line in ["ambulant,", "stationär,", "Notfall,"] {
            assert!(text("codes/visit-class.csv").contains(line), "{}", text("codes/visit-class.csv"));
        }
        // How sure a diagnosis is comes from its column, and what is no such word stays out.
        let condition = text("condition.sql");
        assert!(condition.contains(&format!("code('certainty', t.{})", column("Sicherheit"))), "{condition}");
        assert!(condition.contains("To do") && !condition.contains("'confirmed'"), "{condition}");
        assert_eq!(
            text("codes/certainty.csv").lines().skip(1).collect::<Vec<_>>(),
            [
                "gesichert,http://terminology.hl7.org/CodeSystem/condition-ver-status,confirmed",
                "V.a.,http://terminology.hl7.org/CodeSystem/condition-ver-status,provisional",
            ]
        );
        let toml = text("mapping.toml");
        assert!(toml.contains("\nencoding = \"windows-1252\"") && toml.contains("decimal = \",\""), "{toml}");
        assert!(toml.contains("# nearly: 1 value repeats") && !toml.contains("not written"), "{toml}");
        let lent: Vec<(&str, &str)> = made.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        assert_eq!(crate::compile::check(&lent), []);
    }
}

#[test]
fn a_telephone_a_name_or_a_birth_date_is_no_key() {
    let mut text = "titel;telefon;nachname;gebdat;kontakt;ort\n".to_owned();
    for nth in 0..60 {
        let (day, month) = (nth % 28 + 1, nth % 12 + 1);
        let _ = writeln!(
            text,
            "Dr.;0171 {:07};Name{nth};{day:02}.{month:02}.19{:02};+49 30 {:06};Ort{nth}",
            nth * 7,
            30 + nth,
            900 + nth
        );
    }
    let profile = profile_of(&[("kunden.csv", text.as_bytes())]);
    assert_eq!(profile.tables[0].keys, [], "{:?}", profile.tables[0].keys);
}

#[test]
fn what_was_likely_and_is_not_written_is_told_with_why() {
    let mut text = "fallnr;icd;diagnose\n".to_owned();
    (0..40).for_each(|nth| writeln!(text, "{},H{:02}.1,Glaukom", 7_000 + nth, 10 + nth).unwrap());
    let profile = profile_of(&[("diagnosen.csv", text.replace(',', ";").as_bytes())]);
    assert_eq!(profile.likely[0].target, "Condition");
    let files = skeleton(&profile, "clinic");
    assert!(!files.iter().any(|(path, _)| path == "condition.sql"));
    let toml = &files.iter().find(|(path, _)| path == "mapping.toml").unwrap().1;
    let told: Vec<&str> = toml.lines().filter_map(|line| line.strip_prefix(NOT_WRITTEN)).collect();
    assert_eq!(told.len(), 1, "{toml}");
    assert!(told[0].starts_with("Condition (") && told[0].ends_with("leads to a patient, by himself or by a visit"));
}

#[test]
fn an_encoding_is_proposed_for_every_table_of_a_folder() {
    let encode = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let wards = encode("Kürzel;Größe\nHNO;12\nÄUG;7\n");
    let patients = encode("PatNr;Vorname;GebDatum;Geschlecht\n1;Änne;02.01.1950;w\n2;Jörg;03.01.1951;m\n");
    let utf8 = "Schlüssel;Straße\n1;Größe\n".as_bytes();
    let toml = |files: &[(&str, &[u8])]| {
        let files = skeleton(&profile_of(files), "eye");
        files.into_iter().find(|(path, _)| path == "mapping.toml").unwrap().1
    };
    // A table of ASCII alone needs none.
    let all = toml(&[("Patienten.csv", &patients), ("Kennungen.csv", &wards), ("plain.csv", b"a;b\n1;2\n")]);
    assert_eq!(all.matches("encoding = \"windows-1252\"").count(), 1, "{all}");
    assert!(all.find("\nencoding").unwrap() < all.find("[tables.").unwrap(), "{all}");
    // Beside one in UTF-8, each has its own, also what is not used yet.
    let each = toml(&[("Patienten.csv", &patients), ("Kennungen.csv", &wards), ("utf.csv", utf8)]);
    assert_eq!(each.matches("encoding = \"windows-1252\"").count(), 2, "{each}");
    assert!(each.contains("# its encoding, once it is: encoding = \"windows-1252\""), "{each}");
}

/// What a skeleton has for each file, after it compiled.
fn skeleton_of(files: &[(&str, &[u8])]) -> (Vec<String>, std::collections::BTreeMap<String, String>) {
    let profile = profile_of(files);
    let made = skeleton(&profile, "new");
    let lent: Vec<(&str, &str)> = made.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(crate::compile::check(&lent), [], "{made:#?}");
    let targets = profile.likely.iter().map(|likely| likely.target.to_owned()).collect();
    (targets, made.into_iter().collect())
}

/// Patients, visits and results under the names of a country, with rows for them.
fn hospital(tables: [&str; 3], heads: [&str; 3], sexes: [&str; 2], date: fn(usize) -> String) -> Vec<(String, String)> {
    let mut texts = heads.map(|head| format!("{head}\n"));
    for nth in 0..60 {
        let _ = writeln!(texts[0], "P{nth:04},Name{nth},Given,{},{}", date(nth), sexes[nth % 2]);
        let _ = writeln!(texts[1], "V{nth:05},P{:04},{},{}", nth * 7 % 60, date(20_000 + nth), date(20_002 + nth));
        let _ = writeln!(
            texts[2],
            "{},V{:05},Na,Sodium,1{},mmol/L,135 - 145,{}",
            500_000 + nth,
            nth * 11 % 60,
            nth % 60 + 100,
            date(20_001 + nth)
        );
    }
    tables.iter().map(|table| format!("{table}.csv")).zip(texts).collect()
}

/// So many days after 1950-01-01, in months of 28 days.
fn day(nth: usize) -> (usize, usize, usize) {
    (1950 + nth / 336, nth / 28 % 12 + 1, nth % 28 + 1)
}

#[test]
fn hospitals_of_several_countries_are_understood_by_the_names_of_their_columns() {
    fn iso(nth: usize) -> String {
        let (year, month, day) = day(nth * 37 % 400 + nth);
        format!("{year}-{month:02}-{day:02}")
    }
    for (tables, heads, sexes) in [
        (
            ["患者", "受診", "検査結果"],
            [
                "患者番号,氏名,カナ,生年月日,性別",
                "受診番号,患者番号,入院日,退院日",
                "検査ID,受診番号,検査コード,検査名,結果,単位,基準値,検査日",
            ],
            ["男", "女"],
        ),
        (
            ["patients", "séjours", "résultats"],
            [
                "N° patient,Nom de naissance,Prénom,Date de naissance,Sexe",
                "N° séjour,N° patient,Date d'entrée,Date de sortie",
                "N° résultat,N° séjour,Code analyse,Libellé,Résultat,Unité,Valeurs de référence,Date prélèvement",
            ],
            ["Masculin", "Féminin"],
        ),
        (
            ["pacientes", "ingresos", "resultados"],
            [
                "id_paciente,apellido,nombre,fecha_nacimiento,sexo",
                "id_ingreso,id_paciente,fecha_ingreso,fecha_alta",
                "id_resultado,id_ingreso,prueba,descripcion,resultado,unidad,referencia,fecha",
            ],
            ["H", "M"],
        ),
        (
            ["PACIENTES", "ATENDIMENTOS", "RESULTADOS"],
            [
                "ID_PACIENTE,NOME,APELIDO,DATA_NASCIMENTO,SEXO",
                "ID_ATENDIMENTO,ID_PACIENTE,DT_ENTRADA,DT_SAIDA",
                "ID_RESULTADO,ID_ATENDIMENTO,EXAME,DESCRICAO,RESULTADO,UNIDADE,REFERENCIA,DT_COLETA",
            ],
            ["Masculino", "Feminino"],
        ),
        (
            ["patienten", "opnames", "uitslagen"],
            [
                "patientnr,achternaam,voornaam,geboortedatum,geslacht",
                "opnamenr,patientnr,opnamedatum,ontslagdatum",
                "uitslagnr,opnamenr,bepalingcode,bepaling,uitslag,eenheid,referentiewaarde,afnamedatum",
            ],
            ["M", "V"],
        ),
        (
            ["pacjenci", "pobyty", "wyniki"],
            [
                "nr_pacjenta,nazwisko,imie,data_urodzenia,plec",
                "nr_pobytu,nr_pacjenta,data_przyjecia,data_wypisu",
                "nr_wyniku,nr_pobytu,kod_badania,nazwa_badania,wynik,jednostka,wartosci_referencyjne,data_pobrania",
            ],
            ["M", "K"],
        ),
        (
            ["patienter", "vårdtillfällen", "labbsvar"],
            [
                "patientnummer,efternamn,förnamn,födelsedatum,kön",
                "vårdtillfälle_id,patientnummer,inskrivningsdatum,utskrivningsdatum",
                "svar_id,vårdtillfälle_id,analyskod,analysnamn,resultat,enhet,referensintervall,provtagningsdatum",
            ],
            ["man", "kvinna"],
        ),
        (
            ["BRJBXX", "ZYJL", "JYJG"],
            ["BRID,XM,MZ,CSRQ,XB", "ZYH,BRID,RYRQ,CYRQ", "JGXH,ZYH,XMDM,XMMC,JG,DW,CKFW,BGSJ"],
            ["男", "女"],
        ),
    ] {
        let files = hospital(tables, heads, sexes, iso);
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        let (targets, made) = skeleton_of(&files);
        assert_eq!(targets, ["Patient", "Encounter", "Observation"], "{tables:?}");
        let all = made.values().cloned().collect::<Vec<_>>().join("\n");
        for path in
            ["name", "gender", "\"birthDate\"", "period", "value", "\"referenceRange.text\"", "\"effective.dateTime\""]
        {
            assert!(all.contains(&format!(" AS {path}")), "{tables:?} {path}\n{all}");
        }
        let sexes =
            made["codes/sex.csv"].lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect::<Vec<_>>();
        assert_eq!(sexes.len(), 2, "{tables:?} {}", made["codes/sex.csv"]);
        let zone = if tables[0] == "患者" { "Asia/Tokyo" } else { "" };
        assert!(made["mapping.toml"].contains(zone), "{}", made["mapping.toml"]);
    }
    // `M` beside `H` is mujer.
    let spanish = hospital(
        ["pacientes", "ingresos", "resultados"],
        [
            "id_paciente,apellido,nombre,fecha_nacimiento,sexo",
            "id_ingreso,id_paciente,fecha_ingreso,fecha_alta",
            "a,b,c,d,e,f,g,h",
        ],
        ["H", "M"],
        iso,
    );
    let (_, made) = skeleton_of(&[("pacientes.csv", spanish[0].1.as_bytes())]);
    assert!(
        made["codes/sex.csv"].contains("M,http://hl7.org/fhir/administrative-gender,female"),
        "{}",
        made["codes/sex.csv"]
    );
}

#[test]
fn vital_signs_prescriptions_and_allergies_are_found_under_portuguese_names() {
    let mut patients = "ID_PACIENTE,NOME,DATA_NASCIMENTO,SEXO\n".to_owned();
    let mut visits = "NR_ATENDIMENTO,ID_PACIENTE,DT_ENTRADA,DT_ALTA\n".to_owned();
    let mut vitals = "NR_SINAL,NR_ATENDIMENTO,DT_HORA,PAS,PAD,FC,TEMPERATURA,SPO2\n".to_owned();
    let mut drugs =
        "ID_PRESC,NR_ATENDIMENTO,MEDICAMENTO,DOSE,UN_DOSE,VIA,POSOLOGIA,DT_PRESCRICAO,SITUACAO\n".to_owned();
    let mut allergies = "ID_ALERGIA,ID_PACIENTE,SUBSTANCIA,GRAVIDADE,DT_REGISTRO\n".to_owned();
    let mut diagnoses = "ID_DIAG,NR_ATENDIMENTO,CID10,DESCRICAO,CERTEZA\n".to_owned();
    for nth in 0..60 {
        let (year, month, of_month) = day(20_000 + nth * 3);
        let (day, of) = (format!("{year}-{month:02}-{of_month:02}"), nth % 50);
        let _ = writeln!(patients, "{nth},Ana {nth},{},{}", day.replacen("20", "19", 1), ["M", "F"][nth % 2]);
        let _ = writeln!(visits, "{},{of},{day} 08:10,{day} 19:00", 8_000 + nth);
        let _ = writeln!(
            vitals,
            "{},{},{day} 09:00,12{},8{},7{},36.{},9{}",
            500 + nth,
            8_000 + of,
            nth % 9,
            nth % 7,
            nth % 8,
            nth % 6,
            nth % 5
        );
        let state = ["ATIVA", "SUSPENSA", "ENCERRADA"][nth % 3];
        let _ = writeln!(drugs, "{},{},Dipirona {},500,mg,VO,6/6h,{day} 10:00,{state}", 900 + nth, 8_000 + of, nth % 4);
        let _ = writeln!(allergies, "{},{of},{},LEVE,{day}", 70 + nth, ["Penicilina", "Iodo", "Latex"][nth % 3]);
        let certainty = ["CONFIRMADO", "SUSPEITO", "DESCARTADO"][nth % 3];
        let _ = writeln!(diagnoses, "{},{},J1{},Pneumonia,{certainty}", 300 + nth, 8_000 + of, nth % 9);
    }
    let (targets, made) = skeleton_of(&[
        ("PACIENTES.csv", patients.as_bytes()),
        ("ATENDIMENTOS.csv", visits.as_bytes()),
        ("SINAIS.csv", vitals.as_bytes()),
        ("prescricoes.csv", drugs.as_bytes()),
        ("Alergias.csv", allergies.as_bytes()),
        ("diagnosticos.csv", diagnoses.as_bytes()),
    ]);
    let expected = ["Patient", "Encounter", "Observation", "Condition", "MedicationRequest", "AllergyIntolerance"];
    assert_eq!(targets, expected, "{made:#?}");
    let all = made.values().cloned().collect::<Vec<_>>().join("\n");
    for part in
        ["8480-6", "8867-4", "t.SUBSTANCIA", "t.VIA", "t.UN_DOSE", "DESCARTADO,", ",refuted", "SUSPENSA,", ",on-hold"]
    {
        assert!(all.contains(part), "{part}\n{all}");
    }
}

#[test]
fn years_of_two_digits_are_read_with_their_format_and_a_pivot_that_is_told() {
    let mut text = "pid,surname,forename,born,sex,seen\n".to_owned();
    for nth in 0..40 {
        let (year, _, day) = (45 + nth, 0, nth % 28 + 1);
        let _ = writeln!(
            text,
            "P{nth:04},Name{nth},Given,{day:02}-MAR-{year:02},{},{day:02}-JAN-24 08:30",
            ["m", "f"][nth % 2]
        );
    }
    let (_, made) = skeleton_of(&[("people.csv", text.as_bytes())]);
    assert!(made["patient.sql"].contains("date(p.born, '%d-%b-%y')"), "{}", made["patient.sql"]);
    let toml = &made["mapping.toml"];
    let year = skeleton::this_year();
    assert!(toml.contains(&format!("\npivot = {year}    # To do")) && toml.contains("people.born"), "{toml}");
    let visits = text.replace("pid,surname,forename,born,sex,seen", "visit,a,b,arrived,c,left");
    let profile = profile_of(&[("visits.csv", visits.as_bytes())]);
    let column = profile.tables[0].columns.iter().find(|column| column.name == "left").unwrap();
    assert_eq!(column.dates.as_ref().unwrap().needed_formats, ["%d-%b-%y %H:%M"]);
}

#[test]
fn the_last_year_there_is_stands_for_nothing() {
    let mut text = "visit,pid,arrived,left,kind\n".to_owned();
    for nth in 0..40 {
        let left = if nth % 2 == 0 { "31/12/9999".to_owned() } else { format!("{:02}/03/2024", nth % 28 + 1) };
        let _ = writeln!(text, "V{nth:03},P{},{:02}/03/2024,{left},walk-in", nth % 17, nth % 28 + 1);
    }
    let profile = profile_of(&[("visits.csv", text.as_bytes())]);
    let left = profile.tables[0].columns.iter().find(|column| column.name == "left").unwrap();
    assert_eq!((left.values(), left.dates.as_ref().unwrap().count), (20, 20));
    let doubt = "20 cells are 31/12/9999, which may mean no value: name it in `nulls` if it does";
    assert!(left.doubts.iter().any(|told| told.to_string() == doubt), "{:?}", left.doubts);
    let (_, made) = skeleton_of(&[("visits.csv", text.as_bytes())]);
    assert!(made["mapping.toml"].contains("nulls = [\"\", \"31/12/9999\"]"), "{}", made["mapping.toml"]);
}

#[test]
fn how_something_stands_comes_from_the_column_that_says_it() {
    let mut visits = "visit,pid,arrived,left,kind,state\n".to_owned();
    let mut results = "result,visit,test,value,unit,at,status\n".to_owned();
    let mut meds = "order,visit,drug,dose,unit,start,状态\n".to_owned();
    for nth in 0..60 {
        let day = nth % 28 + 1;
        let state = ["finished", "planned", "cancelled"][nth % 3];
        let _ =
            writeln!(visits, "V{nth:03},P{},2024-03-{day:02} 08:00,2024-03-{day:02} 09:00,walk-in,{state}", nth % 17);
        let state = ["final", "corrected", "haemolysed", ""][nth % 4];
        let _ = writeln!(results, "{},V{nth:03},HB,1{}.5,g/dL,2024-03-{day:02} 08:30,{state}", 9_000 + nth, nth % 9);
        let state = ["已停", "作废", "given"][nth % 3];
        let _ = writeln!(meds, "{},V{nth:03},Aspirin,100,mg,2024-03-{day:02} 08:30,{state}", 7_000 + nth);
    }
    let (_, made) = skeleton_of(&[
        ("visits.csv", visits.as_bytes()),
        ("results.csv", results.as_bytes()),
        ("medications.csv", meds.as_bytes()),
    ]);
    assert!(made["encounter.sql"].contains("code('encounter-status', v.state)"), "{}", made["encounter.sql"]);
    for line in [
        "planned,http://hl7.org/fhir/encounter-status,planned",
        "cancelled,http://hl7.org/fhir/encounter-status,cancelled",
    ] {
        assert!(made["codes/encounter-status.csv"].contains(line), "{}", made["codes/encounter-status.csv"]);
    }
    let observation = &made["observation.sql"];
    assert!(
        observation.contains("CASE WHEN t.status IS NULL THEN 'unknown' ELSE code('observation-status', t.status) END")
    );
    assert!(observation.contains("1 values have none yet") && !observation.contains("'final'"), "{observation}");
    let map = &made["codes/observation-status.csv"];
    assert!(
        map.contains("# To do: haemolysed  (15 rows)")
            && map.contains("corrected,http://hl7.org/fhir/observation-status,corrected")
    );
    let map = &made["codes/medicationrequest-status.csv"];
    let system = "http://hl7.org/fhir/CodeSystem/medicationrequest-status";
    for (word, code) in [("已停", "stopped"), ("作废", "entered-in-error"), ("given", "completed")] {
        assert!(map.contains(&format!("{word},{system},{code}")), "{map}");
    }
}
