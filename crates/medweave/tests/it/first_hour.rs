//! The page that a newcomer follows is followed, command by command.

use crate::program::{Data, Served};
use std::path::PathBuf;
use std::process::Command;

/// The shell blocks of the page, in their order.
fn blocks() -> Vec<String> {
    // Asked when it runs: a test that was compiled in another clone looks at the clone it runs in.
    let page = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../docs/first-hour.md");
    let page = std::fs::read_to_string(page).unwrap();
    let parts = page.split("```sh\n").skip(1);
    parts.map(|part| part.split("\n```").next().unwrap().to_owned()).collect()
}

/// Runs a block as it stands: `medweave` is the program of this build, on the page's data directory.
fn shell(data: &Data, block: &str, served: Option<&Served>) -> String {
    let program = data.command(&[]);
    let block = match served {
        Some(served) => block.replace("http://127.0.0.1:8400", &served.url),
        None => block.to_owned(),
    };
    let script = format!(
        "set -euo pipefail\nmedweave() {{ \"{}\" --data \"{}\" \"$@\"; }}\n{block}",
        program.get_program().to_str().unwrap(),
        data.path("data").display()
    );
    let mut bash = Command::new("bash");
    bash.arg("-c").arg(&script).current_dir(data.path(""));
    for (name, _) in program.get_envs() {
        bash.env_remove(name);
    }
    let output = bash.output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{block}\n{said}{errors}");
    said.into_owned()
}

#[test]
fn every_command_of_the_first_hour_does_what_the_page_says() {
    let data = Data::new();
    let (mut served, mut said) = (None, String::new());
    for block in blocks() {
        if block.starts_with("make ") || block.starts_with("alias ") {
            continue;
        }
        let mut run = Vec::new();
        for line in block.lines() {
            match line.strip_prefix("medweave serve") {
                Some(more) => {
                    said += &shell(&data, &run.join("\n"), served.as_ref());
                    run.clear();
                    // A program that serves is stopped before the next one is started, as a person would.
                    drop(served.take());
                    let more: Vec<&str> = more
                        .split_whitespace()
                        .map(|word| if word.contains(':') { "127.0.0.1:0" } else { word })
                        .collect();
                    served = Some(data.serve(&more));
                }
                None => run.push(line),
            }
        }
        if !run.is_empty() {
            said += &shell(&data, &run.join("\n"), served.as_ref());
        }
    }
    for expected in [
        "dry run, nothing was written: 2 stored",
        "2 stored, 0 unchanged",
        "0 stored, 2 unchanged",
        "6.1",
        "/signin#code=",
        "\"searchset\"",
        "0 faults",
    ] {
        assert!(said.contains(expected), "no \"{expected}\" in:\n{said}");
    }
    assert!(
        std::fs::read_to_string(data.path("counts.csv")).unwrap().lines().next().is_some_and(|line| line == "type,n")
    );
}
