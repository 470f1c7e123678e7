//! `Patient/$everything`: a patient's compartment, and the medications that its resources name.

use super::evaluate::Index;
use super::limit_place::LimitPlace;
use super::sight::Sights;
use super::{SearchPage, Start};
use crate::apply::LIVE;
use crate::error::Error;
use crate::id::{Row, Seq};
use crate::index::key::{self, Key};
use crate::plan::{Change, Value};
use crate::posting::Posting;
use crate::read;
use crate::store::{Records, Shared};
use access::{Grant, Permission};
use fhir::json::Document;
use fhir::parameters::parameters;
use fhir::schema::{TypeId, r4};
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension};

/// Types outside every compartment whose content belongs to the resources that refer to them: a drug given is not known
/// without its `Medication`. Who and where (practitioners, organizations, locations) are left to `_include`.
const SUPPORTING: [&str; 2] = ["Medication", "Substance"];

/// What of a patient is asked for.
#[derive(Clone, Debug, Default)]
pub struct Everything {
    /// `_type`: only these; empty for all that the grant may read.
    pub types: Vec<String>,
    /// `_since`: only what was written at or after, µs UTC.
    pub since_us: Option<i64>,
    /// `start` and `end`: only what happened in this time, µs UTC, both ends included. What has no date of care, as the
    /// patient, is there all the same.
    pub care_us: Option<(i64, i64)>,
    /// `_count`: resources on a page; `None` for all at once.
    pub count: Option<u32>,
    /// Token of a page.
    pub page: Option<String>,
}

impl Records {
    /// Everything about one patient, the patient first.
    ///
    /// # Errors
    /// [`Error::Denied`] if the patient or a type named may not be read; [`Error::NotFound`], [`Error::Gone`].
    pub fn everything(&self, grant: &Grant, patient: &str, wanted: &Everything) -> Result<SearchPage, Error> {
        grant.may_some(Permission::Search, "Patient")?;
        for name in &wanted.types {
            grant.may_some(Permission::Read, name)?;
        }
        self.read(grant, "Patient", patient)?;
        let reader = self.shared.reader()?;
        let connection: &Connection = &reader;
        let seq = Seq(connection.query_row("SELECT coalesce(max(seq), 0) FROM feed", [], |r| r.get(0))?);
        let row = read::row_of(connection, "Patient", patient)?;
        let sights = Sights::new(connection, &self.shared, grant);
        let mut set = sights.seen_of_each(
            LimitPlace::Everything,
            Permission::Read,
            compartment(connection, &self.shared, row)?,
        )?;
        // What only a resource refers to that is not seen is not told of either.
        set |= supporting(connection, &self.shared, &set)?;
        set.insert(row.0 as u64);
        let mut kept = RoaringTreemap::new();
        let mut statement =
            connection.prepare_cached("SELECT type, updated_us FROM resource WHERE row = ?1 AND state = ?2")?;
        for candidate in &set {
            let found: Option<(u16, i64)> =
                statement.query_row([candidate as i64, LIVE], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
            let Some((type_id, updated_us)) = found else { continue };
            let name = r4().name(TypeId(type_id));
            let asked = wanted.types.is_empty() || wanted.types.iter().any(|t| t == name);
            if asked
                && wanted.since_us.is_none_or(|since| updated_us >= since)
                && self.is_in_care(connection, candidate as i64, TypeId(type_id), wanted.care_us)?
            {
                kept.insert(candidate);
            }
        }
        let mut kept = sights.seen_of_each(LimitPlace::Everything, Permission::Read, kept)?;
        let check = everything_check(grant, patient, wanted);
        let start = wanted.page.as_deref().map(|token| Start::read(token, &check)).transpose()?;
        let after = match start {
            Some(Start::Row { after, .. }) => after,
            _ => 0,
        };
        let limit = wanted.count.map_or(usize::MAX - 1, |c| c.max(1) as usize);
        // The patient comes first whatever its row: on the first page, and then no more.
        let head = (start.is_none() && kept.contains(row.0 as u64)).then_some(row.0);
        let total = kept.len();
        kept.remove(row.0 as u64);
        let mut rows: Vec<i64> =
            head.into_iter().chain(super::rest(&kept, after)).take(limit.saturating_add(1)).collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let mut matches = Vec::with_capacity(rows.len());
        for &row in &rows {
            matches.extend(read::by_row(connection, &self.shared, Row(row))?.filter(|s| !s.json.is_empty()));
        }
        let last = rows.last().copied().filter(|&last| last != row.0).unwrap_or(after);
        let next = more.then(|| Start::Row { after: last, total: None }.write(&check));
        Ok(SearchPage { total: Some(total), matches, included: Vec::new(), next, previous: None, seq })
    }
}

impl Records {
    /// Whether a resource tells of something in this time, or of no time.
    fn is_in_care(
        &self,
        connection: &Connection,
        row: i64,
        resource_type: TypeId,
        care_us: Option<(i64, i64)>,
    ) -> Result<bool, Error> {
        let Some((from, to)) = care_us else { return Ok(true) };
        let Some(care_date) = self.shared.compartment(resource_type).care_date else { return Ok(true) };
        let postings = Index::new(connection, &self.shared, resource_type).forward(row)?;
        let mut has_date = false;
        for posting in postings {
            if let Posting::Date { param, low, high } = posting
                && param == care_date
            {
                if low <= to && high >= from {
                    return Ok(true);
                }
                has_date = true;
            }
        }
        Ok(!has_date)
    }
}

fn everything_check(grant: &Grant, patient: &str, wanted: &Everything) -> String {
    let text = format!("{patient}|{:?}|{:?}|{:?}|{}", wanted.types, wanted.since_us, wanted.care_us, grant.principal());
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

/// Rows that a compartment parameter leads to the patient from.
pub(crate) fn compartment(connection: &Connection, shared: &Shared, patient: Row) -> Result<RoaringTreemap, Error> {
    let schema = r4();
    let mut out = RoaringTreemap::new();
    let mut index = Index::new(connection, shared, TypeId(0));
    for type_id in schema.resource_types() {
        index = index.of(type_id);
        // Most types of the standard are not in a store.
        if index.count_all()? == 0 {
            continue;
        }
        let name = schema.name(type_id);
        for code in fhir::compartment::patient(name) {
            let Some(parameter) = parameters().find(name, code) else { continue };
            out |= index.collect(&Key::new(key::REFERENCE, parameter.number).number(patient.0))?;
        }
    }
    Ok(out)
}

/// Rows of supporting types that the resources in `from` refer to.
fn supporting(connection: &Connection, shared: &Shared, from: &RoaringTreemap) -> Result<RoaringTreemap, Error> {
    let types: Vec<u16> = SUPPORTING.iter().filter_map(|name| r4().type_id(name)).map(|t| t.0).collect();
    let Some(&any) = types.first() else { return Ok(RoaringTreemap::new()) };
    let index = Index::new(connection, shared, TypeId(any));
    let mut out = RoaringTreemap::new();
    let mut statement = connection.prepare_cached("SELECT type FROM resource WHERE row = ?1")?;
    for row in from {
        for posting in index.forward(row as i64)? {
            if let Posting::Reference { target, .. } = posting
                && !out.contains(target as u64)
                && types.contains(&statement.query_row([target], |r| r.get::<_, u16>(0))?)
            {
                out.insert(target as u64);
            }
        }
    }
    Ok(out)
}

/// Adds the patients that a version belongs to: the patient itself, or those that its compartment parameters refer to. The
/// current version's are in the index, an older one says them itself, and a deletion belonged to whom it took the resource from.
pub(crate) fn patients_of(
    connection: &Connection,
    shared: &Shared,
    (row, version): (Row, i64),
    out: &mut Vec<i64>,
) -> Result<(), Error> {
    let found: Option<(u16, i64, i64)> = connection
        .prepare_cached("SELECT type, version, state FROM resource WHERE row = ?1")?
        .query_row([row.0], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?;
    let Some((type_id, current, state)) = found else { return Ok(()) };
    let type_id = TypeId(type_id);
    let params = shared.compartment(type_id);
    if params.is_patient {
        out.push(row.0);
        return Ok(());
    }
    if params.numbers.is_empty() {
        return Ok(());
    }
    if version == current && state == LIVE {
        for posting in Index::new(connection, shared, type_id).forward(row.0)? {
            if let Posting::Reference { param, target } = posting
                && params.numbers.contains(&param)
                // A subject may be a group, a place or a device.
                && type_of(connection, target)?.is_some_and(|of| shared.compartment(of).is_patient)
            {
                out.push(target);
            }
        }
        return Ok(());
    }
    let mut stored = read::version_of(connection, shared, row, version)?;
    if stored.as_ref().is_some_and(|stored| stored.change == Change::Deleted) {
        stored = read::version_of(connection, shared, row, version - 1)?;
    }
    // What was erased says nothing any more.
    let Some(stored) = stored.filter(|stored| !stored.json.is_empty()) else { return Ok(()) };
    let document = Document::parse(stored.json.as_bytes())
        .map_err(|error| Error::Damaged(format!("version {} of row {}: {error}", stored.version, row.0)))?;
    for value in shared.extraction.values(document.root()) {
        if let Value::Reference { param, target_type, target_id } = value
            && params.numbers.contains(&param)
            && shared.compartment(target_type).is_patient
            && let Some(target) = read::row_or_stub(connection, target_type, &target_id)?
        {
            out.push(target.0);
        }
    }
    Ok(())
}

fn type_of(connection: &Connection, row: i64) -> Result<Option<fhir::schema::TypeId>, Error> {
    Ok(connection
        .prepare_cached("SELECT type FROM resource WHERE row = ?1")?
        .query_row([row], |r| r.get(0).map(fhir::schema::TypeId))
        .optional()?)
}
