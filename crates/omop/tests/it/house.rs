//! Records, a lake and the OMOP views in a temporary folder.

use access::{Grant, Principal, PrincipalKind};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use fhir::json::Document;
use jiff::tz::TimeZone;
use lake::{Capacity, FlushBy, Lake, Limits, output};
use omop::cdm;
use omop::views::{OmopGuest, Settings, Vocabularies, VocabularyFiles};
use parquet::arrow::ArrowWriter;
use records::{Arrived, Error, IfEqual, Lookup, Operation, Records, ReuseArrival, Trail, Write};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;

/// 2026-01-01T00:00:00Z.
const START_US: i64 = 1_767_225_600_000_000;

pub struct House {
    pub records: Arc<Records>,
    pub lake: Arc<Lake>,
    pub guest: Arc<OmopGuest>,
    pub folder: TempDir,
}

/// Vocabularies made of lines.
struct Made(Option<VocabularyFiles>);

impl Vocabularies for Made {
    fn current(&self) -> Option<VocabularyFiles> {
        self.0.clone()
    }
}

impl House {
    /// Without vocabularies.
    pub fn bare() -> House {
        House::new(None, "UTC")
    }

    /// With concepts (`id vocabulary code domain standard`, `-` for nothing) and what maps to what (`from to`).
    pub fn with(concepts: &str, maps: &str) -> House {
        House::new(Some((concepts, maps)), "UTC")
    }

    pub fn new(vocabulary: Option<(&str, &str)>, zone: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let (seconds, ids) = (AtomicI64::new(0), AtomicU64::new(0));
        let clock = Box::new(move || START_US + 1_000_000 * seconds.fetch_add(1, Ordering::Relaxed));
        let randomness = Box::new(move || u128::from(ids.fetch_add(1, Ordering::Relaxed)).to_be_bytes());
        let records = Arc::new(Records::open(folder.path(), records::Options { clock, randomness }).unwrap());
        let options = lake::Options {
            records: Arc::clone(&records),
            grant: grant("system/*.cruds"),
            views: Vec::new(),
            capacity: Capacity::default(),
            flush: FlushBy::Command,
        };
        let lake = Arc::new(Lake::open(&folder.path().join("lake"), options).unwrap());
        let files = vocabulary.map(|(concepts, maps)| vocabulary_files(folder.path(), concepts, maps));
        let settings = Settings {
            folder: folder.path().join("omop"),
            name: "Test Hospital".into(),
            zone: TimeZone::get(zone).unwrap(),
            key: [7; 32],
            now_us: Box::new(|| START_US),
        };
        let guest = Arc::new(OmopGuest::new(settings, Box::new(Made(files)), Box::new(|_| None)));
        lake.host(Arc::clone(&guest) as Arc<dyn lake::guest::Guest>);
        House { records, lake, guest, folder }
    }

    /// Stores resources, each as its short JSON.
    pub fn put(&self, resources: &[&str]) -> &House {
        let resources: Vec<String> = resources.iter().map(|text| (*text).to_owned()).collect();
        let content = resources.join("\n");
        let about = Arrived { door: "test".into(), source: "test".into(), name: "test".into(), ..Arrived::default() };
        let trail = Trail { action: "test".into(), detail: String::new() };
        let planner = move |lookup: &dyn Lookup| -> Result<Vec<Operation>, Error> {
            resources.iter().map(|text| operation(lookup, text)).collect()
        };
        let grant = grant("system/*.cruds");
        self.records.write(&grant, trail, about, content.as_bytes(), ReuseArrival::Never, planner).unwrap();
        self
    }

    /// The answer as CSV without its header.
    pub fn ask(&self, sql: &str) -> String {
        self.ask_as(&grant("system/*.cruds"), sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub fn ask_as(&self, grant: &Grant, sql: &str) -> Result<String, lake::Error> {
        let mut answer = self.lake.query(grant, sql, &Limits::default())?;
        let mut out = Vec::new();
        output::write(&mut answer, output::Format::Csv, &mut out)?;
        let text = String::from_utf8(out).unwrap().replace("\r\n", "\n");
        Ok(text.split_once('\n').unwrap().1.to_owned())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.lake.close();
        self.records.close();
    }
}

pub fn grant(scopes: &str) -> Grant {
    Grant::for_test(Principal::new(PrincipalKind::Token, 1, "test"), scopes)
}

fn operation(lookup: &dyn Lookup, text: &str) -> Result<Operation, Error> {
    let document = Document::parse(text.as_bytes()).unwrap();
    let member = |name: &str| document.root().get(name).unwrap().as_str().unwrap().into_owned();
    let content = Box::new(lookup.prepare(text)?);
    let write = Write::Put { content, if_equal: IfEqual::NewVersion, must_be_new: false };
    let resource_type = fhir::schema::r4().type_id(&member("resourceType")).unwrap();
    Ok(Operation { resource_type, id: member("id"), write, if_match: None, at: 0, length: text.len() as u64 })
}

/// The words of a concept and of one that it maps to.
type Pair = (Vec<String>, Vec<String>);

/// Parquet files of a small vocabulary.
fn vocabulary_files(folder: &Path, concepts: &str, maps: &str) -> VocabularyFiles {
    let words = |text: &str| -> Vec<Vec<String>> {
        text.lines()
            .map(|line| line.split_whitespace().map(str::to_owned).collect())
            .filter(|line: &Vec<String>| !line.is_empty())
            .collect()
    };
    let concepts = words(concepts);
    let find = |id: &str| concepts.iter().find(|concept| concept[0] == id).unwrap();
    let mut tables = BTreeMap::new();
    let mut put = |name: &str, batch: RecordBatch| {
        let path: PathBuf = folder.join(format!("{name}.parquet"));
        let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let rows = batch.num_rows() as u64;
        tables.insert(name.to_owned(), (folder.to_owned(), vec![format!("{name}.parquet")], rows));
    };
    let concept_columns = cdm::table("concept").unwrap().fields.iter().map(|field| {
        let of = |row: &Vec<String>| match field.name {
            "concept_id" => Some(row[0].clone()),
            "vocabulary_id" => Some(row[1].clone()),
            "concept_code" => Some(row[2].clone()),
            "concept_name" => Some(format!("Concept {}", row[0])),
            "domain_id" => Some(row[3].replace('_', " ")),
            "standard_concept" => Some(row[4].clone()).filter(|mark| mark == "S"),
            "concept_class_id" => Some(row.get(5).cloned().unwrap_or_else(|| "Any".to_owned())),
            _ => None,
        };
        let values: Vec<Option<String>> = concepts.iter().map(of).collect();
        column(field.kind, &values)
    });
    put("concept", RecordBatch::try_new(cdm::table("concept").unwrap().schema(), concept_columns.collect()).unwrap());
    let maps: Vec<Pair> = words(maps).iter().map(|pair| (find(&pair[0]).clone(), find(&pair[1]).clone())).collect();
    let text = |of: &dyn Fn(&Pair) -> String| -> ArrayRef {
        Arc::new(maps.iter().map(|pair| Some(of(pair))).collect::<StringArray>())
    };
    let id = |of: &dyn Fn(&Pair) -> Option<i64>| -> ArrayRef { Arc::new(maps.iter().map(of).collect::<Int64Array>()) };
    let maps_to = RecordBatch::try_from_iter_with_nullable([
        ("vocabulary_id", text(&|(from, _)| from[1].clone()), true),
        ("concept_code", text(&|(from, _)| from[2].clone()), true),
        ("source_concept_id", id(&|(from, _)| from[0].parse().ok()), true),
        ("concept_id", id(&|(_, to)| to[0].parse().ok()), true),
        ("domain_id", text(&|(_, to)| to[3].replace('_', " ")), true),
        ("value_as_concept_id", id(&|_| None), true),
    ]);
    put("maps_to", maps_to.unwrap());
    VocabularyFiles { version: "v5.0 TEST".into(), id: "test".into(), tables }
}

fn column(kind: cdm::Kind, values: &[Option<String>]) -> ArrayRef {
    let texts: ArrayRef = Arc::new(values.iter().cloned().collect::<StringArray>());
    match kind {
        cdm::Kind::Integer => Arc::new(
            values.iter().map(|value| value.as_ref().and_then(|text| text.parse().ok())).collect::<Int64Array>(),
        ),
        cdm::Kind::Text(_) => texts,
        other => arrow_array::new_null_array(&other.data_type(), values.len()),
    }
}
