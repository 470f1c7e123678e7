//! SQL through the program: what the page about it says, whoever goes away, what an import leaves.

use crate::program::Data;
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

const PAGE: &str = include_str!("../../../../docs/sql.md");

/// Queries that run at once; as many as go away take every turn with them, unless they are let go of.
const TURNS: usize = 4;

/// Three patients, stored by a command.
fn imported(more: &[&str]) -> Data {
    let data = Data::new();
    let file = data.path("patients.ndjson");
    let line = |no: u32| format!("{{\"resourceType\":\"Patient\",\"id\":\"p{no}\",\"gender\":\"female\"}}\n");
    std::fs::write(&file, (0..3).map(line).collect::<String>()).unwrap();
    let told = data.json(&[&["import", file.to_str().unwrap(), "--json"], more].concat());
    assert_eq!(told["stored"], 3);
    data
}

#[test]
fn an_import_leaves_the_tables_written_unless_told_not_to() {
    for (more, written) in [(&[][..], true), (&["--no-lake"][..], false)] {
        let data = imported(more);
        let log = data.path("data/lake/patient/_delta_log/00000000000000000001.json");
        assert_eq!(log.exists(), written, "{more:?}");
        let answer = data.json(&["sql", "--format", "json", "SELECT type, count(*) FROM resource GROUP BY type"]);
        assert_eq!(answer["rows"], json!([["Patient", 3]]));
        assert_eq!(answer["columns"][1]["type"], "bigint");
        assert_eq!(data.json(&["status", "--json"])["types"]["Patient"], 3);
    }
}

#[test]
fn what_the_page_says_over_http_works_as_it_stands() {
    let data = imported(&[]);
    let served = data.serve(&[]);
    let token = data.token("system/*.rs");
    let here = |text: &str| text.replace("http://127.0.0.1:8400", &served.url);
    let block = |begin: &str, what: &str| {
        let found = PAGE.split(begin).skip(1).map(|rest| rest.split_once("```").map_or(rest, |(block, _)| block));
        here(found.into_iter().find(|text| text.contains(what)).unwrap())
    };
    let run = |program: &str, argument: &str, text: &str| {
        let output = Command::new(program).arg(argument).arg(text).env("TOKEN", &token).output().unwrap();
        assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run("python3", "-c", &block("```python\n", "urllib")), "[[3]]\n");
    if Command::new("curl").arg("--version").output().is_ok() {
        assert_eq!(run("sh", "-c", &block("```\n", "curl")), "count(*)\r\n3\r\n");
    }
}

#[test]
fn an_error_says_where_and_what_may_have_been_meant() {
    let data = imported(&[]);
    let served = data.serve(&[]);
    let client = served.client(&data.token("system/*.rs"));
    let json = [("content-type", "application/json")];
    let body = br#"{"sql": "SELECT gendr FROM patient"}"#;
    let answer = client.send("POST", "/api/sql", &json, body);
    let error = answer.json()["error"].clone();
    assert_eq!((answer.status, &error["at"], &error["line"], &error["column"]), (400, &json!(7), &json!(1), &json!(8)));
    assert_eq!(
        (&error["message"], &error["hint"]),
        (&json!("there is no column gendr"), &json!("Did you mean gender?"))
    );
    // At the command line all of it is in the text.
    let output = data.run(&["sql", "SELECT gendr FROM patient"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("there is no column gendr (line 1, column 8). Did you mean gender?"), "{text}");
    assert!(text.contains('^'), "{text}");
}

#[test]
fn whoever_goes_away_takes_his_query_along() {
    let data = imported(&[]);
    let served = data.serve(&[]);
    let token = data.token("system/*.rs");
    let endless = "SELECT count(*) FROM generate_series(1, 100000000) a CROSS JOIN generate_series(1, 1000000) b";
    let body = json!({"sql": endless, "timeout_s": 600}).to_string();
    let asked: Vec<TcpStream> = (0..TURNS)
        .map(|_| {
            let mut stream = TcpStream::connect(served.url.trim_start_matches("http://")).unwrap();
            let request = format!(
                "POST /api/sql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    let client = served.client(&token);
    let json = [("content-type", "application/json")];
    // While they hold every turn, another waits for its own until its time is over.
    let waits = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let answer = client.send("POST", "/api/sql", &json, br#"{"sql": "SELECT 1", "timeout_s": 1}"#);
        answer.status == 422
    });
    assert!(waits, "they do not run");
    drop(asked);
    let answer = client.send("POST", "/api/sql", &json, br#"{"sql": "SELECT 1", "timeout_s": 30}"#);
    assert_eq!(
        (answer.status, &answer.json()["rows"]),
        (200, &json!([[1]])),
        "{}",
        String::from_utf8_lossy(&answer.bytes)
    );
}

#[test]
fn what_cannot_say_that_there_are_more_rows_has_them_all() {
    let data = Data::new();
    let served = data.serve(&[]);
    let client = served.client(&data.token("system/*.rs"));
    let ask = |format: &str| {
        let body = json!({"sql": "SELECT value FROM generate_series(1, 10500)", "format": format}).to_string();
        client.send("POST", "/api/sql", &[("content-type", "application/json")], body.as_bytes())
    };
    assert_eq!(ask("json").json()["truncated"], true);
    assert_eq!(ask("csv").bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count(), 10_501);
    let commented = "-- 1. How many?\nSELECT count(*) AS n FROM generate_series(1, 7)";
    assert_eq!(data.done(&["sql", "--format", "csv", commented]), "n\r\n7\r\n");
}
