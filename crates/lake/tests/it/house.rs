//! Records and a lake in a temporary folder.

use access::{Grant, Principal, PrincipalKind};
use fhir::json::Document;
use lake::{Capacity, FlushBy, Lake, Limits, Options, output};
use records::{
    ArrivalNo, Arrived, Besides, Error, IfEqual, Lookup, Operation, Planner, Records, ReuseArrival, Trail, Write,
    Written,
};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// 2026-01-01T00:00:00Z.
const START_US: i64 = 1_767_225_600_000_000;

static HOUSES: AtomicU64 = AtomicU64::new(0);

pub struct House {
    pub records: Arc<Records>,
    lake: Option<Lake>,
    pub folder: PathBuf,
    /// Seconds of the clock; each look at it takes one.
    clock: Arc<AtomicI64>,
    keep: bool,
}

impl House {
    pub fn new() -> House {
        let no = HOUSES.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("medweave-lake-{}-{no}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let mut house = House::at(&folder);
        house.keep = false;
        house
    }

    /// What is in a folder, which stays.
    pub fn at(folder: &Path) -> House {
        let (seconds, ids) = (Arc::new(AtomicI64::new(0)), AtomicU64::new(0));
        let now = Arc::clone(&seconds);
        let clock = Box::new(move || START_US + 1_000_000 * now.fetch_add(1, Ordering::Relaxed));
        let randomness = Box::new(move || u128::from(ids.fetch_add(1, Ordering::Relaxed)).to_be_bytes());
        let records = Arc::new(Records::open(folder, records::Options { clock, randomness }).unwrap());
        let mut house = House { records, lake: None, folder: folder.to_owned(), clock: seconds, keep: true };
        house.open_lake();
        house
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.fetch_add(time.as_secs() as i64, Ordering::Relaxed);
    }

    pub fn open_lake(&mut self) {
        self.close_lake();
        let options = Options {
            records: Arc::clone(&self.records),
            grant: everything(),
            views: Vec::new(),
            capacity: Capacity::default(),
            flush: FlushBy::Command,
        };
        self.lake = Some(Lake::open(&self.lake_folder(), options).unwrap());
    }

    pub fn close_lake(&mut self) {
        self.lake = None;
    }

    pub fn lake(&self) -> &Lake {
        self.lake.as_ref().unwrap()
    }

    pub fn lake_folder(&self) -> PathBuf {
        self.folder.join("lake")
    }

    pub fn put(&self, text: &str) {
        self.write(vec![Change::Put(text.to_owned())]);
    }

    pub fn delete(&self, resource_type: &str, id: &str) {
        self.write(vec![Change::Delete(resource_type.to_owned(), id.to_owned())]);
    }

    pub fn write(&self, changes: Vec<Change>) {
        let content: Vec<&str> = changes.iter().map(Change::text).collect();
        let content = content.join("\n");
        let about = Arrived { door: "test".into(), source: "test".into(), name: "test".into(), ..Arrived::default() };
        let trail = Trail { action: "test".into(), detail: String::new() };
        let planner = move |lookup: &dyn Lookup| -> Result<Vec<Operation>, Error> {
            changes.iter().map(|change| change.operation(lookup)).collect()
        };
        self.records.write(&everything(), trail, about, content.as_bytes(), ReuseArrival::Never, planner).unwrap();
    }

    /// Takes an arrival back: what it wrote is deleted.
    pub fn undo(&self, arrival: i64) {
        let arrival = ArrivalNo(arrival);
        let written = self.records.written_by(&everything(), arrival).unwrap();
        let about = Arrived { door: "undo".into(), source: "test".into(), name: "undo".into(), ..Arrived::default() };
        let trail = Trail { action: "undo".into(), detail: String::new() };
        let plan = Undo { arrival, written };
        self.records.write(&everything(), trail, about, b"undo", ReuseArrival::Never, plan).unwrap();
    }

    /// The answer as CSV without its header.
    pub fn ask(&self, sql: &str) -> String {
        self.try_ask(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub fn try_ask(&self, sql: &str) -> Result<String, lake::Error> {
        let mut answer = self.lake().query(&everything(), sql, &Limits::default())?;
        let mut out = Vec::new();
        output::write(&mut answer, output::Format::Csv, &mut out)?;
        let text = String::from_utf8(out).unwrap().replace("\r\n", "\n");
        Ok(text.split_once('\n').unwrap().1.to_owned())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.lake = None;
        self.records.close();
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

struct Undo {
    arrival: ArrivalNo,
    written: Vec<Written>,
}

impl Planner for Undo {
    fn plan(&self, _: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let operation = |written: &Written| Operation {
            resource_type: written.resource_type,
            id: written.id.clone(),
            write: Write::Delete,
            if_match: None,
            at: 0,
            length: 0,
        };
        Ok(self.written.iter().map(operation).collect())
    }

    fn besides(&self) -> Besides {
        Besides { undoes: vec![self.arrival], ..Besides::default() }
    }
}

pub enum Change {
    Put(String),
    Delete(String, String),
}

impl Change {
    fn text(&self) -> &str {
        match self {
            Change::Put(text) => text,
            Change::Delete(..) => "",
        }
    }

    fn operation(&self, lookup: &dyn Lookup) -> Result<Operation, Error> {
        let (resource_type, id, write) = match self {
            Change::Put(text) => {
                let document = Document::parse(text.as_bytes()).unwrap();
                let member = |name: &str| document.root().get(name).unwrap().as_str().unwrap().into_owned();
                let content = Box::new(lookup.prepare(text)?);
                let write = Write::Put { content, if_equal: IfEqual::NewVersion, must_be_new: false };
                (member("resourceType"), member("id"), write)
            }
            Change::Delete(resource_type, id) => (resource_type.clone(), id.clone(), Write::Delete),
        };
        let resource_type = fhir::schema::r4().type_id(&resource_type).unwrap();
        Ok(Operation { resource_type, id, write, if_match: None, at: 0, length: self.text().len() as u64 })
    }
}

pub fn grant(scopes: &str) -> Grant {
    Grant::for_test(Principal::new(PrincipalKind::Token, 1, "test"), scopes)
}

pub fn everything() -> Grant {
    grant("system/*.cruds")
}

/// A Python that has other engines that read Delta, in a virtual environment under the target folder; made once.
pub fn duckdb_python() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("python-lake-1");
    // Tests run in processes of their own: one makes it, the others wait.
    let making = std::fs::File::create(target.with_extension("lock")).unwrap();
    making.lock().unwrap();
    let python = target.join("bin/python");
    let ready = target.join("ready");
    if !ready.exists() {
        let run = |program: &str, arguments: &[&str]| {
            let status = Command::new(program).args(arguments).status();
            assert!(
                status.is_ok_and(|status| status.success()),
                "{program} {arguments:?} failed: python3-venv is needed"
            );
        };
        run("python3", &["-m", "venv", target.to_str().unwrap()]);
        let packages = [
            "duckdb==1.5.5",
            "duckdb-extensions==1.5.5",
            "duckdb-extension-delta==1.5.5",
            "polars==2.1.0",
            "deltalake==1.6.6",
        ];
        run(python.to_str().unwrap(), &[&["-m", "pip", "install", "--quiet"][..], &packages].concat());
        std::fs::write(ready, "").unwrap();
    }
    python
}

/// How a script opens a table of the lake.
pub const OPEN: &str = r#"
import sys, os, duckdb, importlib.util
lake = sys.argv[1]
con = duckdb.connect()
package = os.path.dirname(importlib.util.find_spec("duckdb_extension_delta").origin)
con.load_extension(os.path.join(package, "extensions", "v1.5.5", "delta.duckdb_extension"))
con.execute("SET TimeZone = 'UTC'")
for name in sorted(os.listdir(lake)):
    if os.path.isdir(os.path.join(lake, name, "_delta_log")):
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM delta_scan('{lake}/{name}')")
def csv(rows):
    for row in rows:
        print(",".join("" if value is None else str(value) for value in row))
"#;

/// Runs a script over the lake's folder and gives what it prints.
pub fn python(script: &str, arguments: &[&str]) -> String {
    let output = Command::new(duckdb_python()).arg("-c").arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
