//! The operations on terminology and `$lastn` over HTTP: by GET and POST, of types and of resources, in batches; who may ask; what is
//! wrong with a request.

use crate::house::{House, Told};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/fhir+json");

struct Client {
    house: House,
    bearer: String,
}

impl Client {
    async fn new() -> Client {
        let house = House::new();
        let bearer = format!("Bearer {}", house.token("system/*.cruds"));
        let client = Client { house, bearer };
        let coding = |code: &str| json!({"coding": [{"system": "http://cs", "code": code}]});
        let observation = |id: &str, code: &str, of: &str, day: &str| {
            json!({"resourceType": "Observation", "id": id, "status": "final", "code": coding(code),
                "category": [{"coding": [{"code": "laboratory"}]}],
                "subject": {"reference": format!("Patient/{of}")}, "effectiveDateTime": day})
        };
        for resource in [
            json!({"resourceType": "CodeSystem", "id": "cs", "url": "http://cs", "version": "1", "status": "active", "content": "complete",
                "concept": [{"code": "a", "display": "Alpha", "concept": [{"code": "b", "display": "Beta"}]}, {"code": "c", "display": "Gamma"}]}),
            json!({"resourceType": "ValueSet", "id": "vs", "url": "http://vs", "status": "active",
                "compose": {"include": [{"system": "http://cs"}], "exclude": [{"system": "http://cs", "concept": [{"code": "c"}]}]}}),
            json!({"resourceType": "ValueSet", "id": "odd", "url": "http://odd", "status": "active",
                "compose": {"include": [{"valueSet": ["http://odd"]}]}}),
            json!({"resourceType": "ConceptMap", "id": "cm", "url": "http://cm", "status": "active", "group": [{"source": "http://cs",
                "target": "http://other", "element": [{"code": "a", "target": [{"code": "x", "equivalence": "equal"}]}]}]}),
            json!({"resourceType": "Patient", "id": "ann"}),
            json!({"resourceType": "Patient", "id": "bob"}),
            observation("o1", "a", "ann", "2020-01-01"),
            observation("o2", "a", "ann", "2021-01-01"),
            observation("o3", "c", "ann", "2019-01-01"),
            observation("o4", "a", "bob", "2022-01-01"),
        ] {
            let path = format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
            let told = client.ask(Method::PUT, &path, &[JSON], &resource.to_string()).await;
            assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
        }
        client
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Told {
        let own = [("authorization", self.bearer.as_str())];
        let headers: Vec<(&str, &str)> = own.into_iter().chain(headers.iter().copied()).collect();
        self.house.ask(method, &format!("/fhir/{path}"), &headers, body).await
    }

    async fn get(&self, path: &str) -> Told {
        self.ask(Method::GET, path, &[], "").await
    }

    async fn post(&self, path: &str, body: Value) -> Told {
        self.ask(Method::POST, path, &[JSON], &body.to_string()).await
    }
}

fn parameters(given: Value) -> Value {
    json!({"resourceType": "Parameters", "parameter": given})
}

/// The value of the first parameter of an answer.
fn first(told: &Told) -> Value {
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let parameter = told.json()["parameter"][0].clone();
    parameter
        .as_object()
        .unwrap()
        .iter()
        .find(|(name, _)| name.starts_with("value"))
        .map(|(_, value)| value.clone())
        .unwrap()
}

fn ids(told: &Told) -> Vec<String> {
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let entries = told.json()["entry"].as_array().cloned().unwrap_or_default();
    entries.iter().map(|entry| entry["resource"]["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn value_sets_are_expanded_by_url_by_id_and_as_they_are_sent() {
    let client = Client::new().await;
    let definition = json!({"resourceType": "ValueSet", "compose": {"include": [{"valueSet": ["http://vs"]}]}});
    for told in [
        client.get("ValueSet/$expand?url=http://vs").await,
        client.get("ValueSet/vs/$expand").await,
        client.get("ValueSet/vs/$expand?_format=json&_pretty=true").await,
        client.post("ValueSet/$expand", parameters(json!([{"name": "url", "valueUri": "http://vs"}]))).await,
        client.post("ValueSet/vs/$expand", parameters(json!([{"name": "activeOnly", "valueBoolean": true}]))).await,
        client.post("ValueSet/$expand", parameters(json!([{"name": "valueSet", "resource": definition}]))).await,
        client.post("ValueSet/$expand", definition.clone()).await,
        client.ask(Method::POST, "ValueSet/$expand?url=http://vs", &[], "").await,
    ] {
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        assert_eq!(told.header("content-type"), "application/fhir+json; charset=utf-8");
        let expansion = &told.json()["expansion"];
        assert_eq!(expansion["total"], 2, "{}", told.text);
        assert_eq!(expansion["contains"][1], json!({"system": "http://cs", "code": "b", "display": "Beta"}));
    }
    let page = client.get("ValueSet/vs/$expand?offset=1&count=1").await.json();
    assert_eq!((&page["expansion"]["contains"][0]["code"], &page["expansion"]["offset"]), (&json!("b"), &json!(1)));
}

#[tokio::test]
async fn codes_are_validated_looked_up_compared_and_translated() {
    let client = Client::new().await;
    for (path, expected) in [
        ("ValueSet/$validate-code?url=http://vs&system=http://cs&code=b&display=beta", json!(true)),
        ("ValueSet/vs/$validate-code?system=http://cs&code=c", json!(false)),
        ("CodeSystem/$validate-code?url=http://cs&code=c", json!(true)),
        ("CodeSystem/cs/$validate-code?code=d", json!(false)),
        ("CodeSystem/$lookup?system=http://cs&code=b", json!("http://cs")),
        ("CodeSystem/$subsumes?system=http://cs&codeA=a&codeB=b", json!("subsumes")),
        ("CodeSystem/cs/$subsumes?codeA=b&codeB=a", json!("subsumed-by")),
        ("ConceptMap/$translate?system=http://cs&code=a&targetsystem=http://other", json!(true)),
        ("ConceptMap/cm/$translate?system=http://cs&code=b", json!(false)),
    ] {
        assert_eq!(first(&client.get(path).await), expected, "{path}");
        assert_eq!(client.ask(Method::HEAD, path, &[], "").await.status, StatusCode::OK, "{path}");
    }
    let coding = json!({"system": "http://cs", "code": "b"});
    for (path, given, expected) in [
        ("ValueSet/vs/$validate-code", json!([{"name": "coding", "valueCoding": coding}]), json!(true)),
        (
            "CodeSystem/$validate-code",
            json!([{"name": "codeableConcept", "valueCodeableConcept": {"coding": [coding]}}]),
            json!(true),
        ),
        ("CodeSystem/$lookup", json!([{"name": "coding", "valueCoding": coding}]), json!("http://cs")),
        (
            "ConceptMap/$translate",
            json!([{"name": "url", "valueUri": "http://cm"}, {"name": "coding", "valueCoding": coding}]),
            json!(false),
        ),
    ] {
        assert_eq!(first(&client.post(path, parameters(given)).await), expected, "{path}");
    }
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": "ValueSet/$expand?url=http://vs"}},
        {"request": {"method": "GET", "url": "CodeSystem/cs/$validate-code?code=a"}},
        {"request": {"method": "GET", "url": "Observation/$lastn?patient=ann&code=a"}},
        {"request": {"method": "GET", "url": "CodeSystem/$lookup?system=http://cs&code=none"}},
    ]});
    let answers = client.ask(Method::POST, "", &[JSON], &batch.to_string()).await.json();
    assert_eq!(answers["entry"][0]["resource"]["expansion"]["total"], 2, "{answers}");
    assert_eq!(answers["entry"][1]["resource"]["parameter"][0]["valueBoolean"], true);
    assert_eq!(answers["entry"][2]["resource"]["entry"][0]["resource"]["id"], "o2");
    assert!(answers["entry"][3]["response"]["status"].as_str().unwrap().starts_with("404"));
}

#[tokio::test]
async fn the_last_of_each_code_come_by_url_by_form_and_by_parameters() {
    let client = Client::new().await;
    assert_eq!(ids(&client.get("Observation/$lastn?patient=ann&category=laboratory").await), ["o2", "o3"]);
    let told = client.get("Observation/$lastn?patient=ann&code=a&max=2").await;
    assert_eq!(ids(&told), ["o2", "o1"]);
    let bundle = told.json();
    assert_eq!((&bundle["type"], &bundle["total"]), (&json!("searchset"), &json!(2)));
    assert!(
        bundle["link"][0]["url"].as_str().unwrap().contains("/fhir/Observation/$lastn?max=2&patient=ann"),
        "{}",
        told.text
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(
        ids(&client.ask(Method::POST, "Observation/$lastn?max=2", &form, "patient=ann&code=a").await),
        ["o2", "o1"]
    );
    let given = json!([{"name": "patient", "valueString": "ann"}, {"name": "code", "valueString": "a"}, {"name": "max", "valuePositiveInt": 1}]);
    assert_eq!(ids(&client.post("Observation/$lastn", parameters(given)).await), ["o2"]);
    assert_eq!(ids(&client.get("Observation/$lastn?patient=nobody&code=a").await), Vec::<String>::new());
    // Who sees one patient is told of her alone.
    let token = format!("Bearer {}", client.house.token_of("patient/*.rs", "ann"));
    let path = "/fhir/Observation/$lastn?subject=Patient/ann,Patient/bob&code=a";
    let told = client.house.ask(Method::GET, path, &[("authorization", &token)], "").await;
    assert_eq!(ids(&told), ["o2"]);
    assert!(!told.text.contains("o4"), "{}", told.text);
    // What was given out stands in the trail of the patient.
    let reads = client.house.reads(Some("ann"));
    assert!(reads.iter().any(|read| read.action == "lastn"), "{reads:?}");
}

#[tokio::test]
async fn wrong_requests_say_what_is_wrong() {
    let client = Client::new().await;
    for (method, path, body, status, code, word) in [
        (Method::GET, "ValueSet/$expand", "", 400, "invalid", "which value set"),
        (Method::GET, "ValueSet/$expand?url=http://none", "", 404, "not-found", "no ValueSet"),
        (Method::GET, "ValueSet/none/$expand", "", 404, "not-found", "not known here"),
        (Method::GET, "ValueSet/odd/$expand", "", 422, "processing", "made of itself"),
        (Method::GET, "ValueSet/$expand?url=http://vs&count=few", "", 400, "invalid", "count"),
        (Method::GET, "ValueSet/$expand?url=http://vs&colour=red", "", 400, "not-supported", "known are"),
        (Method::GET, "ValueSet/$expand?url=http://vs&_format=xml", "", 406, "not-supported", "XML"),
        (Method::POST, "ValueSet/$expand", "{", 400, "invalid", "the body"),
        (Method::POST, "ValueSet/$expand", r#"{"resourceType":"Patient"}"#, 400, "invalid", "Parameters"),
        (Method::GET, "ValueSet/$validate-code?url=http://vs&code=a", "", 400, "invalid", "code system"),
        (Method::GET, "CodeSystem/$lookup?system=http://cs&code=z", "", 404, "not-found", "no code"),
        (Method::GET, "CodeSystem/$lookup?code=a", "", 400, "invalid", "system"),
        (Method::GET, "CodeSystem/cs/$lookup?code=a", "", 404, "not-supported", "$lookup"),
        (Method::GET, "CodeSystem/$subsumes?system=http://cs&codeA=a", "", 400, "invalid", "codeB"),
        (Method::GET, "ConceptMap/$translate?code=a", "", 400, "invalid", "system"),
        (Method::GET, "Observation/$lastn?code=a", "", 400, "invalid", "whose observations"),
        (Method::GET, "Observation/$lastn?patient=ann", "", 400, "invalid", "which observations"),
        (Method::GET, "Observation/$lastn?patient=ann&code=a&max=0", "", 400, "invalid", "max=0"),
        (Method::GET, "Observation/$lastn?patient=ann&code=a&_sort=date", "", 400, "not-supported", "_sort"),
        (
            Method::POST,
            "Observation/$lastn",
            r#"{"resourceType":"Parameters","parameter":[{"name":"x"}]}"#,
            400,
            "invalid",
            "parameter[0]",
        ),
    ] {
        let told = client.ask(method.clone(), path, &[JSON], body).await;
        assert_eq!(told.status.as_u16(), status, "{method} {path}: {}", told.text);
        let issue = &told.json()["issue"][0];
        assert_eq!(issue["code"], code, "{method} {path}: {}", told.text);
        assert!(issue["diagnostics"].as_str().unwrap().contains(word), "{method} {path}: {}", told.text);
    }
    let told = client.ask(Method::POST, "ValueSet/$expand", &[("content-type", "application/fhir+xml")], "<x/>").await;
    assert_eq!(told.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let told = client.get("ValueSet/$expand?url=http://vs&count=few").await;
    assert_eq!(told.json()["issue"][0]["expression"][0], "Parameters.parameter.where(name = 'count')");
}

#[tokio::test]
async fn each_operation_needs_the_right_to_read_what_it_tells_of() {
    let client = Client::new().await;
    for (scopes, path, status) in [
        ("system/ValueSet.r system/CodeSystem.r", "ValueSet/$expand?url=http://vs", 200),
        ("system/ValueSet.r", "ValueSet/$expand?url=http://vs", 403),
        ("system/CodeSystem.r", "ValueSet/$expand?url=http://vs", 403),
        ("system/ValueSet.s system/CodeSystem.r", "ValueSet/vs/$expand", 403),
        ("system/CodeSystem.r", "CodeSystem/$lookup?system=http://cs&code=a", 200),
        ("system/ValueSet.rs", "CodeSystem/$lookup?system=http://cs&code=a", 403),
        ("system/ValueSet.rs", "CodeSystem/$subsumes?system=http://cs&codeA=a&codeB=b", 403),
        ("system/ConceptMap.r", "ConceptMap/cm/$translate?system=http://cs&code=a", 200),
        ("system/CodeSystem.rs", "ConceptMap/cm/$translate?system=http://cs&code=a", 403),
        ("system/Observation.s", "Observation/$lastn?patient=ann&code=a", 200),
        ("system/Observation.r", "Observation/$lastn?patient=ann&code=a", 403),
    ] {
        let token = format!("Bearer {}", client.house.token(scopes));
        let (got, text) =
            client.house.send(Method::GET, &format!("/fhir/{path}"), &[("authorization", &token)], "").await;
        assert_eq!(got.as_u16(), status, "{scopes} {path}: {text}");
    }
}

#[tokio::test]
async fn the_statement_lists_the_operations() {
    let client = Client::new().await;
    let statement = client.get("metadata").await.json();
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    for (of, operations) in [
        ("ValueSet", "expand validate-code"),
        ("CodeSystem", "lookup subsumes validate-code"),
        ("ConceptMap", "translate"),
        ("Observation", "lastn"),
        ("Patient", "everything match merge"),
    ] {
        let own = resources.iter().find(|resource| resource["type"] == of).unwrap()["operation"].as_array().unwrap();
        let names: Vec<&str> = own.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names.join(" "), operations, "{of}");
        let definition = own[0]["definition"].as_str().unwrap();
        assert!(definition.starts_with(&format!("http://hl7.org/fhir/OperationDefinition/{of}-")), "{definition}");
    }
}
