//! How the program ends when it is asked to, and what it leaves behind: nothing.

use crate::program::{Data, write};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_mins(3);

fn tell(signal: &str, pid: u64) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

/// Waits until `is_so`.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn ended(mut child: Child) -> ExitStatus {
    until("it ends", || child.try_wait().unwrap().is_some());
    child.wait().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// A question that takes longer than anybody waits.
fn endless(url: &str, token: &str) -> TcpStream {
    let sql = "SELECT count(*) FROM generate_series(1, 100000000) a CROSS JOIN generate_series(1, 1000000) b";
    let body = json!({"sql": sql, "timeout_s": 600}).to_string();
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /api/sql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    stream
}

#[test]
fn asked_once_it_finishes_what_has_begun_and_asked_twice_it_ends() {
    let data = Data::new();
    let token = data.token("system/*.rs");
    let served = data.serve(&[]);
    let client = served.client(&token);
    let _asking = endless(&served.url, &token);
    // It has begun once it has been given a thread: what follows on other connections is answered later than that.
    until("the question runs", || client.get("/api/status").status == 200);
    tell("-TERM", served.pid());
    until("it says so", || std::fs::read_to_string(data.path("serve.log")).unwrap().contains("medweave stops"));
    tell("-TERM", served.pid());
    let status = served.wait();
    assert!(matches!(status.code(), Some(130 | 0)), "{status}");
    assert!(!data.path("ready.json").exists());
    assert_eq!(data.json(&["doctor", "--json"])["checked"]["resources"], json!(null));
}

#[test]
fn a_terminal_that_goes_away_ends_it_in_order_and_not_under_nohup() {
    let data = Data::new();
    let served = data.serve(&[]);
    tell("-HUP", served.pid());
    assert!(served.wait().success());
    assert!(!data.path("data/control.sock").exists());
    let shielded = data.serve_under(&["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""], &[]);
    tell("-HUP", shielded.pid());
    assert_eq!(shielded.client("").get("/health").status, 200);
    assert!(shielded.stop().success());
}

#[test]
fn an_export_that_is_ended_leaves_no_half_file() {
    let data = Data::new();
    let lines: Vec<String> =
        (0..20_000).map(|no| json!({"resourceType": "Patient", "id": format!("p{no}")}).to_string()).collect();
    write(&data.path("patients.ndjson"), lines.join("\n").as_bytes());
    data.done(&["import", "patients.ndjson", "--no-lake"]);
    for signal in ["-INT", "-TERM", "-HUP"] {
        let out = data.path("out");
        let mut child = data.command(&["export", "--to", "out"]).stdout(Stdio::null()).spawn().unwrap();
        until("it has begun", || child.try_wait().unwrap().is_some() || !names(&out).is_empty());
        tell_if_there(signal, &child);
        let status = ended(child);
        let left = names(&out);
        // A machine that is done before the signal comes has the whole file.
        match status.code() {
            Some(0) => assert_eq!(left, ["Patient.ndjson"], "{signal}"),
            Some(130) => assert_eq!(left, [""; 0], "{signal}"),
            _ => panic!("{signal}: {status}"),
        }
        std::fs::remove_dir_all(&out).unwrap();
    }
}

/// A child that ended by itself cannot be told.
fn tell_if_there(signal: &str, child: &Child) {
    let _ = Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status();
}

#[test]
fn a_bench_prints_its_figures_and_leaves_nothing_behind_however_it_ends() {
    let data = Data::new();
    let folder = data.path("disk");
    std::fs::create_dir(&folder).unwrap();
    let said = data.done(&["bench", "--hospitals", "1", "--on", "disk"]);
    for figure in [
        "sync of the disk",
        "load messages and bundles",
        "reads over HTTP",
        "first answer of SQL",
        "memory at its peak",
    ] {
        assert!(said.contains(figure), "{said}");
    }
    assert_eq!(names(&folder), [""; 0]);
    for signal in ["-INT", "-TERM"] {
        let child = data
            .command(&["bench", "--hospitals", "100000", "--on", "disk"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("it has begun", || names(&folder).len() == 1);
        tell(signal, u64::from(child.id()));
        assert_eq!(ended(child).code(), Some(130), "{signal}");
        assert_eq!(names(&folder), [""; 0], "{signal}");
    }
}

#[test]
fn a_letter_in_the_editor_is_not_left_lying_about() {
    let data = Data::new();
    write(&data.path("people.ndjson"), b"{\"resourceType\":\"Patient\",\"id\":\"b\",\"gendre\":\"male\"}\n");
    data.run(&["import", "people.ndjson"]);
    let temporary = data.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let mut child = data
        .command(&["deadletter", "correct", "1"])
        .env("TMPDIR", &temporary)
        .env("VISUAL", "touch opened; while test -e opened; do sleep 0.1; done; true")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("the editor is open", || data.path("opened").exists());
    // Ctrl-C is the editor's; only whoever ends the program means it.
    tell("-INT", u64::from(child.id()));
    assert!(child.try_wait().unwrap().is_none());
    assert_eq!(names(&temporary).len(), 1);
    tell("-TERM", u64::from(child.id()));
    let told = child.stderr.take();
    assert_eq!(ended(child).code(), Some(130));
    drop(told);
    std::fs::remove_file(data.path("opened")).unwrap();
    assert_eq!(names(&temporary), [""; 0]);
    assert_eq!(data.json(&["deadletter", "list", "--json"])["open"], 1);
}
