//! A store in a temporary folder, with a clock that moves one second a look and ids that count.

use access::{Grant, Principal, PrincipalKind};
use fhir::json::Document;
use records::{
    Arrived, Content, Error, IfEqual, Lookup, Operation, Options, Outcome, Receipt, Records, ReuseArrival, Trail, Write,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// 2026-01-01T00:00:00Z.
pub const START_US: i64 = 1_767_225_600_000_000;

static HOUSES: AtomicU64 = AtomicU64::new(0);

pub struct House {
    pub records: Arc<Records>,
    pub folder: PathBuf,
}

impl House {
    pub fn new() -> Self {
        let no = HOUSES.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("medweave-records-{}-{no}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        House::at(&folder)
    }

    /// A store in this folder.
    pub fn at(folder: &std::path::Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        House { records: Arc::new(open(folder, &|_| {})), folder: folder.to_owned() }
    }

    /// Closes the store and opens it again.
    pub fn reopen(&mut self) {
        self.records.close();
        self.records = Arc::new(open(&self.folder, &|_| {}));
    }

    pub fn put(&self, text: &str) -> Result<Outcome, Error> {
        self.put_as(&everything(), text, None, IfEqual::NewVersion)
    }

    pub fn put_as(
        &self,
        grant: &Grant,
        text: &str,
        if_match: Option<i64>,
        if_equal: IfEqual,
    ) -> Result<Outcome, Error> {
        let receipt =
            self.write(grant, vec![Change::Put { text: text.to_owned(), if_match, if_equal, must_be_new: false }])?;
        Ok(receipt.outcomes.into_iter().next().unwrap())
    }

    pub fn delete(&self, resource_type: &str, id: &str) -> Result<Outcome, Error> {
        let change = Change::Delete { resource_type: resource_type.to_owned(), id: id.to_owned() };
        Ok(self.write(&everything(), vec![change])?.outcomes.into_iter().next().unwrap())
    }

    pub fn write(&self, grant: &Grant, changes: Vec<Change>) -> Result<Receipt, Error> {
        self.write_from("test", grant, changes)
    }

    pub fn write_from(&self, source: &str, grant: &Grant, changes: Vec<Change>) -> Result<Receipt, Error> {
        let content = changes.iter().map(Change::text).collect::<Vec<_>>().join("\n");
        let about = Arrived { door: "test".into(), source: source.into(), name: "test".into(), ..Arrived::default() };
        let trail = Trail { action: "test".into(), detail: String::new() };
        let planner = move |lookup: &dyn Lookup| changes.iter().map(|change| change.operation(lookup)).collect();
        self.records.write(grant, trail, about, content.as_bytes(), ReuseArrival::Never, planner)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.records.close();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Opens the store of a folder; `progress` is told what is done first.
pub fn open(folder: &std::path::Path, progress: &dyn Fn(&str)) -> Records {
    let (now, ids) = (AtomicI64::new(0), AtomicU64::new(0));
    let clock = Box::new(move || START_US + 1_000_000 * now.fetch_add(1, Ordering::Relaxed));
    let randomness = Box::new(move || u128::from(ids.fetch_add(1, Ordering::Relaxed)).to_be_bytes());
    Records::open_telling(folder, Options { clock, randomness }, progress).unwrap()
}

pub enum Change {
    Put { text: String, if_match: Option<i64>, if_equal: IfEqual, must_be_new: bool },
    Delete { resource_type: String, id: String },
}

impl Change {
    fn text(&self) -> &str {
        match self {
            Change::Put { text, .. } => text,
            Change::Delete { .. } => "",
        }
    }

    pub fn operation(&self, lookup: &dyn Lookup) -> Result<Operation, Error> {
        match self {
            Change::Put { text, if_match, if_equal, must_be_new } => {
                let content: Content = lookup.prepare(text)?;
                let document = Document::parse(text.as_bytes()).unwrap();
                let (resource_type, id) =
                    (document.root().get("resourceType").unwrap(), document.root().get("id").unwrap());
                let write = Write::Put { content: Box::new(content), if_equal: *if_equal, must_be_new: *must_be_new };
                Ok(Operation {
                    resource_type: fhir::schema::r4().type_id(&resource_type.as_str().unwrap()).unwrap(),
                    id: id.as_str().unwrap().into_owned(),
                    write,
                    if_match: *if_match,
                    at: 0,
                    length: text.len() as u64,
                })
            }
            Change::Delete { resource_type, id } => Ok(Operation {
                resource_type: fhir::schema::r4().type_id(resource_type).unwrap(),
                id: id.clone(),
                write: Write::Delete,
                if_match: None,
                at: 0,
                length: 0,
            }),
        }
    }
}

pub fn grant(scopes: &str) -> Grant {
    Grant::for_test(Principal::new(PrincipalKind::Token, 1, "test"), scopes)
}

pub fn everything() -> Grant {
    grant("system/*.cruds")
}
