//! Signing in, and what is kept from whom.

use crate::program::{Answer, Client, Data};
use serde_json::json;

const PASSWORD: &str = "a river under the old bridge";

fn sign_in(client: &Client, name: &str, password: &str) -> Answer {
    let body = json!({"name": name, "password": password}).to_string();
    client.send("POST", "/api/session", &[("content-type", "application/json")], body.as_bytes())
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[test]
fn a_clinician_signs_in_reads_and_needs_the_csrf_token_to_write() {
    let data = Data::new();
    let made = data.with_input(&["user", "create", "ada", "--role", "clinician", "--password-stdin"], PASSWORD);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let served = data.serve(&[]);
    let client = served.client("");
    assert_eq!(sign_in(&client, "ada", "not the password").status, 401);
    let signed_in = sign_in(&client, "Ada", PASSWORD);
    assert_eq!(signed_in.status, 200);
    let attributes = signed_in.header("set-cookie");
    assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Strict"), "{attributes}");
    let (cookie, csrf) = (cookie(&signed_in), signed_in.json()["csrf"].as_str().unwrap().to_owned());
    assert_eq!(signed_in.json()["person"]["role"], "clinician");
    let with = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        let mut all = vec![("cookie", cookie.as_str()), ("content-type", "application/fhir+json")];
        all.extend(headers);
        client.send(method, path, &all, body.as_bytes())
    };
    assert_eq!(with("GET", "/fhir/Patient", &[], "").status, 200);
    let patient = json!({"resourceType": "Patient"}).to_string();
    assert_eq!(with("POST", "/fhir/Patient", &[], &patient).status, 403);
    assert_eq!(with("POST", "/fhir/Patient", &[("x-csrf-token", "0")], &patient).status, 403);
    assert_eq!(with("POST", "/fhir/Patient", &[("x-csrf-token", &csrf)], &patient).status, 201);
    assert_eq!(with("GET", "/api/session", &[], "").json()["csrf"], csrf.as_str());
    assert_eq!(with("GET", "/api/users", &[], "").status, 403);
    assert_eq!(with("DELETE", "/api/session", &[("x-csrf-token", &csrf)], "").status, 204);
    assert_eq!(with("GET", "/fhir/Patient", &[], "").status, 401);
}

#[test]
fn whoever_leaves_is_shut_out_from_the_command_line() {
    let data = Data::new();
    data.with_input(&["user", "create", "ada", "--role", "clinician", "--password-stdin"], PASSWORD);
    let served = data.serve(&[]);
    let client = served.client("");
    let cookie = cookie(&sign_in(&client, "ada", PASSWORD));
    let seen = || client.send("GET", "/fhir/Patient", &[("cookie", &cookie)], b"").status;
    assert_eq!(seen(), 200);
    data.done(&["user", "change", "ada", "--disable"]);
    assert_eq!((seen(), sign_in(&client, "ada", PASSWORD).status), (401, 403));
    let other = "a bridge over the old river";
    let changed = data.with_input(&["user", "change", "ada", "--enable", "--unlock", "--password-stdin"], other);
    assert!(changed.status.success(), "{changed:?}");
    assert_eq!(sign_in(&client, "ada", PASSWORD).status, 401);
    assert_eq!(sign_in(&client, "ada", other).status, 200);
    assert_eq!(data.run(&["user", "change", "ada"]).status.code(), Some(2));
    assert_eq!(data.run(&["user", "change", "eve", "--disable"]).status.code(), Some(1));
}

#[test]
fn an_administrator_sees_no_clinical_data() {
    let data = Data::new();
    data.with_input(&["user", "create", "root", "--role", "admin", "--password-stdin"], PASSWORD);
    let served = data.serve(&[]);
    let client = served.client("");
    let cookie = cookie(&sign_in(&client, "root", PASSWORD));
    assert_eq!(client.send("GET", "/fhir/Patient", &[("cookie", &cookie)], b"").status, 403);
    assert_eq!(client.send("GET", "/api/users", &[("cookie", &cookie)], b"").status, 200);
}

#[test]
fn the_set_up_link_makes_one_administrator() {
    let data = Data::new();
    let served = data.serve(&[]);
    let log = std::fs::read_to_string(data.path("serve.log")).unwrap();
    let code = log.split("code=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let client = served.client("");
    assert_eq!(client.get("/api/setup").json()["open"], true);
    assert!(log.contains("/setup#code="), "a code never stands in a URL that is sent: {log}");
    let check = json!({"code": code}).to_string();
    let checked = client.send("POST", "/api/setup/check", &[("content-type", "application/json")], check.as_bytes());
    assert_eq!(checked.json()["valid"], true);
    let complete = |code: &str, name: &str| {
        let body = json!({"code": code, "name": name, "password": PASSWORD}).to_string();
        client.send("POST", "/api/setup", &[("content-type", "application/json")], body.as_bytes())
    };
    assert_eq!(complete("0000", "eve").status, 403);
    let done = complete(&code, "ada");
    assert_eq!(done.status, 201, "{}", String::from_utf8_lossy(&done.bytes));
    assert_eq!(done.json()["person"]["role"], "admin");
    assert_eq!(complete(&code, "eve").status, 409);
    assert_eq!(client.get("/api/setup").json()["open"], false);
}

#[test]
fn a_revoked_token_opens_nothing() {
    let data = Data::new();
    let served = data.serve(&[]);
    let token = data.token("system/*.rs");
    let client = served.client(&token);
    assert_eq!(client.get("/fhir/Patient").status, 200);
    data.done(&["token", "revoke", "system/*.rs"]);
    let answer = client.get("/fhir/Patient");
    assert_eq!((answer.status, answer.issue().0.as_str()), (401, "login"));
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
    assert!(data.done(&["token", "list"]).contains("system/*.rs"));
}

#[test]
fn files_by_name_are_not_for_the_network() {
    let data = Data::new();
    let served = data.serve(&[]);
    let client = served.client(&data.token("system/*.cruds"));
    let body = json!({"paths": ["/etc/passwd"]}).to_string();
    let answer = client.send("POST", "/api/import/files", &[("content-type", "application/json")], body.as_bytes());
    assert_eq!(answer.status, 403);
}
