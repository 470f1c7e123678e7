//! What commands print, with which exit code, and that they work beside a program that serves.

use crate::made;
use crate::program::{Data, write};
use std::collections::BTreeMap;

#[test]
fn import_twice_stores_once_and_a_space_is_one_arrival_more() {
    let data = Data::new();
    let folder = made::bundles(&data);
    let folder = folder.to_str().unwrap();
    let first = data.json(&["import", folder, "--json"]);
    assert_eq!(first["stored"], 2 * made::PATIENTS + 1, "{first}");
    assert_eq!(first["arrivals"], made::PATIENTS + 1);
    assert_eq!(first["issues"].as_array().unwrap().len(), 0, "{first}");
    assert!(first["seconds"].is_number());
    let again = data.json(&["import", folder, "--json"]);
    assert_eq!(
        (&again["stored"], &again["unchanged"], &again["arrivals"]),
        (&0.into(), &(2 * made::PATIENTS + 1).into(), &0.into())
    );
    let path = data.path("bundles/patient0.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen('{', "{ ", 1)).unwrap();
    let spaced = data.json(&["import", folder, "--json"]);
    assert_eq!((&spaced["stored"], &spaced["arrivals"]), (&0.into(), &1.into()), "{spaced}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let data = Data::new();
    let folder = made::bundles(&data);
    data.done(&["import", folder.join("staff.json").to_str().unwrap()]);
    let dry = data.json(&["import", folder.to_str().unwrap(), "--dry-run", "--json"]);
    assert_eq!(dry["stored"], 2 * made::PATIENTS, "{dry}");
    assert_eq!(data.json(&["status", "--json"])["resources"], 1);
}

#[test]
fn an_arrival_is_taken_back_and_its_history_stays() {
    let data = Data::new();
    let folder = made::bundles(&data);
    data.done(&["import", folder.to_str().unwrap()]);
    let before = data.json(&["status", "--json"]);
    let arrivals = before["arrivals"].as_u64().unwrap();
    let said = data.done(&["import", "undo", &arrivals.to_string()]);
    assert!(said.contains("is taken back"), "{said}");
    let after = data.json(&["status", "--json"]);
    assert!(after["resources"].as_u64() < before["resources"].as_u64());
    assert!(after["feed"].as_u64() > before["feed"].as_u64());
    assert_eq!(data.run(&["import", "undo", &arrivals.to_string()]).status.code(), Some(2));
}

#[test]
fn a_bad_file_is_named_and_stops_no_other() {
    let data = Data::new();
    let folder = made::bundles(&data);
    write(&folder.join("broken.json"), b"{\"resourceType\":\"Patient\",");
    let output = data.run(&["import", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("broken.json"), "{errors}");
    assert_eq!(data.json(&["status", "--json"])["resources"], 2 * made::PATIENTS + 1);
}

#[test]
fn wrong_calls_are_told_from_failures() {
    let data = Data::new();
    assert_eq!(data.run(&["import", "not-there.json"]).status.code(), Some(2));
    assert_eq!(data.run(&["token", "create", "--scope", "system/Patienten.rs"]).status.code(), Some(2));
    assert_eq!(data.run(&["token", "revoke", "nobody"]).status.code(), Some(1));
    assert_eq!(data.run(&["serve", "--http", "0.0.0.0:0"]).status.code(), Some(2));
    let output = data.run(&["serve", "--http", "0.0.0.0:0"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--tls-cert"));
    assert_eq!(data.run(&["frobnicate"]).status.code(), Some(2));
}

#[test]
fn a_directory_of_a_newer_program_or_of_something_else_is_left_alone() {
    let data = Data::new();
    data.token("system/*.rs");
    write(&data.path("data/VERSION"), b"99\n");
    let output = data.run(&["status"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("newer medweave"));
    let other = Data::new();
    write(&other.path("data/holiday.jpg"), b"x");
    let output = other.run(&["status"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no data directory"));
}

#[test]
fn a_port_in_use_and_a_directory_in_use_are_said_so() {
    let data = Data::new();
    let served = data.serve(&[]);
    let address = served.url.trim_start_matches("http://").to_owned();
    let output = data.run(&["serve", "--http", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("in use"));
    let output = data.run(&["serve", "--http", "127.0.0.1:0"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("another medweave"));
}

#[test]
fn commands_work_beside_a_program_that_serves() {
    let data = Data::new();
    let folder = made::bundles(&data);
    let served = data.serve(&[]);
    let report = data.json(&["import", folder.to_str().unwrap(), "--json"]);
    assert_eq!(report["stored"], 2 * made::PATIENTS + 1, "{report}");
    let token = data.token("system/*.rs");
    assert_eq!(served.client(&token).get("/fhir/Patient?_total=accurate").json()["total"], made::PATIENTS);
    assert!(data.done(&["status"]).contains("running"));
    assert!(served.stop().success());
    assert!(!data.path("ready.json").exists());
    assert_eq!(data.json(&["status", "--json"])["resources"], 2 * made::PATIENTS + 1);
}

#[test]
fn export_writes_what_import_reads_back() {
    let data = Data::new();
    data.done(&["import", made::bundles(&data).to_str().unwrap()]);
    let out = data.path("out");
    data.done(&["export", "--to", out.to_str().unwrap()]);
    let lines: BTreeMap<String, usize> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(path).unwrap().lines().count(),
            )
        })
        .collect();
    let expected =
        [("Observation.ndjson", made::PATIENTS), ("Patient.ndjson", made::PATIENTS), ("Practitioner.ndjson", 1)];
    assert_eq!(lines, expected.map(|(name, count)| (name.to_owned(), count)).into());
    assert!(std::fs::read_to_string(out.join("Observation.ndjson")).unwrap().contains("\"value\":5.50"));
    let other = Data::new();
    let report = other.json(&["import", out.to_str().unwrap(), "--json"]);
    assert_eq!(report["stored"], 2 * made::PATIENTS + 1, "{report}");
}

#[test]
fn sources_are_allowed_listed_and_removed() {
    let data = Data::new();
    data.done(&["source", "allow", "10.1.0.0/16", "--name", "lab", "--zone", "Asia/Shanghai", "--charset", "GB18030"]);
    let list = data.json(&["source", "list", "--json"]);
    assert_eq!(
        (&list["sources"][0]["address"], &list["sources"][0]["zone"]),
        (&"10.1.0.0/16".into(), &"Asia/Shanghai".into())
    );
    assert!(data.done(&["source", "list"]).contains("GB18030"));
    data.done(&["source", "remove", "lab"]);
    assert_eq!(data.json(&["source", "list", "--json"])["sources"].as_array().unwrap().len(), 0);
    assert_eq!(data.run(&["source", "allow", "10.1.0.0.0"]).status.code(), Some(2));
}

#[test]
fn settings_come_from_flags_over_environment_over_file() {
    let data = Data::new();
    data.done(&["source", "allow", "10.0.0.7"]);
    let zone = |served: &crate::program::Served| {
        served.client(&data.token("system/*.rs")).get("/api/status").json()["zone"].clone()
    };
    write(&data.path("medweave.toml"), b"zone = \"Europe/Berlin\"\n");
    assert_eq!(data.json(&["status", "--json"])["zone"], "Europe/Berlin");
    let output = data.command(&["status", "--json"]).env("MEDWEAVE_ZONE", "Asia/Tokyo").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("Asia/Tokyo"));
    let served = data.serve(&["--zone", "Africa/Lagos"]);
    assert_eq!(zone(&served), "Africa/Lagos");
    drop(served);
    // The file's names may be written as the flags are.
    write(&data.path("other.toml"), b"zone = \"Asia/Kolkata\"\nready-file = \"x.json\"\n");
    let output = data.command(&["status", "--json", "--config", "other.toml"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("Asia/Kolkata"));
}

#[test]
fn a_setting_that_is_none_or_has_a_wrong_value_is_named() {
    let data = Data::new();
    data.token("system/*.rs");
    let refused = |variable: Option<(&str, &str)>, expected: &[&str]| {
        let mut command = data.command(&["status"]);
        if let Some((name, value)) = variable {
            command.env(name, value);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(expected.iter().all(|text| said.contains(text)), "{expected:?}: {said}");
    };
    write(&data.path("medweave.toml"), b"htp = \"127.0.0.1:1\"\n");
    refused(None, &["medweave.toml: there is no setting \"htp\": did you mean \"http\"?", "data, http, mllp"]);
    write(&data.path("medweave.toml"), b"http = \"somewhere\"\n");
    refused(None, &["medweave.toml: http: \"somewhere\" is no address", "127.0.0.1:8400"]);
    write(&data.path("medweave.toml"), b"http = \n");
    refused(None, &["medweave.toml: "]);
    write(&data.path("medweave.toml"), b"");
    refused(Some(("MEDWEAVE_HTPP", "127.0.0.1:1")), &["MEDWEAVE_HTPP", "did you mean MEDWEAVE_HTTP?"]);
    refused(Some(("MEDWEAVE_HTTP", "somewhere")), &["MEDWEAVE_HTTP: \"somewhere\" is no address", "127.0.0.1:8400"]);
    refused(Some(("MEDWEAVE_CONFIG", "missing.toml")), &["missing.toml is not there"]);
    refused(Some(("MEDWEAVE_ZONE", "Mars/Olympus")), &["Mars/Olympus", "IANA"]);
    // An empty variable is none; what looks like a number is a name all the same.
    let output = data.command(&["status"]).env("MEDWEAVE_MLLP", "").env("MEDWEAVE_DATA", "2026").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = data.run(&["serve", "--http", "localhost:8400"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"localhost:8400\" is no address: write IP and port"));
}

#[test]
fn certificates_and_keys_that_cannot_be_used_are_said_with_the_file_and_what_is_wrong() {
    let data = Data::new();
    write(&data.path("empty.pem"), b"");
    write(&data.path("text.pem"), b"not a certificate");
    let refused = |certificate: &str, key: &str, expected: &[&str]| {
        let output = data.run(&["serve", "--http", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(expected.iter().all(|text| said.contains(text)), "{expected:?}: {said}");
    };
    refused("missing.pem", "missing.key", &["missing.pem cannot be read", "No such file"]);
    refused("empty.pem", "missing.key", &["empty.pem", "no certificate in it (PEM"]);
    refused("text.pem", "missing.key", &["text.pem", "no certificate in it (PEM"]);
    let output = data.run(&["serve", "--http", "127.0.0.1:0", "--tls-cert", "text.pem"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("go together"));
    let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout good.key -out good.pem \
        -days 2 -subj /CN=localhost && openssl ecparam -genkey -name prime256v1 -noout -out other.key";
    let made = std::process::Command::new("sh").args(["-c", script]).current_dir(data.path("")).output().unwrap();
    assert!(made.status.success(), "openssl is installed by make setup: {}", String::from_utf8_lossy(&made.stderr));
    refused("good.pem", "missing.key", &["missing.key cannot be read", "No such file"]);
    refused("good.pem", "good.pem", &["good.pem", "no private key in it (PEM"]);
    refused("good.pem", "other.key", &["good.pem does not go with other.key"]);
}

#[test]
fn a_directory_far_below_is_served_and_reached() {
    let data = Data::new();
    let far = format!("{}/{}", "a".repeat(100), "b".repeat(100));
    let far = data.path(&far);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_medweave"))
        .args(["--data", far.to_str().unwrap(), "serve", "--http", "127.0.0.1:0", "--ready-file", "ready.json"])
        .current_dir(data.path(""))
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !data.path("ready.json").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let mut beside = std::process::Command::new(env!("CARGO_BIN_EXE_medweave"));
    let said = beside.args(["--data", far.to_str().unwrap(), "status"]).output().unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains(", running"), "{said:?}");
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn a_directory_that_is_not_there_is_not_made_by_whoever_asks_about_it() {
    let data = Data::new();
    let said = |arguments: &[&str]| String::from_utf8(data.run(arguments).stderr).unwrap();
    for asked in ["status", "export", "deadletter list", "lake status", "token list", "user list", "source list"] {
        let asked: Vec<&str> = asked.split(' ').collect();
        assert!(said(&asked).contains("there is no data directory"), "{asked:?}");
        assert_eq!(data.run(&asked).status.code(), Some(2), "{asked:?}");
    }
    assert!(!data.path("data").exists());
    assert!(said(&["source", "allow", "10.0.0.7"]).contains("made the data directory"));
    assert_eq!(said(&["status"]), "");
}

#[test]
fn a_dead_letter_is_shown_corrected_and_replayed() {
    let data = Data::new();
    let path = data.path("people.ndjson");
    write(&path, b"{\"resourceType\":\"Patient\",\"id\":\"a\"}\n{\"resourceType\":\"Patient\",\"id\":\"b\",\"gendre\":\"male\"}\n");
    let output = data.run(&["import", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let list = data.json(&["deadletter", "list", "--json"]);
    let letters = list["dead_letters"].as_array().unwrap();
    assert_eq!(letters.len(), 1, "{list}");
    let no = letters[0]["no"].to_string();
    assert!(data.done(&["deadletter", "show", &no]).contains("gendre"));
    let raw = data.done(&["deadletter", "show", &no, "--raw"]);
    assert_eq!(data.run(&["deadletter", "replay", &no]).status.code(), Some(2));
    let corrected = data.path("corrected.json");
    write(&corrected, raw.replace("gendre", "gender").as_bytes());
    data.done(&["deadletter", "replay", &no, "--with", corrected.to_str().unwrap()]);
    assert_eq!(data.json(&["status", "--json"])["types"]["Patient"], 2);
    assert_eq!(data.json(&["deadletter", "list", "--json"])["dead_letters"].as_array().unwrap().len(), 0);
    assert!(data.done(&["deadletter", "list", "--state", "all"]).contains("replayed"));
    assert_ne!(data.run(&["deadletter", "discard", &no, "--reason", "done"]).status.code(), Some(0));
}
