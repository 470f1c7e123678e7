//! The pages that people follow are followed, command by command.

use crate::made;
use crate::program::{Data, Served, write};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// The folder of the whole repository.
fn root() -> PathBuf {
    // Asked when it runs: a test that was compiled in another clone looks at the clone it runs in.
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

/// The text of a page.
pub fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The shell blocks of a page, in their order.
pub fn blocks(page: &str) -> Vec<String> {
    let parts = page.split("```sh\n").skip(1);
    parts.map(|part| part.split("\n```").next().unwrap().to_owned()).collect()
}

/// Somebody who follows a page in a folder of his own.
struct Follower {
    data: Data,
    served: Option<Served>,
    /// What else the environment has.
    variables: Vec<(&'static str, String)>,
    said: String,
}

impl Follower {
    fn new() -> Follower {
        Follower { data: Data::new(), served: None, variables: Vec::new(), said: String::new() }
    }

    /// Runs a block as it stands, but for lines that begin with one of `skipped`: `medweave` is the program of this build.
    fn follow(&mut self, block: &str, skipped: &[&str]) {
        let mut run = Vec::new();
        for line in block.lines().filter(|line| !skipped.iter().any(|begin| line.starts_with(begin))) {
            let words: Vec<&str> = line.split(" #").next().unwrap().split_whitespace().collect();
            match words.iter().position(|word| *word == "serve").filter(|at| words[0] == "medweave" && *at <= 3) {
                Some(at) => {
                    self.shell(&run.join("\n"));
                    run.clear();
                    // A program that serves is stopped before the next one is started, as a person would.
                    drop(self.served.take());
                    let more: Vec<&str> = words[at + 1..]
                        .iter()
                        .map(|word| if word.contains(':') { "127.0.0.1:0" } else { word })
                        .collect();
                    self.served = Some(self.data.serve(&more));
                }
                None => run.push(line),
            }
        }
        self.shell(&run.join("\n"));
    }

    fn shell(&mut self, script: &str) {
        let script = match &self.served {
            Some(served) => {
                let script = script.replace("http://127.0.0.1:8400", &served.url);
                served.mllp.as_ref().map_or(script.clone(), |mllp| script.replace("127.0.0.1:2575", mllp))
            }
            None => script.to_owned(),
        };
        let program = self.data.command(&[]);
        let script = format!(
            "set -euo pipefail\nmedweave() {{ \"{}\" \"$@\"; }}\n{script}",
            program.get_program().to_str().unwrap()
        );
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(&script).current_dir(self.data.path(""));
        for (name, _) in program.get_envs() {
            bash.env_remove(name);
        }
        bash.env("MEDWEAVE_DATA", self.data.path("data"));
        bash.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = bash.output().unwrap();
        let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}\n{said}{errors}");
        self.said += &said;
    }

    fn has_said(&self, expected: &[&str]) {
        for text in expected {
            assert!(self.said.contains(text), "no \"{text}\" in:\n{}", self.said);
        }
    }
}

#[test]
fn every_command_of_the_first_hour_does_what_the_page_says() {
    let mut follower = Follower::new();
    for block in blocks(&page("docs/first-hour.md")) {
        follower.follow(&block, &["make ", "alias "]);
    }
    follower.has_said(&[
        "dry run, nothing was written: 2 would be stored",
        "2 stored, 0 unchanged",
        "0 stored, 2 unchanged",
        "6.1",
        "/signin#code=",
        "\"searchset\"",
        "0 faults",
    ]);
    let counts = std::fs::read_to_string(follower.data.path("counts.csv")).unwrap();
    assert_eq!(counts.lines().next(), Some("type,n"));
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let mut follower = Follower::new();
    made::bundles(&follower.data);
    write(
        &follower.data.path("message.hl7"),
        b"MSH|^~\\&|ADT|HOSP|||20240102||ADT^A01|1|P|2.5\rPID|1||12^^^HOSP^MR||Doe^Ann||19700102|F\r",
    );
    for (name, text) in [
        (
            "discharge.xml",
            r#"<ClinicalDocument xmlns="urn:hl7-org:v3"><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><id root="1.2.3" extension="1"/>
            <code code="18842-5" codeSystem="2.16.840.1.113883.6.1"/><title>Discharge</title><effectiveTime value="20260101"/>
            <recordTarget><patientRole><id root="1.2.3.4" extension="12"/><patient><name><given>Ann</given><family>Doe</family></name></patient></patientRole>
            </recordTarget><component><structuredBody/></component></ClinicalDocument>"#,
        ),
        ("extracts/people.csv", "pid,born\n17,1984-02-29\n"),
        ("clinic-map/mapping.toml", "name = \"clinic\"\n[tables.people]\nkey = [\"pid\"]\n"),
        ("clinic-map/patient.sql", "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\" FROM people p"),
    ] {
        let path = follower.data.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        write(&path, text.as_bytes());
    }
    for block in blocks(&page("README.md")) {
        // Tests of their own: the demo's, and the one of `bench`, which takes longer as it stands.
        follower.follow(&block, &["make ", "medweave demo", "medweave bench"]);
    }
    // Observations of four women whose value the query asks for are from 2024.
    follower.has_said(&[
        "11 stored, 0 unchanged",
        "\"total\":3",
        "code_display",
        "\"resourceType\":\"Bundle\"",
        "dry run, nothing was written: 1 new",
        "0 faults",
    ]);
}

#[test]
fn the_commands_of_the_page_on_messages_do_what_it_says() {
    let mut follower = Follower::new();
    let line = |no: u32| format!("{{\"resourceType\":\"Patient\",\"id\":\"{no}\",\"gendre\":\"male\"}}\n");
    write(&follower.data.path("letters.ndjson"), (0..8).map(line).collect::<String>().as_bytes());
    assert_eq!(follower.data.run(&["import", "letters.ndjson"]).status.code(), Some(1));
    follower.variables.push(("EDITOR", "sed -i s/gendre/gender/".to_owned()));
    for block in blocks(&page("docs/hl7.md")) {
        // The page speaks of one letter, which cannot be replayed and then discarded.
        follower.follow(&block.replace("discard 7", "discard 6"), &[]);
    }
    follower.has_said(&[
        "1 message, 1 would be taken: 0 errors, 0 warnings, 0 notes",
        "OBX-5: \"13.4\" became \"14.1\"",
        "2 sent, 2 accepted, 0 refused",
        "20 sent, 20 accepted, 0 refused",
        "would be taken: medweave deadletter replay 7",
        "letter 7 is replayed",
        "letter 6 is discarded",
    ]);
}

#[test]
fn the_commands_of_the_other_pages_run() {
    let mut follower = Follower::new();
    let token = follower.data.token("system/*.rs");
    follower.variables.push(("TOKEN", token));
    follower.served = Some(follower.data.serve(&[]));
    for name in ["docs/api.md", "docs/upgrade-and-removal.md", "docs/configuration.md", "docs/promises.md"] {
        for block in blocks(&page(name)) {
            follower.follow(&block, &[]);
        }
    }
    follower.has_said(&["\"searchset\""]);
}

/// Words in code style, and lines of blocks, of a page.
fn code(page: &str) -> Vec<String> {
    let (mut found, mut in_block) = (Vec::new(), false);
    for line in page.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            found.push(line.to_owned());
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

/// The command that a text calls, with its flags; `None` if it calls none.
fn called(text: &str, commands: &BTreeMap<String, String>) -> Option<(String, Vec<String>)> {
    let text = text.split(" #").next().unwrap_or_default();
    let text = text.split_once("$(medweave ").map_or(text, |(_, rest)| rest.split(')').next().unwrap_or_default());
    let text =
        text.split(['|', '<', '>', ';']).find(|part| !part.trim_start().starts_with("printf")).unwrap_or_default();
    let mut words = text.split_whitespace().peekable();
    let is_named = words.next_if_eq(&"medweave").is_some();
    if words.next_if_eq(&"--data").is_some() {
        words.next();
    }
    let rest: Vec<&str> = words.collect();
    let first = *rest.first()?;
    let flags: Vec<String> = rest
        .iter()
        .filter(|word| word.starts_with("--"))
        .map(|word| word.trim_end_matches(['.', ',', ')']).split('=').next().unwrap_or_default().to_owned())
        .collect();
    // A word alone may mean anything; with a flag, or after the program's name, it is a command.
    if !is_named && (!commands.contains_key(first) || flags.is_empty()) {
        return None;
    }
    if !first.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    // The longest name that is a command: some have commands of their own.
    let named = (1..=rest.len().min(3)).rev().map(|words| rest[..words].join(" "));
    let mut named = named.filter(|name| commands.contains_key(name));
    Some((named.next().unwrap_or_else(|| first.to_owned()), flags))
}

#[test]
fn every_command_and_flag_that_a_page_names_exists() {
    let data = Data::new();
    let commands = crate::help::all(&data);
    let mut named = 0;
    let mut pages: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(PathBuf::from).into();
    pages.extend(std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    pages.extend(std::fs::read_dir(root().join("changelog.d")).unwrap().map(|entry| entry.unwrap().path()));
    for path in
        pages.iter().filter(|path| path.extension().is_some_and(|end| end == "md") && !path.ends_with("commands.md"))
    {
        for text in code(&page(path.to_str().unwrap())) {
            let Some((command, flags)) = called(&text, &commands) else { continue };
            let help =
                commands.get(&command).unwrap_or_else(|| panic!("{}: there is no {command}: {text}", path.display()));
            for flag in flags {
                assert!(
                    help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")),
                    "{}: {command} has no {flag}: {text}",
                    path.display()
                );
            }
            named += 1;
        }
    }
    assert!(named > 60, "only {named} commands were found");
}
