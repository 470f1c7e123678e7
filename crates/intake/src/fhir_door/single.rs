//! One interaction.

use super::act;
use super::patch::Patch;
use super::put::{Put, bare, expect_type};
use super::refusal::{bad_request, syntax};
use super::target::is_id;
use fhir::json::Document;
use fhir::schema::{TypeId, r4};
use records::{Error, IfEqual, Lookup, Operation, Planner, Write};
use std::sync::Arc;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// `POST /Patient`, with `If-None-Exist` if it is conditional.
    Create {
        /// Type in the URL.
        resource_type: String,
        /// The condition: a search.
        if_none_exist: Option<String>,
    },
    /// `PUT /Patient/1`.
    Update {
        /// Type in the URL.
        resource_type: String,
        /// Id in the URL.
        id: String,
        /// The version that must be current.
        if_match: Option<i64>,
    },
    /// `PUT /Patient?identifier=…`.
    UpdateWhere {
        /// Type in the URL.
        resource_type: String,
        /// The condition.
        query: String,
        /// The version that must be current.
        if_match: Option<i64>,
    },
    /// `DELETE /Patient/1`.
    Delete {
        /// Type in the URL.
        resource_type: String,
        /// Id in the URL.
        id: String,
        /// The version that must be current.
        if_match: Option<i64>,
    },
    /// `DELETE /Patient?identifier=…`: of the one resource that matches.
    DeleteWhere {
        /// Type in the URL.
        resource_type: String,
        /// The condition.
        query: String,
    },
    /// `PATCH /Patient/1` with a JSON Patch.
    Patch {
        /// Type in the URL.
        resource_type: String,
        /// Id in the URL.
        id: String,
        /// The version that must be current.
        if_match: Option<i64>,
    },
    /// `PATCH /Patient?identifier=…` with a JSON Patch.
    PatchWhere {
        /// Type in the URL.
        resource_type: String,
        /// The condition.
        query: String,
        /// The version that must be current.
        if_match: Option<i64>,
    },
}

impl Interaction {
    /// Its name, for the store's trail.
    pub fn action(&self) -> &'static str {
        match self {
            Interaction::Create { .. } => "create",
            Interaction::Update { .. } | Interaction::UpdateWhere { .. } => "update",
            Interaction::Delete { .. } | Interaction::DeleteWhere { .. } => "delete",
            Interaction::Patch { .. } | Interaction::PatchWhere { .. } => "patch",
        }
    }
}

/// Plans one interaction. Makes one operation, or none where there is nothing to delete.
pub struct Single {
    interaction: Interaction,
    content: Arc<Vec<u8>>,
    new_id: String,
}

impl Single {
    /// An interaction with the body `content`, which may be empty for deletes. `new_id` is taken if a resource is created.
    pub fn new(interaction: Interaction, content: Arc<Vec<u8>>, new_id: String) -> Self {
        Single { interaction, content, new_id }
    }
}

fn put(
    lookup: &dyn Lookup,
    document: &Document<'_>,
    resource_type: TypeId,
    id: String,
    if_match: Option<i64>,
    must_be_new: bool,
) -> Result<Vec<Operation>, Error> {
    let span = document.root().span();
    let put = Put {
        resource_type,
        id,
        text: document.root().raw(),
        if_match,
        if_equal: IfEqual::NewVersion,
        must_be_new,
        at: span.start as u64,
        length: span.len() as u64,
    };
    Ok(vec![put.operation(lookup)?])
}

fn known(resource_type: &str) -> Result<TypeId, Error> {
    r4().resource_type(resource_type)
        .ok_or_else(|| Error::NotFound { resource_type: resource_type.into(), id: "(the type itself)".into() })
}

impl Planner for Single {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let length = self.content.len() as u64;
        let parse = || Document::parse(&self.content).map_err(|e| syntax(e, 0));
        match &self.interaction {
            Interaction::Create { resource_type, if_none_exist } => {
                let resource_type = known(resource_type)?;
                let document = parse()?;
                expect_type(document.root(), resource_type)?;
                if let Some(query) = if_none_exist
                    && let Some(id) = act::one(lookup, resource_type, query)?
                {
                    return Ok(vec![bare(resource_type, id, Write::Keep, None, 0, length)]);
                }
                put(lookup, &document, resource_type, self.new_id.clone(), None, true)
            }
            Interaction::Update { resource_type, id, if_match } => {
                let resource_type = known(resource_type)?;
                if !is_id(id) {
                    return Err(bad_request(format!(
                        "{id:?} is not an id: 1 to 64 of the characters A-Z a-z 0-9 - . are"
                    )));
                }
                let document = parse()?;
                act::check_update(document.root(), resource_type, id)?;
                put(lookup, &document, resource_type, id.clone(), *if_match, false)
            }
            Interaction::UpdateWhere { resource_type, query, if_match } => {
                let resource_type = known(resource_type)?;
                let document = parse()?;
                expect_type(document.root(), resource_type)?;
                let found = act::one(lookup, resource_type, query)?;
                let place = act::place_of_update(document.root(), found, || self.new_id.clone())?;
                put(lookup, &document, resource_type, place.id, *if_match, place.must_be_new)
            }
            Interaction::Delete { resource_type, id, if_match } => {
                let resource_type = known(resource_type)?;
                Ok(act::delete(lookup, resource_type, id.clone(), *if_match, 0, length)?.into_iter().collect())
            }
            Interaction::DeleteWhere { resource_type, query } => {
                let resource_type = known(resource_type)?;
                let found = act::one(lookup, resource_type, query)?;
                Ok(found.map(|id| bare(resource_type, id, Write::Delete, None, 0, length)).into_iter().collect())
            }
            Interaction::Patch { resource_type, id, if_match } => {
                let resource_type = known(resource_type)?;
                let patch = Patch::parse(&self.content)?;
                Ok(vec![act::patched(lookup, resource_type, id.clone(), &patch, *if_match, 0, length)?])
            }
            Interaction::PatchWhere { resource_type, query, if_match } => {
                let resource_type = known(resource_type)?;
                let patch = Patch::parse(&self.content)?;
                let id = act::one(lookup, resource_type, query)?.ok_or_else(|| Error::NoMatch {
                    resource_type: r4().name(resource_type).into(),
                    query: query.clone(),
                })?;
                Ok(vec![act::patched(lookup, resource_type, id, &patch, *if_match, 0, length)?])
            }
        }
    }
}
