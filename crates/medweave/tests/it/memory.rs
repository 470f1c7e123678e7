//! What an import holds in memory at most, whatever the file is.

use crate::program::Data;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Memory that an import may take, at its peak, without what is mapped of files, which the system takes back when it needs it. Most of
/// it is the page cache of the database and pieces on their way.
const PEAK_BYTES: u64 = 500 << 20;
/// The same while it also feeds the lake, which holds rows that are not yet in files and those that are being written.
const PEAK_WITH_LAKE_BYTES: u64 = 1 << 30;
/// Memory of its own that a served directory keeps when nothing is to be done, in a build with checks.
const REST_BYTES: u64 = 160 << 20;
/// For how long it may take until it is given back.
const REST_PATIENCE: Duration = Duration::from_secs(50);
/// How long the program's memory is not looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);
/// What a bomb unpacks to.
const BOMB_BYTES: usize = 1 << 30;
/// Length of the large file of lines.
const LINES_BYTES: usize = 160 << 20;

/// A size that `/proc` tells of a process; zero if it has ended.
fn memory(pid: u64, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.trim().split(' ').next()).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) << 10
}

/// Runs an import of `file` to its end: exit code, report, and the most memory that it had.
fn import(data: &Data, file: &str, more: &[&str]) -> (i32, serde_json::Value, u64) {
    let arguments = [&["import", file, "--json"], more].concat();
    let mut child = data.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut peak = 0;
    let exit = loop {
        peak = peak.max(memory(child.id().into(), "RssAnon"));
        if let Some(exit) = child.try_wait().unwrap() {
            break exit;
        }
        std::thread::sleep(BETWEEN_LOOKS);
    };
    let report = serde_json::from_reader(child.stdout.take().unwrap()).unwrap();
    println!("{file}: {} MiB at the peak", peak >> 20);
    (exit.code().unwrap(), report, peak)
}

/// Numbers that look random, the same each time.
fn noise(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// A resource of about `length` bytes that packs badly.
fn line(no: u64, length: usize) -> String {
    let mut state = no + 1;
    let mut text = format!("{{\"resourceType\":\"Basic\",\"id\":\"{no}\",\"code\":{{\"text\":\"");
    while text.len() < length {
        let _ = write!(text, "{:016x}", noise(&mut state));
    }
    text.push_str("\"}}");
    text
}

#[test]
fn bombs_and_large_files_do_not_fill_the_memory() {
    let data = Data::new();
    let open = |name: &str| BufWriter::new(File::create(data.path(name)).unwrap());
    let start = b"{\"resourceType\":\"Patient\",\"id\":\"x\",\"language\":\"";
    // A small file that becomes a huge one.
    let mut bomb = GzEncoder::new(open("bomb.gz"), Compression::default());
    bomb.write_all(start).unwrap();
    let blank = vec![b' '; 1 << 20];
    for _ in 0..BOMB_BYTES / blank.len() {
        bomb.write_all(&blank).unwrap();
    }
    bomb.finish().unwrap().flush().unwrap();
    // A document, and a line among others, that are too long to be parsed.
    let mut long = open("long.json");
    long.write_all(start).unwrap();
    for _ in 0..80 {
        long.write_all(&blank).unwrap();
    }
    long.write_all(b"\"}").unwrap();
    long.flush().unwrap();
    let mut between = open("between.ndjson");
    writeln!(between, "{}", line(1, 100)).unwrap();
    between.write_all(start).unwrap();
    for _ in 0..80 {
        between.write_all(&blank).unwrap();
    }
    write!(between, "\"}}\n{}\n", line(2, 100)).unwrap();
    between.flush().unwrap();
    // Many lines.
    let mut lines = open("lines.ndjson");
    let count = (LINES_BYTES / 40_000) as u64;
    for no in 0..count {
        writeln!(lines, "{}", line(1_000 + no, 40_000)).unwrap();
    }
    lines.flush().unwrap();
    for (file, code, stored, letters) in
        [("bomb.gz", 1, 0, 1), ("long.json", 1, 0, 1), ("between.ndjson", 1, 2, 1), ("lines.ndjson", 0, count, 0)]
    {
        let (exit, report, peak) = import(&data, data.path(file).to_str().unwrap(), &["--no-lake"]);
        assert_eq!(
            (exit, report["stored"].as_u64(), report["dead_letters"].as_u64()),
            (code, Some(stored), Some(letters)),
            "{file}: {report}"
        );
        assert!(peak > 0 && peak < PEAK_BYTES, "{file}: {} MiB", peak >> 20);
    }
    let (fed, lines_path) = (Data::new(), data.path("lines.ndjson"));
    let (exit, report, peak) = import(&fed, lines_path.to_str().unwrap(), &[]);
    assert_eq!((exit, report["stored"].as_u64()), (0, Some(count)), "{report}");
    assert!(peak < PEAK_WITH_LAKE_BYTES, "with the lake: {} MiB", peak >> 20);
}

#[test]
fn what_work_took_is_given_back_after_it() {
    let data = Data::new();
    let mut lines = BufWriter::new(File::create(data.path("lines.ndjson")).unwrap());
    for no in 0..20_000 {
        writeln!(lines, "{}", line(no, 2_000)).unwrap();
    }
    lines.flush().unwrap();
    let served = data.serve(&[]);
    data.done(&["import", data.path("lines.ndjson").to_str().unwrap()]);
    data.done(&["lake", "flush"]);
    let answer = data.done(&["sql", "--format", "csv", "SELECT count(DISTINCT json) AS n FROM resource"]);
    assert_eq!(answer.lines().last(), Some("20000"));
    let worked = memory(served.pid(), "RssAnon");
    let until = Instant::now() + REST_PATIENCE;
    let mut rests = worked;
    while rests > REST_BYTES && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(200));
        rests = memory(served.pid(), "RssAnon");
    }
    println!("{} MiB after work, {} MiB at rest", worked >> 20, rests >> 20);
    assert!(rests <= REST_BYTES, "{} MiB after work, {} MiB at rest", worked >> 20, rests >> 20);
}
