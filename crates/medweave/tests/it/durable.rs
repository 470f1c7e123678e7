//! What the operating system sees: nothing is acknowledged before what it stands for was synced.

use crate::program::{Data, Served};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::net::TcpStream;
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
    too_early: Vec<String>,
}

/// Looks through a trace of a program that one client at a time asked: an acknowledgement is too early if a durable file was
/// written and not synced since.
fn judge(trace: &str, acknowledges: impl Fn(&str) -> bool) -> Seen {
    let mut seen = Seen::default();
    let mut dirty: BTreeSet<String> = BTreeSet::new();
    replay(trace, |call| match call.name {
        "pwrite64" | "pwritev" if is_durable(call.target) => {
            seen.writes += 1;
            dirty.insert(call.target.to_owned());
        }
        "fdatasync" | "fsync" if call.finished && is_durable(call.target) => {
            seen.syncs += 1;
            dirty.remove(call.target);
        }
        "write" | "writev" | "sendto" | "sendmsg" if call.target.starts_with("TCP") && acknowledges(call.arguments) => {
            seen.acknowledged += 1;
            if !dirty.is_empty() {
                seen.too_early.push(format!("{dirty:?} before {}", call.arguments));
            }
        }
        _ => {}
    });
    seen
}

/// The program under `strace`; `None` where there is no `strace`.
fn traced(data: &Data, more: &[&str]) -> Option<(Served, std::path::PathBuf)> {
    if Command::new("strace").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "strace is missing: make setup installs it");
        println!("skipped: strace is not installed (make setup installs it)");
        return None;
    }
    let log = data.path("trace");
    let calls = "trace=write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync";
    let strace = ["strace", "-f", "-yy", "-s", "300", "-e", calls, "-o", log.to_str().unwrap()];
    Some((data.serve_under(&strace, more), log))
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
}

#[test]
fn no_2xx_leaves_before_the_sync_that_covers_it() {
    let data = Data::new();
    let token = data.token("system/*.cruds");
    let Some((served, log)) = traced(&data, &[]) else { return };
    let client = served.client(&token);
    for no in 0..WRITES {
        let patient = json!({"resourceType": "Patient", "id": format!("p{no}"), "gender": "female"});
        assert_eq!(client.fhir("PUT", &format!("/fhir/Patient/p{no}"), &patient).status, 201);
    }
    assert!(served.stop().success());
    let seen = judge(&std::fs::read_to_string(log).unwrap(), |text| text.contains("\"HTTP/1.1 2"));
    assert_eq!(seen.too_early, Vec::<String>::new());
    assert_eq!(seen.acknowledged, WRITES, "{seen:?}");
    assert!(seen.writes >= 2 * WRITES && seen.syncs >= 2 * WRITES, "{seen:?}");
}

#[test]
fn no_aa_leaves_before_the_sync_that_covers_it() {
    let data = Data::new();
    data.done(&["source", "allow", "127.0.0.1", "--name", "ward"]);
    let Some((served, log)) = traced(&data, &["--mllp", "127.0.0.1:0"]) else { return };
    let mut line = TcpStream::connect(served.mllp.as_deref().unwrap()).unwrap();
    line.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    for no in 0..WRITES {
        let message = format!(
            "\x0bMSH|^~\\&|ADT|WARD|MW|MW|20260101120000||ADT^A04^ADT_A01|m{no}|P|2.5.1\r\
             PID|1||mrn{no}^^^WARD^MR||Okafor^Ada||19800506|F\rPV1|1|O\r\x1c\r"
        );
        line.write_all(message.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\x1c\r") {
            let mut byte = [0];
            line.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.contains(&format!("MSA|AA|m{no}")), "{answer}");
    }
    drop(line);
    assert!(served.stop().success());
    let seen = judge(&std::fs::read_to_string(log).unwrap(), |text| text.contains("MSA|AA"));
    assert_eq!(seen.too_early, Vec::<String>::new());
    assert_eq!(seen.acknowledged, WRITES, "{seen:?}");
    assert!(seen.writes >= 2 * WRITES && seen.syncs >= 2 * WRITES, "{seen:?}");
}
