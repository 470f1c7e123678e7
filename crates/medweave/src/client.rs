//! How commands reach the routes: in process, or over the control socket of the program that has the directory.

use crate::directory::{self, Directory, Taken};
use crate::failure::Failure;
use crate::settings::Settings;
use access::Access;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use records::Records;
use serde_json::Value;
use server::{App, Parts, Peer, listen};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower::ServiceExt;

/// How long a command waits for the program that has the directory to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often accounts are tidied (sessions that are over, times of use) and what was recorded is sealed.
const TEND: Duration = Duration::from_mins(1);

/// A data directory that this process has open, with its routes and its control socket.
pub(crate) struct Opened {
    /// The stores.
    pub(crate) app: Arc<App>,
    /// The routes over them.
    pub(crate) router: Router,
    records: Arc<Records>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _directory: Directory,
}

impl Opened {
    /// Opens the stores and serves the control socket.
    pub(crate) fn new(directory: Directory, zone: String) -> Result<Opened, Failure> {
        let (records, access) = directory.open()?;
        let app = App::new(Parts {
            data: directory.path.clone(),
            records: Arc::clone(&records),
            access: Arc::clone(&access),
            build: env!("CARGO_PKG_VERSION").to_owned(),
            zone,
        });
        let router = server::router(Arc::clone(&app));
        let (stop, stopped) = watch::channel(false);
        let path = directory::socket(&directory.path);
        let control = server::listen::control(&path, router.clone(), wait(stopped.clone()))
            .map_err(|error| Failure::failed(format!("cannot make the control socket {}: {error}", path.display())))?;
        let sealed = Arc::clone(&records);
        let tending = tokio::spawn(async move {
            let mut stopped = stopped;
            while tokio::time::timeout(TEND, stopped.wait_for(|stopped| *stopped)).await.is_err() {
                let (access, records) = (Arc::clone(&access), Arc::clone(&sealed));
                let _ = tokio::task::spawn_blocking(move || tend(&access, &records, Records::seal_when_due)).await;
            }
        });
        Ok(Opened { app, router, records, stop, tasks: vec![tokio::spawn(control), tending], _directory: directory })
    }

    /// Takes HL7 v2 messages on a port that is bound.
    pub(crate) fn serve_mllp(
        &self,
        listener: TcpListener,
        options: intake::mllp::Options,
    ) -> Result<intake::mllp::Server, Failure> {
        intake::mllp::Server::start(listener, Arc::clone(&self.records), Arc::clone(&self.app.access), options)
            .map_err(|error| Failure::failed(format!("the MLLP port cannot be served: {error}")))
    }

    /// When the newest change was made, in µs since 1970; 0 if there is none.
    pub(crate) fn newest_us(&self) -> Result<i64, Failure> {
        self.records.newest_us().map_err(|error| Failure::failed(error.to_string()))
    }

    /// A future that is over when the directory is to be closed.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        wait(self.stop.subscribe())
    }

    /// Says that it is to be closed.
    pub(crate) fn stop(&self) {
        self.app.stop();
        self.stop.send_replace(true);
    }

    /// Closes the stores: what is queued is committed.
    pub(crate) async fn close(self) {
        self.stop();
        for task in self.tasks {
            let _ = task.await;
        }
        let (app, access, records) = (Arc::clone(&self.app), Arc::clone(&self.app.access), self.records);
        let _ = tokio::task::spawn_blocking(move || {
            tend(&access, &records, Records::seal);
            app.close_identity();
            app.close_lake();
            records.close();
        })
        .await;
    }
}

type Sealing = fn(&Records, access::TrailHead) -> Result<Option<records::Seal>, records::Error>;

/// Tidies accounts and seals what was recorded.
fn tend(access: &Access, records: &Records, seal: Sealing) {
    if let Err(error) = access.tend(directory::now_us()) {
        records::tell_operator!("medweave: accounts could not be tidied: {error}");
    }
    let sealed = access
        .audit_head()
        .map_err(|error| error.to_string())
        .and_then(|accounts| seal(records, accounts).map_err(|error| error.to_string()));
    if let Err(error) = sealed {
        records::tell_operator!("medweave: the audit could not be sealed: {error}");
    }
}

async fn wait(mut stopped: watch::Receiver<bool>) {
    // The sender gone means the same.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// A way to the routes.
pub(crate) enum Client {
    /// In this process.
    Here(Box<Opened>),
    /// In the process that has the directory.
    There(PathBuf),
}

impl Client {
    /// As [`Client::open`], for commands that ask about what is there: where nothing is, nothing is made.
    pub(crate) async fn open_to_read(settings: &Settings) -> Result<Client, Failure> {
        let data = settings.data();
        if !data.try_exists().unwrap_or(true) {
            return Err(Failure::usage(format!(
                "there is no data directory {}: --data names another; `medweave serve` and `medweave import` make one",
                data.display()
            )));
        }
        Client::open(settings).await
    }

    /// The way to the routes over the data directory of `settings`, which is made if it is not there; that is said.
    pub(crate) async fn open(settings: &Settings) -> Result<Client, Failure> {
        let (data, begun) = (settings.data(), Instant::now());
        let is_new = !data.try_exists().unwrap_or(true);
        loop {
            if let Taken::Mine(directory) = Directory::take(&data)? {
                if is_new {
                    records::tell_operator!("medweave: made the data directory {}", data.display());
                }
                return Ok(Client::Here(Box::new(Opened::new(directory, settings.zone()?)?)));
            }
            let socket = directory::socket(&data);
            match connect(&socket).await {
                Ok(_) => return Ok(Client::There(socket)),
                // It is starting, or just stopped.
                Err(_) if begun.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => {
                    return Err(Failure::failed(format!(
                        "another program has {} open and does not answer on {} ({error}): it may be starting or migrating; wait for it, or stop it",
                        data.display(),
                        socket.display()
                    )));
                }
            }
        }
    }

    /// Sends a request as the operator.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, Failure> {
        request.headers_mut().entry("host").or_insert(axum::http::HeaderValue::from_static("localhost"));
        match self {
            Client::Here(opened) => {
                request.extensions_mut().insert(Peer::Local { uid: rustix::process::geteuid().as_raw() });
                match opened.router.clone().oneshot(request).await {
                    Ok(response) => Ok(response),
                    Err(never) => match never {},
                }
            }
            Client::There(socket) => over_socket(socket, request).await,
        }
    }

    /// Closes what was opened.
    pub(crate) async fn close(self) {
        if let Client::Here(opened) = self {
            opened.close().await;
        }
    }

    /// Sends JSON, or nothing, and reads JSON; a refusal becomes a failure with its text.
    pub(crate) async fn json(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).map_err(|error| Failure::usage(error.to_string()))?;
        let response = self.send(request).await?;
        let status = response.status();
        let bytes = read_all(response.into_body()).await?;
        let value: Value =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(Value::Null) };
        if status.is_success() { Ok(value) } else { Err(refused(status, &value)) }
    }
}

/// The failure that a refusal of our API is.
pub(crate) fn refused(status: StatusCode, value: &Value) -> Failure {
    let message = value["error"]["message"].as_str().unwrap_or("the request was refused");
    let code = if status.is_client_error() && status != StatusCode::FORBIDDEN && status != StatusCode::NOT_FOUND {
        2
    } else {
        1
    };
    Failure { text: message.to_owned(), code }
}

/// A body's bytes.
pub(crate) async fn read_all(body: Body) -> Result<Bytes, Failure> {
    let collected = body.collect().await.map_err(|error| Failure::failed(format!("the answer broke off: {error}")))?;
    Ok(collected.to_bytes())
}

async fn connect(socket: &Path) -> std::io::Result<UnixStream> {
    let near = listen::Near::of(socket)?;
    UnixStream::connect(near.path()).await
}

async fn over_socket(socket: &Path, request: Request<Body>) -> Result<Response<Body>, Failure> {
    let lost = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("the program that has the data directory stopped answering: {error}"))
    };
    let stream = connect(socket).await.map_err(|error| lost(&error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| lost(&error))?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| lost(&error))?;
    Ok(response.map(Body::new))
}
