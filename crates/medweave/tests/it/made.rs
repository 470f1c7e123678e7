//! A small set of bundles: a hospital, and patients whose records point to it by a condition.

use crate::program::{Data, write};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Patients in the set.
pub const PATIENTS: usize = 5;

fn entry(resource: Value, method: &str) -> Value {
    let (kind, id) =
        (resource["resourceType"].as_str().expect("a type").to_owned(), resource["id"].as_str().unwrap_or_default());
    json!({"fullUrl": format!("urn:uuid:{id}"), "resource": resource, "request": {"method": method, "url": kind}})
}

/// Writes the set to the folder `bundles` beside the data directory. The file that others rely on sorts last on purpose.
pub fn bundles(data: &Data) -> PathBuf {
    let folder = data.path("bundles");
    let hospital = json!({
        "resourceType": "Practitioner", "id": "00000000-0000-4000-8000-0000000000aa",
        "identifier": [{"system": "http://example.org/staff", "value": "77"}], "name": [{"family": "Okafor", "given": ["Ada"]}],
    });
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [entry(hospital, "POST")]});
    write(&folder.join("staff.json"), bundle.to_string().as_bytes());
    for no in 0..PATIENTS {
        let patient = format!("00000000-0000-4000-8000-0000000001{no:02}");
        let value = format!("{}.50", 5 + no);
        let observation = format!(
            r#"{{"resourceType":"Observation","id":"00000000-0000-4000-8000-0000000002{no:02}","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"4548-4"}}]}},"subject":{{"reference":"urn:uuid:{patient}"}},"performer":[{{"reference":"Practitioner?identifier=http://example.org/staff|77"}}],"effectiveDateTime":"2024-0{}-01T08:00:00+02:00","valueQuantity":{{"value":{value},"unit":"%","system":"http://unitsofmeasure.org","code":"%"}}}}"#,
            no + 1
        );
        let person = json!({
            "resourceType": "Patient", "id": patient, "gender": if no % 2 == 0 { "female" } else { "male" },
            "name": [{"family": format!("Müller{no}"), "given": ["Zoë"]}], "birthDate": format!("19{}0-05-06", 4 + no),
        });
        // Written by hand, so that the digits of the value stay.
        let text = format!(
            r#"{{"resourceType":"Bundle","type":"transaction","entry":[{},{{"fullUrl":"urn:uuid:00000000-0000-4000-8000-0000000002{no:02}","resource":{observation},"request":{{"method":"POST","url":"Observation"}}}}]}}"#,
            entry(person, "POST")
        );
        write(&folder.join(format!("patient{no}.json")), text.as_bytes());
    }
    folder
}
