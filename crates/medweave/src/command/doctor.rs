//! `medweave doctor`: checks a data directory against what medweave promises, and says what it found.
//!
//! It opens the files itself and changes nothing, so that it also tells about a directory that no longer opens, and about one
//! that another program has open at the moment.

mod disk;

use super::say;
use crate::cli::Doctor;
use crate::client::Client;
use crate::directory::{self, Looked};
use crate::failure::Failure;
use crate::settings::Settings;
use access::Access;
use axum::http::Method;
use records::{CheckOptions, Checked, Finding, Layout, Orphan, Severity};
use rustix::fs::FallocateFlags;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Everything that was found out.
struct Report {
    data: PathBuf,
    /// What is told of the program that has the directory open.
    used_by: Option<String>,
    findings: Vec<Finding>,
    counts: Vec<(&'static str, u64)>,
    seal: Option<String>,
    swept_bytes: u64,
    is_disk_full: bool,
}

impl Report {
    fn new(data: PathBuf) -> Report {
        Report {
            data,
            used_by: None,
            findings: Vec::new(),
            counts: Vec::new(),
            seal: None,
            swept_bytes: 0,
            is_disk_full: false,
        }
    }

    fn find(&mut self, severity: Severity, what: impl Into<String>, place: impl std::fmt::Display, advice: &str) {
        let (what, place, advice) = (what.into(), place.to_string(), advice.to_owned());
        self.findings.push(Finding { severity, what, place, advice });
    }

    /// As [`Report::find`], of files that could not be read: where no space is left, that is why.
    fn unread(&mut self, what: String, place: impl std::fmt::Display, advice: &str) {
        let advice = if self.is_disk_full {
            "free some space and run doctor again: on a full disk no database can be opened"
        } else {
            advice
        };
        self.find(Severity::Fault, what, place, advice);
    }

    fn of(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

pub(crate) async fn run(settings: &Settings, doctor: &Doctor) -> Result<(), Failure> {
    let begun = Instant::now();
    let data = settings.data();
    // The lock is held for the length of the check, so that nobody begins to write meanwhile.
    let looked = directory::look(&data)?;
    let used_by = match &looked {
        Looked::Free(_) => None,
        Looked::Busy => Some(ask_server(settings).await),
    };
    if doctor.sweep && used_by.is_some() {
        return Err(Failure::usage("--sweep needs the directory for itself: stop the program that has it open"));
    }
    let mut report = Report::new(data);
    match used_by {
        Some(Ok(told)) => report.used_by = Some(told),
        Some(Err(failure)) => {
            report.used_by = Some("a program that does not answer".to_owned());
            report.find(
                Severity::Fault,
                "the program that has the directory does not answer",
                directory::socket(&report.data).display(),
                &failure.text,
            );
        }
        None => {}
    }
    let (sample, sweep) = (doctor.sample, doctor.sweep);
    let report = tokio::task::spawn_blocking(move || {
        check(&mut report, sample, sweep);
        report
    })
    .await
    .map_err(|error| Failure::failed(format!("the check broke down: {error}")))?;
    drop(looked);
    say(&if doctor.json {
        json_of(&report, begun.elapsed().as_secs_f64()).to_string()
    } else {
        text_of(&report, begun.elapsed().as_secs_f64())
    })?;
    if report.of(Severity::Fault) > 0 { Err(Failure { text: String::new(), code: 1 }) } else { Ok(()) }
}

/// What was found in a directory that nobody has open.
pub(super) struct Examined {
    /// How many faults.
    pub(super) faults: usize,
    /// Everything, for people.
    pub(super) text: String,
}

/// Checks a directory that nobody has open.
pub(super) fn examine(data: &Path, sample: Option<u64>) -> Examined {
    let begun = Instant::now();
    let mut report = Report::new(data.to_owned());
    check(&mut report, sample, false);
    Examined { faults: report.of(Severity::Fault), text: text_of(&report, begun.elapsed().as_secs_f64()) }
}

/// What the program that has the directory says about itself.
async fn ask_server(settings: &Settings) -> Result<String, Failure> {
    let client = Client::open(settings).await?;
    let told = client.json(Method::GET, "/api/status", None).await;
    client.close().await;
    let told = told?;
    Ok(format!("medweave {}, which answers", told["build"].as_str().unwrap_or_default()))
}

fn check(report: &mut Report, sample: Option<u64>, sweep: bool) {
    let data = report.data.clone();
    disk::version(report, &data);
    disk::modes(report, &data);
    disk::space(report, &data);
    disk::copies(report, &data);
    let uid = rustix::process::geteuid().as_raw();
    let grant = match Access::operator_of(&data, uid, "doctor") {
        Ok(grant) => grant,
        Err(refused) => {
            report.find(Severity::Fault, refused.to_string(), data.display(), "run it as the owner of the directory");
            return;
        }
    };
    let in_use = report.used_by.is_some();
    let checked = records(report, &data, &grant, CheckOptions { sample, in_use });
    let sealed = checked.as_ref().map_or(&[][..], |checked| &checked.sealed_accounts);
    if data.join("access/access.db").is_file() {
        match Access::check(&data.join("access"), sealed) {
            Ok(head) => report.counts.push(("rows of the audit of accounts", head.seq as u64)),
            Err(error) => report.unread(
                error.to_string(),
                data.join("access/access.db").display(),
                "keep a copy of the directory as it is and compare it with a backup",
            ),
        }
    } else {
        report.find(
            Severity::Note,
            "there are no accounts",
            data.join("access").display(),
            "the next start makes an empty set",
        );
    }
    late(report, &data);
    copied(report, &data);
    let Some(checked) = checked else { return };
    let against = lake::Against { head: checked.head, live: checked.live, in_use };
    match lake::check(&data.join("lake"), &grant, against) {
        Ok((findings, files)) => {
            report.findings.extend(findings);
            report.counts.push(("files of the lake", files));
        }
        Err(error) => report.unread(
            format!("the lake cannot be read: {error}"),
            data.join("lake").display(),
            "`medweave lake rebuild` makes it again from the records",
        ),
    }
    if sweep {
        report.swept_bytes = checked.orphans.iter().map(|orphan| sweep_up(report, orphan)).sum();
    }
}

/// A copy that is old, or could not be taken. Where none was ever taken nothing is said: copies may be taken by other means.
fn copied(report: &mut Report, data: &Path) {
    let Some(last) = crate::copies::Last::read(data) else { return };
    let (place, advice) = (last.repository.display(), "take one now: medweave backup --to DIR");
    if let Some(problem) = &last.problem {
        report.find(Severity::Note, format!("the last copy could not be taken: {problem}"), &place, advice);
    }
    let age_us = last.taken_us.map(|taken_us| directory::now_us() - taken_us);
    if age_us.is_none_or(|age_us| age_us > DAY_US) {
        let when = last.taken_us.map_or_else(|| "there is none".to_owned(), fhir::time::format_us);
        report.find(Severity::Note, format!("the last good copy is more than a day old: {when}"), &place, advice);
    }
}

/// After so long without a copy it is said.
const DAY_US: i64 = 86_400_000_000;

/// Sources of tables that were not pulled for longer than their mapping allows. Mappings that the site keeps are not opened here.
fn late(report: &mut Report, data: &Path) {
    let folder = data.join("tables");
    let attempts = match tables::pull::attempts_in(&folder) {
        Ok(attempts) => attempts,
        Err(error) => {
            return report.unread(error.to_string(), folder.join("tables.db").display(), "restore it from a backup");
        }
    };
    for (source, attempt) in attempts {
        let settings = tables::run::files_of(&source.mapping)
            .map(|files| tables::mapping::Settings::of_files(&files))
            .unwrap_or_default();
        let times = tables::pull::Times::of(&source, attempt.as_ref(), &settings, directory::now_us());
        if let Some(problem) = attempt.as_ref().and_then(|attempt| attempt.problem.as_deref()) {
            let what = format!("the last pull of source {} failed: {problem}", source.name);
            let advice = format!("when it is mended: medweave source pull {}", source.name);
            report.find(Severity::Note, what, folder.display(), &advice);
        }
        if times.is_late {
            let what = format!("source {} is late: it was not pulled for longer than its mapping allows", source.name);
            let advice = format!("look why: medweave source list; then medweave source pull {}", source.name);
            report.find(Severity::Note, what, folder.display(), &advice);
        }
    }
    for name in tables::pull::failed_runs_in(&folder).unwrap_or_default() {
        let what = format!("the mapping of source {name} could not be run by itself the last time");
        let advice = format!("look why: medweave source list; then medweave mapping run {name} --write");
        report.find(Severity::Note, what, folder.display(), &advice);
    }
}

fn records(report: &mut Report, data: &Path, grant: &access::Grant, options: CheckOptions) -> Option<Checked> {
    let path = data.join("records/records.db");
    if !path.is_file() {
        let (severity, advice) = if data.join("arrivals").exists() {
            (Severity::Fault, "restore it from a backup")
        } else {
            (Severity::Note, "nothing was stored yet; the next start makes it")
        };
        report.find(severity, "the database of records is not there", path.display(), advice);
        return None;
    }
    match records::layout_of(data) {
        Ok(Layout::Earlier { number, copy }) => {
            let advice = format!(
                "start medweave on it once, as with `medweave --data {} status`: that keeps a copy ({}) and migrates it; then run doctor again",
                data.display(),
                copy.display()
            );
            let what = format!("the records have the earlier layout {number}, and were not checked");
            report.find(Severity::Note, what, path.display(), &advice);
            return None;
        }
        // What cannot be read, or is of no layout that is known, is said below.
        Ok(Layout::Current | Layout::Unknown) | Err(_) => {}
    }
    let is_terminal = std::io::stderr().is_terminal();
    let progress = |what: &str| {
        if is_terminal {
            // Progress that cannot be shown is no matter.
            let _ = write!(std::io::stderr(), "\r\u{1b}[K{what}");
        }
    };
    let checked = records::check(data, grant, options, &mut |what| progress(&format!("checking {what}")));
    progress("");
    match checked {
        Ok(mut checked) => {
            report.findings.append(&mut checked.findings);
            report.counts.append(&mut checked.counts);
            report.seal = checked.seal.map(|seal| seal.to_string());
            clock(report, checked.newest_us, directory::now_us());
            Some(checked)
        }
        Err(error) => {
            report.unread(
                format!("the records cannot be read: {error}"),
                path.display(),
                "restore the directory from a backup, or use the version of medweave that wrote it",
            );
            None
        }
    }
}

/// The clock is not behind what it dated already.
fn clock(report: &mut Report, newest_us: i64, now_us: i64) {
    let behind = Duration::from_micros(u64::try_from(newest_us - now_us).unwrap_or(0));
    if behind > directory::CLOCK_TOLERANCE {
        report.find(
            Severity::Note,
            format!("this machine's clock is {} minutes behind the newest change", behind.as_secs() / 60),
            format!("the newest change is of {}", fhir::time::format_us(newest_us)),
            "set the clock: until it is past that, changes are dated like that one, and tokens and sessions last longer than they say",
        );
    }
}

/// Gives back the space of bytes that belong to nothing; how many they were.
fn sweep_up(report: &mut Report, orphan: &Orphan) -> u64 {
    let Orphan { path, from, to, length } = orphan;
    let swept = if *from == 0 && to == length {
        std::fs::remove_file(path)
    } else if to == length {
        OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(*from).and_then(|()| file.sync_all()))
    } else {
        let punch = |file: File| {
            rustix::fs::fallocate(&file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, *from, to - from)
                .map_err(std::io::Error::from)
        };
        OpenOptions::new().write(true).open(path).and_then(punch)
    };
    match swept {
        Ok(()) => to - from,
        Err(error) => {
            report.find(
                Severity::Fault,
                format!("what belongs to no arrival could not be swept: {error}"),
                path.display(),
                "free it by hand, or leave it: it does no harm",
            );
            0
        }
    }
}

fn json_of(report: &Report, seconds: f64) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            let severity = match finding.severity {
                Severity::Fault => "fault",
                Severity::Note => "note",
            };
            json!({"severity": severity, "what": finding.what, "where": finding.place, "do": finding.advice})
        })
        .collect();
    let checked: serde_json::Map<String, Value> =
        report.counts.iter().map(|(what, count)| ((*what).to_owned(), json!(count))).collect();
    json!({
        "data": report.data.display().to_string(),
        "used_by": report.used_by,
        "faults": report.of(Severity::Fault),
        "notes": report.of(Severity::Note),
        "findings": findings,
        "checked": checked,
        "seal": report.seal,
        "swept_bytes": report.swept_bytes,
        "seconds": seconds,
    })
}

fn text_of(report: &Report, seconds: f64) -> String {
    let mut lines = vec![format!("data directory {}", report.data.display())];
    if let Some(used_by) = &report.used_by {
        lines.push(format!("it is open in {used_by}"));
    }
    lines.extend(report.counts.iter().map(|(what, count)| format!("{count:>12} {what}")));
    for finding in &report.findings {
        let word = if finding.severity == Severity::Fault { "FAULT" } else { "note" };
        lines.push(String::new());
        lines.push(format!("{word:<6}{}", finding.what));
        lines.push(format!("      where: {}", finding.place));
        lines.push(format!("      do:    {}", finding.advice));
    }
    lines.push(String::new());
    if report.swept_bytes > 0 {
        lines.push(format!("{} bytes that belonged to nothing were given back", report.swept_bytes));
    }
    if let Some(seal) = &report.seal {
        lines.push(format!("newest seal {seal}"));
    }
    let (faults, notes) = (report.of(Severity::Fault), report.of(Severity::Note));
    let count = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    lines.push(format!("{}, {} ({seconds:.1} s)", count(faults, "fault"), count(notes, "note")));
    lines.join("\n")
}
