//! Every help text, as a person reads it: `docs/commands.md` holds them all, and this keeps it what the program says.

use crate::program::Data;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

const HEAD: &str = "# Commands

What `medweave COMMAND --help` says. This page is made by the program: `MEDWEAVE_UPDATE=1 cargo test -p medweave --test it help` writes it
anew, and a test fails where it differs.
";

fn documents() -> PathBuf {
    // Asked when it runs: a test that was compiled in another clone looks at the clone it runs in.
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../docs")
}

fn help(data: &Data, path: &[String]) -> String {
    let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    let output = data.command(&arguments).env("COLUMNS", "100").env_remove("LINES").output().unwrap();
    assert!(output.status.success(), "{path:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The commands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // A text that goes on in the next line stands further in.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Every command below `path`, with its help.
fn walk(data: &Data, path: &mut Vec<String>, out: &mut Vec<(String, String)>) {
    let text = help(data, path);
    let below = listed(&text);
    out.push((path.join(" "), text));
    for name in below {
        path.push(name);
        walk(data, path, out);
        path.pop();
    }
}

/// Every command by its words, with its help.
pub fn all(data: &Data) -> BTreeMap<String, String> {
    let mut all = Vec::new();
    walk(data, &mut Vec::new(), &mut all);
    all.into_iter().collect()
}

#[test]
fn the_page_of_commands_is_what_the_program_says() {
    let data = Data::new();
    let mut all = Vec::new();
    walk(&data, &mut Vec::new(), &mut all);
    assert!(all.len() > 20, "only {} commands were found", all.len());
    let mut page = HEAD.to_owned();
    for (name, text) in &all {
        let _ = write!(page, "\n## medweave {name}\n```text\n{}\n```\n", text.trim());
    }
    page = page.replace("## medweave \n", "## medweave\n");
    let file = documents().join("commands.md");
    if std::env::var_os("MEDWEAVE_UPDATE").is_some() {
        std::fs::write(&file, &page).unwrap();
        return;
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    for (said, stands) in page.lines().zip(written.lines()) {
        assert_eq!(said, stands, "docs/commands.md: MEDWEAVE_UPDATE=1 writes it anew");
    }
    assert_eq!(page.len(), written.len(), "docs/commands.md: MEDWEAVE_UPDATE=1 writes it anew");
}

#[test]
fn every_command_helps_with_a_sentence_and_an_example() {
    let data = Data::new();
    for (name, text) in all(&data).iter().skip(1) {
        assert!(text.contains("Example: medweave ") || text.contains("| medweave "), "{name} has no example:\n{text}");
    }
}

#[test]
fn every_setting_of_serve_can_be_a_flag_the_environment_or_the_file_and_is_described() {
    let data = Data::new();
    let text = help(&data, &["serve".to_owned()]).split_whitespace().collect::<Vec<_>>().join(" ");
    let page = std::fs::read_to_string(documents().join("configuration.md")).unwrap();
    let flags: Vec<&str> = text.split(" --").skip(1).filter_map(|rest| rest.split([' ', ',', ']']).next()).collect();
    let settings: Vec<&str> =
        flags.into_iter().filter(|flag| !matches!(*flag, "config" | "help" | "version")).collect();
    assert!(settings.len() >= 7, "{settings:?}");
    for flag in settings {
        let (key, variable) = (flag.replace('-', "_"), format!("MEDWEAVE_{}", flag.replace('-', "_").to_uppercase()));
        assert!(text.contains(&format!("[env: {variable}]")), "--{flag} does not name its variable");
        assert!(
            page.contains(&format!("| `{key}` | `--{flag}` | `{variable}` |")),
            "docs/configuration.md lacks {key}"
        );
        // A value of a wrong kind is refused by its name, so the file knows the key.
        crate::program::write(&data.path("medweave.toml"), format!("{key} = [1]\n").as_bytes());
        let output = data.run(&["status"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{key}: {said}");
        assert!(said.contains(&key) && said.contains("medweave.toml") && !said.contains("no setting"), "{said}");
    }
}

#[test]
fn each_command_has_a_manual_page_and_is_completed() {
    let data = Data::new();
    let commands = all(&data);
    data.done(&["man", "--to", "pages"]);
    let pages: Vec<String> = std::fs::read_dir(data.path("pages"))
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    for words in commands.keys() {
        let name = format!("medweave {words}").trim().replace(' ', "-") + ".1";
        assert!(pages.contains(&name), "{name} is not among {} pages", pages.len());
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = data.done(&["completions", shell]);
        let option = if shell == "fish" { "-l write" } else { "--write" };
        for word in ["deadletter", "vocabulary", option] {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
    assert!(!data.path("medweave-data").exists(), "they need no data directory");
}
