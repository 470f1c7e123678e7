use crate::house::{House, grant};
use expect_test::expect;

fn bundle(kind: &str, entries: &[&str]) -> String {
    format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{}]}}"#, entries.join(","))
}

fn post(full_url: &str, resource: &str, request: &str) -> String {
    let resource_type = resource.split('"').nth(3).unwrap();
    format!(
        r#"{{"fullUrl":"{full_url}","resource":{resource},"request":{{"method":"POST","url":"{resource_type}"{request}}}}}"#
    )
}

#[test]
fn a_transaction_rewrites_references_between_its_entries() {
    let house = House::new();
    let answers = house.answers(&bundle("transaction", &[
        &post(
            "urn:uuid:o",
            r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:p"},"valueQuantity":{"value":1.10},"contained":[{"resourceType":"Device","id":"d","patient":{"reference":"urn:uuid:p"}}],"extension":[{"url":"http://x","valueReference":{"reference":"urn:uuid:p"}}]}"#,
            "",
        ),
        &post("urn:uuid:p", r#"{"resourceType":"Patient","active":true}"#, ""),
    ]));
    assert_eq!(answers.len(), 2);
    let id = |answer: &str| answer.split('/').nth(1).unwrap().to_owned();
    let (observation, patient) = (id(&answers[0]), id(&answers[1]));
    assert!(answers[0].starts_with("201 Created Observation/"), "{answers:?}");
    let json = house.read("Observation", &observation);
    assert_eq!(json.matches(&format!("\"Patient/{patient}\"")).count(), 3, "{json}");
    assert!(json.contains("1.10"));
}

#[test]
fn a_transaction_is_all_or_nothing_and_names_the_entry() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"1"}"#);
    let head = house.versions();
    let ok = post("urn:uuid:a", r#"{"resourceType":"Patient"}"#, "");
    for (bad, status, place) in [
        (post("urn:uuid:b", r#"{"resourceType":"Patient","birthDate":"yesterday"}"#, ""), 422, "Bundle.entry[1].resource.birthDate"),
        (post("urn:uuid:b", r#"{"resourceType":"Observation"}"#, ""), 422, "Bundle.entry[1].resource"),
        (r#"{"resource":{"resourceType":"Patient","id":"1"},"request":{"method":"PUT","url":"Patient/1","ifMatch":"W/\"7\""}}"#.into(), 412, "Bundle.entry[1]"),
        (r#"{"request":{"method":"DELETE","url":"Patient/1"}},{"resource":{"resourceType":"Patient","id":"1"},"request":{"method":"PUT","url":"Patient/1"}}"#.into(), 400, "Bundle.entry[2]"),
        (r#"{"resource":{"resourceType":"Patient"}}"#.into(), 400, "Bundle.entry[1]"),
        (r#"{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Observation"}}"#.into(), 400, "Bundle.entry[1]"),
        (r#"{"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient/2"}}"#.into(), 400, "Bundle.entry[1]"),
        (post("urn:uuid:a", r#"{"resourceType":"Patient"}"#, ""), 400, "Bundle.entry[1]"),
        (
            post("urn:uuid:b", r#"{"resourceType":"Encounter","status":"planned","class":{"code":"AMB"},"participant":[{"individual":{"reference":"Practitioner?identifier=a|1"}}]}"#, ""),
            412,
            "Bundle.entry[1].resource.participant[0].individual.reference",
        ),
    ] {
        let refusal = house.refused(&bundle("transaction", &[&ok, &bad]));
        assert_eq!(refusal.status, status, "{bad}: {refusal:?}");
        assert!(refusal.issues[0].place.starts_with(place), "{bad}: {refusal:?}");
        assert_eq!(house.versions(), head, "{bad}");
    }
}

#[test]
fn a_read_that_fails_fails_its_transaction() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"1"}"#);
    house.put(r#"{"resourceType":"Patient","id":"gone"}"#);
    house.answers(&bundle("batch", &[r#"{"request":{"method":"DELETE","url":"Patient/gone"}}"#]));
    let head = house.versions();
    let get = |url: &str| format!(r#"{{"request":{{"method":"GET","url":"{url}"}}}}"#);
    let put = r#"{"resource":{"resourceType":"Patient","id":"2"},"request":{"method":"PUT","url":"Patient/2"}}"#;
    let delete = r#"{"request":{"method":"DELETE","url":"Patient/1"}}"#;
    for (url, status) in [
        ("Patient/9", 404),
        ("Patient/gone", 410),
        ("Patient/1", 410),
        ("Patient/2/_history/2", 404),
        ("Patient/9/$everything", 404),
        ("http://h/fhir/Patient/9", 404),
    ] {
        let refusal = house.refused(&bundle("transaction", &[&get(url), put, delete]));
        assert_eq!(
            (refusal.status, refusal.issues[0].place.as_str()),
            (status, "Bundle.entry[0]"),
            "{url}: {refusal:?}"
        );
        assert_eq!(house.versions(), head, "{url}");
    }
    let error = house.bundle(&bundle("transaction", &[put, &get("Patient?unknown=1")])).unwrap_err();
    assert_eq!(error.to_string(), "400: unknown parameter");
    assert_eq!(house.versions(), head);
    // In a batch the others go on, and what the transaction writes itself may be read.
    assert!(house.answers(&bundle("batch", &[put, &get("Patient?unknown=1")]))[1].starts_with("400"));
    let reads =
        [get("Patient/3"), get("Patient/3/_history/1"), get("Patient/3/$everything"), get("Patient/2/_history/1")];
    let three = put.replace('2', "3");
    let entries: Vec<&str> = [three.as_str(), delete].into_iter().chain(reads.iter().map(String::as_str)).collect();
    assert_eq!(house.answers(&bundle("transaction", &entries)).len(), 6);
}

#[test]
fn entries_of_a_batch_over_http_must_not_refer_to_each_other() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"1","identifier":[{"system":"a","value":"1"}]}"#);
    let observation = |subject: &str| {
        let json = format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{subject}"}}}}"#
        );
        post("urn:uuid:o", &json, "")
    };
    let new = post("urn:uuid:p", r#"{"resourceType":"Patient"}"#, "");
    let known = r#"{"fullUrl":"http://h/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1"},"request":{"method":"PUT","url":"Patient/1"}}"#;
    let answers = house.answers(&bundle(
        "batch",
        &[
            &new,
            &observation("urn:uuid:p"),
            known,
            &observation("Patient/1"),
            &observation("http://h/fhir/Patient/1"),
            &observation("urn:uuid:elsewhere"),
            &observation("Patient?identifier=a|1"),
        ],
    ));
    assert!(answers[1].starts_with("422 Unprocessable Entity urn:uuid:p is another entry"), "{answers:?}");
    for no in [0, 3, 4, 5, 6] {
        assert!(answers[no].starts_with("201 Created"), "{no}: {answers:?}");
    }
    // What is stored answers a condition; a transaction is where entries know of each other.
    let id = answers[6].split('/').nth(1).unwrap();
    assert_eq!(house.member("Observation", id, "subject"), r#"{"reference":"Patient/1"}"#);
    assert_eq!(house.answers(&bundle("transaction", &[&new, &observation("urn:uuid:p")])).len(), 2);
}

#[test]
fn conditions_that_match_several_resources_fail_their_transaction_with_412() {
    let house = House::new();
    for id in ["1", "2"] {
        house.put(&format!(r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"a","value":"1"}}]}}"#));
    }
    let head = house.versions();
    let patient = r#"{"resourceType":"Patient","active":true}"#;
    for request in [
        r#""method":"POST","url":"Patient","ifNoneExist":"identifier=a|1""#,
        r#""method":"PUT","url":"Patient?identifier=a|1""#,
        r#""method":"DELETE","url":"Patient?identifier=a|1""#,
        r#""method":"PATCH","url":"Patient?identifier=a|1""#,
    ] {
        let entry = format!(r#"{{"resource":{patient},"request":{{{request}}}}}"#);
        let refusal = house.refused(&bundle("transaction", &[&post("urn:uuid:n", patient, ""), &entry]));
        assert_eq!((refusal.status, refusal.issues[0].code.as_str()), (412, "multiple-matches"), "{request}");
        assert_eq!(refusal.issues[0].place, "Bundle.entry[1]");
    }
    assert_eq!(house.versions(), head);
}

#[test]
fn an_identity_is_written_once_in_a_transaction_however_it_is_named() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"1","identifier":[{"system":"a","value":"1"}]}"#);
    let head = house.versions();
    let patient = r#"{"resourceType":"Patient","id":"1"}"#;
    let put = format!(r#"{{"resource":{patient},"request":{{"method":"PUT","url":"Patient/1"}}}}"#);
    for other in [
        put.clone(),
        format!(r#"{{"resource":{patient},"request":{{"method":"PUT","url":"Patient?identifier=a|1"}}}}"#),
        r#"{"request":{"method":"DELETE","url":"Patient/1"}}"#.to_owned(),
        r#"{"request":{"method":"DELETE","url":"Patient?identifier=a|1"}}"#.to_owned(),
        r#"{"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W10="},"request":{"method":"PATCH","url":"Patient/1"}}"#.to_owned(),
    ] {
        let refusal = house.refused(&bundle("transaction", &[&put, &other]));
        assert_eq!(refusal.status, 400, "{other}: {refusal:?}");
    }
    assert_eq!(house.versions(), head);
    // Something that is only found is not written.
    let found = post("urn:uuid:n", r#"{"resourceType":"Patient"}"#, r#","ifNoneExist":"identifier=a|1""#);
    assert_eq!(house.answers(&bundle("transaction", &[&put, &found]))[1], "200 OK Patient/1/_history/1");
}

#[test]
fn a_transaction_answers_with_status_place_version_and_time() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"1"}"#);
    let (response, _) = house
        .bundle(&bundle("transaction", &[
            r#"{"resource":{"resourceType":"Patient","id":"1","active":true},"request":{"method":"PUT","url":"Patient/1","ifMatch":"W/\"1\""}}"#,
            r#"{"resource":{"resourceType":"Patient","id":"2"},"request":{"method":"PUT","url":"Patient/2"}}"#,
            r#"{"request":{"method":"DELETE","url":"Patient/3"}}"#,
        ]))
        .unwrap();
    expect![[r#"{"resourceType":"Bundle","type":"transaction-response","entry":[{"response":{"status":"200 OK","location":"Patient/1/_history/2","etag":"W/\"2\"","lastModified":"2026-01-01T00:00:02Z"}},{"response":{"status":"201 Created","location":"Patient/2/_history/1","etag":"W/\"1\"","lastModified":"2026-01-01T00:00:02Z"}},{"response":{"status":"204 No Content"}}]}"#]]
    .assert_eq(&response);
}

#[test]
fn a_transaction_deletes_first_and_reads_last() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"old","identifier":[{"system":"a","value":"1"}]}"#);
    let answers = house.answers(&bundle("transaction", &[
        r#"{"request":{"method":"GET","url":"Patient/new"}}"#,
        r#"{"resource":{"resourceType":"Patient","id":"new","identifier":[{"system":"a","value":"1"}]},"request":{"method":"PUT","url":"Patient?identifier=a|1"}}"#,
        r#"{"request":{"method":"DELETE","url":"Patient?identifier=a|1"}}"#,
        r#"{"request":{"method":"DELETE","url":"Patient/never"}}"#,
    ]));
    expect![[r"
        200 OK get Patient/new
        201 Created Patient/new/_history/1
        204 No Content
        204 No Content"]]
    .assert_eq(&answers.join("\n"));
}

#[test]
fn conditions_are_answered_by_the_store_and_by_the_transaction() {
    let house = House::new();
    house.put(r#"{"resourceType":"Practitioner","id":"p","identifier":[{"system":"http://npi","value":"1"}]}"#);
    let practitioner = |n: u32| {
        let json =
            format!(r#"{{"resourceType":"Practitioner","identifier":[{{"system":"http://npi","value":"{n}"}}]}}"#);
        post(&format!("urn:uuid:{n}"), &json, &format!(r#","ifNoneExist":"identifier=http://npi|{n}""#))
    };
    let again = practitioner(2).replace("urn:uuid:2", "urn:uuid:2b");
    let encounter = post(
        "urn:uuid:e",
        r#"{"resourceType":"Encounter","status":"planned","class":{"code":"AMB"},"participant":[{"individual":{"reference":"Practitioner?identifier=http://npi|1"}},{"individual":{"reference":"Practitioner?identifier=http%3A%2F%2Fnpi%7C2"}},{"individual":{"reference":"urn:uuid:1"}},{"individual":{"reference":"urn:uuid:2b"}}]}"#,
        "",
    );
    let answers = house.answers(&bundle("transaction", &[&practitioner(1), &practitioner(2), &again, &encounter]));
    assert_eq!(answers[0], "200 OK Practitioner/p/_history/1");
    assert!(answers[1].starts_with("201"), "{answers:?}");
    assert_eq!(answers[2], answers[1].replace("201 Created", "200 OK"));
    let (second, encounter) = (answers[1].split('/').nth(1).unwrap(), answers[3].split('/').nth(1).unwrap());
    let expected = format!(
        r#"[{{"individual":{{"reference":"Practitioner/p"}}}},{{"individual":{{"reference":"Practitioner/{second}"}}}},{{"individual":{{"reference":"Practitioner/p"}}}},{{"individual":{{"reference":"Practitioner/{second}"}}}}]"#
    );
    assert_eq!(house.member("Encounter", encounter, "participant"), expected);
    house.put(r#"{"resourceType":"Practitioner","id":"twin","identifier":[{"system":"http://npi","value":"1"}]}"#);
    let refusal = house.refused(&bundle("transaction", &[&practitioner(1)]));
    assert_eq!((refusal.status, refusal.issues[0].code.as_str()), (412, "multiple-matches"));
}

#[test]
fn entries_of_a_batch_have_fates_of_their_own() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"1"}"#);
    let answers = house.answers(&bundle("batch", &[
        r#"{"resource":{"resourceType":"Patient","id":"1","active":true},"request":{"method":"PUT","url":"Patient/1","ifMatch":"W/\"1\""}}"#,
        r#"{"resource":{"resourceType":"Patient","id":"1","active":false},"request":{"method":"PUT","url":"Patient/1","ifMatch":"W/\"1\""}}"#,
        r#"{"resource":{"resourceType":"Patient","id":"1","active":false},"request":{"method":"PUT","url":"Patient/1","ifMatch":"W/\"2\""}}"#,
        r#"{"resource":{"resourceType":"Patient","id":"2","birthDate":"x"},"request":{"method":"PUT","url":"Patient/2"}}"#,
        r#"{"request":{"method":"DELETE","url":"Patient/1"}}"#,
        r#"{"resource":{"resourceType":"Patient","id":"1"},"request":{"method":"PUT","url":"Patient/1","ifMatch":"W/\"3\""}}"#,
        r#"{"resource":{"resourceType":"Patient","id":"3"},"request":{"method":"PUT","url":"Patient/3","ifNoneMatch":"*"}}"#,
        r#"{"resource":{"resourceType":"Patient","id":"3"},"request":{"method":"PUT","url":"Patient/3","ifNoneMatch":"*"}}"#,
        r#"{"request":{"method":"GET","url":"Patient?_count=1"}}"#,
        r#"{"request":{"method":"POST","url":"Patient/$match"}}"#,
    ]));
    expect![[r"
        200 OK Patient/1/_history/2
        412 Precondition Failed Patient/1 is at version 2, the request was made for version 1: read it again
        200 OK Patient/1/_history/3
        422 Unprocessable Entity `x` is not a date as YYYY, YYYY-MM or YYYY-MM-DD
        204 No Content
        412 Precondition Failed Patient/1 is not there, the request was made for version 3: read it again
        201 Created Patient/3/_history/1
        412 Precondition Failed Patient/3 is there already (version 1), and the request is to create it only if it is not: leave If-None-Match out to update it
        200 OK get Patient?_count=1
        400 Bad Request request.url: the operation $match cannot be called in a bundle"]]
    .assert_eq(&answers.join("\n"));
}

#[test]
fn two_updates_under_one_condition_are_not_two_resources() {
    let house = House::new();
    let update = |value: u32| {
        format!(
            r#"{{"resource":{{"resourceType":"Patient","identifier":[{{"system":"urn:m","value":"1"}}],"multipleBirthInteger":{value}}},"request":{{"method":"PUT","url":"Patient?identifier=urn:m|1"}}}}"#
        )
    };
    let refusal = house.refused(&bundle("transaction", &[&update(1), &update(2)]));
    assert_eq!(refusal.status, 400);
    assert!(refusal.issues[0].message.contains("entry[0] has the same condition"), "{refusal:?}");
    assert_eq!(house.versions(), 0);
}

#[test]
fn a_patch_in_a_bundle_is_carried_out() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"1","multipleBirthInteger":1}"#);
    // [{"op":"replace","path":"/multipleBirthInteger","value":2}]
    let data = "W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9tdWx0aXBsZUJpcnRoSW50ZWdlciIsInZhbHVlIjoyfV0=";
    let patch = format!(
        r#"{{"resource":{{"resourceType":"Binary","contentType":"application/json-patch+json","data":"{data}"}},"request":{{"method":"PATCH","url":"Patient/1"}}}}"#
    );
    assert_eq!(house.answers(&bundle("transaction", &[&patch])), ["200 OK Patient/1/_history/2"]);
    assert_eq!(house.member("Patient", "1", "multipleBirthInteger"), "2");
}

#[test]
fn a_narrow_grant_refuses_entries_of_a_batch_and_whole_transactions() {
    let house = House::new();
    let entries = [
        post("urn:uuid:a", r#"{"resourceType":"Patient"}"#, ""),
        post("urn:uuid:b", r#"{"resourceType":"Basic","code":{"text":"x"}}"#, ""),
    ];
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let narrow = grant("system/Patient.c");
    let error = house.bundle_as(&narrow, &bundle("transaction", &entries)).unwrap_err();
    assert_eq!(intake::fhir_door::refusal(&error).status, 403);
    assert_eq!(house.versions(), 0);
    let (response, _) = house.bundle_as(&narrow, &bundle("batch", &entries)).unwrap();
    assert!(response.contains("201 Created") && response.contains("403 Forbidden"), "{response}");
    assert_eq!(house.versions(), 1);
}

#[test]
fn a_batch_refuses_a_change_that_the_grant_may_not_make_alone_and_does_the_others() {
    let house = House::new();
    house.put(r#"{"resourceType":"Patient","id":"1","multipleBirthInteger":1}"#);
    let post = post("urn:uuid:a", r#"{"resourceType":"Patient"}"#, "");
    let delete = r#"{"request":{"method":"DELETE","url":"Patient/1"}}"#;
    let patch = r#"{"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W10="},"request":{"method":"PATCH","url":"Patient/1"}}"#;
    for (scope, change) in [("system/Patient.cru", delete), ("system/Patient.crd", patch)] {
        let before = house.versions();
        let (response, _) = house.bundle_as(&grant(scope), &bundle("batch", &[change, &post])).unwrap();
        assert!(response.contains("201 Created") && response.contains("403 Forbidden"), "{response}");
        assert_eq!(house.versions(), before + 1);
    }
}

#[test]
fn a_transaction_tells_nothing_of_what_its_grant_may_not_read() {
    let house = House::new();
    house.put(r#"{"resourceType":"Basic","id":"there","code":{"text":"x"}}"#);
    let put = r#"{"resource":{"resourceType":"Patient","id":"2"},"request":{"method":"PUT","url":"Patient/2"}}"#;
    for id in ["there", "not-there"] {
        let get = format!(r#"{{"request":{{"method":"GET","url":"Basic/{id}"}}}}"#);
        let error = house.bundle_as(&grant("system/Patient.crus"), &bundle("transaction", &[put, &get])).unwrap_err();
        assert_eq!(intake::fhir_door::refusal(&error).status, 403, "{id}");
    }
    assert_eq!(house.versions(), 1);
}

#[test]
fn other_bundles_are_refused_by_name() {
    let house = House::new();
    for kind in ["collection", "document", "searchset", "history", "message"] {
        let refusal = house.refused(&bundle(kind, &[]));
        assert_eq!(refusal.status, 400);
        assert!(refusal.issues[0].message.contains(kind), "{refusal:?}");
    }
    assert_eq!(house.refused(r#"{"resourceType":"Patient"}"#).status, 400);
    assert_eq!(house.refused("{").status, 400);
    assert_eq!(house.answers(&bundle("batch", &[r#"{"request":{"method":"GET","url":"x"}}"#])).len(), 1);
    assert_eq!(house.bundle(&bundle("batch", &[])).unwrap().0, r#"{"resourceType":"Bundle","type":"batch-response"}"#);
}
