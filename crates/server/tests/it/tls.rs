//! TLS with a certificate of our own making.

use crate::house::{House, PASSWORD};
use crate::wire::{Port, read_answer};
use access::Role;
use server::listen::{self, Tls};
use std::path::Path;
use std::process::{Command, Stdio};
use tokio::io::AsyncWriteExt;

/// Makes a key and a certificate for `localhost` with OpenSSL.
fn certificate(folder: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl runs; `make setup` installs it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}

/// What OpenSSL's client is answered; it checks the certificate.
async fn ask(port: &Port, certificate: &Path, version: &str, request: String) -> (bool, String) {
    let mut client = tokio::task::spawn_blocking({
        let (address, certificate, version) = (port.address, certificate.to_owned(), version.to_owned());
        move || {
            Command::new("openssl")
                .args(["s_client", "-quiet", "-verify_return_error", "-servername", "localhost", &version, "-connect"])
                .arg(address.to_string())
                .arg("-CAfile")
                .arg(certificate)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        }
    })
    .await
    .unwrap();
    tokio::task::spawn_blocking(move || {
        use std::io::Write;
        let mut stdin = client.stdin.take().unwrap();
        // A handshake that was refused closes this first.
        let _ = stdin.write_all(request.as_bytes());
        let output = client.wait_with_output().unwrap();
        drop(stdin);
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_serves_the_same_routes_and_says_so_to_browsers() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(folder.path());
    let house = House::new();
    house.account("ada", Role::Clinician);
    let port = Port::open(&house, Some(Tls::load(&certificate, &key).unwrap())).await;
    let body = format!(r#"{{"name":"ada","password":"{PASSWORD}"}}"#);
    let sign_in = format!(
        "POST /api/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for version in ["-tls1_2", "-tls1_3"] {
        let (_, told) = ask(&port, &certificate, version, sign_in.clone()).await;
        let told = told.to_lowercase();
        assert!(told.starts_with("http/1.1 200"), "{version}: {told}");
        assert!(told.contains("strict-transport-security: max-age="), "{told}");
        assert!(told.contains("httponly; samesite=strict; secure"), "{told}");
    }
    let (done, told) = ask(&port, &certificate, "-tls1_1", sign_in).await;
    assert!(!done && told.is_empty(), "TLS 1.1 is not spoken: {told}");
    // Plain HTTP on the port gets no answer in HTTP, and keeps nobody up.
    let mut plain = port.connect().await;
    plain.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(!read_answer(&mut plain).await.contains("HTTP/"));
    // A link in a bundle begins with https.
    let search = port.get("/fhir/Patient").replacen("Host: x", "Host: localhost\r\nConnection: close", 1);
    let (_, told) = ask(&port, &certificate, "-tls1_3", search).await;
    assert!(told.contains("https://localhost/fhir/Patient"), "{told}");
}

#[tokio::test]
async fn what_is_no_certificate_is_refused_by_name_and_other_addresses_need_one() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(folder.path());
    let other = tempfile::tempdir().unwrap();
    let (_, foreign) = self::certificate(other.path());
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for (certificate, key, word) in [
        (&empty, &key, "no certificate"),
        (&certificate, &empty, "empty.pem"),
        (&certificate, &foreign, "does not go with"),
        (&folder.path().join("missing.pem"), &key, "missing.pem"),
    ] {
        let error = Tls::load(certificate, key).err().unwrap().to_string();
        assert!(error.contains(word), "{error}");
    }
    let error = listen::bind("0.0.0.0:0".parse().unwrap(), None).await.unwrap_err();
    assert!(error.to_string().contains("--tls-cert"), "{error}");
}
