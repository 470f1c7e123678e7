//! The tables of the model as views of the lake: the schema `omop`, what it leaves out and imputes (`omop_report`), and who is
//! who (`omop_link`).
//!
//! [`OmopGuest`] brings them into the lake's SQL. Each view has the fields of [`crate::cdm`] in their order and types, also where it
//! has no rows. The SQL stands in `sql/`; what names begin with `__` only views see. The way of a row: a leg for each type of
//! resource (`events`) → an event with person, visit, provider and dates, or the reason why there is none → its concepts
//! (`functions`, [`crate::codes`]) → the table of their domain.
//!
//! Keys are made of the number that the store gives a resource for ever: of persons, visits, providers, care sites and locations
//! that number; of all else it times 2²⁰, plus 2⁸ times the number of the component (0: none), plus the number of the concept
//! among several. [`resource_row`] leads back.

mod events;
mod functions;
mod note;

use crate::cdm;
use crate::codes::CodeBook;
use crate::error::Error;
use access::Grant;
use arrow_array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use functions::{Known, functions};
use jiff::tz::TimeZone;
use lake::guest::{Content, Guest, Schema, SchemaColumn, SchemaTable};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The schema of the model's tables.
pub const SCHEMA: &str = "omop";
/// The schema of what was left out and imputed.
pub const REPORT: &str = "omop_report";
/// The schema that leads from persons to patients.
pub const LINK: &str = "omop_link";
/// Changes when rows are made otherwise: part of run records.
pub const MAPPING_VERSION: &str = "4";
/// The version of the model.
pub const CDM_VERSION: &str = "5.4";

/// What happened to people, of all types of resources: what the tables of events are made of.
pub(crate) const EVENT: &str = "__event";

/// A version of the vocabularies.
#[derive(Clone, Debug, Default)]
pub struct VocabularyFiles {
    /// What it calls itself: `v5.0 30-AUG-25`.
    pub version: String,
    /// Another one for each load; a file name.
    pub id: String,
    /// The Parquet files by table: folder, names, rows. Beside the model's tables `maps_to`.
    pub tables: BTreeMap<String, (PathBuf, Vec<String>, u64)>,
}

/// Where the vocabularies are.
pub trait Vocabularies: Send + Sync {
    /// Those in use; none if none are loaded.
    fn current(&self) -> Option<VocabularyFiles>;
}

impl Vocabularies for crate::vocabulary::Vocabulary {
    fn current(&self) -> Option<VocabularyFiles> {
        let loaded = crate::vocabulary::Vocabulary::current(self)?;
        let tables = loaded.tables.keys().filter_map(|table| Some((table.clone(), loaded.files(table)?)));
        Some(VocabularyFiles { version: loaded.version.clone(), id: loaded.id.clone(), tables: tables.collect() })
    }
}

/// No vocabularies.
#[derive(Debug)]
pub struct NoVocabularies;

impl Vocabularies for NoVocabularies {
    fn current(&self) -> Option<VocabularyFiles> {
        None
    }
}

/// A zone by its IANA name; UTC for one that is not known.
pub fn zone_named(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// What the views need to know.
pub struct Settings {
    /// A folder for what is derived of vocabularies.
    pub folder: PathBuf,
    /// The name of the data: the hospital's.
    pub name: String,
    /// The one zone of all times.
    pub zone: TimeZone,
    /// What persons' source values are hashed with.
    pub key: [u8; 32],
    /// The time, µs UTC.
    pub now_us: Box<dyn Fn() -> i64 + Send + Sync>,
}

/// Rows of tables that are made elsewhere, such as `cohort`.
pub type Further = Box<dyn Fn(&str) -> Option<Vec<RecordBatch>> + Send + Sync>;

/// Brings the schemas.
pub struct OmopGuest {
    settings: Settings,
    vocabularies: Box<dyn Vocabularies>,
    further: Further,
    book: Mutex<Option<(String, Arc<CodeBook>)>>,
}

/// A view: its table, its SQL.
const VIEWS: [(&str, &str); 19] = [
    ("person", include_str!("sql/person.sql")),
    ("observation_period", include_str!("sql/observation_period.sql")),
    ("visit_occurrence", include_str!("sql/visit_occurrence.sql")),
    ("visit_detail", include_str!("sql/visit_detail.sql")),
    ("condition_occurrence", include_str!("sql/condition_occurrence.sql")),
    ("drug_exposure", include_str!("sql/drug_exposure.sql")),
    ("procedure_occurrence", include_str!("sql/procedure_occurrence.sql")),
    ("device_exposure", include_str!("sql/device_exposure.sql")),
    ("measurement", include_str!("sql/measurement.sql")),
    ("observation", include_str!("sql/observation.sql")),
    ("death", include_str!("sql/death.sql")),
    ("note", include_str!("sql/note.sql")),
    ("specimen", include_str!("sql/specimen.sql")),
    ("location", include_str!("sql/location.sql")),
    ("care_site", include_str!("sql/care_site.sql")),
    ("provider", include_str!("sql/provider.sql")),
    ("payer_plan_period", include_str!("sql/payer_plan_period.sql")),
    ("condition_era", include_str!("sql/condition_era.sql")),
    ("drug_era", include_str!("sql/drug_era.sql")),
];

/// Views that only views see.
const HIDDEN: [(&str, &str); 3] = [
    ("__person", include_str!("sql/__person.sql")),
    ("__visit", include_str!("sql/__visit.sql")),
    ("__note", include_str!("sql/__note.sql")),
];

/// Those of them that most queries use, and of which the lake keeps the rows while they are few.
const KEPT: [(&str, &str); 4] = [
    ("__merged", include_str!("sql/__merged.sql")),
    ("__who", include_str!("sql/__who.sql")),
    ("__part", include_str!("sql/__part.sql")),
    ("__within", include_str!("sql/__within.sql")),
];

/// The row number of the resource that a row of a table was made of, by its key; none for tables that are not made of resources.
pub fn resource_row(table: &str, key: i64) -> Option<i64> {
    match table {
        "person" | "visit_occurrence" | "visit_detail" | "provider" | "care_site" | "location"
        | "observation_period" | "death" => Some(key),
        "condition_occurrence"
        | "drug_exposure"
        | "procedure_occurrence"
        | "device_exposure"
        | "measurement"
        | "observation"
        | "note"
        | "specimen"
        | "payer_plan_period"
        | "condition_era" => Some(key >> 20),
        "drug_era" => Some(key >> 26),
        _ => None,
    }
}

impl OmopGuest {
    /// A guest over vocabularies.
    pub fn new(settings: Settings, vocabularies: Box<dyn Vocabularies>, further: Further) -> OmopGuest {
        OmopGuest { settings, vocabularies, further, book: Mutex::default() }
    }

    /// The version of the vocabularies in use.
    pub fn vocabulary_version(&self) -> Option<String> {
        self.vocabularies.current().map(|files| files.version)
    }

    /// The name of the one zone.
    pub fn zone_name(&self) -> String {
        self.settings.zone.iana_name().unwrap_or("UTC").to_owned()
    }

    /// The book of the vocabularies in use; made where it is not there yet.
    fn book(&self, files: Option<&VocabularyFiles>) -> Result<Option<Arc<CodeBook>>, Error> {
        let Some(files) = files else { return Ok(None) };
        let mut held = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((id, book)) = &*held
            && *id == files.id
        {
            return Ok(Some(Arc::clone(book)));
        }
        let path = self.settings.folder.join(format!("{}.codes", files.id));
        let book = match CodeBook::open(&path) {
            Ok(book) => book,
            Err(_) => {
                // Books of other versions are of no use any more.
                for entry in std::fs::read_dir(&self.settings.folder).into_iter().flatten().flatten() {
                    if entry.path().extension().is_some_and(|extension| extension == "codes") {
                        let _ = std::fs::remove_file(entry.path());
                    }
                }
                CodeBook::make(&path, files)?
            }
        };
        let book = Arc::new(book);
        *held = Some((files.id.clone(), Arc::clone(&book)));
        Ok(Some(book))
    }

    fn known(&self, files: Option<&VocabularyFiles>) -> Result<Known, Error> {
        let (zone, key) = (self.settings.zone.clone(), self.settings.key);
        Ok(Known { book: self.book(files)?, zone, key, today: self.today() })
    }

    /// The day, on the calendar of the zone, counted from 1970.
    fn today(&self) -> i32 {
        let now_us = (self.settings.now_us)();
        let offset =
            jiff::Timestamp::from_microsecond(now_us).map_or(0, |now| self.settings.zone.to_offset(now).seconds());
        i32::try_from((now_us + i64::from(offset) * 1_000_000).div_euclid(86_400_000_000)).unwrap_or_default()
    }

    fn model(&self) -> Result<Schema, Error> {
        let files = self.vocabularies.current();
        let known = self.known(files.as_ref())?;
        let today = format!("CAST(CAST({} AS INT) AS DATE)", known.today);
        let made = |sql: &str| sql.replace("{today}", &today);
        let mut tables = Vec::new();
        for table in cdm::tables() {
            let further = (self.further)(table.name);
            let content = match (VIEWS.iter().find(|(name, _)| *name == table.name), further) {
                (_, Some(batches)) => Content::Batches(batches),
                (Some((name, sql)), None) => Content::View(made(sql).replace("{rows}", &events::rows_of(name))),
                (None, None) if table.name == "cdm_source" => Content::Batches(vec![self.source(files.as_ref())?]),
                (None, None) => vocabulary_content(table, files.as_ref()),
            };
            tables.push(SchemaTable {
                name: table.name.to_owned(),
                comment: comment_of(table.name).to_owned(),
                columns: columns_of(table),
                content,
                is_hidden: false,
            });
        }
        tables.extend(HIDDEN.iter().map(|(name, sql)| hidden(name, Content::View(made(sql)))));
        tables.extend(KEPT.iter().map(|(name, sql)| hidden(name, Content::Kept((*sql).to_owned()))));
        tables.push(hidden("__leg", Content::View(events::legs())));
        tables.push(hidden(EVENT, Content::View(events::EVENTS.to_owned())));
        Ok(Schema { name: SCHEMA.to_owned(), tables, functions: functions(&known), needs: Vec::new() })
    }

    fn report() -> Schema {
        let view = |name: &str, comment: &str, columns: &[(&str, DataType, &str)], sql: &str| {
            let columns = columns.iter().map(|(name, data_type, comment)| SchemaColumn {
                name: (*name).to_owned(),
                data_type: data_type.clone(),
                comment: (*comment).to_owned(),
            });
            SchemaTable::view(name, comment, columns.collect(), sql)
        };
        let (text, number) = (DataType::Utf8, DataType::Int64);
        let of = ("resource_type", text.clone(), "Type of the resource");
        let id = ("resource_id", text.clone(), "Id of the resource");
        let tables = vec![
            view(
                "excluded",
                "Resources, and components of them, that are in no table of omop, and why.",
                &[
                    of.clone(),
                    id.clone(),
                    ("component", number.clone(), "Number of the component from 0; null for the resource itself"),
                    ("reason", text.clone(), "Why it is left out"),
                ],
                include_str!("sql/report_excluded.sql"),
            ),
            view(
                "imputed_date",
                "Dates in omop that are not, or not wholly, what the resource says.",
                &[
                    of,
                    id,
                    ("row_id", number.clone(), "Key of the first row in omop that was made of it"),
                    ("field", text.clone(), "start, end or death"),
                    ("rule", text.clone(), "What stands there"),
                ],
                include_str!("sql/report_imputed.sql"),
            ),
            view(
                "unmapped",
                "Source values in omop that have no standard concept, and how often.",
                &[
                    ("table_name", text.clone(), "Table of omop"),
                    ("field", text.clone(), "Its field that is 0"),
                    ("source_value", text, "What the source says"),
                    ("source_concept_id", number.clone(), "Concept of the code itself, if there is one"),
                    ("events", number, "Rows"),
                ],
                include_str!("sql/report_unmapped.sql"),
            ),
        ];
        Schema { name: REPORT.to_owned(), tables, functions: Vec::new(), needs: vec![SCHEMA.to_owned()] }
    }

    fn link() -> Schema {
        let column = |name: &str, data_type: DataType, comment: &str| SchemaColumn {
            name: name.to_owned(),
            data_type,
            comment: comment.to_owned(),
        };
        let person = SchemaTable::view(
            "person",
            "Which patient a person of omop is.",
            vec![
                column("person_id", DataType::Int64, "Key of omop.person"),
                column("patient_id", DataType::Utf8, "Id of the Patient resource"),
                column("person_source_value", DataType::Utf8, "Keyed hash of that id, as in omop.person"),
            ],
            "SELECT person_id, patient_id, omop_key(patient_id) AS person_source_value FROM omop.__person WHERE reason IS NULL",
        );
        Schema { name: LINK.to_owned(), tables: vec![person], functions: Vec::new(), needs: vec![SCHEMA.to_owned()] }
    }

    /// The one row of `cdm_source`.
    fn source(&self, files: Option<&VocabularyFiles>) -> Result<RecordBatch, Error> {
        let day = self.today();
        let version = files.map_or("none loaded", |files| files.version.as_str());
        let table =
            cdm::table("cdm_source").map_or_else(|| Arc::new(arrow_schema::Schema::empty()), cdm::Table::schema);
        let short: String = self.settings.name.chars().take(25).collect();
        let columns = table.fields().iter().map(|field| -> ArrayRef {
            let text = |value: Option<&str>| Arc::new(StringArray::from(vec![value])) as ArrayRef;
            match field.name().as_str() {
                "cdm_source_name" | "cdm_holder" => text(Some(&self.settings.name)),
                "cdm_source_abbreviation" => text(Some(&short)),
                "source_description" => text(Some("FHIR R4 resources of a medweave store")),
                "cdm_etl_reference" => text(Some(&format!("medweave, FHIR to OMOP, mapping {MAPPING_VERSION}"))),
                "source_release_date" | "cdm_release_date" => Arc::new(Date32Array::from(vec![day])),
                "cdm_version" => text(Some(CDM_VERSION)),
                // The concept of version 5.4.0 of the model.
                "cdm_version_concept_id" => Arc::new(Int64Array::from(vec![756_265])),
                "vocabulary_version" => text(Some(version)),
                _ => text(None),
            }
        });
        Ok(RecordBatch::try_new(Arc::clone(&table), columns.collect())?)
    }
}

impl Guest for OmopGuest {
    fn schemas(&self, grant: &Grant) -> Vec<String> {
        let mut names = vec![SCHEMA.to_owned(), REPORT.to_owned()];
        if grant.may_link_persons().is_ok() {
            names.push(LINK.to_owned());
        }
        names
    }

    fn schema(&self, grant: &Grant, name: &str) -> Result<Option<Arc<Schema>>, lake::Error> {
        let schema = match name {
            SCHEMA => self.model(),
            REPORT => Ok(Self::report()),
            LINK if grant.may_link_persons().is_ok() => Ok(Self::link()),
            _ => return Ok(None),
        };
        schema.map(Arc::new).map(Some).map_err(|error| match error {
            Error::Lake(error) => error,
            other => lake::Error::View { table: name.to_owned(), what: other.to_string() },
        })
    }
}

fn hidden(name: &str, content: Content) -> SchemaTable {
    SchemaTable { is_hidden: true, content, ..SchemaTable::view(name, "", Vec::new(), "") }
}

fn vocabulary_content(table: &cdm::Table, files: Option<&VocabularyFiles>) -> Content {
    match files.and_then(|files| files.tables.get(table.name)) {
        Some((folder, files, rows)) => {
            Content::Parquet { folder: folder.clone(), files: files.clone(), rows: Some(*rows) }
        }
        None => Content::Batches(Vec::new()),
    }
}

fn columns_of(table: &cdm::Table) -> Vec<SchemaColumn> {
    let comment = |field: &cdm::Field| {
        let what = match (field.refers_to, field.domain) {
            (Some(("concept", _)), Some(domain)) => format!("Concept of the domain {domain}"),
            (Some((table, to)), _) => format!("{table}.{to}"),
            _ if field.is_key => "Key".to_owned(),
            _ => String::new(),
        };
        match (field.is_required, what.is_empty()) {
            (true, true) => "Required".to_owned(),
            (true, false) => format!("{what}; required"),
            (false, _) => what,
        }
    };
    let column = |field: &cdm::Field| SchemaColumn {
        name: field.name.to_owned(),
        data_type: field.kind.data_type(),
        comment: comment(field),
    };
    table.fields.iter().map(column).collect()
}

fn comment_of(table: &str) -> &'static str {
    match table {
        "person" => "OMOP: one row for each patient with a date of birth",
        "observation_period" => "OMOP: from the first to the last event of a person",
        "visit_occurrence" => "OMOP: encounters that are no part of another",
        "visit_detail" => "OMOP: encounters that are part of another",
        "condition_occurrence" => "OMOP: events whose concept is a condition",
        "drug_exposure" => "OMOP: events whose concept is a drug",
        "procedure_occurrence" => "OMOP: events whose concept is a procedure",
        "device_exposure" => "OMOP: events whose concept is a device",
        "measurement" => "OMOP: events whose concept is a measurement",
        "observation" => "OMOP: events whose concept is an observation, and those that have no table",
        "death" => "OMOP: deaths with their dates",
        "note" => "OMOP: documents with text",
        "specimen" => "OMOP: samples",
        "location" => "OMOP: places; of persons without street and with three characters of the postal code",
        "care_site" => "OMOP: organizations",
        "provider" => "OMOP: practitioners, without their names",
        "payer_plan_period" => "OMOP: coverages",
        "condition_era" => "OMOP: occurrences of a condition with 30 days at most between them",
        "drug_era" => "OMOP: exposures to an ingredient with 30 days at most between them",
        "cdm_source" => "OMOP: what this is, in one row",
        "concept"
        | "concept_relationship"
        | "concept_ancestor"
        | "concept_synonym"
        | "concept_class"
        | "vocabulary"
        | "domain"
        | "relationship"
        | "drug_strength" => "OMOP: the vocabularies that were loaded",
        _ => "OMOP: not made of FHIR",
    }
}
