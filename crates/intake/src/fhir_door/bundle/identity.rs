//! The first pass: which resource each entry is about.

use super::planning::{Act, Planning};
use super::{Kind, Manner, entry_place};
use crate::fhir_door::act;
use crate::fhir_door::entry::Asked;
use crate::fhir_door::put::{expect_id, id_of};
use crate::fhir_door::refusal::bad_request;
use access::Permission;
use fhir::schema::{TypeId, r4};
use records::Error;

impl Planning<'_, '_> {
    /// Asks the grant whether it holds that on some resource of the type; on which is asked where they are written. A check is where this is called, for `tools/mutate-grants` too.
    #[track_caller]
    pub(super) fn may(&self, permission: Permission, resource_type: TypeId) -> Result<(), Error> {
        Ok(self.job.grant.may_some(permission, r4().name(resource_type))?)
    }

    /// Where entries have fates of their own, what the writer would refuse is refused here: there it would refuse all.
    fn check_alone(&self, resource_type: TypeId, id: &str, if_match: Option<i64>) -> Result<(), Error> {
        let may = |permission| self.may(permission, resource_type);
        let may_both = may(Permission::Create).and_then(|()| may(Permission::Update));
        if if_match.is_none() && may_both.is_ok() {
            return Ok(());
        }
        let current = self.version_then(resource_type, id)?;
        check_version(resource_type, id, current, if_match)?;
        may(if current > 0 { Permission::Update } else { Permission::Create })
    }

    /// The version that will be current when this entry is carried out; 0 if there will be none.
    pub(super) fn version_then(&self, resource_type: TypeId, id: &str) -> Result<i64, Error> {
        let earlier = self.written.get(&(resource_type, id.to_owned())).copied().unwrap_or_default();
        let now = self.lookup.current(r4().name(resource_type), id)?;
        let is_deleted =
            if earlier.times > 0 { earlier.deleted } else { now.as_ref().is_none_or(|c| c.json.is_none()) };
        Ok(if is_deleted { 0 } else { now.map_or(0, |c| c.version) + earlier.times })
    }

    /// Notes that an entry writes an identity; a transaction may do so once.
    fn write(&mut self, resource_type: TypeId, id: &str, deleted: bool) -> Result<(), Error> {
        let written = self.written.entry((resource_type, id.to_owned())).or_default();
        if written.times > 0 && self.kind == Kind::Transaction {
            let name = r4().name(resource_type);
            return Err(bad_request(format!(
                "{name}/{id} is written by another entry too: a transaction writes a resource once"
            )));
        }
        written.times += 1;
        written.deleted = deleted;
        Ok(())
    }

    fn name(&mut self, no: usize, resource_type: TypeId, id: &str) -> Result<(), Error> {
        let entry = &self.entries[no];
        let is_import = matches!(self.job.manner, Manner::Import { .. });
        if !is_import && self.kind != Kind::Transaction {
            // Over HTTP the entries of a batch do not know of each other. Where an entry is called by the identity that it has
            // here, a reference to it is one to what is stored.
            let own = format!("{}/{id}", r4().name(resource_type));
            if let Some(full_url) = entry.full_url.as_deref().filter(|url| !url.ends_with(&own)) {
                self.strangers.enter(full_url, resource_type, id);
            }
            return Ok(());
        }
        if let Some(full_url) = &entry.full_url {
            let is_first = self.names.enter(full_url, resource_type, id);
            if !is_first && self.kind == Kind::Transaction {
                return Err(bad_request(format!("the fullUrl {full_url} is used by another entry too")));
            }
        } else if is_import
            && let Some(resource) = entry.resource
            && let Ok(Some(own)) = id_of(resource)
        {
            // Without a full URL others can only mean the id that the sender gave.
            self.names.enter(&format!("{}/{own}", r4().name(resource_type)), resource_type, id);
        }
        Ok(())
    }

    /// The one stored resource that a condition matches and no earlier entry deletes.
    fn one(&self, resource_type: TypeId, query: &str) -> Result<Option<String>, Error> {
        let found = act::one(self.lookup, resource_type, query)?;
        Ok(found.filter(|id| !self.written.get(&(resource_type, id.clone())).is_some_and(|w| w.deleted)))
    }

    fn put(
        &mut self,
        no: usize,
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
        must_be_new: bool,
    ) -> Result<Act, Error> {
        let mut if_match = if_match;
        if self.kind != Kind::Transaction {
            self.check_alone(resource_type, &id, if_match)?;
            if_match = None;
        }
        self.write(resource_type, &id, false)?;
        self.name(no, resource_type, &id)?;
        Ok(Act::Put { resource_type, id, if_match, must_be_new })
    }

    fn delete(&mut self, resource_type: TypeId, id: String, if_match: Option<i64>) -> Result<Act, Error> {
        let key = (resource_type, id.clone());
        if !self.written.contains_key(&key) && self.lookup.current(r4().name(resource_type), &id)?.is_none() {
            check_version(resource_type, &id, 0, if_match)?;
            return Ok(Act::Absent);
        }
        let mut if_match = if_match;
        if self.kind != Kind::Transaction {
            self.may(Permission::Delete, resource_type)?;
            if if_match.is_some() {
                check_version(resource_type, &id, self.version_then(resource_type, &id)?, if_match)?;
            }
            if_match = None;
        }
        self.write(resource_type, &id, true)?;
        Ok(Act::Delete { resource_type, id, if_match })
    }

    fn patch(&mut self, resource_type: TypeId, id: String, if_match: Option<i64>) -> Result<Act, Error> {
        if self.kind != Kind::Transaction {
            self.may(Permission::Update, resource_type)?;
            if self.written.contains_key(&(resource_type, id.clone())) {
                let name = r4().name(resource_type);
                return Err(bad_request(format!(
                    "{name}/{id} is written by an earlier entry: patch it in a request of its own"
                )));
            }
        }
        self.write(resource_type, &id, false)?;
        Ok(Act::Patch { resource_type, id, if_match })
    }

    /// Gives an entry its identity.
    pub(super) fn identify(&mut self, no: usize) -> Result<Act, Error> {
        let entry = &self.entries[no];
        let asked = match &entry.asked {
            Ok(asked) => asked.clone(),
            Err(Error::Invalid(issues)) => return Err(Error::Invalid(issues.clone())),
            Err(error) => return Err(bad_request(error.to_string())),
        };
        let resource = || entry.resource.ok_or_else(|| bad_request("the entry has no resource"));
        match asked {
            Asked::Create { resource_type, if_none_exist: Some(query) } => {
                let key = (resource_type, query);
                if let Some((first, id)) = self.creating.get(&key).cloned() {
                    self.name(no, resource_type, &id)?;
                    return Ok(Act::Same { resource_type, id, entry: first });
                }
                if let Some(id) = self.one(resource_type, &key.1)? {
                    self.name(no, resource_type, &id)?;
                    return Ok(Act::Keep { resource_type, id });
                }
                let id = self.new_id(no);
                self.creating.insert(key, (no, id.clone()));
                self.create(no, resource_type, id)
            }
            Asked::Create { resource_type, if_none_exist: None } => {
                let id = self.new_id(no);
                self.create(no, resource_type, id)
            }
            Asked::Update { resource_type, id, if_match } => {
                // A file that leaves the id out means the one in the URL.
                if matches!(self.job.manner, Manner::Http { .. }) || resource()?.get("id").is_some() {
                    expect_id(resource()?, &id)?;
                }
                self.put(no, resource_type, id, if_match, false)
            }
            Asked::UpdateWhere { resource_type, query, if_match } => {
                let key = (resource_type, query);
                if self.kind == Kind::Transaction
                    && let Some((first, _)) = self.creating.get(&key)
                {
                    let first = entry_place(*first);
                    return Err(bad_request(format!(
                        "{first} has the same condition: a transaction writes a resource once"
                    )));
                }
                let found = self.one(resource_type, &key.1)?;
                let new_id = self.new_id(no);
                let place = act::place_of_update(resource()?, found, || new_id)?;
                let must_be_new = place.must_be_new && matches!(self.job.manner, Manner::Http { .. });
                self.creating.insert(key, (no, place.id.clone()));
                self.put(no, resource_type, place.id, if_match, must_be_new)
            }
            Asked::Store { resource_type } => {
                let id = match id_of(resource()?)? {
                    Some(id) => id,
                    None => self.new_id(no),
                };
                self.put(no, resource_type, id, None, false)
            }
            Asked::Delete { resource_type, id, if_match } => self.delete(resource_type, id, if_match),
            Asked::DeleteWhere { resource_type, query } => match self.one(resource_type, &query)? {
                Some(id) => self.delete(resource_type, id, None),
                None => Ok(Act::Absent),
            },
            Asked::Patch { resource_type, id, if_match } => self.patch(resource_type, id, if_match),
            Asked::PatchWhere { resource_type, query, if_match } => match self.one(resource_type, &query)? {
                Some(id) => self.patch(resource_type, id, if_match),
                None => Err(Error::NoMatch { resource_type: r4().name(resource_type).into(), query }),
            },
            Asked::Read(request) => {
                self.check_read(&request)?;
                Ok(Act::Read(request))
            }
            Asked::Skip => Ok(Act::Skip),
        }
    }

    fn create(&mut self, no: usize, resource_type: TypeId, id: String) -> Result<Act, Error> {
        let must_be_new = matches!(self.job.manner, Manner::Http { .. });
        self.put(no, resource_type, id, None, must_be_new)
    }
}

fn check_version(resource_type: TypeId, id: &str, current: i64, if_match: Option<i64>) -> Result<(), Error> {
    match if_match {
        Some(asked) if asked != current => Err(Error::VersionConflict {
            resource_type: r4().name(resource_type).into(),
            id: id.into(),
            current,
            asked,
        }),
        _ => Ok(()),
    }
}
