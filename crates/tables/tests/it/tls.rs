//! Encrypted connections to PostgreSQL and MariaDB: whom to trust, and what is said where there is nobody.

use crate::databases::{Kind, PASSWORD, encrypted};
use crate::house::{House, everything};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tables::live::{Address, Secret, connect};
use tables::mapping::Settings;
use tables::pull::IfDoubtful;
use tempfile::TempDir;

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output().unwrap();
    assert!(made.status.success(), "{arguments}: {}", String::from_utf8_lossy(&made.stderr));
}

/// Somebody who signs certificates: `ca.pem`.
struct Authority(TempDir);

impl Authority {
    fn new(name: &str) -> Authority {
        let folder = tempfile::tempdir().unwrap();
        openssl(
            folder.path(),
            &format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} -keyout ca.key -out ca.pem"
            ),
        );
        Authority(folder)
    }

    fn certificates(&self) -> PathBuf {
        self.0.path().join("ca.pem")
    }

    /// A certificate for 127.0.0.1 alone, and its key.
    fn certificate(&self) -> (PathBuf, PathBuf) {
        let folder = self.0.path();
        std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        openssl(
            folder,
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=db -keyout db.key -out db.request",
        );
        openssl(
            folder,
            "x509 -req -in db.request -CA ca.pem -CAkey ca.key -set_serial 1 -days 2 -extfile names -out db.pem",
        );
        (folder.join("db.pem"), folder.join("db.key"))
    }
}

/// What the session says of its encryption; or why there is none.
fn asked(url: &str, query: &str) -> Result<String, String> {
    let toml = format!("name = \"live\"\n[tables.session]\nquery = \"{query}\"\n");
    let settings = Settings::of_files(&[("mapping.toml".to_owned(), toml)]);
    let address = Address::parse(url).unwrap();
    let session = connect(&address, Some(&Secret::new(PASSWORD)), &settings, Arc::new(|| 0));
    let found = session.map_err(|error| error.to_string())?.find_tables(&settings).unwrap();
    let house = House::new();
    house.sources.pull(&everything(), "his", &found.tables, IfDoubtful::Stop, &mut |_, _| Ok(())).unwrap();
    Ok(house.sources.row(&everything(), "his", "session", 0).unwrap().cells[0].1.clone().unwrap_or_default())
}

fn check(kind: Kind, query: &str, is_encrypted: impl Fn(&str) -> bool) {
    let authority = Authority::new("signer");
    let (certificate, key) = authority.certificate();
    let Some(server) = encrypted(kind, &certificate, &key) else { return };
    let database = server.database("");
    let url = server.url(&database);
    let ca = |authority: &Authority| format!("?ca={}", authority.certificates().display());

    let said = asked(&format!("{url}{}", ca(&authority)), query).unwrap();
    assert!(is_encrypted(&said), "{kind:?}: {said}");
    let said = asked(&url, query).unwrap();
    assert!(!is_encrypted(&said), "{kind:?} on this machine: {said}");
    // Somebody else signed it, perhaps of the same name; nobody is named, and the system's list does not know who did.
    for (other, why) in [
        (ca(&Authority::new("another")), "nobody whom this machine trusts"),
        (ca(&Authority::new("signer")), "with another key"),
        ("?tls=on".to_owned(), "nobody whom this machine trusts"),
    ] {
        let said = asked(&format!("{url}{other}"), query).unwrap_err();
        assert!(said.contains(why) && said.contains("ca=FILE"), "{kind:?}: {said}");
    }
    let named = url.replace("127.0.0.1", "localhost");
    let said = asked(&format!("{named}{}", ca(&authority)), query).unwrap_err();
    assert!(said.contains("for another name: write the address with the name it is for"), "{kind:?}: {said}");
    let none = asked(&format!("{url}?ca=/nowhere/ca.pem"), query).unwrap_err();
    assert!(none.contains("the certificates of /nowhere/ca.pem cannot be read"), "{kind:?}: {none}");
    // What is said beside the connection is encrypted too.
    crate::live::a_stop_is_heard(&server, &ca(&authority));
    drop(server);
    // One that offers no encryption.
    let Some(bare) = crate::databases::server(kind) else { return };
    let url = format!("{}{}", bare.url(&bare.database("")), ca(&authority));
    let said = asked(&url, query).unwrap_err();
    assert!(said.contains("offers no encryption") && said.contains("tls=off"), "{kind:?}: {said}");
}

#[test]
fn a_postgresql_is_trusted_by_its_certificate_or_not_at_all() {
    let query = "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()";
    check(Kind::Postgres, query, |said| said == "true");
}

#[test]
fn a_mariadb_is_trusted_by_its_certificate_or_not_at_all() {
    let query = "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'";
    check(Kind::MariaDb, query, |said| !said.is_empty());
}
