//! Dead letters as an operator deals with them.

use crate::program::{Data, write};
use expect_test::{Expect, expect};

const GOOD: &str = "MSH|^~\\&|HIS|HOSP|||20240102||ADT^A08|1|P|2.5\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\r";

/// Output with what differs from run to run left out.
fn shown(text: &str, data: &Data, expected: Expect) {
    let folder = data.path("").display().to_string();
    let lines = text
        .replace(&folder, "")
        .lines()
        .map(|line| {
            let words = line.split(' ').map(|word| {
                let is_time = word.len() > 20 && word.starts_with("20") && word.ends_with('Z');
                if is_time { "(time)" } else { word }
            });
            words.collect::<Vec<_>>().join(" ").trim_end().to_owned()
        })
        .collect::<Vec<_>>();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn a_letter_is_listed_shown_corrected_and_replayed() {
    let data = Data::new();
    let nobody = GOOD.replace("12^^^HOSP^MR", "");
    write(&data.path("a.hl7"), nobody.as_bytes());
    data.run(&["import", "a.hl7"]);
    shown(
        &data.done(&["deadletter", "list"]),
        &data,
        expect![[r#"
            no  state  at                           from   place  what
            1   open   (time)  a.hl7  PID-3  no identifier of the patient; have the sender fill PID-3
        "#]],
    );
    shown(
        &data.done(&["deadletter", "show", "1"]),
        &data,
        expect![[r#"
            what      no identifier of the patient; have the sender fill PID-3
            place     PID-3
            do        correct it and replay it
            state     open
            from      a.hl7
            source    import
            arrived   (time)
            offset    0

            MSH|^~\&|HIS|HOSP|||20240102||ADT^A08|1|P|2.5
            PID|1||||Doe^Ann||19700102|F
                   ^
        "#]],
    );
    // A first correction that is none, then one that is.
    write(&data.path("worse.hl7"), GOOD.replace("PID|1|", "PIX|1|").as_bytes());
    write(&data.path("better.hl7"), GOOD.as_bytes());
    shown(
        &data.done(&["deadletter", "correct", "1", "--with", "worse.hl7"]),
        &data,
        expect![[r#"
        the correction of dead letter 1 is kept as arrival 2
        it would not be taken yet: PID: ADT^A08 has no PID segment; have the sender add it
    "#]],
    );
    shown(
        &data.done(&["deadletter", "correct", "1", "--with", "better.hl7"]),
        &data,
        expect![[r#"
        the correction of dead letter 1 is kept as arrival 3
        it would be taken: medweave deadletter replay 1
    "#]],
    );
    // The letter is what it was, and still open.
    assert_eq!(data.run(&["deadletter", "show", "1", "--raw"]).stdout, nobody.as_bytes());
    assert_eq!(data.json(&["deadletter", "list", "--json"])["open"], 1);
    shown(
        &data.done(&["deadletter", "replay", "1"]),
        &data,
        expect![[r#"
        dead letter 1 is replayed: 1 stored, 0 unchanged
    "#]],
    );
    assert_eq!(data.json(&["deadletter", "list", "--json"])["open"], 0);
    assert_eq!(data.json(&["status", "--json"])["types"]["Patient"], 1);
    shown(
        &data.done(&["deadletter", "list", "--state", "all"]),
        &data,
        expect![[r#"
            no  state     at                           from   place  what
            1   replayed  (time)  a.hl7  PID-3  no identifier of the patient; have the sender fill PID-3
        "#]],
    );
    let again = data.run(&["deadletter", "replay", "1"]);
    assert_eq!(again.status.code(), Some(2));
    shown(
        &String::from_utf8_lossy(&again.stderr),
        &data,
        expect![[r#"
        medweave: dead letter 1 is replayed already
    "#]],
    );
}

#[test]
fn a_letter_is_corrected_in_the_editor_of_the_operator() {
    let data = Data::new();
    write(&data.path("a.hl7"), GOOD.replace("12^^^HOSP^MR", "").as_bytes());
    data.run(&["import", "a.hl7"]);
    // An editor that sees segments as lines, and changes one.
    let edited = data
        .command(&["deadletter", "correct", "1"])
        .env("EDITOR", "sed -i 's/^PID|1||/PID|1||12^^^HOSP^MR/'")
        .output()
        .unwrap();
    assert!(edited.status.success(), "{}", String::from_utf8_lossy(&edited.stderr));
    data.done(&["deadletter", "replay", "1"]);
    assert_eq!(data.json(&["status", "--json"])["types"]["Patient"], 1);
    // What was taken ends its segments as the letter did.
    let token = data.token("system/*.rs");
    let served = data.serve(&[]);
    let client = served.client(&token);
    let last = client.get("/api/status").json()["arrivals"].as_i64().unwrap();
    assert_eq!(client.get(&format!("/api/arrivals/{last}/bytes")).bytes, GOOD.as_bytes());
    drop(served);
    for (editor, code) in [("true", 1), ("false", 1), ("", 2)] {
        write(&data.path("b.hl7"), GOOD.replace("12^^^HOSP^MR", "").replace("|1|P", "|2|P").as_bytes());
        data.run(&["import", "b.hl7"]);
        let output =
            data.command(&["deadletter", "correct", "2"]).env("EDITOR", editor).env_remove("VISUAL").output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{editor:?}");
    }
}

#[test]
fn a_list_has_all_letters_however_many() {
    const LETTERS: u64 = 1_050;
    let data = Data::new();
    let line = |no: u64| format!("{{\"resourceType\":\"Patient\",\"id\":\"{no}\",\"gendre\":\"male\"}}\n");
    write(&data.path("letters.ndjson"), (0..LETTERS).map(line).collect::<String>().as_bytes());
    data.run(&["import", "letters.ndjson"]);
    let list = data.json(&["deadletter", "list", "--json"]);
    assert_eq!((list["dead_letters"].as_array().unwrap().len() as u64, &list["open"]), (LETTERS, &LETTERS.into()));
    assert_eq!(data.done(&["deadletter", "list"]).lines().count() as u64, LETTERS + 1);
    assert_eq!(data.done(&["deadletter", "list", "--state", "replayed"]).lines().count(), 1);
    assert_eq!(data.run(&["deadletter", "list", "--state", "closed"]).status.code(), Some(2));
}

#[test]
fn letters_with_the_same_fault_are_replayed_or_discarded_together() {
    let data = Data::new();
    for no in 0..3 {
        // Two that are about nobody, and one with another fault between them.
        let message = if no == 1 { GOOD.replace("ADT^A08", "ADT^A40") } else { GOOD.replace("12^^^HOSP^MR", "") };
        write(&data.path(&format!("{no}.hl7")), message.replace("|1|P", &format!("|{no}|P")).as_bytes());
        data.run(&["import", &format!("{no}.hl7"), "--source", "his"]);
    }
    assert!(!data.run(&["deadletter", "replay", "1", "--alike"]).status.success());
    assert_eq!(data.json(&["deadletter", "list", "--json"])["open"], 3);
    assert_eq!(data.run(&["deadletter", "discard", "1", "--reason", " ", "--alike"]).status.code(), Some(2));
    shown(
        &data.done(&["deadletter", "discard", "1", "--reason", "tests of the sender", "--alike"]),
        &data,
        expect![[r#"
            dead letter 1 is discarded
            dead letter 3 is discarded
        "#]],
    );
    let left = data.json(&["deadletter", "list", "--json"]);
    assert_eq!((&left["open"], &left["dead_letters"][0]["no"]), (&1.into(), &2.into()));
}
