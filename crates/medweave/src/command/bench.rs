//! `medweave bench`: what this machine and this disk give, on a synthetic load that needs no data of anybody.
//!
//! Files are made by `synth`, loaded as `import` loads them, and asked over a port as clients ask. Everything is in a temporary
//! directory on the disk that is measured. The figures are those of this run: compare them with others of the same machine.

mod ask;

use super::import;
use super::progress::Progress;
use super::say;
use crate::cli::Bench;
use crate::client::{Client, Opened};
use crate::directory::{Directory, Taken, now_us};
use crate::ending::Ending;
use crate::failure::Failure;
use ask::Port;
use axum::http::Method;
use serde_json::{Value, json};
use server::listen;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use synth::{Hospital, Via};

/// Syncs that the disk is asked for before anything else.
const SYNCS: usize = 200;
/// Bytes of each.
const SYNC_BYTES: usize = 4_096;
/// Requests of each kind over the port.
const REQUESTS: usize = 1_000;
/// Connections that ask at once where the rate is measured.
const CONNECTIONS: usize = 16;

/// One line: what, how much, and what is to be said about it.
struct Figure {
    what: &'static str,
    value: String,
    about: String,
}

pub(crate) async fn run(bench: &Bench) -> Result<(), Failure> {
    // From the first moment, so that nothing is left in the folder whenever it ends.
    let mut ending = Ending::new()?;
    let above = bench.on.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new()
        .prefix("medweave-bench-")
        .tempdir_in(&above)
        .map_err(|error| Failure::failed(format!("no folder can be made in {}: {error}", above.display())))?;
    let files = folder.path().join("files");
    std::fs::create_dir(&files)?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    say(&format!(
        "medweave {}, {threads} threads, {} on {}{}",
        env!("CARGO_PKG_VERSION"),
        if cfg!(debug_assertions) { "a debug build" } else { "a release build" },
        above.display(),
        if cfg!(debug_assertions) { " (slower than a release build: cargo build --release)" } else { "" },
    ))?;
    show(&disk(folder.path())?)?;
    let made = made(&files, bench.hospitals, &mut ending).await?;
    let Taken::Mine(directory) = Directory::take(&folder.path().join("data"))? else {
        return Err(Failure::failed("the bench's own directory was taken by another program"));
    };
    let begun = Instant::now();
    let opened = Opened::new(directory, "UTC".to_owned())?;
    let listener = listen::bind(SocketAddr::from(([127, 0, 0, 1], 0)), None)
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(listen::serve(listener, opened.router.clone(), None, opened.stopped()));
    show(&figure("open an empty directory", milliseconds(begun.elapsed()), String::new()))?;
    let (client, data) = (Client::Here(Box::new(opened)), folder.path().join("data"));
    let result = ending.or(measure(&client, address, &files, &data, made)).await;
    if let Client::Here(opened) = &client {
        opened.stop();
    }
    let _ = serving.await;
    client.close().await;
    result
}

async fn measure(
    client: &Client,
    address: SocketAddr,
    files: &Path,
    data: &Path,
    made_bytes: u64,
) -> Result<(), Failure> {
    let first = load(client, files).await?;
    let (stored, seconds) = (number(&first, "stored"), first["seconds"].as_f64().unwrap_or(0.0));
    if stored == 0 {
        return Err(Failure::failed(format!("nothing was stored: {first}")));
    }
    let issues = number(&first, "issue_count");
    let about = format!(
        "{stored} versions of {} files in {seconds:.1} s, each synced and indexed{}",
        mebibytes(made_bytes),
        if issues > 0 { format!("; {issues} issues") } else { String::new() }
    );
    show(&figure("load messages and bundles", format!("{:.0} resources/s", stored as f64 / seconds), about))?;
    let again = load(client, files).await?;
    let seconds = again["seconds"].as_f64().unwrap_or(0.0);
    let about = format!("{} stored, {} unchanged", again["stored"], again["unchanged"]);
    show(&figure("load the same again", format!("{:.0} resources/s", stored as f64 / seconds.max(0.001)), about))?;

    let records = std::fs::metadata(data.join("records/records.db")).map_or(0, |about| about.len());
    let log = size_of(&data.join("records")).saturating_sub(records);
    let arrivals = size_of(&data.join("arrivals"));
    let each = |bytes: u64| format!("{:.0} B a version", bytes as f64 / stored as f64);
    show(&figure(
        "on disk: records.db",
        each(records),
        format!("{}; a log of {}", mebibytes(records), mebibytes(log)),
    ))?;
    show(&figure("on disk: arrivals", each(arrivals), format!("{}, the bytes as they came", mebibytes(arrivals))))?;

    let token = json!({"name": "bench", "scope": "system/*.cruds"});
    let token = client.json(Method::POST, "/api/tokens", Some(&token)).await?;
    let port = Port::new(address, token["token"].as_str().unwrap_or_default());
    let ids = port.ids("Observation", REQUESTS).await?;
    let reads: Vec<String> = ids.iter().map(|id| format!("/fhir/Observation/{id}")).collect();
    show(&figure("read by id over HTTP", port.times(&reads).await?, "one connection".to_owned()))?;
    let rate = port.rate(&reads, CONNECTIONS).await?;
    show(&figure("reads over HTTP", format!("{rate:.0} reads/s"), format!("{CONNECTIONS} connections")))?;
    let searches: Vec<String> = (0..REQUESTS / 4)
        .map(|no| {
            format!("/fhir/Observation?date=ge20{:02}-0{}&code:missing=false&_count=50", 15 + no % 10, no % 9 + 1)
        })
        .collect();
    show(&figure("search by date, 50 a page", port.times(&searches).await?, String::new()))?;
    let writes = port.writes(REQUESTS / 4).await?;
    show(&figure("write one, answered after its sync", writes, "one connection".to_owned()))?;

    let begun = Instant::now();
    let count = sql(client, "SELECT count(*) FROM resource").await?;
    show(&figure(
        "first answer of SQL",
        milliseconds(begun.elapsed()),
        format!("makes the tables first; {count} resources"),
    ))?;
    let begun = Instant::now();
    client.json(Method::POST, "/api/lake/flush", None).await?;
    let lake = size_of(&data.join("lake"));
    show(&figure("flush of the lake", milliseconds(begun.elapsed()), mebibytes(lake)))?;
    let question = "SELECT code, count(*), avg(value) FROM observation GROUP BY 1 ORDER BY 2 DESC LIMIT 5";
    let begun = Instant::now();
    sql(client, question).await?;
    show(&figure("a question over all of it", milliseconds(begun.elapsed()), question.to_owned()))?;
    if let Some(peak) = peak_memory() {
        show(&figure("memory at its peak", mebibytes(peak), "generator and clients included".to_owned()))?;
    }
    Ok(())
}

async fn load(client: &Client, files: &Path) -> Result<Value, Failure> {
    let progress = Progress::new();
    let report = import::load(client, &[files.to_owned()], "bench", false, false, &progress).await;
    progress.finish();
    report
}

async fn sql(client: &Client, query: &str) -> Result<String, Failure> {
    let body = json!({"sql": query, "format": "json", "limit": 100, "timeout_s": 60});
    let answer = client.json(Method::POST, "/api/sql", Some(&body)).await?;
    Ok(answer["rows"][0][0].to_string())
}

/// Makes the files, unless somebody asks to end; gives their bytes.
async fn made(files: &Path, hospitals: u32, ending: &mut Ending) -> Result<u64, Failure> {
    let (files, ends) = (files.to_owned(), Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&ends);
    let mut generating = tokio::task::spawn_blocking(move || generate(&files, hospitals, &seen));
    let generated = tokio::select! {
        generated = &mut generating => generated,
        _ = ending.asked() => {
            // Waited for, so that no file is made in a folder that is being removed.
            ends.store(true, Ordering::Relaxed);
            let _ = generating.await;
            return Err(Failure::interrupted("interrupted"));
        }
    };
    let (bytes, figure) =
        generated.map_err(|error| Failure::failed(format!("the hospitals broke down: {error}")))??;
    show(&figure)?;
    Ok(bytes)
}

/// What the hospitals sent up to now: a file of messages and a file of bundles each. Gives the bytes. Stops when `ends` is set.
fn generate(files: &Path, hospitals: u32, ends: &AtomicBool) -> Result<(u64, Figure), Failure> {
    let (begun, now_us) = (Instant::now(), now_us());
    let (mut messages, mut bundles, mut bytes) = (0u64, 0u64, 0u64);
    for seed in (1..=u64::from(hospitals)).take_while(|_| !ends.load(Ordering::Relaxed)) {
        let file = |end: &str| -> Result<BufWriter<File>, Failure> {
            Ok(BufWriter::new(File::create(files.join(format!("hospital{seed:05}.{end}")))?))
        };
        let (mut lines, mut transactions) = (file("hl7")?, file("ndjson")?);
        for event in Hospital::new(seed, now_us, 0).history() {
            match event.via {
                Via::Mllp(message) => {
                    lines.write_all(&message)?;
                    lines.write_all(b"\n")?;
                    (messages, bytes) = (messages + 1, bytes + message.len() as u64);
                }
                Via::Fhir { body, .. } => {
                    transactions.write_all(body.as_bytes())?;
                    transactions.write_all(b"\n")?;
                    (bundles, bytes) = (bundles + 1, bytes + body.len() as u64);
                }
            }
        }
        lines.flush()?;
        transactions.flush()?;
    }
    let about = format!("{messages} HL7 v2 messages and {bundles} FHIR transactions of {hospitals} hospitals");
    Ok((bytes, figure("made", format!("{:.1} s", begun.elapsed().as_secs_f64()), about)))
}

/// How long the disk takes to make something durable: what every acknowledgement waits for.
fn disk(folder: &Path) -> Result<Figure, Failure> {
    let path = folder.join("sync");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let begun = Instant::now();
        file.write_all(&[7; SYNC_BYTES])?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    std::fs::remove_file(&path)?;
    Ok(figure("sync of the disk", spread(&mut times), format!("appending {SYNC_BYTES} bytes, {SYNCS} times")))
}

/// The middle and the end of measured times.
fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    if times.is_empty() {
        return "nothing to measure".to_owned();
    }
    format!("{} p50, {} p99", milliseconds(at(50)), milliseconds(at(99)))
}

fn figure(what: &'static str, value: String, about: String) -> Figure {
    Figure { what, value, about }
}

fn show(figure: &Figure) -> Result<(), Failure> {
    say(format!("{:<36}{:<28}{}", figure.what, figure.value, figure.about).trim_end())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn number(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or(0)
}

fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths
        .iter()
        .map(|path| if path.is_dir() { size_of(path) } else { std::fs::metadata(path).map_or(0, |m| m.len()) })
        .sum()
}

/// The most memory that this process ever held.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().split(' ').next()?.parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
}
