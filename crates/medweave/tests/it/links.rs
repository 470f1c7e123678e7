//! A sign-in link that is made at the command line opens the pages, once.

use crate::program::{Answer, Client, Data};
use serde_json::{Value, json};

fn post(client: &Client, path: &str, body: &Value) -> Answer {
    client.send("POST", path, &[("content-type", "application/json")], body.to_string().as_bytes())
}

#[test]
fn a_link_made_at_the_command_line_signs_a_person_in_once() {
    let data = Data::new();
    let served = data.serve(&[]);
    let made = data.with_input(
        &["user", "create", "ada", "--role", "clinician", "--password-stdin"],
        "correct horse battery staple",
    );
    assert!(made.status.success());
    let elsewhere = data.done(&["user", "link", "ada", "--at", "https://ward.example.org/"]);
    assert!(elsewhere.starts_with("https://ward.example.org/signin#code="), "{elsewhere}");
    let link = data.done(&["user", "link", "ada"]);
    assert!(link.starts_with(&served.url), "{link}");
    let (address, code) = link.trim().split_once("/signin#code=").unwrap();
    let client = Client::at(address);
    let signed_in = post(&client, "/api/session/link", &json!({"code": code}));
    assert!((200..300).contains(&signed_in.status), "{}", signed_in.json());
    assert_eq!(post(&client, "/api/session/link", &json!({"code": code})).status, 410);
    assert_eq!(data.run(&["user", "link", "nobody"]).status.code(), Some(1));
}
