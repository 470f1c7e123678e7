//! Loads files several times under new ids and prints, a load a line, what it cost: resources a second, bytes written, size.
//!
//! `cargo run --release -p intake --example load -- DATA TIMES PATH…`; DATA is made if it is not there. Seconds differ from hour
//! to hour on a shared machine, bytes written do not: they show whether loading stays flat as the store grows.

#![allow(clippy::disallowed_macros, reason = "a tool that ends where nobody hears it")]

use access::{Grant, Principal, PrincipalKind};
use intake::import::{ImportOptions, Importer, files_at};
use records::{Options, Records};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, times, paths @ ..] = &arguments[..] else {
        eprintln!("usage: load DATA TIMES PATH…");
        std::process::exit(2);
    };
    let times: u32 = times.parse().expect("a number of loads");
    let data = PathBuf::from(data);
    let ids = AtomicU64::new(0);
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_micros() as i64);
    let randomness = move || u128::from(ids.fetch_add(1, Ordering::Relaxed)).to_be_bytes();
    let options = Options { clock: Box::new(clock), randomness: Box::new(randomness) };
    let records = Arc::new(Records::open(&data, options).expect("the store opens"));
    let importer = Importer::new(Arc::clone(&records));
    let grant = Grant::for_test(Principal::new(PrincipalKind::Token, 1, "load"), "system/*.cruds");
    let files = files_at(&paths.iter().map(PathBuf::from).collect::<Vec<_>>()).expect("the paths are there");
    let first = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_secs());
    for no in 0..times {
        let options = ImportOptions { source: Some(format!("copy{first}-{no}")), ..ImportOptions::default() };
        let (begun, before) = (Instant::now(), written());
        let cpu = processor_s();
        let reports = importer
            .import_all(&grant, &files, &options, &mut |_| ControlFlow::Continue(()))
            .expect("the load succeeds");
        let seconds = begun.elapsed().as_secs_f64();
        let stored: u64 = reports.iter().map(|report| report.stored + report.unchanged).sum();
        println!(
            "load {:3}  {:7.0} resources/s  {:6.1} µs processor  {:7.0} B written a resource  records {:5} MB  arrivals {:5} MB  {}",
            no + 1,
            stored as f64 / seconds,
            (processor_s() - cpu) * 1e6 / stored as f64,
            (written() - before) as f64 / stored as f64,
            size(&data.join("records")) >> 20,
            size(&data.join("arrivals")) >> 20,
            memory()
        );
    }
    // Memory is given back after five seconds without work.
    std::thread::sleep(std::time::Duration::from_secs(12));
    println!("at rest: {}", memory());
    let before = written();
    records.close();
    println!("closed: {} MB written, records {} B", (written() - before) >> 20, size(&data.join("records")));
}

/// Bytes that this process caused to be written to disk.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok()).unwrap_or(0)
}

/// Seconds of processor time used, of all threads.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0)
    };
    format!("anon {} MB file {} MB", kb("RssAnon:") >> 10, kb("RssFile:") >> 10)
}

fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.filter_map(|entry| entry.ok()?.metadata().ok()).map(|m| m.len()).sum()
}
