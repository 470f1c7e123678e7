//! Databases on the command line: added, pulled, mapped; their passwords stand nowhere.

use crate::databases::{Kind, PASSWORD, server};
use crate::program::Data;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

/// A password that is not the user's.
const WRONG: &str = "brass-lantern-9920-in-fog";

/// Everything that was said.
#[derive(Default)]
struct Said(String);

impl Said {
    fn add(&mut self, output: &Output) -> bool {
        self.0 += &String::from_utf8_lossy(&output.stdout);
        self.0 += &String::from_utf8_lossy(&output.stderr);
        output.status.success()
    }
}

fn files_of(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_of(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    let half = &secret[..secret.len() / 2];
    bytes.windows(half.len()).any(|window| window == half.as_bytes())
}

fn mapping(data: &Data, more: &str) -> String {
    let folder = data.path("map");
    std::fs::create_dir_all(&folder).unwrap();
    let toml = format!("name = \"clinic\"\n{more}[tables.people]\nkey = [\"pid\"]\n");
    std::fs::write(folder.join("mapping.toml"), toml).unwrap();
    let sql = "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\" FROM people p";
    std::fs::write(folder.join("patient.sql"), sql).unwrap();
    folder.display().to_string()
}

#[test]
fn a_database_is_pulled_and_mapped_and_its_password_stands_nowhere() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let Some(server) = server(kind) else { continue };
        let (data, mut said) = (Data::new(), Said::default());
        let database = server.database("");
        server.sql(
            &database,
            "CREATE TABLE people (pid integer, born date); INSERT INTO people VALUES (17, '1984-02-29'), (18, NULL);",
        );
        let (url, map) = (server.url(&database), mapping(&data, ""));
        let file = data.path("password");
        std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
        let file = file.to_str().unwrap();

        // A password in the address is refused, and not repeated; a wrong one is told at once, and nothing is added.
        let in_url = url.replace("reader@", &format!("reader:{PASSWORD}@"));
        let refused = data.run(&["source", "add", "clinic", "--url", &in_url, "--mapping", &map]);
        assert!(!said.add(&refused) && said.0.contains("--password-file"), "{}", said.0);
        let wrong =
            data.with_input(&["source", "add", "clinic", "--url", &url, "--mapping", &map, "--password-stdin"], WRONG);
        assert!(!said.add(&wrong) && said.0.contains("refuses the user or the password"), "{}", said.0);

        let add = ["source", "add", "clinic", "--url", &url, "--mapping", &map, "--password-file", file];
        let added = data.run(&add);
        assert!(said.add(&added) && said.0.contains("Reached ") && said.0.contains("1 tables and views"), "{}", said.0);
        let pulled = data.json(&["source", "pull", "clinic", "--json"]);
        assert_eq!(
            (pulled["rows"].as_u64(), pulled["new"].as_u64(), pulled["delivery"].as_i64()),
            (Some(2), Some(2), Some(1))
        );
        said.0 += &pulled.to_string();
        assert_eq!(data.json(&["source", "pull", "clinic", "--json"])["delivery"], serde_json::Value::Null);
        let ran = data.json(&["mapping", "run", "clinic", "--write", "--json"]);
        assert_eq!(ran["new"], 2, "{ran}");
        said.0 += &ran.to_string();

        // A wrong password later fails the pull, and the right one mends it.
        assert!(said.add(&data.with_input(&["source", "password", "clinic", "--password-stdin"], WRONG)));
        assert!(!said.add(&data.run(&["source", "pull", "clinic"])));
        assert!(said.add(&data.run(&["source", "password", "clinic", "--password-file", file])));
        assert!(said.add(&data.run(&["source", "pull", "clinic"])));

        // While it runs, too: in what lists processes, in its answers, in its log.
        let slow = format!("{url}?rows_per_second=1");
        let more = ["source", "add", "slow", "--url", &slow, "--mapping", &map, "--password-file", file];
        assert!(said.add(&data.run(&more)));
        {
            let served = data.serve(&[]);
            let mut pull =
                data.command(&["source", "pull", "slow"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            for process in std::fs::read_dir("/proc").unwrap().flatten() {
                let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
                assert!(!holds(&line, PASSWORD), "{}", String::from_utf8_lossy(&line));
            }
            assert!(pull.wait().unwrap().success());
            for command in [
                &["source", "list", "--json"][..],
                &["source", "list"],
                &["status", "--json"],
                &["doctor"],
                &["mapping", "list"],
            ] {
                said.add(&data.run(command));
            }
            drop(served);
        }
        said.0 += &std::fs::read_to_string(data.path("serve.log")).unwrap();
        assert!(said.add(&data.run(&["doctor"])), "{}", said.0);

        for secret in [PASSWORD, WRONG] {
            assert!(!holds(said.0.as_bytes(), secret), "{}", said.0);
            for path in files_of(&data.path("data")) {
                assert!(!holds(&std::fs::read(&path).unwrap(), secret), "{}", path.display());
            }
        }
        // The key, and a sealed password of each source.
        let keys = || {
            let mut all = files_of(&data.path("data/keys"));
            all.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with("source"));
            all
        };
        assert_eq!(keys().len(), 3, "{:?}", keys());
        assert!(keys().iter().all(|path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600));
        data.done(&["source", "remove", "clinic"]);
        assert_eq!(keys().len(), 2);
    }
}

#[test]
fn a_source_of_files_becomes_one_of_a_database_and_its_rows_are_equal() {
    let Some(server) = server(Kind::Postgres) else { return };
    let (data, mut said) = (Data::new(), Said::default());
    let map = mapping(&data, "");
    let files = data.path("files");
    std::fs::create_dir_all(&files).unwrap();
    std::fs::write(files.join("people.csv"), "pid,born\n17,1984-02-29\n18,2001-01-01\n").unwrap();
    let added = data.run(&["source", "add", "clinic", "--path", files.to_str().unwrap(), "--mapping", &map]);
    assert!(said.add(&added), "{}", said.0);
    assert_eq!(data.json(&["source", "pull", "clinic", "--json"])["new"], 2);

    let database = server.database("");
    server.sql(
        &database,
        "CREATE TABLE people (pid integer, born date); INSERT INTO people VALUES (17, '1984-02-29'), (18, '2001-01-01');",
    );
    let url = server.url(&database);
    let nothing = data.run(&["source", "change", "clinic"]);
    assert!(!said.add(&nothing) && said.0.contains("required"), "{}", said.0);
    // A wrong password is told, and nothing is changed.
    let wrong = data.with_input(&["source", "change", "clinic", "--url", &url, "--password-stdin"], WRONG);
    assert!(!said.add(&wrong) && said.0.contains("refuses the user or the password"), "{}", said.0);
    assert_eq!(data.json(&["source", "pull", "clinic", "--json"])["equal"], 2);
    let change = ["source", "change", "clinic", "--url", &url, "--password-stdin", "--rows-per-second", "100000"];
    let changed = data.with_input(&change, PASSWORD);
    assert!(said.add(&changed) && said.0.contains("Reached PostgreSQL"), "{}", said.0);
    let pulled = data.json(&["source", "pull", "clinic", "--json"]);
    assert_eq!((&pulled["equal"], &pulled["new"], &pulled["gone"]), (&2.into(), &0.into(), &0.into()), "{pulled}");
    let free = data.run(&["source", "change", "clinic", "--rows-per-second", "none", "--hours", "00:00-23:59"]);
    assert!(said.add(&free) && said.0.contains("hours=00:00-23:59"), "{}", said.0);
    let list = data.json(&["source", "list", "--json"]);
    assert_eq!(list["tables"][0]["path"], format!("{url}?hours=00:00-23:59"));
    assert!(!holds(said.0.as_bytes(), PASSWORD));
}
