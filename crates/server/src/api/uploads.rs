//! Deliveries that are sent: a file or archive as a body, for sources that have no path of their own.

use super::stream::{self, Lines};
use super::tables::pull_lines;
use crate::answer::Answer;
use crate::app::App;
use crate::body;
use crate::call::Call;
use crate::refusal::Refusal;
use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What stands for the path of a source whose deliveries are sent.
pub(super) const UPLOAD: &str = "upload:";
/// Bytes of a delivery that is sent, at most.
const MOST_BYTES: u64 = 64 << 30;
/// Bytes that are gathered before they are written.
const GATHERED: usize = 1 << 20;
/// The longest pause inside a body.
const PAUSE: Duration = Duration::from_mins(1);
/// The longest name of a file.
const NAME_BYTES: usize = 200;

/// `POST /api/sources/{id}/deliveries?file=&accept=` with the bytes of a file or archive: the same pull, with the same doubts. What was sent
/// goes when it was read; the rows' bytes stay as arrivals.
pub(super) async fn deliver(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("id"));
    let file = file_name(call.query_value("file").as_deref())?;
    let accept = call.query_value("accept").is_some_and(|value| value != "0" && value != "false");
    let holder = grant.clone();
    let source = call.app.reading(move |app| Ok(app.sources()?.source(&holder, &name)?)).await?;
    // Who may not pull need not send.
    grant.may_all(access::Permission::Update)?;
    let turn = stream::turn(&call)?;
    let folder = call.app.writing(folder).await?;
    let path = folder.path().join(file);
    receive(&mut call, &path).await?;
    let app = Arc::clone(&call.app);
    Ok(stream::lines_while(&call, turn, "application/x-ndjson", (), move |lines: &Lines| {
        pull_lines(&app, &grant, &source, Some(&path), accept, lines);
        drop(folder);
    }))
}

/// A folder of its own for each delivery, which goes with it. What a crash left goes with the next.
fn folder(app: &App) -> Result<tempfile::TempDir, Refusal> {
    let uploads = app.data.join("tables").join("uploads");
    std::fs::create_dir_all(&uploads).map_err(cannot_keep)?;
    for entry in std::fs::read_dir(&uploads).map_err(cannot_keep)?.flatten() {
        // Those of this process are in use, or will go by themselves.
        let own = entry.file_name().to_string_lossy().starts_with(&prefix());
        if !own {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new().prefix(&prefix()).tempdir_in(&uploads).map_err(cannot_keep)
}

fn prefix() -> String {
    format!("{}-", std::process::id())
}

/// The name under which the mapping looks for the file: its last part, and nothing that leads elsewhere.
fn file_name(given: Option<&str>) -> Result<String, Refusal> {
    let name = given.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let fits = name.len() <= NAME_BYTES && !name.starts_with('.') && !name.chars().any(char::is_control);
    match name {
        "" => Err(Refusal::bad_request("name the file that is sent: ?file=march.zip")),
        name if fits => Ok(name.to_owned()),
        _ => Err(Refusal::bad_request("that is no name of a file")),
    }
}

async fn receive(call: &mut Call, path: &std::path::Path) -> Result<(), Refusal> {
    let mut body = call.body.take();
    let received = receive_from(&call.app, &mut body, path).await;
    if received.is_err() {
        call.body.give_back(body);
    }
    received
}

async fn receive_from(app: &Arc<App>, body: &mut Body, path: &std::path::Path) -> Result<(), Refusal> {
    let path = path.to_owned();
    let mut file = app.writing(move |_| std::fs::File::create(path).map_err(cannot_keep)).await?;
    let (begun, mut came, mut gathered) = (Instant::now(), 0_u64, Vec::new());
    loop {
        let Ok(frame) = tokio::time::timeout(PAUSE, body.frame()).await else { return Err(body::too_slow()) };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| Refusal::bad_request(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        came += data.len() as u64;
        if came > MOST_BYTES {
            let text = format!("a delivery that is sent has at most {} GiB", MOST_BYTES >> 30);
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", text));
        }
        body::fast_enough(came, begun, PAUSE)?;
        gathered.extend_from_slice(&data);
        if gathered.len() >= GATHERED {
            file = write(app, file, std::mem::take(&mut gathered)).await?;
        }
    }
    if came == 0 {
        return Err(Refusal::bad_request("the body is empty: send the bytes of a file or archive"));
    }
    write(app, file, gathered).await.map(drop)
}

async fn write(app: &Arc<App>, mut file: std::fs::File, bytes: Vec<u8>) -> Result<std::fs::File, Refusal> {
    app.writing(move |_| {
        file.write_all(&bytes).map_err(cannot_keep)?;
        Ok(file)
    })
    .await
}

#[allow(clippy::needless_pass_by_value)]
fn cannot_keep(error: std::io::Error) -> Refusal {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return records::Error::DiskFull.into();
    }
    Refusal::internal(format!("the delivery could not be kept while it is read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_file_keeps_its_name_and_leads_nowhere() {
        assert_eq!(file_name(Some("march.zip")).unwrap(), "march.zip");
        assert_eq!(file_name(Some("../../etc/病人.csv")).unwrap(), "病人.csv");
        for bad in [None, Some(""), Some("a/"), Some(".."), Some(".hidden"), Some("a\nb")] {
            assert!(file_name(bad).is_err(), "{bad:?}");
        }
    }
}
