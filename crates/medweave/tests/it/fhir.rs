//! The FHIR API over HTTP, as a client meets it.

use crate::made;
use crate::program::{Client, Data, Served};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{Read, Write};

fn served() -> (Data, Served, Client) {
    let data = Data::new();
    let served = data.serve(&[]);
    let client = served.client(&data.token("system/*.cruds"));
    (data, served, client)
}

#[test]
fn a_resource_lives_through_create_read_update_patch_delete() {
    let (_data, _served, client) = served();
    let made = client.fhir("POST", "/fhir/Patient", &json!({"resourceType": "Patient", "gender": "female"}));
    assert_eq!((made.status, made.header("etag")), (201, "W/\"1\""));
    let (location, id) = (made.header("location").to_owned(), made.json()["id"].as_str().unwrap().to_owned());
    assert!(location.ends_with(&format!("/fhir/Patient/{id}/_history/1")), "{location}");
    let path = format!("/fhir/Patient/{id}");
    assert_eq!(client.get(&location).json(), client.get(&path).json());
    let changed = json!({"resourceType": "Patient", "id": id, "gender": "male"});
    let send = |method: &str, etag: &str, body: &Value| {
        client.send(
            method,
            &path,
            &[("content-type", "application/fhir+json"), ("if-match", etag)],
            body.to_string().as_bytes(),
        )
    };
    assert_eq!(send("PUT", "W/\"9\"", &changed).status, 412);
    assert_eq!(send("PUT", "nonsense", &changed).status, 400);
    let put = send("PUT", "W/\"1\"", &changed);
    assert_eq!((put.status, put.header("etag")), (200, "W/\"2\""));
    let patch = json!([{"op": "replace", "path": "/gender", "value": "other"}]).to_string();
    let patched = client.send("PATCH", &path, &[("content-type", "application/json-patch+json")], patch.as_bytes());
    assert_eq!((patched.status, &patched.json()["gender"]), (200, &"other".into()));
    let history = client.get(&format!("{path}/_history?_count=2")).json();
    assert_eq!((&history["total"], history["entry"].as_array().unwrap().len()), (&3.into(), 2));
    let next = history["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next").unwrap()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(client.get(&next).json()["entry"][0]["resource"]["gender"], "female");
    assert_eq!(client.send("DELETE", &path, &[], b"").status, 204);
    assert_eq!(client.get(&path).status, 410);
    assert_eq!(client.get(&format!("{path}/_history/1")).status, 200);
    assert_eq!(client.get("/fhir/Patient/never").status, 404);
    assert_eq!(client.get("/fhir/_history?_count=100").json()["total"], 4);
}

#[test]
fn prefer_decides_what_comes_back() {
    let (_data, _served, client) = served();
    let create = |prefer: &str| {
        client.send(
            "POST",
            "/fhir/Basic",
            &[("content-type", "application/fhir+json"), ("prefer", prefer)],
            br#"{"resourceType":"Basic","code":{"text":"x"}}"#,
        )
    };
    let minimal = create("return=minimal");
    assert_eq!((minimal.status, minimal.bytes.len()), (201, 0));
    assert_eq!(create("return=representation").json()["resourceType"], "Basic");
    assert_eq!(create("return=OperationOutcome").json()["resourceType"], "OperationOutcome");
}

#[test]
fn conditions_name_at_most_one_resource() {
    let (_data, _served, client) = served();
    let patient = json!({"resourceType": "Patient", "identifier": [{"system": "s", "value": "1"}]});
    let create = |query: &str| {
        client.send(
            "POST",
            "/fhir/Patient",
            &[("content-type", "application/fhir+json"), ("if-none-exist", query)],
            patient.to_string().as_bytes(),
        )
    };
    assert_eq!(create("identifier=s|1").status, 201);
    assert_eq!(create("identifier=s|1").status, 200);
    assert_eq!(client.fhir("PUT", "/fhir/Patient?identifier=s%7C1", &patient).status, 200);
    assert_eq!(client.fhir("POST", "/fhir/Patient", &patient).status, 201);
    let several = create("identifier=s|1");
    assert_eq!((several.status, several.issue().0.as_str()), (412, "multiple-matches"));
    assert_eq!(client.send("DELETE", "/fhir/Patient?identifier=s%7C1", &[], b"").status, 412);
    assert_eq!(client.send("DELETE", "/fhir/Patient", &[], b"").status, 400);
    assert_eq!(client.send("DELETE", "/fhir/Patient?identifier=s%7C2", &[], b"").status, 204);
}

#[test]
fn a_transaction_is_all_or_nothing_and_a_batch_is_not() {
    let (_data, _served, client) = served();
    let entry =
        |resource: Value| json!({"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}});
    let good = entry(json!({"resourceType": "Patient", "gender": "female"}));
    let bad = entry(json!({"resourceType": "Patient", "gendre": "female"}));
    let read = json!({"request": {"method": "GET", "url": "Patient?_summary=count"}});
    let bundle = |kind: &str, entries: &[&Value]| json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    let refused = client.fhir("POST", "/fhir", &bundle("transaction", &[&good, &bad]));
    assert_eq!(refused.status, 422, "{}", String::from_utf8_lossy(&refused.bytes));
    assert!(refused.json()["issue"][0]["expression"][0].as_str().unwrap().starts_with("Bundle.entry[1]"));
    assert_eq!(client.get("/fhir/Patient?_summary=count").json()["total"], 0);
    let batch = client.fhir("POST", "/fhir", &bundle("batch", &[&good, &bad, &read])).json();
    let statuses: Vec<&str> =
        batch["entry"].as_array().unwrap().iter().map(|entry| entry["response"]["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201 Created", "422 Unprocessable Entity", "200 OK"], "{batch}");
    assert_eq!(batch["entry"][2]["resource"]["total"], 1);
    assert_eq!(client.fhir("POST", "/fhir", &bundle("transaction", &[&good])).json()["type"], "transaction-response");
}

#[test]
fn what_is_sent_packed_is_stored_and_what_is_asked_for_packed_comes_packed() {
    let (_data, _served, client) = served();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let text = "x".repeat(10_000);
    encoder.write_all(json!({"resourceType": "Basic", "code": {"text": text}}).to_string().as_bytes()).unwrap();
    let headers = [("content-type", "application/fhir+json"), ("content-encoding", "gzip")];
    let made = client.send("POST", "/fhir/Basic", &headers, &encoder.finish().unwrap());
    assert_eq!(made.status, 201);
    let path = format!("/fhir/Basic/{}", made.json()["id"].as_str().unwrap());
    let packed = client.send("GET", &path, &[("accept-encoding", "gzip")], b"");
    let mut unpacked = String::new();
    let bytes = if packed.bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(packed.bytes.as_slice()).read_to_string(&mut unpacked).unwrap();
        unpacked
    } else {
        String::from_utf8(packed.bytes).unwrap()
    };
    assert!(bytes.contains(&text));
    let bomb = client.send("POST", "/fhir/Basic", &headers, &bomb());
    assert_eq!((bomb.status, bomb.issue().0.as_str()), (413, "too-long"));
    assert_eq!(
        client
            .send("POST", "/fhir/Basic", &[("content-type", "application/fhir+json"), ("content-encoding", "br")], b"x")
            .status,
        415
    );
}

fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..65 {
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn what_is_not_spoken_is_refused_by_name() {
    let (_data, _served, client) = served();
    let xml = client.send("GET", "/fhir/Patient", &[("accept", "application/fhir+xml")], b"");
    assert_eq!(xml.status, 406);
    assert!(xml.issue().1.contains("XML"));
    assert_eq!(client.get("/fhir/Patient?_format=xml").status, 406);
    let sent = client.send("POST", "/fhir/Patient", &[("content-type", "application/fhir+xml")], b"<Patient/>");
    assert_eq!(sent.status, 415);
    assert!(sent.issue().1.contains("XML"));
    for query in ["near:missing=true", "code-value-quantity:missing=true"] {
        let kind = if query.starts_with("near") { "Location" } else { "Observation" };
        let answer = client.get(&format!("/fhir/{kind}?{}", query.replace('|', "%7C")));
        assert_eq!((answer.status, answer.issue().0.as_str()), (400, "not-supported"), "{query}");
        assert!(answer.issue().1.contains(query.split('=').next().unwrap()));
    }
    let lenient = client.get("/fhir/Patient?nonsense=1");
    assert_eq!(lenient.status, 200);
    assert_eq!(lenient.json()["entry"][0]["search"]["mode"], "outcome");
    assert!(!lenient.json()["link"][0]["url"].as_str().unwrap().contains("nonsense"));
    assert_eq!(client.send("GET", "/fhir/Patient?nonsense=1", &[("prefer", "handling=strict")], b"").status, 400);
    assert_eq!(client.get("/fhir/Patienten").status, 404);
    assert_eq!(client.send("PUT", "/fhir/Patient/1/_history", &[], b"").status, 405);
    assert_eq!(client.send("POST", "/fhir/Patient", &[("content-type", "application/fhir+json")], b"{").status, 400);
    let invalid = client.fhir("POST", "/fhir/Patient", &json!({"resourceType": "Patient", "active": "yes"}));
    assert_eq!(invalid.status, 422);
    assert_eq!(invalid.json()["issue"][0]["expression"][0], "Patient.active");
    let patch = client.send("PATCH", "/fhir/Patient/1", &[("content-type", "application/fhir+json")], b"{}");
    assert_eq!(patch.status, 415);
}

#[test]
fn a_search_by_post_is_the_search_by_get() {
    let data = Data::new();
    data.done(&["import", made::bundles(&data).to_str().unwrap()]);
    let served = data.serve(&[]);
    let client = served.client(&data.token("system/*.rs"));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let posted = client.send("POST", "/fhir/Patient/_search?gender=female", &form, b"name=mull&_total=accurate").json();
    let got = client.get("/fhir/Patient?gender=female&name=mull&_total=accurate").json();
    assert_eq!((&posted["total"], &posted["link"]), (&got["total"], &got["link"]));
    assert_eq!(got["total"], 3);
    let page = |url: &str| client.get(url).json();
    let (mut url, mut seen) = ("/fhir/Observation?_count=2&_include=Observation:subject".to_owned(), HashSet::new());
    loop {
        let bundle = page(&url);
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        let matches: Vec<&Value> = entries.iter().filter(|entry| entry["search"]["mode"] == "match").collect();
        assert_eq!(entries.len(), 2 * matches.len());
        for entry in matches {
            assert!(entry["fullUrl"].as_str().unwrap().starts_with(&served.url));
            assert!(seen.insert(entry["resource"]["id"].as_str().unwrap().to_owned()));
        }
        match bundle["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next") {
            Some(link) => url = link["url"].as_str().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), made::PATIENTS);
}

#[test]
fn the_capability_statement_names_what_can_be_searched() {
    let (_data, served, _client) = served();
    let statement = served.client("").get("/fhir/metadata").json();
    assert_eq!(
        (&statement["resourceType"], &statement["fhirVersion"]),
        (&"CapabilityStatement".into(), &"4.0.1".into())
    );
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    assert!(resources.len() > 140);
    let observation = resources.iter().find(|resource| resource["type"] == "Observation").unwrap();
    let codes: HashSet<&str> = observation["searchParam"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert!(codes.contains("code") && codes.contains("date") && codes.contains("code-value-quantity"));
    let everywhere = statement["rest"][0]["searchParam"].as_array().unwrap();
    assert!(["_has", "_list", "_filter"].iter().all(|name| everywhere.iter().any(|one| one["name"] == **name)));
}

#[test]
fn a_value_leads_back_to_its_bytes() {
    let data = Data::new();
    data.done(&["import", made::bundles(&data).to_str().unwrap()]);
    let served = data.serve(&[]);
    let client = served.client(&data.token("system/*.rs"));
    for entry in client.get("/fhir/Observation").json()["entry"].as_array().unwrap() {
        let path = format!("/fhir/Observation/{}/$source", entry["resource"]["id"].as_str().unwrap());
        let source = client.get(&path).json();
        let file = std::fs::read(data.path(source["arrival"]["name"].as_str().unwrap())).unwrap();
        let (offset, length) =
            (source["file_offset"].as_u64().unwrap() as usize, source["length"].as_u64().unwrap() as usize);
        let range = &file[offset..offset + length];
        let sent: Value = serde_json::from_slice(range).unwrap();
        assert_eq!(sent["valueQuantity"], entry["resource"]["valueQuantity"]);
        assert_eq!(client.get(&format!("{path}?_bytes=1")).bytes, range);
        assert_eq!(client.send("GET", &path, &[("accept", "application/octet-stream")], b"").bytes, range);
        let no = source["arrival"]["no"].as_u64().unwrap();
        assert_eq!(client.get(&format!("/api/arrivals/{no}/bytes")).bytes, file);
    }
}
