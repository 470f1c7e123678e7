//! `medweave export`

use super::say;
use crate::cli::Export;
use crate::client::{Client, read_all, refused};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::body::Body;
use axum::http::{Method, Request};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

pub(crate) async fn run(settings: &Settings, export: &Export) -> Result<(), Failure> {
    let client = Client::open_to_read(settings).await?;
    // What was begun when somebody asks to end is not left behind: it holds records.
    let result = Ending::new()?.or(with(&client, export)).await;
    client.close().await;
    result
}

async fn with(client: &Client, export: &Export) -> Result<(), Failure> {
    let status = client.json(Method::GET, "/api/status", None).await?;
    let types: Vec<String> = match export.types.as_slice() {
        [] => status["types"].as_object().map(|types| types.keys().cloned().collect()).unwrap_or_default(),
        named => named.to_vec(),
    };
    std::fs::create_dir_all(&export.to)
        .map_err(|error| Failure::failed(format!("cannot make {}: {error}", export.to.display())))?;
    for name in types {
        let lines = one(client, export, &name).await?;
        say(&format!("{}\t{lines}", path(export, &name).display()))?;
    }
    Ok(())
}

/// Where the resources of a type are written.
fn path(export: &Export, name: &str) -> PathBuf {
    export.to.join(format!("{name}.ndjson{}", if export.gzip { ".gz" } else { "" }))
}

/// Writes one type beside its place and moves it there when it is whole.
async fn one(client: &Client, export: &Export, name: &str) -> Result<u64, Failure> {
    let request = Request::builder()
        .uri(format!("/api/export/{name}"))
        .body(Body::empty())
        .map_err(|error| Failure::usage(error.to_string()))?;
    let response = client.send(request).await?;
    let status = response.status();
    let mut body = response.into_body();
    if !status.is_success() {
        let value = serde_json::from_slice(&read_all(body).await?).unwrap_or(serde_json::Value::Null);
        return Err(refused(status, &value));
    }
    let place = path(export, name);
    let cannot = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull => {
            Failure::failed(format!("no space is left for {}: free some and call it again", place.display()))
        }
        _ => Failure::failed(format!("cannot write {}: {error}", place.display())),
    };
    let mut file = tempfile::NamedTempFile::new_in(&export.to).map_err(cannot)?;
    let mut out = Out::new(file.as_file_mut().try_clone()?, export.gzip);
    let mut lines = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::failed(format!("{name}: the answer broke off: {error}")))?;
        if let Ok(data) = frame.into_data() {
            lines += memchr::memchr_iter(b'\n', &data).count() as u64;
            out.write_all(&data).map_err(cannot)?;
        }
    }
    out.finish().map_err(cannot)?;
    file.as_file().sync_all().map_err(cannot)?;
    file.persist(&place).map_err(|error| cannot(error.error))?;
    Ok(lines)
}

/// A file that is written plain or packed.
enum Out {
    Plain(File),
    Gzip(Box<GzEncoder<File>>),
}

impl Out {
    fn new(file: File, gzip: bool) -> Out {
        if gzip { Out::Gzip(Box::new(GzEncoder::new(file, Compression::default()))) } else { Out::Plain(file) }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Out::Plain(file) => file.write_all(bytes),
            Out::Gzip(packed) => packed.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Out::Plain(mut file) => file.flush(),
            Out::Gzip(packed) => packed.finish().map(drop),
        }
    }
}
