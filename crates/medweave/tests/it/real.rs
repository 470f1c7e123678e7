//! The real data: 122 Synthea bundles with totals that another server gives.

use crate::program::{Client, Data};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;
use std::path::PathBuf;

/// Resources whose bytes are looked up in the original files.
const SAMPLES: usize = 200;

fn folder() -> Option<PathBuf> {
    match std::env::var_os("MEDWEAVE_TEST_DATA") {
        Some(folder) => Some(PathBuf::from(folder).join("records/synthea-120")),
        None => {
            println!("skipped: MEDWEAVE_TEST_DATA is not set");
            None
        }
    }
}

/// A query as a URL carries it.
fn encoded(query: &str) -> String {
    query.replace('|', "%7C")
}

/// Reads all pages; every id once.
fn ids(client: &Client, path: &str) -> HashSet<String> {
    let (mut url, mut seen) = (path.to_owned(), HashSet::new());
    loop {
        let bundle = client.get(&url).json();
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let id = entry["resource"]["id"].as_str().expect("an id").to_owned();
            assert!(seen.insert(id), "{path}: an id twice");
        }
        match bundle["link"].as_array().expect("links").iter().find(|link| link["relation"] == "next") {
            Some(link) => link["url"].as_str().expect("a URL").clone_into(&mut url),
            None => return seen,
        }
    }
}

#[test]
fn synthea_is_stored_searched_and_led_back_to_its_bytes() {
    let Some(folder) = folder() else { return };
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected/blaze-synthea-120.json")).unwrap())
            .unwrap();
    let bundles = folder.join("bundles");
    let data = Data::new();
    let first = data.json(&["import", bundles.to_str().unwrap(), "--json"]);
    assert_eq!((&first["stored"], first["issues"].as_array().unwrap().len()), (&expected["resources"], 0), "{first}");
    let again = data.json(&["import", bundles.to_str().unwrap(), "--json"]);
    assert_eq!(
        (&again["stored"], &again["arrivals"], &again["unchanged"]),
        (&0.into(), &0.into(), &expected["resources"])
    );
    assert_eq!(data.json(&["status", "--json"])["types"], expected["types"]);
    let counted = data.json(&["sql", "--format", "json", "SELECT type, count(*) FROM resource GROUP BY type"]);
    let rows = counted["rows"].as_array().unwrap().iter();
    let by_sql: serde_json::Map<String, Value> =
        rows.map(|row| (row[0].as_str().unwrap().to_owned(), row[1].clone())).collect();
    assert_eq!(Value::Object(by_sql), expected["types"], "SQL counts what FHIR counts");

    let served = data.serve(&[]);
    assert_eq!(served.client("").get("/fhir/Patient").status, 401);
    let client = served.client(&data.token("system/*.rs"));
    for query in expected["queries"].as_array().unwrap() {
        let (kind, text, total) =
            (query["type"].as_str().unwrap(), query["query"].as_str().unwrap(), query["total"].as_u64().unwrap());
        let path = format!("/fhir/{kind}?{}", encoded(text));
        let answer = client.get(&format!("{path}&_total=accurate&_count=1"));
        if answer.status == 400 {
            // A chain of two steps may be refused by name, never answered wrongly.
            assert!(text.matches('.').count() > 1 && answer.issue().0 == "not-supported", "{path}");
            continue;
        }
        assert_eq!(answer.json()["total"], total, "{path}");
        assert_eq!(ids(&client, &format!("{path}&_count=1000&_elements=id")).len() as u64, total, "{path}");
    }
    everything(&client, &expected["everything"]);
    sources(&client, &bundles);
}

fn everything(client: &Client, expected: &Value) {
    let found = client.get(&format!("/fhir/Patient?identifier={}", expected["identifier"].as_str().unwrap())).json();
    let id = found["entry"][0]["resource"]["id"].as_str().unwrap().to_owned();
    let all = client.get(&format!("/fhir/Patient/{id}/$everything")).json();
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    for entry in all["entry"].as_array().unwrap() {
        *types.entry(entry["resource"]["resourceType"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(all["total"], expected["total"]);
    assert_eq!(serde_json::to_value(types).unwrap(), expected["types"]);
    assert_eq!(
        ids(client, &format!("/fhir/Patient/{id}/$everything?_count=500")).len() as u64,
        expected["total"].as_u64().unwrap()
    );
}

/// Resources spread over all types, each compared with its bytes in the original file.
fn sources(client: &Client, bundles: &std::path::Path) {
    let mut files: HashMap<String, Vec<u8>> = HashMap::new();
    let mut looked_at = 0;
    let types = client.get("/api/status").json()["types"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let known: BTreeMap<&String, Vec<String>> = types
        .iter()
        .map(|kind| {
            let page = client.get(&format!("/fhir/{kind}?_count=1000&_elements=id")).json();
            let ids = page["entry"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["resource"]["id"].as_str().unwrap().to_owned());
            (kind, ids.collect())
        })
        .collect();
    for round in 0.. {
        if looked_at >= SAMPLES {
            break;
        }
        for kind in &types {
            // A pseudo-random place in the type's resources.
            let skip = (round * 7_919 + kind.len() * 104_729) % 1_000;
            let ids = &known[kind];
            let id = &ids[skip % ids.len()];
            let resource = client.get(&format!("/fhir/{kind}/{id}")).json();
            let source = client.get(&format!("/fhir/{kind}/{id}/$source")).json();
            let name = source["arrival"]["name"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            let file = files.entry(name.clone()).or_insert_with(|| {
                let mut bytes = Vec::new();
                let packed = std::fs::File::open(bundles.join(&name)).unwrap();
                flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
                bytes
            });
            let (offset, length) =
                (source["file_offset"].as_u64().unwrap() as usize, source["length"].as_u64().unwrap() as usize);
            let range = &file[offset..offset + length];
            let sent: Value = serde_json::from_slice(range).unwrap();
            assert_eq!(sent["resourceType"], kind.as_str());
            // What identifies a resource whatever becomes of ids and references.
            for element in
                ["identifier", "name", "code", "status", "valueQuantity", "effectiveDateTime", "period", "text"]
            {
                assert_eq!(sent[element], resource[element], "{kind}/{id} {element}");
            }
            assert_eq!(client.get(&format!("/fhir/{kind}/{id}/$source?_bytes=1")).bytes, range, "{kind}/{id}");
            looked_at += 1;
        }
    }
}
