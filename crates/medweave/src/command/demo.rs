//! `medweave demo`: a program of its own over a temporary directory, and a synthetic hospital that sends to its ports.

mod clinic;
mod hospital;

use super::import;
use super::progress::Progress;
use super::serve::bind_mllp;
use crate::cli::Demo;
use crate::client::{Client, Opened};
use crate::directory::{Directory, Taken};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::settings::{MllpAnswers, Settings};
use axum::http::Method;
use hospital::Sender;
use serde_json::{Value, json};
use server::listen;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Who looks at the demo.
const VISITOR: &str = "demo";
const VISITOR_NAME: &str = "Demo clinician";
/// The hospital writes and finds, and reads nothing.
const HOSPITAL_SCOPES: &str = "system/*.cus";

pub(crate) async fn run(settings: &Settings, demo: &Demo) -> Result<(), Failure> {
    // From the first moment: whoever ends it then leaves nothing behind either.
    let mut ending = Ending::new()?;
    let folder = tempfile::Builder::new().prefix("medweave-demo-").tempdir()?;
    let Taken::Mine(directory) = Directory::take(folder.path())? else {
        return Err(Failure::failed(format!("{} was taken by another program", folder.path().display())));
    };
    let listener = listen::bind(demo.http, None).await.map_err(|error| Failure::failed(error.to_string()))?;
    let http = listener.local_addr()?;
    let (mllp_port, mllp_options) = bind_mllp(demo.mllp, None, MllpAnswers::Always)?;
    let zone = settings.zone()?;
    let opened = Opened::new(directory, zone.clone())?;
    let mllp = opened.serve_mllp(mllp_port, mllp_options)?;
    let mllp_address = mllp.address();
    let serving = tokio::spawn(listen::serve(listener, opened.router.clone(), None, opened.stopped()));
    records::tell_operator!("medweave demo: HTTP on {http}, MLLP on {mllp_address}; everything goes when it ends");

    let client = Client::Here(Box::new(opened));
    let stop = Arc::new(AtomicBool::new(false));
    let result = tokio::select! {
        result = show(&client, folder.path(), demo, http, mllp_address, &zone, &stop) => result,
        _ = ending.asked() => Ok(()),
    };
    stop.store(true, Ordering::Release);
    if let Client::Here(opened) = &client {
        opened.stop();
    }
    let _ = tokio::task::spawn_blocking(move || mllp.stop()).await;
    let _ = serving.await;
    client.close().await;
    result
}

/// Sets the demo up, fills it, prints the link, and lets the hospital go on.
async fn show(
    client: &Client,
    folder: &Path,
    demo: &Demo,
    http: SocketAddr,
    mllp: SocketAddr,
    zone: &str,
    stop: &Arc<AtomicBool>,
) -> Result<(), Failure> {
    let password = password();
    let account = json!({"name": VISITOR, "display": VISITOR_NAME, "role": "clinician", "password": password});
    client.json(Method::POST, "/api/users", Some(&account)).await?;
    let source = json!({"address": "127.0.0.1", "name": "demo hospital", "zone": zone});
    client.json(Method::POST, "/api/sources", Some(&source)).await?;
    let token = json!({"name": "demo hospital", "scope": HOSPITAL_SCOPES});
    let token = client.json(Method::POST, "/api/tokens", Some(&token)).await?;
    let token = token["token"].as_str().ok_or_else(|| Failure::failed("no token was made"))?.to_owned();

    synthea(client, demo.synthea).await?;
    clinic::tables(client, folder, demo.seed, zone).await?;

    let (ready, mut caught_up) = tokio::sync::oneshot::channel();
    let sender = Sender {
        http,
        mllp,
        token,
        zone: zone.to_owned(),
        seed: demo.seed,
        speed: f64::from(demo.speed),
        stop: Arc::clone(stop),
        runtime: tokio::runtime::Handle::current(),
    };
    let mut sending = tokio::task::spawn_blocking(move || sender.run(ready));
    tokio::select! {
        sent = &mut caught_up => {
            if let Ok(sent) = sent {
                records::tell_operator!("medweave demo: {sent}");
            }
        }
        ended = &mut sending => return ended.unwrap_or_else(|_| Err(Failure::failed("the synthetic hospital broke down"))),
    }
    records::tell_operator!(
        "medweave demo: the link signs in once; later, or in another browser, sign in as {VISITOR} with {password}"
    );
    super::say(&format!("http://{http}{}", super::user::link(client, VISITOR).await?.path))?;
    sending.await.unwrap_or_else(|_| Err(Failure::failed("the synthetic hospital broke down")))
}

/// Loads Synthea bundles where the test data is there.
async fn synthea(client: &Client, count: usize) -> Result<(), Failure> {
    if count == 0 {
        return Ok(());
    }
    let Some(data) = std::env::var_os("MEDWEAVE_TEST_DATA") else {
        return Err(Failure::usage("--synthea loads bundles of the test data: set MEDWEAVE_TEST_DATA to its folder"));
    };
    let folder = Path::new(&data).join("records/synthea-120/bundles");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    files.sort();
    // What the patients' bundles refer to is in files of its own; they come with any number of patients.
    let is_shared = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.contains("hospitalInformation") || name.contains("practitionerInformation")
    };
    let (shared, patients): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(is_shared);
    let paths: Vec<PathBuf> = shared.into_iter().chain(patients.into_iter().take(count)).collect();
    let progress = Progress::new();
    let report = import::load(client, &paths, "synthea", false, true, &progress).await;
    progress.finish();
    let report: Value = report?;
    records::tell_operator!("medweave demo: {} resources of {count} Synthea patients are stored", report["stored"]);
    Ok(())
}

/// A password that is good for one demo.
fn password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 20];
    access::system_random(&mut bytes);
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    bytes.chunks(5).map(|part| part.iter().map(letter).collect::<String>()).collect::<Vec<_>>().join("-")
}
