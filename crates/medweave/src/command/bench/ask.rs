//! A client of the bench: asks over a port, one after the other or from many connections.

use super::spread;
use crate::failure::Failure;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where is asked, and who asks.
#[derive(Clone)]
pub(super) struct Port {
    address: SocketAddr,
    token: Arc<str>,
}

impl Port {
    pub(super) fn new(address: SocketAddr, token: &str) -> Port {
        Port { address, token: token.into() }
    }

    async fn connect(&self) -> Result<SendRequest<Body>, Failure> {
        let stream = tokio::net::TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| broke_off(&error))?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn ask(
        &self,
        line: &mut SendRequest<Body>,
        method: &str,
        path: &str,
        body: String,
    ) -> Result<Bytes, Failure> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string())
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/fhir+json")
            .body(Body::from(body))
            .map_err(|error| Failure::failed(error.to_string()))?;
        line.ready().await.map_err(|error| broke_off(&error))?;
        let answer = line.send_request(request).await.map_err(|error| broke_off(&error))?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await.map_err(|error| broke_off(&error))?.to_bytes();
        if !matches!(status, StatusCode::OK | StatusCode::CREATED) {
            return Err(Failure::failed(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&bytes))));
        }
        Ok(bytes)
    }

    /// Ids of some resources of a type.
    pub(super) async fn ids(&self, resource_type: &str, count: usize) -> Result<Vec<String>, Failure> {
        let mut line = self.connect().await?;
        let path = format!("/fhir/{resource_type}?_count={count}&_elements=id");
        let page: Value = serde_json::from_slice(&self.ask(&mut line, "GET", &path, String::new()).await?)
            .map_err(|error| Failure::failed(format!("{path}: {error}")))?;
        let entries = page["entry"].as_array().cloned().unwrap_or_default();
        let ids: Vec<String> =
            entries.iter().filter_map(|entry| entry["resource"]["id"].as_str().map(str::to_owned)).collect();
        if ids.is_empty() { Err(Failure::failed(format!("{path} found nothing"))) } else { Ok(ids) }
    }

    /// Asks one after the other over one connection.
    pub(super) async fn times(&self, paths: &[String]) -> Result<String, Failure> {
        let mut line = self.connect().await?;
        let mut times: Vec<Duration> = Vec::with_capacity(paths.len());
        for path in paths {
            let begun = Instant::now();
            self.ask(&mut line, "GET", path, String::new()).await?;
            times.push(begun.elapsed());
        }
        Ok(spread(&mut times))
    }

    /// Answers a second to many connections, each asking all of `paths`.
    pub(super) async fn rate(&self, paths: &[String], connections: usize) -> Result<f64, Failure> {
        let paths: Arc<[String]> = paths.into();
        let begun = Instant::now();
        let mut clients = Vec::new();
        for _ in 0..connections {
            let (port, paths) = (self.clone(), Arc::clone(&paths));
            clients.push(tokio::spawn(async move {
                let mut line = port.connect().await?;
                for path in paths.iter() {
                    port.ask(&mut line, "GET", path, String::new()).await?;
                }
                Ok::<_, Failure>(paths.len())
            }));
        }
        let mut answered = 0;
        for client in clients {
            answered += client.await.map_err(|error| Failure::failed(format!("a client broke down: {error}")))??;
        }
        Ok(answered as f64 / begun.elapsed().as_secs_f64())
    }

    /// Writes small resources one after the other; each answer means that it is on disk.
    pub(super) async fn writes(&self, count: usize) -> Result<String, Failure> {
        let mut line = self.connect().await?;
        let mut times: Vec<Duration> = Vec::with_capacity(count);
        for no in 0..count {
            let basic = json!({"resourceType": "Basic", "id": format!("bench{no}"), "code": {"text": "bench"}});
            let begun = Instant::now();
            self.ask(&mut line, "PUT", &format!("/fhir/Basic/bench{no}"), basic.to_string()).await?;
            times.push(begun.elapsed());
        }
        Ok(spread(&mut times))
    }
}

fn broke_off(error: &dyn std::fmt::Display) -> Failure {
    Failure::failed(format!("the connection broke off: {error}"))
}
