//! Answers that a plan was built on, and whether they still hold.

use crate::error::Error;
use crate::plan::{Content, Current, Found, Lookup};
use crate::search::Sights;
use crate::store::Shared;
use crate::{read, search};
use access::Grant;
use fhir::schema::r4;
use rusqlite::Connection;
use std::cell::RefCell;
use std::collections::HashMap;

/// One answer given to a plan.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Found { resource_type: String, query: String, found: Found },
    All { resource_type: String, query: String, most: usize, ids: Vec<String> },
    Current { resource_type: String, id: String, version: i64, deleted: bool },
}

impl Answer {
    /// Whether the same grant would be given it again.
    pub(crate) fn holds(&self, connection: &Connection, shared: &Shared, grant: &Grant) -> Result<bool, Error> {
        Ok(match self {
            Answer::Found { resource_type, query, found } => {
                search::find(connection, shared, grant, resource_type, query)? == *found
            }
            Answer::All { resource_type, query, most, ids } => {
                search::find_all(connection, shared, grant, resource_type, query, *most)? == *ids
            }
            Answer::Current { resource_type, id, version, deleted } => {
                let now = read::state(connection, resource_type, id)?;
                now.map_or((0, false), |(version, live)| (version, !live)) == (*version, *deleted)
            }
        })
    }
}

/// A [`Lookup`] on one connection that keeps what it answered.
pub(crate) struct Remembering<'a> {
    connection: &'a Connection,
    shared: &'a Shared,
    grant: &'a Grant,
    answers: RefCell<Vec<Answer>>,
    /// What searches found, by type and query.
    found: RefCell<HashMap<(String, String), Found>>,
}

impl<'a> Remembering<'a> {
    pub(crate) fn new(connection: &'a Connection, shared: &'a Shared, grant: &'a Grant) -> Self {
        Remembering { connection, shared, grant, answers: RefCell::default(), found: RefCell::default() }
    }

    pub(crate) fn answers(self) -> Vec<Answer> {
        self.answers.into_inner()
    }
}

impl Lookup for Remembering<'_> {
    fn find(&self, resource_type: &str, query: &str) -> Result<Found, Error> {
        let key = (resource_type.to_owned(), query.to_owned());
        if let Some(found) = self.found.borrow().get(&key) {
            return Ok(found.clone());
        }
        search::permit_condition(self.grant, self.shared, resource_type, query)?;
        let found = search::find(self.connection, self.shared, self.grant, resource_type, query)?;
        self.answers.borrow_mut().push(Answer::Found {
            resource_type: resource_type.into(),
            query: query.into(),
            found: found.clone(),
        });
        self.found.borrow_mut().insert(key, found.clone());
        Ok(found)
    }

    fn find_all(&self, resource_type: &str, query: &str, most: usize) -> Result<Vec<String>, Error> {
        search::permit_condition(self.grant, self.shared, resource_type, query)?;
        let ids = search::find_all(self.connection, self.shared, self.grant, resource_type, query, most)?;
        self.answers.borrow_mut().push(Answer::All {
            resource_type: resource_type.into(),
            query: query.into(),
            most,
            ids: ids.clone(),
        });
        Ok(ids)
    }

    fn current(&self, resource_type: &str, id: &str) -> Result<Option<Current>, Error> {
        let current = read::current(self.connection, self.shared, resource_type, id)?;
        let (version, deleted) = current.as_ref().map_or((0, false), |c| (c.version, c.json.is_none()));
        self.answers.borrow_mut().push(Answer::Current {
            resource_type: resource_type.into(),
            id: id.into(),
            version,
            deleted,
        });
        // What is not seen is not there for the plan; the writer, which sees it, refuses what would change it.
        if let Some(type_id) = r4().resource_type(resource_type)
            && current.is_some()
            && let Some(row) = read::row_or_stub(self.connection, type_id, id)?
            && !Sights::new(self.connection, self.shared, self.grant).shows_for_write(type_id, row)?
        {
            return Ok(None);
        }
        Ok(current)
    }

    fn prepare(&self, resource: &str) -> Result<Content, Error> {
        self.shared.prepare(resource)
    }
}
