//! What a reviewer would otherwise have to look for.

#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The order of the crates: each may use only those before it.
const ORDER: [&str; 10] = ["fhir", "hl7", "synth", "access", "records", "lake", "intake", "server", "medweave", "tidy"];
/// Crates without I/O, clock, async or randomness.
const PURE: [&str; 3] = ["fhir", "hl7", "synth"];
/// A file past this length holds more than one concept.
const FILE_LINES: usize = 1_000;

fn root() -> PathBuf {
    // Asked when it runs: a test that was compiled in another clone looks at the clone it runs in.
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../..").canonicalize().unwrap()
}

/// Every file that git knows or would add.
fn files(suffixes: &[&str]) -> Vec<PathBuf> {
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    let mut files: Vec<PathBuf> = String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .filter(|line| suffixes.iter().any(|suffix| line.ends_with(suffix)))
        .map(|line| root().join(line))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no file ends with {suffixes:?}");
    files
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn complain(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn crates_use_only_those_above_them() {
    let mut wrong = Vec::new();
    for path in files(&["Cargo.toml"]) {
        let text = read(&path);
        let Some(name) = text.lines().find_map(|l| l.strip_prefix("name = ")).map(|n| n.trim_matches('"').to_owned())
        else {
            continue;
        };
        let Some(own) = ORDER.iter().position(|c| *c == name) else {
            wrong.push(format!("{} is not in the order of crates", shown(&path)));
            continue;
        };
        // What tests need may look anywhere above the crate's own tests; the direction holds for the product.
        let product = text.split("[dev-dependencies]").next().unwrap_or_default();
        for line in product.lines() {
            let used = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if let Some(at) = ORDER.iter().position(|c| *c == used)
                && at >= own
            {
                wrong.push(format!("{name} uses {used}, which stands below it"));
            }
        }
        if PURE.contains(&name.as_str()) {
            for forbidden in ["tokio", "rusqlite", "axum", "hyper", "reqwest", "rand", "getrandom", "datafusion"] {
                if product.lines().any(|l| l.split(['.', ' ', '=']).next() == Some(forbidden)) {
                    wrong.push(format!("{name} is pure and uses {forbidden}"));
                }
            }
        }
    }
    complain("the direction of the crates is broken", &wrong);
}

#[test]
fn only_lake_knows_the_query_engine() {
    let wrong: Vec<String> = files(&["Cargo.toml"])
        .iter()
        .filter(|path| !path.ends_with("crates/lake/Cargo.toml") && !path.ends_with("main/Cargo.toml"))
        .filter(|path| path.parent() != Some(&root()))
        .filter(|path| read(path).lines().any(|l| l.starts_with("datafusion") || l.starts_with("deltalake")))
        .map(|path| shown(path))
        .collect();
    complain("only `lake` may name DataFusion and Delta", &wrong);
}

#[test]
fn no_file_is_longer_than_one_room() {
    let wrong: Vec<String> = files(&[".rs", ".ts", ".tsx", ".py", ".mjs"])
        .iter()
        .filter_map(|path| {
            let lines = read(path).lines().count();
            (lines > FILE_LINES).then(|| format!("{}: {lines} lines", shown(path)))
        })
        .collect();
    complain("files over 1,000 lines", &wrong);
}

#[test]
fn nothing_is_left_undone() {
    let marks = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ];
    let mut wrong = Vec::new();
    for path in files(&[".rs", ".ts", ".tsx", ".py", ".sh", "Makefile"]) {
        for (number, line) in read(&path).lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                wrong.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
            }
        }
    }
    complain("unfinished work", &wrong);
}

#[test]
fn every_crate_says_what_it_is() {
    let mut wrong = Vec::new();
    for path in files(&["src/lib.rs", "src/main.rs"]) {
        let lines = read(&path).lines().take_while(|l| l.starts_with("//!")).count();
        let enough = if path.ends_with("tools/tidy/src/lib.rs") { 2 } else { 4 };
        if lines < enough {
            wrong.push(format!("{}: {lines} lines of introduction", shown(&path)));
        }
    }
    complain("crates without an introduction", &wrong);
}

#[test]
fn links_in_documents_resolve() {
    let mut wrong = Vec::new();
    for path in files(&[".md"]) {
        let text = read(&path);
        let mut rest = text.as_str();
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let Some(end) = rest.find(')') else { break };
            let target = rest[..end].split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if !path.parent().unwrap().join(target).exists() {
                wrong.push(format!("{}: {target}", shown(&path)));
            }
        }
    }
    complain("links that lead nowhere", &wrong);
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    let marks = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let mut wrong = Vec::new();
    for path in files(&[".rs", ".md", ".toml", ".ts", ".tsx", ".py", ".mjs", ".json", "Makefile", ".ci/run"]) {
        for (number, line) in read(&path).lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                wrong.push(format!(
                    "{}:{}: {}",
                    shown(&path),
                    number + 1,
                    line.trim().chars().take(100).collect::<String>()
                ));
            }
        }
    }
    complain("paths of one machine", &wrong);
}
