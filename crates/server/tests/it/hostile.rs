//! Clients that dawdle, flood or send garbage: each is refused or dropped, and others are served meanwhile.

use crate::house::House;
use crate::wire::{DEADLINE, Port, read_answer};
use std::io::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What the process holds in memory, bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_refused_and_stores_nothing() {
    let house = House::new();
    let port = Port::open(&house, None).await;
    let before = house.state();
    let chunked = |body: &str| format!("{}{body}", port.post("/fhir/Patient", "Transfer-Encoding: chunked\r\n"));
    let whole = |body: &[u8]| {
        let mut bytes = port.post("/fhir/Patient", &format!("Content-Length: {}\r\n", body.len())).into_bytes();
        bytes.extend_from_slice(body);
        bytes
    };
    let deep = "[".repeat(1 << 20);
    for (name, bytes, statuses) in [
        ("no HTTP", b"\x16\x03\x01 hello\r\n\r\n".to_vec(), &["400"][..]),
        ("bytes in the head", b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &["400"]),
        (
            "a header of 200 KiB",
            format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "a".repeat(200 << 10)).into_bytes(),
            &["431", "400"],
        ),
        (
            "two lengths",
            port.post("/fhir/Patient", "Content-Length: 2\r\nContent-Length: 3\r\n").into_bytes(),
            &["400"],
        ),
        ("a chunk length that is none", chunked("zz\r\n{}\r\n0\r\n\r\n").into_bytes(), &["400"]),
        ("a chunk longer than said", chunked("1\r\n{}\r\n0\r\n\r\n").into_bytes(), &["400"]),
        ("a body too large", port.post("/fhir/Patient", "Content-Length: 999999999999\r\n").into_bytes(), &["413"]),
        ("deep JSON", whole(deep.as_bytes()), &["400"]),
        ("no UTF-8", whole(b"{\"resourceType\":\"Patient\",\"id\":\"\xff\"}"), &["400"]),
        ("NUL", whole(b"\0\0\0\0"), &["400"]),
    ] {
        let told = port.exchange(&bytes).await;
        let status = told.split(' ').nth(1).unwrap_or("nothing");
        assert!(statuses.contains(&status), "{name}: {told}");
        port.serves().await;
    }
    let mut state = house.state();
    // The token of the port was made before.
    state.5 = before.5;
    assert_eq!(state, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_unpacks_to_gigabytes_is_refused_in_bounded_memory() {
    let house = House::new();
    let port = Port::open(&house, None).await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..1_024 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let head = port.post("/fhir/Patient", &format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", bomb.len()));
    let bytes = [head.as_bytes(), &bomb].concat();
    let before = resident();
    for told in [port.exchange(&bytes).await, port.exchange(&bytes).await] {
        assert!(told.starts_with("HTTP/1.1 413"), "{told}");
        assert!(told.contains("OperationOutcome") && told.contains("medweave import"), "{told}");
    }
    assert!(resident() < before + (400 << 20), "{} MiB more", (resident() - before) >> 20);
    port.serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_requests_hold_nobody_up_and_are_not_carried_out() {
    let house = House::new();
    let port = Port::open(&house, None).await;
    let before = house.state();
    let mut held = Vec::new();
    for begin in [
        "GET /fhir/Pat".to_owned(),
        port.post("/fhir/Patient", "Content-Length: 100\r\n") + "{\"resourceType\":",
        port.post("/fhir/Patient", "Transfer-Encoding: chunked\r\n") + "5\r\n{\"res",
    ] {
        for _ in 0..100 {
            let mut stream = port.connect().await;
            stream.write_all(begin.as_bytes()).await.unwrap();
            held.push(stream);
        }
    }
    port.serves().await;
    assert_eq!(house.state(), before);
    drop(held);
    port.serves().await;
    assert_eq!(house.state(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_idle_connections_than_there_is_room_for_keep_nobody_out() {
    let house = House::new();
    let port = Port::open(&house, None).await;
    port.serves().await;
    let before = resident();
    let mut held = Vec::new();
    // As many as this process may open: each is two open files here.
    while held.len() < 10_000 {
        match tokio::net::TcpStream::connect(port.address).await {
            Ok(stream) => held.push(stream),
            Err(_) => break,
        }
        if held.len() % 1_000 == 0 {
            port.serves().await;
        }
    }
    // Room for the client that comes now.
    held.truncate(held.len().saturating_sub(64));
    port.serves().await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 300 << 20, "{} connections took {} MiB", held.len(), grown >> 20);
    // The first had to make room if the system lets there be more than there is room for.
    if held.len() > 5_000 {
        let mut byte = [0];
        let read = tokio::time::timeout(DEADLINE, held[0].read(&mut byte)).await.unwrap();
        assert!(matches!(read, Ok(0) | Err(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_sent_in_one_go_are_answered_in_order() {
    let house = House::new();
    let port = Port::open(&house, None).await;
    let mut stream = port.connect().await;
    let requests = ["/health", "/fhir/Patient/nothing", "/ready"].map(|path| port.get(path)).concat();
    stream.write_all(requests.as_bytes()).await.unwrap();
    let mut all = String::new();
    while !all.contains("ready") {
        all.push_str(&read_answer(&mut stream).await);
    }
    let place = |text: &str| all.find(text).unwrap_or_else(|| panic!("{text} is not in {all}"));
    assert!(place("\"ok\"") < place("404") && place("404") < place("\"ready\""), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_announce_large_bodies_keep_nobody_from_writing() {
    let house = House::new();
    let port = Port::open(&house, None).await;
    let mut held = Vec::new();
    for path in ["/api/session", "/api/session/link", "/api/setup", "/api/setup/check"] {
        for announced in ["67000000", "16000"] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {announced}\r\n\r\n{{"
            );
            for _ in 0..2 {
                let mut stream = port.connect().await;
                stream.write_all(head.as_bytes()).await.unwrap();
                held.push(stream);
            }
        }
    }
    // Nor do those who are known, by what they only announce.
    for _ in 0..8 {
        let mut stream = port.connect().await;
        stream.write_all(port.post("/fhir/Patient", "Content-Length: 67000000\r\n").as_bytes()).await.unwrap();
        held.push(stream);
    }
    port.serves().await;
    let body = r#"{"resourceType":"Patient"}"#;
    let told = port
        .exchange((port.post("/fhir/Patient", &format!("Content-Length: {}\r\n", body.len())) + body).as_bytes())
        .await;
    assert!(told.starts_with("HTTP/1.1 201"), "{told}");
    // What a stranger sends is bounded by what a name and a password need.
    let long = format!(r#"{{"name":"{}","password":"x"}}"#, "n".repeat(20 << 10));
    let request = format!(
        "POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{long}",
        long.len()
    );
    assert!(port.exchange(request.as_bytes()).await.starts_with("HTTP/1.1 413"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_while_he_sends_is_told_why_and_the_connection_goes_on() {
    let house = House::new();
    let port = Port::open(&house, None).await;
    let body = "x".repeat(3 << 20);
    let bad = port.token.replace(|c: char| c.is_ascii_digit(), "0");
    for (path, token, media, status) in [
        ("/fhir/Patient", &bad, "application/json", "401"),
        ("/api/users", &port.token, "application/json", "403"),
        ("/fhir/Patient/a/b/c", &port.token, "application/json", "404"),
        ("/fhir/metadata", &port.token, "application/json", "405"),
        ("/fhir/Patient", &port.token, "application/fhir+xml", "415"),
        ("/api/session", &bad, "application/json", "413"),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = port.connect().await;
        // As most clients do: everything is sent before anything is read.
        for piece in [head.as_bytes(), body.as_bytes()] {
            stream.write_all(piece).await.unwrap_or_else(|error| panic!("{path} {status}: {error}"));
        }
        let told = read_answer(&mut stream).await;
        assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{told}");
        stream.write_all(port.get("/health").as_bytes()).await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"), "{path} {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_and_ambiguous_requests_are_answered_once() {
    let house = House::new();
    let port = Port::open(&house, None).await;
    let before = house.state();
    let old = port.get("/fhir/Patient").replace("HTTP/1.1", "HTTP/1.0").replace("Host: x\r\n", "");
    let told = port.exchange(old.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.0 200") && !told.to_ascii_lowercase().contains("transfer-encoding"), "{told}");
    // Of two lengths of one body the chunks count (RFC 9112, section 6.1): nothing of it is taken for another request.
    let body = r#"{"resourceType":"Observation"}"#;
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let both = port.post("/fhir/Patient", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n") + &chunks;
    let mut stream = port.connect().await;
    stream.write_all(both.as_bytes()).await.unwrap();
    let told = read_answer(&mut stream).await;
    assert!(told.starts_with("HTTP/1.1 400") && told.contains("agree"), "{told}");
    // And the connection is over, as the standard has it.
    let _ = stream.write_all(port.get("/health").as_bytes()).await;
    assert_eq!(read_answer(&mut stream).await, "");
    // A length that is too short cuts the resource off, and what follows is no request.
    let short = port.post("/fhir/Patient", "Content-Length: 10\r\n") + body;
    let told = port.exchange(short.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 400"), "{told}");
    let mut state = house.state();
    state.5 = before.5;
    assert_eq!(state, before, "nothing of it was stored");
    port.serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_take_long_answers_and_do_not_read_keep_nobody_from_reading() {
    let house = House::new();
    house.settle();
    let port = Port::open(&house, None).await;
    let filler = "x".repeat(900);
    for part in 0..4 {
        let line = |no| format!(r#"{{"resourceType":"Basic","id":"b{part}-{no}","code":{{"text":"{filler}"}}}}"#);
        let lines = (0..600).map(line).collect::<Vec<_>>().join("\n");
        let request = port.post("/api/import?name=b.ndjson", &format!("Content-Length: {}\r\n", lines.len())) + &lines;
        assert!(port.exchange(request.as_bytes()).await.starts_with("HTTP/1.1 200"));
    }
    let mut held = Vec::new();
    for _ in 0..600 {
        let mut stream = port.connect().await;
        stream.write_all(port.get("/api/export/Basic").as_bytes()).await.unwrap();
        held.push(stream);
    }
    for _ in 0..3 {
        port.serves().await;
    }
}
