//! What a reviewer would otherwise have to look for.

#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The order of the crates: each may use only those before it.
const ORDER: [&str; 14] = [
    "fhir", "hl7", "identity", "synth", "access", "backup", "records", "lake", "tables", "omop", "intake", "server",
    "medweave", "tidy",
];
/// Crates without I/O, clock, async or randomness.
const PURE: [&str; 4] = ["fhir", "hl7", "identity", "synth"];
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
        .filter(|path| !path.ends_with("crates/lake/Cargo.toml"))
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
        // Generated from the interface, and as long as that.
        .filter(|path| !path.ends_with("web/src/api/schema.d.ts"))
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
        let enough = if path.ends_with("tools/tidy/src/lib.rs") { 2 } else { 10 };
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
fn files_that_pages_name_exist() {
    const ENDS: [&str; 6] = [".rs", ".ts", ".tsx", ".py", ".mjs", ".txt"];
    let folders: Vec<PathBuf> =
        std::fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let (mut named, mut wrong) = (0, Vec::new());
    for path in files(&[".md"]) {
        let text = read(&path);
        let words = text.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
        // A scope of SMART (`system/Patient.rs`) looks like a file in Rust.
        let is_scope = |word: &str| word.trim_start_matches('\'').starts_with("system/");
        let is_file = |word: &&str| word.contains('/') && !is_scope(word) && ENDS.iter().any(|end| word.ends_with(end));
        for name in words.filter(is_file) {
            named += 1;
            // From the root, as crates are spoken of, within a crate, or within the pages.
            let places = ["", "crates", "web/src"].map(|folder| root().join(folder)).into_iter().chain(folders.clone());
            if !places.into_iter().any(|folder| folder.join(name).is_file()) {
                wrong.push(format!("{}: {name}", shown(&path)));
            }
        }
    }
    assert!(named > 30, "only {named} files are named in pages");
    complain("files that pages name and that are not there", &wrong);
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

#[test]
fn each_promise_names_tests_that_exist() {
    let sources: Vec<String> = files(&[".rs", ".py", ".ts", ".tsx"]).iter().map(|path| read(path)).collect();
    let page = read(&root().join("docs/promises.md")) + &read(&root().join("ARCHITECTURE.md"));
    let mut names = 0;
    let mut wrong = Vec::new();
    // Names of tests are longer than any other word in code style on the pages.
    for name in page.split('`').skip(1).step_by(2).filter(|name| name.matches('_').count() >= 3 && !name.contains(' '))
    {
        names += 1;
        let is_test = format!("fn {name}(");
        if !sources.iter().any(|source| source.contains(&is_test)) {
            wrong.push(name.to_owned());
        }
    }
    assert!(names > 20, "only {names} tests are named in docs/promises.md");
    complain("docs/promises.md and ARCHITECTURE.md name tests that are not there", &wrong);
}

/// What `cargo metadata` says, as text: enough for looking names up in it.
fn metadata() -> String {
    // Of this platform: what others need may not have been downloaded.
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc tells what it is");
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let out = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host])
        .current_dir(root())
        .output()
        .expect("cargo tells of the workspace");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// The text of the JSON member `name` where it is a string, in each package, with the package's name.
fn of_each_package(metadata: &str, name: &str) -> Vec<(String, String)> {
    // A dependency begins as a package does, and has no licence.
    let packages = metadata.split("{\"name\":\"").skip(1).filter(|part| part.contains("\"license\":"));
    let member = format!("\"{name}\":\"");
    packages
        .map(|part| {
            let package = part.split('"').next().unwrap_or_default().to_owned();
            let version =
                part.split("\"version\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let value = part.split(&member).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            (format!("{package} {version}"), value.to_owned())
        })
        .collect()
}

#[test]
fn licences_of_dependencies_are_compatible() {
    // Each may be combined with Apache-2.0 in a program that is given on.
    const GOOD: [&str; 15] = [
        "Apache-2.0",
        "MIT",
        "MIT-0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "0BSD",
        "BSL-1.0",
        "CC0-1.0",
        "Unlicense",
        "Unicode-3.0",
        "CDLA-Permissive-2.0",
        "bzip2-1.0.6",
        "Apache-2.0 WITH LLVM-exception",
    ];
    let good = |term: &str| GOOD.contains(&term.trim().trim_matches(['(', ')']));
    // One choice of an OR is enough; all parts of an AND are needed.
    let compatible =
        |licence: &str| licence.split(" AND ").all(|part| part.replace('/', " OR ").split(" OR ").any(good));
    let packages = of_each_package(&metadata(), "license");
    assert!(packages.len() > 200, "only {} packages are told of", packages.len());
    let wrong: Vec<String> = packages
        .into_iter()
        .filter(|(_, licence)| !compatible(licence))
        .map(|(package, licence)| format!("{package}: {}", if licence.is_empty() { "says none" } else { &licence }))
        .collect();
    complain("licences that must be looked at", &wrong);
}

#[test]
fn the_door_for_tests_stays_out_of_the_product() {
    let out = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["tree", "--offline", "--locked", "-p", "medweave", "-e", "normal,build,features", "--prefix", "none"])
        .current_dir(root())
        .output()
        .expect("cargo tells of the product's dependencies");
    let tree = String::from_utf8(out.stdout).unwrap();
    assert!(tree.contains("access feature \"default\"") || tree.contains("access v"), "{tree}");
    let wrong: Vec<String> =
        tree.lines().filter(|line| line.contains("feature \"testing\"")).map(str::to_owned).collect();
    complain("a feature for tests is on in the product", &wrong);
}
