//! All routes, in one table: method, path, what it needs, who answers.
//!
//! A route is a row of this table or does not exist; its [`Need`] is checked by the gate before the handler sees the request.
//! A test walks the table without a token, with a bad and with a too narrow one.

use crate::app::App;
use crate::body::Unread;
use crate::call::{Call, Peer};
use crate::refusal::{Audience, Dialect, Refusal};
use crate::request_id::{self, RequestId};
use crate::{Answer, api, fhir, gate, pages};
use access::{Duty, Permission, Use};
use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter};
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tower_http::compression::{CompressionLayer, CompressionLevel};

/// What a route needs of whoever asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Nothing: it says nothing about patients.
    Nothing,
    /// To be known, whatever one may do: the store checks what the content asks for.
    Known,
    /// To be known, or to hold a session, be it locked: what shows a session, ends or unlocks it.
    Session,
    /// To be a person who is signed in.
    Person,
    /// A permission on the type that the path names as `{type}`.
    OnType(Permission),
    /// A permission on every type.
    OnAll(Permission),
    /// A permission on one type.
    On(Permission, &'static str),
    /// A duty.
    Duty(Duty),
    /// Some duty.
    Oversee,
    /// The program's own figures.
    Metrics,
}

/// The longest `X-Request-Id` that is given back as `X-Correlation-Id` where another name holds.
const MOST_ECHOED_BYTES: usize = 1 << 10;

type Answering = Pin<Box<dyn Future<Output = Result<Answer, Refusal>> + Send>>;

/// A row of the table.
#[derive(Clone)]
pub struct Route {
    /// The method; `GET` answers `HEAD` too.
    pub method: Method,
    /// The path as axum writes it: `/fhir/{type}/{id}`.
    pub path: &'static str,
    /// What it needs.
    pub need: Need,
    /// Whether a request shows that somebody is there.
    pub(crate) used: Use,
    handler: Arc<dyn Fn(Call) -> Answering + Send + Sync>,
}

impl Route {
    /// A row.
    pub fn new<F>(
        method: Method,
        path: &'static str,
        need: Need,
        handler: impl Fn(Call) -> F + Send + Sync + 'static,
    ) -> Route
    where
        F: Future<Output = Result<Answer, Refusal>> + Send + 'static,
    {
        Route { method, path, need, used: Use::Act, handler: Arc::new(move |call| Box::pin(handler(call))) }
    }

    /// The same for what pages ask by themselves: it keeps no session open.
    #[must_use]
    pub fn in_background(self) -> Route {
        Route { used: Use::Background, ..self }
    }

    /// Whether it changes something: then a session alone is not enough, its CSRF token is needed too.
    pub fn writes(&self) -> bool {
        // A search by POST only reads, but browsers can be made to send one; asking for the token costs nothing.
        !matches!(self.method, Method::GET | Method::HEAD)
    }
}

/// The table.
pub fn routes() -> Vec<Route> {
    let mut all = fhir::routes();
    all.extend(api::routes());
    all.extend(pages::routes());
    all
}

/// The router over the whole table.
pub fn router(app: Arc<App>) -> Router {
    let mut by_path: BTreeMap<&'static str, MethodRouter<Arc<App>>> = BTreeMap::new();
    for route in routes() {
        let filter = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::TRACE);
        let path = route.path;
        let serve = move |State(app): State<Arc<App>>, parameters: Parameters, request: Request| {
            pass(app, route.clone(), parameters, request)
        };
        let methods = by_path.remove(path).unwrap_or_default().on(filter, serve);
        by_path.insert(path, methods);
    }
    let mut router = Router::new();
    for (path, methods) in by_path {
        router = router.route(path, methods);
    }
    router
        .fallback(elsewhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::middleware::from_fn(harden))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .with_state(app)
}

/// What stands in the path, unless it is no text.
type Parameters = Result<RawPathParams, RawPathParamsRejection>;

async fn pass(app: Arc<App>, route: Route, parameters: Parameters, request: Request) -> Response {
    let dialect = Dialect::of(route.path);
    let name = request_id(&request);
    let Ok(parameters) = parameters else {
        let refused = known(app, &request, dialect).err();
        let unreadable = || Refusal::bad_request("the path is not UTF-8 once its %-escapes are read");
        return refused.unwrap_or_else(unreadable).into_response(dialect);
    };
    let Some(peer) = request.extensions().get::<Peer>().copied() else {
        return Refusal::internal("a listener did not say who is at the other end").into_response(dialect);
    };
    let (parts, body) = request.into_parts();
    let parameters = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let body = Unread::new(body, &parts.headers, parts.version);
    let mut call = Call {
        app,
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        peer,
        request: name.clone(),
        grant: None,
        session: None,
        parameters,
        body,
    };
    let is_pretty = dialect == Dialect::Fhir && call.query_value("_pretty").as_deref() == Some("true");
    let began = Instant::now();
    let passed = gate::pass(&mut call, &route);
    let app = Arc::clone(&call.app);
    let counted = Counted { app: Arc::clone(&app), route: route.clone(), began };
    let who = call.grant.clone().map(|grant| (grant, format!("{} {}", call.method, call.asked())));
    let answered = match passed {
        Ok(()) => Caught((route.handler)(call)).await,
        Err(refusal) => Err(refusal),
    };
    let refusal = match answered {
        Ok(answer) if is_pretty => return counted.by(answer.pretty().into_response()),
        Ok(answer) => return counted.by(answer.into_response()),
        Err(refusal) => refusal,
    };
    if refusal.is_fault() {
        // Neither the path nor the query: they may name a patient.
        let (method, path, what) = (&route.method, route.path, &refusal.issues[0].text);
        records::tell_operator!("medweave: request {name}, {method} {path}: {what}");
    }
    let audience = if who.is_some() { Audience::Known } else { Audience::Stranger };
    if let Some((grant, asked)) = who.filter(|_| refusal.status == StatusCode::FORBIDDEN) {
        let shown = refusal.clone();
        // The trail's own failure is told there; it changes nothing about the refusal.
        let _ = tokio::task::spawn_blocking(move || app.audit_refusal(&grant, "refused", &asked, &shown)).await;
    }
    counted.by(refusal.found_by(&name, audience).into_response(dialect))
}

/// A request that is counted when its answer is known.
struct Counted {
    app: Arc<App>,
    route: Route,
    began: Instant,
}

impl Counted {
    fn by(self, response: Response) -> Response {
        self.app.counts.request(&self.route.method, self.route.path, response.status(), self.began.elapsed());
        response
    }
}

/// A handler; if it panics, that is a refusal, and the connection with its other requests lives on.
struct Caught(Answering);

impl Future for Caught {
    type Output = Result<Answer, Refusal>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // What a handler holds is dropped with it; the stores behind it recover what a panic leaves locked.
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(Refusal::internal("the request failed inside the program"))))
    }
}

/// The name that the outermost layer gave a request.
fn request_id(request: &Request) -> RequestId {
    request.extensions().get().cloned().unwrap_or_else(|| RequestId::of(request.headers()))
}

/// A path that is known, by a method that is not.
async fn wrong_method(State(app): State<Arc<App>>, request: Request) -> Response {
    let request = without_body(request);
    let dialect = Dialect::of(request.uri().path());
    if let Err(refusal) = known(app, &request, dialect) {
        return refusal.into_response(dialect);
    }
    let path = request.uri().path();
    if let Some(operation) = operation(path, dialect) {
        return gate::unknown_operation(operation).into_response(dialect);
    }
    let text = format!("{} is not possible on {path}", request.method());
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "not-supported", text).into_response(dialect)
}

/// What no route answers: a page, or nothing.
async fn elsewhere(State(app): State<Arc<App>>, request: Request) -> Response {
    let request = without_body(request);
    let path = request.uri().path();
    let dialect = Dialect::of(path);
    if let Err(refusal) = known(app, &request, dialect) {
        return refusal.into_response(dialect);
    }
    match dialect {
        Dialect::Page if matches!(*request.method(), Method::GET | Method::HEAD) => {
            pages::serve(path, request.headers())
        }
        Dialect::Page => {
            let text = format!("{} is not possible on {path}", request.method());
            let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "not-supported", text);
            refusal.with_header("allow", "GET,HEAD").into_response(dialect)
        }
        dialect => match operation(path, dialect) {
            Some(operation) => gate::unknown_operation(operation).into_response(dialect),
            None => Refusal::not_found(format!("there is nothing at {path}")).into_response(dialect),
        },
    }
}

/// The FHIR operation that a path ends in.
fn operation(path: &str, dialect: Dialect) -> Option<&str> {
    path.rsplit('/').next().filter(|last| dialect == Dialect::Fhir && last.starts_with('$'))
}

/// A request whose body nobody will read.
fn without_body(request: Request) -> Request {
    let (parts, body) = request.into_parts();
    drop(Unread::new(body, &parts.headers, parts.version));
    Request::from_parts(parts, axum::body::Body::empty())
}

/// Who is not known learns nothing of what there is either.
fn known(app: Arc<App>, request: &Request, dialect: Dialect) -> Result<(), Refusal> {
    if dialect == Dialect::Page {
        return Ok(());
    }
    let peer = request.extensions().get::<Peer>().copied();
    let peer = peer.ok_or_else(|| Refusal::internal("a listener did not say who is at the other end"))?;
    gate::known(&app, peer, request.headers())
}

/// Headers of every answer: the request's name, what browsers must not do with the answer, and under TLS that they come back by TLS.
async fn harden(mut request: Request, next: Next) -> Response {
    let is_encrypted = matches!(request.extensions().get(), Some(Peer::Network { tls: true, .. }));
    let is_page = Dialect::of(request.uri().path()) == Dialect::Page;
    let name = RequestId::of(request.headers());
    let given = request.headers_mut().remove(request_id::HEADER);
    let replaced =
        given.filter(|given| given.as_bytes() != name.as_str().as_bytes() && given.len() <= MOST_ECHOED_BYTES);
    request.extensions_mut().insert(name.clone());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    name.stamp(headers);
    if let Some(given) = replaced {
        headers.insert("x-correlation-id", given);
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if is_page {
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    }
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("referrer-policy", HeaderValue::from_static("same-origin"));
    headers.insert("x-frame-options", HeaderValue::from_static("DENY"));
    if !is_page {
        // Data that a browser is made to show as a page can do nothing there.
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
        headers.insert("content-security-policy", nothing);
    }
    if is_encrypted {
        headers.insert("strict-transport-security", HeaderValue::from_static("max-age=31536000"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_handler_that_panics_is_a_fault_of_the_program_and_no_end_of_the_connection() {
        let panics: Answering = Box::pin(async { panic!("as a test") });
        let refusal = Caught(panics).await.err().unwrap();
        assert_eq!(refusal.status, StatusCode::INTERNAL_SERVER_ERROR);
        let answers: Answering = Box::pin(async { Ok(Answer::empty(StatusCode::NO_CONTENT)) });
        assert!(Caught(answers).await.is_ok());
    }
}
