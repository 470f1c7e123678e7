//! What the operating system sees: nothing is acknowledged before what it stands for was synced.

use crate::program::{Data, Served};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const WRITES: usize = 20;

/// Files whose content an acknowledgement stands for.
fn is_durable(path: &str) -> bool {
    path.ends_with("/records.db-wal") || (path.contains("/arrivals/") && path.contains(".pack"))
}

/// A system call of a trace made with `strace -f -yy`.
struct Call<'a> {
    name: &'a str,
    /// What the file descriptor, its first argument, is.
    target: &'a str,
    arguments: &'a str,
    finished: bool,
}

/// The calls of a trace in the order in which they began; a call that another thread interrupts ends in a line of its own.
fn replay(trace: &str, mut each: impl FnMut(Call<'_>)) {
    let mut open: HashMap<&str, (&str, &str)> = HashMap::new();
    for line in trace.lines() {
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some((name, target)) = open.remove(pid) else { continue };
            assert!(resumed.starts_with(name), "{line}");
            each(Call { name, target, arguments: "", finished: true });
            continue;
        }
        let Some((name, arguments)) = rest.split_once('(') else { continue };
        let target = arguments
            .split_once('<')
            .map_or("", |(_, rest)| rest.split_once(">,").or(rest.split_once(">)")).map_or(rest, |t| t.0));
        let target = target.split(" <unfinished").next().unwrap_or_default().trim_end_matches('>');
        let finished = !rest.ends_with("<unfinished ...>");
        if !finished {
            open.insert(pid, (name, target));
        }
        each(Call { name, target, arguments, finished });
    }
}

/// What a trace shows: acknowledgements, and writes and syncs of the files they stand for.
#[derive(Debug, Default)]
struct Seen {
    acknowledged: usize,
    writes: usize,
    syncs: usize,
    /// Files that were made, whose folders had to be synced too.
    made: usize,
    /// Acknowledged while something that was written, or made, was not synced.
    too_early: Vec<String>,
    /// Acknowledged without a sync of the records' log since the acknowledgement before.
    of_nothing: Vec<String>,
}

/// Looks through a trace of a program that one client at a time asked: an acknowledgement is too early if a durable file was
/// written, or made in its folder, and not synced since; it is of nothing if no sync came before it.
fn judge(trace: &str, acknowledges: impl Fn(&str) -> bool) -> Seen {
    let mut seen = Seen::default();
    let (mut dirty, mut logged): (BTreeSet<String>, usize) = Default::default();
    replay(trace, |call| match call.name {
        "openat" if call.arguments.contains("O_CREAT") => {
            // The path stands between the first quotation marks; what is opened again was made before.
            let path = call.arguments.split('"').nth(1).unwrap_or_default();
            if is_durable(path) && !path.ends_with("-wal") {
                seen.made += 1;
                dirty.insert(path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned());
            }
        }
        "pwrite64" | "pwritev" | "write" | "writev" if is_durable(call.target) => {
            seen.writes += 1;
            dirty.insert(call.target.to_owned());
        }
        "fdatasync" | "fsync" if call.finished => {
            dirty.remove(call.target);
            if is_durable(call.target) {
                seen.syncs += 1;
                logged += usize::from(call.target.ends_with("-wal"));
            }
        }
        "write" | "writev" | "sendto" | "sendmsg" if acknowledges(call.arguments) => {
            seen.acknowledged += 1;
            if !dirty.is_empty() {
                seen.too_early.push(format!("{dirty:?} before {}", call.arguments));
            }
            if std::mem::take(&mut logged) == 0 {
                seen.of_nothing.push(call.arguments.to_owned());
            }
        }
        _ => {}
    });
    seen
}

/// The words that run a program under `strace`, and where the trace goes; `None` where there is no `strace`.
fn strace(data: &Data) -> Option<(Vec<String>, PathBuf)> {
    if Command::new("strace").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "strace is missing: make setup installs it");
        println!("skipped: strace is not installed (make setup installs it)");
        return None;
    }
    let log = data.path("trace");
    let calls = "trace=openat,write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync";
    let words = ["strace", "-f", "-yy", "-s", "300", "-e", calls, "-o", log.to_str().unwrap()];
    Some((words.map(str::to_owned).into(), log))
}

/// The program that serves under `strace`.
fn traced(data: &Data, more: &[&str]) -> Option<(Served, PathBuf)> {
    let (words, log) = strace(data)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Some((data.serve_under(&words, more), log))
}

#[test]
fn the_judge_sees_an_acknowledgement_that_comes_too_early() {
    let trace = "7 pwrite64(3</d/records.db-wal>, \"x\", 4, 0) = 4\n\
                 7 fdatasync(3</d/records.db-wal> <unfinished ...>\n\
                 8 write(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"HTTP/1.1 201 Created\", 20) = 20\n\
                 7 <... fdatasync resumed>) = 0\n\
                 8 write(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"HTTP/1.1 201 Created\", 20) = 20\n";
    let seen = judge(trace, |text| text.contains("HTTP/1.1 2"));
    assert_eq!((seen.acknowledged, seen.writes, seen.syncs, seen.too_early.len()), (2, 1, 1, 1), "{seen:?}");
    assert_eq!(seen.of_nothing.len(), 1, "{seen:?}");
    // A file whose name is not durable is as good as none.
    let trace = "7 openat(AT_FDCWD</>, \"/d/arrivals/1.pack\", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 5</d/arrivals/1.pack>\n\
                 7 pwrite64(5</d/arrivals/1.pack>, \"x\", 1, 0) = 1\n\
                 7 fdatasync(5</d/arrivals/1.pack>) = 0\n\
                 8 write(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"HTTP/1.1 201 Created\", 20) = 20\n\
                 7 fsync(6</d/arrivals>) = 0\n\
                 8 write(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"HTTP/1.1 201 Created\", 20) = 20\n";
    let seen = judge(trace, |text| text.contains("HTTP/1.1 2"));
    assert_eq!((seen.acknowledged, seen.made, seen.too_early.len()), (2, 1, 1), "{seen:?}");
}

#[test]
fn no_2xx_leaves_before_the_sync_that_covers_it() {
    let data = Data::new();
    let token = data.token("system/*.cruds");
    let Some((served, log)) = traced(&data, &[]) else { return };
    let client = served.client(&token);
    // Every kind of write that is answered with a 2xx.
    let (mut sent, json) = (0, json!({"resourceType": "Patient", "gender": "female"}));
    let mut write = |method: &str, path: &str, media: &str, body: &Value, expected: u16| {
        let answer = client.send(method, path, &[("content-type", media)], body.to_string().as_bytes());
        assert_eq!(answer.status, expected, "{method} {path}: {}", String::from_utf8_lossy(&answer.bytes));
        sent += 1;
        answer
    };
    let fhir = "application/fhir+json";
    for no in 0..WRITES {
        let patient = json!({"resourceType": "Patient", "id": format!("p{no}"), "gender": "female"});
        write("PUT", &format!("/fhir/Patient/p{no}"), fhir, &patient, 201);
    }
    write("POST", "/fhir/Patient", fhir, &json, 201);
    let changed = json!({"resourceType": "Patient", "id": "p0", "gender": "male"});
    write("PUT", "/fhir/Patient/p0", fhir, &changed, 200);
    let patch = json!([{"op": "replace", "path": "/gender", "value": "other"}]);
    write("PATCH", "/fhir/Patient/p0", "application/json-patch+json", &patch, 200);
    for kind in ["transaction", "batch"] {
        let entry = json!({"resource": json, "request": {"method": "POST", "url": "Patient"}});
        let bundle = json!({"resourceType": "Bundle", "type": kind, "entry": [entry]});
        write("POST", "/fhir", fhir, &bundle, 200);
    }
    write("DELETE", "/fhir/Patient/p1", fhir, &Value::Null, 204);
    write("POST", "/api/import?name=one.json", fhir, &json!({"resourceType": "Patient", "id": "q"}), 200);
    assert!(served.stop().success());
    let seen = judge(&std::fs::read_to_string(log).unwrap(), |text| text.contains("\"HTTP/1.1 2"));
    assert_eq!((&seen.too_early, &seen.of_nothing), (&vec![], &vec![]));
    assert_eq!((seen.acknowledged, seen.made), (sent, 1), "{seen:?}");
    assert!(seen.writes >= 2 * WRITES && seen.syncs >= 2 * WRITES, "{seen:?}");
}

#[test]
fn no_count_of_an_import_leaves_before_the_sync_that_covers_it() {
    let data = Data::new();
    let Some((words, log)) = strace(&data) else { return };
    let lines: Vec<String> =
        (0..WRITES).map(|no| json!({"resourceType": "Patient", "id": format!("p{no}")}).to_string()).collect();
    crate::program::write(&data.path("patients.ndjson"), lines.join("\n").as_bytes());
    let import = data.command(&["import", "patients.ndjson", "--json"]);
    let mut watched = Command::new(&words[0]);
    watched.args(&words[1..]).arg(import.get_program()).args(import.get_args()).current_dir(data.path(""));
    for (name, _) in import.get_envs() {
        watched.env_remove(name);
    }
    let output = watched.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen = judge(&std::fs::read_to_string(log).unwrap(), |text| text.contains("{\\\"stored\\\":20,"));
    assert_eq!((&seen.too_early, &seen.of_nothing), (&vec![], &vec![]));
    assert_eq!((seen.acknowledged, seen.made), (1, 1), "{seen:?}");
}

#[test]
fn no_aa_leaves_before_the_sync_that_covers_it() {
    let data = Data::new();
    data.done(&["source", "allow", "127.0.0.1", "--name", "ward"]);
    let Some((served, log)) = traced(&data, &["--mllp", "127.0.0.1:0"]) else { return };
    let mut line = TcpStream::connect(served.mllp.as_deref().unwrap()).unwrap();
    line.set_read_timeout(Some(Duration::from_mins(3))).unwrap();
    // Messages that become resources; then one that no map takes and one that is refused, which are kept all the same.
    let adt = (0..WRITES).map(|no| ("ADT^A04^ADT_A01", format!("mrn{no}^^^WARD^MR"), "AA"));
    let others = [("ORU^W01", "mrn1^^^WARD^MR".to_owned(), "AA"), ("ADT^A04^ADT_A01", String::new(), "AE")];
    for (no, (event, id, code)) in adt.chain(others).enumerate() {
        let message = format!(
            "\x0bMSH|^~\\&|ADT|WARD|MW|MW|20260101120000||{event}|m{no}|P|2.5.1\r\
             PID|1||{id}||Okafor^Ada||19800506|F\rPV1|1|O\r\x1c\r"
        );
        line.write_all(message.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\x1c\r") {
            let mut byte = [0];
            line.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.contains(&format!("MSA|{code}|m{no}")), "{answer}");
    }
    drop(line);
    assert!(served.stop().success());
    let seen = judge(&std::fs::read_to_string(log).unwrap(), |text| text.contains("MSA|A"));
    assert_eq!((&seen.too_early, &seen.of_nothing), (&vec![], &vec![]));
    assert_eq!((seen.acknowledged, seen.made), (WRITES + 2, 1), "{seen:?}");
    assert!(seen.writes >= 2 * WRITES && seen.syncs >= 2 * WRITES, "{seen:?}");
}
