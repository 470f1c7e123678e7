//! What of a type a grant sees: limits to a patient's compartment and by a filter, as part of the plan of every search and read.
//!
//! A limit is a [`Condition`] that is put to what a search asks, at every place where rows of a type are found, so that pages, totals and
//! chains are those of a store that holds nothing else. Of a single version it is asked by the values of its own text, since a
//! resource may have been somebody else's before.

use super::compile::Compiler;
use super::condition::Condition;
use super::evaluate::{Index, can_probe, holds};
use super::limit_place::{LimitPlace, planted};
use super::patients_of;
use super::scope_filter::filters;
use crate::apply::LIVE;
use crate::error::Error;
use crate::id::Row;
use crate::plan::Change;
use crate::posting::{self, Posting};
use crate::read::{self, Stored};
use crate::store::Shared;
use access::{Denied, Grant, Permission, Sight, Window};
use fhir::json::Document;
use fhir::schema::{TypeId, r4};
use fhir::search::{IndexValue, Test};
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// What a grant sees, as one connection sees it.
pub(crate) struct Sights<'a> {
    connection: &'a Connection,
    shared: &'a Shared,
    grant: &'a Grant,
    limits: RefCell<HashMap<(Permission, TypeId), Limit>>,
    referred: RefCell<HashMap<(Permission, i64), Rc<RoaringTreemap>>>,
}

/// `None`: everything of the type is seen.
type Limit = Option<Rc<Condition>>;

impl<'a> Sights<'a> {
    pub(crate) fn new(connection: &'a Connection, shared: &'a Shared, grant: &'a Grant) -> Self {
        Sights { connection, shared, grant, limits: RefCell::default(), referred: RefCell::default() }
    }

    /// The snapshot that is looked at.
    pub(crate) fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// Whether `permission` is held on some resource of the type.
    #[track_caller]
    pub(crate) fn check(&self, permission: Permission, resource_type: TypeId) -> Result<(), Denied> {
        self.grant.may_some(permission, r4().name(resource_type))
    }

    /// Whether `permission` is held on all resources of the type.
    pub(crate) fn is_whole(&self, permission: Permission, resource_type: TypeId) -> bool {
        self.grant.may(permission, r4().name(resource_type)).is_ok()
    }

    /// What limits the resources of a type on which `permission` is held.
    ///
    /// # Errors
    /// [`Error::Denied`] if it is held on none.
    #[track_caller]
    pub(crate) fn limit(
        &self,
        place: LimitPlace,
        permission: Permission,
        resource_type: TypeId,
    ) -> Result<Limit, Error> {
        let sight = self.grant.sight(permission, r4().name(resource_type))?;
        if planted::is_at(place) {
            return Ok(None);
        }
        let windows = match sight {
            Sight::All => return Ok(None),
            Sight::Windows(windows) => windows,
        };
        if let Some(known) = self.limits.borrow().get(&(permission, resource_type)) {
            return Ok(known.clone());
        }
        let mut parts = Vec::with_capacity(windows.len());
        for window in windows {
            parts.push(self.within(window, permission, resource_type)?);
        }
        let limit = Some(Rc::new(if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) }));
        self.limits.borrow_mut().insert((permission, resource_type), limit.clone());
        Ok(limit)
    }

    /// What a window shows of a type.
    fn within(&self, window: Window<'_>, permission: Permission, resource_type: TypeId) -> Result<Condition, Error> {
        let mut parts = Vec::new();
        if let Some(patient) = window.patient {
            parts.push(self.of_patient(patient, permission, resource_type)?);
        }
        if let Some(filter) = window.filter {
            let compiler = Compiler { connection: self.connection, shared: self.shared, sights: None };
            for filter in filters(resource_type, filter)? {
                parts.push(compiler.filter(resource_type, &filter)?);
            }
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
    }

    /// The patient, what is in his compartment, and for reading what of that is seen refers to and is of nobody: who treated him and where,
    /// what he was given.
    fn of_patient(&self, id: &str, permission: Permission, resource_type: TypeId) -> Result<Condition, Error> {
        let Some(patient) = self.patient_row(id)? else { return Ok(Condition::Nothing) };
        let compartment = self.shared.compartment(resource_type);
        if compartment.is_patient {
            return Ok(Condition::rows([patient]));
        }
        if is_of_several(resource_type) {
            return Ok(Condition::Nothing);
        }
        if compartment.numbers.is_empty() {
            let reads = matches!(permission, Permission::Read | Permission::Search);
            if !reads || !SUPPORTING.contains(&r4().name(resource_type)) {
                return Ok(Condition::Nothing);
            }
            return Ok(Condition::Rows(self.referred(permission, patient)?.as_ref().clone()));
        }
        let targets: RoaringTreemap = [patient.0 as u64].into_iter().collect();
        let by = |&param: &u16| Condition::References { param, targets: targets.clone() };
        let mut parts: Vec<Condition> = compartment.numbers.iter().map(by).collect();
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) })
    }

    fn patient_row(&self, id: &str) -> Result<Option<Row>, Error> {
        let Some(of_patients) = r4().type_id("Patient") else { return Ok(None) };
        read::row_or_stub(self.connection, of_patients, id)
    }

    /// What the patient and the resources of his compartment refer to, as far as they are seen themselves.
    fn referred(&self, permission: Permission, patient: Row) -> Result<Rc<RoaringTreemap>, Error> {
        let key = (permission, patient.0);
        if let Some(known) = self.referred.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let mut from = super::everything::compartment(self.connection, self.shared, patient)?;
        from.insert(patient.0 as u64);
        let index = Index::new(self.connection, self.shared, TypeId(0));
        let mut referred = RoaringTreemap::new();
        for (of, rows) in self.by_type(&from)? {
            // What is in nobody's compartment leads no further.
            let compartment = self.shared.compartment(of);
            if !compartment.is_patient && compartment.numbers.is_empty() {
                continue;
            }
            for row in &self.seen(LimitPlace::Search, permission, of, rows)? {
                for posting in index.forward(row as i64)? {
                    if let Posting::Reference { target, .. } = posting {
                        referred.insert(target as u64);
                    }
                }
            }
        }
        let referred = Rc::new(referred);
        self.referred.borrow_mut().insert(key, Rc::clone(&referred));
        Ok(referred)
    }

    /// Those of `rows`, live resources of a type, that are seen; none where nothing of the type is.
    pub(crate) fn seen(
        &self,
        place: LimitPlace,
        permission: Permission,
        resource_type: TypeId,
        rows: RoaringTreemap,
    ) -> Result<RoaringTreemap, Error> {
        match self.limit(place, permission, resource_type) {
            Ok(None) => Ok(rows),
            Ok(Some(limit)) => Index::new(self.connection, self.shared, resource_type)
                .evaluate(&Condition::All(vec![Condition::Rows(rows), limit.as_ref().clone()])),
            Err(Error::Denied(_)) => Ok(RoaringTreemap::new()),
            Err(error) => Err(error),
        }
    }

    /// As [`Sights::seen`], of rows of any types.
    pub(crate) fn seen_of_each(
        &self,
        place: LimitPlace,
        permission: Permission,
        rows: RoaringTreemap,
    ) -> Result<RoaringTreemap, Error> {
        if self.grant.may_all(permission).is_ok() {
            return Ok(rows);
        }
        let mut seen = RoaringTreemap::new();
        for (of, rows) in self.by_type(&rows)? {
            seen |= self.seen(place, permission, of, rows)?;
        }
        Ok(seen)
    }

    fn by_type(&self, rows: &RoaringTreemap) -> Result<BTreeMap<TypeId, RoaringTreemap>, Error> {
        let mut type_of = self.connection.prepare_cached("SELECT type FROM resource WHERE row = ?1")?;
        let mut out: BTreeMap<TypeId, RoaringTreemap> = BTreeMap::new();
        for row in rows {
            let of: Option<u16> = type_of.query_row([row as i64], |r| r.get(0)).optional()?;
            if let Some(of) = of {
                out.entry(TypeId(of)).or_default().insert(row);
            }
        }
        Ok(out)
    }

    /// Whether the live resource of `row` is seen.
    pub(crate) fn shows(
        &self,
        place: LimitPlace,
        permission: Permission,
        resource_type: TypeId,
        row: i64,
    ) -> Result<bool, Error> {
        let rows: RoaringTreemap = [row as u64].into_iter().collect();
        Ok(!self.seen(place, permission, resource_type, rows)?.is_empty())
    }

    /// Whether a version may be read, as its own text says; a deletion if what it took away might.
    ///
    /// # Errors
    /// [`Error::Denied`] if nothing of the type is.
    pub(crate) fn shows_version(&self, stored: &Stored) -> Result<bool, Error> {
        let sight = self.grant.sight(Permission::Read, r4().name(stored.resource_type))?;
        let Sight::Windows(windows) = sight else { return Ok(true) };
        if planted::is_at(LimitPlace::Version) {
            return Ok(true);
        }
        let mut version = stored.version;
        let before;
        let mut json = &stored.json;
        if stored.change == Change::Deleted {
            version -= 1;
            before = read::version_of(self.connection, self.shared, stored.row, version)?;
            let Some(before) = &before else { return Ok(false) };
            json = &before.json;
        }
        if json.is_empty() {
            return Ok(false);
        }
        let document = Document::parse(json.as_bytes())
            .map_err(|error| Error::Damaged(format!("version {version} of row {}: {error}", stored.row.0)))?;
        for window in windows {
            if self.is_within(window, stored, version, &document)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_within(
        &self,
        window: Window<'_>,
        stored: &Stored,
        version: i64,
        document: &Document<'_>,
    ) -> Result<bool, Error> {
        if let Some(id) = window.patient {
            let Some(patient) = self.patient_row(id)? else { return Ok(false) };
            let compartment = self.shared.compartment(stored.resource_type);
            let is_of = if is_of_several(stored.resource_type) {
                false
            } else if !compartment.is_patient && compartment.numbers.is_empty() {
                SUPPORTING.contains(&r4().name(stored.resource_type))
                    && self.referred(Permission::Read, patient)?.contains(stored.row.0 as u64)
            } else {
                let mut patients = Vec::new();
                patients_of(self.connection, self.shared, (stored.row, version), &mut patients)?;
                patients.contains(&patient.0)
            };
            if !is_of {
                return Ok(false);
            }
        }
        let Some(filter) = window.filter else { return Ok(true) };
        let filters = filters(stored.resource_type, filter)?;
        let mut found: Vec<(u16, IndexValue<'_>)> = Vec::new();
        self.shared.extraction.extract(document.root(), &mut |parameter, value| found.push((parameter.number, value)));
        Ok(filters.iter().all(|filter| match (&filter.test, filter.parameter()) {
            (Test::Id { any_of, negated }, _) => any_of.contains(&stored.id) != *negated,
            (test, Some(parameter)) => {
                let own = found.iter().filter(|(number, _)| *number == parameter.number);
                test.holds(&own.map(|(_, value)| value.clone()).collect::<Vec<_>>()).unwrap_or(false)
            }
            (_, None) => false,
        }))
    }

    /// Whether a live row with this forward blob is one on which `permission` is held: for the writer, whose index does not hold yet
    /// what it is writing.
    ///
    /// # Errors
    /// [`Error::Denied`] if it is not.
    #[track_caller]
    pub(crate) fn check_postings(
        &self,
        place: LimitPlace,
        permission: Permission,
        resource_type: TypeId,
        row: i64,
        postings: &[Posting],
    ) -> Result<(), Error> {
        let sight = self.grant.sight(permission, r4().name(resource_type))?;
        let Sight::Windows(windows) = sight else { return Ok(()) };
        if planted::is_at(place) {
            return Ok(());
        }
        for window in windows {
            let limit = self.within(window, permission, resource_type)?;
            let is_sole = || window.patient.map_or(Ok(true), |id| self.is_of_nobody_else(id, resource_type, postings));
            if can_probe(&limit) && holds(&limit, row, postings) && is_sole()? {
                return Ok(());
            }
        }
        // It says what would be needed for all of the type, and nothing of what is there.
        Err(Error::Denied(self.grant.falls_short(permission, r4().name(resource_type))))
    }

    /// Whether no reference that puts a resource into a patient's compartment leads to another patient: who may write one patient's chart
    /// puts nothing into another's.
    fn is_of_nobody_else(&self, id: &str, resource_type: TypeId, postings: &[Posting]) -> Result<bool, Error> {
        let patient = self.patient_row(id)?.map_or(0, |row| row.0);
        let compartment = self.shared.compartment(resource_type);
        let mut type_of = self.connection.prepare_cached("SELECT type FROM resource WHERE row = ?1")?;
        for posting in postings {
            if let Posting::Reference { param, target } = *posting
                && compartment.numbers.contains(&param)
                && target != patient
            {
                let of: Option<u16> = type_of.query_row([target], |r| r.get(0)).optional()?;
                if of.is_none_or(|of| self.shared.compartment(TypeId(of)).is_patient) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// As [`Sights::check_postings`], of a forward blob.
    #[track_caller]
    pub(crate) fn check_forward(
        &self,
        place: LimitPlace,
        permission: Permission,
        resource_type: TypeId,
        row: i64,
        forward: Option<&[u8]>,
    ) -> Result<(), Error> {
        if self.is_whole(permission, resource_type) {
            return Ok(());
        }
        let postings = forward.map_or(Some(Vec::new()), posting::decode);
        let postings = postings.ok_or_else(|| Error::Damaged(format!("forward blob of row {row}")))?;
        self.check_postings(place, permission, resource_type, row, &postings)
    }

    /// Whether a resource may be looked at for a write of it: it is seen, or it may be changed or deleted.
    pub(crate) fn shows_for_write(&self, resource_type: TypeId, row: Row) -> Result<bool, Error> {
        const ANY: [Permission; 3] = [Permission::Read, Permission::Update, Permission::Delete];
        if ANY.iter().any(|&permission| self.is_whole(permission, resource_type)) {
            return Ok(true);
        }
        let state: Option<i64> = self
            .connection
            .prepare_cached("SELECT state FROM resource WHERE row = ?1")?
            .query_row([row.0], |r| r.get(0))
            .optional()?;
        if state != Some(LIVE) {
            return Ok(false);
        }
        let postings = Index::new(self.connection, self.shared, resource_type).forward(row.0)?;
        Ok(ANY.iter().any(|&permission| {
            self.check_postings(LimitPlace::Plan, permission, resource_type, row.0, &postings).is_ok()
        }))
    }
}

/// Types outside every compartment that tell who treated a patient, where, and what he was given. Whatever else his records may refer to -
/// bundles, tasks, binary content - may be somebody else's.
const SUPPORTING: [&str; 7] =
    ["HealthcareService", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole", "Substance"];

/// Types that are in a patient's compartment by naming him among others: who sees one patient sees none of them.
const OF_SEVERAL: [&str; 3] = ["AuditEvent", "Group", "Provenance"];

/// Whether resources of a type name a patient among others, so that who sees one patient sees none of them.
pub fn is_of_several(resource_type: TypeId) -> bool {
    OF_SEVERAL.contains(&r4().name(resource_type))
}
