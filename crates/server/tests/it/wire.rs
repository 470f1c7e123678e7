//! A port as the program serves it, and clients that write bytes of their own to it.

use crate::house::House;
use server::listen::{self, Tls};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// How long anything may take before the test is lost.
pub const DEADLINE: Duration = Duration::from_secs(40);

pub struct Port {
    pub address: SocketAddr,
    pub token: String,
    _stop: oneshot::Sender<()>,
}

impl Port {
    pub async fn open(house: &House, tls: Option<Tls>) -> Port {
        let listener = listen::bind("127.0.0.1:0".parse().unwrap(), tls.as_ref()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let over = async move {
            let _ = stopped.await;
        };
        tokio::spawn(listen::serve(listener, house.router.clone(), tls, over));
        Port { address, token: house.token("system/*.cruds"), _stop: stop }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A whole request without a body.
    pub fn get(&self, path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", self.token)
    }

    /// The beginning of a request with a body.
    pub fn post(&self, path: &str, headers: &str) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/fhir+json\r\n{headers}\r\n",
            self.token
        )
    }

    /// Sends bytes and gives what comes until the server closes, or nothing comes for a moment after something did.
    pub async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // A server that refuses early may close while the rest is on its way.
        let _ = stream.write_all(bytes).await;
        read_answer(&mut stream).await
    }

    /// Whether another client is served meanwhile.
    pub async fn serves(&self) {
        let told = tokio::time::timeout(DEADLINE, self.exchange(self.get("/fhir/Patient?_count=1").as_bytes())).await;
        let told = told.expect("another client is served in time");
        assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    }
}

/// Reads head and body of one answer, by its length; or what there is until the end.
pub async fn read_answer(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut read = Vec::new();
    let mut part = vec![0; 1 << 16];
    loop {
        let came = tokio::time::timeout(DEADLINE, stream.read(&mut part)).await;
        // A connection that breaks is over.
        let count = came.expect("an answer comes in time").unwrap_or(0);
        read.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&read);
        let length = text
            .to_ascii_lowercase()
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
        let is_whole = text.split_once("\r\n\r\n").zip(length).is_some_and(|((_, body), length)| body.len() >= length);
        if count == 0 || is_whole {
            return text.into_owned();
        }
    }
}
