//! A store in a temporary folder, with a clock that moves one second a look and ids that count.

use access::{Grant, Principal, PrincipalKind};
use fhir::json::{Document, Node};
use intake::fhir_door::{EntryAnswer, Interaction, Reads, Refusal, Single, bundle, refusal as refusal_of};
use intake::import::{FileReport, ImportOptions, Importer, Input};
use records::{Arrived, Error, Options, Outcome, Receipt, Records, ReuseArrival, Trail};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// 2026-01-01T00:00:00Z.
const START_US: i64 = 1_767_225_600_000_000;

static HOUSES: AtomicU64 = AtomicU64::new(0);

pub struct House {
    pub records: Arc<Records>,
    pub importer: Importer,
    folder: PathBuf,
}

pub fn grant(scopes: &str) -> Grant {
    Grant::for_test(Principal { kind: PrincipalKind::Token, id: 1, name: "test".into() }, scopes)
}

pub fn everything() -> Grant {
    grant("system/*.cruds")
}

fn about() -> Arrived {
    Arrived { door: "http".into(), source: "test".into(), name: "test".into(), ..Arrived::default() }
}

impl House {
    pub fn new() -> Self {
        let no = HOUSES.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("medweave-intake-{}-{no}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let (now, ids) = (AtomicI64::new(0), AtomicU64::new(0));
        let clock = Box::new(move || START_US + 1_000_000 * now.fetch_add(1, Ordering::Relaxed));
        let randomness = Box::new(move || u128::from(ids.fetch_add(1, Ordering::Relaxed)).to_be_bytes());
        let records = Arc::new(Records::open(&folder, Options { clock, randomness }).unwrap());
        House { importer: Importer::new(Arc::clone(&records)), records, folder }
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    pub fn one(&self, interaction: Interaction, body: &str) -> Result<Option<Outcome>, Error> {
        let body = Arc::new(body.as_bytes().to_vec());
        let trail = Trail { action: interaction.action().into(), detail: String::new() };
        let plan = Single::new(interaction, Arc::clone(&body), self.records.new_id());
        let receipt = self.records.write(&everything(), trail, about(), &body, ReuseArrival::Never, plan)?;
        Ok(receipt.outcomes.into_iter().next())
    }

    /// Stores a resource under its id.
    pub fn put(&self, json: &str) -> Outcome {
        let document = Document::parse(json.as_bytes()).unwrap();
        let text = |name: &str| document.root().get(name).and_then(Node::as_str).unwrap().into_owned();
        let update = Interaction::Update { resource_type: text("resourceType"), id: text("id"), if_match: None };
        self.one(update, json).unwrap().unwrap()
    }

    pub fn bundle(&self, json: &str) -> Result<(String, Receipt), Error> {
        self.bundle_as(&everything(), json)
    }

    pub fn bundle_as(&self, grant: &Grant, json: &str) -> Result<(String, Receipt), Error> {
        let body = Arc::new(json.as_bytes().to_vec());
        let (plan, answers) = bundle::over_http(Arc::clone(&body), grant.clone(), self.records.new_id())?;
        if let Err(refusal) = answers.check(&NoReads) {
            return Err(Error::At {
                place: refusal.status.to_string(),
                error: Box::new(Error::Invalid(refusal.issues)),
            });
        }
        let trail = Trail { action: answers.action().into(), detail: String::new() };
        let receipt = self.records.write(grant, trail, about(), &body, ReuseArrival::Never, plan)?;
        Ok((answers.response(&receipt, &NoReads), receipt))
    }

    /// Status, and location or first diagnostics, of each entry.
    pub fn answers(&self, json: &str) -> Vec<String> {
        let (response, _) = self.bundle(json).unwrap();
        let document = Document::parse(response.as_bytes()).unwrap();
        let entries = document.root().get("entry").unwrap().items();
        entries
            .map(|entry| {
                let response = entry.get("response").unwrap();
                let text = |path: &[&str]| response.path(path).and_then(Node::as_str).unwrap_or_default().into_owned();
                let issue = response.path(&["outcome", "issue"]).and_then(|i| i.items().next());
                let said = issue.and_then(|i| i.get("diagnostics")).and_then(Node::as_str).unwrap_or_default();
                format!("{} {}{said}", text(&["status"]), text(&["location"])).trim().to_owned()
            })
            .collect()
    }

    pub fn refused(&self, json: &str) -> Refusal {
        match self.bundle(json) {
            Ok((response, _)) => panic!("taken: {response}"),
            Err(error) => refusal_of(&error),
        }
    }

    pub fn read(&self, resource_type: &str, id: &str) -> String {
        self.records.read(&everything(), resource_type, id).unwrap().json
    }

    /// What a member of a stored resource says, as JSON.
    pub fn member(&self, resource_type: &str, id: &str, name: &str) -> String {
        let json = self.read(resource_type, id);
        let document = Document::parse(json.as_bytes()).unwrap();
        document.root().get(name).map_or_else(String::new, |node| node.raw().to_owned())
    }

    pub fn import(&self, name: &str, bytes: &[u8]) -> FileReport {
        self.import_with(name, bytes, &ImportOptions::default())
    }

    pub fn import_with(&self, name: &str, bytes: &[u8], options: &ImportOptions) -> FileReport {
        self.importer.import(&everything(), name, Input::Bytes(Arc::new(bytes.to_vec())), options).unwrap()
    }

    /// How many versions there are.
    pub fn versions(&self) -> i64 {
        self.records.head().0
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.records.close();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// How a search that is not understood is answered.
const UNKNOWN: &str = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","diagnostics":"unknown parameter"}]}"#;

struct NoReads;

impl Reads for NoReads {
    fn read(&self, head: bool, url: &str, _: Option<&str>, _: Option<&str>) -> EntryAnswer {
        if url.contains("unknown") {
            return EntryAnswer { status: 400, outcome: Some(UNKNOWN.to_owned()), ..EntryAnswer::default() };
        }
        EntryAnswer {
            status: 200,
            location: Some(format!("{} {url}", if head { "head" } else { "get" })),
            ..EntryAnswer::default()
        }
    }

    fn representation(&self, _: &Outcome) -> Option<String> {
        None
    }
}
