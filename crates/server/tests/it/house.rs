//! Stores in a folder of their own, and the routes over them.

use access::{Access, Grant, NewAccount, NewToken, Role, system_random};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use records::{Options, ReadEvent, Records};
use serde_json::Value;
use server::openapi::{self, Content};
use server::{App, Parts, Peer};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tower::ServiceExt;

/// The password of every account.
pub const PASSWORD: &str = "three calm sparrows";

/// Feed position; arrivals, open dead letters, accounts, sources, tokens.
pub type State = (i64, usize, usize, usize, usize, usize);

/// An answer.
pub struct Told {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Told {
    async fn read(response: Response, asked: &Method, path: &str) -> Told {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let told = Told { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() };
        hold_to_its_shape(asked, path, &told);
        told
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The definition of a cohort: whoever visited, as ATLAS writes it.
pub fn seen() -> Value {
    serde_json::json!({
        "ConceptSets": [],
        "PrimaryCriteria": {
            "CriteriaList": [{"VisitOccurrence": {}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "First"},
        },
        "InclusionRules": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
    })
}

/// What a test works on.
pub struct House {
    pub app: Arc<App>,
    pub router: Router,
    operator: Grant,
    tokens: AtomicI64,
    folder: tempfile::TempDir,
}

impl House {
    pub fn new() -> House {
        House::within(tempfile::tempdir().unwrap())
    }

    /// A house in a folder that goes away with it.
    pub fn within(folder: tempfile::TempDir) -> House {
        // A clock that ticks once a look.
        let clock = AtomicI64::new(1_750_000_000_000_000);
        let options = Options {
            clock: Box::new(move || clock.fetch_add(1_000, Ordering::Relaxed)),
            randomness: Box::new(|| {
                let mut bytes = [0; 16];
                system_random(&mut bytes);
                bytes
            }),
        };
        let records = Arc::new(Records::open(folder.path(), options).unwrap());
        let access = Access::open(&folder.path().join("access"), records::SCOPE_TYPES).unwrap();
        let access = Arc::new(access);
        let operator = access.local_operator(0, "root").unwrap();
        let data = folder.path().to_owned();
        let app = App::new(Parts { data, records, access, build: "test".into(), zone: "UTC".into() });
        House { router: server::router(Arc::clone(&app)), app, operator, tokens: AtomicI64::new(1), folder }
    }

    /// A token with these scopes.
    pub fn token(&self, scopes: &str) -> String {
        self.make_token(scopes, None, None)
    }

    /// A token whose `patient/` scopes are about this patient.
    pub fn token_of(&self, scopes: &str, patient: &str) -> String {
        self.make_token(scopes, Some(patient.to_owned()), None)
    }

    /// A token that ends.
    pub fn token_until(&self, scopes: &str, expires_us: i64) -> String {
        self.make_token(scopes, None, Some(expires_us))
    }

    /// Stores what requests for `1` then find.
    pub fn settle(&self) {
        let path = self.folder.path().join("settled.ndjson");
        std::fs::write(
            &path,
            "{\"resourceType\":\"Patient\",\"id\":\"1\",\"birthDate\":\"1970\"}\n{\"resourceType\":\n",
        )
        .unwrap();
        let importer = intake::import::Importer::new(Arc::clone(&self.app.records));
        let files = intake::import::files_at(&[path]).unwrap();
        let mut silent = |_: intake::import::Progress<'_>| std::ops::ControlFlow::Continue(());
        importer.import_all(&self.operator, &files, &intake::import::ImportOptions::default(), &mut silent).unwrap();
    }

    /// Adds a source of tables, `clinic`, pulls and maps it: one patient, whose id this gives.
    pub async fn clinic(&self) -> String {
        let folder = self.folder.path().join("clinic");
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in [
            ("people.csv", "pid,born\n17,1984-02-29\n"),
            ("mapping.toml", "name = \"clinic\"\n[tables.people]\nkey = [\"pid\"]\n"),
            ("patient.sql", "-- @target Patient @key p.pid\nSELECT date(p.born) AS \"birthDate\" FROM people p"),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let added = serde_json::json!({"name": "clinic", "path": folder, "mapping": folder}).to_string();
        for (path, body) in [
            ("/api/sources", added.as_str()),
            ("/api/sources/clinic/pull", "{}"),
            ("/api/mappings/clinic/run", r#"{"write":true}"#),
        ] {
            let told = self.operate(Method::POST, path, "application/json", body).await;
            assert!(told.status.is_success() && !told.text.contains("\"error\""), "{path}: {}", told.text);
        }
        tables::value::id::derived("clinic", "Patient", &["17"])
    }

    fn make_token(&self, scopes: &str, patient: Option<String>, expires_us: Option<i64>) -> String {
        let name = format!("token {}", self.tokens.fetch_add(1, Ordering::Relaxed));
        let new = NewToken { name, scopes: scopes.parse().unwrap(), patient, expires_us };
        let made = self.app.access.create_token(&self.operator, &new, self.app.now_us(), &mut system_random).unwrap();
        made.secret.reveal().to_owned()
    }

    /// Revokes the token that was made last.
    pub fn revoke_newest_token(&self) {
        let access = &self.app.access;
        let newest = access.list_tokens(&self.operator).unwrap().last().unwrap().id;
        access.revoke_token(&self.operator, newest, self.app.now_us()).unwrap();
    }

    /// Makes an account, and its id.
    pub fn account(&self, name: &str, role: Role) -> i64 {
        let new = NewAccount { name: name.into(), display: format!("Dr {name}"), role, password: PASSWORD.into() };
        self.app.access.create_account(&self.operator, &new, self.app.now_us(), &mut system_random).unwrap()
    }

    /// Sends a request from the network.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> (StatusCode, String) {
        let answer = self.ask(method, path, headers, body).await;
        (answer.status, answer.text)
    }

    /// The same, and its headers.
    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Told {
        let address = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 7), 4_000));
        self.ask_from(Peer::Network { address, tls: false }, method, path, headers, body).await
    }

    /// The same, from whoever is at the other end.
    pub async fn ask_from(&self, peer: Peer, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Told {
        let asked = method.clone();
        let response = self.open_from(peer, method, path, headers, body).await;
        Told::read(response, &asked, path).await
    }

    /// What the operator of this machine is answered on the control socket.
    pub async fn operate(&self, method: Method, path: &str, media: &str, body: &str) -> Told {
        let asked = method.clone();
        let response = self.open_from(Peer::Local { uid: 0 }, method, path, &[("content-type", media)], body).await;
        Told::read(response, &asked, path).await
    }

    /// The same, with a body that is still to be read.
    pub async fn open(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let address = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 7), 4_000));
        self.open_from(Peer::Network { address, tls: false }, method, path, headers, body).await
    }

    /// The same, from whoever is at the other end.
    pub async fn open_from(
        &self,
        peer: Peer,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(peer);
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The folder that everything is in.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The trail of reads, newest first; of a patient if one is named.
    pub fn reads(&self, patient: Option<&str>) -> Vec<ReadEvent> {
        self.app.records.read_events(&self.operator, patient, 100_000).unwrap()
    }

    /// Everything that is stored, by what changes when something is.
    pub fn state(&self) -> State {
        let access = &self.app.access;
        let arrivals = self.app.records.arrivals(&self.operator, None, 10_000).unwrap().len();
        let accounts = access.list_accounts(&self.operator).unwrap().len();
        let sources = access.list_sources(&self.operator).unwrap().len();
        let tokens =
            access.list_tokens(&self.operator).unwrap().iter().filter(|token| token.revoked_us.is_none()).count();
        let letters = self.app.records.open_dead_letters(&self.operator).unwrap() as usize;
        (self.app.records.head().0, arrivals, letters, accounts, sources, tokens)
    }
}

/// Every answer of our own API in these tests is of the shape that the OpenAPI document gives it, and so is every refusal.
fn hold_to_its_shape(method: &Method, path: &str, told: &Told) {
    let Ok(value) = serde_json::from_str::<Value>(&told.text) else { return };
    if told.header("content-type") != "application/json" {
        return;
    }
    let interface = openapi::interface();
    let path = path.split('?').next().unwrap_or(path);
    let segments: Vec<&str> = path.split('/').collect();
    let is_at = |pattern: &str| {
        let parts: Vec<&str> = pattern.split('/').collect();
        parts.len() == segments.len()
            && parts.iter().zip(&segments).all(|(part, given)| part.starts_with('{') || part == given)
    };
    let mut rows: Vec<_> =
        interface.routes.iter().filter(|((asked, at), _)| asked == method.as_str() && is_at(at)).collect();
    rows.sort_by_key(|((_, at), _)| at.matches('{').count());
    let shape = match rows.first() {
        _ if !told.status.is_success() => interface.shapes["Refusal"].clone(),
        Some((_, said)) => match &said.gives {
            Some(Content::Json(shape)) => shape.clone(),
            _ => return,
        },
        None => return,
    };
    if told.status.is_success() {
        assert_eq!(told.status.as_u16(), rows[0].1.status, "{method} {path}");
    }
    if let Err(error) = shape.fits(&value, &interface.shapes) {
        panic!("{method} {path} answers what interface.txt does not say: {error}");
    }
}
